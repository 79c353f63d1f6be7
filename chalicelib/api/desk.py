"""The officer's desk in a browser: see what is due, answer it, ask, give it away, contest an escalation."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib.adapters import complaints, escalations
from chalicelib.api import forms, lists, opd, reading, staff
from chalicelib.api.errors import Problem, asked_language
from chalicelib.api.identity import Principal, owns
from chalicelib.api.pages import named_complaint, show, shows_problems
from chalicelib.api.session import csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.complaint import REPORTER_READ, Actor, Complaint, Role, Status
from chalicelib.domain.life import possible_actions
from chalicelib.settings import current
from chalicelib.workflows import city, handling

desk = Blueprint(__name__)
page = shows_problems(lambda: desk.current_request)

_MANY: Final = 40  # on one page: an officer's hour
_RECENT: Final = 10  # escalations that the desk names
_CAN: Final = {"recorded": "contest"}
_OTHER_LISTS: Final = (Status.WAITING, Status.ANSWERED, Status.CLOSED)
_FIELDS: Final = {  # the ids of the fields of each form
    "answer": ("text", "interim"),
    "ask": ("ask-text",),
    "forward": ("forward-to", "forward-reason"),
    "refuse": ("refuse-reason",),
}


# ------------------------------------------------------------------------------------------------ the desk


@desk.route("/meja", methods=["GET"], cors=False)
@page
def work() -> Response:
    """Show what the officer owes, by what is due first; or by `?status=` what waits for others, newest first."""
    who, session = signed_in(desk.current_request, "opd")
    return _desk(who, session, reading.query(desk.current_request, "cursor", "status"))


def _desk(
    who: Principal,
    session: str,
    asked: dict[str, str],
    *,
    refused: forms.Refused = forms.NOTHING,
    notice: str | None = None,
    about: str | None = None,
) -> Response:
    """Show a list; `notice` is what was just done to the complaint `about`, which may have left the list."""
    found, following = opd.own_page(who, {"limit": str(_MANY), **asked})
    lang, now, of_status = asked_language(desk.current_request), reading.now(), asked.get("status")
    items = [staff.card(one, one.running_deadline, now) for one in found]
    names = city.current(now).names(who.opd, who.division or None, None)
    rows = [] if of_status or "cursor" in asked else _own_escalations(who)
    return show("desk.html", lang, refused.status, here=f"/meja?status={of_status}" if of_status else "/meja",
        who={"opd_name": names.opd, "division_name": names.division or None, "role": who.role}, items=items,
        next=_next(following, of_status, lang), counts=_counts(items), of_status=of_status, statuses=_OTHER_LISTS,
        csrf=csrf_of(session), escalations=rows, about=about, **refused.shown(staff.fields_of(rows), notice),
    )  # fmt: skip


def _next(cursor: str | None, of_status: str | None, lang: str) -> str | None:
    where = {**({"status": of_status} if of_status else {}), "cursor": cursor, "lang": lang}
    return f"{current().public_url}/meja?{urllib.parse.urlencode(where)}" if cursor else None


def _counts(items: list[dict[str, Any]]) -> dict[str, int]:
    late = sum(item["late"] for item in items)
    today = sum(item["days_left"] == 0 and not item["late"] for item in items)
    return {"late": late, "today": today, "open": len(items)}


def _own_escalations(who: Principal) -> list[dict[str, Any]]:
    """Return the newest escalations against the officer's division, wherever their complaints are by now."""
    rows, _ = lists.recorded(who.opd, None, None, None, _RECENT, owns(who))
    found = [escalations.to_escalation(row) for row in rows]
    own = {one.ticket for one in complaints.complaints_of(sorted({one.ticket for one in found})) if owns(who)(one)}
    return [{**staff.escalation(one, _CAN), "own": one.ticket in own} for one in found]


# ------------------------------------------------------------------------------------------------ one complaint


@desk.route("/meja/{ticket}", methods=["GET"], cors=False)
@page
def one(ticket: str) -> Response:
    """Show one complaint, with the forms of what can be done with it."""
    who, session = signed_in(desk.current_request, "opd")
    return _complaint(who, session, opd.own_complaint(who, ticket))


def _complaint(
    who: Principal,
    session: str,
    complaint: Complaint,
    *,
    refused: forms.Refused = forms.NOTHING,
    notice: str | None = None,
) -> Response:
    possible = possible_actions(complaint.status, Role.OPD)
    view = named_complaint({**opd.officers_view(who, complaint), "answers": []})
    view["timeline"] = [entry for entry in view["timeline"] if entry["entry"] != REPORTER_READ]
    view["answers"] = [entry for entry in view["timeline"] if entry["entry"] == "answered"]
    rows = staff.escalations_on(complaint, owns(who), _CAN)
    fields = [name for action in possible for name in _FIELDS.get(action, ())] + staff.fields_of(rows)
    return show("desk_complaint.html", asked_language(desk.current_request), refused.status, place="meja",
        here=f"/meja/{complaint.ticket}", complaint=view, csrf=csrf_of(session), escalations=rows, actions=possible,
        divisions=staff.divisions(reading.now()) if "forward" in possible else [], **refused.shown(fields, notice),
    )  # fmt: skip


