"""What the stream forgot is found, sent and counted: streams keep a record for 24 hours, a complaint its timeline.

Every message owed follows from a timeline, and every one sent is written down; the difference of the two is what an
outage swallowed. Hourly for what came or was escalated in the last days, once a day for the last months.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Final

from chalicelib.adapters import complaints, escalations
from chalicelib.adapters.tables import instant
from chalicelib.workflows import counting, telling

log = logging.getLogger(__name__)

HOURLY: Final = timedelta(days=3)
DAILY: Final = timedelta(days=120)
_DAILY_HOUR: Final = 18  # UTC: after midnight in Indonesia
_SETTLED: Final = timedelta(hours=1)  # what is younger is still the stream's
_TOO_OLD: Final = timedelta(days=14)  # what a reporter was not told in so long, a newly found way shall not tell
_PAGE: Final = 100


class ReconcileIncomplete(Exception):
    """Something that is owed could not be sent or counted; the next run tries it again."""


def reconcile(now: datetime) -> dict[str, int]:
    """Send what is owed and was never sent; return how many complaints were looked at.

    Raises ReconcileIncomplete, after all else is done, when any message failed.
    """
    since = now - (DAILY if now.hour == _DAILY_HOUR else HOURLY)
    looked_at, failed = 0, 0
    tickets = _tickets(since, now)
    while page := list(islice(tickets, _PAGE)):
        found = complaints.complaints_of(page)
        looked_at += len(found)
        changes = [telling.Change(complaint.ticket, None, complaint) for complaint in found]
        settled = telling.Settled(before=now - _SETTLED, reporters_since=now - _TOO_OLD)
        failed += len(telling.tell(changes, now, settled)) + len(counting.count(found))
    log.info("reconciled %s complaints since %s, %s failed", looked_at, since.isoformat(), failed)
    if failed:
        raise ReconcileIncomplete(f"{failed} of {looked_at}")
    return {"looked_at": looked_at}


def _tickets(since: datetime, now: datetime) -> Iterator[str]:
    """Yield, once each, the tickets that arrived or were escalated since then."""
    seen: set[str] = set()
    for ticket in chain(complaints.arrived(since, now), _escalated(since)):
        if ticket not in seen:
            seen.add(ticket)
            yield ticket


def _escalated(since: datetime) -> Iterator[str]:
    high = "9"  # a rehearsal's escalations lie in the future
    while rows := escalations.page_of_ledger(instant(since), high, _PAGE):
        yield from (row.ticket for row in rows)
        high = rows[-1].recorded
