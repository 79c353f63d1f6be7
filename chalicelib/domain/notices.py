"""Who is owed which message: a pure difference between a complaint before and after a change."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from chalicelib.domain.complaint import Complaint, Entry
from chalicelib.domain.values import dataclass


class To(StrEnum):
    """Whom a notice is for; the addresses are looked up when it is sent."""

    DIVISION = "division"
    HEAD = "head"
    ADMIN = "admin"
    MAYOR = "mayor"
    REPORTER = "reporter"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message owed. Its id is made of ticket, entry and recipient, so that a repeated record owes nothing new.

    `ticket` is whose reporter it is for: of the complaint itself, or of one that was merged into it.
    """

    id: str
    to: To
    about: str  # the entry's name
    entry: Entry
    complaint: Complaint
    ticket: str

    @property
    def opd(self) -> str | None:
        """The OPD that it is addressed to; None for a citizen."""
        return self.entry.opd if self.to in (To.DIVISION, To.HEAD) else None


_STEPS: Final = {
    "received": (To.REPORTER,),
    "dispatched": (To.DIVISION, To.HEAD),
    "forwarded": (To.DIVISION, To.HEAD),
    "asked": (To.REPORTER,),
    "replied": (To.DIVISION,),
    "answered": (To.REPORTER,),
    "rejected": (To.REPORTER,),
    "merged": (To.REPORTER,),
    "reopened": (To.DIVISION, To.HEAD),
}


def notices_owed(old: Complaint | None, new: Complaint) -> Iterator[Notice]:
    """Yield what is owed at once for the entries that `new` has and `old` has not, in their order. What a sweep has to
    say (the ladder) is not in it: see `owed`."""
    known = len(old.timeline) if old else 0
    with_it: list[str] = [one.ticket for one in new.timeline[:known] if one.entry == "absorbed" and one.ticket]
    for place, entry in enumerate(new.timeline[known:], start=known):
        if entry.entry == "absorbed" and entry.ticket:
            with_it.append(entry.ticket)
        for to in _STEPS.get(entry.entry, ()):
            if to is To.REPORTER:
                yield Notice(f"{new.ticket}.{place}.{to}", to, entry.entry, entry, new, new.ticket)
                for ticket in with_it:
                    yield Notice(f"{new.ticket}.{place}.{to}.{ticket}", to, entry.entry, entry, new, ticket)
            elif entry.opd:
                yield Notice(f"{new.ticket}.{place}.{to}", to, entry.entry, entry, new, new.ticket)
