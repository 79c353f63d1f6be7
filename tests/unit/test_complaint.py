"""The life of a complaint: what may be done when and by whom, and that each step says in the timeline what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.complaint import (
    ANSWERS_BYTES,
    MACHINE,
    MOST_INTERIM,
    TIMELINE_BYTES,
    TIMELINE_ENTRIES,
    Actor,
    Complaint,
    Entry,
    IllegalAction,
    Kind,
    Role,
    Status,
    Suggestion,
    TimelineFull,
    add_message,
    answer,
    check,
    dispatch,
    possible_actions,
    read_reporter,
    start,
)
from chalicelib.domain.deadlines import deadline_after
from chalicelib.domain.escalation import decide_escalation, escalated
from chalicelib.domain.routing import Route
from tests.unit.samples import (
    ADMIN,
    ANSWER_DUE,
    ARRIVAL,
    CALENDAR,
    CERTAIN,
    OFFICER,
    POLICY,
    TICKET,
    UNSURE,
    answered,
    at,
    dispatched,
    filed,
    in_progress,
    swept,
)

LATER = ARRIVAL + timedelta(hours=3)

# ------------------------------------------------------------------------------- what may be done when and by whom

# status -> action -> (who may, the status after it): written from DOMAIN 3, not from the code
LIFE: dict[str, dict[str, tuple[str, str]]] = {
    "received": {
        "dispatch": ("admin machine", "dispatched"),
        "check": ("admin", "received"),
        "message": ("reporter", "received"),
    },
    "dispatched": {
        "start": ("opd", "in_progress"),
        "answer_interim": ("opd", "in_progress"),
        "answer": ("opd", "answered"),
        "escalate": ("machine", "dispatched"),
        "check": ("admin", "dispatched"),
        "message": ("reporter", "dispatched"),
    },
    "in_progress": {
        "answer_interim": ("opd", "in_progress"),
        "answer": ("opd", "answered"),
        "escalate": ("machine", "in_progress"),
        "check": ("admin", "in_progress"),
        "message": ("reporter", "in_progress"),
    },
    "answered": {
        "check": ("admin", "answered"),
        "message": ("reporter", "answered"),
    },
}
IN: dict[str, Callable[[], Complaint]] = {
    "received": filed, "dispatched": dispatched, "in_progress": in_progress, "answered": answered,
}  # fmt: skip
ACTIONS: dict[str, Callable[[Complaint, Actor], Complaint]] = {
    "dispatch": lambda complaint, actor: dispatch(complaint, "dishub", "parkir", actor, LATER, CALENDAR, POLICY),
    "start": lambda complaint, actor: start(complaint, actor, LATER),
    "answer_interim": lambda complaint, actor: answer(complaint, "Sedang dicek.", actor, LATER, final=False),
    "answer": lambda complaint, actor: answer(complaint, "Sudah.", actor, LATER, final=True),
    "check": lambda complaint, actor: check(complaint, actor, LATER),
}
TABLE = [(status, action, role) for status in LIFE for action in ACTIONS for role in Role]


def allowed(status: str, role: str) -> set[str]:
    return {action for action, (who, _) in LIFE[status].items() if role in who.split()}


def test_the_table_names_every_status() -> None:
    assert set(LIFE) == set(IN) == set(Status)
    assert all(IN[status]().status == status for status in Status)


@pytest.mark.parametrize(("status", "action", "role"), TABLE)
def test_a_step_is_taken_when_the_table_has_it_and_else_what_is_possible_is_named(
    status: str, action: str, role: Role
) -> None:
    before = replace(IN[status](), checked=False)
    if action in allowed(status, role):
        after = ACTIONS[action](before, Actor(role, "somebody"))
        assert after.status == LIFE[status][action][1]
        assert after.timeline[:-1] == before.timeline
        assert (after.timeline[-1].at, after.timeline[-1].by) == (LATER, role)
        assert after.timeline[-1].who == "somebody"
    else:
        with pytest.raises(IllegalAction, match=f"{action} is not possible while {status}") as refused:
            ACTIONS[action](before, Actor(role, "somebody"))
        assert set(refused.value.possible) == allowed(status, role)
        assert (refused.value.action, refused.value.status) == (action, status)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("role", Role)
def test_what_is_possible_is_what_the_table_has(status: Status, role: Role) -> None:
    found = possible_actions(status, role)
    assert set(found) == allowed(status, role)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("status", Status)
def test_the_reporter_may_add_in_every_status_and_the_status_stays(status: Status) -> None:
    after = add_message(IN[status](), "Masih mati.", LATER)
    assert (after.status, after.timeline[-1]) == (status, Entry(LATER, "message", "reporter", text="Masih mati."))


@pytest.mark.parametrize("status", Status)
def test_the_machine_escalates_only_where_the_table_has_it(status: Status) -> None:
    late = replace(IN[status](), next_rung_at=ANSWER_DUE, opd="dpuprpkp", division="pju")
    found = decide_escalation(late, ANSWER_DUE, ANSWER_DUE)
    assert (found is not None) == ("escalate" in allowed(status, Role.MACHINE))


# ------------------------------------------------------------------------------------------------ filing


def test_what_the_rules_are_sure_of_is_with_its_division_at_once() -> None:
    complaint = filed(CERTAIN)
    assert complaint.status is Status.DISPATCHED
    assert (complaint.opd, complaint.division, complaint.category) == ("dpuprpkp", "pju", "pju")
    assert complaint.suggestion is None
    received, sent = complaint.timeline
    assert received == Entry(ARRIVAL, "received", "reporter", kind="complaint")
    assert sent == Entry(
        ARRIVAL, "dispatched", "machine", opd="dpuprpkp", division="pju", category="pju", clock=1, deadline=ANSWER_DUE
    )


def test_what_they_are_not_sure_of_waits_for_the_admin_with_a_suggestion() -> None:
    complaint = filed(UNSURE)
    assert complaint.status is Status.RECEIVED
    assert (complaint.opd, complaint.division, complaint.category) == (None, None, None)
    assert complaint.suggestion == Suggestion("dpuprpkp", "pju", "pju", None, ("lampu",))
    assert (complaint.clock, complaint.answer_due_at, complaint.next_rung_at) == (0, None, None)
    assert [entry.entry for entry in complaint.timeline] == ["received"]


@pytest.mark.parametrize("lacking", [{"opd": None}, {"division": None}, {"certain": False}])
def test_certainty_without_a_division_dispatches_nothing(lacking: dict[str, Any]) -> None:
    assert filed(replace(CERTAIN, **lacking)).status is Status.RECEIVED


@pytest.mark.parametrize(
    ("kind", "finish"),
    [("complaint", "2026-12-14"), ("question", "2026-12-01"), ("idea", "2026-12-01"), ("information", "2026-12-01")],
)
def test_the_verify_and_the_finish_clock_start_on_arrival(kind: str, finish: str) -> None:
    complaint = filed(replace(UNSURE, kind=kind))
    assert complaint.kind == kind
    assert complaint.verify_due_at == at("2026-11-28 00:00")
    assert complaint.finish_due_at == at(f"{finish} 00:00") + timedelta(days=1)
    assert complaint.timeline[0].kind == kind


def test_what_was_filed_is_kept_as_it_came() -> None:
    given: dict[str, Any] = {
        "text": "Lampu  mati\u200b", "channel": "sms", "address": "Jl. Ijen 12", "lat": -7.96, "long": 112.62,
        "photos": ("https://example.org/1.jpg",), "anonymous": True, "confidential": True, "incomplete": True,
    }  # fmt: skip
    complaint = filed(CERTAIN, **given)
    assert {name: getattr(complaint, name) for name in given} == given
    assert complaint.timeline[0].incomplete is True
    assert (complaint.ticket, complaint.received_at) == (TICKET, ARRIVAL)


@pytest.mark.parametrize(
    ("changes", "route", "checked"),
    [
        ({}, CERTAIN, True),
        ({}, UNSURE, False),
        ({"channel": "sms"}, CERTAIN, False),
        ({"channel": "staff"}, CERTAIN, False),
        ({"confidential": True}, CERTAIN, False),
        ({"anonymous": True}, CERTAIN, True),
        ({"text": "Lampu mati, hubungi 081234567890"}, CERTAIN, False),
        ({"text": "Lampu mati, tulis ke budi@gmail.com"}, CERTAIN, False),
        ({"text": "Lampu mati, lihat http://example.org"}, CERTAIN, False),
        ({"text": "Lampu mati, lihat WWW.example.org"}, CERTAIN, False),
    ],
)
def test_the_public_reads_at_once_only_what_a_rule_may_check(
    changes: dict[str, Any], route: Route, *, checked: bool
) -> None:
    assert filed(route, **changes).checked is checked


@pytest.mark.parametrize(
    ("day", "kind", "provisional"),
    [("2027-12-27", "complaint", True), ("2027-12-30", "question", True), ("2026-11-24", "complaint", False)],
)
def test_a_deadline_beyond_the_known_calendar_is_flagged_and_nobody_is_refused(
    day: str, kind: str, *, provisional: bool
) -> None:
    for route in (CERTAIN, UNSURE):
        assert filed(replace(route, kind=kind), at(f"{day} 10:00")).provisional is provisional


# ------------------------------------------------------------------------------------------------ dispatch


def test_the_answer_clock_starts_with_the_dispatch() -> None:
    waiting = filed()
    assert waiting.running_deadline is None
    sent = dispatch(waiting, "dishub", "parkir", ADMIN, at("2026-11-27 23:59"), CALENDAR, POLICY, category="parkir")
    assert (sent.opd, sent.division, sent.category, sent.suggestion) == ("dishub", "parkir", "parkir", None)
    assert sent.clock == 1
    assert sent.answer_due_at == sent.next_rung_at == sent.running_deadline == at("2026-12-05 00:00")
    assert (sent.verify_due_at, sent.finish_due_at) == (waiting.verify_due_at, waiting.finish_due_at)
    assert (sent.timeline[-1].who, sent.timeline[-1].kind, sent.timeline[-1].clock) == ("admin-1", None, 1)


def test_a_corrected_kind_has_its_own_finish_deadline_from_the_arrival() -> None:
    sent = dispatch(filed(), "dishub", "parkir", ADMIN, LATER, CALENDAR, POLICY, kind=Kind.QUESTION)
    assert (sent.kind, sent.timeline[-1].kind) == (Kind.QUESTION, "question")
    assert sent.finish_due_at == deadline_after(ARRIVAL, POLICY.finish["question"], CALENDAR)


def test_the_same_kind_again_corrects_nothing() -> None:
    sent = dispatch(filed(), "dishub", "parkir", ADMIN, LATER, CALENDAR, POLICY, kind=Kind.COMPLAINT)
    assert (sent.finish_due_at, sent.timeline[-1].kind) == (filed().finish_due_at, None)


def test_a_dispatch_beyond_the_known_calendar_is_flagged() -> None:
    sent = dispatch(filed(), "dishub", "parkir", ADMIN, at("2027-12-30 10:00"), CALENDAR, POLICY)
    assert sent.provisional


def test_a_corrected_kind_beyond_the_known_calendar_is_flagged_too() -> None:
    asked = filed(replace(UNSURE, kind="question"), at("2027-12-20 10:00"))
    assert not asked.provisional
    sent = dispatch(asked, "dishub", "parkir", ADMIN, at("2027-12-20 11:00"), CALENDAR, POLICY, kind=Kind.COMPLAINT)
    assert sent.provisional


def test_a_flag_once_raised_stays() -> None:
    waiting = replace(filed(), provisional=True)
    assert dispatch(waiting, "dishub", "parkir", ADMIN, LATER, CALENDAR, POLICY).provisional


# ------------------------------------------------------------------------------------------------ answer, check


@pytest.mark.parametrize("final", [True, False])
def test_either_answer_stops_the_answer_clock(*, final: bool) -> None:
    complaint = answered("Lampu dipesan.", final=final)
    assert complaint.status is (Status.ANSWERED if final else Status.IN_PROGRESS)
    assert complaint.answered_at == ARRIVAL + timedelta(hours=2)
    assert (complaint.running_deadline, complaint.next_rung_at) == (None, None)
    assert complaint.answer_due_at == ANSWER_DUE
    assert complaint.timeline[-1] == Entry(
        ARRIVAL + timedelta(hours=2), "answered", "opd", "officer-1",
        text="Lampu dipesan.", final=final, clock=1, opd="dpuprpkp", division="pju",
    )  # fmt: skip


def test_the_first_answer_is_the_one_that_stopped_the_clock() -> None:
    complaint = answer(answered(final=False), "Sudah.", OFFICER, LATER, final=True)
    assert complaint.answered_at == ARRIVAL + timedelta(hours=2)
    assert complaint.status is Status.ANSWERED


def test_the_answer_of_an_older_clock_does_not_stop_the_newest() -> None:
    again = dispatch(
        replace(answered(), status=Status.RECEIVED), "dishub", "parkir", ADMIN, LATER, CALENDAR, POLICY
    )  # as after a reopening
    assert again.answered_at is None
    assert again.running_deadline == again.answer_due_at


def test_a_start_lets_the_answer_clock_run() -> None:
    complaint = in_progress()
    assert (complaint.running_deadline, complaint.next_rung_at, complaint.answered_at) == (ANSWER_DUE, ANSWER_DUE, None)
    assert complaint.timeline[-1] == Entry(ARRIVAL + timedelta(hours=1), "started", "opd", "officer-1")


def test_it_is_overdue_from_the_deadline_on_until_it_is_answered() -> None:
    assert not dispatched().is_overdue(ANSWER_DUE - timedelta(microseconds=1))
    assert dispatched().is_overdue(ANSWER_DUE)
    assert not answered(final=False).is_overdue(ANSWER_DUE)
    assert not filed().is_overdue(ANSWER_DUE)


@pytest.mark.parametrize(
    ("status", "is_open"), [("received", 1), ("dispatched", 1), ("in_progress", 1), ("answered", 0)]
)
def test_something_is_owed_until_the_final_answer(status: str, is_open: int) -> None:
    assert IN[status]().is_open is bool(is_open)


def test_a_check_opens_the_text_once_and_a_second_one_changes_nothing() -> None:
    checked = check(filed(), ADMIN, LATER)
    assert checked.checked
    assert checked.timeline[-1] == Entry(LATER, "checked", "admin", "admin-1")
    assert check(checked, ADMIN, LATER) is checked


# ------------------------------------------------------------------------------------------------ messages


def test_a_complaint_takes_its_measure_of_messages_and_no_more() -> None:
    complaint = filed()
    while len(complaint.timeline) < TIMELINE_ENTRIES:
        complaint = add_message(complaint, "Masih mati.", LATER)
    with pytest.raises(TimelineFull):
        add_message(complaint, "Masih mati.", LATER)


def test_a_complaint_takes_its_measure_of_bytes_and_not_one_more() -> None:
    complaint = add_message(answered("x" * 1000), "y" * (TIMELINE_BYTES - 1000), LATER)
    with pytest.raises(TimelineFull):
        add_message(complaint, "z" * 1001, LATER)
    assert add_message(complaint, "z" * 1000, LATER).timeline[-1].text == "z" * 1000


def test_a_text_is_weighed_as_it_is_stored() -> None:
    for sign, weight in (("\0", 6), ("\U0001f600", 4), ("a", 1)):
        add_message(filed(), sign * (TIMELINE_BYTES // weight), LATER)
        with pytest.raises(TimelineFull):
            add_message(filed(), sign * (TIMELINE_BYTES // weight + 1), LATER)


def test_a_full_timeline_still_takes_an_answer_and_an_escalation() -> None:
    complaint = dispatched()
    while len(complaint.timeline) < TIMELINE_ENTRIES:
        complaint = add_message(complaint, "Masih mati.", LATER)
    late = swept(complaint, ANSWER_DUE)
    assert late.escalations == 1
    assert answer(late, "Sudah.", OFFICER, LATER, final=True).status is Status.ANSWERED


# ------------------------------------------------------------------------------------------------ a whole life


class Life(RuleBasedStateMachine):
    """Anybody tries anything at any time: the timeline only grows, by one entry a write, and explains the rest."""

    complaint: Complaint
    now: datetime

    @initialize(route=st.sampled_from([CERTAIN, UNSURE]))
    def comes_in(self, route: Route) -> None:
        self.complaint, self.now = filed(route), ARRIVAL
        self.seen = self.complaint.timeline

    @rule(hours=st.integers(1, 200))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(action=st.sampled_from(sorted(ACTIONS)), role=st.sampled_from(Role))
    def somebody_acts(self, action: str, role: Role) -> None:
        before = self.complaint
        try:
            self.complaint = ACTIONS[action](before, Actor(role, "somebody"))
        except IllegalAction:
            assert action not in allowed(before.status, role)
        else:
            unchanged = action == "check" and before.checked
            self.wrote(before, 0 if unchanged else 1)
            assert unchanged == (self.complaint is before)

    @rule()
    def the_reporter_adds(self) -> None:
        before = self.complaint
        self.complaint = add_message(before, "Masih mati.", self.now)
        self.wrote(before, 1)

    @rule()
    def an_admin_looks_who_it_is(self) -> None:
        before = self.complaint
        self.complaint = read_reporter(before, ADMIN, self.now)
        self.wrote(before, 1)

    @precondition(lambda self: self.complaint.next_rung_at is not None)
    @rule()
    def the_sweep_comes(self) -> None:
        before = self.complaint
        found = decide_escalation(before, self.now, self.now)
        if found is None:
            assert before.next_rung_at is not None
            assert before.next_rung_at > self.now
            return
        assert before.answered_at is None
        self.complaint = escalated(before, found, CALENDAR, POLICY)
        self.wrote(before, 1)

    def wrote(self, before: Complaint, entries: int) -> None:
        assert self.complaint.timeline[: len(before.timeline)] == before.timeline
        assert len(self.complaint.timeline) == len(before.timeline) + entries

    @invariant()
    def the_past_is_never_changed(self) -> None:
        assert self.complaint.timeline[: len(self.seen)] == self.seen
        self.seen = self.complaint.timeline

    @invariant()
    def the_timeline_says_where_it_stands(self) -> None:
        complaint, names = self.complaint, [entry.entry for entry in self.complaint.timeline]
        assert complaint.escalations == names.count("escalated")
        assert complaint.clock == names.count("dispatched")
        assert complaint.checked == ("checked" in names) or complaint.timeline[1].by == MACHINE.role
        status = Status.RECEIVED
        for entry in complaint.timeline:
            match entry.entry:
                case "dispatched":
                    status = Status.DISPATCHED
                case "started":
                    status = Status.IN_PROGRESS
                case "answered":
                    status = Status.ANSWERED if entry.final else Status.IN_PROGRESS
        assert complaint.status is status

    @invariant()
    def a_clock_runs_only_while_an_answer_is_owed(self) -> None:
        owed = self.complaint.clock > 0 and self.complaint.answered_at is None
        assert (self.complaint.running_deadline is not None) == owed
        assert self.complaint.next_rung_at is None or owed


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase


def test_a_complaint_that_needs_supervision_has_sixty_working_days_to_be_finished() -> None:
    waiting = filed()
    sent = dispatch(waiting, "inspektorat", "pengawasan", ADMIN, ARRIVAL, CALENDAR, POLICY, supervised=True)
    assert sent.finish_due_at == deadline_after(ARRIVAL, 60, CALENDAR)
    question = dispatch(
        waiting, "inspektorat", "pengawasan", ADMIN, ARRIVAL, CALENDAR, POLICY, kind=Kind.QUESTION, supervised=True
    )
    assert question.finish_due_at == deadline_after(ARRIVAL, POLICY.finish["question"], CALENDAR)


def test_interim_answers_fill_a_complaint_and_the_final_one_has_its_place() -> None:
    complaint = filed(CERTAIN)
    for _ in range(ANSWERS_BYTES // 4_000):
        complaint = answer(complaint, "x" * 4_000, OFFICER, LATER, final=False)
    with pytest.raises(TimelineFull):
        answer(complaint, "x", OFFICER, LATER, final=False)
    assert answer(complaint, "Selesai.", OFFICER, LATER, final=True).status is Status.ANSWERED


def test_short_interim_answers_are_bounded_too() -> None:
    complaint = filed(CERTAIN)
    for _ in range(MOST_INTERIM):
        complaint = answer(complaint, "Sabar.", OFFICER, LATER, final=False)
    with pytest.raises(TimelineFull):
        answer(complaint, "Sabar.", OFFICER, LATER, final=False)
