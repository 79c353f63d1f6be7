"""CPU of one intake through the real API handler, beside a handler that only puts an item of the same size."""

from __future__ import annotations

import json
import os
import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

from infra.bench.rows import Row, at_most, hand_over, progress, told
from infra.bench.stage import CONTEXT, complaint_text, http_event, stand

ROUNDS: Final = 75
CALLS: Final = 20  # a round, of each handler: short, for the machine has other work, too
GOAL: Final = 1.6

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def measure() -> list[Row]:
    """Return the rows of this part."""
    stand(os.environ)
    from infra.bench.null_endpoint import answer_everything

    puts = answer_everything({"Query": registry_answer()})
    from app import app

    events = [http_event("POST", "/complaints", {"text": complaint_text(number)}) for number in range(CALLS)]
    answer = app(events[0], CONTEXT)
    filed = json.loads(answer["body"])
    if answer["statusCode"] != 201 or filed["status"] != "dispatched":
        raise RuntimeError(f"not a certain dispatch: {answer}")
    item = json.loads(puts[0])["Item"]
    progress("CPU of an intake")
    ratio, ours, bare = _compare(app, _bare_handler(item, filed), events)
    return [
        at_most("CPU of an intake through the API handler, beside a bare put_item", ratio, "x", GOAL),
        told("  CPU of the API handler", ours * 1000, "ms"),
        told("  CPU of the bare handler", bare * 1000, "ms"),
        told("  size of a new complaint of 300 characters", _size(item), "bytes"),
    ]


def registry_answer() -> bytes:
    """The registry's answer: the OPDs that the service begins with."""
    from chalicelib.settings import data_file

    rows = [
        {"pk": {"S": "opd"}, "sk": {"S": opd["code"]}, "value": {"S": json.dumps(opd)}}
        for opd in data_file("opds.json")
    ]
    return json.dumps({"Items": rows, "Count": len(rows), "ScannedCount": len(rows)}).encode()


def _bare_handler(item: dict[str, Any], filed: dict[str, Any]) -> Handler:
    """Return a handler that reads the body and puts the same item by boto3, and nothing else."""
    import boto3

    client = boto3.client("dynamodb")

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        text = json.loads(event["body"])["text"]
        ticket = uuid.uuid4().hex[:11]
        client.put_item(
            TableName="bench-complaints",
            Item={**item, "ticket": {"S": ticket}, "text": {"S": text}},
            ConditionExpression="attribute_not_exists(ticket)",
        )
        return {"statusCode": 201, "headers": {"Content-Type": "application/json"}, "body": json.dumps(filed)}

    return handler


def _compare(ours: Handler, bare: Handler, events: Sequence[dict[str, Any]]) -> tuple[float, float, float]:
    """Return the median ratio of the two, and the median seconds of each."""
    for handler in (ours, bare):
        _seconds(handler, [*events] * 10)
    ratios, seconds = [], ([], [])  # type: tuple[list[float], tuple[list[float], list[float]]]
    for number in range(ROUNDS):
        order = ((ours, 0), (bare, 1)) if number % 2 else ((bare, 1), (ours, 0))
        spent = {place: _seconds(handler, events) for handler, place in order}
        ratios.append(spent[0] / spent[1])
        for place in (0, 1):
            seconds[place].append(spent[place])
    return statistics.median(ratios), statistics.median(seconds[0]), statistics.median(seconds[1])


def _seconds(handler: Handler, events: Sequence[dict[str, Any]]) -> float:
    """Return the CPU seconds of one call, of one for each event."""
    begun = time.process_time()
    for event in events:
        if handler(event, CONTEXT)["statusCode"] != 201:
            raise RuntimeError("the handler failed")
    return (time.process_time() - begun) / len(events)


def _size(item: dict[str, Any]) -> int:
    """Return the bytes that DynamoDB counts for an item."""

    def of(value: dict[str, Any]) -> int:
        [(kind, held)] = value.items()
        match kind:
            case "S":
                return len(held.encode())
            case "N":
                return (len(held.lstrip("-").replace(".", "").strip("0")) + 1) // 2 + 1
            case "BOOL" | "NULL":
                return 1
            case "L":
                return 3 + sum(1 + of(one) for one in held)
        raise ValueError(kind)

    return sum(len(name.encode()) + of(value) for name, value in item.items())


if __name__ == "__main__":
    hand_over(measure())
