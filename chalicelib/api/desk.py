"""Signing in at the identity provider, and the officer's desk in a browser: see what is due, answer it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import urllib.parse
from typing import Any, Final

import msgspec
from chalice.app import Blueprint, Response

from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.api import opd, reading, views
from chalicelib.api.errors import Problem, asked_language
from chalicelib.api.identity import ROLES, BadToken, Principal, owns
from chalicelib.api.pages import message, named_complaint, show, shows_problems
from chalicelib.api.session import (
    SESSION,
    claims_of,
    cookie,
    cookies,
    csrf_of,
    derived,
    proven,
    signed_in,
    signed_in_by_form,
)
from chalicelib.domain.complaint import REPORTER_READ, Actor, Complaint, Role, possible_actions
from chalicelib.domain.deadlines import last_day
from chalicelib.pages import field_errors
from chalicelib.settings import current
from chalicelib.workflows import city, handling

desk = Blueprint(__name__)
page = shows_problems(lambda: desk.current_request)

_SIGNING_IN: Final = "sambat_masuk"
_MANY: Final = 40  # on one page: an officer's hour


# ------------------------------------------------------------------------------------------------ signing in


@desk.route("/masuk", methods=["GET"], cors=False)
@page
def sign_in() -> Response:
    """Send the browser to the identity provider (OIDC code flow with PKCE)."""
    config = current()
    state = secrets.token_urlsafe(32)
    asked = {
        "response_type": "code",
        "client_id": config.oidc_audience,
        "redirect_uri": f"{config.public_url}/masuk/selesai",
        "scope": "openid email",
        "state": state,
        "nonce": derived("nonce", state),
        "code_challenge": _challenge(derived("pkce", state)),
        "code_challenge_method": "S256",
    }
    to = f"{config.oidc_authorize_url}?{urllib.parse.urlencode(asked)}"
    return Response("", status_code=302, headers={"Location": to, "Set-Cookie": cookie(_SIGNING_IN, state, 600)})


@desk.route("/masuk/selesai", methods=["GET"], cors=False)
@page
def sign_in_done() -> Response:
    """Take the code that the identity provider gave, change it for an ID token, and keep that as the session."""
    request, config = desk.current_request, current()
    asked = request.query_params or {}
    state, code = cookies(request).get(_SIGNING_IN, ""), asked.get("code", "")
    if not state or not code or not hmac.compare_digest(state.encode(), asked.get("state", "").encode()):
        return message(request, "sign_in_failed", 400, link=f"{config.public_url}/masuk")
    token = _token_for(code, derived("pkce", state))
    try:
        who = proven(token)
    except BadToken:
        return message(request, "sign_in_failed", 400, link=f"{config.public_url}/masuk")
    if not hmac.compare_digest(str(claims_of(token).get("nonce", "")).encode(), derived("nonce", state).encode()):
        return message(request, "sign_in_failed", 400, link=f"{config.public_url}/masuk")
    if who.role not in ROLES:  # no page here is theirs: leave no session behind
        raise Problem("forbidden")
    headers: dict[str, Any] = {
        "Location": f"{config.public_url}/{'meja' if who.role == 'opd' else 'kantor'}",
        "Set-Cookie": [cookie(SESSION, token, 8 * 3600), cookie(_SIGNING_IN, "", 0)],
    }
    return Response("", status_code=303, headers=headers)


@desk.route("/keluar", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def sign_out() -> Response:
    """Forget the session."""
    signed_in_by_form(desk.current_request, *ROLES)
    answer = message(desk.current_request, "signed_out", 200, link=f"{current().public_url}/masuk")
    answer.headers["Set-Cookie"] = cookie(SESSION, "", 0)
    return answer


def _token_for(code: str, verifier: str) -> str:
    """Change a code for an ID token at the provider; "" when it refuses, StoreUnavailable when it cannot be reached."""
    import urllib3

    config = current()
    asked = {
        "grant_type": "authorization_code",
        "client_id": config.oidc_audience,
        "code": code,
        "redirect_uri": f"{config.public_url}/masuk/selesai",
        "code_verifier": verifier,
    }
    try:
        with urllib3.PoolManager(timeout=urllib3.Timeout(connect=3, read=10), retries=False) as pool:
            got = pool.request(
                "POST", config.oidc_token_url, body=urllib.parse.urlencode(asked),
                headers={"Content-Type": reading.FORM}, redirect=False,
            )  # fmt: skip
        return str(msgspec.json.decode(got.data).get("id_token", "")) if got.status == 200 else ""
    except (urllib3.exceptions.HTTPError, msgspec.DecodeError, AttributeError) as error:
        raise StoreUnavailable("the identity provider cannot be reached") from error


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


# ------------------------------------------------------------------------------------------------ the desk


@desk.route("/meja", methods=["GET"], cors=False)
@page
def work() -> Response:
    """Show what the officer owes, by what is due first."""
    request = desk.current_request
    who, session = signed_in(request, "opd")
    asked = reading.query(request, "cursor")
    complaints, following = opd.own_page(who, {"limit": str(_MANY), **asked})
    lang, base, now = asked_language(request), current().public_url, reading.now()
    items = [_card(one) for one in complaints]
    names = city.current(now).names(who.opd, who.division or None, None)
    counts = {
        "late": sum(item["late"] for item in items),
        "today": sum(item["days_left"] == 0 and not item["late"] for item in items),
        "open": len(items),
    }
    more = f"{base}/meja?{urllib.parse.urlencode({'cursor': following, 'lang': lang})}" if following else None
    shown = {"opd_name": names.opd, "division_name": names.division or None, "role": who.role}
    return show(
        "desk.html", lang, here="/meja", who=shown, items=items, next=more, counts=counts, csrf=csrf_of(session)
    )


def _card(complaint: Complaint) -> dict[str, Any]:
    now, zone = reading.now(), current().zone
    due = complaint.running_deadline
    view = named_complaint(views.list_item(complaint, now))
    days = (last_day(due, zone) - now.astimezone(zone).date()).days if due else None
    return {**view, "text_start": complaint.text[:140], "days_left": days, "late": complaint.is_overdue(now)}


@desk.route("/meja/{ticket}", methods=["GET"], cors=False)
@page
def one(ticket: str) -> Response:
    """Show one complaint, with the form to answer it."""
    who, session = signed_in(desk.current_request, "opd")
    return _complaint(desk.current_request, who, session, opd.own_complaint(who, ticket))


def _complaint(
    request: Any,  # noqa: ANN401
    who: Principal,
    session: str,
    complaint: Complaint,
    *,
    status: int = 200,
    notice: str | None = None,
    typed: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    possible = possible_actions(complaint.status, Role.OPD)
    view = named_complaint({**opd.officers_view(who, complaint), "answers": []})
    view["timeline"] = [entry for entry in view["timeline"] if entry["entry"] != REPORTER_READ]
    view["answers"] = [entry for entry in view["timeline"] if entry["entry"] == "answered"]
    return show("desk_complaint.html", asked_language(request), status, here=f"/meja/{complaint.ticket}",
        complaint=view, csrf=csrf_of(session), errors=errors or [], typed=typed or {}, notice=notice,
        actions=[action for action in ("start", "answer") if action in possible],
    )  # fmt: skip


@desk.route("/meja/{ticket}/start", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def start(ticket: str) -> Response:
    """Say that the division has begun."""
    who, session, _ = signed_in_by_form(desk.current_request, "opd")

    def step(read: str, actor: Actor) -> Complaint | None:
        return handling.start(read, actor, reading.now(), owns(who))

    return _complaint(desk.current_request, who, session, opd.act(who, ticket, step), notice="started")


@desk.route("/meja/{ticket}/answer", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def answer(ticket: str) -> Response:
    """Answer the citizen from the page; with an error, the page again and what was typed."""
    request = desk.current_request
    who, session, fields = signed_in_by_form(request, "opd")
    interim = "interim" in fields
    plain = {name: value for name, value in fields.items() if name != "interim"}
    try:
        body = opd.answer_body(reading.from_form(plain, reading.AnswerBody))
    except Problem as problem:
        lang = asked_language(request)
        told = field_errors(problem.errors(lang), lang, "answer_error")
        shown = opd.own_complaint(who, ticket)
        return _complaint(request, who, session, shown, status=400, typed=fields, errors=told)
    body.final = not interim
    done = opd.give_answer(who, ticket, body)
    return _complaint(request, who, session, done, notice="answered_interim" if interim else "answered")
