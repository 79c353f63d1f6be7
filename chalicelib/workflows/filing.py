"""A complaint comes in: it gets its ticket, its kind, its OPD and its deadlines, and is stored once."""

from __future__ import annotations

import logging
import secrets
import unicodedata
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec

from chalicelib import settings
from chalicelib.adapters import complaints, intake
from chalicelib.adapters.tables import ReporterItem
from chalicelib.domain.arrival import file_complaint
from chalicelib.domain.complaint import REPORTER, Actor, Complaint, Filing
from chalicelib.domain.keys import name_of, receipt_for, ticket_for
from chalicelib.domain.routing import route
from chalicelib.domain.ticket import BITS, ticket_from
from chalicelib.domain.values import dataclass
from chalicelib.workflows import city, doubling

log = logging.getLogger(__name__)

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
    """A complaint as stored, and the receipt that its reporter alone gets: none with the first complaint of a number
    that says the same again, for a number that somebody types proves nothing."""

    complaint: Complaint
    receipt: str | None


def submit_complaint(
    filing: Filing, reporter: Reporter, now: datetime, *, idempotency_key: str | None = None, by: Actor = REPORTER
) -> Filed:
    """File what came by the web, or what `by` enters; the same key with the same words again is the same complaint. A
    key of staff is the key of who entered it, and nobody else's.

    Raises KeyUsedOtherwise when the key stands for other words, StoreUnavailable when nothing was stored.
    """
    key = settings.current().signing_key
    if idempotency_key is None:
        if first := _first_of_the_same(filing, reporter, now):
            return Filed(first, None)
        return _file_anew(filing, reporter, now, by)
    said = _fingerprint(filing, reporter)
    door = ("web",) if by == REPORTER else ("staff", by.subject)
    ticket, remembered = ticket_for(key, *door, idempotency_key), name_of(key, *door, idempotency_key)
    if answered := intake.remembered_ticket(remembered):
        return Filed(_as_answered(answered, said), None)
    is_new = reporter.phone and complaints.complaint_of(ticket, consistent=True) is None
    if is_new and (first := _first_of_the_same(filing, reporter, now)):
        intake.remember_ticket(remembered, f"{first.ticket}#{said}", now)
        return Filed(first, None)
    stored = _store(filing, filing.text, reporter, ticket, said, now, by)
    if stored is None:
        raise KeyUsedOtherwise
    return Filed(stored, receipt_for(key, ticket))


def _fingerprint(filing: Filing, reporter: Reporter) -> str:
    """Return what stands for the words and their reporter."""
    said = msgspec.json.encode([filing, reporter]).decode()
    return name_of(settings.current().signing_key, "filing", said)[:FINGERPRINT]


def _file_anew(filing: Filing, reporter: Reporter, now: datetime, by: Actor) -> Filed:
    """File it under a random ticket that nobody has."""
    while True:
        ticket, once = ticket_from(secrets.randbits(BITS)), secrets.token_hex(FINGERPRINT // 2)
        if stored := _store(filing, filing.text, reporter, ticket, once, now, by):
            return Filed(stored, receipt_for(settings.current().signing_key, ticket))


def _as_answered(remembered: str, said: str) -> Complaint:
    """Return the first complaint that a key was answered with; KeyUsedOtherwise when it stands for other words."""
    ticket, _, fingerprint = remembered.partition("#")
    first = complaints.complaint_of(ticket, consistent=True)
    if first is None or fingerprint != said:
        raise KeyUsedOtherwise
    return first


def _first_of_the_same(filing: Filing, reporter: Reporter, now: datetime) -> Complaint | None:
    """Return the first complaint of the same number, to which these words were added, or None."""
    return doubling.filed_before(filing, phone_key(reporter.phone), now) if reporter.phone else None


def submit_sms(filing: Filing, free_text: str, reporter: Reporter, ticket: str, now: datetime) -> Complaint:
    """File a whole SMS under the ticket that its message always has; a repetition returns the first one."""
    fingerprint = name_of(settings.current().signing_key, "sms", ticket)[:FINGERPRINT]
    stored = _store(filing, free_text, reporter, ticket, fingerprint, now)
    if stored is None:
        raise KeyUsedOtherwise
    return stored


def enter_sms(
    filing: Filing, free_text: str, reporter: Reporter, ticket: str, now: datetime, by: Actor
) -> Complaint | None:
    """File under its ticket what `by` read out of an SMS; the same words of the same reporter again are the same
    complaint, whoever enters them. None when the ticket stands for another filing."""
    return _store(filing, free_text, reporter, ticket, _fingerprint(filing, reporter), now, by)


def _store(
    filing: Filing, free_text: str, reporter: Reporter, ticket: str, fingerprint: str, now: datetime,
    by: Actor = REPORTER,
) -> Complaint | None:  # fmt: skip
    """Store the reporter, then the complaint, so that nobody ever sees a complaint whose reporter is not there yet;
    None when the ticket stands for another filing."""
    known = city.current(now)
    found = route(free_text, known.rules, filing.kind, filing.category)
    if not unicodedata.is_normalized("NFC", filing.text):
        filing = replace(filing, text=unicodedata.normalize("NFC", filing.text))
    complaint = file_complaint(
        filing, ticket, now, found, known.calendar, known.policy,
        supervised=known.is_supervised(found.category), by=by,
    )  # fmt: skip
    if complaint.provisional:
        log.error("calendar_missing: a deadline is provisional, load the holidays of the coming year")
    who = _reporter_item(reporter, complaint, fingerprint)
    if who and not complaints.add_reporter(who):
        return None
    stored, stored_fingerprint = complaints.add_complaint(complaint, fingerprint)
    if stored_fingerprint == fingerprint:
        return stored
    if who:
        complaints.remove_reporter(ticket, fingerprint)
    return None


def _reporter_item(reporter: Reporter, complaint: Complaint, fingerprint: str) -> ReporterItem | None:
    given = {name: value for name in Reporter.__slots__ if (value := getattr(reporter, name))}
    if not given:
        return None
    if reporter.phone:
        given |= {"phone_key": phone_key(reporter.phone), "filed": complaints.filed_key(complaint)}
    return ReporterItem(ticket=complaint.ticket, fingerprint=fingerprint, **given)


def phone_key(phone: str) -> str:
    """Return the index key of a number: who has no key of the city cannot tell the number from it."""
    return name_of(settings.current().signing_key, "phone", phone)
