"""sms-gate.app: an Android phone with a SIM card as the city's SMS number.

The phone POSTs each SMS, signed with the key shown in its Settings > Webhooks > Signing Key; it puts long messages
together itself, and repeats a call that was not answered 2xx (10 s, then doubling, 14 times), signed anew:

    X-Timestamp: 1782122400
    X-Signature: 7d3c...  (hex HMAC-SHA256 of the raw body followed by the timestamp's digits)

    {"deviceId": "ffffffffceb0b1db0000018e937c815b", "event": "sms:received", "id": "Ey6ECgOkVVFjz3CL48B8C",
     "payload": {"messageId": "9a5f0c11", "message": "Sambat lampu jalan mati di Jl. Bukirsari",
                 "sender": "+6280000000001", "phoneNumber": "+6280000000001", "recipient": null, "simNumber": 1,
                 "receivedAt": "2026-11-24T10:00:00.000+07:00"},
     "webhookId": "LreFUt-Z3sSq0JufY9uWB"}

Two ids, and neither is enough. `id` is new for each event, and the app is known to raise two for one SMS
(android-sms-gateway issues 288, 291, 372). `messageId` is a 32-bit hash of sender, instant, SIM and text, "not
guaranteed to be unique". The same SMS always has the same `messageId` and the same instant, so the two together
name it; the instant is taken in UTC, since an export after a journey writes it with another offset.

sms:delivered and sms:failed report on a message of ours: {"messageId": <the id it was sent with>, "recipient": ...}. A
long one has a report for each part, and is lost with any of them; sms:sent is not the end.

Sources: docs.sms-gate.app/features/webhooks, /features/sending-messages; ReceiverService.kt, InboxMessage.kt,
SmsEventPayload.kt, PayloadSingingPlugin.kt of capcom6/android-sms-gateway and its issue 264; domain_messages.go of
android-sms-gateway/client-go (id <= 36).
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Annotated, Final

import msgspec

from chalicelib.adapters.sms_providers import wire
from chalicelib.adapters.sms_providers.contract import (
    DeliveryReport,
    Inbound,
    NotAMessage,
    Reply,
    Unreadable,
    WebhookRequest,
)
from chalicelib.settings import SmsProvider

NAME = "smsgate"
REPLIES_INLINE = False
METHODS = frozenset({"POST"})

CLOUD: Final = "https://api.sms-gate.app/3rdparty/v1"
LONGEST_OUTGOING_ID: Final = 36
_DELIVERED: Final = {"sms:delivered": True, "sms:failed": False}


class _Event(msgspec.Struct):
    event: str
    payload: msgspec.Raw = msgspec.Raw(b"null")


class _Payload(msgspec.Struct, rename="camel"):
    message_id: str
    message: str
    received_at: Annotated[datetime, msgspec.Meta(tz=True)]
    sender: str | None = None
    phone_number: str | None = None  # what `sender` was called before 2026


class _Report(msgspec.Struct, rename="camel"):
    message_id: str


def is_genuine(request: WebhookRequest, provider: SmsProvider) -> bool:
    """Say whether X-Signature is the key's over body and X-Timestamp, at most 5 minutes ago."""
    timestamp = request.headers.get("x-timestamp", "")
    if not wire.is_fresh(timestamp, request.now):
        return False
    expected = hmac.new(provider.secret.encode(), request.body + timestamp.encode(), hashlib.sha256).hexdigest()
    return wire.same(expected, request.headers.get("x-signature", "").lower())


def to_inbound_sms(request: WebhookRequest) -> Inbound | DeliveryReport:
    """Return the SMS of an sms:received event, or what became of one of ours. An MMS, a data SMS or a batch is
    Unreadable: a citizen sent it."""
    event = wire.parse(request.body, _Event)
    if event.event in _DELIVERED:
        return _report(event)
    if event.event != "sms:received":
        if event.event.endswith(("received", "downloaded")):
            raise Unreadable("something else than one text message came in")
        raise NotAMessage("an event of the phone or of a message of ours")
    payload = wire.parse(bytes(event.payload), _Payload)
    sender = payload.sender or payload.phone_number or ""
    if not payload.message_id or not payload.message.strip():
        raise Unreadable("no message id or no text")
    message_id = f"{payload.message_id}@{round(payload.received_at.timestamp() * 1000)}"
    wire.must_fit(message_id, sender, payload.message)
    return Inbound(NAME, message_id, wire.e164(sender), payload.message, None)


def _report(event: _Event) -> DeliveryReport:
    try:
        sent = wire.parse(bytes(event.payload), _Report).message_id
    except Unreadable:
        raise NotAMessage("a report that does not say about what") from None
    return DeliveryReport(NAME, wire.message_id_of(sent), sent, _DELIVERED[event.event])


def answer(text: str | None) -> Reply:  # noqa: ARG001  the phone sends nothing that stands in an answer
    """Return the 2xx that ends the phone's attempts."""
    return wire.ACCEPTED


def send(to: str, text: str, message_id: str, provider: SmsProvider) -> str:
    """Queue `text` at the gateway and return its id; an id that it already has (409) was accepted before."""
    outgoing = wire.outgoing_id(message_id, LONGEST_OUTGOING_ID)
    status, body = wire.post(
        NAME,
        f"{provider.url or CLOUD}/messages",
        msgspec.json.encode({"id": outgoing, "phoneNumbers": [to], "textMessage": {"text": text}}),
        {"Content-Type": "application/json", "Authorization": wire.basic(provider.user, provider.password)},
    )
    if status == 409:
        return outgoing
    if not 200 <= status < 300:
        raise wire.refused(NAME, status)
    return wire.field_of(body, "id", outgoing)
