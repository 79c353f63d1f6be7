"""The scheduled sweep: what ran out as of the event's own time is recorded, and what is owed is sent.

It reads what is due, never what is open: day by day of the deadline index, from its watermark to the event's time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Final

from chalicelib.adapters import complaints, escalations, registry
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain import owed
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.escalation import decide_escalation, escalated
from chalicelib.domain.life import run_out
from chalicelib.domain.values import dataclass
from chalicelib.workflows import city, holidays, mornings, outgoing, owing, parts, standings

log = logging.getLogger(__name__)

_BEHIND: Final = timedelta(hours=1)  # the watermark stays so far behind the clock, for index rows still on their way
_STEPS: Final = 12  # on one complaint in one run, those that somebody else was first with included


@dataclass(slots=True)
class Report:
    """What a sweep did: escalations recorded, index rows read, long SMS filed, messages sent, SMS sent at another
    try, what failed."""

    recorded: int = 0
    read: int = 0
    filed: int = 0
    sent: int = 0
    texted: int = 0
    failed: int = 0


class SweepIncomplete(Exception):
    """Something could not be done; all else was. The next sweep does it: what could not be looked at is read again."""


def sweep(now: datetime, written_at: datetime) -> dict[str, int]:
    """Record what ran out as of `now`, send what is owed, and return the report; `written_at` is the wall clock.

    Exactly once: twice run, or two at once, records nothing twice. Raises SweepIncomplete, after all else is done,
    when anything failed.
    """
    report = Report()
    seen = registry.watermark()
    begin = seen or registry.remember_first_day(written_at)
    for day in _days(min(begin, now).date(), now.date()):
        for ticket in complaints.tickets_due(day.isoformat(), now):
            report.read += 1
            try:
                report.recorded += _look_at(ticket, now, written_at)
            except Exception:
                report.failed += 1
                log.exception("escalation failed: %s", ticket)
    report.filed, unfiled = parts.file_overdue(now, written_at)
    report.failed += unfiled
    report.failed += _failed(holidays.move_on, written_at)
    report.failed += _failed(standings.review, now, written_at)
    report.failed += _failed(mornings.begin_day, now, written_at)
    report.sent, unsent = owing.send(now, written_at)
    reached = min(now, written_at) - _BEHIND
    if not report.failed and (seen is None or reached > seen):
        registry.advance_watermark(seen, reached)
    report.texted, untexted = outgoing.send_owed(now, written_at)
    unsent += untexted
    if report.failed or unsent:
        raise SweepIncomplete(f"{report}, {unsent} unsent")
    log.info("sweep as of %s: %s", now.isoformat(), asdict(report))
    return asdict(report)


def _failed(part: Callable[..., None], *times: datetime) -> bool:
    """Do one part of a sweep; say whether it failed. The others are done all the same."""
    try:
        part(*times)
    except Exception:
        log.exception("a part of the sweep failed: %s", part.__name__)
        return True
    return False


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def _look_at(ticket: str, now: datetime, written_at: datetime) -> bool:
    """Record what ran out on one complaint, unless it was answered meanwhile or another sweep was first; say whether a
    rung is among it: one a run at most."""
    known, climbed = city.current(written_at), False
    complaint = complaints.complaint_of(ticket)
    for _ in range(_STEPS):
        if complaint is None:
            return climbed
        found = None if climbed else decide_escalation(complaint, now, written_at)
        if found:
            after: Complaint | None = escalated(complaint, found, known.calendar, known.policy)
        else:
            after = run_out(complaint, now, written_at, known.calendar)
        if after is None:
            return climbed
        if after.wake_at and after.wake_at <= written_at:
            registry.pull_back_watermark(after.wake_at)
        if found:
            done = climbed = escalations.record_escalation(complaint, after, found, owed.of_escalation(found))
        else:
            done = _is_recorded(complaint, after)
        complaint = after if done else complaints.complaint_of(ticket, consistent=True)
    raise StoreUnavailable("the complaint kept changing")


def _is_recorded(old: Complaint, new: Complaint) -> bool:
    """Write a step; False when somebody else was first."""
    try:
        complaints.record_step(old, new)
    except complaints.Conflict:
        return False
    return True
