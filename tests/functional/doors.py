"""What the tests of the citizen's doors share: signed deliveries, a carrier that records, tables, AWS calls watched."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

from moto.core.botocore_stubber import BotocoreStubber
from standardwebhooks import Webhook

from chalicelib import settings
from tests.builders import Answer, Service
from tests.carrier import Carrier as AnyCarrier
from tests.carrier import running

LAMP = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"
PARKING = "Sambat parkir liar depan Pasar Besar, jukir tidak memberi karcis"
VAGUE = "Mohon segera ditindaklanjuti ya, sudah lama sekali begini terus"
TICKET = r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}"
PROBLEM = "application/problem+json"
CITIZEN, NEIGHBOUR, CITY = "+6280000000001", "+6280000000002", "+6280000000099"
NAMES = ("complaints", "reporters", "escalations", "notifications", "intake", "registry", "statistics")
GENERIC_SECRET = "whsec_c2FtYmF0LXRlc3RzLXNlY3JldC1vZi0zMi1ieXRlcyE="


def tables(service: Service, *names: str) -> dict[str, list[str]]:
    """Return all that is stored in these tables, or in all, in an order that can be compared."""
    return {name: sorted(json.dumps(item, sort_keys=True) for item in service.items(name)) for name in names or NAMES}


def ticket_in(reply: str | None) -> str:
    """Return the ticket that a reply carries."""
    found = re.search(TICKET, reply or "")
    assert found, reply
    return found[0]


# ------------------------------------------------------------------------------------------------ deliveries


def generic(service: Service, text: str, message_id: str = "g-1", sender: str = CITIZEN, **more: Any) -> Answer:
    """Deliver an SMS by `generic`, signed by the SDK of Standard Webhooks."""
    message = {"id": message_id, "from": sender, "to": CITY, "text": text, "received_at": "2026-11-24T10:00:00+07:00"}
    return generic_body(service, json.dumps({**message, **more}).encode())


def generic_part(
    service: Service, text: str, number: int, total: int, ref: str = "a7", sender: str = CITIZEN, message_id: str = ""
) -> Answer:
    """Deliver one part of a long SMS."""
    part = {"ref": ref, "number": number, "total": total}
    return generic(service, text, message_id or f"{ref}-{number}", sender, part=part)


def generic_body(service: Service, body: bytes, key: str = GENERIC_SECRET) -> Answer:
    """Deliver any bytes in the name of `generic`."""
    at = datetime.now(UTC)
    signature = Webhook(key).sign("msg_1", at, body.decode("latin-1") if not body.isascii() else body.decode())
    if not body.isascii():  # the SDK signs text only
        signature = standard_signature(key, "msg_1", at, body)
    headers = {"webhook_id": "msg_1", "webhook_timestamp": str(int(at.timestamp())), "webhook_signature": signature}
    return service.call("POST", "/webhooks/sms/generic", body, content_type="application/json", **headers)


def standard_signature(key: str, message_id: str, at: datetime, body: bytes) -> str:
    """Return the signature of Standard Webhooks over bytes that are no text, which its SDK does not sign."""
    import base64

    secret = base64.b64decode(key.removeprefix("whsec_"))
    said = f"{message_id}.{int(at.timestamp())}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, said, hashlib.sha256).digest()).decode()


def smsgate(service: Service, text: str, message_id: str = "s-1", sender: str = CITIZEN) -> Answer:
    """Deliver an SMS as the phone with sms-gate.app does."""
    payload = {"messageId": message_id, "message": text, "sender": sender, "phoneNumber": sender, "simNumber": 1,
               "recipient": None, "receivedAt": "2026-11-24T10:00:00.000+07:00"}  # fmt: skip
    event = {"deviceId": "d", "event": "sms:received", "id": "e", "webhookId": "w", "payload": payload}
    return smsgate_body(service, json.dumps(event).encode())


def smsgate_body(service: Service, body: bytes, key: str = "smsgate-key") -> Answer:
    """Deliver any bytes in the name of `smsgate`."""
    at = str(int(datetime.now(UTC).timestamp()))
    signature = hmac.new(key.encode(), body + at.encode(), hashlib.sha256).hexdigest()
    return service.call("POST", "/webhooks/sms/smsgate", body, content_type="application/json",
                        x_timestamp=at, x_signature=signature)  # fmt: skip


# ------------------------------------------------------------------------------------------------ the world outside


@dataclass
class Carrier(AnyCarrier):
    """All SMS providers' HTTP server."""

    status: int = 202
    answer: bytes = b"{}"

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Return (to, text) of every SMS that it was given."""
        return [_handed_over(path, body) for path, _, body in self.asked]


def _handed_over(path: str, body: bytes) -> tuple[str, str]:
    """Return (to, text) of what a provider's API is asked at this path."""
    if path.startswith("/2010-04-01/") or path == "/sms/json":  # twilio, vonage
        form = {name.lower(): values[0] for name, values in parse_qs(body.decode()).items()}
        return f"+{form['to'].removeprefix('+')}", form.get("body") or form["text"]
    said = json.loads(body)
    if path == "/smsgate/messages":
        return said["phoneNumbers"][0], said["textMessage"]["text"]
    if path.startswith("/v1/Account/"):  # plivo
        return said["dst"], said["text"]
    if path.startswith("/xms/v1/"):  # sinch
        return said["to"][0], said["body"]
    if path == "/messages":  # messagebird
        return f"+{said['recipients'][0]}", said["body"]
    return said["to"], said["text"]  # generic


