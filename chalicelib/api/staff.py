"""What the pages of the officers and of the city's office share: cards of lists, choices, a complaint's escalations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.adapters import complaints, escalations
from chalicelib.adapters.tables import instant
from chalicelib.api import views
from chalicelib.api.pages import named_complaint
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.deadlines import working_days_left
from chalicelib.domain.escalation import Escalation
from chalicelib.settings import current
from chalicelib.workflows import city

_COUNTED: Final = 1000  # keys of a desk that its picture is made of


def card(complaint: Complaint, due: datetime | None, now: datetime) -> dict[str, Any]:
    """Return a complaint for a list of what is owed by `due`, with the working days left; None when nothing is."""
    return {
        **named_complaint(views.list_item(complaint, now)),
        "days_left": working_days_left(due, now, city.current(now).calendar) if due else None,
        "late": due is not None and due <= now,
    }


def desk_counts(desk: str, now: datetime, gone: str | None = None) -> dict[str, int]:
    """Count what lies on a desk by its keys, which begin with what is due; `gone` has just left it, and the index may
    not know that yet."""
    keys = (key.partition("#") for key in complaints.page_of_desk(desk, "0", "9", _COUNTED))
    due = [at for at, _, ticket in keys if ticket != gone]
    tomorrow = now.astimezone(current().zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    late = sum(one <= instant(now) for one in due)
    soon = sum(one <= instant(tomorrow) for one in due)
    return {"late": late, "today": soon - late, "rest": len(due) - soon}


def divisions(now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each OPD's name with its divisions, as (what a form sends, name); no two of these look the same."""
    opds = sorted(city.current(now).opds.values(), key=lambda opd: str(opd["name"]))
    known = Counter(one["name"] for opd in opds for one in opd["divisions"])

    def named(opd: Mapping[str, Any], name: str) -> str:
        return name if known[name] == 1 else f"{name}, {opd['name']}"

    return [
        (opd["name"], [(f"{opd['code']}/{one['code']}", named(opd, one["name"])) for one in opd["divisions"]])
        for opd in opds
    ]


def escalation(one: Escalation, can: Mapping[str, str]) -> dict[str, Any]:
    """Return an escalation for a page; `can` says which form belongs to one in a state."""
    return {**named_complaint(views.escalation_view(one)), "can": can.get(one.state), "key": key_of(one.ticket, one.n)}


def key_of(ticket: str, n: int) -> str:
    """Return how the ids of the fields of an escalation's form begin."""
    return f"{ticket}-{n}-"


def escalations_on(
    complaint: Complaint, wanted: Callable[[Escalation], bool], can: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the escalations of a complaint, each with what the division said against it."""
    if not complaint.escalations:
        return []
    objections = {entry.n: entry.text for entry in complaint.timeline if entry.entry == "contested"}
    found = [one for one in escalations.escalations_of(complaint.ticket) if wanted(one)]
    return [{**escalation(one, can), "objection": objections.get(one.n)} for one in found]


def fields_of(rows: list[dict[str, Any]]) -> list[str]:
    """Return the ids of the fields of the forms that these escalations have."""
    return [f"{row['key']}reason" for row in rows if row["can"]]
