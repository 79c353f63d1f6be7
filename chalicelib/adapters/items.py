"""A complaint as its item of the table, and back; its timeline as a list of JSON texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32

import msgspec

from chalicelib.adapters.tables import SCHEMA, ComplaintItem, from_instant, instant
from chalicelib.domain.complaint import ADMIN_DESK, Complaint, Entry, Kind, Rung, Status, Suggestion

SHARDS: Final = 4  # of a day in the deadline index: one partition takes 1,000 writes a second
_FLAGS: Final = ("anonymous", "confidential", "checked", "provisional", "incomplete")
_PLAIN: Final = (
    "kind", "channel", "text", "category", "opd", "division", "address", "lat", "long", "rung", "merged_into",
)  # fmt: skip
_COUNTS: Final = ("clock", "escalations")
_DUES: Final = {"rung_due": "rung_due_at", "window_until": "window_until"}


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
        **{name: value for name in (*_FLAGS, *_COUNTS) if (value := getattr(complaint, name))},
        **{name: _shortest(at) for name, field in _DUES.items() if (at := getattr(complaint, field))},
    }
    if complaint.answer_due_at:
        values["answer_due"] = instant(complaint.answer_due_at)
    if complaint.suggestion:
        values["suggestion"] = _SUGGESTION_ENCODER.encode(complaint.suggestion).decode()
    if complaint.photos:
        values["photos"] = list(complaint.photos)
    if complaint.is_open:
        values["desk"] = complaint.opd or ADMIN_DESK
        values["desk_due"] = f"{instant(complaint.owed_at)}#{complaint.ticket}"
    if wake := complaint.wake_at:
        values["due_bucket"] = due_bucket(wake, crc32(complaint.ticket.encode()) % SHARDS)
        values["due_at"] = f"{instant(wake)}#{complaint.ticket}"
    return values


_SUGGESTION_ENCODER: Final = msgspec.json.Encoder()
_SUGGESTION: Final = msgspec.json.Decoder(Suggestion)


def due_bucket(at: datetime, shard: int) -> str:
    """Return the partition of the deadline index in which an instant lies."""
    return f"{instant(at)[:10]}#{shard}"


def from_item(item: ComplaintItem) -> Complaint:
    """Return the complaint of an item, of this schema version or the one before."""
    rung_due = item.rung_due or (item.due_at if item.rung and item.schema < SCHEMA else None)
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
        rung_due_at=datetime.fromisoformat(rung_due.partition("#")[0]) if rung_due else None,
        window_until=datetime.fromisoformat(item.window_until) if item.window_until else None,
        merged_into=item.merged_into,
        rung=Rung(item.rung) if item.rung else None,
        escalations=int(item.escalations or 0),
    )


def from_image(image: dict[str, Any] | None) -> Complaint | None:
    """Return the complaint of a stream image; any exception means that the record is poison."""
    return None if image is None else from_item(ComplaintItem.from_raw_data(image))
