"""Quiet, yet never silent (DOMAIN 5): what a sweep has to say is grouped, held by night, owed until sent, said once.

Also what is said once a day: who has something due tomorrow, and each OPD's numbers.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters import notifier, owed, registry
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain.complaint import Actor, Role
from chalicelib.domain.notices import To
from chalicelib.domain.owed import Owed, grouped
from chalicelib.workflows import city, handling, mornings, owing, sweeping
from tests.builders import Service
from tests.functional.doors import AwsAnswer, Call, aws_fault, watched_aws
from tests.functional.scenes import HOLE, LAMP, PARKING, UNCLEAR, filed, opened

MAIL = "/v2/email/outbound-emails"
HOUR = timedelta(hours=1)
ADMIN, OFFICER = Actor(Role.ADMIN, "admin-1"), Actor(Role.OPD, "sri")
PJU, JALAN, PARKIR = (
    "pju@dpuprpkp.example.invalid",
    "jalan@dpuprpkp.example.invalid",
    "parkir@dishub.example.invalid",
)
HEAD, HEAD_OF_TRAFFIC = "kepala@dpuprpkp.example.invalid", "kepala@dishub.example.invalid"
CITY_ADMIN, MAYOR = "admin@city.example", "mayor@city.example"


def wib(text: str) -> datetime:
    """Return the instant of a Malang wall clock, such as "2026-04-01 08:00"."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


ARRIVED = wib("2026-03-17 10:00")
DUE = wib("2026-04-01 00:00")  # the last counted day is 2026-03-31


@pytest.fixture
def quiet_city(service: Service) -> Service:
    """A city whose service has been open since the complaint of most tests arrived."""
    opened(ARRIVED)
    return service


def sweep(now: datetime) -> dict[str, int]:
    """Sweep as of `now`, by a wall clock that shows the same."""
    return sweeping.sweep(now, now)


def sent_by(city: Service, now: datetime) -> dict[str, list[dict[str, str]]]:
    """Sweep, and return what went out, by who got it."""
    before = len(city.emails())
    sweep(now)
    return by_recipient(city, before)


def by_recipient(city: Service, before: int = 0) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for mail in city.emails()[before:]:
        found.setdefault(mail["to"], []).append(mail)
    return found


def how_many(mails: dict[str, list[dict[str, str]]]) -> dict[str, int]:
    return {to: len(some) for to, some in mails.items()}


def told_of(city: Service, ticket: str, rung: str = "TEGURAN") -> Counter[str]:
    """Count, by who got it, the messages that name the ticket and have that rung's heading."""
    return Counter(m["to"] for m in city.emails() if ticket in m["text"] and rung in m["text"].split("\n"))


def rows(city: Service, pk: str) -> list[dict[str, Any]]:
    return [item for item in city.items("registry") if item["pk"]["S"] == pk]


def recorded_messages(city: Service) -> list[dict[str, Any]]:
    return [item for item in city.items("notifications") if item["id"]["S"].startswith("sweep.")]


# ------------------------------------------------------------------------------------------------ grouped


def test_one_sweep_sends_one_message_to_each_recipient_about_all_that_concerns_it(quiet_city: Service) -> None:
    lamps = [filed(LAMP, ARRIVED + n * timedelta(minutes=1)).ticket for n in range(2)]
    hole, parking = filed(HOLE, ARRIVED).ticket, filed(PARKING, ARRIVED).ticket
    mails = sent_by(quiet_city, DUE + 8 * HOUR)
    assert how_many(mails) == dict.fromkeys((PJU, JALAN, HEAD, PARKIR, HEAD_OF_TRAFFIC), 1)
    assert all(ticket in mails[PJU][0]["text"] for ticket in lamps)
    assert hole not in mails[PJU][0]["text"]
    assert all(ticket in mails[HEAD][0]["text"] for ticket in [*lamps, hole])
    assert "RINGKASAN HARI INI" in mails[HEAD][0]["text"]
    assert parking not in mails[HEAD][0]["text"]
    assert mails[PJU][0]["subject"] == "Teguran: 2 aduan lewat tenggat"


