"""What a timeline counts for in the statistics, and what sums of it say.

A tally is the fold of a timeline alone: of a prefix too, so what the entries between two prefixes add is exact, whoever
counted the first and whenever. Nothing is ever estimated but the quantiles, and those to one bin of a histogram.

Metrics, each in the month of its event and in the cell of the division that it befell ("" before a dispatch):
received, dispatched (a division gets it), refused, rejected, merged, reopened, closed;
on_time, late        one of them for each answer clock: the first answer before the deadline, or not. Late is counted
                     with the warning where one was recorded; an upheld contest takes that back and puts nothing there
t00, t01, ...        working hours to the first answer of a clock, by bin
warning, black_vest, replacement   escalations; an upheld contest takes its own back
finished, f00, ...   final answers, and the working hours to the first answer of their clock; with finished_on_time or
                     finished_late as that clock ended, rated (how often) and rated_sum (the scores). Reopening takes
                     all of them back, in the month in which they were counted
finish_late          a finish clock ran out
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

from chalicelib.domain.complaint import ADMIN_DESK, Complaint, Entry, Rung
from chalicelib.domain.values import dataclass

# Bin n is from BOUNDS[n - 1] up to, and without, BOUNDS[n] working hours (24 to a day); the last one is open.
BOUNDS: Final = (1, 2, 4, 8, 16, 24, 36, 48, 72, 96, 120, 144, 168, 240, 336, 480, 720, 1080, 1440)


class Cell(NamedTuple):
    """Where something is counted; the month ("2026-11") is that of the city's own calendar."""

    month: str
    opd: str
    division: str
    kind: str
    channel: str


Tally = Mapping[tuple[Cell, str], int]
Fact = tuple[Cell, str, int]


def bin_of(hours: float) -> int:
    """Return the number of the bin in which so many working hours lie."""
    return bisect_right(BOUNDS, hours)


# ------------------------------------------------------------------------------------------------ the fold


@dataclass(slots=True)
class _Clock:
    """The clock that runs, to verify or to answer; `ended` is on_time or late once it is, "" again when excused."""

    deadline: datetime | None
    is_waiting: bool = False
    is_warned: bool = False
    ended: str = ""
    answer_bin: int | None = None


@dataclass(slots=True)
class _Life:
    """How far a timeline is read; `final` are the facts that a reopening takes back, `rungs` those of a contest."""

    zone: tzinfo
    channel: str
    clock: _Clock
    kind: str = ""
    opd: str = ""
    division: str = ""
    final: list[Fact] = field(default_factory=list)
    rungs: dict[int, tuple[_Clock, list[Fact]]] = field(default_factory=dict)
    counts: Counter[tuple[Cell, str]] = field(default_factory=Counter)

    def count(self, entry: Entry, metric: str) -> Fact:
        """Count one for the entry, where it names no division for the one that has the complaint."""
        month = entry.at.astimezone(self.zone).strftime("%Y-%m")
        opd, division = (entry.opd, entry.division or "") if entry.opd else (self.opd, self.division)
        return self.add((Cell(month, opd, division, self.kind, self.channel), metric, 1))

    def add(self, fact: Fact) -> Fact:
        """Count a fact."""
        cell, metric, n = fact
        self.counts[cell, metric] += n
        return fact

    def take_back(self, facts: Collection[Fact]) -> None:
        """Let these facts never have been."""
        for cell, metric, n in facts:
            self.counts[cell, metric] -= n


def tallies(timeline: Sequence[Entry], channel: str, zone: tzinfo) -> Tally:
    """Return what the timeline of one complaint, or a prefix of it, counts for; no count is 0 or less."""
    if not timeline:
        return {}
    life = _Life(zone, channel, _Clock(None))
    for entry in timeline:
        if step := _STEPS.get(entry.entry):
            step(life, entry)
    return {key: n for key, n in life.counts.items() if n}


def _received(life: _Life, entry: Entry) -> None:
    life.kind = entry.kind or ""
    life.count(entry, "received")


def _given(life: _Life, entry: Entry) -> None:
    life.kind = entry.kind or life.kind
    life.opd, life.division = entry.opd or "", entry.division or ""
    life.clock = _Clock(entry.deadline)
    life.count(entry, "dispatched")


def _refused(life: _Life, entry: Entry) -> None:
    life.count(entry, "refused")
    life.opd = life.division = ""
    life.clock = _Clock(entry.deadline)


def _counted(life: _Life, entry: Entry) -> None:
    life.count(entry, entry.entry)


def _reopened(life: _Life, entry: Entry) -> None:
    life.opd, life.division = entry.opd or "", entry.division or ""
    life.count(entry, "reopened")
    life.take_back(life.final)
    life.final = []
    life.clock = _Clock(entry.deadline)


def _asked(life: _Life, _: Entry) -> None:
    life.clock.is_waiting = True


def _went_on(life: _Life, entry: Entry) -> None:
    life.clock.is_waiting = False
    life.clock.deadline = entry.deadline or life.clock.deadline


def _moved(life: _Life, entry: Entry) -> None:
    if not life.clock.is_waiting:  # while it waits, the deadline that moves is the reporter's
        life.clock.deadline = entry.deadline or life.clock.deadline


