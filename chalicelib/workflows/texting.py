"""An SMS comes in: one citizen's message is one complaint, however often and in however many pieces it is delivered."""

from __future__ import annotations

import logging
import unicodedata
from datetime import datetime, timedelta
from typing import Final

from chalicelib import settings
from chalicelib.adapters import complaints, intake, notifier, sent
from chalicelib.adapters.sms_providers import Inbound, SendFailed
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain import sms
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.complaint import Complaint, Filing
from chalicelib.domain.deadlines import last_day
from chalicelib.domain.keys import name_of, ticket_for
from chalicelib.domain.letters import filed_reply
from chalicelib.domain.life import IllegalAction
from chalicelib.workflows import city, doubling, filing, following

log = logging.getLogger(__name__)

_REUSE_OF_PART_REFERENCE: Final = timedelta(hours=6)
LONGEST: Final = 8_000  # characters of a whole SMS; ten times the longest that a phone sends
LONGEST_PART: Final = 480  # three times what one SMS holds; fifty of them still fit into one complaint


class TooLong(Exception):
    """No SMS is that long: it is kept in quarantine instead."""


def receive_sms(message: Inbound, now: datetime) -> str | None:
    """Take in one delivery and return the reply to it; None while parts of it are still missing.

    The same message id again, or the same text of the same sender within minutes, returns the same reply. Nothing is
    replied before it is stored. Raises StoreUnavailable when it was not, TooLong for what is no SMS.
    """
    if len(message.text) > LONGEST:
        raise TooLong
    if not _is_whole(message):
        if len(message.text) > LONGEST_PART:
            raise TooLong
        return _receive_part(message, now)
    return _receive_whole(message, now)


def _is_whole(message: Inbound) -> bool:
    return message.part is None or message.part.total == 1


def is_command(message: Inbound) -> bool:
    """Say whether the reply to this message follows from it alone; that to a complaint follows from the complaint."""
    return _is_whole(message) and sms.read_sms(message.text).command is not sms.Command.FILE


def may_reply(message: Inbound) -> bool:
    """Say whether this number may be sent an SMS: after BERHENTI, nothing but the confirmation of it."""
    stops = _is_whole(message) and sms.read_sms(message.text).command is sms.Command.STOP
    return stops or not intake.wants_no_sms(filing.phone_key(message.sender))


def _receive_whole(message: Inbound, now: datetime) -> str:
    meant = sms.read_sms(message.text)
    if meant.command is sms.Command.STATUS:
        return _status(meant.ticket, message.sender)
    if meant.command is sms.Command.HELP:
        return sms.HELP
    if meant.command is sms.Command.STOP:
        intake.stop_sms(filing.phone_key(message.sender), now)
        return sms.STOPPED
    if meant.command is sms.Command.ADD:
        return _add(meant, message, now)
    own = ticket_for(settings.current().signing_key, "sms", message.provider, message.message_id, message.sender)
    ticket = _ticket_among_twins(message_key_of(message), own, message.sender, message.text, now)
    stored = complaints.complaint_of(ticket, consistent=True) if ticket != own else None
    if stored is None:
        stored = filing.submit_sms(message.text, meant.text, _reporter(message.sender, message.provider), ticket, now)
    return filed_reply(stored, settings.current().zone)


def _reporter(sender: str, provider: str) -> filing.Reporter:
    return filing.Reporter(phone=sender, provider=provider)


def _ticket_among_twins(delivery: str, own: str, sender: str, text: str, now: datetime) -> str:
    """Return the ticket of a delivery: its own, or that of what the number sent minutes before in nearly the same words
    (a twin, in the very same ones); always the same one."""
    if known := intake.remembered_ticket(delivery):
        return known
    first = _filed_before(sender, text, now)
    if first and first.ticket != own and complaints.complaint_of(own, consistent=True) is None:
        intake.remember_ticket(delivery, first.ticket, now)
        return first.ticket
    twin = name_of(settings.current().signing_key, "twin", sender, sms.same_text(text))
    ticket = intake.claim_text(twin, own, now, timedelta(minutes=city.policy().twin_minutes))
    if ticket == own or complaints.complaint_of(own, consistent=True):  # filed before the other one came
        return own
    intake.remember_ticket(delivery, ticket, now)
    return ticket


def _filed_before(sender: str, text: str, now: datetime) -> Complaint | None:
    try:
        return doubling.filed_before(Filing(text=text, channel="sms"), filing.phone_key(sender), now)
    except (TimelineFull, IllegalAction):  # it takes no more: then this is a complaint of its own
        return None


def message_key_of(message: Inbound) -> str:
    """Return the key under which a delivery's message id is remembered: an id of one sender is no other's."""
    key = settings.current().signing_key
    return name_of(key, "message", message.provider, message.message_id, message.sender)


def _status(ticket: str | None, sender: str) -> str:
    """Tell the status to the number that filed it; to any other the ticket does not exist."""
    if ticket is None or not _is_from(ticket, sender):
        return sms.NOT_FOUND
    complaint = complaints.complaint_of(ticket, consistent=True)
    if complaint is None:
        return sms.NOT_FOUND
    zone, due = settings.current().zone, complaint.running_deadline
    return sms.status_reply(complaint, last_day(due, zone) if due else None)


