"""What a sweep has to say is sent: one message a recipient, none by night, each until it went out, once.

Single things are owed from the moment they are recorded (with an escalation, in its own transaction). A sweep makes
messages of them, keeps these, and sends; what a carrier did not take, a later sweep sends as it is. While a carrier is
down no more messages are made, so that afterwards nobody gets one for each sweep that failed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib import settings
from chalicelib.adapters import complaints, notifier, owed, sent
from chalicelib.adapters.sms_providers import CarrierDown, SendFailed
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain.owed import Message, Owed, Recipient, grouped, is_quiet, recipients_of
from chalicelib.domain.reports import MOST_NAMED, report_for
from chalicelib.workflows import city

log = logging.getLogger(__name__)

_LEASE: Final = timedelta(minutes=6)  # longer than the sweep's Lambda lives
_TURN: Final = "messages"


def send(now: datetime, written_at: datetime) -> tuple[int, int]:
    """Send what is owed, unless it is night as of `now`; return how many messages went out, and how many did not.

    Two sweeps at once do not both send: the second leaves it to the first, or to the next.
    """
    if is_quiet(now, city.policy().quiet, settings.current().zone):
        return 0, 0
    kept, rows = owed.messages(), owed.all_owed()
    if not kept and not rows:
        return 0, 0
    mine = owed.take_turn(_TURN, written_at, _LEASE)
    if mine is None:
        log.info("somebody else is sending")
        return 0, 0
    try:
        return _send_owed(written_at)
    finally:
        owed.give_turn_back(_TURN, mine)


def _send_owed(now: datetime) -> tuple[int, int]:
    """Send the messages that were made before, then one a recipient of the rest, unless the carrier is down."""
    kept, rows = owed.messages(), owed.all_owed()
    known = {(message.recipient, row.id) for message in kept for row in message.rows}
    begun = [row for row in rows if any((recipient, row.id) in known for recipient in recipients_of(row))]
    kept += _made(begun, known)  # where a sweep ended in the midst of it
    went, left, down = _send_all(kept, now)
    if not down:
        fresh = [row for row in rows if row not in begun]
        more, unsent, _ = _send_all(_made(fresh, set()), now)
        went, left = went + more, left + unsent
    return went, left


def _made(rows: Sequence[Owed], known: set[tuple[Recipient, str]]) -> list[Message]:
    """Make the messages of these rows, and keep them in the place of the rows."""
    if not rows:
        return []
    made = grouped(rows, known)
    owed.keep_messages(made, rows)
    return made


def _send_all(messages: Sequence[Message], now: datetime) -> tuple[int, int, bool]:
    """Send these; return how many went out, how many did not, and whether the carrier is down: it is not asked again.

    One message's failure holds no other up.
    """
    done = sent.already_sent([message.id for message in messages])
    went, left, down = 0, 0, False
    for message in messages:
        try:
            if message.id not in done:
                if down:
                    left += 1
                    continue
                _send(message, now)
                went += 1
        except (SendFailed, StoreUnavailable) as error:
            log.warning("not sent: %s (%s)", message.id, error)
            left, down = left + 1, isinstance(error, CarrierDown)
            continue
        except Exception:  # a fault of ours
            log.exception("not sent: %s", message.id)
            left += 1
            continue
        _forget(message)
    return went, left, down


def _forget(message: Message) -> None:
    try:
        owed.forget_message(message)
    except StoreUnavailable:
        log.warning("sent, and still kept: %s", message.id)  # the next sweep sees that it went out


def _send(message: Message, now: datetime) -> None:
    known, config = city.current(now), settings.current()
    tickets = complaints.complaints_of(message.tickets[:MOST_NAMED])
    letter = report_for(message, {one.ticket: one for one in tickets}, known.names, config.public_url, config.zone)
    to = message.recipient
    address = known.address_of(to.to, to.opd, to.division, config)
    carrier_id = notifier.send_email(address, letter.subject, letter.text, message.id, config)
    sent.record_sent([sent.sent(message.id, now, "email", message.about, to.opd or None, message.tickets, carrier_id)])
