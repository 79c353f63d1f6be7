"""The life of a complaint: one table of what may be done when and by whom, one function for each step.

Every step returns the complaint after it, with one more entry in its timeline; what is not in the table
raises IllegalAction, which names what is possible instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from chalicelib.domain import bounds
from chalicelib.domain.complaint import (
    MACHINE,
    REPORTER,
    Actor,
    Complaint,
    Entry,
    Kind,
    Reason,
    Role,
    Rung,
    Status,
)
from chalicelib.domain.deadlines import Calendar, Deadline, deadline_or_provisional, working_days_between
from chalicelib.domain.policy import Policy
from chalicelib.domain.working_time import minutes_to_answer

_OPD, _ADMIN = frozenset({Role.OPD}), frozenset({Role.ADMIN})
_MACHINE, _REPORTER = frozenset({Role.MACHINE}), frozenset({Role.REPORTER})
_AT_DIVISION: Final = (Status.DISPATCHED, Status.IN_PROGRESS)
_UNDER_WAY: Final = (Status.RECEIVED, *_AT_DIVISION, Status.WAITING)

# (status, action) -> (who may, the status after it); rule: DOMAIN 3
STEPS: Final[Mapping[tuple[Status, str], tuple[frozenset[Role], Status]]] = {
    (Status.RECEIVED, "dispatch"): (_ADMIN | _MACHINE, Status.DISPATCHED),
    (Status.DISPATCHED, "start"): (_OPD, Status.IN_PROGRESS),
    **{(status, "answer_interim"): (_OPD, Status.IN_PROGRESS) for status in _AT_DIVISION},
    **{(status, "answer"): (_OPD, Status.ANSWERED) for status in _AT_DIVISION},
    **{(status, "ask"): (_OPD, Status.WAITING) for status in _AT_DIVISION},
    **{(status, "forward"): (_OPD, Status.DISPATCHED) for status in _AT_DIVISION},
    **{(status, "refuse"): (_OPD, Status.RECEIVED) for status in _AT_DIVISION},
    **{(status, "reject"): (_ADMIN, Status.REJECTED) for status in _UNDER_WAY},
    **{(status, "merge"): (_ADMIN, Status.MERGED) for status in _UNDER_WAY},
    **{(status, "absorb"): (_ADMIN, status) for status in _UNDER_WAY},
    (Status.WAITING, "resume"): (_MACHINE, Status.DISPATCHED),
    (Status.WAITING, "message"): (_REPORTER, Status.DISPATCHED),
    **{(status, "message"): (_REPORTER, status) for status in (Status.RECEIVED, *_AT_DIVISION, Status.ANSWERED)},
    (Status.ANSWERED, "rate"): (_REPORTER, Status.CLOSED),
    (Status.ANSWERED, "close"): (_MACHINE, Status.CLOSED),
    (Status.ANSWERED, "reopen"): (_REPORTER, Status.DISPATCHED),
    (Status.CLOSED, "reopen"): (_REPORTER, Status.DISPATCHED),
    (Status.REJECTED, "reopen"): (_REPORTER, Status.RECEIVED),
    **{(status, "escalate"): (_MACHINE, status) for status in (Status.RECEIVED, *_AT_DIVISION)},
    **{(status, "miss_finish"): (_MACHINE, status) for status in (Status.RECEIVED, *_AT_DIVISION)},
    **{(status, "check"): (_ADMIN, status) for status in Status},
    **{(status, "contest"): (_OPD, status) for status in Status},
    **{(status, "settle"): (_ADMIN, status) for status in Status},
}

_NOT_OF_A_COMPLAINT: Final = ("contest", "settle", "absorb")  # actions on an escalation, or of another complaint


class IllegalAction(Exception):
    """This cannot be done now; `possible` are the actions that this role has in this status."""

    def __init__(self, action: str, status: Status, possible: tuple[str, ...]) -> None:
        super().__init__(f"{action} is not possible while {status}")
        self.action, self.status, self.possible = action, status, possible


def possible_actions(status: Status, role: Role) -> tuple[str, ...]:
    """Return what this role may do to a complaint in this status, in the order of the table."""
    return tuple(
        action
        for (at, action), (who, _) in STEPS.items()
        if at == status and role in who and action not in _NOT_OF_A_COMPLAINT
    )


def can_reopen(complaint: Complaint, now: datetime) -> bool:
    """Say whether its reporter may still reopen it: within the window after the answer, what was rejected once."""
    if complaint.status is Status.REJECTED:
        return sum(entry.entry == "rejected" for entry in complaint.timeline) == 1
    return complaint.window_until is not None and now < complaint.window_until


def _after(complaint: Complaint, action: str, actor: Actor, now: datetime) -> Status:
    allowed = STEPS.get((complaint.status, action))
    if allowed is None or actor.role not in allowed[0] or (action == "reopen" and not can_reopen(complaint, now)):
        raise IllegalAction(action, complaint.status, _possible_now(complaint, actor, now))
    return allowed[1]


def _possible_now(complaint: Complaint, actor: Actor, now: datetime) -> tuple[str, ...]:
    possible = possible_actions(complaint.status, actor.role)
    return tuple(one for one in possible if one != "reopen" or can_reopen(complaint, now))


def _but_not(complaint: Complaint, action: str, actor: Actor, now: datetime) -> IllegalAction:
    """Return the refusal of what the table allows, and something else about the complaint does not."""
    others = tuple(one for one in _possible_now(complaint, actor, now) if one != action)
    return IllegalAction(action, complaint.status, others)


def _with(complaint: Complaint, entry: Entry, *deadlines: Deadline, **changes: object) -> Complaint:
    """Return the complaint with one more entry, and what that changes."""
    provisional = complaint.provisional or any(one.provisional for one in deadlines)
    return replace(complaint, provisional=provisional, timeline=(*complaint.timeline, entry), **changes)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ dispatching


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
    """Give it to a division; its answer clock starts. The finish deadline follows a corrected kind and the category,
    and is the long one for a complaint (no question, idea or information) that needs supervision."""
    status = _after(complaint, "dispatch", actor, now)
    kind, own = kind or complaint.kind, policy.of(category)
    due = deadline_or_provisional(now, own.answer, calendar)
    finish = Deadline(complaint.finish_due_at, complaint.provisional)
    needs_supervision = supervised and kind is Kind.COMPLAINT
    if kind != complaint.kind or needs_supervision or own is not policy or complaint.clock:
        days = own.finish["supervision" if needs_supervision else kind]
        finish = _finish_after(complaint, days, calendar)
    entry = Entry(
        now, "dispatched", actor.role, actor.subject or None, kind=kind if kind != complaint.kind else None,
        opd=opd, division=division, category=category, clock=complaint.clock + 1, deadline=due.at,
    )  # fmt: skip
    return _with(
        complaint, entry, due, finish, status=status, kind=kind, opd=opd, division=division, category=category,
        suggestion=None, clock=complaint.clock + 1, answer_due_at=due.at, rung=None, rung_due_at=None,
        finish_due_at=finish.at,
    )  # fmt: skip


def _finish_after(complaint: Complaint, days: int, calendar: Calendar) -> Deadline:
    """Return the finish deadline of so many days since it arrived or was reopened; it stood still in each wait."""
    finish, asked_at = deadline_or_provisional(complaint.received_at, days, calendar), complaint.received_at
    for entry in complaint.timeline:
        if entry.entry == "reopened":
            finish = deadline_or_provisional(entry.at, days, calendar)
        elif entry.entry == "asked":
            asked_at = entry.at
        elif entry.entry in ("replied", "resumed") and finish.at > asked_at:
            finish = _later(finish.at, asked_at, entry.at, calendar)
    return finish


# ------------------------------------------------------------------------------------------------ the division


def start(complaint: Complaint, actor: Actor, now: datetime) -> Complaint:
    """The division has begun; the answer clock runs on."""
    status = _after(complaint, "start", actor, now)
    return _with(complaint, Entry(now, "started", actor.role, actor.subject or None), status=status)


def answer(
    complaint: Complaint, text: str, actor: Actor, now: datetime, calendar: Calendar, policy: Policy, *, final: bool
) -> Complaint:
    """The OPD answers the citizen: either answer stops the answer clock, and with it the ladder; after a final one the
    reporter's window to reopen runs. TimelineFull when the complaint holds no more interim answers."""
    status = _after(complaint, "answer" if final else "answer_interim", actor, now)
    window = deadline_or_provisional(now, policy.reply, calendar) if final else None
    worked = None if complaint.answered_at else minutes_to_answer(complaint, now, calendar)
    if not final:
        bounds.room_for_staff(complaint, text)
    elif complaint.finish_due_at <= now and not complaint.has_missed_finish:  # the sweep has not found it yet
        complaint = miss_finish(complaint, now, now)
    entry = Entry(
        now, "answered", actor.role, actor.subject or None, text=text, final=final, clock=complaint.clock,
        opd=complaint.opd, division=complaint.division, deadline=window.at if window else None, worked=worked,
    )  # fmt: skip
    return _with(complaint, entry, *filter(None, (window,)), status=status, window_until=window.at if window else None)


