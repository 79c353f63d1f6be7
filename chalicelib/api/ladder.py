"""The ladder: escalations and their contests, the standings of divisions, and what the mayor makes of a proposal."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.adapters import escalations
from chalicelib.api import lists, reading, views
from chalicelib.api.errors import Problem, answers_problems
from chalicelib.api.identity import Principal, guard, identify
from chalicelib.domain.complaint import Actor, Role, Rung
from chalicelib.workflows import contesting, standings

ladder = Blueprint(__name__)
answer = answers_problems(lambda: ladder.current_request)

_READERS = ("admin", "mayor", "auditor")


@ladder.route("/admin/escalations", methods=["GET"], authorizer=identify)
@answer
def list_escalations() -> dict[str, Any]:
    """List what was escalated, newest first."""
    guard(ladder.current_request, *_READERS)
    asked = reading.query(ladder.current_request, "opd", "division", "rung", "from", "to", "limit", "cursor")
    rung, division = reading.choice(asked, "rung", [*Rung]), asked.get("division")
    page, following = lists.recorded(
        asked.get("opd"), reading.instant_of(asked, "from"), reading.instant_of(asked, "to"), asked.get("cursor"),
        reading.limit_of(asked), lambda row: rung in (None, row.rung) and division in (None, row.division),
    )  # fmt: skip
    return {"items": [views.escalation_view(escalations.to_escalation(row)) for row in page], "next": following}


@ladder.route(
    "/admin/escalations/{ticket}/{n}/uphold", methods=["POST"], authorizer=identify, content_types=[reading.JSON]
)
@answer
def uphold(ticket: str, n: str) -> dict[str, Any]:
    """The division is right: the escalation never counted."""
    return _settled(ticket, n, upheld=True)


@ladder.route(
    "/admin/escalations/{ticket}/{n}/deny", methods=["POST"], authorizer=identify, content_types=[reading.JSON]
)
@answer
def deny(ticket: str, n: str) -> dict[str, Any]:
    """The contest fails: the escalation counts again."""
    return _settled(ticket, n, upheld=False)


def _settled(ticket: str, n: str, *, upheld: bool) -> dict[str, Any]:
    who = guard(ladder.current_request, "admin")
    reason = reading.said(reading.read_json(ladder.current_request, reading.ReasonBody)).reason
    complaint, escalation = settle(who, ticket, n, reason, upheld=upheld)
    return {**views.staff_view(complaint, reading.now()), "escalation": views.escalation_view(escalation)}


def settle(who: Principal, ticket: str, n: str, reason: str, *, upheld: bool) -> contesting.Settled:
    """Settle a contest; Problem 404 when there is no such escalation."""
    read, number = reading.ticket_in(ticket), reading.number_in(n)
    actor = Actor(Role.ADMIN, who.subject)
    found = contesting.settle(read, number, reason, actor, reading.now(), upheld=upheld) if read else None
    if found is None:
        raise Problem("not_found")
    return found


# ------------------------------------------------------------------------------------------------ standings


@ladder.route("/admin/standings", methods=["GET"], authorizer=identify)
@answer
def list_standings() -> dict[str, Any]:
    """List how the divisions stand, and why."""
    guard(ladder.current_request, *_READERS)
    asked = reading.query(ladder.current_request, "limit", "cursor")
    page, following = lists.part_of(standing_rows(), lambda row: f"{row.opd}/{row.division}", asked, "standings")
    return {"items": [views.standing_view(row) for row in page], "next": following}


def standing_rows() -> list[standings.Row]:
    """Return the divisions that are on a rung, proposed for one, or that ever had to do with one."""
    return [row for row in standings.all_standings() if row.standing.rung or row.standing.proposed or row.standing.acts]


@ladder.route(
    "/admin/standings/{opd}/{division}/confirm", methods=["POST"], authorizer=identify, content_types=[reading.JSON]
)
@answer
def confirm(opd: str, division: str) -> dict[str, Any]:
    """Let a proposed rung take effect: the mayor alone, with a reason."""
    who = guard(ladder.current_request, "mayor")
    body = reading.said(reading.read_json(ladder.current_request, reading.ConfirmBody))
    actor = Actor(Role.MAYOR, who.subject)
    return _shown(standings.confirm(opd, division, body.rung, body.reason, actor, reading.now()))


@ladder.route(
    "/admin/standings/{opd}/{division}/dismiss", methods=["POST"], authorizer=identify, content_types=[reading.JSON]
)
@answer
def dismiss(opd: str, division: str) -> dict[str, Any]:
    """Let a proposal pass: the mayor alone, with a reason."""
    who = guard(ladder.current_request, "mayor")
    body = reading.said(reading.read_json(ladder.current_request, reading.ReasonBody))
    return _shown(standings.dismiss(opd, division, body.reason, Actor(Role.MAYOR, who.subject), reading.now()))


def _shown(row: standings.Row | None) -> dict[str, Any]:
    if row is None:
        raise Problem("not_found")
    return views.standing_view(row)
