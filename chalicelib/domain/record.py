"""What a complaint must be by its record alone: the fold of its timeline, and the escalations that stand beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from chalicelib.domain.complaint import Complaint, Entry, Status
from chalicelib.domain.escalation import Escalation


def differences(complaint: Complaint, escalations: Collection[Escalation]) -> Iterator[str]:
    """Yield one line for each thing that is stored otherwise than the timeline says."""
    for name, stored, folded in _compared(complaint):
        if stored != folded:
            yield f"{complaint.ticket}: {name} is {stored}, by its timeline {folded}"
    entries = {entry.n or 0: entry for entry in complaint.timeline if entry.entry == "escalated"}
    recorded = {escalation.n: escalation for escalation in escalations}
    for n in entries:
        if n not in recorded:
            yield f"{complaint.ticket}: escalation {n} is in its timeline and not recorded"
    for n, escalation in sorted(recorded.items()):
        entry = entries.get(n)
        if entry is None:
            yield f"{complaint.ticket}: escalation {n} is recorded and not in its timeline"
        elif _of_entry(entry) != _of_escalation(escalation):
            yield f"{complaint.ticket}: escalation {n} is recorded otherwise than its timeline says"


def _compared(complaint: Complaint) -> Iterator[tuple[str, object, object]]:
    dispatches = [entry for entry in complaint.timeline if entry.entry == "dispatched"]
    rungs = [entry for entry in complaint.timeline if entry.entry == "escalated"]
    last = dispatches[-1] if dispatches else None
    clock = last.clock if last else 0
    climbed = [entry.rung for entry in rungs if entry.clock == clock]
    yield "status", complaint.status, _status(complaint)
    yield "clock", complaint.clock, clock
    yield "OPD", complaint.opd, last.opd if last else None
    yield "division", complaint.division, last.division if last else None
    yield "answer deadline", complaint.answer_due_at, last.deadline if last else None
    yield "rung", complaint.rung, climbed[-1] if climbed else None
    yield "number of escalations", complaint.escalations, len(rungs)
    if complaint.answered_at or complaint.rung == "replacement" or not last:
        yield "next rung", complaint.next_rung_at, None
    elif not climbed:
        yield "next rung", complaint.next_rung_at, last.deadline


def _status(complaint: Complaint) -> Status:
    status = Status.RECEIVED
    for entry in complaint.timeline:
        if entry.entry == "dispatched":
            status = Status.DISPATCHED
        elif entry.entry == "started" or (entry.entry == "answered" and not entry.final):
            status = Status.IN_PROGRESS
        elif entry.entry == "answered":
            status = Status.ANSWERED
    return status


def _of_entry(entry: Entry) -> tuple[object, ...]:
    return entry.rung, entry.clock, entry.opd, entry.division, entry.deadline, entry.at


def _of_escalation(one: Escalation) -> tuple[object, ...]:
    return one.rung, one.clock, one.opd, one.division, one.deadline, one.recorded_at
