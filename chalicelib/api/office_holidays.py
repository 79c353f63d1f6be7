"""The holidays of a year in the office: everybody reads them, an admin corrects them, and the deadlines move."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from chalice.app import Blueprint, Response

from chalicelib import pages as rendering
from chalicelib.api import forms, reading
from chalicelib.api.errors import Problem, asked_language, bad_field
from chalicelib.api.identity import Principal
from chalicelib.api.office import READERS
from chalicelib.api.pages import show, shows_problems
from chalicelib.api.session import csrf_of, signed_in, signed_in_by_form
from chalicelib.domain.complaint import Actor, Role
from chalicelib.settings import current
from chalicelib.workflows import holidays

holiday_pages = Blueprint(__name__)
page = shows_problems(lambda: holiday_pages.current_request)

_LINE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\s+(\S.*)", re.ASCII)


class UnreadLine(Exception):
    """A line that names no day of the year; `number` counts from 1."""

    def __init__(self, number: int, line: str) -> None:
        super().__init__(line)
        self.number, self.line = number, line


@holiday_pages.route("/kantor/libur", methods=["GET"], cors=False)
@page
def listed() -> Response:
    """Show the holidays of a year, by default of this one."""
    request = holiday_pages.current_request
    who, session = signed_in(request, *READERS)
    return _shown(who, session, _year(reading.query(request, "year").get("year")))


def _year(asked: str | None) -> str:
    """Return the year asked for, one that the table has or the one after them, by default this one; Problem 404."""
    this = f"{reading.now().astimezone(current().zone):%Y}"
    if asked is not None and asked not in _years():
        raise Problem("not_found")
    return asked or this


def _years() -> list[str]:
    """Return the years that can be chosen."""
    known = sorted({*holidays.table(), f"{reading.now().astimezone(current().zone):%Y}"})
    return [*known, str(int(known[-1]) + 1)]


def _shown(
    who: Principal, session: str, year: str, *, refused: forms.Refused = forms.NOTHING, moved: int | None = None
) -> Response:
    days = _of(year)
    return show("office_holidays.html", asked_language(holiday_pages.current_request), refused.status,
        here=f"/kantor/libur?year={year}", role=who.role, csrf=csrf_of(session), year=year, years=_years(),
        days=[(date.fromisoformat(day), name) for day, name in sorted(days.items())],
        lines="\n".join(_lines(days)), moved=moved, seen=_digest(days),
        **refused.shown(["days"]),
    )  # fmt: skip


def _of(year: str) -> Mapping[str, str]:
    return holidays.table().get(year, {})


def _digest(days: Mapping[str, str]) -> str:
    """Return what stands for a list as it is, so that a form can say which one it corrects."""
    return hashlib.sha256("\n".join(_lines(days)).encode()).hexdigest()


def _lines(days: Mapping[str, str]) -> list[str]:
    return [f"{day} {name}" for day, name in sorted(days.items())]


def _written(text: str) -> list[str]:
    return sorted(line.strip() for line in text.splitlines() if line.strip())


@holiday_pages.route("/kantor/libur", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def corrected() -> Response:
    """Set the holidays of a year; deadlines that are still to come move with them. Of a list that somebody else has
    corrected meanwhile nothing is taken back: the form comes again, beside the list of now."""
    request = holiday_pages.current_request
    who, session, fields = signed_in_by_form(request, "admin")
    year, lang = _year(fields.get("year", "")), asked_language(request)
    seen = fields.pop("seen", "")
    if seen != _digest(_of(year)) and _written(fields.get("days", "")) != _lines(_of(year)):
        said = rendering.text("holidays_error.changed", lang)
        return _shown(who, session, year, refused=forms.Refused(409, [{"field": "days", "message": said}], fields))
    try:
        years = {**holidays.table(), year: _days(fields.get("days", ""), year)}
        body = reading.checked_holidays(reading.from_form({"years": years}, reading.HolidaysBody))
        moved = holidays.set_table(body.years, Actor(Role.ADMIN, who.subject), reading.now())
    except UnreadLine as error:
        said = rendering.text("holidays_error.line", lang, number=error.number, line=error.line[:60])
        told = forms.Refused(400, [{"field": "days", "message": said}], fields)
        return _shown(who, session, year, refused=told)
    except (*forms.REFUSALS, holidays.ChangeUnderWay) as error:
        return _shown(who, session, year, refused=forms.refused(error, fields, lang, "holidays_error"))
    return _shown(who, session, year, moved=moved)


def _days(text: str, year: str) -> dict[str, str]:
    """Return each day with its name, as they are written line by line."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        said = _LINE.fullmatch(line.strip())
        if said is None or not _is_day(said[1], year) or said[1] in found:
            raise UnreadLine(number, line.strip())
        found[said[1]] = said[2]
    if not found:  # a year without any would make every feast a working day
        raise bad_field("days", "required")
    return found


def _is_day(text: str, year: str) -> bool:
    try:
        return f"{date.fromisoformat(text):%Y}" == year
    except ValueError:
        return False
