"""The statistics are exact: records doubled, late, out of order, in any batches, two counters, answers lost."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import boto3
import pytest

from chalicelib import settings
from chalicelib.adapters import statistics as store
from chalicelib.adapters.items import from_image
from chalicelib.adapters.tables import PREFIX
from chalicelib.domain.complaint import Complaint, Entry, Kind, Status
from chalicelib.domain.tally import Tally, merged, tallies
from chalicelib.domain.ticket import ticket_from
from chalicelib.workflows import counting
from tests.builders import Service, token
from tests.functional.doors import LAMP, PARKING, AwsAnswer, Call, aws_fault, watched_aws

WIB = ZoneInfo("Asia/Jakarta")
START = datetime(2026, 11, 24, 3, tzinfo=UTC)  # a Tuesday, 10:00 in the city
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = START + 60 * DAY
MONTHS = ("2026-11", "2026-12", "2027-01")


def life(number: int, arrival: datetime = START, division: str = "pju", channel: str = "sms") -> Complaint:
    """Return a complaint of which everything has happened: late, answered, rated, reopened, answered again."""
    to: dict[str, Any] = {"opd": "dpuprpkp", "division": division}
    due = arrival + 7 * DAY
    timeline = (
        Entry(arrival, "received", "reporter", kind="complaint"),
        Entry(arrival + HOUR, "dispatched", "admin", **to, clock=1, deadline=due),
        Entry(arrival + 2 * HOUR, "started", "opd"),
        Entry(due + HOUR, "escalated", "machine", **to, clock=1, rung="warning", n=1, deadline=due),
        Entry(due + 2 * HOUR, "answered", "opd", **to, clock=1, final=True),
        Entry(due + 3 * HOUR, "rated", "reporter", score=2),
        Entry(due + DAY, "reopened", "reporter", **to, clock=2, deadline=due + 9 * DAY),
        Entry(due + 2 * DAY, "upheld", "admin", n=1),
        Entry(due + 40 * DAY, "answered", "opd", **to, clock=2, final=True),
        Entry(due + 41 * DAY, "rated", "reporter", score=number % 5 + 1),
    )
    return Complaint(ticket_from(number), Kind.COMPLAINT, channel, "Lampu mati", Status.CLOSED, arrival,
                     arrival + 3 * DAY, arrival + 14 * DAY, timeline)  # fmt: skip


def early(complaint: Complaint, entries: int) -> Complaint:
    """Return the image that an earlier stream record has."""
    return replace(complaint, timeline=complaint.timeline[:entries])


def stored() -> Tally:
    return merged(store.cells_of(month, consistent=True) for month in MONTHS)


def expected(complaints: Sequence[Complaint]) -> Tally:
    return merged(tallies(one.timeline, one.channel, settings.current().zone) for one in complaints)


def tickets(complaints: Sequence[Complaint]) -> set[str]:
    return {one.ticket for one in complaints}


def transactions(calls: Sequence[Call]) -> list[list[dict[str, Any]]]:
    return [json.loads(call.body)["TransactItems"] for call in calls if call.action == "TransactWriteItems"]


def cancelled(code: str) -> AwsAnswer:
    """Return the answer to a transaction that was not done for that reason."""
    said = {
        "__type": "aws#TransactionCanceledException",
        "Message": "cancelled",
        "CancellationReasons": [{"Code": code}],
    }
    return 400, {}, json.dumps(said)


LIVES = [life(n, START + n % 3 * 5 * HOUR, ("pju", "jalan")[n % 2], ("sms", "web")[n % 3 == 0]) for n in range(7)]


# ------------------------------------------------------------------------------------------------ exact


def test_the_cells_are_the_sum_of_what_the_timelines_count_for(service: Service) -> None:
    assert counting.count(LIVES) == set()
    assert stored() == expected(LIVES)
    assert {cell.month for cell, _ in stored()} == set(MONTHS)
    assert list(counting.recount(LIVES, NOW)) == []


def test_records_doubled_late_and_out_of_order_in_any_batches_are_counted_once(service: Service) -> None:
    chance = random.Random(4)
    images = [early(one, entries) for one in LIVES for entries in range(1, len(one.timeline) + 1)]
    images += chance.sample(images, 20)
    chance.shuffle(images)
    while images:
        size = chance.randint(1, 25)
        batch, images = images[:size], images[size:]
        assert counting.count(batch) == set()
        if chance.random() < 0.5:
            assert counting.count(batch) == set()
    assert stored() == expected(LIVES)


def test_a_life_counted_step_by_step_is_what_it_is_counted_at_once(service: Service) -> None:
    for entries in range(1, len(LIVES[0].timeline) + 1):
        assert counting.count([early(LIVES[0], entries)]) == set()
        assert stored() == expected([early(LIVES[0], entries)])


def test_an_older_record_and_the_same_one_again_write_nothing(service: Service) -> None:
    counting.count([LIVES[0]])
    with watched_aws() as calls:
        assert counting.count([LIVES[0], early(LIVES[0], 4)]) == set()
    assert [call.action for call in calls] == ["BatchGetItem"]


def test_a_step_that_counts_for_nothing_writes_nothing_and_the_next_one_is_counted(service: Service) -> None:
    counting.count([early(LIVES[0], 2)])
    with watched_aws() as calls:
        assert counting.count([early(LIVES[0], 3)]) == set()
    assert transactions(calls) == []
    counting.count([early(LIVES[0], 4)])
    assert stored() == expected([early(LIVES[0], 4)])


def test_what_the_stream_brings_is_counted_as_the_complaints_stand(service: Service) -> None:
    mine = service.post("/complaints", {"text": LAMP}).json["ticket"]
    service.twilio(PARKING)
    assert service.post(f"/opd/complaints/{mine}/answer", {"text": "Sudah."}, token("opd", "dpuprpkp")).status == 200
    images = [from_image(record["dynamodb"]["NewImage"]) for record in service._records()]
    found = [image for image in images if image]
    now = datetime.now(UTC)
    assert counting.count([found[-1], *found[:-1], *found]) == set()
    assert list(counting.recount([found[-1], found[1]], NOW)) == []
    total = counting.statistics(now.astimezone(WIB).strftime("%Y-%m"))["total"]
    assert (total["received"], total["dispatched"], total["finished"], total["on_time"]) == (2, 2, 1, 1)


# ------------------------------------------------------------------------------------------------ cheap


def test_a_batch_is_one_reading_and_one_transaction(service: Service) -> None:
    with watched_aws() as calls:
        counting.count([early(one, entries) for one in LIVES for entries in (1, 2, 3)])
    assert [call.action for call in calls] == ["BatchGetItem", "TransactWriteItems"]


def test_what_is_too_much_for_one_transaction_is_parted_and_a_chunk_in_both_is_no_conflict(service: Service) -> None:
    many = [early(life(n, START, f"division-{n}"), 2) for n in range(110)]
    with watched_aws() as calls:
        assert counting.count(many) == set()
    sizes = [len(items) for items in transactions(calls)]
    assert len(sizes) == 2
    assert max(sizes) == store.MOST_ITEMS == 100
    assert stored() == expected(many)


def test_a_month_is_read_in_one_request_and_page_by_page_when_it_is_long(service: Service) -> None:
    counting.count(LIVES)
    with watched_aws() as calls:
        whole = store.cells_of("2026-11")
    assert [call.action for call in calls] == ["Query"]

    def cut(call: Call) -> AwsAnswer | None:
        if call.action != "Query" or "ExclusiveStartKey" in call.body:
            return None
        first = {"pk": {"S": "2026-11"}, "sk": {"S": "!"}}
        return 200, {}, json.dumps({"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": first})

    with watched_aws(before=cut) as calls:
        assert store.cells_of("2026-11") == whole != {}
    assert len(calls) == 2


# ------------------------------------------------------------------------------------------------ faults


def test_a_transaction_whose_answer_is_lost_is_counted_once(service: Service) -> None:
    lost: list[Call] = []

    def lose(call: Call) -> AwsAnswer | None:
        if call.action == "TransactWriteItems" and not lost:
            lost.append(call)
            return aws_fault()
        return None

    with watched_aws(after=lose) as calls:
        assert counting.count(LIVES) == set()
    assert len(transactions(calls)) == 2
    assert stored() == expected(LIVES)


def test_every_try_of_one_transaction_carries_the_same_token(service: Service) -> None:
    with watched_aws(before=lambda call: aws_fault() if call.action == "TransactWriteItems" else None) as calls:
        assert counting.count(LIVES) == tickets(LIVES)
    tokens = [json.loads(call.body)["ClientRequestToken"] for call in calls if call.action == "TransactWriteItems"]
    assert len(tokens) > 1
    assert len(set(tokens)) == 1


@pytest.mark.parametrize("action", ["BatchGetItem", "TransactWriteItems"])
def test_what_the_database_did_not_do_is_reported_and_counted_when_it_comes_again(
    service: Service, action: str
) -> None:
    with watched_aws(after=lambda call: aws_fault() if call.action == action else None):
        assert counting.count(LIVES) == tickets(LIVES)
    assert counting.count(LIVES) == set()
    assert stored() == expected(LIVES)


def test_a_throttled_transaction_is_reported_at_once(service: Service) -> None:
    throttled = cancelled("ThrottlingError")
    with watched_aws(before=lambda call: throttled if call.action == "TransactWriteItems" else None) as calls:
        assert counting.count(LIVES) == tickets(LIVES)
    assert len(transactions(calls)) == 1
    assert stored() == {}


def test_a_table_that_cannot_be_read_is_reported(service: Service) -> None:
    with watched_aws(before=lambda call: aws_fault()):
        assert counting.count(LIVES) == tickets(LIVES)


def test_one_that_cannot_be_read_holds_up_no_other(service: Service) -> None:
    broken = replace(LIVES[1], timeline=(replace(LIVES[1].timeline[0], at=cast(datetime, "yesterday")),))
    assert counting.count([LIVES[0], broken, LIVES[2]]) == {broken.ticket}
    assert stored() == expected([LIVES[0], LIVES[2]])


# ------------------------------------------------------------------------------------------------ two at once


@pytest.mark.parametrize("other", [0, 4], ids=["the same complaint", "another of the same hour and shard"])
def test_two_counters_at_once_count_everything_once(service: Service, other: int) -> None:
    same_chunk = [one for one in (life(n) for n in range(40)) if store.chunk_of(one) == store.chunk_of(life(0))]
    mine, theirs = [early(same_chunk[0], 6)], [early(same_chunk[other], 9)]
    done: list[Call] = []

    def meanwhile(call: Call) -> AwsAnswer | None:
        if call.action == "TransactWriteItems" and not done:
            done.append(call)
            assert counting.count(theirs) == set()
        return None

    with watched_aws(before=meanwhile):
        assert counting.count(mine) == set()
    assert stored() == expected([*theirs, *(mine if other else [])])


def test_a_cell_that_another_writes_just_then_is_tried_again(service: Service) -> None:
    met = Counter[str]()

    def meet(call: Call) -> AwsAnswer | None:
        met[call.action] += 1
        return cancelled("TransactionConflict") if met["TransactWriteItems"] < 3 and call.action[0] == "T" else None

    with watched_aws(before=meet):
        assert counting.count(LIVES) == set()
    assert met == {"BatchGetItem": 3, "TransactWriteItems": 3}
    assert stored() == expected(LIVES)


def test_who_never_gets_a_turn_says_so_and_is_counted_when_it_comes_again(service: Service) -> None:
    busy = cancelled("TransactionConflict")
    with watched_aws(before=lambda call: busy if call.action == "TransactWriteItems" else None):
        assert counting.count(LIVES[:2]) == tickets(LIVES[:2])
    assert counting.count(LIVES[:2]) == set()
    assert stored() == expected(LIVES[:2])


# ------------------------------------------------------------------------------------------------ read, and held to it


def test_a_month_is_shown_in_sum_and_by_opd_division_kind_and_channel(service: Service) -> None:
    warned = Entry(START + 4 * DAY, "escalated", "machine", opd="admin", division="admin", clock=0, rung="warning", n=1)
    waiting = life(50, channel="web")
    waiting = replace(waiting, timeline=(waiting.timeline[0], warned))
    counting.count([*(early(one, 2) for one in LIVES), waiting])
    shown = counting.statistics("2026-11")
    assert shown["period"] == "2026-11"
    assert (shown["total"]["received"], shown["total"]["dispatched"]) == (8, 7)
    assert [(line["opd"], line["dispatched"], line["escalations"]["warning"]) for line in shown["opds"]] == [
        ("admin", 0, 1), ("dpuprpkp", 7, 0),
    ]  # fmt: skip
    assert [(line["opd"], line["division"], line["dispatched"]) for line in shown["divisions"]] == [
        ("admin", "admin", 0), ("dpuprpkp", "jalan", 3), ("dpuprpkp", "pju", 4),
    ]  # fmt: skip
    assert [(line["kind"], line["received"]) for line in shown["kinds"]] == [("complaint", 8)]
    assert [(line["channel"], line["received"]) for line in shown["channels"]] == [("sms", 4), ("web", 4)]


def test_a_month_in_which_nothing_was_is_empty(service: Service) -> None:
    shown = counting.statistics("2020-01")
    assert shown["total"]["received"] == 0
    assert (shown["opds"], shown["divisions"], shown["kinds"], shown["channels"]) == ([], [], [], [])


def test_recount_names_what_is_stored_otherwise_than_the_timelines_say(service: Service) -> None:
    counting.count(LIVES[:2])
    table = boto3.resource("dynamodb").Table(f"{PREFIX}statistics")
    key = {"pk": "2027-01", "sk": "dpuprpkp/taman#complaint#web"}
    table.update_item(Key=key, UpdateExpression="ADD finished :n", ExpressionAttributeValues={":n": 3})
    assert list(counting.recount(LIVES[:2], NOW)) == [
        "statistics 2027-01 dpuprpkp/taman complaint web: finished is 3, by the timelines 0"
    ]
    assert list(counting.recount([], NOW))[-1] == (
        "statistics 2027-01 dpuprpkp/taman complaint web: finished is 3, by the timelines 0"
    )


def test_recount_names_what_was_not_counted_yet(service: Service) -> None:
    received = early(LIVES[0], 1)
    assert list(counting.recount([received], NOW)) == [
        "statistics 2026-11 / complaint web: received is 0, by the timelines 1"
    ]
