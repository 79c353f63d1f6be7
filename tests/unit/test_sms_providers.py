"""Webhooks of the SMS providers, signed by somebody else's signer wherever there is one.

generic: standardwebhooks.Webhook; twilio: twilio.request_validator.RequestValidator; smsgate: its Python client has no
signer, so the rule of its documentation, and a vector made with `openssl dgst -sha256 -hmac`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator

from chalicelib.adapters.sms_providers import (
    DeliveryReport,
    Inbound,
    NotAMessage,
    Part,
    Provider,
    Unreadable,
    WebhookRequest,
    generic,
    provider_named,
    smsgate,
    twilio,
    wire,
)
from chalicelib.settings import SMS_PROVIDERS, SmsProvider

NOW = datetime(2026, 11, 24, 3, 0, 5, tzinfo=UTC)
CITIZEN, CITY = "+6280000000001", "+6280000000099"
WORDS = "Sambat lampu jalan mati di Jl. Bukirsari 💡 – sampun kalih minggu, ngapunten nggih… ꦱꦩ꧀ꦧꦠ꧀"
GATE_KEY = "kunci-tanda-tangan"
HOOK_KEY = "whsec_" + base64.b64encode(b"kunci rahasia generic 0001").decode()
TOKEN = "token-twilio-0001"
MESSAGE_ID, SENT_AS = "7K3QD-9XW2M.4.reporter", "7K3QD-9XW2M_4_reporter"
HOOK_URL = "https://sambat.example.go.id/api/webhooks/sms/twilio"


def request(body: bytes, headers: dict[str, str], url: str = HOOK_URL) -> WebhookRequest:
    return WebhookRequest("POST", url, {k.lower(): v for k, v in headers.items()}, body, {}, NOW)


def to_bytes(message: Any) -> bytes:
    return message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False).encode()


# --- the three signers


def gate_event(**payload: Any) -> dict[str, Any]:
    whole = {
        "messageId": "9a5f0c11",
        "message": WORDS,
        "sender": CITIZEN,
        "phoneNumber": CITIZEN,
        "recipient": None,
        "simNumber": 1,
        "receivedAt": "2026-11-24T10:00:00.000+07:00",
    }
    whole.update(payload)
    return {"deviceId": "ffff", "event": "sms:received", "id": "Ey6E", "payload": whole, "webhookId": "LreF"}


def from_gate(message: Any, key: str = GATE_KEY, at: datetime = NOW) -> WebhookRequest:
    payload, timestamp = to_bytes(message), str(int(at.timestamp()))
    signature = hmac.new(key.encode(), payload + timestamp.encode(), hashlib.sha256).hexdigest()
    return request(payload, {"X-Timestamp": timestamp, "X-Signature": signature})


def hook_message(**fields: Any) -> dict[str, Any]:
    whole = {"id": "sms-000001", "from": CITIZEN, "to": CITY, "text": WORDS, "received_at": "2026-11-24T10:00:00+07:00"}
    whole.update(fields)
    return whole


def from_hook(message: Any, key: str = HOOK_KEY, at: datetime = NOW, webhook_id: str = "msg_1") -> WebhookRequest:
    payload = to_bytes(message)
    headers = {"webhook-id": webhook_id, "webhook-timestamp": str(int(at.timestamp()))}
    headers["webhook-signature"] = Webhook(key).sign(webhook_id, at, payload.decode())
    return request(payload, headers)


class Form(dict[str, list[str]]):
    """A form with repeated names, as web frameworks hand it to Twilio's validator."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def twilio_form(**fields: str) -> list[tuple[str, str]]:
    whole = {"MessageSid": "SM01", "SmsStatus": "received", "From": CITIZEN, "To": CITY, "Body": WORDS, "NumMedia": "0"}
    whole.update(fields)
    return list(whole.items())


