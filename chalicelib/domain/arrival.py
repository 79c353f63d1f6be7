"""A complaint comes in: its clocks start, and where the routing rules are certain it is dispatched at once."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Final

from chalicelib.domain.complaint import MACHINE, REPORTER, Actor, Complaint, Entry, Filing, Kind, Status, Suggestion
from chalicelib.domain.deadlines import Calendar, deadline_or_provisional
from chalicelib.domain.life import dispatch
from chalicelib.domain.policy import Policy
from chalicelib.domain.privacy import has_personal_data
from chalicelib.domain.routing import Route

_DIGITS_OF_A_NUMBER: Final = 8
_DIGIT: Final = re.compile(r"\d")


class EnteredChannel(StrEnum):
    """How what staff enter came to them; the list is closed. `staff` is what they saw themselves, or none of these."""

    STAFF = "staff"
    DESK = "desk"
    PHONE = "phone"
    LETTER = "letter"
    EMAIL = "email"
    OPD_PAGE = "opd_page"
    SOCIAL_MEDIA = "social_media"
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"


def file_complaint(
    filing: Filing,
    ticket: str,
    now: datetime,
    route: Route,
    calendar: Calendar,
    policy: Policy,
    *,
    supervised: bool = False,
    by: Actor = REPORTER,
) -> Complaint:
    """Return the new complaint: dispatched at once where the rules are certain, else `received` with a suggestion.

    `supervised` says that the route's category is one whose complaints need supervision, as for `dispatch`; `by` who
    brought it: the reporter, or who entered it for them.
    """
    verify = deadline_or_provisional(now, policy.of(route.category).verify, calendar)
    finish = deadline_or_provisional(now, policy.finish[route.kind], calendar)
    received = Entry(
        now, "received", by.role, by.subject or None, kind=route.kind, incomplete=filing.incomplete or None
    )
    complaint = Complaint(
        ticket=ticket,
        kind=Kind(route.kind),
        channel=filing.channel,
        text=filing.text,
        status=Status.RECEIVED,
        received_at=now,
        verify_due_at=verify.at,
        finish_due_at=finish.at,
        timeline=(received,),
        suggestion=Suggestion(route.opd, route.division, route.category, route.label, route.because),
        address=filing.address,
        lat=filing.lat,
        long=filing.long,
        photos=filing.photos,
        anonymous=filing.anonymous,
        confidential=filing.confidential,
        checked=_checked_by_rule(filing, route),
        provisional=verify.provisional or finish.provisional,
        incomplete=filing.incomplete,
    )
    if route.certain and route.opd and route.division:
        return dispatch(
            complaint, route.opd, route.division, MACHINE, now, calendar, policy,
            category=route.category, supervised=supervised,
        )  # fmt: skip
    return complaint


def _checked_by_rule(filing: Filing, route: Route) -> bool:
    """Say whether the public may read it before a person has: only what came by web, routed with certainty,
    without anything personal or a link in it (rule: DOMAIN 3; an SMS always waits for a person)."""
    digits = len(_DIGIT.findall(filing.text))
    links = "://" in filing.text or "www." in filing.text.lower()
    tame = digits < _DIGITS_OF_A_NUMBER and not links and not has_personal_data(filing.text)
    return filing.channel == "web" and route.certain and not filing.confidential and tame