def _is_from(ticket: str, sender: str) -> bool:
    reporter = complaints.reporter_of(ticket)
    return reporter is not None and reporter.phone_key == filing.phone_key(sender)


def _add(meant: sms.Sms, message: Inbound, now: datetime) -> str:
    """Add to one's own complaint, once for each message id."""
    if meant.ticket is None or not _is_from(meant.ticket, message.sender):
        return sms.NOT_FOUND
    done = message_key_of(message)
    if intake.remembered_ticket(done) is None:
        try:
            following.add_message(meant.ticket, meant.text, now, once=True)
        except (TimelineFull, IllegalAction):
            return sms.CANNOT_ADD.format(ticket=meant.ticket)
        intake.remember_ticket(done, meant.ticket, now)
    return sms.ADDED.format(ticket=meant.ticket)


# ------------------------------------------------------------------------------------------------ long messages


def _receive_part(message: Inbound, now: datetime) -> str | None:
    """Keep a part; when it is the last to come, the whole is filed. A part that comes after the message was filed
    without it is added to that complaint."""
    part = message.part
    if part is None:
        raise ValueError("a message without a part")
    key = settings.current().signing_key
    name = name_of(key, "parts", message.provider, message.sender, part.ref, str(part.total))
    group = intake.group_of_part(name, part.total, message.provider, message.sender, now, _REUSE_OF_PART_REFERENCE)
    ticket = _ticket_of_group(group)
    filed = complaints.complaint_of(ticket, consistent=True)
    if filed is not None:
        if (part.number, message.text) not in intake.parts_of(group):
            following.add_message(ticket, message.text, now, once=True)
            intake.keep_part(group, part.number, message.text)
        return filed_reply(filed, settings.current().zone)
    parts = intake.add_part(group, part.number, message.text, _wait_until(group, now))
    if len(parts) < part.total:
        return None
    return _file_group(group, parts, now)


def _ticket_of_group(group: intake.Group) -> str:
    return intake.remembered_ticket(_key_of_group(group)) or _own_ticket_of_group(group)


def _own_ticket_of_group(group: intake.Group) -> str:
    return ticket_for(settings.current().signing_key, "parts", group.name, group.started_at.isoformat())


def _key_of_group(group: intake.Group) -> str:
    return name_of(settings.current().signing_key, "group", group.name, group.started_at.isoformat())


def _wait_until(group: intake.Group, now: datetime) -> datetime:
    return group.started_at + timedelta(minutes=city.current(now).policy.parts_wait_minutes)


def _file_group(group: intake.Group, parts: list[tuple[int, str]], now: datetime) -> str:
    text, complete = sms.joined_parts(parts, group.total)
    reporter = _reporter(group.sender, group.provider)
    free_text = sms.read_sms(text).text or text
    ticket = _ticket_among_twins(_key_of_group(group), _own_ticket_of_group(group), group.sender, text, now)
    stored = complaints.complaint_of(ticket, consistent=True) if ticket != _own_ticket_of_group(group) else None
    if stored is None:
        stored = filing.submit_sms(text, free_text, reporter, ticket, now, incomplete=not complete)
    for part in _parts_left_out(stored, parts):
        following.add_message(stored.ticket, part, now, once=True)
    intake.close_group(group, _wait_until(group, now))
    return filed_reply(stored, settings.current().zone)


def _parts_left_out(stored: Complaint, parts: list[tuple[int, str]]) -> list[str]:
    """Return the parts that came while somebody else was filing the message without them."""
    if not stored.incomplete:
        return []
    said = [stored.text, *(entry.text or "" for entry in stored.timeline)]
    return [text for _, text in parts if not any(unicodedata.normalize("NFC", text) in known for known in said)]


def file_overdue_parts(now: datetime, written_at: datetime) -> tuple[int, int]:
    """File every long message that has waited long enough as of `now` with what came of it, marked so; return how many
    were filed, and how many could not be: the next sweep tries those again. `written_at` is the wall clock, on which
    the complaint arrives."""
    filed = failed = 0
    for group in intake.groups_due(now):
        try:
            _file_group(group, intake.parts_of(group), written_at)
            filed += 1
        except Exception:
            failed += 1
            log.exception("a long message was not filed")
    return filed, failed


# ------------------------------------------------------------------------------------------------ replying


def send_reply_once(message: Inbound, text: str, now: datetime) -> None:
    """Send the reply to a command by the provider it came by, once for each message id; StoreUnavailable when the
    provider did not take it, so that the whole delivery is tried again."""
    reply_id = f"reply.{message_key_of(message)}"
    if not message.sender.startswith("+") or sent.already_sent([reply_id]):
        return
    try:
        carrier_id = notifier.send_sms(message.sender, text, reply_id, settings.current(), message.provider)
    except SendFailed as error:
        raise StoreUnavailable("the reply did not go out") from error
    sent.record_sent([sent.sent(reply_id, now, "sms", "reply", None, [], carrier_id)])
