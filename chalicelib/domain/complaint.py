"""The life of a complaint: one table of what may be done when and by whom, one function for each step.

Every step returns the complaint after it, with one more entry in its timeline; what is not in the table
raises IllegalAction, which names what is possible instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chalicelib.domain.deadlines import Calendar, Deadline, Policy, deadline_or_provisional
from chalicelib.domain.privacy import has_personal_data
from chalicelib.domain.routing import Route


class Kind(StrEnum):
    """What a citizen brings."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    IDEA = "idea"
    INFORMATION = "information"


class Status(StrEnum):
    """Where in its life a complaint is; what was told to whom is kept elsewhere."""

    RECEIVED = "received"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"


class Rung(StrEnum):
    """The steps of the ladder that a slow division climbs."""

    WARNING = "warning"
    BLACK_VEST = "black_vest"
    REPLACEMENT = "replacement"


class Role(StrEnum):
    """Who acts. `machine` is the routing rules and the sweep; `reporter` is proven by the receipt or the number."""

    REPORTER = "reporter"
    MACHINE = "machine"
    OPD = "opd"
    ADMIN = "admin"
    MAYOR = "mayor"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does a step: the role, and the subject of the identity provider ("" for machine and reporter)."""

    role: Role
    subject: str = ""


MACHINE: Final = Actor(Role.MACHINE)
REPORTER: Final = Actor(Role.REPORTER)

# (status, action) -> (who may, the status after it)
STEPS: Final[Mapping[tuple[Status, str], tuple[frozenset[Role], Status]]] = {
    (Status.RECEIVED, "dispatch"): (frozenset({Role.ADMIN, Role.MACHINE}), Status.DISPATCHED),
    (Status.DISPATCHED, "start"): (frozenset({Role.OPD}), Status.IN_PROGRESS),
    (Status.DISPATCHED, "answer_interim"): (frozenset({Role.OPD}), Status.IN_PROGRESS),
    (Status.DISPATCHED, "answer"): (frozenset({Role.OPD}), Status.ANSWERED),
    (Status.IN_PROGRESS, "answer_interim"): (frozenset({Role.OPD}), Status.IN_PROGRESS),
    (Status.IN_PROGRESS, "answer"): (frozenset({Role.OPD}), Status.ANSWERED),
    (Status.DISPATCHED, "escalate"): (frozenset({Role.MACHINE}), Status.DISPATCHED),
    (Status.IN_PROGRESS, "escalate"): (frozenset({Role.MACHINE}), Status.IN_PROGRESS),
    **{(status, "check"): (frozenset({Role.ADMIN}), status) for status in Status},
    **{
        (status, "message"): (frozenset({Role.REPORTER}), status)
        for status in (Status.RECEIVED, Status.DISPATCHED, Status.IN_PROGRESS, Status.ANSWERED)
    },
}

REPORTER_READ: Final = "reporter_read"  # the entry that only those who work on the complaint see
MOST_READS: Final = 500  # of its reporter that one complaint holds; what cannot be written down is not shown

TIMELINE_ENTRIES: Final = 60  # what a complaint holds; one DynamoDB item has at most 400 KB
TIMELINE_BYTES: Final = 80_000  # of the reporter's messages, as they are stored
ANSWERS_BYTES: Final = 80_000  # of the interim answers
MOST_INTERIM: Final = 60
READ_AGAIN: Final = timedelta(days=1)  # after which a person's look at the same reporter is another read
_DIGITS_OF_A_NUMBER: Final = 8
_DIGIT: Final = re.compile(r"\d")


class IllegalAction(Exception):
    """This cannot be done now; `possible` are the actions that this role has in this status."""

    def __init__(self, action: str, status: Status, possible: tuple[str, ...]) -> None:
        super().__init__(f"{action} is not possible while {status}")
        self.action, self.status, self.possible = action, status, possible


class TimelineFull(Exception):
    """The complaint holds no more of what the reporter adds, or of reads of who that is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One step in the timeline, never changed afterwards. Fields that a step does not have are None.

    `at` is when it holds, for an escalation the time of the sweep's event; `written_at` is then the wall clock.
    """

    at: datetime
    entry: str
    by: str
    who: str | None = None
    kind: str | None = None
    opd: str | None = None
    division: str | None = None
    category: str | None = None
    text: str | None = None
    final: bool | None = None
    rung: str | None = None
    n: int | None = None
    clock: int | None = None
    deadline: datetime | None = None
    written_at: datetime | None = None
    incomplete: bool | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the routing rules think of a complaint that they would not dispatch by themselves."""

    opd: str | None = None
    division: str | None = None
    category: str | None = None
    label: str | None = None
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filing:
    """What came in, already valid in form; who brought it stands elsewhere."""

    text: str
    channel: str
    kind: str | None = None
    category: str | None = None
    address: str | None = None
    lat: float | None = None
    long: float | None = None
    photos: tuple[str, ...] = ()
    anonymous: bool = False
    confidential: bool = False
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint as it stands, and how it came there.

    `clock` numbers the answer clocks (0 = none yet); `answer_due_at` is the deadline of the newest one and
    `next_rung_at` the instant at which the sweep must look at it (None = nothing is running). `escalations` counts
    those of its whole life, `rung` is the highest of the newest clock.
    """

    ticket: str
    kind: Kind
    channel: str
    text: str
    status: Status
    received_at: datetime
    verify_due_at: datetime
    finish_due_at: datetime
    timeline: tuple[Entry, ...]
    category: str | None = None
    opd: str | None = None
    division: str | None = None
    suggestion: Suggestion | None = None
    address: str | None = None
    lat: float | None = None
    long: float | None = None
    photos: tuple[str, ...] = ()
    anonymous: bool = False
    confidential: bool = False
    checked: bool = False
    provisional: bool = False
    incomplete: bool = False
    clock: int = 0
    answer_due_at: datetime | None = None
    next_rung_at: datetime | None = None
    rung: Rung | None = None
    escalations: int = 0

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes something on it."""
        return self.status in (Status.RECEIVED, Status.DISPATCHED, Status.IN_PROGRESS)

    @property
    def answered_at(self) -> datetime | None:
        """When the newest answer clock was stopped by an answer, or None."""
        for entry in self.timeline:
            if entry.entry == "answered" and entry.clock == self.clock:
                return entry.at
        return None

    def is_overdue(self, now: datetime) -> bool:
        """Whether an answer is owed and its deadline has passed."""
        return self.running_deadline is not None and self.running_deadline <= now

    @property
    def running_deadline(self) -> datetime | None:
        """The answer deadline while its clock runs, else None."""
        running = self.status in (Status.DISPATCHED, Status.IN_PROGRESS) and self.answered_at is None
        return self.answer_due_at if running else None


