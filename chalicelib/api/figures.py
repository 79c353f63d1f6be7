"""Figures: statistics, the scoreboard that everybody may read, rewards, holidays, and the export for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from chalice.app import Blueprint, Response

from chalicelib.adapters import complaints, sms_ledger
from chalicelib.api import lists, reading, views
from chalicelib.api.errors import answers_problems
from chalicelib.api.identity import guard, identify
from chalicelib.domain.complaint import Actor, Complaint, Kind, Role
from chalicelib.domain.privacy import masked
from chalicelib.domain.reward import RewardRow, period_due
from chalicelib.domain.standing import Standing
from chalicelib.domain.tally import BOUNDS, summary
from chalicelib.settings import current
from chalicelib.workflows import city, counting, holidays, rewarding, standings

figures = Blueprint(__name__)
answer = answers_problems(lambda: figures.current_request)

_READERS = ("admin", "mayor", "auditor")


@figures.route("/admin/stats", methods=["GET"], authorizer=identify)
@answer
def stats() -> dict[str, Any]:
    """Show a month in figures: in sum, and by OPD, division, kind and channel."""
    guard(figures.current_request, *_READERS)
    return stats_of(month_of(reading.query(figures.current_request, "period"), reading.now()))


def stats_of(month: str) -> dict[str, Any]:
    """Return a month's statistics and its SMS."""
    counted = counting.statistics(month)
    return {**counted, "bins_hours": list(BOUNDS), "sms": _sms(month, counted["channels"])}


