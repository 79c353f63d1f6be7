"""What is fetched because a message named its address: from few hosts, at public addresses, little of it, quickly.

The address that was checked is the one that is connected to. A name that were asked twice could answer otherwise the
second time; the certificate must still be the name's.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from chalicelib.adapters.sms_providers.contract import NotNow

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 3.0
WHOLE_SECONDS: Final = 8.0
MOST_BYTES: Final = 64 * 1024
MOST_REDIRECTS: Final = 2
MOST_ADDRESSES: Final = 2
_UNICAST: Final = ipaddress.ip_network("2000::/3")


class FetchRefused(Exception):
    """It is not fetched, or is not what was asked for; at another time the same would be said."""


class FetchFailed(NotNow):
    """It could not be fetched now: no such name, no answer, a server that has trouble."""


def fetch(url: str, is_allowed: Callable[[str], bool]) -> bytes:
    """Return what stands at `url`, at most 64 KB, over verified https.

    `is_allowed` is asked about the host, and again about that of each of at most two redirects. Raises FetchRefused or
    FetchFailed, neither of which repeats the address.
    """
    deadline = time.monotonic() + WHOLE_SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        host, target = _checked(url, is_allowed)
        response = _get(host, target, _public_addresses(host))
        try:
            location = response.headers.get("Location", "")
            if response.status == 200:
                return _body(response, deadline)
        finally:
            response.close()
        if response.status == 429 or response.status >= 500:
            raise FetchFailed(f"answered {response.status}")
        if response.status not in (301, 302, 303, 307, 308) or not location:
            raise FetchRefused(f"answered {response.status}")
        url = _joined(url, location)
    raise FetchRefused("redirected again and again")


def _checked(url: str, is_allowed: Callable[[str], bool]) -> tuple[str, str]:
    """Return host and path with query of an https URL without user or port, of an allowed host."""
    if not url.isascii() or any(character <= " " or character == "\\" for character in url):
        raise FetchRefused("not an address")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise FetchRefused("not an address") from None
    host = parts.netloc
    if parts.scheme != "https" or not host or any(mark in host for mark in "@:[]"):
        raise FetchRefused("not https to a name, without user and port")
    if not is_allowed(host):
        raise FetchRefused("a host that is not allowed")
    return host, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise FetchRefused("redirected to no address") from None


def _public_addresses(host: str) -> list[str]:
    """Return the addresses of `host`; raise FetchRefused unless all of them are public."""
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError:
        raise FetchFailed("the name has no address") from None
    except UnicodeError:
        raise FetchRefused("not a name") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not all(_is_public(address) for address in addresses):
        raise FetchRefused("an address that is not public")
    return addresses


def _is_public(address: str) -> bool:
    """Say whether anybody could reach `address`: of IPv6, only global unicast that holds no IPv4 address."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and (ip not in _UNICAST or ip.sixtofour is not None):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def _get(host: str, target: str, addresses: list[str]) -> Any:  # noqa: ANN401  urllib3 is imported where it is used
    """Return the answer to one GET, its body unread, from the first address that answers."""
    import urllib3

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    reason = "no address"
    for address in addresses[:MOST_ADDRESSES]:
        pool = urllib3.HTTPSConnectionPool(address, 443, timeout=timeout, server_hostname=host)
        try:
            return pool.urlopen(
                "GET", target, headers={"Host": host}, retries=False, redirect=False, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            reason = type(error).__name__
    raise FetchFailed(f"no answer ({reason})")


def _body(response: Any, deadline: float) -> bytes:  # noqa: ANN401  as above
    import urllib3

    body = bytearray()
    try:
        while chunk := response.read1(16 * 1024, decode_content=False):
            body += chunk
            if len(body) > MOST_BYTES:
                raise FetchRefused("too large")
            if time.monotonic() > deadline:
                raise FetchFailed("too slow")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise FetchFailed(f"cut off ({type(error).__name__})") from None
    return bytes(body)