def from_twilio(
    fields: list[tuple[str, str]], token: str = TOKEN, url: str = HOOK_URL, signed_url: str = ""
) -> WebhookRequest:
    body = urlencode(fields)
    form = Form(parse_qs(body, keep_blank_values=True))
    signature = RequestValidator(token).compute_signature(signed_url or url, form)
    return request(body.encode(), {"X-Twilio-Signature": signature}, url)


@dataclass(frozen=True)
class Case:
    name: str
    settings: SmsProvider
    good: Callable[[], WebhookRequest]
    header: str
    others: Callable[[], WebhookRequest]  # the same, signed with another secret


CASES = [
    Case(
        "smsgate",
        SmsProvider(GATE_KEY),
        lambda: from_gate(gate_event()),
        "x-signature",
        lambda: from_gate(gate_event(), "another key"),
    ),
    Case(
        "generic",
        SmsProvider(HOOK_KEY),
        lambda: from_hook(hook_message()),
        "webhook-signature",
        lambda: from_hook(hook_message(), "whsec_" + base64.b64encode(b"another key").decode()),
    ),
    Case(
        "twilio",
        SmsProvider(TOKEN),
        lambda: from_twilio(twilio_form()),
        "x-twilio-signature",
        lambda: from_twilio(twilio_form(), "another token"),
    ),
]
TIMED = [case for case in CASES if case.name != "twilio"]  # Twilio signs no timestamp
each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_timed = pytest.mark.parametrize("case", TIMED, ids=lambda case: case.name)


def changed(call: WebhookRequest, **headers: str | None) -> WebhookRequest:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in call.headers.items() if name not in names}
    return replace(call, headers=kept | {name: value for name, value in names.items() if value is not None})


def said_in(provider: Provider, call: WebhookRequest) -> Inbound:
    message = provider.to_inbound_sms(call)
    assert isinstance(message, Inbound)
    return message


# --- who may speak


@each
def test_a_request_of_the_provider_passes_and_is_read_whole(case: Case) -> None:
    assert provider_named(case.name).is_genuine(case.good(), case.settings)
    message = provider_named(case.name).to_inbound_sms(case.good())
    assert isinstance(message, Inbound)
    assert (message.provider, message.sender, message.text, message.part) == (case.name, CITIZEN, WORDS, None)
    assert message.message_id


@each
def test_a_changed_body_is_refused(case: Case) -> None:
    call = case.good()
    for body in (call.body.replace(b"Bukirsari", b"Veteran"), call.body + b" ", call.body + b"&A=1", b"", b"\xff"):
        assert not provider_named(case.name).is_genuine(replace(call, body=body), case.settings)


@each
def test_another_secret_is_refused(case: Case) -> None:
    assert not provider_named(case.name).is_genuine(case.others(), case.settings)


@each
@pytest.mark.parametrize(
    "garbage", [None, "", " ", ",", "v1", "v1,", "v1,,", "v2,abc", "===", "é" * 40, "\udcff", "0" * 64, "x" * 100_000]
)
def test_a_missing_or_garbled_signature_is_refused(case: Case, garbage: str | None) -> None:
    assert not provider_named(case.name).is_genuine(changed(case.good(), **{case.header: garbage}), case.settings)


@each
def test_no_headers_at_all_are_refused(case: Case) -> None:
    assert not provider_named(case.name).is_genuine(replace(case.good(), headers={}), case.settings)


@each_timed
@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10**9])
def test_an_old_or_future_request_is_refused_although_well_signed(case: Case, seconds: int) -> None:
    call = replace(case.good(), now=NOW + timedelta(seconds=seconds))
    assert not provider_named(case.name).is_genuine(call, case.settings)


@each_timed
@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_either_way_still_pass(case: Case, seconds: int) -> None:
    assert provider_named(case.name).is_genuine(
        replace(case.good(), now=NOW + timedelta(seconds=seconds)), case.settings
    )


