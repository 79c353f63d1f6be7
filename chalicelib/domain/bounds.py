"""How much one complaint holds: a DynamoDB item has at most 400 KB, and a final answer must always have its place."""

from __future__ import annotations

import json
from typing import Final

from chalicelib.domain.complaint import REPORTER_READ, Complaint, Entry

TIMELINE_ENTRIES: Final = 60  # of the reporter's
TIMELINE_BYTES: Final = 80_000  # of the reporter's words, as they are stored
STAFF_ENTRIES: Final = 120  # of the division's and the admin's steps
ANSWERS_BYTES: Final = 50_000  # of their words, final answers left out
MOST_REOPENINGS: Final = 4  # each may bring another final answer
MOST_READS: Final = 500  # of its reporter that one complaint holds; what cannot be written down is not shown

_BY_REPORTER: Final = ("message", "replied", "rated", "reopened")
_BY_STAFF: Final = (
    "answered", "asked", "forwarded", "refused", "rejected", "merged", "absorbed", "contested", "upheld", "denied",
)  # fmt: skip


class TimelineFull(Exception):
    """The complaint holds no more of what is added to it, or of reads of who filed it."""


def room_for_reporter(complaint: Complaint, text: str | None) -> None:
    """Raise TimelineFull when the reporter's words no longer fit."""
    _room([one for one in complaint.timeline if one.entry in _BY_REPORTER], text, TIMELINE_ENTRIES, TIMELINE_BYTES)


def room_for_staff(complaint: Complaint, text: str | None) -> None:
    """Raise TimelineFull when no further step of division or admin fits; a final answer needs no room of these."""
    steps = [one for one in complaint.timeline if one.entry in _BY_STAFF and not one.final]
    _room(steps, text, STAFF_ENTRIES, ANSWERS_BYTES)


def room_for_reopening(complaint: Complaint) -> None:
    """Raise TimelineFull when it was reopened too often."""
    if sum(entry.entry == "reopened" for entry in complaint.timeline) >= MOST_REOPENINGS:
        raise TimelineFull


def room_for_read(complaint: Complaint) -> None:
    """Raise TimelineFull when it holds no more reads of its reporter."""
    if sum(entry.entry == REPORTER_READ for entry in complaint.timeline) >= MOST_READS:
        raise TimelineFull


def _room(entries: list[Entry], text: str | None, most: int, most_bytes: int) -> None:
    if len(entries) >= most or sum(_stored(one.text) for one in entries) + _stored(text) > most_bytes:
        raise TimelineFull


def _stored(text: str | None) -> int:
    """Return the bytes that a text takes in a stored entry, which is JSON: a control character takes six."""
    return len(json.dumps(text or "", ensure_ascii=False).encode("utf-8", "surrogatepass")) - 2
