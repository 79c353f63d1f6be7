"""Every door x every caller, against one table. A route without a row fails, and so does a row without a route.

What is asked for is always a confidential complaint of OPD dpuprpkp, division pju, that a named citizen filed. Every
caller brings what they have in every way there is: token as bearer and as session cookie (with a form token made from
it), receipt as header and as form field. Who has no token sends an empty one: without the header the gateway itself
answers 401 (tests/functional/test_identity.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest

from app import app
from chalicelib.adapters import complaints
from chalicelib.api.session import csrf_of
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.keys import receipt_for
from chalicelib.domain.ticket import ticket_from
from chalicelib.settings import current
from tests.builders import FORM, Answer, Service, running_service, token
from tests.functional.scenes import LAMP, UNCLEAR, Call, filed, watched_calls
from tests.functional.test_identity import claims_of, encoded, public_pem, with_mac

CALLERS = (
    "nobody", "receipt", "other receipt", "officer", "other OPD", "other division", "admin", "mayor", "auditor",
    "no role", "expired", "other issuer", "other audience", "alg none", "HS256", "tampered",
)  # fmt: skip
#  n = nobody, r = the complaint's own receipt, x = another's, o = officer, p = of another OPD, d = of another division,
#  a = admin, m = mayor, u = auditor, - = known without a role, then the six tokens that prove nobody
TABLE = """
                                             n   r   x   o   p   d   a   m   u   -   e   i   a   n   h   t
GET  /                                     200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /health                               200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /openapi.json                         200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /services                             200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
POST /complaints                           201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201
GET  /complaints                           200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /complaints/{ticket}                  404 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404
POST /complaints/{ticket}/messages         404 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404
GET  /t                                    404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404
GET  /t/{ticket}                           404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404
POST /t/{ticket}                           404 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404
POST /webhooks/sms/{provider}              403 403 403 403 403 403 403 403 403 403 403 403 403 403 403 403

GET  /opd/complaints                       401 401 401 200 200 200 403 403 403 403 401 401 401 401 401 401
GET  /opd/complaints/{ticket}              401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /opd/complaints/{ticket}/start        401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /opd/complaints/{ticket}/answer       401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401

GET  /admin/complaints                     401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
POST /admin/complaints/search              401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/complaints/{ticket}            401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/complaints/{ticket}/reporter   401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
POST /admin/complaints/{ticket}/dispatch   401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /admin/complaints/{ticket}/check      401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
GET  /admin/queue                          401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/escalations                    401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/opds/{opd}                     401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
PUT  /admin/opds/{opd}                     401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
GET  /admin/quarantine                     401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401

GET  /masuk                                302 302 302 302 302 302 302 302 302 302 302 302 302 302 302 302
GET  /masuk/selesai                        400 400 400 400 400 400 400 400 400 400 400 400 400 400 400 400
POST /keluar                               401 401 401 200 200 200 200 200 200 403 401 401 401 401 401 401
GET  /meja                                 401 401 401 200 200 200 403 403 403 403 401 401 401 401 401 401
GET  /meja/{ticket}                        401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /meja/{ticket}/start                  401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /meja/{ticket}/answer                 401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401