@pytest.mark.parametrize(
    "timestamp", [None, "", "now", "-1", "1e9", "1795489205.0", " 1795489205", "١٧٩٥٤٨٩٢٠٥", "9" * 400]
)
def test_a_timestamp_that_is_no_unix_time_is_refused_before_anything_is_computed(timestamp: str | None) -> None:
    assert not smsgate.is_genuine(changed(from_gate(gate_event()), x_timestamp=timestamp), SmsProvider(GATE_KEY))
    assert not generic.is_genuine(
        changed(from_hook(hook_message()), webhook_timestamp=timestamp), SmsProvider(HOOK_KEY)
    )


@pytest.mark.parametrize("timestamp", [" 1795489205", "١٧٩٥٤٨٩٢٠٥", "1_795_489_205", "+1795489205", "1795489205.0", ""])
def test_a_timestamp_in_another_spelling_is_refused_although_well_signed(timestamp: str) -> None:
    body = to_bytes(gate_event())
    signature = hmac.new(GATE_KEY.encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()
    assert not smsgate.is_genuine(
        request(body, {"X-Timestamp": timestamp, "X-Signature": signature}), SmsProvider(GATE_KEY)
    )


def test_an_empty_webhook_id_is_refused_although_well_signed() -> None:
    assert not generic.is_genuine(from_hook(hook_message(), webhook_id=""), SmsProvider(HOOK_KEY))


def test_the_timestamp_is_part_of_what_is_signed() -> None:
    later = str(int(NOW.timestamp()) + 1)
    assert not smsgate.is_genuine(changed(from_gate(gate_event()), x_timestamp=later), SmsProvider(GATE_KEY))
    assert not generic.is_genuine(changed(from_hook(hook_message()), webhook_timestamp=later), SmsProvider(HOOK_KEY))


def test_smsgate_agrees_with_a_vector_of_openssl() -> None:
    body = (
        '{"deviceId":"ffffffffceb0b1db0000018e937c815b","event":"sms:received","id":"Ey6ECgOkVVFjz3CL48B8C","payload":'
        '{"messageId":"9a5f0c11","message":"Sambat lampu jalan mati di Jl. Bukirsari 💡","sender":"+6280000000001",'
        '"phoneNumber":"+6280000000001","recipient":null,"simNumber":1,"receivedAt":"2026-11-24T10:00:00.000+07:00"},'
        '"webhookId":"LreFUt-Z3sSq0JufY9uWB"}'
    ).encode()
    signature = "c7c559d46b03e0b450048e4703091f134f5fe6549e19f93092f237026fc012b9"
    call = request(body, {"X-Timestamp": "1795489205", "X-Signature": signature})
    assert smsgate.is_genuine(call, SmsProvider(GATE_KEY))
    assert smsgate.is_genuine(changed(call, x_signature=signature.upper()), SmsProvider(GATE_KEY))
    assert said_in(smsgate, call).message_id == "9a5f0c11@1795489200000"


def test_generic_takes_any_matching_one_of_several_signatures() -> None:
    call = from_hook(hook_message())
    right = call.headers["webhook-signature"]
    wrong = Webhook("whsec_" + base64.b64encode(b"old key").decode()).sign("msg_1", NOW, call.body.decode())
    for header in (f"{wrong} {right}", f"{right} {wrong}", f"v1a,xyz {wrong} {right}", f"junk  {right}"):
        assert generic.is_genuine(changed(call, webhook_signature=header), SmsProvider(HOOK_KEY))
    for header in (f"{wrong} {wrong}", right.replace("v1,", "v2,"), right.removeprefix("v1,"), f"{right},{wrong}"):
        assert not generic.is_genuine(changed(call, webhook_signature=header), SmsProvider(HOOK_KEY))


def test_generic_signs_its_webhook_id_too() -> None:
    for webhook_id in ("msg_2", "", None):
        assert not generic.is_genuine(changed(from_hook(hook_message()), webhook_id=webhook_id), SmsProvider(HOOK_KEY))


def test_generic_takes_its_secret_with_or_without_prefix_and_padding() -> None:
    for secret in (HOOK_KEY, HOOK_KEY.removeprefix("whsec_"), HOOK_KEY.rstrip("=")):
        assert generic.is_genuine(from_hook(hook_message()), SmsProvider(secret))


@pytest.mark.parametrize("secret", ["whsec_", "whsec_?", "kunci rahasia!", ""])
def test_generic_lets_nobody_in_on_an_empty_or_broken_secret(secret: str) -> None:
    assert not generic.is_genuine(from_hook(hook_message()), SmsProvider(secret))


# --- Twilio's own canonical form


@pytest.mark.parametrize(
    "fields",
    [
        [*twilio_form(), ("Empty", ""), ("ToCity", "")],
        [*twilio_form(), ("Tag", "b"), ("Tag", "a"), ("Tag", "b")],
        [*twilio_form(Body="a&b=c+d %2B é 💡 <>\"'\r\n")],
        [*twilio_form(), ("Käse", "ü"), ("a", "1"), ("A", "2")],
        list(reversed(twilio_form())),
    ],
    ids=["blank values", "repeated names", "hostile text", "names beyond ASCII", "any order"],
)
def test_twilio_parameters_count_as_its_own_validator_counts_them(fields: list[tuple[str, str]]) -> None:
    assert twilio.is_genuine(from_twilio(fields), SmsProvider(TOKEN))


@pytest.mark.parametrize("base", ["https://sambat.example.go.id", "http://127.0.0.1:8000", "https://[::1]:8443"])
@pytest.mark.parametrize("path", ["/api/webhooks/sms/twilio", "/webhooks/sms/twilio?kota=malang&x=%20é"])
def test_twilio_may_sign_with_or_without_the_port(base: str, path: str) -> None:
    url = base + path
    spellings = {url, f"https://sambat.example.go.id:443{path}"} if "sambat" in base else {url}
    if base.startswith("http:"):
        spellings.add(f"http://127.0.0.1{path}")
    for signed in spellings:
        assert twilio.is_genuine(from_twilio(twilio_form(), url=url, signed_url=signed), SmsProvider(TOKEN))


@pytest.mark.parametrize(
    "other",
    [
        HOOK_URL.replace("https", "http"),
        HOOK_URL.replace("example.go.id", "example.org"),
        HOOK_URL + "/",
        HOOK_URL + "?x=1",
        HOOK_URL.replace("/api", ""),
    ],
)
def test_twilio_requests_made_for_another_address_are_refused(other: str) -> None:
    assert not twilio.is_genuine(replace(from_twilio(twilio_form()), url=other), SmsProvider(TOKEN))


@settings(database=None, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=20)), max_size=12))
def test_twilio_and_its_validator_agree_on_any_form(fields: list[tuple[str, str]]) -> None:
    fields = [(name, value) for name, value in fields if (name + value).isprintable()]
    assert twilio.is_genuine(from_twilio(fields), SmsProvider(TOKEN))


