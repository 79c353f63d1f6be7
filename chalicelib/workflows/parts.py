"""The parts of a long SMS: by reference, number and total, or, of some providers, without any of these.

What came is kept until all are there, or for ten minutes; then the whole goes the way of any other message.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib import settings
from chalicelib.adapters import intake
from chalicelib.adapters.intake import Group
from chalicelib.adapters.sms_providers import Inbound
from chalicelib.domain import gsm, sms
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.keys import name_of
from chalicelib.workflows import city, conversation, following
from chalicelib.workflows.conversation import Reply

log = logging.getLogger(__name__)

LONGEST: Final = 480  # characters of a part, three times what one SMS holds; fifty of them fit into one complaint
_REUSE_OF_PART_REFERENCE: Final = timedelta(hours=6)


def receive(message: Inbound, now: datetime) -> Reply | None:
    """Keep a part; with the last to come the whole is taken in. A part that comes after the message was filed without
    it is added to that complaint. None while others are missing."""
    part = message.part
    if part is None:
        raise ValueError("a message without a part")
    delivery = conversation.message_key_of(message)
    group = intake.group_of_delivery(delivery) or _group(message, part.ref, part.total, now)
    place = f"{part.number:03d}"
    if filed := conversation.outcome_of(_as_message(group)):
        return _added_late(group, filed, place, message, now)
    kept = intake.add_part(group, place, message.text, delivery, _wait_until(group))
    return _taken_in(group, kept, now) if len(kept) >= part.total else None


def _group(message: Inbound, ref: str, total: int, now: datetime) -> Group:
    """Return the long message to which a part belongs that never came before."""
    name = name_of(settings.current().signing_key, "parts", message.provider, message.sender, ref, str(total))
    return intake.group_of_part(name, total, message.provider, message.sender, now, _REUSE_OF_PART_REFERENCE)


def receive_unnumbered(message: Inbound, now: datetime) -> Reply | None:
    """Take in a message of a provider that delivers parts without numbers: one that fills a part to its last character
    waits for what the same number sends within seconds. None while it does."""
    key, window = settings.current().signing_key, timedelta(seconds=city.policy().unnumbered_parts_seconds)
    name, delivery = name_of(key, "unnumbered", message.provider, message.sender), conversation.message_key_of(message)
    is_cut = gsm.looks_cut(message.text)
    group = intake.group_of_delivery(delivery)
    if group is None:
        is_command = not is_cut and sms.read_sms(message.text).command is not sms.Command.FILE
        if is_command or (not is_cut and not intake.has_group(name, now, window)):
            return conversation.receive_whole(message, now)
        group = intake.group_of_part(name, 0, message.provider, message.sender, now, window)
    place = next((one for one, _ in intake.parts_of(group) if one.endswith(delivery)), f"{now.isoformat()}#{delivery}")
    if filed := conversation.outcome_of(_as_message(group)):
        return _added_late(group, filed, place, message, now)
    kept = intake.add_part(group, place, message.text, delivery, _wait_until(group))
    return None if is_cut else _taken_in(group, kept, now)


def _added_late(group: Group, filed: Complaint, place: str, message: Inbound, now: datetime) -> Reply:
    if (place, message.text) not in intake.parts_of(group):
        following.add_message(filed.ticket, message.text, now, once=True)
        intake.keep_part(group, place, message.text, conversation.message_key_of(message))
    return conversation.receipt_of(filed)


def _as_message(group: Group, text: str = "") -> Inbound:
    """Return the whole as a message of its own: its id is the group's."""
    return Inbound(group.provider, f"{group.name}@{group.started_at.isoformat()}", group.sender, text, None)


def _wait_until(group: Group) -> datetime:
    return group.started_at + timedelta(minutes=city.policy().parts_wait_minutes)


def _taken_in(group: Group, kept: Sequence[tuple[str, str]], now: datetime) -> Reply:
    """Take in a long message that is whole, and let nothing wait for it any more."""
    _, reply = _take_in(group, kept, now)
    intake.close_group(group, _wait_until(group))
    return reply


def _take_in(group: Group, kept: Sequence[tuple[str, str]], now: datetime) -> tuple[Inbound, Reply]:
    """Take in a long message with what came of it; return it as one, and the reply."""
    text, complete = _joined(group, kept)
    whole = _as_message(group, text)
    if earlier := _tail_before(group, kept):
        following.add_message(earlier.ticket, text, now, once=True)
        return whole, conversation.receipt_of(earlier)
    reply = conversation.receive_whole(whole, now, incomplete=not complete)
    stored = conversation.outcome_of(whole)
    for part in _left_out(stored, kept):
        following.add_message(stored.ticket if stored else "", part, now, once=True)
    return whole, reply


def _joined(group: Group, kept: Sequence[tuple[str, str]]) -> tuple[str, bool]:
    if group.total:
        return sms.joined_parts([(int(place), text) for place, text in kept], group.total)
    return "".join(text for _, text in sorted(kept)), True


def _tail_before(group: Group, kept: Sequence[tuple[str, str]]) -> Complaint | None:
    """Return the complaint that the last part became by itself, since it was delivered before the first ones."""
    if group.total or not all(gsm.looks_cut(text) for _, text in kept):
        return None
    window = timedelta(seconds=city.policy().unnumbered_parts_seconds)
    filed = conversation.complaints_of_number(group.sender)
    return next((one for one in filed if timedelta(0) <= group.started_at - one.received_at < window), None)


def _left_out(stored: Complaint | None, kept: Sequence[tuple[str, str]]) -> list[str]:
    """Return the parts that came while somebody else was filing the message without them."""
    if stored is None or not stored.incomplete:
        return []
    said = [stored.text, *(entry.text or "" for entry in stored.timeline)]
    return [text for _, text in kept if not any(unicodedata.normalize("NFC", text) in known for known in said)]


def file_overdue(now: datetime, written_at: datetime) -> tuple[int, int]:
    """Take in every long message that has waited long enough as of `now` with what came of it, marked so, and tell its
    sender; return how many were, and how many could not be: the next sweep tries those again. `written_at` is the wall
    clock, on which the complaint arrives."""
    filed = failed = 0
    for group in intake.groups_due(now):
        try:
            conversation.tell_later(*_take_in(group, intake.parts_of(group), written_at), written_at)
            intake.close_group(group, _wait_until(group))
            filed += 1
        except Exception:
            failed += 1
            log.exception("a long message was not filed")
    return filed, failed
