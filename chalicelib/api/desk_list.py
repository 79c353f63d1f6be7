"""The list of an officer's desk: what is owed, by what is due first, how much of it is late, what escalated."""

from __future__ import annotations

import urllib.parse
from datetime import datetime
from typing import Any, Final

from chalice.app import Response

from chalicelib.adapters import complaints, escalations
from chalicelib.api import forms, lists, opd, reading, staff
from chalicelib.api.errors import asked_language
from chalicelib.api.identity import Principal, owns
from chalicelib.api.pages import show
from chalicelib.api.session import csrf_of
from chalicelib.domain.complaint import Complaint, Status
from chalicelib.settings import current
from chalicelib.workflows import city

_MANY: Final = 40  # on one page: an officer's hour
_RECENT: Final = 10  # escalations that the desk names
_OTHER_LISTS: Final = (Status.WAITING, Status.ANSWERED, Status.CLOSED)
CAN: Final = {"recorded": "contest"}


def list_page(
    request: Any,  # noqa: ANN401
    who: Principal,
    session: str,
    asked: dict[str, str],
    *,
    refused: forms.Refused = forms.NOTHING,
    sent: str | None = None,
    notice: str | None = None,
    about: str | None = None,
) -> Response:
    """Show a list; `sent` was done just now, `notice` is what was done to the complaint `about`, which may have left
    the list."""
    found, following = opd.own_page(who, {"limit": str(_MANY), **asked})
    lang, now, of_status = asked_language(request), reading.now(), asked.get("status")
    items = [_card(one, now) for one in found]
    names = city.current(now).names(who.opd, who.division or None, None)
    first = not of_status and "cursor" not in asked
    gone = sent if sent not in {one.ticket for one in found} else None
    whole = bool(of_status) or (first and following is None)
    counts, counted = _counts(who, items, now, gone, whole=whole)
    rows = _own_escalations(who) if first else []
    return show("desk.html", lang, refused.status, here=f"/meja?status={of_status}" if of_status else "/meja",
        who={"opd_name": names.opd, "division_name": names.division or None, "role": who.role}, items=items,
        next=_next(following, of_status, lang), counts=counts, counted=counted, of_status=of_status,
        statuses=_OTHER_LISTS, csrf=csrf_of(session), escalations=rows, about=about, sent=sent, script="desk",
        **refused.shown(staff.fields_of(rows), notice),
    )  # fmt: skip


def _card(complaint: Complaint, now: datetime) -> dict[str, Any]:
    """Return a complaint for the list: what is owed on it next is its answer, or after an interim one its finish."""
    is_owed = complaint.is_with_division
    owes = "answer" if complaint.running_deadline else "finish" if is_owed else None
    return {**staff.card(complaint, complaint.owed_at if is_owed else None, now), "owes": owes}


def _next(cursor: str | None, of_status: str | None, lang: str) -> str | None:
    where = {**({"status": of_status} if of_status else {}), "cursor": cursor, "lang": lang}
    return f"{current().public_url}/meja?{urllib.parse.urlencode(where)}" if cursor else None


def _counts(
    who: Principal, items: list[dict[str, Any]], now: datetime, gone: str | None, *, whole: bool
) -> tuple[dict[str, int], str]:
    """Return how much is late, due today and due later, and of what: of "all" that is open, or of this "page", since a
    desk's keys do not say which division one is with."""
    if not who.division and not whole:
        return staff.desk_counts(who.opd, now, gone), "all"
    late = sum(item["late"] for item in items)
    today = sum(item["days_left"] == 0 and not item["late"] for item in items)
    return {"late": late, "today": today, "rest": len(items) - late - today}, "all" if whole else "page"


def _own_escalations(who: Principal) -> list[dict[str, Any]]:
    """Return the newest escalations against the officer's division, wherever their complaints are by now."""
    rows, _ = lists.recorded(who.opd, None, None, None, _RECENT, owns(who))
    found = [escalations.to_escalation(row) for row in rows]
    own = {one.ticket for one in complaints.complaints_of(sorted({one.ticket for one in found})) if owns(who)(one)}
    return [{**staff.escalation(one, CAN), "own": one.ticket in own} for one in found]