def _answered(life: _Life, entry: Entry) -> None:
    clock = life.clock
    if clock.answer_bin is None:
        clock.answer_bin = bin_of((entry.worked or 0) / 60)
        life.count(entry, f"t{clock.answer_bin:02}")
        if not clock.is_warned:
            clock.ended = "late" if clock.deadline and entry.at >= clock.deadline else "on_time"
            life.count(entry, clock.ended)
    if entry.final:
        metrics = ["finished", f"f{clock.answer_bin:02}", *([f"finished_{clock.ended}"] if clock.ended else [])]
        life.final = [life.count(entry, metric) for metric in metrics]


def _rated(life: _Life, entry: Entry) -> None:
    for cell in {cell for cell, _, _ in life.final}:
        life.final += [life.add((cell, "rated", 1)), life.add((cell, "rated_sum", entry.score or 0))]


def _escalated(life: _Life, entry: Entry) -> None:
    facts = [life.count(entry, str(entry.rung))]
    if entry.rung == Rung.WARNING and entry.opd != ADMIN_DESK:
        facts.append(life.count(entry, "late"))
        life.clock.is_warned, life.clock.ended = True, "late"
    life.rungs[entry.n or 0] = life.clock, facts


def _upheld(life: _Life, entry: Entry) -> None:
    clock, facts = life.rungs.pop(entry.n or 0, (life.clock, []))
    life.take_back(facts)
    if not any(metric == "late" for _, metric, _ in facts):
        return
    clock.ended = ""
    if clock is life.clock:
        excused = [fact for fact in life.final if fact[1] == "finished_late"]
        life.take_back(excused)
        life.final = [fact for fact in life.final if fact not in excused]


def _finish_missed(life: _Life, entry: Entry) -> None:
    life.count(entry, "finish_late")


_STEPS: Final[Mapping[str, Callable[[_Life, Entry], None]]] = {
    "received": _received,
    "dispatched": _given,
    "forwarded": _given,
    "refused": _refused,
    "rejected": _counted,
    "merged": _counted,
    "closed": _counted,
    "reopened": _reopened,
    "asked": _asked,
    "replied": _went_on,
    "resumed": _went_on,
    "deadlines_moved": _moved,
    "answered": _answered,
    "rated": _rated,
    "escalated": _escalated,
    "upheld": _upheld,
    "finish_missed": _finish_missed,
}


# ------------------------------------------------------------------------------------------------ sums


def delta(complaint: Complaint, counted: int, zone: tzinfo, upto: int | None = None) -> Tally:
    """Return what the entries of a complaint add after the first `counted`, up to `upto` (None: all of them).

    Empty when no more than those are there: an older image of a complaint changes nothing.
    """
    timeline, channel = complaint.timeline[:upto], complaint.channel
    if len(timeline) <= counted:
        return {}
    after = Counter(tallies(timeline, channel, zone))
    after.subtract(tallies(timeline[:counted], channel, zone))
    return {key: n for key, n in after.items() if n}


def merged(parts: Iterable[Tally]) -> Tally:
    """Return the sum of tallies, without what comes to nothing."""
    total: Counter[tuple[Cell, str]] = Counter()
    for part in parts:
        total.update(part)
    return {key: n for key, n in total.items() if n}


def by(tally: Tally, *dimensions: str) -> dict[tuple[str, ...], Tally]:
    """Return the parts of a tally by fields of their cells, in order: by(tally, "opd", "division")."""
    parts: dict[tuple[str, ...], dict[tuple[Cell, str], int]] = {}
    for (cell, metric), n in tally.items():
        parts.setdefault(tuple(getattr(cell, name) for name in dimensions), {})[cell, metric] = n
    return dict(sorted(parts.items()))


def bins_of(tally: Tally, letter: str) -> list[int]:
    """Return the histogram "t" (first answers) or "f" (those of finished complaints), all cells together."""
    totals = _totals(tally)
    return [totals[f"{letter}{n:02}"] for n in range(len(BOUNDS) + 1)]


def quantile(bins: Sequence[int], percent: int) -> int | None:
    """Return the upper bound, in working hours, of the bin with the least value that so many percent do not exceed.

    Of the open bin, its lower bound; None of an empty histogram.
    """
    counts = [max(0, n) for n in bins]
    left = -(-sum(counts) * percent // 100)
    for n, count in enumerate(counts):
        left -= count
        if count and left <= 0:
            return BOUNDS[min(n, len(BOUNDS) - 1)]
    return None


def summary(tally: Tally) -> dict[str, Any]:
    """Return what a tally says in sum; a share, a quantile or a mean of nothing is None."""
    totals, bins = _totals(tally), bins_of(tally, "t")
    names = ("received", "dispatched", "on_time", "late", "finished", "finish_late", "rated",
             "refused", "rejected", "merged", "reopened", "closed")  # fmt: skip
    return {
        **{name: totals[name] for name in names},
        "answered": sum(bins),
        "share_on_time": _ratio(totals["on_time"], totals["on_time"] + totals["late"]),
        "median_hours": quantile(bins, 50),
        "p90_hours": quantile(bins, 90),
        "rating_mean": _ratio(totals["rated_sum"], totals["rated"]),
        "escalations": {rung.value: totals[rung] for rung in Rung},
    }


def _totals(tally: Tally) -> Counter[str]:
    totals: Counter[str] = Counter()
    for (_, metric), n in tally.items():
        totals[metric] += n
    return totals


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
