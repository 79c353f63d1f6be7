"""What people must have been told, and when: news at once; what sweeps owe in one message a recipient, not by night."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from tests.simulation.case import Case, Escalated
from tests.simulation.log import JAKARTA

WEIGHT: Final = (
    "replacement", "black_vest", "warning", "standing", "proposal", "reward", "nomination", "reminder", "digest",
)  # fmt: skip
_RUNGS: Final = {"warning": ("division", "head"), "black_vest": ("head", "admin"), "replacement": ("admin", "mayor")}
_AT_ONCE: Final = {
    "received": ("reporter",), "dispatched": ("division", "head"), "forwarded": ("division", "head"),
    "asked": ("reporter",), "replied": ("division",), "answered": ("reporter",), "rejected": ("reporter",),
    "merged": ("reporter",), "reopened": ("division", "head"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One message that went out, in whatever record; `to` is "division", its OPD and code, and so on."""

    at: datetime
    to: tuple[str, str, str]
    about: str
    tickets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing owed. `name` is what it is about, and orders rows of one weight."""

    name: str
    about: str
    to: tuple[str, ...]
    opd: str = ""
    division: str = ""
    tickets: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()

    def recipients(self) -> Iterator[tuple[str, str, str]]:
        """Yield who is told."""
        for to in self.to:
            opd = self.opd if to in ("division", "head") else ""
            yield (to, opd, self.division if to == "division" else "")


def row_of(one: Escalated) -> Row:
    """Return what is owed of an escalation."""
    to = ("admin", "mayor") if one.opd == "admin" else _RUNGS[one.rung]
    return Row(f"{one.ticket}#{one.n:04d}", one.rung, to, one.opd, one.division, (one.ticket,))


def is_night(at: datetime) -> bool:
    """Say whether a sweep as of then sends nothing."""
    hour = at.astimezone(JAKARTA).hour
    return hour >= 20 or hour < 7


@dataclass
class Post:
    """What is owed, and what went out."""

    rows: dict[str, Row] = field(default_factory=dict)
    kept: list[list[Row]] = field(default_factory=list)  # messages that the carrier did not take, with their recipient
    _kept_for: list[tuple[str, str, str]] = field(default_factory=list)
    went: list[Told] = field(default_factory=list)
    digests: Counter[tuple[str, ...]] = field(default_factory=Counter)  # that went out: OPD and its counts
    news: dict[str, tuple[datetime, str, tuple[str, str, str], str]] = field(default_factory=dict)
    is_down: bool = False
    _seen: dict[str, int] = field(default_factory=dict)

    def owe(self, *rows: Row) -> None:
        """Owe something; the same again is once."""
        self.rows.update({row.name: row for row in rows})

    def send(self, now: datetime, written_at: datetime) -> bool:
        """Send what is owed; False when the carrier took nothing of it."""
        if is_night(now) or not (self.rows or self.kept):
            return True
        if self.is_down:
            if not self.kept:
                self._keep()
            return False
        for rows, to in zip(self.kept, self._kept_for, strict=True):
            self._went(written_at, to, rows)
        self.kept, self._kept_for = [], []
        self._keep()
        for rows, to in zip(self.kept, self._kept_for, strict=True):
            self._went(written_at, to, rows)
        self.kept, self._kept_for = [], []
        return True

    def _keep(self) -> None:
        by_recipient: dict[tuple[str, str, str], list[Row]] = {}
        for row in self.rows.values():
            for to in row.recipients():
                by_recipient.setdefault(to, []).append(row)
        for to, rows in sorted(by_recipient.items()):
            self.kept.append(sorted(rows, key=lambda row: (WEIGHT.index(row.about), row.name)))
            self._kept_for.append(to)
        self.rows = {}

    def _went(self, at: datetime, to: tuple[str, str, str], rows: Iterable[Row]) -> None:
        rows = list(rows)
        tickets = tuple(dict.fromkeys(ticket for row in rows for ticket in row.tickets))
        self.went.append(Told(at, to, rows[0].about, tickets))
        self.digests.update((row.opd, *map(str, row.counts)) for row in rows if row.about == "digest")

    def deliver(self, at: datetime, cases: dict[str, Case]) -> None:
        """The stream is delivered: the news since then goes out."""
        if self.is_down:
            return
        for case in cases.values():
            seen = self._seen.get(case.ticket, 0)
            if seen < len(case.entries):
                self._tell(at, case, seen, cases)
                self._seen[case.ticket] = len(case.entries)

    def _tell(self, at: datetime, case: Case, seen: int, cases: dict[str, Case]) -> None:
        with_it: list[str] = []
        for place, entry in enumerate(case.entries):
            if entry["entry"] == "absorbed":
                with_it.append(entry["ticket"])
            if place < seen:
                continue
            for to in _AT_ONCE.get(entry["entry"], ()):
                if to == "reporter":
                    for ticket in (case.ticket, *with_it):
                        name = f"{case.ticket}.{place}.{to}" + (f".{ticket}" if ticket != case.ticket else "")
                        if cases[ticket].has_email:
                            self.news[name] = (at, entry["entry"], (to, ticket, ""), ticket)
                elif "opd" in entry:
                    division = entry["division"] if to == "division" else ""
                    name = f"{case.ticket}.{place}.{to}"
                    self.news[name] = (at, entry["entry"], (to, entry["opd"], division), case.ticket)
