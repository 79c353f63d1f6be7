"""The form on which a citizen brings a complaint, and what it answers: the receipt, or the form again."""

from __future__ import annotations

import secrets
from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib import pages as rendering
from chalicelib.api import public, reading, views
from chalicelib.api.errors import Problem, asked_language, problem_of
from chalicelib.api.pages import ABOUT, message, named_complaint, show, shows_problems
from chalicelib.settings import current, data_file
from chalicelib.workflows import city

form_pages = Blueprint(__name__)
page = shows_problems(lambda: form_pages.current_request)

_MAY_ASK_WHERE: Final = {"Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()"}


@form_pages.route("/", methods=["GET"], cors=False)
@page
def form() -> Response:
    """Show the form."""
    return _form(asked_language(form_pages.current_request), city.current(reading.now()).services())


@form_pages.route("/peta.js", methods=["GET"], cors=False)
@page
def map_script() -> Response:
    """Give the script of the map, which a page loads when it is asked for; its address changes with its content."""
    headers = {
        "Content-Type": "text/javascript; charset=utf-8",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    return Response(rendering.map_script(), headers=headers)


def _form(
    lang: str,
    services: list[dict[str, str]],
    status: int = 200,
    typed: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
    key: str | None = None,
) -> Response:
    config = current()
    shown = show("form.html", lang, status, here="/", services=services, script="form", tiles=config.map_tiles,
        typed=typed or {}, errors=errors or [], idempotency_key=key or secrets.token_urlsafe(24),
        sms_number=config.sms_number, map=data_file("map.json"),
    )  # fmt: skip
    shown.headers.update(_MAY_ASK_WHERE)
    return shown


def submit_form(request: Any) -> Response:  # noqa: ANN401
    """File what the form sent and show its ticket; else the form again, with its errors and what was typed."""
    try:
        fields = reading.read_form(request)
    except Problem as unreadable:
        return message(request, ABOUT.get(unreadable.status, "bad_request"), unreadable.status)
    lang = rendering.language(fields.pop("lang", None), request.headers.get("accept-language"))
    key = fields.pop("idempotency_key", None)
    try:
        body = reading.checked_complaint(reading.from_form(fields, reading.ComplaintBody))
        filed = public.submit_body(body, public.idempotency_key(key or request.headers.get("idempotency-key")))
    except Exception as error:
        return _form_with_errors(problem_of(error), lang, fields, key)
    shown = named_complaint(views.filed_view(filed.complaint, filed.receipt))
    shown["verify_due_at"] = views.iso(filed.complaint.verify_due_at)
    answer = show("filed.html", lang, 201, here="/complaints", complaint=shown, script="filed",
        told=bool(body.email or (body.phone and current().sms_default)), idempotency_key=key or "",
        sms_number=current().sms_number if body.phone else "",
    )  # fmt: skip
    answer.headers["Location"] = f"{current().public_url}/t/{filed.complaint.ticket}"
    return answer


def _form_with_errors(problem: Problem, lang: str, fields: dict[str, str], key: str | None) -> Response:
    """Return the form with what was typed, and what is wrong with it; if that is our own fault, too."""
    errors = problem.errors(lang)
    if problem.code == "key_used_otherwise":
        key, errors = None, [{"field": "idempotency_key", "message": ""}]
    if not errors:
        errors = [{"field": "full" if problem.code == "timeline_full" else "unavailable", "message": ""}]
    try:
        services = city.current(reading.now()).services()
    except Exception:  # the database is away: the words are more than the list
        services = []
    return _form(lang, services, problem.status, fields, rendering.field_errors(errors, lang), key)
