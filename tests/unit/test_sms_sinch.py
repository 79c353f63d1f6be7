"""Sinch: signed by the rule of its Python SDK, read beside the SDK's own reader, sent to a carrier over HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sinch.domains.authentication.sinch_events.v1.authentication_validation import (
    calculate_sinch_event_signature,
    compute_signed_data,
)
from sinch.domains.sms.sinch_events.v1.sms_sinch_event import SmsSinchEvent

from chalicelib.adapters.sms_providers import (
    CarrierDown,
    DeliveryReport,
    Inbound,
    NotAMessage,
    Unreadable,
    WebhookRequest,
    sinch,
)
from chalicelib.settings import SmsProvider
from tests.carrier import CITIZEN, CITY, WORDS, Carrier, carrier_on, failure_of

NOW = datetime(2026, 11, 24, 3, 0, 5, tzinfo=UTC)
SECRET, NONCE = "rahasia-hmac-sinch-0001", "01FJA8B4A7BM43YGWSG9GBV067"
URL = "https://sambat.example.go.id/api/webhooks/sms/sinch"
MESSAGE_ID, TOKEN = "7K3QD-9XW2M.4.reporter", "token-of-the-plan"
HEADER = "x-sinch-webhook-signature"


def text(**fields: Any) -> dict[str, Any]:
    whole = {"type": "mo_text", "id": "01FC66621XXXXX119Z8PMV1QPA", "from": CITIZEN[1:], "to": CITY[1:], "body": WORDS,
             "operator_id": "51010", "received_at": "2026-11-24T03:00:00.000Z"}  # fmt: skip
    return {**whole, **fields}


def report(**fields: Any) -> dict[str, Any]:
    whole = {"type": "recipient_delivery_report_sms", "batch_id": "01FC66621XXXXX119Z8PMV1QPQ", "code": 0,
             "recipient": CITIZEN[1:], "client_reference": "7K3QD-9XW2M_4_reporter", "status": "Delivered",
             "at": "2026-11-24T03:00:05.000Z"}  # fmt: skip
    return {**whole, **fields}


def summary(said: list[str], **fields: Any) -> dict[str, Any]:
    listed = [{"code": 0, "count": 1, "status": status, "recipients": [CITIZEN[1:]]} for status in said]
    return {"type": "delivery_report_sms", "batch_id": "01FC", "client_reference": "7K3QD-9XW2M_4_reporter",
            "total_message_count": len(listed), "statuses": listed, **fields}  # fmt: skip


def raw(body: bytes) -> WebhookRequest:
    return WebhookRequest("POST", URL, {}, body, {}, NOW)


def signed(message: Any, secret: str = SECRET, at: datetime = NOW, nonce: str = NONCE) -> WebhookRequest:
    """Return a request as Sinch makes it, signed by its SDK."""
    body = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    timestamp = str(int(at.timestamp()))
    signature = calculate_sinch_event_signature(compute_signed_data(body, nonce, timestamp), secret)
    headers = {f"{HEADER}-timestamp": timestamp, f"{HEADER}-nonce": nonce, f"{HEADER}-algorithm": "HmacSHA256",
               HEADER: signature, "content-type": "application/json"}  # fmt: skip
    assert SmsSinchEvent(secret).validate_authentication_header(headers, body)
    return replace(raw(body.encode()), headers=headers)


def genuine(request: WebhookRequest, secret: str = SECRET) -> bool:
    return sinch.is_genuine(request, SmsProvider(secret))


def changed(**headers: str | None) -> WebhookRequest:
    call = signed(text())
    kept = dict(call.headers)
    for name, value in headers.items():
        kept.pop(f"{HEADER}{name}")
        if value is not None:
            kept[f"{HEADER}{name}"] = value
    return replace(call, headers=kept)


# --- who may speak


def test_what_the_sdk_signed_is_genuine() -> None:
    assert genuine(signed(text()))
    assert genuine(signed(report()))


def test_the_signature_that_sinch_published_is_genuine() -> None:
    """The example of developers.sinch.com/docs/conversation/callbacks, which its SDKs test themselves with."""
    body = (
        b'{"app_id":"","accepted_time":"2021-10-18T17:49:13.813615Z","project_id":'
        b'"e2df3a34-a71b-4448-9db5-a8d2baad28e4","contact_create_notification":{"contact":{"id":'
        b'"01FJA8B466Y0R2GNXD78MD9SM1","channel_identities":[{"channel":"SMS","identity":"48123456789","app_id":""}],'
        b'"display_name":"New Test Contact","email":"new.contact@email.com","external_id":"","metadata":"",'
        b'"language":"EN_US"}},"message_metadata":""}'
    )
    signature = "6bpJoRmFoXVjfJIVglMoJzYXxnoxRujzR4k2GOXewOE="
    headers = {f"{HEADER}-timestamp": "1634579353", f"{HEADER}-nonce": NONCE, HEADER: signature}
    call = replace(raw(body), headers=headers, now=datetime.fromtimestamp(1634579353, UTC))
    assert genuine(call, "foo_secret1234"), "also without the name of the algorithm, as its SDK has it"
    assert not genuine(call, "foo_secret1235")


def test_a_changed_body_is_refused() -> None:
    call = signed(text())
    swapped = json.dumps(dict(reversed(text().items())), ensure_ascii=False).encode()
    doubled = call.body[:-1] + b', "body": "x"}'
    for body in (call.body.replace(b"Bukirsari", b"Veteran"), call.body + b" ", swapped, doubled, b"", b"\xff"):
        assert not genuine(replace(call, body=body))


def test_another_secret_is_refused_and_none_lets_nobody_in() -> None:
    assert not genuine(signed(text(), secret="another secret"))
    empty = base64.b64encode(hmac.digest(b"", f"x.{NONCE}.1795489205".encode(), hashlib.sha256)).decode()
    headers = {f"{HEADER}-timestamp": "1795489205", f"{HEADER}-nonce": NONCE, HEADER: empty}
    assert not genuine(replace(raw(b"x"), headers=headers), secret="")


@pytest.mark.parametrize("garbage", [None, "", " ", ",", "===", "é" * 40, "\udcff", "0" * 64, "x" * 100_000])
@pytest.mark.parametrize("name", ["", "-nonce", "-timestamp"])
def test_a_missing_or_garbled_header_is_refused(name: str, garbage: str | None) -> None:
    assert not genuine(changed(**{name: garbage}))


@pytest.mark.parametrize("algorithm", ["HmacSHA1", "HmacSHA512", "none", ""])
def test_another_algorithm_is_refused(algorithm: str) -> None:
    assert not genuine(changed(**{"-algorithm": algorithm}))


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_signature_is_told_apart_by_case(case: Any) -> None:
    assert not genuine(changed(**{"": case(signed(text()).headers[HEADER])}))


def test_no_headers_at_all_are_refused() -> None:
    assert not genuine(raw(b"{}"))


@pytest.mark.parametrize(
    ("seconds", "passes"), [(90_001, False), (90_000, True), (-300, True), (-301, False), (10**9, False)]
)
def test_a_day_of_retries_passes_and_five_minutes_to_come(seconds: int, passes: bool) -> None:
    assert genuine(replace(signed(text()), now=NOW + timedelta(seconds=seconds))) is passes


def test_a_timestamp_is_signed_too() -> None:
    assert not genuine(changed(**{"-timestamp": str(int(NOW.timestamp()) + 1)}))


def test_the_end_of_a_body_cannot_be_passed_off_as_the_nonce() -> None:
    call = signed(text(body="Jl. Veteran"))
    body, dot, rest = call.body.partition(b".")
    headers = {**call.headers, f"{HEADER}-nonce": f"{rest.decode()}.{NONCE}"}
    assert dot
    assert not genuine(replace(call, body=body, headers=headers))


# --- what came in


def test_a_text_is_read_whole() -> None:
    assert sinch.to_inbound_sms(signed(text())) == Inbound("sinch", text()["id"], CITIZEN, WORDS, None)


@pytest.mark.parametrize("body", ["a\x00b\x1b", "baris satu\nbaris dua ", "[]{}€^|~\\ <&>", WORDS * 20])
def test_no_character_of_a_text_changes(body: str) -> None:
    call = signed(text(body=body))
    message = sinch.to_inbound_sms(call)
    assert isinstance(message, Inbound)
    assert message.text == body == SmsSinchEvent().parse_event(call.body.decode()).body


def test_delivered_again_it_is_the_same_message() -> None:
    again = signed(text(), at=NOW + timedelta(hours=22), nonce="other")
    assert sinch.to_inbound_sms(again) == sinch.to_inbound_sms(signed(text()))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"type": 7}',
        b'{"type": "mo_text"}',
        b'{"type": "mo_text", "type": "mo_text", "id": "a", "from": "b", "body": "c"}',
        b'{"type": "mo_text", "id": "a", "from": "b", "body": "\\ud800"}',
        b"[" * 100_000,
        json.dumps(text(body=" \n")).encode(),
        json.dumps(text(body=None)).encode(),
        json.dumps(text(id="")).encode(),
        json.dumps(text(id="i" * 201)).encode(),
        json.dumps({"type": "mo_text", "from": " ", "id": "a", "body": "x"}).encode(),
        json.dumps(text(type="mo_binary", udh="050003CC0201", body="AAA=")).encode(),
        json.dumps(text(type="mo_media", body={"message": "x"})).encode(),
        json.dumps(text(type="mo_something")).encode(),
        json.dumps({**report(), "batch_id": None}).encode(),
        json.dumps(summary(["Delivered"], statuses="Delivered")).encode(),
    ],
)
def test_what_cannot_be_read_as_one_text_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        sinch.to_inbound_sms(raw(body))


# --- what became of ours


@pytest.mark.parametrize(
    ("status", "delivered"),
    [
        ("Delivered", True),
        ("DELIVERED", True),
        ("Aborted", False),
        ("Cancelled", False),
        ("Rejected", False),
        ("Deleted", False),
        ("Failed", False),
        ("EXPIRED", False),
    ],
)
def test_a_final_report_says_what_became_of_the_message_that_we_know(status: str, delivered: bool) -> None:
    said = DeliveryReport("sinch", MESSAGE_ID, "01FC66621XXXXX119Z8PMV1QPQ", delivered)
    assert sinch.to_inbound_sms(signed(report(status=status))) == said
    assert sinch.to_inbound_sms(signed(summary([status]))) == replace(said, carrier_id="01FC")


@pytest.mark.parametrize(
    "message",
    [
        report(status="Queued"),
        report(status="Dispatched"),
        report(status="Unknown"),
        report(status=""),
        report(client_reference=None),
        report(client_reference=""),
        summary([]),
        summary(["Delivered", "Failed"]),
        summary(["Queued"]),
        report(type="recipient_delivery_report_mms"),
        summary(["Delivered"], type="delivery_report_mms"),
    ],
)
def test_an_interim_or_foreign_report_is_nothing_to_do(message: dict[str, Any]) -> None:
    with pytest.raises(NotAMessage):
        sinch.to_inbound_sms(signed(message))


# --- sending


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    with carrier_on() as told:
        yield told


def city(url: str, **changes: Any) -> SmsProvider:
    whole = SmsProvider(SECRET, url=url, account="plan/1", password=TOKEN, sender=CITY, webhook=URL)
    return replace(whole, **changes)


def test_a_message_goes_out_as_a_batch_of_one_that_names_itself(carrier: Carrier) -> None:
    assert sinch.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url)) == "carrier-1"
    path, headers, body = carrier.only
    assert (path, headers["authorization"]) == ("/xms/v1/plan%2F1/batches", f"Bearer {TOKEN}")
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "from": CITY,
        "to": [CITIZEN],
        "body": WORDS,
        "client_reference": "7K3QD-9XW2M_4_reporter",
        "delivery_report": "per_recipient_final",
        "callback_url": URL,
    }


def test_without_an_address_of_ours_no_report_is_asked_to_it(carrier: Carrier) -> None:
    sinch.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url, webhook=""))
    assert "callback_url" not in json.loads(carrier.only[2])


def test_the_report_about_what_was_sent_carries_our_id(carrier: Carrier) -> None:
    sinch.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url))
    reference = json.loads(carrier.only[2])["client_reference"]
    told = sinch.to_inbound_sms(signed(report(client_reference=reference)))
    assert isinstance(told, DeliveryReport)
    assert told.message_id == MESSAGE_ID


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"id": 7}', b"\xff" * 100])
def test_a_carrier_that_took_it_need_not_say_more(carrier: Carrier, answer: bytes) -> None:
    carrier.answer = answer
    assert sinch.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url)) == "7K3QD-9XW2M_4_reporter"


@pytest.mark.parametrize(("status", "down"), [(400, False), (401, False), (403, False), (429, True), (503, True)])
def test_a_refusal_names_nobody(carrier: Carrier, status: int, down: bool, caplog: pytest.LogCaptureFixture) -> None:
    carrier.status, carrier.answer = status, f'{{"text": "{CITIZEN} {WORDS}"}}'.encode()
    error = failure_of(lambda: sinch.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url)), caplog, TOKEN)
    assert (str(error), isinstance(error, CarrierDown)) == (f"sinch answered {status}", down)
    assert len(carrier.asked) == 1


def test_nobody_listening_is_a_carrier_that_is_down(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = failure_of(lambda: sinch.send(CITIZEN, WORDS, MESSAGE_ID, city(url)), caplog, TOKEN)
    assert isinstance(error, CarrierDown)


@pytest.mark.parametrize("missing", ["account", "password", "sender"])
def test_without_its_settings_nothing_is_sent(carrier: Carrier, missing: str, caplog: pytest.LogCaptureFixture) -> None:
    failure_of(lambda: sinch.send(CITIZEN, WORDS, MESSAGE_ID, city(carrier.url, **{missing: ""})), caplog)
    assert carrier.asked == []


def test_sinch_is_told_that_it_was_taken() -> None:
    reply = sinch.answer("Tiket 7K3QD-9XW2M")
    assert (reply.status, json.loads(reply.body)) == (200, {"status": "accepted"})
