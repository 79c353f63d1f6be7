"""How much one complaint holds: neither the reporter nor the staff can fill it, and a final answer has its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.bounds import (
    ANSWERS_BYTES,
    MOST_REOPENINGS,
    STAFF_ENTRIES,
    TIMELINE_BYTES,
    TIMELINE_ENTRIES,
    TimelineFull,
)
from chalicelib.domain.complaint import Complaint, Entry, Reason, Status
from chalicelib.domain.life import (
    add_message,
    answer,
    ask,
    contest,
    forward,
    merge,
    rate,
    refuse,
    reject,
    reopen,
    settle,
)
from tests.unit.samples import (
    ADMIN,
    ANSWER_DUE,
    ARRIVAL,
    CALENDAR,
    OFFICER,
    POLICY,
    answered,
    dispatched,
    filed,
    rejected,
    survivor,
    swept,
    waiting,
)

LATER = ARRIVAL + timedelta(hours=3)
ITEM = 400_000  # bytes of a DynamoDB item, a little less than it has


def with_entries(complaint: Complaint, name: str, n: int, text: str = "") -> Complaint:
    """Return the complaint with n more entries of a name."""
    more = [Entry(LATER, name, "opd", text=text, final=False if name == "answered" else None)] * n
    return replace(complaint, timeline=(*complaint.timeline, *more))


# ------------------------------------------------------------------------------------------------ the reporter's


def test_a_complaint_takes_its_measure_of_messages_and_no_more() -> None:
    complaint = filed()
    for _ in range(TIMELINE_ENTRIES):
        complaint = add_message(complaint, "Masih mati.", LATER, CALENDAR)
    with pytest.raises(TimelineFull):
        add_message(complaint, "Masih mati.", LATER, CALENDAR)


def test_a_complaint_takes_its_measure_of_bytes_and_not_one_more() -> None:
    complaint = add_message(filed(), "y" * (TIMELINE_BYTES - 1000), LATER, CALENDAR)
    with pytest.raises(TimelineFull):
        add_message(complaint, "z" * 1001, LATER, CALENDAR)
    assert add_message(complaint, "z" * 1000, LATER, CALENDAR).timeline[-1].text == "z" * 1000


def test_a_text_is_weighed_as_it_is_stored() -> None:
    for sign, weight in (("\0", 6), ("\U0001f600", 4), ("a", 1)):
        add_message(filed(), sign * (TIMELINE_BYTES // weight), LATER, CALENDAR)
        with pytest.raises(TimelineFull):
            add_message(filed(), sign * (TIMELINE_BYTES // weight + 1), LATER, CALENDAR)


@pytest.mark.parametrize("name", ["message", "replied", "rated", "reopened"])
@pytest.mark.parametrize(
    "step",
    [
        lambda one: add_message(one(answered()), "Lagi.", LATER, CALENDAR),
        lambda one: add_message(one(waiting()), "Lagi.", LATER, CALENDAR),
        lambda one: rate(one(answered()), 1, "Lagi.", LATER),
        lambda one: reopen(one(answered()), "Lagi.", LATER, CALENDAR, POLICY),
        lambda one: reopen(one(rejected()), "Lagi.", LATER, CALENDAR, POLICY),
    ],
)
def test_all_that_a_reporter_says_is_weighed_together(
    name: str, step: Callable[[Callable[[Complaint], Complaint]], Complaint]
) -> None:
    room = min(TIMELINE_ENTRIES, MOST_REOPENINGS if name == "reopened" else TIMELINE_ENTRIES) - 1
    step(lambda complaint: with_entries(complaint, name, room))
    with pytest.raises(TimelineFull):
        step(lambda complaint: with_entries(complaint, name, TIMELINE_ENTRIES))
    with pytest.raises(TimelineFull):
        step(lambda complaint: with_entries(complaint, name, 1, "x" * TIMELINE_BYTES))


def test_what_the_reporter_says_takes_no_room_from_the_staff_nor_the_other_way_round() -> None:
    talked = with_entries(dispatched(), "message", TIMELINE_ENTRIES)
    assert answer(talked, "Dicek.", OFFICER, LATER, CALENDAR, POLICY, final=False).status is Status.IN_PROGRESS
    worked = with_entries(dispatched(), "answered", STAFF_ENTRIES)
    assert add_message(worked, "Masih mati.", LATER, CALENDAR).timeline[-1].entry == "message"


def test_a_complaint_is_reopened_so_often_and_no_more() -> None:
    complaint = answered()
    for _ in range(MOST_REOPENINGS):
        again = reopen(complaint, "Masih mati.", LATER, CALENDAR, POLICY)
        complaint = answer(again, "Sudah.", OFFICER, LATER, CALENDAR, POLICY, final=True)
    with pytest.raises(TimelineFull):
        reopen(complaint, "Masih mati.", LATER, CALENDAR, POLICY)


# ------------------------------------------------------------------------------------------------ the staff's


def test_interim_answers_fill_a_complaint_and_the_final_one_has_its_place() -> None:
    complaint = dispatched()
    for _ in range(ANSWERS_BYTES // 2_000):
        complaint = answer(complaint, "x" * 2_000, OFFICER, LATER, CALENDAR, POLICY, final=False)
    with pytest.raises(TimelineFull):
        answer(complaint, "x", OFFICER, LATER, CALENDAR, POLICY, final=False)
    assert answer(complaint, "x" * 4_000, OFFICER, LATER, CALENDAR, POLICY, final=True).status is Status.ANSWERED


def test_short_interim_answers_are_bounded_too() -> None:
    complaint = dispatched()
    for _ in range(STAFF_ENTRIES):
        complaint = answer(complaint, "Sabar.", OFFICER, LATER, CALENDAR, POLICY, final=False)
    with pytest.raises(TimelineFull):
        answer(complaint, "Sabar.", OFFICER, LATER, CALENDAR, POLICY, final=False)


STEPS: dict[str, Callable[[Complaint, str], object]] = {
    "answered": lambda one, text: answer(one, text, OFFICER, LATER, CALENDAR, POLICY, final=False),
    "asked": lambda one, text: ask(one, text, OFFICER, LATER, CALENDAR, POLICY),
    "forwarded": lambda one, text: forward(one, "dishub", "parkir", text, OFFICER, LATER, CALENDAR, POLICY),
    "refused": lambda one, text: refuse(one, text, OFFICER, LATER, CALENDAR, POLICY),
    "rejected": lambda one, text: reject(one, Reason.SPAM, text, ADMIN, LATER),
    "merged": lambda one, _: merge(one, survivor(), ADMIN, LATER),
    "absorbed": lambda one, _: merge(survivor(), one, ADMIN, LATER),
    "contested": lambda one, text: contest(one, 1, "dpuprpkp", "pju", text, OFFICER, LATER),
    "upheld": lambda one, text: settle(one, 1, text, ADMIN, LATER, upheld=True),
    "denied": lambda one, text: settle(one, 1, text, ADMIN, LATER, upheld=False),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", STEPS)
def test_every_step_of_the_staff_is_weighed_together(name: str, step: str) -> None:
    STEPS[step](with_entries(dispatched(), name, STAFF_ENTRIES - 1), "x")
    with pytest.raises(TimelineFull):
        STEPS[step](with_entries(dispatched(), name, STAFF_ENTRIES), "x")


@pytest.mark.parametrize("step", [name for name in STEPS if name not in ("merged", "absorbed")])
def test_the_words_of_the_staff_are_weighed_together(step: str) -> None:
    said = with_entries(dispatched(), "asked", 1, "x" * (ANSWERS_BYTES - 10))
    STEPS[step](said, "y" * 10)
    with pytest.raises(TimelineFull):
        STEPS[step](said, "y" * 11)


def test_a_full_timeline_still_takes_a_final_answer_and_an_escalation() -> None:
    full = with_entries(with_entries(dispatched(), "message", TIMELINE_ENTRIES), "answered", STAFF_ENTRIES)
    late = swept(replace(full, clock=9), ANSWER_DUE)
    assert late.escalations == 1
    assert answer(late, "Sudah.", OFFICER, LATER, CALENDAR, POLICY, final=True).status is Status.ANSWERED


def test_final_answers_take_no_room_of_the_others() -> None:
    complaint = replace(
        dispatched(), timeline=(Entry(LATER, "answered", "opd", text="x" * ANSWERS_BYTES, final=True),) * 3
    )
    assert answer(complaint, "Dicek.", OFFICER, LATER, CALENDAR, POLICY, final=False).status is Status.IN_PROGRESS


def test_a_complaint_filled_to_its_bounds_with_its_final_answers_fits_into_an_item() -> None:
    answers = (MOST_REOPENINGS + 1) * 4_000 * 6  # of control characters, which take six bytes each
    assert TIMELINE_BYTES + ANSWERS_BYTES + answers + (TIMELINE_ENTRIES + STAFF_ENTRIES) * 250 < ITEM
