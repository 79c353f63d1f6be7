"""The pages of citizens: the form, what it answers, and the page of a ticket. They work without JavaScript."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib import pages as rendering
from chalicelib.api import forms, public, reading, session, views
from chalicelib.api.errors import RETRY_AFTER, Problem, asked_language, problem_of
from chalicelib.domain import life
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.deadlines import working_days_left
from chalicelib.domain.keys import receipt_for
from chalicelib.domain.letters import map_link
from chalicelib.settings import current
from chalicelib.workflows import city

citizen_pages = Blueprint(__name__)

ABOUT: Final = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "method",
                409: "conflict", 413: "too_large"}  # fmt: skip


def html(
    page: str, status: int = 200, headers: Mapping[str, str] | None = None, script: str | None = None, tiles: str = ""
) -> Response:
    """Return a page with the headers that every page has: no script but its own, nothing of others, never cached.

    Only a page with a map may load the map's script, show the pictures of `tiles`, and ask the phone where it is.
    """
    maps, pictures = (f" {current().public_url}/peta.js", f" {_origin_of(tiles)}") if tiles else ("", "")
    scripts = f"script-src {rendering.script_source(script)}{maps}; connect-src 'self'; " if script else ""
    policy = (
        f"default-src 'none'; style-src {rendering.style_source()}; {scripts}img-src data:{pictures}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    later = {"Retry-After": RETRY_AFTER} if status == 503 else {}
    fixed = {
        **later,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
    }
    return Response(page, status_code=status, headers={**fixed, **(headers or {})})


def _origin_of(tiles: str) -> str:
    """Return whose pictures a map shows, as a source of a Content-Security-Policy; {s} is any of its servers."""
    return "/".join(tiles.split("/")[:3]).replace("{s}", "*")


def show(template: str, lang: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
    """Return a rendered page."""
    config = current()
    common = {"city": config.city, "zone": config.zone, "now": reading.now()}
    shown = rendering.render(template, lang, config.public_url, **{**common, **values})
    return html(shown, status, script=values.get("script"), tiles=values.get("tiles", ""))


def message(request: Any, about: str, status: int, **values: Any) -> Response:  # noqa: ANN401
    """Return a page that says one thing."""
    config = current()
    common = {"city": config.city, "zone": config.zone, "now": reading.now()}
    lang = asked_language(request)
    shown = rendering.render_message(about, lang, config.public_url, status, **{**common, **values})
    return html(shown, status)


def shows_problems(request_of: Callable[[], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator of every page: what it raises becomes a page that says so."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def page(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            try:
                return _form_again(request_of, view, *args, **kwargs)
            except Exception as error:
                problem = problem_of(error)
                if problem.status == 401:
                    return _sign_in_first(request_of())
                request = request_of()
                about = ABOUT.get(problem.status, "unavailable")
                typed = {} if problem.status == 403 else session.typed_in_vain(request)
                return message(request, about, problem.status, typed=typed, fields=[])

        return page

    return decorate


def _sign_in_first(request: Any) -> Response:  # noqa: ANN401
    """Send who reads to sign in, and back; tell who sent a form that it was not done, and what they had typed."""
    back, to = session.way_back(request), f"{current().public_url}/masuk"
    if session.may_be_sent_on(request):
        return html("", 303, {"Location": to, "Set-Cookie": back})
    about = "sign_in" if request.method == "GET" else "session_over"
    answer = message(request, about, 401, link=to, typed=session.typed_in_vain(request), fields=[])
    answer.headers["Set-Cookie"] = back
    return answer


def _form_again(request_of: Callable[[], Any], view: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
    """Return what the view answers; for a reporter's form that could not be done, the ticket's page with it again."""
    try:
        return view(*args, **kwargs)
    except forms.REFUSALS as error:
        request = request_of()
        if request.path not in _FOLLOW_UPS:
            raise
        fields = reading.read_form(request)
        receipt, _ = fields.pop("receipt", None), fields.pop("lang", None)
        complaint, mine = public.readable(request.uri_params["ticket"], receipt)
        if not mine:
            raise
        told = forms.refused(error, fields, asked_language(request), f"{_FOLLOW_UPS[request.path]}_error")
        return ticket_page(request, complaint, mine=True, refused=told)


page = shows_problems(lambda: citizen_pages.current_request)


def named_complaint(view: dict[str, Any]) -> dict[str, Any]:
    """Return a complaint's view with what people call its OPD, division and category, in its timeline too, and with
    the working days that its answer deadline has left and where its point is on a map."""
    now = reading.now()
    known = city.current(now)

    def named(part: dict[str, Any]) -> dict[str, Any]:
        names = known.names(part.get("opd"), part.get("division"), part.get("category"))
        return {**part, "opd_name": names.opd or None, "division_name": names.division or None,
                "category_name": names.category or None}  # fmt: skip

    shown = named(view)
    if view.get("lat") is not None and view.get("long") is not None:
        shown["map"] = map_link(view["lat"], view["long"])
    if due := view.get("answer_due_at"):
        shown["days_left"] = working_days_left(datetime.fromisoformat(due), now, known.calendar)
    if "timeline" in shown:
        shown["timeline"] = [named(entry) for entry in shown["timeline"]]
    return shown


_FOLLOW_UPS: Final = {  # where the reporter's forms go -> the action
    "/complaints/{ticket}/messages": "message",
    "/complaints/{ticket}/rating": "rate",
    "/complaints/{ticket}/reopen": "reopen",
}
_FIELDS: Final = {"message": ("text",), "rate": ("score", "comment"), "reopen": ("reason",)}
_DONE: Final = {"message": ("message", "replied"), "rate": ("rated",), "reopen": ("reopened",)}  # what is thanked for


def ticket_page(
    request: Any,  # noqa: ANN401
    complaint: Complaint,
    *,
    mine: bool,
    errors: bool = False,
    refused: forms.Refused = forms.NOTHING,
) -> Response:
    """Show a ticket's page, as everybody or as its reporter may see it: theirs has the forms of what they can do."""
    lang = asked_language(request)
    view = views.own_view(complaint) if mine else views.public_view(complaint)
    actions = _reporters_actions(complaint) if mine else []
    fields = [name for action in actions for name in _FIELDS[action]] if mine else ["receipt"]
    if errors:
        told = rendering.field_errors([{"field": "receipt", "message": ""}], lang)
        refused = forms.Refused(refused.status, told)
    done = mine and refused is forms.NOTHING and request.path in _FOLLOW_UPS
    return show("ticket.html", lang, refused.status, here=f"/t/{complaint.ticket}",
        complaint={**named_complaint(view), "mine": mine}, actions=actions,
        receipt=receipt_for(current().signing_key, complaint.ticket) if mine else None,
        **refused.shown(fields, _last_of(complaint, _DONE[_FOLLOW_UPS[request.path]]) if done else None),
    )  # fmt: skip