def test_a_twilio_form_of_thousands_of_parameters_is_refused() -> None:
    assert not twilio.is_genuine(from_twilio([(f"p{n}", "x") for n in range(5_000)]), SmsProvider(TOKEN))


# --- what was said

HOSTILE_JSON = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "cut off": b'{"event": "sms:received", "payl',
    "two documents": b"{} {}",
    "a BOM": b"\xef\xbb\xbf{}",
    "bad UTF-8": b'{"event": "\xff", "id": "\xff"}',
    "UTF-16": '{"id": "1"}'.encode("utf-16"),
    "deep": b"[" * 100_000,
    "deep in a field": b'{"event": "sms:received", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"event": "sms:received", "x": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
}


def spoilt(name: str, message: dict[str, Any]) -> bytes:
    """Return `message` with one thing wrong somewhere that a lenient reader would not see."""
    good = to_bytes(message).decode()
    inner = good.replace('"to":', '"x": {X}, "to":').replace('"deviceId":', '"x": {X}, "deviceId":')
    text = json.dumps(WORDS, ensure_ascii=False)
    return {
        "NaN": inner.replace("{X}", "NaN"),
        "Infinity": inner.replace("{X}", "-Infinity"),
        "a lone surrogate": good.replace(text, '"mati \\ud83d"'),
        "a lone surrogate, aside": inner.replace("{X}", '"\\udc00"'),
        "a raw NUL": good.replace(text, '"a\x00b"'),
        "a number of 5000 digits": inner.replace("{X}", "1" * 5_000),
        "a key twice": good.replace(text, f'{text}, "text": "b", "text": "c", "message": "b"'),
        "a key twice, aside": inner.replace("{X}", '{"a": 1, "a": 2}'),
        "a trailing comma": good[:-1] + ",}",
    }[name].encode()


