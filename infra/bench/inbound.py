"""CPU of an SMS that comes in (webhook, verify, read, store, answer), beside a handler that only puts its complaint."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, Final

from infra.bench.deliveries import ALL_ON, by_generic, by_vonage, sms_text, taken
from infra.bench.intake import CALLS, bare_handler, compare, registry_answer
from infra.bench.rows import Row, hand_over, progress, told
from infra.bench.stage import CONTEXT, http_event, stand

_PROVIDERS: Final[dict[str, Callable[[str, str, str], dict[str, Any]]]] = {"generic": by_generic, "vonage": by_vonage}


def measure() -> list[Row]:
    """Return the rows of this part."""
    stand(os.environ, **ALL_ON)
    from infra.bench.null_endpoint import NOTHING, answer_everything

    puts = answer_everything({"Query bench-registry": registry_answer(), "Query": NOTHING})
    from app import app

    filed = app(http_event("POST", "/complaints", {"text": sms_text(0)}), CONTEXT)
    if filed["statusCode"] != 201:
        raise RuntimeError(f"not filed: {filed}")
    item = json.loads(puts[0])["Item"]
    import boto3

    bare = bare_handler(boto3.client("dynamodb"), item, json.loads(filed["body"]))
    rows: list[Row] = []
    for name, delivered in _PROVIDERS.items():
        progress(f"CPU of an SMS by {name}")
        events = [delivered(sms_text(at), f"+62800{at:08d}", f"sms-{at:06d}") for at in range(CALLS)]
        for event in events:
            taken(app(event, CONTEXT))
        ratio, ours, its = compare(app, bare, events)
        what = f"CPU of an inbound SMS by {name} (webhook, verify, read, store, answer), beside a bare put_item"
        rows += [
            told(what, ratio, "x"),
            told("  CPU of the API handler", ours * 1000, "ms"),
            told("  CPU of the bare handler", its * 1000, "ms"),
        ]
    return rows


if __name__ == "__main__":
    hand_over(measure())
