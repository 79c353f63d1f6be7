"""A division contests an escalation, an admin settles it; while it is contested it does not count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.adapters import complaints, escalations
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain import life
from chalicelib.domain.complaint import Actor, Complaint
from chalicelib.domain.escalation import Escalation, State
from chalicelib.workflows import standings
from chalicelib.workflows.changing import ATTEMPTS, wait_a_moment

Settled = tuple[Complaint, Escalation]


class NotPossible(Exception):
    """This cannot be done with an escalation in this state; `possible` says what can."""

    def __init__(self, action: str, state: State) -> None:
        super().__init__(f"{action} is not possible while {state}")
        self.action, self.state = action, state
        self.possible = {State.RECORDED: ("contest",), State.CONTESTED: ("uphold", "deny")}.get(state, ())


def contest(
    ticket: str, n: int, reason: str, actor: Actor, now: datetime, owns: Callable[[Escalation], bool]
) -> Settled | None:
    """Contest an escalation, once; None when there is none such of the caller's, NotPossible when it was contested."""

    def step(complaint: Complaint, one: Escalation) -> Complaint:
        return life.contest(complaint, n, one.opd, one.division, reason, actor, now)

    return _change(ticket, n, "contest", State.RECORDED, State.CONTESTED, owns, step)


def settle(ticket: str, n: int, reason: str, actor: Actor, now: datetime, *, upheld: bool) -> Settled | None:
    """Uphold a contest (then the escalation never counted) or deny it; NotPossible when it is not contested."""

    def step(complaint: Complaint, _: Escalation) -> Complaint:
        return life.settle(complaint, n, reason, actor, now, upheld=upheld)

    action, state = ("uphold", State.UPHELD) if upheld else ("deny", State.DENIED)
    return _change(ticket, n, action, State.CONTESTED, state, lambda _: True, step)


def _change(
    ticket: str,
    n: int,
    action: str,
    needs: State,
    becomes: State,
    owns: Callable[[Escalation], bool],
    step: Callable[[Complaint, Escalation], Complaint],
) -> Settled | None:
    for attempt in range(ATTEMPTS):
        old = complaints.complaint_of(ticket, consistent=True)
        one = escalations.escalation_of(ticket, n)
        if old is None or one is None or not owns(one):
            return None
        if one.state is not needs:
            raise NotPossible(action, one.state)
        new = step(old, one)
        if escalations.record_state(old, new, one, becomes):
            settled = escalations.escalation_of(ticket, n) or one
            standings.refresh((one.opd, one.division), [settled])
            return new, settled
        wait_a_moment(attempt)
    raise StoreUnavailable("too many writers on one complaint")
