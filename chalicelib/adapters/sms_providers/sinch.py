"""Sinch SMS (the REST API with a service plan).

It POSTs each SMS, put together from its parts (at most 2,000 characters), and a report about each message of ours:

    x-sinch-webhook-signature-timestamp: 1795489200
    x-sinch-webhook-signature-nonce: 01FJA8B4A7BM43YGWSG9GBV067
    x-sinch-webhook-signature-algorithm: HmacSHA256
    x-sinch-webhook-signature: 6bpJoRmFoXVjfJIVglMoJzYXxnoxRujzR4k2GOXewOE=

    {"type": "mo_text", "id": "01FC66621XXXXX119Z8PMV1QPA", "from": "6280000000001", "to": "6280000000099",
     "body": "Sambat jalan berlubang di Jl. Veteran", "operator_id": "51010", "received_at": "2026-11-24T03:00:00.000Z"}

    {"type": "recipient_delivery_report_sms", "batch_id": "01FC66621XXXXX119Z8PMV1QPQ", "recipient": "6280000000001",
     "client_reference": "7K3QD-9XW2M_4_reporter", "status": "Delivered", "code": 0, "at": "2026-11-24T03:00:05.000Z"}

The signature is the base64 HMAC-SHA256, by the secret of the service plan, of body, nonce and timestamp with dots
between; the timestamp says when it was computed. Sinch repeats a call answered 429 or 5xx after 5 s, then at doubled
intervals, the last 22 h 45 min after the first; other 4xx it does not repeat. No page says that
each repetition is signed anew, so a signature holds a day.

SAMBAT_SMS_SINCH_SECRET is the HMAC secret, _ACCOUNT the service plan's id, _PASSWORD its API token, _URL the region's
address if it is not the United States'.

Sources: developers.sinch.com/docs/sms/api-reference/sms/tag/Webhooks, /Delivery-reports, /docs/sms/release-notes (HMAC
at the level of the service plan), /docs/conversation/callbacks (the signature); sinch 2.3.0 for Python,
authentication_validation.py and models/v1 of its SMS domain.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final
from urllib.parse import quote

import msgspec

from chalicelib.adapters.sms_providers import wire
from chalicelib.adapters.sms_providers.contract import (
    DeliveryReport,
    Inbound,
    NotAMessage,
    Reply,
    SendFailed,
    Unreadable,
    WebhookRequest,
)
from chalicelib.settings import SmsProvider

NAME = "sinch"
REPLIES_INLINE = False
METHODS = frozenset({"POST"})

CLOUD: Final = "https://us.sms.api.sinch.com"
LONGEST_OUTGOING_ID: Final = 100
_HEADER: Final = "x-sinch-webhook-signature"
_UNDELIVERED: Final = ("ABORTED", "CANCELLED", "REJECTED", "DELETED", "FAILED", "EXPIRED")
_DELIVERED: Final = {"DELIVERED": True, **dict.fromkeys(_UNDELIVERED, False)}


class _Event(msgspec.Struct):
    type: str


class _Text(msgspec.Struct):
    id: str
    body: str
    sender: str = msgspec.field(name="from")


class _Report(msgspec.Struct):
    batch_id: str
    status: str
    client_reference: str | None = None


class _Status(msgspec.Struct):
    status: str


class _Summary(msgspec.Struct):
    batch_id: str
    statuses: list[_Status]
    client_reference: str | None = None


def is_genuine(request: WebhookRequest, provider: SmsProvider) -> bool:
    """Say whether the signature is the secret's over body, nonce and timestamp, at most a day of retries ago."""
    timestamp = request.headers.get(f"{_HEADER}-timestamp", "")
    nonce = request.headers.get(f"{_HEADER}-nonce", "")
    algorithm = request.headers.get(f"{_HEADER}-algorithm", "HmacSHA256")
    # A nonce with a dot could hold the end of a body that was cut off at a dot: the same string, signed
    if algorithm.lower() != "hmacsha256" or not re.fullmatch(r"[A-Za-z0-9_=+/:-]{1,255}", nonce):
        return False
    if not provider.secret or not wire.is_fresh(timestamp, request.now, wire.A_DAY_OF_RETRIES):
        return False
    signed = request.body + f".{nonce}.{timestamp}".encode()
    expected = base64.b64encode(hmac.new(provider.secret.encode(), signed, hashlib.sha256).digest()).decode()
    return wire.same(expected, request.headers.get(_HEADER, ""))


def to_inbound_sms(request: WebhookRequest) -> Inbound | DeliveryReport:
    """Return the SMS, or the report; what a citizen sent otherwise than as text is Unreadable."""
    event = wire.parse(request.body, _Event)
    match event.type:
        case "mo_text":
            return _inbound(wire.parse(request.body, _Text))
        case "recipient_delivery_report_sms":
            return _report(wire.parse(request.body, _Report))
        case "delivery_report_sms":
            return _report(_only_recipient(wire.parse(request.body, _Summary)))
        case "delivery_report_mms" | "recipient_delivery_report_mms":
            raise NotAMessage("a report about an MMS")
    raise Unreadable("something else than one text message came in")


def _inbound(message: _Text) -> Inbound:
    if not message.body.strip():
        raise Unreadable("no text")
    wire.must_fit(message.id, message.sender, message.body)
    return Inbound(NAME, message.id, wire.international(message.sender), message.body, None)


def _only_recipient(summary: _Summary) -> _Report:
    """Return the report of a batch as that of its recipient: ours have one, which has one status."""
    if len(summary.statuses) != 1:
        raise NotAMessage("a report about several recipients")
    return _Report(summary.batch_id, summary.statuses[0].status, summary.client_reference)


def _report(report: _Report) -> DeliveryReport:
    """Return what finally became of a message of ours; "Unknown" says neither."""
    delivered = _DELIVERED.get(report.status.upper())
    return wire.report_of(NAME, report.client_reference or "", report.batch_id, delivered=delivered)


def answer(text: str | None) -> Reply:  # noqa: ARG001  the reply goes out by `send`
    """Return the 2xx that ends Sinch's attempts."""
    return wire.ACCEPTED


def send(to: str, text: str, message_id: str, provider: SmsProvider) -> str:
    """Create a batch of one and return its id. A retry after a lost answer is a twin: Sinch does not compare."""
    if not provider.account or not provider.password or not provider.sender:
        raise SendFailed("SAMBAT_SMS_SINCH_ACCOUNT, _PASSWORD or _FROM is not set")
    outgoing = wire.outgoing_id(message_id, LONGEST_OUTGOING_ID)
    batch: dict[str, str | list[str]] = {
        "from": provider.sender,
        "to": [to],
        "body": text,
        "client_reference": outgoing,
        "delivery_report": "per_recipient_final",  # without the steps before, which say nothing to us
    }
    if provider.webhook:
        batch["callback_url"] = provider.webhook
    body = wire.hand_over(
        NAME,
        f"{provider.url or CLOUD}/xms/v1/{quote(provider.account, safe='')}/batches",
        msgspec.json.encode(batch),
        {"Content-Type": "application/json", "Authorization": f"Bearer {provider.password}"},
    )
    return wire.field_of(body, "id", outgoing)
