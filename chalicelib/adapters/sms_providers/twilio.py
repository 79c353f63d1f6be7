"""Twilio Programmable Messaging. (Its own pages say that two-way SMS is not supported in Indonesia: kept for other
cities and for tests with a foreign number; never the only way.)

It POSTs a form and puts the TwiML that it is answered into an SMS back:

    X-Twilio-Signature: RSOYDt4T1cUTdK1PDd93/VVr8B8=

    MessageSid=SM00000000000000000000000000000001&SmsStatus=received&From=%2B6280000000001&To=%2B6280000000099
    &Body=Sambat+parkir+liar+depan+Pasar+Besar&NumMedia=0&NumSegments=1

The signature is the base64 HMAC-SHA1, by the account's auth token, of the URL as Twilio called it (tried with and
without its port, since Twilio is not consistent) followed by each parameter's name and value, sorted, repeated pairs
once: the rule of twilio.request_validator.RequestValidator. New parameters appear without notice and are all signed.
There is no timestamp in it: an old request is told by its MessageSid.

A status callback comes to the StatusCallback that the message was sent with, `about` telling which, signed the same:
MessageSid=SM...&MessageStatus=delivered ("undelivered", "failed"; "queued", "sending" and "sent" are not the end).

Sources: twilio.com/docs/usage/security, /docs/messaging/guides/webhook-request, /docs/messaging/twiml,
/docs/messaging/guides/track-outbound-message-status.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

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

NAME = "twilio"
REPLIES_INLINE = True
METHODS = frozenset({"POST"})

CLOUD: Final = "https://api.twilio.com"
LONGEST_OUTGOING_ID: Final = 64
MOST_PARAMETERS: Final = 500
_DELIVERED: Final = {"delivered": True, "undelivered": False, "failed": False}
_NOT_XML: Final = r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # compiled where used: it takes 5 ms


def is_genuine(request: WebhookRequest, provider: SmsProvider) -> bool:
    """Say whether X-Twilio-Signature is the auth token's over this URL and these parameters."""
    try:
        parameters = _parameters(request.body)
    except ValueError:
        return False
    given = request.headers.get("x-twilio-signature", "")
    signed = "".join(name + value for name, value in sorted(set(parameters)))
    matches = [wire.same(_signature(provider.secret, url + signed), given) for url in _spellings(request.url)]
    return any(matches)


def _parameters(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)


def _signature(token: str, signed: str) -> str:
    digest = hmac.new(token.encode(), signed.encode("utf-8", "replace"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _spellings(url: str) -> list[str]:
    """Return `url`, and the same with its port left out or the scheme's own port written."""
    parts = urlsplit(url)
    host = (parts.hostname or "") if ":" not in (parts.hostname or "") else f"[{parts.hostname}]"
    rest = url[len(f"{parts.scheme}://{parts.netloc}") :]
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return [url, f"{parts.scheme}://{host}{rest}", f"{parts.scheme}://{host}:{port}{rest}"]


def to_inbound_sms(request: WebhookRequest) -> Inbound | DeliveryReport:
    """Return the SMS, or what became of one of ours; a picture without words is Unreadable."""
    try:
        parameters = _parameters(request.body)
    except ValueError:
        raise Unreadable("the body is no form") from None

    def only(name: str) -> str:
        values = {value for key, value in parameters if key == name}
        if len(values) > 1:
            raise Unreadable(f"{name} stands there twice")
        return values.pop() if values else ""

    message_id, sender, text = only("MessageSid"), only("From"), only("Body")
    for status in (only("MessageStatus"), only("SmsStatus")):
        if status not in {"", "received", "receiving"}:
            about = request.query.get("about", "")
            return wire.report_of(NAME, about, message_id, delivered=_DELIVERED.get(status))
    if not text.strip():
        raise Unreadable("no text")
    wire.must_fit(message_id, sender, text)
    return Inbound(NAME, message_id, wire.e164(sender), text, None)


def answer(text: str | None) -> Reply:
    """Return TwiML: one Message with `text`, or the empty Response that sends nothing."""
    message = "" if text is None else f"<Message>{html.escape(re.sub(_NOT_XML, '', text), quote=False)}</Message>"
    response = f"<Response>{message}</Response>" if message else "<Response/>"
    return Reply(f'<?xml version="1.0" encoding="UTF-8"?>{response}', "text/xml; charset=utf-8")


def send(to: str, text: str, message_id: str, provider: SmsProvider) -> str:
    """Create the Message and return its SID. Twilio takes no id of ours: a retry after a lost answer is a twin."""
    if not provider.account or not provider.sender:
        raise SendFailed("SAMBAT_SMS_TWILIO_ACCOUNT or SAMBAT_SMS_TWILIO_FROM is not set")
    form = {"To": to, "From": provider.sender, "Body": text}
    if provider.webhook:
        form["StatusCallback"] = f"{provider.webhook}?about={wire.outgoing_id(message_id, LONGEST_OUTGOING_ID)}"
    body = wire.hand_over(
        NAME,
        f"{provider.url or CLOUD}/2010-04-01/Accounts/{quote(provider.account, safe='')}/Messages.json",
        urlencode(form).encode(),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": wire.basic(provider.account, provider.secret),
        },
    )
    return wire.field_of(body, "sid", message_id)
