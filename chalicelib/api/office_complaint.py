"""One complaint in the office: all of it, who filed it behind a button, what was sent about it, the admin's steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib.api import forms, ladder, reading, staff, views
from chalicelib.api.admin import complaint_in
from chalicelib.api.errors import Problem, asked_language, bad_field
from chalicelib.api.identity import Principal
from chalicelib.api.office import READERS, queue_page, with_suggestion
from chalicelib.api.pages import named_complaint, show, shows_problems
from chalicelib.api.session import csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.complaint import Actor, Complaint, Reason, Role
from chalicelib.domain.life import IllegalAction, possible_actions
from chalicelib.domain.ticket import read_ticket
from chalicelib.workflows import doubling, handling, telling

complaint_pages = Blueprint(__name__)
page = shows_problems(lambda: complaint_pages.current_request)

_FIELDS: Final = {  # the ids of the fields of each form
    "dispatch": ("to", "kind"),
    "reject": ("reject-reason", "reject-note"),
    "merge": ("merge-into",),
}


@complaint_pages.route("/kantor/{ticket}", methods=["GET"], cors=False)
@page
def one(ticket: str) -> Response:
    """Show one complaint whole; who filed it stands elsewhere, and each read of that is written down."""
    request = complaint_pages.current_request
    who, session = signed_in(request, *READERS)
    return complaint_page(request, who, session, complaint_in(ticket))


def complaint_page(
    request: Any,  # noqa: ANN401
    who: Principal,
    session: str,
    complaint: Complaint,
    *,
    refused: forms.Refused = forms.NOTHING,
    notice: str | None = None,
    reporter: dict[str, Any] | None = None,
) -> Response:
    """Show a complaint; `reporter` is who filed it, once that was asked for."""
    now, role = reading.now(), Role(who.role)
    view = with_suggestion(named_complaint(views.staff_view(complaint, now)), complaint)
    view["answers"] = [entry for entry in view["timeline"] if entry["entry"] == "answered"]
    done = {"check"} if complaint.checked else set()
    actions = [action for action in possible_actions(complaint.status, role) if action not in done]
    can = {"contested": "settle"} if role is Role.ADMIN else {}
    rows = staff.escalations_on(complaint, lambda _: True, can)
    fields = [name for action in actions for name in _FIELDS.get(action, ())] + staff.fields_of(rows)
    return show("office_complaint.html", asked_language(request), refused.status, place="kantor",
        here=f"/kantor/{complaint.ticket}", complaint=view, csrf=csrf_of(session), actions=actions, escalations=rows,
        divisions=staff.divisions(now) if "dispatch" in actions else [], reasons=list(Reason), reporter=reporter,
        duplicates=_duplicates(complaint), messages=_messages(complaint), **refused.shown(fields, notice),
    )  # fmt: skip


def _duplicates(complaint: Complaint) -> Sequence[dict[str, Any]]:
    """Return what is likely about the same thing, while the complaint may still go into another."""
    if "merge" not in possible_actions(complaint.status, Role.ADMIN):
        return ()
    now = reading.now()
    found = doubling.likely_duplicates(complaint, now)
    return [{**named_complaint(views.list_item(one, now)), "likeness": round(like * 100)} for one, like in found]


def _messages(complaint: Complaint) -> list[dict[str, Any]]:
    return [views.message_view(*told) for told in telling.messages_of(complaint)]


@complaint_pages.route("/kantor/{ticket}/pelapor", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def reveal(ticket: str) -> Response:
    """Show who filed it; each time is written into the complaint's timeline first."""
    request = complaint_pages.current_request
    who, session, fields = signed_in_by_form(request, *READERS)
    complaint, actor = complaint_in(ticket), Actor(Role(who.role), who.subject)
    try:
        complaint, reporter = handling.reveal_reporter(complaint, actor, reading.now(), every_read=True)
    except forms.REFUSALS as error:
        told = forms.refused(error, fields, asked_language(request), "reporter_error")
        return complaint_page(request, who, session, complaint, refused=told)
    nobody = {"name": None, "phone": None, "email": None}
    return complaint_page(request, who, session, complaint, reporter=views.reporter_view(reporter) or nobody)


# ------------------------------------------------------------------------------------------------ the admin's steps


@complaint_pages.route("/kantor/{ticket}/dispatch", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def dispatch(ticket: str) -> Response:
    """Give a complaint to a division and go on with the queue."""

    def step(number: str, fields: dict[str, str], who: Principal) -> Complaint | None:
        body = reading.from_form(forms.with_division(fields), reading.DispatchBody)
        return handling.dispatch(number, body.opd, body.division, _admin(who), reading.now(), body.kind)

    return _act(ticket, "dispatch", step)


@complaint_pages.route("/kantor/{ticket}/check", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def check(ticket: str) -> Response:
    """Let the public read the complaint's text."""
    return _act(ticket, "check", lambda number, _, who: handling.check(number, _admin(who), reading.now()), "checked")


@complaint_pages.route("/kantor/{ticket}/reject", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def reject(ticket: str) -> Response:
    """Turn a complaint down, for a reason of the closed list."""

    def step(number: str, fields: dict[str, str], who: Principal) -> Complaint | None:
        body = reading.checked_rejection(reading.from_form(fields, reading.RejectBody))
        return handling.reject(number, body.reason, body.note, _admin(who), reading.now())

    return _act(ticket, "reject", step, "rejected", lambda _: "reject-")


@complaint_pages.route("/kantor/{ticket}/merge", methods=["POST"], content_types=[reading.FORM], cors=False)
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


@complaint_pages.route("/kantor/{ticket}/contest/{n}", methods=["POST"], content_types=[reading.FORM], cors=False)
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
    request = complaint_pages.current_request
    who, session, fields = signed_in_by_form(request, "admin")
    number = reading.ticket_in(ticket)
    try:
        done = step(number, fields, who) if number else None
    except forms.REFUSALS as error:
        told = forms.refused(error, fields, asked_language(request), f"{form}_error", key(number or ""))
        return complaint_page(request, who, session, complaint_in(ticket), refused=told)
    if done is None:
        raise Problem("not_found")
    if notice is None:
        return queue_page(request, who, session, sent=done)
    return complaint_page(request, who, session, done, notice=notice)
