"""What the tests of the domain are made of: the city's real calendar and policy, and a complaint at each step."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.arrival import file_complaint
from chalicelib.domain.complaint import Actor, Complaint, Filing, Reason, Role
from chalicelib.domain.deadlines import calendar_from
from chalicelib.domain.escalation import decide_escalation, escalated
from chalicelib.domain.life import answer, ask, close, dispatch, merge, rate, refuse, reject, start
from chalicelib.domain.policy import Policy
from chalicelib.domain.routing import Route

DATA = Path(__file__).parents[2] / "chalicelib/data"
WIB = ZoneInfo("Asia/Jakarta")


def data(name: str) -> Any:
    """Return a data file of the city."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


POLICY = Policy.from_data(data("policy.json"))
CALENDAR = calendar_from(data("holidays.json"), WIB, frozenset(data("policy.json")["weekend"]))

TICKET = "7K3M9-QX2TW"
OTHER_TICKET = "4N2AB-9D8XK"
ADMIN = Actor(Role.ADMIN, "admin-1")
OFFICER = Actor(Role.OPD, "officer-1")
CERTAIN = Route("complaint", "pju", "dpuprpkp", "pju", None, True, ("lampu jalan",))
UNSURE = Route("complaint", "pju", "dpuprpkp", "pju", None, False, ("lampu",))


def at(written: str) -> datetime:
    """Return an instant of the city's own clock: "2026-12-01 08:00"."""
    return datetime.fromisoformat(written).replace(tzinfo=WIB)


ARRIVAL = at("2026-11-24 10:00")  # a Tuesday
ANSWER_DUE = at("2026-12-02 00:00")  # the end of the fifth working day after it
WINDOW_END = at("2026-12-09 00:00")  # the end of the tenth


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
    return answer(in_progress(), text, OFFICER, ARRIVAL + timedelta(hours=2), CALENDAR, POLICY, final=final)


def swept(complaint: Complaint, now: datetime) -> Complaint:
    """Return the complaint after a sweep as of `now`, written down at that time too."""
    found = decide_escalation(complaint, now, now)
    return escalated(complaint, found, CALENDAR, POLICY) if found else complaint


def redispatched(complaint: Complaint, now: datetime) -> Complaint:
    """Return the complaint as it is after it went back and was given to another division: on its next answer clock."""
    back = refuse(complaint, "Bukan kewenangan kami.", OFFICER, now, CALENDAR, POLICY)
    return dispatch(back, "dishub", "parkir", ADMIN, now, CALENDAR, POLICY)


def waiting(asked_at: datetime = ARRIVAL + timedelta(hours=2)) -> Complaint:
    """Return one that its division has asked the reporter about."""
    return ask(in_progress(), "Tiang nomor berapa?", OFFICER, asked_at, CALENDAR, POLICY)


def rated() -> Complaint:
    """Return one that its reporter closed by rating the answer."""
    return rate(answered(), 4, "Cepat.", ARRIVAL + timedelta(hours=2))


def silently_closed() -> Complaint:
    """Return one whose reporter was not heard of after the answer."""
    return close(answered(), WINDOW_END, WINDOW_END)


def rejected() -> Complaint:
    """Return one that an admin turned down."""
    return reject(filed(), Reason.NOT_THE_CITY, "Ke BPJN Jawa Timur.", ADMIN, ARRIVAL + timedelta(hours=2))


def merged() -> Complaint:
    """Return one that went into another."""
    return merge(filed(), survivor(), ADMIN, ARRIVAL + timedelta(hours=2))[0]


def survivor() -> Complaint:
    """Return another complaint about the same thing, with its division."""
    return replace(dispatched(), ticket=OTHER_TICKET)
