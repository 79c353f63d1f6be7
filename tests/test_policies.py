"""Least privilege, held by what the code does: each function's requests on a journey beside what its policy grants.

Every request to AWS is seen on the wire, under the function that made it. A request that is not granted would fail on
AWS alone, where nothing here can look; a grant that no request needs is a door that somebody left open.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import yaml

from chalicelib.adapters import registry
from chalicelib.adapters.sms_providers import Inbound, Part
from chalicelib.adapters.tables import PREFIX
from chalicelib.api import lists
from chalicelib.workflows import city, sweeping, texting
from infra import synthesis
from tests.builders import Service, running_service, token
from tests.functional.doors import (
    CITIZEN,
    LAMP,
    NEIGHBOUR,
    PARKING,
    VAGUE,
    Call,
    carrier_on,
    generic,
    generic_body,
    generic_part,
    smsgate,
    watched_aws,
)
from tests.functional.scenes import HOLE, filed, opened, wall_clock

Grant = tuple[str, str]  # an action, and the table or table/index/name by its name in resources.yaml

FUNCTIONS: Final = {
    "APIHandler": "policy-api.json",
    "Identify": "policy-identify.json",
    "NotifyOpd": "policy-notify.json",
    "SweepDeadlines": "policy-sweep.json",
    "ReconcileMessages": "policy-reconcile.json",
}
# A morning on which all is said that is said once a day, and the month before is over for good; no holiday
MORNING: Final = datetime(2027, 4, 22, 2, tzinfo=UTC)
# What Lambda does with a function's role, around our code
OF_THE_PLATFORM: Final = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "sqs:SendMessage",
}
# Granted, and rightly not seen on the journey
NOT_ON_THE_JOURNEY: Final[dict[tuple[str, str, str], str]] = {
    **{
        (function, "secretsmanager:GetSecretValue", "ServiceSecret"): "the tests' settings stand in the environment"
        for function in FUNCTIONS
    },
    **{
        (function, "sms-voice:SendTextMessage", "the account's numbers"): "the tests' city sends no SMS by AWS"
        for function in FUNCTIONS
        if function != "Identify"
    },
    ("SweepDeadlines", "dynamodb:DeleteItem", "ReportersTable"): "only when two keyed tickets of 45 bits are the same",
}
IN_A_TRANSACTION: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


@dataclass
class Watch:
    """What each function asked of AWS; `inside` is the one that runs now, "" for the test itself."""

    inside: str = ""
    used: dict[str, set[Grant]] = field(default_factory=lambda: {name: set() for name in FUNCTIONS})

    def see(self, call: Call) -> None:
        """Keep what a request needs; moto answers it."""
        if self.inside:
            self.used[self.inside] |= needed(call.action, call.body)

    @contextmanager
    def function(self, name: str) -> Iterator[None]:
        """Do the block as that function: a process of its own, which remembers nothing of another's."""
        city.forget()
        lists._FIRST_DAY.clear()
        self.inside = name
        try:
            yield
        finally:
            self.inside = ""


def needed(action: str, body: str) -> set[Grant]:
    """Return the grants that IAM asks for a request."""
    if action == "/v2/email/outbound-emails":
        return {("ses:SendEmail", "the sender's identity")}
    said = json.loads(body)
    if action in ("BatchGetItem", "BatchWriteItem"):
        return {(f"dynamodb:{action}", resource_of(table)) for table in said["RequestItems"]}
    if action in ("TransactWriteItems", "TransactGetItems"):
        steps = [(kind, step) for item in said["TransactItems"] for kind, step in item.items()]
        return {(f"dynamodb:{IN_A_TRANSACTION[kind]}", resource_of(step["TableName"])) for kind, step in steps}
    index = f"/index/{said['IndexName']}" if "IndexName" in said else ""
    return {(f"dynamodb:{action}", resource_of(said["TableName"]) + index)}


def resource_of(table: str) -> str:
    """Return the name in resources.yaml of a table of the tests' city."""
    return _TABLES[table.removeprefix(PREFIX)]


def _tables() -> dict[str, str]:
    resources = yaml.safe_load(synthesis.MERGED.read_text(encoding="utf-8"))["Resources"]
    named = {name: r["Properties"]["TableName"] for name, r in resources.items() if "TableName" in r["Properties"]}
    return {text["Fn::Sub"].removeprefix("${AWS::StackName}-"): name for name, text in named.items()}


