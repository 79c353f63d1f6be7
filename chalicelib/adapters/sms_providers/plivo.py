"""Plivo Messaging. It puts the parts of a long SMS together itself, and waits 8 s for an answer; a call that is not
answered 2xx is repeated after 60, 120 and 240 s.

It POSTs a form (or GETs, if its application is set so):

    X-Plivo-Signature-V3: d+Yv...=    (several, comma separated, while tokens change)
    X-Plivo-Signature-Ma-V3: 8hK1...= (the same by the main account's token; either may be the one that fits)
    X-Plivo-Signature-V3-Nonce: 12345678901234567890

    From=6280000000001&To=6280000000099&Type=sms&Text=Sambat+parkir+liar+depan+Pasar+Besar
    &MessageUUID=db3ce55a-7f1d-11e1-8ea7-1231380bc196&Units=1

The signature is the base64 HMAC-SHA256, by the auth token, of the URL without its query, "?", the query's parameters
sorted, ".", the form's names and values sorted, "." and the nonce: the rule of plivo.utils.signature_v3. There is no
timestamp in it: an old request is told by its MessageUUID.

Plivo's pages on messaging describe V2, which signs the URL and a nonce only: whoever once saw such a request could sign
any other text with it. Accounts are seen to send both, so V2 is taken only where SAMBAT_SMS_PLIVO_METHOD is "v2", and
never beside a signature of V3.

A status callback comes to the URL that the message was sent with, `about` telling which:
MessageUUID=...&Status=delivered ("undelivered", "failed", "rejected"; "queued" and "sent" are not the end).

Sources: plivo 4.63.0 (utils/signature_v3.py, utils/__init__.py); support.plivo.com article 360041344652 (retries);
plivo.com/docs/messaging: concepts/signature-validation, xml/request, api/message/message-status-callbacks,
api/message/send-a-message; openhab/openhab-addons pull request 21325 (which headers live messages bear).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, quote

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

NAME = "plivo"
REPLIES_INLINE = False
METHODS = frozenset({"GET", "POST"})

CLOUD: Final = "https://api.plivo.com"
LONGEST_OUTGOING_ID: Final = 64
MOST_PARAMETERS: Final = 100
_DELIVERED: Final = {"delivered": True, "undelivered": False, "failed": False, "rejected": False}

_Pairs = list[tuple[str, str]]


class _Answer(msgspec.Struct):
    message_uuid: list[str]


def is_genuine(request: WebhookRequest, provider: SmsProvider) -> bool:
    """Say whether one of the signatures is the auth token's over this URL, these parameters and the nonce."""
    version, given = "v3", _signatures(request, "v3")
    if not given and provider.method == "v2":
        version, given = "v2", _signatures(request, "v2")
    nonce = request.headers.get(f"x-plivo-signature-{version}-nonce", "")
    if not given or not nonce:
        return False
    try:
        signed = f"{_signed_by_v3(request)}.{nonce}" if version == "v3" else f"{_bare_url(request)}{nonce}"
        digest = hmac.new(provider.secret.encode(), signed.encode(), hashlib.sha256).digest()
    except ValueError:
        return False
    expected = base64.b64encode(digest).decode()
    return any([wire.same(expected, one) for one in given])  # noqa: C419  all compared, whichever matches


def _signatures(request: WebhookRequest, version: str) -> list[str]:
    headers = (request.headers.get(f"x-plivo-signature-{name}{version}", "") for name in ("", "ma-"))
    return [one.strip() for header in headers for one in header.split(",") if one.strip()]


def _bare_url(request: WebhookRequest) -> str:
    return request.url.partition("?")[0]


def _signed_by_v3(request: WebhookRequest) -> str:
    """Return what stands before the nonce; raise ValueError for a form that is none."""
    query = "&".join(f"{name}={value}" for name, value in sorted(request.pairs))
    form = "".join(name + value for name, value in sorted(_form(request)))
    mark, stop = "?" if query or form else "", "." if query and form else ""
    return f"{_bare_url(request)}{mark}{query}{stop}{form}"


def _form(request: WebhookRequest) -> _Pairs:
    if request.method == "GET":
        return []
    return parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)


def to_inbound_sms(request: WebhookRequest) -> Inbound | DeliveryReport:
    """Return the SMS, or what became of one of ours; a picture without words is Unreadable."""
    try:
        parameters = list(request.pairs) if request.method == "GET" else _form(request)
    except ValueError:
        raise Unreadable("the body is no form") from None
    message_id, status = _only(parameters, "MessageUUID"), _only(parameters, "Status")
    if status not in {"", "received"}:
        about = dict(request.pairs).get("about", "")
        return wire.report_of(NAME, about, message_id, delivered=_DELIVERED.get(status))
    sender, text = _only(parameters, "From"), _only(parameters, "Text")
    if not text.strip():
        raise Unreadable("no text")
    wire.must_fit(message_id, sender, text)
    return Inbound(NAME, message_id, wire.international(sender), text, None)


def _only(pairs: Iterable[tuple[str, str]], name: str) -> str:
    values = [value for key, value in pairs if key == name]
    if len(values) > 1:
        raise Unreadable(f"{name} stands there twice")
    return values[0] if values else ""


def answer(text: str | None) -> Reply:  # noqa: ARG001  the reply goes out by `send`
    """Return the 2xx that ends Plivo's attempts, and its XML that sends nothing."""
    return Reply('<?xml version="1.0" encoding="UTF-8"?><Response/>', "application/xml; charset=utf-8")


def send(to: str, text: str, message_id: str, provider: SmsProvider) -> str:
    """Queue the message and return its UUID. Plivo takes no id of ours: a retry after a lost answer is a twin."""
    if not provider.account or not provider.sender:
        raise SendFailed("SAMBAT_SMS_PLIVO_ACCOUNT or SAMBAT_SMS_PLIVO_FROM is not set")
    outgoing = wire.outgoing_id(message_id, LONGEST_OUTGOING_ID)
    message = {"src": provider.sender, "dst": to, "text": text}
    if provider.webhook:
        message |= {"url": f"{provider.webhook}?about={outgoing}", "method": "POST"}
    body = wire.hand_over(
        NAME,
        f"{provider.url or CLOUD}/v1/Account/{quote(provider.account, safe='')}/Message/",
        msgspec.json.encode(message),
        {"Content-Type": "application/json", "Authorization": wire.basic(provider.account, provider.secret)},
    )
    try:
        ids = msgspec.json.decode(body, type=_Answer).message_uuid
    except (msgspec.MsgspecError, ValueError, RecursionError):
        ids = []
    return next(filter(None, ids), outgoing)
