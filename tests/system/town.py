"""A city under test: its clients, which retry, AWS's part in the tests' hands, and what was said to whom."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import boto3
from boto3.dynamodb.conditions import Key
from boto3.dynamodb.types import TypeDeserializer
from standardwebhooks import Webhook

from chalicelib import settings
from chalicelib.adapters import notifier, tables
from chalicelib.api import lists
from chalicelib.workflows import city, outgoing
from infra.local.delivery import Parked, Policy, Record, deliver
from infra.local.stream_poller import Stream
from tests.builders import Answer, Service, token
from tests.checker import Acknowledged, Evidence, problems
from tests.checker.days import ZONE, key
from tests.fake_aws import FakeAws, Killed, Plan

LAMBDA_SECONDS: Final = 25  # the API handler's limit in .chalice/config.json; API Gateway's is 29
TRIES: Final = 12  # of a client, before the weather clears
WIPED: Final = ("complaints", "reporters", "escalations", "notifications", "intake", "statistics", "registry")
KEPT: Final = ("opd", "service")  # of the registry: what the city is


def start_anew() -> None:
    """Forget what a process remembers, as a new one does."""
    tables.WIRE._client = None
    notifier._ses.cache_clear()
    lists._FIRST_DAY.clear()
    city.forget()


def by_day(at: datetime) -> datetime:
    """Return the next 08:00 in the city."""
    morning = at.astimezone(ZONE).replace(hour=8, minute=0, second=0, microsecond=0)
    return morning if morning >= at else morning + timedelta(days=1)


def unique(text: str) -> str:
    """Return a complaint's text that no other has."""
    return f"{text} ({secrets.token_hex(6)})"


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
    ready: list[Any] = field(default_factory=list)  # what one preparation made for several plans
    mornings: set[date] = field(default_factory=set)  # the days that a sweep of these tests began
    swept_until: datetime | None = None
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
            with self.aws.process():
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

    def press(
        self, told: Acknowledged | None, path: str, body: Any, who: str = "", gone: Sequence[int] = (), **headers: str
    ) -> None:
        """Do a step as a person who presses the button again when told to; `gone` then says that it was done before."""
        failed = False

        def once() -> Answer:
            nonlocal failed
            before, failed = failed, True
            answer = self.service.post(path, body, who, **headers)
            failed = before or answer.status == 503
            if answer.status in gone and not before:
                self.faults.append(f"{self.aws.plan.name}: the first try was refused: {answer.text[:300]}")
            return answer

        self.insist(once, done=(200, *gone))
        if told:
            self.told.append(told)

    def answer(self, ticket: str, text: str, *, final: bool, opd: str = "dpuprpkp") -> None:
        """Answer as an officer; the same interim answer may be given again."""
        path, body = f"/opd/complaints/{ticket}/answer", {"text": text, "final": final}
        self.press(Acknowledged("answered", ticket, text), path, body, token("opd", opd), gone=(409,) if final else ())

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
            with self.aws.process():
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

    def skip_to(self, first: datetime) -> None:
        """Let sweeps have run until shortly before the first deadline: the next ones look no further back."""
        item = {"pk": "sweep", "sk": "watermark", "value": str(key(first - timedelta(hours=1)))}
        boto3.resource("dynamodb").Table(f"{tables.PREFIX}registry").put_item(Item=item)

    def try_sweep(self, at: datetime) -> bool:
        """Run the schedule's event for `at` once; False when it failed."""
        self.swept_until = max(at, self.swept_until or at)
        try:
            with self.aws.process(swept_at=at):
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
        """Fair weather: what a killed sweep had leased is free again, all that waits is delivered, and the reconciler
        sends what was parked."""
        self.aws.stop()
        self._end_leases()
        self.deliver()
        if self.parked:
            self.reconcile(datetime.now(UTC) + timedelta(hours=2))
            self.parked.clear()

    def _end_leases(self) -> None:
        if self.swept_until is None:
            return
        registry = boto3.resource("dynamodb").Table(f"{tables.PREFIX}registry")
        for item in registry.query(KeyConditionExpression=Key("pk").eq("turn"))["Items"]:
            registry.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})

    def problems(self) -> list[str]:
        """Come to a quiet end, with one more sweep by day where there was any; return what the independent checker
        finds then, and what a client should not have seen."""
        self.settle()
        if self.swept_until:
            self.sweep(by_day(self.swept_until))
            self.settle()
        tomorrow = by_day(datetime.now(UTC) + timedelta(days=1))  # an SMS that no carrier took is tried again by day
        outgoing.send_owed(tomorrow, tomorrow)
        evidence = Evidence(
            dynamodb=boto3.client("dynamodb"), prefix=tables.PREFIX, told=self.told, outbox=self.aws.outbox,
            journal=self.aws.journal, lines=self.lines, personal=self.personal,
            admin=settings.current().admin_email, mayor=settings.current().mayor_email,
        )  # fmt: skip
        return self.faults + problems(evidence)

    def opds(self) -> list[dict[str, Any]]:
        """Return the OPDs as the city has them."""
        return [json.loads(one["value"]) for one in self.raw("registry") if one["pk"] == "opd"]

    def raw(self, table: str) -> list[dict[str, Any]]:
        """Return all items of a table, as they are, whatever the weather."""
        plan, self.aws.plan = self.aws.plan, Plan("a look")
        try:
            found = boto3.client("dynamodb").scan(TableName=f"{tables.PREFIX}{table}", ConsistentRead=True)["Items"]
        finally:
            self.aws.plan = plan
        return [{name: TypeDeserializer().deserialize(value) for name, value in item.items()} for item in found]

    def wipe(self) -> None:
        """Empty the tables but for what the city is, and forget what was said."""
        dynamodb = boto3.resource("dynamodb")
        for name in WIPED:
            table = dynamodb.Table(f"{tables.PREFIX}{name}")
            keys = [one["AttributeName"] for one in table.key_schema]
            with table.batch_writer() as batch:
                for item in table.scan(ConsistentRead=True)["Items"]:
                    if name != "registry" or item["pk"] not in KEPT:
                        batch.delete_item(Key={key: item[key] for key in keys})
        self.read_stream()
        for forgotten in (self.told, self.faults, self.waiting, self.parked, self.lines, self.ready, self.mornings):
            forgotten.clear()
        self.aws.outbox.clear()
        self.aws.journal.clear()
        self.personal.clear()
        self.swept_until = None
