"""Plivo: signed by the SDK's own functions for V3, held against its validators for V3 and V2."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plivo.utils import validate_signature
from plivo.utils.signature_v3 import construct_get_url, construct_post_url, get_signature_v3, validate_v3_signature

from chalicelib.adapters.sms_providers import (
    CarrierDown,
    DeliveryReport,
    Inbound,
    NotAMessage,
    SendFailed,
    Unreadable,
    WebhookRequest,
    plivo,
)
from chalicelib.settings import SmsProvider
from tests.carrier import CITIZEN, CITY, WORDS, Carrier, carrier_on, failure_of

TOKEN = "token-plivo-0001"
URL = "https://sambat.example.go.id/api/webhooks/sms/plivo"
UUID = "db3ce55a-7f1d-11e1-8ea7-1231380bc196"
NONCE = "05429567804466091622"
MESSAGE_ID, REFERENCE = "7K3QD-9XW2M.4.reporter", "7K3QD-9XW2M_4_reporter"
NOW = datetime(2026, 11, 24, 3, 0, 5, tzinfo=UTC)
V3, MAIN_V3, NONCE_V3 = "x-plivo-signature-v3", "x-plivo-signature-ma-v3", "x-plivo-signature-v3-nonce"
V2, MAIN_V2, NONCE_V2 = "x-plivo-signature-v2", "x-plivo-signature-ma-v2", "x-plivo-signature-v2-nonce"

Pairs = list[tuple[str, str]]


def sms(**fields: str) -> Pairs:
    whole = {"From": CITIZEN[1:], "To": CITY[1:], "Type": "sms", "Text": WORDS, "MessageUUID": UUID, "Units": "3"}
    return list((whole | fields).items())


def report(status: str = "delivered", **fields: str) -> Pairs:
    whole = {"From": CITY[1:], "To": CITIZEN[1:], "Type": "sms", "Status": status, "MessageUUID": UUID, "ErrorCode": ""}
    return list((whole | fields).items())


def as_dict(pairs: Pairs) -> dict[str, Any]:
    """Return the parameters as a web framework hands them to the SDK."""
    several = parse_qs(urlencode(pairs), keep_blank_values=True)
    return {name: values if len(values) > 1 else values[0] for name, values in several.items()}


def v3(base: bytes, token: str = TOKEN) -> str:
    return str(get_signature_v3(token.encode(), base.decode(), NONCE.encode()).decode())


def posted(pairs: Pairs, query: Pairs | None = None, token: str = TOKEN) -> WebhookRequest:
    url = f"{URL}?{urlencode(query)}" if query else URL
    headers = {V3: v3(construct_post_url(url, as_dict(pairs)), token), NONCE_V3: NONCE}
    asked = dict(query or [])
    return WebhookRequest("POST", url, headers, urlencode(pairs).encode(), asked, NOW, tuple(query or []))


def got(pairs: Pairs) -> WebhookRequest:
    headers = {V3: v3(construct_get_url(URL, as_dict(pairs))), NONCE_V3: NONCE}
    return WebhookRequest("GET", f"{URL}?{urlencode(pairs)}", headers, b"", dict(pairs), NOW, tuple(pairs))


def genuine(request: WebhookRequest, method: str = "") -> bool:
    return plivo.is_genuine(request, SmsProvider(TOKEN, method=method))


def with_headers(request: WebhookRequest, **headers: str | None) -> WebhookRequest:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in request.headers.items() if name not in names}
    return replace(request, headers=kept | {name: value for name, value in names.items() if value is not None})


def signed_by_v2(request: WebhookRequest, token: str = TOKEN) -> dict[str, str]:
    bare = request.url.partition("?")[0]
    digest = hmac.new(token.encode(), (bare + NONCE).encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    assert validate_signature(request.url, NONCE, signature, token)
    return {V2: signature, NONCE_V2: NONCE}


both = pytest.mark.parametrize("ask", [posted, got])


# --- who may speak


@both
def test_a_request_signed_by_the_sdk_passes_and_is_read_whole(ask: Any) -> None:
    assert genuine(ask(sms()))
    assert plivo.to_inbound_sms(ask(sms())) == Inbound("plivo", UUID, CITIZEN, WORDS, None)


@pytest.mark.parametrize(
    ("pairs", "query"),
    [
        (sms(), [("about", REFERENCE)]),
        (sms(), [("b", "2"), ("a", "1"), ("a", "0"), ("empty", "")]),
        ([], [("about", REFERENCE)]),
        ([], []),
        ([*sms(), ("Media", "b"), ("Media", "a"), ("Media", "b"), ("Empty", "")], []),
        (list(reversed(sms())), []),
        (sms(Text="a&b=c+d %2B é 💡 <>\"'\r\n"), [("x", "1 2")]),
    ],
    ids=["a query", "a disordered query", "a query only", "nothing", "repeated names", "any order", "hostile text"],
)
def test_the_sdks_validator_and_we_agree(pairs: Pairs, query: Pairs) -> None:
    request = posted(pairs, query)
    nonce, signature = request.headers[NONCE_V3], request.headers[V3]
    assert validate_v3_signature("POST", request.url, nonce, TOKEN, signature, as_dict(pairs))
    assert genuine(request)
    assert not validate_v3_signature("POST", request.url, f"{nonce}0", TOKEN, signature, as_dict(pairs))
    assert not genuine(with_headers(request, x_plivo_signature_v3_nonce=f"{nonce}0"))


def test_the_sdks_validator_and_we_agree_on_get() -> None:
    request = got(sms())
    assert validate_v3_signature("GET", URL, NONCE, TOKEN, request.headers[V3], as_dict(sms()))
    assert genuine(request)


@settings(database=None, deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=20)), max_size=8))
def test_we_and_the_sdk_agree_on_any_form(pairs: Pairs) -> None:
    assert genuine(posted(pairs))
    assert genuine(got(pairs))


@both
@pytest.mark.parametrize("name", [V3, MAIN_V3])
def test_either_accounts_signature_passes_and_one_of_several_is_enough(ask: Any, name: str) -> None:
    request = ask(sms())
    right, wrong = request.headers[V3], v3(b"something else")
    for value in (right, f"{wrong},{right}", f"{right}, {wrong}", f",, {right}"):
        assert genuine(replace(request, headers={NONCE_V3: NONCE, V3: wrong, MAIN_V3: wrong, name: value}))
    for value in (wrong, f"{wrong},{wrong}", f"{right};{wrong}", f"{right}{wrong}", right[:-1], f"{right[:-2]} ="):
        assert not genuine(replace(request, headers={NONCE_V3: NONCE, name: value}))


@both
@pytest.mark.parametrize(
    "change", [("Text", "other words"), ("From", "6280000000002"), ("MessageUUID", "x"), ("More", ""), ("text", "x")]
)
def test_a_changed_or_added_parameter_is_refused(ask: Any, change: tuple[str, str]) -> None:
    changed = list((dict(sms()) | dict([change])).items())
    assert not genuine(replace(ask(sms()), body=urlencode(changed).encode(), pairs=tuple(changed)))


@both
@pytest.mark.parametrize("name", ["Text", "From", "MessageUUID", "Units"])
def test_a_parameter_that_was_doubled_or_left_out_is_refused(ask: Any, name: str) -> None:
    same = dict(sms())[name]
    for pairs in ([*sms(), (name, same)], [(name, "other"), *sms()], [pair for pair in sms() if pair[0] != name]):
        assert not genuine(replace(ask(sms()), body=urlencode(pairs).encode(), pairs=tuple(pairs)))


@pytest.mark.parametrize("body", [b"", b" ", b"\xff", b"Text=%FF", b"A=1&" * 5_000, b"\x00", b"[" * 100_000])
def test_another_body_is_refused(body: bytes) -> None:
    assert not genuine(replace(posted(sms()), body=body))


def test_what_the_callback_is_about_is_signed() -> None:
    request = posted(report(), [("about", REFERENCE)])
    other = (("about", "7K3QD-9XW2M_5_reporter"),)
    for pairs in (other, (), (*request.pairs, *other)):
        assert not genuine(replace(request, pairs=pairs, query=dict(pairs), url=f"{URL}?{urlencode(pairs)}"))


@both
@pytest.mark.parametrize(
    "other",
    [URL.replace("https", "http"), URL.replace("go.id", "org"), f"{URL}/", URL.replace("/api", ""), URL.upper(), ""],
)
def test_a_request_made_for_another_address_is_refused(ask: Any, other: str) -> None:
    assert not genuine(replace(ask(sms()), url=other))


def test_a_post_is_no_get() -> None:
    assert not genuine(replace(posted(sms()), method="GET"))
    assert not genuine(replace(posted(sms()), method="GET", pairs=tuple(sms())))


def test_another_token_is_refused() -> None:
    assert not genuine(posted(sms(), token="another token"))


@both
@pytest.mark.parametrize("name", [V3, NONCE_V3])
@pytest.mark.parametrize(
    "garbage", [None, "", " ", ",", ",,,", "===", "é" * 44, "\udcff", "A" * 43 + "=", "x" * 100_000]
)
def test_a_missing_or_garbled_header_is_refused(ask: Any, name: str, garbage: str | None) -> None:
    assert not genuine(with_headers(ask(sms()), **{name: garbage}))


def test_a_broken_character_in_a_query_is_refused() -> None:
    request = got(sms(Text="mati ?"))
    broken = tuple((name, value.replace("?", "\ud83d")) for name, value in request.pairs)
    assert genuine(request)
    assert not genuine(replace(request, pairs=broken))


# --- V2, which does not sign what was said


@both
@pytest.mark.parametrize("name", [V2, MAIN_V2])
def test_v2_passes_only_where_the_setting_says_so(ask: Any, name: str) -> None:
    request = ask(sms())
    signed = signed_by_v2(request)
    old = replace(request, headers={name: f"AAAA,{signed[V2]}", NONCE_V2: NONCE})
    assert genuine(old, "v2")
    assert not genuine(old)
    assert not genuine(old, "v3")


def test_v2_never_stands_in_for_a_v3_that_does_not_fit() -> None:
    request = posted(sms())
    tampered = replace(request, body=request.body.replace(b"Sambat", b"Bukan"), headers={**request.headers})
    assert not genuine(replace(tampered, headers={**request.headers, **signed_by_v2(request)}), "v2")
    garbled = {**signed_by_v2(request), MAIN_V3: "x", NONCE_V3: NONCE}
    assert not genuine(replace(request, headers=garbled), "v2")
    assert genuine(replace(request, headers={**request.headers, V2: "x", NONCE_V2: "x"}), "v2")


def test_v2_of_another_token_address_or_nonce_is_refused() -> None:
    request = posted(sms())
    old = replace(request, headers=signed_by_v2(request))
    assert genuine(old, "v2")
    assert not genuine(replace(request, headers=signed_by_v2(request, "another")), "v2")
    assert not genuine(replace(old, url=f"{URL}/"), "v2")
    for nonce in ("1", "", None):
        assert not genuine(with_headers(old, x_plivo_signature_v2_nonce=nonce), "v2")
    assert not genuine(replace(request, headers={}), "v2")


# --- what was said


@both
@pytest.mark.parametrize("text", ["a&b=c", "baris satu\r\nbaris dua ", "a\x00b\x1b", "[]{}^|~\\€", "é💡" * 900])
def test_no_character_of_a_text_changes(ask: Any, text: str) -> None:
    message = plivo.to_inbound_sms(ask(sms(Text=text)))
    assert isinstance(message, Inbound)
    assert message.text == text


@pytest.mark.parametrize(
    "fields",
    [
        {"Text": ""},
        {"Text": " \r\n"},
        {"From": ""},
        {"From": "6" * 65},
        {"MessageUUID": ""},
        {"MessageUUID": "i" * 201},
    ],
)
def test_a_message_that_lacks_something_is_unreadable(fields: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        plivo.to_inbound_sms(posted(sms(**fields)))


def test_a_picture_without_words_is_quarantined_not_lost() -> None:
    pairs = [pair for pair in sms(Type="mms", Body="foto", Media0="https://media.example/1") if pair[0] != "Text"]
    with pytest.raises(Unreadable):
        plivo.to_inbound_sms(posted(pairs))


@both
@pytest.mark.parametrize("name", ["Text", "From", "MessageUUID", "Status"])
def test_a_field_that_stands_twice_is_unreadable(ask: Any, name: str) -> None:
    with pytest.raises(Unreadable):
        plivo.to_inbound_sms(ask([*sms(Status="received"), (name, "delivered")]))


@pytest.mark.parametrize("body", [b"", b"\xff", b"Text=%FF&From=1&MessageUUID=2", b"A=1&" * 5_000, b"{}", b"\x00"])
def test_any_bytes_are_unreadable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Unreadable):
        plivo.to_inbound_sms(replace(posted([]), body=body))


def test_a_message_that_was_received_is_no_report() -> None:
    assert plivo.to_inbound_sms(posted(sms(Status="received"))) == plivo.to_inbound_sms(posted(sms()))


# --- what became of ours


@pytest.mark.parametrize(
    ("status", "delivered"), [("delivered", True), ("undelivered", False), ("failed", False), ("rejected", False)]
)
def test_a_final_callback_says_what_became_of_which_message(status: str, delivered: bool) -> None:
    request = posted(report(status), [("about", REFERENCE)])
    assert genuine(request)
    assert plivo.to_inbound_sms(request) == DeliveryReport("plivo", MESSAGE_ID, UUID, delivered)


@pytest.mark.parametrize("status", ["queued", "sent", "read", "DELIVERED", "new"])
def test_a_callback_that_is_not_the_end_is_no_message(status: str) -> None:
    with pytest.raises(NotAMessage):
        plivo.to_inbound_sms(posted(report(status), [("about", REFERENCE)]))


def test_a_callback_about_somebody_elses_message_is_no_message() -> None:
    with pytest.raises(NotAMessage):
        plivo.to_inbound_sms(posted(report()))


def test_the_answer_is_xml_that_sends_nothing() -> None:
    reply = plivo.answer("Tiket 7K3QD-9XW2M")
    root = ET.fromstring(reply.body)  # noqa: S314  our own answer
    assert (root.tag, len(root), reply.status) == ("Response", 0, 200)
    assert reply.content_type == "application/xml; charset=utf-8"


# --- what goes out

TAKEN = json.dumps({"message": "message(s) queued", "message_uuid": [UUID], "api_id": "db342550"}).encode()


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    with carrier_on() as running:
        running.status, running.answer = 202, TAKEN
        yield running


def account(carrier: Carrier, name: str = "MA/0001", sender: str = CITY, webhook: str = URL) -> SmsProvider:
    return SmsProvider(TOKEN, url=carrier.url, account=name, sender=sender, webhook=webhook)


def test_a_text_is_sent_as_json_in_the_name_of_the_account(carrier: Carrier) -> None:
    assert plivo.send(CITIZEN, WORDS, MESSAGE_ID, account(carrier)) == UUID
    path, headers, body = carrier.only
    assert (path, headers["content-type"]) == ("/v1/Account/MA%2F0001/Message/", "application/json")
    assert headers["authorization"] == "Basic " + base64.b64encode(f"MA/0001:{TOKEN}".encode()).decode()
    assert json.loads(body) == {
        "src": CITY, "dst": CITIZEN, "text": WORDS, "url": f"{URL}?about={REFERENCE}", "method": "POST",
    }  # fmt: skip


def test_without_a_webhook_no_report_is_asked_for(carrier: Carrier) -> None:
    plivo.send(CITIZEN, "x", MESSAGE_ID, account(carrier, webhook=""))
    assert json.loads(carrier.only[2]) == {"src": CITY, "dst": CITIZEN, "text": "x"}


@pytest.mark.parametrize(
    "answer",
    [b"", b"OK", b"[]", b'{"message_uuid": []}', b'{"message_uuid": [""]}', b'{"message_uuid": 7}', b"[" * 50_000],
)
def test_an_answer_that_was_lost_leaves_our_own_id(carrier: Carrier, answer: bytes) -> None:
    carrier.answer = answer
    assert plivo.send(CITIZEN, "x", MESSAGE_ID, account(carrier)) == REFERENCE


@pytest.mark.parametrize(
    ("status", "down"), [(400, False), (401, False), (302, False), (429, True), (500, True), (503, True)]
)
def test_an_http_status_is_a_failure_that_names_nobody(
    carrier: Carrier, status: int, down: bool, caplog: pytest.LogCaptureFixture
) -> None:
    carrier.status, carrier.answer = status, f"no {CITIZEN}".encode()
    error = failure_of(lambda: plivo.send(CITIZEN, WORDS, MESSAGE_ID, account(carrier)), caplog, TOKEN)
    assert (str(error), isinstance(error, CarrierDown)) == (f"plivo answered {status}", down)


@pytest.mark.parametrize("lacks", ["name", "sender"])
def test_a_missing_setting_is_named(carrier: Carrier, lacks: str) -> None:
    with pytest.raises(SendFailed, match="SAMBAT_SMS_PLIVO_ACCOUNT or SAMBAT_SMS_PLIVO_FROM"):
        plivo.send(CITIZEN, WORDS, MESSAGE_ID, account(carrier, **{lacks: ""}))
    assert carrier.asked == []
