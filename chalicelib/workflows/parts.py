"""The parts of a long SMS: by reference, number and total, or, of some providers, without any of these.

What came is kept until all are there, or for ten minutes; then the whole goes the way of any other message.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib import settings
from chalicelib.adapters import intake
from chalicelib.adapters.intake import Group
from chalicelib.adapters.sms_providers import Inbound
from chalicelib.domain import gsm, sms
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.keys import name_of
from chalicelib.domain.life import IllegalAction
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
    return _taken_in(group, kept, now) if _is_whole(group, kept) else None


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
        stands_alone = is_command or (not is_cut and not intake.has_group(name, now, window))
        if stands_alone or conversation.outcome_of(message):  # what was a message of its own is no part of another's
            return conversation.receive_whole(message, now)
        group = intake.group_of_part(name, 0, message.provider, message.sender, now, window)
    place = next((one for one, _ in intake.parts_of(group) if one.endswith(delivery)), f"{now.isoformat()}#{delivery}")
    if filed := conversation.outcome_of(_as_message(group)):
        return _added_late(group, filed, place, message, now)
    kept = intake.add_part(group, place, message.text, delivery, _wait_until(group))
    return None if is_cut else _taken_in(group, kept, now)


def _added_late(group: Group, filed: Complaint, place: str, message: Inbound, now: datetime) -> Reply:
    kept = intake.parts_of(group)
    if (place, message.text) in kept:
        return _taken_in(group, kept, now) if _is_whole(group, kept) else conversation.receipt_of(filed)
    following.add_message(filed.ticket, message.text, now, once=True)
    intake.keep_part(group, place, message.text, conversation.message_key_of(message))
    return conversation.receipt_of(filed)


def _is_whole(group: Group, kept: Sequence[tuple[str, str]]) -> bool:
    """Say whether all parts are there; of one whose parts have no numbers nobody knows."""
    return 0 < group.total <= len(kept)


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
        try:
            following.add_message(earlier.ticket, text, now, once=True)
        except (TimelineFull, IllegalAction):
            log.warning("the beginning of a long message came too late for its end: it is a complaint of its own")
        else:
            return whole, conversation.receipt_of(earlier)
    reply = conversation.receive_whole(whole, now, incomplete=not complete)
    stored = conversation.outcome_of(whole)
    for part in _left_out(stored, kept):
        following.add_message(stored.ticket if stored else "", part, now, once=True)
    return whole, replace(reply, key=conversation.message_key_of(whole))


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
    filed, failed, down = 0, 0, set[str]()
    for group in intake.groups_due(now):
        try:
            if kept := intake.parts_of(group):  # nothing was kept of a part that broke off: it is delivered again
                conversation.tell_later(*_take_in(group, kept, written_at), written_at, down)
                filed += 1
            intake.close_group(group, _wait_until(group))
        except Exception:
            failed += 1
            log.exception("a long message was not filed")
    return filed, failed
