"""A complaint as it comes in, and what follows from how it stands: what is owed on it, and when it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.arrival import EnteredChannel, file_complaint
from chalicelib.domain.complaint import Complaint, Entry, Filing, Status, Suggestion
from chalicelib.domain.deadlines import deadline_after
from chalicelib.domain.life import add_message, answer, close, miss_finish, reopen
from chalicelib.domain.policy import Policy
from chalicelib.domain.routing import Route
from tests.unit.samples import (
    ADMIN,
    ANSWER_DUE,
    ARRIVAL,
    CALENDAR,
    CERTAIN,
    OFFICER,
    POLICY,
    TICKET,
    UNSURE,
    WINDOW_END,
    answered,
    at,
    data,
    dispatched,
    filed,
    in_progress,
    merged,
    rated,
    rejected,
    silently_closed,
    swept,
    waiting,
)

LATER = ARRIVAL + timedelta(hours=3)

# ------------------------------------------------------------------------------------------------ filing


def test_what_the_rules_are_sure_of_is_with_its_division_at_once() -> None:
    complaint = filed(CERTAIN)
    assert complaint.status is Status.DISPATCHED
    assert (complaint.opd, complaint.division, complaint.category) == ("dpuprpkp", "pju", "pju")
    assert complaint.suggestion is None
    received, sent = complaint.timeline
    assert received == Entry(ARRIVAL, "received", "reporter", kind="complaint")
    assert sent == Entry(
        ARRIVAL, "dispatched", "machine", opd="dpuprpkp", division="pju", category="pju", clock=1, deadline=ANSWER_DUE
    )


def test_what_they_are_not_sure_of_waits_for_the_admin_with_a_suggestion() -> None:
    complaint = filed(UNSURE)
    assert complaint.status is Status.RECEIVED
    assert (complaint.opd, complaint.division, complaint.category) == (None, None, None)
    assert complaint.suggestion == Suggestion("dpuprpkp", "pju", "pju", None, ("lampu",))
    assert (complaint.clock, complaint.answer_due_at, complaint.next_rung_at) == (0, None, None)
    assert [entry.entry for entry in complaint.timeline] == ["received"]


@pytest.mark.parametrize("lacking", [{"opd": None}, {"division": None}, {"certain": False}])
def test_certainty_without_a_division_dispatches_nothing(lacking: dict[str, Any]) -> None:
    assert filed(replace(CERTAIN, **lacking)).status is Status.RECEIVED


@pytest.mark.parametrize(
    ("kind", "finish"),
    [("complaint", "2026-12-14"), ("question", "2026-12-01"), ("idea", "2026-12-01"), ("information", "2026-12-01")],
)
def test_the_verify_and_the_finish_clock_start_on_arrival(kind: str, finish: str) -> None:
    complaint = filed(replace(UNSURE, kind=kind))
    assert complaint.kind == kind
    assert complaint.verify_due_at == at("2026-11-28 00:00")
    assert complaint.finish_due_at == at(f"{finish} 00:00") + timedelta(days=1)
    assert complaint.timeline[0].kind == kind


def test_what_was_filed_is_kept_as_it_came() -> None:
    given: dict[str, Any] = {
        "text": "Lampu  mati\u200b", "channel": "sms", "address": "Jl. Ijen 12", "lat": -7.96, "long": 112.62,
        "photos": ("https://example.org/1.jpg",), "anonymous": True, "confidential": True, "incomplete": True,
    }  # fmt: skip
    complaint = filed(CERTAIN, **given)
    assert {name: getattr(complaint, name) for name in given} == given
    assert complaint.timeline[0].incomplete is True
    assert (complaint.ticket, complaint.received_at) == (TICKET, ARRIVAL)


@pytest.mark.parametrize(
    ("changes", "route", "checked"),
    [
        ({}, CERTAIN, True),
        ({}, UNSURE, False),
        ({"channel": "sms"}, CERTAIN, False),
        ({"channel": "staff"}, CERTAIN, False),
        ({"confidential": True}, CERTAIN, False),
        ({"anonymous": True}, CERTAIN, True),
        ({"text": "Lampu mati, hubungi 081234567890"}, CERTAIN, False),
        ({"text": "Lampu mati, tulis ke budi@gmail.com"}, CERTAIN, False),
        ({"text": "Lampu mati, lihat http://example.org"}, CERTAIN, False),
        ({"text": "Lampu mati, lihat WWW.example.org"}, CERTAIN, False),
    ],
)
def test_the_public_reads_at_once_only_what_a_rule_may_check(
    changes: dict[str, Any], route: Route, *, checked: bool
) -> None:
    assert filed(route, **changes).checked is checked


@pytest.mark.parametrize(
    ("day", "kind", "provisional"),
    [("2027-12-27", "complaint", True), ("2027-12-30", "question", True), ("2026-11-24", "complaint", False)],
)
def test_a_deadline_beyond_the_known_calendar_is_flagged_and_nobody_is_refused(
    day: str, kind: str, *, provisional: bool
) -> None:
    for route in (CERTAIN, UNSURE):
        assert filed(replace(route, kind=kind), at(f"{day} 10:00")).provisional is provisional


def test_a_complaint_of_a_supervised_category_has_the_long_finish_deadline_at_once() -> None:
    given = Filing("Pungli di kantor", "web")
    sent = file_complaint(given, TICKET, ARRIVAL, CERTAIN, CALENDAR, POLICY, supervised=True)
    assert sent.finish_due_at == deadline_after(ARRIVAL, 60, CALENDAR)
    asked = file_complaint(given, TICKET, ARRIVAL, replace(CERTAIN, kind="question"), CALENDAR, POLICY, supervised=True)
    assert asked.finish_due_at == deadline_after(ARRIVAL, 5, CALENDAR)


def test_a_category_has_its_own_deadlines_where_the_policy_says_so() -> None:
    own = Policy.from_data({**data("policy.json"), "categories": {"pju": {"verify": 1, "answer": 2, "finish": 30}}})
    for route in (CERTAIN, UNSURE):
        complaint = file_complaint(Filing("Lampu mati", "web"), TICKET, ARRIVAL, route, CALENDAR, own)
        assert complaint.verify_due_at == deadline_after(ARRIVAL, 1, CALENDAR)
    sent = file_complaint(Filing("Lampu mati", "web"), TICKET, ARRIVAL, CERTAIN, CALENDAR, own)
    assert sent.answer_due_at == deadline_after(ARRIVAL, 2, CALENDAR)
    assert sent.finish_due_at == deadline_after(ARRIVAL, 30, CALENDAR)


def test_its_first_entry_says_who_brought_it() -> None:
    given = Filing("Lampu mati", "desk")
    for route in (CERTAIN, UNSURE):
        entered = file_complaint(given, TICKET, ARRIVAL, route, CALENDAR, POLICY, by=ADMIN)
        assert (entered.timeline[0].by, entered.timeline[0].who) == ("admin", "admin-1")
        assert (filed(route).timeline[0].by, filed(route).timeline[0].who) == ("reporter", None)


@pytest.mark.parametrize("channel", EnteredChannel)
def test_what_staff_entered_waits_for_a_person_before_the_public_reads_it(channel: EnteredChannel) -> None:
    assert not filed(CERTAIN, channel=channel).checked
    assert filed(CERTAIN, channel="web").checked


# ------------------------------------------------------------------------------------------------ as it stands


IN: dict[str, Callable[[], Complaint]] = {
    "received": filed, "dispatched": dispatched, "in_progress": in_progress, "waiting": waiting, "answered": answered,
    "closed": rated, "rejected": rejected, "merged": merged,
}  # fmt: skip
OPEN = {"received", "dispatched", "in_progress"}


@pytest.mark.parametrize("status", Status)
def test_something_is_owed_until_the_final_answer_and_not_while_the_reporter_is_waited_for(status: Status) -> None:
    assert IN[status]().status is status
    assert IN[status]().is_open is (status in OPEN)
    assert IN[status]().is_with_division is (status in OPEN - {"received"})


def test_it_is_overdue_from_the_deadline_on_until_it_is_answered() -> None:
    assert not dispatched().is_overdue(ANSWER_DUE - timedelta(microseconds=1))
    assert dispatched().is_overdue(ANSWER_DUE)
    assert not answered(final=False).is_overdue(ANSWER_DUE)
    assert not filed().is_overdue(ANSWER_DUE)
    assert not waiting().is_overdue(ANSWER_DUE)


def test_what_is_owed_next_is_the_dispatch_then_the_answer_then_the_finish() -> None:
    assert filed().owed_at == filed().verify_due_at == at("2026-11-28 00:00")
    assert in_progress().owed_at == ANSWER_DUE
    assert answered(final=False).owed_at == filed().finish_due_at == at("2026-12-15 00:00")


@pytest.mark.parametrize(
    ("complaint", "wakes"),
    [
        (filed(), "2026-11-28"),
        (swept(filed(), at("2026-11-28 00:00")), "2026-12-15"),
        (filed(replace(UNSURE, kind="question")), "2026-11-28"),
        (dispatched(), "2026-12-02"),
        (swept(dispatched(), ANSWER_DUE), "2026-12-05"),
        (answered(final=False), "2026-12-15"),
        (miss_finish(answered(final=False), at("2026-12-15 00:00"), at("2026-12-15 00:00")), None),
        (miss_finish(dispatched(), at("2026-12-15 00:00"), at("2026-12-15 00:00")), "2026-12-02"),
        (waiting(), "2026-12-09"),
        (answered(), "2026-12-09"),
        (rated(), None),
        (silently_closed(), None),
        (rejected(), None),
        (merged(), None),
    ],
)
def test_it_is_looked_at_when_the_first_thing_can_run_out(complaint: Complaint, wakes: str | None) -> None:
    assert complaint.wake_at == (at(f"{wakes} 00:00") if wakes else None)


def test_a_finish_that_is_due_before_the_answer_is_not_slept_through() -> None:
    late = replace(dispatched(), finish_due_at=ANSWER_DUE - timedelta(days=1))
    assert late.wake_at == ANSWER_DUE - timedelta(days=1)


def test_a_finish_is_missed_of_the_running_clock_only() -> None:
    missed = miss_finish(dispatched(), at("2026-12-15 00:00"), at("2026-12-15 00:05"))
    done = answer(missed, "Sudah.", OFFICER, at("2026-12-15 08:00"), CALENDAR, POLICY, final=True)
    again = reopen(done, "Masih mati.", at("2026-12-16 08:00"), CALENDAR, POLICY)
    assert [one.has_missed_finish for one in (dispatched(), missed, done, again)] == [False, True, True, False]


def test_the_rating_is_that_of_the_last_answer() -> None:
    assert (filed().rating, answered().rating, rated().rating) == (None, None, 4)
    assert reopen(rated(), "Masih mati.", LATER, CALENDAR, POLICY).rating is None


def test_its_entries_are_found_by_name_newest_first() -> None:
    complaint = add_message(add_message(dispatched(), "Satu", LATER, CALENDAR), "Dua", LATER, CALENDAR)
    assert [entry.text for entry in complaint.entries("message")] == ["Dua", "Satu"]
    assert [entry.entry for entry in complaint.entries("received", "dispatched")] == ["dispatched", "received"]


def test_nothing_that_is_over_has_a_running_clock() -> None:
    over = (rated(), rejected(), merged(), silently_closed(), close(answered(), WINDOW_END, WINDOW_END))
    assert all((one.running_deadline, one.next_rung_at, one.is_open) == (None, None, False) for one in over)
