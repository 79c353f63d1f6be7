"""Complaints and their reporters in DynamoDB: filed once, changed one step at a time, listed by index.

Each change is one conditional write that carries its timeline entry. A write whose answer was lost is retried by the
SDK and then fails its own condition; what is stored is therefore compared with what was meant before it is a conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zlib import crc32

import msgspec
from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, UpdateError
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action

from chalicelib.adapters.tables import (
    SCHEMA,
    ComplaintItem,
    ReporterItem,
    from_instant,
    instant,
    is_in_conflict,
    is_refused,
    keys_between,
    store_errors,
)
from chalicelib.domain.complaint import Complaint, Entry, Kind, Rung, Status, Suggestion

SHARDS: Final = 4  # of a day in the deadline index: one partition takes 1,000 writes a second
ADMIN_DESK: Final = "admin"
_FLAGS: Final = ("anonymous", "confidential", "checked", "provisional", "incomplete")
_PLAIN: Final = ("kind", "channel", "text", "category", "opd", "division", "address", "lat", "long")


class Conflict(Exception):
    """Somebody else changed it first; read it again and decide anew."""


def write_entry(entry: Entry) -> str:
    """Return a timeline entry as it is stored: JSON without the fields that it does not have."""
    fields = {
        name: _shortest(value) if isinstance(value, datetime) else value
        for name in Entry.__slots__
        if (value := getattr(entry, name)) is not None
    }
    return msgspec.json.encode(fields).decode()


def _shortest(at: datetime) -> str:
    """Return the text of an instant that is no key, without zeros at its end: 2026-11-24T17:00:00Z, ...:17.523Z."""
    precision = "milliseconds" if at.microsecond and not at.microsecond % 1000 else "auto"
    return f"{at.astimezone(UTC).isoformat(timespec=precision)[:-6]}Z"


def read_entry(text: str) -> Entry:
    """Return the entry of its stored form."""
    return _ENTRY.decode(text)


_ENTRY: Final = msgspec.json.Decoder(Entry)


def to_values(complaint: Complaint) -> dict[str, Any]:
    """Return what the item of a complaint holds, index keys included and the timeline left out."""
    received = instant(complaint.received_at)
    values = {
        "ticket": complaint.ticket,
        "schema": SCHEMA,
        "status": complaint.status,
        "verify_due": _shortest(complaint.verify_due_at),
        "finish_due": _shortest(complaint.finish_due_at),
        "month": received[:7],
        "received": f"{received}#{complaint.ticket}",
        **{name: value for name in _PLAIN if (value := getattr(complaint, name)) is not None},
        **{name: True for name in _FLAGS if getattr(complaint, name)},
    }
    if complaint.answer_due_at:
        values["answer_due"] = instant(complaint.answer_due_at)
    if complaint.suggestion:
        values["suggestion"] = _SUGGESTION_ENCODER.encode(complaint.suggestion).decode()
    if complaint.photos:
        values["photos"] = list(complaint.photos)
    if complaint.clock:
        values |= {"clock": complaint.clock, "escalations": complaint.escalations}
    if complaint.rung:
        values["rung"] = complaint.rung
    if complaint.is_open:
        values["desk"] = complaint.opd or ADMIN_DESK
        values["desk_due"] = f"{instant(owed_at(complaint))}#{complaint.ticket}"
    if complaint.next_rung_at:
        values["due_bucket"] = due_bucket(complaint.next_rung_at, crc32(complaint.ticket.encode()) % SHARDS)
        values["due_at"] = f"{instant(complaint.next_rung_at)}#{complaint.ticket}"
    return values


_SUGGESTION_ENCODER: Final = msgspec.json.Encoder()
_SUGGESTION: Final = msgspec.json.Decoder(Suggestion)


def owed_at(complaint: Complaint) -> datetime:
    """Return when the next thing is owed on an open complaint: the dispatch, the answer, then the finish."""
    if complaint.status is Status.RECEIVED:
        return complaint.verify_due_at
    return complaint.running_deadline or complaint.finish_due_at


def due_bucket(at: datetime, shard: int) -> str:
    """Return the partition of the deadline index in which an instant lies."""
    return f"{instant(at)[:10]}#{shard}"


def from_item(item: ComplaintItem) -> Complaint:
    """Return the complaint of an item, of this schema version or the one before."""
    due = item.due_at
    return Complaint(
        ticket=item.ticket,
        kind=Kind(item.kind),
        channel=item.channel,
        text=item.text,
        status=Status(item.status),
        received_at=from_instant(item.received),
        verify_due_at=from_instant(item.verify_due),
        finish_due_at=from_instant(item.finish_due),
        timeline=tuple(read_entry(text) for text in item.timeline),
        category=item.category,
        opd=item.opd,
        division=item.division,
        suggestion=_SUGGESTION.decode(item.suggestion) if item.suggestion else None,
        address=item.address,
        lat=item.lat,
        long=item.long,
        photos=tuple(item.photos or ()),
        anonymous=bool(item.anonymous),
        confidential=bool(item.confidential),
        checked=bool(item.checked),
        provisional=bool(item.provisional),
        incomplete=bool(item.incomplete),
        clock=int(item.clock or 0),
        answer_due_at=from_instant(item.answer_due) if item.answer_due else None,
        next_rung_at=from_instant(due) if due else None,
        rung=Rung(item.rung) if item.rung else None,
        escalations=int(item.escalations or 0),
    )


def from_image(image: dict[str, Any] | None) -> Complaint | None:
    """Return the complaint of a stream image; any exception means that the record is poison."""
    return None if image is None else from_item(ComplaintItem.from_raw_data(image))


# ------------------------------------------------------------------------------------------------ filing


def add_reporter(reporter: ReporterItem) -> bool:
    """Keep who filed it; False when the ticket belongs to another filing already. The same again is True."""
    mine = ReporterItem.ticket.does_not_exist() | (ReporterItem.fingerprint == reporter.fingerprint)
    with store_errors():
        try:
            reporter.save(condition=mine)
        except PutError as error:
            if not is_refused(error):
                raise
            return False
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
    with store_errors():
        try:
            return from_item(ComplaintItem.get(ticket, consistent_read=consistent))
        except DoesNotExist:
            return None


def complaints_of(tickets: Sequence[str]) -> list[Complaint]:
    """Return the complaints with these tickets, in their order, without those that are gone."""
    if not tickets:
        return []
    with store_errors():
        found = {item.ticket: from_item(item) for item in ComplaintItem.batch_get(list(tickets))}
    return [found[ticket] for ticket in tickets if ticket in found]


def reporter_of(ticket: str) -> ReporterItem | None:
    """Return who filed it, or None when nobody left a name or number."""
    with store_errors():
        try:
            return ReporterItem.get(ticket)
        except DoesNotExist:
            return None


def reporters_of(tickets: Collection[str]) -> dict[str, ReporterItem]:
    """Return who filed these, by ticket, without those that nobody left a name or number for."""
    if not tickets:
        return {}
    with store_errors():
        return {reporter.ticket: reporter for reporter in ReporterItem.batch_get(list(tickets))}


def tickets_of_phone(phone_key: str, limit: int = 100) -> list[str]:
    """Return the tickets filed from a number, given as its keyed HMAC."""
    with store_errors():
        return [item.ticket for item in ReporterItem.by_phone.query(phone_key, limit=limit)]


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


def is_recorded(old: Complaint, new: Complaint) -> bool:
    """Say whether the stored timeline has the very entries that the step from `old` to `new` adds."""
    stored = complaint_of(old.ticket, consistent=True)
    span = slice(len(old.timeline), len(new.timeline))
    return stored is not None and stored.timeline[span] == new.timeline[span]