def ask(complaint: Complaint, text: str, actor: Actor, now: datetime, calendar: Calendar, policy: Policy) -> Complaint:
    """The OPD asks the reporter: the clocks stand still until the reply, or until its window has passed."""
    status = _after(complaint, "ask", actor, now)
    bounds.room_for_staff(complaint, text)
    window = deadline_or_provisional(now, policy.reply, calendar)
    entry = Entry(
        now, "asked", actor.role, actor.subject or None, text=text, clock=complaint.clock, deadline=window.at,
        opd=complaint.opd, division=complaint.division,
    )  # fmt: skip
    return _with(complaint, entry, window, status=status, window_until=window.at)


def forward(
    complaint: Complaint, opd: str, division: str, reason: str, actor: Actor, now: datetime, calendar: Calendar,
    policy: Policy,
) -> Complaint:  # fmt: skip
    """Give it to another division: a new answer clock starts there, the finish clock runs on."""
    status = _after(complaint, "forward", actor, now)
    if (opd, division) == (complaint.opd, complaint.division):
        raise _but_not(complaint, "forward", actor, now)
    bounds.room_for_staff(complaint, reason)
    due = deadline_or_provisional(now, policy.answer, calendar)
    entry = Entry(
        now, "forwarded", actor.role, actor.subject or None, opd=opd, division=division, text=reason,
        clock=complaint.clock + 1, deadline=due.at,
    )  # fmt: skip
    return _with(
        complaint, entry, due, status=status, opd=opd, division=division, category=None, clock=complaint.clock + 1,
        answer_due_at=due.at, rung=None, rung_due_at=None,
    )  # fmt: skip