def test_what_was_sent_is_owed_no_more_and_written_down_with_what_it_was_about(quiet_city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    sweep(DUE + 8 * HOUR)
    assert (rows(quiet_city, "owed"), rows(quiet_city, "message"), rows(quiet_city, "turn")) == ([], [], [])
    (to_head, to_division) = recorded_messages(quiet_city)
    for item in (to_head, to_division):
        assert (item["about"]["S"], item["opd"]["S"], item["via"]["S"]) == ("warning", "dpuprpkp", "email")
        assert item["tickets"]["L"] == [{"S": ticket}]
    assert sent_by(quiet_city, DUE + 9 * HOUR) == {}


def test_each_rung_is_told_to_its_people_and_the_admins_own_delay_to_the_mayor_too(quiet_city: Service) -> None:
    ticket, unclear = filed(LAMP, ARRIVED).ticket, filed(UNCLEAR, ARRIVED).ticket
    sweep(DUE + 8 * HOUR)
    assert told_of(quiet_city, ticket) == {PJU: 1, HEAD: 1}
    assert told_of(quiet_city, unclear, "TEGURAN UNTUK ADMIN: BELUM DITERUSKAN") == {CITY_ADMIN: 1, MAYOR: 1}
    sweep(DUE + timedelta(days=8, hours=8))
    assert told_of(quiet_city, ticket, "ROMPI HITAM") == {HEAD: 1, CITY_ADMIN: 1}
    sweep(DUE + timedelta(days=16, hours=8))
    assert told_of(quiet_city, ticket, "PENGGANTIAN") == {CITY_ADMIN: 1, MAYOR: 1}


# ------------------------------------------------------------------------------------------------ by night


@pytest.mark.parametrize("hour", ["2026-04-01 20:00", "2026-04-01 23:45", "2026-04-02 00:00", "2026-04-02 06:45"])
def test_by_night_nothing_is_sent_and_the_first_sweep_of_the_morning_sends_it(quiet_city: Service, hour: str) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    assert sent_by(quiet_city, wib(hour)) == {}
    assert len(rows(quiet_city, "owed")) == 1
    assert sent_by(quiet_city, wib("2026-04-02 06:59")) == {}
    mails = sent_by(quiet_city, wib("2026-04-02 07:00"))
    assert how_many(mails) == {PJU: 1, HEAD: 1}
    assert ticket in mails[PJU][0]["text"]


def test_it_is_night_by_the_sweeps_own_time_and_not_by_the_clock(quiet_city: Service) -> None:
    filed(LAMP, ARRIVED)
    sweeping.sweep(wib("2026-04-01 23:00"), wib("2026-04-02 10:00"))
    assert quiet_city.emails() == []
    sweeping.sweep(wib("2026-04-02 08:00"), wib("2026-04-01 23:00"))
    assert how_many(by_recipient(quiet_city)) == {PJU: 1, HEAD: 1}


def test_what_several_sweeps_of_a_night_found_is_one_message_in_the_morning(quiet_city: Service) -> None:
    first = filed(LAMP, ARRIVED).ticket
    later = filed(LAMP, wib("2026-03-25 10:00")).ticket
    evening = wib("2026-04-01 20:15")
    for n in range(40):
        sweep(evening + n * timedelta(minutes=15))
    assert quiet_city.emails() == []
    mails = sent_by(quiet_city, wib("2026-04-02 07:00"))
    assert how_many(mails) == {PJU: 1, HEAD: 1}
    assert all(ticket in mails[PJU][0]["text"] for ticket in (first, later))


def test_nobody_is_disturbed_at_a_weekend_by_numbers_alone(quiet_city: Service) -> None:
    filed(LAMP, ARRIVED)
    assert sent_by(quiet_city, wib("2026-03-28 08:00")) == {}  # a Saturday
    assert HEAD in sent_by(quiet_city, wib("2026-03-30 08:00"))


# ------------------------------------------------------------------------------------------------ never dropped


def down(call: Call) -> AwsAnswer | None:
    return aws_fault(503, "ServiceUnavailable") if call.action == MAIL else None


def test_when_ses_fails_for_six_hours_all_goes_out_afterwards_once(quiet_city: Service) -> None:
    tickets = [filed(LAMP, ARRIVED).ticket]
    with watched_aws(down):
        for n in range(24):
            if n % 8 == 4:
                tickets.append(filed(LAMP, ARRIVED).ticket)
                registry.pull_back_watermark(DUE)
            with pytest.raises(sweeping.SweepIncomplete):
                sweep(DUE + 8 * HOUR + n * timedelta(minutes=15))
            notifier._ses.cache_clear()
    assert quiet_city.emails() == []
    sweep(DUE + 14 * HOUR)
    for ticket in tickets:
        assert told_of(quiet_city, ticket) == {PJU: 1, HEAD: 1}
    went = how_many(by_recipient(quiet_city))
    assert (went[PJU], went[HEAD]) == (2, 2)  # what was tried first, and one of all the rest
    assert sent_by(quiet_city, DUE + 15 * HOUR) == {}
    assert (rows(quiet_city, "owed"), rows(quiet_city, "message")) == ([], [])


def test_a_carrier_that_is_down_is_asked_for_one_message_only(quiet_city: Service) -> None:
    for text in (LAMP, HOLE, PARKING):
        filed(text, ARRIVED)
    with watched_aws(down) as calls, pytest.raises(sweeping.SweepIncomplete, match="5 unsent"):
        sweep(DUE + 8 * HOUR)
    assert sum(call.action == MAIL for call in calls) <= 3  # the tries of one request


def test_who_cannot_be_reached_holds_nobody_up(quiet_city: Service) -> None:
    opd = dict(city.current(DUE).opds["dpuprpkp"])
    city.save_opd({**opd, "head": {"email": "no address"}})
    filed(LAMP, ARRIVED)
    filed(PARKING, ARRIVED)
    with pytest.raises(sweeping.SweepIncomplete, match="1 unsent"):
        sweep(DUE + 8 * HOUR)
    assert how_many(by_recipient(quiet_city)) == {PJU: 1, PARKIR: 1, HEAD_OF_TRAFFIC: 1}
    city.save_opd(opd)
    assert how_many(sent_by(quiet_city, DUE + 9 * HOUR)) == {HEAD: 1}


def test_a_message_that_cannot_be_written_is_reported_and_holds_nobody_up(
    quiet_city: Service, caplog: pytest.LogCaptureFixture
) -> None:
    filed(LAMP, ARRIVED)
    owed.item_of(Owed("broken", "digest", (To.MAYOR,))).save()  # a digest without its counts
    with caplog.at_level(logging.ERROR), pytest.raises(sweeping.SweepIncomplete, match="1 unsent"):
        sweep(DUE + 8 * HOUR)
    assert "not sent: sweep." in caplog.text
    assert how_many(by_recipient(quiet_city)) == {PJU: 1, HEAD: 1}


def test_a_message_that_went_out_before_its_record_was_written_carries_the_same_id_again(quiet_city: Service) -> None:
    filed(LAMP, ARRIVED)
    ids: list[str] = []

    def lose_the_record(call: Call) -> AwsAnswer | None:
        if call.action == MAIL:
            ids.extend(header["Value"] for header in json.loads(call.body)["Content"]["Simple"]["Headers"])
        is_record = call.action == "BatchWriteItem" and "notifications" in call.body
        return aws_fault() if is_record and len(set(ids)) == 1 else None

    with watched_aws(lose_the_record), pytest.raises(sweeping.SweepIncomplete):
        sweep(DUE + 8 * HOUR)
    with watched_aws(lose_the_record):
        sweep(DUE + 9 * HOUR)
    assert Counter(Counter(ids).values()) == {1: 1, 2: 1}


# ------------------------------------------------------------------------------------------------ once


def deletes_rows(call: Call) -> bool:
    return call.action == "BatchWriteItem" and "DeleteRequest" in call.body


def test_a_sweep_that_ends_between_keeping_messages_and_forgetting_what_is_in_them_says_each_once(
    quiet_city: Service,
) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    with watched_aws(lambda call: aws_fault() if deletes_rows(call) else None), pytest.raises(StoreUnavailable):
        sweep(DUE + 8 * HOUR)
    assert quiet_city.emails() == []
    assert (len(rows(quiet_city, "owed")), len(rows(quiet_city, "message"))) == (2, 2)
    late = filed(LAMP, ARRIVED).ticket  # found by the next sweep
    sweep(DUE + 9 * HOUR)
    assert told_of(quiet_city, ticket) == told_of(quiet_city, late) == {PJU: 1, HEAD: 1}
    assert sent_by(quiet_city, DUE + 10 * HOUR) == {}
    assert (rows(quiet_city, "owed"), rows(quiet_city, "message")) == ([], [])


def test_a_sweep_that_kept_only_some_of_its_messages_says_each_once(quiet_city: Service) -> None:
    now = DUE + 8 * HOUR
    ticket = filed(LAMP, ARRIVED).ticket
    assert sweeping._look_at(ticket, now, now)
    owed.keep_messages(grouped(owed.all_owed())[:1], [])
    owing.send(now, now)
    assert told_of(quiet_city, ticket) == {PJU: 1, HEAD: 1}
    assert (rows(quiet_city, "owed"), rows(quiet_city, "message")) == ([], [])


def test_two_sweeps_at_once_send_once(quiet_city: Service) -> None:
    tickets = [filed(text, ARRIVED).ticket for text in (LAMP, HOLE, PARKING)]
    inner: list[dict[str, int]] = []

    def overtake(call: Call) -> AwsAnswer | None:
        if call.action == MAIL and not inner:
            inner.append({})
            inner[0] = sweep(DUE + 8 * HOUR + timedelta(minutes=1))
        return None

    with watched_aws(overtake):
        sweep(DUE + 8 * HOUR)
    assert inner[0]["sent"] == 0
    assert how_many(by_recipient(quiet_city)) == dict.fromkeys((PJU, JALAN, HEAD, PARKIR, HEAD_OF_TRAFFIC), 1)
    for ticket in tickets:
        assert set(told_of(quiet_city, ticket).values()) == {1}


@pytest.mark.parametrize("nth", range(14))
def test_a_sweep_that_is_overtaken_anywhere_while_it_sends_says_each_thing_once(quiet_city: Service, nth: int) -> None:
    now = DUE + 8 * HOUR
    ticket = filed(LAMP, ARRIVED).ticket
    sweeping._look_at(ticket, now, now)
    seen: list[str] = []

    def overtake(call: Call) -> AwsAnswer | None:
        seen.append(call.action)
        if len(seen) == nth + 1:
            owing.send(now + timedelta(seconds=1), now + timedelta(seconds=1))
        return None

    with watched_aws(overtake):
        owing.send(now, now)
    owing.send(now + HOUR, now + HOUR)
    assert len(seen) > nth
    assert told_of(quiet_city, ticket) == {PJU: 1, HEAD: 1}


def test_who_died_while_sending_lets_the_next_one_send_when_its_turn_is_over(quiet_city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    assert owed.take_turn("messages", DUE + 8 * HOUR, timedelta(minutes=6))
    assert sent_by(quiet_city, DUE + 8 * HOUR + timedelta(minutes=5)) == {}
    sweep(DUE + 8 * HOUR + timedelta(minutes=15))
    assert told_of(quiet_city, ticket) == {PJU: 1, HEAD: 1}


def test_a_turn_whose_confirmation_was_lost_is_had_all_the_same(quiet_city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    lost: list[Call] = []

    def lose(call: Call) -> AwsAnswer | None:
        if call.action == "PutItem" and '"turn"' in call.body and not lost:
            lost.append(call)
            return aws_fault()
        return None

    with watched_aws(after=lose):
        sweep(DUE + 8 * HOUR)
    assert lost
    assert told_of(quiet_city, ticket) == {PJU: 1, HEAD: 1}


def test_a_turn_that_went_to_another_is_not_given_back_by_who_had_it(quiet_city: Service) -> None:
    lease = timedelta(minutes=6)
    mine = owed.take_turn("messages", DUE, lease)
    theirs = owed.take_turn("messages", DUE + HOUR, lease)
    assert mine
    assert theirs
    owed.give_turn_back("messages", mine)
    assert owed.take_turn("messages", DUE + HOUR, lease) is None
    owed.give_turn_back("messages", theirs)
    assert owed.take_turn("messages", DUE + HOUR, lease)


def test_a_message_that_cannot_be_forgotten_is_not_sent_again(quiet_city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket

    def keep(call: Call) -> AwsAnswer | None:
        return aws_fault() if call.action == "DeleteItem" and '"message"' in call.body else None

    with watched_aws(keep):
        sweep(DUE + 8 * HOUR)
    assert len(rows(quiet_city, "message")) == 2
    sweep(DUE + 9 * HOUR)
    assert rows(quiet_city, "message") == []
    assert told_of(quiet_city, ticket) == {PJU: 1, HEAD: 1}


# ------------------------------------------------------------------------------------------------ once a day

TOMORROW = "JATUH TEMPO PADA HARI KERJA BERIKUTNYA"
NUMBERS = "RINGKASAN HARI INI"


def with_heading(city: Service, heading: str) -> list[dict[str, str]]:
    return [mail for mail in city.emails() if heading in mail["text"].split("\n")]


def test_what_is_due_tomorrow_is_told_to_its_division_once(quiet_city: Service) -> None:
    tickets = [filed(LAMP, ARRIVED + n * timedelta(minutes=1)).ticket for n in range(2)]
    later = filed(LAMP, wib("2026-03-25 10:00")).ticket
    for day in range(25, 31):
        for hour in ("07:00", "07:15", "12:00"):
            sweep(wib(f"2026-03-{day} {hour}"))
    (mail,) = with_heading(quiet_city, TOMORROW)
    assert mail["to"] == PJU
    assert mail["subject"] == "Jatuh tempo 31 Mar 2026: 2 aduan"
    assert all(ticket in mail["text"] for ticket in tickets)
    assert later not in mail["text"]


def test_before_a_weekend_tomorrow_is_the_next_working_day(quiet_city: Service) -> None:
    ticket = filed(LAMP, wib("2026-11-23 10:00")).ticket  # five working days: until Monday 30 November
    for day in ("2026-11-26", "2026-11-27", "2026-11-28", "2026-11-29", "2026-11-30"):
        before = len(with_heading(quiet_city, TOMORROW))
        sweep(wib(f"{day} 08:00"))
        new = with_heading(quiet_city, TOMORROW)[before:]
        assert [ticket in mail["text"] for mail in new] == ([True] if day == "2026-11-27" else [])


def test_the_day_before_is_told_also_where_the_finish_is_due_earlier(quiet_city: Service) -> None:
    ticket = filed(UNCLEAR, wib("2026-11-17 10:00"), kind="question").ticket  # to finish by Tuesday 24 November
    dispatched = handling.dispatch(ticket, "dishub", "parkir", ADMIN, wib("2026-11-18 10:00"))
    assert dispatched is not None
    assert dispatched.answer_due_at == wib("2026-11-26 00:00")
    assert dispatched.finish_due_at == wib("2026-11-25 00:00") == dispatched.wake_at
    sweep(wib("2026-11-24 08:00"))
    (mail,) = with_heading(quiet_city, TOMORROW)
    assert (mail["to"], ticket in mail["text"]) == (PARKIR, True)


def test_who_has_answered_or_asked_is_not_reminded(quiet_city: Service) -> None:
    final, asked = (filed(LAMP, ARRIVED + n * timedelta(minutes=1)).ticket for n in range(2))
    interim = filed(LAMP, ARRIVED, kind="question").ticket  # the finish is due on the day of the answer
    at = wib("2026-03-25 10:00")
    handling.answer(final, "Sudah.", OFFICER, at, lambda _: True, final=True)
    handling.answer(interim, "Sedang dikerjakan.", OFFICER, at, lambda _: True, final=False)
    handling.ask(asked, "Di mana tepatnya?", OFFICER, at, lambda _: True)
    sweep(wib("2026-03-30 08:00"))
    assert with_heading(quiet_city, TOMORROW) == []


def test_each_head_gets_the_opds_numbers_once_a_working_day(quiet_city: Service) -> None:
    now = wib("2026-04-01 07:00")
    filed(LAMP, ARRIVED)  # late since this midnight
    filed(HOLE, wib("2026-03-26 10:00"))  # due by the end of 2 April, which is tomorrow
    filed(HOLE, wib("2026-03-31 10:00"))
    for n in range(8):
        sweep(now + n * timedelta(minutes=15))
    (mail,) = with_heading(quiet_city, NUMBERS)
    assert mail["to"] == HEAD
    assert "Dinas Pekerjaan Umum" in mail["text"]
    assert ": 3 aduan terbuka.\nLewat tenggat: 1. Jatuh tempo sampai akhir hari kerja berikutnya: 1.\n" in mail["text"]
    sweep(wib("2026-04-02 07:00"))
    assert len(with_heading(quiet_city, NUMBERS)) == 2


def test_an_opd_with_nothing_open_gets_no_numbers(quiet_city: Service) -> None:
    ticket = filed(PARKING, ARRIVED).ticket
    handling.answer(ticket, "Sudah.", OFFICER, ARRIVED + HOUR, lambda _: True, final=True)
    filed(UNCLEAR, ARRIVED)
    sweep(wib("2026-03-25 08:00"))
    assert with_heading(quiet_city, NUMBERS) == []


def test_the_morning_begins_with_the_first_sweep_after_the_night(quiet_city: Service) -> None:
    filed(PARKING, ARRIVED)
    for hour, expected in (("06:59", 0), ("07:00", 1), ("19:59", 1)):
        sweep(wib(f"2026-03-25 {hour}"))
        assert len(with_heading(quiet_city, NUMBERS)) == expected
    sweep(wib("2026-03-26 21:00"))  # a whole day was missed: by night nothing is made up for
    sweep(wib("2026-03-27 10:00"))
    assert len(with_heading(quiet_city, NUMBERS)) == 2


def test_a_second_sweep_of_the_day_asks_for_the_days_mark_alone(quiet_city: Service) -> None:
    for n in range(3):
        filed(PARKING, ARRIVED + n * HOUR)
    now = wib("2026-03-25 08:00")
    mornings.begin_day(now, now)
    with watched_aws() as calls:
        mornings.begin_day(now + timedelta(minutes=15), now)
    assert [call.action for call in calls] == ["GetItem"]
    for idle, asked in ((wib("2026-03-25 22:00"), 0), (wib("2026-03-28 08:00"), 2)):  # by night, on a Saturday
        with watched_aws() as calls:
            mornings.begin_day(idle, now)
        assert [call.action for call in calls] == ["GetItem"] * asked


def test_a_year_whose_holidays_nobody_knows_has_its_mornings_too(quiet_city: Service) -> None:
    now = wib("2041-03-20 08:00")
    filed(PARKING, now - timedelta(days=1))
    mornings.begin_day(now, now)
    owing.send(now, now)
    assert len(with_heading(quiet_city, NUMBERS)) == 1


def test_a_desk_of_more_than_one_page_is_counted_to_its_end(
    quiet_city: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mornings, "_PAGE", 2)
    for n in range(5):
        filed(PARKING, ARRIVED + n * timedelta(minutes=1))
    sweep(wib("2026-03-25 08:00"))
    (mail,) = with_heading(quiet_city, NUMBERS)
    assert ": 5 aduan terbuka." in mail["text"]


@pytest.fixture
def busy_city(quiet_city: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A city that owes its reminders and numbers in several transactions."""
    monkeypatch.setattr(owed, "_AT_ONCE", 1)
    for text in (LAMP, HOLE, PARKING):
        filed(text, ARRIVED)
    return quiet_city


MONDAY = wib("2026-03-30 08:00")
ALL = {PJU: 1, JALAN: 1, HEAD: 1, PARKIR: 1, HEAD_OF_TRAFFIC: 1}


def news_for_all() -> None:
    """Owe everybody of the busy city something else, so that what is owed again would stand in another message."""
    for opd, division in (("dpuprpkp", "pju"), ("dpuprpkp", "jalan"), ("dishub", "parkir")):
        thanks = Owed(f"news#{division}", "reward", (To.DIVISION, To.HEAD), opd, division, text="terima kasih")
        owed.item_of(thanks).save()


def said_once_a_day(city: Service) -> dict[str, int]:
    return dict(Counter(mail["to"] for mail in [*with_heading(city, TOMORROW), *with_heading(city, NUMBERS)]))


@pytest.mark.parametrize("nth", range(6))
def test_a_morning_that_fails_midway_is_finished_by_the_next_sweep_and_nothing_is_said_twice(
    busy_city: Service, nth: int
) -> None:
    writes: list[str] = []

    def fail(call: Call) -> AwsAnswer | None:
        if call.action == "TransactWriteItems" and "day#" in call.body:
            writes.append(call.action)
            return aws_fault() if len(writes) > nth else None
        return None

    with watched_aws(fail), pytest.raises(sweeping.SweepIncomplete):
        sweep(MONDAY)
    assert len(busy_city.emails()) == min(nth, 5)
    news_for_all()
    sweep(MONDAY + timedelta(minutes=15))
    assert said_once_a_day(busy_city) == ALL
    assert sent_by(busy_city, MONDAY + HOUR) == {}


@pytest.mark.parametrize("nth", range(6))
def test_of_two_mornings_at_once_each_thing_is_said_once(busy_city: Service, nth: int) -> None:
    """The second begins, and sends all that it found, when the first is about to write for the n-th time."""
    writes: list[str] = []

    def overtake(call: Call) -> AwsAnswer | None:
        if call.action == "TransactWriteItems" and "day#" in call.body:
            writes.append(call.action)
            if len(writes) == nth + 1:
                sweep(MONDAY + timedelta(minutes=1))
                news_for_all()
        return None

    with watched_aws(overtake):
        sweep(MONDAY)
    sweep(MONDAY + HOUR)
    assert said_once_a_day(busy_city) == ALL
