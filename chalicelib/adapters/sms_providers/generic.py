"""Any provider or aggregator whose webhooks are signed after Standard Webhooks, or a small relay in front of one.

It POSTs each SMS; where it hands on the parts of a long one separately, it says so in `part` (in any order):

    webhook-id: msg_2mQ6bVd0
    webhook-timestamp: 1782122400
    webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=  (several, space separated, while keys change)

    {"id": "sms-000001", "from": "+6280000000001", "to": "+6280000000099",
     "text": "Sambat jalan berlubang di Jl. Veteran", "received_at": "2026-11-24T10:00:00+07:00",
     "part": {"ref": "a7", "number": 1, "total": 2}}

The signature is the base64 HMAC-SHA256 of "{webhook-id}.{webhook-timestamp}.{raw body}"; the secret is base64, with or
without "whsec_". The message is named by the body's `id`: who delivers again may well make a new webhook-id.
Outgoing SMS are POSTed to SAMBAT_SMS_GENERIC_URL as {"id", "to", "text"}, signed with the same secret. What became of
one in the end may be told, to the same webhook and signed the same; `about` is the id that it was sent with:

    {"id": "report-000001", "about": "7K3QD-9XW2M_4_reporter", "status": "delivered"}   (or "failed")

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md 1.0.0.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec

from chalicelib.adapters.sms_providers import wire
from chalicelib.adapters.sms_providers.contract import (
    DeliveryReport,
    Inbound,
    Part,
    Reply,
    SendFailed,
    Unreadable,
    WebhookRequest,
)
from chalicelib.settings import SmsProvider

NAME = "generic"
REPLIES_INLINE = False
METHODS = frozenset({"POST"})

LONGEST_OUTGOING_ID: Final = 100

_Count = Annotated[int, msgspec.Meta(ge=1, le=50)]


class _Part(msgspec.Struct, forbid_unknown_fields=True):
    ref: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    number: _Count
    total: _Count


class _Message(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    sender: str = msgspec.field(name="from")
    to: str
    text: str
    received_at: Annotated[datetime, msgspec.Meta(tz=True)]
    part: _Part | None = None


class _Report(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    about: Annotated[str, msgspec.Meta(min_length=1)]
    status: Literal["delivered", "failed"]


def is_genuine(request: WebhookRequest, provider: SmsProvider) -> bool:
    """Say whether one v1 signature is the secret's over id, timestamp and body, at most 5 minutes ago."""
    webhook_id = request.headers.get("webhook-id", "")
    timestamp = request.headers.get("webhook-timestamp", "")
    if not webhook_id or not wire.is_fresh(timestamp, request.now):
        return False
    try:
        expected = _signature(provider.secret, webhook_id, timestamp, request.body)
    except ValueError:
        return False
    given = request.headers.get("webhook-signature", "").split(" ")
    return any([wire.same(expected, signature) for signature in given])  # noqa: C419  all compared, whichever matches


def _signature(secret: str, webhook_id: str, timestamp: str, body: bytes) -> str:
    encoded = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if not key:
        raise ValueError("an empty key")
    signed = f"{webhook_id}.{timestamp}.".encode("utf-8", "replace") + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def to_inbound_sms(request: WebhookRequest) -> Inbound | DeliveryReport:
    """Return the SMS, the part of one, or what became of one of ours; a field that is not in the forms above makes it
    Unreadable."""
    try:
        message = wire.parse(request.body, _Message)
    except Unreadable:
        report = wire.parse(request.body, _Report)
        return DeliveryReport(NAME, wire.message_id_of(report.about), "", report.status == "delivered")
    wire.must_fit(message.id, message.sender, message.text)
    part = None
    if message.part is not None:
        if message.part.number > message.part.total:
            raise Unreadable("part.number is above part.total")
        part = Part(message.part.ref, message.part.number, message.part.total)
    elif not message.text.strip():
        raise Unreadable("no text")  # a part may well be one space between two words
    return Inbound(NAME, message.id, wire.e164(message.sender), message.text, part)


def answer(text: str | None) -> Reply:  # noqa: ARG001  the reply goes out by `send`
    """Return the 2xx that ends the provider's attempts."""
    return wire.ACCEPTED


def send(to: str, text: str, message_id: str, provider: SmsProvider) -> str:
    """POST the signed message and return the id that the receiver gave it, else the one it was sent with."""
    if not provider.url:
        raise SendFailed("SAMBAT_SMS_GENERIC_URL is not set")
    outgoing = wire.outgoing_id(message_id, LONGEST_OUTGOING_ID)
    body = msgspec.json.encode({"id": outgoing, "to": to, "text": text})
    timestamp = str(int(datetime.now(UTC).timestamp()))
    try:
        signature = _signature(provider.secret, outgoing, timestamp, body)
    except ValueError:
        raise SendFailed("SAMBAT_SMS_GENERIC_SECRET is not base64") from None
    answered = wire.hand_over(
        NAME,
        provider.url,
        body,
        {
            "Content-Type": "application/json",
            "webhook-id": outgoing,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature,
        },
    )
    return wire.field_of(answered, "id", outgoing)
