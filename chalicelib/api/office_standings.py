"""How the divisions stand, in a browser: the rung, what is proposed, and why. The mayor confirms or dismisses."""

from __future__ import annotations

from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib.api import forms, reading, views
from chalicelib.api.errors import Problem, asked_language, bad_field
from chalicelib.api.identity import Principal
from chalicelib.api.pages import named_complaint, show, shows_problems
from chalicelib.api.session import csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.complaint import Actor, Role, Rung
from chalicelib.workflows import standings

standing_pages = Blueprint(__name__)
page = shows_problems(lambda: standing_pages.current_request)

_READERS: Final = ("admin", "mayor", "auditor")


@standing_pages.route("/kantor/status", methods=["GET"], cors=False)
@page
def standing() -> Response:
    """Show each division that is on a rung or proposed for one: proposals first."""
    who, session = signed_in(standing_pages.current_request, *_READERS)
    return _standings(who, session)


def _standings(
    who: Principal,
    session: str,
    *,
    refused: forms.Refused = forms.NOTHING,
    notice: str | None = None,
    about: standings.Row | None = None,
) -> Response:
    """Show the standings; `notice` is what was just done to the one `about`."""
    rows = [_shown(row) for row in standings.all_standings() if row.standing.rung or row.standing.proposed]
    fields = [f"{row['key']}reason" for row in rows if row["proposed"]] if who.role == "mayor" else []
    return show("office_standings.html", asked_language(standing_pages.current_request), refused.status,
        here="/kantor/status", role=who.role, csrf=csrf_of(session), numbers=views.rule_numbers(),
        rows=sorted(rows, key=lambda row: row["proposed"] is None), about=_shown(about) if about else None,
        **refused.shown(fields, notice),
    )  # fmt: skip


def _shown(row: standings.Row) -> dict[str, Any]:
    return {**named_complaint(views.standing_view(row)), "key": _key(row.opd, row.division)}


def _key(opd: str, division: str) -> str:
    return f"{opd}-{division}-"


@standing_pages.route("/kantor/status/{opd}/{division}", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def settle(opd: str, division: str) -> Response:
    """Let a proposed rung take effect, or let the proposal pass: the mayor alone, with a reason."""
    request = standing_pages.current_request
    who, session, fields = signed_in_by_form(request, "mayor")
    try:
        row, notice = _settled(opd, division, fields, Actor(Role.MAYOR, who.subject))
    except forms.REFUSALS as error:
        told = forms.refused(error, fields, asked_language(request), "standing_error", _key(opd, division))
        return _standings(who, session, refused=told)
    if row is None:
        raise Problem("not_found")
    return _standings(who, session, notice=notice, about=row)


def _settled(opd: str, division: str, fields: dict[str, str], actor: Actor) -> tuple[standings.Row | None, str]:
    verdict = reading.choice(fields, "verdict", ("confirm", "dismiss"))
    shown = reading.choice(fields, "rung", [*Rung])
    said = {name: value for name, value in fields.items() if name not in ("verdict", "rung")}
    reason = reading.said(reading.from_form(said, reading.ReasonBody)).reason
    if verdict is None or (verdict == "confirm" and shown is None):
        raise bad_field("rung" if verdict else "verdict", "required")
    if verdict == "confirm":
        return standings.confirm(opd, division, str(shown), reason, actor, reading.now()), "confirmed"
    _must_propose(opd, division, shown)
    return standings.dismiss(opd, division, reason, actor, reading.now()), "dismissed"


def _must_propose(opd: str, division: str, rung: str | None) -> None:
    """Raise NothingProposed when by now something else is proposed than the rung that the mayor's page said."""
    for row in standings.all_standings():
        if (row.opd, row.division) == (opd, division) and rung not in (None, row.standing.proposed):
            raise standings.NothingProposed("dismiss", row.standing.proposed)
