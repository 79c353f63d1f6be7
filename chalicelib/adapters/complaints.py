"""Complaints and their reporters in DynamoDB: filed once, changed one step at a time, listed by index.

Each change is one conditional write that carries its timeline entry. A write whose answer was lost is retried by the
SDK and then fails its own condition; what is stored is therefore compared with what was meant before it is a conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.items import SHARDS, from_item, to_values, write_entry
from chalicelib.adapters.tables import (
    WIRE,
    ComplaintItem,
    ReporterItem,
    instant,
    is_cancelled,
    is_in_conflict,
    is_refused,
    keys_between,
    store_errors,
)
from chalicelib.domain.complaint import Complaint

_NEVER: Final = datetime(9000, 1, 1, tzinfo=UTC)


class Conflict(Exception):
    """Somebody else changed it first; read it again and decide anew."""


# ------------------------------------------------------------------------------------------------ filing


def add_reporter(reporter: ReporterItem) -> bool:
    """Keep who filed it; False when the ticket belongs to another filing already. The same again is True, and stays as
    it was first."""
    with store_errors():
        try:
            reporter.save(condition=ReporterItem.ticket.does_not_exist())
        except PutError as error:
            if not is_refused(error):
                raise
            first = ReporterItem.find(reporter.ticket)
            return first is not None and first.fingerprint == reporter.fingerprint
    return True


def remove_reporter(ticket: str, fingerprint: str) -> None:
    """Take back the reporter of a filing that did not get its ticket; another filing's stays."""
    with store_errors():
        try:
            ReporterItem(ticket).delete(condition=ReporterItem.fingerprint == fingerprint)
        except DeleteError as error:
            if not is_refused(error):
                raise


_IS_NEW: Final = ComplaintItem.ticket.does_not_exist()


def add_complaint(complaint: Complaint, fingerprint: str) -> tuple[Complaint, str]:
    """Store it unless its ticket is there; return what is stored under the ticket, and its fingerprint."""
    with store_errors():
        try:
            ComplaintItem.put(
                {
                    **to_values(complaint),
                    "fingerprint": fingerprint,
                    "timeline": [*map(write_entry, complaint.timeline)],
                },
                _IS_NEW,
            )
        except PutError as error:
            if not is_refused(error):
                raise
            stored = ComplaintItem.get(complaint.ticket, consistent_read=True)
            return from_item(stored), stored.fingerprint
    return complaint, fingerprint


# ------------------------------------------------------------------------------------------------ reading


def complaint_of(ticket: str, *, consistent: bool = False) -> Complaint | None:
    """Return the complaint with that ticket, or None."""
    item = ComplaintItem.find(ticket, consistent=consistent)
    return from_item(item) if item else None


def complaints_of(tickets: Sequence[str]) -> list[Complaint]:
    """Return the complaints with these tickets, in their order, without those that are gone."""
    if not tickets:
        return []
    with store_errors():
        found = {item.ticket: from_item(item) for item in ComplaintItem.batch_get(list(tickets))}
    return [found[ticket] for ticket in tickets if ticket in found]


def reporter_of(ticket: str) -> ReporterItem | None:
    """Return who filed it, or None when nobody left a name or number."""
    return ReporterItem.find(ticket, consistent=False)


def reporters_of(tickets: Collection[str]) -> dict[str, ReporterItem]:
    """Return who filed these, by ticket, without those that nobody left a name or number for."""
    if not tickets:
        return {}
    with store_errors():
        return {reporter.ticket: reporter for reporter in ReporterItem.batch_get(list(tickets))}


def tickets_of_phone(phone_key: str, limit: int = 100, *, proven: bool) -> list[str]:
    """Return the last tickets filed from a number, given as its keyed HMAC, the newest first: those that are `proven`
    to be that number's, or those for which somebody typed it."""
    with store_errors():
        rows = ReporterItem.by_phone.query(
            phone_key, ReporterItem.filed.startswith(_filed(proven=proven)), scan_index_forward=False, limit=limit
        )
        return [item.ticket for item in rows]


def all_tickets_of_phone(phone_key: str) -> list[str]:
    """Return those that are proven, then those that were typed."""
    return [ticket for proven in (True, False) for ticket in tickets_of_phone(phone_key, proven=proven)]


def filed_key(complaint: Complaint) -> str:
    """Return where a complaint stands among those of its reporter's number."""
    return f"{_filed(proven=complaint.proves_number)}{instant(complaint.received_at)}#{complaint.ticket}"


def _filed(*, proven: bool) -> str:
    """Return how the keys begin: many that somebody typed shall not hide those that are proven."""
    return "own#" if proven else "typed#"


