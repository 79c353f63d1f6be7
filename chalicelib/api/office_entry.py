"""Staff enter at the office what came at a desk, by telephone or in a chat group; the receipt is for the citizen."""

from __future__ import annotations

import secrets
from typing import Final

from chalice.app import Blueprint, Response

from chalicelib import pages as rendering
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.api import forms, reading, views
from chalicelib.api.errors import asked_language
from chalicelib.api.pages import named_complaint, show, shows_problems
from chalicelib.api.public import idempotency_key, read_filing
from chalicelib.api.session import csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.arrival import EnteredChannel
from chalicelib.domain.complaint import Actor, Role
from chalicelib.settings import current
from chalicelib.workflows import city, entering
from chalicelib.workflows.filing import KeyUsedOtherwise

entry_pages = Blueprint(__name__)
page = shows_problems(lambda: entry_pages.current_request)

FIELDS: Final = (
    "channel", "text", "kind", "category", "address", "name", "phone", "email", "anonymous", "confidential",
)  # fmt: skip


@entry_pages.route("/kantor/masukan", methods=["GET"], cors=False)
@page
def form() -> Response:
    """Show the form; what only it does, only an admin may."""
    _, session = signed_in(entry_pages.current_request, "admin")
    return _form(session)


def _form(session: str, refused: forms.Refused = forms.NOTHING, key: str | None = None) -> Response:
    request = entry_pages.current_request
    return show("office_entry.html", asked_language(request), refused.status, here="/kantor/masukan", role="admin",
        csrf=csrf_of(session), channels=list(EnteredChannel), services=city.current(reading.now()).services(),
        idempotency_key=key or secrets.token_urlsafe(24), **refused.shown(FIELDS),
    )  # fmt: skip


@entry_pages.route("/kantor/masukan", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def enter() -> Response:
    """File it and show ticket and receipt once; with an error, the form again and what was typed."""
    request = entry_pages.current_request
    who, session, fields = signed_in_by_form(request, "admin")
    key, lang = fields.pop("idempotency_key", None), asked_language(request)
    try:
        body = reading.checked_complaint(reading.from_form(fields, reading.EntryBody))
        brought, reporter = read_filing(body, body.channel.value)
        actor, once = Actor(Role.ADMIN, who.subject), idempotency_key(key)
        filed = entering.enter_complaint(brought, reporter, actor, reading.now(), idempotency_key=once)
    except KeyUsedOtherwise:
        return _form(session, forms.Refused(422, _said("idempotency_key", lang), fields))
    except StoreUnavailable:  # what somebody told on the telephone is not lost, and the same key tries it again
        return _form(session, forms.Refused(503, _said("unavailable", lang), fields), key)
    except forms.REFUSALS as error:
        return _form(session, forms.refused(error, fields, lang, "error"), key)
    shown = named_complaint(views.filed_view(filed.complaint, filed.receipt))
    told = bool(reporter.email or (reporter.phone and current().sms_default))
    return show("office_entered.html", lang, 201, here="/kantor/masukan", role="admin", csrf=csrf_of(session),
                  complaint=shown, told=told)  # fmt: skip


def _said(what: str, lang: str) -> list[dict[str, str]]:
    return rendering.field_errors([{"field": what, "message": ""}], lang)
