"""Instants and working days (DOMAIN 4), worked out here anew from the city's list of holidays."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Asia/Jakarta")
HOLIDAYS: Final = Path(__file__).parents[2] / "chalicelib" / "data" / "holidays.json"


def instant(text: str) -> datetime:
    """Return the instant of a text of the tables."""
    return datetime.fromisoformat(text)


def key(at: datetime | None) -> str | None:
    """Return an instant as the tables' keys have it."""
    return f"{at.astimezone(UTC).isoformat(timespec='milliseconds')[:23]}Z" if at else None


def month_of(at: datetime) -> str:
    """Return the city's month in which an instant lies, as 2026-11."""
    return at.astimezone(ZONE).strftime("%Y-%m")


def is_night(at: datetime) -> bool:
    """Say whether it is an hour in which no sweep may send: 20:00 to 07:00."""
    return not 7 <= at.astimezone(ZONE).hour < 20


@cache
def _days_off() -> frozenset[date]:
    years = json.loads(HOLIDAYS.read_text(encoding="utf-8"))
    return frozenset(date.fromisoformat(day) for days in years.values() for day in days)


def _is_worked(day: date) -> bool:
    return day.weekday() < 5 and day not in _days_off()


def working_days_after(start: datetime, count: int) -> datetime:
    """Return the end of the count-th working day after the day of `start`."""
    day = start.astimezone(ZONE).date()
    while count:
        day += timedelta(days=1)
        count -= _is_worked(day)
    return datetime.combine(day + timedelta(days=1), time.min, ZONE).astimezone(UTC)


def working_days_left(start: datetime, deadline: datetime) -> int:
    """Return how many working days lie after the day of `start` and before the deadline."""
    day, end, left = start.astimezone(ZONE).date(), deadline.astimezone(ZONE).date(), 0
    while (day := day + timedelta(days=1)) < end:
        left += _is_worked(day)
    return left
