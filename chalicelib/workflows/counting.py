"""What happened to complaints is counted, each entry of a timeline once; sums are read, and held to the record.

How far a timeline is counted is kept beside the counters, so a record that comes again adds nothing, an old one after a
new one neither, and one that never came is made up for by the next.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from typing import Any, Final

from chalicelib import settings
from chalicelib.adapters import statistics as store
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.tally import Cell, Tally, by, delta, merged, summary, tallies
from chalicelib.domain.values import dataclass
from chalicelib.workflows.changing import wait_a_moment

log = logging.getLogger(__name__)

_ATTEMPTS: Final = 10  # when others count at the same time; then the stream brings it again
_NOBODY: Final = ""  # the OPD of what nobody was given yet


def count(complaints: Sequence[Complaint]) -> set[str]:
    """Count what the newest images of these complaints say and is not counted yet; return the tickets of those that
    could not be counted. They may be tried again, like all others, as often as one likes."""
    left, failed = _newest(complaints), set[str]()
    try:
        for attempt in range(_ATTEMPTS):
            left, poison = _count_once(left)
            failed |= poison
            if not left:
                break
            wait_a_moment(attempt)
    except StoreUnavailable as error:
        log.warning("not counted: %s complaints (%s)", len(left), error)
    return failed | {complaint.ticket for complaint in left}


def _newest(complaints: Iterable[Complaint]) -> list[Complaint]:
    newest: dict[str, Complaint] = {}
    for complaint in complaints:
        known = newest.get(complaint.ticket)
        if known is None or len(known.timeline) < len(complaint.timeline):
            newest[complaint.ticket] = complaint
    return sorted(newest.values(), key=lambda one: (store.chunk_of(one), one.ticket))


@dataclass(slots=True)
class _Pack:
    """What one transaction counts."""

    complaints: list[Complaint] = field(default_factory=list)
    entries: dict[str, dict[str, int]] = field(default_factory=dict)  # by chunk and ticket
    tallies: list[Tally] = field(default_factory=list)
    cells: set[Cell] = field(default_factory=set)

    def has_room(self, chunk: str, tally: Tally) -> bool:
        """Say whether DynamoDB takes this one too."""
        more = self.cells | {cell for cell, _ in tally}
        return len(self.entries.keys() | {chunk}) + len(more) <= store.MOST_ITEMS

    def add(self, complaint: Complaint, chunk: str, tally: Tally) -> None:
        """Take one more complaint along."""
        self.complaints.append(complaint)
        self.entries.setdefault(chunk, {})[complaint.ticket] = len(complaint.timeline)
        self.tallies.append(tally)
        self.cells |= {cell for cell, _ in tally}


def _count_once(complaints: Sequence[Complaint]) -> tuple[list[Complaint], set[str]]:
    """Count these in as few transactions as can be; return those that somebody else was in the way of, and the tickets
    of those that cannot be read."""
    known = store.chunks({store.chunk_of(complaint) for complaint in complaints})
    left: list[Complaint] = []
    poison: set[str] = set()
    pack = _Pack()
    for complaint in complaints:
        chunk = store.chunk_of(complaint)
        try:
            tally = delta(complaint, known[chunk].entries.get(complaint.ticket, 0), settings.current().zone)
        except Exception:
            log.exception("not countable: %s", complaint.ticket)
            poison.add(complaint.ticket)
            continue
        if not tally:
            continue
        if not pack.has_room(chunk, tally):
            left += _record(pack, known)
            pack = _Pack()
        pack.add(complaint, chunk, tally)
    return left + _record(pack, known), poison


def _record(pack: _Pack, known: dict[str, store.Chunk]) -> list[Complaint]:
    """Write a pack, and keep in `known` how the chunks then are; return its complaints when it was not written."""
    if not pack.complaints:
        return []
    changed = [known[key].after(entries) for key, entries in pack.entries.items()]
    if not store.record(changed, merged(pack.tallies)):
        return pack.complaints
    known.update({chunk.key: chunk for chunk in changed})
    return []


# ------------------------------------------------------------------------------------------------ reading


def statistics(month: str) -> dict[str, Any]:
    """Return a month in sum, and by OPD, division, kind and channel; the OPD `admin` is who dispatches."""
    tally = store.cells_of(month)
    given = merged(part for (opd,), part in by(tally, "opd").items() if opd != _NOBODY)
    return {
        "period": month,
        "total": summary(tally),
        "opds": _lines(given, "opd"),
        "divisions": _lines(given, "opd", "division"),
        "kinds": _lines(tally, "kind"),
        "channels": _lines(tally, "channel"),
    }


def _lines(tally: Tally, *dimensions: str) -> list[dict[str, Any]]:
    parts = by(tally, *dimensions)
    return [{**dict(zip(dimensions, key, strict=True)), **summary(part)} for key, part in parts.items()]


def recount(complaints: Iterable[Complaint], now: datetime) -> Iterator[str]:
    """Yield one line for each number that is stored otherwise than the timelines of all complaints say.

    What the stream has not brought yet is such a difference, too.
    """
    zone = settings.current().zone
    folded: dict[tuple[Cell, str], int] = {}
    for complaint in complaints:
        for key, n in tallies(complaint.timeline, complaint.channel, zone).items():
            folded[key] = folded.get(key, 0) + n
    this_month = now.astimezone(zone).strftime("%Y-%m")
    for month in _months({this_month, *(cell.month for cell, _ in folded)}):
        stored = store.cells_of(month, consistent=True)
        expected = {key: n for key, n in folded.items() if key[0].month == month}
        yield from _differences(stored, expected)


def _months(known: set[str]) -> Iterator[str]:
    """Yield every month from the first to the last of these."""
    on, last = date.fromisoformat(f"{min(known)}-01"), max(known)
    while (month := on.strftime("%Y-%m")) <= last:
        yield month
        on = on.replace(year=on.year + on.month // 12, month=on.month % 12 + 1)


def _differences(stored: Mapping[tuple[Cell, str], int], expected: Mapping[tuple[Cell, str], int]) -> Iterator[str]:
    for cell, metric in sorted(stored.keys() | expected.keys()):
        counted, said = stored.get((cell, metric), 0), expected.get((cell, metric), 0)
        if counted != said:
            where = f"{cell.opd}/{cell.division} {cell.kind} {cell.channel}"
            yield f"statistics {cell.month} {where}: {metric} is {counted}, by the timelines {said}"
