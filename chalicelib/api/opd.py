"""OPD officers: what they owe, by what is due first; each step on it; their escalations. Only their own OPD's (and
division's)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.app import Blueprint

from chalicelib.adapters import complaints
from chalicelib.api import lists, reading, views
from chalicelib.api.errors import Problem, answers_problems
from chalicelib.api.identity import Principal, guard, identify, owns
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.complaint import Actor, Complaint, Role, Status
from chalicelib.workflows import contesting, handling

opd = Blueprint(__name__)
answer_problems = answers_problems(lambda: opd.current_request)

_OPEN = ("dispatched", "in_progress")
_AHEAD = 20  # rows that are read at once to find the next one


@opd.route("/opd/complaints", methods=["GET"], authorizer=identify)
@answer_problems
def list_own() -> dict[str, Any]:
    """List the OPD's complaints: the open ones by what is due first, those of another status newest first."""
    who = guard(opd.current_request, "opd")
    asked = reading.query(opd.current_request, "status", "due_before", "limit", "cursor")
    now = reading.now()
    page, following = own_page(who, asked)
    return {"items": [views.list_item(one, now) for one in page], "next": following}


def own_page(who: Principal, asked: dict[str, str]) -> tuple[list[Complaint], str | None]:
    """Return a page of an officer's complaints."""
    status = reading.choice(asked, "status", [*Status])
    before = reading.instant_of(asked, "due_before")
    limit, cursor = reading.limit_of(asked), asked.get("cursor")
    is_own = owns(who)

    def wanted(complaint: Complaint) -> bool:
        in_time = before is None or (complaint.is_open and complaint.owed_at < before)
        return is_own(complaint) and status in (None, complaint.status) and in_time

    if status is None or status in _OPEN:
        return lists.on_desk(who.opd, before, cursor, limit, wanted)
    return lists.newest(who.opd, None, None, cursor, limit, wanted, reading.now())


def next_due(who: Principal, but: str) -> str | None:
    """Return which complaint of an officer's is owed first, other than the one just done; None when there is none.

    An index may still hold what was done a moment ago: what is no division's turn any more is passed over.
    """
    is_own = owns(who)

    def wanted(complaint: Complaint) -> bool:
        return complaint.ticket != but and complaint.is_with_division and is_own(complaint)

    found, _ = lists.on_desk(who.opd, None, None, _AHEAD, wanted)
    return found[0].ticket if found else None


@opd.route("/opd/complaints/{ticket}", methods=["GET"], authorizer=identify)
@answer_problems
def read(ticket: str) -> dict[str, Any]:
    """Show one complaint whole, with its reporter unless they asked not to be known."""
    who = guard(opd.current_request, "opd")
    return officers_view(who, own_complaint(who, ticket))


def own_complaint(who: Principal, ticket: str) -> Complaint:
    """Return a complaint of the officer's; Problem 404 for another's, as for none."""
    read = reading.ticket_in(ticket)
    complaint = complaints.complaint_of(read, consistent=True) if read else None
    if complaint is None or not owns(who)(complaint):
        raise Problem("not_found")
    return complaint


def officers_view(who: Principal, complaint: Complaint) -> dict[str, Any]:
    """Return a complaint as its OPD sees it; that this officer saw its reporter is written down, once. Without its
    reporter when it holds no more of these."""
    now = reading.now()
    try:
        seen, reporter = handling.reveal_reporter(complaint, Actor(Role.OPD, who.subject), now, every_read=False)
    except TimelineFull:
        seen, reporter = complaint, None
    return {**views.staff_view(seen, now), "reporter": views.reporter_view(reporter)}


def _after_step(complaint: Complaint, shown: handling.Shown) -> dict[str, Any]:
    """Return a complaint as its OPD sees it after a step that wrote down who saw its reporter."""
    return {**views.staff_view(complaint, reading.now()), "reporter": views.reporter_view(shown.reporter)}


def act(who: Principal, ticket: str, step: Callable[[str, Actor], Complaint | None]) -> Complaint:
    """Do a step on one of the officer's complaints; Problem 404 when it is none of theirs."""
    read = reading.ticket_in(ticket)
    changed = step(read, Actor(Role.OPD, who.subject)) if read else None
    if changed is None:
        raise Problem("not_found")
    return changed