def refuse(
    complaint: Complaint, reason: str, actor: Actor, now: datetime, calendar: Calendar, policy: Policy
) -> Complaint:
    """The OPD says that it is not theirs: back to the admin, whose clock to verify starts anew."""
    status = _after(complaint, "refuse", actor, now)
    bounds.room_for_staff(complaint, reason)
    due = deadline_or_provisional(now, policy.verify, calendar)
    entry = Entry(
        now, "refused", actor.role, actor.subject or None, opd=complaint.opd, division=complaint.division, text=reason,
        clock=complaint.clock + 1, deadline=due.at,
    )  # fmt: skip
    return _with(complaint, entry, due, status=status, verify_due_at=due.at, clock=complaint.clock + 1, **_WITH_NOBODY)


_WITH_NOBODY: Final[Mapping[str, None]] = dict.fromkeys(
    ("opd", "division", "category", "suggestion", "answer_due_at", "rung", "rung_due_at", "window_until")
)


# ------------------------------------------------------------------------------------------------ the admin


def check(complaint: Complaint, actor: Actor, now: datetime) -> Complaint:
    """An admin lets the public read the text; a second time changes nothing."""
    _after(complaint, "check", actor, now)
    if complaint.checked:
        return complaint
    return _with(complaint, Entry(now, "checked", actor.role, actor.subject or None), checked=True)


def reject(complaint: Complaint, reason: Reason, note: str | None, actor: Actor, now: datetime) -> Complaint:
    """Turn it down for a reason of the closed list; its clocks end. The note says which office is the right one."""
    status = _after(complaint, "reject", actor, now)
    bounds.room_for_staff(complaint, note)
    entry = Entry(now, "rejected", actor.role, actor.subject or None, reason=reason, text=note,
                  opd=complaint.opd, division=complaint.division)  # fmt: skip
    return _with(complaint, entry, status=status, window_until=None)


