"""Rewards (DOMAIN 5): the month's best are found once, from the counters; a person awards, and the division is told."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from chalicelib.adapters import complaints, rewards
from chalicelib.adapters.tables import PREFIX, StoreUnavailable
from chalicelib.domain.complaint import Actor, Role
from chalicelib.domain.reward import BadPeriod, RewardRow
from chalicelib.workflows import counting, handling, mornings, owing, rewarding, sweeping
from chalicelib.workflows.handling import UnknownDivision
from tests.builders import Service
from tests.functional.doors import AwsAnswer, Call, aws_fault, watched_aws
from tests.functional.scenes import PARKING, filed, opened

ADMIN, OTHER_ADMIN, OFFICER = Actor(Role.ADMIN, "admin-1"), Actor(Role.ADMIN, "admin-2"), Actor(Role.OPD, "sri")
HOUR = timedelta(hours=1)
PARKIR, HEAD, CITY_ADMIN = "parkir@dishub.example.invalid", "kepala@dishub.example.invalid", "admin@city.example"
PERIOD = "2026-11"


def wib(text: str) -> datetime:
    """Return the instant of a Malang wall clock, such as "2026-04-01 08:00"."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


BEGIN = wib("2026-11-02 09:00")
DUE = wib("2026-12-15 07:00")  # the first morning after the tenth working day of December


@pytest.fixture
def city(service: Service) -> Service:
    """A city whose service began with November."""
    opened(BEGIN)
    return service


def counted(
    opd: str = "dishub", division: str = "parkir", month: str = PERIOD, kind: str = "complaint", **metrics: int
) -> None:
    """Let a division have these counts in a month."""
    boto3.client("dynamodb").put_item(
        TableName=f"{PREFIX}statistics",
        Item={
            "pk": {"S": month}, "sk": {"S": f"{opd}/{division}#{kind}#web"},
            **{name: {"N": str(n)} for name, n in metrics.items()},
        },
    )  # fmt: skip


def good(opd: str = "dishub", division: str = "parkir", on_time: int = 10, month: str = PERIOD) -> None:
    counted(opd, division, month, finished=10, finished_on_time=on_time, finished_late=10 - on_time, f05=10)


def ranks(period: str = PERIOD) -> list[tuple[str, int | None, bool]]:
    return [(row.division, row.rank, row.nominated) for row in rewarding.of_period(period)]


def nominations(city: Service) -> list[dict[str, str]]:
    return [mail for mail in city.emails() if "NOMINASI PENGHARGAAN" in mail["text"].split("\n")]


def morning(now: datetime) -> None:
    """Begin a day and send what is owed."""
    mornings.begin_day(now, now)
    owing.send(now, now)


def awarded(reward: str = "Sebuah telepon", actor: Actor = ADMIN, now: datetime = DUE) -> RewardRow:
    return rewarding.award("dishub", "parkir", PERIOD, reward, actor, now)


# ------------------------------------------------------------------------------------------------ the nomination


def test_the_best_of_a_month_are_told_to_the_admin_on_the_first_morning_after_the_tenth_working_day_once(
    city: Service,
) -> None:
    good()
    good(division="lalin", on_time=9)
    good("dpuprpkp", "pju")
    for day in ("2026-12-01", "2026-12-14"):
        morning(wib(f"{day} 08:00"))
    assert (nominations(city), ranks()) == ([], [])
    for n in range(40):
        morning(DUE + n * 12 * HOUR)
    (mail,) = nominations(city)
    assert mail["to"] == CITY_ADMIN
    assert mail["subject"] == "Nominasi penghargaan"
    assert "Terbaik bulan Nov 2026:\n- Dinas Perhubungan, Bidang Pengelolaan Perparkiran: 10 selesai" in mail["text"]
    assert mail["text"].count("selesai") == 2
    assert ranks() == [("parkir", 1, True), ("pju", 1, True), ("lalin", 3, False)]


def test_what_is_kept_says_by_which_numbers(city: Service) -> None:
    counted(finished=9, finished_on_time=6, finished_late=3, f05=4, f06=5, rated=1, rated_sum=4)
    counted(kind="question", finished=1, f06=1, rated=1, rated_sum=5)
    assert rewarding.nominate(PERIOD, DUE)
    (row,) = rewarding.of_period(PERIOD)
    assert asdict(row) == {
        "opd": "dishub", "division": "parkir", "period": PERIOD, "rank": 1, "nominated": True, "finished": 10,
        "share_on_time": 0.6667, "median_hours": 36, "rating_mean": 4.5,
        "reward": None, "awarded_at": None, "awarded_by": None,
    }  # fmt: skip


