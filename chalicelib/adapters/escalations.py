"""Escalations in DynamoDB: each recorded in one transaction with the complaint that it stands in."""

from __future__ import annotations

from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.complaints import changes, is_recorded, unchanged_since
from chalicelib.adapters.owed import item_of
from chalicelib.adapters.standings import News, item_of_news
from chalicelib.adapters.tables import (
    WIRE,
    ComplaintItem,
    EscalationItem,
    RegistryItem,
    from_instant,
    instant,
    is_cancelled,
    keys_between,
    store_errors,
)
from chalicelib.domain.complaint import Complaint, Rung
from chalicelib.domain.escalation import Escalation, State
from chalicelib.domain.owed import Owed


def record_escalation(old: Complaint, new: Complaint, escalation: Escalation, owed: Owed) -> bool:
    """Write the escalation, the complaint's step, what is owed of it and the news for its division's standing together;
    False when the complaint was changed meanwhile.

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
                transaction.save(item_of(owed))
                transaction.save(_news_of(escalation, escalation.state))
                transaction.update(ComplaintItem(old.ticket), actions=changes(old, new), condition=unchanged_since(old))
        except TransactWriteError as error:
            if not is_cancelled(error):
                raise
            return is_recorded(old, new)
    return True


def record_state(old: Complaint, new: Complaint, escalation: Escalation, state: State) -> bool:
    """Write that an escalation was contested or settled together with the complaint's step, and the news of it; False
    when either was changed meanwhile."""
    key = EscalationItem(escalation.ticket, escalation.n)
    with store_errors():
        try:
            with TransactWrite(connection=WIRE) as transaction:
                transaction.update(
                    key, actions=[EscalationItem.state.set(state)], condition=EscalationItem.state == escalation.state
                )
                transaction.save(_news_of(escalation, state))
                transaction.update(ComplaintItem(old.ticket), actions=changes(old, new), condition=unchanged_since(old))
        except TransactWriteError as error:
            if not is_cancelled(error):
                raise
            return is_recorded(old, new)
    return True


def _news_of(one: Escalation, state: State) -> RegistryItem:
    return item_of_news(News(one.opd, one.division, f"{one.ticket}#{one.n:04d}#{state}", one.ticket, one.n))


def escalation_of(ticket: str, n: int) -> Escalation | None:
    """Return the n-th escalation of a complaint, or None."""
    item = EscalationItem.find(ticket, n)
    return to_escalation(item) if item else None


def escalations_against(opd: str) -> list[Escalation]:
    """Return all escalations that were recorded against an OPD's divisions, as its index knows them."""
    with store_errors():
        return [to_escalation(item) for item in EscalationItem.by_opd.query(opd)]


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
        state=State(item.state),
    )