@contextmanager
def carrier_on() -> Iterator[Carrier]:
    """Run a carrier here, to which all providers hand what they send."""
    with running(Carrier()) as told:
        outgoing = {
            "SAMBAT_SMS_GENERIC_URL": f"{told.url}/generic",
            "SAMBAT_SMS_SMSGATE_URL": f"{told.url}/smsgate",
            "SAMBAT_SMS_SMSGATE_USER": "city",
            "SAMBAT_SMS_SMSGATE_PASSWORD": "of the gateway",
        }
        for provider in ("TWILIO", "VONAGE", "PLIVO", "SINCH", "MESSAGEBIRD"):
            own = {"URL": told.url, "ACCOUNT": "AC1", "PASSWORD": "of the account", "FROM": CITY}
            outgoing |= {f"SAMBAT_SMS_{provider}_{name}": value for name, value in own.items()}
        with set_as(**outgoing):
            yield told


@contextmanager
def set_as(**changes: str | None) -> Iterator[None]:
    """Change settings for a while; None takes one away."""
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


NO_SMS: Final[dict[str, str | None]] = {f"SAMBAT_SMS_{name}_SECRET": None for name in ("TWILIO", "GENERIC", "SMSGATE")}


def _set(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    settings.current.cache_clear()


# ------------------------------------------------------------------------------------------------ AWS, watched

AwsAnswer = tuple[int, dict[str, str], str | bytes]


@dataclass
class Call:
    """One request to AWS, retries included: `PutItem`, `Query`, ... or the path of a request to SES."""

    action: str
    body: str


@contextmanager
def watched_aws(
    before: Callable[[Call], AwsAnswer | None] = lambda call: None,
    after: Callable[[Call], AwsAnswer | None] = lambda call: None,
) -> Iterator[list[Call]]:
    """See every request to AWS. What `before` returns is answered in moto's stead; what `after` returns, in the stead
    of moto's answer, which then is lost. One request at a time is served, as a real item's conditions are."""
    original = BotocoreStubber.process_request
    lock = threading.RLock()
    seen: list[Call] = []

    def process(self: Any, request: Any) -> Any:
        target = request.headers.get("X-Amz-Target", "")
        target = target.decode() if isinstance(target, bytes) else target
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
        call = Call(target.rpartition(".")[2] or request.url.partition("amazonaws.com")[2], body)
        seen.append(call)
        answer = before(call)
        if answer is None:
            with lock:
                answer = original(self, request)
            answer = after(call) or answer
        return answer

    BotocoreStubber.process_request = process
    try:
        yield seen
    finally:
        BotocoreStubber.process_request = original


def aws_fault(status: int = 500, code: str = "InternalServerError") -> AwsAnswer:
    """Return an error answer of AWS."""
    return status, {"x-amzn-ErrorType": code}, json.dumps({"__type": f"aws#{code}", "message": code})
