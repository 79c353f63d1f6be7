"""`make recompute`: every complaint and escalation against the record, one by one; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.adapters import complaints, escalations, registry
from chalicelib.domain.record import differences


def recompute(now: datetime) -> Iterator[str]:
    """Yield each difference between what is stored and what the timelines say."""
    for ticket in complaints.arrived(registry.remember_first_day(now) - timedelta(days=1), now):
        complaint = complaints.complaint_of(ticket, consistent=True)
        if complaint:
            yield from differences(complaint, escalations.escalations_of(ticket))
