"""The city's office in a browser: what waits for dispatch, what escalated. An admin acts, mayor and auditor read."""

from __future__ import annotations

import urllib.parse
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib.adapters import complaints, escalations
from chalicelib.adapters.tables import instant
from chalicelib.api import forms, ladder, lists, reading, staff, views
from chalicelib.api.admin import complaint_in
from chalicelib.api.errors import Problem, asked_language, bad_field
from chalicelib.api.identity import Principal
from chalicelib.api.pages import named_complaint, show, shows_problems
from chalicelib.api.session import claims_of, csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.complaint import ADMIN_DESK, Actor, Complaint, Reason, Role, Rung
from chalicelib.domain.life import IllegalAction, possible_actions
from chalicelib.domain.ticket import read_ticket
from chalicelib.settings import current
from chalicelib.workflows import handling, standings

office = Blueprint(__name__)
page = shows_problems(lambda: office.current_request)

_READERS: Final = ("admin", "mayor", "auditor")
_MANY: Final = 10  # on one page: each has its own choice among all divisions
_COUNTED: Final = 1000  # keys of the queue that its picture is made of
_RECENT, _LISTED = 100, 10  # escalations that are counted, and those that are named
_FIELDS: Final = {  # the ids of the fields of each form
    "dispatch": ("to", "kind"),
    "reject": ("reject-reason", "reject-note"),
    "merge": ("merge-into",),
}


# ------------------------------------------------------------------------------------------------ the queue


@office.route("/kantor", methods=["GET"], cors=False)
@page
def queue() -> Response:
    """Show what waits for dispatch, by its verify deadline, and the newest escalations; or the `?ticket=` asked for."""
    request = office.current_request
    who, session = signed_in(request, *_READERS)
    asked = reading.query(request, "cursor", "ticket")
    if "ticket" in asked:
        return _complaint(who, session, complaint_in(asked["ticket"]))
    return _queue(who, session, asked.get("cursor"))


def _queue(who: Principal, session: str, cursor: str | None = None, sent: Complaint | None = None) -> Response:
    """Show the queue; `sent` has just left it, and an index may not know that yet."""
    lang, now = asked_language(office.current_request), reading.now()
    gone = sent.ticket if sent else None
    waiting, following = lists.on_desk(
        ADMIN_DESK, None, cursor, _MANY, lambda one: one.status == "received" and one.ticket != gone
    )
    where = urllib.parse.urlencode({"cursor": following, "lang": lang})
    rows, _ = lists.recorded(None, None, None, None, _RECENT, lambda _: True)
    tally = Counter(row.rung for row in rows)
    recent = [staff.escalation(escalations.to_escalation(row), {}) for row in rows]
    return show("office.html", lang, here="/kantor", role=who.role, csrf=csrf_of(session),
        items=[_card(one, now) for one in waiting], counts=_counts(now, gone), divisions=staff.divisions(now),
        next=f"{current().public_url}/kantor?{where}" if following else None,
        escalations=recent[:_LISTED], contested=[row for row in recent if row["state"] == "contested"],
        rungs=[(rung, tally[rung]) for rung in Rung], proposals=_proposals(),
        sent=named_complaint(views.list_item(sent, now)) if sent else None,
    )  # fmt: skip


def _proposals() -> int:
    """Count the proposals that wait for the mayor."""
    return sum(row.standing.proposed is not None for row in standings.all_standings())


def _card(complaint: Complaint, now: datetime) -> dict[str, Any]:
    return _with_suggestion(staff.card(complaint, complaint.verify_due_at, now), complaint)


def _with_suggestion(view: dict[str, Any], complaint: Complaint) -> dict[str, Any]:
    suggested = views.suggestion_view(complaint)
    return {**view, "suggestion": named_complaint(suggested) if suggested else None}