def test_a_ranking_that_is_kept_stays_as_it_is_and_is_told_once(city: Service) -> None:
    good(on_time=9)
    assert rewarding.nominate(PERIOD, DUE)
    good(division="lalin")
    assert not rewarding.nominate(PERIOD, DUE + HOUR)
    owing.send(DUE, DUE)
    with watched_aws() as calls:
        assert not rewarding.nominate(PERIOD, DUE + HOUR)
    assert [call.action for call in calls] == ["GetItem"]
    owing.send(DUE + HOUR, DUE + HOUR)
    assert ranks() == [("parkir", 1, True)]
    assert len(nominations(city)) == 1


def test_two_that_nominate_at_once_do_it_once(city: Service) -> None:
    good()
    inner: list[bool] = []

    def overtake(call: Call) -> AwsAnswer | None:
        if call.action == "TransactWriteItems" and not inner:
            inner.append(False)
            inner[0] = rewarding.nominate(PERIOD, DUE)
            owing.send(DUE, DUE)
        return None

    with watched_aws(overtake):
        assert not rewarding.nominate(PERIOD, DUE)
    owing.send(DUE + HOUR, DUE + HOUR)
    assert inner == [True]
    assert len(nominations(city)) == 1


def test_a_month_in_which_nobody_finished_enough_nominates_nobody_and_tells_nobody(city: Service) -> None:
    counted(finished=9, finished_on_time=9, f05=9)
    morning(DUE)
    assert (ranks(), nominations(city)) == ([], [])


def test_after_an_outage_the_ranking_is_made_up_for_until_the_next_one_is_due(city: Service) -> None:
    good()
    morning(wib("2027-01-08 08:00"))  # the tenth working day of January is still to come
    assert ranks() == [("parkir", 1, True)]
    assert len(nominations(city)) == 1


def test_a_nomination_that_fails_is_tried_again_by_the_next_sweep_and_keeps_nothing_else_from_being_said(
    city: Service,
) -> None:
    good()
    filed(PARKING, DUE - 24 * HOUR)

    def fail(call: Call) -> AwsAnswer | None:
        return aws_fault() if call.action == "Query" and "statistics" in call.body else None

    with watched_aws(fail), pytest.raises(sweeping.SweepIncomplete, match="failed=1"):
        sweeping.sweep(DUE, DUE)
    assert [mail["to"] for mail in city.emails()] == [HEAD]
    sweeping.sweep(DUE + HOUR, DUE + HOUR)
    assert [mail["to"] for mail in city.emails()] == [HEAD, CITY_ADMIN]


def test_what_divisions_did_is_what_they_are_ranked_by(city: Service) -> None:
    """From complaints by way of the counters to the ranking, reopened ones left out."""
    tickets = [filed(PARKING, BEGIN + n * HOUR).ticket for n in range(11)]
    for n, ticket in enumerate(tickets):
        answered_at = wib("2026-11-03 09:00") + n * HOUR if n else wib("2026-11-12 09:00")  # the first one is late
        assert handling.answer(ticket, "Sudah.", OFFICER, answered_at, lambda _: True, final=True)
    assert not counting.count(complaints.complaints_of(tickets))
    assert rewarding.nominate(PERIOD, DUE)
    (row,) = rewarding.of_period(PERIOD)
    assert (row.division, row.rank, row.finished) == ("parkir", 1, 11)
    assert row.share_on_time == pytest.approx(10 / 11, abs=1e-4)


# ------------------------------------------------------------------------------------------------ the award


def test_an_award_is_recorded_with_who_when_and_what_and_told_to_the_division_and_its_head(city: Service) -> None:
    good()
    rewarding.nominate(PERIOD, DUE)
    row = awarded()
    assert row == rewarding.of_period(PERIOD)[0]
    assert (row.reward, row.awarded_at, row.awarded_by) == ("Sebuah telepon", DUE, "admin-1")
    assert (row.rank, row.nominated, row.finished) == (1, True, 10)
    owing.send(DUE, DUE)
    told = {m["to"]: m for m in city.emails() if "PENGHARGAAN" in m["text"].split("\n")}
    assert set(told) == {PARKIR, HEAD}
    assert "penghargaan bulan Nov 2026: Sebuah telepon" in told[PARKIR]["text"]


