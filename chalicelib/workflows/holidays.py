"""The admin corrects the table of holidays: deadlines that are still to come move with it, and their timelines say so.

At once as far as a request may take; the sweep goes over all once more, for what other functions filed by the calendar
that they still remembered.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.adapters import complaints, registry
from chalicelib.domain.complaint import Actor, Complaint, Role
from chalicelib.domain.deadlines import deadline_or_provisional
from chalicelib.domain.moving import Change, move_deadlines
from chalicelib.workflows import city
from chalicelib.workflows.changing import change as change_complaint
from chalicelib.workflows.city import HolidaysTable

log = logging.getLogger(__name__)

_AT_ONCE: Final = 12.0  # seconds of a request; what is left then, the sweep moves
_REMEMBERED: Final = timedelta(minutes=2)  # a function may know the city as it was a minute ago


def table() -> HolidaysTable:
    """Return {year: {ISO date: name}}."""
    return city.holidays_table()


class ChangeUnderWay(Exception):
    """An earlier change of the table has not moved every deadline yet; the next sweep does."""


def set_table(new: HolidaysTable, actor: Actor, now: datetime) -> int:
    """Set the table; return how many complaints' deadlines have moved by now. ValueError for a day outside its year,
    ChangeUnderWay while an earlier change still moves deadlines."""
    city.calendar_of(new)
    old, before = table(), registry.change_of_holidays()
    if old == new:
        return 0
    if before and not before["done"]:
        raise ChangeUnderWay
    noted = {"old": old, "new": new, "at": now.isoformat(), "by": actor.role, "who": actor.subject, "done": False}
    if not registry.note_change_of_holidays(noted, before):
        raise ChangeUnderWay
    registry.put_holidays(new)
    city.forget()
    moved, done = _move(noted, now, until=time.monotonic() + _AT_ONCE)
    if done:
        registry.note_change_of_holidays({**noted, "done": True}, noted)
    return moved


def move_on(written_at: datetime) -> None:
    """Carry out what a change of the table began, as part of a sweep, on the wall clock."""
    noted = registry.change_of_holidays()
    if noted is None:
        return
    registry.put_holidays(noted["new"])
    city.forget()
    _move(noted, written_at, until=None)
    if written_at - datetime.fromisoformat(noted["at"]) > _REMEMBERED:
        registry.end_change_of_holidays()


def _move(noted: dict[str, Any], now: datetime, until: float | None) -> tuple[int, bool]:
    """Move every deadline that the change moves; return how many complaints that were, and whether it was all."""
    change = Change(
        old=city.calendar_of(noted["old"]), new=city.calendar_of(noted["new"]),
        by=Actor(Role(noted["by"]), noted["who"]), at=datetime.fromisoformat(noted["at"]),
    )  # fmt: skip
    known, moved = city.current(now), 0
    last = deadline_or_provisional(now, known.policy.longest, change.old).at + timedelta(days=14)

    def decide(complaint: Complaint) -> Complaint:
        supervised = known.is_supervised(complaint.category)
        return move_deadlines(complaint, change, known.policy, now, supervised=supervised)

    for ticket in complaints.tickets_watched(now.date(), last.date()):
        if until is not None and time.monotonic() > until:
            log.warning("the sweep moves the rest")
            return moved, False
        before = complaints.complaint_of(ticket, consistent=True)
        after = change_complaint(ticket, decide, just_read=before)
        moved += after is not before
    return moved, True
