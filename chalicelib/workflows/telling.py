"""A complaint changed: whoever is owed a message gets it, at least once, each message with an id of its own.

What went out is written down after it went out; a record that comes again finds it there and sends nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from datetime import datetime

from chalicelib import settings
from chalicelib.adapters import complaints, notifier, sent
from chalicelib.adapters.sms_providers import CarrierDown, SendFailed
from chalicelib.adapters.tables import NotificationItem, ReporterItem, StoreUnavailable
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.letters import Letter
from chalicelib.domain.notices import Notice, To, notices_owed
from chalicelib.domain.values import dataclass
from chalicelib.workflows import city, outgoing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one complaint; `sequence` names the stream record that told of it."""

    sequence: str
    old: Complaint | None
    new: Complaint


@dataclass(frozen=True, slots=True)
class Settled:
    """Which steps a reconciler looks at: those written `before`, and for the reporter those since `reporters_since`."""

    before: datetime
    reporters_since: datetime

    def concerns(self, notice: Notice) -> bool:
        """Say whether the notice is the reconciler's to send."""
        written_at = notice.entry.written_at or notice.entry.at
        return written_at < self.before and (notice.to is not To.REPORTER or written_at >= self.reporters_since)


def tell(changes: Sequence[Change], now: datetime, settled: Settled | None = None) -> set[str]:
    """Send what each change owes and has not been sent; return the sequences of those that must be tried again.

    With `settled`, only what concerns a reconciler: younger steps are still on their way.

    One change's failure never holds up another; a carrier that is down is left alone for the rest of the batch. Raises
    StoreUnavailable when nothing could be looked up at all.
    """
    owed = {
        change.sequence: [
            notice for notice in notices_owed(change.old, change.new) if settled is None or settled.concerns(notice)
        ]
        for change in changes
    }
    done = sent.already_sent({notice.id for notices in owed.values() for notice in notices})
    carriers = _Carriers(_reporters([one for notices in owed.values() for one in notices if one.id not in done]))
    failed: set[str] = set()
    went: list[tuple[str, NotificationItem]] = []
    for change in changes:
        for notice in owed[change.sequence]:
            if notice.id in done:
                continue
            try:
                if record := _send(notice, now, carriers):
                    went.append((change.sequence, record))
                done.add(notice.id)
            except (SendFailed, StoreUnavailable) as error:
                log.warning("not sent: %s (%s)", notice.id, error)
                failed.add(change.sequence)
            except Exception:  # a fault of ours in one notice must not hold up the others; the record is reported
                log.exception("not sent: %s", notice.id)
                failed.add(change.sequence)
        if len(went) >= sent.ONE_REQUEST:
            failed |= _write_down(went)
            went = []
    return failed | _write_down(went)


def messages_of(complaint: Complaint) -> list[tuple[Notice, NotificationItem]]:
    """Return the messages about a complaint that are written down, in the order of its timeline."""
    notices = list(notices_owed(None, complaint))
    records = {record.id: record for record in sent.records_of({notice.id for notice in notices})}
    return [(notice, records[notice.id]) for notice in notices if notice.id in records]


def _write_down(went: Sequence[tuple[str, NotificationItem]]) -> set[str]:
    """Write down what went out; return the sequences of the changes of which that could not be done."""
    try:
        sent.record_sent([record for _, record in went])
    except StoreUnavailable:
        log.warning("sent, but not written down: %s", [record.id for _, record in went])
        return {sequence for sequence, _ in went}
    return set()


@dataclass(slots=True)
class _Carriers:
    """How one batch is sent: who filed it (None: that could not be looked up), and the carriers that are down."""

    reporters: Mapping[str, ReporterItem] | None
    down: set[str] = field(default_factory=set)


def _reporters(notices: Sequence[Notice]) -> Mapping[str, ReporterItem] | None:
    try:
        return complaints.reporters_of({notice.ticket for notice in notices if notice.to is To.REPORTER})
    except StoreUnavailable:
        return None


def _send(notice: Notice, now: datetime, carriers: _Carriers) -> NotificationItem | None:
    """Send one notice and return its record; None when nobody can be, or wants to be, told."""
    letter = outgoing.letter_of(notice, now)
    if notice.to is To.REPORTER:
        return _to_reporter(notice, letter, now, carriers)
    entry = notice.entry
    address = city.current(now).address_of(notice.to, entry.opd, entry.division, settings.current())
    return _mail(notice, address, letter, now, carriers)


@contextmanager
def _left_alone_when_down(carrier: str, carriers: _Carriers) -> Iterator[None]:
    """Ask a carrier nothing more once it is down: each message would wait for its time-outs, and a batch of them
    outlive its Lambda, which then cannot say what went out."""
    if carrier in carriers.down:
        raise SendFailed(f"{carrier} is down")
    try:
        yield
    except CarrierDown:
        carriers.down.add(carrier)
        raise


def _mail(notice: Notice, address: str, letter: Letter, now: datetime, carriers: _Carriers) -> NotificationItem:
    with _left_alone_when_down("email", carriers):
        carrier_id = notifier.send_email(address, letter.subject, letter.text, notice.id, settings.current())
    return sent.sent(notice.id, now, "email", notice.about, notice.opd, [notice.ticket], carrier_id)


def _to_reporter(notice: Notice, letter: Letter, now: datetime, carriers: _Carriers) -> NotificationItem | None:
    """Tell the reporter: who came by SMS, and wants them, by SMS; else by e-mail where there is an address; else by SMS
    all the same."""
    if carriers.reporters is None:
        raise StoreUnavailable("who filed it could not be looked up")
    reporter = carriers.reporters.get(notice.ticket)
    if reporter is None:
        return None
    providers = outgoing.providers_for(reporter)
    by_sms = bool(providers) and outgoing.adds_anything(notice, reporter)
    is_welcome = by_sms and not outgoing.wants_none(reporter)
    if reporter.email and not (is_welcome and reporter.provider):
        return _mail(notice, reporter.email, letter, now, carriers)
    if not is_welcome:
        return outgoing.untold(notice, now) if by_sms else None
    return outgoing.tell(notice, letter.sms, reporter, providers, now, carriers.down)
