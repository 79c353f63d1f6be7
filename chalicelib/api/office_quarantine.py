"""The quarantine in the office: messages of SMS providers that nobody could read, and what a person makes of each.

A list hides numbers; reading one message whole is written down.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib.api import entering, forms, reading
from chalicelib.api.errors import asked_language
from chalicelib.api.identity import Principal
from chalicelib.api.office import READERS
from chalicelib.api.pages import show, shows_problems
from chalicelib.api.session import csrf_of, signed_in, signed_in_by_form
from chalicelib.settings import current
from chalicelib.workflows import city
from chalicelib.workflows.entering import SettledOtherwise

quarantine_pages = Blueprint(__name__)
page = shows_problems(lambda: quarantine_pages.current_request)

_MANY: Final = 25  # on one page
_STATES: Final = ("open", "filed", "discarded")
_FIELDS: Final = ("text", "phone", "name", "kind", "category", "discard-reason")
_REFUSALS: Final = (*forms.REFUSALS, SettledOtherwise)


@quarantine_pages.route("/kantor/karantina", methods=["GET"], cors=False)
@page
def listed() -> Response:
    """List the messages that are open, or became a complaint, or nothing, newest first."""
    request = quarantine_pages.current_request
    who, session = signed_in(request, *READERS)
    return _list(who, session, reading.query(request, "state", "cursor"))


def _list(who: Principal, session: str, asked: dict[str, str], **said: Any) -> Response:  # noqa: ANN401
    lang, state = asked_language(quarantine_pages.current_request), asked.get("state", "open")
    found = entering.part_of_quarantine(asked, _MANY)
    where = urllib.parse.urlencode({"state": state, "cursor": found["next"], "lang": lang})
    return show("office_quarantine.html", lang, here=f"/kantor/karantina?state={state}", role=who.role,
        csrf=csrf_of(session), items=found["items"], state=state, states=_STATES,
        next=f"{current().public_url}/kantor/karantina?{where}" if found["next"] else None,
        **{"ticket": None, **said, **forms.NOTHING.shown((), said.get("notice"))},
    )  # fmt: skip


@quarantine_pages.route("/kantor/karantina/{message}", methods=["GET"], cors=False)
@page
def one(message: str) -> Response:
    """Show one message whole, and to an admin what can be made of it."""
    who, session = signed_in(quarantine_pages.current_request, *READERS)
    return _message(who, session, message)


def _message(who: Principal, session: str, message: str, refused: forms.Refused = forms.NOTHING) -> Response:
    shown = entering.read_by(who.subject, message)
    acts = who.role == "admin" and shown["state"] == "open"
    return show("office_message.html", asked_language(quarantine_pages.current_request), refused.status,
        here=f"/kantor/karantina/{shown['id']}", role=who.role, csrf=csrf_of(session), message=shown, acts=acts,
        services=city.current(reading.now()).services() if acts else [], **refused.shown(_FIELDS if acts else ()),
    )  # fmt: skip


@quarantine_pages.route(
    "/kantor/karantina/{message}/complaint", methods=["POST"], content_types=[reading.FORM], cors=False
)
@page
def file(message: str) -> Response:
    """Make a complaint of what a person read in the message, and go on with the open ones."""

    def step(fields: dict[str, str], who: Principal) -> str:
        return entering.file_message(message, reading.from_form(fields, reading.ReadSmsBody), who).ticket

    return _act(message, step, "quarantine_filed")


@quarantine_pages.route(
    "/kantor/karantina/{message}/discard", methods=["POST"], content_types=[reading.FORM], cors=False
)
@page
def discard(message: str) -> Response:
    """Say why nothing becomes of the message, and go on with the open ones."""

    def step(fields: dict[str, str], who: Principal) -> None:
        entering.discard_message(message, reading.from_form(fields, reading.ReasonBody), who)

    return _act(message, step, "quarantine_discarded", "discard-")


def _act(message: str, step: Callable[[dict[str, str], Principal], str | None], notice: str, key: str = "") -> Response:
    """Do a step of the admin's, which may return a ticket, and go on with the list; with an error, the message again
    and what was typed."""
    request = quarantine_pages.current_request
    who, session, fields = signed_in_by_form(request, "admin")
    try:
        ticket = step(fields, who)
    except _REFUSALS as error:
        told = forms.refused(error, fields, asked_language(request), "quarantine_error", key)
        return _message(who, session, message, told)
    return _list(who, session, {}, notice=notice, ticket=ticket)
