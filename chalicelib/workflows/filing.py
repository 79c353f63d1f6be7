"""A complaint comes in: it gets its ticket, its kind, its OPD and its deadlines, and is stored once."""

from __future__ import annotations

import logging
import secrets
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import msgspec

from chalicelib import settings
from chalicelib.adapters import complaints
from chalicelib.adapters.tables import ReporterItem
from chalicelib.domain.complaint import Complaint, Filing, add_message, file_complaint
from chalicelib.domain.keys import name_of, receipt_for, ticket_for
from chalicelib.domain.routing import route
from chalicelib.domain.ticket import BITS, ticket_from
from chalicelib.workflows import city, handling

log = logging.getLogger(__name__)

_TRIED_AGAIN: Final = timedelta(days=2)  # no provider delivers an SMS again later than that

FINGERPRINT: Final = 16  # hexadecimal digits; an item with a citizen's 300 characters stays below 1,024 bytes


class KeyUsedOtherwise(Exception):
    """This idempotency key has filed something else before."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who filed it, as far as they said; `provider` is the SMS provider by which it came."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """A complaint as stored, and the receipt that its reporter alone gets."""

    complaint: Complaint
    receipt: str


def submit_complaint(filing: Filing, reporter: Reporter, now: datetime, *, idempotency_key: str | None = None) -> Filed:
    """File what came by the web; the same key with the same words again is the same complaint.

    Raises KeyUsedOtherwise when the key stands for other words, StoreUnavailable when nothing was stored.
    """
    key = settings.current().signing_key
    if idempotency_key is not None:
        said = msgspec.json.encode([filing, reporter]).decode()
        ticket = ticket_for(key, "web", idempotency_key)
        stored = _store(filing, filing.text, reporter, ticket, name_of(key, "filing", said)[:FINGERPRINT], now)
        if stored is None:
            raise KeyUsedOtherwise
        return Filed(stored, receipt_for(key, ticket))
    while True:
        ticket, once = ticket_from(secrets.randbits(BITS)), secrets.token_hex(FINGERPRINT // 2)
        if stored := _store(filing, filing.text, reporter, ticket, once, now):
            return Filed(stored, receipt_for(key, ticket))


def submit_sms(
    text: str, free_text: str, reporter: Reporter, ticket: str, now: datetime, *, incomplete: bool = False
) -> Complaint:
    """File a whole SMS under the ticket that its message always has; a repetition returns the first one."""
    filing = Filing(text=text, channel="sms", incomplete=incomplete)
    fingerprint = name_of(settings.current().signing_key, "sms", ticket)[:FINGERPRINT]
    stored = _store(filing, free_text, reporter, ticket, fingerprint, now)
    if stored is None:
        raise KeyUsedOtherwise
    return stored


def _store(
    filing: Filing, free_text: str, reporter: Reporter, ticket: str, fingerprint: str, now: datetime
) -> Complaint | None:
    """Store the reporter, then the complaint, so that nobody ever sees a complaint whose reporter is not there yet;
    None when the ticket stands for another filing."""
    known = city.current(now)
    found = route(free_text, known.rules, filing.kind, filing.category)
    if not unicodedata.is_normalized("NFC", filing.text):
        filing = replace(filing, text=unicodedata.normalize("NFC", filing.text))
    complaint = file_complaint(
        filing, ticket, now, found, known.calendar, known.policy, supervised=known.is_supervised(found.category)
    )
    if complaint.provisional:
        log.error("calendar_missing: a deadline is provisional, load the holidays of the coming year")
    who = _reporter_item(reporter, ticket, fingerprint)
    if who and not complaints.add_reporter(who):
        return None
    stored, stored_fingerprint = complaints.add_complaint(complaint, fingerprint)
    if stored_fingerprint == fingerprint:
        return stored
    if who:
        complaints.remove_reporter(ticket, fingerprint)
    return None


def _reporter_item(reporter: Reporter, ticket: str, fingerprint: str) -> ReporterItem | None:
    given = {name: value for name in Reporter.__slots__ if (value := getattr(reporter, name))}
    if not given:
        return None
    if reporter.phone:
        given["phone_key"] = phone_key(reporter.phone)
    return ReporterItem(ticket=ticket, fingerprint=fingerprint, **given)


def phone_key(phone: str) -> str:
    """Return the index key of a number: who has no key of the city cannot tell the number from it."""
    return name_of(settings.current().signing_key, "phone", phone)


def add_to_complaint(ticket: str, text: str, now: datetime, *, once: bool = False) -> Complaint | None:
    """Add the reporter's words to the complaint; None when there is none. Raises TimelineFull, IllegalAction.

    With `once`, the same words again within two days add nothing: so an SMS that is delivered again, by whatever id and
    as long as a provider tries, is added once; the same complaint a month later is news.
    """
    said = unicodedata.normalize("NFC", text)

    def decide(complaint: Complaint) -> Complaint:
        messages = (entry for entry in complaint.timeline if entry.entry == "message")
        known = once and any(entry.text == said and now - entry.at < _TRIED_AGAIN for entry in messages)
        return complaint if known else add_message(complaint, said, now)

    return handling.change(ticket, decide)
