"""How long something took while offices work: elapsed time without whole non-working days (rule: DOMAIN 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final

from chalicelib.domain.complaint import Complaint
from chalicelib.domain.deadlines import Calendar

_DAY: Final = timedelta(days=1)

Span = tuple[datetime, datetime]


def working_time(start: datetime, end: datetime, calendar: Calendar, waits: Iterable[Span] = ()) -> timedelta:
    """Return the time from `start` to `end` without the whole days on which nobody works, nor the time of `waits`.

    A day is whole when all of it lies between the two; a year that is not loaded has weekends only.
    """
    every_year, zone = replace(calendar, years=None), calendar.zone
    on = (start.astimezone(zone) - timedelta(microseconds=1)).date() + _DAY  # a start at 00:00 has that whole day
    last, stopped = end.astimezone(zone).date(), [*waits]
    while on < last:
        if not every_year.is_working_day(on):
            stopped.append((datetime.combine(on, time.min, zone), datetime.combine(on + _DAY, time.min, zone)))
        on += _DAY
    counted, reached = max(timedelta(0), end - start), start
    for begin, until in sorted(stopped):
        counted -= max(timedelta(0), until - max(begin, reached))
        reached = max(reached, until)
    return counted


def minutes_to_answer(complaint: Complaint, now: datetime, calendar: Calendar) -> int:
    """Return the whole working minutes since the running answer clock began; waiting for the reporter is left out."""
    started_at, waits, asked_at = now, list[Span](), None
    for entry in complaint.timeline:
        if entry.entry in ("dispatched", "forwarded", "reopened"):
            started_at, waits = entry.at, []
        elif entry.entry == "asked":
            asked_at = entry.at
        elif entry.entry in ("replied", "resumed") and asked_at:
            waits.append((asked_at, entry.at))
    return working_time(started_at, now, calendar, waits) // timedelta(minutes=1)