def test_the_same_award_again_is_the_same_row_and_is_told_once(city: Service) -> None:
    first = awarded()
    owing.send(DUE, DUE)
    assert awarded(actor=OTHER_ADMIN, now=DUE + HOUR) == first
    owing.send(DUE + HOUR, DUE + HOUR)
    assert len(city.emails()) == 2


def test_another_reward_for_the_same_division_and_month_is_refused_and_says_which_there_is(city: Service) -> None:
    first = awarded()
    with pytest.raises(rewarding.AlreadyAwarded) as refused:
        awarded("Sebuah sepeda")
    assert refused.value.reward == "Sebuah telepon"
    assert rewarding.of_period(PERIOD) == [first]
    assert rewarding.award("dishub", "parkir", "2026-10", "Sebuah sepeda", ADMIN, DUE).reward == "Sebuah sepeda"
    assert rewarding.award("dishub", "lalin", PERIOD, "Sebuah sepeda", ADMIN, DUE).reward == "Sebuah sepeda"


def test_who_was_not_ranked_may_be_awarded(city: Service) -> None:
    good(division="lalin")
    rewarding.nominate(PERIOD, DUE)
    assert awarded().rank is None
    assert ranks() == [("lalin", 1, True), ("parkir", None, False)]


@pytest.mark.parametrize("period", ["2027-01", "2026-13", "November", ""])
def test_a_month_to_come_or_none_at_all_is_no_period(city: Service, period: str) -> None:
    with pytest.raises(BadPeriod):
        rewarding.award("dishub", "parkir", period, "Sebuah telepon", ADMIN, DUE)
    assert rewards.awards_of(period) == []


@pytest.mark.parametrize(("opd", "division"), [("dishub", "nobody"), ("nobody", "parkir"), ("admin", "admin")])
def test_who_the_city_does_not_have_is_not_awarded(city: Service, opd: str, division: str) -> None:
    with pytest.raises(UnknownDivision):
        rewarding.award(opd, division, PERIOD, "Sebuah telepon", ADMIN, DUE)


def test_two_awards_at_once_are_one(city: Service) -> None:
    seen: list[Call] = []

    def overtake(call: Call) -> AwsAnswer | None:
        if call.action == "TransactWriteItems":
            seen.append(call)
            if len(seen) == 1:
                awarded("Sebuah sepeda", OTHER_ADMIN)
        return None

    with watched_aws(overtake), pytest.raises(rewarding.AlreadyAwarded):
        awarded()
    assert [row.reward for row in rewarding.of_period(PERIOD)] == ["Sebuah sepeda"]
    owing.send(DUE, DUE)
    assert len(city.emails()) == 2
    assert all("Sebuah sepeda" in mail["text"] for mail in city.emails())


def test_an_award_whose_confirmation_was_lost_is_told_once(city: Service) -> None:
    lost: list[Call] = []

    def lose(call: Call) -> AwsAnswer | None:
        if call.action == "TransactWriteItems" and not lost:
            lost.append(call)
            return aws_fault()
        return None

    with watched_aws(after=lose):
        row = awarded()
    assert lost
    assert rewarding.of_period(PERIOD) == [row]
    owing.send(DUE, DUE)
    assert len(city.emails()) == 2


def test_an_award_that_meets_another_transaction_may_be_tried_again(city: Service) -> None:
    def conflict(call: Call) -> AwsAnswer | None:
        if call.action != "TransactWriteItems":
            return None
        reasons = '[{"Code": "TransactionConflict"}, {"Code": "None"}]'
        kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
        message = "Transaction cancelled [TransactionConflict, None]"
        return 400, {}, f'{{"__type": "{kind}", "Message": "{message}", "CancellationReasons": {reasons}}}'

    with watched_aws(conflict), pytest.raises(StoreUnavailable):
        awarded()
    assert awarded().reward == "Sebuah telepon"


def test_a_list_that_everybody_reads_does_not_say_who_awarded(city: Service) -> None:
    awarded()
    (row,) = rewarding.of_period(PERIOD)
    assert "admin-1" not in str(row.public)
