"""The scheduled sweep: what is due as of the event's own time is escalated, one rung a complaint a run.

It reads what is due, never what is open: day by day of the deadline index, from its watermark to the event's time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Final

from chalicelib.adapters import complaints, escalations, registry
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain.escalation import decide_escalation, escalated
from chalicelib.workflows import city, texting

log = logging.getLogger(__name__)

_BEHIND: Final = timedelta(hours=1)  # the watermark stays so far behind the clock, for index rows still on their way
_ATTEMPTS: Final = 5


@dataclass(slots=True)
class Report:
    """What a sweep did: escalations recorded, index rows read, long SMS filed, complaints and SMS that failed."""

    recorded: int = 0
    read: int = 0
    filed: int = 0
    failed: int = 0


class SweepIncomplete(Exception):
    """Some complaints could not be looked at; all others were. The next sweep reads from the same place."""


def sweep(now: datetime, written_at: datetime) -> dict[str, int]:
    """Escalate what is due as of `now` and return the report; `written_at` is the wall clock.

    Exactly once: twice run, or two at once, records nothing twice. Raises SweepIncomplete, after all else is done,
    when any complaint failed.
    """
    report = Report()
    seen = registry.watermark()
    begin = seen or registry.remember_first_day(written_at)
    for day in _days(min(begin, now).date(), now.date()):
        for ticket in complaints.tickets_due(day.isoformat(), now):
            report.read += 1
            try:
                report.recorded += _escalate(ticket, now, written_at)
            except Exception:
                report.failed += 1
                log.exception("escalation failed: %s", ticket)
    report.filed, unfiled = texting.file_overdue_parts(now, written_at)
    report.failed += unfiled
    if report.failed:
        raise SweepIncomplete(f"{report}")
    reached = min(now, written_at) - _BEHIND
    if seen is None or reached > seen:
        registry.advance_watermark(seen, reached)
    log.info("sweep as of %s: %s", now.isoformat(), asdict(report))
    return asdict(report)


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def _escalate(ticket: str, now: datetime, written_at: datetime) -> bool:
    """Record the next rung of one complaint, unless it has been answered, or another sweep was first."""
    known = city.current(written_at)
    for attempt in range(_ATTEMPTS):
        complaint = complaints.complaint_of(ticket, consistent=attempt > 0)
        found = decide_escalation(complaint, now, written_at) if complaint else None
        if complaint is None or found is None:
            return False
        after = escalated(complaint, found, known.calendar, known.policy)
        if after.next_rung_at and after.next_rung_at <= written_at:
            registry.pull_back_watermark(after.next_rung_at)
        if escalations.record_escalation(complaint, after, found):
            return True
    raise StoreUnavailable("the complaint kept changing")
