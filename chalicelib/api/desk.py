"""The officer's desk in a browser: sign in at the identity provider, see what is due, answer it.

The session is the ID token itself in a cookie that no script can read. Every form carries a token made from it, since
a cookie alone would let another site's form act.
"""

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
from chalicelib.api.identity import BadToken, KeysUnavailable, Principal, owns, principal_of
from chalicelib.api.pages import message, named_complaint, show, shows_problems
from chalicelib.domain.complaint import REPORTER_READ, Actor, Complaint, Role, possible_actions
from chalicelib.domain.deadlines import last_day
from chalicelib.domain.keys import keyed
from chalicelib.pages import field_errors
from chalicelib.settings import current
from chalicelib.workflows import city, handling

desk = Blueprint(__name__)
page = shows_problems(lambda: desk.current_request)

_SESSION: Final = "sambat_session"
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
        "nonce": _derived("nonce", state),
        "code_challenge": _challenge(_derived("pkce", state)),
        "code_challenge_method": "S256",
    }
    to = f"{config.oidc_authorize_url}?{urllib.parse.urlencode(asked)}"
    return Response("", status_code=302, headers={"Location": to, "Set-Cookie": _cookie(_SIGNING_IN, state, 600)})


@desk.route("/masuk/selesai", methods=["GET"], cors=False)
@page
def signed_in() -> Response:
    """Take the code that the identity provider gave, change it for an ID token, and keep that as the session."""
    request, config = desk.current_request, current()
    asked = request.query_params or {}
    state, code = _cookies(request).get(_SIGNING_IN, ""), asked.get("code", "")
    if not state or not code or not hmac.compare_digest(state.encode(), asked.get("state", "").encode()):
        return message(request, "sign_in_failed", 400, link=f"{config.public_url}/masuk")
    token = _token_for(code, _derived("pkce", state))
    try:
        who = _proven(token)
    except BadToken:
        return message(request, "sign_in_failed", 400, link=f"{config.public_url}/masuk")
    claims = msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="))  # its signature was checked
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), _derived("nonce", state).encode()):
        return message(request, "sign_in_failed", 400, link=f"{config.public_url}/masuk")
    if who.role != "opd":  # no page here is theirs: leave no session behind
        raise Problem("forbidden")
    headers: dict[str, Any] = {
        "Location": f"{config.public_url}/meja",
        "Set-Cookie": [_cookie(_SESSION, token, 8 * 3600), _cookie(_SIGNING_IN, "", 0)],
    }
    return Response("", status_code=303, headers=headers)


@desk.route("/keluar", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def sign_out() -> Response:
    """Forget the session."""
    _officer_by_form(desk.current_request)
    answer = message(desk.current_request, "signed_out", 200, link=f"{current().public_url}/masuk")
    answer.headers["Set-Cookie"] = _cookie(_SESSION, "", 0)
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


def _derived(purpose: str, state: str) -> str:
    return base64.urlsafe_b64encode(keyed(current().signing_key, purpose, state)).rstrip(b"=").decode()


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _cookie(name: str, value: str, seconds: int) -> str:
    url = urllib.parse.urlsplit(current().public_url)
    secure = "; Secure" if url.scheme == "https" else ""
    return f"{name}={value}; Path={url.path or '/'}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def _cookies(request: Any) -> dict[str, str]:  # noqa: ANN401
    pairs = (part.strip().partition("=") for part in str(request.headers.get("cookie", "")).split(";"))
    return {name: value for name, _, value in pairs}


def _officer(request: Any) -> tuple[Principal, str]:  # noqa: ANN401
    """Return who is signed in and the session; Problem 401 for nobody, 403 for who is no officer."""
    session = _cookies(request).get(_SESSION, "")
    try:
        who = _proven(session)
    except BadToken as error:
        raise Problem("unauthorized") from error
    if who.role != "opd":
        raise Problem("forbidden")
    return who, session


def _proven(token: str) -> Principal:
    try:
        return principal_of(token)
    except KeysUnavailable as error:
        raise StoreUnavailable("the issuer's keys cannot be read") from error


def _csrf(session: str) -> str:
    return _derived("csrf", session)


def _officer_by_form(request: Any) -> tuple[Principal, str, dict[str, str]]:  # noqa: ANN401
    """Return who is signed in, the session, and the fields of a form that came from a page of ours."""
    who, session = _officer(request)
    fields = reading.read_form(request)
    if not hmac.compare_digest(fields.pop("csrf", "").encode(), _csrf(session).encode()):
        raise Problem("forbidden")
    return who, session, fields


# ------------------------------------------------------------------------------------------------ the desk


@desk.route("/meja", methods=["GET"], cors=False)
@page
def work() -> Response:
    """Show what the officer owes, by what is due first."""
    request = desk.current_request
    who, session = _officer(request)
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
    return show("desk.html", lang, here="/meja", who=shown, items=items, next=more, counts=counts, csrf=_csrf(session))


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
    who, session = _officer(desk.current_request)
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
        complaint=view, csrf=_csrf(session), errors=errors or [], typed=typed or {}, notice=notice,
        actions=[action for action in ("start", "answer") if action in possible],
    )  # fmt: skip


@desk.route("/meja/{ticket}/start", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def start(ticket: str) -> Response:
    """Say that the division has begun."""
    who, session, _ = _officer_by_form(desk.current_request)

    def step(read: str, actor: Actor) -> Complaint | None:
        return handling.start(read, actor, reading.now(), owns(who))

    return _complaint(desk.current_request, who, session, opd.act(who, ticket, step), notice="started")


@desk.route("/meja/{ticket}/answer", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def answer(ticket: str) -> Response:
    """Answer the citizen from the page; with an error, the page again and what was typed."""
    request = desk.current_request
    who, session, fields = _officer_by_form(request)
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
