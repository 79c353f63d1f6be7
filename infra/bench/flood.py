"""A flood of SMS through the webhook: each delivered twice, some under two ids, by a schedule that waits for nobody.

Several processes, each with the app in it as a Lambda has it, take the next delivery when its time has come, however
late the others are. Afterwards the tables are read: each message must be the text of exactly one complaint.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, Final

from infra.bench.deliveries import SECRET, by_generic, sms_text
from infra.bench.rows import Row, at_most, hand_over, progress, told

_TRIES: Final = 60  # of one delivery, each after a 5xx
_PAUSE: Final = 0.25  # seconds before the next try
_PATIENCE: Final = 120.0  # seconds until every process must have started
_RETRIED_AFTER: Final = (0.0, 0.05, 1.0)  # seconds; every fourth message, after the longest wait
_TWIN_AFTER: Final = (0.0, 3.0)  # seconds
_CITIZENS_EACH: Final = 3  # messages of one number


@dataclass(frozen=True, slots=True)
class Flood:
    """So many messages, so many a second; one in `twins` comes under two ids."""

    messages: int = 6_000
    per_second: int = 100
    twins: int = 10
    longest_wait: float = 10.0
    processes: int = 4

    def schedule(self) -> list[Delivery]:
        """Return all deliveries in the order of their times."""
        found = []
        for number in range(self.messages):
            at, waits = number / self.per_second, (*_RETRIED_AFTER, self.longest_wait)
            ids = {f"sms-{number}": at}
            if number % self.twins == 0:
                ids[f"twin-{number}"] = at + _TWIN_AFTER[number // self.twins % 2]
            for message_id, first in ids.items():
                found.append(Delivery(first, number, message_id, is_first=first == at and message_id[0] == "s"))
                found.append(Delivery(first + waits[number % len(waits)], number, message_id, is_first=False))
        return sorted(found, key=lambda one: one.at)

    def sent(self) -> dict[str, str]:
        """Return the number that sent each text."""
        return {sms_text(number): _sender(number) for number in range(self.messages)}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery, `at` so many seconds after the beginning; `is_first` of its message."""

    at: float
    number: int
    message_id: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """When a delivery was begun and answered 2xx, in seconds after the beginning, and how often it was 5xx before."""

    delivery: Delivery
    begun: float
    ended: float
    faults: int


@dataclass(slots=True)
class Damage:
    """What the tables say: messages that are no complaint, that are several, complaints of no message or of another
    number than sent it."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    of_others: list[str] = field(default_factory=list)


def _sender(number: int) -> str:
    return f"+62800{number // _CITIZENS_EACH + 1:08d}"


# ------------------------------------------------------------------------------------------------ one process


class _Turns:
    """What the processes share: which delivery is the next, and that they begin together."""

    next: Any
    together: Any


def _join(next_: Any, together: Any) -> None:
    _Turns.next, _Turns.together = next_, together


def _work(flood: Flood) -> list[Delivered]:
    """Deliver, each at its time, what no other process has taken."""
    from app import app
    from infra.bench.stage import CONTEXT, http_event

    schedule = flood.schedule()
    done: list[Delivered] = []
    app(http_event("GET", "/services"), CONTEXT)  # a worker that is warm
    _Turns.together.wait()
    zero = time.monotonic()
    while True:
        with _Turns.next.get_lock():
            turn, _Turns.next.value = _Turns.next.value, _Turns.next.value + 1
        if turn >= len(schedule):
            return done
        time.sleep(max(0.0, schedule[turn].at - (time.monotonic() - zero)))
        done.append(_deliver(app, schedule[turn], zero))


def _deliver(app: Any, delivery: Delivery, zero: float) -> Delivered:
    """Deliver until it is answered 2xx, as a provider does, signed anew each time; RuntimeError when it never is."""
    from infra.bench.stage import CONTEXT

    begun = time.monotonic() - zero
    for faults in range(_TRIES):
        event = by_generic(sms_text(delivery.number), _sender(delivery.number), delivery.message_id)
        answer = app(event, CONTEXT)
        if answer["statusCode"] == 200:
            return Delivered(delivery, begun, time.monotonic() - zero, faults)
        if answer["statusCode"] < 500:
            break
        time.sleep(_PAUSE)
    raise RuntimeError(f"never taken: {delivery.message_id}, {answer['statusCode']} {answer['body']}")


# ------------------------------------------------------------------------------------------------ all of them


def pour(flood: Flood) -> list[Delivered]:
    """Deliver the whole flood to the city that the environment names, and return each delivery."""
    context = get_context("spawn")
    next_, together = context.Value("q", 0), context.Barrier(flood.processes, timeout=_PATIENCE)
    with ProcessPoolExecutor(flood.processes, context, _join, (next_, together)) as pool:
        shares = [pool.submit(_work, flood) for _ in range(flood.processes)]
        return [one for share in shares for one in share.result()]


def damage(flood: Flood, complaints: Iterable[Mapping[str, Any]], reporters: Iterable[Mapping[str, Any]]) -> Damage:
    """Return what is wrong with what is stored."""
    sent, found = flood.sent(), Damage()
    phones = {str(one["ticket"]): one.get("phone") for one in reporters}
    count: Counter[str] = Counter()
    for one in complaints:
        text, ticket = str(one["text"]), str(one["ticket"])
        count[text] += 1
        if text not in sent:
            found.strange.append(ticket)
        elif phones.get(ticket) != sent[text]:
            found.of_others.append(ticket)
    found.lost = [text for text in sent if not count[text]]
    found.doubled = [text for text in sent if count[text] > 1]
    return found


def measure() -> list[Row]:
    """Return the rows of this part."""
    from infra.bench import engine

    flood = Flood()
    with engine.a_city(SAMBAT_SMS_GENERIC_SECRET=SECRET):
        progress(f"a flood of {flood.messages:,} SMS")
        delivered = pour(flood)
        progress("reading what became of it")
        found = damage(flood, engine.items("complaints"), engine.items("reporters"))
        where = engine.name()
    return _rows(flood, delivered, found, where)


def _rows(flood: Flood, delivered: Sequence[Delivered], found: Damage, where: str) -> list[Row]:
    name = f"a flood of {flood.messages:,} SMS, each retried once, 1 in {flood.twins} under two ids, on {where}"
    firsts = [one for one in delivered if one.delivery.is_first]
    by_time = sorted(delivered, key=lambda one: one.delivery.at)
    took = [(one.ended - one.begun) * 1000 for one in delivered if not one.faults]
    last = max(one.ended for one in delivered)
    return [
        at_most(f"{name}: messages lost", len(found.lost), "messages", 0),
        at_most("  doubled", len(found.doubled), "messages", 0),
        at_most("  complaints of no message, or not of its number", len(found.strange + found.of_others), "", 0),
        told(f"  messages a second reached, of {flood.per_second} asked",
             flood.messages / max(one.ended for one in firsts), "messages"),
        told("  deliveries a second reached", len(delivered) / last, "deliveries"),
        told("  how late the schedule ran at its end", by_time[-1].begun - by_time[-1].delivery.at, "s"),
        told("  answers 5xx, which were tried again", sum(one.faults for one in delivered), "answers"),
        told("  an answer took, median", statistics.median(took), "ms"),
        told("  an answer took, 99 of 100 at most", statistics.quantiles(took, n=100)[-1], "ms"),
    ]  # fmt: skip


if __name__ == "__main__":
    hand_over(measure())
