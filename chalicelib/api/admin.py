"""Admins: every complaint by its filters, the queue, each step that is theirs, OPDs. Mayor and auditor read."""

from __future__ import annotations

from typing import Any

import msgspec
from chalice.app import Blueprint

from chalicelib.adapters import complaints, registry
from chalicelib.api import lists, reading, views
from chalicelib.api.errors import Problem, answers_problems, bad_field
from chalicelib.api.identity import guard, identify
from chalicelib.domain.complaint import ADMIN_DESK, Actor, Complaint, Role
from chalicelib.domain.ticket import read_ticket
from chalicelib.workflows import city, doubling, filing, handling, telling

admin = Blueprint(__name__)
answer = answers_problems(lambda: admin.current_request)

_READERS = ("admin", "mayor", "auditor")


@admin.route("/admin/complaints", methods=["GET"], authorizer=identify)
@answer
def list_complaints() -> dict[str, Any]:
    """List complaints by their filters, newest first."""
    guard(admin.current_request, *_READERS)
    asked = reading.query(admin.current_request, *lists.FILTERS, "limit", "cursor")
    now = reading.now()
    page, following = lists.filtered(asked, reading.limit_of(asked), now)
    return {"items": [views.list_item(one, now) for one in page], "next": following}


@admin.route("/admin/complaints/search", methods=["POST"], authorizer=identify, content_types=[reading.JSON])
@answer
def search() -> dict[str, Any]:
    """Find complaints by ticket, or by the telephone number that filed them."""
    guard(admin.current_request, *_READERS)
    body = reading.read_json(admin.current_request, reading.SearchBody)
    if bool(body.ticket) == bool(body.phone):
        raise bad_field("ticket", "one_of_two")
    tickets = [read_ticket(body.ticket)] if body.ticket else tickets_of(body.phone or "")
    now = reading.now()
    found = complaints.complaints_of([ticket for ticket in tickets if ticket])
    return {"items": [views.list_item(one, now) for one in found], "next": None}


def tickets_of(phone: str) -> list[str]:
    """Return the tickets filed from a telephone number, however it is typed; Problem 400 when it cannot be one."""
    return complaints.all_tickets_of_phone(filing.phone_key(reading.phone_number(phone)))


@admin.route("/admin/complaints/{ticket}", methods=["GET"], authorizer=identify)
@answer
def read(ticket: str) -> dict[str, Any]:
    """Show one complaint with its whole timeline."""
    guard(admin.current_request, *_READERS)
    return _shown(complaint_in(ticket))


def complaint_in(path: str) -> Complaint:
    """Return the complaint that a path names; not_found when there is none."""
    number = reading.ticket_in(path)
    complaint = complaints.complaint_of(number, consistent=True) if number else None
    if complaint is None:
        raise Problem("not_found")
    return complaint


def _shown(complaint: Complaint | None) -> dict[str, Any]:
    if complaint is None:
        raise Problem("not_found")
    return views.staff_view(complaint, reading.now())


@admin.route("/admin/complaints/{ticket}/reporter", methods=["GET"], authorizer=identify)
@answer
def read_reporter(ticket: str) -> dict[str, Any]:
    """Show who filed it, if they said; each read is written into the complaint's timeline."""
    who = guard(admin.current_request, *_READERS)
    complaint = complaint_in(ticket)
    actor = Actor(Role(who.role), who.subject)
    _, reporter = handling.reveal_reporter(complaint, actor, reading.now(), every_read=True)
    nobody = {"name": None, "phone": None, "email": None}
    return {"ticket": complaint.ticket, **(views.reporter_view(reporter) or nobody)}


@admin.route("/admin/complaints/{ticket}/duplicates", methods=["GET"], authorizer=identify)
@answer
def duplicates(ticket: str) -> dict[str, Any]:
    """List what is likely about the same thing, the likeliest first; nothing is merged but by a person."""
    guard(admin.current_request, *_READERS)
    complaint, now = complaint_in(ticket), reading.now()
    found = doubling.likely_duplicates(complaint, now)
    return {"items": [{**views.list_item(one, now), "likeness": round(like, 2)} for one, like in found], "next": None}