SPOILT = [
    "NaN",
    "Infinity",
    "a lone surrogate",
    "a lone surrogate, aside",
    "a raw NUL",
    "a number of 5000 digits",
    "a key twice",
    "a key twice, aside",
    "a trailing comma",
]


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_hostile_json_is_unreadable_and_nothing_else(name: str) -> None:
    with pytest.raises(Unreadable):
        smsgate.to_inbound_sms(from_gate(HOSTILE_JSON[name]))
    with pytest.raises(Unreadable):
        generic.to_inbound_sms(request(HOSTILE_JSON[name], {}))


@pytest.mark.parametrize("name", SPOILT)
def test_json_with_one_hidden_fault_is_unreadable(name: str) -> None:
    for provider, message in ((smsgate, gate_event()), (generic, hook_message())):
        body = spoilt(name, message)
        assert body != to_bytes(message)
        with pytest.raises(Unreadable):
            provider.to_inbound_sms(request(body, {}))


@settings(database=None, deadline=None)
@given(st.binary(max_size=300))
def test_reading_any_bytes_ends_in_one_of_two_ways(body: bytes) -> None:
    for provider in (smsgate, generic, twilio):
        with pytest.raises((Unreadable, NotAMessage)):
            provider.to_inbound_sms(request(body, {}))


def test_one_megabyte_of_text_is_kept_whole() -> None:
    long = "jalan rusak 💡 " * 70_000
    for call, provider in (
        (from_gate(gate_event(message=long)), smsgate),
        (from_hook(hook_message(text=long)), generic),
        (from_twilio(twilio_form(Body=long)), twilio),
    ):
        assert said_in(provider, call).text == long


@pytest.mark.parametrize("text", ["", " ", "\r\n\t ", "\u2003"])
def test_a_message_without_words_is_unreadable(text: str) -> None:
    for call, provider in (
        (from_gate(gate_event(message=text)), smsgate),
        (from_hook(hook_message(text=text)), generic),
        (from_twilio(twilio_form(Body=text)), twilio),
    ):
        with pytest.raises(Unreadable):
            provider.to_inbound_sms(call)


@pytest.mark.parametrize("sender", ["", " ", "6" * 65])
def test_a_message_of_nobody_is_unreadable(sender: str) -> None:
    for call, provider in (
        (from_gate(gate_event(sender=sender, phoneNumber="")), smsgate),
        (from_hook(hook_message(**{"from": sender})), generic),
        (from_twilio(twilio_form(From=sender)), twilio),
    ):
        with pytest.raises(Unreadable):
            provider.to_inbound_sms(call)


@pytest.mark.parametrize("message_id", ["", "i" * 201])
def test_a_message_without_a_usable_id_is_unreadable(message_id: str) -> None:
    for call, provider in (
        (from_gate(gate_event(messageId=message_id)), smsgate),
        (from_hook(hook_message(id=message_id)), generic),
        (from_twilio(twilio_form(MessageSid=message_id)), twilio),
    ):
        with pytest.raises(Unreadable):
            provider.to_inbound_sms(call)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("+6280000000001", "+6280000000001"),
        ("6280000000001", "+6280000000001"),
        ("080000000001", "+6280000000001"),
        ("006280000000001", "+6280000000001"),
        ("+62 800-0000-0001", "+6280000000001"),
        (" 0800 0000 0001 ", "+6280000000001"),
        ("(0341) 000.0001", "+623410000001"),
        ("+15550000001", "+15550000001"),
        ("PLN123", "PLN123"),
        ("INFO PULSA", "INFO PULSA"),
        ("4444", "4444"),
        ("0000000000", "0000000000"),
        ("+0800000000001", "+0800000000001"),
        ("+62", "+62"),
        ("٠٨٠٠٠٠٠٠٠٠٠١", "٠٨٠٠٠٠٠٠٠٠٠١"),
    ],
)
def test_one_subscriber_has_one_number_and_names_stay_names(written: str, read: str) -> None:
    assert wire.e164(written) == read
    assert said_in(generic, from_hook(hook_message(**{"from": written}))).sender == read


