"""The citizen's door by SMS: three providers, each signed by somebody else's signer; one message = one complaint."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from chalice.config import Config
from chalice.local import LocalChalice, LocalGateway
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator

from chalicelib import settings
from chalicelib.adapters.sms_providers import Inbound
from chalicelib.adapters.tables import PREFIX
from chalicelib.domain import replies
from chalicelib.domain.gsm import segments
from chalicelib.domain.ticket import read_ticket
from chalicelib.workflows import texting
from tests.builders import FORM, Answer, Service, token
from tests.functional.doors import (
    CITIZEN,
    GENERIC_SECRET,
    LAMP,
    NEIGHBOUR,
    PARKING,
    PROBLEM,
    TICKET,
    VAGUE,
    Carrier,
    carrier_on,
    generic,
    generic_body,
    set_as,
    smsgate,
    smsgate_body,
    tables,
    ticket_in,
    watched_aws,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def carrier(service: Service) -> Iterator[Carrier]:
    with carrier_on() as told:
        yield told


def twilio(service: Service, text: str, message_id: str, sender: str = CITIZEN) -> Answer:
    return service.twilio(text, sender, message_id)


Deliver = Callable[[Service, str, str, str], Answer]
each = pytest.mark.parametrize("deliver", [generic, smsgate, twilio])


def at(minutes: float, text: str, message_id: str, sender: str = CITIZEN, provider: str = "twilio") -> str:
    """Take in a whole SMS so many minutes after the beginning and return the reply."""
    reply = texting.receive_sms(Inbound(provider, message_id, sender, text, None), NOW + minutes * MINUTE)
    assert reply is not None
    return reply.text


def stored(service: Service) -> list[dict[str, Any]]:
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in service.items("complaints")]


# --- one message, one complaint


@each
def test_an_sms_becomes_a_complaint_of_its_sender_not_shown_in_public(service: Service, deliver: Deliver) -> None:
    assert deliver(service, PARKING, "m-1", CITIZEN).status == 200
    (complaint,) = stored(service)
    assert (complaint["channel"], complaint["status"], complaint["opd"]) == ("sms", "dispatched", "dishub")
    assert complaint["text"] == PARKING
    assert "checked" not in complaint
    (reporter,) = service.items("reporters")
    assert reporter["phone"] == {"S": CITIZEN}
    assert reporter["provider"] == {"S": deliver.__name__}
    assert service.get(f"/complaints/{complaint['ticket']}").json["text"] is None
    assert service.get("/complaints").json["items"] == []


@each
def test_ten_deliveries_of_one_id_are_one_complaint_and_one_answer(service: Service, deliver: Deliver) -> None:
    first = deliver(service, PARKING, "m-1", CITIZEN)
    after = tables(service, "complaints", "reporters")
    for _ in range(9):
        again = deliver(service, PARKING, "m-1", CITIZEN)
        assert (again.status, again.headers, again.body) == (200, first.headers, first.body)
    assert tables(service, "complaints", "reporters") == after


def test_the_answer_stays_the_same_after_the_complaint_went_on(service: Service) -> None:
    first = service.twilio(VAGUE)
    ticket = ticket_in(first.text)
    service.post(f"/admin/complaints/{ticket}/dispatch", {"opd": "dishub", "division": "parkir"}, token("admin"))
    service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah."}, token("opd", "dishub"))
    assert service.twilio(VAGUE).body == first.body


@each
def test_ten_deliveries_at_once_are_one_complaint_and_one_answer(
    service: Service, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import app

    monkeypatch.setattr(app, "__class__", LocalChalice)  # chalice's own way to serve a request in each thread
    gateway = LocalGateway(app, Config.create())

    class Threaded(Service):
        def call(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            raw = body.encode() if isinstance(body, str) else body
            got = gateway.handle_request(method, path, sent, raw)
            return Answer(got["statusCode"], {**got["headers"], **got["multiValueHeaders"]}, got["body"].encode())

    threaded = Threaded(service.client)
    with watched_aws(), ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: deliver(threaded, PARKING, "m-1", CITIZEN), range(10)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len(stored(service)) == 1
    assert len(service.items("reporters")) == 1


def test_an_id_belongs_to_one_sender_and_one_provider(service: Service) -> None:
    replies = [at(0, LAMP, "m-1"), at(0, LAMP, "m-1", NEIGHBOUR), at(60, LAMP, "m-1", provider="generic")]
    assert len({ticket_in(reply) for reply in replies}) == 3
    phones = {item["ticket"]["S"]: item["phone"]["S"] for item in service.items("reporters")}
    assert [phones[ticket_in(reply)] for reply in replies] == [CITIZEN, NEIGHBOUR, CITIZEN]


def test_a_text_stays_whatever_its_length(service: Service) -> None:
    for n, text in enumerate(("X", "mati", LAMP * 100)):
        at(0, text, f"m-{n}")
    assert {one["text"] for one in stored(service)} == {"X", "mati", LAMP * 100}


# --- the same words under two ids


def test_the_same_words_under_two_ids_within_minutes_are_one_complaint_for_ever(service: Service) -> None:
    first = at(0, PARKING, "m-1")
    for text in (PARKING, PARKING.upper(), f"  {PARKING}\n", PARKING.replace(" ", "  ")):
        assert at(5, text, "m-2") == first
    assert len(stored(service)) == 1
    for minutes in (11, 60, 60 * 24):
        assert at(minutes, PARKING, "m-2") == first
        assert at(minutes, PARKING, "m-1") == first
    assert len(stored(service)) == 1


def test_by_the_web_both_ids_are_answered_the_same(service: Service) -> None:
    first = service.twilio(PARKING, sid="SM1")
    assert service.twilio(PARKING, sid="SM2").body == first.body
    assert service.twilio(PARKING, sid="SM1").body == first.body
    assert len(stored(service)) == 1


def test_other_words_or_another_sender_are_another_complaint(service: Service) -> None:
    replies = [at(0, PARKING, "m-1"), at(1, PARKING, "m-2", NEIGHBOUR), at(2, f"{PARKING} lagi", "m-3")]
    assert len({ticket_in(reply) for reply in replies}) == 3


def test_the_same_words_after_the_window_are_a_new_complaint(service: Service) -> None:
    first, later = at(0, PARKING, "m-1"), at(10.1, PARKING, "m-2")
    assert ticket_in(first) != ticket_in(later)


def test_a_repetition_does_not_make_the_window_longer(service: Service) -> None:
    first = at(0, PARKING, "m-1")
    for minutes in (1, 4, 8):
        assert at(minutes, PARKING, "m-1") == at(minutes, PARKING, "m-2") == first
    assert at(10.1, PARKING, "m-3") != first


def test_an_id_keeps_its_own_ticket_after_others_claimed_its_words(service: Service) -> None:
    first, later = at(0, PARKING, "m-1"), at(15, PARKING, "m-2")
    assert at(16, PARKING, "m-1") == first
    assert at(17, PARKING, "m-2") == later
    assert at(18, PARKING, "m-3") == later
    assert len(stored(service)) == 2


# --- what it may say


@pytest.mark.parametrize("opening", ["", "SAMBAT ", "sambat", "Sambat: ", " sAmBaT.", "SAMBAT:", "«Sambat» - "])
def test_the_keyword_may_be_written_in_any_way_or_left_out(service: Service, opening: str) -> None:
    reply = at(0, f"{opening}parkir liar depan Pasar Besar, jukir tidak memberi karcis", "m-1")
    assert "DISHUB" in reply
    assert len(stored(service)) == 1


def test_replies_carry_the_ticket_and_fit_one_sms(service: Service) -> None:
    for n, text in enumerate((PARKING, LAMP, VAGUE, "(Terminal) Arjosari arah ke Balearjosari macet total")):
        reply = at(0, text, f"m-{n}")
        assert read_ticket(ticket_in(reply)) == ticket_in(reply)
        assert reply.isascii()
        assert segments(reply) == 1
    assert len(stored(service)) == 4


def test_javanese_emoji_and_odd_characters_are_kept_and_answered(service: Service) -> None:
    for n, text in enumerate(("Pak, dalane bolong kabeh rek \U0001f573", "\u202eadalaj \x01 macet", "?", "<b>&amp;")):
        assert service.twilio(text, sid=f"SM{n}").status == 200
    assert {one["text"] for one in stored(service)} >= {"?", "<b>&amp;"}


# --- commands


def test_cek_tells_the_number_that_filed_it_and_no_other(service: Service) -> None:
    ticket = ticket_in(at(0, PARKING, "m-1"))
    for n, typed in enumerate((
        f"CEK {ticket}", f"cek {ticket.lower()}", f"Cek: {ticket.replace('-', '')}", f"cek {ticket.replace('-', ' ')}",
        f"CHECK {ticket}", f"sambat cek {ticket}", f"CEK {ticket.replace('0', 'O').replace('1', 'I')}",
    )):  # fmt: skip
        reply = at(1, typed, f"c-{n}")
        assert reply.startswith(f"Tiket {ticket}: diteruskan ke DISHUB"), typed
        assert at(1, typed, f"f-{n}", NEIGHBOUR) == replies.NOT_FOUND
    wrong = ticket[:-1] + ("2" if ticket[-1] != "2" else "3")
    absent = at(1, "CEK 00000-00000", "c-8", NEIGHBOUR)
    assert absent == at(1, f"CEK {wrong}", "c-9") == replies.NOT_FOUND
    assert len(stored(service)) == 1


def test_cek_shows_the_answer_once_there_is_one(service: Service) -> None:
    ticket = ticket_in(at(0, PARKING, "m-1"))
    service.post(f"/opd/complaints/{ticket}/answer", {"text": "Jukir sudah ditertibkan."}, token("opd", "dishub"))
    assert at(1, f"CEK {ticket}", "c-1") == f"Tiket {ticket}: dijawab DISHUB: Jukir sudah ditertibkan."


def test_cek_knows_what_was_filed_on_the_web_with_that_number(service: Service) -> None:
    filed = service.post("/complaints", {"text": LAMP, "phone": "0800 0000 0001"}).json
    assert filed["ticket"] in at(0, f"CEK {filed['ticket']}", "c-1")
    assert at(0, f"CEK {filed['ticket']}", "c-2", NEIGHBOUR) == replies.NOT_FOUND


def test_words_that_only_begin_like_a_command_are_a_complaint(service: Service) -> None:
    for n, text in enumerate((
        "Cek lampu jalan di Bukirsari mati", "Tambah lampu di jalan Veteran", "Berhenti berlangganan parkir itu pungli",
        "Stop parkir liar di Pasar Besar", "Bantuan sosial belum cair", "Status jalan rusak",
    )):  # fmt: skip
        assert re.search(TICKET, at(0, text, f"m-{n}")), text
    assert len(stored(service)) == 6


def test_tambah_adds_to_ones_own_once_for_each_id(service: Service) -> None:
    ticket = ticket_in(at(0, PARKING, "m-1"))
    for _ in range(3):
        assert at(1, f"TAMBAH {ticket} Sekarang ada tiga kafe\u0301", "t-1") == replies.ADDED.format(ticket=ticket)
    assert at(1, f"TAMBAH {ticket} punya orang", "t-2", NEIGHBOUR) == replies.KEPT
    assert at(2, f"tambah {ticket.replace('-', ' ').lower()} Masih ada", "t-3") == replies.ADDED.format(ticket=ticket)
    seen = service.get(f"/admin/complaints/{ticket}", token("admin")).json
    assert [one["text"] for one in seen["timeline"] if one["entry"] == "message"] == [
        "Sekarang ada tiga kafé",
        "Masih ada",
    ]


def test_tambah_to_a_full_one_says_so(service: Service) -> None:
    ticket = ticket_in(at(0, PARKING, "m-1"))
    for n in range(11):
        assert at(1, f"TAMBAH {ticket} {n} {'x' * 7000}", f"t-{n}") == replies.ADDED.format(ticket=ticket)
    assert at(2, f"TAMBAH {ticket} 11 {'x' * 7000}", "t-11") == replies.CANNOT_ADD.format(ticket=ticket)


def test_help_is_given_and_nothing_filed(service: Service) -> None:
    for n, text in enumerate(("BANTUAN", "bantuan", " Help! ", "SAMBAT", "sambat:", "SAMBAT BANTUAN", "CEK", "TAMBAH")):
        assert at(0, text, f"m-{n}") == replies.HELP
    assert stored(service) == []


def test_after_berhenti_nothing_more_is_sent_and_the_complaint_goes_on(service: Service, carrier: Carrier) -> None:
    ticket = ticket_in(service.twilio(PARKING).text)
    assert generic(service, LAMP, "g-1").status == 200
    assert service.deliver() == []
    assert generic(service, "BERHENTI", "g-2").status == 200
    assert carrier.texts[-1] == (CITIZEN, replies.STOPPED)
    sent = len(carrier.asked)
    assert generic(service, "BERHENTI", "g-2").status == 200
    assert generic(service, f"CEK {ticket}", "g-3").status == 200
    assert generic(service, VAGUE, "g-4").status == 200
    assert smsgate(service, "BANTUAN", "s-1").status == 200
    assert "<Response/>" in service.twilio(f"CEK {ticket}", sid="SM2").text
    assert "<Response/>" in service.twilio("Jalan berlubang di Jl. Veteran", sid="SM3").text
    service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah."}, token("opd", "dishub"))
    assert service.deliver() == []
    assert len(carrier.asked) == sent
    assert len(stored(service)) == 4
    assert generic(service, "CEK " + ticket, "g-9", NEIGHBOUR).status == 200
    assert carrier.texts[-1] == (NEIGHBOUR, replies.NOT_FOUND)
    assert replies.STOPPED in service.twilio("BERHENTI", sid="SM4").text


# --- the reply goes out by the provider it came by


@pytest.mark.parametrize(("deliver", "path"), [(generic, "/generic"), (smsgate, "/smsgate/messages")])
def test_the_reply_goes_out_by_the_provider_it_came_by_once(
    service: Service, carrier: Carrier, deliver: Deliver, path: str
) -> None:
    for _ in range(3):
        assert deliver(service, PARKING, "m-1", CITIZEN).status == 200
        assert service.deliver() == []
    (asked,) = carrier.asked
    assert asked[0] == path
    ((to, text),) = carrier.texts
    assert to == CITIZEN
    assert ticket_in(text) == stored(service)[0]["ticket"]
    if deliver is generic:
        Webhook(GENERIC_SECRET).verify(asked[2], asked[1])
    for _ in range(3):
        assert deliver(service, f"CEK {ticket_in(text)}", "m-2", CITIZEN).status == 200
    assert [asked[0] for asked in carrier.asked] == [path, path]
    assert carrier.texts[-1][1].startswith(f"Tiket {ticket_in(text)}")


def test_twilio_replies_in_its_answer_and_nowhere_else(service: Service, carrier: Carrier) -> None:
    answer = service.twilio(PARKING)
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?><Response><Message>')
    assert service.deliver() == []
    assert carrier.asked == []


def test_a_command_as_the_only_part_of_one_is_replied_to(service: Service, carrier: Carrier) -> None:
    generic(service, "BANTUAN", part={"ref": "1", "number": 1, "total": 1})
    assert carrier.texts == [(CITIZEN, replies.HELP)]


def test_who_sends_from_a_name_or_a_short_code_is_sent_nothing(service: Service, carrier: Carrier) -> None:
    for n, sender in enumerate(("PASARMALANG", "1500")):
        assert generic(service, f"{PARKING} {n}", f"g-{n}", sender).status == 200
        assert generic(service, "BANTUAN", f"h-{n}", sender).status == 200
    assert service.deliver() == []
    assert carrier.asked == []
    assert len(stored(service)) == 2


def test_a_reply_that_does_not_go_out_is_tried_again_by_the_provider(service: Service, carrier: Carrier) -> None:
    carrier.status = 500
    failed = generic(service, "BANTUAN")
    assert (failed.status, failed.headers["Retry-After"]) == (503, "5")
    carrier.status = 202
    assert generic(service, "BANTUAN").status == 200
    assert generic(service, "BANTUAN").status == 200
    assert len(carrier.asked) == 2


# --- who may come in


def test_a_provider_that_is_off_is_not_there(service: Service) -> None:
    absent = service.post("/webhooks/sms/nobody", {})
    assert (absent.status, absent.headers["Content-Type"]) == (404, PROBLEM)
    with set_as(SAMBAT_SMS_TWILIO_SECRET=None, SAMBAT_SMS_GENERIC_SECRET=None):
        for off in (service.twilio(PARKING), generic(service, PARKING), service.post("/webhooks/sms/vonage", {})):
            assert (off.status, off.body) == (404, absent.body)
        assert smsgate(service, PARKING).status == 200
    assert len(stored(service)) == 1
    assert service.twilio(PARKING).status == 200


def test_an_empty_secret_stops_the_start() -> None:
    with set_as(SAMBAT_SMS_TWILIO_SECRET=" "), pytest.raises(settings.BadSetting, match="SAMBAT_SMS_TWILIO_SECRET"):
        settings.current()
    settings.current()


def bad_requests(service: Service) -> Iterator[Answer]:
    """Yield the answers to requests that no provider signed, or signed for something else, or long ago."""
    url = f"{settings.current().public_url}/webhooks/sms/twilio"
    fields = {"MessageSid": "SM1", "From": CITIZEN, "Body": PARKING}
    good = RequestValidator("twilio-token").compute_signature(url, fields)
    for signature in ("", "x", RequestValidator("other").compute_signature(url, fields), good[:-4] + "AAA="):
        yield service.form("/webhooks/sms/twilio", fields, x_twilio_signature=signature)
    yield service.form("/webhooks/sms/twilio", {**fields, "Body": VAGUE}, x_twilio_signature=good)
    yield service.form("/webhooks/sms/twilio", {**fields, "Extra": "1"}, x_twilio_signature=good)
    elsewhere = RequestValidator("twilio-token").compute_signature(url.replace("https", "http"), fields)
    yield service.form("/webhooks/sms/twilio", fields, x_twilio_signature=elsewhere, host="sambat.example")
    yield service.form("/webhooks/sms/twilio", fields)
    body = json.dumps({"id": "g", "from": CITIZEN, "to": "1", "text": PARKING, "received_at": "2026-11-24T10:00:00Z"})
    other = "whsec_b3RoZXItc2VjcmV0LW9mLTMyLWJ5dGVzLS0tLS0tLS0="
    yield generic_body(service, body.encode(), other)
    for shift in (-301, 301):
        when = datetime.now(UTC) + timedelta(seconds=shift)
        headers = {"webhook_id": "m", "webhook_timestamp": str(int(when.timestamp())),
                   "webhook_signature": Webhook(GENERIC_SECRET).sign("m", when, body)}  # fmt: skip
        yield service.call("POST", "/webhooks/sms/generic", body, content_type="application/json", **headers)
    when = datetime.now(UTC)
    signed = {"webhook_timestamp": str(int(when.timestamp())),
              "webhook_signature": Webhook(GENERIC_SECRET).sign("m", when, body)}  # fmt: skip
    yield service.call("POST", "/webhooks/sms/generic", body, content_type="application/json", **signed, webhook_id="n")
    yield service.call("POST", "/webhooks/sms/generic", body, content_type="application/json")
    yield smsgate_body(service, body.encode(), "other")
    yield service.call("POST", "/webhooks/sms/smsgate", body, content_type="application/json")
    yield service.call("POST", "/webhooks/sms/smsgate", b"\xff" * 100, content_type="application/json")


def test_a_bad_signature_is_403_and_writes_nothing(service: Service) -> None:
    service.twilio(LAMP, sid="SM0")
    before = tables(service)
    with watched_aws() as calls:
        answers = list(bad_requests(service))
    assert len(answers) == 16
    for answer in answers:
        assert (answer.status, answer.headers["Content-Type"]) == (403, PROBLEM)
        assert "errors" not in answer.json
    assert calls == []
    assert tables(service) == before


# --- authenticated, and yet unreadable

REST = b'"from": "+62800", "to": "1", "received_at": "2026-11-24T10:00:00Z"}'
UNREADABLE: dict[str, bytes] = {
    "no json": b"hello",
    "nothing": b"",
    "an array": b"[]",
    "a nest": b"[" * 100_000,
    "a field too many": b'{"id": "g", "text": "a", "x": 1, ' + REST,
    "a field too few": b'{"id": "g", ' + REST,
    "a key twice": b'{"id": "g", "id": "h", "text": "a", ' + REST,
    "a blank text": b'{"id": "g", "text": "  ", ' + REST,
    "bad utf-8": b'{"text": "\xff\xfe"}',
    "control characters": b"\x00\x01\x02" * 20_000,
    "a large one": b'"' * 250_000,
    "a large one of bytes": b"\xff" * 250_000,
}


def quarantined(service: Service) -> list[dict[str, Any]]:
    return list(service.get("/admin/quarantine", token("admin")).json["items"])


def test_what_cannot_be_read_is_kept_once_a_day_and_answered_2xx(service: Service) -> None:
    for n, (name, body) in enumerate(UNREADABLE.items(), start=1):
        for _ in range(3):
            assert generic_body(service, body).status == 200, name
        assert len(service.items("intake")) == n, name
    assert stored(service) == []
    seen = quarantined(service)
    assert len(seen) == len(UNREADABLE)
    assert {item["provider"] for item in seen} == {"generic"}
    assert "hello" in {item["body"] for item in seen}


def test_the_other_providers_put_aside_too(service: Service) -> None:
    assert smsgate_body(service, b'{"event": "sms:received", "payload": {}}').status == 200
    assert smsgate_body(service, b'{"event": "mms:received", "payload": {}}').status == 200
    mms = service.twilio("", sid="SM1", NumMedia="1")
    assert (mms.status, "<Response/>" in mms.text) == (200, True)
    assert {item["provider"] for item in quarantined(service)} == {"smsgate", "twilio"}
    assert len(quarantined(service)) == 3
    assert smsgate_body(service, b'{"event": "sms:sent", "payload": {}}').status == 200
    assert service.twilio("", sid="SM2", MessageStatus="delivered").status == 200
    assert len(quarantined(service)) == 3
    assert stored(service) == []


def test_a_text_that_no_sms_has_is_put_aside(service: Service) -> None:
    assert generic(service, "x" * 8_001).status == 200
    assert generic(service, "x" * 481, part={"ref": "1", "number": 1, "total": 2}).status == 200
    assert [item["reason"] for item in quarantined(service)] == ["TooLong", "TooLong"]
    assert stored(service) == []


def test_a_body_beyond_all_bounds_is_413(service: Service) -> None:
    assert generic_body(service, b" " * (256 * 1024 + 1)).status == 413
    assert service.items("intake") == []


# --- our own fault


@pytest.mark.parametrize("table", ["complaints", "reporters", "intake"])
def test_our_own_fault_is_503_so_that_the_provider_tries_again(service: Service, table: str) -> None:
    boto3.client("dynamodb").delete_table(TableName=f"{PREFIX}{table}")
    for deliver in (generic, smsgate, twilio):
        answer = deliver(service, PARKING, "m-1", CITIZEN)
        assert (answer.status, answer.headers["Retry-After"], answer.headers["Content-Type"]) == (503, "5", PROBLEM)
        assert "Traceback" not in answer.text
        assert "ResourceNotFound" not in answer.text


def test_our_own_fault_at_the_web_doors_is_503_as_well(service: Service) -> None:
    filed = service.post("/complaints", {"text": LAMP}).json
    boto3.client("dynamodb").delete_table(TableName=f"{PREFIX}complaints")
    ticket = filed["ticket"]
    for answer in (
        service.post("/complaints", {"text": LAMP, "phone": "0812 0000 0001"}),
        service.get(f"/complaints/{ticket}"),
        service.get("/complaints"),
        service.post(f"/complaints/{ticket}/messages", {"text": "Masih"}, x_receipt=filed["receipt"]),
    ):
        assert (answer.status, answer.headers["Content-Type"], answer.headers["Retry-After"]) == (503, PROBLEM, "5")
    for page in (
        service.form("/complaints", {"text": LAMP}),
        service.get(f"/t/{ticket}"),
        service.form(f"/t/{ticket}", {"receipt": filed["receipt"]}),
    ):
        assert (page.status, page.headers["Retry-After"]) == (503, "5")
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert service.call("POST", "/complaints", b"text=x", content_type=FORM).status == 400


def test_health_says_when_the_database_is_gone(service: Service) -> None:
    assert service.get("/health").json == {"status": "ok"}
    boto3.client("dynamodb").delete_table(TableName=f"{PREFIX}registry")
    assert service.get("/health").status == 503
