"""What a complaint must be by its record alone: the fold of its timeline, and the escalations that stand beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Final

from chalicelib.domain.complaint import Complaint, Entry, Rung, Status
from chalicelib.domain.escalation import Escalation, State
from chalicelib.domain.values import dataclass


def differences(complaint: Complaint, escalations: Collection[Escalation]) -> Iterator[str]:
    """Yield one line for each thing that is stored otherwise than the timeline says."""
    folded = fold(complaint.timeline)
    for one in fields(folded):
        stored, said = getattr(complaint, one.name), getattr(folded, one.name)
        if stored != said:
            yield f"{complaint.ticket}: {one.name} is {stored}, by its timeline {said}"
    entries = {entry.n or 0: entry for entry in complaint.timeline if entry.entry == "escalated"}
    states = states_of(complaint.timeline)
    recorded = {escalation.n: escalation for escalation in escalations}
    for n in entries:
        if n not in recorded:
            yield f"{complaint.ticket}: escalation {n} is in its timeline and not recorded"
    for n, escalation in sorted(recorded.items()):
        entry = entries.get(n)
        if entry is None:
            yield f"{complaint.ticket}: escalation {n} is recorded and not in its timeline"
        elif _of_entry(entry) != _of_escalation(escalation) or escalation.state != states.get(n, State.RECORDED):
            yield f"{complaint.ticket}: escalation {n} is recorded otherwise than its timeline says"


@dataclass(slots=True)
class Folded:
    """What a timeline adds up to: the fields of a complaint that its steps change."""

    status: Status = Status.RECEIVED
    clock: int = 0
    opd: str | None = None
    division: str | None = None
    answer_due_at: datetime | None = None
    rung_due_at: datetime | None = None
    window_until: datetime | None = None
    rung: Rung | None = None
    escalations: int = 0
    merged_into: str | None = None


def fold(timeline: Collection[Entry]) -> Folded:
    """Return what these steps make of a complaint."""
    state = Folded()
    for entry in timeline:
        step = _STEPS.get(entry.entry)
        if step:
            step(state, entry)
    return state


def states_of(timeline: Collection[Entry]) -> dict[int, State]:
    """Return the state of each escalation that was contested, by its number."""
    names = {"contested": State.CONTESTED, "upheld": State.UPHELD, "denied": State.DENIED}
    return {entry.n: names[entry.entry] for entry in timeline if entry.entry in names and entry.n is not None}


def _with_division(state: Folded, entry: Entry) -> None:
    state.status, state.clock = Status.DISPATCHED, entry.clock or 0
    state.opd, state.division, state.answer_due_at = entry.opd, entry.division, entry.deadline
    state.rung = state.rung_due_at = state.window_until = None


def _with_admin(state: Folded, entry: Entry) -> None:
    state.status, state.clock = Status.RECEIVED, entry.clock or 0
    state.opd = state.division = None
    state.answer_due_at = state.rung = state.rung_due_at = state.window_until = None


def _reopened(state: Folded, entry: Entry) -> None:
    (_with_division if entry.opd else _with_admin)(state, entry)


def _started(state: Folded, _: Entry) -> None:
    state.status = Status.IN_PROGRESS


def _answered(state: Folded, entry: Entry) -> None:
    state.status, state.window_until = Status.ANSWERED if entry.final else Status.IN_PROGRESS, entry.deadline


def _asked(state: Folded, entry: Entry) -> None:
    state.status, state.window_until = Status.WAITING, entry.deadline


def _resumed(state: Folded, entry: Entry) -> None:
    state.status, state.window_until = Status.DISPATCHED, None
    state.answer_due_at, state.rung_due_at = entry.deadline or state.answer_due_at, entry.rung_deadline


def _over(status: Status) -> Callable[[Folded, Entry], None]:
    def step(state: Folded, entry: Entry) -> None:
        state.status, state.window_until, state.merged_into = status, None, entry.into

    return step


def _rated(state: Folded, _: Entry) -> None:
    state.status = Status.CLOSED


def _escalated(state: Folded, entry: Entry) -> None:
    state.rung, state.escalations, state.rung_due_at = Rung(entry.rung or ""), entry.n or 0, entry.rung_deadline


def _moved(state: Folded, entry: Entry) -> None:
    if state.status in (Status.DISPATCHED, Status.IN_PROGRESS):
        state.answer_due_at = entry.deadline or state.answer_due_at
    elif state.status is not Status.RECEIVED:
        state.window_until = entry.deadline or state.window_until
    state.rung_due_at = entry.rung_deadline or state.rung_due_at


_STEPS: Final[Mapping[str, Callable[[Folded, Entry], None]]] = {
    "dispatched": _with_division,
    "forwarded": _with_division,
    "refused": _with_admin,
    "reopened": _reopened,
    "started": _started,
    "answered": _answered,
    "asked": _asked,
    "replied": _resumed,
    "resumed": _resumed,
    "rated": _rated,
    "closed": _over(Status.CLOSED),
    "rejected": _over(Status.REJECTED),
    "merged": _over(Status.MERGED),
    "escalated": _escalated,
    "deadlines_moved": _moved,
}


def _of_entry(entry: Entry) -> tuple[object, ...]:
    return entry.rung, entry.clock, entry.opd, entry.division, entry.deadline, entry.at


def _of_escalation(one: Escalation) -> tuple[object, ...]:
    return one.rung, one.clock, one.opd, one.division, one.deadline, one.recorded_at
