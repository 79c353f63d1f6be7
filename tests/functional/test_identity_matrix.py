"""Every door x every caller, against one table. A route without a row fails, and so does a row without a route.

What is asked for is a confidential complaint of OPD dpuprpkp, division pju, that a named citizen filed, as far in its
life as the door needs it (answered, late, contested), the standing of a division that such ones made, or a message in
quarantine. Every caller brings what they have in every way there is: token as bearer and as session cookie (with a form
token made from it), receipt as header and as form field. Who has no token sends an empty one: without the header the
gateway itself answers 401 (tests/functional/test_identity.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest

from app import app
from chalicelib.adapters import complaints, quarantine
from chalicelib.api.session import csrf_of
from chalicelib.domain.complaint import Actor, Complaint, Role
from chalicelib.domain.keys import receipt_for
from chalicelib.domain.ticket import ticket_from
from chalicelib.settings import current
from chalicelib.workflows import contesting, handling, standings
from tests.builders import FORM, Answer, Service, running_service, token
from tests.functional.scenes import HOLE, LAMP, PARKING, UNCLEAR, Call, filed, wall_clock, watched_calls
from tests.functional.test_identity import claims_of, encoded, public_pem, with_mac
from tests.functional.test_ladder_http import late

CALLERS = (
    "nobody", "receipt", "other receipt", "officer", "other OPD", "other division", "admin", "mayor", "auditor",
    "no role", "expired", "other issuer", "other audience", "alg none", "HS256", "tampered",
)  # fmt: skip
#  n = nobody, r = the complaint's own receipt, x = another's, o = officer, p = of another OPD, d = of another division,
#  a = admin, m = mayor, u = auditor, - = known without a role, then the six tokens that prove nobody
TABLE = """
                                               n   r   x   o   p   d   a   m   u   -   e   i   a   n   h   t
GET  /                                         200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /health                                   200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /openapi.json                             200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /services                                 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
POST /complaints                               201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201
GET  /complaints                               200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /complaints/{ticket}                      404 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404
POST /complaints/{ticket}/messages             404 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404
POST /complaints/{ticket}/rating               404 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404
POST /complaints/{ticket}/reopen               404 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404
GET  /peta.js                                  200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /scoreboard                               200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /papan                                    200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /aduan                                    200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /aduan.rss                                200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /t                                        404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404
GET  /t/{ticket}                               404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404
POST /t/{ticket}                               404 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404
POST /webhooks/sms/{provider}                  403 403 403 403 403 403 403 403 403 403 403 403 403 403 403 403
GET  /webhooks/sms/{provider}                  405 405 405 405 405 405 405 405 405 405 405 405 405 405 405 405

GET  /opd/complaints                           401 401 401 200 200 200 403 403 403 403 401 401 401 401 401 401
GET  /opd/complaints/{ticket}                  401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /opd/complaints/{ticket}/start            401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /opd/complaints/{ticket}/answer           401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /opd/complaints/{ticket}/ask              401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /opd/complaints/{ticket}/forward          401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /opd/complaints/{ticket}/refuse           401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /opd/escalations/{ticket}/{n}/contest     401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401

GET  /admin/complaints                         401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
POST /admin/complaints                         401 401 401 403 403 403 201 403 403 403 401 401 401 401 401 401
POST /admin/complaints/search                  401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/complaints/{ticket}                401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/complaints/{ticket}/reporter       401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
POST /admin/complaints/{ticket}/dispatch       401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /admin/complaints/{ticket}/check          401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /admin/complaints/{ticket}/reject         401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /admin/complaints/{ticket}/merge          401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
GET  /admin/complaints/{ticket}/duplicates     401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/complaints/{ticket}/messages       401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/queue                              401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/escalations                        401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
POST /admin/escalations/{ticket}/{n}/uphold    401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /admin/escalations/{ticket}/{n}/deny      401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
GET  /admin/standings                          401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
POST /admin/standings/{opd}/{division}/confirm 401 401 401 403 403 403 403 200 403 403 401 401 401 401 401 401
POST /admin/standings/{opd}/{division}/dismiss 401 401 401 403 403 403 403 200 403 403 401 401 401 401 401 401
GET  /admin/stats                              401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/export.csv                         401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/rewards                            401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
POST /admin/rewards                            401 401 401 403 403 403 201 403 403 403 401 401 401 401 401 401
GET  /admin/holidays                           401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
PUT  /admin/holidays                           401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
GET  /admin/opds/{opd}                         401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
PUT  /admin/opds/{opd}                         401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
GET  /admin/quarantine                         401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /admin/quarantine/{message}               401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
POST /admin/quarantine/{message}/complaint     401 401 401 403 403 403 201 403 403 403 401 401 401 401 401 401
POST /admin/quarantine/{message}/discard       401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401

