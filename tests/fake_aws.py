"""AWS on a bad day: stands over botocore's HTTP session, so that chosen calls of boto3 and pynamodb go wrong by plan.

What reaches the database is real, on a real engine; a fault either keeps a request from it, or lets it through and
loses the answer. SES and the SMS provider are stood in for, and keep what they really took. A journal holds, in order,
what happened to each message, so that the checker can tell a second sending that had to be from one that must not be.
"""

from __future__ import annotations

import io
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import botocore.endpoint
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

SES: Final = "SendEmail"
SMS: Final = "SendSms"
_STREAMS: Final = "DynamoDBStreams"
_MAIL_PATH: Final = "/v2/email/outbound-emails"


class Fault(StrEnum):
    """What can happen to one request."""

    THROTTLED = "throttled"
    BUSY = "busy"  # the table's partition, as PynamoDB's users know it
    BROKEN = "broken"  # 500
    TIMEOUT = "timeout"  # before it was sent
    LOST = "lost"  # it was done, and the answer did not come
    PARTLY = "partly"  # a batch of which nothing was done, and the rest is to be asked again
    CONFLICT = "conflict"  # another transaction has the item
    KILLED = "killed"  # the process ends before it is sent
    KILLED_AFTER = "killed_after"  # the process ends when it was done


_ANYWHERE: Final = (Fault.THROTTLED, Fault.BUSY, Fault.BROKEN, Fault.TIMEOUT, Fault.LOST)
_BATCHES: Final = ("BatchGetItem", "BatchWriteItem")
_READS: Final = ("GetItem", "Query", "BatchGetItem")
_CONFLICTING: Final = ("UpdateItem", "TransactWriteItems")
DEATHS: Final = (Fault.KILLED, Fault.KILLED_AFTER)


class Killed(BaseException):
    """The process ended here: no handler of ours runs, nothing in memory is left."""


