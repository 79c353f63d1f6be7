"""The whole conversation by SMS: what a citizen can do on the web, from the phone that filed it, and from no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters import complaints
from chalicelib.domain import replies
from chalicelib.domain.gsm import segments
from chalicelib.workflows import filing
from chalicelib.workflows.reconciling import reconcile
from tests.builders import Service, token
from tests.functional.doors import CITIZEN, NEIGHBOUR, Carrier, carrier_on, generic, ticket_in

LAMP = "Sambat lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"
ASKED = "Di depan rumah nomor berapa?"
DONE = "Lampu sudah diganti oleh petugas."


@pytest.fixture
def carrier(service: Service) -> Iterator[Carrier]:
    with carrier_on() as told:
        yield told


def file(service: Service, text: str = LAMP, message_id: str = "m-1", sender: str = CITIZEN) -> str:
    """File by SMS and return the ticket."""
    assert generic(service, text, message_id, sender).status == 200
    newest = max(service.items("complaints"), key=lambda item: str(item["received"]["S"]))
    return str(newest["ticket"]["S"])


def act(service: Service, ticket: str, action: str, **body: Any) -> dict[str, Any]:
    """Let the division's officer act on the complaint."""
    answered = service.post(f"/opd/complaints/{ticket}/{action}", body, token("opd", "dpuprpkp"))
    assert answered.status == 200, answered.text
    done: dict[str, Any] = answered.json
    return done


def seen(service: Service, ticket: str) -> dict[str, Any]:
    whole: dict[str, Any] = service.get(f"/admin/complaints/{ticket}", token("admin")).json
    return whole


def steps(service: Service, ticket: str) -> list[str]:
    return [entry["entry"] for entry in seen(service, ticket)["timeline"] if entry["entry"] != "reporter_read"]


def last_to(carrier: Carrier, number: str = CITIZEN) -> str:
    return [text for to, text in carrier.texts if to == number][-1]


def count(service: Service) -> int:
    return len(service.items("complaints"))


# ------------------------------------------------------------------------------------------------ questions


