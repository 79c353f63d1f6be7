"""An SMS goes out: within the day's caps, by the provider that the citizen came by, else by the fallback.

What no carrier took, or took and did not deliver, a sweep tries again, later each time, and at last by e-mail where
there is an address. It stands in the ledger by the id of its notice; words and number are found anew each time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib import settings
from chalicelib.adapters import complaints, intake, notifier, owed, sent, sms_ledger
from chalicelib.adapters.sms_ledger import OwedSms
from chalicelib.adapters.sms_providers import CarrierDown, DeliveryReport, SendFailed, provider_named
from chalicelib.adapters.tables import NotificationItem, ReporterItem, StoreUnavailable
from chalicelib.domain import gsm
from chalicelib.domain.letters import Letter, letter_for
from chalicelib.domain.notices import Notice, notices_owed
from chalicelib.domain.owed import is_quiet
from chalicelib.domain.ticket import read_ticket
from chalicelib.workflows import city

log = logging.getLogger(__name__)

FIRST_WAIT: Final = timedelta(minutes=15)  # until it is tried again; each further wait is twice the one before
LONGEST_WAIT: Final = timedelta(hours=12)
MOST_ATTEMPTS: Final = 8  # in some thirty hours, and by day only
_UNDELIVERED: Final = 3  # attempts that one costs which the carrier took and could not deliver
_AT_ONCE: Final = 200  # that one sweep tries again
_LEASE: Final = timedelta(minutes=6)  # longer than the sweep's Lambda lives
_TURN: Final = "sms"


# ------------------------------------------------------------------------------------------------ whether, by whom


def providers_for(reporter: ReporterItem) -> list[str]:
    """Return the providers by which this reporter is told, in the order in which they are tried; none where no SMS can
    arrive: a sender's name or short code is no number."""
    config = settings.current()
    if not (reporter.phone or "").startswith("+"):
        return []
    names = dict.fromkeys((reporter.provider or config.sms_default, config.sms_fallback))
    return [name for name in names if name in config.sms] or [*filter(None, [config.sms_default])]


def is_wanted(notice: Notice, reporter: ReporterItem) -> bool:
    """Say whether an SMS adds anything, and is welcome: a filing by web stands on its page, and what a provider takes
    in its answer to the webhook is said already."""
    if notice.about == "received":
        if reporter.provider is None:
            return False
        if notice.complaint.channel == "sms" and provider_named(reporter.provider).REPLIES_INLINE:
            return False
    return not (reporter.phone_key and intake.wants_no_sms(reporter.phone_key))


def has_room(phone_key: str, text: str, now: datetime) -> bool:
    """Count an SMS to this number; False when it, or the city, had as many today as data/policy.json allows."""
    policy, today = city.policy(), now.astimezone(settings.current().zone).date()
    return sms_ledger.reserve(phone_key, gsm.segments(text), now, today, (policy.sms_per_number, policy.sms_per_day))


def _hand_over(to: str, text: str, message_id: str, providers: Sequence[str], down: set[str]) -> tuple[str, str]:
    """Return the first provider that took it, and its id of it; SendFailed when none did. One that is down is not asked
    again: each message would wait for its time-outs, and a batch of them outlive its Lambda."""
    why = "no provider is on"
    for name in providers:
        if name in down:
            why = f"{name} is down"
            continue
        try:
            return name, notifier.send_sms(to, text, message_id, settings.current(), name)
        except CarrierDown as error:
            down.add(name)
            why = str(error)
        except SendFailed as error:
            why = str(error)
    raise SendFailed(why)


# ------------------------------------------------------------------------------------------------ the first time


def tell(
    notice: Notice, text: str, reporter: ReporterItem, providers: Sequence[str], now: datetime, down: set[str]
) -> NotificationItem:
    """Send the SMS of a notice and return its record. Where the day's caps are reached, a mere receipt is held for
    good, and what the city has to say until the next morning; what no carrier took is owed."""
    record = sent.sent(notice.id, now, "sms", notice.about, None, [notice.ticket], "")
    if not has_room(str(reporter.phone_key), text, now):
        if notice.about == "received":
            record.state = "held"
            return record
        return _owed(record, OwedSms(notice.id, notice.complaint.ticket, 0), _next_morning(now))
    try:
        record.provider, record.carrier_id = _hand_over(str(reporter.phone), text, notice.id, providers, down)
    except SendFailed as error:
        log.warning("not sent: %s (%s)", notice.id, error)
        return _owed(record, OwedSms(notice.id, notice.complaint.ticket, 1), now + FIRST_WAIT)
    record.segments = gsm.segments(text)
    return record


def _owed(record: NotificationItem, row: OwedSms, due_at: datetime) -> NotificationItem:
    sms_ledger.owe(row, due_at)
    record.state, record.carrier_id = "owed", ""
    return record


def _next_morning(now: datetime) -> datetime:
    """Return the hour of the next day at which people are disturbed again."""
    there = now.astimezone(settings.current().zone) + timedelta(days=1)
    return there.replace(hour=city.policy().quiet[1], minute=0, second=0, microsecond=0)


