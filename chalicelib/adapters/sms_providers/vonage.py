"""Vonage (once Nexmo), its SMS API. Signed webhooks must be asked for at its support, the method is chosen in its
dashboard: SAMBAT_SMS_VONAGE_METHOD says which.

It GETs or POSTs (form or JSON, as the dashboard says) each SMS, and each part of a long one by itself; until it is
answered 2xx it repeats that for 24 hours, and no page says that it signs anew then, so a signature holds a day:

    GET ...?msisdn=6280000000001&to=6280000000099&messageId=0A0000000123ABCD1&text=Sambat+jalan+berlubang&type=text
    &keyword=SAMBAT&message-timestamp=2026-11-24+03%3A00%3A00&timestamp=1795489200
    &nonce=aaaaaaaa-bbbb-cccc-dddd-0123456789ab&concat=true&concat-ref=1&concat-total=3&concat-part=2
    &sig=1A20E4E2069B609FDA6CECA9DE18D5CAFE99720DDB628BD6BE8B19942A336E1C

The signature is the hex HMAC, by the signature secret, of "&name=value" of all other parameters sorted by name, with
"&" and "=" in a value written "_"; "md5hash" is the plain MD5 of that text and the secret behind it. HMACs come in
capitals; the SDKs compare in any case.

A delivery receipt comes to the URL that the message was sent with, signed the same: {"msisdn": "6280000000001",
"to": "6280000000099", "messageId": "0A0000001234567B", "status": "delivered", "err-code": "0", "client-ref":
"7K3QD-9XW2M_4_reporter", ...}. "accepted", "buffered" and "unknown" are not the end. A long message has one for each of
its parts, with an id of its own; `send` returns that of the first.

Sources: vonage_http_client.auth 1.5.2; src/Client/Signature.php of Vonage/vonage-php-sdk-core (the plain MD5);
definitions/sms.yml of Nexmo/api-specification; developer.vonage.com/messaging/sms/guides/inbound-sms,
/delivery-receipts, /troubleshooting-sms, /getting-started/concepts/signing-messages.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from chalicelib.adapters.sms_providers import wire
from chalicelib.adapters.sms_providers.contract import (
    CarrierDown,
    DeliveryReport,
    Inbound,
    Part,
    Reply,
    SendFailed,
    Unreadable,
    WebhookRequest,
)
from chalicelib.domain.gsm import is_gsm7
from chalicelib.settings import SmsProvider

NAME = "vonage"
REPLIES_INLINE = False
METHODS = frozenset({"GET", "POST"})

CLOUD: Final = "https://rest.nexmo.com"
LONGEST_OUTGOING_ID: Final = 40
MOST_PARAMETERS: Final = 100
MOST_PARTS: Final = 50
LONGEST_REFERENCE: Final = 64
_DELIVERED: Final = {"delivered": True, "expired": False, "failed": False, "rejected": False}
_BACK_OFF: Final = frozenset({"1", "10"})  # throttled; too many connections


class _Sent(msgspec.Struct):
    status: str
    message_id: str = msgspec.field(name="message-id", default="")


class _Answer(msgspec.Struct):
    messages: list[_Sent]


def is_genuine(request: WebhookRequest, provider: SmsProvider) -> bool:
    """Say whether `sig` is the secret's over all other parameters, at most 5 minutes ago, each standing there once."""
    try:
        parameters = _parameters(request)
        given = parameters.pop("sig", "")
        if not wire.is_fresh(parameters.get("timestamp", ""), request.now, wire.A_DAY_OF_RETRIES):
            return False
        expected = _signature(provider, parameters)
    except (Unreadable, ValueError):
        return False
    return wire.same(expected, given.lower())


def _signature(provider: SmsProvider, parameters: dict[str, str]) -> str:
    signed = "".join(f"&{name}={re.sub('[&=]', '_', parameters[name])}" for name in sorted(parameters)).encode()
    if provider.method == "md5hash":
        return hashlib.md5(signed + provider.secret.encode(), usedforsecurity=False).hexdigest()
    return hmac.new(provider.secret.encode(), signed, provider.method or "sha256").hexdigest()