@admin.route("/admin/complaints/{ticket}/messages", methods=["GET"], authorizer=identify)
@answer
def messages(ticket: str) -> dict[str, Any]:
    """List the messages about a complaint, and what became of each."""
    guard(admin.current_request, *_READERS)
    return {"items": [views.message_view(*told) for told in telling.messages_of(complaint_in(ticket))], "next": None}


@admin.route("/admin/queue", methods=["GET"], authorizer=identify)
@answer
def queue() -> dict[str, Any]:
    """List what waits for dispatch, by its verify deadline, with what the routing rules suggest."""
    guard(admin.current_request, *_READERS)
    asked = reading.query(admin.current_request, "limit", "cursor")
    now = reading.now()
    page, following = lists.on_desk(
        ADMIN_DESK, None, asked.get("cursor"), reading.limit_of(asked), lambda one: one.status == "received"
    )
    items = [{**views.list_item(one, now), "suggestion": views.suggestion_view(one)} for one in page]
    return {"items": items, "next": following}


@admin.route(
    "/admin/complaints/{ticket}/dispatch",
    methods=["POST"],
    authorizer=identify,
    content_types=[reading.JSON],
)
@answer
def dispatch(ticket: str) -> dict[str, Any]:
    """Give a complaint to a division."""
    who = guard(admin.current_request, "admin")
    body = reading.read_json(admin.current_request, reading.DispatchBody)
    number = reading.ticket_in(ticket)
    actor = Actor(Role.ADMIN, who.subject)
    return _shown(
        handling.dispatch(number, body.opd, body.division, actor, reading.now(), body.kind) if number else None
    )


@admin.route("/admin/complaints/{ticket}/check", methods=["POST"], authorizer=identify)
@answer
def check(ticket: str) -> dict[str, Any]:
    """Let the public read the complaint's text."""
    who = guard(admin.current_request, "admin")
    number = reading.ticket_in(ticket)
    return _shown(handling.check(number, Actor(Role.ADMIN, who.subject), reading.now()) if number else None)


@admin.route("/admin/complaints/{ticket}/reject", methods=["POST"], authorizer=identify, content_types=[reading.JSON])
@answer
def reject(ticket: str) -> dict[str, Any]:
    """Turn a complaint down, for a reason of the closed list."""
    who = guard(admin.current_request, "admin")
    body = reading.checked_rejection(reading.read_json(admin.current_request, reading.RejectBody))
    number, actor = reading.ticket_in(ticket), Actor(Role.ADMIN, who.subject)
    return _shown(handling.reject(number, body.reason, body.note, actor, reading.now()) if number else None)


@admin.route("/admin/complaints/{ticket}/merge", methods=["POST"], authorizer=identify, content_types=[reading.JSON])
@answer
def merge(ticket: str) -> dict[str, Any]:
    """Let a complaint go into the one that survives; its reporter hears what that one's reporter hears."""
    who = guard(admin.current_request, "admin")
    body = reading.read_json(admin.current_request, reading.MergeBody)
    number, into = reading.ticket_in(ticket), read_ticket(body.into)
    if into is None:
        raise bad_field("into", "no_ticket")
    return _shown(handling.merge(number, into, Actor(Role.ADMIN, who.subject), reading.now()) if number else None)


@admin.route("/admin/opds/{opd}", methods=["GET"], authorizer=identify)
@answer
def read_opd(opd: str) -> dict[str, Any]:
    """Show an OPD: its head, divisions, categories and their words."""
    guard(admin.current_request, *_READERS)
    found = registry.opd_of(opd)
    if found is None:
        raise Problem("not_found")
    return found


@admin.route("/admin/opds/{opd}", methods=["PUT"], authorizer=identify, content_types=[reading.JSON])
@answer
def write_opd(opd: str) -> dict[str, Any]:
    """Set an OPD's contacts, divisions and categories; the routing rules know them within a minute."""
    guard(admin.current_request, "admin")
    body = reading.checked_opd(reading.read_json(admin.current_request, reading.OpdBody))
    if registry.opd_of(opd) is None:
        raise Problem("not_found")
    if body.code not in (None, opd):
        raise bad_field("code", "invalid")
    wanted: dict[str, Any] = {**msgspec.to_builtins(body), "code": opd}
    try:
        city.save_opd(wanted)
    except ValueError as error:
        raise bad_field("divisions", "invalid") from error
    return wanted
