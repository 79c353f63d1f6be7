"""Vonage: signed by the SDK's own Auth, the plain MD5 (which it has no more) by its rule and a published vector."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vonage_http_client.auth import Auth

from chalicelib.adapters.sms_providers import (
    CarrierDown,
    DeliveryReport,
    Inbound,
    NotAMessage,
    Part,
    SendFailed,
    Unreadable,
    WebhookRequest,
    vonage,
)
from chalicelib.settings import SmsProvider
from tests.carrier import CITIZEN, CITY, WORDS, Carrier, carrier_on, failure_of

PASSWORD = "sandi-api"
SECRET = "rahasia-tanda-tangan-vonage"
URL = "https://sambat.example.go.id/api/webhooks/sms/vonage"
MESSAGE_ID, REFERENCE = "7K3QD-9XW2M.4.reporter", "7K3QD-9XW2M_4_reporter"
NOW = datetime(2026, 11, 24, 3, 0, 5, tzinfo=UTC)
HMACS = ("sha256", "sha512", "sha1", "md5")
PART = {"concat": "true", "concat-ref": "7", "concat-part": "2", "concat-total": "3"}
FORM, JSON = "application/x-www-form-urlencoded; charset=UTF-8", "application/json"


def sms(**fields: str) -> dict[str, str]:
    return {
        "api-key": "abcd1234",
        "msisdn": CITIZEN[1:],
        "to": CITY[1:],
        "messageId": "0A0000000123ABCD1",
        "text": WORDS,
        "type": "unicode",
        "keyword": "SAMBAT",
        "message-timestamp": "2026-11-24 03:00:00",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }


def receipt(status: str = "delivered", **fields: str) -> dict[str, str]:
    return {
        "msisdn": CITIZEN[1:],
        "to": CITY[1:],
        "network-code": "51010",
        "messageId": "0A0000001234567B",
        "price": "0.03330000",
        "status": status,
        "scts": "2611240300",
        "err-code": "0",
        "api-key": "abcd1234",
        "client-ref": REFERENCE,
        "message-timestamp": "2026-11-24 03:00:00",
        **fields,
    }


def with_sig(
    fields: dict[str, str], method: str = "sha256", secret: str = SECRET, at: datetime = NOW
) -> dict[str, Any]:
    """Return the parameters as Vonage sends them: stamped and signed, HMACs in capitals."""
    whole = {"timestamp": str(int(at.timestamp())), "nonce": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"} | fields
    if method == "md5hash":
        flat = "".join(f"&{k}={str(whole[k]).replace('&', '_').replace('=', '_')}" for k in sorted(whole))
        return whole | {"sig": hashlib.md5((flat + secret).encode(), usedforsecurity=False).hexdigest()}
    auth = Auth(api_key="abcd1234", api_secret="x", signature_secret=secret, signature_method=method)
    return whole | {"sig": auth.sign_params(dict(whole)).upper()}


def got(pairs: list[tuple[str, str]]) -> WebhookRequest:
    return WebhookRequest("GET", f"{URL}?{urlencode(pairs)}", {}, b"", dict(pairs), NOW, tuple(pairs))


def posted(body: bytes, content_type: str = FORM) -> WebhookRequest:
    return WebhookRequest("POST", URL, {"content-type": content_type}, body, {}, NOW)


def as_get(signed: dict[str, Any]) -> WebhookRequest:
    return got(list(signed.items()))


def as_form(signed: dict[str, Any]) -> WebhookRequest:
    return posted(urlencode(signed).encode())


def as_json(signed: dict[str, Any]) -> WebhookRequest:
    return posted(json.dumps(signed, ensure_ascii=False).encode(), JSON)


def genuine(request: WebhookRequest, method: str = "sha256", secret: str = SECRET) -> bool:
    return vonage.is_genuine(request, SmsProvider(secret, method=method))


each_way = pytest.mark.parametrize("ask", [as_get, as_form, as_json])
each_method = pytest.mark.parametrize("method", [*HMACS, "md5hash"])


# --- who may speak


@each_way
@each_method
def test_a_request_signed_by_the_sdk_passes_and_is_read_whole(ask: Any, method: str) -> None:
    request = ask(with_sig(sms(), method))
    assert genuine(request, method)
    assert vonage.to_inbound_sms(request) == Inbound("vonage", "0A0000000123ABCD1", CITIZEN, WORDS, None)


def test_sha_256_is_the_method_where_none_is_set() -> None:
    assert vonage.is_genuine(as_get(with_sig(sms())), SmsProvider(SECRET))
    assert not vonage.is_genuine(as_get(with_sig(sms(), "sha512")), SmsProvider(SECRET))


@each_method
def test_one_method_is_not_another(method: str) -> None:
    for other in (*HMACS, "md5hash"):
        assert genuine(as_get(with_sig(sms(), other)), method) is (other == method)


def test_the_plain_md5_agrees_with_the_vector_that_the_sdks_are_tested_with() -> None:
    pairs = [("a", "1"), ("b", "2"), ("timestamp", "1461605396"), ("sig", "6af838ef94998832dbfc29020b564830")]
    request = replace(got(pairs), now=datetime.fromtimestamp(1461605396, UTC))
    assert genuine(request, "md5hash", "secret")
    assert not genuine(request, "md5hash", "secreT")
    assert not genuine(request, "md5", "secret")


def test_the_signature_counts_in_either_case() -> None:
    signed = with_sig(sms())
    assert signed["sig"] != signed["sig"].lower()
    assert genuine(as_get(signed | {"sig": signed["sig"].lower()}))


@each_way
def test_parameters_may_come_in_any_order(ask: Any) -> None:
    assert genuine(ask(dict(reversed(with_sig(sms()).items()))))


@each_way
@pytest.mark.parametrize("text", ["a&b=c", "&=&=", "50% + 2 = 52 & <b>\"'\r\n", "é" * 300, "a\x00b\x1b", "[]{}^|~\\€"])
def test_no_character_of_a_text_changes_and_the_sdk_signs_it_alike(ask: Any, text: str) -> None:
    request = ask(with_sig(sms(text=text)))
    assert genuine(request)
    message = vonage.to_inbound_sms(request)
    assert isinstance(message, Inbound)
    assert message.text == text


def test_numbers_and_truths_in_json_are_signed_as_they_are_written() -> None:
    signed = with_sig(sms(**PART))
    written = {"timestamp": int(signed["timestamp"]), "concat": True, "concat-part": 2, "concat-total": 3}
    assert genuine(as_json(signed | written))
    assert vonage.to_inbound_sms(as_json(signed | written)) == vonage.to_inbound_sms(as_json(signed))


@each_way
@pytest.mark.parametrize(
    "change",
    [
        {"text": WORDS + "!"},
        {"text": WORDS.replace("mati", "hidup")},
        {"msisdn": "6280000000002"},
        {"messageId": "0A0000000123ABCD2"},
        {"timestamp": str(int(NOW.timestamp()) + 1)},
        {"nonce": "b"},
        {"type": "text"},
        {"more": ""},
        {"Text": "x"},
        {"text\x00": "x"},
    ],
)
def test_a_changed_or_added_parameter_is_refused(ask: Any, change: dict[str, str]) -> None:
    assert not genuine(ask(with_sig(sms()) | change))


@each_way
@pytest.mark.parametrize("lost", ["text", "nonce", "timestamp", "keyword", "sig"])
def test_a_parameter_that_was_left_out_is_refused(ask: Any, lost: str) -> None:
    signed = with_sig(sms())
    del signed[lost]
    assert not genuine(ask(signed))


@pytest.mark.parametrize("name", ["text", "sig", "timestamp", "messageId"])
def test_a_doubled_parameter_is_refused_wherever_it_stands(name: str) -> None:
    signed = with_sig(sms())
    for value in (signed[name], "other"):
        for pairs in ([(name, value), *signed.items()], [*signed.items(), (name, value)]):
            assert not genuine(got(pairs))
            assert not genuine(posted(urlencode(pairs).encode()))
            inner = ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in pairs)
            assert not genuine(posted(f"{{{inner}}}".encode(), JSON))
            with pytest.raises(Unreadable):
                vonage.to_inbound_sms(got(pairs))


@pytest.mark.parametrize("name", ["msisdn=1&text", "a&b", "a=b", "="])
def test_a_name_that_reads_as_two_parameters_is_refused_although_well_signed(name: str) -> None:
    for ask in (as_get, as_form, as_json):
        assert not genuine(ask(with_sig(sms() | {name: "x"})))


def test_another_secret_is_refused() -> None:
    for method in (*HMACS, "md5hash"):
        assert not genuine(as_get(with_sig(sms(), method, "another secret")), method)


def test_an_unknown_method_lets_nobody_in() -> None:
    assert not genuine(as_get(with_sig(sms())), "rot13")


@each_way
@pytest.mark.parametrize(
    "garbage", ["", " ", "0" * 64, "é" * 64, "x" * 100_000, "sha256", "\u212a" * 64, "1A20E4E2069B609F"]
)
def test_a_garbled_signature_is_refused(ask: Any, garbage: str) -> None:
    assert not genuine(ask(with_sig(sms()) | {"sig": garbage}))


@each_way
@pytest.mark.parametrize(
    ("seconds", "passes"), [(-90_001, False), (-90_000, True), (300, True), (301, False), (10**9, False)]
)
def test_a_day_of_retries_passes_and_five_minutes_to_come(ask: Any, seconds: int, passes: bool) -> None:
    assert genuine(ask(with_sig(sms(), at=NOW + timedelta(seconds=seconds)))) is passes


@pytest.mark.parametrize(
    "timestamp", ["", " 1795489205", "١٧٩٥٤٨٩٢٠٥", "+1795489205", "1_795_489_205", "1795489205.0", "-1", "now"]
)
def test_a_timestamp_in_another_spelling_is_refused_although_well_signed(timestamp: str) -> None:
    signed = with_sig(sms(timestamp=timestamp))
    assert timestamp in {"", signed["timestamp"]}
    assert not genuine(as_get(signed))


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"text=%FF&timestamp=1", b"\x00", b"&" * 5_000, b"[]", b"null", b'{"a": null}', b'{"a": {}}',
     b'{"a": 1.5}', b'{"timestamp": NaN}', b"[" * 100_000, b'{"a": ' + b"1" * 5_000 + b"}", b'{"text": "\\ud83d"}'],
)  # fmt: skip
def test_garbage_is_refused_and_unreadable_and_nothing_else(body: bytes) -> None:
    for content_type in (FORM, JSON, "", "Application/JSON;charset=x", "\udcff"):
        assert not genuine(posted(body, content_type))
        with pytest.raises(Unreadable):
            vonage.to_inbound_sms(posted(body, content_type))


def test_a_broken_character_in_a_query_is_refused() -> None:
    request = as_get(with_sig(sms(text="mati ?")))
    broken = tuple((name, value.replace("?", "\ud83d")) for name, value in request.pairs)
    assert genuine(request)
    assert not genuine(replace(request, pairs=broken))


def test_a_form_of_thousands_of_parameters_is_refused() -> None:
    assert not genuine(as_form(with_sig({f"p{n}": "x" for n in range(5_000)})))


@settings(database=None, deadline=None, max_examples=50)
@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=8))
def test_we_and_the_sdk_agree_on_any_parameters(fields: dict[str, str]) -> None:
    if {"sig", "timestamp"} & fields.keys() or any("&" in name or "=" in name for name in fields):
        return
    for ask in (as_get, as_form, as_json):
        assert genuine(ask(with_sig(fields)))


# --- what was said


def test_a_part_says_which_of_how_many_it_is() -> None:
    message = vonage.to_inbound_sms(as_get(sms(text=" ", **PART)))
    assert message == Inbound("vonage", "0A0000000123ABCD1", CITIZEN, " ", Part("7", 2, 3))


@pytest.mark.parametrize(
    ("ref", "number", "total"),
    [("7", "0", "3"), ("7", "4", "3"), ("7", "1", "51"), ("7", "1", "0"), ("", "1", "2"), ("r" * 65, "1", "2"),
     ("7", "", "2"), ("7", "1", "x"), ("7", "-1", "2"), ("7", "1.5", "2"), ("7", "١", "2"), ("7", "1", "9" * 5_000)],
)  # fmt: skip
def test_a_part_that_cannot_be_is_unreadable(ref: str, number: str, total: str) -> None:
    with pytest.raises(Unreadable):
        vonage.to_inbound_sms(as_form(sms(concat="true", concat_ref=ref, concat_part=number, concat_total=total)))


def test_a_part_that_does_not_say_which_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        vonage.to_inbound_sms(as_form(sms(concat="true")))


def test_a_binary_message_is_quarantined_not_lost() -> None:
    with pytest.raises(Unreadable):
        vonage.to_inbound_sms(as_get(sms(type="binary", data="abc123", udh="06050415811581")))


@pytest.mark.parametrize(
    "fields",
    [{"text": ""}, {"text": " \r\n"}, {"msisdn": ""}, {"msisdn": "6" * 65}, {"messageId": ""}, {"messageId": "i" * 201},
     {"type": ""}, {"type": "vcard"}],
)  # fmt: skip
def test_a_message_that_lacks_something_is_unreadable(fields: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        vonage.to_inbound_sms(as_get(sms(**fields)))


@pytest.mark.parametrize("name", ["text", "msisdn", "messageId", "type"])
def test_a_message_without_a_field_is_unreadable(name: str) -> None:
    fields = sms()
    del fields[name]
    with pytest.raises(Unreadable):
        vonage.to_inbound_sms(as_json(fields))


def test_a_text_that_speaks_of_its_status_is_a_text() -> None:
    message = vonage.to_inbound_sms(as_get(sms(status="delivered", client_ref=REFERENCE)))
    assert isinstance(message, Inbound)


# --- what became of ours


@each_way
@pytest.mark.parametrize(
    ("status", "delivered"), [("delivered", True), ("expired", False), ("failed", False), ("rejected", False)]
)
def test_a_final_receipt_says_what_became_of_which_message(ask: Any, status: str, delivered: bool) -> None:
    request = ask(with_sig(receipt(status)))
    assert genuine(request)
    assert vonage.to_inbound_sms(request) == DeliveryReport("vonage", MESSAGE_ID, "0A0000001234567B", delivered)


@pytest.mark.parametrize("status", ["accepted", "buffered", "unknown", "", "DELIVERED", "new"])
def test_a_receipt_that_is_not_the_end_is_no_message(status: str) -> None:
    with pytest.raises(NotAMessage):
        vonage.to_inbound_sms(as_get(receipt(status)))


def test_a_receipt_about_somebody_elses_message_is_no_message() -> None:
    fields = receipt()
    del fields["client-ref"]
    with pytest.raises(NotAMessage):
        vonage.to_inbound_sms(as_json(fields))


def test_it_is_only_told_that_it_was_taken() -> None:
    reply = vonage.answer("Tiket 7K3QD-9XW2M")
    assert (reply.status, json.loads(reply.body)) == (200, {"status": "accepted"})


# --- what goes out

TAKEN = json.dumps({
    "message-count": "2",
    "messages": [{"to": CITIZEN[1:], "message-id": "0C000000", "status": "0", "remaining-balance": "3.14"},
                 {"to": CITIZEN[1:], "message-id": "0C000001", "status": "0"}],
}).encode()  # fmt: skip


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    with carrier_on() as running:
        running.status, running.answer = 200, TAKEN
        yield running


def account(carrier: Carrier, **more: str) -> SmsProvider:
    whole: dict[str, Any] = {
        "url": carrier.url,
        "account": "abcd1234",
        "password": PASSWORD,
        "sender": CITY,
        "webhook": URL,
    } | more
    return SmsProvider(SECRET, **whole)


def said(carrier: Carrier) -> dict[str, list[str]]:
    return parse_qs(carrier.only[2].decode(), keep_blank_values=True)


def test_a_text_is_sent_as_a_form_and_called_by_the_carriers_id(carrier: Carrier) -> None:
    assert vonage.send(CITIZEN, "Tiket {1} <&> ñ €", MESSAGE_ID, account(carrier)) == "0C000000"
    path, headers, _ = carrier.only
    assert (path, headers["content-type"]) == ("/sms/json", "application/x-www-form-urlencoded")
    assert said(carrier) == {
        "api_key": ["abcd1234"], "api_secret": [PASSWORD], "from": [CITY[1:]], "to": [CITIZEN[1:]],
        "text": ["Tiket {1} <&> ñ €"], "type": ["text"], "client-ref": [REFERENCE], "callback": [URL],
    }  # fmt: skip


def test_a_text_beyond_gsm_7_says_so(carrier: Carrier) -> None:
    vonage.send(CITIZEN, WORDS, MESSAGE_ID, account(carrier, sender="KotaMalang", webhook=""))
    form = said(carrier)
    assert (form["type"], form["text"], form["from"]) == (["unicode"], [WORDS], ["KotaMalang"])
    assert "callback" not in form


@pytest.mark.parametrize("answer", [b"", b"OK", b"[]", b'{"id": 7}', b"[" * 50_000, b'{"messages": [{"status": "0"}]}'])
def test_an_answer_that_was_lost_leaves_our_own_id(carrier: Carrier, answer: bytes) -> None:
    carrier.answer = answer
    assert vonage.send(CITIZEN, "x", MESSAGE_ID, account(carrier)) == REFERENCE


@pytest.mark.parametrize("status", ["1", "10"])
def test_a_carrier_that_asks_to_be_left_alone_is_down(
    carrier: Carrier, status: str, caplog: pytest.LogCaptureFixture
) -> None:
    carrier.answer = json.dumps({"messages": [{"status": status, "error-text": f"Throttled {CITIZEN}"}]}).encode()
    error = failure_of(lambda: vonage.send(CITIZEN, WORDS, MESSAGE_ID, account(carrier)), caplog, PASSWORD)
    assert isinstance(error, CarrierDown)
    assert str(error) == f"vonage answered with status {status}"


@pytest.mark.parametrize("status", ["2", "4", "6", "7", "9", "29", "", CITIZEN])
def test_a_refusal_with_http_200_is_a_failure(carrier: Carrier, status: str, caplog: pytest.LogCaptureFixture) -> None:
    carrier.answer = json.dumps({"messages": [{"status": status, "error-text": f"no {CITIZEN}"}]}).encode()
    error = failure_of(lambda: vonage.send(CITIZEN, WORDS, MESSAGE_ID, account(carrier)), caplog, PASSWORD)
    assert not isinstance(error, CarrierDown)
    assert str(error).endswith(f"status {status if len(status) in (1, 2) else 'unknown'}")


def test_an_answer_about_no_message_at_all_is_a_failure(carrier: Carrier) -> None:
    carrier.answer = b'{"message-count": "0", "messages": []}'
    with pytest.raises(SendFailed, match="unknown"):
        vonage.send(CITIZEN, WORDS, MESSAGE_ID, account(carrier))


@pytest.mark.parametrize(("status", "down"), [(400, False), (401, False), (302, False), (429, True), (500, True)])
def test_an_http_status_is_a_failure_that_names_nobody(
    carrier: Carrier, status: int, down: bool, caplog: pytest.LogCaptureFixture
) -> None:
    carrier.status, carrier.answer = status, f"no {CITIZEN}".encode()
    error = failure_of(lambda: vonage.send(CITIZEN, WORDS, MESSAGE_ID, account(carrier)), caplog, PASSWORD)
    assert (str(error), isinstance(error, CarrierDown)) == (f"vonage answered {status}", down)


@pytest.mark.parametrize("lacks", ["account", "password", "sender"])
def test_a_missing_setting_is_named(carrier: Carrier, lacks: str) -> None:
    with pytest.raises(SendFailed, match="SAMBAT_SMS_VONAGE_ACCOUNT"):
        vonage.send(CITIZEN, WORDS, MESSAGE_ID, account(carrier, **{lacks: ""}))
    assert carrier.asked == []
