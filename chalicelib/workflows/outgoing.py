"""An SMS goes out: within the day's caps, by the provider that the citizen came by, else by the fallback.

What no carrier took, or took and did not deliver, a sweep tries again, later each time, and at last by e-mail where
there is an address. It stands in the ledger by the id of its notice; words and number are found anew each time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from chalicelib import settings
from chalicelib.adapters import complaints, intake, notifier, owed, sent, sms_ledger
from chalicelib.adapters.sms_ledger import OwedSms
from chalicelib.adapters.sms_providers import CarrierDown, DeliveryReport, SendFailed, provider_named
from chalicelib.adapters.tables import NotificationItem, ReporterItem, StoreUnavailable
from chalicelib.domain import gsm
from chalicelib.domain.complaint import Role
from chalicelib.domain.letters import Letter, letter_for
from chalicelib.domain.notices import Notice, notices_owed
from chalicelib.domain.owed import is_quiet
from chalicelib.workflows import city

log = logging.getLogger(__name__)

FIRST_WAIT: Final = timedelta(minutes=15)  # until it is tried again; each further wait is twice the one before
LONGEST_WAIT: Final = timedelta(hours=12)
MOST_ATTEMPTS: Final = 8  # in some thirty hours, and by day only
_UNDELIVERED: Final = 2  # more attempts that one counts for which the carrier took and could not deliver
_AT_ONCE: Final = 200  # that one sweep tries again
_LEASE: Final = timedelta(minutes=6)  # longer than the sweep's Lambda lives
_TURN: Final = "sms"
_EMAIL: Final = "email"


class NoRoom(Exception):
    """The number, or the city, had as many SMS today as it may have."""


# ------------------------------------------------------------------------------------------------ whether, by whom


def providers_for(reporter: ReporterItem) -> list[str]:
    """Return the providers by which this reporter is told, in the order in which they are tried; none where no SMS can
    arrive: a sender's name or short code is no number."""
    config = settings.current()
    if not (reporter.phone or "").startswith("+"):
        return []
    names = dict.fromkeys((reporter.provider or config.sms_default, config.sms_fallback))
    return [name for name in names if name in config.sms] or [*filter(None, [config.sms_default])]


def adds_anything(notice: Notice, reporter: ReporterItem) -> bool:
    """Say whether an SMS says what was not said yet: a filing by web stands on its page, and what a provider takes
    in its answer to the webhook is told already, unless staff filed it from the quarantine."""
    if notice.about == "received":
        if reporter.provider is None:
            return False
        by_webhook = notice.complaint.channel == "sms" and notice.entry.by == Role.REPORTER
        if by_webhook and provider_named(reporter.provider).REPLIES_INLINE:
            return False
    return True


def wants_none(reporter: ReporterItem) -> bool:
    """Say whether this reporter has sent BERHENTI."""
    return bool(reporter.phone_key and intake.wants_no_sms(reporter.phone_key))


def has_room(phone_key: str, text: str, now: datetime) -> bool:
    """Count an SMS to this number; False when it, or the city, had as many today as data/policy.json allows."""
    policy = city.policy()
    return sms_ledger.reserve(
        phone_key, gsm.segments(text), now, _today(now), (policy.sms_per_number, policy.sms_per_day)
    )


def _today(now: datetime) -> date:
    return now.astimezone(settings.current().zone).date()


def _hand_over(
    to: str, phone_key: str, text: str, message_id: str, providers: Sequence[str], now: datetime, down: set[str]
) -> tuple[str, str]:
    """Return the first provider that took it, and its id of it; NoRoom within the day's caps, SendFailed when none did:
    then it does not count. One that is down is not asked again: each message would wait for its time-outs, and a batch
    of them outlive its Lambda."""
    up = [name for name in providers if name not in down]
    if not up:
        raise SendFailed(f"down: {', '.join(providers)}")
    if not has_room(phone_key, text, now):
        raise NoRoom
    why = []
    for name in up:
        try:
            return name, notifier.send_sms(to, text, message_id, settings.current(), name)
        except SendFailed as error:
            why.append(str(error))
            if isinstance(error, CarrierDown):
                down.add(name)
    sms_ledger.give_back(phone_key, gsm.segments(text), _today(now))
    raise SendFailed("; ".join(why))


