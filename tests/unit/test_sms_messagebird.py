"""MessageBird: signed by PyJWT as its Go SDK's vectors are, held against the validator of its Python SDK."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import pytest
from messagebird.error import ValidationError
from messagebird.request_validator import RequestValidator

from chalicelib.adapters.sms_providers import (
    CarrierDown,
    DeliveryReport,
    Inbound,
    NotAMessage,
    Unreadable,
    WebhookRequest,
    messagebird,
)
from chalicelib.settings import SmsProvider
from tests.carrier import CITIZEN, CITY, WORDS, Carrier, carrier_on, failure_of

KEY = "kunci tanda tangan messagebird, " * 3
TOKEN = "live-access-key"
URL = "https://sambat.example.go.id/api/webhooks/sms/messagebird"
MESSAGE_ID, REFERENCE = "7K3QD-9XW2M.4.reporter", "7K3QD-9XW2M_4_reporter"
HEADER = "messagebird-signature-jwt"
FORM = "application/x-www-form-urlencoded"
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def claims_for(url: str, body: bytes, at: datetime, **changes: Any) -> dict[str, Any]:
    begins = int(at.timestamp())
    claims = {"iss": "MessageBird", "nbf": begins, "exp": begins + 60, "jti": "93e55006-a0e8-4526-a190-fa5ff00ea116"}
    claims["url_hash"] = hashlib.sha256(url.encode()).hexdigest()
    if body:
        claims["payload_hash"] = hashlib.sha256(body).hexdigest()
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def signed(
    body: bytes = b"", url: str = URL, algorithm: str = "HS256", key: str = KEY, at: datetime = NOW, **claims: Any
) -> WebhookRequest:
    said = json.dumps(claims_for(url, body, at, **claims)).encode()
    token = jwt.PyJWS().encode(said, key, algorithm=algorithm, headers={"typ": "JWT"})
    return WebhookRequest("POST" if body else "GET", url, {HEADER: token, "content-type": FORM}, body, {}, at)


def text(*more: tuple[str, str], **fields: str) -> WebhookRequest:
    whole = {"id": "3b53c137369242138120d6b0b2122607", "recipient": CITY[1:], "originator": CITIZEN[1:], "body": WORDS,
             "createdDatetime": "2026-11-24T03:00:00+00:00", **fields}  # fmt: skip
    return signed(urlencode([*whole.items(), *more]).encode())


def report(**fields: str | None) -> WebhookRequest:
    whole = {"datacoding": "plain", "id": "e8077d803532c0b5937c639b60216938", "price[amount]": "0.000",
             "recipient": CITIZEN[1:], "reference": REFERENCE, "status": "delivered", "statusReason": "all is well",
             "statusDatetime": "2026-11-24T03:00:05+00:00", **fields}  # fmt: skip
    pairs = tuple((name, value) for name, value in whole.items() if value is not None)
    return replace(signed(url=f"{URL}?{urlencode(pairs)}"), query=dict(pairs), pairs=pairs)


def genuine(request: WebhookRequest, key: str = KEY) -> bool:
    return messagebird.is_genuine(request, SmsProvider(key))


def sdk_says(request: WebhookRequest) -> bool:
    try:
        RequestValidator(KEY).validate_signature(request.headers[HEADER], request.url, request.body)
    except (ValidationError, KeyError):
        return False
    return True


# --- who may speak


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize(("body", "url"), [(b"body=x", URL), (b"", f"{URL}?a=1&b=2")])
def test_the_sdk_lets_in_what_is_genuine_and_nothing_that_was_changed(algorithm: str, body: bytes, url: str) -> None:
    call = signed(body, url, algorithm, at=datetime.now(UTC))  # the SDK looks at the clock
    assert sdk_says(call)
    assert genuine(call)
    for changed in (replace(call, body=body + b"&a=1"), replace(call, url=f"{url}?c=3"), replace(call, url=f"{url}/")):
        assert not sdk_says(changed)
        assert not genuine(changed)


# Of messagebird/go-rest-api, signature_jwt/testdata/reference.json: at 1625479200, with one secret
VECTOR_SECRET = "36efdd1aace2e26cd490f0d951138253bef2f7c6d34d18981da781555cc4cebb"
HS256 = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
PLAIN = (
    "eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTYyNTQ3OTIwMCwiZXhwIjoxNjI1NDc5MjYwLCJqdGkiOiI1OWEyNDRkYy1lOWFkLTRlMjMtOTc3"
    "OC0zNzFmYWEyMzhmNzIiLCJ1cmxfaGFzaCI6IjBmMTE1ZGIwNjJiN2MwZGQwMzBiMTY4NzhjOTlkZWE1YzM1NGI0OWRjMzdiMzhlYjg4NDYxNzlj"
    "Nzc4M2U5ZDcifQ."
)
WITH_PAYLOAD = (
    "eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTYyNTQ3OTIwMCwiZXhwIjoxNjI1NDc5MjYwLCJqdGkiOiI5M2U1NTAwNi1hMGU4LTQ1MjYtYTE5"
    "MC1mYTVmZjAwZWExMTYiLCJ1cmxfaGFzaCI6IjQxZjA1ZjBkZGQwYTIyYWIyMDlhYzQ2ZjQ3YzQ1NzJkOWNlZmEyNTdlZDc0YjI0MDA0YmFlNzUz"
    "ZWNlNmMyNjAiLCJwYXlsb2FkX2hhc2giOiJkZmZkNjAyMWJiMmJkNWIwYWY2NzYyOTA4MDllYzNhNTMxOTFkZDgxYzdmNzBhNGIyODY4OGEzNjIx"
    "ODI5ODZmIn0."
)
SPACES = (
    "eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTYyNTQ3OTIwMCwiZXhwIjoxNjI1NDc5MjYwLCJqdGkiOiI1OWEyNDRkYy1lOWFkLTRlMjMtOTc3"
    "OC0zNzFmYWEyMzhmNzIiLCJ1cmxfaGFzaCI6IjhhZmYzNzQ4ZDc4OWM0MzMzNTczZTFjMzFmZTViMDA0OTQwY2I1ZmM0NzQ2MGVkM2QwZTY1NGY3"
    "ZmM0ZTVmYWUifQ."
)
VECTORS = [
    ("https://example.com/", b"", f"{HS256}{PLAIN}6Fp0rVOsRr1fj9S2GidXAfkmPVofKr8_RTffC6G6r2E", True),
    (
        "https://example.com/path?bar=1&foo=2",
        b"Hello, World!",
        f"{HS256}{WITH_PAYLOAD}_H--TOuYFLpeEH39-rg5E3IHVkjHozBcaKVWPRC5m9I",
        True,
    ),
    (
        "https://example.com/?obj%5Bfield1%5D=val1&obj%5Bfield2%5D=val2&param=value+with+spaces",
        b"",
        f"{HS256}{SPACES}mJBCMfEjKmN3IMuzqPXPHktWETrcu0iNdF3agE8PDyI",
        True,
    ),
    (
        "https://example.com/",
        b"",
        f"eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.{PLAIN}KNMW-29X77lZeuPmThmHWc_RUAvTkaDkpxIZK6mqE08v8mWKiU9Edh4QXwAJO2nv",
        True,
    ),
    ("https://example.com/", b"Hello, World!", f"{HS256}{PLAIN}6Fp0rVOsRr1fj9S2GidXAfkmPVofKr8_RTffC6G6r2E", False),
    ("https://example.com/", b"", f"{HS256}{PLAIN}JgSeYyOtlEKAXk8bz30iJI4tXgf4lxknoiezawuVhb4", False),
    ("https://example.com/", b"", f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{PLAIN}", False),
]


@pytest.mark.parametrize(("url", "body", "token", "valid"), VECTORS)
def test_a_published_vector_is_judged_as_published(url: str, body: bytes, token: str, valid: bool) -> None:
    now = datetime.fromtimestamp(1625479200, UTC)
    assert genuine(WebhookRequest("POST", url, {HEADER: token}, body, {}, now), VECTOR_SECRET) is valid


def test_a_changed_body_is_refused_and_an_added_or_lost_one_too() -> None:
    call = text()
    swapped = b"&".join(reversed(call.body.split(b"&")))
    for body in (call.body.replace(b"Bukirsari", b"Veteran"), swapped, call.body + b"&body=x", b"", b"\xff"):
        assert not genuine(replace(call, body=body))
    assert not genuine(replace(signed(), body=b"x"))


def test_a_changed_address_is_refused() -> None:
    call = report()
    path, _, query = call.url.partition("?")
    swapped = "&".join(reversed(query.split("&")))
    for url in (f"{path}?{swapped}", f"{call.url}&status=expired", call.url.replace("delivered", "expired"),
                path, call.url.replace("https", "http"), call.url.replace("sambat", "SAMBAT")):  # fmt: skip
        assert not genuine(replace(call, url=url)), url


def test_a_space_in_the_query_may_be_written_either_way() -> None:
    pairs = [("reference", "a b+c"), ("status", "delivered")]
    as_called = f"{URL}?{urlencode(pairs, quote_via=quote)}"
    rebuilt = f"{URL}?{urlencode(pairs)}"
    assert as_called != rebuilt
    assert genuine(replace(signed(url=as_called), url=rebuilt))
    assert genuine(signed(url=rebuilt))


def test_another_key_is_refused_and_none_lets_nobody_in() -> None:
    assert not genuine(signed(b"body=x", key="another key of the right length, " * 3))
    assert not genuine(replace(signed(b"x"), headers={HEADER: "x.y.z"}), key="")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "messagebird"},
        {"iss": None},
        {"iss": ["MessageBird"]},
        {"nbf": None},
        {"exp": None},
        {"nbf": "soon"},
        {"exp": "later"},
        {"nbf": []},
        {"exp": {}},
        {"exp": float("nan")},
        {"nbf": float("-inf"), "exp": float("nan")},
        {"url_hash": None},
        {"url_hash": 7},
        {"url_hash": ""},
        {"url_hash": "é"},
        {"payload_hash": None},
        {"payload_hash": ""},
        {"payload_hash": ["x"]},
        {"payload_hash": "é"},
        {"aud": "somebody else"},
        {"sub": 7},
        {"jti": 7},
    ],
)
def test_claims_that_the_sdk_would_not_take_are_refused(claims: dict[str, Any]) -> None:
    assert not genuine(signed(b"body=x", **claims))


@pytest.mark.parametrize(
    ("seconds", "passes"), [(-2, False), (-1, True), (0, True), (60, True), (61, False), (86_400, False)]
)
def test_a_request_is_good_for_its_minute_by_the_requests_own_clock(seconds: int, passes: bool) -> None:
    assert genuine(replace(signed(b"body=x"), now=NOW + timedelta(seconds=seconds))) is passes


@pytest.mark.parametrize(
    "garbage",
    [None, "", " ", ".", "..", "...", "a.b.c", "é" * 40, "\udcff", "e30.e30.", "W10.W10.W10", "x" * 100_000,
     "eyJhbGciOlsiSFMyNTYiXX0.e30.AAAA", "eyJhbGciOiJIUzI1NiIsImtpZCI6N30.e30.AAAA"],
)  # fmt: skip
def test_a_missing_or_garbled_token_is_refused(garbage: str | None) -> None:
    assert not genuine(replace(signed(b"body=x"), headers={} if garbage is None else {HEADER: garbage}))


def test_a_token_that_is_no_object_is_refused() -> None:
    token = jwt.PyJWS().encode(b"[" * 5000, KEY, algorithm="HS256")
    assert not genuine(replace(signed(b"x"), headers={HEADER: token}))
    assert not genuine(replace(signed(b"x"), headers={HEADER: jwt.PyJWS().encode(b"7", KEY, algorithm="HS256")}))


@pytest.mark.parametrize("algorithm", ["none", "RS256"])
def test_a_token_of_another_kind_is_refused(algorithm: str) -> None:
    head, payload, _ = signed(b"body=x").headers[HEADER].split(".")
    forged = jwt.utils.base64url_encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).decode()
    for token in (f"{forged}.{payload}.", f"{forged}.{payload}.AAAA", f"{head}.{payload}."):
        assert not genuine(replace(signed(b"body=x"), headers={HEADER: token}))


# --- what came in


def test_a_text_is_read_whole() -> None:
    said = Inbound("messagebird", "3b53c137369242138120d6b0b2122607", CITIZEN, WORDS, None)
    assert messagebird.to_inbound_sms(text()) == said


@pytest.mark.parametrize(
    "words", ["a\x00b\x1b", "baris satu\r\nbaris dua ", "a+b%20c&d=e", "[]{}€^|~\\ <&>", "é" * 900]
)
def test_no_character_of_a_text_changes(words: str) -> None:
    message = messagebird.to_inbound_sms(text(body=words))
    assert isinstance(message, Inbound)
    assert message.text == words


@pytest.mark.parametrize(
    "fields",
    [
        {"mid": "m-1", "shortcode": "98108", "message": WORDS, "receive_datetime": "20261124030000"},
        {"message_id": "m-1", "payload": WORDS},
        {"id": "m-1", "body": WORDS, "message": WORDS},
    ],
)
def test_a_short_code_and_a_flow_say_the_same_with_other_names(fields: dict[str, str]) -> None:
    expected = Inbound("messagebird", "m-1", CITIZEN, WORDS, None)
    fields = {"originator": CITIZEN[1:], **fields}
    assert messagebird.to_inbound_sms(signed(urlencode(fields).encode())) == expected
    as_json = replace(signed(json.dumps(fields).encode()), headers={"content-type": "Application/JSON; charset=utf-8"})
    assert messagebird.to_inbound_sms(as_json) == expected
    got = tuple(fields.items())
    assert messagebird.to_inbound_sms(replace(signed(), query=fields, pairs=got)) == expected


def test_a_number_in_json_is_a_sender() -> None:
    body = json.dumps({"id": "m-1", "originator": int(CITIZEN), "body": WORDS, "mms": None, "parts": []}).encode()
    message = messagebird.to_inbound_sms(replace(signed(body), headers={"content-type": "application/json"}))
    assert isinstance(message, Inbound)
    assert (message.sender, message.text) == (CITIZEN, WORDS)


def test_all_ids_together_name_a_message() -> None:
    first, other = (
        messagebird.to_inbound_sms(text(("id", second), ("id", "3b53c137369242138120d6b0b2122607")))
        for second in ("x-1", "x-2")
    )
    assert isinstance(first, Inbound)
    assert isinstance(other, Inbound)
    assert first.message_id == "3b53c137369242138120d6b0b2122607.x-1"
    assert first.message_id != other.message_id


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"body=%FF&id=1&originator=2",
        b"&".join([b"a=1"] * 501),
        urlencode({"id": "m-1", "originator": "1", "body": "  "}).encode(),
        urlencode({"id": "m-1", "originator": "1", "mediaUrls": "https://x.example/a.jpg", "mms": "true"}).encode(),
        urlencode({"originator": "1", "body": "x"}).encode(),
        urlencode({"id": "i" * 201, "originator": "1", "body": "x"}).encode(),
        urlencode({"id": "m-1", "body": "x"}).encode(),
        urlencode([("id", "m-1"), ("originator", "1"), ("body", "x"), ("body", "y")]).encode(),
        urlencode([("id", "m-1"), ("originator", "1"), ("originator", "2"), ("body", "x")]).encode(),
        urlencode([("id", "m-1"), ("originator", "1"), ("body", "x"), ("message", "y")]).encode(),
    ],
)
def test_what_cannot_be_read_as_one_text_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        messagebird.to_inbound_sms(signed(body))


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"7", b'{"body": "a", "body": "b"}', b'{"body": "\\ud800"}', b"[" * 99_999]
)
def test_json_that_is_none_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        messagebird.to_inbound_sms(replace(signed(body), headers={"content-type": "application/json"}))


def test_nothing_at_all_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        messagebird.to_inbound_sms(signed())


# --- what became of ours


@pytest.mark.parametrize(
    ("status", "delivered"), [("delivered", True), ("delivery_failed", False), ("expired", False), ("rejected", False)]
)
def test_a_final_report_says_what_became_of_the_message_that_we_know(status: str, delivered: bool) -> None:
    call = report(status=status)
    assert genuine(call)
    said = DeliveryReport("messagebird", MESSAGE_ID, "e8077d803532c0b5937c639b60216938", delivered)
    assert messagebird.to_inbound_sms(call) == said
    assert messagebird.to_inbound_sms(signed(urlencode(call.pairs).encode())) == said, "POSTed, it says the same"


@pytest.mark.parametrize(
    "fields",
    [{"status": "sent"}, {"status": "buffered"}, {"status": "scheduled"}, {"status": "x"}, {"reference": None}],
)
def test_an_interim_or_foreign_report_is_nothing_to_do(fields: dict[str, str | None]) -> None:
    with pytest.raises(NotAMessage):
        messagebird.to_inbound_sms(report(**fields))


def test_a_text_that_names_a_status_is_still_a_text() -> None:
    assert isinstance(messagebird.to_inbound_sms(text(status="received")), Inbound)


def test_a_report_with_two_statuses_is_unreadable() -> None:
    call = report()
    with pytest.raises(Unreadable):
        messagebird.to_inbound_sms(replace(call, pairs=(*call.pairs, ("status", "expired"))))


# --- sending


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    with carrier_on() as told:
        yield told


def city(url: str, **changes: Any) -> SmsProvider:
    return replace(SmsProvider(KEY, url=url, password=TOKEN, sender=CITY, webhook=URL), **changes)


def test_a_message_goes_out_with_a_reference_and_in_whatever_alphabet_it_needs(carrier: Carrier) -> None:
    assert messagebird.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url)) == "carrier-1"
    path, headers, body = carrier.only
    assert (path, headers["authorization"]) == ("/messages", f"AccessKey {TOKEN}")
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "originator": CITY,
        "recipients": [CITIZEN[1:]],
        "body": WORDS,
        "datacoding": "auto",
        "reference": REFERENCE,
        "reportUrl": URL,
    }


def test_without_an_address_of_ours_no_report_is_asked_to_it(carrier: Carrier) -> None:
    messagebird.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url, webhook=""))
    assert "reportUrl" not in json.loads(carrier.only[2])


def test_the_report_about_what_was_sent_carries_our_id(carrier: Carrier) -> None:
    messagebird.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url))
    told = messagebird.to_inbound_sms(report(reference=json.loads(carrier.only[2])["reference"]))
    assert isinstance(told, DeliveryReport)
    assert told.message_id == MESSAGE_ID


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"id": 7}', b"\xff" * 100])
def test_a_carrier_that_took_it_need_not_say_more(carrier: Carrier, answer: bytes) -> None:
    carrier.answer = answer
    assert messagebird.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url)) == REFERENCE


@pytest.mark.parametrize(("status", "down"), [(401, False), (405, False), (422, False), (429, True), (500, True)])
def test_a_refusal_names_nobody(carrier: Carrier, status: int, down: bool, caplog: pytest.LogCaptureFixture) -> None:
    carrier.status, carrier.answer = status, f'{{"text": "{CITIZEN} {WORDS}"}}'.encode()
    error = failure_of(lambda: messagebird.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url)), caplog, TOKEN)
    assert (str(error), isinstance(error, CarrierDown)) == (f"messagebird answered {status}", down)
    assert len(carrier.asked) == 1


def test_nobody_listening_is_a_carrier_that_is_down(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = failure_of(lambda: messagebird.send(CITIZEN, WORDS, MESSAGE_ID, city(url)), caplog, TOKEN)
    assert isinstance(error, CarrierDown)


@pytest.mark.parametrize("missing", ["password", "sender"])
def test_without_its_settings_nothing_is_sent(carrier: Carrier, missing: str, caplog: pytest.LogCaptureFixture) -> None:
    failure_of(lambda: messagebird.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url, **{missing: ""})), caplog)
    assert carrier.asked == []


def test_messagebird_is_told_ok() -> None:
    reply = messagebird.answer("Tiket 7K3QD-9XW2M")
    assert (reply.status, reply.body) == (200, "OK")
