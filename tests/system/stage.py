"""A city on a real database engine: the whole app in process, AWS's answers in the tests' hands, clients that retry.

DynamoDB Local where it is fetched, else the embedded emulator. E-mail and SMS are taken by `tests.fake_aws`.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from unittest import mock

import boto3
from boto3.dynamodb.types import TypeDeserializer
from chalice.config import Config
from chalice.local import LocalGateway
from chalice.test import HTTPResponse
from standardwebhooks import Webhook

from chalicelib import settings
from chalicelib.adapters import notifier, tables
from chalicelib.api import identity, lists
from chalicelib.workflows import city
from infra import dynamodb_local
from infra.local.delivery import Parked, Policy, Record, deliver
from infra.local.engine import Engine
from infra.local.gateway import one_request_per_thread
from infra.local.stream_poller import Stream
from infra.tables import create_tables
from tests.builders import Answer, IssuerKeys, Service, token
from tests.checker import Acknowledged, Evidence, problems
from tests.fake_aws import FakeAws, Killed, Plan, on_a_bad_day

ROOT: Final = Path(__file__).parents[2]
EMULATOR: Final = Path(os.environ.get("SAMBAT_ENGINE_PYTHON", ROOT / ".venv-ministack/bin/python"))
LAMBDA_SECONDS: Final = 25  # the API handler's limit in .chalice/config.json; API Gateway's is 29
TRIES: Final = 12  # of a client, before the weather clears
KEPT: Final = "registry"  # what outlives a wipe: the OPDs, the watermark
WIPED: Final = ("complaints", "reporters", "escalations", "notifications", "intake")


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


def start_anew() -> None:
    """Forget what a process remembers, as a new one does."""
    tables.WIRE._client = None
    notifier._ses.cache_clear()
    lists._FIRST_DAY.clear()
    city.forget()


class _Door:
    """Chalice's test client for many threads: its own puts another os.environ in place for each call."""

    def __init__(self, app: Any) -> None:
        self._gateway = LocalGateway(app, Config.create())
        self.http = self

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        answer = self._gateway.handle_request(method=method, path=path, headers=headers, body=body)
        return HTTPResponse.create_from_dict(answer)


