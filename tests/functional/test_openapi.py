"""The published document and the service hold each other together: the same routes, and answers as described.

Described are all routes of the JSON interface and the SMS providers' door. Pages that people see are not: their
addresses may change with them.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import msgspec
import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.adapters import complaints, registry
from chalicelib.adapters.tables import PREFIX
from chalicelib.api import openapi, reading
from chalicelib.api.operations import EXAMPLES, OPERATIONS, PARAMETERS, Operation
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.ticket import ticket_from
from chalicelib.settings import current
from chalicelib.workflows import city
from tests.builders import FORM, Answer, Service, running_service, token
from tests.functional.doors import carrier_on, set_as
from tests.functional.test_ladder_http import climb, late
from tests.functional.test_quarantine import by_vonage

ROOT = Path(__file__).parent.parent.parent
# What people see: these, and all below them.
PAGES = ("/t", "/peta.js", "/aduan", "/aduan.rss", "/papan", "/masuk", "/keluar", "/meja", "/kantor")
LAMP = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"
VAGUE = "Mohon perhatian untuk lingkungan kami, terima kasih"
NOBODYS = ticket_from(1)


def is_page(path: str) -> bool:
    return path == "/" or any(path == page or path.startswith(f"{page}/") for page in PAGES)


def app_routes() -> dict[tuple[str, str], Any]:
    from app import app

    return {(method, path): entry for path, methods in app.routes.items() for method, entry in methods.items()}


def document() -> dict[str, Any]:
    return openapi.document("https://sambat.example/api")


def described() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


# ------------------------------------------------------------------------------------------------ the document itself


def test_every_route_that_is_no_page_is_described_and_nothing_else() -> None:
    assert set(described()) == {(method, path) for method, path in app_routes() if not is_page(path)}


def test_the_document_is_valid_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_the_service_publishes_it_under_its_own_address(service: Service) -> None:
    answer = service.get("/openapi.json")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == openapi.document(current().public_url)
    assert answer.json["servers"] == [{"url": "https://sambat.example/api"}]


def test_it_has_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert document()["info"]["version"] == project["version"]


def test_a_route_asks_for_a_token_exactly_where_the_document_says_so() -> None:
    routes = app_routes()
    assert {key for key, one in described().items() if "security" in one} == {
        key for key, entry in routes.items() if entry.authorizer
    }


def test_a_body_may_have_the_media_types_that_its_route_takes() -> None:
    routes = app_routes()
    for key, operation in described().items():
        if "requestBody" in operation:
            assert set(operation["requestBody"]["content"]) == set(routes[key].content_types), key


def test_a_browser_may_send_every_described_header() -> None:
    from app import app

    allowed = {
        name.lower() for name in app.api.cors.get_access_control_headers()["Access-Control-Allow-Headers"].split(",")
    }
    sent = {name.lower() for name, (place, *_) in PARAMETERS.items() if place == "header"}
    assert {*sent, "accept-language", "authorization"} <= allowed


@pytest.mark.parametrize("model", EXAMPLES, ids=lambda model: model.__name__)
def test_an_example_is_what_its_model_says(model: type[msgspec.Struct]) -> None:
    msgspec.convert(EXAMPLES[model], model)
    Contract().fit(EXAMPLES[model], {"$ref": f"#/components/schemas/{model.__name__}"})


def test_every_body_has_an_example() -> None:
    assert {operation.body for operation in OPERATIONS if operation.body} <= set(EXAMPLES)


def test_a_start_of_the_service_makes_no_document() -> None:
    code = (
        "import sys, tests.conftest, app\n"
        "print(*{'chalicelib.api.operations', 'chalicelib.api.answers'} & set(sys.modules))"
    )
    python = [sys.executable, "-c", code]
    run = subprocess.run(python, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout.strip() == ""


# ------------------------------------------------------------------------------------------------ answers, as described


class Contract:
    """Holds answers against the document, more strictly than it says: no field that is not described."""

    def __init__(self) -> None:
        self.document = copy.deepcopy(document())
        for schema in self.document["components"]["schemas"].values():
            if "properties" in schema:
                schema.setdefault("additionalProperties", False)
        self.seen: set[tuple[str, str, int, str]] = set()

    def hold(self, method: str, path: str, answer: Answer) -> Answer:
        """Return the answer once it is one that the document describes for this operation."""
        responses = self.document["paths"][path][method.lower()]["responses"]
        assert str(answer.status) in responses, f"{method} {path} answered {answer.status}: {answer.text[:500]}"
        response = responses[str(answer.status)]
        media_type = answer.headers.get("Content-Type", "application/json").partition(";")[0]  # as API Gateway adds it
        assert media_type in response["content"], f"{method} {path} answered {answer.status} as {media_type}"
        if media_type.endswith("json"):
            self.fit(answer.json, response["content"][media_type]["schema"])
        for name in [name for name, header in response.get("headers", {}).items() if header["required"]]:
            assert name in answer.headers or media_type == "text/html", f"{method} {path} {answer.status} lacks {name}"
        self.seen.add((method, path, answer.status, media_type))
        return answer

    def fit(self, value: Any, schema: dict[str, Any]) -> None:
        """Raise ValidationError unless the value is what the schema says, its formats too."""
        assert "date-time" in oas31_format_checker.checkers
        whole = {**schema, "components": self.document["components"]}
        OAS31Validator(whole, format_checker=oas31_format_checker).validate(value)


class Caller:
    """Calls operations of the table; each answer is held against the document."""

    def __init__(self, service: Service) -> None:
        self.service, self.contract = service, Contract()
        self.roles = {"opd": token("opd", "dpuprpkp"), "": ""} | {
            role: token(role) for role in ("admin", "mayor", "auditor")
        }

    def ask(
        self,
        name: str,
        ticket: str = "",
        body: Any = None,
        *,
        opd: str = "dishub",
        division: str = "parkir",
        n: int | str = 1,
        provider: str = "twilio",
        message: str = "2026-11-24.0",
        who: str | None = None,
        form: dict[str, str] | None = None,
        query: str = "",
        **headers: str,
    ) -> Answer:
        """Call one operation, by default as one who may."""
        operation = operation_named(name)
        role = (operation.roles[0] if operation.roles else "") if who is None else who
        if bearer := self.roles.get(role, role):
            headers["authorization"] = f"Bearer {bearer}"
        if form is not None:
            content, given = FORM, urlencode(form).encode()
        else:
            content, given = "application/json", b"" if body is None else json.dumps(body).encode()
        if operation.method != "GET":
            headers.setdefault("content_type", content)
        path = operation.path.format(ticket=ticket, opd=opd, division=division, n=n, provider=provider, message=message)
        return self.contract.hold(
            operation.method, operation.path, self.service.call(operation.method, path + query, given, **headers)
        )

    def example(self, name: str, ticket: str, **changes: Any) -> Answer:
        """Call an operation with the example of its body."""
        body = operation_named(name).body
        return self.ask(name, ticket, **{"body": EXAMPLES[body] if body else None, **changes})


def operation_named(name: str) -> Operation:
    return next(operation for operation in OPERATIONS if operation.name == name)


def by_generic_provider(body: str) -> dict[str, str]:
    """Return the headers with which Standard Webhooks signs a body."""
    at = str(int(time.time()))
    key = base64.b64decode(current().sms["generic"].secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(key, f"msg_1.{at}.{body}".encode(), hashlib.sha256).digest()).decode()
    return {"webhook_id": "msg_1", "webhook_timestamp": at, "webhook_signature": f"v1,{signature}"}


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    """A city in which all is asked for that the document describes, each test adding to what was seen."""
    with running_service() as service:
        yield Caller(service)


def test_a_whole_journey_is_answered_as_described(caller: Caller) -> None:
    service = caller.service
    caller.ask("read_health")
    caller.ask("read_document")
    caller.ask("list_services")
    body = {
        **EXAMPLES[operation_named("file_complaint").body or msgspec.Struct],
        "name": "Ibu A.",
        "phone": "080000000001",
    }
    filed = caller.ask("file_complaint", body=body).json
    assert filed["status"] == "dispatched"
    vague = caller.ask("file_complaint", body={"text": VAGUE, "photos": ["https://photos.example/1.jpg"]}).json
    assert vague["status"] == "received"
    caller.ask("file_complaint", form={"text": LAMP, "lang": "en"})
    lamp = filed["ticket"]

    mine = caller.ask("read_complaint", lamp, x_receipt=filed["receipt"]).json
    assert mine["text"] == body["text"]
    caller.ask("add_message", lamp, {"text": "Sekarang tiga lampu."}, x_receipt=filed["receipt"])
    caller.ask("add_message", lamp, form={"text": "Dan tiangnya miring.", "receipt": filed["receipt"]})
    assert caller.ask("read_complaint", vague["ticket"]).json["text"] is None

    assert [one["ticket"] for one in caller.ask("list_queue").json["items"]] == [vague["ticket"]]
    caller.ask("read_any_complaint", vague["ticket"])
    caller.ask("dispatch_complaint", vague["ticket"], {"opd": "dishub", "division": "parkir", "kind": "idea"})
    caller.ask("check_complaint", vague["ticket"])
    assert len(caller.ask("list_complaints").json["items"]) == 3

    sweep_at(service, filed["answer_due_at"])
    assert len(caller.ask("list_escalations").json["items"]) == 3
    assert len(caller.ask("list_all_complaints").json["items"]) == 3
    assert len(caller.ask("list_own_complaints").json["items"]) == 2
    caller.ask("list_own_complaints", query="?status=answered")
    assert len(caller.ask("search_complaints", body={"phone": "+62 80 000 000 001"}).json["items"]) == 1
    assert caller.ask("read_own_complaint", lamp).json["reporter"]["name"] == "Ibu A."
    assert caller.ask("read_reporter", lamp).json["name"] == "Ibu A."
    assert caller.ask("read_reporter", vague["ticket"]).json["name"] is None
    caller.ask("start_complaint", lamp)
    caller.ask("answer_complaint", lamp, {"text": "Kami sedang mencari suku cadangnya.", "final": False})
    caller.ask("answer_complaint", lamp, {"text": "Sudah diganti."})
    final = caller.ask("read_complaint", lamp).json
    assert [one["final"] for one in final["answers"]] == [False, True]
    assert {"received", "dispatched", "message", "escalated", "started", "answered"} == {
        entry["entry"] for entry in final["timeline"]
    }

    caller.contract.hold("POST", "/webhooks/sms/{provider}", service.twilio("Sambat parkir liar depan Pasar Besar"))
    odd = '{"a form": "that nobody knows"}'
    caller.contract.hold(
        "POST",
        "/webhooks/sms/{provider}",
        service.call("POST", "/webhooks/sms/generic", odd, content_type="application/json", **by_generic_provider(odd)),
    )
    assert len(caller.ask("list_quarantine").json["items"]) == 1


def by_get(caller: Caller, **parameters: str) -> Answer:
    """Deliver by GET, as one provider does, and hold the answer against the document."""
    with set_as(SAMBAT_SMS_VONAGE_SECRET="vonage-key", SAMBAT_SMS_DEFAULT="generic"):
        answer = by_vonage(caller.service, "vonage-key", msisdn="6280000000001", **parameters)
    return caller.contract.hold("GET", "/webhooks/sms/{provider}", answer)


def test_staff_enter_what_came_otherwise_as_described(caller: Caller) -> None:
    entered = caller.example("enter_complaint", "").json
    shown = caller.ask("read_any_complaint", entered["ticket"]).json
    assert (shown["channel"], shown["timeline"][0]["who"]) == ("phone", "admin--")
    assert by_get(caller, type="text", messageId="0A1", text="Sambat parkir liar depan Pasar Besar").status == 200
    for n in range(2):
        assert by_get(caller, type="binary", messageId=f"0B{n}").status == 200
    first, second = (one["id"] for one in caller.ask("list_quarantine").json["items"][:2])
    assert caller.ask("read_quarantined", message=first).json["settled"] is None
    filed = caller.example("file_quarantined", "", message=first).json
    assert filed["receipt"] is None
    assert caller.example("discard_quarantined", "", message=second).json["state"] == "discarded"
    for state, message in (("filed", first), ("discarded", second)):
        assert caller.ask("list_quarantine", query=f"?state={state}").json["items"][0]["id"] == message
        assert caller.ask("read_quarantined", message=message).json["settled"]
    for name, message in (("discard_quarantined", first), ("file_quarantined", second)):
        assert caller.example(name, "", message=message).status == 409
    for name in ("read_quarantined", "file_quarantined", "discard_quarantined"):
        for message in ("2026-11-24.0", "x", "%00", "..", "a" * 3000):
            assert caller.example(name, "", message=message).status == 404, message


def sweep_at(service: Service, deadline: str) -> None:
    """Sweep on the morning after a deadline."""
    service.sweep(deadline.replace("T00:00:00", "T08:00:00"))


def test_the_rest_of_a_life_is_answered_as_described(caller: Caller) -> None:
    lamp, twin, spam, ours = (caller.ask("file_complaint", body={"text": LAMP}).json for _ in range(4))
    by_receipt = {"x_receipt": lamp["receipt"]}
    caller.example("ask_reporter", lamp["ticket"])
    assert caller.ask("read_complaint", lamp["ticket"]).json["reply_due_at"]
    caller.ask("add_message", lamp["ticket"], {"text": "Tiang 14."}, **by_receipt)
    assert caller.ask("list_duplicates", lamp["ticket"]).json["items"]
    caller.service.deliver()
    assert caller.ask("list_messages", lamp["ticket"]).json["items"]
    caller.ask("merge_complaint", twin["ticket"], {"into": lamp["ticket"]})
    caller.example("reject_complaint", spam["ticket"])
    caller.example("reopen_complaint", spam["ticket"], x_receipt=spam["receipt"])
    caller.example("answer_complaint", lamp["ticket"])
    caller.example("rate_complaint", lamp["ticket"], **by_receipt)
    caller.example("reopen_complaint", lamp["ticket"], **by_receipt)
    caller.example("answer_complaint", lamp["ticket"])
    caller.ask("rate_complaint", lamp["ticket"], form={"score": "5", "receipt": lamp["receipt"]})
    caller.ask("reopen_complaint", lamp["ticket"], form={"reason": "Lagi.", "receipt": lamp["receipt"]})
    caller.example("forward_complaint", lamp["ticket"])
    caller.example("refuse_complaint", ours["ticket"])
    for one in (lamp, twin, spam, ours):
        caller.ask("read_complaint", one["ticket"])
        caller.ask("read_complaint", one["ticket"], x_receipt=one["receipt"])
        caller.ask("read_any_complaint", one["ticket"])
    listed = {one["ticket"]: one for one in caller.ask("list_all_complaints").json["items"]}
    assert listed[twin["ticket"]]["merged_into"] == lamp["ticket"]


def test_the_ladder_is_answered_as_described(caller: Caller) -> None:
    hole = "Jalan berlubang di Jl. Veteran, aspal rusak parah"  # of a division that no other test asks about
    ticket = late(hole, 2).ticket
    gone = late(hole).ticket
    here = {"opd": "dpuprpkp", "division": "jalan"}
    assert caller.example("contest_escalation", ticket, n=2).json["status"] == "dispatched"
    caller.ask("list_escalations")
    caller.example("deny_contest", ticket, n=2)
    caller.example("forward_complaint", gone)
    assert "status" not in caller.example("contest_escalation", gone).json
    caller.example("uphold_contest", gone)
    (standing,) = [one for one in caller.ask("list_standings").json["items"] if one["division"] == "jalan"]
    assert standing["proposed"] == "black_vest"
    caller.example("confirm_rung", "", **here)
    climb(caller_complaint(ticket))
    caller.example("dismiss_proposal", "", **here)
    for name in ("confirm_rung", "dismiss_proposal"):
        assert caller.example(name, "", **here).status == 409
        assert caller.example(name, "", opd="dpuprpkp", division="tidak_ada").status == 404
    for name in ("contest_escalation", "uphold_contest", "deny_contest"):
        assert caller.example(name, ticket, n=2).status == 409
        assert caller.example(name, ticket, n="x").status == 404


def caller_complaint(ticket: str) -> Complaint:
    complaint = complaints.complaint_of(ticket, consistent=True)
    assert complaint is not None
    return complaint


def test_figures_are_answered_as_described(caller: Caller) -> None:
    with carrier_on():
        assert caller.service.deliver() == []
    assert caller.ask("read_statistics").json["total"]["received"] > 0
    board = caller.ask("read_scoreboard").json
    assert any(one["standing"] for one in board["divisions"])
    caller.example("award_reward", "")
    other = {**EXAMPLES[reading.RewardBody], "reward": "Motor"}
    assert caller.ask("award_reward", body=other).status == 409
    assert len(caller.ask("list_rewards", query="?period=2026-10").json["items"]) == 1
    assert len(caller.ask("read_scoreboard", query="?period=2026-10").json["rewards"]) == 1
    years = caller.ask("read_holidays").json["years"]
    assert caller.ask("write_holidays", body={"years": years}).json["moved"] == 0
    assert caller.ask("export_complaints").text.startswith("ticket,sp4n_lapor,kind,")


@pytest.mark.parametrize("code", [opd["code"] for opd in json.loads((ROOT / "chalicelib/data/opds.json").read_text())])
def test_an_opd_can_be_written_as_it_is_read(caller: Caller, code: str) -> None:
    stored = caller.ask("read_opd", opd=code).json
    assert caller.ask("write_opd", opd=code, body=stored).json["divisions"][0]["code"] == stored["divisions"][0]["code"]


GUARDED = [one.name for one in OPERATIONS if one.roles]
WITH_A_BODY = [one.name for one in OPERATIONS if one.body]
SENDING = [one.name for one in OPERATIONS if one.method != "GET"]
LISTS = [one.name for one in OPERATIONS if one.query]
OF_A_TICKET = [one.name for one in OPERATIONS if "{ticket}" in one.path]


@pytest.mark.parametrize("name", GUARDED)
def test_who_proves_nobody_is_401(caller: Caller, name: str) -> None:
    assert caller.example(name, NOBODYS, who="no.token.atall").status == 401


@pytest.mark.parametrize("name", GUARDED)
def test_every_role_that_is_not_named_is_403(caller: Caller, name: str) -> None:
    others = {"admin", "mayor", "auditor", "opd"} - set(operation_named(name).roles)
    assert others
    for role in others:
        assert caller.example(name, NOBODYS, who=role).status == 403, role


@pytest.mark.parametrize("name", GUARDED)
def test_every_role_that_is_named_may(caller: Caller, name: str) -> None:
    for role in operation_named(name).roles:
        assert caller.example(name, NOBODYS, who=role).status in (200, 201, 404, 409), role


@pytest.mark.parametrize("name", OF_A_TICKET)
def test_a_ticket_that_nobody_has_is_404(caller: Caller, name: str) -> None:
    for ticket in (NOBODYS, "AAAAA-AAAAA", "x", "%00", "..", "a" * 3000):
        assert caller.example(name, ticket).status == 404, ticket


@pytest.mark.parametrize("name", ["read_opd", "write_opd"])
def test_an_opd_that_the_city_has_not_is_404(caller: Caller, name: str) -> None:
    for code in ("tidak_ada", "DISHUB", "%00", "..", "a" * 3000):
        assert caller.example(name, "", opd=code).status == 404, code


def test_a_provider_that_is_not_on_is_404_and_an_unsigned_request_403(caller: Caller) -> None:
    assert caller.ask("receive_sms", body={}, provider="plivo").status == 404
    assert caller.ask("receive_sms", body={}).status == 403


def test_by_get_it_is_405_where_the_provider_posts(caller: Caller) -> None:
    assert caller.ask("receive_sms_by_get", provider="plivo").status == 404
    for provider in ("twilio", "generic", "smsgate"):
        assert caller.ask("receive_sms_by_get", provider=provider).status == 405
    with set_as(SAMBAT_SMS_VONAGE_SECRET="vonage-key", SAMBAT_SMS_DEFAULT="generic"):
        assert caller.ask("receive_sms_by_get", provider="vonage").status == 403


@pytest.mark.parametrize("name", WITH_A_BODY)
def test_an_unknown_field_or_no_body_at_all_is_400(caller: Caller, name: str) -> None:
    assert [one["field"] for one in caller.ask(name, NOBODYS, {"surprise": 1}).json["errors"]] != []
    assert caller.ask(name, NOBODYS, None).status == 400
    if operation_named(name).form is not None:
        assert caller.ask(name, NOBODYS, form={"surprise": "1"}).status in (400, 404)


@pytest.mark.parametrize("name", [*WITH_A_BODY, "receive_sms"])
def test_a_body_beyond_all_measure_is_413(caller: Caller, name: str) -> None:
    assert caller.ask(name, NOBODYS, {"text": "a" * 300_000}).status == 413


@pytest.mark.parametrize("name", SENDING)
def test_another_media_type_is_415(caller: Caller, name: str) -> None:
    assert caller.example(name, NOBODYS, content_type="application/xml").status == 415


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_the_described_parameters_and_no_other(caller: Caller, name: str) -> None:
    values = {"limit": "7", "from": "2026-11-24T10:00:00%2B07:00", "to": "2026-11-24T10:00:00Z", "opd": "dishub",
              "due_before": "2026-11-24T10:00:00Z", "cursor": "", "division": "parkir", "channel": "web",
              "overdue": "true", "status": "answered", "kind": "idea", "rung": "warning", "state": "filed",
              "period": "2026-11", "category": "parkir", "counted": "late"}  # fmt: skip
    parameters = [one for one, (place, *_) in PARAMETERS.items() if place == "query"]
    assert set(parameters) == set(values)
    for parameter in [*parameters, "surprise"]:
        answer = caller.ask(name, query=f"?{parameter}={values.get(parameter, '1')}")
        known = parameter in operation_named(name).query
        assert answer.status == (200 if known else 400), parameter


def test_a_change_of_holidays_waits_for_the_one_before(caller: Caller) -> None:
    years = caller.ask("read_holidays").json["years"]
    noted = {"old": years, "new": years, "at": "2026-11-24T03:00:00+00:00", "by": "admin", "who": "", "done": False}
    assert registry.note_change_of_holidays(noted, registry.change_of_holidays())
    try:
        other = {"years": {**years, "2031": {"2031-01-01": "Tahun baru"}}}
        assert caller.ask("write_holidays", body=other).status == 409
    finally:
        registry.end_change_of_holidays()


def test_a_step_that_was_taken_is_409(caller: Caller) -> None:
    filed = caller.ask("file_complaint", body={"text": LAMP}).json
    ticket, text = filed["ticket"], {"text": "a" * 4000}
    assert caller.ask("dispatch_complaint", ticket, {"opd": "dishub", "division": "parkir"}).status == 409
    assert caller.ask("start_complaint", ticket).status == 200
    assert caller.ask("start_complaint", ticket).status == 409
    assert caller.ask("answer_complaint", ticket, {"text": "Sudah."}).status == 200
    assert caller.ask("answer_complaint", ticket, {"text": "Sudah."}).status == 409
    assert caller.ask("rate_complaint", ticket, {"score": 3}, x_receipt=filed["receipt"]).status == 200
    assert caller.ask("rate_complaint", ticket, {"score": 4}, x_receipt=filed["receipt"]).status == 409
    for name in ("ask_reporter", "forward_complaint", "refuse_complaint", "reject_complaint"):
        assert caller.example(name, ticket).status == 409, name
    assert caller.ask("merge_complaint", ticket, {"into": ticket}).status == 409
    assert caller.ask("reopen_complaint", ticket, {"reason": "x"}, x_receipt=filed["receipt"]).status == 200
    assert caller.ask("reopen_complaint", ticket, {"reason": "y"}, x_receipt=filed["receipt"]).status == 409
    told = [caller.ask("add_message", ticket, text, x_receipt=filed["receipt"]).status for _ in range(22)]
    assert told == [200] * 19 + [409] * 3  # with the reason, 80,000 bytes hold no more


def test_a_key_that_was_used_otherwise_is_422(caller: Caller) -> None:
    entered = [caller.ask("enter_complaint", body={"text": one}, idempotency_key="once") for one in (LAMP, VAGUE)]
    assert [one.status for one in entered] == [201, 422]
    for form, media_type in (False, "application/problem+json"), (True, "text/html"):
        given: dict[str, Any] = {"idempotency_key": f"once {form}"}
        first, other = {"text": LAMP}, {"text": VAGUE}
        if form:
            asked = [caller.ask("file_complaint", form=one, **given) for one in (first, other)]
        else:
            asked = [caller.ask("file_complaint", body=one, **given) for one in (first, other)]
        assert [one.status for one in asked] == [201, 422]
        assert asked[1].headers["Content-Type"].startswith(media_type)


def test_while_the_database_is_away_everything_is_503(caller: Caller) -> None:
    signed = by_generic_provider('{"id": "1"}')
    for table in ("complaints", "reporters", "escalations", "intake", "registry", "statistics"):
        boto3.client("dynamodb").delete_table(TableName=f"{PREFIX}{table}")
    city.forget()
    for operation in OPERATIONS:
        if operation.name == "read_document":
            continue
        if operation.name == "receive_sms":
            answer = caller.service.call(
                "POST", "/webhooks/sms/generic", '{"id": "1"}', content_type="application/json", **signed
            )
            caller.contract.hold("POST", operation.path, answer)
        elif operation.name == "receive_sms_by_get":
            answer = by_get(caller, type="text", messageId="0A2", text=LAMP)
        else:
            answer = caller.example(operation.name, NOBODYS)
        assert answer.status == 503, operation.name


def test_all_that_is_described_was_seen(caller: Caller, request: pytest.FixtureRequest) -> None:
    """Runs last: the tests above provoke every status of every operation, else the document promises too much."""
    if request.config.getoption("keyword") or any("::" in asked for asked in request.config.args):
        pytest.skip("only a part of this module was asked for")
    seen = {(method, path, status) for method, path, status, _ in caller.contract.seen}
    promised = {
        (method, path, int(status)) for (method, path), one in described().items() for status in one["responses"]
    }
    assert promised - seen == {("GET", "/openapi.json", 503)}