def reply_once(reply_id: str, to: str, phone_key: str, text: str, provider: str, now: datetime) -> None:
    """Send the reply to a command by the provider that it came by, once for each message id; StoreUnavailable when the
    provider did not take it, so that the whole delivery is tried again."""
    if not to.startswith("+") or sent.already_sent([reply_id]):
        return
    record = sent.sent(reply_id, now, "sms", "reply", None, [], "")
    if has_room(phone_key, text, now):
        try:
            record.provider, record.carrier_id = _hand_over(to, text, reply_id, [provider], set())
        except SendFailed as error:
            raise StoreUnavailable("the reply did not go out") from error
        record.segments = gsm.segments(text)
    else:
        record.state = "held"
    sent.record_sent([record])


# ------------------------------------------------------------------------------------------------ what became of it


def record_report(report: DeliveryReport, now: datetime) -> None:
    """Write down what became of an SMS, once; what was not delivered is tried again. StoreUnavailable for one that is
    not written down yet, so that the provider reports it again; replies to commands are not followed."""
    if read_ticket(report.message_id[:11]) is None:
        return
    record = sent.record_of(report.message_id)
    if record is None:
        raise StoreUnavailable("reported before it was written down")
    if record.state or (report.carrier_id and report.carrier_id != record.carrier_id):
        return
    if report.delivered:
        if sent.settle(record.id, record.carrier_id, "delivered"):
            sms_ledger.count("delivered", now.astimezone(settings.current().zone).date())
        return
    attempts = int(record.attempts or 1) + _UNDELIVERED - 1
    sms_ledger.owe(OwedSms(record.id, record.id[:11], attempts), now + _wait(attempts))
    sent.settle(record.id, record.carrier_id, "owed")


def _wait(attempts: int) -> timedelta:
    return min(FIRST_WAIT * (1 << max(0, attempts - 1)), LONGEST_WAIT)


def send_owed(now: datetime, written_at: datetime) -> tuple[int, int]:
    """Try again what is due, unless it is night as of `now`; return how many went out, and in how many ours was the
    fault. Two sweeps at once do not both send."""
    if is_quiet(now, city.policy().quiet, settings.current().zone):
        return 0, 0
    rows = sms_ledger.due(now, _AT_ONCE)
    mine = owed.take_turn(_TURN, written_at, _LEASE) if rows else None
    if mine is None:
        return 0, 0
    went, failed, down = 0, 0, set[str]()
    try:
        for key, row in rows:
            try:
                went += _try_again(row, now, down)
                sms_ledger.forget(key)
            except Exception:  # ours: the row stays, and the next sweep tries it
                failed += 1
                log.exception("not sent: %s", row.id)
    finally:
        owed.give_turn_back(_TURN, mine)
    return went, failed


def _try_again(row: OwedSms, now: datetime, down: set[str]) -> bool:
    """Send one that is owed; say whether it went out. What cannot is owed later, or given up at last."""
    record = sent.record_of(row.id)
    if record is None or record.state != "owed":  # the stream, or an earlier sweep, has done it
        return False
    record.attempts = row.attempts + 1
    found = _found(row)
    if found is None:
        return _given_up(record, None, now)
    notice, reporter = found
    letter = _letter(notice, now)
    providers = providers_for(reporter)
    if row.attempts >= MOST_ATTEMPTS or not providers:
        return _by_email(record, letter, reporter, now)
    if not has_room(str(reporter.phone_key), letter.sms, now):
        sms_ledger.owe(row, _next_morning(now))
        return False
    try:
        record.provider, record.carrier_id = _hand_over(str(reporter.phone), letter.sms, row.id, providers, down)
    except SendFailed as error:
        log.warning("not sent: %s (%s)", row.id, error)
        sms_ledger.owe(OwedSms(row.id, row.ticket, row.attempts + 1), now + _wait(row.attempts + 1))
        return False
    record.segments, record.state = gsm.segments(letter.sms), None
    sent.record_sent([record])
    return True


def _found(row: OwedSms) -> tuple[Notice, ReporterItem] | None:
    """Return the notice and whom it is for; None where either is gone, or an SMS is no longer welcome."""
    complaint = complaints.complaint_of(row.ticket)
    notice = next((one for one in notices_owed(None, complaint) if one.id == row.id), None) if complaint else None
    reporter = complaints.reporter_of(notice.ticket) if notice else None
    return (notice, reporter) if notice and reporter and is_wanted(notice, reporter) else None


def _letter(notice: Notice, now: datetime) -> Letter:
    config = settings.current()
    names = city.current(now).names(notice.entry.opd, notice.entry.division, notice.complaint.category)
    return letter_for(notice, names, config.public_url, config.zone)


def _by_email(record: NotificationItem, letter: Letter, reporter: ReporterItem, now: datetime) -> bool:
    """The last way: by e-mail where there is an address."""
    if not reporter.email:
        return _given_up(record, "failed", now)
    try:
        record.carrier_id = notifier.send_email(
            reporter.email, letter.subject, letter.text, record.id, settings.current()
        )
    except CarrierDown:
        raise
    except SendFailed as error:
        log.warning("not sent: %s (%s)", record.id, error)
        return _given_up(record, "failed", now)
    record.via, record.state = "email", None
    sent.record_sent([record])
    sms_ledger.count("emailed", now.astimezone(settings.current().zone).date())
    return True


def _given_up(record: NotificationItem, counted: str | None, now: datetime) -> bool:
    record.state = "failed"
    sent.record_sent([record])
    if counted:
        sms_ledger.count(counted, now.astimezone(settings.current().zone).date())
    return False
