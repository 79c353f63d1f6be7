"""Statistics and rankings by looking at whole timelines, clock by clock: no running fold, nothing taken back.

`entries` are those of an oracle's case, a prefix of them where less was counted yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from tests.simulation.log import JAKARTA

HOURS: Final = (1, 2, 4, 8, 16, 24, 36, 48, 72, 96, 120, 144, 168, 240, 336, 480, 720, 1080, 1440)
LEAST_FINISHED: Final = 10
Entry = dict[str, Any]
Key = tuple[str, str, str, str, str, str]  # month, OPD, division, kind, channel, metric
_PLAIN: Final = {
    "received": "received", "dispatched": "dispatched", "forwarded": "dispatched", "refused": "refused",
    "rejected": "rejected", "merged": "merged", "reopened": "reopened", "closed": "closed",
    "finish_missed": "finish_late",
}  # fmt: skip


def month_of(at: datetime) -> str:
    """Return the month of the city's calendar."""
    return f"{at.astimezone(JAKARTA):%Y-%m}"


@dataclass(frozen=True, slots=True)
class _Holding:
    """Who had the complaint, and what it was taken for, right after an entry."""

    opd: str
    division: str
    kind: str


def _holdings(entries: Sequence[Entry]) -> list[_Holding]:
    found: list[_Holding] = []
    opd = division = kind = ""
    for entry in entries:
        if entry["entry"] in ("received", "dispatched"):
            kind = entry.get("kind", kind)
        if entry["entry"] in ("dispatched", "forwarded", "reopened"):
            opd, division = entry.get("opd", ""), entry.get("division", "")
        elif entry["entry"] == "refused":
            opd = division = ""
        found.append(_Holding(opd, division, kind))
    return found


def counts_of(entries: Sequence[Entry], channel: str) -> Counter[Key]:
    """Return all that one complaint counts for."""
    here = _holdings(entries)
    found: Counter[Key] = Counter()

    def add(at: int, metric: str, n: int = 1) -> None:
        entry, held = entries[at], here[at]
        opd, division = entry.get("opd", held.opd), entry.get("division", held.division)
        found[month_of(entry["at"]), opd, division, held.kind, channel, metric] += n

    for at, entry in enumerate(entries):
        if entry["entry"] in _PLAIN:
            add(at, _PLAIN[entry["entry"]])
    upheld = {entry["n"] for entry in entries if entry["entry"] == "upheld"}
    for at, entry in enumerate(entries):
        if entry["entry"] == "escalated" and entry["n"] not in upheld:
            add(at, entry["rung"])
    for span in _answer_clocks(entries):
        _count_clock(entries, span, upheld, add)
    return Counter({key: n for key, n in found.items() if n})


def _answer_clocks(entries: Sequence[Entry]) -> Iterator[range]:
    """Yield the places of each answer clock's entries, from the one that began it up to the next clock's."""
    begun = [at for at, one in enumerate(entries) if one["entry"] in ("dispatched", "forwarded", "refused", "reopened")]
    for at, after in pairwise([*begun, len(entries)]):
        if entries[at]["entry"] != "refused" and "opd" in entries[at]:
            yield range(at, after)


def _count_clock(entries: Sequence[Entry], span: range, upheld: set[int], add: Any) -> None:
    def first(name: str, **fields: Any) -> int | None:
        return next((at for at in span if entries[at]["entry"] == name and fields.items() <= entries[at].items()), None)

    answer, warning, final = first("answered"), first("escalated", rung="warning"), first("answered", final=True)
    outcome = ""
    if warning is not None:
        if entries[warning]["n"] not in upheld:
            outcome = "late"
            add(warning, "late")
    elif answer is not None:
        deadlines = [entries[at].get("deadline") for at in span if at < answer and _sets_deadline(entries[at])]
        due = [deadline for deadline in deadlines if deadline][-1]
        outcome = "late" if entries[answer]["at"] >= due else "on_time"
        add(answer, outcome)
    if answer is None:
        return
    hours = Fraction(entries[answer]["worked"], 60)
    bin_ = sum(bound <= hours for bound in HOURS)
    add(answer, f"t{bin_:02}")
    reopened = span.stop < len(entries) and entries[span.stop]["entry"] == "reopened"
    if final is None or reopened:
        return
    add(final, "finished")
    add(final, f"f{bin_:02}")
    if outcome:
        add(final, f"finished_{outcome}")
    rating = first("rated")
    if rating is not None:
        add(final, "rated")
        add(final, "rated_sum", entries[rating]["score"])


def _sets_deadline(entry: Entry) -> bool:
    return entry["entry"] in ("dispatched", "forwarded", "reopened", "replied", "resumed")


# ------------------------------------------------------------------------------------------------ the ranking


@dataclass(frozen=True, slots=True)
class Place:
    """A division's place in a month."""

    opd: str
    division: str
    rank: int
    finished: int
    share_on_time: float | None
    median_hours: int | None
    rating_mean: float | None


def ranking(counts: Iterable[tuple[Key, int]], month: str) -> list[Place]:
    """Return the ranking of a month: by share on time, then median, then mean rating; at least ten finished."""
    totals: dict[tuple[str, str], Counter[str]] = {}
    for (when, opd, division, _, _, metric), n in counts:
        if when == month and opd not in ("", "admin"):
            totals.setdefault((opd, division), Counter())[metric] += n
    able = {where: counted for where, counted in totals.items() if counted["finished"] >= LEAST_FINISHED}
    ordered = sorted(able, key=lambda where: (_order(able[where]), where))
    found = []
    for where in ordered:
        counted = able[where]
        better = sum(_order(able[other]) < _order(counted) for other in able)
        share, median, mean = _merits(counted)
        found.append(Place(*where, better + 1, counted["finished"], _round(share), median, _round(mean)))
    return found


def _merits(counted: Counter[str]) -> tuple[Fraction | None, int | None, Fraction | None]:
    judged = counted["finished_on_time"] + counted["finished_late"]
    share = Fraction(counted["finished_on_time"], judged) if judged else None
    mean = Fraction(counted["rated_sum"], counted["rated"]) if counted["rated"] else None
    return share, _median(counted), mean


def _median(counted: Counter[str]) -> int | None:
    values = [bin_ for bin_ in range(len(HOURS) + 1) for _ in range(counted[f"f{bin_:02}"])]
    return HOURS[min(values[(len(values) - 1) // 2], len(HOURS) - 1)] if values else None


def _order(counted: Counter[str]) -> tuple[Any, ...]:
    share, median, mean = _merits(counted)
    return (share is None, -(share or 0), median is None, median or 0, mean is None, -(mean or 0))


def _round(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 4)
