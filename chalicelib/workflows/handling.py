"""Somebody acts on a complaint: read it, let the domain decide, write the step; read again if another was first."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.adapters import complaints
from chalicelib.adapters.tables import ReporterItem, StoreUnavailable
from chalicelib.domain import complaint as life
from chalicelib.domain.complaint import Actor, Complaint, Kind
from chalicelib.workflows import city

_ATTEMPTS: Final = 40  # for many writers on one complaint; each waits a random while, all in all some seconds
_LONGEST_WAIT: Final = 0.25


class UnknownDivision(Exception):
    """The city has no such OPD, or the OPD no such division."""


def change(
    ticket: str, decide: Callable[[Complaint], Complaint], just_read: Complaint | None = None
) -> Complaint | None:
    """Apply a step of the domain to a complaint, exactly once; None when there is no such complaint.

    `just_read` spares the first reading. What `decide` raises (IllegalAction, ...) goes through. StoreUnavailable when
    too many others wrote meanwhile.
    """
    for attempt in range(_ATTEMPTS):
        old = just_read if just_read and not attempt else complaints.complaint_of(ticket, consistent=True)
        if old is None:
            return None
        new = decide(old)
        if new is old:
            return old
        try:
            complaints.record_step(old, new)
        except complaints.Conflict:
            time.sleep(random.uniform(0, min(_LONGEST_WAIT, 0.01 * 2**attempt)))  # noqa: S311  jitter, no secret
        else:
            return new
    raise StoreUnavailable("too many writers on one complaint")


def dispatch(
    ticket: str, opd: str, division: str, actor: Actor, now: datetime, kind: str | None = None
) -> Complaint | None:
    """Give a complaint to a division; UnknownDivision when the city has none such."""
    known = city.current(now)
    if not known.has_division(opd, division):
        raise UnknownDivision

    def decide(complaint: Complaint) -> Complaint:
        suggested = complaint.suggestion
        category = suggested.category if suggested and (suggested.opd, suggested.division) == (opd, division) else None
        return life.dispatch(
            complaint, opd, division, actor, now, known.calendar, known.policy,
            category=category, kind=Kind(kind) if kind else None, supervised=known.is_supervised(category),
        )  # fmt: skip

    return change(ticket, decide)


def check(ticket: str, actor: Actor, now: datetime) -> Complaint | None:
    """Let the public read the complaint's text."""
    return change(ticket, lambda complaint: life.check(complaint, actor, now))


@dataclass(slots=True)
class Shown:
    """Who filed a complaint, for the officer who does a step on it; None where there is nobody to show."""

    reporter: ReporterItem | None = None


def start(
    ticket: str, actor: Actor, now: datetime, owns: Callable[[Complaint], bool], shown: Shown | None = None
) -> Complaint | None:
    """The division begins; None also for a complaint that is not the caller's.

    With `shown`, the caller is shown who filed it: that read is written down with the step.
    """
    return _own(ticket, owns, lambda complaint: _read_too(life.start(complaint, actor, now), shown, actor, now))


def answer(
    ticket: str, text: str, actor: Actor, now: datetime, owns: Callable[[Complaint], bool], *, final: bool,
    shown: Shown | None = None,
) -> Complaint | None:  # fmt: skip
    """The OPD answers; None also for a complaint that is not the caller's. `shown` as for `start`.

    An interim answer may be followed by others, so the same one again, which was tried again, is not given twice.
    """

    def decide(complaint: Complaint) -> Complaint:
        given = (text, False, actor.subject or None)
        if not final and any((e.text, e.final, e.who) == given for e in complaint.timeline if e.entry == "answered"):
            return _read_too(complaint, shown, actor, now)
        return _read_too(life.answer(complaint, text, actor, now, final=final), shown, actor, now)

    return _own(ticket, owns, decide)


def _read_too(complaint: Complaint, shown: Shown | None, actor: Actor, now: datetime) -> Complaint:
    """Return it with this read of its reporter written down, where there is one to read and room to write."""
    if shown is None or not life.may_know_reporter(complaint, actor.role):
        return complaint
    shown.reporter = shown.reporter or complaints.reporter_of(complaint.ticket)
    if shown.reporter is None or life.has_read_reporter(complaint, actor, now):
        return complaint
    try:
        return life.read_reporter(complaint, actor, now)
    except life.TimelineFull:
        shown.reporter = None
        return complaint


def reveal_reporter(
    complaint: Complaint, actor: Actor, now: datetime, *, every_read: bool
) -> tuple[Complaint, ReporterItem | None]:
    """Return who filed it, and the complaint with that read written down first: no record, no name.

    None, and no record, for who may not know, and when nobody left a name or number. A page that a person loads again
    within a day is written down once; `every_read` writes down each.
    """
    reporter = complaints.reporter_of(complaint.ticket) if life.may_know_reporter(complaint, actor.role) else None
    if reporter is None:
        return complaint, None

    def decide(stored: Complaint) -> Complaint:
        known = not every_read and life.has_read_reporter(stored, actor, now)
        return stored if known else life.read_reporter(stored, actor, now)

    recorded = change(complaint.ticket, decide, just_read=complaint)
    return (recorded, reporter) if recorded else (complaint, None)


class _NotYours(Exception):
    pass


def _own(ticket: str, owns: Callable[[Complaint], bool], decide: Callable[[Complaint], Complaint]) -> Complaint | None:
    def decide_on_own(complaint: Complaint) -> Complaint:
        if not owns(complaint):
            raise _NotYours
        return decide(complaint)

    try:
        return change(ticket, decide_on_own)
    except _NotYours:
        return None
