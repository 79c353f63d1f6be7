"""The city's office in a browser: what waits for dispatch, what escalated. An admin acts, mayor and auditor read."""

from __future__ import annotations

import urllib.parse
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib.adapters import complaints, escalations
from chalicelib.adapters.tables import instant
from chalicelib.api import lists, reading, views
from chalicelib.api.errors import Problem, asked_language, problem_of
from chalicelib.api.identity import Principal
from chalicelib.api.pages import named_complaint, show, shows_problems
from chalicelib.api.session import claims_of, csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.complaint import Actor, Complaint, IllegalAction, Role, Rung, possible_actions
from chalicelib.domain.deadlines import last_day
from chalicelib.pages import field_errors
from chalicelib.settings import current
from chalicelib.workflows import city, handling

office = Blueprint(__name__)
page = shows_problems(lambda: office.current_request)

_READERS: Final = ("admin", "mayor", "auditor")
_MANY: Final = 10  # on one page: each has its own choice among all divisions
_COUNTED: Final = 1000  # keys of the queue that its picture is made of
_RECENT, _LISTED = 100, 10  # escalations that are counted, and those that are named


# ------------------------------------------------------------------------------------------------ the queue


@office.route("/kantor", methods=["GET"], cors=False)
@page
def queue() -> Response:
    """Show what waits for dispatch, by its verify deadline, and the newest escalations."""
    request = office.current_request
    who, session = signed_in(request, *_READERS)
    return _queue(request, who, session, reading.query(request, "cursor").get("cursor"))


def _queue(
    request: Any,  # noqa: ANN401
    who: Principal,
    session: str,
    cursor: str | None = None,
    sent: Complaint | None = None,
) -> Response:
    """Show the queue; `sent` has just left it, and an index may not know that yet."""
    lang, now = asked_language(request), reading.now()
    gone = sent.ticket if sent else None
    waiting, following = lists.on_desk(
        complaints.ADMIN_DESK, None, cursor, _MANY, lambda one: one.status == "received" and one.ticket != gone
    )
    where = urllib.parse.urlencode({"cursor": following, "lang": lang})
    rows, _ = lists.recorded(None, None, None, None, _RECENT, lambda _: True)
    tally = Counter(row.rung for row in rows)
    return show("office.html", lang, here="/kantor", role=who.role, csrf=csrf_of(session),
        items=[_card(one, now) for one in waiting], counts=_counts(now, gone), divisions=_divisions(now),
        next=f"{current().public_url}/kantor?{where}" if following else None,
        escalations=[_named_escalation(row) for row in rows[:_LISTED]], rungs=[(rung, tally[rung]) for rung in Rung],
        sent=named_complaint(views.list_item(sent, now)) if sent else None,
    )  # fmt: skip


def _card(complaint: Complaint, now: datetime) -> dict[str, Any]:
    zone = current().zone
    return {
        **_named_suggestion(named_complaint(views.list_item(complaint, now)), complaint),
        "days_left": (last_day(complaint.verify_due_at, zone) - now.astimezone(zone).date()).days,
        "late": complaint.verify_due_at <= now,
    }


def _named_suggestion(view: dict[str, Any], complaint: Complaint) -> dict[str, Any]:
    suggested = views.suggestion_view(complaint)
    return {**view, "suggestion": named_complaint(suggested) if suggested else None}


