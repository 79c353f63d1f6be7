"""Working days and the deadlines that they make (rule: DOMAIN 4 of the service, Permenpan RB 46/2020 practice)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from chalicelib.domain.values import dataclass


class CalendarMissing(Exception):
    """A year whose holidays are not loaded was asked for; guessing would make every feast a working day."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The city's working days: `years` are those whose holidays are known, None = take every year as known."""

    zone: tzinfo
    holidays: frozenset[date]
    years: frozenset[int] | None
    weekend: frozenset[int] = frozenset({5, 6})

    def is_working_day(self, on: date) -> bool:
        """Say whether the city's offices work on that day; raise CalendarMissing for a year that is not loaded."""
        if self.years is not None and on.year not in self.years:
            raise CalendarMissing(f"no holidays are loaded for {on.year}")
        return on.weekday() not in self.weekend and on not in self.holidays


def calendar_from(table: Mapping[str, Mapping[str, str]], zone: tzinfo, weekend: frozenset[int]) -> Calendar:
    """Return the calendar of a table {year: {ISO date: name}}; ValueError for a day outside its year."""
    days = set()
    for year, names in table.items():
        for text in names:
            on = date.fromisoformat(text)
            if on.year != int(year):
                raise ValueError(f"holiday {text} stands under the year {year}")
            days.add(on)
    return Calendar(zone, frozenset(days), frozenset(int(year) for year in table), weekend)


def deadline_after(start: datetime, working_days: int, calendar: Calendar) -> datetime:
    """Return the end, in UTC, of the n-th working day after `start` in the calendar's zone.

    The end of a day is the instant 00:00 of the day that follows. The day of the start never counts, so a
    complaint of 23:59 has as many whole days as one of that morning. Raises CalendarMissing for a year
    without loaded holidays, ValueError for less than one working day.
    """
    if working_days < 1:
        raise ValueError("a deadline needs at least one working day")
    return _end_after(start.astimezone(calendar.zone).date(), working_days, calendar)


@lru_cache(maxsize=64)  # what arrives on one day is due on the same few
def _end_after(on: date, left: int, calendar: Calendar) -> datetime:
    while left:
        on += timedelta(days=1)
        left -= calendar.is_working_day(on)
    return datetime.combine(on + timedelta(days=1), time.min, calendar.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant by which something is owed; `provisional` when its year's holidays were not known."""

    at: datetime
    provisional: bool


def deadline_or_provisional(start: datetime, working_days: int, calendar: Calendar) -> Deadline:
    """Return the deadline, or one by weekends and known holidays alone, flagged: a citizen is never refused."""
    try:
        return Deadline(deadline_after(start, working_days, calendar), provisional=False)
    except CalendarMissing:
        every_year = replace(calendar, years=None)
        return Deadline(deadline_after(start, working_days, every_year), provisional=True)


def last_day(deadline: datetime, calendar_zone: tzinfo) -> date:
    """Return the day that people are shown for a deadline: the last one on which the answer is on time."""
    return (deadline.astimezone(calendar_zone) - timedelta(microseconds=1)).date()


def working_days_between(start: datetime, deadline: datetime, calendar: Calendar) -> int:
    """Return how many working days are left of a deadline after the day of `start`; never negative.

    A year without loaded holidays counts as one that has none: what was given provisionally is taken back so.
    """
    every_year = replace(calendar, years=None)
    on, last = start.astimezone(calendar.zone).date(), last_day(deadline, calendar.zone)
    days = 0
    while on < last:
        on += timedelta(days=1)
        days += every_year.is_working_day(on)
    return days


def working_days_left(deadline: datetime, now: datetime, calendar: Calendar) -> int:
    """Return how many working days after today there still are until a deadline's last day, which is 0 on that day.

    Once the deadline has passed: below 0, the working days since; 0 when none has begun yet.
    """
    if now < deadline:
        return working_days_between(now, deadline, calendar)
    return -working_days_between(deadline - timedelta(microseconds=1), now, calendar)


def moved(deadline: datetime, start: datetime, days: int, old: Calendar, new: Calendar) -> Deadline:
    """Return where a deadline of so many `days` after `start` stands by the new calendar.

    One that the policy's number of days does not explain (the days left after a wait, an older policy) keeps the
    working days that it had by the old calendar. One that stands right already stays.
    """
    due = deadline_or_provisional(start, days, new)
    if due.at == deadline:
        return due
    if deadline_or_provisional(start, days, old).at != deadline:
        days = max(1, working_days_between(start, deadline, old))
    return deadline_or_provisional(start, days, new)
