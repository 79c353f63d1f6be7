"""The schedules: fire the sweep and the reconciler at their times, the sweep also when an operator asks for it."""

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
    """A thread that calls one handler again and again; its calls never overlap, whoever asked for them."""

    def __init__(
        self, handler: Callable[[dict[str, Any], LambdaContext], Any], name: str, every: timedelta = EVERY
    ) -> None:
        self._handler, self._name, self._every = handler, name, every
        self._one_at_a_time = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Call it in the background from the next full quarter of an hour, or hour, on."""
        self._thread.start()

    def stop(self, patience: float) -> None:
        """Begin no further call, and wait at most `patience` seconds for one that is under way."""
        self._stopping.set()
        if self._one_at_a_time.acquire(timeout=patience):
            self._one_at_a_time.release()

    def fire(self, now: datetime) -> Any:
        """Send the scheduled event of `now` to the handler; return what it returns."""
        with self._one_at_a_time:
            return self._handler(scheduled_event(now), LambdaContext(f"sambat-local-{self._name}"))

    def _run(self) -> None:
        due = next_firing(datetime.now(UTC), self._every)
        while not self._stopping.wait(min(_NAP, max(0.0, (due - datetime.now(UTC)).total_seconds()))):
            now = datetime.now(UTC)
            if now < due:
                continue
            due = next_firing(now, self._every)
            try:
                self.fire(now)
            except Exception:
                _LOG.exception("%s failed; the next one takes up what this one left", self._name)


def next_firing(now: datetime, every: timedelta = EVERY) -> datetime:
    """Return the first full quarter of an hour (or what `every` is, at most an hour) after `now`."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour + ((now - hour) // every + 1) * every