# --- smsgate


def test_an_sms_that_the_phone_reports_again_keeps_its_id() -> None:
    again = gate_event(receivedAt="2026-11-24T03:00:00Z") | {"id": "another event", "webhookId": "another hook"}
    assert smsgate.to_inbound_sms(from_gate(again)) == smsgate.to_inbound_sms(from_gate(gate_event()))


def test_the_same_words_of_another_instant_are_another_message() -> None:
    ids = {
        said_in(smsgate, from_gate(gate_event(messageId=message_id, receivedAt=at))).message_id
        for message_id in ("9a5f0c11", "9a5f0c12")
        for at in ("2026-11-24T10:00:00.000+07:00", "2026-11-24T10:00:00.001+07:00", "2026-11-25T10:00:00.000+07:00")
    }
    assert len(ids) == 6


def test_an_app_from_before_sender_was_named_so_is_read() -> None:
    old = gate_event()
    del old["payload"]["sender"], old["payload"]["recipient"]
    assert said_in(smsgate, from_gate(old)).sender == CITIZEN


@pytest.mark.parametrize(
    "event", ["sms:sent", "sms:cancelled", "sms:processed", "system:ping", "app:started", "", "new:thing"]
)
def test_reports_of_the_phone_are_no_messages(event: str) -> None:
    for body in (gate_event() | {"event": event}, {"event": event}):
        with pytest.raises(NotAMessage):
            smsgate.to_inbound_sms(from_gate(body))


@pytest.mark.parametrize(("event", "delivered"), [("sms:delivered", True), ("sms:failed", False)])
def test_the_phone_says_what_became_of_which_message(event: str, delivered: bool) -> None:
    payload = {"messageId": SENT_AS, "recipient": CITIZEN, "sender": None, "simNumber": 1, "phoneNumber": CITIZEN,
               "deliveredAt": "2026-11-24T10:00:00.000+07:00", "reason": "RESULT_ERROR_NO_SERVICE"}  # fmt: skip
    call = from_gate({"deviceId": "ffff", "event": event, "id": "Ey6E", "payload": payload, "webhookId": "LreF"})
    assert smsgate.is_genuine(call, SmsProvider(GATE_KEY))
    assert smsgate.to_inbound_sms(call) == DeliveryReport("smsgate", MESSAGE_ID, SENT_AS, delivered)


@pytest.mark.parametrize("payload", [None, {}, [], {"messageId": 7}, {"messageId": None}])
def test_a_report_that_does_not_say_about_what_is_no_message(payload: Any) -> None:
    for event in ("sms:delivered", "sms:failed"):
        with pytest.raises(NotAMessage):
            smsgate.to_inbound_sms(from_gate({"event": event, "payload": payload}))


@pytest.mark.parametrize(
    "event", ["mms:received", "mms:downloaded", "sms:data-received", "sms:batch:received", "mms:batch:downloaded"]
)
def test_what_a_citizen_sent_otherwise_than_by_sms_is_quarantined_not_lost(event: str) -> None:
    with pytest.raises(Unreadable):
        smsgate.to_inbound_sms(from_gate(gate_event() | {"event": event}))