# ------------------------------------------------------------------------------------------------ the first time


def untold(notice: Notice, now: datetime) -> NotificationItem:
    """Return the record of what its reporter did not want to be told by SMS; after MULAI it is not told either."""
    record = sent.sent(notice.id, now, "sms", notice.about, None, [notice.ticket], "")
    record.state = "unwanted"
    return record


def tell(
    notice: Notice, text: str, reporter: ReporterItem, providers: Sequence[str], now: datetime, down: set[str]
) -> NotificationItem:
    """Send the SMS of a notice and return its record. Where the day's caps are reached, a mere receipt is held for
    good, and what the city has to say until the next morning; what no carrier took is owed."""
    record = sent.sent(notice.id, now, "sms", notice.about, None, [notice.ticket], "")
    to, phone_key = str(reporter.phone), str(reporter.phone_key)
    try:
        taken = _hand_over(to, phone_key, text, notice.id, providers, now, down)
    except NoRoom:
        if notice.about == "received":
            record.state = "held"
            return record
        return _owed(record, OwedSms(notice.id, notice.complaint.ticket, 0), _next_morning(now))
    except SendFailed as error:
        log.warning("not sent: %s (%s)", notice.id, error)
        return _owed(record, OwedSms(notice.id, notice.complaint.ticket, 1), now + FIRST_WAIT)
    record.provider, record.carrier_id = taken
    record.segments = gsm.segments(text)
    return record


def _owed(record: NotificationItem, row: OwedSms, due_at: datetime) -> NotificationItem:
    sms_ledger.owe(row, due_at)
    record.state = "owed"
    return record


def _next_morning(now: datetime) -> datetime:
    """Return the hour of the next day at which people are disturbed again."""
    there = now.astimezone(settings.current().zone) + timedelta(days=1)
    return there.replace(hour=city.policy().quiet[1], minute=0, second=0, microsecond=0)


def reply_once(
    reply_id: str, to: str, phone_key: str, text: str, provider: str, now: datetime, down: set[str] | None = None
) -> None:
    """Send the reply to a command by the provider that it came by, else by the fallback, once for each message id;
    StoreUnavailable while that is down, so that the whole delivery is tried again. `down` are the carriers known to
    be so: they are left alone."""
    down = set[str]() if down is None else down
    if not to.startswith("+") or sent.already_sent([reply_id]):
        return
    record, config = sent.sent(reply_id, now, "sms", "reply", None, [], ""), settings.current()
    providers = [name for name in dict.fromkeys((provider, config.sms_fallback)) if name in config.sms]
    try:
        taken = _hand_over(to, phone_key, text, reply_id, providers, now, down)
        record.provider, record.carrier_id = taken
        record.segments = gsm.segments(text)
    except NoRoom:
        record.state = "held"
    except SendFailed as error:
        if down.intersection(providers):
            raise StoreUnavailable("the reply did not go out") from error
        record.state = "failed"  # refused for good: to deliver the command again would change nothing
    sent.record_sent([record])


# ------------------------------------------------------------------------------------------------ what became of it


def record_report(report: DeliveryReport, now: datetime) -> None:
    """Write down what became of an SMS, once; what was not delivered is tried again. StoreUnavailable for a try that is
    not written down yet, so that the provider reports it again; replies to commands are not followed."""
    read = sent.read_outgoing_id(report.message_id)
    if read is None:
        return
    message_id, undelivered = read
    record = sent.record_of(message_id)
    is_last = record is not None and undelivered == (record.undelivered or 0)
    if record is None or (is_last and record.state == "owed"):  # also one whose taking got lost
        raise StoreUnavailable("reported before it was written down")
    if record.state or not is_last or not _is_about(report, record):
        return
    if report.delivered:
        if sent.settle(message_id, record.carrier_id, "delivered"):
            sms_ledger.count("delivered", _today(now))
        return
    attempts = int(record.attempts or 1)
    sms_ledger.owe(OwedSms(message_id, message_id[:11], attempts), now + _wait(attempts, undelivered + 1))
    sent.settle(message_id, record.carrier_id, "owed")


def _is_about(report: DeliveryReport, record: NotificationItem) -> bool:
    """Say whether it is about the SMS as it went out last, by that provider."""
    is_by = record.via == "sms" and record.provider == report.provider
    return is_by and report.carrier_id in ("", record.carrier_id)


