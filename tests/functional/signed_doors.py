"""Every door for SMS: requests signed as the tests of each provider sign them, and what its own SDK says of a request.

The requests are those of tests/unit/test_sms_<name>.py, so the service must have their address and their secrets:
`doors_open` sees to it, and `certificate_of_aws` to the one thing that is fetched.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, parse_qsl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from messagebird.request_validator import RequestValidator as MessageBirdValidator
from plivo.utils.signature_v3 import validate_v3_signature
from sinch.domains.sms.sinch_events.v1.sms_sinch_event import SmsSinchEvent
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator as TwilioValidator
from vonage_http_client.auth import Auth

from chalicelib.adapters.sms_providers import WebhookRequest
from tests.builders import FORM, Answer, Service
from tests.functional.doors import CITIZEN, LAMP, set_as, standard_signature
from tests.unit import test_sms_messagebird as messagebird
from tests.unit import test_sms_plivo as plivo
from tests.unit import test_sms_providers as first
from tests.unit import test_sms_sinch as sinch
from tests.unit import test_sms_sns as sns
from tests.unit import test_sms_vonage as vonage
from tests.unit.sms_internet import Internet, internet_for, key_and_certificate

PUBLIC_URL: Final = "https://sambat.example.go.id/api"  # the address for which those tests sign
JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=UTF-8"
SWITCHES: Final = {
    "SAMBAT_SMS_SMSGATE_SECRET": first.GATE_KEY,
    "SAMBAT_SMS_GENERIC_SECRET": first.HOOK_KEY,
    "SAMBAT_SMS_VONAGE_SECRET": vonage.SECRET,
    "SAMBAT_SMS_PLIVO_SECRET": plivo.TOKEN,
    "SAMBAT_SMS_SINCH_SECRET": sinch.SECRET,
    "SAMBAT_SMS_MESSAGEBIRD_SECRET": messagebird.KEY,
    "SAMBAT_SMS_SNS_TOPIC_ARN": sns.TOPIC,
    "SAMBAT_SMS_TWILIO_SECRET": first.TOKEN,
}
OTHER_KEY: Final = base64.b64encode(b"a secret of somebody else's, long enough").decode()


@dataclass(frozen=True)
class Sms:
    """What a citizen sent, when it was signed, and whether by somebody else."""

    text: str = LAMP
    sender: str = CITIZEN
    message_id: str = "id-1"
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    by_another: bool = False


@dataclass(frozen=True)
class Door:
    """One provider: how it signs an SMS, and whatever else; whether its SDK takes a request for its own.

    `oldest` is how long a signature holds, None where it has no time. `signature` names the header, or the parameter,
    that holds it; `headers` are all that are signed or sign.
    """

    name: str
    signed: Callable[[Sms], WebhookRequest]
    takes: Callable[[WebhookRequest], bool]
    signature: str
    headers: tuple[str, ...] = ()
    oldest: timedelta | None = None
    got: Callable[[Sms], WebhookRequest] | None = None  # as a GET
    as_json: Callable[[Sms], WebhookRequest] | None = None  # where a form is the usual way
    raw: Callable[[bytes], WebhookRequest] | None = None  # any bytes, signed

    @property
    def path(self) -> str:
        return f"/webhooks/sms/{self.name}"

    @property
    def switch(self) -> str:
        """Name the setting that switches the provider on."""
        return next(name for name in SWITCHES if name.startswith(f"SAMBAT_SMS_{self.name.upper()}_"))

    def is_signed(self, request: WebhookRequest) -> bool:
        """Say whether the provider's SDK would take it; one that breaks off does not."""
        try:
            return self.takes(request)
        except Exception:
            return False


def deliver(service: Service, request: WebhookRequest) -> Answer:
    """Let that request come in."""
    return service.call(request.method, request.url.removeprefix(PUBLIC_URL), request.body, **request.headers)


def with_headers(request: WebhookRequest, headers: Mapping[str, str | None]) -> WebhookRequest:
    """Return the request with these headers set, or taken away."""
    kept = {name: value for name, value in request.headers.items() if name not in headers}
    return replace(request, headers=kept | {name: value for name, value in headers.items() if value is not None})


def form_of(request: WebhookRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode(), keep_blank_values=True)


def as_type(request: WebhookRequest, content_type: str) -> WebhookRequest:
    return with_headers(request, {"content-type": content_type})


def _json_to(name: str, request: WebhookRequest) -> WebhookRequest:
    return as_type(replace(request, url=f"{PUBLIC_URL}/webhooks/sms/{name}"), JSON)


# ------------------------------------------------------------------------------------------------ signed


def _smsgate(sms: Sms) -> WebhookRequest:
    said = {"message": sms.text, "sender": sms.sender, "phoneNumber": sms.sender, "messageId": sms.message_id}
    key = OTHER_KEY if sms.by_another else first.GATE_KEY
    return _json_to("smsgate", first.from_gate(first.gate_event(**said), key, sms.at))


def _smsgate_raw(body: bytes) -> WebhookRequest:
    return _json_to("smsgate", first.from_gate(body, at=datetime.now(UTC)))


