"""Working days by numpy, from the file of holidays alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from tests.simulation.log import JAKARTA

_FILE: Final = Path(__file__).parents[2] / "chalicelib" / "data" / "holidays.json"
_DAY: Final = timedelta(days=1)
Span = tuple[datetime, datetime]


class WorkingDays:
    """Monday to Friday without the holidays; days are the city's, instants UTC."""

    def __init__(self) -> None:
        years = json.loads(_FILE.read_text(encoding="utf-8"))
        self._calendar = np.busdaycalendar(holidays=[day for year in years.values() for day in year])

    def is_one(self, on: date) -> bool:
        """Say whether people work on that day."""
        return bool(np.is_busday(np.datetime64(on), busdaycal=self._calendar))

    def end_of(self, start: datetime, n: int) -> datetime:
        """Return the end of the n-th working day after the day of `start`."""
        last = np.busday_offset(np.datetime64(_day(start)), n, roll="backward", busdaycal=self._calendar)
        return _midnight(date.fromisoformat(str(last)) + _DAY)

    def left(self, start: datetime, deadline: datetime) -> int:
        """Return how many working days lie between the day of `start` and the end that a deadline is; at least one."""
        end = deadline.astimezone(JAKARTA).date()
        count = np.busday_count(np.datetime64(_day(start) + _DAY), np.datetime64(end), busdaycal=self._calendar)
        return max(1, int(count))

    def minutes(self, start: datetime, end: datetime, waits: Iterable[Span]) -> int:
        """Return the minutes from `start` to `end`, without whole days of rest and without the waits."""
        stopped = [*waits]
        day = _day(start)
        while day < _day(end):
            if not self.is_one(day) and _midnight(day) >= start:
                stopped.append((_midnight(day), _midnight(day + _DAY)))
            day += _DAY
        ends = sorted({start, end, *(at for span in stopped for at in span)})
        running = timedelta(0)
        for begin, until in pairwise(ends):
            if not any(span[0] <= begin and until <= span[1] for span in stopped):
                running += until - begin
        return running // timedelta(minutes=1)


def _day(at: datetime) -> date:
    return at.astimezone(JAKARTA).date()


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, JAKARTA).astimezone(UTC)
