"""The ladder of one complaint: warning, black vest, replacement; one rung at a time, never after an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from chalicelib.domain.complaint import ADMIN_DESK, MACHINE, Complaint, Entry, Rung, Status
from chalicelib.domain.deadlines import Calendar, deadline_or_provisional
from chalicelib.domain.policy import Policy
from chalicelib.domain.values import dataclass

NEXT: Final = {None: Rung.WARNING, Rung.WARNING: Rung.BLACK_VEST, Rung.BLACK_VEST: Rung.REPLACEMENT}


class State(StrEnum):
    """Whether an escalation counts: `contested` is suspended, `upheld` never counted."""

    RECORDED = "recorded"
    CONTESTED = "contested"
    UPHELD = "upheld"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Escalation:
    """The record that a deadline passed. Its identity is (ticket, clock, rung); `n` counts from 1 within a ticket.

    `recorded_at` is the time of the sweep that found it, `written_at` when that was really written down.
    """

    ticket: str
    n: int
    clock: int
    rung: Rung
    opd: str
    division: str
    deadline: datetime
    recorded_at: datetime
    written_at: datetime
    state: State = State.RECORDED

    @property
    def id(self) -> tuple[str, int]:
        """Name it within the city: (ticket, n)."""
        return (self.ticket, self.n)


def decide_escalation(complaint: Complaint, now: datetime, written_at: datetime) -> Escalation | None:
    """Return the next rung when its deadline has passed as of `now`, else None; at most one, however late it is.

    A missed deadline to verify is the admin's own: rung `warning` against OPD `admin`, and no further one.
    """
    if complaint.status is Status.RECEIVED:
        due = complaint.verify_due_at if complaint.rung is None else None
        opd, division = ADMIN_DESK, ADMIN_DESK
    else:
        due, opd, division = complaint.next_rung_at, complaint.opd or "", complaint.division or ""
    if due is None or due > now or not (opd and division):
        return None
    return Escalation(
        ticket=complaint.ticket,
        n=complaint.escalations + 1,
        clock=complaint.clock,
        rung=NEXT[complaint.rung],
        opd=opd,
        division=division,
        deadline=due,
        recorded_at=now,
        written_at=written_at,
    )


def escalated(complaint: Complaint, escalation: Escalation, calendar: Calendar, policy: Policy) -> Complaint:
    """Return the complaint with that rung in its timeline, and the instant at which the next one would be due.

    The next deadline counts from the recording, so after an outage nobody falls two rungs at once.
    """
    wait = {Rung.WARNING: policy.black_vest, Rung.BLACK_VEST: policy.replacement}.get(escalation.rung)
    climbs = complaint.status is not Status.RECEIVED
    following = deadline_or_provisional(escalation.recorded_at, wait, calendar) if wait and climbs else None
    entry = Entry(
        escalation.recorded_at, "escalated", MACHINE.role, opd=escalation.opd, division=escalation.division,
        rung=escalation.rung, n=escalation.n, clock=escalation.clock, deadline=escalation.deadline,
        written_at=escalation.written_at, rung_deadline=following.at if following else None,
    )  # fmt: skip
    return replace(
        complaint,
        rung=escalation.rung,
        escalations=escalation.n,
        rung_due_at=following.at if following else None,
        provisional=complaint.provisional or (following is not None and following.provisional),
        timeline=(*complaint.timeline, entry),
    )