def merge(complaint: Complaint, into: Complaint, actor: Actor, now: datetime) -> tuple[Complaint, Complaint]:
    """Return both after `complaint` went into the surviving one `into`, whose reporter is then not the only one who
    hears of it. A merged complaint never escalates. IllegalAction when the surviving one is over, or the same."""
    status = _after(complaint, "merge", actor, now)
    _after(into, "absorb", actor, now)
    if complaint.ticket == into.ticket:
        raise _but_not(complaint, "merge", actor, now)
    bounds.room_for_staff(complaint, None)
    bounds.room_for_staff(into, None)
    gone = Entry(now, "merged", actor.role, actor.subject or None, into=into.ticket,
                 opd=complaint.opd, division=complaint.division)  # fmt: skip
    there = tuple(
        Entry(now, "absorbed", actor.role, actor.subject or None, ticket=ticket)
        for ticket in (complaint.ticket, *complaint.absorbed)
    )
    merged = _with(complaint, gone, status=status, window_until=None, merged_into=into.ticket)
    return merged, replace(into, timeline=(*into.timeline, *there))


# ------------------------------------------------------------------------------------------------ the reporter


def add_message(complaint: Complaint, text: str, now: datetime, calendar: Calendar) -> Complaint:
    """The reporter adds to it; while it waits for them, that is the reply. TimelineFull when it holds no more."""
    _after(complaint, "message", REPORTER, now)
    bounds.room_for_reporter(complaint, text)
    if complaint.status is Status.WAITING:
        return _resumed(complaint, "replied", REPORTER, now, calendar, text=text)
    return _with(complaint, Entry(now, "message", Role.REPORTER, text=text))


def rate(complaint: Complaint, score: int, comment: str | None, now: datetime) -> Complaint:
    """The reporter rates the answer, 1..5, which closes the complaint."""
    status = _after(complaint, "rate", REPORTER, now)
    bounds.room_for_reporter(complaint, comment)
    return _with(complaint, Entry(now, "rated", Role.REPORTER, score=score, text=comment), status=status)


def reopen(
    complaint: Complaint, reason: str, now: datetime, calendar: Calendar, policy: Policy, *, supervised: bool = False
) -> Complaint:
    """The reporter is not content: within the window after the answer it goes back to its division, on new clocks;
    what was rejected goes back to the admin, once. `supervised` says so of its category, as for `dispatch`."""
    status = _after(complaint, "reopen", REPORTER, now)
    bounds.room_for_reporter(complaint, reason)
    clock = complaint.clock + 1
    of_kind = "supervision" if supervised and complaint.kind is Kind.COMPLAINT else complaint.kind
    finish = deadline_or_provisional(now, policy.of(complaint.category).finish[of_kind], calendar)
    if status is Status.RECEIVED:
        due = deadline_or_provisional(now, policy.verify, calendar)
        entry = Entry(now, "reopened", Role.REPORTER, text=reason, clock=clock, deadline=due.at,
                      finish_deadline=finish.at)  # fmt: skip
        return _with(complaint, entry, due, finish, status=status, clock=clock, verify_due_at=due.at,
                     finish_due_at=finish.at, **_WITH_NOBODY)  # fmt: skip
    bounds.room_for_reopening(complaint)
    due = deadline_or_provisional(now, policy.of(complaint.category).answer, calendar)
    entry = Entry(now, "reopened", Role.REPORTER, text=reason, opd=complaint.opd, division=complaint.division,
                  clock=clock, deadline=due.at, finish_deadline=finish.at)  # fmt: skip
    return _with(complaint, entry, due, finish, status=status, clock=clock, answer_due_at=due.at, rung=None,
                 rung_due_at=None, finish_due_at=finish.at, window_until=None)  # fmt: skip


# ------------------------------------------------------------------------------------------------ the sweep


def run_out(complaint: Complaint, now: datetime, written_at: datetime, calendar: Calendar) -> Complaint | None:
    """Return the complaint after what ran out as of `now`: the wait for the reporter, the finish deadline; else None.

    The ladder is not in it (`escalation`): a run of the sweep climbs one rung at most.
    """
    if complaint.window_until and complaint.window_until <= now and not complaint.is_open:
        if complaint.status is Status.WAITING:
            return resume(complaint, now, written_at, calendar)
        return close(complaint, now, written_at) if complaint.status is Status.ANSWERED else None
    if complaint.is_open and complaint.finish_due_at <= now and not complaint.has_missed_finish:
        return miss_finish(complaint, now, written_at)
    return None


