"""The calendar changed: open deadlines move with it, the timeline says so once, and what has passed or stands stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.arrival import file_complaint
from chalicelib.domain.complaint import Complaint, Entry, Filing, Kind, Reason, Rung
from chalicelib.domain.deadlines import Calendar, deadline_after, working_days_between
from chalicelib.domain.life import add_message, answer, ask, dispatch, forward, refuse, reject, reopen
from chalicelib.domain.moving import Change, move_deadlines
from chalicelib.domain.policy import Policy
from chalicelib.domain.record import differences
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

FRIDAY = date(2026, 11, 27)
WITH_FRIDAY = replace(CALENDAR, holidays=CALENDAR.holidays | {FRIDAY})
NOW = at("2026-11-25 08:00")
FINISH_DUE = at("2026-12-15 00:00")
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


def changed(new: Calendar = WITH_FRIDAY, old: Calendar = CALENDAR, when: datetime = NOW) -> Change:
    return Change(old, new, ADMIN, when)


def moved(
    complaint: Complaint, change: Change | None = None, now: datetime | None = None, *, supervised: bool = False
) -> Complaint:
    change = change or changed()
    return move_deadlines(complaint, change, POLICY, now or change.at, supervised=supervised)


def with_holiday(day: str) -> Calendar:
    return replace(CALENDAR, holidays=CALENDAR.holidays | {date.fromisoformat(day)})


def test_the_admins_own_deadline_moves_and_the_timeline_says_so() -> None:
    before = filed()
    after = moved(before)
    assert (before.verify_due_at, after.verify_due_at) == (at("2026-11-28 00:00"), at("2026-12-01 00:00"))
    assert after.finish_due_at == FINISH_DUE + DAY
    assert after.timeline == (
        *before.timeline,
        Entry(NOW, "deadlines_moved", "admin", "admin-1", clock=0, deadline=at("2026-12-01 00:00"),
              finish_deadline=FINISH_DUE + DAY),
    )  # fmt: skip
    assert replace(after, timeline=before.timeline, verify_due_at=before.verify_due_at,
                   finish_due_at=before.finish_due_at) == before  # fmt: skip


@pytest.mark.parametrize("complaint", [dispatched(), in_progress()])
def test_the_divisions_deadline_moves_and_its_clock_stays_the_same(complaint: Complaint) -> None:
    after = moved(complaint)
    assert after.answer_due_at == after.next_rung_at == after.timeline[-1].deadline == ANSWER_DUE + DAY
    assert (after.finish_due_at, after.clock, after.status) == (FINISH_DUE + DAY, 1, complaint.status)
    assert list(differences(after, [])) == []


def test_a_holiday_taken_away_brings_deadlines_nearer() -> None:
    late = replace(dispatched(), answer_due_at=ANSWER_DUE + DAY, finish_due_at=FINISH_DUE + DAY)
    after = moved(late, changed(CALENDAR, WITH_FRIDAY))
    assert (after.answer_due_at, after.finish_due_at) == (ANSWER_DUE, FINISH_DUE)


@pytest.mark.parametrize("complaint", [waiting(), answered(), rated()])
def test_the_reporters_window_moves_and_what_stands_still_stays(complaint: Complaint) -> None:
    after = moved(complaint)
    assert after.window_until == after.timeline[-1].deadline == WINDOW_END + DAY
    assert (after.answer_due_at, after.finish_due_at) == (ANSWER_DUE, FINISH_DUE)
    assert after.timeline[-1].finish_deadline is None
    assert list(differences(after, [])) == []


def test_after_an_interim_answer_only_the_finish_moves() -> None:
    after = moved(answered(final=False))
    assert (after.answer_due_at, after.finish_due_at) == (ANSWER_DUE, FINISH_DUE + DAY)
    assert after.timeline[-1].deadline is None


@pytest.mark.parametrize("complaint", [silently_closed(), rejected(), merged()])
def test_nothing_moves_on_what_is_over(complaint: Complaint) -> None:
    assert moved(complaint) is complaint


def test_nothing_moves_where_the_change_is_outside() -> None:
    assert moved(dispatched(), changed(with_holiday("2026-11-28"))).timeline == dispatched().timeline  # a Saturday
    assert moved(dispatched(), changed(with_holiday("2027-03-02"))) == dispatched()


def test_what_has_passed_stays() -> None:
    now = ANSWER_DUE
    after = moved(dispatched(), changed(when=now))
    assert (after.answer_due_at, after.timeline[-1].deadline) == (ANSWER_DUE, None)
    assert after.finish_due_at == FINISH_DUE + DAY
    assert moved(dispatched(), changed(when=FINISH_DUE)) == dispatched()


def test_a_holiday_taken_away_afterwards_lets_nobody_be_late_at_once() -> None:
    late = replace(dispatched(), answer_due_at=ANSWER_DUE + DAY)
    for now, due in ((ANSWER_DUE - INSTANT, ANSWER_DUE), (ANSWER_DUE, ANSWER_DUE + DAY)):
        assert moved(late, changed(CALENDAR, WITH_FRIDAY, when=now)).answer_due_at == due


def test_it_moves_once_for_a_change_and_again_for_the_next() -> None:
    once = moved(dispatched())
    assert moved(once, now=NOW + timedelta(minutes=15)) is once
    later = NOW + timedelta(hours=1)
    two = replace(WITH_FRIDAY, holidays=WITH_FRIDAY.holidays | {date(2026, 11, 30)})
    twice = moved(once, changed(two, WITH_FRIDAY, later))
    assert twice.answer_due_at == ANSWER_DUE + 2 * DAY
    assert [entry.entry for entry in twice.timeline].count("deadlines_moved") == 2


def test_the_next_rung_moves_with_its_own_days() -> None:
    warned = swept(dispatched(), ANSWER_DUE)
    now = at("2026-12-02 08:00")
    after = moved(warned, changed(with_holiday("2026-12-04"), when=now))
    assert (warned.next_rung_at, after.next_rung_at) == (at("2026-12-05 00:00"), at("2026-12-08 00:00"))
    assert after.timeline[-1].rung_deadline == at("2026-12-08 00:00")
    assert (after.timeline[-1].deadline, after.answer_due_at) == (None, ANSWER_DUE)
    vested = swept(warned, at("2026-12-05 00:00"))
    later = moved(vested, changed(with_holiday("2026-12-08"), when=at("2026-12-07 08:00")))
    assert (vested.next_rung_at, later.next_rung_at) == (at("2026-12-10 00:00"), at("2026-12-11 00:00"))
    assert later.rung is Rung.BLACK_VEST


def test_a_rung_that_will_not_come_does_not_move() -> None:
    warned = swept(dispatched(), ANSWER_DUE)
    done = answer(warned, "Dicek.", OFFICER, at("2026-12-02 07:00"), CALENDAR, POLICY, final=False)
    after = moved(done, changed(with_holiday("2026-12-04"), when=at("2026-12-02 08:00")))
    assert after.rung_due_at == warned.rung_due_at
    assert after.timeline[-1].rung_deadline is None


@pytest.mark.parametrize(
    ("step", "deadline"),
    [
        (lambda one: refuse(one, "Bukan kami.", OFFICER, NOW, CALENDAR, POLICY), "verify_due_at"),
        (lambda one: forward(one, "dishub", "parkir", "Ini.", OFFICER, NOW, CALENDAR, POLICY), "answer_due_at"),
    ],
)
def test_a_clock_that_began_later_moves_from_its_own_start(step: object, deadline: str) -> None:
    before = step(dispatched())  # type: ignore[operator]
    after = moved(before, changed(when=NOW + timedelta(hours=1)))
    assert getattr(after, deadline) == deadline_after(NOW, 3 if deadline == "verify_due_at" else 5, WITH_FRIDAY)
    assert getattr(after, deadline) != getattr(before, deadline)


def test_what_was_reopened_moves_from_the_reopening() -> None:
    for before in (answered(), rejected()):
        again = reopen(before, "Masih mati.", NOW, CALENDAR, POLICY)
        after = moved(again, changed(when=NOW + timedelta(hours=1)))
        assert after.finish_due_at == deadline_after(NOW, 14, WITH_FRIDAY)
        running = after.answer_due_at or after.verify_due_at
        assert running == deadline_after(NOW, 5 if after.answer_due_at else 3, WITH_FRIDAY)


def test_the_days_left_after_a_wait_are_kept() -> None:
    replied = add_message(waiting(at("2026-11-26 08:00")), "Tiang 7.", at("2026-12-02 08:00"), CALENDAR)
    after = moved(replied, changed(with_holiday("2026-12-04"), when=at("2026-12-02 09:00")))
    assert (replied.answer_due_at, after.answer_due_at) == (at("2026-12-08 00:00"), at("2026-12-09 00:00"))
    assert after.finish_due_at == at("2026-12-22 00:00")


def test_days_left_that_were_counted_by_the_new_calendar_already_are_not_moved_again() -> None:
    new = with_holiday("2026-12-04")
    asked = waiting(at("2026-11-26 08:00"))
    replied = add_message(asked, "Tiang 7.", at("2026-12-02 08:00"), new)
    assert replied.answer_due_at == at("2026-12-09 00:00")  # three were left
    change = changed(new, when=at("2026-12-02 07:50"))
    assert moved(replied, change, now=at("2026-12-02 08:05")) is replied
    flagged = replace(replied, provisional=True)
    assert moved(flagged, change, now=at("2026-12-02 08:05")) is flagged


def test_what_another_function_filed_by_the_calendar_that_it_remembered_moves_too() -> None:
    filed_later = dispatched(NOW + timedelta(seconds=30))
    after = moved(filed_later, now=NOW + timedelta(minutes=5))
    assert after.answer_due_at == deadline_after(NOW, 5, WITH_FRIDAY)
    known = moved(replace(filed_later, answer_due_at=after.answer_due_at, finish_due_at=after.finish_due_at))
    assert known.timeline == filed_later.timeline


def loaded(*years: int) -> Calendar:
    return replace(
        CALENDAR, years=frozenset(years), holidays=frozenset(d for d in CALENDAR.holidays if d.year in years)
    )


def test_a_year_that_is_loaded_takes_the_flag_away_even_where_nothing_moves() -> None:
    arrival = at("2026-12-28 10:00")
    for days in (frozenset[date](), CALENDAR.holidays):
        new = replace(loaded(2026, 2027), holidays=days)
        old = replace(loaded(2026), holidays=new.holidays)
        before = file_complaint(Filing("Lampu mati", "web"), TICKET, arrival, CERTAIN, old, POLICY)
        after = moved(before, changed(new, old, when=arrival + DAY))
        assert (before.provisional, after.provisional) == (True, False)
        assert after.finish_due_at == before.finish_due_at
        assert (after.timeline[-1].entry, after.timeline[-1].deadline) == ("deadlines_moved", None)


def test_a_deadline_that_moves_into_a_year_that_is_not_loaded_is_flagged() -> None:
    arrival, old = at("2026-12-22 10:00"), loaded(2026)
    before = file_complaint(Filing("Parkir?", "web"), TICKET, arrival, replace(CERTAIN, kind="question"), old, POLICY)
    assert before.answer_due_at == at("2027-01-01 00:00")
    new = replace(old, holidays=old.holidays | {date(2026, 12, 30)})
    after = moved(before, changed(new, old, when=arrival + DAY))
    assert (before.provisional, after.provisional) == (False, True)
    assert after.answer_due_at == at("2027-01-02 00:00")


def test_a_flag_stays_where_nothing_runs_any_more() -> None:
    over = replace(rejected(), provisional=True)
    assert moved(over) is over


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("supervised", [True, False])
def test_the_finish_moves_by_the_days_of_its_kind(kind: Kind, *, supervised: bool) -> None:
    sent = dispatch(
        filed(replace(UNSURE, kind=kind)), "dishub", "parkir", ADMIN, ARRIVAL, CALENDAR, POLICY, supervised=supervised
    )
    days = 60 if supervised and kind is Kind.COMPLAINT else POLICY.finish[kind]
    assert moved(sent, supervised=supervised).finish_due_at == deadline_after(ARRIVAL, days, WITH_FRIDAY)


def test_a_category_moves_by_its_own_days() -> None:
    own = Policy.from_data({**data("policy.json"), "categories": {"pju": {"verify": 4, "answer": 6, "finish": 9}}})
    sent = dispatch(filed(), "dpuprpkp", "pju", ADMIN, ARRIVAL, CALENDAR, own, category="pju")
    after = move_deadlines(sent, changed(), own, NOW, supervised=False)
    assert after.answer_due_at == deadline_after(ARRIVAL, 6, WITH_FRIDAY)
    assert after.finish_due_at == deadline_after(ARRIVAL, 9, WITH_FRIDAY)
    suggested = replace(filed(), verify_due_at=deadline_after(ARRIVAL, 4, CALENDAR))
    assert move_deadlines(suggested, changed(), own, NOW, supervised=False).verify_due_at == deadline_after(
        ARRIVAL, 4, WITH_FRIDAY
    )
    unknown = replace(filed(), suggestion=None)
    assert move_deadlines(unknown, changed(), own, NOW, supervised=False).verify_due_at == at("2026-12-01 00:00")


def test_a_question_that_was_asked_by_an_admin_who_rejects_moves_nothing() -> None:
    turned = reject(ask(dispatched(), "Di mana?", OFFICER, NOW, CALENDAR, POLICY), Reason.SPAM, None, ADMIN, NOW)
    assert moved(turned) is turned


HOLIDAYS = st.frozensets(st.dates(date(2026, 11, 25), date(2027, 1, 31)), max_size=6)


@given(more=HOLIDAYS, hours=st.integers(0, 24 * 30))
def test_whatever_the_change_no_open_deadline_loses_a_working_day(more: frozenset[date], hours: int) -> None:
    new, now = replace(CALENDAR, holidays=CALENDAR.holidays | more), ARRIVAL + timedelta(hours=hours)
    for before in (filed(), dispatched(), waiting(), answered()):
        after = moved(before, changed(new, when=now))
        for name in ("verify_due_at", "answer_due_at", "window_until", "finish_due_at"):
            was, due = getattr(before, name), getattr(after, name)
            if due == was:
                continue
            assert due > was > now
            assert working_days_between(ARRIVAL, due, new) == working_days_between(ARRIVAL, was, CALENDAR)
        assert moved(after, changed(new, when=now), now=now + DAY) in (before, after)
