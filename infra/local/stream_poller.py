"""Reads the complaints' stream and hands its records to `notify_opd`; remembers how far it came.

The emulator forgets unread stream records when it stops. So the poller is drained first, and what could not be
delivered in time is kept in DATA and comes first after the next start.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from infra.local.aws_events import lambda_record
from infra.local.delivery import Invoke, Parked, Policy, Record, deliver, sequence_number

_LOG: Final = logging.getLogger(__name__)
_GRACE: Final = 1.5  # seconds for the invocation that is under way when time is up
_BREATH: Final = 0.05  # seconds between tries while stopping
_LOST_OUR_PLACE: Final = ("ExpiredIteratorException", "TrimmedDataAccessException")


class Stream:
    """One table's stream as an endless list of records, read on from a place that is known."""

    def __init__(self, streams: Any, arn: str, place: str = "") -> None:
        """`streams` is the boto3 client; `place` the number of the last settled record ("" = the beginning)."""
        self._streams = streams
        self._arn = arn
        self._place = place
        self._iterator = ""

    def read(self) -> list[Record]:
        """Return the next records, at most 1000; none if there is nothing new."""
        try:
            page = self._streams.get_records(ShardIterator=self._iterator or self._open(), Limit=1000)
        except self._streams.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _LOST_OUR_PLACE:
                raise
            self._iterator = ""  # we slept longer than an iterator lives
            page = self._streams.get_records(ShardIterator=self._open(), Limit=1000)
        self._iterator = page.get("NextShardIterator", "")
        records: list[Record] = [lambda_record(record, self._arn) for record in page["Records"]]
        if records:
            self._place = sequence_number(records[-1])
        return records

    def _open(self) -> str:
        shard = self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"][-1]["ShardId"]
        of_shard = {"StreamArn": self._arn, "ShardId": shard}
        if self._place:
            try:
                answer = self._streams.get_shard_iterator(
                    **of_shard, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=self._place
                )
                return str(answer["ShardIterator"])
            except self._streams.exceptions.ClientError:  # a new life of the emulator does not know our place
                _LOG.debug("the stream starts anew")
        return str(self._streams.get_shard_iterator(**of_shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"])


class StreamPoller:
    """A thread that delivers whatever the stream has; `park` gets what was given up on."""

    def __init__(
        self,
        open_stream: Callable[[str], Stream],
        invoke: Invoke,
        park: Callable[[Parked], None],
        data: Path,
        policy: Policy | None = None,
        interval: float = 0.25,
    ) -> None:
        self._position = data / "stream-position"
        self._backlog = data / "stream-backlog.jsonl"
        self._stream = open_stream(self._position.read_text("utf-8") if self._position.exists() else "")
        self._invoke = invoke
        self._park = park
        self._policy = policy or Policy()
        self._interval = interval
        self._waiting: list[Record] = self._read_backlog()
        self._stopping = threading.Event()
        self._deadline = math.inf
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    def start(self) -> None:
        """Deliver in the background from now on."""
        self._thread.start()

    def stop(self, patience: float) -> int:
        """Deliver what is there, for about `patience` seconds; keep the rest in DATA and return how many that are."""
        self._deadline = time.monotonic() + patience
        self._stopping.set()
        self._thread.join(patience + _GRACE)  # a handler that hangs is left alone; what it had is delivered again
        try:
            while unread := self._stream.read():
                self._waiting += unread
        except Exception as error:
            _LOG.error("the stream could not be read to its end: %s", error)
        self._keep_backlog()
        return len(self._waiting)

    def turn(self) -> int:
        """Read once and deliver; return how many records were settled, fewer than there are if time is up."""
        self._waiting += self._stream.read()
        before = len(self._waiting)
        for outcome in deliver(list(self._waiting), self._invoke, self._policy, time.sleep):
            if isinstance(outcome, Parked):
                self._park(outcome)
            else:
                self._settled(outcome)
            if time.monotonic() > self._deadline:
                break
        return before - len(self._waiting)

    def _run(self) -> None:
        while time.monotonic() < self._deadline:
            nothing_comes_any_more = self._stopping.is_set()
            settled = 0
            try:
                settled = self.turn()
            except Exception as error:
                _LOG.error("the stream could not be read, or a record not parked; trying again: %s", error)
            if settled:
                continue
            if nothing_comes_any_more and not self._waiting:
                return
            if self._stopping.wait(self._interval):
                time.sleep(_BREATH)

    def _settled(self, place: str) -> None:
        index = next(i for i, record in enumerate(self._waiting) if sequence_number(record) == place)
        del self._waiting[: index + 1]
        self._position.write_text(place, "utf-8")

    def _read_backlog(self) -> list[Record]:
        if not self._backlog.exists():
            return []
        return [json.loads(line) for line in self._backlog.read_text("utf-8").splitlines()]

    def _keep_backlog(self) -> None:
        if not self._waiting:
            self._backlog.unlink(missing_ok=True)
            return
        temporary = self._backlog.with_suffix(".new")
        temporary.write_text("".join(f"{json.dumps(record)}\n" for record in self._waiting), "utf-8")
        temporary.replace(self._backlog)