def resume(complaint: Complaint, now: datetime, written_at: datetime, calendar: Calendar) -> Complaint:
    """The reporter did not reply within the window: the division goes on with what it knows."""
    _after(complaint, "resume", MACHINE, now)
    return _resumed(complaint, "resumed", MACHINE, now, calendar, written_at=written_at)


def _resumed(
    complaint: Complaint, entry: str, actor: Actor, now: datetime, calendar: Calendar, *, text: str | None = None,
    written_at: datetime | None = None,
) -> Complaint:  # fmt: skip
    """Let the clocks run on with the working days that were left, at least one: nothing is due at once.

    A deadline that had passed before the question stays missed.
    """
    asked = next(complaint.entries("asked"))

    def later(due: datetime | None) -> Deadline | None:
        return None if due is None else _later(due, asked.at, now, calendar)

    due = complaint.answer_due_at
    answering = complaint.answered_at is None and due is not None
    new_due = later(due) if answering and due and due > asked.at else None
    climbing = answering and complaint.rung is not Rung.REPLACEMENT
    rung_due = later(complaint.rung_due_at or (None if new_due else due)) if climbing else None
    finish = later(complaint.finish_due_at) if complaint.finish_due_at > asked.at else None
    step = Entry(
        now, entry, actor.role, opd=complaint.opd, division=complaint.division, text=text, clock=complaint.clock,
        deadline=new_due.at if new_due else None,
        rung_deadline=rung_due.at if rung_due else None, finish_deadline=finish.at if finish else None,
        written_at=written_at,
    )  # fmt: skip
    return _with(
        complaint, step, *filter(None, (new_due, rung_due, finish)), status=Status.DISPATCHED, window_until=None,
        answer_due_at=new_due.at if new_due else due, rung_due_at=rung_due.at if rung_due else None,
        finish_due_at=finish.at if finish else complaint.finish_due_at,
    )  # fmt: skip


def _later(due: datetime, asked_at: datetime, resumed_at: datetime, calendar: Calendar) -> Deadline:
    """Return where a deadline stands after a wait: as many working days on as were left, at least one."""
    left = max(1, working_days_between(asked_at, due, calendar))
    return deadline_or_provisional(resumed_at, left, calendar)


def close(complaint: Complaint, now: datetime, written_at: datetime) -> Complaint:
    """Nobody was heard of within the window after the answer: it is over."""
    status = _after(complaint, "close", MACHINE, now)
    return _with(complaint, Entry(now, "closed", Role.MACHINE, written_at=written_at), status=status, window_until=None)


def miss_finish(complaint: Complaint, now: datetime, written_at: datetime) -> Complaint:
    """The finish deadline passed: shown and counted, it climbs nothing."""
    _after(complaint, "miss_finish", MACHINE, now)
    entry = Entry(now, "finish_missed", Role.MACHINE, opd=complaint.opd, division=complaint.division,
                  deadline=complaint.finish_due_at, written_at=written_at)  # fmt: skip
    return _with(complaint, entry)


# ------------------------------------------------------------------------------------------------ contests


def contest(
    complaint: Complaint, n: int, opd: str, division: str, reason: str, actor: Actor, now: datetime
) -> Complaint:
    """A division says that its n-th escalation was none of its doing."""
    _after(complaint, "contest", actor, now)
    bounds.room_for_staff(complaint, reason)
    entry = Entry(now, "contested", actor.role, actor.subject or None, opd=opd, division=division, text=reason, n=n)
    return _with(complaint, entry)


def settle(complaint: Complaint, n: int, reason: str, actor: Actor, now: datetime, *, upheld: bool) -> Complaint:
    """An admin settles the contest of the n-th escalation: upheld, it never counted; denied, it counts."""
    _after(complaint, "settle", actor, now)
    bounds.room_for_staff(complaint, reason)
    name = "upheld" if upheld else "denied"
    return _with(complaint, Entry(now, name, actor.role, actor.subject or None, text=reason, n=n))
