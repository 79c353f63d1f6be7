"""The city's office in a browser: what waits for dispatch, what escalated. An admin acts, mayor and auditor read."""

from __future__ import annotations

import urllib.parse
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib.adapters import escalations
from chalicelib.api import lists, reading, staff, views
from chalicelib.api.errors import asked_language
from chalicelib.api.identity import Principal
from chalicelib.api.pages import named_complaint, show, shows_problems
from chalicelib.api.session import claims_of, csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.complaint import ADMIN_DESK, Complaint, Rung
from chalicelib.domain.escalation import State
from chalicelib.settings import current
from chalicelib.workflows import standings

office = Blueprint(__name__)
page = shows_problems(lambda: office.current_request)

READERS: Final = ("admin", "mayor", "auditor")
_MANY: Final = 10  # on one page: each has its own choice among all divisions
_RECENT, _LISTED = 100, 10  # escalations that are counted, and those that are named
_AT_ONCE, _PAGES = 200, 5  # the ledger is read so far back for contests that still wait


@office.route("/kantor", methods=["GET"], cors=False)
@page
def queue() -> Response:
    """Show what waits for dispatch, by its verify deadline, and the newest escalations."""
    request = office.current_request
    who, session = signed_in(request, *READERS)
    return queue_page(request, who, session, reading.query(request, "cursor").get("cursor"))


def queue_page(
    request: Any,  # noqa: ANN401
    who: Principal,
    session: str,
    cursor: str | None = None,
    sent: Complaint | None = None,
) -> Response:
    """Show the queue; `sent` has just left it, and an index may not know that yet."""
    lang, now = asked_language(request), reading.now()
    gone = sent.ticket if sent else None
    waiting, following = lists.on_desk(
        ADMIN_DESK, None, cursor, _MANY, lambda one: one.status == "received" and one.ticket != gone
    )
    where = urllib.parse.urlencode({"cursor": following, "lang": lang})
    rows, is_all = _ledger()
    tally = Counter(row.rung for row in rows[:_RECENT])
    return show("office.html", lang, here="/kantor", role=who.role, csrf=csrf_of(session),
        items=[_card(one, now) for one in waiting], counts=staff.desk_counts(ADMIN_DESK, now, gone),
        divisions=staff.divisions(now),
        next=f"{current().public_url}/kantor?{where}" if following else None,
        escalations=_views(rows[:_LISTED]), contested=_views([row for row in rows if row.state == State.CONTESTED]),
        unread=0 if is_all else len(rows),
        rungs=[(rung, tally[rung]) for rung in Rung], proposals=_proposals(),
        sent=named_complaint(views.list_item(sent, now)) if sent else None,
    )  # fmt: skip


def _ledger() -> tuple[list[Any], bool]:
    """Return the newest escalations, and whether these are all."""
    rows: list[Any] = []
    cursor = None
    for _ in range(_PAGES):
        page, cursor = lists.recorded(None, None, None, cursor, _AT_ONCE, lambda _: True)
        rows += page
        if cursor is None:
            break
    return rows, cursor is None


def _views(rows: list[Any]) -> list[dict[str, Any]]:
    return [staff.escalation(escalations.to_escalation(row), {}) for row in rows]


def _proposals() -> int:
    """Count the proposals that wait for the mayor."""
    return sum(row.standing.proposed is not None for row in standings.all_standings())


def _card(complaint: Complaint, now: datetime) -> dict[str, Any]:
    return with_suggestion(staff.card(complaint, complaint.verify_due_at, now), complaint)


def with_suggestion(view: dict[str, Any], complaint: Complaint) -> dict[str, Any]:
    """Return a complaint's view with what the routing rules suggest, as people call it."""
    suggested = views.suggestion_view(complaint)
    return {**view, "suggestion": named_complaint(suggested) if suggested else None}


@office.route("/kantor/token", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def token() -> Response:
    """Show the signed-in person's own ID token, for calls of the interface."""
    request = office.current_request
    _, session, _ = signed_in_by_form(request, *READERS)
    until = datetime.fromtimestamp(claims_of(session)["exp"], UTC)
    return show("token.html", asked_language(request), token=session, until=until, csrf=csrf_of(session))
