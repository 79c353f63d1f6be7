"""What the page of the scoreboard shows: the figures of `GET /scoreboard`, named, ranked, and divided as people read
them. It reads what that reads, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chalicelib.api import figures
from chalicelib.api.pages import named_complaint
from chalicelib.domain.complaint import ADMIN_DESK, Rung
from chalicelib.settings import current
from chalicelib.workflows import city

Line = dict[str, Any]
_MONTHS: Final = 12  # that can be picked; older ones are reached one by one
_FIRST: Final = "2000-01"


def board(period: str, now: datetime) -> dict[str, Any]:
    """Return a month's board: the city, the divisions that stand on a rung now, the rewards, the OPDs in order, and
    those of whom there is nothing to say."""
    known, shown = city.current(now), figures.scoreboard_of(period)
    divisions = [named_complaint(line) for line in shown["divisions"]]
    counted = [_with_divisions(named_complaint(line), divisions, known) for line in shown["opds"] if _has_news(line)]
    busy = {ADMIN_DESK, *(line["opd"] for line in counted)}
    return {
        "total": shown["total"],
        "stands": sorted((line for line in divisions if line["standing"]), key=_gravity),
        "rewards": sorted(map(named_complaint, shown["rewards"]), key=lambda row: row["rank"] or 999_999),
        "opds": sorted((line for line in counted if line["opd"] != ADMIN_DESK), key=_place),
        "quiet": [(code, opd["name"]) for code, opd in known.opds.items() if code not in busy],
    }


def opd_on_board(code: str, period: str) -> Line | None:
    """Return an OPD's month, and the gravest rung on which one of its divisions stands now; None where there is nothing
    to say."""
    shown = figures.scoreboard_of(period)
    line = next((one for one in shown["opds"] if one["opd"] == code and _has_news(one)), None)
    rungs = [one for one in shown["divisions"] if one["opd"] == code and one["standing"]]
    if line is None and not rungs:
        return None
    return {"line": line, "stands": [named_complaint(one) for one in sorted(rungs, key=_gravity)]}


def _with_divisions(line: Line, divisions: list[Line], known: city.City) -> Line:
    """Return an OPD with its divisions in order, and the names of those that were not asked for anything."""
    own = sorted((one for one in divisions if one["opd"] == line["opd"] and _has_news(one)), key=_place)
    busy = {one["division"] for one in own}
    rest = [one["name"] for one in known.opds.get(line["opd"], {}).get("divisions", ()) if one["code"] not in busy]
    return {**line, "divisions": own, "quiet": rest}


def _has_news(line: Line) -> bool:
    return any(line[name] for name in ("dispatched", "answered", "on_time", "late", "finished"))


def _place(line: Line) -> tuple[Any, ...]:
    """Order by the share on time, of equal ones who answered more; who has nothing to measure yet comes last."""
    share = line["share_on_time"]
    return share is None, -(share or 0), -line["answered"], line["opd_name"] or "", line.get("division_name") or ""


def _gravity(line: Line) -> tuple[Any, ...]:
    standing = line["standing"]
    return -[*Rung].index(standing["rung"]), standing["since"], line["opd"], line["division"]


def months(period: str, now: datetime) -> dict[str, Any]:
    """Return the months that can be picked, newest first, and those beside the one that is shown (None: there is no
    such one)."""
    this = f"{now.astimezone(current().zone):%Y-%m}"
    found = [this]
    while len(found) < _MONTHS:
        found.append(_month_after(found[-1], -1))
    return {
        "this": this,
        "choices": sorted({*found, period}, reverse=True),
        "before": _month_after(period, -1) if period > _FIRST else None,
        "after": _month_after(period, 1) if period < this else None,
    }


def _month_after(period: str, step: int) -> str:
    count = int(period[:4]) * 12 + int(period[5:]) - 1 + step
    return f"{count // 12:04}-{count % 12 + 1:02}"


def services(now: datetime, lang: str) -> list[Mapping[str, str]]:
    """Return the city's categories, each with its name in that language as `words`."""
    return [{**one, "words": one["name_en" if lang == "en" else "name"]} for one in city.current(now).services()]
