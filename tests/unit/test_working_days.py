"""Working days against numpy, which counts them in its own way from the same weekends and holidays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.deadlines import (
    Calendar,
    CalendarMissing,
    Deadline,
    deadline_after,
    deadline_or_provisional,
    last_day,
    moved,
    working_days_between,
    working_days_left,
)
from tests.unit.samples import CALENDAR, WIB, at

KNOWN = [  # DOMAIN 4: the last counted day
    ("2026-03-17", 5, "2026-03-31"),  # over Nyepi and Idul Fitri with its cuti bersama
    ("2026-03-13", 3, "2026-03-25"),
    ("2026-05-12", 5, "2026-05-21"),
    ("2026-12-22", 10, "2027-01-11"),  # over the turn of the year
    ("2026-03-17", 60, "2026-06-26"),
]
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
CITYS = replace(CALENDAR, years=None)

MINUTES = st.integers(0, 640 * 24 * 60)
INSTANTS = MINUTES.map(lambda minutes: datetime(2025, 12, 1, tzinfo=UTC) + timedelta(minutes=minutes))
DAYS = st.integers(1, 90)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """A city with any weekend but a whole week, and any holidays."""
    weekend = draw(st.frozensets(st.integers(0, 6), max_size=6))
    days = draw(st.frozensets(st.dates(FIRST, LAST), max_size=80))
    return Calendar(WIB, days, None, weekend)


def day_of(start: datetime) -> np.datetime64:
    return np.datetime64(start.astimezone(WIB).date(), "D")


def week_of(calendar: Calendar) -> np.busdaycalendar:
    """Return the calendar as numpy has it."""
    mask = [weekday not in calendar.weekend for weekday in range(7)]
    return np.busdaycalendar(weekmask=mask, holidays=np.array(sorted(calendar.holidays), dtype="datetime64[D]"))


def last_by_numpy(start: datetime, working_days: int, calendar: Calendar) -> date:
    """Return the last day as numpy counts it: back to the working day before, and n on."""
    last = np.busday_offset(day_of(start), working_days, roll="backward", busdaycal=week_of(calendar))
    return date.fromisoformat(str(last))


def days_by_numpy(start: datetime, last: date, calendar: Calendar) -> int:
    """Return the working days after the day of the start, up to the last one."""
    begin, end = day_of(start) + 1, np.datetime64(last, "D") + 1
    return max(0, int(np.busday_count(begin, end, busdaycal=week_of(calendar))))


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, WIB)


@pytest.mark.parametrize(("start", "working_days", "last"), KNOWN)
@pytest.mark.parametrize("clock", ["00:00", "00:01", "08:00", "23:59"])
def test_the_known_deadlines_come_out_at_any_hour_of_the_day_and_back_again(
    start: str, working_days: int, last: str, clock: str
) -> None:
    moment = at(f"{start} {clock}")
    deadline = deadline_after(moment, working_days, CALENDAR)
    assert deadline == at(f"{last} 00:00") + timedelta(days=1)
    assert last_day(deadline, WIB) == date.fromisoformat(last)
    assert last_by_numpy(moment, working_days, CALENDAR) == date.fromisoformat(last)
    assert working_days_between(moment, deadline, CALENDAR) == working_days


@given(start=INSTANTS, working_days=DAYS, calendar=calendars() | st.just(CITYS))
def test_numpy_counts_the_same_working_days(start: datetime, working_days: int, calendar: Calendar) -> None:
    expected = last_by_numpy(start, working_days, calendar)
    deadline = deadline_after(start, working_days, calendar)
    assert deadline == end_of(expected)
    assert last_day(deadline, WIB) == expected
    assert calendar.is_working_day(expected)
    assert np.is_busday(np.datetime64(expected, "D"), busdaycal=week_of(calendar))


@given(start=INSTANTS, later=st.integers(-30 * 24 * 60, 200 * 24 * 60), calendar=calendars() | st.just(CITYS))
def test_numpy_finds_as_many_working_days_left(start: datetime, later: int, calendar: Calendar) -> None:
    deadline = start + timedelta(minutes=later)
    left = working_days_between(start, deadline, calendar)
    assert left == days_by_numpy(start, last_day(deadline, WIB), calendar)
    assert left >= 0


@given(start=INSTANTS, later=st.integers(-200 * 24 * 60, 200 * 24 * 60), calendar=calendars() | st.just(CITYS))
def test_numpy_finds_as_many_working_days_left_or_gone(start: datetime, later: int, calendar: Calendar) -> None:
    now = start + timedelta(minutes=later)
    due, today = last_day(start, WIB), now.astimezone(WIB).date()
    left = working_days_left(start, now, calendar)
    if now < start:
        assert left == days_by_numpy(now, due, calendar) >= 0
    elif now.astimezone(WIB).time() != time.min:  # midnight belongs to the day before: its working day has not begun
        assert left == -days_by_numpy(start - timedelta(microseconds=1), today, calendar) <= 0


@given(start=INSTANTS, working_days=DAYS, calendar=calendars() | st.just(CITYS))
def test_as_many_days_are_left_as_were_given(start: datetime, working_days: int, calendar: Calendar) -> None:
    assert working_days_between(start, deadline_after(start, working_days, calendar), calendar) == working_days


@given(start=INSTANTS, year=st.sampled_from([2025, 2026, 2027]), later=st.integers(0, 200))
def test_days_of_a_year_that_is_not_loaded_are_counted_by_weekends_and_known_holidays(
    start: datetime, year: int, later: int
) -> None:
    one_year = replace(CALENDAR, years=frozenset({year}))
    deadline = start + timedelta(days=later)
    assert working_days_between(start, deadline, one_year) == working_days_between(start, deadline, CITYS)


# ------------------------------------------------------------------------------------------------ another calendar

CALENDARS = st.tuples(calendars() | st.just(CITYS), calendars() | st.just(CITYS))


@given(start=INSTANTS, days=DAYS, known=CALENDARS)
def test_a_deadline_of_the_policys_days_moves_to_where_the_new_calendar_has_it(
    start: datetime, days: int, known: tuple[Calendar, Calendar]
) -> None:
    old, new = known
    there = moved(deadline_after(start, days, old), start, days, old, new)
    assert there == Deadline(end_of(last_by_numpy(start, days, new)), provisional=False)


@given(start=INSTANTS, days=DAYS, left=DAYS, known=CALENDARS)
def test_a_deadline_of_other_days_keeps_those_that_it_had(
    start: datetime, days: int, left: int, known: tuple[Calendar, Calendar]
) -> None:
    old, new = known
    deadline = deadline_after(start, left, old)
    explained = end_of(last_by_numpy(start, days, new))
    expected = explained if deadline == explained else end_of(last_by_numpy(start, left, new))
    assert moved(deadline, start, days, old, new).at == expected


@given(start=INSTANTS, days=DAYS, known=CALENDARS)
def test_what_has_moved_stays_there(start: datetime, days: int, known: tuple[Calendar, Calendar]) -> None:
    old, new = known
    there = moved(deadline_after(start, days, old), start, days, old, new)
    assert moved(there.at, start, days, old, new) == there
    assert moved(there.at, start, days, new, new) == there


@given(start=INSTANTS, days=DAYS, holiday=st.dates(FIRST, LAST))
def test_one_more_holiday_never_brings_a_deadline_nearer(start: datetime, days: int, holiday: date) -> None:
    more = replace(CITYS, holidays=CITYS.holidays | {holiday})
    before = deadline_after(start, days, CITYS)
    there = moved(before, start, days, CITYS, more).at
    assert there >= before
    lies_within = start.astimezone(WIB).date() < holiday <= last_day(before, WIB)
    assert (there != before) == (lies_within and CITYS.is_working_day(holiday))


def test_a_deadline_of_which_nothing_is_left_has_one_day_by_the_new_calendar() -> None:
    start = at("2026-11-24 10:00")
    assert moved(start + timedelta(hours=14), start, 5, CALENDAR, CALENDAR).at == at("2026-11-26 00:00")


def test_a_deadline_that_was_provisional_is_none_when_its_year_is_loaded() -> None:
    start = at("2026-12-30 10:00")
    old = replace(CALENDAR, years=frozenset({2026}), holidays=frozenset())
    with pytest.raises(CalendarMissing):
        deadline_after(start, 5, old)
    before = deadline_or_provisional(start, 5, old)
    there = moved(before.at, start, 5, old, CALENDAR)
    assert (before.provisional, there.provisional) == (True, False)
    assert (last_day(before.at, WIB), last_day(there.at, WIB)) == (date(2027, 1, 6), date(2027, 1, 8))
