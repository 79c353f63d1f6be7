"""Who is signed in in a browser: the ID token itself, in a cookie that no script can read.

Every form carries a token made from the session, since a cookie alone would let another site's form act.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import urllib.parse
from typing import Any, Final

import msgspec

from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.api import reading
from chalicelib.api.errors import Problem
from chalicelib.api.identity import BadToken, KeysUnavailable, Principal, principal_in, principal_of
from chalicelib.domain.keys import keyed
from chalicelib.settings import current

SESSION: Final = "sambat_session"
BACK: Final = "sambat_kembali"  # where its browser was going when it had to sign in first
SESSION_SECONDS: Final = 12 * 3600  # longer than a token is valid: what was typed for nothing is known as our form's
SIGN_IN_SECONDS: Final = 600
_STAFF_PAGE: Final = re.compile(r"/(meja|kantor)(?:/[A-Za-z0-9_-]{1,40}){0,4}(?:\?lang=(?:id|en))?")
_OF_STAFF: Final = ("/meja", "/kantor", "/keluar")
_OF_LINKS: Final = frozenset({"lang", "status", "cursor", "done"})


def cookie(name: str, value: str, seconds: int) -> str:
    """Return the Set-Cookie of a cookie for this service alone."""
    url = urllib.parse.urlsplit(current().public_url)
    secure = "; Secure" if url.scheme == "https" else ""
    return f"{name}={value}; Path={url.path or '/'}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def cookies(request: Any) -> dict[str, str]:  # noqa: ANN401
    """Return the cookies that a browser sent."""
    pairs = (part.strip().partition("=") for part in str(request.headers.get("cookie", "")).split(";"))
    return {name: value for name, _, value in pairs}


def derived(purpose: str, state: str) -> str:
    """Return a secret that only we can make of `state`, another for each purpose."""
    return base64.urlsafe_b64encode(keyed(current().signing_key, purpose, state)).rstrip(b"=").decode()


def csrf_of(session: str) -> str:
    """Return what every form of a session's pages carries: the same after the same person signed in again, so that
    what stands open in other tabs can still be sent. A session that names nobody has one that no form carries."""
    try:
        claims = claims_of(session)
        who = principal_in(claims, current())
    except (BadToken, KeyError, IndexError, ValueError, RecursionError, msgspec.MsgspecError):
        return secrets.token_urlsafe()
    stable = [str(claims.get("iss")), who.subject, who.role, who.opd, who.division]
    return derived("csrf", msgspec.json.encode(stable).decode())


def is_ours(fields: dict[str, str], session: str) -> bool:
    """Say whether a form came from a page of this session's; what says so is taken out of its fields."""
    return hmac.compare_digest(fields.pop("csrf", "").encode(), csrf_of(session).encode())


def proven(token: str) -> Principal:
    """Return who a token proves; BadToken for nobody, StoreUnavailable when that cannot be known."""
    try:
        return principal_of(token)
    except KeysUnavailable as error:
        raise StoreUnavailable("the issuer's keys cannot be read") from error


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a token; they are true when its signature was checked."""
    return msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="), type=dict[str, Any])


def signed_in(request: Any, *roles: str) -> tuple[Principal, str]:  # noqa: ANN401
    """Return who is signed in and the session; Problem 401 for nobody, 403 for who has none of these roles."""
    session = cookies(request).get(SESSION, "")
    try:
        who = proven(session)
    except BadToken as error:
        raise Problem("unauthorized") from error
    if who.role not in roles:
        raise Problem("forbidden")
    return who, session


def signed_in_by_form(request: Any, *roles: str) -> tuple[Principal, str, dict[str, str]]:  # noqa: ANN401
    """Return who is signed in, the session, and the fields of a form that came from a page of ours."""
    who, session = signed_in(request, *roles)
    fields = reading.read_form(request)
    if not is_ours(fields, session):
        raise Problem("forbidden")
    return who, session, fields


# ------------------------------------------------------------------------------------------------ signing in first


def may_be_sent_on(request: Any) -> bool:  # noqa: ANN401
    """Say whether a browser without a session goes straight to sign in: it reads, and followed a link. A form's way to
    the provider would be stopped by the page's own policy (`form-action`)."""
    return request.method == "GET" and set(request.query_params or {}) <= _OF_LINKS


def way_back(request: Any) -> str:  # noqa: ANN401
    """Return the Set-Cookie that remembers, while its reader signs in, the page that was asked for or whose form was
    sent. It stands in no address, and names no page but the staff's."""
    params, section = request.uri_params or {}, f"/{request.path.split('/')[1]}"
    own = f"{section}/{{ticket}}"
    read = request.path if request.method == "GET" else own if request.path.startswith(own) else section
    lang = (request.query_params or {}).get("lang")
    wanted = (read.format(**params) + (f"?lang={lang}" if lang else ""), section)
    path = next((one for one in wanted if _STAFF_PAGE.fullmatch(one)), "/")
    return cookie(BACK, path, SIGN_IN_SECONDS)


def landing(request: Any, role: str) -> str:  # noqa: ANN401
    """Return the path at which who signed in arrives: the one they asked for if it is their role's, else their own
    start page. A cookie is the client's to forge: it is read as strictly as it was written."""
    own, asked = "meja" if role == "opd" else "kantor", cookies(request).get(BACK, "")
    found = _STAFF_PAGE.fullmatch(asked)
    return asked if found and found[1] == own else f"/{own}"


def typed_in_vain(request: Any) -> dict[str, str]:  # noqa: ANN401
    """Return what was typed into a form of ours that was not done; nothing of a form that others made."""
    if request.method != "POST":
        return {}
    try:
        fields = reading.read_form(request)
    except Problem:
        return {}
    if not request.path.startswith(_OF_STAFF):  # a citizen has no session to prove it by: the browser says it
        return {} if request.headers.get("sec-fetch-site") == "cross-site" else fields
    return fields if is_ours(fields, cookies(request).get(SESSION, "")) else {}
