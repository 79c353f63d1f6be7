"""The record against what is stored: each difference is found and named, and there is none in what we write."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain.complaint import Complaint, Reason, Rung, Status
from chalicelib.domain.escalation import Escalation, State, decide_escalation, escalated
from chalicelib.domain.life import (
    add_message,
    answer,
    ask,
    check,
    contest,
    forward,
    merge,
    miss_finish,
    refuse,
    reject,
    reopen,
    resume,
    settle,
    start,
)
from chalicelib.domain.moving import Change, move_deadlines
from chalicelib.domain.reader import read_reporter
from chalicelib.domain.record import differences, states_of
from tests.unit.samples import (
    ADMIN,
    ANSWER_DUE,
    ARRIVAL,
    CALENDAR,
    CERTAIN,
    OFFICER,
    OTHER_TICKET,
    POLICY,
    TICKET,
    answered,
    at,
    filed,
    in_progress,
    merged,
    rated,
    redispatched,
    rejected,
    silently_closed,
    survivor,
    waiting,
)

LATER = ARRIVAL + timedelta(hours=3)


def climbed(times: int) -> tuple[Complaint, list[Escalation]]:
    complaint, recorded, now = filed(CERTAIN), [], ANSWER_DUE
    for _ in range(times):
        found = decide_escalation(complaint, now, now)
        assert found is not None
        recorded.append(found)
        complaint = escalated(complaint, found, CALENDAR, POLICY)
        now = complaint.next_rung_at or now
    return complaint, recorded


def test_what_is_written_by_the_rules_differs_in_nothing() -> None:
    assert list(differences(filed(), [])) == []
    for times in range(4):
        complaint, recorded = climbed(times)
        assert list(differences(complaint, recorded)) == []
        for final in (True, False):
            assert (
                list(differences(answer(complaint, "Sudah.", OFFICER, LATER, CALENDAR, POLICY, final=final), recorded))
                == []
            )


@pytest.mark.parametrize(
    "change",
    [
        {"status": Status.ANSWERED}, {"clock": 2}, {"opd": "dlh"}, {"division": "jalan"}, {"answer_due_at": LATER},
        {"rung_due_at": LATER}, {"window_until": LATER}, {"rung": Rung.REPLACEMENT}, {"escalations": 9},
        {"merged_into": OTHER_TICKET},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_each_thing_that_is_stored_otherwise_is_named(change: dict[str, object]) -> None:
    complaint, recorded = climbed(1)
    found = list(differences(replace(complaint, **change), recorded))  # type: ignore[arg-type]
    (name,) = change
    assert found == [f"{TICKET}: {name} is {change[name]}, by its timeline {getattr(complaint, name)}"]


def test_a_clock_that_should_stand_or_run_is_named() -> None:
    complaint, recorded = climbed(1)
    found = differences(replace(complaint, rung_due_at=None), recorded)
    assert any(line.startswith(f"{TICKET}: rung_due_at is None, by its timeline ") for line in found)
    silent = differences(replace(answered(), window_until=None), [])
    assert any(line.startswith(f"{TICKET}: window_until is None, by its timeline ") for line in silent)


LIVES: dict[str, Complaint] = {
    "asked": waiting(),
    "replied": add_message(waiting(), "Tiang 7.", at("2026-12-01 08:00"), CALENDAR),
    "replied late": add_message(waiting(at("2026-12-03 08:00")), "Tiang 7.", at("2026-12-04 08:00"), CALENDAR),
    "replied after an answer": add_message(
        ask(answered(final=False), "Di mana?", OFFICER, LATER, CALENDAR, POLICY), "Di sini.", LATER, CALENDAR
    ),
    "resumed": resume(waiting(), at("2026-12-09 00:00"), LATER, CALENDAR),
    "forwarded": forward(filed(CERTAIN), "dishub", "parkir", "Parkir.", OFFICER, LATER, CALENDAR, POLICY),
    "refused": refuse(filed(CERTAIN), "Bukan kami.", OFFICER, LATER, CALENDAR, POLICY),
    "dispatched again": redispatched(filed(CERTAIN), LATER),
    "rejected": rejected(),
    "rejected while waiting": reject(waiting(), Reason.SPAM, None, ADMIN, LATER),
    "rejected and reopened": reopen(rejected(), "Bukan spam.", LATER, CALENDAR, POLICY),
    "merged": merged(),
    "merged while waiting": merge(waiting(), survivor(), ADMIN, LATER)[0],
    "absorbed": merge(survivor(), filed(CERTAIN), ADMIN, LATER)[1],
    "rated": rated(),
    "rated and reopened": reopen(rated(), "Masih mati.", LATER, CALENDAR, POLICY),
    "reopened": reopen(answered(), "Masih mati.", LATER, CALENDAR, POLICY),
    "closed": silently_closed(),
    "finish missed": miss_finish(filed(), LATER, LATER),
    "checked": check(filed(), ADMIN, LATER),
    "read": read_reporter(filed(), ADMIN, LATER),
}


@pytest.mark.parametrize("name", LIVES)
def test_every_step_is_folded(name: str) -> None:
    assert list(differences(LIVES[name], [])) == []


CHANGE = Change(CALENDAR, replace(CALENDAR, holidays=CALENDAR.holidays | {date(2026, 12, 4)}), ADMIN, LATER)


@pytest.mark.parametrize("complaint", [filed(), filed(CERTAIN), in_progress(), waiting(), answered(), rated()])
def test_moved_deadlines_are_folded(complaint: Complaint) -> None:
    after = move_deadlines(complaint, CHANGE, POLICY, LATER, supervised=False)
    assert after.timeline[-1].entry == "deadlines_moved"
    assert list(differences(after, [])) == []


def test_a_moved_rung_is_folded() -> None:
    complaint, recorded = climbed(1)
    after = move_deadlines(complaint, replace(CHANGE, at=ANSWER_DUE), POLICY, ANSWER_DUE, supervised=False)
    assert after.rung_due_at != complaint.rung_due_at
    assert list(differences(after, recorded)) == []


def test_the_state_of_a_contest_is_held_against_the_timeline() -> None:
    complaint, (first,) = climbed(1)
    contested = contest(complaint, 1, "dpuprpkp", "pju", "Salah alamat.", OFFICER, LATER)
    for state, timeline_of in (
        (State.RECORDED, complaint),
        (State.CONTESTED, contested),
        (State.UPHELD, settle(contested, 1, "Benar.", ADMIN, LATER, upheld=True)),
        (State.DENIED, settle(contested, 1, "Tidak.", ADMIN, LATER, upheld=False)),
    ):
        for stored in State:
            found = list(differences(timeline_of, [replace(first, state=stored)]))
            otherwise = [f"{TICKET}: escalation 1 is recorded otherwise than its timeline says"]
            assert found == ([] if stored is state else otherwise)


def test_a_contest_concerns_the_escalation_of_its_number_only() -> None:
    complaint, (first, second) = climbed(2)
    contested = contest(complaint, 2, "dpuprpkp", "pju", "Salah alamat.", OFFICER, LATER)
    assert states_of(contested.timeline) == {2: State.CONTESTED}
    assert list(differences(contested, [first, replace(second, state=State.CONTESTED)])) == []


def test_an_escalation_that_stands_on_one_side_only_or_otherwise_is_named() -> None:
    complaint, (first, second) = climbed(2)
    assert list(differences(complaint, [first])) == [f"{TICKET}: escalation 2 is in its timeline and not recorded"]
    stray = replace(second, n=3)
    assert list(differences(complaint, [first, second, stray])) == [
        f"{TICKET}: escalation 3 is recorded and not in its timeline"
    ]
    for change in (
        {"deadline": first.deadline}, {"clock": 9}, {"rung": Rung.WARNING}, {"opd": "dlh"}, {"division": "jalan"},
        {"recorded_at": LATER},
    ):  # fmt: skip
        other = replace(second, **change)
        assert list(differences(complaint, [first, other])) == [
            f"{TICKET}: escalation 2 is recorded otherwise than its timeline says"
        ]


def test_a_start_is_folded_too() -> None:
    assert list(differences(start(filed(CERTAIN), OFFICER, LATER), [])) == []