def _last_of(complaint: Complaint, entries: tuple[str, ...]) -> str:
    """Return which of these entries came last: what somebody else did since, or before a repetition, is not thanked
    for."""
    return next(one.entry for one in reversed(complaint.timeline) if one.entry in entries)


def _reporters_actions(complaint: Complaint) -> list[str]:
    """Return what its reporter can do now, by trying it: what would be refused is not offered."""
    now = reading.now()
    known = city.current(now)
    tried: dict[str, Callable[[], Complaint]] = {
        "message": lambda: life.add_message(complaint, "", now, known.calendar),
        "rate": lambda: life.rate(complaint, 1, None, now),
        "reopen": lambda: life.reopen(complaint, "", now, known.calendar, known.policy),
    }
    return [action for action, step in tried.items() if _is_possible(step)]


def _is_possible(step: Callable[[], Complaint]) -> bool:
    try:
        step()
    except (life.IllegalAction, TimelineFull):
        return False
    return True


@citizen_pages.route("/t", methods=["GET"], cors=False)
@page
def look_up() -> Response:
    """Go to the page of the ticket that was typed on the form."""
    request = citizen_pages.current_request
    asked = (request.query_params or {}).get("ticket") or ""
    return _ticket(request, asked[:40], None)


@citizen_pages.route("/t/{ticket}", methods=["GET"], cors=False)
@page
def ticket(ticket: str) -> Response:
    """Show a ticket's public page."""
    return _ticket(citizen_pages.current_request, ticket, None)


@citizen_pages.route("/t/{ticket}", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def open_ticket(ticket: str) -> Response:
    """Show one's own ticket: the receipt travels in the body, never in an address."""
    request = citizen_pages.current_request
    return _ticket(request, ticket, reading.read_form(request).get("receipt", ""))


def _ticket(request: Any, typed: str, receipt: str | None) -> Response:  # noqa: ANN401
    try:
        complaint, mine = public.readable(typed, receipt)
    except Problem:
        number = reading.ticket_in(typed)
        return message(request, "not_found", 404, **({"ticket": number} if number else {}))
    return ticket_page(request, complaint, mine=mine, errors=receipt is not None and not mine)