def _wait(attempts: int, undelivered: int) -> timedelta:
    """Return how long after so many attempts the next one is made; none where only the e-mail is left."""
    spent = attempts + _UNDELIVERED * undelivered
    return min(FIRST_WAIT * (1 << (spent - 1)), LONGEST_WAIT) if spent < MOST_ATTEMPTS else timedelta(0)


def send_owed(now: datetime, written_at: datetime) -> tuple[int, int]:
    """Try again what is due, unless it is night as of `now`; return how many went out, and in how many ours was the
    fault. Two sweeps at once do not both send."""
    if is_quiet(now, city.policy().quiet, settings.current().zone) or not sms_ledger.due(now, 1):
        return 0, 0
    mine = owed.take_turn(_TURN, written_at, _LEASE)
    if mine is None:
        return 0, 0
    went, failed, down = 0, 0, set[str]()
    try:
        for key, row in sms_ledger.due(now, _AT_ONCE):  # read in our turn: what another sweep did is not among it
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
    found = _found(row)
    if found is None:
        return _given_up(record)
    notice, reporter = found
    letter, providers, undelivered = letter_of(notice, now), providers_for(reporter), int(record.undelivered or 0)
    if wants_none(reporter):
        return _by_email(record, row, letter, reporter, now, down) if reporter.email else _given_up(record, "unwanted")
    if not providers or not _wait(row.attempts or 1, undelivered):
        return _by_email(record, row, letter, reporter, now, down)
    to, phone_key, after = str(reporter.phone), str(reporter.phone_key), replace(row, attempts=row.attempts + 1)
    try:
        taken = _hand_over(to, phone_key, letter.sms, sent.outgoing_id(record), providers, now, down)
    except NoRoom:
        if notice.about == "received":
            return _given_up(record, "held")
        sms_ledger.owe(row, _next_morning(now))
        return False
    except SendFailed as error:
        log.warning("not sent: %s (%s)", row.id, error)
        if wait := _wait(after.attempts, undelivered):
            sms_ledger.owe(after, now + wait)
            return False
        return _by_email(record, after, letter, reporter, now, down)
    record.provider, record.carrier_id = taken
    record.segments = int(record.segments or 0) + gsm.segments(letter.sms)
    record.attempts, record.state = after.attempts, None
    sent.record_sent([record])
    return True


def _found(row: OwedSms) -> tuple[Notice, ReporterItem] | None:
    """Return the notice and whom it is for; None where either is gone."""
    complaint = complaints.complaint_of(row.ticket)
    notice = next((one for one in notices_owed(None, complaint) if one.id == row.id), None) if complaint else None
    reporter = complaints.reporter_of(notice.ticket) if notice else None
    return (notice, reporter) if notice and reporter else None


def letter_of(notice: Notice, now: datetime) -> Letter:
    """Return the words of a notice, with what the city calls its OPD, division and category."""
    config = settings.current()
    names = city.current(now).names(notice.entry.opd, notice.entry.division, notice.complaint.category)
    return letter_for(notice, names, config.public_url, config.zone)


def _by_email(
    record: NotificationItem, row: OwedSms, letter: Letter, reporter: ReporterItem, now: datetime, down: set[str]
) -> bool:
    """The last way: by e-mail where there is an address; while that carrier is down, later."""
    record.attempts = max(1, row.attempts)
    if reporter.email and _EMAIL not in down:
        try:
            record.carrier_id = notifier.send_email(
                reporter.email, letter.subject, letter.text, record.id, settings.current()
            )
        except CarrierDown:
            down.add(_EMAIL)
        except SendFailed as error:
            log.warning("not sent: %s (%s)", record.id, error)
        else:
            record.via, record.provider, record.state = _EMAIL, None, None
            sent.record_sent([record])
            sms_ledger.count("emailed", _today(now))
            return True
    if reporter.email and _EMAIL in down:
        sms_ledger.owe(row, now + FIRST_WAIT)
        return False
    _given_up(record)
    sms_ledger.count("failed", _today(now))
    return False


def _given_up(record: NotificationItem, state: str = "failed") -> bool:
    record.state = state
    sent.record_sent([record])
    return False
