"""The life of a complaint: what may be done when and by whom, and what each step says and does to the clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import life
from chalicelib.domain.complaint import Actor, Complaint, Entry, Kind, Reason, Role, Rung, Status
from chalicelib.domain.deadlines import deadline_after, working_days_between
from chalicelib.domain.escalation import decide_escalation
from chalicelib.domain.life import (
    IllegalAction,
    add_message,
    answer,
    ask,
    check,
    close,
    contest,
    dispatch,
    forward,
    merge,
    miss_finish,
    possible_actions,
    rate,
    refuse,
    reject,
    reopen,
    resume,
    run_out,
    settle,
    start,
)
from chalicelib.domain.policy import Policy
from tests.unit.samples import (
    ADMIN,
    ANSWER_DUE,
    ARRIVAL,
    CALENDAR,
    OFFICER,
    OTHER_TICKET,
    POLICY,
    TICKET,
    UNSURE,
    WINDOW_END,
    answered,
    at,
    data,
    dispatched,
    filed,
    in_progress,
    merged,
    rated,
    redispatched,
    rejected,
    silently_closed,
    survivor,
    swept,
    waiting,
)

LATER = ARRIVAL + timedelta(hours=3)
INSTANT = timedelta(microseconds=1)
FINISH_DUE = at("2026-12-15 00:00")

# ------------------------------------------------------------------------------- what may be done when and by whom

# Written from DOMAIN 3, not from the code. Each cell: who may (r = reporter, o = opd, a = admin, m = machine; the mayor
# and the auditor only read), and the status after it; "=" stays, "." cannot be.
TABLE = """
                received      dispatched    in_progress   waiting       answered      closed        rejected    merged
