"""A step on a complaint: read it, let the domain decide, write it; read again if another was first."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

from chalicelib.adapters import complaints, registry
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain.complaint import Complaint

ATTEMPTS: Final = 40  # for many writers on one complaint; each waits a random while, all in all some seconds
_LONGEST_WAIT: Final = 0.25

Owns = Callable[[Complaint], bool]


def change(
    ticket: str, decide: Callable[[Complaint], Complaint], just_read: Complaint | None = None
) -> Complaint | None:
    """Apply a step of the domain to a complaint, exactly once; None when there is no such complaint.

    `just_read` spares the first reading. What `decide` raises (IllegalAction, ...) goes through. StoreUnavailable when
    too many others wrote meanwhile.
    """
    for attempt in range(ATTEMPTS):
        old = just_read if just_read and not attempt else complaints.complaint_of(ticket, consistent=True)
        if old is None:
            return None
        new = decide(old)
        if new is old:
            return old
        if new.wake_at and new.wake_at <= new.timeline[-1].at:  # behind what the sweeps have read: the next one must
            registry.pull_back_watermark(new.wake_at)
        try:
            complaints.record_step(old, new)
        except complaints.Conflict:
            wait_a_moment(attempt)
        else:
            return new
    raise StoreUnavailable("too many writers on one complaint")


def wait_a_moment(attempt: int) -> None:
    """Let the others go first, for a random while that grows with the attempts."""
    time.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.01 * 2**attempt)))  # noqa: S311  jitter, no secret


class _NotYours(Exception):
    pass


def change_own(ticket: str, owns: Owns, decide: Callable[[Complaint], Complaint]) -> Complaint | None:
    """As `change`; None also for a complaint that is not the caller's."""

    def decide_on_own(complaint: Complaint) -> Complaint:
        if not owns(complaint):
            raise _NotYours
        return decide(complaint)

    try:
        return change(ticket, decide_on_own)
    except _NotYours:
        return None
