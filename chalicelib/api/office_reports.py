"""A month in the office: who was best and what a person awards them, and the figures, SMS among them."""

from __future__ import annotations

from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib.api import board, figures, forms, reading, staff
from chalicelib.api.errors import asked_language
from chalicelib.api.identity import Principal
from chalicelib.api.office import READERS
from chalicelib.api.pages import named_complaint, show, shows_problems
from chalicelib.api.session import csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.complaint import Actor, Role
from chalicelib.domain.reward import BadPeriod
from chalicelib.workflows import rewarding

report_pages = Blueprint(__name__)
page = shows_problems(lambda: report_pages.current_request)

_FIELDS: Final = ("to", "reward")
_REFUSALS: Final = (*forms.REFUSALS, BadPeriod, rewarding.AlreadyAwarded)


# ------------------------------------------------------------------------------------------------ rewards


@report_pages.route("/kantor/penghargaan", methods=["GET"], cors=False)
@page
def rewards() -> Response:
    """Show a month's ranking and rewards, by default of the newest month whose ranking is due."""
    request = report_pages.current_request
    who, session = signed_in(request, *READERS)
    return _rewards(who, session, figures.ranked_month(reading.query(request, "period"), reading.now()))


def _rewards(
    who: Principal, session: str, period: str, *, refused: forms.Refused = forms.NOTHING, notice: str | None = None
) -> Response:
    now, may = reading.now(), who.role == "admin"
    rows = [named_complaint(figures.reward_row(row)) for row in rewarding.of_period(period)]
    best = next((f"{row['opd']}/{row['division']}" for row in rows if row["nominated"] and not row["reward"]), "")
    return show("office_rewards.html", asked_language(report_pages.current_request), refused.status,
        here=f"/kantor/penghargaan?period={period}", role=who.role, csrf=csrf_of(session), period=period,
        months=board.months(period, now), rows=rows, best=best, divisions=staff.divisions(now) if may else [],
        **refused.shown(_FIELDS if may else (), notice),
    )  # fmt: skip


@report_pages.route("/kantor/penghargaan", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def award() -> Response:
    """Record what a division is awarded for a month; it is told."""
    request = report_pages.current_request
    who, session, fields = signed_in_by_form(request, "admin")
    period = figures.ranked_month({"period": fields.get("period", "")}, reading.now())
    try:
        body = reading.said(reading.from_form(forms.with_division(fields), reading.RewardBody))
        actor = Actor(Role.ADMIN, who.subject)
        rewarding.award(body.opd, body.division, body.period, body.reward, actor, reading.now())
    except _REFUSALS as error:
        told = forms.refused(error, fields, asked_language(request), "reward_error")
        return _rewards(who, session, period, refused=told)
    return _rewards(who, session, period, notice="awarded")


# ------------------------------------------------------------------------------------------------ figures


@report_pages.route("/kantor/angka", methods=["GET"], cors=False)
@page
def numbers() -> Response:
    """Show a month in figures: in sum, by OPD and by channel, and what the SMS of it were."""
    request = report_pages.current_request
    who, session = signed_in(request, *READERS)
    period = figures.month_of(reading.query(request, "period"), reading.now())
    shown = figures.stats_of(period)
    opds: list[dict[str, Any]] = sorted(map(named_complaint, shown["opds"]), key=lambda line: -line["dispatched"])
    return show("office_figures.html", asked_language(request), here=f"/kantor/angka?period={period}", role=who.role,
        csrf=csrf_of(session), period=period, months=board.months(period, reading.now()), total=shown["total"],
        opds=opds, channels=sorted(shown["channels"], key=lambda line: -line["received"]), sms=shown["sms"],
    )  # fmt: skip
