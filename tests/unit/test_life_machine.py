"""Anybody tries anything at any time, and sweeps come late, twice, early or not at all: what must hold all the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain import life
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.complaint import ADMIN_DESK, Actor, Complaint, Entry, Reason, Role, Status
from chalicelib.domain.escalation import Escalation, State, decide_escalation, escalated
from chalicelib.domain.life import IllegalAction
from chalicelib.domain.moving import Change, move_deadlines
from chalicelib.domain.reader import read_reporter
from chalicelib.domain.record import differences
from chalicelib.domain.routing import Route
from tests.unit.samples import ADMIN, ARRIVAL, CALENDAR, CERTAIN, OFFICER, POLICY, UNSURE, filed, survivor

FAR = datetime(2036, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
MOST_STEPS = 12  # of one sweep on one complaint
PLACES = [("dishub", "parkir"), ("dpuprpkp", "pju"), ("dpuprpkp", "jalan"), ("dlh", "sampah")]
NOBODYS = ("bkad", "aset")
RUNGS = ["warning", "black_vest", "replacement"]
WINDOWED = (Status.WAITING, Status.ANSWERED)


class Life(RuleBasedStateMachine):
    """One complaint, the escalations recorded beside it, the wall clock and the city's calendar."""

    complaint: Complaint
    now: datetime

    @initialize(route=st.sampled_from([CERTAIN, UNSURE]), kind=st.sampled_from(["complaint", "question"]))
    def comes_in(self, route: Route, kind: str) -> None:
        self.now, self.calendar = ARRIVAL, CALENDAR
        self.complaint = filed(replace(route, kind=kind))
        self.recorded: list[Escalation] = []
        self.seen: tuple[Entry, ...] = ()

    # -------------------------------------------------------------------------------------------- time

    @rule(hours=st.sampled_from([0.1, 3, 9, 24, 24, 48, 72, 24 * 7, 24 * 16]))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    @precondition(lambda self: self.complaint.wake_at and self.complaint.wake_at > self.now)
    @rule(late=st.sampled_from([-INSTANT, timedelta(0), timedelta(hours=7)]))
    def it_becomes_due(self, late: timedelta) -> None:
        due = self.complaint.wake_at
        assert due is not None
        self.now = max(self.now, due + late)
        self.swept(self.now)

    # -------------------------------------------------------------------------------------------- steps

    def steps(self, role: Role, to: tuple[str, str]) -> dict[str, Callable[[], Complaint]]:
        """Return every action as this role would do it now; what is of one role is done as that one."""
        one, actor, now, calendar = self.complaint, Actor(role, "somebody"), self.now, self.calendar
        return {
            "dispatch": lambda: life.dispatch(one, *to, actor, now, calendar, POLICY),
            "start": lambda: life.start(one, actor, now),
            "answer_interim": lambda: life.answer(one, "Dicek.", actor, now, calendar, POLICY, final=False),
            "answer": lambda: life.answer(one, "Sudah.", actor, now, calendar, POLICY, final=True),
            "ask": lambda: life.ask(one, "Di mana?", actor, now, calendar, POLICY),
            "forward": lambda: life.forward(one, *to, "Bukan kami.", actor, now, calendar, POLICY),
            "refuse": lambda: life.refuse(one, "Bukan kami.", actor, now, calendar, POLICY),
            "reject": lambda: life.reject(one, Reason.SPAM, None, actor, now),
            "merge": lambda: life.merge(one, survivor(), actor, now)[0],
            "check": lambda: life.check(one, actor, now),
        }

    def steps_of_one_role(self) -> dict[Role, dict[str, Callable[[], Complaint]]]:
        one, now, calendar = self.complaint, self.now, self.calendar
        return {
            Role.REPORTER: {
                "message": lambda: life.add_message(one, "Masih mati.", now, calendar),
                "rate": lambda: life.rate(one, 3, None, now),
                "reopen": lambda: life.reopen(one, "Masih mati.", now, calendar, POLICY),
            },
            Role.ADMIN: {"absorb": lambda: life.merge(survivor(), one, ADMIN, now)[1]},
            Role.MACHINE: {
                # whether their time has come is asked before: see `swept`
                "resume": lambda: life.resume(one, now, now, calendar) and one,
                "close": lambda: life.close(one, now, now) and one,
                "miss_finish": lambda: life.miss_finish(one, now, now) and one,
                "escalate": lambda: one,
            },
        }

    def all_steps(self, role: Role, to: tuple[str, str] = NOBODYS) -> dict[str, Callable[[], Complaint]]:
        return {**self.steps(role, to), **self.steps_of_one_role().get(role, {})}

    @precondition(lambda self: self.complaint.status is Status.RECEIVED)
    @rule(to=st.sampled_from(PLACES))
    def it_is_dispatched(self, to: tuple[str, str]) -> None:
        self.tried(Role.ADMIN, self.steps(Role.ADMIN, to)["dispatch"])

    @precondition(lambda self: self.complaint.is_with_division)
    @rule(name=st.sampled_from(["start", "answer_interim", "answer", "ask", "forward", "refuse"]),
          to=st.sampled_from(PLACES))  # fmt: skip
    def its_division_acts(self, name: str, to: tuple[str, str]) -> None:
        self.tried(Role.OPD, self.steps(Role.OPD, to)[name])

    @precondition(lambda self: self.complaint.clock > 1 and not list(self.complaint.entries("rejected")))
    @rule()
    def an_admin_turns_it_down(self) -> None:
        self.tried(Role.ADMIN, self.all_steps(Role.ADMIN)["reject"])

    @precondition(lambda self: self.complaint.status is Status.WAITING)
    @rule()
    def the_reporter_replies(self) -> None:
        self.tried(Role.REPORTER, self.steps_of_one_role()[Role.REPORTER]["message"])

    @precondition(lambda self: self.complaint.status in (Status.ANSWERED, Status.CLOSED, Status.REJECTED))
    @rule(name=st.sampled_from(["message", "rate", "reopen"]))
    def the_reporter_acts(self, name: str) -> None:
        self.tried(Role.REPORTER, self.steps_of_one_role()[Role.REPORTER][name])

    @rule(role=st.sampled_from(Role), data=st.data())
    def somebody_tries_something(self, role: Role, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.all_steps(role))))
        self.tried(role, self.all_steps(role, data.draw(st.sampled_from(PLACES)))[name])

    def tried(self, role: Role, step: Callable[[], Complaint]) -> None:
        """Take the step; when it is refused, everything that is named instead must really be possible."""
        before, copy = self.complaint, replace(self.complaint)
        try:
            self.complaint = step()
        except TimelineFull:
            pass
        except IllegalAction as refused:
            assert self.complaint is before
            assert before == copy
            for name in refused.possible:
                with suppress(TimelineFull):
                    self.all_steps(role)[name]()

    @precondition(lambda self: self.recorded)
    @rule(data=st.data(), upheld=st.booleans())
    def an_escalation_is_contested_or_that_is_settled(self, data: st.DataObject, upheld: bool) -> None:
        one = data.draw(st.sampled_from(self.recorded))
        try:
            if one.state is State.RECORDED:
                self.complaint = life.contest(self.complaint, one.n, one.opd, one.division, "Salah.", OFFICER, self.now)
                state = State.CONTESTED
            elif one.state is State.CONTESTED:
                self.complaint = life.settle(self.complaint, one.n, "Sudah dicek.", ADMIN, self.now, upheld=upheld)
                state = State.UPHELD if upheld else State.DENIED
            else:
                return
        except TimelineFull:
            return
        self.recorded[self.recorded.index(one)] = replace(one, state=state)

    @precondition(lambda self: self.complaint.timeline[-1].entry != "reporter_read")
    @rule()
    def an_admin_looks_who_it_is(self) -> None:
        self.complaint = read_reporter(self.complaint, ADMIN, self.now)

    @rule(day=st.integers(0, 40))
    def the_calendar_changes(self, day: int) -> None:
        on, old = self.now.date() + timedelta(days=day), self.calendar
        self.calendar = replace(old, holidays=old.holidays ^ {on})
        change = Change(old, self.calendar, ADMIN, self.now)
        before = self.complaint
        self.complaint = move_deadlines(before, change, POLICY, self.now, supervised=False)
        for name in ("verify_due_at", "answer_due_at", "finish_due_at", "rung_due_at", "window_until"):
            was, due = getattr(before, name), getattr(self.complaint, name)
            assert due == was or (was > self.now and due > self.now), name

    # -------------------------------------------------------------------------------------------- the sweep

    @rule(
        ahead=st.sampled_from([0, 0, 0, 0, -3, 30]),
        written_after=st.sampled_from([timedelta(0), timedelta(minutes=4)]),
        times=st.integers(1, 2),
    )
    def the_sweep_comes(self, ahead: int, written_after: timedelta, times: int) -> None:
        """As of its event's time, which may be that of a late event or of a rehearsal, and perhaps twice."""
        as_of, self.now = self.now + timedelta(days=ahead), self.now + written_after
        self.swept(as_of)
        for _ in range(times - 1):
            once = self.complaint
            self.swept(as_of)
            assert self.complaint is once

    def swept(self, as_of: datetime) -> None:
        """Do what a run of the sweep does on one complaint."""
        climbed = False
        for _ in range(MOST_STEPS):
            before = self.complaint
            found = None if climbed else decide_escalation(before, as_of, self.now)
            if found:
                due = before.wake_at
                assert due is not None
                assert due <= found.deadline <= found.recorded_at == as_of
                self.complaint = escalated(before, found, self.calendar, POLICY)
                self.recorded.append(found)
                climbed = True
                continue
            after = life.run_out(before, as_of, self.now, self.calendar)
            if after is None:
                break
            self.complaint = after
        else:
            pytest.fail("a sweep that does not end")
        assert decide_escalation(self.complaint, as_of, self.now) is None, "a second rung in one run"

    # -------------------------------------------------------------------------------------------- what must hold

    @invariant()
    def the_timeline_only_grows_and_is_written_forwards(self) -> None:
        timeline = self.complaint.timeline
        assert timeline[: len(self.seen)] == self.seen
        written = [entry.written_at or entry.at for entry in timeline]
        assert written == sorted(written)
        assert all(entry.at >= entry.deadline for entry in timeline if entry.entry in ("escalated", "finish_missed")
                   and entry.deadline)  # fmt: skip
        self.seen = timeline

    @invariant()
    def all_that_is_stored_follows_from_the_timeline(self) -> None:
        assert list(differences(self.complaint, self.recorded)) == []

    @invariant()
    def at_most_one_clock_of_each_kind_runs_and_the_fields_say_which(self) -> None:
        one = self.complaint
        running, newest = clock_of(one.timeline)
        assert one.clock == newest
        assert (running == "verify") == (one.status is Status.RECEIVED)
        assert (running == "answer") == (one.running_deadline is not None)
        assert (running == "wait") == (one.status is Status.WAITING)
        assert (running == "silence") == (one.status is Status.ANSWERED)
        assert one.is_open == (one.status in ("received", "dispatched", "in_progress"))

    @invariant()
    def every_escalation_is_in_its_time_and_once(self) -> None:
        answered: set[int | None] = set()
        found: list[Entry] = []
        for entry in self.complaint.timeline:
            if entry.entry == "answered":
                answered.add(entry.clock)
            elif entry.entry == "escalated":
                assert entry.clock not in answered
                assert entry.deadline is not None
                assert entry.deadline <= entry.at
                found.append(entry)
        assert [entry.n for entry in found] == list(range(1, len(found) + 1))
        assert len({(entry.clock, entry.rung) for entry in found}) == len(found)
        for clock in {entry.clock for entry in found}:
            rungs = [entry.rung for entry in found if entry.clock == clock]
            assert rungs == RUNGS[: len(rungs)]
        for entry in found:
            assert (entry.opd == ADMIN_DESK) <= (entry.rung == "warning")

    @invariant()
    def the_sweep_looks_exactly_when_something_runs_out(self) -> None:
        one = self.complaint
        moment = FAR if one.wake_at is None else one.wake_at - INSTANT
        assert decide_escalation(one, moment, self.now) is None
        assert life.run_out(one, moment, self.now, self.calendar) is None
        if one.wake_at:
            found = decide_escalation(one, one.wake_at, self.now)
            assert found or life.run_out(one, one.wake_at, self.now, self.calendar)

    @invariant()
    def no_deadline_to_come_is_slept_through(self) -> None:
        one = self.complaint
        deadlines: list[datetime | None] = []
        if one.status is Status.RECEIVED and not escalations_of(one):
            deadlines.append(one.verify_due_at)
        if one.running_deadline and not escalations_of(one):
            deadlines.append(one.rung_due_at or one.running_deadline)
        if one.is_open and not finish_is_missed(one):
            deadlines.append(one.finish_due_at)
        if one.status in WINDOWED:
            deadlines.append(one.window_until)
        for due in deadlines:
            assert due is not None
            assert one.wake_at is not None
            assert one.wake_at <= due


