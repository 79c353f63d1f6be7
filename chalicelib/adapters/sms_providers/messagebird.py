"""MessageBird, now Bird: SMS of a virtual mobile number.

It POSTs each SMS as a form (a flow of the city's may make it JSON), and GETs with a report about a message of ours:

    MessageBird-Signature-JWT: eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...

    id=3b53c137369242138120d6b0b2122607&recipient=6280000000099&originator=6280000000001
    &body=Sambat+lampu+jalan+mati&createdDatetime=2026-11-24T03%3A00%3A00%2B00%3A00

    ?datacoding=plain&id=e8077d803532c0b5937c639b60216938&mccmnc=51010&ported=0&recipient=6280000000001
    &reference=7K3QD-9XW2M_4_reporter&status=delivered&statusDatetime=2026-11-24T03%3A00%3A05%2B00%3A00

The JWT is signed with the account's signing key (HS256, HS384 or HS512) and says `iss` MessageBird, `nbf` and `exp` a
minute apart, `jti`, and the hex SHA-256 of the URL as called (`url_hash`, query and all) and of the body
(`payload_hash`, absent where there is none).

A short code and a flow have other names for the same: `mid` or `message_id`, `payload` or `message`. `id` may stand
beside `mid`, and stands twice in some: all of them together name the message. No page that could be found says how
often a call is repeated, and with which of them new; whatever is said in a repetition under another id is caught by
sender and text.

SAMBAT_SMS_MESSAGEBIRD_SECRET is the signing key, _PASSWORD the live access key.

Sources: messagebird 2.2.0 for Python, request_validator.py; messagebird/go-rest-api, signature_jwt/testdata;
developers.messagebird.com/api/sms-messaging; docs.bird.com, Receiving Delivery Reports (by GET, only for a message with
a reference); github.com/messagebirdguides/customer-support-guide (originator, payload); nyaruka/courier,
handlers/messagebird and pull requests 841, 856 (the form's other names, and that it is one by default).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from chalicelib.adapters.sms_providers import wire
from chalicelib.adapters.sms_providers.contract import (
    DeliveryReport,
    Inbound,
    Reply,
    SendFailed,
    Unreadable,
    WebhookRequest,
)
from chalicelib.settings import SmsProvider

NAME = "messagebird"
REPLIES_INLINE = False
METHODS = frozenset({"GET", "POST"})

CLOUD: Final = "https://rest.messagebird.com"
ALGORITHMS: Final = ("HS256", "HS384", "HS512")
LEEWAY_SECONDS: Final = 1  # the SDK's
MOST_PARAMETERS: Final = 500
LONGEST_OUTGOING_ID: Final = 60
_DELIVERED: Final = {"delivered": True, "delivery_failed": False, "expired": False, "rejected": False}


def is_genuine(request: WebhookRequest, provider: SmsProvider) -> bool:
    """Say whether the JWT is the signing key's, for now, for this URL and this body."""
    import jwt

    if not provider.secret:
        return False
    try:
        claims = jwt.decode(
            request.headers.get("messagebird-signature-jwt", ""),
            provider.secret,
            algorithms=list(ALGORITHMS),
            issuer="MessageBird",
            # Times are held against the request's clock below
            options={"require": ["iss", "nbf", "exp"], "verify_iat": False, "verify_nbf": False, "verify_exp": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return False
    return _is_for_now(claims, request.now) and _is_for_this(claims, request)


def _is_for_now(claims: Mapping[str, Any], now: datetime) -> bool:
    begins, ends = claims["nbf"], claims["exp"]
    if not isinstance(begins, (int, float)) or not isinstance(ends, (int, float)):
        return False
    return begins - LEEWAY_SECONDS <= now.timestamp() < ends + LEEWAY_SECONDS


def _is_for_this(claims: Mapping[str, Any], request: WebhookRequest) -> bool:
    url_hash, payload_hash = claims.get("url_hash"), claims.get("payload_hash") or ""
    if not isinstance(url_hash, str) or not isinstance(payload_hash, str):
        return False
    matches = [wire.same(_sha256(url.encode("utf-8", "replace")), url_hash) for url in _spellings(request.url)]
    return wire.same(_sha256(request.body) if request.body else "", payload_hash) and any(matches)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _spellings(url: str) -> Sequence[str]:
    """Return `url`, whose query was put together anew, and the same with a space written the other way."""
    path, mark, query = url.partition("?")
    return (url, f"{path}{mark}{query.replace('+', '%20')}")


def to_inbound_sms(request: WebhookRequest) -> Inbound | DeliveryReport:
    """Return the SMS, or the report. A value that stands there twice, differently, is Unreadable."""
    found: dict[str, list[str]] = {}
    for name, value in _parameters(request):
        if value:
            found.setdefault(name, []).append(value)
    text = _one(found, "body", "payload", "message")
    if not text and "status" in found:
        return _report(found)
    if not text.strip():
        raise Unreadable("no text")  # as of a picture: it came by MMS
    message_id = ".".join(dict.fromkeys(value for name in ("mid", "message_id", "id") for value in found.get(name, [])))
    sender = _one(found, "originator") or _one(found, "sender")
    wire.must_fit(message_id, sender, text)
    return Inbound(NAME, message_id, wire.international(sender), text, None)


def _parameters(request: WebhookRequest) -> Iterable[tuple[str, str]]:
    if not request.body:
        return request.pairs
    if request.headers.get("content-type", "").lower().startswith("application/json"):
        fields = wire.parse(request.body, dict[str, Any])
        return [(name, str(value)) for name, value in fields.items() if isinstance(value, (str, int))]
    try:
        return parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise Unreadable("the body is no form") from None


def _one(found: Mapping[str, Sequence[str]], *names: str) -> str:
    values = {value for name in names for value in found.get(name, [])}
    if len(values) > 1:
        raise Unreadable(f"{names[0]} stands there twice")
    return values.pop() if values else ""


def _report(found: Mapping[str, Sequence[str]]) -> DeliveryReport:
    status, reference, carrier_id = (_one(found, name) for name in ("status", "reference", "id"))
    return wire.report_of(NAME, reference, carrier_id, delivered=_DELIVERED.get(status))


def answer(text: str | None) -> Reply:  # noqa: ARG001  the reply goes out by `send`
    """Return the 2xx that ends MessageBird's attempts; what it says is not read."""
    return Reply("OK", "text/plain; charset=utf-8")


def send(to: str, text: str, message_id: str, provider: SmsProvider) -> str:
    """Create the message and return its id. A retry after a lost answer is a twin: the reference is not compared."""
    if not provider.password or not provider.sender:
        raise SendFailed("SAMBAT_SMS_MESSAGEBIRD_PASSWORD or _FROM is not set")
    outgoing = wire.outgoing_id(message_id, LONGEST_OUTGOING_ID)
    message: dict[str, str | list[str]] = {
        "originator": provider.sender,
        "recipients": [to.removeprefix("+")],
        "body": text,
        "datacoding": "auto",  # "plain", the default, would make question marks of what is not GSM-7
        "reference": outgoing,
    }
    if provider.webhook:
        message["reportUrl"] = provider.webhook
    body = wire.hand_over(
        NAME,
        f"{provider.url or CLOUD}/messages",
        msgspec.json.encode(message),
        {"Content-Type": "application/json", "Authorization": f"AccessKey {provider.password}"},
    )
    return wire.field_of(body, "id", outgoing)
