"""The log between the city and its oracle: what was done, in its order, and what came of it. Nothing else passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final

DONE: Final = "done"
ILLEGAL: Final = "illegal"  # the life of a complaint, or the state of an escalation, does not allow it
NOBODY: Final = "nobody"  # there is no such thing, or it is not the actor's
NOTHING: Final = "nothing"  # nothing is proposed
FULL: Final = "full"
INCOMPLETE: Final = "incomplete"  # a sweep that could not send
JAKARTA: Final = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Did:
    """One thing that was done: filed, dispatch, answer, ..., sweep, deliver, mail; `args` are what it was done with."""

    at: datetime
    what: str
    ticket: str = ""
    outcome: str = DONE
    args: Mapping[str, Any] = field(default_factory=dict)


def local(at: datetime) -> str:
    """Return an instant as people of the city write it."""
    return f"{at.astimezone(JAKARTA):%Y-%m-%d %H:%M:%S}"
