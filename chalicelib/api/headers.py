"""The security headers that every answer has: a page, JSON, an error, a redirect. What a view set itself stays."""

from __future__ import annotations

from typing import Final

from chalice.app import Response

from chalicelib.settings import current

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_YEAR: Final = "max-age=31536000"  # of this host alone: its neighbours are not ours to bind
_PAGE: Final = {"Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()"}
_NO_PAGE: Final = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}


def secured(response: Response) -> Response:
    """Add the headers that the view left to us."""
    given = {name.lower(): value for name, value in response.headers.items()}
    is_page = str(given.get("content-type", "")).startswith("text/html")
    wanted = _ALWAYS | (_PAGE if is_page else _NO_PAGE)
    if current().public_url.startswith("https://"):
        wanted = {**wanted, "Strict-Transport-Security": _YEAR}
    response.headers.update({name: value for name, value in wanted.items() if name.lower() not in given})
    return response