GET  /masuk                                    302 302 302 302 302 302 302 302 302 302 302 302 302 302 302 302
GET  /masuk/selesai                            400 400 400 400 400 400 400 400 400 400 400 400 400 400 400 400
POST /keluar                                   200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET  /meja                                     303 303 303 200 200 200 403 403 403 403 303 303 303 303 303 303
GET  /meja/{ticket}                            303 303 303 200 404 404 403 403 403 403 303 303 303 303 303 303
POST /meja/{ticket}/start                      401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401
POST /meja/{ticket}/answer                     401 401 401 303 404 404 403 403 403 403 401 401 401 401 401 401
POST /meja/{ticket}/ask                        401 401 401 303 404 404 403 403 403 403 401 401 401 401 401 401
POST /meja/{ticket}/forward                    401 401 401 303 404 404 403 403 403 403 401 401 401 401 401 401
POST /meja/{ticket}/refuse                     401 401 401 303 404 404 403 403 403 403 401 401 401 401 401 401
POST /meja/{ticket}/contest/{n}                401 401 401 200 404 404 403 403 403 403 401 401 401 401 401 401

GET  /kantor                                   303 303 303 403 403 403 200 200 200 403 303 303 303 303 303 303
GET  /kantor/{ticket}                          303 303 303 403 403 403 200 200 200 403 303 303 303 303 303 303
POST /kantor/{ticket}/dispatch                 401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /kantor/{ticket}/check                    401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /kantor/{ticket}/reject                   401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /kantor/{ticket}/merge                    401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /kantor/{ticket}/contest/{n}              401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
GET  /kantor/status                            303 303 303 403 403 403 200 200 200 403 303 303 303 303 303 303
POST /kantor/status/{opd}/{division}           401 401 401 403 403 403 403 200 403 403 401 401 401 401 401 401
POST /kantor/{ticket}/pelapor                  401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /kantor/aduan                             303 303 303 403 403 403 200 200 200 403 303 303 303 303 303 303
POST /kantor/cari                              401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
GET  /kantor/masukan                           303 303 303 403 403 403 200 403 403 403 303 303 303 303 303 303
POST /kantor/masukan                           401 401 401 403 403 403 201 403 403 403 401 401 401 401 401 401
GET  /kantor/karantina                         303 303 303 403 403 403 200 200 200 403 303 303 303 303 303 303
GET  /kantor/karantina/{message}               303 303 303 403 403 403 200 200 200 403 303 303 303 303 303 303
POST /kantor/karantina/{message}/complaint     401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
POST /kantor/karantina/{message}/discard       401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
GET  /kantor/penghargaan                       303 303 303 403 403 403 200 200 200 403 303 303 303 303 303 303
POST /kantor/penghargaan                       401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
GET  /kantor/angka                             303 303 303 403 403 403 200 200 200 403 303 303 303 303 303 303
GET  /kantor/libur                             303 303 303 403 403 403 200 200 200 403 303 303 303 303 303 303
POST /kantor/libur                             401 401 401 403 403 403 200 403 403 403 401 401 401 401 401 401
GET  /kantor/status/{opd}/{division}/surat     303 303 303 403 403 403 200 200 200 403 303 303 303 303 303 303
POST /kantor/token                             401 401 401 403 403 403 200 200 200 403 401 401 401 401 401 401
"""
EXPECTED = {
    (row[0], row[1]): dict(zip(CALLERS, map(int, row[2:]), strict=True))
    for row in (line.split() for line in TABLE.splitlines()[2:] if line)
}
QUARANTINED = "pesan yang tidak terbaca"
SECRETS = (QUARANTINED, "Bukirsari", "Mohon bantuannya", "Warga Uji", "8120000", "warga@mail")
NOBODYS = ticket_from(12345)
THERE = {"opd": "dishub", "division": "parkir", "provider": "twilio", "n": "1"}
STANDINGS = {  # each door that settles a proposal has a division of its own: opd, division, what is brought to it
    "/admin/standings/{opd}/{division}/confirm": ("dpuprpkp", "pju", LAMP),
    "/admin/standings/{opd}/{division}/dismiss": ("dpuprpkp", "jalan", HOLE),
    "/kantor/status/{opd}/{division}": ("dishub", "parkir", PARKING),
    "/kantor/status/{opd}/{division}/surat": ("dpuprpkp", "pju", LAMP),
}
NUMBERS = count()
TYPED_TICKET = re.compile(r'(?<=<p class="said">)[0-9A-Z]{5}-[0-9A-Z]{5}(?=</p>)')
OFFICER = Actor(Role.OPD, "an officer")
REASON = {"reason": "Sudah jelas."}

FORMS: dict[tuple[str, str], dict[str, str]] = {
    ("POST", "/t/{ticket}"): {},
    ("POST", "/keluar"): {},
    ("POST", "/meja/{ticket}/start"): {},
    ("POST", "/meja/{ticket}/answer"): {"text": "Sudah."},
    ("POST", "/meja/{ticket}/ask"): {"text": "Di mana?"},
    ("POST", "/meja/{ticket}/forward"): {"to": "dishub/parkir", **REASON},
    ("POST", "/meja/{ticket}/refuse"): REASON,
    ("POST", "/meja/{ticket}/contest/{n}"): REASON,
    ("POST", "/kantor/{ticket}/dispatch"): {"to": "dpuprpkp/pju"},
    ("POST", "/kantor/{ticket}/check"): {},
    ("POST", "/kantor/{ticket}/reject"): {"reason": "spam"},
    ("POST", "/kantor/{ticket}/merge"): {},
    ("POST", "/kantor/{ticket}/contest/{n}"): {"verdict": "uphold", **REASON},
    ("POST", "/kantor/status/{opd}/{division}"): {"verdict": "dismiss", **REASON},
    ("POST", "/kantor/token"): {},
    ("POST", "/kantor/{ticket}/pelapor"): {},
    ("POST", "/kantor/cari"): {"asked": "+6280000000009"},
    ("POST", "/kantor/masukan"): {"text": "Jalan berlubang di depan sekolah", "channel": "desk"},
    ("POST", "/kantor/karantina/{message}/complaint"): {"text": "Jalan berlubang"},
    ("POST", "/kantor/karantina/{message}/discard"): REASON,
    ("POST", "/kantor/penghargaan"): {"to": "dishub/parkir", "period": "2026-10", "reward": "Telepon"},
    ("POST", "/kantor/libur"): {"year": "2028", "days": "2028-01-01 Tahun Baru", "seen": sha256(b"").hexdigest()},
}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/complaints"): {"text": "Jalan berlubang di depan sekolah"},
    ("POST", "/complaints/{ticket}/messages"): {"text": "Masih mati."},
    ("POST", "/complaints/{ticket}/rating"): {"score": 2},
    ("POST", "/complaints/{ticket}/reopen"): REASON,
    ("POST", "/webhooks/sms/{provider}"): {"Body": "Sambat", "From": "+6281200000001"},
    ("POST", "/admin/complaints"): {"text": "Jalan berlubang di depan sekolah", "channel": "desk"},
    ("POST", "/admin/quarantine/{message}/complaint"): {"text": "Jalan berlubang"},
    ("POST", "/admin/quarantine/{message}/discard"): REASON,
    ("POST", "/opd/complaints/{ticket}/answer"): {"text": "Sudah."},
    ("POST", "/opd/complaints/{ticket}/ask"): {"text": "Di mana?"},
    ("POST", "/opd/complaints/{ticket}/forward"): {"opd": "dishub", "division": "parkir", **REASON},
    ("POST", "/opd/complaints/{ticket}/refuse"): REASON,
    ("POST", "/opd/escalations/{ticket}/{n}/contest"): REASON,
    ("POST", "/admin/complaints/{ticket}/dispatch"): {"opd": "dpuprpkp", "division": "pju"},
    ("POST", "/admin/complaints/{ticket}/reject"): {"reason": "spam"},
    ("POST", "/admin/escalations/{ticket}/{n}/uphold"): REASON,
    ("POST", "/admin/escalations/{ticket}/{n}/deny"): REASON,
    ("POST", "/admin/standings/{opd}/{division}/dismiss"): REASON,
    ("POST", "/admin/rewards"): {"opd": "dishub", "division": "parkir", "period": "2026-10", "reward": "Telepon"},
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
    """Let there be the complaint that is asked for, or for a standing the one that makes the proposal."""
    phone = f"+628120000{next(NUMBERS):04}"  # of one number the same again would be the same complaint
    given: dict[str, Any] = {"name": "Warga Uji", "phone": phone, "email": "warga@mail.example", "confidential": True}
    if route in STANDINGS:
        return late(STANDINGS[route][2], 3, **given)
    if route.endswith("/contest"):
        return late(LAMP, **given)
    if "{n}" in route:
        return contested(late(LAMP, **given), ours=route.startswith("/meja"))
    if route.endswith(("/rating", "/reopen")):
        return answered(filed(LAMP, at, **given))
    return filed(UNCLEAR if route.endswith("/dispatch") else LAMP, at, **given)


def contested(complaint: Complaint, *, ours: bool) -> Complaint:
    """Let its division contest its first escalation, unless that is `ours` to do."""
    if ours:
        return complaint
    found = contesting.contest(complaint.ticket, 1, "Bukan kami.", OFFICER, wall_clock(), lambda _: True)
    assert found
    return found[0]


def answered(complaint: Complaint) -> Complaint:
    after = handling.answer(complaint.ticket, "Sudah.", OFFICER, wall_clock(), lambda _: True, final=True)
    assert after
    return after


def ask(service: Service, method: str, route: str, caller: str, ticket: str, receipt: str) -> Answer:
    """Send the request of a caller, with everything that this caller has."""
    bearer = bearer_of(caller, "admin" if route.startswith(("/admin", "/kantor")) else "opd")
    receipt = {"receipt": receipt, "other receipt": other_receipt()}.get(caller, "")
    path = route.format(**where(route), ticket=ticket)
    headers = {"accept-language": "en"}
    if bearer:
        headers |= {"authorization": f"Bearer {bearer}", "cookie": f"sambat_session={bearer}"}
    elif app.routes[route][method].authorizer:
        headers |= {"authorization": "Bearer "}
    if receipt:
        headers["x-receipt"] = receipt
    body = b""
    if (method, route) in FORMS:
        fields = {**fields_of(route, method), "csrf": csrf_of(bearer), **({"receipt": receipt} if receipt else {})}
        if route.startswith("/t"):
            del fields["csrf"]
        headers["content-type"], body = FORM, urlencode(fields).encode()
    elif method in ("POST", "PUT"):
        headers["content-type"], body = "application/json", json.dumps(body_of(service, method, route, ticket)).encode()
    return service.call(method, path, body, **headers)


def where(route: str) -> dict[str, str]:
    """Return what stands in a path beside a ticket."""
    opd, division, _ = STANDINGS.get(route, ("", "", ""))
    message = {"message": put_aside()} if "{message}" in route else {}
    return {**THERE, **({"opd": opd, "division": division} if opd else {}), **message}


def put_aside() -> str:
    """Let there be a message that nobody could read, and return its id."""
    at, name = wall_clock(), f"{next(NUMBERS)}"
    quarantine.quarantine(quarantine.Quarantined("generic", "no text", QUARANTINED), name, at)
    return f"{at.astimezone(UTC):%Y-%m-%d}.{name}"


def proposed(route: str) -> str:
    """Return the rung that is proposed for the division of this door."""
    opd, division, _ = STANDINGS[route]
    return str(standings.replay((opd, division)).standing.proposed)


def fields_of(route: str, method: str) -> dict[str, str]:
    more = {"rung": proposed(route)} if route in STANDINGS else {}
    if route.endswith("/merge"):
        more["into"] = filed(LAMP).ticket
    return {**FORMS[method, route], **more}


def body_of(service: Service, method: str, route: str, ticket: str) -> Any:
    if route == "/admin/complaints/search":
        return {"ticket": ticket}
    if route.endswith("/merge"):
        return {"into": filed(LAMP).ticket}
    if route.endswith("/confirm"):
        return {"rung": proposed(route), **REASON}
    if method == "PUT":
        return service.get(route.format(**THERE), token("admin")).json
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
        acts = method == "POST" and EXPECTED[method, route][caller] < 400
        ticket = (target(method, route) if acts else shared).ticket
        before = complaints.complaint_of(ticket, consistent=True)
        receipt = receipt_for(current().signing_key, ticket)
        answer = ask(service, method, route, caller, ticket, receipt)
        got[caller] = answer.status
        if answer.status >= 400:
            assert not [secret for secret in SECRETS if secret in answer.text], caller
            assert complaints.complaint_of(ticket, consistent=True) == before, caller
        is_sent_to_sign_in = answer.status == 303 and method == "GET"
        if (answer.status in (401, 403, 404) or is_sent_to_sign_in) and "{ticket}" in route:
            absent = ask(service, method, route, caller, NOBODYS, receipt)
            assert seen(answer, route, ticket) == seen(absent, route, NOBODYS), caller
    assert got == EXPECTED[method, route]


def seen(answer: Answer, route: str, ticket: str) -> tuple[int, dict[str, str], str]:
    """Return all of an answer; a page may repeat the ticket that was asked for, an answer in JSON must not."""
    if not route.startswith(("/t/", "/meja/", "/kantor/")):
        return answer.status, answer.headers, answer.text
    headers = {name: str(value).replace(ticket, "TICKET") for name, value in answer.headers.items()}
    text = answer.text.replace(ticket, "TICKET")
    return answer.status, headers, TYPED_TICKET.sub("TYPED", text)  # each time another one is typed


def test_who_may_not_settle_a_message_leaves_it_as_it_is(service: Service) -> None:
    doors = [door for door in EXPECTED if "{message}" in door[1] and door[0] == "POST"]
    before = settled_messages()
    for method, route in doors:
        for caller in CALLERS:
            if caller != "admin":
                assert ask(service, method, route, caller, NOBODYS, "").status in (401, 403)
    assert settled_messages() == before
    for method, route in doors:
        assert ask(service, method, route, "admin", NOBODYS, "").status < 300
    assert len(settled_messages()) == len(before) + len(doors) == len(before) + 4


def settled_messages() -> list[quarantine.Kept]:
    return [
        *quarantine.page_of_quarantine("filed", "9", 1000),
        *quarantine.page_of_quarantine("discarded", "9", 1000),
    ]


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
            caller = next(name for name in ("receipt", "officer", "admin", "mayor") if row[name] == min(row.values()))
            complaint = target(method, route)
            receipt = receipt_for(current().signing_key, complaint.ticket)
            assert ask(service, method, route, caller, complaint.ticket, receipt).status == row[caller]
    operations = {call.operation for call in calls}
    seen = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem", "TransactWriteItems"}
    assert operations - {"BatchWriteItem"} == seen


def no_scan(call: Call) -> None:
    statement = str(call.params.get("Statement", ""))
    assert not re.search("scan|select", f"{call.operation} {statement}", re.IGNORECASE), call