def escalations_of(complaint: Complaint) -> list[Entry]:
    return [one for one in complaint.timeline if one.entry == "escalated" and one.clock == complaint.clock]


def finish_is_missed(complaint: Complaint) -> bool:
    names = [entry.entry for entry in complaint.timeline]
    newest = len(names) - 1 - names[::-1].index("reopened") if "reopened" in names else 0
    return "finish_missed" in names[newest:]


# step -> what may run before it, and what runs after it ("" = nothing, "stopped" = what the question stopped):
# written from DOMAIN 3 and 4, not from the code
CLOCKS = {
    "dispatched": ({"verify"}, "answer"),
    "forwarded": ({"answer", ""}, "answer"),
    "refused": ({"answer", ""}, "verify"),
    "reopened": ({"silence", ""}, "answer"),
    "reopened to the admin": ({""}, "verify"),
    "answered": ({"answer", ""}, ""),
    "answered for good": ({"answer", ""}, "silence"),
    "asked": ({"answer", ""}, "wait"),
    "replied": ({"wait"}, "stopped"),
    "resumed": ({"wait"}, "stopped"),
    "rated": ({"silence"}, ""),
    "closed": ({"silence"}, ""),
    "rejected": ({"verify", "answer", "wait", ""}, ""),
    "merged": ({"verify", "answer", "wait", ""}, ""),
    "escalated": ({"verify", "answer"}, "same"),
    "finish_missed": ({"verify", "answer", ""}, "same"),
}
STARTS = ("dispatched", "forwarded", "refused", "reopened")


def clock_of(timeline: tuple[Entry, ...]) -> tuple[str, int]:
    """Return which clock but the finish runs after these steps, and the number of the newest; each step is held against
    what ran before it."""
    running, stopped, newest = "verify", "", 0
    for entry in timeline:
        name = {("answered", True): "answered for good", ("reopened", False): "reopened to the admin"}.get(
            (entry.entry, bool(entry.final if entry.entry == "answered" else entry.opd)), entry.entry
        )
        before, after = CLOCKS.get(name, ({running}, "same"))
        assert running in before, f"{name} while {running} runs"
        stopped = running if name == "asked" else stopped
        running = {"same": running, "stopped": stopped}.get(after, after)
        newest += entry.entry in STARTS
        assert entry.entry not in STARTS or entry.clock == newest, "clocks are numbered without a gap"
    return running, newest


Life.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None, derandomize=True)
TestLife = Life.TestCase
