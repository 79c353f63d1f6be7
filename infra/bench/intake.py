"""CPU of one intake through the real API handler, beside a handler that only puts an item of the same size."""

from __future__ import annotations

import json
import os
import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

from infra.bench.meter import size_of
from infra.bench.rows import Row, at_most, hand_over, progress, told
from infra.bench.stage import CONTEXT, complaint_text, http_event, stand

ROUNDS: Final = 120
CALLS: Final = 20  # a round, of each handler, each another text
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
    import boto3

    from chalicelib.adapters.tables import WIRE

    ratio, ours, bare = compare(app, bare_handler(boto3.client("dynamodb"), item, filed), events)
    beside_our_client, _, _ = compare(app, bare_handler(WIRE.client, item, filed), events)
    return [
        at_most("CPU of an intake through the API handler, beside a bare put_item", ratio, "x", GOAL),
        told("  CPU of the API handler", ours * 1000, "ms"),
        told("  CPU of the bare handler", bare * 1000, "ms"),
        told("  beside a bare put_item by the service's own lighter client", beside_our_client, "x"),
        told("  size of a new complaint of 300 characters", size_of(item), "bytes"),
    ]


def registry_answer() -> bytes:
    """The registry's answer: the OPDs that the service begins with."""
    from chalicelib.settings import data_file

    rows = [
        {"pk": {"S": "opd"}, "sk": {"S": opd["code"]}, "value": {"S": json.dumps(opd)}}
        for opd in data_file("opds.json")
    ]
    return json.dumps({"Items": rows, "Count": len(rows), "ScannedCount": len(rows)}).encode()


def bare_handler(client: Any, item: dict[str, Any], filed: dict[str, Any]) -> Handler:
    """Return a handler that reads the body and puts the same item by that client, and nothing else."""

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


def compare(ours: Handler, bare: Handler, events: Sequence[dict[str, Any]]) -> tuple[float, float, float]:
    """Return the median ratio of the two over all rounds, and the median seconds of a call of each.

    The two take turns call by call: what else the machine does then slows both alike.
    """
    rounds = [
        (sum(spent[0] for spent in turns) / CALLS, sum(spent[1] for spent in turns) / CALLS)
        for turns in ([(_seconds(ours, event), _seconds(bare, event)) for event in events] for _ in range(ROUNDS))
    ][ROUNDS // 10 :]  # the first ones warm up
    ratios = [mine / its for mine, its in rounds]
    return statistics.median(ratios), *(statistics.median(side) for side in zip(*rounds, strict=True))


def _seconds(handler: Handler, event: dict[str, Any]) -> float:
    """Return the CPU seconds of one call."""
    begun = time.process_time()
    answer = handler(event, CONTEXT)
    spent = time.process_time() - begun
    if answer["statusCode"] not in (200, 201):
        raise RuntimeError(f"the handler failed: {answer}")
    return spent


if __name__ == "__main__":
    hand_over(measure())