@desk.route("/meja/{ticket}/start", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def start(ticket: str) -> Response:
    """Say that the division has begun."""

    def step(who: Principal, _: Mapping[str, str]) -> Complaint:
        return opd.act(who, ticket, lambda read, actor: handling.start(read, actor, reading.now(), owns(who)))

    return _act(ticket, "start", step, lambda _: "started")


@desk.route("/meja/{ticket}/answer", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def answer(ticket: str) -> Response:
    """Answer the citizen; with an error, the page again and what was typed."""

    def step(who: Principal, fields: Mapping[str, str]) -> Complaint:
        plain = {name: value for name, value in fields.items() if name != "interim"}
        body = opd.answer_body(reading.from_form(plain, reading.AnswerBody))
        body.final = "interim" not in fields
        return opd.give_answer(who, ticket, body)

    return _act(ticket, "answer", step, lambda fields: "answered_interim" if "interim" in fields else "answered")


@desk.route("/meja/{ticket}/ask", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def ask(ticket: str) -> Response:
    """Ask the reporter; the clocks stand still until the reply."""

    def step(who: Principal, fields: Mapping[str, str]) -> Complaint:
        text = reading.said(reading.from_form(dict(fields), reading.QuestionBody)).text
        return opd.act(who, ticket, lambda read, actor: handling.ask(read, text, actor, reading.now(), owns(who)))

    return _act(ticket, "ask", step, lambda _: "asked")


@desk.route("/meja/{ticket}/forward", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def forward(ticket: str) -> Response:
    """Give the complaint to another division."""

    def step(who: Principal, fields: Mapping[str, str]) -> Complaint:
        body = reading.said(reading.from_form(forms.with_division(fields), reading.ForwardBody))
        return opd.give_away(who, ticket, body)

    return _act(ticket, "forward", step, lambda _: "forwarded")


@desk.route("/meja/{ticket}/refuse", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def refuse(ticket: str) -> Response:
    """Say that the complaint is not theirs: it goes back to the admin."""

    def step(who: Principal, fields: Mapping[str, str]) -> Complaint:
        reason = reading.said(reading.from_form(dict(fields), reading.ReasonBody)).reason

        def give_back(read: str, actor: Actor) -> Complaint | None:
            return handling.refuse(read, reason, actor, reading.now(), owns(who))

        return opd.act(who, ticket, give_back)

    return _act(ticket, "refuse", step, lambda _: "refused")


def _act(
    ticket: str,
    form: str,
    step: Callable[[Principal, Mapping[str, str]], Complaint],
    notice: Callable[[Mapping[str, str]], str],
) -> Response:
    """Do a step on one of the officer's complaints and show it, or the desk when it is no longer theirs; with an error,
    its page again and what was typed."""
    who, session, fields = signed_in_by_form(desk.current_request, "opd")
    try:
        done = step(who, fields)
    except forms.REFUSALS as error:
        key = "" if form == "answer" else f"{form}-"
        told = forms.refused(error, fields, asked_language(desk.current_request), f"{form}_error", key)
        return _complaint(who, session, opd.own_complaint(who, ticket), refused=told)
    if owns(who)(done):
        return _complaint(who, session, done, notice=notice(fields))
    return _desk(who, session, {}, notice=notice(fields), about=done.ticket)


# ------------------------------------------------------------------------------------------------ contests


@desk.route("/meja/{ticket}/contest/{n}", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def contest(ticket: str, n: str) -> Response:
    """Contest an escalation against the officer's division, wherever the complaint is by now."""
    who, session, fields = signed_in_by_form(desk.current_request, "opd")
    number = reading.ticket_in(ticket)
    told, notice = forms.NOTHING, None
    try:
        reason = reading.said(reading.from_form(fields, reading.ReasonBody)).reason
        opd.object_to(who, ticket, n, reason)
        notice = "contested"
    except forms.REFUSALS as error:
        key = staff.key_of(number or "", reading.number_in(n))
        told = forms.refused(error, fields, asked_language(desk.current_request), "contest_error", key)
    try:
        complaint = opd.own_complaint(who, ticket)
    except Problem:  # it went on to others, or to nobody that this officer may know of
        return _desk(who, session, {}, refused=told, notice=notice, about=number)
    return _complaint(who, session, complaint, refused=told, notice=notice)
