"""The reporter follows up: adds to the complaint, replies to a question, rates the answer, reopens."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from chalicelib.domain import life
from chalicelib.domain.complaint import Complaint, Status
from chalicelib.workflows import city
from chalicelib.workflows.changing import change

_TRIED_AGAIN: Final = timedelta(days=2)  # no provider delivers an SMS again later than that


def add_message(
    ticket: str, text: str, now: datetime, *, once: bool = False, is_reply: bool | None = False
) -> Complaint | None:
    """Add the reporter's words to the complaint, or reply to its question; None when there is none. Raises
    TimelineFull, IllegalAction.

    With `once`, the same words again within two days add nothing: so an SMS that is delivered again, by whatever id and
    as long as a provider tries, is added once; the same complaint a month later is news. With `is_reply` only what
    was said since the last question counts: two questions may have one answer, "Ya". None: it is one while the
    complaint waits for it.
    """
    said = unicodedata.normalize("NFC", text)
    calendar = city.current(now).calendar

    def decide(complaint: Complaint) -> Complaint:
        entries, replies = reversed(complaint.timeline), is_reply
        if replies is None:
            replies = complaint.status is Status.WAITING
        since = takewhile(lambda entry: entry.entry != "asked", entries) if replies else entries
        messages = (entry for entry in since if entry.entry in ("message", "replied"))
        known = once and any(entry.text == said and now - entry.at < _TRIED_AGAIN for entry in messages)
        return complaint if known else life.add_message(complaint, said, now, calendar)

    return change(ticket, decide)


def rate(ticket: str, score: int, comment: str | None, now: datetime) -> Complaint | None:
    """Rate the answer, which closes the complaint; the same again, which was tried again, changes nothing."""

    def decide(complaint: Complaint) -> Complaint:
        last = complaint.timeline[-1]
        if (last.entry, last.score, last.text) == ("rated", score, comment):
            return complaint
        return life.rate(complaint, score, comment, now)

    return change(ticket, decide)


def reopen(ticket: str, reason: str, now: datetime) -> Complaint | None:
    """Send it back to its division, or what was rejected to the admin; the same again changes nothing."""
    known = city.current(now)

    def decide(complaint: Complaint) -> Complaint:
        last = complaint.timeline[-1]
        if (last.entry, last.text) == ("reopened", reason):
            return complaint
        supervised = known.is_supervised(complaint.category)
        return life.reopen(complaint, reason, now, known.calendar, known.policy, supervised=supervised)

    return change(ticket, decide)
