"""A long SMS whose parts are delivered one by one: in any order, twice, late, or never."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters.sms_providers import Inbound, Part
from chalicelib.adapters.tables import PREFIX
from chalicelib.domain import replies
from chalicelib.domain.ticket import read_ticket
from chalicelib.workflows import sweeping, texting
from tests.builders import Service, token
from tests.functional.doors import (
    CITIZEN,
    NEIGHBOUR,
    Call,
    Carrier,
    aws_fault,
    carrier_on,
    generic_part,
    ticket_in,
    watched_aws,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHOLE = ("Sambat parkir liar depan Pasar Besar, ", "jukir tidak memberi kar", "cis dan minta dua kali lipat")
TEXT = "".join(WHOLE)


@pytest.fixture
def carrier(service: Service) -> Iterator[Carrier]:
    with carrier_on() as told:
        yield told


def part(
    minutes: float, number: int, text: str = "", total: int = 3, ref: str = "a7", sender: str = CITIZEN, again: int = 0
) -> str | None:
    """Take in one part so many minutes after the beginning."""
    message = Inbound("generic", f"{ref}-{number}-{again}", sender, text or WHOLE[number - 1], Part(ref, number, total))
    reply = texting.receive_sms(message, NOW + minutes * MINUTE)
    return reply.text if reply else None


def sweep(minutes: float) -> dict[str, int]:
    return sweeping.sweep(NOW + minutes * MINUTE, NOW + minutes * MINUTE)


def stored(service: Service) -> list[dict[str, Any]]:
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in service.items("complaints")]


def said(service: Service, ticket: str) -> list[str]:
    seen = service.get(f"/admin/complaints/{ticket}", token("admin")).json
    return [seen["text"], *(entry["text"] for entry in seen["timeline"] if entry["entry"] == "message")]


def waiting(service: Service) -> int:
    return sum(item["pk"]["S"] == "assembling" for item in service.items("intake"))


# --- in any order, any number of times


def test_parts_in_any_order_are_one_complaint_as_it_was_written(service: Service) -> None:
    for n, order in enumerate(itertools.permutations((1, 2, 3))):
        sender = f"+62800000001{n}"
        replies = [part(n, number, ref=f"r{n}", sender=sender) for number in order]
        assert replies[:2] == [None, None]
        assert "DISHUB" in str(replies[2])
    complaints = stored(service)
    assert len(complaints) == 6
    assert {one["text"] for one in complaints} == {TEXT}
    assert not any("incomplete" in one for one in complaints)
    assert waiting(service) == 0


def test_parts_by_the_provider_are_answered_2xx_and_the_whole_is_replied_to_once(
    service: Service, carrier: Carrier
) -> None:
    for number in (2, 2, 3, 1, 1, 3, 2):
        assert generic_part(service, WHOLE[number - 1], number, 3).status == 200
        service.deliver()
    (complaint,) = stored(service)
    assert complaint["text"] == TEXT
    assert complaint["opd"] == "dishub"
    ((to, text),) = carrier.texts
    assert (to, ticket_in(text)) == (CITIZEN, complaint["ticket"])


def test_doubled_parts_change_nothing_before_and_after(service: Service) -> None:
    assert part(0, 1) is None
    assert part(0, 1, again=1) is None
    assert part(1, 3) is None
    reply = part(2, 2)
    for minutes in (2, 15, 300):
        for number in (1, 2, 3):
            assert part(minutes, number, again=minutes) == reply
    ticket = ticket_in(reply)
    assert said(service, ticket) == [TEXT]
    assert len(stored(service)) == 1


def test_parts_of_two_senders_or_two_references_never_mix(service: Service) -> None:
    for number in (1, 2, 3):
        part(0, number)
        part(0, number, f"Lampu jalan mati bagian {number}. ", sender=NEIGHBOUR)
        part(0, number, f"Jalan berlubang bagian {number}. ", ref="b8")
    assert {one["text"] for one in stored(service)} == {
        TEXT,
        "".join(f"Lampu jalan mati bagian {number}. " for number in (1, 2, 3)),
        "".join(f"Jalan berlubang bagian {number}. " for number in (1, 2, 3)),
    }


def test_a_part_may_be_one_space(service: Service) -> None:
    for number, text in enumerate(("Lampu", " ", "mati di Bukirsari"), start=1):
        generic_part(service, text, number, 3)
    assert [one["text"] for one in stored(service)] == ["Lampu mati di Bukirsari"]


def test_fifty_full_parts_are_kept_whole(service: Service, carrier: Carrier) -> None:
    for number in range(1, 51):
        generic_part(service, "\U0001f573" * 480, number, 50)
    (complaint,) = stored(service)
    assert complaint["text"] == "\U0001f573" * 480 * 50
    assert service.deliver() == []


# --- the same long message twice


def test_the_same_long_message_sent_again_within_minutes_is_one_complaint(service: Service) -> None:
    first = [part(0, number) for number in (1, 2, 3)][-1]
    second = [part(4, number, ref="b8") for number in (3, 1, 2)][-1]
    assert second == first
    assert part(30, 2, ref="b8", again=1) == first
    whole = texting.receive_sms(Inbound("smsgate", "s-1", CITIZEN, TEXT, None), NOW + 5 * MINUTE)
    assert whole
    assert whole.text == first
    assert said(service, ticket_in(first)) == [TEXT]
    third = [part(20, number, ref="c9") for number in (1, 2, 3)][-1]
    assert ticket_in(third) != ticket_in(first)
    assert len(stored(service)) == 2


# --- without its last part


def test_after_ten_minutes_the_sweep_files_what_came_marked_incomplete(service: Service) -> None:
    part(0, 1)
    part(1, 3)
    assert sweep(9.9)["filed"] == 0
    assert stored(service) == []
    assert sweep(10.1)["filed"] == 1
    (complaint,) = stored(service)
    assert complaint["text"] == f"{WHOLE[0]} … {WHOLE[2]}"
    assert complaint["incomplete"] is True
    seen = service.get(f"/admin/complaints/{complaint['ticket']}", token("admin")).json
    assert seen["incomplete"] is True
    assert seen["timeline"][0]["incomplete"] is True
    assert sweep(11)["filed"] == 0
    assert waiting(service) == 0
    assert len(stored(service)) == 1


def test_who_sent_it_is_told_of_the_incomplete_one_too(service: Service, carrier: Carrier) -> None:
    part(0, 1)
    sweep(11)
    assert service.deliver() == []
    ((to, text),) = carrier.texts
    assert (to, ticket_in(text)) == (CITIZEN, stored(service)[0]["ticket"])


def test_a_command_that_only_the_sweep_takes_in_is_done_and_answered(service: Service, carrier: Carrier) -> None:
    ticket = ticket_in([part(0, number) for number in (1, 2, 3)][-1])
    part(1, 1, f"TAMBAH {ticket} sekarang jukirnya tiga dan ", ref="b8")
    part(1, 1, "TAMBAH 7K3QD-9XW2Z kata-kata yang tidak boleh hilang", ref="c9")
    assert sweep(12)["filed"] == 2
    assert said(service, ticket) == [TEXT, "sekarang jukirnya tiga dan"]
    assert sorted(carrier.texts) == sorted([(CITIZEN, replies.ADDED.format(ticket=ticket)), (CITIZEN, replies.KEPT)])
    (kept,) = service.get("/admin/quarantine", token("admin")).json["items"]
    assert "tidak boleh hilang" in kept["body"]
    assert sweep(30)["filed"] == 0
    assert len(carrier.texts) == 2


def test_a_carrier_that_is_down_is_asked_once_a_sweep(service: Service, carrier: Carrier) -> None:
    for n in range(4):
        part(0, 1, f"TAMBAH 7K3QD-9XW2Z masih gelap {n}", ref=f"r{n}")
    carrier.status = 503
    with pytest.raises(sweeping.SweepIncomplete):
        sweep(11)
    assert len(carrier.asked) == 1
    carrier.status = 202
    assert sweep(26)["filed"] == 4
    assert len(carrier.asked) == 5


def test_the_reply_to_a_command_in_parts_arrives_when_the_carrier_is_back(service: Service, carrier: Carrier) -> None:
    ticket = ticket_in([part(0, number) for number in (1, 2, 3)][-1])
    said_more = (f"TAMBAH {ticket} sekarang jukirnya ", "tiga orang")
    generic_part(service, said_more[0], 1, 2, ref="b8")
    carrier.status = 503
    assert generic_part(service, said_more[1], 2, 2, ref="b8").status == 503
    carrier.status = 202
    for number in (2, 1, 2):
        assert generic_part(service, said_more[number - 1], number, 2, ref="b8").status == 200
    assert carrier.texts[1:] == [(CITIZEN, replies.ADDED.format(ticket=ticket))]
    assert said(service, ticket) == [TEXT, "".join(said_more).partition(f"{ticket} ")[2]]


def test_a_part_of_which_nothing_was_kept_is_told_nothing_and_comes_again(service: Service, carrier: Carrier) -> None:
    with watched_aws(lambda call: aws_fault() if call.action == "BatchWriteItem" else None):
        assert generic_part(service, "CEK 7K3QD-9XW2Z", 1, 2).status == 503
    later = datetime.now(UTC) + 11 * MINUTE
    sweeping.sweep(later, later)
    assert (carrier.texts, waiting(service)) == ([], 0)
    generic_part(service, "CEK 7K3QD-9XW2Z", 1, 2)
    assert waiting(service) == 1


def test_while_the_carrier_is_down_the_sweep_keeps_the_reply_for_the_next_one(
    service: Service, carrier: Carrier
) -> None:
    part(0, 1, "TAMBAH 7K3QD-9XW2Z masih gelap")
    carrier.status = 503
    with pytest.raises(sweeping.SweepIncomplete):
        sweep(11)
    carrier.status = 202
    assert sweep(26)["filed"] == 1
    assert carrier.texts[-1] == (CITIZEN, replies.KEPT)


def test_a_late_part_is_added_once(service: Service) -> None:
    part(0, 1)
    part(0, 3)
    sweep(11)
    ticket = stored(service)[0]["ticket"]
    replies = {part(12 + n, 2, again=n) for n in range(3)}
    assert [ticket_in(reply) for reply in replies] == [ticket]
    assert part(13, 1, again=1) in replies
    assert said(service, ticket) == [f"{WHOLE[0]} … {WHOLE[2]}", WHOLE[1]]
    assert len(stored(service)) == 1


def test_a_late_part_of_a_full_complaint_is_put_aside(service: Service) -> None:
    generic_part(service, WHOLE[0], 1, 3)
    later = datetime.now(UTC) + 11 * MINUTE
    sweeping.sweep(later, later)
    ticket = stored(service)[0]["ticket"]
    for n in range(11):
        said_more = f"TAMBAH {ticket} {n} {'x' * 7270}"
        texting.receive_sms(Inbound("twilio", f"t-{n}", CITIZEN, said_more, None), NOW)
    late = generic_part(service, "y" * 400, 2, 3)
    again = generic_part(service, "y" * 480, 3, 3)
    assert (late.status, again.status) == (200, 200)
    kept = service.get("/admin/quarantine", token("admin")).json["items"]
    bodies = " ".join(item["body"] for item in kept) + " ".join(said(service, ticket))
    assert "y" * 400 in bodies
    assert "y" * 480 in bodies
    assert {item["reason"] for item in kept} == {"TimelineFull"}


def test_a_reference_that_comes_round_again_is_another_message(service: Service) -> None:
    for number in (1, 2, 3):
        part(0, number)
    other = ("Lampu jalan (PJU) mati ", "di Jl. Bukirsari ", "sudah dua minggu")
    for number in (1, 2, 3):
        part(361, number, other[number - 1], again=1)
    assert [one["text"] for one in sorted(stored(service), key=lambda one: str(one["received"]))] == [
        TEXT,
        "".join(other),
    ]


def test_a_reference_that_comes_round_too_soon_loses_no_words(service: Service) -> None:
    ticket = ticket_in([part(0, number) for number in (1, 2, 3)][-1])
    assert ticket_in(part(60, 1, "Lampu jalan mati di Bukirsari")) == ticket
    assert said(service, ticket) == [TEXT, "Lampu jalan mati di Bukirsari"]


def test_a_part_delivered_again_after_its_reference_came_round_is_the_same_message(service: Service) -> None:
    first = [part(0, number) for number in (1, 2, 3)][-1]
    days = 29 * 24 * 60
    for minutes in (361, days):
        assert {part(minutes, number) for number in (3, 1, 2)} == {first}
        assert sweep(minutes + 11)["filed"] == 0
    assert said(service, ticket_in(first)) == [TEXT]
    assert len(stored(service)) == 1


# --- while somebody else does something


def during(service: Service, action: str, table: str, holding: str, do: Any) -> Any:
    """Do something just before the first such request reaches the database."""
    done: list[Call] = []

    def before(call: Call) -> None:
        if call.action == action and f'"{PREFIX}{table}"' in call.body and holding in call.body and not done:
            done.append(call)
            do()

    return watched_aws(before=before)


def test_the_last_part_that_comes_while_the_sweep_files_the_rest_is_not_lost(service: Service) -> None:
    part(0, 1)
    part(0, 2)
    with during(service, "PutItem", "intake", '"assembling"', lambda: sweep(11)):
        reply = part(10, 3)
    (complaint,) = stored(service)
    assert ticket_in(reply) == complaint["ticket"]
    assert " ".join(said(service, complaint["ticket"])) == f"{WHOLE[0]}{WHOLE[1]} {WHOLE[2]}"
    assert part(12, 3, again=1) == reply
    sweep(13)
    assert len(said(service, complaint["ticket"])) == 2
    assert waiting(service) == 0


def test_a_middle_part_that_comes_while_the_sweep_files_the_rest_is_not_lost(service: Service) -> None:
    part(0, 1)
    with during(service, "PutItem", "intake", '"assembling"', lambda: sweep(11)):
        assert part(10, 2) is None
    sweep(12)
    (complaint,) = stored(service)
    assert said(service, complaint["ticket"]) == [WHOLE[0], WHOLE[1]]
    sweep(13)
    assert len(said(service, complaint["ticket"])) == 2


def test_the_sweep_that_comes_while_the_last_part_files_it_changes_nothing(service: Service) -> None:
    part(0, 1)
    part(0, 2)
    with during(service, "PutItem", "complaints", "", lambda: part(10, 3)):
        sweep(11)
    (complaint,) = stored(service)
    assert said(service, complaint["ticket"]) == [TEXT]
    assert "incomplete" not in complaint


def test_the_same_text_by_another_id_that_comes_while_the_first_is_filed_is_the_same_complaint(
    service: Service,
) -> None:
    def whole(message_id: str) -> str:
        reply = texting.receive_sms(Inbound("generic", message_id, CITIZEN, TEXT, None), NOW)
        assert reply
        return reply.text

    replies_to: list[str] = []
    with during(service, "PutItem", "complaints", "", lambda: replies_to.append(whole("m-2"))):
        replies_to.append(whole("m-1"))
    (complaint,) = stored(service)
    assert {ticket_in(reply) for reply in replies_to} == {complaint["ticket"]}


def test_one_long_message_that_cannot_be_filed_holds_up_no_other_and_is_reported(service: Service) -> None:
    for sender in (CITIZEN, NEIGHBOUR):
        part(0, 1, sender=sender)

    def refuse_one(call: Call) -> Any:
        wrong = call.action == "PutItem" and f'"{PREFIX}reporters"' in call.body and CITIZEN in call.body
        return aws_fault(400, "ValidationException") if wrong else None

    with watched_aws(before=refuse_one), pytest.raises(sweeping.SweepIncomplete):
        sweep(11)
    assert [item["phone"]["S"] for item in service.items("reporters")] == [NEIGHBOUR]
    assert len(stored(service)) == 1
    assert sweep(12)["filed"] == 1
    assert len(stored(service)) == 2


def test_a_group_is_filed_under_a_ticket_of_its_own(service: Service) -> None:
    part(0, 1)
    sweep(11)
    ticket = stored(service)[0]["ticket"]
    assert read_ticket(ticket) == ticket
    (reporter,) = service.items("reporters")
    assert (reporter["ticket"]["S"], reporter["phone"]["S"]) == (ticket, CITIZEN)


def test_a_sweep_waits_by_its_own_time_and_the_complaint_arrives_by_the_clock(service: Service) -> None:
    part(0, 1)
    assert sweeping.sweep(NOW + 9 * MINUTE, NOW + 30 * MINUTE)["filed"] == 0
    assert sweeping.sweep(NOW + 11 * MINUTE, NOW + MINUTE)["filed"] == 1
    assert stored(service)[0]["received"].startswith("2026-11-24T03:01:00")
