"""The ladder of one complaint: a rung only when its time has come, one at a time, and never after an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.complaint import ADMIN_DESK, Complaint, Entry, Reason, Rung, Status
from chalicelib.domain.deadlines import deadline_after
from chalicelib.domain.escalation import Escalation, decide_escalation, escalated
from chalicelib.domain.life import answer, dispatch, forward, refuse, reject, reopen
from tests.unit.samples import (
    ADMIN,
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
    merged,
    rated,
    redispatched,
    rejected,
    swept,
    waiting,
)

INSTANT = timedelta(microseconds=1)
WARNED = swept(dispatched(), ANSWER_DUE)
VESTED = swept(WARNED, at("2026-12-05 00:00"))
REPLACED = swept(VESTED, at("2026-12-10 00:00"))
VERIFY_DUE = at("2026-11-28 00:00")
WARNED_ADMIN = swept(filed(), VERIFY_DUE)


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
    late = answer(complaint, "Sudah.", OFFICER, at("2026-12-09 08:00"), CALENDAR, POLICY, final=final)
    assert late.next_rung_at is None
    assert decided(late, at("2030-01-01 00:00")) is None
    assert (late.rung, late.escalations) == (complaint.rung, complaint.escalations)


def test_beyond_the_replacement_there_is_nothing() -> None:
    assert decided(REPLACED, at("2030-01-01 00:00")) is None
    assert decided(replace(REPLACED, rung_due_at=ANSWER_DUE), at("2030-01-01 00:00")) is None


@pytest.mark.parametrize(
    "complaint",
    [
        replace(WARNED_ADMIN, rung_due_at=ANSWER_DUE, opd="dpuprpkp", division="pju"),
        replace(answered(), rung_due_at=ANSWER_DUE),
        replace(waiting(), rung_due_at=ANSWER_DUE),
        replace(rated(), rung_due_at=ANSWER_DUE),
        replace(rejected(), rung_due_at=ANSWER_DUE, opd="dpuprpkp", division="pju"),
        replace(merged(), rung_due_at=ANSWER_DUE, opd="dpuprpkp", division="pju"),
        replace(dispatched(), answer_due_at=None),
        replace(dispatched(), opd=None),
        replace(dispatched(), division=None),
    ],
)
def test_what_no_division_owes_never_escalates(complaint: Complaint) -> None:
    assert decided(complaint, at("2030-01-01 00:00")) is None


def test_a_new_answer_clock_starts_the_ladder_anew_and_n_counts_on() -> None:
    again = redispatched(VESTED, at("2026-12-09 08:00"))
    assert (again.clock, again.rung, again.escalations) == (3, None, 2)  # the refusal's clock is between
    assert again.next_rung_at == at("2026-12-17 00:00")
    found = decided(again, at("2026-12-17 00:00"))
    assert found is not None
    assert (found.n, found.clock, found.rung) == (3, 3, Rung.WARNING)
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
        deadline=ANSWER_DUE, written_at=written, rung_deadline=deadline_after(now, POLICY.black_vest, CALENDAR),
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


# ------------------------------------------------------------------------------------------------ the admin is late


def test_a_missed_dispatch_is_the_admins_and_told_as_such() -> None:
    written = VERIFY_DUE + timedelta(minutes=7)
    assert decided(filed(), VERIFY_DUE - INSTANT) is None
    assert decide_escalation(filed(), VERIFY_DUE, written) == Escalation(
        ticket=TICKET, n=1, clock=0, rung=Rung.WARNING, opd=ADMIN_DESK, division=ADMIN_DESK, deadline=VERIFY_DUE,
        recorded_at=VERIFY_DUE, written_at=written,
    )  # fmt: skip
    assert WARNED_ADMIN.timeline[-1] == Entry(
        VERIFY_DUE, "escalated", "machine", opd="admin", division="admin", rung="warning", n=1, clock=0,
        deadline=VERIFY_DUE, written_at=VERIFY_DUE,
    )  # fmt: skip
    assert (WARNED_ADMIN.status, WARNED_ADMIN.opd, WARNED_ADMIN.rung_due_at) == (Status.RECEIVED, None, None)


def test_the_admin_is_warned_once_for_a_clock_and_climbs_no_further() -> None:
    assert decided(WARNED_ADMIN, at("2030-01-01 00:00")) is None


def test_each_clock_of_the_admin_may_be_missed_anew() -> None:
    late = reject(WARNED_ADMIN, Reason.SPAM, None, ADMIN, at("2026-11-30 08:00"))
    again = reopen(late, "Bukan spam.", at("2026-11-30 09:00"), CALENDAR, POLICY)
    assert swept(again, again.verify_due_at - INSTANT) is again
    twice = swept(again, again.verify_due_at)
    sent = dispatch(twice, "dpuprpkp", "pju", ADMIN, again.verify_due_at, CALENDAR, POLICY)
    refused = refuse(sent, "Bukan kami.", OFFICER, again.verify_due_at, CALENDAR, POLICY)
    thrice = swept(refused, refused.verify_due_at)
    found = [(entry.n, entry.clock, entry.opd) for entry in thrice.timeline if entry.entry == "escalated"]
    assert found == [(1, 0, "admin"), (2, 1, "admin"), (3, 3, "admin")]


def test_a_late_dispatch_is_no_breach_of_the_division() -> None:
    sent = dispatch(WARNED_ADMIN, "dpuprpkp", "pju", ADMIN, at("2026-12-01 08:00"), CALENDAR, POLICY)
    assert (sent.rung, sent.escalations) == (None, 1)
    assert sent.next_rung_at == at("2026-12-09 00:00")
    found = decided(sent, at("2026-12-09 00:00"))
    assert found is not None
    assert (found.n, found.clock, found.rung, found.opd) == (2, 1, Rung.WARNING, "dpuprpkp")


# ------------------------------------------------------------------------------------------------ a whole life


def test_ticket_clock_and_rung_name_one_escalation_of_a_life() -> None:
    now = VERIFY_DUE
    complaint = swept(filed(), now)
    complaint = dispatch(complaint, "dpuprpkp", "pju", ADMIN, now, CALENDAR, POLICY)
    for step in range(4):
        for _ in range(4):
            now += timedelta(days=14)
            complaint = swept(complaint, now)
        if step % 2:
            complaint = redispatched(complaint, now)
        else:
            there = ("dlh", "sampah") if step else ("dishub", "parkir")
            complaint = forward(complaint, *there, "Bukan kami.", OFFICER, now, CALENDAR, POLICY)
    done = answer(complaint, "Sudah.", OFFICER, now, CALENDAR, POLICY, final=True)
    complaint = swept(reopen(done, "Masih mati.", now, CALENDAR, POLICY), now + timedelta(days=30))
    found = [entry for entry in complaint.timeline if entry.entry == "escalated"]
    assert len({(entry.clock, entry.rung) for entry in found}) == len(found) == 1 + 4 * 3 + 1
    assert [entry.n for entry in found] == list(range(1, len(found) + 1))


def test_an_escalation_is_named_by_its_ticket_and_number() -> None:
    found = decided(dispatched(), ANSWER_DUE)
    assert found is not None
    assert found.id == (TICKET, 1)


DELAYS = st.lists(st.timedeltas(timedelta(0), timedelta(days=40)), max_size=12)


@given(delays=DELAYS, answer_after=st.integers(0, 12))
def test_whenever_the_sweeps_come_the_rungs_are_in_order_and_each_in_its_time(
    delays: list[timedelta], answer_after: int
) -> None:
    complaint, now = dispatched(), ARRIVAL
    for number, delay in enumerate(delays):
        now += delay
        if number == answer_after and complaint.answered_at is None:
            complaint = answer(complaint, "Sudah.", OFFICER, now, CALENDAR, POLICY, final=False)
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
