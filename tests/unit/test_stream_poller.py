"""The delivery of stream records: in order, none lost, none held up for long by one that cannot be delivered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws_events import failure_message, lambda_record
from infra.local.delivery import Parked, Policy, Record, deliver, first_failure, sequence_number
from infra.local.schedule import next_firing
from infra.local.stream_poller import Stream, StreamPoller

POLICY = Policy(size=8, retries=2, wait=1.0)


def record(number: int) -> Record:
    return {
        "eventName": "INSERT",
        "eventSourceARN": "arn:aws:dynamodb:x:0:table/complaints/stream/s",
        "dynamodb": {"SequenceNumber": f"{number:021d}", "Keys": {"ticket": {"S": str(number)}}},
    }


def number_of(one: Record) -> int:
    return int(sequence_number(one))


class Handler:
    """A `notify_opd` that cannot do some records; `says` is how it tells: by raising or by naming them."""

    def __init__(self, poison: Sequence[int] = (), says: str = "names", recovers_after: int = 10**6) -> None:
        self.poison = set(poison)
        self.says = says
        self.recovers_after = recovers_after
        self.done: list[int] = []
        self.tried: dict[int, int] = {}
        self.sizes: list[int] = []

    def __call__(self, records: Sequence[Record]) -> Any:
        self.sizes.append(len(records))
        failed = []
        for one in records:
            number = number_of(one)
            self.tried[number] = self.tried.get(number, 0) + 1
            if number in self.poison and self.tried[number] <= self.recovers_after:
                if self.says == "raises":
                    raise ValueError(f"record {number}")
                failed.append({"itemIdentifier": sequence_number(one)})
            else:
                self.done.append(number)
        return {"batchItemFailures": failed}


def run(handler: Callable[[Sequence[Record]], Any], count: int) -> tuple[list[int], list[int], list[float]]:
    """Deliver `count` records; return the places settled, the records parked, and the waits."""
    waits: list[float] = []
    outcomes = list(deliver([record(number) for number in range(count)], handler, POLICY, waits.append))
    settled = [int(outcome) for outcome in outcomes if isinstance(outcome, str)]
    return settled, [number_of(outcome.record) for outcome in outcomes if isinstance(outcome, Parked)], waits


def test_healthy_records_are_each_delivered_once_in_order_and_in_batches_of_the_agreed_size() -> None:
    handler = Handler()
    settled, parked, waits = run(handler, 20)
    assert handler.done == list(range(20))
    assert handler.sizes == [8, 8, 4]
    assert (settled, parked, waits) == ([7, 15, 19], [], [])


@pytest.mark.parametrize("says", ["raises", "names"])
@pytest.mark.parametrize("place", range(10))
def test_a_poison_record_at_any_place_is_parked_and_every_other_one_delivered(place: int, says: str) -> None:
    handler = Handler([place], says)
    settled, parked, waits = run(handler, 10)
    assert parked == [place]
    assert set(handler.done) == set(range(10)) - {place}
    assert settled == sorted(settled)
    assert settled[-1] == 9
    assert sum(waits) == 3.0  # 1 + 2: the retries of one record, whatever stands around it


@pytest.mark.parametrize("says", ["raises", "names"])
def test_several_poison_records_are_parked_each_for_itself(says: str) -> None:
    handler = Handler([0, 3, 4, 9], says)
    _, parked, _ = run(handler, 10)
    assert parked == [0, 3, 4, 9]
    assert set(handler.done) == {1, 2, 5, 6, 7, 8}


@pytest.mark.parametrize("says", ["raises", "names"])
def test_a_record_that_recovers_within_the_retries_is_not_parked(says: str) -> None:
    handler = Handler([2], says, recovers_after=2)
    _, parked, _ = run(handler, 4)
    assert parked == []
    assert set(handler.done) == {0, 1, 2, 3}


def test_a_lone_record_is_tried_once_and_then_as_often_as_the_policy_retries() -> None:
    handler = Handler([0], "raises")
    _, parked, waits = run(handler, 1)
    assert parked == [0]
    assert handler.tried[0] == 1 + POLICY.retries
    assert waits == [1.0, 2.0]


def test_every_record_has_retries_of_its_own() -> None:
    stuck = iter([0, 0, 3, 3, None])

    def handler(records: Sequence[Record]) -> Any:
        failing = next(stuck)
        return {"batchItemFailures": [] if failing is None else [{"itemIdentifier": sequence_number(record(failing))}]}

    _, parked, waits = run(handler, 6)
    assert parked == []
    assert waits == [1.0, 2.0, 1.0, 2.0]


def test_records_before_the_lowest_failure_are_settled_and_not_delivered_again() -> None:
    handler = Handler([5], "names")
    settled, _, _ = run(handler, 8)
    assert settled[0] == 4
    assert all(handler.tried[number] == 1 for number in range(5))


def test_records_of_one_complaint_never_overtake_each_other() -> None:
    handler = Handler([3], "raises")
    run(handler, 10)
    firsts = list(dict.fromkeys(handler.done))
    assert firsts == sorted(firsts)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, None),
        ("text", None),
        ({}, None),
        ({"batchItemFailures": []}, None),
        ({"batchItemFailures": None}, None),
        ({"batchItemFailures": [{"itemIdentifier": f"{2:021d}"}, {"itemIdentifier": f"{1:021d}"}]}, 1),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 0),
        ({"batchItemFailures": ["nonsense"]}, 0),
    ],
)
def test_the_handlers_answer_is_read_as_lambda_reads_it(answer: Any, expected: int | None) -> None:
    assert first_failure([record(number) for number in range(3)], answer) == expected


class FakeStream(Stream):
    """A stream in memory."""

    def __init__(self, count: int) -> None:
        self.unread = [record(number) for number in range(count)]

    def read(self) -> list[Record]:
        page, self.unread = self.unread[:4], self.unread[4:]
        return page


def poller(
    data: Path, stream: FakeStream, handler: Callable[[Sequence[Record]], Any]
) -> tuple[StreamPoller, list[int]]:
    parked: list[int] = []

    def park(given_up: Parked) -> None:
        parked.append(number_of(given_up.record))

    policy = Policy(size=3, retries=1, wait=0.0)
    return StreamPoller(lambda _: stream, handler, park, data, policy, interval=0.01), parked


def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it never became true")


def test_the_poller_delivers_parks_and_remembers_its_place(tmp_path: Path) -> None:
    handler = Handler([5])
    running, parked = poller(tmp_path, FakeStream(10), handler)
    running.start()
    until(lambda: 9 in handler.done)
    assert running.stop(1.0) == 0
    assert parked == [5]
    assert set(handler.done) == set(range(10)) - {5}
    assert int((tmp_path / "stream-position").read_text()) == 9
    assert not (tmp_path / "stream-backlog.jsonl").exists()


def test_stopping_delivers_what_is_still_in_the_stream(tmp_path: Path) -> None:
    handler = Handler()
    running, _ = poller(tmp_path, FakeStream(40), handler)
    running.start()
    assert running.stop(5.0) == 0
    assert handler.done == list(range(40))


def test_what_could_not_be_delivered_in_time_comes_first_after_the_next_start(tmp_path: Path) -> None:
    def hanging(_: Sequence[Record]) -> Any:
        time.sleep(0.3)

    running, _ = poller(tmp_path, FakeStream(10), hanging)
    running.start()
    left = running.stop(0.1)
    assert 0 < left <= 10

    handler = Handler()
    again, _ = poller(tmp_path, FakeStream(0), handler)
    again.start()
    until(lambda: 9 in handler.done)
    again.stop(1.0)
    assert handler.done == list(range(10 - left, 10))
    assert not (tmp_path / "stream-backlog.jsonl").exists()


def test_a_fault_of_the_stream_or_of_the_failure_queue_is_survived(tmp_path: Path) -> None:
    faults: Iterator[Exception] = iter([OSError("the engine is busy"), OSError("still")])

    class Flaky(FakeStream):
        def read(self) -> list[Record]:
            if (fault := next(faults, None)) is not None:
                raise fault
            return super().read()

    handler = Handler()
    running, _ = poller(tmp_path, Flaky(3), handler)
    running.start()
    until(lambda: len(handler.done) == 3)
    assert running.stop(1.0) == 0


def test_a_record_reaches_the_handler_as_json_with_its_streams_arn() -> None:
    made_at = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    read = {
        "eventID": "e",
        "dynamodb": {
            "SequenceNumber": "1",
            "ApproximateCreationDateTime": made_at,
            "NewImage": {"photo": {"B": b"\x00\xff"}, "tags": {"L": [{"S": "a"}]}},
        },
    }
    sent = json.loads(json.dumps(lambda_record(read, "arn:stream")))
    assert sent["eventSourceARN"] == "arn:stream"
    assert sent["dynamodb"]["ApproximateCreationDateTime"] == made_at.timestamp()
    assert sent["dynamodb"]["NewImage"] == {"photo": {"B": "AP8="}, "tags": {"L": [{"S": "a"}]}}


def test_the_failure_queue_gets_the_place_of_a_record_and_not_its_content() -> None:
    message = failure_message(Parked(record(7), 4, "ValueError: x"), "notify_opd")
    assert message["DDBStreamBatchInfo"]["startSequenceNumber"] == sequence_number(record(7))
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["requestContext"]["approximateInvokeCount"] == 4
    assert "ticket" not in json.dumps(message)


@pytest.mark.parametrize(
    ("now", "expected"), [("07:00:00", "07:15:00"), ("07:14:59", "07:15:00"), ("23:59:59", "00:00:00")]
)
def test_the_schedule_fires_at_each_quarter_of_an_hour(now: str, expected: str) -> None:
    fired = next_firing(datetime.fromisoformat(f"2026-11-24T{now}+00:00"))
    assert fired.time().isoformat() == expected