def test_a_question_comes_as_sms_and_a_plain_reply_goes_to_its_ticket(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    act(service, ticket, "ask", text=ASKED)
    service.deliver()
    asked = last_to(carrier)
    assert ASKED in asked
    assert ticket in asked
    assert "Balas SMS ini" in asked
    assert segments(asked) == 1
    assert generic(service, "Depan nomor 12, dekat musala", "m-2").status == 200
    assert count(service) == 1
    assert seen(service, ticket)["status"] == "dispatched"
    assert seen(service, ticket)["timeline"][-1]["text"] == "Depan nomor 12, dekat musala"
    assert steps(service, ticket)[-1] == "replied"
    assert last_to(carrier) == replies.REPLIED.format(ticket=ticket)


def test_the_reply_delivered_again_by_any_id_is_the_same_reply(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    act(service, ticket, "ask", text=ASKED)
    for message_id in ("m-2", "m-2", "m-3", "m-2", "m-4"):
        assert generic(service, "Depan nomor 12", message_id).status == 200
    assert count(service) == 1
    assert steps(service, ticket).count("replied") == 1
    assert "message" not in steps(service, ticket)
    assert {text for _, text in carrier.texts} == {replies.REPLIED.format(ticket=ticket)}


def test_of_two_questions_the_last_is_replied_to_first(service: Service) -> None:
    first = file(service)
    second = file(service, "Sambat lampu jalan mati di Jl. Veteran depan kampus, gelap", "m-2")
    act(service, second, "ask", text=ASKED)
    act(service, first, "ask", text=ASKED)
    generic(service, "yang di pojok", "m-3")
    assert steps(service, first)[-1] == "replied"
    assert steps(service, second)[-1] == "asked"
    generic(service, "dekat jembatan", "m-4")
    assert steps(service, second)[-1] == "replied"
    assert count(service) == 2


def test_two_questions_may_have_the_same_answer_and_each_delivery_is_one(service: Service) -> None:
    ticket = file(service)
    act(service, ticket, "ask", text="Masih mati?")
    generic(service, "Ya", "m-2")
    act(service, ticket, "ask", text="Semua tiang?")
    generic(service, "Ya", "m-2")
    assert seen(service, ticket)["status"] == "waiting"
    generic(service, "Ya", "m-3")
    assert seen(service, ticket)["status"] == "dispatched"
    assert steps(service, ticket).count("replied") == 2
    assert count(service) == 1


def test_with_the_keyword_it_is_a_complaint_of_its_own(service: Service) -> None:
    ticket = file(service)
    act(service, ticket, "ask", text=ASKED)
    generic(service, "SAMBAT sampah menumpuk di Pasar Dinoyo", "m-2")
    assert count(service) == 2
    assert seen(service, ticket)["status"] == "waiting"


def test_words_of_another_number_are_no_reply(service: Service) -> None:
    ticket = file(service)
    act(service, ticket, "ask", text=ASKED)
    generic(service, "Depan nomor 12", "m-2", NEIGHBOUR)
    assert seen(service, ticket)["status"] == "waiting"
    assert count(service) == 2


def test_the_first_message_delivered_again_after_the_question_is_no_reply(service: Service) -> None:
    ticket = file(service, LAMP.removeprefix("Sambat "))
    act(service, ticket, "ask", text=ASKED)
    generic(service, LAMP.removeprefix("Sambat "), "m-1")
    assert seen(service, ticket)["status"] == "waiting"
    assert count(service) == 1


def test_after_the_window_plain_words_are_a_complaint(service: Service) -> None:
    ticket = file(service)
    act(service, ticket, "ask", text=ASKED)
    service.sweep((datetime.now(UTC) + timedelta(days=40)).isoformat())
    assert seen(service, ticket)["status"] == "dispatched"
    generic(service, "Depan nomor 12, dekat musala, gelap sekali", "m-2")
    assert count(service) == 2


# ------------------------------------------------------------------------------------------------ rating, reopening


def test_the_answer_asks_for_a_rating_which_closes_the_complaint(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    act(service, ticket, "answer", text=DONE)
    service.deliver()
    assert f"NILAI {ticket} 1-5" in last_to(carrier)
    assert segments(last_to(carrier)) == 1
    generic(service, f"nilai {ticket.lower().replace('-', ' ')} 4 lumayan cepat", "m-2")
    generic(service, f"nilai {ticket.lower().replace('-', ' ')} 4 lumayan cepat", "m-2")
    generic(service, f"nilai {ticket.lower().replace('-', ' ')} 4 lumayan cepat", "m-3")
    assert seen(service, ticket)["status"] == "closed"
    rated = [entry for entry in seen(service, ticket)["timeline"] if entry["entry"] == "rated"]
    assert [(entry["score"], entry["text"]) for entry in rated] == [(4, "lumayan cepat")]
    assert last_to(carrier) == replies.RATED.format(score=4, ticket=ticket)
    assert count(service) == 1


def test_a_score_alone_rates_the_only_complaint_that_was_answered(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    generic(service, "NILAI 5", "m-2")
    assert last_to(carrier) == replies.WHICH_TICKET.format(score=5)
    act(service, ticket, "answer", text=DONE)
    for _ in range(2):
        generic(service, "NILAI 5", "m-3")
        assert last_to(carrier) == replies.RATED.format(score=5, ticket=ticket)
    assert steps(service, ticket)[-1] == "rated"


def test_buka_with_a_reason_sends_it_back_to_the_division(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    act(service, ticket, "answer", text=DONE)
    generic(service, f"BUKA {ticket}", "m-2")
    assert last_to(carrier) == replies.HOW_TO_REOPEN.format(ticket=ticket)
    for message_id in ("m-3", "m-3", "m-4"):
        generic(service, f"BUKA {ticket} lampunya mati lagi", message_id)
    assert seen(service, ticket)["status"] == "dispatched"
    assert steps(service, ticket).count("reopened") == 1
    assert last_to(carrier) == replies.REOPENED.format(ticket=ticket)


@pytest.mark.parametrize(
    ("words", "said"),
    [("NILAI {ticket} 5", replies.CANNOT_RATE), ("BUKA {ticket} belum beres", replies.CANNOT_REOPEN)],
)
def test_what_is_not_possible_now_is_said(service: Service, carrier: Carrier, words: str, said: str) -> None:
    ticket = file(service)
    before = seen(service, ticket)
    generic(service, words.format(ticket=ticket), "m-2")
    assert last_to(carrier) == said.format(ticket=ticket)
    assert seen(service, ticket) == before


def test_a_rating_without_a_score_is_told_how(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    act(service, ticket, "answer", text=DONE)
    for n, words in enumerate(("bagus", "9", "")):
        generic(service, f"NILAI {ticket} {words}", f"m-{n + 2}")
        assert last_to(carrier) == replies.HOW_TO_RATE.format(ticket=ticket)
    assert steps(service, ticket)[-1] == "answered"


@pytest.mark.parametrize(
    "words", ["NILAI {ticket} 1", "BUKA {ticket} belum beres", "TAMBAH {ticket} x", "CEK {ticket}"]
)
def test_another_number_sees_and_does_nothing(service: Service, carrier: Carrier, words: str) -> None:
    ticket = file(service)
    act(service, ticket, "answer", text=DONE)
    before = seen(service, ticket)
    generic(service, words.format(ticket=ticket), "m-2", NEIGHBOUR)
    assert last_to(carrier, NEIGHBOUR) in (replies.NOT_FOUND, replies.KEPT)
    assert seen(service, ticket) == before
    assert count(service) == 1


def test_words_about_a_mistyped_ticket_are_kept_for_the_staff_who_make_a_complaint_of_them(
    service: Service, carrier: Carrier
) -> None:
    for message_id, words in (("m-1", "TAMBAH 7K3QD-9XW2Z lampunya tiga"), ("m-2", "BUKA 7K3QD-9XW2Y masih mati")):
        for _ in range(2):
            generic(service, words, message_id)
        assert last_to(carrier) == replies.KEPT
    generic(service, "tambah 7K3QD-9XW2Z  lampunya TIGA", "m-3")
    kept = service.get("/admin/quarantine", token("admin")).json["items"]
    assert len(kept) == 2
    assert {item["reason"] for item in kept} == {"about a ticket that this number has not filed"}
    assert CITIZEN not in str(kept)
    wholes = [service.get(f"/admin/quarantine/{one['id']}", token("admin")).json["body"] for one in kept]
    assert all(CITIZEN in whole for whole in wholes)
    assert sorted("lampunya" in whole for whole in wholes) == [False, True]
    read = {"text": LAMP, "phone": CITIZEN}
    filed = service.post(f"/admin/quarantine/{kept[-1]['id']}/complaint", read, token("admin"))
    assert filed.status == 201
    assert seen(service, filed.json["ticket"])["text"] == LAMP


# ------------------------------------------------------------------------------------------------ typed on the web


def test_a_number_typed_on_the_web_hears_the_question_but_only_words_with_the_ticket_reply(
    service: Service, carrier: Carrier
) -> None:
    ticket = service.post("/complaints", {"text": LAMP, "phone": CITIZEN}).json["ticket"]
    act(service, ticket, "ask", text=ASKED)
    service.deliver()
    assert last_to(carrier).endswith(f"Balas: TAMBAH {ticket} <jawaban>")
    other = file(service, "Anak saya sakit, puskesmas Dinoyo tutup terus")
    assert other != ticket
    assert "puskesmas" not in str(seen(service, ticket))
    for n in range(2):  # the same reply to another question is a reply
        generic(service, f"TAMBAH {ticket} nomor 12", f"m-{n + 8}")
        assert steps(service, ticket)[-1] == "replied"
        act(service, ticket, "ask", text=ASKED)


def test_neither_twin_nor_score_goes_to_what_somebody_typed_on_the_web(service: Service, carrier: Carrier) -> None:
    ticket = service.post("/complaints", {"text": LAMP, "phone": CITIZEN}).json["ticket"]
    assert file(service) != ticket
    act(service, ticket, "answer", text=DONE)
    generic(service, "NILAI 1", "m-2")
    assert last_to(carrier) == replies.WHICH_TICKET.format(score=1)
    assert steps(service, ticket)[-1] == "answered"


def test_of_a_number_that_filed_very_many_the_newest_count(service: Service) -> None:
    filed = [file(service, f"Sambat lubang nomor {n} di Jl. Veteran", f"m-{n}") for n in range(5)]
    found = complaints.tickets_of_phone(filing.phone_key(CITIZEN), limit=3, proven=True)
    assert found == filed[:1:-1]
    generic(service, "Sambat lubang nomor 0 di Jl. Veteran", "m-0")
    assert complaints.tickets_of_phone(filing.phone_key(CITIZEN), limit=3, proven=True) == found


def test_many_that_somebody_typed_hide_none_of_a_numbers_own(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    act(service, ticket, "ask", text=ASKED)
    for n in range(101):
        body = {"text": f"Lubang nomor {n} di Jl. Ijen sangat dalam", "phone": CITIZEN}
        assert service.post("/complaints", body).status == 201
    generic(service, "nomor 12", "m-9")
    assert steps(service, ticket)[-1] == "replied"
    found = service.post("/admin/complaints/search", {"phone": CITIZEN}, token("admin")).json["items"]
    assert ticket in {one["ticket"] for one in found}


# ------------------------------------------------------------------------------------------------ stop and start


def test_berhenti_stops_messages_and_mulai_starts_them_again(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    generic(service, "BERHENTI", "m-2")
    assert last_to(carrier) == replies.STOPPED
    generic(service, f"CEK {ticket}", "m-3")
    act(service, ticket, "answer", text=DONE, final=False)
    service.deliver()
    assert last_to(carrier) == replies.STOPPED
    generic(service, "mulai", "m-4")
    assert last_to(carrier) == replies.STARTED
    act(service, ticket, "answer", text=DONE)
    service.deliver()
    assert DONE in last_to(carrier)


def test_what_was_not_wanted_is_not_told_after_mulai_either(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    service.deliver()
    generic(service, "BERHENTI", "m-2")
    act(service, ticket, "answer", text=DONE)
    service.deliver()
    generic(service, "MULAI", "m-3")
    before = list(carrier.texts)
    reconcile(datetime.now(UTC) + timedelta(hours=2))
    assert carrier.texts == before
    messages = service.get(f"/admin/complaints/{ticket}/messages", token("admin")).json["items"]
    assert [(one["about"], one["state"]) for one in messages][-1] == ("answered", "unwanted")


def test_a_whole_life_by_sms_alone(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    service.deliver()
    assert ticket_in(last_to(carrier)) == ticket
    generic(service, f"TAMBAH {ticket} sekarang gelap total", "m-2")
    act(service, ticket, "ask", text=ASKED)
    generic(service, "Nomor 12", "m-3")
    act(service, ticket, "answer", text=DONE)
    generic(service, f"BUKA {ticket} mati lagi", "m-4")
    act(service, ticket, "answer", text=DONE)
    generic(service, f"NILAI {ticket} 5", "m-5")
    service.deliver()
    assert steps(service, ticket) == [
        "received", "dispatched", "message", "asked", "replied", "answered", "reopened", "answered", "rated",
    ]  # fmt: skip
    assert all(segments(text) == 1 for _, text in carrier.texts)
    assert count(service) == 1


def test_what_is_anonymous_shows_the_opd_no_number_and_goes_on_by_sms(service: Service, carrier: Carrier) -> None:
    ticket = file(service, "SAMBAT ANONIM lampu jalan (PJU) mati di Jl. Bukirsari")
    shown = service.get(f"/opd/complaints/{ticket}", token("opd", "dpuprpkp"))
    assert shown.json["anonymous"] is True
    assert CITIZEN not in shown.text
    act(service, ticket, "answer", text=DONE)
    service.deliver()
    assert DONE in last_to(carrier)


def test_what_is_confidential_is_not_there_for_the_public_and_is_for_its_number(
    service: Service, carrier: Carrier
) -> None:
    ticket = file(service, "SAMBAT RAHASIA lampu jalan (PJU) mati di Jl. Bukirsari")
    assert service.get(f"/complaints/{ticket}").status == 404
    generic(service, f"CEK {ticket}", "m-2")
    assert ticket in last_to(carrier)


# ------------------------------------------------------------------------------------------------ what staff sees of it


def test_staff_sees_what_became_of_each_message_and_no_number(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    service.deliver()
    answered = service.get(f"/admin/complaints/{ticket}/messages", token("admin"))
    told = {(one["to"], one["via"], one["about"]): one for one in answered.json["items"]}
    receipt = told["reporter", "sms", "received"]
    assert (receipt["state"], receipt["segments"], receipt["attempts"]) == ("sent", 1, 1)
    assert told["division", "email", "dispatched"]["segments"] is None
    assert CITIZEN not in answered.text
    assert service.get("/admin/complaints/AAAAA-AAAAA/messages", token("admin")).status == 404


def test_the_month_says_what_a_complaint_costs_in_segments(service: Service, carrier: Carrier) -> None:
    def sms() -> dict[str, Any]:
        counted: dict[str, Any] = service.get("/admin/stats", token("admin")).json["sms"]
        return counted

    assert sms()["segments_per_complaint"] is None
    ticket = file(service)
    generic(service, f"CEK {ticket}", "m-2")
    act(service, ticket, "answer", text="Lampu sudah diganti. " * 15)
    service.deliver()
    assert [segments(text) for _, text in carrier.texts] == [1, 1, 3]
    assert sms() == {
        "messages": 3, "segments": 5, "held": 0, "delivered": 0, "failed": 0, "emailed": 0,
        "segments_per_complaint": 5.0,
    }  # fmt: skip
