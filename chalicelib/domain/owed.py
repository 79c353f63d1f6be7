"""What a sweep has to say: kept as owed until it was sent, one message a recipient a sweep, never by night.

Rule: DOMAIN 5, Quiet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Final

from chalicelib.domain.complaint import ADMIN_DESK, Rung
from chalicelib.domain.escalation import Escalation
from chalicelib.domain.notices import To
from chalicelib.domain.values import dataclass

# By weight: a message about several things is named after the heaviest
ABOUT: Final = (
    "replacement", "black_vest", "warning", "standing", "proposal", "reward", "nomination", "reminder", "digest",
)  # fmt: skip
MOST_ROWS: Final = 1000  # in one message, after a long outage: an item of the table holds 400 KB
_RUNGS: Final = {
    Rung.WARNING: (To.DIVISION, To.HEAD),
    Rung.BLACK_VEST: (To.HEAD, To.ADMIN),
    Rung.REPLACEMENT: (To.ADMIN, To.MAYOR),
}


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing to say to some. Its id is made of what it is about, so that it is owed once."""

    id: str
    about: str
    to: tuple[To, ...]
    opd: str = ""
    division: str = ""
    tickets: tuple[str, ...] = ()
    deadline: datetime | None = None
    n: int = 0
    rung: str = ""
    text: str = ""
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets one message: a division, an OPD's head, the admin, the mayor."""

    to: To
    opd: str = ""
    division: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """All that one sweep has to say to one recipient; `id` is made of what is in it."""

    id: str
    recipient: Recipient
    rows: tuple[Owed, ...]

    @property
    def about(self) -> str:
        """What it is about; of several things the heaviest."""
        return min((row.about for row in self.rows), key=ABOUT.index)

    @property
    def tickets(self) -> list[str]:
        """The tickets in it, each once, in their order."""
        return list(dict.fromkeys(ticket for row in self.rows for ticket in row.tickets))


def of_escalation(escalation: Escalation) -> Owed:
    """Return what is owed of an escalation: to the rung's people; of the admin's own delay, to the mayor as well."""
    late_admin = escalation.opd == ADMIN_DESK
    return Owed(
        id=f"{escalation.ticket}#{escalation.n:04d}",
        about=escalation.rung,
        to=(To.ADMIN, To.MAYOR) if late_admin else _RUNGS[escalation.rung],
        opd=escalation.opd,
        division=escalation.division,
        tickets=(escalation.ticket,),
        deadline=escalation.deadline,
        n=escalation.n,
        rung=escalation.rung,
    )


def recipients_of(row: Owed) -> Iterator[Recipient]:
    """Yield who is told of it."""
    for to in row.to:
        if to is To.DIVISION:
            yield Recipient(to, row.opd, row.division)
        elif to is To.HEAD:
            yield Recipient(to, row.opd)
        else:
            yield Recipient(to)


def grouped(rows: Collection[Owed], known: Collection[tuple[Recipient, str]] = ()) -> list[Message]:
    """Return the messages that say it all, one a recipient (more only where MOST_ROWS would not do); `known` are the
    (recipient, id) that are in a message already."""
    pairs = sorted(
        ((recipient, row) for row in rows for recipient in recipients_of(row) if (recipient, row.id) not in known),
        key=lambda pair: (pair[0].to, pair[0].opd, pair[0].division, ABOUT.index(pair[1].about), pair[1].id),
    )
    return [
        _message(recipient, rows[begin : begin + MOST_ROWS])
        for recipient, some in groupby(pairs, key=lambda pair: pair[0])
        for rows in (tuple(row for _, row in some),)
        for begin in range(0, len(rows), MOST_ROWS)
    ]


def _message(recipient: Recipient, rows: tuple[Owed, ...]) -> Message:
    said = "\n".join((recipient.to, recipient.opd, recipient.division, *(row.id for row in rows)))
    return Message(f"sweep.{hashlib.sha256(said.encode()).hexdigest()[:32]}", recipient, rows)


def is_quiet(now: datetime, quiet: tuple[int, int], zone: tzinfo) -> bool:
    """Say whether nothing is sent at that time; `quiet` are the hours from and until, over midnight or not."""
    hour, (begin, end) = now.astimezone(zone).hour, quiet
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def is_day(now: datetime, quiet: tuple[int, int], zone: tzinfo) -> bool:
    """Say whether the night is over at that time: nothing is held, and the hour at which the day begins has come."""
    return not is_quiet(now, quiet, zone) and now.astimezone(zone).hour >= quiet[1]
