"""Requests that nobody meant, made by schemathesis from the published document.

Every operation is called as one who may, at things that are there: whatever is sent, the answer is one that the
document describes, and the fault is never ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from chalicelib.adapters import quarantine
from chalicelib.api import openapi
from chalicelib.api.operations import OPERATIONS, Operation
from chalicelib.settings import current
from infra.local.gateway import Gateway
from tests.builders import FORM, Service, running_service, token

EXAMPLES: Final = 10  # of each kind for each operation: bounded, and always the same ones


def refuses_what_is_wrong(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """Hold that a wrong body, and a wrong query of a list, are refused."""
    if case.meta is None or response.status_code >= 300:
        return None
    body = case.meta.is_negative_at(ParameterLocation.BODY) and not (case.media_type == FORM and has_empty(case.body))
    query = case.meta.is_negative_at(ParameterLocation.QUERY) and not has_empty(case.query)
    if body or (query and _BY_LABEL[case.operation.label].query):
        return negative_data_rejection(ctx, response, case)
    return None


def has_empty(fields: Any) -> bool:
    """Say whether a form or a query has an empty field: that is an absent one, whatever the schema says of it."""
    return isinstance(fields, dict) and any(value in ("", None, [], {}) for value in fields.values())


_BY_LABEL: Final = {f"{one.method} {one.path}": one for one in OPERATIONS}
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    refuses_what_is_wrong,
    unsupported_method,
]
LAMP: Final = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"
VAGUE: Final = "Mohon perhatian untuk lingkungan kami, terima kasih"

Start = Callable[[str, list[tuple[str, str]]], Any]


def as_wsgi(gateway: Gateway) -> Callable[[dict[str, Any], Start], Iterable[bytes]]:
    """Return the service as a WSGI application, behind the gateway that stands before it on one machine."""

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path, query = environ["REQUEST_URI"].partition("?")[0], environ["QUERY_STRING"]
        answer = gateway.handle(environ["REQUEST_METHOD"], f"{path}?{query}" if query else path, headers, body or None)
        several = ((name, value if isinstance(value, list) else [value]) for name, value in answer.headers.items())
        start(f"{answer.status} -", [(name, one) for name, values in several for one in values])
        return [answer.body]

    return application


SCHEMA = schemathesis.openapi.from_dict(openapi.document(current().public_url))


@dataclass
class Target:
    """A city under fire."""

    service: Service
    filed: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    messages: int = 0

    def filed_for(self, operation: Operation) -> dict[str, str]:
        """Return one of a few complaints on which this operation is possible, until it was done."""
        tickets = self.filed.setdefault(operation.name, [])
        if len(tickets) < 4:
            text = VAGUE if operation.name == "dispatch_complaint" else LAMP
            tickets.append(self.service.post("/complaints", {"text": text}).json)
        else:
            tickets.append(tickets.pop(0))
        return tickets[-1]

    def aim(self, case: Case[Any], operation: Operation) -> None:
        """Let a generated request go at what is really there."""
        if "ticket" in case.path_parameters:
            filed = self.filed_for(operation)
            case.path_parameters["ticket"] = filed["ticket"]
            if "X-Receipt" in operation.headers:
                case.headers["X-Receipt"] = filed["receipt"]
            if (
                operation.form
                and "receipt" in operation.form
                and case.media_type == FORM
                and isinstance(case.body, dict)
            ):
                case.body["receipt"] = filed["receipt"]
        if "Idempotency-Key" in operation.headers:
            case.headers["Idempotency-Key"] = sha256(repr(case.body).encode()).hexdigest()  # else 422
        if "opd" in case.path_parameters:
            case.path_parameters["opd"] = "bkpsdm"
        if "message" in case.path_parameters:
            case.path_parameters["message"] = self.put_aside()
        if case.meta and case.meta.generation.mode.is_positive:
            case.body = sensible(operation.name, case.body)

    def put_aside(self) -> str:
        """Let there be a message that nobody could read, and return its id."""
        self.messages += 1
        at = datetime.now(UTC)
        quarantine.quarantine(quarantine.Quarantined("generic", "no text", "{"), f"{self.messages}", at)
        return f"{at:%Y-%m-%d}.{self.messages}"


def sensible(name: str, body: Any) -> Any:
    """Return a generated body with what the schema cannot say: what the city has, numbers that are some."""
    if name == "write_opd":
        return opd_like(as_object(body))
    if name == "dispatch_complaint":
        return {**as_object(body), "opd": "dishub", "division": "parkir"}
    if name == "file_quarantined":
        return {**as_object(body), "phone": None, "category": None}
    return body


def as_object(body: Any) -> dict[str, Any]:
    assert isinstance(body, dict)
    return body


def opd_like(body: dict[str, Any]) -> dict[str, Any]:
    """Return a generated OPD with what the schema cannot say: its own code, addresses that can be some."""
    divisions = [{**one, "code": f"bidang_{n}", "email": "a@b.example"} for n, one in enumerate(body["divisions"])]
    return {**body, "code": "bkpsdm", "head": {"email": "a@b.example"}, "divisions": divisions}


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """One city for all requests of this module, never deployed between them."""
    from app import app

    with running_service() as service:
        SCHEMA.app = as_wsgi(Gateway(app, urlsplit(current().public_url).path))
        yield Target(service)


def bearer(operation: Operation) -> dict[str, str]:
    if not operation.roles:
        return {}
    who = token("opd", "dpuprpkp") if operation.roles == ("opd",) else token("admin")
    return {"Authorization": f"Bearer {who}"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_whatever_is_sent_the_answer_is_a_described_one(target: Target, operation: Operation) -> None:
    described = SCHEMA[operation.path][operation.method]
    headers, seen = bearer(operation), Counter[int]()

    def fire(case: Case[Any]) -> None:
        response = case.call_and_validate(headers=headers, checks=CHECKS)
        seen[response.status_code] += 1

    for case in SCHEMA.iter_coverage_cases(
        described, generation_modes=list(GenerationMode), generation_config=GenerationConfig()
    ):
        fire(case)

    for mode in GenerationMode:

        @settings(
            max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(
            case=described.as_strategy(generation_mode=mode),
            real=st.just(True) if mode is GenerationMode.POSITIVE else st.booleans(),
        )
        def generated(case: Case[Any], real: bool) -> None:
            if real:
                target.aim(case, operation)
            fire(case)

        generated()
    assert operation.tag == "sms" or seen[operation.status] > 0, "nothing got through, so little was tried"
