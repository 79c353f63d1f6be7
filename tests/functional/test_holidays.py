"""The admin corrects the table of holidays: deadlines to come move with it, once, and timelines say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters import complaints, registry
from chalicelib.domain.complaint import Actor, Complaint, Role
from chalicelib.workflows import city, handling, holidays
from tests.builders import Service
from tests.functional.scenes import LAMP, UNCLEAR, filed, opened, watched_calls

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)  # a Tuesday, 10:00 in the city
ADMIN, OFFICER = Actor(Role.ADMIN, "admin"), Actor(Role.OPD, "sri")
NEW = "2026-11-30"  # a Monday between the arrival and the deadlines
DAY = timedelta(days=1)


def with_day(day: str = NEW) -> dict[str, dict[str, str]]:
    return {
        year: {**days, **({day: "Libur kota"} if day[:4] == year else {})} for year, days in holidays.table().items()
    }


def stored(ticket: str) -> Complaint:
    found = complaints.complaint_of(ticket, consistent=True)
    assert found is not None
    return found


def due(complaint: Complaint) -> tuple[str | None, str]:
    """Return the days on which answer and finish are owed, as the city's clock shows the instants."""
    days = [
        (at + timedelta(hours=7)).strftime("%m-%d") if at else None
        for at in (complaint.answer_due_at, complaint.finish_due_at)
    ]
    return days[0], str(days[1])


@pytest.fixture(autouse=True)
def _opened(service: Service) -> None:
    opened(NOW - DAY)


def test_deadlines_to_come_move_with_a_new_holiday_and_the_timeline_says_so() -> None:
    ticket = filed(LAMP, NOW).ticket
    assert due(stored(ticket)) == ("12-02", "12-15")
    assert holidays.set_table(with_day(), ADMIN, NOW + timedelta(hours=1)) == 1
    moved = stored(ticket)
    assert due(moved) == ("12-03", "12-16")
    last = moved.timeline[-1]
    assert (last.entry, last.by, last.who) == ("deadlines_moved", "admin", "admin")
    assert (last.deadline, last.finish_deadline) == (moved.answer_due_at, moved.finish_due_at)
    assert moved.wake_at == moved.answer_due_at


def test_every_clock_moves_and_what_has_stopped_stays() -> None:
    waiting, asked, answered = filed(UNCLEAR, NOW).ticket, filed(LAMP, NOW).ticket, filed(LAMP, NOW).ticket
    mine = lambda _: True  # noqa: E731
    handling.ask(asked, "Di mana?", OFFICER, NOW, mine)
    handling.answer(answered, "Sudah.", OFFICER, NOW, mine, final=True)
    assert holidays.set_table(with_day("2026-11-26"), ADMIN, NOW + timedelta(hours=1)) == 3
    assert (stored(waiting).verify_due_at + timedelta(hours=7)).strftime("%m-%d") == "12-01"
    for ticket in (asked, answered):
        until = stored(ticket).window_until
        assert until is not None
        assert (until + timedelta(hours=7)).strftime("%m-%d") == "12-10"
        assert due(stored(ticket))[0] == "12-02"


def test_a_change_moves_once_also_when_the_sweep_goes_over_it_again() -> None:
    ticket = filed(LAMP, NOW).ticket
    holidays.set_table(with_day(), ADMIN, NOW)
    once = stored(ticket)
    holidays.move_on(NOW + timedelta(minutes=1))
    assert registry.change_of_holidays() is not None, "functions may still remember the old table"
    late = filed(LAMP, NOW + timedelta(seconds=30)).ticket
    before = stored(late)
    holidays.move_on(NOW + timedelta(minutes=15))
    assert registry.change_of_holidays() is None
    assert (stored(ticket), stored(late)) == (once, before)
    assert [entry.entry for entry in once.timeline].count("deadlines_moved") == 1


def test_what_was_filed_by_the_old_table_just_after_the_change_is_moved_by_the_sweep() -> None:
    city.current(NOW)
    old = city._cache["city"]
    holidays.set_table(with_day(), ADMIN, NOW)
    city._cache["city"] = old  # a function that knows the city as it was a minute ago
    ticket = filed(LAMP, NOW + timedelta(seconds=30)).ticket
    assert due(stored(ticket))[0] == "12-02"
    holidays.move_on(NOW + timedelta(minutes=15))
    assert due(stored(ticket)) == ("12-03", "12-16")


def test_a_holiday_that_is_taken_away_brings_deadlines_forward() -> None:
    holidays.set_table(with_day(), ADMIN, NOW)
    holidays.move_on(NOW + timedelta(minutes=15))
    ticket = filed(LAMP, NOW + timedelta(minutes=20)).ticket
    assert due(stored(ticket))[0] == "12-03"
    table = {year: {day: name for day, name in days.items() if day != NEW} for year, days in holidays.table().items()}
    assert holidays.set_table(table, ADMIN, NOW + timedelta(minutes=30)) == 1
    assert due(stored(ticket))[0] == "12-02"


def test_what_a_request_cannot_move_in_time_the_sweep_moves_and_no_other_change_begins_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = filed(LAMP, NOW).ticket
    monkeypatch.setattr(holidays, "_AT_ONCE", -1.0)
    assert holidays.set_table(with_day(), ADMIN, NOW) == 0
    assert due(stored(ticket))[0] == "12-02"
    with pytest.raises(holidays.ChangeUnderWay):
        holidays.set_table(with_day("2026-12-01"), ADMIN, NOW)
    holidays.move_on(NOW + timedelta(minutes=15))
    assert due(stored(ticket))[0] == "12-03"


def test_two_changes_in_a_row_both_move() -> None:
    ticket = filed(LAMP, NOW).ticket
    holidays.set_table(with_day(), ADMIN, NOW)
    assert holidays.set_table(with_day("2026-12-01"), ADMIN, NOW + timedelta(minutes=5)) == 1
    assert due(stored(ticket))[0] == "12-04"


def test_the_same_table_again_changes_nothing() -> None:
    filed(LAMP, NOW)
    assert holidays.set_table(holidays.table(), ADMIN, NOW) == 0
    assert registry.change_of_holidays() is None


def test_a_holiday_of_a_year_that_was_not_loaded_ends_what_was_provisional() -> None:
    at = datetime(2027, 12, 28, 3, tzinfo=UTC)
    ticket = filed(LAMP, at).ticket
    assert stored(ticket).provisional
    table: dict[str, Any] = {**holidays.table(), "2028": {"2028-01-01": "Tahun baru", "2028-01-03": "Cuti bersama"}}
    assert holidays.set_table(table, ADMIN, at + timedelta(hours=1)) == 1
    assert not stored(ticket).provisional


def test_no_table_is_scanned(service: Service) -> None:
    filed(LAMP, NOW)
    with watched_calls() as calls:
        holidays.set_table(with_day(), ADMIN, NOW)
    assert "Scan" not in {call.operation for call in calls}