GET  /kantor                               401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /kantor/{ticket}                      401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
POST /kantor/{ticket}/dispatch             401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /kantor/{ticket}/check                401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /kantor/token                         401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
"""
EXPECTED = {
    (row[0], row[1]): dict(zip(CALLERS, map(int, row[2:]), strict=True))
    for row in (line.split() for line in TABLE.splitlines()[2:] if line)
}
SECRETS = ("Bukirsari", "Mohon bantuannya", "Warga Uji", "81200000001", "warga@mail")
NOBODYS = ticket_from(12345)
THERE = {"opd": "dishub", "provider": "twilio"}

FORMS: dict[tuple[str, str], dict[str, str]] = {
    ("POST", "/t/{ticket}"): {},
    ("POST", "/keluar"): {},
    ("POST", "/meja/{ticket}/start"): {},
    ("POST", "/meja/{ticket}/answer"): {"text": "Sudah."},
    ("POST", "/kantor/{ticket}/dispatch"): {"to": "dpuprpkp/pju"},
    ("POST", "/kantor/{ticket}/check"): {},
    ("POST", "/kantor/token"): {},
}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/complaints"): {"text": "Jalan berlubang di depan sekolah"},
    ("POST", "/complaints/{ticket}/messages"): {"text": "Masih mati."},
    ("POST", "/webhooks/sms/{provider}"): {"Body": "Sambat", "From": "+6281200000001"},
    ("POST", "/opd/complaints/{ticket}/answer"): {"text": "Sudah."},
    ("POST", "/admin/complaints/{ticket}/dispatch"): {"opd": "dpuprpkp", "division": "pju"},
}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """One city for all rows: what a caller must not do is looked for on a complaint of its own."""
    with running_service() as running:
        yield running


@cache
def bearer_of(caller: str, role: str) -> str:
    """Return the token of a caller; the ones that prove nobody would be of this role if they were good."""
    good = token(role, "dpuprpkp", "pju")
    head, body, _ = good.split(".")
    weak = token("opd", "dishub")
    stronger = {**claims_of(weak), "cognito:groups": [role], "custom:opd": "dpuprpkp"}
    bearers = {
        "officer": token("opd", "dpuprpkp", "pju"),
        "other OPD": weak,
        "other division": token("opd", "dpuprpkp", "jalan"),
        "admin": token("admin"),
        "mayor": token("mayor"),
        "auditor": token("auditor"),
        "no role": token("staff", "dpuprpkp", "pju"),
        "expired": token(role, "dpuprpkp", "pju", exp=datetime.now(UTC) - timedelta(minutes=1)),
        "other issuer": token(role, "dpuprpkp", "pju", iss="https://other.example"),
        "other audience": token(role, "dpuprpkp", "pju", aud="another-app"),
        "alg none": f"{encoded({'alg': 'none', 'kid': 'tests'})}.{body}.",
        "HS256": with_mac(good, public_pem()),
        "tampered": f"{head}.{encoded(stronger)}.{weak.split('.')[2]}",
    }
    return bearers.get(caller, "")


@cache
def other_receipt() -> str:
    return receipt_for(current().signing_key, NOBODYS)


def target(method: str, route: str, at: datetime | None = None) -> Complaint:
    """File the complaint that is asked for."""
    text = UNCLEAR if route.endswith("/dispatch") else LAMP
    who: dict[str, Any] = {"name": "Warga Uji", "phone": "+6281200000001", "email": "warga@mail.example"}
    return filed(text, at, confidential=True, **who)


def ask(service: Service, method: str, route: str, caller: str, ticket: str, receipt: str) -> Answer:
    """Send the request of a caller, with everything that this caller has."""
    bearer = bearer_of(caller, "admin" if route.startswith(("/admin", "/kantor")) else "opd")
    receipt = {"receipt": receipt, "other receipt": other_receipt()}.get(caller, "")
    path = route.format(ticket=ticket, **THERE)
    headers = {"accept-language": "en"}
    if bearer:
        headers |= {"authorization": f"Bearer {bearer}", "cookie": f"sambat_session={bearer}"}
    elif app.routes[route][method].authorizer:
        headers |= {"authorization": "Bearer "}
    if receipt:
        headers["x-receipt"] = receipt
    body = b""
    if (method, route) in FORMS:
        fields = {**FORMS[method, route], "csrf": csrf_of(bearer), **({"receipt": receipt} if receipt else {})}
        if route.startswith("/t"):
            del fields["csrf"]
        headers["content-type"], body = FORM, urlencode(fields).encode()
    elif method in ("POST", "PUT"):
        headers["content-type"], body = "application/json", json.dumps(body_of(service, method, route, ticket)).encode()
    return service.call(method, path, body, **headers)


def body_of(service: Service, method: str, route: str, ticket: str) -> Any:
    if route == "/admin/complaints/search":
        return {"ticket": ticket}
    if method == "PUT":
        return service.get("/admin/opds/dishub", token("admin")).json
    return BODIES.get((method, route), {})


def test_every_door_has_a_row_and_every_row_a_door() -> None:
    doors = {(method, route) for route, methods in app.routes.items() for method in methods}
    assert set(EXPECTED) == doors


LISTS_FIRST = sorted(EXPECTED, key=lambda door: door[0] != "GET" or "{ticket}" in door[1])  # while there is little


@pytest.mark.parametrize(("method", "route"), LISTS_FIRST, ids=lambda part: part)
def test_each_caller_gets_what_the_table_says_and_learns_and_changes_nothing_else(
    service: Service, method: str, route: str
) -> None:
    got = {}
    shared = target(method, route)
    for caller in CALLERS:
        acts = method == "POST" and EXPECTED[method, route][caller] < 300
        ticket = (target(method, route) if acts else shared).ticket
        before = complaints.complaint_of(ticket, consistent=True)
        receipt = receipt_for(current().signing_key, ticket)
        answer = ask(service, method, route, caller, ticket, receipt)
        got[caller] = answer.status
        if answer.status >= 400:
            assert not [secret for secret in SECRETS if secret in answer.text], caller
            assert complaints.complaint_of(ticket, consistent=True) == before, caller
        if answer.status in (401, 403, 404) and "{ticket}" in route:
            absent = ask(service, method, route, caller, NOBODYS, receipt)
            assert seen(answer, route, ticket) == seen(absent, route, NOBODYS), caller
    assert got == EXPECTED[method, route]


def seen(answer: Answer, route: str, ticket: str) -> tuple[int, dict[str, str], str]:
    """Return all of an answer; a page may repeat the ticket that was asked for, an answer in JSON must not."""
    is_page = route.startswith(("/t/", "/meja/", "/kantor/"))
    return answer.status, answer.headers, answer.text.replace(ticket, "TICKET") if is_page else answer.text


def test_a_list_shows_an_officer_nothing_of_others(service: Service) -> None:
    ticket = target("GET", "/", datetime.now(UTC) - timedelta(days=90)).ticket  # the first of any list
    for route in ("/opd/complaints", "/meja"):
        found = {caller: ticket in ask(service, "GET", route, caller, ticket, "").text for caller in CALLERS}
        assert [caller for caller in CALLERS if found[caller]] == ["officer"]


def test_the_office_shows_the_city_alone_what_waits(service: Service) -> None:
    ticket = filed(UNCLEAR, datetime.now(UTC) - timedelta(days=90), confidential=True).ticket  # the first of the queue
    found = {caller: ticket in ask(service, "GET", "/kantor", caller, ticket, "").text for caller in CALLERS}
    assert [caller for caller in CALLERS if found[caller]] == ["admin", "mayor", "auditor"]


def test_no_door_ever_makes_the_database_read_a_whole_table(service: Service) -> None:
    with watched_calls(no_scan) as calls:
        for (method, route), row in EXPECTED.items():
            caller = next(name for name in ("receipt", "officer", "admin") if row[name] == min(row.values()))
            complaint = target(method, route)
            receipt = receipt_for(current().signing_key, complaint.ticket)
            assert ask(service, method, route, caller, complaint.ticket, receipt).status == row[caller]
    operations = {call.operation for call in calls}
    assert operations <= {"GetItem", "PutItem", "UpdateItem", "Query", "BatchGetItem", "BatchWriteItem"}
    assert {"GetItem", "PutItem", "UpdateItem", "Query", "BatchGetItem"} <= operations


def no_scan(call: Call) -> None:
    statement = str(call.params.get("Statement", ""))
    assert not re.search("scan|select", f"{call.operation} {statement}", re.IGNORECASE), call
