"""Who is owed which message: what a complaint has now and had not before, to whom the rules name, each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.complaint import Complaint, Entry, Reason
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
)
from chalicelib.domain.notices import Notice, To, notices_owed
from chalicelib.domain.reader import read_reporter
from tests.unit.samples import (
    ADMIN,
    ANSWER_DUE,
    ARRIVAL,
    CALENDAR,
    OFFICER,
    OTHER_TICKET,
    POLICY,
    TICKET,
    WINDOW_END,
    answered,
    at,
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

LATER = ARRIVAL + timedelta(hours=5)
WARNED = swept(dispatched(), ANSWER_DUE)
VESTED = swept(WARNED, at("2026-12-05 00:00"))
REPLACED = swept(VESTED, at("2026-12-10 00:00"))
REFUSED = refuse(dispatched(), "Bukan kami.", OFFICER, LATER, CALENDAR, POLICY)
CONTESTED = contest(WARNED, 1, "dpuprpkp", "pju", "Salah alamat.", OFFICER, LATER)

# one step -> who hears of it at once, as what: DOMAIN 5 and the issue
TOLD: list[tuple[str, Complaint | None, Complaint, str, set[str]]] = [
    ("filed and waiting", None, filed(), "received", {"reporter"}),
    ("dispatched by the admin", REFUSED, redispatched(dispatched(), LATER), "dispatched", {"division", "head"}),
    ("answered for good", in_progress(), answered(), "answered", {"reporter"}),
    ("answered for now", in_progress(), answered(final=False), "answered", {"reporter"}),
    ("forwarded", dispatched(), forward(dispatched(), "dishub", "parkir", "Parkir.", OFFICER, LATER, CALENDAR, POLICY),
     "forwarded", {"division", "head"}),
    ("asked", in_progress(), waiting(), "asked", {"reporter"}),
    ("replied", waiting(), add_message(waiting(), "Tiang 7.", LATER, CALENDAR), "replied", {"division"}),
    ("rejected", filed(), rejected(), "rejected", {"reporter"}),
    ("rejected at its division", dispatched(), reject(dispatched(), Reason.SPAM, None, ADMIN, LATER), "rejected",
     {"reporter"}),
    ("merged", filed(), merged(), "merged", {"reporter"}),
    ("reopened", rated(), reopen(rated(), "Masih mati.", LATER, CALENDAR, POLICY), "reopened", {"division", "head"}),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "about", "to"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD])
def test_each_step_is_told_to_whom_the_rules_name(
    old: Complaint | None, new: Complaint, about: str, to: set[str]
) -> None:
    owed = list(notices_owed(old, new))
    assert {notice.to for notice in owed} == to
    assert {notice.about for notice in owed} == {about}
    assert len(owed) == len(to)
    assert all((notice.complaint, notice.entry) == (new, new.timeline[-1]) for notice in owed)
    assert {notice.ticket for notice in owed} == {TICKET}


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
        (dispatched(), add_message(dispatched(), "Masih mati.", LATER, CALENDAR)),
        (dispatched(), read_reporter(dispatched(), ADMIN, LATER)),
        (dispatched(), dispatched()),
        (dispatched(), replace(dispatched(), text="other")),
        (dispatched(), REFUSED),
        (rejected(), reopen(rejected(), "Bukan spam.", LATER, CALENDAR, POLICY)),
        (answered(), rated()),
        (answered(), silently_closed()),
        (waiting(), resume(waiting(), WINDOW_END, WINDOW_END, CALENDAR)),
        (dispatched(), miss_finish(dispatched(), LATER, LATER)),
        (survivor(), merge(filed(), survivor(), ADMIN, LATER)[1]),
        (WARNED, CONTESTED),
        (CONTESTED, settle(CONTESTED, 1, "Benar.", ADMIN, LATER, upheld=True)),
        (WARNED, WARNED),
    ],
)
def test_other_steps_owe_nobody_anything_at_once(old: Complaint, new: Complaint) -> None:
    assert list(notices_owed(old, new)) == []


@pytest.mark.parametrize(("old", "new"), list(pairwise([dispatched(), WARNED, VESTED, REPLACED])))
def test_what_a_sweep_has_to_say_is_not_told_one_by_one(old: Complaint, new: Complaint) -> None:
    assert list(notices_owed(old, new)) == []


def test_an_escalation_without_its_rung_owes_nothing() -> None:
    odd = replace(dispatched(), timeline=(Entry(ARRIVAL, "escalated", "machine"),))
    assert list(notices_owed(None, odd)) == []


def test_a_notice_knows_the_opd_that_it_is_addressed_to_and_nobody_elses() -> None:
    found = {notice.to: notice.opd for notice in notices_owed(None, REPLACED)}
    assert found == {To.REPORTER: None, To.DIVISION: "dpuprpkp", To.HEAD: "dpuprpkp"}
    told = list(notices_owed(in_progress(), answered()))
    assert (told[0].entry.opd, told[0].opd) == ("dpuprpkp", None)


def test_a_forwarded_complaint_is_told_to_its_new_division() -> None:
    sent = forward(dispatched(), "dishub", "parkir", "Parkir.", OFFICER, LATER, CALENDAR, POLICY)
    assert [notice.opd for notice in notices_owed(dispatched(), sent)] == ["dishub", "dishub"]


def test_an_id_is_made_of_ticket_entry_and_recipient() -> None:
    assert [notice.id for notice in notices_owed(REFUSED, redispatched(dispatched(), LATER))] == [
        f"{TICKET}.3.division",
        f"{TICKET}.3.head",
    ]


# ------------------------------------------------------------------------------------- who was merged hears it too

WITH_OTHER = merge(survivor(), dispatched(), ADMIN, LATER)[1]  # ours, into which the other one went


def test_the_reporter_of_a_merged_complaint_hears_what_the_surviving_ones_hears() -> None:
    done = answer(WITH_OTHER, "Sudah.", OFFICER, LATER, CALENDAR, POLICY, final=True)
    owed = list(notices_owed(WITH_OTHER, done))
    assert [(one.to, one.ticket, one.id) for one in owed] == [
        ("reporter", TICKET, f"{TICKET}.3.reporter"),
        ("reporter", OTHER_TICKET, f"{TICKET}.3.reporter.{OTHER_TICKET}"),
    ]
    assert {one.complaint for one in owed} == {done}


@pytest.mark.parametrize("known", [None, 1, 2, 3])
def test_they_hear_only_what_came_after_they_were_merged(known: int | None) -> None:
    before = answer(dispatched(), "Dicek.", OFFICER, LATER, CALENDAR, POLICY, final=False)
    both = merge(survivor(), before, ADMIN, LATER)[1]
    asked = ask(both, "Di mana?", OFFICER, LATER, CALENDAR, POLICY)
    old = replace(asked, timeline=asked.timeline[:known]) if known else None
    assert [one.about for one in notices_owed(old, asked) if one.ticket == OTHER_TICKET] == ["asked"]


def test_they_follow_into_the_next_complaint_and_hear_of_that() -> None:
    third = replace(dispatched(), ticket="00000-00000")
    gone, stays = merge(WITH_OTHER, third, ADMIN, LATER)
    assert [(one.about, one.ticket) for one in notices_owed(WITH_OTHER, gone)] == [
        ("merged", TICKET), ("merged", OTHER_TICKET),
    ]  # fmt: skip
    done = answer(stays, "Sudah.", OFFICER, LATER, CALENDAR, POLICY, final=True)
    assert [one.ticket for one in notices_owed(stays, done)] == ["00000-00000", TICKET, OTHER_TICKET]


def test_the_divisions_are_told_once_however_many_were_merged() -> None:
    asked = ask(WITH_OTHER, "Di mana?", OFFICER, LATER, CALENDAR, POLICY)
    replied = add_message(asked, "Di sini.", LATER, CALENDAR)
    assert [one.to for one in notices_owed(asked, replied)] == ["division"]


# ------------------------------------------------------------------------------------------------ a whole life


def long_life() -> Complaint:
    """Return one that climbed, was given to another division, merged with another, asked about and then answered."""
    warned = swept(redispatched(REPLACED, at("2026-12-11 08:00")), at("2027-01-30 00:00"))
    both = merge(survivor(), warned, ADMIN, at("2027-01-30 08:00"))[1]
    interim = answer(both, "Dicek.", OFFICER, at("2027-01-31 08:00"), CALENDAR, POLICY, final=False)
    asked = ask(interim, "Di mana?", OFFICER, at("2027-02-01 07:00"), CALENDAR, POLICY)
    replied = add_message(asked, "Di sini.", at("2027-02-01 07:30"), CALENDAR)
    return answer(replied, "Sudah.", OFFICER, at("2027-02-01 08:00"), CALENDAR, POLICY, final=True)


def test_no_two_messages_of_a_life_share_an_id() -> None:
    owed = list(notices_owed(None, long_life()))
    assert [notice.about for notice in owed].count("dispatched") == 4
    assert len({notice.id for notice in owed}) == len(owed) == 12


@given(st.data())
def test_however_the_steps_are_batched_each_message_is_owed_once_and_by_the_same_id(data: st.DataObject) -> None:
    final = long_life()
    states = [replace(final, timeline=final.timeline[:length]) for length in range(1, len(final.timeline) + 1)]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(states) - 2))))
    images: list[Complaint | None] = [None, *(states[cut] for cut in cuts), states[-1]]
    owed: list[Notice] = []
    for old, new in pairwise(images):
        assert new is not None
        owed += notices_owed(old, new)
    assert [notice.id for notice in owed] == [notice.id for notice in notices_owed(None, final)]
