"""Who may learn who filed a complaint, and how each read of it is written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.bounds import MOST_READS, TIMELINE_ENTRIES, TimelineFull
from chalicelib.domain.complaint import Actor, Complaint, Entry, Kind, Role, Status
from chalicelib.domain.life import add_message, start
from chalicelib.domain.notices import notices_owed
from chalicelib.domain.reader import has_read_reporter, may_know_reporter, read_reporter
from tests.unit.samples import CALENDAR

AT = datetime(2026, 3, 17, 3, tzinfo=UTC)
OFFICER = Actor(Role.OPD, "officer-1")


def a_complaint(**fields: object) -> Complaint:
    """Return a complaint that has just been dispatched."""
    whole = Complaint(
        ticket="00000-00000",
        kind=Kind.COMPLAINT,
        channel="web",
        text="Lampu jalan mati",
        status=Status.DISPATCHED,
        received_at=AT,
        verify_due_at=AT + timedelta(days=3),
        finish_due_at=AT + timedelta(days=14),
        timeline=(Entry(AT, "received", Role.REPORTER), Entry(AT, "dispatched", Role.MACHINE, clock=1)),
        opd="dpuprpkp",
        division="pju",
        clock=1,
        answer_due_at=AT + timedelta(days=5),
    )
    return replace(whole, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MAYOR, Role.AUDITOR, Role.OPD])
def test_who_works_on_a_complaint_may_know_who_filed_it(role: Role) -> None:
    assert may_know_reporter(a_complaint(), role)


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.ADMIN, True), (Role.MAYOR, True), (Role.AUDITOR, True), (Role.OPD, False), (Role.REPORTER, False)],
)
def test_its_opd_never_learns_who_asked_not_to_be_known(role: Role, may: bool) -> None:
    assert may_know_reporter(a_complaint(anonymous=True), role) is may


@pytest.mark.parametrize("role", [Role.MACHINE, Role.REPORTER])
def test_nobody_else_may_know_who_filed_it(role: Role) -> None:
    assert not may_know_reporter(a_complaint(), role)


def test_a_read_is_one_more_entry_that_says_who_and_when_and_changes_nothing_else() -> None:
    before = a_complaint()
    after = read_reporter(before, OFFICER, AT + timedelta(hours=1))
    assert after.timeline[-1] == Entry(AT + timedelta(hours=1), "reporter_read", Role.OPD, "officer-1")
    assert replace(after, timeline=before.timeline) == before
    assert after.timeline[:-1] == before.timeline


def test_a_read_is_known_of_the_person_who_read_and_of_nobody_else() -> None:
    after = read_reporter(a_complaint(), OFFICER, AT)
    assert has_read_reporter(after, OFFICER, AT)
    assert not has_read_reporter(after, Actor(Role.OPD, "officer-2"), AT)
    assert not has_read_reporter(after, Actor(Role.ADMIN, "officer-1"), AT)
    assert not has_read_reporter(a_complaint(), OFFICER, AT)


def test_a_look_on_another_day_is_another_read() -> None:
    after = read_reporter(a_complaint(), OFFICER, AT)
    assert has_read_reporter(after, OFFICER, AT + timedelta(hours=23))
    assert not has_read_reporter(after, OFFICER, AT + timedelta(days=1))


def test_what_else_a_person_did_is_no_read() -> None:
    started = start(a_complaint(), OFFICER, AT)
    assert not has_read_reporter(started, OFFICER, AT)


def test_a_read_owes_nobody_a_message() -> None:
    before = a_complaint()
    assert list(notices_owed(before, read_reporter(before, OFFICER, AT))) == []


def test_a_complaint_that_holds_no_more_reads_refuses_one_rather_than_forgetting_it() -> None:
    read = Entry(AT, "reporter_read", Role.ADMIN, "admin-1")
    nearly = a_complaint(timeline=(*a_complaint().timeline, *[read] * (MOST_READS - 1)))
    full = read_reporter(nearly, OFFICER, AT)
    with pytest.raises(TimelineFull):
        read_reporter(full, OFFICER, AT)


def test_reads_take_no_room_from_what_the_reporter_adds() -> None:
    read = Entry(AT, "reporter_read", Role.ADMIN, "admin-1")
    message = Entry(AT, "message", Role.REPORTER, text="Masih mati")
    begun = a_complaint().timeline
    room = TIMELINE_ENTRIES - 1
    complaint = a_complaint(timeline=(*begun, *[read] * 100, *[message] * room))
    added = add_message(complaint, "Tolong", AT, CALENDAR)
    assert added.timeline[-1].text == "Tolong"
    with pytest.raises(TimelineFull):
        add_message(added, "Lagi", AT, CALENDAR)
