"""The first sweep of a working day: who has something due tomorrow, each OPD's numbers, and the month's best.

All of it once a day: a thing is owed in one transaction with the day's mark, so neither a sweep that was killed nor
two at once owe anything twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from chalicelib import settings
from chalicelib.adapters import complaints, owed
from chalicelib.adapters.tables import instant
from chalicelib.domain.deadlines import deadline_or_provisional
from chalicelib.domain.notices import To
from chalicelib.domain.owed import Owed, is_day
from chalicelib.domain.reward import period_due
from chalicelib.workflows import city, rewarding

_PAGE: Final = 1000


def begin_day(now: datetime, written_at: datetime) -> None:
    """Owe what is said once a day, at the first sweep as of a working day's morning; what failed, the next one does."""
    zone = settings.current().zone
    on = now.astimezone(zone).date()
    if not is_day(now, city.policy().quiet, zone):
        return
    day = owed.day_of(on)
    if day.is_done or not _is_working_day(on):
        return
    known = city.current(written_at)
    begun = owed.owe_of_day(day, list(_of_day(known, now, on)))
    if begun is None:
        return  # another sweep is at it, or the next one goes on
    rewarding.nominate(period_due(now, known.policy.reward_after, known.calendar), written_at)
    owed.end_day(begun)


def _is_working_day(on: date) -> bool:
    """Say whether the city works on that day, without the whole of what the city is."""
    return replace(city.calendar_of(city.holidays_table()), years=None).is_working_day(on)


def _of_day(known: city.City, now: datetime, on: date) -> Iterator[Owed]:
    """Yield each OPD's reminders and its digest, from the keys of what lies open on its desk: first what is late."""
    tomorrow = deadline_or_provisional(now, 1, known.calendar).at
    for opd in known.opds:
        keys = _keys_of_desk(opd)
        if not keys:
            continue
        yield from _reminders(opd, [key for key in keys if key.startswith(f"{instant(tomorrow)}#")], tomorrow, on)
        overdue = sum(key < f"{instant(now)}$" for key in keys)
        soon = sum(key < f"{instant(tomorrow)}$" for key in keys) - overdue
        yield Owed(f"digest#{on}#{opd}", "digest", (To.HEAD,), opd, counts=(len(keys), overdue, soon))


def _keys_of_desk(opd: str) -> list[str]:
    keys: list[str] = []
    low = "0"
    while page := complaints.page_of_desk(opd, low, "9", _PAGE):
        keys += page
        if len(page) < _PAGE:
            break
        low = f"{page[-1]} "
    return keys


def _reminders(opd: str, keys: Sequence[str], deadline: datetime, on: date) -> Iterator[Owed]:
    """Yield one reminder a division. A desk's key holds what is owed next, which may be the finish as well as the
    answer; the deadline index would not do: there, an earlier finish deadline hides the answer's."""
    by_division: dict[str, list[str]] = {}
    for complaint in complaints.complaints_of([key.partition("#")[2] for key in keys]):
        if complaint.running_deadline == deadline and complaint.opd == opd:
            by_division.setdefault(complaint.division or "", []).append(complaint.ticket)
    for division, tickets in sorted(by_division.items()):
        yield Owed(
            f"reminder#{on}#{opd}/{division}", "reminder", (To.DIVISION,), opd, division,
            tickets=tuple(tickets), deadline=deadline,
        )  # fmt: skip