def _sms(month: str, channels: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the SMS that went out in a month, and what a complaint that came by SMS has cost in segments."""
    sent = sms_ledger.month(month)
    received = sum(one["received"] for one in channels if one["channel"] == "sms")
    return {**sent, "segments_per_complaint": round(sent["segments"] / received, 2) if received else None}


def month_of(asked: dict[str, str], now: datetime) -> str:
    """Return the month asked for, by default the one that it is in the city."""
    return reading.period_of(asked) or f"{now.astimezone(current().zone):%Y-%m}"


# ------------------------------------------------------------------------------------------------ the scoreboard


@figures.route("/scoreboard", methods=["GET"])
@answer
def scoreboard() -> Response:
    """Show everybody how the OPDs and their divisions do."""
    asked = reading.query(figures.current_request, "period")
    board = scoreboard_of(month_of(asked, reading.now()))
    return Response(board, headers={"Content-Type": reading.JSON, "Cache-Control": "public, max-age=60"})


_SHOWN: Final = (
    "dispatched", "answered", "on_time", "late", "share_on_time", "median_hours", "p90_hours", "finished", "rated",
    "rating_mean",
)  # fmt: skip


def scoreboard_of(period: str) -> dict[str, Any]:
    """Return a month's figures in sum and by OPD and division, the rung on which each division stands now, the month's
    rewards."""
    month = counting.statistics(period)
    rungs = {(row.opd, row.division): row.standing for row in standings.all_standings() if row.standing.rung}
    lines = {(line["opd"], line["division"]): line for line in month["divisions"]}
    public = _public_tickets(list(rungs.values()))
    return {
        "period": period,
        "total": {"received": month["total"]["received"], **_figures(month["total"])},
        "opds": [{"opd": line["opd"], **_figures(line)} for line in month["opds"]],
        "divisions": [
            {"opd": opd, "division": division, **_figures(lines.get((opd, division)) or summary({})),
             "standing": views.public_standing(rungs.get((opd, division), Standing()), public.__contains__)}
            for opd, division in sorted(lines.keys() | rungs.keys())
        ],
        "rewards": [views.reward_view(row) for row in rewarding.of_period(period) if row.reward is not None],
    }  # fmt: skip


def _figures(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in _SHOWN}


def _public_tickets(rungs: list[Standing]) -> set[str]:
    """Return the tickets behind these standings whose complaints are not confidential."""
    tickets = dict.fromkeys(ticket for standing in rungs for ticket, _ in standing.rung_because)
    return {one.ticket for one in complaints.complaints_of(list(tickets)) if not one.confidential}


# ------------------------------------------------------------------------------------------------ rewards


@figures.route("/admin/rewards", methods=["GET"], authorizer=identify)
@answer
def list_rewards() -> dict[str, Any]:
    """List a month's ranking and rewards, by default of the newest month whose ranking is due."""
    guard(figures.current_request, *_READERS)
    asked = reading.query(figures.current_request, "period", "limit", "cursor")
    period = ranked_month(asked, reading.now())
    page, following = lists.part_of(rewarding.of_period(period), _place, asked, f"rewards:{period}")
    return {"items": [reward_row(row) for row in page], "next": following}


def ranked_month(asked: dict[str, str], now: datetime) -> str:
    """Return the month asked for, by default the newest one whose ranking is due."""
    known = city.current(now)
    return reading.period_of(asked) or period_due(now, known.policy.reward_after, known.calendar)


def _place(row: RewardRow) -> str:
    return f"{row.rank or 999_999:06}#{row.opd}/{row.division}"


def reward_row(row: RewardRow) -> dict[str, Any]:
    """Return a division in a month's ranking and its reward, for staff: who awarded it, too."""
    return {**views.reward_view(row), "awarded_by": row.awarded_by}


@figures.route("/admin/rewards", methods=["POST"], authorizer=identify, content_types=[reading.JSON])
@answer
def award() -> Response:
    """Record what a division is awarded for a month; it is told."""
    who = guard(figures.current_request, "admin")
    body = reading.said(reading.read_json(figures.current_request, reading.RewardBody))
    actor = Actor(Role.ADMIN, who.subject)
    row = rewarding.award(body.opd, body.division, body.period, body.reward, actor, reading.now())
    location = {"Location": f"{current().public_url}/admin/rewards?period={body.period}"}
    return Response(reward_row(row), headers=location, status_code=201)


# ------------------------------------------------------------------------------------------------ holidays


@figures.route("/admin/holidays", methods=["GET"], authorizer=identify)
@answer
def read_holidays() -> dict[str, Any]:
    """Show the table of holidays."""
    guard(figures.current_request, *_READERS)
    return {"years": holidays.table()}


@figures.route("/admin/holidays", methods=["PUT"], authorizer=identify, content_types=[reading.JSON])
@answer
def write_holidays() -> dict[str, Any]:
    """Set the whole table; deadlines that are still to come move with it, by the next sweep at the latest."""
    who = guard(figures.current_request, "admin")
    body = reading.checked_holidays(reading.read_json(figures.current_request, reading.HolidaysBody))
    moved = holidays.set_table(body.years, Actor(Role.ADMIN, who.subject), reading.now())
    return {"years": holidays.table(), "moved": moved}


# ------------------------------------------------------------------------------------------------ the export

COLUMNS: Final = (
    "ticket", "sp4n_lapor", "kind", "channel", "status", "opd", "division", "category", "received_at", "answer_due_at",
    "answered_at", "finish_due_at", "rung", "escalations", "rating", "text",
)  # fmt: skip
_SP4N_LAPOR: Final = {
    Kind.COMPLAINT: "pengaduan",
    Kind.IDEA: "aspirasi",
    Kind.QUESTION: "permintaan informasi",
    Kind.INFORMATION: "permintaan informasi",
}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet may take the beginning of a cell for
_MOST_ROWS: Final = 5_000
_MOST_BYTES: Final = 3_000_000  # an answer of a Lambda has at most 6 MB, and a page may come on top
_MOST_PAGES: Final = 60  # of an index, where few rows pass the filters: so it ends in time


@figures.route("/admin/export.csv", methods=["GET"], authorizer=identify)
@answer
def export() -> Response:
    """Return complaints as CSV, by the filters of the admin's list; X-Next is the cursor of what is left."""
    guard(figures.current_request, *_READERS)
    asked = reading.query(figures.current_request, *lists.FILTERS, "cursor")
    text, following = exported(asked, reading.now())
    headers = {"Content-Type": "text/csv; charset=utf-8", "Access-Control-Expose-Headers": "X-Next",
               "Content-Disposition": 'attachment; filename="sambat.csv"'}  # fmt: skip
    return Response(text, headers={**headers, **({"X-Next": following} if following else {})})


def exported(
    asked: dict[str, str], now: datetime, most: int = _MOST_ROWS, most_pages: int = _MOST_PAGES
) -> tuple[str, str | None]:
    """Return the CSV of at most so many complaints, and the cursor of those that are left."""
    text, left, cursor = _lines([COLUMNS]), most, asked.get("cursor")
    for _ in range(most_pages):
        page, cursor = lists.filtered({**asked, **({"cursor": cursor} if cursor else {})}, min(100, left), now)
        text += _lines(map(_row, page))
        left -= len(page)
        if cursor is None or not left or len(json.dumps(text, ensure_ascii=False).encode()) > _MOST_BYTES:
            break
    return text, cursor


def _lines(rows: Iterable[tuple[object, ...]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _row(one: Complaint) -> tuple[object, ...]:
    """Return its cells, in the order of COLUMNS; nothing in them says who filed it."""
    instants = (one.received_at, one.answer_due_at, one.answered_at, one.finish_due_at)
    return (
        one.ticket, _SP4N_LAPOR[one.kind], one.kind, one.channel, one.status, one.opd, one.division, one.category,
        *map(views.iso, instants), one.rung, one.escalations, one.rating,
        "" if one.confidential else masked(one.text),
    )  # fmt: skip


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