def _counts(now: datetime, gone: str | None) -> dict[str, int]:
    """Count the whole queue by its keys, which begin with what is due."""
    keys = complaints.page_of_desk(complaints.ADMIN_DESK, "0", "9", _COUNTED)
    due = [key.partition("#")[0] for key in keys if key.partition("#")[2] != gone]
    tomorrow = now.astimezone(current().zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    late = sum(one <= instant(now) for one in due)
    soon = sum(one <= instant(tomorrow) for one in due)
    return {"late": late, "today": soon - late, "rest": len(due) - soon}


def _divisions(now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each OPD's name with its divisions, as (what a form sends, name); no two of these look the same."""
    opds = sorted(city.current(now).opds.values(), key=lambda opd: str(opd["name"]))
    known = Counter(one["name"] for opd in opds for one in opd["divisions"])

    def named(opd: Mapping[str, Any], name: str) -> str:
        return name if known[name] == 1 else f"{name}, {opd['name']}"

    return [
        (opd["name"], [(f"{opd['code']}/{one['code']}", named(opd, one["name"])) for one in opd["divisions"]])
        for opd in opds
    ]


def _named_escalation(row: Any) -> dict[str, Any]:  # noqa: ANN401  a pynamodb item
    return named_complaint(views.escalation_view(escalations.to_escalation(row), row.state))


# ------------------------------------------------------------------------------------------------ one complaint


@office.route("/kantor/{ticket}", methods=["GET"], cors=False)
@page
def one(ticket: str) -> Response:
    """Show one complaint whole; who filed it stands elsewhere, and each read of that is written down."""
    who, session = signed_in(office.current_request, *_READERS)
    return _complaint(who, session, _read(ticket))


def _read(ticket: str) -> Complaint:
    number = reading.ticket_in(ticket)
    return _there(complaints.complaint_of(number, consistent=True) if number else None)


def _there(complaint: Complaint | None) -> Complaint:
    if complaint is None:
        raise Problem("not_found")
    return complaint


def _complaint(
    who: Principal,
    session: str,
    complaint: Complaint,
    *,
    status: int = 200,
    notice: str | None = None,
    typed: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    now = reading.now()
    view = _named_suggestion(named_complaint(views.staff_view(complaint, now)), complaint)
    view["answers"] = [entry for entry in view["timeline"] if entry["entry"] == "answered"]
    possible = possible_actions(complaint.status, Role(who.role))
    done = {"check"} if complaint.checked else set()
    return show("office_complaint.html", asked_language(office.current_request), status,
        here=f"/kantor/{complaint.ticket}", complaint=view, csrf=csrf_of(session), notice=notice, typed=typed or {},
        errors=errors or [], actions=[action for action in possible if action not in done], divisions=_divisions(now),
    )  # fmt: skip


@office.route("/kantor/{ticket}/dispatch", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def dispatch(ticket: str) -> Response:
    """Give a complaint to a division and go on with the queue; with an error, its page again and what was chosen."""
    request = office.current_request
    who, session, fields = signed_in_by_form(request, "admin")
    opd, _, division = fields.get("to", "").partition("/")
    chosen = {name: value for name, value in fields.items() if name != "to"} | {"opd": opd, "division": division}
    number, actor = reading.ticket_in(ticket), Actor(Role.ADMIN, who.subject)
    try:
        body = reading.from_form(chosen, reading.DispatchBody)
        sent = handling.dispatch(number, body.opd, body.division, actor, reading.now(), body.kind) if number else None
    except (Problem, handling.UnknownDivision, IllegalAction) as error:
        problem, lang = problem_of(error), asked_language(request)
        told = problem.errors(lang) or [{"field": "status", "message": ""}]  # in the way is what it is by now
        named = [{**one, "field": "to" if one["field"] in ("opd", "division") else one["field"]} for one in told]
        worded = field_errors(named, lang, "dispatch_error")
        return _complaint(who, session, _read(ticket), status=problem.status, typed=fields, errors=worded)
    return _queue(request, who, session, sent=_there(sent))


@office.route("/kantor/{ticket}/check", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def check(ticket: str) -> Response:
    """Let the public read the complaint's text."""
    who, session, _ = signed_in_by_form(office.current_request, "admin")
    number = reading.ticket_in(ticket)
    done = handling.check(number, Actor(Role.ADMIN, who.subject), reading.now()) if number else None
    return _complaint(who, session, _there(done), notice="checked")


# ------------------------------------------------------------------------------------------------ the interface


@office.route("/kantor/token", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def token() -> Response:
    """Show the signed-in person's own ID token, for calls of the interface."""
    request = office.current_request
    _, session, _ = signed_in_by_form(request, *_READERS)
    until = datetime.fromtimestamp(claims_of(session)["exp"], UTC)
    return show("token.html", asked_language(request), token=session, until=until, csrf=csrf_of(session))
