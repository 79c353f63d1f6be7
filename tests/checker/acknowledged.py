"""What somebody was told is done: it stands in the record exactly once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.checker.record import Item, Record, place_of

# what was told -> the entries that it may be, and the field that says the same
_WRITTEN: Final = {
    "added": (("message", "replied"), "text"),
    "climbed": (("escalated",), "rung"),
    "ran_out": (("resumed", "closed", "finish_missed"), "entry"),
    **{
        name: ((name,), "text")
        for name in ("answered", "asked", "forwarded", "refused", "rejected", "reopened", "rated", "contested",
                     "upheld", "denied")
    },
    "merged": (("merged",), "into"),
}  # fmt: skip
_ACTS: Final = ("confirmed", "dismissed")


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What somebody was told is done, and the words that it was done with, which nothing else has.

    `filed` (an SMS without its ticket, ""), `added`, or the name of the step. `climbed` and `ran_out` are what a sweep
    did that said that it succeeded, the text is then the rung or the entry; of `merged`, the ticket that it went into;
    of `confirmed` and `dismissed`, the ticket is "opd/division".
    """

    what: str
    ticket: str
    text: str
    who: str | None = None


def problems(told: Sequence[Acknowledged], record: Record) -> Iterator[str]:
    """Yield what was acknowledged and is not there, or is there more than once."""
    of_text: dict[str, list[str]] = defaultdict(list)
    for ticket, complaint in record.complaints.items():
        of_text[complaint["text"]].append(ticket)
    acts = record.acts()
    for one in told:
        if one.what == "filed":
            yield from _filed(one, of_text, record)
            continue
        if one.what in _ACTS:
            done = acts.get(place_of(one.ticket), [])
            count = sum((act["what"], act["reason"]) == (one.what, one.text) for act in done)
        else:
            entries, field = _WRITTEN[one.what]
            timeline = record.timelines.get(one.ticket, [])
            count = sum(entry["entry"] in entries and entry.get(field) == one.text for entry in timeline)
        if count != 1:
            yield f"{one.ticket}: {one.what} {one.text!r} was acknowledged and stands there {count} times"


def _filed(told: Acknowledged, of_text: Mapping[str, list[str]], record: Record) -> Iterator[str]:
    stored = of_text.get(told.text, [])
    if told.ticket and (told.ticket not in record.complaints or told.ticket not in stored):
        yield f"{told.ticket}: acknowledged, and not stored as it was told"
        return
    mine = [ticket for ticket in stored if told.who in _contacts(record.reporters.get(ticket))]
    if told.ticket:
        mine = [ticket for ticket in mine if ticket == told.ticket]
    if len(mine) != 1:
        yield f"{told.ticket or 'an SMS'} {told.text!r} of {told.who} was acknowledged and is stored {len(mine)} times"


def _contacts(reporter: Item | None) -> tuple[str | None, ...]:
    """Return by what a reporter's complaint is known: (None,) for who left nothing."""
    return (reporter.get("email"), reporter.get("phone")) if reporter else (None,)
