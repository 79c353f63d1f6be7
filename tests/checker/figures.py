"""The statistics counted a second time, from whole timelines: a few of the metrics, in every cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tests.checker.days import instant, month_of
from tests.checker.record import Item, Record

METRICS: Final = (
    "received", "dispatched", "on_time", "late", "finished", "warning", "black_vest", "replacement", "refused",
    "rejected", "merged", "reopened", "closed", "finish_late",
)  # fmt: skip
_AS_IT_IS: Final = {
    name: name for name in ("received", "dispatched", "refused", "rejected", "merged", "reopened", "closed")
}
_COUNTED: Final = {**_AS_IT_IS, "forwarded": "dispatched", "finish_missed": "finish_late"}

Cell = tuple[str, str, str]  # the month, "opd/division#kind#channel", the metric


def problems(record: Record) -> Iterator[str]:
    """Yield each number that is stored otherwise than the timelines add up to."""
    expected: Counter[Cell] = Counter()
    for ticket, timeline in record.timelines.items():
        expected.update(_Count(timeline, record.complaints[ticket]["channel"]).cells())
    stored: Counter[Cell] = Counter(
        {
            (one["pk"], one["sk"], metric): int(one[metric])
            for one in record.statistics
            if not one["pk"].startswith("counted#")
            for metric in METRICS
            if one.get(metric)
        }
    )
    for cell in expected.keys() | stored.keys():
        if expected[cell] != stored[cell]:
            yield f"statistics {cell}: {stored[cell]} are counted, and the timelines add up to {expected[cell]}"


@dataclass(slots=True)
class _Count:
    """One timeline, to be counted."""

    timeline: list[Item]
    channel: str

    def cells(self) -> Iterator[Cell]:
        """Yield a cell for each thing that counts; the month and the division are those of the entry."""
        upheld = {entry["n"] for entry in self.timeline if entry["entry"] == "upheld"}
        for place, entry in enumerate(self.timeline):
            name = entry["entry"]
            if name in _COUNTED:
                yield self._cell(place, _COUNTED[name])
            elif name == "escalated" and entry["n"] not in upheld:
                yield self._cell(place, entry["rung"])
                if entry["rung"] == "warning" and entry["opd"] != "admin":
                    yield self._cell(place, "late")
            elif name == "answered":
                if entry["final"] and all(later["entry"] != "reopened" for later in self.timeline[place:]):
                    yield self._cell(place, "finished")
                yield from self._first_answer(place)

    def _first_answer(self, place: int) -> Iterator[Cell]:
        """The first answer to a clock is on time or late; of a clock with a warning that is said already."""
        answer = self.timeline[place]
        clock = [entry for entry in self.timeline[:place] if entry.get("clock") == answer["clock"]]
        if any(entry["entry"] == "answered" or entry.get("rung") == "warning" for entry in clock):
            return
        began = ("dispatched", "forwarded", "reopened", "replied", "resumed")
        due = [instant(entry["deadline"]) for entry in clock if entry["entry"] in began and "deadline" in entry][-1]
        yield self._cell(place, "on_time" if instant(answer["at"]) < due else "late")

    def _cell(self, place: int, metric: str) -> Cell:
        at: datetime = instant(self.timeline[place]["at"])
        opd, division, kind = "", "", ""
        for entry in self.timeline[: place + 1]:
            kind = entry.get("kind") or kind
            if entry["entry"] in ("dispatched", "forwarded"):
                opd, division = entry["opd"], entry["division"]
            elif entry["entry"] == "refused" or (entry["entry"] == "reopened" and "opd" not in entry):
                opd = division = ""
        entry = self.timeline[place]
        if entry.get("opd"):
            opd, division = entry["opd"], entry.get("division") or ""
        return month_of(at), f"{opd}/{division}#{kind}#{self.channel}", metric