def page_of_month(month: str, low: str, high: str, limit: int) -> list[str]:
    """Return at most `limit` keys (instant#ticket) of a month, newest first, within [low, high)."""
    rows = keys_between(ComplaintItem.by_month, month, ComplaintItem.received, low, high, limit, newest_first=True)
    return [row.received for row in rows]


def arrived(since: datetime, until: datetime) -> Iterator[str]:
    """Yield the tickets that arrived within [since, until), newest first, page by page."""
    month = until
    while month.strftime("%Y-%m") >= since.strftime("%Y-%m"):
        high = instant(until)
        while keys := page_of_month(month.strftime("%Y-%m"), instant(since), high, 100):
            yield from (key.partition("#")[2] for key in keys)
            high = keys[-1]
        month = month.replace(day=1) - timedelta(days=1)


def page_of_opd(opd: str, low: str, high: str, limit: int) -> list[str]:
    """Return at most `limit` keys of an OPD's complaints, newest first, within [low, high)."""
    rows = keys_between(ComplaintItem.by_opd, opd, ComplaintItem.received, low, high, limit, newest_first=True)
    return [row.received for row in rows]


def page_of_desk(desk: str, low: str, high: str, limit: int) -> list[str]:
    """Return at most `limit` keys of what lies open on a desk, by what is owed first, within [low, high)."""
    rows = keys_between(ComplaintItem.desk_index, desk, ComplaintItem.desk_due, low, high, limit)
    return [row.desk_due for row in rows]


def tickets_due(day: str, until: datetime) -> Iterator[str]:
    """Yield the tickets whose next rung is due on that UTC day (YYYY-MM-DD), at or before `until`."""
    for shard in range(SHARDS):
        with store_errors():
            for row in ComplaintItem.due_index.query(f"{day}#{shard}", ComplaintItem.due_at < instant(until) + "$"):
                yield row.ticket


def tickets_watched(first: date, last: date) -> Iterator[str]:
    """Yield the tickets at which the sweep will look on these UTC days: all whose deadlines are still to come."""
    for ahead in range((last - first).days + 1):
        yield from tickets_due((first + timedelta(days=ahead)).isoformat(), _NEVER)


# ------------------------------------------------------------------------------------------------ changing


def unchanged_since(complaint: Complaint) -> Condition:
    """The condition of every change: nobody has added a step to what was read."""
    same_length: Condition = size(ComplaintItem.timeline) == len(complaint.timeline)  # type: ignore[no-untyped-call]
    same_status: Condition = ComplaintItem.status == complaint.status
    both: Condition = same_length & same_status
    return both


def changes(old: Complaint, new: Complaint) -> list[Action]:
    """Return the update that turns the stored `old` into `new`, its new entries appended."""
    before, after = to_values(old), to_values(new)
    actions: list[Action] = [
        attribute.set(after[name]) if name in after else attribute.remove()
        for name, attribute in ComplaintItem.get_attributes().items()
        if before.get(name) != after.get(name)
    ]
    added = [write_entry(entry) for entry in new.timeline[len(old.timeline) :]]
    actions.append(ComplaintItem.timeline.set(ComplaintItem.timeline.append(added)))
    return actions


def record_step(old: Complaint, new: Complaint) -> None:
    """Write the step from `old` to `new`; Conflict when it was changed meanwhile by anybody but this same step."""
    with store_errors():
        try:
            ComplaintItem(old.ticket).update(actions=changes(old, new), condition=unchanged_since(old))
        except UpdateError as error:
            if not is_refused(error) and not is_in_conflict(error):
                raise
            if not is_recorded(old, new):
                raise Conflict(old.ticket) from error


def record_two_steps(one: tuple[Complaint, Complaint], other: tuple[Complaint, Complaint]) -> bool:
    """Write two steps, each (old, new), or neither; False when either complaint was changed meanwhile."""
    with store_errors():
        try:
            with TransactWrite(connection=WIRE) as transaction:
                for old, new in (one, other):
                    transaction.update(
                        ComplaintItem(old.ticket), actions=changes(old, new), condition=unchanged_since(old)
                    )
        except TransactWriteError as error:
            if not is_cancelled(error):
                raise
            return is_recorded(*one) and is_recorded(*other)
    return True


def is_recorded(old: Complaint, new: Complaint) -> bool:
    """Say whether the stored timeline has the very entries that the step from `old` to `new` adds."""
    stored = complaint_of(old.ticket, consistent=True)
    span = slice(len(old.timeline), len(new.timeline))
    return stored is not None and stored.timeline[span] == new.timeline[span]
