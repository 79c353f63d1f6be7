"""What a sweep has to say: owed once, one message a recipient, named after the heaviest, and nothing by night."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.complaint import ADMIN_DESK, Rung
from chalicelib.domain.escalation import Escalation
from chalicelib.domain.notices import To
from chalicelib.domain.owed import (
    ABOUT,
    MOST_ROWS,
    Message,
    Owed,
    Recipient,
    grouped,
    is_day,
    is_quiet,
    of_escalation,
    recipients_of,
)
from tests.unit.samples import WIB, at

DUE = datetime(2026, 12, 1, 17, tzinfo=UTC)
PARKING, ROADS = ("dishub", "parkir"), ("dpuprpkp", "jalan")
DIVISION, HEAD, ADMIN, MAYOR = To.DIVISION, To.HEAD, To.ADMIN, To.MAYOR


def escalation(
    rung: Rung = Rung.WARNING, ticket: str = "T1", n: int = 1, where: tuple[str, str] = PARKING
) -> Escalation:
    return Escalation(ticket, n, 1, rung, *where, DUE, DUE, DUE)


def owed(identifier: str, about: str = "warning", *to: To, where: tuple[str, str] = PARKING, ticket: str = "") -> Owed:
    return Owed(identifier, about, to or (DIVISION,), *where, tickets=(ticket or identifier,))


def said(messages: list[Message]) -> dict[Recipient, list[str]]:
    """Return the ids of the rows that each recipient is told; each has one message."""
    assert len({message.recipient for message in messages}) == len(messages)
    return {message.recipient: [row.id for row in message.rows] for message in messages}


# ------------------------------------------------------------------------------------------------ what is owed


@pytest.mark.parametrize(
    ("rung", "to"),
    [
        (Rung.WARNING, (DIVISION, HEAD)),
        (Rung.BLACK_VEST, (HEAD, ADMIN)),
        (Rung.REPLACEMENT, (ADMIN, MAYOR)),
    ],
)
def test_each_rung_is_owed_to_its_people_with_all_that_they_must_know(rung: Rung, to: tuple[To, ...]) -> None:
    assert of_escalation(escalation(rung, "7K3M9-QX2TW", 2)) == Owed(
        id="7K3M9-QX2TW#0002", about=rung, to=to, opd="dishub", division="parkir",
        tickets=("7K3M9-QX2TW",), deadline=DUE, n=2, rung=rung,
    )  # fmt: skip


def test_the_admins_own_delay_is_owed_to_the_admin_and_the_mayor_above() -> None:
    late = of_escalation(escalation(where=(ADMIN_DESK, ADMIN_DESK)))
    assert (late.about, late.to, late.opd) == ("warning", (ADMIN, MAYOR), ADMIN_DESK)


def test_every_escalation_of_a_complaint_is_owed_under_an_id_of_its_own() -> None:
    ids = [of_escalation(escalation(ticket=ticket, n=n)).id for ticket in ("T1", "T2") for n in range(1, 12)]
    assert len(set(ids)) == 22
    assert ids == sorted(ids)


def test_a_recipient_is_named_by_no_more_than_makes_it_that_one() -> None:
    assert list(recipients_of(owed("a", "warning", DIVISION, HEAD, ADMIN, MAYOR))) == [
        Recipient(DIVISION, "dishub", "parkir"), Recipient(HEAD, "dishub"), Recipient(ADMIN), Recipient(MAYOR),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ messages


def test_a_recipient_gets_one_message_about_everything() -> None:
    rows = [
        owed("a", "warning", DIVISION, HEAD),
        owed("b", "black_vest", HEAD, ADMIN),
        owed("c", "warning", DIVISION, HEAD, where=ROADS),
        owed("d", "replacement", ADMIN, MAYOR, where=ROADS),
        owed("e", "digest", HEAD),
    ]
    assert said(grouped(rows)) == {
        Recipient(DIVISION, *PARKING): ["a"],
        Recipient(DIVISION, *ROADS): ["c"],
        Recipient(HEAD, "dishub"): ["b", "a", "e"],
        Recipient(HEAD, "dpuprpkp"): ["c"],
        Recipient(ADMIN): ["d", "b"],
        Recipient(MAYOR): ["d"],
    }


def test_nothing_owed_is_no_message() -> None:
    assert grouped([]) == []


def test_what_is_in_a_message_already_is_not_said_again_to_that_recipient_and_is_to_the_others() -> None:
    rows = [owed("a", "warning", DIVISION, HEAD), owed("b", "warning", DIVISION, HEAD)]
    known = {(Recipient(DIVISION, *PARKING), "a"), (Recipient(HEAD, "dpuprpkp"), "b")}
    assert said(grouped(rows, known)) == {
        Recipient(DIVISION, *PARKING): ["b"],
        Recipient(HEAD, "dishub"): ["a", "b"],
    }
    assert grouped(rows, {(recipient, row.id) for row in rows for recipient in recipients_of(row)}) == []


def test_the_same_things_to_the_same_one_are_the_same_message_in_whatever_order_they_came() -> None:
    rows = [owed("a"), owed("b"), owed("c", "digest")]
    assert grouped(rows) == grouped(rows[::-1])


def test_other_things_or_another_recipient_are_another_message() -> None:
    alike = [
        [owed("a")],
        [owed("b")],
        [owed("a"), owed("b")],
        [owed("a", "warning", HEAD)],
        [owed("a", where=ROADS)],
        [owed("a", where=("dishub", "lalin"))],
    ]
    ids = [message.id for rows in alike for message in grouped(rows)]
    assert len(set(ids)) == len(alike)
    assert all(identifier.startswith("sweep.") and len(identifier) == 38 for identifier in ids)


def test_a_message_is_about_the_heaviest_thing_in_it() -> None:
    for place, about in enumerate(ABOUT):
        lighter = [owed(f"x{n}", other) for n, other in enumerate(ABOUT[place + 1 :])]
        (message,) = grouped([*lighter, owed("this", about)])
        assert message.about == about
        assert [row.about for row in message.rows] == list(ABOUT[place:])


def test_a_message_names_each_ticket_once_the_heaviest_first() -> None:
    rows = [
        owed("1", "warning", ticket="T2"),
        owed("2", "black_vest", ticket="T1"),
        replace(owed("3", "reminder"), tickets=("T3", "T2", "T4")),
        replace(owed("4", "digest"), tickets=()),
    ]
    (message,) = grouped(rows)
    assert message.tickets == ["T1", "T2", "T3", "T4"]


def test_after_a_long_outage_one_message_holds_no_more_than_a_table_does() -> None:
    rows = [owed(f"{n:05d}") for n in range(2 * MOST_ROWS + 1)]
    messages = grouped(rows)
    assert [len(message.rows) for message in messages] == [MOST_ROWS, MOST_ROWS, 1]
    assert [row for message in messages for row in message.rows] == rows
    assert len({message.id for message in messages}) == 3
    assert len(grouped(rows[:MOST_ROWS])) == 1


SOME = st.lists(
    st.builds(
        lambda n, about, to, where: owed(f"{n}", about, *to, where=where),
        st.integers(0, 30),
        st.sampled_from(ABOUT),
        st.lists(st.sampled_from([DIVISION, HEAD, ADMIN, MAYOR]), min_size=1, max_size=4, unique=True),
        st.sampled_from([PARKING, ROADS]),
    ),
    max_size=20,
    unique_by=lambda row: row.id,
)


@given(rows=SOME, data=st.data())
def test_everybody_is_told_everything_once(rows: list[Owed], data: st.DataObject) -> None:
    pairs = {(recipient, row.id) for row in rows for recipient in recipients_of(row)}
    known = {pair for pair in sorted(pairs, key=repr) if data.draw(st.booleans())}
    told = [(message.recipient, row.id) for message in grouped(rows, known) for row in message.rows]
    assert len(told) == len(set(told))
    assert set(told) == pairs - known


# ------------------------------------------------------------------------------------------------ the night


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [
        ("19:59:59.999999", False), ("20:00", True), ("23:59", True), ("00:00", True), ("06:59:59.999999", True),
        ("07:00", False), ("12:00", False),
    ],
)  # fmt: skip
def test_from_evening_until_morning_nothing_is_sent(clock: str, *, quiet: bool) -> None:
    now = at(f"2026-12-01 {clock}")
    assert is_quiet(now, (20, 7), WIB) is quiet
    assert is_quiet(now.astimezone(UTC), (20, 7), WIB) is quiet


def test_the_night_is_that_of_the_citys_own_zone() -> None:
    now = at("2026-12-01 06:30")
    assert is_quiet(now, (20, 7), WIB)
    assert not is_quiet(now, (20, 7), ZoneInfo("Asia/Jayapura"))


@pytest.mark.parametrize(("quiet", "hours"), [((1, 6), {1, 2, 3, 4, 5}), ((0, 0), set()), ((22, 0), {22, 23})])
def test_the_quiet_hours_may_lie_within_one_day_or_be_none(quiet: tuple[int, int], hours: set[int]) -> None:
    day = [at("2026-12-01 00:00") + timedelta(hours=hour) for hour in range(24)]
    assert {hour for hour, now in enumerate(day) if is_quiet(now, quiet, WIB)} == hours


@pytest.mark.parametrize(
    ("quiet", "hours"),
    [
        ((20, 7), range(7, 20)),
        ((1, 6), range(6, 24)),
        ((22, 0), range(22)),
        ((0, 0), range(24)),
        ((9, 17), range(17, 24)),
    ],
)
def test_the_day_begins_when_the_night_is_over(quiet: tuple[int, int], hours: range) -> None:
    day = [at("2026-12-01 00:59") + timedelta(hours=hour) for hour in range(24)]
    assert [hour for hour, now in enumerate(day) if is_day(now.astimezone(UTC), quiet, WIB)] == list(hours)