def possible_actions(status: Status, role: Role) -> tuple[str, ...]:
    """Return what this role may do in this status, in the order of the table."""
    return tuple(action for (at, action), (who, _) in STEPS.items() if at == status and role in who)


def _after(complaint: Complaint, action: str, actor: Actor) -> Status:
    allowed = STEPS.get((complaint.status, action))
    if allowed is None or actor.role not in allowed[0]:
        raise IllegalAction(action, complaint.status, possible_actions(complaint.status, actor.role))
    return allowed[1]


def file_complaint(
    filing: Filing,
    ticket: str,
    now: datetime,
    route: Route,
    calendar: Calendar,
    policy: Policy,
    *,
    supervised: bool = False,
) -> Complaint:
    """Return the new complaint: dispatched at once where the rules are certain, else `received` with a suggestion.

    `supervised` says that the route's category is one whose complaints need supervision, as for `dispatch`.
    """
    verify = deadline_or_provisional(now, policy.verify, calendar)
    finish = deadline_or_provisional(now, policy.finish[route.kind], calendar)
    received = Entry(now, "received", Role.REPORTER, kind=route.kind, incomplete=filing.incomplete or None)
    complaint = Complaint(
        ticket=ticket,
        kind=Kind(route.kind),
        channel=filing.channel,
        text=filing.text,
        status=Status.RECEIVED,
        received_at=now,
        verify_due_at=verify.at,
        finish_due_at=finish.at,
        timeline=(received,),
        suggestion=Suggestion(route.opd, route.division, route.category, route.label, route.because),
        address=filing.address,
        lat=filing.lat,
        long=filing.long,
        photos=filing.photos,
        anonymous=filing.anonymous,
        confidential=filing.confidential,
        checked=_checked_by_rule(filing, route),
        provisional=verify.provisional or finish.provisional,
        incomplete=filing.incomplete,
    )
    if route.certain and route.opd and route.division:
        return dispatch(
            complaint, route.opd, route.division, MACHINE, now, calendar, policy,
            category=route.category, supervised=supervised,
        )  # fmt: skip
    return complaint


def _checked_by_rule(filing: Filing, route: Route) -> bool:
    """Say whether the public may read it before a person has: only what came by web, routed with certainty,
    without anything personal or a link in it (rule: DOMAIN 3; an SMS always waits for a person)."""
    digits = len(_DIGIT.findall(filing.text))
    links = "://" in filing.text or "www." in filing.text.lower()
    tame = digits < _DIGITS_OF_A_NUMBER and not links and not has_personal_data(filing.text)
    return filing.channel == "web" and route.certain and not filing.confidential and tame


