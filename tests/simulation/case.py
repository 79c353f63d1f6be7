"""One complaint told a second time: what each step does to its clocks, as DOMAIN 3 and 4 say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tests.simulation.log import DONE, FULL, ILLEGAL
from tests.simulation.working_days import Span, WorkingDays

VERIFY, ANSWER, REPLY, VEST, REPLACEMENT, SUPERVISED = 3, 5, 10, 2, 3, 60
FINISH: Final = {"complaint": 14, "question": 5, "idea": 5, "information": 5}
MOST_REOPENINGS: Final = 4
WITH_DIVISION: Final = ("dispatched", "in_progress")
OPEN: Final = ("received", *WITH_DIVISION)
UNDER_WAY: Final = (*OPEN, "waiting")
MACHINE, REPORTER = ("machine", None), ("reporter", None)
_ABOVE: Final = {None: "warning", "warning": "black_vest", "black_vest": "replacement"}

Who = tuple[str, str | None]
Place = tuple[str, str]


@dataclass(slots=True)
class Escalated:
    """A deadline that passed."""

    ticket: str
    n: int
    clock: int
    rung: str
    opd: str
    division: str
    deadline: datetime
    recorded_at: datetime
    written_at: datetime
    state: str = "recorded"


@dataclass(slots=True)
class Case:
    """A complaint as it must stand. `entries` are those of its timeline, each without what it does not have."""

    days: WorkingDays
    ticket: str
    kind: str
    channel: str
    received_at: datetime
    suggested: tuple[str, str, str] | None = None  # OPD, division, category
    supervised: frozenset[str] = frozenset()
    has_email: bool = False
    status: str = "received"
    place: Place | None = None
    category: str | None = None
    verify_due: datetime = field(init=False)
    finish_due: datetime = field(init=False)
    answer_due: datetime | None = None
    rung_due: datetime | None = None
    window: datetime | None = None
    clock: int = 0
    rung: str | None = None
    escalated: list[Escalated] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    merged_into: str | None = None
    finish_began: datetime = field(init=False)
    finish_missed: bool = False
    answered: bool = False  # on this clock
    answering_since: datetime | None = None
    waits: list[Span] = field(default_factory=list)  # on this clock
    stood_still: list[Span] = field(default_factory=list)  # since the finish clock began
    asked_at: datetime | None = None

    def __post_init__(self) -> None:
        self.verify_due = self.days.end_of(self.received_at, VERIFY)
        self.finish_due = self.days.end_of(self.received_at, FINISH[self.kind])
        self.finish_began = self.received_at
        self._write(self.received_at, "received", REPORTER, kind=self.kind)

    def _write(self, at: datetime, entry: str, who: Who, **fields: Any) -> None:
        line = {"at": at, "entry": entry, "by": who[0], "who": who[1], **fields}
        self.entries.append({name: value for name, value in line.items() if value is not None})

    @property
    def _here(self) -> dict[str, str | None]:
        opd, division = self.place or (None, None)
        return {"opd": opd, "division": division}

    def times(self, entry: str) -> int:
        """Return how often something was done to it."""
        return sum(one["entry"] == entry for one in self.entries)

    # -------------------------------------------------------------------------------------------- clocks

    def _to(self, at: datetime, place: Place, category: str | None) -> datetime:
        """A division gets it, or gets it back: a new answer clock."""
        self.status, self.place, self.category, self.suggested = "dispatched", place, category, None
        self.clock += 1
        self.answer_due = due = self.days.end_of(at, ANSWER)
        self.rung = self.rung_due = self.window = None
        self.answered, self.answering_since, self.waits = False, at, []
        return due

    def _to_admin(self, at: datetime) -> datetime:
        self.status, self.place, self.category, self.suggested = "received", None, None, None
        self.clock += 1
        self.verify_due = due = self.days.end_of(at, VERIFY)
        self.answer_due = self.rung = self.rung_due = self.window = None
        self.answered = False
        return due

    @property
    def _finish_days(self) -> int:
        supervised = self.kind == "complaint" and self.category in self.supervised
        return SUPERVISED if supervised else FINISH[self.kind]

    @property
    def running(self) -> datetime | None:
        """The deadline of the answer that is owed now."""
        return self.answer_due if self.status in WITH_DIVISION and not self.answered else None

    @property
    def owed_at(self) -> datetime:
        """What is owed next."""
        return self.verify_due if self.status == "received" else self.running or self.finish_due

    # -------------------------------------------------------------------------------------------- staff

    def dispatch(self, at: datetime, who: Who, place: Place, kind: str | None = None) -> str:
        """The admin, or a rule, gives it to a division."""
        if self.status != "received":
            return ILLEGAL
        category = self.suggested[2] if self.suggested and self.suggested[:2] == place else None
        new_kind = kind if kind and kind != self.kind else None
        self.kind = new_kind or self.kind
        due = self._to(at, place, category)
        self.finish_due = self.days.end_of(self.finish_began, self._finish_days)
        for asked, replied in self.stood_still:
            if self.finish_due > asked:
                self.finish_due = self._later(self.finish_due, asked, replied)
        self._write(
            at, "dispatched", who, kind=new_kind, **self._here, category=category, clock=self.clock, deadline=due
        )
        return DONE

    def start(self, at: datetime, who: Who) -> str:
        """The division begins."""
        if self.status != "dispatched":
            return ILLEGAL
        self.status = "in_progress"
        self._write(at, "started", who)
        return DONE

    def answer(self, at: datetime, who: Who, text: str, *, final: bool) -> str:
        """The division answers, for good or for the time being."""
        if self.status not in WITH_DIVISION:
            return ILLEGAL
        worked = None
        if not self.answered and self.answering_since:
            worked = self.days.minutes(self.answering_since, at, self.waits)
        if final and self.finish_due <= at:
            self._miss_finish(at, at)
        self.window = self.days.end_of(at, REPLY) if final else None
        self.status, self.answered = "answered" if final else "in_progress", True
        self._write(
            at, "answered", who, text=text, final=final, clock=self.clock, **self._here, deadline=self.window,
            worked=worked,
        )  # fmt: skip
        return DONE

    def ask(self, at: datetime, who: Who, text: str) -> str:
        """The division asks the reporter: all clocks stand still."""
        if self.status not in WITH_DIVISION:
            return ILLEGAL
        self.status, self.asked_at = "waiting", at
        self.window = self.days.end_of(at, REPLY)
        self._write(at, "asked", who, text=text, clock=self.clock, deadline=self.window, **self._here)
        return DONE

    def forward(self, at: datetime, who: Who, text: str, place: Place) -> str:
        """The division gives it to another one."""
        if self.status not in WITH_DIVISION or place == self.place:
            return ILLEGAL
        due = self._to(at, place, None)
        self._write(at, "forwarded", who, **self._here, text=text, clock=self.clock, deadline=due)
        return DONE

    def refuse(self, at: datetime, who: Who, text: str) -> str:
        """The division gives it back."""
        if self.status not in WITH_DIVISION:
            return ILLEGAL
        was = self._here
        due = self._to_admin(at)
        self._write(at, "refused", who, **was, text=text, clock=self.clock, deadline=due)
        return DONE

    def reject(self, at: datetime, who: Who, reason: str, text: str | None) -> str:
        """The admin turns it down."""
        if self.status not in UNDER_WAY:
            return ILLEGAL
        self.status, self.window = "rejected", None
        self._write(at, "rejected", who, reason=reason, text=text, **self._here)
        return DONE

    def merge(self, at: datetime, who: Who, into: Case) -> str:
        """The admin lets it go into another one."""
        if self.status not in UNDER_WAY or into.status not in UNDER_WAY or into is self:
            return ILLEGAL
        gone = [self.ticket, *(one["ticket"] for one in self.entries if one["entry"] == "absorbed")]
        self.status, self.window, self.merged_into = "merged", None, into.ticket
        self._write(at, "merged", who, into=into.ticket, **self._here)
        for ticket in gone:
            into._write(at, "absorbed", who, ticket=ticket)
        return DONE

    # -------------------------------------------------------------------------------------------- the reporter

    def message(self, at: datetime, text: str) -> str:
        """The reporter writes: a reply while it is waited for."""
        if self.status == "waiting":
            self._resume(at, "replied", REPORTER, text)
        elif self.status in (*OPEN, "answered"):
            self._write(at, "message", REPORTER, text=text)
        else:
            return ILLEGAL
        return DONE

    def rate(self, at: datetime, score: int, text: str | None) -> str:
        """The reporter is content, or not."""
        last = self.entries[-1]
        if (last["entry"], last.get("score"), last.get("text")) == ("rated", score, text):
            return DONE
        if self.status != "answered":
            return ILLEGAL
        self.status = "closed"
        self._write(at, "rated", REPORTER, score=score, text=text)
        return DONE

    def reopen(self, at: datetime, text: str) -> str:
        """The reporter sends it back, to its division or, once, to the admin."""
        last = self.entries[-1]
        if (last["entry"], last.get("text")) == ("reopened", text):
            return DONE
        if self.status == "rejected" and self.times("rejected") == 1:
            due = self._to_admin(at)
        elif self.status in ("answered", "closed") and self.window and at < self.window and self.place:
            if self.times("reopened") >= MOST_REOPENINGS:
                return FULL
            due = self._to(at, self.place, self.category)
        else:
            return ILLEGAL
        self.finish_due = self.days.end_of(at, self._finish_days)
        self.finish_began, self.finish_missed, self.stood_still = at, False, []
        self._write(
            at, "reopened", REPORTER, text=text, **self._here, clock=self.clock, deadline=due,
            finish_deadline=self.finish_due,
        )  # fmt: skip
        return DONE

    # -------------------------------------------------------------------------------------------- the sweep

    def sweep(self, now: datetime, written_at: datetime) -> Escalated | None:
        """Record all that has run out as of `now`, one rung at most, and return that."""
        found = self._escalate(now, written_at)
        if self.window and self.window <= now and self.status == "waiting":
            self._resume(now, "resumed", MACHINE, None, written_at)
        if self.window and self.window <= now and self.status == "answered":
            self.status, self.window = "closed", None
            self._write(now, "closed", MACHINE, written_at=written_at)
        if self.status in OPEN and self.finish_due <= now:
            self._miss_finish(now, written_at)
        return found

    def _escalate(self, now: datetime, written_at: datetime) -> Escalated | None:
        if self.status == "received":
            due, place = None if self.rung else self.verify_due, ("admin", "admin")
        elif self.running and self.rung != "replacement" and self.place:
            due, place = self.rung_due or self.running, self.place
        else:
            return None
        if due is None or due > now:
            return None
        self.rung = _ABOVE[self.rung]
        wait = {"warning": VEST, "black_vest": REPLACEMENT}.get(self.rung)
        self.rung_due = self.days.end_of(now, wait) if wait and self.status != "received" else None
        found = Escalated(
            self.ticket, len(self.escalated) + 1, self.clock, self.rung, *place, due, now, written_at
        )  # fmt: skip
        self.escalated.append(found)
        self._write(
            now, "escalated", MACHINE, opd=place[0], division=place[1], rung=self.rung, n=found.n, clock=self.clock,
            deadline=due, written_at=written_at, rung_deadline=self.rung_due,
        )  # fmt: skip
        return found

    def _miss_finish(self, now: datetime, written_at: datetime) -> None:
        if not self.finish_missed:
            self.finish_missed = True
            self._write(now, "finish_missed", MACHINE, **self._here, deadline=self.finish_due, written_at=written_at)

    def _resume(self, at: datetime, entry: str, who: Who, text: str | None, written_at: datetime | None = None) -> None:
        """The clocks go on with the working days that were left when it was asked; what had passed is due tomorrow."""
        asked = self.asked_at or at
        self.status, self.window = "dispatched", None
        self.waits.append((asked, at))
        self.stood_still.append((asked, at))
        due = rung_due = finish = None
        if not self.answered and self.answer_due:
            if self.answer_due > asked:
                due = self.answer_due = self._later(self.answer_due, asked, at)
            elif self.rung != "replacement":
                rung_due = self._later(self.rung_due or self.answer_due, asked, at)
        self.rung_due = rung_due
        if self.finish_due > asked:
            finish = self.finish_due = self._later(self.finish_due, asked, at)
        self._write(
            at, entry, who, **self._here, text=text, clock=self.clock, deadline=due, rung_deadline=rung_due,
            finish_deadline=finish, written_at=written_at,
        )  # fmt: skip

    def _later(self, due: datetime, asked: datetime, at: datetime) -> datetime:
        return self.days.end_of(at, self.days.left(asked, due))

    # -------------------------------------------------------------------------------------------- contests

    def contest(self, at: datetime, who: Who, n: int, text: str) -> str:
        """The division says that its n-th escalation was none of its doing."""
        one = self.escalated[n - 1]
        if one.state != "recorded":
            return ILLEGAL
        one.state = "contested"
        self._write(at, "contested", who, opd=one.opd, division=one.division, text=text, n=n)
        return DONE

    def settle(self, at: datetime, who: Who, n: int, text: str, *, upheld: bool) -> str:
        """The admin settles the contest."""
        one = self.escalated[n - 1]
        if one.state != "contested":
            return ILLEGAL
        one.state = "upheld" if upheld else "denied"
        self._write(at, one.state, who, text=text, n=n)
        return DONE