dispatch        am:dispatched .             .             .             .             .             .           .
start           .             o:in_progress .             .             .             .             .           .
answer_interim  .             o:in_progress o:=           .             .             .             .           .
answer          .             o:answered    o:answered    .             .             .             .           .
ask             .             o:waiting     o:waiting     .             .             .             .           .
forward         .             o:=           o:dispatched  .             .             .             .           .
refuse          .             o:received    o:received    .             .             .             .           .
reject          a:rejected    a:rejected    a:rejected    a:rejected    .             .             .           .
merge           a:merged      a:merged      a:merged      a:merged      .             .             .           .
absorb          a:=           a:=           a:=           a:=           .             .             .           .
check           a:=           a:=           a:=           a:=           a:=           a:=           a:=         a:=
message         r:=           r:=           r:=           r:dispatched  r:=           .             .           .
rate            .             .             .             .             r:closed      .             .           .
reopen          .             .             .             .             r:dispatched  r:dispatched  r:received  .
resume          .             .             .             m:dispatched  .             .             .           .
close           .             .             .             .             m:closed      .             .           .
escalate        m:=           m:=           m:=           .             .             .             .           .
miss_finish     m:=           m:=           m:=           .             .             .             .           .
contest         o:=           o:=           o:=           o:=           o:=           o:=           o:=         o:=
settle          a:=           a:=           a:=           a:=           a:=           a:=           a:=         a:=
"""
_HEAD, *_ROWS = [line.split() for line in TABLE.splitlines() if line]
CELLS = {(status, row[0]): cell for row in _ROWS for status, cell in zip(_HEAD, row[1:], strict=True)}
LETTER = {"r": Role.REPORTER, "o": Role.OPD, "a": Role.ADMIN, "m": Role.MACHINE}
ON_SOMETHING_ELSE = {"absorb", "contest", "settle"}  # on an escalation or another complaint: nothing to offer here

IN: dict[str, Callable[[], Complaint]] = {
    "received": filed, "dispatched": dispatched, "in_progress": in_progress, "waiting": waiting, "answered": answered,
    "closed": rated, "rejected": rejected, "merged": merged,
}  # fmt: skip
ACTIONS: dict[str, Callable[[Complaint, Actor], Complaint]] = {
    "dispatch": lambda one, actor: dispatch(one, "dishub", "parkir", actor, LATER, CALENDAR, POLICY),
    "start": lambda one, actor: start(one, actor, LATER),
    "answer_interim": lambda one, actor: answer(one, "Dicek.", actor, LATER, CALENDAR, POLICY, final=False),
    "answer": lambda one, actor: answer(one, "Sudah.", actor, LATER, CALENDAR, POLICY, final=True),
    "ask": lambda one, actor: ask(one, "Di mana?", actor, LATER, CALENDAR, POLICY),
    "forward": lambda one, actor: forward(one, "dishub", "parkir", "Parkir.", actor, LATER, CALENDAR, POLICY),
    "refuse": lambda one, actor: refuse(one, "Bukan kami.", actor, LATER, CALENDAR, POLICY),
    "reject": lambda one, actor: reject(one, Reason.SPAM, None, actor, LATER),
    "merge": lambda one, actor: merge(one, survivor(), actor, LATER)[0],
    "check": lambda one, actor: check(one, actor, LATER),
    "contest": lambda one, actor: contest(one, 1, "dpuprpkp", "pju", "Salah alamat.", actor, LATER),
    "settle": lambda one, actor: settle(one, 1, "Benar.", actor, LATER, upheld=True),
}
# What only one may do at all
OF_ONE_ROLE: dict[str, tuple[Role, Callable[[Complaint], Complaint]]] = {
    "absorb": (Role.ADMIN, lambda one: merge(survivor(), one, ADMIN, LATER)[1]),
    "message": (Role.REPORTER, lambda one: add_message(one, "Masih mati.", LATER, CALENDAR)),
    "rate": (Role.REPORTER, lambda one: rate(one, 5, None, LATER)),
    "reopen": (Role.REPORTER, lambda one: reopen(one, "Masih mati.", LATER, CALENDAR, POLICY)),
    "resume": (Role.MACHINE, lambda one: resume(one, LATER, LATER, CALENDAR)),
    "close": (Role.MACHINE, lambda one: close(one, LATER, LATER)),
    "miss_finish": (Role.MACHINE, lambda one: miss_finish(one, LATER, LATER)),
}


def may(status: str, action: str, role: str) -> bool:
    return role in [LETTER[letter] for letter in CELLS[status, action].split(":")[0] if letter in LETTER]


def offered(status: str, role: str) -> set[str]:
    """Return what the table has for a role in a status, without what is done to something else."""
    return {action for at, action in CELLS if at == status and may(at, action, role)} - ON_SOMETHING_ELSE


def test_the_table_names_every_status_and_every_action() -> None:
    assert set(_HEAD) == set(IN) == set(Status)
    assert {row[0] for row in _ROWS} == {*ACTIONS, *OF_ONE_ROLE, "escalate"} == {action for _, action in life.STEPS}
    assert all(IN[status]().status == status for status in Status)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("status", "action"), [cell for cell in CELLS if cell[1] in ACTIONS])
def test_a_step_is_taken_when_the_table_has_it_and_else_what_is_possible_is_named(
    status: str, action: str, role: Role
) -> None:
    before = replace(IN[status](), checked=False)
    if may(status, action, role):
        after = ACTIONS[action](before, Actor(role, "somebody"))
        assert_taken(before, after, CELLS[status, action])
        assert (after.timeline[-1].by, after.timeline[-1].who) == (role, "somebody")
    else:
        with pytest.raises(IllegalAction, match=f"^{action} is not possible while {status}$") as refused:
            ACTIONS[action](before, Actor(role, "somebody"))
        assert_named(refused.value, action, status, role)


@pytest.mark.parametrize(("status", "action"), [cell for cell in CELLS if cell[1] in OF_ONE_ROLE])
def test_a_step_of_one_role_is_taken_when_the_table_has_it(status: str, action: str) -> None:
    role, step = OF_ONE_ROLE[action]
    before = IN[status]()
    if may(status, action, role):
        after = step(before)
        assert_taken(before, after, CELLS[status, action])
        who = ADMIN.subject if role is Role.ADMIN else None
        assert (after.timeline[-1].by, after.timeline[-1].who) == (role, who)
    else:
        with pytest.raises(IllegalAction, match=f"^{action} is not possible while {status}$") as refused:
            step(before)
        assert_named(refused.value, action, status, role)


def assert_taken(before: Complaint, after: Complaint, cell: str) -> None:
    then = cell.split(":")[1]
    assert after.status == (before.status if then == "=" else then)
    assert after.timeline[:-1] == before.timeline
    assert after.timeline[-1].at == LATER


def assert_named(refusal: IllegalAction, action: str, status: str, role: Role) -> None:
    assert (refusal.action, refusal.status) == (action, status)
    assert set(refusal.possible) == offered(status, role)
    assert len(refusal.possible) == len(set(refusal.possible))


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("role", Role)
def test_what_is_possible_is_what_the_table_has(status: Status, role: Role) -> None:
    found = possible_actions(status, role)
    assert set(found) == offered(status, role)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(("status", "action"), CELLS)
@pytest.mark.parametrize("role", Role)
def test_the_table_of_the_rules_is_this_table(status: Status, action: str, role: Role) -> None:
    who, then = life.STEPS.get((Status(status), action), (frozenset(), None))
    assert (role in who) == may(status, action, role)
    expected = CELLS[status, action].partition(":")[2] or None
    assert then == (status if expected == "=" else expected)


@pytest.mark.parametrize("status", Status)
def test_the_machine_escalates_only_where_the_table_has_it(status: Status) -> None:
    late = replace(IN[status](), rung_due_at=ANSWER_DUE, opd="dpuprpkp", division="pju")
    assert (decide_escalation(late, ANSWER_DUE, ANSWER_DUE) is not None) == may(status, "escalate", Role.MACHINE)


# ------------------------------------------------------------------------------------------------ dispatch


def test_the_answer_clock_starts_with_the_dispatch() -> None:
    before = filed()
    assert before.running_deadline is None
    sent = dispatch(before, "dishub", "parkir", ADMIN, at("2026-11-27 23:59"), CALENDAR, POLICY, category="parkir")
    assert (sent.opd, sent.division, sent.category, sent.suggestion) == ("dishub", "parkir", "parkir", None)
    assert sent.clock == 1
    assert sent.answer_due_at == sent.next_rung_at == sent.running_deadline == at("2026-12-05 00:00")
    assert (sent.verify_due_at, sent.finish_due_at) == (before.verify_due_at, before.finish_due_at)
    assert (sent.timeline[-1].who, sent.timeline[-1].kind, sent.timeline[-1].clock) == ("admin-1", None, 1)
    assert sent.timeline[-1].deadline == sent.answer_due_at


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
    before = replace(filed(), provisional=True)
    assert dispatch(before, "dishub", "parkir", ADMIN, LATER, CALENDAR, POLICY).provisional


def test_a_complaint_that_needs_supervision_has_sixty_working_days_to_be_finished() -> None:
    before = filed()
    sent = dispatch(before, "inspektorat", "pengawasan", ADMIN, ARRIVAL, CALENDAR, POLICY, supervised=True)
    assert sent.finish_due_at == deadline_after(ARRIVAL, 60, CALENDAR)
    question = dispatch(
        before, "inspektorat", "pengawasan", ADMIN, ARRIVAL, CALENDAR, POLICY, kind=Kind.QUESTION, supervised=True
    )
    assert question.finish_due_at == deadline_after(ARRIVAL, POLICY.finish["question"], CALENDAR)


def test_a_category_with_deadlines_of_its_own_has_them_from_the_dispatch_on() -> None:
    own = Policy.from_data({**data("policy.json"), "categories": {"parkir": {"answer": 2, "finish": 8}}})
    sent = dispatch(filed(), "dishub", "parkir", ADMIN, LATER, CALENDAR, own, category="parkir")
    assert sent.answer_due_at == deadline_after(LATER, 2, CALENDAR)
    assert sent.finish_due_at == deadline_after(ARRIVAL, 8, CALENDAR)
    plain = dispatch(filed(), "dishub", "parkir", ADMIN, LATER, CALENDAR, own)
    assert (plain.answer_due_at, plain.finish_due_at) == (deadline_after(LATER, 5, CALENDAR), FINISH_DUE)


def test_the_long_finish_of_a_wrong_category_ends_with_the_next_dispatch() -> None:
    wrong = dispatch(filed(), "inspektorat", "pengawasan", ADMIN, LATER, CALENDAR, POLICY, supervised=True)
    assert redispatched(wrong, LATER).finish_due_at == FINISH_DUE


def test_a_finish_deadline_made_anew_keeps_what_was_waited_for() -> None:
    replied = add_message(waiting(at("2026-11-26 08:00")), "Tiang 7.", at("2026-12-02 08:00"), CALENDAR)
    assert replied.finish_due_at == at("2026-12-19 00:00")  # asked with 12 working days left
    assert redispatched(replied, at("2026-12-02 09:00")).finish_due_at == replied.finish_due_at
    longer = refuse(replied, "Bukan kami.", OFFICER, at("2026-12-02 09:00"), CALENDAR, POLICY)
    sent = dispatch(
        longer, "inspektorat", "pengawasan", ADMIN, at("2026-12-02 10:00"), CALENDAR, POLICY, supervised=True
    )
    assert sent.finish_due_at == deadline_after(at("2026-12-02 08:00"), 58, CALENDAR)
    short = dispatch(
        refuse(replied, "Bukan kami.", OFFICER, at("2026-12-02 09:00"), CALENDAR, POLICY), "dishub", "parkir", ADMIN,
        at("2026-12-02 10:00"), CALENDAR, POLICY, kind=Kind.QUESTION,
    )  # fmt: skip
    assert short.finish_due_at == deadline_after(at("2026-12-02 08:00"), 3, CALENDAR)


def test_a_finish_deadline_made_anew_counts_from_the_reopening() -> None:
    reopened = reopen(answered(), "Masih mati.", at("2026-12-01 08:00"), CALENDAR, POLICY)
    again = redispatched(reopened, at("2026-12-02 08:00"))
    assert again.finish_due_at == reopened.finish_due_at == deadline_after(at("2026-12-01 08:00"), 14, CALENDAR)


# ------------------------------------------------------------------------------------------------ start, answer


def test_a_start_lets_the_answer_clock_run() -> None:
    complaint = in_progress()
    assert (complaint.running_deadline, complaint.next_rung_at, complaint.answered_at) == (ANSWER_DUE, ANSWER_DUE, None)
    assert complaint.timeline[-1] == Entry(ARRIVAL + timedelta(hours=1), "started", "opd", "officer-1")


@pytest.mark.parametrize("final", [True, False])
def test_either_answer_stops_the_answer_clock(*, final: bool) -> None:
    complaint = answered("Lampu dipesan.", final=final)
    assert complaint.status is (Status.ANSWERED if final else Status.IN_PROGRESS)
    assert complaint.answered_at == ARRIVAL + timedelta(hours=2)
    assert (complaint.running_deadline, complaint.next_rung_at) == (None, None)
    assert complaint.answer_due_at == ANSWER_DUE
    assert complaint.window_until == (WINDOW_END if final else None)
    assert complaint.timeline[-1] == Entry(
        ARRIVAL + timedelta(hours=2), "answered", "opd", "officer-1", text="Lampu dipesan.", final=final, clock=1,
        opd="dpuprpkp", division="pju", deadline=WINDOW_END if final else None, worked=120,
    )  # fmt: skip


def test_the_first_answer_is_the_one_that_stopped_the_clock() -> None:
    complaint = answer(answered(final=False), "Sudah.", OFFICER, LATER, CALENDAR, POLICY, final=True)
    assert complaint.answered_at == ARRIVAL + timedelta(hours=2)
    assert complaint.status is Status.ANSWERED
    assert complaint.timeline[-1].worked is None


def test_the_answer_of_an_older_clock_does_not_stop_the_newest() -> None:
    again = reopen(answered(), "Masih mati.", LATER, CALENDAR, POLICY)
    assert again.answered_at is None
    assert again.running_deadline == again.answer_due_at


def test_the_finish_clock_runs_on_after_an_interim_answer() -> None:
    interim = answered(final=False)
    assert (interim.finish_due_at, interim.is_open) == (FINISH_DUE, True)
    missed = run_out(interim, FINISH_DUE, FINISH_DUE, CALENDAR)
    assert missed is not None
    assert missed.timeline[-1].entry == "finish_missed"


def test_an_answer_beyond_the_known_calendar_flags_its_window() -> None:
    late = answer(dispatched(), "Sudah.", OFFICER, at("2027-12-30 08:00"), CALENDAR, POLICY, final=True)
    assert late.provisional


@pytest.mark.parametrize(("moment", "missed"), [(FINISH_DUE - INSTANT, 0), (FINISH_DUE, 1)])
def test_a_final_answer_after_the_finish_deadline_says_so_even_before_the_sweep(moment: datetime, missed: int) -> None:
    late = answer(in_progress(), "Sudah.", OFFICER, moment, CALENDAR, POLICY, final=True)
    assert [entry.entry for entry in late.timeline[-1 - missed :]] == [*["finish_missed"] * missed, "answered"]
    assert run_out(late, moment, moment, CALENDAR) is None


def test_a_finish_that_the_sweep_found_is_not_missed_again_by_the_answer() -> None:
    found = miss_finish(in_progress(), FINISH_DUE, FINISH_DUE)
    late = answer(found, "Sudah.", OFFICER, FINISH_DUE + timedelta(hours=8), CALENDAR, POLICY, final=True)
    assert [entry.entry for entry in late.timeline].count("finish_missed") == 1


def test_a_check_opens_the_text_once_and_a_second_one_changes_nothing() -> None:
    checked = check(filed(), ADMIN, LATER)
    assert checked.checked
    assert checked.timeline[-1] == Entry(LATER, "checked", "admin", "admin-1")
    assert check(checked, ADMIN, LATER) is checked


# ------------------------------------------------------------------------------------------------ ask and reply


def test_a_question_stops_both_clocks_until_the_reply() -> None:
    asked = waiting()
    assert asked.timeline[-1] == Entry(
        ARRIVAL + timedelta(hours=2), "asked", "opd", "officer-1", text="Tiang nomor berapa?", clock=1,
        deadline=WINDOW_END, opd="dpuprpkp", division="pju",
    )  # fmt: skip
    assert (asked.running_deadline, asked.next_rung_at, asked.is_open) == (None, None, False)
    assert (asked.answer_due_at, asked.finish_due_at) == (ANSWER_DUE, FINISH_DUE)
    assert asked.wake_at == asked.window_until == WINDOW_END
    assert decide_escalation(asked, at("2030-01-01 00:00"), LATER) is None
    assert run_out(asked, WINDOW_END - INSTANT, WINDOW_END, CALENDAR) is None


def test_a_reply_lets_both_clocks_run_on_with_the_days_that_were_left() -> None:
    replied = add_message(waiting(at("2026-11-26 08:00")), "Tiang 7.", at("2026-12-02 08:00"), CALENDAR)
    assert (replied.status, replied.window_until) == (Status.DISPATCHED, None)
    assert replied.answer_due_at == replied.next_rung_at == at("2026-12-08 00:00")  # three were left
    assert replied.finish_due_at == at("2026-12-19 00:00")  # twelve were left
    assert replied.clock == 1
    assert replied.timeline[-1] == Entry(
        at("2026-12-02 08:00"), "replied", "reporter", opd="dpuprpkp", division="pju", text="Tiang 7.", clock=1,
        deadline=at("2026-12-08 00:00"), finish_deadline=at("2026-12-19 00:00"),
    )  # fmt: skip


def test_after_ten_silent_working_days_the_division_goes_on_with_what_it_knows() -> None:
    written = WINDOW_END + timedelta(minutes=3)
    went_on = run_out(waiting(), WINDOW_END, written, CALENDAR)
    assert went_on is not None
    assert (went_on.status, went_on.window_until) == (Status.DISPATCHED, None)
    assert went_on.answer_due_at == at("2026-12-17 00:00")  # five were left, from Wednesday the 9th
    entry = went_on.timeline[-1]
    assert (entry.entry, entry.by, entry.text, entry.at) == ("resumed", "machine", None, WINDOW_END)
    assert entry.written_at == written
    assert run_out(went_on, WINDOW_END, written, CALENDAR) is None


@given(hours=st.integers(0, 24 * 6), wait=st.integers(0, 24 * 20))
def test_a_wait_takes_no_working_day_from_the_division_and_nothing_is_due_at_once(hours: int, wait: int) -> None:
    asked_at = ARRIVAL + timedelta(hours=2 + hours)
    replied_at = asked_at + timedelta(hours=wait)
    replied = add_message(waiting(asked_at), "Tiang 7.", replied_at, CALENDAR)
    for before, after in ((ANSWER_DUE, replied.answer_due_at), (FINISH_DUE, replied.finish_due_at)):
        assert after is not None
        left = working_days_between(asked_at, before, CALENDAR)
        assert working_days_between(replied_at, after, CALENDAR) == max(1, left)
        assert after > replied_at
    assert decide_escalation(replied, replied_at, replied_at) is None


def test_a_question_on_the_last_day_leaves_one_day_after_the_reply() -> None:
    replied = add_message(waiting(at("2026-12-01 16:00")), "Tiang 7.", at("2026-12-08 08:00"), CALENDAR)
    assert replied.answer_due_at == at("2026-12-10 00:00")


@pytest.mark.parametrize("asked", ["2026-12-02 00:00", "2026-12-02 08:00"])
def test_a_deadline_missed_before_the_question_stays_missed_and_escalates_a_day_after_the_reply(asked: str) -> None:
    replied = add_message(waiting(at(asked)), "Tiang 7.", at("2026-12-08 08:00"), CALENDAR)
    assert replied.answer_due_at == ANSWER_DUE
    assert replied.is_overdue(at("2026-12-08 08:00"))
    assert replied.timeline[-1].deadline is None
    assert replied.next_rung_at == replied.timeline[-1].rung_deadline == at("2026-12-10 00:00")
    assert swept(replied, at("2026-12-09 23:59")) is replied
    assert swept(replied, at("2026-12-10 00:00")).rung is Rung.WARNING


def test_the_next_rung_waits_for_the_reporter_too() -> None:
    warned = swept(dispatched(), ANSWER_DUE)
    asked = ask(warned, "Di mana?", OFFICER, at("2026-12-02 09:00"), CALENDAR, POLICY)
    replied = add_message(asked, "Di sini.", at("2026-12-10 08:00"), CALENDAR)
    assert replied.next_rung_at == replied.timeline[-1].rung_deadline == at("2026-12-15 00:00")  # two were left
    assert (replied.rung, replied.answer_due_at) == (Rung.WARNING, ANSWER_DUE)


def test_after_the_last_rung_a_reply_brings_no_other() -> None:
    replaced = swept(swept(swept(dispatched(), ANSWER_DUE), at("2026-12-05 00:00")), at("2026-12-10 00:00"))
    asked = ask(replaced, "Di mana?", OFFICER, at("2026-12-10 09:00"), CALENDAR, POLICY)
    replied = add_message(asked, "Di sini.", at("2026-12-11 08:00"), CALENDAR)
    assert (replied.rung_due_at, replied.next_rung_at) == (None, None)


def test_after_an_interim_answer_a_reply_starts_no_answer_clock() -> None:
    asked = ask(answered(final=False), "Di mana?", OFFICER, LATER, CALENDAR, POLICY)
    replied = add_message(asked, "Di sini.", at("2026-11-27 08:00"), CALENDAR)
    assert (replied.running_deadline, replied.next_rung_at) == (None, None)
    assert (replied.answer_due_at, replied.timeline[-1].deadline) == (ANSWER_DUE, None)
    assert replied.finish_due_at > FINISH_DUE


@pytest.mark.parametrize("found", [True, False])
def test_a_finish_deadline_missed_before_the_question_stays_missed(*, found: bool) -> None:
    late = answered(final=False)
    late = miss_finish(late, FINISH_DUE, FINISH_DUE) if found else late
    asked = ask(late, "Di mana?", OFFICER, at("2026-12-15 08:00"), CALENDAR, POLICY)
    replied = add_message(asked, "Di sini.", at("2026-12-17 08:00"), CALENDAR)
    assert (replied.finish_due_at, replied.timeline[-1].finish_deadline) == (FINISH_DUE, None)
    assert replied.has_missed_finish is found
    assert (run_out(replied, at("2026-12-17 08:00"), LATER, CALENDAR) is None) is found


def test_a_wait_over_the_end_of_the_known_calendar_is_flagged() -> None:
    asked = waiting(at("2026-11-26 08:00"))
    assert add_message(asked, "Tiang 7.", at("2027-12-30 08:00"), CALENDAR).provisional


# ------------------------------------------------------------------------------------------------ forward and refuse


def test_a_forward_restarts_the_answer_clock_and_not_the_finish_clock() -> None:
    warned = swept(in_progress(), ANSWER_DUE)
    there = forward(warned, "dishub", "parkir", "Soal parkir.", OFFICER, at("2026-12-03 08:00"), CALENDAR, POLICY)
    assert (there.status, there.opd, there.division, there.category) == (Status.DISPATCHED, "dishub", "parkir", None)
    assert there.answer_due_at == there.next_rung_at == at("2026-12-11 00:00")
    assert (there.finish_due_at, there.clock, there.rung, there.rung_due_at) == (FINISH_DUE, 2, None, None)
    assert there.escalations == 1
    assert there.timeline[-1] == Entry(
        at("2026-12-03 08:00"), "forwarded", "opd", "officer-1", opd="dishub", division="parkir", text="Soal parkir.",
        clock=2, deadline=at("2026-12-11 00:00"),
    )  # fmt: skip


def test_a_forward_to_another_division_of_the_same_opd_is_one() -> None:
    there = forward(dispatched(), "dpuprpkp", "jalan", "Jalan.", OFFICER, LATER, CALENDAR, POLICY)
    assert (there.opd, there.division, there.clock) == ("dpuprpkp", "jalan", 2)


def test_a_forward_to_itself_would_win_time_and_is_refused() -> None:
    with pytest.raises(IllegalAction) as refused:
        forward(dispatched(), "dpuprpkp", "pju", "Nanti.", OFFICER, LATER, CALENDAR, POLICY)
    assert set(refused.value.possible) == offered("dispatched", Role.OPD) - {"forward"}


def test_a_refusal_goes_back_to_the_admin_on_a_new_clock_and_says_who_said_so() -> None:
    warned = swept(dispatched(), ANSWER_DUE)
    back = refuse(warned, "Bukan kami.", OFFICER, at("2026-12-03 08:00"), CALENDAR, POLICY)
    assert (back.status, back.opd, back.division, back.category) == (Status.RECEIVED, None, None, None)
    assert (back.answer_due_at, back.rung, back.next_rung_at, back.clock) == (None, None, None, 2)
    assert back.verify_due_at == back.wake_at == at("2026-12-09 00:00")
    assert back.finish_due_at == FINISH_DUE
    assert back.timeline[-1] == Entry(
        at("2026-12-03 08:00"), "refused", "opd", "officer-1", opd="dpuprpkp", division="pju", text="Bukan kami.",
        clock=2, deadline=at("2026-12-09 00:00"),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ reject and merge


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("status", ["received", "dispatched", "in_progress", "waiting"])
def test_a_rejection_says_why_and_ends_the_clocks(status: str, reason: Reason) -> None:
    before = IN[status]()
    turned = reject(before, reason, "Ke BPJN.", ADMIN, LATER)
    assert turned.timeline[-1] == Entry(
        LATER, "rejected", "admin", "admin-1", reason=reason, text="Ke BPJN.", opd=before.opd, division=before.division
    )
    assert (turned.running_deadline, turned.next_rung_at, turned.wake_at) == (None, None, None)
    assert turned.window_until is None


def test_the_reasons_are_a_closed_list() -> None:
    assert set(Reason) == {"spam", "not_the_city", "insufficient", "abusive"}


@pytest.mark.parametrize("status", ["received", "dispatched", "in_progress", "waiting"])
def test_a_merged_complaint_never_escalates_and_says_into_which(status: str) -> None:
    before = IN[status]()
    gone, stays = merge(before, survivor(), ADMIN, LATER)
    assert (gone.status, gone.merged_into, gone.window_until) == (Status.MERGED, OTHER_TICKET, None)
    assert gone.timeline[-1] == Entry(
        LATER, "merged", "admin", "admin-1", into=OTHER_TICKET, opd=before.opd, division=before.division
    )
    assert (gone.wake_at, gone.next_rung_at) == (None, None)
    assert decide_escalation(gone, at("2030-01-01 00:00"), LATER) is None
    assert run_out(gone, at("2030-01-01 00:00"), LATER, CALENDAR) is None
    assert stays == replace(survivor(), timeline=stays.timeline)
    assert stays.timeline == (*survivor().timeline, Entry(LATER, "absorbed", "admin", "admin-1", ticket=TICKET))
    assert stays.absorbed == (TICKET,)


def test_what_a_merged_complaint_had_absorbed_follows_it() -> None:
    _, second = merge(filed(), survivor(), ADMIN, LATER)
    _, third = merge(second, replace(filed(), ticket="00000-00000"), ADMIN, LATER)
    assert third.absorbed == (OTHER_TICKET, TICKET)


@pytest.mark.parametrize("status", ["answered", "closed", "rejected", "merged"])
def test_nothing_goes_into_a_complaint_that_is_over(status: str) -> None:
    with pytest.raises(IllegalAction) as refused:
        merge(survivor(), IN[status](), ADMIN, LATER)
    assert (refused.value.action, refused.value.status) == ("absorb", status)


def test_a_complaint_does_not_go_into_itself() -> None:
    with pytest.raises(IllegalAction) as refused:
        merge(filed(), filed(), ADMIN, LATER)
    assert set(refused.value.possible) == {"dispatch", "reject", "check"}


# ------------------------------------------------------------------------------------------------ rate, close, reopen


def test_a_rating_closes_it_and_says_how_good_it_was() -> None:
    closed = rate(answered(), 2, "Lama.", LATER)
    assert (closed.status, closed.rating) == (Status.CLOSED, 2)
    assert closed.timeline[-1] == Entry(LATER, "rated", "reporter", score=2, text="Lama.")


def test_it_closes_when_nobody_was_heard_of_for_ten_working_days() -> None:
    assert run_out(answered(), WINDOW_END - INSTANT, WINDOW_END, CALENDAR) is None
    written = WINDOW_END + timedelta(minutes=1)
    closed = run_out(answered(), WINDOW_END, written, CALENDAR)
    assert closed is not None
    assert (closed.status, closed.window_until) == (Status.CLOSED, None)
    assert closed.timeline[-1] == Entry(WINDOW_END, "closed", "machine", written_at=written)
    assert run_out(closed, at("2030-01-01 00:00"), written, CALENDAR) is None


def test_what_its_reporter_rated_is_not_closed_again() -> None:
    assert run_out(rated(), WINDOW_END, WINDOW_END, CALENDAR) is None


@pytest.mark.parametrize("done", [answered, rated])
def test_within_ten_working_days_it_is_reopened_on_new_clocks_at_its_division(done: Callable[[], Complaint]) -> None:
    moment = WINDOW_END - INSTANT
    again = reopen(done(), "Masih mati.", moment, CALENDAR, POLICY)
    assert (again.status, again.opd, again.division) == (Status.DISPATCHED, "dpuprpkp", "pju")
    assert again.answer_due_at == again.next_rung_at == deadline_after(moment, 5, CALENDAR)
    assert again.finish_due_at == deadline_after(moment, 14, CALENDAR)
    assert (again.clock, again.window_until, again.rung, again.answered_at) == (2, None, None, None)
    assert again.timeline[-1] == Entry(
        moment, "reopened", "reporter", text="Masih mati.", opd="dpuprpkp", division="pju", clock=2,
        deadline=again.answer_due_at, finish_deadline=again.finish_due_at,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("done", "others"), [(answered, {"message", "rate"}), (rated, set()), (silently_closed, set())]
)
def test_after_ten_working_days_it_is_not_reopened_and_that_is_not_offered(
    done: Callable[[], Complaint], others: set[str]
) -> None:
    with pytest.raises(IllegalAction) as refused:
        reopen(done(), "Masih mati.", WINDOW_END, CALENDAR, POLICY)
    assert set(refused.value.possible) == others


def test_what_closed_by_silence_is_not_reopened_even_by_a_late_clock() -> None:
    with pytest.raises(IllegalAction) as refused:
        reopen(silently_closed(), "Masih mati.", LATER, CALENDAR, POLICY)
    assert refused.value.possible == ()
    with pytest.raises(IllegalAction) as refused:
        rate(silently_closed(), 5, None, LATER)
    assert refused.value.possible == ()


def test_the_reopened_complaint_of_a_supervised_category_has_its_long_finish_again() -> None:
    again = reopen(answered(), "Masih.", LATER, CALENDAR, POLICY, supervised=True)
    assert again.finish_due_at == deadline_after(LATER, 60, CALENDAR)
    question = reopen(replace(answered(), kind=Kind.QUESTION), "Masih.", LATER, CALENDAR, POLICY, supervised=True)
    assert question.finish_due_at == deadline_after(LATER, 5, CALENDAR)


def test_a_reopened_complaint_has_the_deadlines_of_its_category() -> None:
    own = Policy.from_data({**data("policy.json"), "categories": {"pju": {"answer": 2, "finish": 8}}})
    again = reopen(answered(), "Masih.", LATER, CALENDAR, own)
    assert again.answer_due_at == deadline_after(LATER, 2, CALENDAR)
    assert again.finish_due_at == deadline_after(LATER, 8, CALENDAR)


@pytest.mark.parametrize("before", [filed(), dispatched(), waiting()])
def test_what_was_rejected_is_reopened_once_and_goes_back_to_the_admin(before: Complaint) -> None:
    moment = at("2027-03-01 08:00")
    turned = reject(before, Reason.INSUFFICIENT, None, ADMIN, LATER)
    again = reopen(turned, "Ini alamatnya.", moment, CALENDAR, POLICY)
    assert (again.status, again.opd, again.division, again.category) == (Status.RECEIVED, None, None, None)
    assert (again.answer_due_at, again.rung, again.clock) == (None, None, before.clock + 1)
    assert again.verify_due_at == deadline_after(moment, 3, CALENDAR)
    assert again.finish_due_at == deadline_after(moment, 14, CALENDAR)
    assert again.timeline[-1] == Entry(
        moment, "reopened", "reporter", text="Ini alamatnya.", clock=before.clock + 1, deadline=again.verify_due_at,
        finish_deadline=again.finish_due_at,
    )  # fmt: skip
    twice = reject(again, Reason.INSUFFICIENT, None, ADMIN, moment)
    with pytest.raises(IllegalAction) as refused:
        reopen(twice, "Lagi.", moment, CALENDAR, POLICY)
    assert refused.value.possible == ()
    with pytest.raises(IllegalAction) as refused:
        rate(twice, 1, None, moment)
    assert refused.value.possible == ()


# ------------------------------------------------------------------------------------------------ the sweep


def test_a_missed_finish_is_recorded_once_and_climbs_nothing() -> None:
    done = answered(final=False)
    written = FINISH_DUE + timedelta(minutes=1)
    assert run_out(done, FINISH_DUE - INSTANT, written, CALENDAR) is None
    missed = run_out(done, FINISH_DUE, written, CALENDAR)
    assert missed is not None
    assert missed.timeline[-1] == Entry(
        FINISH_DUE, "finish_missed", "machine", opd="dpuprpkp", division="pju", deadline=FINISH_DUE, written_at=written
    )
    assert (missed.status, missed.escalations, missed.rung) == (done.status, 0, None)
    assert run_out(missed, at("2030-01-01 00:00"), written, CALENDAR) is None


def test_a_reopened_complaint_may_miss_its_finish_again() -> None:
    missed = miss_finish(in_progress(), FINISH_DUE, FINISH_DUE)
    done = answer(missed, "Sudah.", OFFICER, FINISH_DUE, CALENDAR, POLICY, final=True)
    again = reopen(done, "Masih.", FINISH_DUE + timedelta(hours=1), CALENDAR, POLICY)
    late = run_out(again, again.finish_due_at, again.finish_due_at, CALENDAR)
    assert late is not None
    assert late.timeline[-1].deadline == again.finish_due_at


@pytest.mark.parametrize("status", ["waiting", "answered", "closed", "rejected", "merged"])
def test_no_finish_is_missed_while_the_city_owes_nothing(status: str) -> None:
    late = replace(IN[status](), window_until=None)
    assert run_out(late, at("2030-01-01 00:00"), LATER, CALENDAR) is None


# ------------------------------------------------------------------------------------------------ contests, messages


def test_a_contest_and_its_end_stand_in_the_timeline_and_change_nothing_else() -> None:
    warned = swept(dispatched(), ANSWER_DUE)
    contested = contest(warned, 1, "dpuprpkp", "pju", "Sudah dijawab luring.", OFFICER, LATER)
    assert contested.timeline[-1] == Entry(
        LATER, "contested", "opd", "officer-1", opd="dpuprpkp", division="pju", text="Sudah dijawab luring.", n=1
    )
    for upheld, name in ((True, "upheld"), (False, "denied")):
        settled = settle(contested, 1, "Sudah dicek.", ADMIN, LATER, upheld=upheld)
        assert settled.timeline[-1] == Entry(LATER, name, "admin", "admin-1", text="Sudah dicek.", n=1)
        assert replace(settled, timeline=warned.timeline) == warned


@pytest.mark.parametrize("status", ["received", "dispatched", "in_progress", "answered"])
def test_the_reporter_may_add_while_it_goes_on_and_the_status_stays(status: str) -> None:
    after = add_message(IN[status](), "Masih mati.", LATER, CALENDAR)
    assert (after.status, after.timeline[-1]) == (status, Entry(LATER, "message", "reporter", text="Masih mati."))
