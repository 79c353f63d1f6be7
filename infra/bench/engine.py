"""A database engine under a city of the benchmark's own: tables, OPDs, the stream's records, the sweep's event."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from infra import dynamodb_local
from infra.bench.stage import ENVIRONMENT, stand
from infra.local.engine import Engine
from infra.synthesis import ROOT

_MEMORY: Final = Path("/dev/shm")  # noqa: S108  a disk in memory, where the system has one: nothing here must last
EMULATOR: Final = Path(os.environ.get("SAMBAT_ENGINE_PYTHON", ROOT / ".venv-ministack/bin/python"))


@cache
def why_not() -> str | None:
    """Return why DynamoDB Local cannot be run here, after trying to fetch it; None when it can."""
    try:
        dynamodb_local.fetch()
    except (dynamodb_local.EngineFailed, OSError) as failed:
        return str(failed)
    return dynamodb_local.missing()


def why_none() -> str | None:
    """Return why neither DynamoDB Local nor the embedded emulator can be run here; None when one can."""
    reason = why_not()
    return None if reason is None or EMULATOR.exists() else f"{reason}; no emulator at {EMULATOR.name}: `make setup`"


def name() -> str:
    """Return what the engine is called that `a_city` runs."""
    return "DynamoDB Local" if why_not() is None else "the embedded emulator"


@contextmanager
def a_city(**settings: str) -> Iterator[None]:
    """Set this process up for a new city on an engine of its own, with more `settings`; e-mails go nowhere.

    The engine is DynamoDB Local, else the embedded emulator.
    """
    with _running() as url:
        stand(os.environ, AWS_ENDPOINT_URL_DYNAMODB=url, AWS_ENDPOINT_URL_DYNAMODB_STREAMS=url, **settings)
        from infra.bench.null_endpoint import answer_mail

        answer_mail()
        import boto3

        from chalicelib.workflows import city
        from infra.tables import create_tables

        create_tables(boto3.client("dynamodb"), ENVIRONMENT["SAMBAT_TABLE_PREFIX"])
        city.seed_opds(datetime.now(UTC))
        yield


@contextmanager
def _running() -> Iterator[str]:
    folder = str(_MEMORY) if os.access(_MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="sambat-bench-", dir=folder) as data:
        if why_not() is None:
            with dynamodb_local.running(Path(data)) as engine:
                yield engine.url
            return
        emulator = Engine(EMULATOR, Path(data), services="dynamodb,dynamodbstreams")
        emulator.start(lambda: False)
        try:
            yield emulator.url
        finally:
            emulator.stop()


def items(table: str) -> list[dict[str, Any]]:
    """Return all that is in a table, as plain values."""
    import boto3
    from boto3.dynamodb.types import TypeDeserializer

    from chalicelib.adapters.tables import PREFIX

    plain = TypeDeserializer().deserialize
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=f"{PREFIX}{table}", ConsistentRead=True)
    return [{name: plain(value) for name, value in item.items()} for page in pages for item in page["Items"]]


class Stream:
    """The complaints' stream, read once from its beginning; `take` gives what is new, in batches as Lambda does."""

    def __init__(self) -> None:
        import boto3

        self._streams = boto3.client("dynamodbstreams")
        table = f"{ENVIRONMENT['SAMBAT_TABLE_PREFIX']}complaints"
        self._arn = boto3.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
        self._iterators: dict[str, str] = {}

    def take(self, size: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the new records in batches of at most `size`."""
        records = list(self._new())
        for start in range(0, len(records), size):
            yield records[start : start + size]

    def _new(self) -> Iterator[dict[str, Any]]:
        for shard in self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]:
            name = shard["ShardId"]
            place = self._iterators.get(name) or self._begin(name)
            while place:
                page = self._streams.get_records(ShardIterator=place, Limit=1000)
                yield from page["Records"]
                self._iterators[name] = place = page.get("NextShardIterator", "")
                if not page["Records"]:
                    break

    def _begin(self, shard: str) -> str:
        begun = self._streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        return str(begun["ShardIterator"])


def sweep_event(at: datetime) -> dict[str, Any]:
    """Return the scheduled event of that time."""
    return {
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "region": "ap-southeast-3", "resources": [], "detail": {},
        "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
