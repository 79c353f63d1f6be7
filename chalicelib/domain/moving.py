"""The calendar changed: deadlines that are still to come move with it, and the timeline says so (rule: DOMAIN 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.domain.complaint import Actor, Complaint, Entry, Kind, Rung, Status
from chalicelib.domain.deadlines import Calendar, Deadline, deadline_or_provisional, moved
from chalicelib.domain.policy import Policy
from chalicelib.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the city's calendar: who made it, and when; until then deadlines were made by the old one."""

    old: Calendar
    new: Calendar
    by: Actor
    at: datetime


def move_deadlines(
    complaint: Complaint, change: Change, policy: Policy, now: datetime, *, supervised: bool
) -> Complaint:
    """Return the complaint with every deadline that is still to come as the new calendar has it; the same object when
    none moves, or when this change has moved them already. What has passed, and what stands still, stays; nothing
    moves into the past."""
    if any(entry.at >= change.at for entry in complaint.entries("deadlines_moved")):
        return complaint
    likely = complaint.suggestion.category if complaint.suggestion else None
    due = _Dues(complaint, change, policy.of(complaint.category or likely), now)
    main, finish, rung = due.main(), due.finish(supervised=supervised), due.rung()
    running = [one for one in (main, finish, rung) if one]
    provisional = any(one.provisional for one in running) if running else complaint.provisional
    deadline, finish_due, rung_due = (
        one.at if one and one.at != stands else None
        for one, stands in (
            (main, getattr(complaint, _MAIN.get(complaint.status, "window_until"))),
            (finish, complaint.finish_due_at),
            (rung, complaint.rung_due_at),
        )
    )
    if not (deadline or finish_due or rung_due) and provisional == complaint.provisional:
        return complaint
    entry = Entry(
        now, "deadlines_moved", change.by.role, change.by.subject or None, clock=complaint.clock, deadline=deadline,
        finish_deadline=finish_due, rung_deadline=rung_due,
    )  # fmt: skip
    moved_main = {_MAIN[complaint.status]: deadline} if deadline else {}
    return replace(
        complaint,
        timeline=(*complaint.timeline, entry),
        provisional=provisional,
        finish_due_at=finish_due or complaint.finish_due_at,
        rung_due_at=rung_due or complaint.rung_due_at,
        **moved_main,  # type: ignore[arg-type]
    )


_MAIN = {
    Status.RECEIVED: "verify_due_at",
    Status.DISPATCHED: "answer_due_at",
    Status.IN_PROGRESS: "answer_due_at",
    Status.WAITING: "window_until",
    Status.ANSWERED: "window_until",
    Status.CLOSED: "window_until",
}


@dataclass(frozen=True, slots=True)
class _Dues:
    """Where the running deadlines of a complaint go; None = it does not run, or has passed."""

    complaint: Complaint
    change: Change
    policy: Policy
    now: datetime

    def main(self) -> Deadline | None:
        """The clock that its status is about: to verify, to answer, or the reporter's window."""
        one = self.complaint
        if one.status is Status.RECEIVED:
            return self._moved(one.verify_due_at, self.policy.verify, "received", "refused", "reopened")
        if one.status in (Status.WAITING, Status.ANSWERED, Status.CLOSED):
            return self._moved(one.window_until, self.policy.reply, "asked", "answered")
        return self._moved(
            one.running_deadline, self.policy.answer, "dispatched", "forwarded", "reopened", "replied", "resumed"
        )

    def finish(self, *, supervised: bool) -> Deadline | None:
        """The finish clock, which runs while the city owes something."""
        one = self.complaint
        days = self.policy.finish["supervision" if supervised and one.kind is Kind.COMPLAINT else one.kind]
        due = one.finish_due_at if one.is_open else None
        return self._moved(due, days, "received", "reopened", "replied", "resumed")

    def rung(self) -> Deadline | None:
        """The next rung, where it is not the answer deadline itself."""
        one = self.complaint
        days = self.policy.black_vest if one.rung is Rung.WARNING else self.policy.replacement
        due = one.rung_due_at if one.next_rung_at else None
        return self._moved(due, days, "escalated", "replied", "resumed")

    def _moved(self, due: datetime | None, days: int, *starts: str) -> Deadline | None:
        if due is None or due <= self.now:
            return None
        change, started_at = self.change, next(self.complaint.entries(*starts)).at
        if started_at >= change.at and deadline_or_provisional(started_at, days, change.old).at != due:
            return Deadline(due, self.complaint.provisional)  # the days left after a wait, by the new one already
        there = moved(due, started_at, days, change.old, change.new)
        return there if there.at > self.now else Deadline(due, there.provisional)
