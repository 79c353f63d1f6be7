"""How a batch of stream records reaches its handler: Lambda's event source mapping, as a function of answers.

Records go in their order; a batch whose handler raises is cut in half, one whose handler names failures goes on from
the lowest of them; the record that stays stuck is tried a few times more, then parked, so that the others get through.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]
Invoke = Callable[[Sequence[Record]], Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient the delivery is: batches of `size` at most, `retries` after the first try, `wait` doubling."""

    size: int = 100
    retries: int = 3
    wait: float = 0.2

    def pause_before(self, retry: int) -> float:
        """Return the seconds to wait before the n-th retry (from 1)."""
        return float(self.wait * 2 ** (retry - 1))


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that is given up on: how often it was tried, and what the handler raised last ("" if it named it)."""

    record: Record
    tries: int
    error: str


def batches(records: Sequence[Record], size: int) -> Iterator[Sequence[Record]]:
    """Cut `records` into consecutive batches of at most `size`."""
    return (records[start : start + size] for start in range(0, len(records), size))


def sequence_number(record: Record) -> str:
    """Return a record's place in the stream."""
    return str(record["dynamodb"]["SequenceNumber"])


def first_failure(records: Sequence[Record], answer: Any) -> int | None:
    """Return the index of the lowest record that the handler's answer names as failed; None = all of them succeeded.

    As Lambda reads it: no answer, or no failures in it, is success; an unknown identifier fails the whole batch.
    """
    failures = answer.get("batchItemFailures") if isinstance(answer, Mapping) else None
    if not failures:
        return None
    place = {sequence_number(record): index for index, record in enumerate(records)}
    named = [failure.get("itemIdentifier") if isinstance(failure, Mapping) else None for failure in failures]
    return min(place.get(str(identifier), 0) for identifier in named)


def deliver(
    records: Sequence[Record], invoke: Invoke, policy: Policy, pause: Callable[[float], None]
) -> Iterator[str | Parked]:
    """Deliver `records` in order; yield each place up to which all is settled, and each record that is given up on."""
    waiting = deque((batch, 0) for batch in batches(records, policy.size))
    while waiting:
        batch, tries = waiting.popleft()
        failed, error = _try(batch, invoke)
        if failed is None:
            yield sequence_number(batch[-1])
            continue
        if error and len(batch) > 1:  # nobody knows which one it was
            middle = len(batch) // 2
            waiting.extendleft([(batch[middle:], 0), (batch[:middle], tries)])
            continue
        if failed:
            yield sequence_number(batch[failed - 1])
        rest, tried = batch[failed:], (0 if failed else tries) + 1
        if tried > policy.retries:
            yield Parked(rest[0], tried, error)
            yield sequence_number(rest[0])
            rest, tried = rest[1:], 0
        else:
            pause(policy.pause_before(tried))
        if rest:
            waiting.appendleft((rest, tried))


def _try(batch: Sequence[Record], invoke: Invoke) -> tuple[int | None, str]:
    """Return the index of the first record that failed (None: none did), and what was raised, if something was."""
    try:
        return first_failure(batch, invoke(batch)), ""
    except Exception as error:  # whatever a handler raises fails its batch
        return 0, f"{type(error).__name__}: {error}"
