"""Deadlines: n working days, the first day never counted, in the city's zone, by the city's own calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.deadlines import (
    CalendarMissing,
    calendar_from,
    deadline_after,
    deadline_or_provisional,
    last_day,
    working_days_left,
)
from tests.unit.samples import CALENDAR, WIB, at, data

WEEKEND = frozenset({5, 6})


def test_a_deadline_is_an_instant_in_utc() -> None:
    assert deadline_after(at("2026-11-24 10:00"), 5, CALENDAR).isoformat() == "2026-12-01T17:00:00+00:00"


def test_two_minutes_over_midnight_are_a_day_of_difference() -> None:
    before = datetime(2026, 11, 24, 16, 59, tzinfo=UTC)  # 23:59 in Malang
    after = datetime(2026, 11, 24, 17, 1, tzinfo=UTC)  # 00:01 of the next day in Malang, the same day in UTC
    assert last_day(deadline_after(before, 1, CALENDAR), WIB) == date(2026, 11, 25)
    assert last_day(deadline_after(after, 1, CALENDAR), WIB) == date(2026, 11, 26)


def test_the_zone_is_the_citys_and_not_that_of_the_instant() -> None:
    instant = at("2026-11-24 23:59")
    written = [instant.astimezone(zone) for zone in (UTC, timezone(timedelta(hours=-11)), ZoneInfo("Asia/Jayapura"))]
    assert {deadline_after(each, 3, CALENDAR) for each in written} == {deadline_after(instant, 3, CALENDAR)}
    east = replace(CALENDAR, zone=ZoneInfo("Asia/Jayapura"))  # there it is 01:59 of the next day, a day more
    assert deadline_after(instant, 3, east) == datetime(2026, 11, 30, 15, tzinfo=UTC)


def test_the_last_day_ends_where_the_deadline_begins() -> None:
    deadline = at("2026-12-02 00:00")
    assert last_day(deadline, WIB) == date(2026, 12, 1)
    assert last_day(deadline + timedelta(microseconds=1), WIB) == date(2026, 12, 2)


MINUTES = st.integers(0, 640 * 24 * 60)
INSTANTS = MINUTES.map(lambda minutes: datetime(2025, 12, 1, tzinfo=UTC) + timedelta(minutes=minutes))


@given(start=INSTANTS, working_days=st.integers(1, 60), later=st.timedeltas(timedelta(0), timedelta(days=9)))
def test_who_comes_later_is_never_owed_earlier(start: datetime, working_days: int, later: timedelta) -> None:
    calendar = replace(CALENDAR, years=None)
    deadline = deadline_after(start, working_days, calendar)
    assert start < deadline <= deadline_after(start + later, working_days, calendar)
    assert deadline < deadline_after(start, working_days + 1, calendar)


@pytest.mark.parametrize("working_days", [0, -1])
def test_a_deadline_of_no_working_day_is_refused(working_days: int) -> None:
    with pytest.raises(ValueError, match="at least one working day"):
        deadline_after(at("2026-11-24 10:00"), working_days, CALENDAR)


# ------------------------------------------------------------------------------------------------ the calendar

TABLE = {"2026": {"2026-12-25": "Hari Raya Natal"}}
ONE_YEAR = calendar_from(TABLE, WIB, WEEKEND)


def test_a_year_without_holidays_fails_loudly_and_is_named() -> None:
    with pytest.raises(CalendarMissing, match="2027"):
        deadline_after(at("2026-12-30 10:00"), 2, ONE_YEAR)
    with pytest.raises(CalendarMissing, match="2025"):
        ONE_YEAR.is_working_day(date(2025, 12, 31))


def test_a_deadline_on_the_last_day_of_the_last_known_year_is_certain() -> None:
    assert deadline_after(at("2026-12-30 10:00"), 1, ONE_YEAR) == at("2027-01-01 00:00")
    assert not deadline_or_provisional(at("2026-12-30 10:00"), 1, ONE_YEAR).provisional


def test_no_citizen_is_refused_for_a_missing_calendar() -> None:
    found = deadline_or_provisional(at("2026-12-24 10:00"), 8, ONE_YEAR)  # a Thursday; the 25th is known
    assert found.provisional
    assert last_day(found.at, WIB) == date(2027, 1, 6)  # New Year's Day is not known, the weekends are


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ("2026-11-24 10:00", 4), ("2026-11-27 23:59", 1), ("2026-11-28 10:00", 1), ("2026-11-30 23:59", 0),
        ("2026-12-01 00:00", 0), ("2026-12-01 00:01", -1), ("2026-12-04 12:00", -4), ("2026-12-06 12:00", -4),
        ("2026-12-07 12:00", -5),
    ],
)  # fmt: skip
def test_what_is_left_of_a_deadline_is_counted_in_working_days_and_so_is_the_delay(now: str, left: int) -> None:
    monday = at("2026-12-01 00:00")  # the end of Monday, 30 November
    assert working_days_left(monday, at(now), CALENDAR) == left


def test_with_a_known_calendar_nothing_is_provisional() -> None:
    found = deadline_or_provisional(at("2026-12-22 10:00"), 10, CALENDAR)
    assert (found.at, found.provisional) == (deadline_after(at("2026-12-22 10:00"), 10, CALENDAR), False)


def test_the_citys_table_holds_cuti_bersama_too() -> None:
    names = data("holidays.json")["2026"]
    shared = [date.fromisoformat(day) for day, name in names.items() if name.startswith("Cuti Bersama")]
    assert shared
    assert not any(CALENDAR.is_working_day(day) for day in shared)
    assert CALENDAR.years is not None
    assert CALENDAR.years >= {2026, 2027}


def test_the_weekend_is_the_citys_own() -> None:
    six_days = calendar_from(TABLE, WIB, frozenset({6}))
    assert (six_days.is_working_day(date(2026, 11, 28)), ONE_YEAR.is_working_day(date(2026, 11, 28))) == (True, False)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"2026": {"2027-01-01": "Tahun Baru"}}, "2027-01-01 stands under the year 2026"),
        ({"2026": {"25 Des": "Natal"}}, "25 Des"),
        ({"next": {"2026-12-25": "Natal"}}, "next"),
    ],
)
def test_a_malformed_table_is_refused_by_name(table: Mapping[str, Mapping[str, str]], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        calendar_from(table, WIB, WEEKEND)
