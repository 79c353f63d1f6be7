"""The warning letter (surat teguran): what the record holds of a division on a rung, to be printed and signed.

The letter itself is Indonesian whatever the page's language is; nothing in it says who filed a complaint.
"""

from __future__ import annotations

from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib import pages as rendering
from chalicelib.adapters import escalations
from chalicelib.adapters.standings import acts_of
from chalicelib.api import reading, views
from chalicelib.api.errors import Problem, asked_language
from chalicelib.api.office import READERS
from chalicelib.api.pages import show, shows_problems
from chalicelib.api.session import csrf_of, signed_in
from chalicelib.domain.complaint import ADMIN_DESK
from chalicelib.domain.escalation import Escalation
from chalicelib.domain.privacy import masked
from chalicelib.settings import current
from chalicelib.workflows import city, standings

letter_pages = Blueprint(__name__)
page = shows_problems(lambda: letter_pages.current_request)

_CITY: Final = "Kota "
_ID: Final = "id"


@letter_pages.route("/kantor/status/{opd}/{division}/surat", methods=["GET"], cors=False)
@page
def letter(opd: str, division: str) -> Response:
    """Show the letter to a division that stands on a rung; there is none to any other."""
    request = letter_pages.current_request
    _, session = signed_in(request, *READERS)
    known = [row for row in standings.all_standings() if (row.opd, row.division) == (opd, division)]
    if not known or known[0].standing.rung is None:
        raise Problem("not_found")
    return show("letter.html", asked_language(request), here=f"/kantor/status/{opd}/{division}/surat",
                csrf=csrf_of(session), letter=_letter(known[0]))  # fmt: skip


def _letter(row: standings.Row) -> dict[str, Any]:
    """Return the facts of a letter as it words them."""
    now, zone, standing = reading.now(), current().zone, row.standing
    names = city.current(now).names(row.opd, row.division, None)
    return {
        "city": current().city,
        "place": current().city.removeprefix(_CITY),
        "on": rendering.day(now, _ID, zone).partition(", ")[2],
        "to_admin": row.opd == ADMIN_DESK,
        "division": names.division,
        "opd": names.opd,
        "rung": standing.rung,
        "since": rendering.day(standing.since, _ID, zone) if standing.since else "",
        "rules": [rendering.text(f"rule.{code}", _ID, **views.rule_numbers()) for code in standing.rung_rules],
        "facts": [_fact(one) for one in map(_recorded, standing.rung_because) if one],
        "decision": _decision(row),
        "down": rendering.day(standing.down_at, _ID, zone) if standing.down_at else None,
    }


def _recorded(named: tuple[str, int]) -> Escalation | None:
    return escalations.escalation_of(*named)


def _fact(one: Escalation) -> dict[str, Any]:
    zone = current().zone
    return {
        "ticket": one.ticket,
        "rung": one.rung,
        "deadline": rendering.deadline_day(one.deadline, _ID, zone),
        "recorded": rendering.instant(one.recorded_at, _ID, zone),
        "state": one.state,
        "state_words": rendering.word(_ID, "state", one.state),
    }


def _decision(row: standings.Row) -> dict[str, str] | None:
    """Return when and why the mayor let this rung take effect; None for one that no person decided on."""
    for act in reversed(acts_of(row.opd, row.division)):
        if act.what == "confirmed" and (act.rung, act.at) == (row.standing.rung, row.standing.since):
            return {"day": rendering.day(act.at, _ID, current().zone), "reason": masked(act.reason)}
    return None
