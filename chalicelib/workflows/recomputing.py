"""`make recompute`: complaints, escalations, standings and statistics against the record; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.adapters import complaints, escalations, registry
from chalicelib.adapters import standings as kept
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.record import differences
from chalicelib.workflows import city, counting, standings


def recompute(now: datetime) -> Iterator[str]:
    """Yield each difference between what is stored and what the timelines and the acts say."""
    divisions = set(kept.all_standings())
    for complaint in _all(now):
        recorded = escalations.escalations_of(complaint.ticket)
        divisions |= {(one.opd, one.division) for one in recorded}
        yield from differences(complaint, recorded)
    for division in sorted(divisions):
        stored, replayed = kept.all_standings().get(division), standings.replay(division).standing
        if stored != replayed:
            yield f"standing of {'/'.join(division)} is {stored}, by the record {replayed}"
    yield from counting.recount(_all(now), now)


def _all(now: datetime) -> Iterator[Complaint]:
    city.forget()
    for ticket in complaints.arrived(registry.remember_first_day(now) - timedelta(days=1), now):
        if complaint := complaints.complaint_of(ticket, consistent=True):
            yield complaint
