"""Who is owed which message: what a complaint has now and had not before, to whom the rules name, each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.complaint import Complaint, Entry, add_message, answer, check, read_reporter
from chalicelib.domain.notices import Notice, To, notices_owed
from tests.unit.samples import (
    ADMIN,
    ANSWER_DUE,
    ARRIVAL,
    OFFICER,
    TICKET,
    answered,
    at,
    dispatched,
    filed,
    in_progress,
    redispatched,
    swept,
)

LATER = ARRIVAL + timedelta(hours=5)
WARNED = swept(dispatched(), ANSWER_DUE)
VESTED = swept(WARNED, at("2026-12-05 00:00"))
REPLACED = swept(VESTED, at("2026-12-10 00:00"))

# one step -> who hears of it, as what: DOMAIN 5 and the issue
TOLD: list[tuple[str, Complaint | None, Complaint, str, set[str]]] = [
    ("filed and waiting", None, filed(), "received", {"reporter"}),
    ("dispatched by the admin", filed(), redispatched(filed(), LATER), "dispatched", {"division", "head"}),
    ("answered for good", in_progress(), answered(), "answered", {"reporter"}),
    ("answered for now", in_progress(), answered(final=False), "answered", {"reporter"}),
    ("warned", dispatched(), WARNED, "warning", {"division", "head"}),
    ("proposed for the vest", WARNED, VESTED, "black_vest", {"head", "admin"}),
    ("proposed for replacement", VESTED, REPLACED, "replacement", {"admin", "mayor"}),
]


@pytest.mark.parametrize(("old", "new", "about", "to"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD])
def test_each_step_is_told_to_whom_the_rules_name(
    old: Complaint | None, new: Complaint, about: str, to: set[str]
) -> None:
    owed = list(notices_owed(old, new))
    assert {notice.to for notice in owed} == to
    assert {notice.about for notice in owed} == {about}
    assert len(owed) == len(to)
    assert all((notice.complaint, notice.entry) == (new, new.timeline[-1]) for notice in owed)


def test_what_is_dispatched_at_once_is_told_to_the_reporter_first_and_then_to_its_opd() -> None:
    owed = list(notices_owed(None, dispatched()))
    assert [(notice.about, notice.to) for notice in owed] == [
        ("received", "reporter"), ("dispatched", "division"), ("dispatched", "head"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (dispatched(), in_progress()),
        (filed(), check(filed(), ADMIN, LATER)),
        (dispatched(), add_message(dispatched(), "Masih mati.", LATER)),
        (dispatched(), read_reporter(dispatched(), ADMIN, LATER)),
        (dispatched(), dispatched()),
        (dispatched(), replace(dispatched(), text="other")),
        (WARNED, WARNED),
    ],
)
def test_other_steps_owe_nobody_anything(old: Complaint, new: Complaint) -> None:
    assert list(notices_owed(old, new)) == []


def test_an_escalation_without_its_rung_owes_nothing() -> None:
    odd = replace(dispatched(), timeline=(Entry(ARRIVAL, "escalated", "machine"),))
    assert list(notices_owed(None, odd)) == []


def test_a_notice_knows_the_opd_that_it_is_addressed_to_and_nobody_elses() -> None:
    found = {notice.to: notice.opd for notice in notices_owed(None, REPLACED)}
    assert found == {To.REPORTER: None, To.DIVISION: "dpuprpkp", To.HEAD: "dpuprpkp", To.ADMIN: None, To.MAYOR: None}


def test_an_id_is_made_of_ticket_entry_and_recipient() -> None:
    assert [notice.id for notice in notices_owed(filed(), redispatched(filed(), LATER))] == [
        f"{TICKET}.1.division",
        f"{TICKET}.1.head",
    ]


def twice_dispatched() -> Complaint:
    """Return one that climbed the whole ladder, was given to another division, warned there and then answered."""
    warned = swept(redispatched(REPLACED, at("2026-12-11 08:00")), at("2027-01-30 00:00"))
    interim = answer(warned, "Dicek.", OFFICER, at("2027-01-31 08:00"), final=False)
    return answer(interim, "Sudah.", OFFICER, at("2027-02-01 08:00"), final=True)


def test_no_two_messages_of_a_life_share_an_id() -> None:
    owed = list(notices_owed(None, twice_dispatched()))
    assert [notice.about for notice in owed].count("warning") == 4
    assert len({notice.id for notice in owed}) == len(owed) == 15


@given(st.data())
def test_however_the_steps_are_batched_each_message_is_owed_once_and_by_the_same_id(data: st.DataObject) -> None:
    final = twice_dispatched()
    states = [replace(final, timeline=final.timeline[:length]) for length in range(1, len(final.timeline) + 1)]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(states) - 2))))
    images: list[Complaint | None] = [None, *(states[cut] for cut in cuts), states[-1]]
    owed: list[Notice] = []
    for old, new in pairwise(images):
        assert new is not None
        owed += notices_owed(old, new)
    assert [notice.id for notice in owed] == [notice.id for notice in notices_owed(None, final)]
