"""The ladder of one complaint: warning, black vest, replacement; one rung at a time, never after an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from chalicelib.domain.complaint import MACHINE, STEPS, Complaint, Entry, Rung
from chalicelib.domain.deadlines import Calendar, Policy, deadline_or_provisional

NEXT: Final = {None: Rung.WARNING, Rung.WARNING: Rung.BLACK_VEST, Rung.BLACK_VEST: Rung.REPLACEMENT}


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


def decide_escalation(complaint: Complaint, now: datetime, written_at: datetime) -> Escalation | None:
    """Return the next rung when its deadline has passed as of `now`, else None; at most one, however late it is."""
    due = complaint.next_rung_at
    if due is None or due > now or (complaint.status, "escalate") not in STEPS:
        return None
    rung = NEXT.get(complaint.rung)
    if rung is None or complaint.opd is None or complaint.division is None:
        return None
    return Escalation(
        ticket=complaint.ticket,
        n=complaint.escalations + 1,
        clock=complaint.clock,
        rung=rung,
        opd=complaint.opd,
        division=complaint.division,
        deadline=due,
        recorded_at=now,
        written_at=written_at,
    )


def escalated(complaint: Complaint, escalation: Escalation, calendar: Calendar, policy: Policy) -> Complaint:
    """Return the complaint with that rung in its timeline, and the instant at which the next one would be due.

    The next deadline counts from the recording, so after an outage nobody falls two rungs at once.
    """
    entry = Entry(
        escalation.recorded_at, "escalated", MACHINE.role, opd=escalation.opd, division=escalation.division,
        rung=escalation.rung, n=escalation.n, clock=escalation.clock, deadline=escalation.deadline,
        written_at=escalation.written_at,
    )  # fmt: skip
    wait = {Rung.WARNING: policy.black_vest, Rung.BLACK_VEST: policy.replacement}.get(escalation.rung)
    following = deadline_or_provisional(escalation.recorded_at, wait, calendar) if wait else None
    return replace(
        complaint,
        rung=escalation.rung,
        escalations=escalation.n,
        next_rung_at=following.at if following else None,
        provisional=complaint.provisional or (following is not None and following.provisional),
        timeline=(*complaint.timeline, entry),
    )