@dataclass(frozen=True, slots=True)
class Strike:
    """From its `nth` request (from 0) on, `times` requests of an operation ("*": of all together) go wrong."""

    operation: str
    nth: int
    fault: Fault
    times: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong in one run."""

    name: str
    strikes: tuple[Strike, ...] = ()


def seeded_plan(name: str, trace: Sequence[str]) -> Plan:
    """Return the plan that `name` always gives: one to four strikes at the operations of a faultless run (`trace`),
    each as likely as the other, often enough in a row to exhaust any retries.

    Of a write it is most often the answer that is lost: nothing else is as easily done twice.
    """
    dice = random.Random(name)
    counts = Counter(trace)
    strikes = []
    for _ in range(dice.randint(1, 4)):
        operation = dice.choice(sorted(counts))
        faults = [*_ANYWHERE] + [Fault.LOST] * (3 * (operation not in _READS))
        faults += [Fault.PARTLY] * (2 * (operation in _BATCHES)) + [Fault.CONFLICT] * (2 * (operation in _CONFLICTING))
        nth = dice.randrange(counts[operation] + 1)
        strikes.append(Strike(operation, nth, dice.choice(faults), dice.choice((1, 1, 2, 3, 3, 6))))
    return Plan(name, tuple(strikes))


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as its carrier took it: `id` is ours (X-Sambat-Id, webhook-id), `carrier_id` the carrier's.

    `swept_at` is the time of the event by which a sweep sent it, None for what no sweep sent.
    """

    via: str
    id: str
    carrier_id: str
    to: str
    text: str
    swept_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the journal. `what`: taken, answer lost (both by a carrier), recorded, not recorded, killed."""

    what: str
    id: str = ""


@dataclass(slots=True)
class Request:
    """What was asked of AWS."""

    operation: str
    body: dict[str, Any]


@dataclass
class FakeAws:
    """The shim's state: the plan, what happened, how long a caller would have waited."""

    plan: Plan = Plan("none")
    outbox: list[Sent] = field(default_factory=list)
    journal: list[Happened] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    waited: float = 0.0  # seconds in time-outs and back-off, none of them really waited
    carriers_down: bool = False
    sms_url: str = ""
    _counts: Counter[str] = field(default_factory=Counter)
    _here: Any = field(default_factory=threading.local)  # of each thread: whether it was killed, which sweep it runs
    _lock: Any = field(default_factory=threading.RLock)

    def start(self, plan: Plan) -> None:
        """Let things go wrong from now on as planned."""
        with self._lock:
            self.plan, self._counts, self.trace, self.waited = plan, Counter(), [], 0.0

    def stop(self) -> None:
        """Let everything go well from now on."""
        self.start(Plan("none"))

    @contextmanager
    def process(self, swept_at: datetime | None = None) -> Iterator[None]:
        """Do the block as a process of its own, which may be killed; with `swept_at`, it is the sweep of that time."""
        self._here.swept_at, self._here.is_dead = swept_at, False
        try:
            yield
        finally:
            self._here.swept_at, self._here.is_dead = None, False

    def fault_of(self, operation: str) -> Fault | None:
        """Count one request and return what happens to it."""
        with self._lock:
            self.trace.append(operation)
            place, overall = self._counts[operation], self._counts["*"]
            self._counts[operation] += 1
            self._counts["*"] += 1
            for strike in self.plan.strikes:
                at = overall if strike.operation == "*" else place
                if strike.operation in ("*", operation) and strike.nth <= at < strike.nth + strike.times:
                    self.struck[strike.fault] += 1
                    return strike.fault
            return Fault.TIMEOUT if self.carriers_down and operation in (SES, SMS) else None

    def note(self, what: str, identifier: str = "") -> None:
        """Write a line of the journal."""
        with self._lock:
            self.journal.append(Happened(what, identifier))

    def take(self, via: str, identifier: str, to: str, text: str) -> str:
        """A carrier takes a message, and gives it an id of its own."""
        with self._lock:
            carrier_id = f"{via}-{len(self.outbox)}"
            self.outbox.append(Sent(via, identifier, carrier_id, to, text, getattr(self._here, "swept_at", None)))
            self.note("taken", identifier)
            return carrier_id

    # -------------------------------------------------------------------------------------------- botocore

    def answer(self, session: URLLib3Session, http: Any, send: Any) -> Any:
        """Stand for `URLLib3Session.send`. Who was killed asks nothing more, whatever it still meant to clear up."""
        if getattr(self._here, "is_dead", False):
            raise Killed
        target = http.headers.get("X-Amz-Target", b"")
        service, _, operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")
        if http.url.endswith(_MAIL_PATH):
            return self._mail(session, http)
        if service.startswith(_STREAMS) or not operation:
            return send(session, http)
        return self._database(session, http, send, Request(operation, json.loads(http.body)))

    def _database(self, session: URLLib3Session, http: Any, send: Any, asked: Request) -> Any:
        fault = self.fault_of(asked.operation)
        if fault in (Fault.LOST, Fault.KILLED_AFTER):
            self._done(asked, send(session, http))
        if fault is None:
            answer = send(session, http)
            self._done(asked, answer)
            return answer
        if fault is not Fault.LOST and fault is not Fault.KILLED_AFTER:
            for identifier in _messages_recorded_by(asked):
                self.note("not recorded", identifier)
        return self._fail(session, http, fault, asked)

    def _done(self, asked: Request, answer: Any) -> None:
        """Note which messages a request has just written down as sent."""
        ids = _messages_recorded_by(asked)
        if ids and answer.status_code == 200 and not json.loads(answer.content).get("UnprocessedItems"):
            for identifier in ids:
                self.note("recorded", identifier)

    def _fail(self, session: URLLib3Session, http: Any, fault: Fault, asked: Request) -> Any:
        if fault in DEATHS:
            self.note("killed")
            self._here.is_dead = True
            raise Killed
        if fault is Fault.TIMEOUT:
            self.waited += _seconds(session, "connect")
            raise ConnectTimeoutError(endpoint_url=http.url)
        if fault is Fault.LOST:
            self.waited += _seconds(session, "read")
            raise ReadTimeoutError(endpoint_url=http.url)
        if fault is Fault.PARTLY and asked.operation in _BATCHES:
            left = {"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}[asked.operation]
            empty: dict[str, Any] = {"Responses": {}} if asked.operation == "BatchGetItem" else {}
            return _answer(http, 200, {**empty, left: asked.body["RequestItems"]})
        return _answer(http, *_refusal(fault, asked.operation))

    def _mail(self, session: URLLib3Session, http: Any) -> Any:
        """Stand for SES."""
        said = json.loads(http.body)
        simple = said["Content"]["Simple"]
        identifier = next(one["Value"] for one in simple["Headers"] if one["Name"] == "X-Sambat-Id")
        fault = self.fault_of(SES)
        if fault in (None, Fault.LOST, Fault.KILLED_AFTER):
            to, text = (
                said["Destination"]["ToAddresses"],
                simple["Subject"]["Data"] + "\n" + simple["Body"]["Text"]["Data"],
            )
            carrier_id = self.take("email", identifier, ", ".join(to), text)
            if fault is None:
                return _answer(http, 200, {"MessageId": carrier_id})
            self.note("answer lost", identifier)
        return self._fail(session, http, fault or Fault.LOST, Request(SES, {}))

    # -------------------------------------------------------------------------------------------- SMS

    def sms(self, body: dict[str, str]) -> tuple[int, dict[str, str]] | None:
        """Stand for the SMS provider: return its answer, None when none comes."""
        fault = self.fault_of(SMS)
        if fault in (None, Fault.LOST, Fault.KILLED_AFTER):
            carrier_id = self.take("sms", body["id"], body["to"], body["text"])
            if fault is None:
                return 202, {"id": carrier_id}
            self.note("answer lost", body["id"])
        if fault in (Fault.THROTTLED, Fault.BUSY):
            return 429, {}
        return (503, {}) if fault is Fault.BROKEN else None


def _messages_recorded_by(asked: Request) -> list[str]:
    """Return the ids of the messages that a request writes down as sent; not of an SMS that is still to be tried."""
    if asked.operation != "BatchWriteItem":
        return []
    return [
        put["PutRequest"]["Item"]["id"]["S"]
        for table, puts in asked.body["RequestItems"].items()
        if table.endswith("notifications")
        for put in puts
        if "PutRequest" in put and put["PutRequest"]["Item"].get("state") != {"S": "owed"}
    ]


def _seconds(session: URLLib3Session, which: str) -> float:
    """Return how long this client waits for a connection, or for an answer."""
    timeout: Any = session._timeout
    return float(getattr(timeout, f"{which}_timeout", timeout) or 60)


def _refusal(fault: Fault, operation: str) -> tuple[int, dict[str, Any]]:
    code, status = {
        Fault.THROTTLED: ("ThrottlingException", 400),
        Fault.BUSY: ("ProvisionedThroughputExceededException", 400),
        Fault.CONFLICT: ("TransactionConflictException", 400),
    }.get(fault, ("InternalServerError", 500))
    if operation == SES:
        return (429 if status == 400 else 500), {"__type": "TooManyRequestsException", "message": "by plan"}
    if operation == "TransactWriteItems" and fault in (Fault.CONFLICT, Fault.BUSY):
        reason = {Fault.CONFLICT: "TransactionConflict", Fault.BUSY: "ProvisionedThroughputExceeded"}[fault]
        return 400, {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": f"Transaction cancelled, please refer to the reasons [{reason}, None]",
            "CancellationReasons": [{"Code": reason, "Message": "by plan"}, {"Code": "None"}],
        }
    return status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "by plan"}


class _Raw(io.BytesIO):
    """What botocore reads an answer from."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _answer(http: Any, status: int, body: dict[str, Any]) -> AWSResponse:
    return AWSResponse(http.url, status, {"Content-Type": "application/json"}, _Raw(json.dumps(body).encode()))


class _NoTime:
    """Stands where botocore sleeps between its tries."""

    def __init__(self, aws: FakeAws) -> None:
        self._aws = aws

    def sleep(self, seconds: float) -> None:
        self._aws.waited += seconds


@contextmanager
def on_a_bad_day() -> Iterator[FakeAws]:
    """Yield the shim, with everything going well until `start`."""
    aws = FakeAws()
    send, time = URLLib3Session.send, botocore.endpoint.time
    URLLib3Session.send = lambda session, http: aws.answer(session, http, send)
    botocore.endpoint.time = _NoTime(aws)
    try:
        with _sms_provider(aws) as aws.sms_url:
            yield aws
    finally:
        URLLib3Session.send, botocore.endpoint.time = send, time


@contextmanager
def _sms_provider(aws: FakeAws) -> Iterator[str]:
    """Run the SMS provider's side of `generic`, and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = aws.sms(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if answer is None:
                self.close_connection = True
                return
            body = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # who asked may be gone
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/generic"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