def _counts(now: datetime, gone: str | None) -> dict[str, int]:
    """Count the whole queue by its keys, which begin with what is due."""
    keys = complaints.page_of_desk(ADMIN_DESK, "0", "9", _COUNTED)
    due = [key.partition("#")[0] for key in keys if key.partition("#")[2] != gone]
    tomorrow = now.astimezone(current().zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    late = sum(one <= instant(now) for one in due)
    soon = sum(one <= instant(tomorrow) for one in due)
    return {"late": late, "today": soon - late, "rest": len(due) - soon}


# ------------------------------------------------------------------------------------------------ one complaint


@office.route("/kantor/{ticket}", methods=["GET"], cors=False)
@page
def one(ticket: str) -> Response:
    """Show one complaint whole; who filed it stands elsewhere, and each read of that is written down."""
    who, session = signed_in(office.current_request, *_READERS)
    return _complaint(who, session, complaint_in(ticket))


def _there(complaint: Complaint | None) -> Complaint:
    if complaint is None:
        raise Problem("not_found")
    return complaint


def _complaint(
    who: Principal,
    session: str,
    complaint: Complaint,
    *,
    refused: forms.Refused = forms.NOTHING,
    notice: str | None = None,
) -> Response:
    now, role = reading.now(), Role(who.role)
    view = _with_suggestion(named_complaint(views.staff_view(complaint, now)), complaint)
    view["answers"] = [entry for entry in view["timeline"] if entry["entry"] == "answered"]
    done = {"check"} if complaint.checked else set()
    actions = [action for action in possible_actions(complaint.status, role) if action not in done]
    can = {"contested": "settle"} if role is Role.ADMIN else {}
    rows = staff.escalations_on(complaint, lambda _: True, can)
    fields = [name for action in actions for name in _FIELDS.get(action, ())] + staff.fields_of(rows)
    return show("office_complaint.html", asked_language(office.current_request), refused.status, place="kantor",
        here=f"/kantor/{complaint.ticket}", complaint=view, csrf=csrf_of(session), actions=actions, escalations=rows,
        divisions=staff.divisions(now) if "dispatch" in actions else [], reasons=list(Reason),
        **refused.shown(fields, notice),
    )  # fmt: skip


@office.route("/kantor/{ticket}/dispatch", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def dispatch(ticket: str) -> Response:
    """Give a complaint to a division and go on with the queue."""

    def step(number: str, fields: dict[str, str], who: Principal) -> Complaint | None:
        body = reading.from_form(forms.with_division(fields), reading.DispatchBody)
        return handling.dispatch(number, body.opd, body.division, _admin(who), reading.now(), body.kind)

    return _act(ticket, "dispatch", step)


@office.route("/kantor/{ticket}/check", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def check(ticket: str) -> Response:
    """Let the public read the complaint's text."""
    return _act(ticket, "check", lambda number, _, who: handling.check(number, _admin(who), reading.now()), "checked")


@office.route("/kantor/{ticket}/reject", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def reject(ticket: str) -> Response:
    """Turn a complaint down, for a reason of the closed list."""

    def step(number: str, fields: dict[str, str], who: Principal) -> Complaint | None:
        body = reading.checked_rejection(reading.from_form(fields, reading.RejectBody))
        return handling.reject(number, body.reason, body.note, _admin(who), reading.now())

    return _act(ticket, "reject", step, "rejected", lambda _: "reject-")


@office.route("/kantor/{ticket}/merge", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def merge(ticket: str) -> Response:
    """Let a complaint go into the one that survives."""

    def step(number: str, fields: dict[str, str], who: Principal) -> Complaint | None:
        into = read_ticket(reading.from_form(fields, reading.MergeBody).into)
        if into is None or into == number:
            raise bad_field("into", "no_ticket")
        try:
            return handling.merge(number, into, _admin(who), reading.now())
        except IllegalAction as error:
            if error.action == "absorb":  # in the way is what the other one is by now
                raise bad_field("into", "no_ticket") from error
            raise

    return _act(ticket, "merge", step, "merged", lambda _: "merge-")


@office.route("/kantor/{ticket}/contest/{n}", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def settle(ticket: str, n: str) -> Response:
    """Uphold a contest, or deny it."""

    def step(number: str, fields: dict[str, str], who: Principal) -> Complaint | None:
        said = {name: value for name, value in fields.items() if name != "verdict"}
        reason = reading.said(reading.from_form(said, reading.ReasonBody)).reason
        verdict = reading.choice(fields, "verdict", ("uphold", "deny"))
        if verdict is None:
            raise bad_field("verdict", "required")
        return ladder.settle(who, number, n, reason, upheld=verdict == "uphold")[0]

    return _act(ticket, "settle", step, "settled", lambda number: staff.key_of(number, reading.number_in(n)))


def _admin(who: Principal) -> Actor:
    return Actor(Role.ADMIN, who.subject)


def _act(
    ticket: str,
    form: str,
    step: Callable[[str, dict[str, str], Principal], Complaint | None],
    notice: str | None = None,
    key: Callable[[str], str] = lambda _: "",
) -> Response:
    """Do a step of the admin's and show the complaint, or without a notice go on with the queue; with an error, its
    page again and what was typed."""
    request = office.current_request
    who, session, fields = signed_in_by_form(request, "admin")
    number = reading.ticket_in(ticket)
    try:
        done = _there(step(number, fields, who) if number else None)
    except forms.REFUSALS as error:
        told = forms.refused(error, fields, asked_language(request), f"{form}_error", key(number or ""))
        return _complaint(who, session, complaint_in(ticket), refused=told)
    return _complaint(who, session, done, notice=notice) if notice else _queue(who, session, sent=done)


# ------------------------------------------------------------------------------------------------ the interface


@office.route("/kantor/token", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def token() -> Response:
    """Show the signed-in person's own ID token, for calls of the interface."""
    request = office.current_request
    _, session, _ = signed_in_by_form(request, *_READERS)
    until = datetime.fromtimestamp(claims_of(session)["exp"], UTC)
    return show("token.html", asked_language(request), token=session, until=until, csrf=csrf_of(session))
