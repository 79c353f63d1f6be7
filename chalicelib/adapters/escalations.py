"""Escalations in DynamoDB: each recorded in one transaction with the complaint that it stands in."""

from __future__ import annotations

from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.complaints import changes, is_recorded, unchanged_since
from chalicelib.adapters.tables import (
    WIRE,
    ComplaintItem,
    EscalationItem,
    from_instant,
    instant,
    keys_between,
    store_errors,
)
from chalicelib.domain.complaint import Complaint, Rung
from chalicelib.domain.escalation import Escalation


def record_escalation(old: Complaint, new: Complaint, escalation: Escalation) -> bool:
    """Write the escalation and the complaint's step together; False when the complaint was changed meanwhile.

    Twice run = once recorded: the complaint must still be as it was read, and the escalation must not be there.
    """
    item = EscalationItem(
        ticket=escalation.ticket,
        n=escalation.n,
        clock=escalation.clock,
        rung=escalation.rung,
        opd=escalation.opd,
        division=escalation.division,
        deadline=instant(escalation.deadline),
        recorded=f"{instant(escalation.recorded_at)}#{escalation.ticket}#{escalation.n:04d}",
        written_at=instant(escalation.written_at),
    )
    with store_errors():
        try:
            with TransactWrite(connection=WIRE) as transaction:
                transaction.save(item, condition=EscalationItem.ticket.does_not_exist())
                transaction.update(ComplaintItem(old.ticket), actions=changes(old, new), condition=unchanged_since(old))
        except TransactWriteError as error:
            reasons = {reason.code for reason in error.cancellation_reasons if reason}
            if not reasons <= {"ConditionalCheckFailed", "TransactionConflict", "None"} or not reasons:
                raise
            return is_recorded(old, new)
    return True


def page_of_ledger(low: str, high: str, limit: int) -> list[EscalationItem]:
    """Return at most `limit` escalations of the city, newest first, whose key lies within [low, high)."""
    return keys_between(EscalationItem.by_ledger, "city", EscalationItem.recorded, low, high, limit, newest_first=True)


def page_of_opd(opd: str, low: str, high: str, limit: int) -> list[EscalationItem]:
    """Return at most `limit` escalations of an OPD, newest first, whose key lies within [low, high)."""
    return keys_between(EscalationItem.by_opd, opd, EscalationItem.recorded, low, high, limit, newest_first=True)


def escalations_of(ticket: str) -> list[Escalation]:
    """Return the escalations of one complaint, in their order."""
    with store_errors():
        return [to_escalation(item) for item in EscalationItem.query(ticket, consistent_read=True)]


def to_escalation(item: EscalationItem) -> Escalation:
    """Return the escalation of an item."""
    return Escalation(
        ticket=item.ticket,
        n=int(item.n),
        clock=int(item.clock),
        rung=Rung(item.rung),
        opd=item.opd,
        division=item.division,
        deadline=from_instant(item.deadline),
        recorded_at=from_instant(item.recorded),
        written_at=from_instant(item.written_at),
    )
