"""Who is owed which message: a pure difference between a complaint before and after a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.domain.complaint import Complaint, Entry, Rung


class To(StrEnum):
    """Whom a notice is for; the addresses are looked up when it is sent."""

    DIVISION = "division"
    HEAD = "head"
    ADMIN = "admin"
    MAYOR = "mayor"
    REPORTER = "reporter"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message owed. Its id is made of ticket, entry and recipient, so that a repeated record owes nothing new."""

    id: str
    to: To
    about: str  # received, dispatched, answered, warning, black_vest, replacement
    entry: Entry
    complaint: Complaint

    @property
    def opd(self) -> str | None:
        """The OPD that it is addressed to; None for a citizen, the admin and the mayor."""
        return self.entry.opd if self.to in (To.DIVISION, To.HEAD) else None


_LADDER: Final = {
    Rung.WARNING: (To.DIVISION, To.HEAD),
    Rung.BLACK_VEST: (To.HEAD, To.ADMIN),
    Rung.REPLACEMENT: (To.ADMIN, To.MAYOR),
}
_STEPS: Final = {
    "received": (To.REPORTER,),
    "dispatched": (To.DIVISION, To.HEAD),
    "answered": (To.REPORTER,),
}


def notices_owed(old: Complaint | None, new: Complaint) -> Iterator[Notice]:
    """Yield what is owed for the entries that `new` has and `old` has not, in their order."""
    known = len(old.timeline) if old else 0
    for place, entry in enumerate(new.timeline[known:], start=known):
        rung = Rung(entry.rung) if entry.entry == "escalated" and entry.rung else None
        recipients = _LADDER[rung] if rung else _STEPS.get(entry.entry, ())
        for to in recipients:
            yield Notice(f"{new.ticket}.{place}.{to}", to, rung or entry.entry, entry, new)