@dataclass
class Town:
    """The city, its clients, and what they were told."""

    url: str
    aws: FakeAws
    service: Service
    lines: list[str]
    stream: Stream
    told: list[Acknowledged] = field(default_factory=list)
    personal: set[str] = field(default_factory=set)
    due: dict[str, str] = field(default_factory=dict)  # the answer deadline that the client was told, by ticket
    receipts: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)  # what no client may ever see
    waiting: list[Record] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    longest: float = 0.0
    _number: int = 0
    _turns: int = 0

    # ------------------------------------------------------------------------------------------ clients

    def number(self) -> int:
        """Return a number that nothing else has."""
        self._number += 1
        return self._number

    def now_and_then(self, every: int) -> bool:
        """Say yes once in `every` questions."""
        self._turns += 1
        return self._turns % every == 0

    def insist(self, call: Callable[[], Answer], done: Sequence[int] = (200, 201)) -> Answer:
        """Call as a client that tries again after a 503, or when no answer comes, until the answer is in `done`."""
        for attempt in range(TRIES + 2):
            if attempt == TRIES:
                self.aws.stop()
            answer = self.once(call)
            if answer is not None and answer.status in done:
                return answer
            if answer is not None and answer.status != 503:
                self.faults.append(f"{self.aws.plan.name}: a client got {answer.status} {answer.text[:300]}")
        raise AssertionError(f"{self.aws.plan.name}: never answered; {self.faults[-1:]} {self.lines[-5:]}")

    def once(self, call: Callable[[], Answer]) -> Answer | None:
        """Call once; None when the process was killed under it. It never takes longer than its Lambda may."""
        before = self.aws.waited
        try:
            return call()
        except Killed:
            start_anew()
            return None
        finally:
            took = self.aws.waited - before
            self.longest = max(self.longest, took)
            if took > LAMBDA_SECONDS:
                self.faults.append(f"{self.aws.plan.name}: an answer took {took:.1f} s")

    def reporter(self) -> dict[str, str]:
        """Return a name and an e-mail address that nobody else has, to be looked for in the logs."""
        number = self.number()
        given = {"name": f"Sri Rahayu Lestari {number:05d}", "email": f"warga.{number:05d}@example.org"}
        self.personal |= set(given.values())
        return given

    def phone(self) -> str:
        """Return a number that nobody else has."""
        number = f"+62800{self.number():07d}"
        self.personal.add(number[3:])
        return number

    def file_by_web(self, text: str, key: str = "", **given: str) -> str:
        """File by JSON until it is acknowledged, and return the ticket."""
        body, headers = {"text": text, **given}, {"idempotency_key": key} if key else {}
        answer = self.insist(lambda: self.service.post("/complaints", body, **headers), done=(201,))
        ticket = str(answer.json["ticket"])
        self.due[ticket] = answer.json["answer_due_at"]
        self.receipts[ticket] = answer.json["receipt"]
        self.told.append(Acknowledged("filed", ticket, text, given.get("email") or given.get("phone")))
        return ticket

    def deliver_sms(self, text: str, sender: str, message_id: str, **more: Any) -> Answer:
        """Deliver an SMS once, as a provider does that signs by Standard Webhooks."""
        at = datetime.now(UTC)
        fields = {"id": message_id, "from": sender, "to": "+6280000000099", "text": text}
        body = json.dumps({**fields, "received_at": at.isoformat(), **more})
        secret = settings.current().sms["generic"].secret
        signed = {
            "webhook_id": "w", "webhook_timestamp": str(int(at.timestamp())),
            "webhook_signature": Webhook(secret).sign("w", at, body),
        }  # fmt: skip
        return self.service.call("POST", "/webhooks/sms/generic", body, content_type="application/json", **signed)

    def file_by_sms(self, text: str, sender: str, message_id: str = "") -> str:
        """Deliver an SMS until the provider is answered 2xx, and return its id."""
        message_id = message_id or f"sms-{self.number()}"
        self.insist(lambda: self.deliver_sms(text, sender, message_id))
        self.told.append(Acknowledged("filed", "", text, sender))
        return message_id

    def add_by_web(self, ticket: str, text: str) -> None:
        """Add to a complaint by the web, once: a person who is told that it failed may write something else."""
        path, receipt = f"/complaints/{ticket}/messages", self.receipts[ticket]
        answer = self.once(lambda: self.service.post(path, {"text": text}, x_receipt=receipt))
        if answer is not None and answer.status == 200:
            self.told.append(Acknowledged("added", ticket, text))
        elif answer is not None and answer.status != 503:
            self.faults.append(f"{self.aws.plan.name}: a client got {answer.status} {answer.text[:300]}")

    def add_by_sms(self, ticket: str, text: str, sender: str) -> None:
        """Add to a complaint by an SMS command, delivered until the provider is answered 2xx."""
        message_id = f"sms-{self.number()}"
        self.insist(lambda: self.deliver_sms(f"TAMBAH {ticket} {text}", sender, message_id))
        self.told.append(Acknowledged("added", ticket, text))

    def answer(self, ticket: str, text: str, *, final: bool, opd: str = "dpuprpkp") -> None:
        """Answer as an officer who presses the button again when told to; 409 says that it was answered before."""
        officer, failed = token("opd", opd), False
        path, body = f"/opd/complaints/{ticket}/answer", {"text": text, "final": final}

        def press() -> Answer:
            nonlocal failed
            before, failed = failed, True
            answer = self.service.post(path, body, officer)
            failed = before or answer.status == 503
            if answer.status == 409 and not before:
                self.faults.append(f"{self.aws.plan.name}: the first try was refused: {answer.text[:300]}")
            return answer

        self.insist(press, done=(200, 409) if final else (200,))
        self.told.append(Acknowledged("answered", ticket, text))

    # ------------------------------------------------------------------------------------------ AWS's part

    def read_stream(self) -> list[Record]:
        """Take what the stream has; it is delivered by `deliver` next."""
        while records := self.stream.read():
            self.waiting += records
        return self.waiting

    def deliver(self, records: Sequence[Record] | None = None, size: int = 100) -> list[Parked]:
        """Deliver records (None: all that wait) as Lambda's event source does, and return what was given up on."""
        if records is None:
            records, self.waiting = self.read_stream(), []
        policy = Policy(size=size, retries=5, wait=0)
        parked = [one for one in deliver(records, self._notify, policy, lambda _: None) if isinstance(one, Parked)]
        self.parked += parked
        return parked

    def _notify(self, records: Sequence[Record]) -> Any:
        from app import notify_opd

        try:
            return notify_opd({"Records": list(records)}, None)
        except Killed:
            start_anew()
            raise RuntimeError("the process ended") from None

    def sweep(self, at: datetime) -> None:
        """Run the schedule's event for `at`, again until it succeeds: Lambda's retries, then the next ones."""
        for attempt in range(TRIES + 2):
            if attempt == TRIES:
                self.aws.stop()
            if self.try_sweep(at):
                return
        raise AssertionError(f"{self.aws.plan.name}: the sweep never succeeded; {self.lines[-5:]}")

    def try_sweep(self, at: datetime) -> bool:
        """Run the schedule's event for `at` once; False when it failed."""
        try:
            self.service.sweep(at.isoformat())
        except Killed:
            start_anew()
        except Exception:
            return False
        else:
            return True
        return False

    def reconcile(self, at: datetime) -> dict[str, int]:
        """Run the reconciler's event."""
        from app import reconcile_messages

        event = {"time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "source": "aws.events", "detail": {},
                 "id": "r", "region": "ap-southeast-3", "account": "1", "resources": [], "detail-type": "x",
                 "version": "0"}  # fmt: skip
        result: dict[str, int] = reconcile_messages(event, None)
        return result

    # ------------------------------------------------------------------------------------------ afterwards

    def settle(self) -> None:
        """Fair weather: deliver all that waits; let the reconciler send what was parked."""
        self.aws.stop()
        self.deliver()
        if self.parked:
            self.reconcile(datetime.now(UTC) + timedelta(hours=2))
            self.parked.clear()

    def problems(self) -> list[str]:
        """Return what the independent checker finds, and what a client should not have seen."""
        evidence = Evidence(
            dynamodb=boto3.client("dynamodb"), prefix=tables.PREFIX, told=self.told, outbox=self.aws.outbox,
            journal=self.aws.journal, lines=self.lines, personal=self.personal,
            admin=settings.current().admin_email, mayor=settings.current().mayor_email,
        )  # fmt: skip
        return self.faults + problems(evidence)

    def raw(self, table: str) -> list[dict[str, Any]]:
        """Return all items of a table, as they are, whatever the weather."""
        plan, self.aws.plan = self.aws.plan, Plan("a look")
        try:
            found = boto3.client("dynamodb").scan(TableName=f"{tables.PREFIX}{table}", ConsistentRead=True)["Items"]
        finally:
            self.aws.plan = plan
        return [{name: TypeDeserializer().deserialize(value) for name, value in item.items()} for item in found]

    def wipe(self) -> None:
        """Empty the tables, and forget what was said."""
        dynamodb = boto3.resource("dynamodb")
        for name in WIPED:
            table = dynamodb.Table(f"{tables.PREFIX}{name}")
            keys = [one["AttributeName"] for one in table.key_schema]
            with table.batch_writer() as batch:
                for item in table.scan(ConsistentRead=True)["Items"]:
                    batch.delete_item(Key={key: item[key] for key in keys})
        self.read_stream()
        for forgotten in (self.told, self.faults, self.waiting, self.parked, self.lines):
            forgotten.clear()
        self.aws.outbox.clear()
        self.aws.journal.clear()
        self.personal.clear()


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


def unique(text: str) -> str:
    """Return a complaint's text that no other has."""
    return f"{text} ({secrets.token_hex(6)})"
