"""The officer's desk in a browser: see what is due, answer it, ask, give it away, contest an escalation."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from typing import Final

from chalice.app import Blueprint, Response

from chalicelib.api import forms, opd, reading, ready_answers, staff
from chalicelib.api.desk_list import CAN, list_page
from chalicelib.api.errors import Problem, asked_language, bad_field
from chalicelib.api.identity import Principal, owns
from chalicelib.api.pages import html, message, named_complaint, show, shows_problems
from chalicelib.api.session import csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.complaint import REPORTER_READ, Actor, Complaint, Role
from chalicelib.domain.life import possible_actions
from chalicelib.settings import current
from chalicelib.workflows import handling

desk = Blueprint(__name__)
page = shows_problems(lambda: desk.current_request)

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
    asked = reading.query(desk.current_request, "cursor", "status", "done")
    sent = _sent(asked.pop("done", ""))
    return list_page(desk.current_request, who, session, asked, sent=sent)


def _sent(done: str) -> str | None:
    """Return the ticket whose form was sent just now, as an address says it: what is none is not said."""
    return reading.ticket_in(done)


# ------------------------------------------------------------------------------------------------ one complaint


@desk.route("/meja/{ticket}", methods=["GET"], cors=False)
@page
def one(ticket: str) -> Response:
    """Show one complaint, with the forms of what can be done with it; `?template=` is a ready answer to begin with."""
    who, session = signed_in(desk.current_request, "opd")
    asked = reading.query(desk.current_request, "done", "template")
    complaint = opd.own_complaint(who, ticket)
    return _complaint(who, session, complaint, sent=_sent(asked.get("done", "")), template=asked.get("template"))


def _complaint(
    who: Principal,
    session: str,
    complaint: Complaint,
    *,
    refused: forms.Refused = forms.NOTHING,
    notice: str | None = None,
    sent: str | None = None,
    template: str | None = None,
) -> Response:
    lang, now = asked_language(desk.current_request), reading.now()
    possible = possible_actions(complaint.status, Role.OPD)
    view = named_complaint({**opd.officers_view(who, complaint), "answers": []})
    view["timeline"] = [entry for entry in view["timeline"] if entry["entry"] != REPORTER_READ]
    view["answers"] = [entry for entry in view["timeline"] if entry["entry"] == "answered"]
    rows = staff.escalations_on(complaint, owns(who), CAN)
    fields = [name for action in possible for name in _FIELDS.get(action, ())] + staff.fields_of(rows)
    ready = ready_answers.offered(complaint, view["division_name"] or "", lang) if "answer" in possible else []
    chosen = next((answer for answer in ready if answer["code"] == template), None)
    if chosen:
        interim = {} if chosen["final"] else {"interim": "true"}
        refused = forms.Refused(typed={"text": chosen["text"], **interim})
    return show("desk_complaint.html", lang, refused.status, place="meja", here=f"/meja/{complaint.ticket}",
        complaint=view, csrf=csrf_of(session), escalations=rows, actions=possible, ready=ready, sent=sent,
        chosen=chosen["code"] if chosen else None, script="desk",
        divisions=staff.divisions(now) if "forward" in possible else [], **refused.shown(fields, notice),
    )  # fmt: skip


@desk.route("/meja/{ticket}/start", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def start(ticket: str) -> Response:
    """Say that the division has begun."""

    def step(who: Principal, _: Mapping[str, str]) -> Complaint:
        return opd.act(who, ticket, lambda read, actor: handling.start(read, actor, reading.now(), owns(who)))

    return _act(ticket, "start", step)


@desk.route("/meja/{ticket}/answer", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def answer(ticket: str) -> Response:
    """Answer the citizen; with an error, the page again and what was typed."""

    def step(who: Principal, fields: Mapping[str, str]) -> Complaint:
        plain = {name: value for name, value in fields.items() if name != "interim"}
        body = opd.answer_body(reading.from_form(plain, reading.AnswerBody))
        body.final = "interim" not in fields
        if ready_answers.has_blank(body.text):
            raise bad_field("text", "required")
        return opd.give_answer(who, ticket, body)

    return _act(ticket, "answer", step)


@desk.route("/meja/{ticket}/ask", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def ask(ticket: str) -> Response:
    """Ask the reporter; the clocks stand still until the reply."""

    def step(who: Principal, fields: Mapping[str, str]) -> Complaint:
        text = reading.said(reading.from_form(dict(fields), reading.QuestionBody)).text
        return opd.act(who, ticket, lambda read, actor: handling.ask(read, text, actor, reading.now(), owns(who)))

    return _act(ticket, "ask", step)


@desk.route("/meja/{ticket}/forward", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def forward(ticket: str) -> Response:
    """Give the complaint to another division."""

    def step(who: Principal, fields: Mapping[str, str]) -> Complaint:
        body = reading.said(reading.from_form(forms.with_division(fields), reading.ForwardBody))
        return opd.give_away(who, ticket, body)

    return _act(ticket, "forward", step)


@desk.route("/meja/{ticket}/refuse", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def refuse(ticket: str) -> Response:
    """Say that the complaint is not theirs: it goes back to the admin."""

    def step(who: Principal, fields: Mapping[str, str]) -> Complaint:
        reason = reading.said(reading.from_form(dict(fields), reading.ReasonBody)).reason

        def give_back(read: str, actor: Actor) -> Complaint | None:
            return handling.refuse(read, reason, actor, reading.now(), owns(who))

        return opd.act(who, ticket, give_back)

    return _act(ticket, "refuse", step)


def _act(ticket: str, form: str, step: Callable[[Principal, Mapping[str, str]], Complaint]) -> Response:
    """Do a step on one of the officer's complaints and go on; with an error, its page again and what was typed."""
    who, session, fields = signed_in_by_form(desk.current_request, "opd")
    try:
        done = step(who, fields)
    except forms.REFUSALS as error:
        return _not_done(who, session, ticket, form, fields, error)
    return _complaint(who, session, done, notice="started") if form == "start" else _go_on(who, done.ticket)


def _not_done(
    who: Principal, session: str, ticket: str, form: str, fields: Mapping[str, str], error: Exception
) -> Response:
    """Return the complaint's page with what was typed; when it went on to others meanwhile, a page that says so."""
    lang, family = asked_language(desk.current_request), f"{form}_error"
    try:
        complaint = opd.own_complaint(who, ticket)
    except Problem as gone:
        to = f"{current().public_url}/meja?lang={lang}"
        return message(desk.current_request, "gone", gone.status, link=to, typed=fields, fields=[])
    told = forms.refused(error, fields, lang, family, "" if form == "answer" else f"{form}-")
    return _complaint(who, session, complaint, refused=told)


def _go_on(who: Principal, done: str) -> Response:
    """Send the browser to what is due first now, or to the list when nothing is: a reload there sends nothing twice."""
    following = opd.next_due(who, but=done)
    where = urllib.parse.urlencode({"done": done, "lang": asked_language(desk.current_request)})
    to = f"{current().public_url}/meja{f'/{following}' if following else ''}?{where}"
    return html("", 303, {"Location": to})


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
        return list_page(desk.current_request, who, session, {}, refused=told, notice=notice, about=number)
    return _complaint(who, session, complaint, refused=told, notice=notice)
