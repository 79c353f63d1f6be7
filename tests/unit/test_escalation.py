"""The ladder of one complaint: a rung only when its time has come, one at a time, and never after an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.complaint import Complaint, Entry, Rung, Status, answer
from chalicelib.domain.deadlines import deadline_after
from chalicelib.domain.escalation import Escalation, decide_escalation, escalated
from tests.unit.samples import (
    ANSWER_DUE,
    ARRIVAL,
    CALENDAR,
    OFFICER,
    POLICY,
    TICKET,
    answered,
    at,
    dispatched,
    filed,
    in_progress,
    redispatched,
    swept,
)

INSTANT = timedelta(microseconds=1)
WARNED = swept(dispatched(), ANSWER_DUE)
VESTED = swept(WARNED, at("2026-12-05 00:00"))
REPLACED = swept(VESTED, at("2026-12-10 00:00"))


def decided(complaint: Complaint, now: datetime) -> Escalation | None:
    return decide_escalation(complaint, now, now)


def test_the_first_rung_is_a_warning_at_the_answer_deadline_and_says_all() -> None:
    written = ANSWER_DUE + timedelta(minutes=7)
    assert decide_escalation(dispatched(), ANSWER_DUE, written) == Escalation(
        ticket=TICKET,
        n=1,
        clock=1,
        rung=Rung.WARNING,
        opd="dpuprpkp",
        division="pju",
        deadline=ANSWER_DUE,
        recorded_at=ANSWER_DUE,
        written_at=written,
    )


def test_each_rung_has_its_working_days_from_the_recording_of_the_one_before() -> None:
    assert [step.rung for step in (WARNED, VESTED, REPLACED)] == ["warning", "black_vest", "replacement"]
    assert WARNED.next_rung_at == at("2026-12-05 00:00")  # recorded on Wednesday the 2nd, two working days
    assert VESTED.next_rung_at == at("2026-12-10 00:00")  # recorded on Saturday the 5th, three working days
    assert REPLACED.next_rung_at is None


@pytest.mark.parametrize("complaint", [dispatched(), in_progress(), WARNED, VESTED])
def test_no_rung_is_recorded_before_its_instant(complaint: Complaint) -> None:
    due = complaint.next_rung_at
    assert due is not None
    assert decided(complaint, due - INSTANT) is None
    assert decided(complaint, due) is not None


def test_however_late_the_sweep_is_it_records_one_rung_and_the_next_counts_from_then() -> None:
    late = at("2027-03-01 08:00")
    once = swept(dispatched(), late)
    assert (once.rung, once.escalations) == (Rung.WARNING, 1)
    assert swept(once, late) is once
    assert once.next_rung_at == at("2027-03-04 00:00")
    assert swept(once, at("2027-03-03 23:59")) is once
    assert swept(once, at("2027-03-04 00:00")).rung is Rung.BLACK_VEST


@pytest.mark.parametrize("complaint", [dispatched(), in_progress(), WARNED, VESTED])
@pytest.mark.parametrize("final", [True, False])
def test_after_an_answer_nothing_escalates(complaint: Complaint, *, final: bool) -> None:
    late = answer(complaint, "Sudah.", OFFICER, at("2026-12-09 08:00"), final=final)
    assert late.next_rung_at is None
    assert decided(late, at("2030-01-01 00:00")) is None
    assert (late.rung, late.escalations) == (complaint.rung, complaint.escalations)


def test_beyond_the_replacement_there_is_nothing() -> None:
    assert decided(REPLACED, at("2030-01-01 00:00")) is None
    assert decided(replace(REPLACED, next_rung_at=ANSWER_DUE), at("2030-01-01 00:00")) is None


@pytest.mark.parametrize(
    "complaint",
    [
        filed(),
        replace(filed(), next_rung_at=ANSWER_DUE, opd="dpuprpkp", division="pju"),
        replace(answered(), next_rung_at=ANSWER_DUE),
        replace(dispatched(), next_rung_at=None),
        replace(dispatched(), opd=None),
        replace(dispatched(), division=None),
    ],
)
def test_what_no_division_owes_never_escalates(complaint: Complaint) -> None:
    assert decided(complaint, at("2030-01-01 00:00")) is None


def test_a_new_answer_clock_starts_the_ladder_anew_and_n_counts_on() -> None:
    again = redispatched(VESTED, at("2026-12-09 08:00"))
    assert (again.clock, again.rung, again.escalations) == (2, None, 2)
    assert again.next_rung_at == at("2026-12-17 00:00")
    found = decided(again, at("2026-12-17 00:00"))
    assert found is not None
    assert (found.n, found.clock, found.rung) == (3, 2, Rung.WARNING)
    assert (found.opd, found.division, found.deadline) == ("dishub", "parkir", at("2026-12-17 00:00"))


def test_a_new_answer_clock_after_the_replacement_can_climb_again() -> None:
    again = redispatched(REPLACED, at("2026-12-11 08:00"))
    assert swept(again, at("2027-06-01 08:00")).rung is Rung.WARNING


def test_what_was_recorded_stands_in_the_timeline_with_both_times() -> None:
    now, written = ANSWER_DUE + timedelta(days=30), ANSWER_DUE + timedelta(minutes=1)
    found = decide_escalation(dispatched(), now, written)
    assert found is not None
    after = escalated(dispatched(), found, CALENDAR, POLICY)
    assert after.timeline[-1] == Entry(
        now, "escalated", "machine", opd="dpuprpkp", division="pju", rung="warning", n=1, clock=1,
        deadline=ANSWER_DUE, written_at=written,
    )  # fmt: skip
    assert after.timeline[:-1] == dispatched().timeline
    assert (after.status, after.answer_due_at) == (Status.DISPATCHED, ANSWER_DUE)
    assert after.next_rung_at == deadline_after(now, POLICY.black_vest, CALENDAR)


def test_a_rung_beyond_the_known_calendar_is_flagged_and_still_climbs() -> None:
    late = swept(dispatched(), at("2027-12-30 10:00"))
    assert not dispatched().provisional
    assert (late.rung, late.provisional, late.next_rung_at) == (Rung.WARNING, True, at("2028-01-04 00:00"))
    assert not WARNED.provisional
    assert swept(replace(WARNED, provisional=True), at("2026-12-05 00:00")).provisional


DELAYS = st.lists(st.timedeltas(timedelta(0), timedelta(days=40)), max_size=12)


@given(delays=DELAYS, answer_after=st.integers(0, 12))
def test_whenever_the_sweeps_come_the_rungs_are_in_order_and_each_in_its_time(
    delays: list[timedelta], answer_after: int
) -> None:
    complaint, now = dispatched(), ARRIVAL
    for number, delay in enumerate(delays):
        now += delay
        if number == answer_after and complaint.answered_at is None:
            complaint = answer(complaint, "Sudah.", OFFICER, now, final=False)
        due, before = complaint.next_rung_at, complaint.escalations
        complaint = swept(complaint, now)
        assert complaint.escalations - before == (due is not None and due <= now)
    recorded = [entry for entry in complaint.timeline if entry.entry == "escalated"]
    assert [entry.rung for entry in recorded] == ["warning", "black_vest", "replacement"][: len(recorded)]
    assert [entry.n for entry in recorded] == list(range(1, len(recorded) + 1))
    assert all(entry.deadline is not None and entry.deadline <= entry.at for entry in recorded)
    assert complaint.answered_at is None or all(entry.at <= complaint.answered_at for entry in recorded)
    for earlier, later in pairwise(recorded):
        wait = {"warning": POLICY.black_vest, "black_vest": POLICY.replacement}[earlier.rung or ""]
        assert later.deadline == deadline_after(earlier.at, wait, CALENDAR)