def _parameters(request: WebhookRequest) -> dict[str, str]:
    """Return the parameters; raise Unreadable for one that stands twice, or whose name would read as two."""
    if request.method == "GET":
        pairs = list(request.pairs)
    elif request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        read = wire.parse(request.body, dict[str, str | int | bool])
        pairs = [(name, value if isinstance(value, str) else str(value).lower()) for name, value in read.items()]
    else:
        try:
            body = request.body.decode()
            pairs = parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
        except ValueError:
            raise Unreadable("the body is no form") from None
    parameters = dict(pairs)
    if len(parameters) < len(pairs) or any("&" in name or "=" in name for name in parameters):
        raise Unreadable("a parameter stands there twice")
    return parameters


def to_inbound_sms(request: WebhookRequest) -> Inbound | DeliveryReport:
    """Return the SMS, the part of one, or what became of one of ours; a binary message is Unreadable."""
    parameters = _parameters(request)
    message_id = parameters.get("messageId", "")
    if "status" in parameters and "type" not in parameters:
        reference, delivered = parameters.get("client-ref", ""), _DELIVERED.get(parameters["status"])
        return wire.report_of(NAME, reference, message_id, delivered=delivered)
    if parameters.get("type") not in {"text", "unicode"}:
        raise Unreadable("something else than a text came in")
    sender, text = parameters.get("msisdn", ""), parameters.get("text", "")
    wire.must_fit(message_id, sender, text)
    part = _part(parameters)
    if part is None and not text.strip():
        raise Unreadable("no text")  # a part may well be one space between two words
    return Inbound(NAME, message_id, wire.international(sender), text, part)


def _part(parameters: dict[str, str]) -> Part | None:
    if parameters.get("concat") != "true":
        return None
    ref, number, total = (parameters.get(f"concat-{name}", "") for name in ("ref", "part", "total"))
    if not 0 < len(ref) <= LONGEST_REFERENCE or not all(re.fullmatch("[0-9]{1,3}", n) for n in (number, total)):
        raise Unreadable("not a part that can be")
    if not 1 <= int(number) <= int(total) <= MOST_PARTS:
        raise Unreadable("not a part that can be")
    return Part(ref, int(number), int(total))


def answer(text: str | None) -> Reply:  # noqa: ARG001  the reply goes out by `send`
    """Return the 2xx that ends the provider's attempts."""
    return wire.ACCEPTED


def send(to: str, text: str, message_id: str, provider: SmsProvider) -> str:
    """Send `text` and return the id of its first part; a retry after a lost answer is a twin."""
    if not provider.account or not provider.password or not provider.sender:
        raise SendFailed("SAMBAT_SMS_VONAGE_ACCOUNT, _PASSWORD or _FROM is not set")
    outgoing = wire.outgoing_id(message_id, LONGEST_OUTGOING_ID)
    form = {
        "api_key": provider.account,
        "api_secret": provider.password,
        "from": provider.sender.removeprefix("+"),
        "to": to.removeprefix("+"),
        "text": text,
        "type": "text" if is_gsm7(text) else "unicode",
        "client-ref": outgoing,
    }
    if provider.webhook:
        form["callback"] = provider.webhook
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = wire.hand_over(NAME, f"{provider.url or CLOUD}/sms/json", urlencode(form).encode(), headers)
    return _taken(body, outgoing)


def _taken(body: bytes, outgoing: str) -> str:
    """Return the carrier's id, else ours where its answer was lost. Vonage refuses with HTTP 200 and a status."""
    try:
        messages = msgspec.json.decode(body, type=_Answer).messages
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return outgoing
    status = messages[0].status if messages else ""
    if status == "0":
        return messages[0].message_id or outgoing
    shown = status if re.fullmatch("[0-9]{1,3}", status) else "unknown"
    raise (CarrierDown if status in _BACK_OFF else SendFailed)(f"{NAME} answered with status {shown}")
