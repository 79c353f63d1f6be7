"""The schedule: fires the sweep at each quarter of an hour, and at any instant that an operator asks for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from infra.local.aws_events import LambdaContext, scheduled_event

_LOG: Final = logging.getLogger(__name__)
EVERY: Final = timedelta(minutes=15)
_NAP: Final = 20.0  # seconds: short, so that a laptop that slept sweeps soon after waking


class Schedule:
    """A thread that sweeps; sweeps never overlap, whoever asked for them."""

    def __init__(self, sweep: Callable[[dict[str, Any], LambdaContext], Any]) -> None:
        self._sweep = sweep
        self._one_at_a_time = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def start(self) -> None:
        """Sweep in the background from the next quarter of an hour on."""
        self._thread.start()

    def stop(self, patience: float) -> None:
        """Begin no further sweep, and wait at most `patience` seconds for one that is under way."""
        self._stopping.set()
        if self._one_at_a_time.acquire(timeout=patience):
            self._one_at_a_time.release()

    def fire(self, now: datetime) -> Any:
        """Send the scheduled event of `now` to the handler; return what it returns."""
        with self._one_at_a_time:
            return self._sweep(scheduled_event(now), LambdaContext("sambat-local-sweep_deadlines"))

    def _run(self) -> None:
        due = next_firing(datetime.now(UTC))
        while not self._stopping.wait(min(_NAP, max(0.0, (due - datetime.now(UTC)).total_seconds()))):
            now = datetime.now(UTC)
            if now < due:
                continue
            due = next_firing(now)
            try:
                self.fire(now)
            except Exception:
                _LOG.exception("the sweep failed; the next one reads on from its watermark")


def next_firing(now: datetime) -> datetime:
    """Return the first quarter of an hour after `now`."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour + ((now - hour) // EVERY + 1) * EVERY
