"""The citizen who sends the same three times in five minutes has one complaint; likely duplicates are suggested."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters import complaints
from chalicelib.adapters.sms_providers import Inbound
from chalicelib.domain.complaint import Actor, Role
from chalicelib.workflows import doubling, following, handling, texting
from tests.builders import Service, token
from tests.functional.doors import CITIZEN, NEIGHBOUR, ticket_in
from tests.functional.scenes import filed

FIRST = "Lampu jalan (PJU) mati di Jl. Bukirsari depan musala"
AGAIN = "Sambat lampu jalan PJU mati di jln bukirsari depan musala, tolong segera"
OTHER = "Lampu jalan (PJU) mati di Jl. Ijen depan musala"
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
PHONE = {"phone": "081200000001"}


def sms(text: str, message_id: str, minutes: int = 0, sender: str = CITIZEN) -> str:
    """Receive an SMS so many minutes after the first and return the ticket of the reply."""
    reply = texting.receive_sms(Inbound("twilio", message_id, sender, text, None), NOW + timedelta(minutes=minutes))
    return ticket_in(reply.text if reply else None)


def said(ticket: str) -> list[str | None]:
    stored = complaints.complaint_of(ticket, consistent=True)
    assert stored is not None
    return [entry.text for entry in stored.timeline if entry.entry == "message"]


def test_nearly_the_same_by_one_number_within_minutes_is_one_complaint_that_keeps_the_other_words(
    service: Service,
) -> None:
    ticket = sms(FIRST, "m-1")
    assert [sms(AGAIN, "m-2", 2), sms(AGAIN, "m-2", 3), sms(AGAIN, "m-3", 4)] == [ticket] * 3
    assert said(ticket) == [AGAIN]
    assert len(service.items("complaints")) == 1


@pytest.mark.parametrize(
    ("text", "minutes", "sender"), [(OTHER, 2, CITIZEN), (AGAIN, 10, CITIZEN), (AGAIN, 2, NEIGHBOUR)],
    ids=["another place", "after the window", "another number"],
)  # fmt: skip
def test_what_is_not_surely_the_same_is_another_complaint(
    service: Service, text: str, minutes: int, sender: str
) -> None:
    assert sms(FIRST, "m-1") != sms(text, "m-2", minutes, sender)
    assert len(service.items("complaints")) == 2


def test_what_was_answered_meanwhile_is_not_added_to(service: Service) -> None:
    ticket = sms(FIRST, "m-1")
    stored = complaints.complaint_of(ticket, consistent=True)
    assert stored is not None
    officer = Actor(Role.OPD, "sri")
    assert handling.answer(ticket, "Sudah.", officer, NOW, lambda _: True, final=True)
    assert sms(AGAIN, "m-2", 2) != ticket


def test_a_full_first_complaint_lets_the_second_be_its_own(service: Service) -> None:
    ticket = sms(FIRST, "m-1")
    for n in range(20):
        following.add_message(ticket, f"{n:02} {'x' * 3997}", NOW)
    assert sms(AGAIN, "m-2", 2) != ticket


def test_by_the_web_the_first_ticket_is_told_without_its_receipt(service: Service) -> None:
    mine = service.post("/complaints", {"text": FIRST, **PHONE}).json
    again = service.post("/complaints", {"text": AGAIN, **PHONE})
    assert (again.status, again.json["ticket"], again.json["receipt"]) == (201, mine["ticket"], None)
    assert mine["receipt"] not in again.text
    assert said(mine["ticket"]) == [AGAIN]


def test_by_the_form_a_page_says_that_the_words_were_added(service: Service) -> None:
    mine = service.form("/complaints", {"text": FIRST, **PHONE})
    again = service.form("/complaints", {"text": AGAIN, **PHONE})
    assert ticket_in(again.text) == ticket_in(mine.text)
    assert "kami tambahkan" in again.text
    assert "kami tambahkan" not in mine.text


def test_by_the_web_the_same_key_is_answered_the_same(service: Service) -> None:
    mine = service.post("/complaints", {"text": FIRST, **PHONE}).json["ticket"]
    answers = [service.post("/complaints", {"text": AGAIN, **PHONE}, idempotency_key="k") for _ in range(2)]
    assert [one.json["ticket"] for one in answers] == [mine, mine]
    assert answers[0].body == answers[1].body
    other = service.post("/complaints", {"text": OTHER, **PHONE}, idempotency_key="k")
    assert (other.status, other.json["type"].rpartition(":")[2]) == (422, "key_used_otherwise")
    assert said(mine) == [AGAIN]


@pytest.mark.parametrize(
    "more",
    [{}, {**PHONE, "address": "Jl. Bukirsari 7"}, {**PHONE, "confidential": True}, {"email": "warga@mail.example"}],
)
def test_by_the_web_what_brings_more_or_no_number_is_another_complaint(service: Service, more: dict[str, Any]) -> None:
    mine = service.post("/complaints", {"text": FIRST, **PHONE}).json["ticket"]
    other = service.post("/complaints", {"text": AGAIN, **more}).json
    assert other["ticket"] != mine
    assert other["receipt"]


def test_likely_duplicates_are_suggested_and_nothing_is_merged(service: Service) -> None:
    one = filed(FIRST)
    same = filed("PJU padam di jalan Bukirsari dekat musala sudah seminggu, gelap sekali")
    filed(OTHER)
    filed("Jalan berlubang di Jl. Veteran, aspal rusak parah")
    found = doubling.likely_duplicates(one, datetime.now(UTC))
    assert [other.ticket for other, _ in found] == [same.ticket]
    assert {item["status"]["S"] for item in service.items("complaints")} == {"dispatched"}


def test_what_is_over_is_not_suggested(service: Service) -> None:
    one = filed(FIRST)
    same = filed("PJU padam di jalan Bukirsari dekat musala sudah seminggu, gelap sekali")
    admin = Actor(Role.ADMIN, "admin")
    assert handling.reject(same.ticket, "spam", None, admin, datetime.now(UTC))
    assert doubling.likely_duplicates(one, datetime.now(UTC)) == []


def test_an_admin_sees_what_is_likely_the_same(service: Service) -> None:
    one = filed(FIRST)
    same = filed("PJU padam di jalan Bukirsari dekat musala sudah seminggu, gelap sekali")
    items = service.get(f"/admin/complaints/{one.ticket}/duplicates", token("admin")).json["items"]
    assert [(item["ticket"], 0.65 <= item["likeness"] <= 1) for item in items] == [(same.ticket, True)]
    assert service.get("/admin/complaints/AAAAA-AAAAA/duplicates", token("admin")).status == 404
