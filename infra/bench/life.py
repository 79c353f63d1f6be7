"""Requests and units of a complaint's whole life, step by step, averaged over a thousand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from infra.bench import engine
from infra.bench.meter import Cost, metered
from infra.bench.rows import Row, at_most, hand_over, progress, told
from infra.bench.stage import CONTEXT, answer_text, complaint_text, http_event, officer

LIVES: Final = 1_000
LATE: Final = 100
BATCH: Final = 100  # stream records in one invocation
UNITS, REQUESTS = 20, 10
PRIZE_UNITS, PRIZE_REQUESTS = 12, 8
NAMED: Final = "reporter with an e-mail address"
UNNAMED: Final = "nobody left a name"


def measure() -> list[Row]:
    """Return the rows of this part."""
    rows = []
    for who, email in ((NAMED, "warga@rumah.example"), (UNNAMED, None)):
        with engine.a_city():
            steps = _lives(email)
        rows += _rows(who, steps)
        break
    return rows


def _lives(email: str | None) -> dict[str, Cost]:
    """Live LIVES lives and return what each step cost, of one complaint."""
    from app import app, notify_opd, sweep_deadlines

    stream = engine.Stream()
    steps: dict[str, Cost] = {}

    def notify() -> None:
        for batch in stream.take(BATCH):
            if failed := notify_opd({"Records": batch}, CONTEXT)["batchItemFailures"]:
                raise RuntimeError(f"not told: {failed[:3]}")

    def answer(some: Sequence[dict[str, Any]]) -> None:
        for one in some:
            said = {"text": answer_text()}
            _ok(
                app,
                http_event(
                    "POST", "/opd/complaints/{ticket}/answer", said, who=officer(one["opd"]), ticket=one["ticket"]
                ),
            )

    progress(f"{LIVES} lives ({'e-mail' if email else 'unnamed'})")
    with metered() as cost:
        body = {"email": email} if email else {}
        filed = [_ok(app, http_event("POST", "/complaints", {"text": complaint_text(n), **body})) for n in range(LIVES)]
        steps["create"] = _taken(cost)
        notify()
        steps["notify of it"] = _taken(cost)
        answer(filed[LATE:])
        in_time = _taken(cost)
        notify()
        told_in_time = _taken(cost)
        due = max(datetime.fromisoformat(one["answer_due_at"]) for one in filed)
        if (done := sweep_deadlines(engine.sweep_event(due + timedelta(hours=8)), CONTEXT))["recorded"] != LATE:
            raise RuntimeError(f"not {LATE} escalations: {done}")
        notify()
        steps["late: escalate, notify"] = _taken(cost)
        answer(filed[:LATE])
        steps["answer"] = _sum(in_time, _taken(cost))
        notify()
        steps["notify of the answer"] = _sum(told_in_time, _taken(cost))
    return steps


def _ok(app: Any, event: dict[str, Any]) -> dict[str, Any]:
    answer = app(event, CONTEXT)
    if answer["statusCode"] not in (200, 201):
        raise RuntimeError(f"{event['path']}: {answer}")
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def _taken(cost: Cost) -> Cost:
    """Return what was spent for one complaint, and begin anew."""
    spent = cost.each(LIVES)
    cost.requests = cost.writes = cost.reads = 0
    return spent


def _sum(*costs: Cost) -> Cost:
    return Cost(sum(c.requests for c in costs), sum(c.writes for c in costs), sum(c.reads for c in costs))


def _rows(who: str, steps: dict[str, Cost]) -> list[Row]:
    """Return the whole life against goal and prize, then each step."""
    life = f"a complaint's life (create, notify, answer, notify; closing does not exist yet; 10 % late; {who})"
    whole = _sum(*steps.values())
    rows = [
        at_most(f"write units of {life}", whole.writes, "units", UNITS),
        at_most("  the same, the prize", whole.writes, "units", PRIZE_UNITS),
        at_most(f"requests of {life}", whole.requests, "requests", REQUESTS),
        at_most("  the same, the prize", whole.requests, "requests", PRIZE_REQUESTS),
        told(f"read units of {life}", whole.reads, "units"),
    ]
    for step, cost in steps.items():
        for unit, value in (("requests", cost.requests), ("write units", cost.writes), ("read units", cost.reads)):
            rows.append(told(f"  {step}: {unit}", value, unit))
    return rows


if __name__ == "__main__":
    hand_over(measure())
