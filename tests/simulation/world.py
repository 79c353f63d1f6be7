"""A city that lives by the real workflows: a clock, an agenda, the stream's deliveries, the sweeps and their mishaps.

Everything is done at a time of its own, one thing after the other (but for two sweeps at once), and written into the
log with what came of it.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from chalicelib import stream
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.life import IllegalAction
from chalicelib.workflows import contesting, standings, sweeping
from tests.simulation import stage
from tests.simulation.dice import Dice
from tests.simulation.log import DONE, FULL, ILLEGAL, INCOMPLETE, JAKARTA, NOBODY, NOTHING, Did, local

SWEEPS: Final = ((0, 15), (6, 45), (7, 0), (12, 0), (19, 45), (22, 0))
OUTAGES: Final = ((0.25, 19, 14), (0.45, 6, 26), (0.62, 3, 7 * 24))  # part of the plan, hour of the day, hours
MAIL_DOWN: Final = (0.35, 6, 6)
_BATCH: Final = 100
_MOST_LATE: Final = 300  # minutes by which a sweep's event is delivered late


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how much, and by which dice. `at_once` allows two sweeps in threads: moto takes no threads; `delivers`
    is how often the stream is delivered before a sweep, those of the mornings apart."""

    begin: date
    days: int
    complaints: int
    seed: int
    at_once: bool = True
    delivers: float = 0.8


@dataclass
class World:
    """The city as it lives; `log` is all that the oracle is told."""

    plan: Plan
    carrier: stage.Carrier
    progress: Callable[[str], None] = print
    log: list[Did] = field(default_factory=list)
    now: datetime = field(init=False)
    after_sweep: Callable[[], None] = lambda: None
    _agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0
    _undelivered: list[dict[str, Any]] = field(default_factory=list)
    _old: list[list[dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = Dice(self.plan.seed)
        self.begin = datetime.combine(self.plan.begin, time.min, JAKARTA).astimezone(UTC)
        self.end = self.begin + timedelta(days=self.plan.days)
        self.now = self.begin
        stage.found_city(self.begin)
        self.carrier.stand()
        self._stream = stage.Stream()

    # -------------------------------------------------------------------------------------------- time

    def at(self, when: datetime, what: Callable[[], None]) -> None:
        """Put something on the agenda."""
        heapq.heappush(self._agenda, (when.astimezone(UTC), self.number(), what))

    def number(self) -> int:
        """Return a number that nothing else has."""
        self._number += 1
        return self._number

    def live(self) -> None:
        """Live from the first to the last day."""
        self._plan_sweeps()
        for day in range(29, self.plan.days, 30):
            self.at(self.begin + timedelta(days=day, hours=10), self._tell_progress)
        while self._agenda and self._agenda[0][0] < self.end:
            self.now, _, what = heapq.heappop(self._agenda)
            stage.fresh(self.now)
            what()
        self.now = self.end
        self.deliver()

    def _tell_progress(self) -> None:
        self.progress(f"{local(self.now)[:10]}: {len(self.log):,} things done")

    def _span(self, part: float, hour: int, hours: int) -> tuple[datetime, datetime]:
        start = self.begin + timedelta(days=int(self.plan.days * part), hours=hour)
        return start, start + timedelta(hours=hours)

    def _plan_sweeps(self) -> None:
        outages = [self._span(*outage) for outage in OUTAGES]
        for day in range(self.plan.days):
            for hour, minute in SWEEPS:
                at = self.begin + timedelta(days=day, hours=hour, minutes=minute)
                if not any(begin <= at < end for begin, end in outages):
                    self.at(at, self._sweep_as_of(at))
        down, up = self._span(*MAIL_DOWN)
        self.at(down, lambda: self._mail(is_down=True))
        self.at(up, lambda: self._mail(is_down=False))

    # -------------------------------------------------------------------------------------------- the log

    def note(self, what: str, ticket: str = "", outcome: str = DONE, **args: Any) -> None:
        """Write a line of the log."""
        self.log.append(Did(self.now, what, ticket, outcome, args))

    def do(self, what: str, call: Callable[[], Any], ticket: str = "", **args: Any) -> Any:
        """Do something, and write down what came of it; return that, or None when it was not to be."""
        result, outcome = None, DONE
        try:
            result = call()
            outcome = NOBODY if result is None else DONE
        except (IllegalAction, contesting.NotPossible):
            outcome = ILLEGAL
        except standings.NothingProposed:
            outcome = NOTHING
        except TimelineFull:
            outcome = FULL
        self.note(what, ticket, outcome, **args)
        return result

    # -------------------------------------------------------------------------------------------- machines

    def _mail(self, *, is_down: bool) -> None:
        self.carrier.is_down = is_down
        self.note("mail", is_down=is_down)

    def deliver(self) -> None:
        """Bring the stream's records, some of them twice; what failed comes again next time, and some old ones do."""
        records, self._undelivered = self._undelivered + self._stream.new(), []
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            given = [one for record in batch for one in [record] * (1 + self.dice.happens(0.02))]
            failed = {one["itemIdentifier"] for one in stream.notify(given, self.now)["batchItemFailures"]}
            self._undelivered += [one for one in batch if one["dynamodb"]["SequenceNumber"] in failed]
            if not failed and self.dice.happens(0.1):
                self._old = [*self._old[-5:], batch]
        if self._old and self.dice.happens(0.1) and not self.carrier.is_down:
            again = list(self.dice.choice(self._old))
            if self.dice.happens(0.3):
                self.dice.shuffle(again)
            stream.notify(again, self.now)
        self.note("delivered")

    def _sweep_as_of(self, event: datetime) -> Callable[[], None]:
        """Return the sweep of an event: now and then delivered late, or twice."""

        def run() -> None:
            if self.dice.happens(0.01):
                late = timedelta(minutes=self.dice.randrange(20, _MOST_LATE))
                self.at(event + late, lambda: self._sweep(event))
                return
            self._sweep(event)
            if self.dice.happens(0.05):
                self._sweep(event)

        return run

    def _sweep(self, event: datetime) -> None:
        """Run the sweep, now and then two at once."""
        if self.dice.happens(self.plan.delivers) or event.astimezone(JAKARTA).hour == 7:
            self.deliver()
        outcomes: list[str] = []

        def run() -> None:
            try:
                sweeping.sweep(event, self.now)
                outcomes.append(DONE)
            except sweeping.SweepIncomplete:
                outcomes.append(INCOMPLETE)

        at_once = self.plan.at_once and not self.carrier.is_down and self.dice.happens(0.03)
        threads = [threading.Thread(target=run) for _ in range(1 + at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.note("sweep", outcome=max(outcomes), now=event, at_once=at_once)
        self.after_sweep()
