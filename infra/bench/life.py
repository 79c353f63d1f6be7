"""Requests and units of a complaint's whole life, step by step, averaged over a thousand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from infra.bench import engine
from infra.bench.meter import Cost, metered
from infra.bench.rows import Row, at_most, hand_over, progress, told
from infra.bench.stage import CONTEXT, answer_text, complaint_text, http_event, officer

LIVES: Final = 1_000
FEWER: Final = 200
LATE: Final = 10  # one in so many
BATCH: Final = 100  # stream records in one invocation
UNITS, REQUESTS = 20, 10
PRIZE_UNITS, PRIZE_REQUESTS = 12, 8
_STEPS: Final = "create, notify, answer, notify, close, notify; 10 % late; counting with each notify"


def measure() -> list[Row]:
    """Return the rows of this part."""
    with engine.a_city():
        stream = engine.Stream()
        named, unnamed = Lives(stream, LIVES, "warga@rumah.example"), Lives(stream, FEWER)
        progress(f"{LIVES:,} lives")
        named.live()
        progress(f"{FEWER} lives of complaints that nobody left a name for")
        unnamed.live()
    return [
        *_whole(f"a complaint's life ({_STEPS}; reporter with an e-mail address)", named.steps),
        *_by_step(named.steps),
        *_whole("the same where nobody left a name", unnamed.steps),
    ]


@dataclass(slots=True)
class Lives:
    """So many complaints from their filing to what their reporters are told of the answer, and what each step cost."""

    stream: engine.Stream
    count: int
    email: str | None = None
    steps: dict[str, Cost] = field(default_factory=dict)

    def live(self) -> None:
        """Live them all; one in ten is answered only after its deadline."""
        with metered() as cost:
            filed = [self.file(number) for number in range(self.count)]
            self._spent("create", cost)
            self.notify()
            self._spent("notify of it", cost)
            late = self.count // LATE
            for some in (filed[late:], filed[:late]):
                if len(some) == late:
                    self._escalate(some)
                    self.notify()
                    self._spent("escalate the late ones, tell of it, notify of it", cost)
                self.answer(some)
                self._spent("answer", cost)
                self.notify()
                self._spent("notify of the answer", cost)
            self._close()
            self.notify()
            self._spent("close after silence, notify of it", cost)

    def _spent(self, step: str, cost: Cost) -> None:
        """Book what was spent since the last step, for one complaint."""
        known = self.steps.setdefault(step, Cost())
        known += cost.each(self.count)
        cost.requests = cost.writes = cost.reads = 0

    def file(self, number: int) -> dict[str, Any]:
        contact = {"email": self.email} if self.email else {}
        return _ok(http_event("POST", "/complaints", {"text": complaint_text(number), **contact}))

    def notify(self) -> None:
        from app import notify_opd

        for batch in self.stream.take(BATCH):
            if failed := notify_opd({"Records": batch}, CONTEXT)["batchItemFailures"]:
                raise RuntimeError(f"not told: {failed[:3]}")

    def answer(self, some: Iterable[dict[str, Any]]) -> None:
        for one in some:
            who, path = officer(one["opd"]), "/opd/complaints/{ticket}/answer"
            _ok(http_event("POST", path, {"text": answer_text()}, who=who, ticket=one["ticket"]))

    def _escalate(self, some: list[dict[str, Any]]) -> None:
        from app import sweep_deadlines

        due = max(datetime.fromisoformat(one["answer_due_at"]) for one in some)
        done = sweep_deadlines(engine.sweep_event(due + timedelta(hours=8)), CONTEXT)
        if done["recorded"] != len(some):
            raise RuntimeError(f"not {len(some)} escalations: {done}")

    def _close(self) -> None:
        """Let the window after the answers pass: the sweep closes them all."""
        from app import sweep_deadlines

        sweep_deadlines(engine.sweep_event(datetime.now(UTC) + timedelta(days=40)), CONTEXT)


def _ok(event: dict[str, Any]) -> dict[str, Any]:
    from app import app

    answer = app(event, CONTEXT)
    if answer["statusCode"] not in (200, 201):
        raise RuntimeError(f"{event['path']}: {answer}")
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def _whole(life: str, steps: dict[str, Cost]) -> list[Row]:
    """Return a whole life against goal and prize."""
    whole = Cost()
    for cost in steps.values():
        whole += cost
    return [
        at_most(f"write units of {life}", whole.writes, "units", UNITS),
        at_most("  the prize", whole.writes, "units", PRIZE_UNITS),
        at_most(f"requests of {life}", whole.requests, "requests", REQUESTS),
        at_most("  the prize", whole.requests, "requests", PRIZE_REQUESTS),
        told("  read units", whole.reads, "units"),
    ]


def _by_step(steps: dict[str, Cost]) -> list[Row]:
    return [
        told(f"  {step}: {unit}", value, unit)
        for step, cost in steps.items()
        for unit, value in (("requests", cost.requests), ("write units", cost.writes), ("read units", cost.reads))
    ]


if __name__ == "__main__":
    hand_over(measure())
