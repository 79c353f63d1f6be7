"""What the tests of the domain are made of: the city's real calendar and policy, and a complaint at each step."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.complaint import (
    Actor,
    Complaint,
    Filing,
    Role,
    Status,
    answer,
    dispatch,
    file_complaint,
    start,
)
from chalicelib.domain.deadlines import Policy, calendar_from
from chalicelib.domain.escalation import decide_escalation, escalated
from chalicelib.domain.routing import Route

DATA = Path(__file__).parents[2] / "chalicelib/data"
WIB = ZoneInfo("Asia/Jakarta")


def data(name: str) -> Any:
    """Return a data file of the city."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


POLICY = Policy.from_data(data("policy.json"))
CALENDAR = calendar_from(data("holidays.json"), WIB, frozenset(data("policy.json")["weekend"]))

TICKET = "7K3M9-QX2TW"
ADMIN = Actor(Role.ADMIN, "admin-1")
OFFICER = Actor(Role.OPD, "officer-1")
CERTAIN = Route("complaint", "pju", "dpuprpkp", "pju", None, True, ("lampu jalan",))
UNSURE = Route("complaint", "pju", "dpuprpkp", "pju", None, False, ("lampu",))


def at(written: str) -> datetime:
    """Return an instant of the city's own clock: "2026-12-01 08:00"."""
    return datetime.fromisoformat(written).replace(tzinfo=WIB)


ARRIVAL = at("2026-11-24 10:00")  # a Tuesday
ANSWER_DUE = at("2026-12-02 00:00")  # the end of the fifth working day after it


def filed(route: Route = UNSURE, now: datetime = ARRIVAL, **filing: Any) -> Complaint:
    """Return a complaint that has just come in."""
    given = {"text": "Lampu jalan mati di Jl. Bukirsari", "channel": "web", **filing}
    return file_complaint(Filing(**given), TICKET, now, route, CALENDAR, POLICY)


def dispatched(now: datetime = ARRIVAL, **filing: Any) -> Complaint:
    """Return a complaint that the machine was sure of."""
    return filed(CERTAIN, now, **filing)


def in_progress() -> Complaint:
    """Return one that its division has begun with, an hour after it came."""
    return start(dispatched(), OFFICER, ARRIVAL + timedelta(hours=1))


def answered(text: str = "Lampu sudah diganti.", *, final: bool = True) -> Complaint:
    """Return one that has its answer, two hours after it came."""
    return answer(in_progress(), text, OFFICER, ARRIVAL + timedelta(hours=2), final=final)


def swept(complaint: Complaint, now: datetime) -> Complaint:
    """Return the complaint after a sweep as of `now`, written down at that time too."""
    found = decide_escalation(complaint, now, now)
    return escalated(complaint, found, CALENDAR, POLICY) if found else complaint


def redispatched(complaint: Complaint, now: datetime) -> Complaint:
    """Return the complaint as it is after it went back and was given to another division: on its next answer clock."""
    back = replace(complaint, status=Status.RECEIVED, next_rung_at=None)
    return dispatch(back, "dishub", "parkir", ADMIN, now, CALENDAR, POLICY)