@opd.route("/opd/complaints/{ticket}/start", methods=["POST"], authorizer=identify)
@answer_problems
def start(ticket: str) -> dict[str, Any]:
    """Say that the division has begun."""
    who = guard(opd.current_request, "opd")
    shown = handling.Shown()
    step = act(who, ticket, lambda read, actor: handling.start(read, actor, reading.now(), owns(who), shown))
    return _after_step(step, shown)


@opd.route("/opd/complaints/{ticket}/answer", methods=["POST"], authorizer=identify, content_types=[reading.JSON])
@answer_problems
def answer(ticket: str) -> dict[str, Any]:
    """Answer the citizen; `final` false is an interim answer."""
    who = guard(opd.current_request, "opd")
    body = answer_body(reading.read_json(opd.current_request, reading.AnswerBody))
    shown = handling.Shown()
    return _after_step(give_answer(who, ticket, body, shown), shown)


def answer_body(body: reading.AnswerBody) -> reading.AnswerBody:
    """Return an answer that says something."""
    if not body.text.strip():
        raise Problem("bad_request", [("text", "required", {})])
    return body


def give_answer(
    who: Principal, ticket: str, body: reading.AnswerBody, shown: handling.Shown | None = None
) -> Complaint:
    """Answer one of the officer's complaints; with `shown`, they are shown who filed it."""

    def step(read: str, actor: Actor) -> Complaint | None:
        return handling.answer(read, body.text, actor, reading.now(), owns(who), final=body.final, shown=shown)

    return act(who, ticket, step)


@opd.route("/opd/complaints/{ticket}/ask", methods=["POST"], authorizer=identify, content_types=[reading.JSON])
@answer_problems
def ask(ticket: str) -> dict[str, Any]:
    """Ask the reporter; the clocks stand still until the reply."""
    who = guard(opd.current_request, "opd")
    text = reading.said(reading.read_json(opd.current_request, reading.QuestionBody)).text
    shown = handling.Shown()
    step = act(who, ticket, lambda read, actor: handling.ask(read, text, actor, reading.now(), owns(who), shown))
    return _after_step(step, shown)


@opd.route("/opd/complaints/{ticket}/forward", methods=["POST"], authorizer=identify, content_types=[reading.JSON])
@answer_problems
def forward(ticket: str) -> dict[str, Any]:
    """Give it to another division, which may be another OPD's: then it is no longer this officer's."""
    who = guard(opd.current_request, "opd")
    body = reading.said(reading.read_json(opd.current_request, reading.ForwardBody))
    return views.staff_view(give_away(who, ticket, body), reading.now())


def give_away(who: Principal, ticket: str, body: reading.ForwardBody) -> Complaint:
    """Forward one of the officer's complaints."""

    def step(read: str, actor: Actor) -> Complaint | None:
        return handling.forward(read, body.opd, body.division, body.reason, actor, reading.now(), owns(who))

    return act(who, ticket, step)


@opd.route("/opd/complaints/{ticket}/refuse", methods=["POST"], authorizer=identify, content_types=[reading.JSON])
@answer_problems
def refuse(ticket: str) -> dict[str, Any]:
    """Say that it is not theirs: it goes back to the admin."""
    who = guard(opd.current_request, "opd")
    reason = reading.said(reading.read_json(opd.current_request, reading.ReasonBody)).reason
    step = act(who, ticket, lambda read, actor: handling.refuse(read, reason, actor, reading.now(), owns(who)))
    return views.staff_view(step, reading.now())


@opd.route("/opd/escalations/{ticket}/{n}/contest", methods=["POST"], authorizer=identify, content_types=[reading.JSON])
@answer_problems
def contest(ticket: str, n: str) -> dict[str, Any]:
    """Contest an escalation against the officer's division, wherever the complaint is by now."""
    who = guard(opd.current_request, "opd")
    reason = reading.said(reading.read_json(opd.current_request, reading.ReasonBody)).reason
    complaint, escalation = object_to(who, ticket, n, reason)
    shown = views.staff_view(complaint, reading.now()) if owns(who)(complaint) else {"ticket": complaint.ticket}
    return {**shown, "escalation": views.escalation_view(escalation)}


def object_to(who: Principal, ticket: str, n: str, reason: str) -> contesting.Settled:
    """Contest an escalation; Problem 404 when it is not against the officer's division, as for none."""
    read, number = reading.ticket_in(ticket), reading.number_in(n)
    actor = Actor(Role.OPD, who.subject)
    found = contesting.contest(read, number, reason, actor, reading.now(), owns(who)) if read else None
    if found is None:
        raise Problem("not_found")
    return found
