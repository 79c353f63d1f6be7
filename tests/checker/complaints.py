"""Each stored complaint is what its timeline adds up to, and its escalations stand beside it one to one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from tests.checker.days import instant, key
from tests.checker.life import OPEN, Life, lived
from tests.checker.record import Item, Record

_FIELDS = ("n", "clock", "rung", "opd", "division", "deadline", "at", "written_at")
_INSTANTS = ("deadline", "at", "written_at")


def problems(record: Record) -> Iterator[str]:
    """Yield what is wrong in a life, and where what is stored is something else."""
    supervised = frozenset(
        category["code"]
        for opd in record.opds.values()
        for division in opd["divisions"]
        for category in division["categories"]
        if category.get("supervision")
    )
    states: dict[tuple[str, int], str] = {}
    for ticket, timeline in record.timelines.items():
        if not timeline or timeline[0]["entry"] != "received":
            yield f"{ticket}: its timeline does not begin with its arrival"
            continue
        life, wrong = lived(timeline, supervised)
        states |= {(ticket, n): state for n, state in life.states.items()}
        yield from (f"{ticket}: {one}" for one in wrong)
        yield from _stored(ticket, record.complaints[ticket], life, instant(timeline[0]["at"]))
    yield from _merged(record)
    yield from _ladder(record, states)


def _stored(ticket: str, stored: Item, life: Life, arrived: datetime) -> Iterator[str]:
    """Compare what is stored of a complaint with its life."""
    is_open = life.status in OPEN
    wakes = key(life.wakes)
    expected: dict[str, Any] = {
        "status": life.status,
        "kind": life.kind,
        "opd": life.opd,
        "division": life.division,
        "category": life.category,
        "clock": life.clock or None,
        "rung": life.rung,
        "escalations": len(life.escalated) or None,
        "verify_due": life.verify_due,
        "finish_due": life.finish_due,
        "answer_due": life.answer_due,
        "rung_due": life.rung_due,
        "window_until": life.window,
        "merged_into": life.merged_into,
        "desk": (life.opd or "admin") if is_open else None,
        "desk_due": f"{key(life.owed)}#{ticket}" if is_open else None,
        "due_at": f"{wakes}#{ticket}" if wakes else None,
        "due_bucket": wakes[:10] if wakes else None,
        "received": f"{key(arrived)}#{ticket}",
        "checked": life.checked,
    }
    given: dict[str, Any] = {name: stored.get(name) for name in expected}
    given["due_bucket"] = str(stored.get("due_bucket", "")).partition("#")[0] or None
    given["checked"] = life.checked if stored.get("checked") else False  # a rule may have checked it at its arrival
    for name, value in expected.items():
        text = given[name]
        if (instant(text) if text and isinstance(value, datetime) else text) != value:
            yield f"{ticket}: {name} is {text!r}, and its timeline adds up to {value!r}"


def _merged(record: Record) -> Iterator[str]:
    """What went into another complaint is named there."""
    for ticket, timeline in record.timelines.items():
        gone = {entry["into"] for entry in timeline if entry["entry"] == "merged"}
        there = {
            other
            for other, entries in record.timelines.items()
            if any(entry["entry"] == "absorbed" and entry["ticket"] == ticket for entry in entries)
        }
        if not gone <= there or (there and not gone):
            yield f"{ticket}: went into {gone}, and is named in {there}"


def _ladder(record: Record, states: dict[tuple[str, int], str]) -> Iterator[str]:
    """Items and entries belong together one to one, each (ticket, clock) has each rung once, each state is the last."""
    entries = Counter(
        (ticket, *_told(entry))
        for ticket, timeline in record.timelines.items()
        for entry in timeline
        if entry["entry"] == "escalated"
    )
    items = Counter((one["ticket"], *_told({**one, "at": one["recorded"][:24]})) for one in record.escalations)
    yield from (f"{one[0]}: an escalation stands in the timeline alone: {one}" for one in entries - items)
    yield from (f"{one[0]}: an escalation stands in no timeline: {one}" for one in items - entries)
    rungs = Counter((one["ticket"], int(one["clock"]), one["rung"]) for one in record.escalations)
    yield from (f"{one}: recorded {count} times" for one, count in rungs.items() if count > 1)
    for one in record.escalations:
        state = states.get((one["ticket"], int(one["n"])))
        if one["state"] != state:
            yield f"{one['ticket']}: escalation {one['n']} is {one['state']}, and by its timeline {state}"


def _told(one: Item) -> Sequence[str]:
    """Return the fields in one form: an instant in milliseconds, a number as an integer."""
    return [str(key(instant(one[name])) if name in _INSTANTS else one.get(name)) for name in _FIELDS]
