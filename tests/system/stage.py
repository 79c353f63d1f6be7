"""A city on a real database engine: the whole app in process, AWS's answers in the tests' hands.

DynamoDB Local where it is fetched, else the embedded emulator. E-mail and SMS are taken by `tests.fake_aws`.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from unittest import mock

import boto3
from chalice.config import Config
from chalice.local import LocalGateway
from chalice.test import HTTPResponse

from chalicelib import settings
from chalicelib.adapters import tables
from chalicelib.api import identity
from chalicelib.workflows import city
from infra import dynamodb_local
from infra.local.engine import Engine
from infra.local.gateway import one_request_per_thread
from infra.local.stream_poller import Stream
from infra.tables import create_tables
from tests.builders import IssuerKeys, Service
from tests.fake_aws import FakeAws, on_a_bad_day
from tests.system.town import Town, start_anew

ROOT: Final = Path(__file__).parents[2]
EMULATOR: Final = Path(os.environ.get("SAMBAT_ENGINE_PYTHON", ROOT / ".venv-ministack/bin/python"))


def missing() -> str | None:
    """Return why no engine is here, None when there is one."""
    reason = dynamodb_local.missing()
    if reason is None or EMULATOR.exists():
        return None
    return f"no database engine: {reason}; and no emulator at {EMULATOR} (`make setup`, or SAMBAT_ENGINE_PYTHON)"


@contextmanager
def running_engine() -> Iterator[str]:
    """Run an engine and yield its address."""
    memory = Path("/dev/shm")  # noqa: S108  twice as fast as a disk, where there is one
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        if dynamodb_local.missing() is None:
            with dynamodb_local.running(Path(folder)) as local:
                yield local.url
            return
        emulator = Engine(EMULATOR, Path(folder), services="dynamodb,dynamodbstreams")
        emulator.start(lambda: False)
        try:
            yield emulator.url
        finally:
            emulator.stop()


class _Lines(logging.Handler):
    """Keeps every line that is logged, tracebacks too."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class _Door:
    """Chalice's test client for many threads: its own puts another os.environ in place for each call."""

    def __init__(self, app: Any) -> None:
        self._gateway = LocalGateway(app, Config.create())
        self.http = self

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        answer = self._gateway.handle_request(method=method, path=path, headers=headers, body=body)
        return HTTPResponse.create_from_dict(answer)


@contextmanager
def town_on(url: str) -> Iterator[Town]:
    """Yield the app over a new city on the engine at `url`."""
    from app import app

    with on_a_bad_day() as aws, mock.patch.dict(os.environ, _surroundings(url, aws)), _logged() as lines:
        settings.current.cache_clear()
        start_anew()
        dynamodb = boto3.client("dynamodb")
        names = dynamodb.list_tables()["TableNames"]
        for name in names:
            dynamodb.delete_table(TableName=name)
        create_tables(dynamodb, tables.PREFIX)
        city.seed_opds(datetime.now(UTC))
        arn = dynamodb.describe_table(TableName=f"{tables.PREFIX}complaints")["Table"]["LatestStreamArn"]
        plain, keys, identity._keys = app.__class__, identity._keys, lambda _: IssuerKeys()  # type: ignore[assignment]
        try:
            door: Any = _Door(one_request_per_thread(app))
            yield Town(url, aws, Service(door), lines, Stream(boto3.client("dynamodbstreams"), arn))
        finally:
            app.__class__, identity._keys = plain, keys
    settings.current.cache_clear()
    start_anew()


def _surroundings(url: str, aws: FakeAws) -> Mapping[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_MAX_ATTEMPTS": "1",  # boto3's own clients of these tests; the app sets its own
        "SAMBAT_SMS_GENERIC_URL": aws.sms_url,
        "SAMBAT_SMS_DEFAULT": "generic",
    }


@contextmanager
def _logged() -> Iterator[list[str]]:
    handler = _Lines()
    logging.getLogger().addHandler(handler)
    try:
        yield handler.lines
    finally:
        logging.getLogger().removeHandler(handler)