_TABLES: Final = _tables()


def granted(function: str) -> set[Grant]:
    """Return what the policy of `function` grants, the platform's part aside."""
    policy = json.loads((synthesis.ROOT / ".chalice" / FUNCTIONS[function]).read_text(encoding="utf-8"))
    grants: set[Grant] = set()
    for statement in policy["Statement"]:
        targets = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        grants |= {(action, _target(target)) for action in statement["Action"] for target in targets}
    return {grant for grant in grants if grant[0] not in OF_THE_PLATFORM}


def _target(resource: Any) -> str:
    text = json.dumps(resource)
    if "identity/${Sender}" in text:
        return "the sender's identity"
    if ":sms-voice:" in text:
        return "the account's numbers"
    found = re.search(r"\$\{(\w+)\.Arn\}(/index/\w+)?", text) or re.search(r'"(?:Ref|Fn::GetAtt)": \[?"(\w+)"()', text)
    return f"{found[1]}{found[2] or ''}" if found else text


# ---------------------------------------------------------------------------------------------------- the journey


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    """What every function asks on a journey through all that it can do."""
    watching = Watch()
    with ExitStack() as ending:
        service = ending.enter_context(running_service())
        carrier = ending.enter_context(carrier_on())
        ending.enter_context(watched_aws(before=watching.see))
        late = _something_escalated()
        with watching.function("APIHandler"):
            _citizens(service)
            _by_sms(service)
            _staff(service)
            _ladder(service, late)
        with watching.function("Identify"):
            _identify()
        _something_owed_to_a_reporter(service, 1)
        _as(watching, "NotifyOpd", _handler("notify_opd"), {"Records": service._records()})
        told = _told_by_sms(service)
        with watching.function("APIHandler"):
            _reports(service, told)
        carrier.status = 503
        _something_owed_to_a_reporter(service, 2)
        _as(watching, "NotifyOpd", _handler("notify_opd"), {"Records": service._records()})
        _something_owed_to_a_reporter(service, 3)
        _as(watching, "ReconcileMessages", _handler("reconcile_messages"), _event(wall_clock() + timedelta(hours=2)))
        carrier.status = 202
        _something_overdue()
        for days in (-40, 0):  # an event that comes late sets deadlines that are over: the watermark goes back
            _as(watching, "SweepDeadlines", _handler("sweep_deadlines"), _event(wall_clock() + timedelta(days=days)))
        _as(watching, "SweepDeadlines", _handler("sweep_deadlines"), _event(MORNING))
        yield watching


def _handler(name: str) -> Callable[[Any, None], Any]:
    import app

    handler: Callable[[Any, None], Any] = getattr(app, name)
    return handler


def _as(watching: Watch, function: str, handler: Callable[[Any, None], Any], event: Any) -> None:
    with watching.function(function):
        handler(event, None)