def dispatch(
    complaint: Complaint,
    opd: str,
    division: str,
    actor: Actor,
    now: datetime,
    calendar: Calendar,
    policy: Policy,
    *,
    category: str | None = None,
    kind: Kind | None = None,
    supervised: bool = False,
) -> Complaint:
    """Give it to a division; its answer clock starts. The finish deadline follows a corrected kind, and is the long one
    for a complaint (no question, idea or information) of a category that needs supervision."""
    status = _after(complaint, "dispatch", actor)
    kind = kind or complaint.kind
    due = deadline_or_provisional(now, policy.answer, calendar)
    finish = Deadline(complaint.finish_due_at, complaint.provisional)
    needs_supervision = supervised and kind is Kind.COMPLAINT
    if kind != complaint.kind or needs_supervision:
        days = policy.finish["supervision" if needs_supervision else kind]
        finish = deadline_or_provisional(complaint.received_at, days, calendar)
    entry = Entry(
        now, "dispatched", actor.role, actor.subject or None, kind=kind if kind != complaint.kind else None,
        opd=opd, division=division, category=category, clock=complaint.clock + 1, deadline=due.at,
    )  # fmt: skip
    return replace(
        complaint,
        status=status,
        kind=kind,
        opd=opd,
        division=division,
        category=category,
        suggestion=None,
        clock=complaint.clock + 1,
        answer_due_at=due.at,
        next_rung_at=due.at,
        rung=None,
        finish_due_at=finish.at,
        provisional=complaint.provisional or finish.provisional or due.provisional,
        timeline=(*complaint.timeline, entry),
    )


def start(complaint: Complaint, actor: Actor, now: datetime) -> Complaint:
    """The division has begun; the answer clock runs on."""
    status = _after(complaint, "start", actor)
    entry = Entry(now, "started", actor.role, actor.subject or None)
    return replace(complaint, status=status, timeline=(*complaint.timeline, entry))


def answer(complaint: Complaint, text: str, actor: Actor, now: datetime, *, final: bool) -> Complaint:
    """The OPD answers the citizen: either answer stops the answer clock, and with it the ladder.

    TimelineFull when the complaint holds no more interim answers; a final one always has its place.
    """
    status = _after(complaint, "answer" if final else "answer_interim", actor)
    given = [_stored(entry.text) for entry in complaint.timeline if entry.entry == "answered"]
    if not final and (len(given) >= MOST_INTERIM or sum(given) + _stored(text) > ANSWERS_BYTES):
        raise TimelineFull
    entry = Entry(
        now, "answered", actor.role, actor.subject or None, text=text, final=final, clock=complaint.clock,
        opd=complaint.opd, division=complaint.division,
    )  # fmt: skip
    return replace(complaint, status=status, next_rung_at=None, timeline=(*complaint.timeline, entry))


def check(complaint: Complaint, actor: Actor, now: datetime) -> Complaint:
    """An admin lets the public read the text; a second time changes nothing."""
    _after(complaint, "check", actor)
    if complaint.checked:
        return complaint
    entry = Entry(now, "checked", actor.role, actor.subject or None)
    return replace(complaint, checked=True, timeline=(*complaint.timeline, entry))


def add_message(complaint: Complaint, text: str, now: datetime) -> Complaint:
    """The reporter adds to it; TimelineFull when it holds no more."""
    _after(complaint, "message", REPORTER)
    steps = [entry for entry in complaint.timeline if entry.entry != REPORTER_READ]
    written = sum(_stored(entry.text) for entry in steps if entry.entry == "message") + _stored(text)
    if len(steps) >= TIMELINE_ENTRIES or written > TIMELINE_BYTES:
        raise TimelineFull
    return replace(complaint, timeline=(*complaint.timeline, Entry(now, "message", Role.REPORTER, text=text)))


def _stored(text: str | None) -> int:
    """Return the bytes that a text takes in a stored entry, which is JSON: a control character takes six."""
    return len(json.dumps(text or "", ensure_ascii=False).encode("utf-8", "surrogatepass")) - 2


def may_know_reporter(complaint: Complaint, role: Role) -> bool:
    """Say whether this role may learn who filed it: the city always, its OPD unless they asked not to be known."""
    return role in (Role.ADMIN, Role.MAYOR, Role.AUDITOR) or (role is Role.OPD and not complaint.anonymous)


def has_read_reporter(complaint: Complaint, actor: Actor, now: datetime) -> bool:
    """Say whether it is written down that this person looked, within the last day, at who filed it."""
    return any(
        entry.entry == REPORTER_READ
        and (entry.by, entry.who) == (actor.role, actor.subject)
        and now - entry.at < READ_AGAIN
        for entry in complaint.timeline
    )


def read_reporter(complaint: Complaint, actor: Actor, now: datetime) -> Complaint:
    """Write down that a person read who filed it (rule: DOMAIN 7); TimelineFull when it holds no more of these."""
    reads = sum(entry.entry == REPORTER_READ for entry in complaint.timeline)
    if reads >= MOST_READS:
        raise TimelineFull
    entry = Entry(now, REPORTER_READ, actor.role, actor.subject)
    return replace(complaint, timeline=(*complaint.timeline, entry))
