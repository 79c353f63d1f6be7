"""A complaint as it stands, and how it came there: the words of the field, and what follows from a timeline alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final

from chalicelib.domain.values import dataclass


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
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"
    REJECTED = "rejected"
    MERGED = "merged"


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


class Reason(StrEnum):
    """Why an admin may turn a complaint down; the list is closed."""

    SPAM = "spam"
    NOT_THE_CITY = "not_the_city"
    INSUFFICIENT = "insufficient"
    ABUSIVE = "abusive"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does a step: the role, and the subject of the identity provider ("" for machine and reporter)."""

    role: Role
    subject: str = ""


MACHINE: Final = Actor(Role.MACHINE)
REPORTER: Final = Actor(Role.REPORTER)
ADMIN_DESK: Final = "admin"  # stands for OPD and division where the admin is late
REPORTER_READ: Final = "reporter_read"  # the entry that only those who work on the complaint see


@dataclass(frozen=True, slots=True)
class Entry:
    """One step in the timeline, never changed afterwards. Fields that a step does not have are None.

    `at` is when it holds, for what a sweep records the time of its event; `written_at` is then the wall clock.
    `deadline` is that of the clock which the step starts or moves: to verify, to answer, or until a reply or a
    reopening is waited for; of an escalation, the one that was missed.
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
    finish_deadline: datetime | None = None
    rung_deadline: datetime | None = None
    reason: str | None = None
    score: int | None = None
    into: str | None = None
    ticket: str | None = None
    worked: int | None = None  # working minutes to the first answer of its clock


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

    `clock` numbers the clocks that began after its arrival: 0 is the first one to verify, and each dispatch, forward,
    refusal and reopening starts another. `answer_due_at` is the deadline of the newest answer clock; `rung_due_at` is
    when its next rung is due where that is not the answer deadline itself. `window_until` ends the wait for the
    reporter: for a reply while `waiting`, for a reopening after the answer. `escalations` counts those of the whole
    life, `rung` is the highest of the newest clock. While `waiting`, the answer and finish deadlines stand still.
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
    rung_due_at: datetime | None = None
    window_until: datetime | None = None
    rung: Rung | None = None
    escalations: int = 0
    merged_into: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the city still owes something on it now."""
        return self.status in (Status.RECEIVED, Status.DISPATCHED, Status.IN_PROGRESS)

    @property
    def is_with_division(self) -> bool:
        """Whether it is a division's turn."""
        return self.status in (Status.DISPATCHED, Status.IN_PROGRESS)

    @property
    def proves_number(self) -> bool:
        """Whether the reporter's number is surely theirs: it came from there, or staff spoke with them. What somebody
        typed on the web may be anybody's."""
        return self.channel == "sms" or self.timeline[0].by != Role.REPORTER

    @property
    def owed_at(self) -> datetime:
        """When the next thing is owed on an open complaint: the dispatch, the answer, then the finish."""
        if self.status is Status.RECEIVED:
            return self.verify_due_at
        return self.running_deadline or self.finish_due_at

    @property
    def answered_at(self) -> datetime | None:
        """When the newest clock was stopped by its first answer, or None."""
        return next((e.at for e in self.timeline if e.entry == "answered" and e.clock == self.clock), None)

    @property
    def next_rung_at(self) -> datetime | None:
        """When the next rung of the running answer clock is due; None when nothing runs, or none is left."""
        if not self.is_with_division or self.answered_at or self.rung is Rung.REPLACEMENT:
            return None
        return self.rung_due_at or self.answer_due_at

    @property
    def has_missed_finish(self) -> bool:
        """Whether it is recorded that the running finish clock ran out."""
        for entry in reversed(self.timeline):
            if entry.entry in ("finish_missed", "reopened"):
                return entry.entry == "finish_missed"
        return False

    @property
    def wake_at(self) -> datetime | None:
        """When the sweep must look at it next, or None: the first of what can run out."""
        if self.status in (Status.WAITING, Status.ANSWERED):
            return self.window_until
        finish = None if self.has_missed_finish or not self.is_open else self.finish_due_at
        verify = self.verify_due_at if self.status is Status.RECEIVED and self.rung is None else None
        return min(filter(None, (verify, self.next_rung_at, finish)), default=None)

    @property
    def absorbed(self) -> tuple[str, ...]:
        """The tickets that were merged into it, whose reporters hear what its own one hears."""
        return tuple(entry.ticket for entry in self.timeline if entry.entry == "absorbed" and entry.ticket)

    @property
    def rating(self) -> int | None:
        """The score that its reporter gave the last answer, 1..5, or None."""
        for entry in reversed(self.timeline):
            if entry.entry in ("rated", "reopened"):
                return entry.score
        return None

    def is_overdue(self, now: datetime) -> bool:
        """Whether an answer is owed and its deadline has passed."""
        return self.running_deadline is not None and self.running_deadline <= now

    @property
    def running_deadline(self) -> datetime | None:
        """The answer deadline while its clock runs, else None."""
        return self.answer_due_at if self.is_with_division and self.answered_at is None else None

    def entries(self, *names: str) -> Iterator[Entry]:
        """Yield the entries of these names, newest first."""
        return (entry for entry in reversed(self.timeline) if entry.entry in names)
