"""Who may know who filed a complaint, and the record of who looked (rule: DOMAIN 7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain import bounds
from chalicelib.domain.complaint import REPORTER_READ, Actor, Complaint, Entry, Role

READ_AGAIN: Final = timedelta(days=1)  # after which a person's look at the same reporter is another read


def may_know_reporter(complaint: Complaint, role: Role) -> bool:
    """Say whether this role may learn who filed it: the city always, its OPD unless they asked not to be known."""
    return role in (Role.ADMIN, Role.MAYOR, Role.AUDITOR) or (role is Role.OPD and not complaint.anonymous)


def has_read_reporter(complaint: Complaint, actor: Actor, now: datetime) -> bool:
    """Say whether it is written down that this person looked, within the last day, at who filed it."""
    return any(
        (entry.by, entry.who) == (actor.role, actor.subject) and now - entry.at < READ_AGAIN
        for entry in complaint.entries(REPORTER_READ)
    )


def read_reporter(complaint: Complaint, actor: Actor, now: datetime) -> Complaint:
    """Write down that a person read who filed it; TimelineFull when it holds no more of these."""
    bounds.room_for_read(complaint)
    entry = Entry(now, REPORTER_READ, actor.role, actor.subject)
    return replace(complaint, timeline=(*complaint.timeline, entry))