@pytest.mark.parametrize(
    "payload",
    [
        {"receivedAt": None},
        {"receivedAt": "yesterday"},
        {"receivedAt": "2026-11-24T10:00:00"},
        {"receivedAt": 1795489200},
        {"message": None},
        {"message": ["a"]},
        {"messageId": 7},
        {"sender": 62800},
        {"sender": None, "phoneNumber": None},
    ],
)
def test_an_smsgate_payload_of_another_shape_is_unreadable(payload: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        smsgate.to_inbound_sms(from_gate(gate_event(**payload)))


# --- generic


def test_a_part_says_which_of_how_many_it_is() -> None:
    message = hook_message(text=" ", part={"ref": "a7", "number": 2, "total": 3})
    read = said_in(generic, from_hook(message))
    assert (read.part, read.text) == (Part("a7", 2, 3), " ")


@pytest.mark.parametrize(
    "part",
    [
        {"ref": "a7", "number": 0, "total": 3},
        {"ref": "a7", "number": 4, "total": 3},
        {"ref": "a7", "number": 1, "total": 51},
        {"ref": "a7", "number": 1, "total": 0},
        {"ref": "", "number": 1, "total": 2},
        {"ref": "r" * 65, "number": 1, "total": 2},
        {"ref": "a7", "number": "1", "total": 2},
        {"ref": "a7", "number": 1.5, "total": 2},
        {"ref": "a7", "number": 1},
        {"ref": "a7", "number": 1, "total": 2, "of": "x"},
        [],
        "1/2",
    ],
)
def test_a_part_that_cannot_be_is_unreadable(part: Any) -> None:
    with pytest.raises(Unreadable):
        generic.to_inbound_sms(from_hook(hook_message(part=part)))


def test_a_part_without_any_text_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        generic.to_inbound_sms(from_hook(hook_message(text="", part={"ref": "a7", "number": 1, "total": 2})))


def test_delivered_again_under_a_new_webhook_id_is_the_same_message() -> None:
    first, again = (
        from_hook(hook_message()),
        from_hook(hook_message(), webhook_id="msg_2", at=NOW - timedelta(minutes=4)),
    )
    assert generic.is_genuine(again, SmsProvider(HOOK_KEY))
    assert generic.to_inbound_sms(first) == generic.to_inbound_sms(again)


@pytest.mark.parametrize("field", ["id", "from", "to", "text", "received_at"])
def test_a_generic_message_lacks_nothing(field: str) -> None:
    message = hook_message()
    del message[field]
    with pytest.raises(Unreadable):
        generic.to_inbound_sms(from_hook(message))


@pytest.mark.parametrize(
    "fields", [{"priority": 1}, {"From": CITIZEN}, {"sender": CITIZEN}, {"received_at": "2026-11-24T10:00:00"}]
)
def test_a_generic_message_has_no_unknown_field_and_no_time_without_offset(fields: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        generic.to_inbound_sms(from_hook(hook_message(**fields)))


@pytest.mark.parametrize(("status", "delivered"), [("delivered", True), ("failed", False)])
def test_a_generic_report_says_what_became_of_which_message(status: str, delivered: bool) -> None:
    call = from_hook({"id": "report-000001", "about": SENT_AS, "status": status})
    assert generic.is_genuine(call, SmsProvider(HOOK_KEY))
    assert generic.to_inbound_sms(call) == DeliveryReport("generic", MESSAGE_ID, "", delivered)


@pytest.mark.parametrize(
    "fields",
    [{"status": "sent"}, {"status": None}, {"about": ""}, {"about": None}, {"id": 7}, {"text": WORDS}, {"more": 1}],
)
def test_a_generic_report_of_another_form_is_quarantined_as_it_may_be_a_message(fields: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        generic.to_inbound_sms(from_hook({"id": "report-000001", "about": SENT_AS, "status": "failed", **fields}))


# --- twilio


def twilio_report(about: str = SENT_AS, **fields: str) -> WebhookRequest:
    call = from_twilio(twilio_form(Body="", **fields), url=f"{HOOK_URL}?about={about}" if about else HOOK_URL)
    return replace(call, query={"about": about} if about else {})


@pytest.mark.parametrize(("status", "delivered"), [("delivered", True), ("undelivered", False), ("failed", False)])
def test_a_twilio_callback_says_what_became_of_which_message(status: str, delivered: bool) -> None:
    call = twilio_report(MessageStatus=status, SmsStatus=status)
    assert twilio.is_genuine(call, SmsProvider(TOKEN))
    assert twilio.to_inbound_sms(call) == DeliveryReport("twilio", MESSAGE_ID, "SM01", delivered)


def test_what_a_twilio_callback_is_about_is_signed() -> None:
    call = twilio_report(MessageStatus="delivered")
    other = replace(call, url=call.url.replace("_4_", "_5_"))
    assert call.url != other.url
    assert not twilio.is_genuine(other, SmsProvider(TOKEN))


@pytest.mark.parametrize("status", ["accepted", "queued", "sending", "sent", "read", "canceled", "new"])
@pytest.mark.parametrize("name", ["MessageStatus", "SmsStatus"])
def test_a_twilio_callback_that_is_not_the_end_is_no_message(name: str, status: str) -> None:
    with pytest.raises(NotAMessage):
        twilio.to_inbound_sms(twilio_report(**{name: status}))


@pytest.mark.parametrize("status", ["sent", "delivered", "undelivered", "failed"])
def test_a_twilio_callback_about_somebody_elses_message_is_no_message(status: str) -> None:
    with pytest.raises(NotAMessage):
        twilio.to_inbound_sms(twilio_report(about="", MessageStatus=status))


def test_a_twilio_picture_without_words_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        twilio.to_inbound_sms(from_twilio(twilio_form(Body="", NumMedia="1")))


@pytest.mark.parametrize("name", ["MessageSid", "From", "Body"])
def test_a_twilio_field_with_two_values_is_unreadable(name: str) -> None:
    with pytest.raises(Unreadable):
        twilio.to_inbound_sms(from_twilio([*twilio_form(), (name, "other")]))


def test_a_twilio_body_that_is_no_utf_8_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        twilio.to_inbound_sms(request(b"MessageSid=SM01&From=x&Body=\xff", {}))


@pytest.mark.parametrize(
    "text",
    [
        "Tiket SBT-AB12: <b>&amp; ]]> \"'</Message></Response><Response><Message>x",
        "Matur nuwun 💡 ꦱ",
        "baris satu\nbaris dua",
    ],
)
def test_twiml_holds_the_text_inert(text: str) -> None:
    reply = twilio.answer(text)
    root = ET.fromstring(reply.body.encode())  # noqa: S314  our own answer
    assert (root.tag, [child.tag for child in root]) == ("Response", ["Message"])
    assert root[0].text == text
    assert (reply.content_type, reply.status) == ("text/xml; charset=utf-8", 200)


def test_twiml_leaves_out_what_xml_cannot_hold() -> None:
    reply = twilio.answer("a\x00b\x0bc\ud800d\uffffe")
    assert ET.fromstring(reply.body.encode())[0].text == "abcde"  # noqa: S314  our own answer


def test_twiml_without_text_sends_nothing() -> None:
    reply = twilio.answer(None)
    assert reply.body.endswith("<Response/>")
    assert len(ET.fromstring(reply.body)) == 0  # noqa: S314  our own answer


@pytest.mark.parametrize("name", ["smsgate", "generic"])
def test_the_others_are_only_told_that_it_was_taken(name: str) -> None:
    reply = provider_named(name).answer("Tiket SBT-AB12")
    assert (json.loads(reply.body), reply.content_type, reply.status) == (
        {"status": "accepted"},
        "application/json",
        200,
    )


# --- all of them


@pytest.mark.parametrize("name", SMS_PROVIDERS)
def test_each_provider_is_found_by_its_name(name: str) -> None:
    assert name == provider_named(name).NAME


def test_a_name_that_no_provider_has_is_none() -> None:
    with pytest.raises(KeyError):
        provider_named("wire")


def test_only_twilio_takes_the_reply_in_its_answer() -> None:
    assert [name for name in SMS_PROVIDERS if provider_named(name).REPLIES_INLINE] == ["twilio"]
