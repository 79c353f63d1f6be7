"""The record against what is stored: each difference is found and named, and there is none in what we write."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.complaint import Complaint, Rung, Status, answer, start
from chalicelib.domain.escalation import Escalation, decide_escalation, escalated
from chalicelib.domain.record import differences
from tests.unit.samples import ANSWER_DUE, ARRIVAL, CALENDAR, CERTAIN, OFFICER, POLICY, TICKET, filed

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
            assert list(differences(answer(complaint, "Sudah.", OFFICER, LATER, final=final), recorded)) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"status": Status.ANSWERED}, "status"),
        ({"clock": 2}, "clock"),
        ({"opd": "dlh"}, "OPD"),
        ({"division": "jalan"}, "division"),
        ({"answer_due_at": LATER}, "answer deadline"),
        ({"rung": Rung.REPLACEMENT}, "rung"),
        ({"escalations": 9}, "number of escalations"),
    ],
)
def test_each_thing_that_is_stored_otherwise_is_named(change: dict[str, object], named: str) -> None:
    complaint, recorded = climbed(1)
    found = list(differences(replace(complaint, **change), recorded))  # type: ignore[arg-type]
    assert any(line.startswith(f"{TICKET}: {named} is ") for line in found)


def test_a_clock_that_should_stand_or_run_is_named() -> None:
    assert any("next rung" in line for line in differences(replace(filed(CERTAIN), next_rung_at=None), []))
    done = answer(filed(CERTAIN), "Sudah.", OFFICER, LATER, final=True)
    assert any("next rung" in line for line in differences(replace(done, next_rung_at=LATER), []))


def test_an_escalation_that_stands_on_one_side_only_or_otherwise_is_named() -> None:
    complaint, (first, second) = climbed(2)
    assert list(differences(complaint, [first])) == [f"{TICKET}: escalation 2 is in its timeline and not recorded"]
    stray = replace(second, n=3)
    assert list(differences(complaint, [first, second, stray])) == [
        f"{TICKET}: escalation 3 is recorded and not in its timeline"
    ]
    other = replace(second, deadline=first.deadline)
    assert list(differences(complaint, [first, other])) == [
        f"{TICKET}: escalation 2 is recorded otherwise than its timeline says"
    ]


def test_a_start_is_folded_too() -> None:
    assert list(differences(start(filed(CERTAIN), OFFICER, LATER), [])) == []
