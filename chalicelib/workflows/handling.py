"""The admin and the divisions act on a complaint."""

from __future__ import annotations

from datetime import datetime

from chalicelib.adapters import complaints
from chalicelib.adapters.tables import ReporterItem, StoreUnavailable
from chalicelib.domain import life, reader
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.complaint import Actor, Complaint, Kind, Reason
from chalicelib.domain.values import dataclass
from chalicelib.workflows import city
from chalicelib.workflows.changing import ATTEMPTS, Owns, change, change_own, wait_a_moment


class UnknownDivision(Exception):
    """The city has no such OPD, or the OPD no such division."""


class UnknownTicket(Exception):
    """There is no complaint with the ticket that the action names beside its own."""


# ------------------------------------------------------------------------------------------------ the admin


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


def reject(ticket: str, reason: str, note: str | None, actor: Actor, now: datetime) -> Complaint | None:
    """Turn a complaint down for a reason of the closed list."""
    return change(ticket, lambda complaint: life.reject(complaint, Reason(reason), note, actor, now))


def merge(ticket: str, into: str, actor: Actor, now: datetime) -> Complaint | None:
    """Let one complaint go into another, both in one write; UnknownTicket when that other one is not there."""
    for attempt in range(ATTEMPTS):
        gone = complaints.complaint_of(ticket, consistent=True)
        stays = complaints.complaint_of(into, consistent=True)
        if gone is None:
            return None
        if stays is None:
            raise UnknownTicket
        merged, survivor = life.merge(gone, stays, actor, now)
        if complaints.record_two_steps((gone, merged), (stays, survivor)):
            return merged
        wait_a_moment(attempt)
    raise StoreUnavailable("too many writers on one complaint")


# ------------------------------------------------------------------------------------------------ the division


@dataclass(slots=True)
class Shown:
    """Who filed a complaint, for the officer who does a step on it; None where there is nobody to show."""

    reporter: ReporterItem | None = None


def start(ticket: str, actor: Actor, now: datetime, owns: Owns, shown: Shown | None = None) -> Complaint | None:
    """The division begins; None also for a complaint that is not the caller's.

    With `shown`, the caller is shown who filed it: that read is written down with the step.
    """
    return change_own(ticket, owns, lambda complaint: _read_too(life.start(complaint, actor, now), shown, actor, now))


def answer(
    ticket: str, text: str, actor: Actor, now: datetime, owns: Owns, *, final: bool, shown: Shown | None = None
) -> Complaint | None:
    """The OPD answers; None also for a complaint that is not the caller's. `shown` as for `start`.

    An interim answer may be followed by others, so the same one again, which was tried again, is not given twice.
    """
    known = city.current(now)

    def decide(complaint: Complaint) -> Complaint:
        given = (text, False, actor.subject or None)
        if not final and any((e.text, e.final, e.who) == given for e in complaint.entries("answered")):
            return _read_too(complaint, shown, actor, now)
        answered = life.answer(complaint, text, actor, now, known.calendar, known.policy, final=final)
        return _read_too(answered, shown, actor, now)

    return change_own(ticket, owns, decide)


def ask(
    ticket: str, text: str, actor: Actor, now: datetime, owns: Owns, shown: Shown | None = None
) -> Complaint | None:
    """The OPD asks the reporter; the clocks stand still until the reply."""
    known = city.current(now)

    def decide(complaint: Complaint) -> Complaint:
        asked = life.ask(complaint, text, actor, now, known.calendar, known.policy)
        return _read_too(asked, shown, actor, now)

    return change_own(ticket, owns, decide)


def forward(
    ticket: str, opd: str, division: str, reason: str, actor: Actor, now: datetime, owns: Owns
) -> Complaint | None:
    """Give it to another division of the city; UnknownDivision when there is none such."""
    known = city.current(now)
    if not known.has_division(opd, division):
        raise UnknownDivision
    return change_own(
        ticket, owns,
        lambda one: life.forward(one, opd, division, reason, actor, now, known.calendar, known.policy),
    )  # fmt: skip


def refuse(ticket: str, reason: str, actor: Actor, now: datetime, owns: Owns) -> Complaint | None:
    """Give it back to the admin: it is not theirs."""
    known = city.current(now)
    return change_own(ticket, owns, lambda one: life.refuse(one, reason, actor, now, known.calendar, known.policy))


# ------------------------------------------------------------------------------------------------ who filed it


def _read_too(complaint: Complaint, shown: Shown | None, actor: Actor, now: datetime) -> Complaint:
    """Return it with this read of its reporter written down, where there is one to read and room to write."""
    if shown is None or not reader.may_know_reporter(complaint, actor.role):
        return complaint
    shown.reporter = shown.reporter or complaints.reporter_of(complaint.ticket)
    if shown.reporter is None or reader.has_read_reporter(complaint, actor, now):
        return complaint
    try:
        return reader.read_reporter(complaint, actor, now)
    except TimelineFull:
        shown.reporter = None
        return complaint


def reveal_reporter(
    complaint: Complaint, actor: Actor, now: datetime, *, every_read: bool
) -> tuple[Complaint, ReporterItem | None]:
    """Return who filed it, and the complaint with that read written down first: no record, no name.

    None, and no record, for who may not know, and when nobody left a name or number. A page that a person loads again
    within a day is written down once; `every_read` writes down each.
    """
    reporter = complaints.reporter_of(complaint.ticket) if reader.may_know_reporter(complaint, actor.role) else None
    if reporter is None:
        return complaint, None

    def decide(stored: Complaint) -> Complaint:
        known = not every_read and reader.has_read_reporter(stored, actor, now)
        return stored if known else reader.read_reporter(stored, actor, now)

    recorded = change(complaint.ticket, decide, just_read=complaint)
    return (recorded, reporter) if recorded else (complaint, None)