def _event(at: datetime) -> dict[str, Any]:
    return {
        "version": "0", "id": "tests", "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "123456789012", "region": "ap-southeast-3", "resources": [], "detail": {},
        "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip


def _citizens(service: Service) -> None:
    assert service.get("/health").status == 200
    known = {"text": LAMP, "name": "Warga", "phone": "081200000001", "email": "warga@city.example"}
    mine = service.post("/complaints", known).json
    assert service.post("/complaints", {"text": LAMP}, idempotency_key="k").status == 201
    assert service.post("/complaints", {**known, "text": PARKING}, idempotency_key="k").status == 422
    assert (
        service.post(f"/complaints/{mine['ticket']}/messages", {"text": "x"}, x_receipt=mine["receipt"]).status == 200
    )
    for path in ("/complaints", "/complaints?opd=dpuprpkp", f"/complaints/{mine['ticket']}", "/", "/services"):
        assert service.get(path).status == 200, path


def _by_sms(service: Service) -> None:
    ticket = _ticket(service.twilio(PARKING, sid="SM1").text)
    again = [service.twilio(PARKING, sid=sid) for sid in ("SM2", "SM2")]
    assert {_ticket(answer.text) for answer in again} == {ticket}
    for text in (f"CEK {ticket}", f"TAMBAH {ticket} masih ada"):
        assert service.twilio(text, sid=text).status == 200
    for number in (1, 2):
        assert generic_part(service, VAGUE, number, 2).status == 200
        assert generic_part(service, VAGUE, number, 2).status == 200
    assert generic(service, f"CEK {ticket}", "g-2").status == 200
    assert smsgate(service, "BANTUAN").status == 200
    assert generic_body(service, b"{}").status == 200
    assert service.twilio("BERHENTI", sid="SM3").status == 200


def _ticket(text: str) -> str:
    found = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", text)
    assert found, text
    return found[0]


def _staff(service: Service) -> None:
    admin, officer = token("admin"), token("opd", "dishub")
    parking = service.get("/admin/complaints?opd=dishub", admin).json["items"][0]["ticket"]
    waiting = service.get("/admin/queue", admin).json["items"][0]["ticket"]
    to = {"opd": "dishub", "division": "parkir"}
    assert service.post(f"/admin/complaints/{waiting}/dispatch", to, admin).status == 200
    assert service.post(f"/admin/complaints/{parking}/check", None, admin).status == 200
    found = service.post("/admin/complaints/search", {"phone": CITIZEN}, admin).json["items"]
    assert parking in {item["ticket"] for item in found}
    opd = service.get("/admin/opds/dishub", admin).json
    assert service.put("/admin/opds/dishub", opd, admin).status == 200
    for path in (f"/admin/complaints/{parking}", f"/admin/complaints/{parking}/reporter", "/admin/complaints",
                 "/admin/escalations", "/admin/escalations?opd=dishub"):  # fmt: skip
        assert service.get(path, admin).status == 200, path
    assert service.post("/admin/complaints", {"text": f"{LAMP} ya"}, admin, idempotency_key="k").status == 201
    for act, body in (("complaint", {"text": VAGUE, "phone": CITIZEN}), ("discard", {"reason": "Iklan."})):
        assert generic_body(service, act.encode()).status == 200
        message = service.get("/admin/quarantine", admin).json["items"][0]["id"]
        assert service.post(f"/admin/quarantine/{message}/{act}", body, admin).status < 300
        assert service.get(f"/admin/quarantine/{message}", admin).status == 200
    for path in ("/opd/complaints", "/opd/complaints?status=answered", f"/opd/complaints/{parking}"):
        assert service.get(path, officer).status == 200, path
    assert service.get("/meja", cookie=f"sambat_session={officer}").status == 200
    assert service.post(f"/opd/complaints/{parking}/start", None, officer).status == 200
    assert service.post(f"/opd/complaints/{parking}/answer", {"text": "Sudah."}, officer).status == 200


def _something_escalated() -> str:
    """A complaint of a month ago that climbed to the black vest, which is proposed; return its ticket."""
    past = wall_clock() - timedelta(days=60)
    opened(past)
    ticket = filed(HOLE, at=past).ticket
    for days in (14, 28):
        sweeping.sweep(past + timedelta(days=days), past + timedelta(days=days))
    return ticket


def _ladder(service: Service, late: str) -> None:
    """What divisions, admin and mayor do about escalations, and what everybody reads of it."""
    admin, mayor, officer = token("admin"), token("mayor"), token("opd", "dpuprpkp")
    because, standing = {"reason": "Salah alamat."}, "/admin/standings/dpuprpkp/jalan"
    assert service.post(f"/opd/escalations/{late}/1/contest", because, officer).status == 200
    assert service.post(f"/admin/escalations/{late}/1/deny", because, admin).status == 200
    assert service.post(f"{standing}/confirm", {"rung": "black_vest", **because}, mayor).status == 200
    mine = service.post("/complaints", {"text": f"{LAMP} sekali", "phone": "081200000009"}).json
    path = f"/opd/complaints/{mine['ticket']}"
    assert service.post(f"{path}/ask", {"text": "Tiang nomor berapa?"}, officer).status == 200
    assert (
        service.post(f"/complaints/{mine['ticket']}/messages", {"text": "12"}, x_receipt=mine["receipt"]).status == 200
    )
    assert service.post(f"{path}/forward", {"opd": "dishub", "division": "parkir", **because}, officer).status == 200
    assert service.post(f"{path}/refuse", because, token("opd", "dishub")).status == 200
    other = service.post("/complaints", {"text": f"{PARKING} dan macet"}).json["ticket"]
    assert service.post(f"/admin/complaints/{mine['ticket']}/merge", {"into": other}, admin).status == 200
    assert service.post(f"/admin/complaints/{other}/reject", {"reason": "spam"}, admin).status == 200
    table = service.get("/admin/holidays", admin).json
    table["years"]["2027"]["2027-03-01"] = "Libur kota"
    assert service.put("/admin/holidays", table, admin).status == 200
    month = f"{wall_clock():%Y-%m}"
    reward = {"opd": "dishub", "division": "parkir", "period": month, "reward": "Piagam"}
    assert service.post("/admin/rewards", reward, admin).status == 201
    for path in ("/admin/standings", f"/admin/rewards?period={month}", f"/admin/stats?period={month}",
                 "/admin/export.csv", f"/scoreboard?period={month}", "/scoreboard",
                 "/papan", "/aduan", "/aduan?opd=dishub", "/aduan.rss"):  # fmt: skip
        assert service.get(path, admin).status == 200, path


def _identify() -> None:
    from chalicelib.api.identity import principal_of

    assert principal_of(token("admin")).role == "admin"


def _told_by_sms(service: Service) -> list[str]:
    """Return the ids of the messages to reporters that the carrier of `generic` took."""
    items = [item for item in service.items("notifications") if "reporter" in item["id"]["S"]]
    return [item["id"]["S"] for item in items if item.get("provider") == {"S": "generic"}]


def _reports(service: Service, told: list[str]) -> None:
    """What became of them: one was delivered, the others were not."""
    assert len(told) > 1
    for n, about in enumerate(told):
        report = {"id": f"r-{n}", "about": about.replace(".", "_"), "status": "failed" if n else "delivered"}
        assert generic_body(service, json.dumps(report).encode()).status == 200


def _something_owed_to_a_reporter(service: Service, n: int) -> None:
    """What nobody has told of yet: two complaints by SMS, one of them answered."""
    officer = token("opd", "dishub")
    for place in ("depan", "belakang"):
        text = f"{PARKING} {place} {'abc'[n - 1] * 9} {place[::-1] * n}"
        assert generic(service, text, f"{place}-{n}", f"+62800000000{n}{len(place)}").status == 200
    ticket = service.get("/opd/complaints?status=dispatched", officer).json["items"][0]["ticket"]
    assert service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah."}, officer).status == 200


def _something_overdue() -> None:
    """An old complaint that nobody answered, and a long SMS of which one part never came."""
    past = wall_clock() - timedelta(days=60)
    registry.pull_back_watermark(past)
    filed(LAMP, at=past)
    lost = Inbound("generic", "g-9", NEIGHBOUR, HOLE, Part("b8", 1, 2))
    assert texting.receive_sms(lost, wall_clock() - timedelta(hours=5)) is None


# ------------------------------------------------------------------------------------------------------ the rules


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_granted_all_that_it_asks(watch: Watch, function: str) -> None:
    assert watch.used[function] - granted(function) == set(), "refused on AWS"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_granted_nothing_that_it_never_asks(watch: Watch, function: str) -> None:
    idle = granted(function) - watch.used[function]
    assert {grant for grant in idle if (function, *grant) not in NOT_ON_THE_JOURNEY} == set(), "take it away"


def test_every_exception_is_still_one(watch: Watch) -> None:
    for (function, *grant), reason in NOT_ON_THE_JOURNEY.items():
        assert reason
        assert (grant[0], grant[1]) in granted(function), (function, grant)
        assert (grant[0], grant[1]) not in watch.used[function], (function, grant)


def test_the_journey_is_long_enough_to_be_a_proof(watch: Watch) -> None:
    assert {function for function, used in watch.used.items() if not used} == {"Identify"}, "it reads no table"
    tables = {resource.partition("/")[0] for used in watch.used.values() for action, resource in used}
    assert tables == {*_TABLES.values(), "the sender's identity"}


def test_a_transaction_is_taken_apart_into_the_actions_that_iam_asks() -> None:
    put, check = {"Put": {"TableName": f"{PREFIX}complaints"}}, {"ConditionCheck": {"TableName": f"{PREFIX}registry"}}
    assert needed("TransactWriteItems", json.dumps({"TransactItems": [put, check]})) == {
        ("dynamodb:PutItem", "ComplaintsTable"),
        ("dynamodb:ConditionCheckItem", "RegistryTable"),
    }
