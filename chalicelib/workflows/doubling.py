"""The same once more: what one number sends again is added to its first complaint; of several, the admin is told.

The first is decided here and must be sure; the second is only ever suggested (rule: DOMAIN 1, "three to five times").
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib.adapters import complaints
from chalicelib.adapters.tables import instant
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.complaint import Complaint, Filing, Status
from chalicelib.domain.life import IllegalAction
from chalicelib.domain.likeness import Report, is_same_message, suggestions
from chalicelib.domain.sms import same_text
from chalicelib.workflows import city, following

_COMPARED: Final = 200  # of the newest complaints, with each of which one is compared


def filed_before(filing: Filing, phone_key: str, now: datetime) -> Complaint | None:
    """Return the open complaint that this number filed minutes ago in nearly these words, the extra words added to it;
    None when this is another, brings more than words, or that one takes no more: then it is a complaint of its own."""
    if filing.address or filing.photos or filing.lat is not None:
        return None
    return first_of(complaints.complaints_of(complaints.all_tickets_of_phone(phone_key)), filing, now)


def first_of(mine: Sequence[Complaint], filing: Filing, now: datetime) -> Complaint | None:
    """As `filed_before`, among `mine`, which one number has filed; `filing` brings words alone."""
    window = timedelta(minutes=city.policy().twin_minutes)
    same = [
        one
        for one in mine
        if one.is_open
        and (one.anonymous, one.confidential) == (filing.anonymous, filing.confidential)
        and abs(now - one.received_at) < window
        and is_same_message(one.text, filing.text)
    ]
    first = min(same, key=lambda one: one.received_at, default=None)
    if first is None or same_text(first.text) == same_text(filing.text):
        return first
    try:
        return following.add_message(first.ticket, filing.text, now, once=True)
    except (TimelineFull, IllegalAction):
        return None


def likely_duplicates(complaint: Complaint, now: datetime) -> list[tuple[Complaint, float]]:
    """Return the open complaints that are likely about the same thing, each with its likeness, the likeliest first."""
    since = instant(max(complaint.received_at, now) - timedelta(days=city.policy().duplicates_days))
    others = {one.ticket: one for one in complaints.complaints_of(_newest(complaint, since, now)) if _may_absorb(one)}
    found = suggestions(_report(complaint), [_report(one) for one in others.values()])
    return [(others[ticket], likeness) for ticket, likeness in found]


def _newest(complaint: Complaint, since: str, now: datetime) -> list[str]:
    """Return the tickets of the newest complaints of its OPD; of one that nobody was given, of the city."""
    until = instant(now + timedelta(minutes=5))
    opd = complaint.opd or (complaint.suggestion.opd if complaint.suggestion else None)
    if opd:
        keys = complaints.page_of_opd(opd, since, until, _COMPARED)
    else:
        keys = complaints.page_of_month(until[:7], since, until, _COMPARED)
    return [key.partition("#")[2] for key in keys]


def _may_absorb(complaint: Complaint) -> bool:
    return complaint.is_open or complaint.status is Status.WAITING


def _report(complaint: Complaint) -> Report:
    guess = complaint.suggestion
    return Report(
        ticket=complaint.ticket,
        text=complaint.text,
        category=complaint.category or (guess.category if guess else None),
        opd=complaint.opd or (guess.opd if guess else None),
        division=complaint.division or (guess.division if guess else None),
        address=complaint.address,
        lat=complaint.lat,
        long=complaint.long,
        received_at=complaint.received_at,
    )
