"""The office finds complaints: by ticket, by the telephone number that filed them, or in a list by its filters."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Final

from chalice.app import Blueprint, Response

from chalicelib.adapters import complaints
from chalicelib.api import forms, lists, reading, views
from chalicelib.api.admin import tickets_of
from chalicelib.api.errors import Problem, asked_language, bad_field
from chalicelib.api.identity import Principal
from chalicelib.api.office import READERS
from chalicelib.api.office_complaint import complaint_page
from chalicelib.api.pages import named_complaint, show, shows_problems
from chalicelib.api.session import csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.arrival import EnteredChannel
from chalicelib.domain.complaint import Complaint, Status
from chalicelib.domain.ticket import read_ticket
from chalicelib.settings import current
from chalicelib.workflows import city

search_pages = Blueprint(__name__)
page = shows_problems(lambda: search_pages.current_request)

_MANY: Final = 40  # on one page
_MOST_TYPED: Final = 40
_FILTERS: Final = ("opd", "status", "kind", "channel", "overdue")
_CHANNELS: Final = ("web", "sms", "open311", *EnteredChannel)


@search_pages.route("/kantor/aduan", methods=["GET"], cors=False)
@page
def listed() -> Response:
    """List complaints by their filters, newest first."""
    request = search_pages.current_request
    who, session = signed_in(request, *READERS)
    asked = reading.query(request, *_FILTERS, "cursor")
    found, following = lists.filtered(asked, _MANY, reading.now())
    chosen: dict[str, str] = {name: asked[name] for name in _FILTERS if name in asked}
    return _shown(who, session, found, chosen, following)


def _shown(
    who: Principal,
    session: str,
    found: Sequence[Complaint] | None,
    chosen: Mapping[str, str],
    following: str | None = None,
    *,
    typed: str | None = None,
    refused: forms.Refused = forms.NOTHING,
) -> Response:
    """Show what was found: by what was `typed`, else by the filters that were `chosen`."""
    now, lang = reading.now(), asked_language(search_pages.current_request)
    items = [named_complaint(views.list_item(one, now)) for one in found or ()]
    opds = sorted((str(opd["name"]), str(opd["code"])) for opd in city.current(now).opds.values())
    where = urllib.parse.urlencode(chosen)
    return show("office_list.html", lang, refused.status, here=f"/kantor/aduan{f'?{where}' if where else ''}",
        role=who.role, csrf=csrf_of(session), items=items, chosen=chosen, asked=typed, opds=opds,
        statuses=list(Status), channels=_CHANNELS,
        next=_address(chosen, following, lang) if following else None, **refused.shown(["asked"]),
    )  # fmt: skip


def _address(chosen: Mapping[str, str], cursor: str | None, lang: str) -> str:
    return f"{current().public_url}/kantor/aduan?{urllib.parse.urlencode({**chosen, 'cursor': cursor, 'lang': lang})}"


@search_pages.route("/kantor/cari", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def find() -> Response:
    """Show the complaint of a ticket, or list those of a telephone number, which never stands in an address."""
    request = search_pages.current_request
    who, session, fields = signed_in_by_form(request, *READERS)
    typed = fields.get("asked", "")
    try:
        found = _found(typed)
    except forms.REFUSALS as error:
        told = forms.refused(error, fields, asked_language(request), "find_error")
        return _shown(who, session, [], {}, typed=typed, refused=told)
    if isinstance(found, Complaint):
        return complaint_page(request, who, session, found)
    return _shown(who, session, found, {}, typed=typed)


def _found(typed: str) -> Complaint | list[Complaint]:
    """Return the complaint of a ticket, else those filed from a telephone number, the newest first; Problem 400 for
    what can be neither."""
    if not typed or len(typed) > _MOST_TYPED:
        raise bad_field("asked", "required")
    ticket = read_ticket(typed)
    known = complaints.complaint_of(ticket, consistent=True) if ticket else None
    if known:
        return known
    try:
        tickets = tickets_of(typed)
    except Problem:
        if ticket is None:
            raise bad_field("asked", "invalid") from None
        tickets = []
    return sorted(complaints.complaints_of(tickets), key=lambda one: one.received_at, reverse=True)