def _generic(sms: Sms) -> WebhookRequest:
    message = first.hook_message(text=sms.text, id=sms.message_id, **{"from": sms.sender})
    key = OTHER_KEY if sms.by_another else first.HOOK_KEY
    return _json_to("generic", first.from_hook(message, key, sms.at))


def _generic_raw(body: bytes) -> WebhookRequest:
    at = datetime.now(UTC)
    signature = standard_signature(first.HOOK_KEY, "msg_1", at, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    return _json_to("generic", first.request(body, headers))


def _vonage(sms: Sms) -> dict[str, str]:
    fields = vonage.sms(text=sms.text, msisdn=sms.sender.removeprefix("+"), messageId=sms.message_id)
    return vonage.with_sig(fields, secret=OTHER_KEY if sms.by_another else vonage.SECRET, at=sms.at)


def _plivo(sms: Sms) -> list[tuple[str, str]]:
    return plivo.sms(Text=sms.text, From=sms.sender.removeprefix("+"), MessageUUID=sms.message_id)


def _plivo_form(sms: Sms) -> WebhookRequest:
    token = OTHER_KEY if sms.by_another else plivo.TOKEN
    return as_type(plivo.posted(_plivo(sms), token=token), FORM)


def _sinch(sms: Sms) -> WebhookRequest:
    message = sinch.text(body=sms.text, id=sms.message_id, **{"from": sms.sender.removeprefix("+")})
    return sinch.signed(message, OTHER_KEY if sms.by_another else sinch.SECRET, sms.at)


def _sinch_raw(body: bytes) -> WebhookRequest:
    if _is_text(body):
        return sinch.signed(body.decode(), at=datetime.now(UTC))
    like = sinch.signed("{}", at=datetime.now(UTC))  # the SDK signs text only
    nonce, timestamp = (like.headers[f"{sinch.HEADER}-{name}"] for name in ("nonce", "timestamp"))
    digest = hmac.digest(sinch.SECRET.encode(), body + f".{nonce}.{timestamp}".encode(), "sha256")
    return with_headers(replace(like, body=body), {sinch.HEADER: base64.b64encode(digest).decode()})


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _messagebird_fields(sms: Sms) -> bytes:
    fields = {"body": sms.text, "originator": sms.sender.removeprefix("+"), "id": sms.message_id}
    return messagebird.text(**fields).body


def _messagebird(sms: Sms) -> WebhookRequest:
    key = OTHER_KEY if sms.by_another else messagebird.KEY
    return messagebird.signed(_messagebird_fields(sms), key=key, at=sms.at)


def _messagebird_got(sms: Sms) -> WebhookRequest:
    return messagebird.signed(url=f"{messagebird.URL}?{_messagebird_fields(sms).decode()}", at=sms.at)


def _messagebird_json(sms: Sms) -> WebhookRequest:
    fields = dict(parse_qsl(_messagebird_fields(sms).decode(), keep_blank_values=True))
    body = json.dumps(fields, ensure_ascii=False).encode()
    return as_type(messagebird.signed(body, at=sms.at), JSON)


@lru_cache
def _aws(whose: str) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """Return a key and its certificate, valid by the clock of the service."""
    now = datetime.now(UTC)
    return key_and_certificate(whose, now - timedelta(days=1), now + timedelta(days=1))


def sns_notification(message: object, at: datetime | None = None, *, by_another: bool = False) -> WebhookRequest:
    """Return what SNS POSTs when its topic has that message."""
    said = (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    key, _ = _aws("somebody" if by_another else "sns.amazonaws.com")
    return sns.signed(sns.notification(message, Timestamp=said), key)


def sns_confirmation() -> WebhookRequest:
    """Return what SNS POSTs when our webhook was subscribed."""
    said = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return sns.signed(sns.confirmation(Timestamp=said), _aws("sns.amazonaws.com")[0])


def _sns(sms: Sms) -> WebhookRequest:
    message = sns.sms(messageBody=sms.text, originationNumber=sms.sender, inboundMessageId=sms.message_id)
    return sns_notification(message, sms.at, by_another=sms.by_another)


def _twilio(sms: Sms) -> WebhookRequest:
    form = first.twilio_form(Body=sms.text, From=sms.sender, MessageSid=sms.message_id)
    return as_type(first.from_twilio(form, OTHER_KEY if sms.by_another else first.TOKEN), FORM)


def twilio_form(body: bytes) -> WebhookRequest:
    """Return any form as Twilio's own library would sign it."""
    form = first.Form(parse_qs(body.decode(), keep_blank_values=True))
    signature = TwilioValidator(first.TOKEN).compute_signature(first.HOOK_URL, form)
    return as_type(first.request(body, {"X-Twilio-Signature": signature}), FORM)


# ------------------------------------------------------------------------------------------------ what the SDKs say


def _gate_takes(request: WebhookRequest) -> bool:
    """Say the rule of the documentation: no client of the app verifies."""
    at = datetime.fromtimestamp(int(request.headers["x-timestamp"]), UTC)
    again = first.from_gate(request.body, at=at).headers
    given = request.headers["x-timestamp"], request.headers["x-signature"].lower()
    return given == (again["x-timestamp"], again["x-signature"])


def _generic_takes(request: WebhookRequest) -> bool:
    Webhook(first.HOOK_KEY).verify(request.body, dict(request.headers), json_parse=False)
    return True


def _vonage_takes(request: WebhookRequest) -> bool:
    """Say what the SDK says, and that all stands there once: it takes a dict, and adds the time where none is."""
    pairs = form_of(request) if request.method == "POST" else []
    if len(dict(pairs)) < len(pairs) or "timestamp" not in dict(pairs):
        return False
    auth = Auth(api_key="abcd1234", signature_secret=vonage.SECRET, signature_method="sha256")
    return bool(auth.check_signature(dict(pairs)))


def _plivo_takes(request: WebhookRequest) -> bool:
    form = plivo.as_dict(form_of(request)) if request.method == "POST" else {}
    nonce, given = request.headers[plivo.NONCE_V3], request.headers[plivo.V3]
    return bool(validate_v3_signature(request.method, request.url, nonce, plivo.TOKEN, given, form))


def _sinch_takes(request: WebhookRequest) -> bool:
    headers = dict(request.headers)
    return bool(SmsSinchEvent(sinch.SECRET).validate_authentication_header(headers, request.body.decode()))


def _messagebird_takes(request: WebhookRequest) -> bool:
    given = request.headers[messagebird.HEADER]
    MessageBirdValidator(messagebird.KEY).validate_signature(given, request.url, request.body)
    return True


def _sns_takes(request: WebhookRequest) -> bool:
    """Say whether AWS would sign the same: it has no SDK for Python that verifies."""
    envelope = json.loads(request.body)
    given = base64.b64decode(envelope.pop("Signature"), validate=True)
    again = json.loads(sns.signed(envelope, _aws("sns.amazonaws.com")[0]).body)
    same = ("TopicArn", "SigningCertURL", "SignatureVersion")
    ours = sns.notification("")
    return given == base64.b64decode(again["Signature"]) and all(envelope[name] == ours[name] for name in same)


def _twilio_takes(request: WebhookRequest) -> bool:
    form = first.Form(parse_qs(request.body.decode(), keep_blank_values=True))
    given = request.headers["x-twilio-signature"]
    return bool(TwilioValidator(first.TOKEN).validate(request.url, form, given))


# ------------------------------------------------------------------------------------------------ the doors

_FIVE_MINUTES: Final = timedelta(minutes=5)
_A_DAY: Final = timedelta(hours=25)
DOORS: Final = (
    Door("smsgate", _smsgate, _gate_takes, "x-signature", ("x-signature", "x-timestamp"), _FIVE_MINUTES,
         raw=_smsgate_raw),
    Door("generic", _generic, _generic_takes, "webhook-signature",
         ("webhook-signature", "webhook-timestamp", "webhook-id"), _FIVE_MINUTES, raw=_generic_raw),
    Door("vonage", lambda sms: vonage.as_form(_vonage(sms)), _vonage_takes, "sig", (), _A_DAY,
         got=lambda sms: vonage.as_get(_vonage(sms)), as_json=lambda sms: vonage.as_json(_vonage(sms))),
    Door("plivo", _plivo_form, _plivo_takes, plivo.V3, (plivo.V3, plivo.NONCE_V3),
         got=lambda sms: plivo.got(_plivo(sms))),
    Door("sinch", _sinch, _sinch_takes, sinch.HEADER,
         (sinch.HEADER, f"{sinch.HEADER}-nonce", f"{sinch.HEADER}-timestamp"), _A_DAY, raw=_sinch_raw),
    Door("messagebird", _messagebird, _messagebird_takes, messagebird.HEADER, (messagebird.HEADER,),
         timedelta(seconds=61), got=_messagebird_got, as_json=_messagebird_json,
         raw=lambda body: as_type(messagebird.signed(body, at=datetime.now(UTC)), JSON)),
    Door("sns", _sns, _sns_takes, "Signature", (), timedelta(days=14)),
    Door("twilio", _twilio, _twilio_takes, "x-twilio-signature", ("x-twilio-signature",)),
)  # fmt: skip


@contextmanager
def doors_open() -> Iterator[None]:
    """Switch on all providers with the secrets of their tests, at the address for which those sign."""
    with set_as(SAMBAT_PUBLIC_URL=PUBLIC_URL, **SWITCHES):
        yield


@contextmanager
def certificate_of_aws(folder: Path) -> Iterator[Internet]:
    """Let SNS's certificate be found in an internet that has nothing else; no carrier is reached meanwhile."""
    with pytest.MonkeyPatch.context() as patch, internet_for(sns.HOST, folder, patch) as world:
        world.answers[sns.PEM] = (200, {}, sns.pem(_aws("sns.amazonaws.com")[1]))
        sns.forget()
        yield world
        sns.forget()
