"""What the doors remember: twins of an SMS, parts of a long one, who wants no more SMS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from chalicelib.adapters.tables import IntakeItem, instant, store_errors

_KEEP: Final = timedelta(days=2)
_KEEP_IDS: Final = timedelta(days=30)  # of messages and their parts: longer than any provider retries
_ASSEMBLING: Final = "assembling"


class Group(msgspec.Struct, frozen=True):
    """The long message to which a part belongs: its name, when its first part came, and how many it has; 0 where
    nobody knows."""

    name: str
    started_at: datetime
    total: int
    provider: str
    sender: str


def claim_text(twin_key: str, ticket: str, now: datetime, window: timedelta) -> str:
    """Return the ticket under which this sender's text is filed: `ticket`, or the one of a twin within the window."""
    item = IntakeItem(pk=f"twin#{twin_key}", sk="-", at=instant(now), value=ticket, expires_at=now + max(window, _KEEP))
    free = IntakeItem.pk.does_not_exist() | (IntakeItem.at < instant(now - window))
    return str(item.claim(free).value)


def remembered_ticket(message_key: str) -> str | None:
    """Return the ticket that a message id was given because its text was a twin's, or None."""
    item = IntakeItem.find(f"message#{message_key}", "-")
    return item.value if item else None


def remember_ticket(message_key: str, ticket: str, now: datetime) -> None:
    """Keep that this message id belongs to a twin's ticket, so that its own repetition is answered the same."""
    with store_errors():
        IntakeItem(
            pk=f"message#{message_key}", sk="-", at=instant(now), value=ticket, expires_at=now + _KEEP_IDS
        ).save()


def group_of_part(name: str, total: int, provider: str, sender: str, now: datetime, reuse: timedelta) -> Group:
    """Return the open group of a long message, opening one when there is none or the last is older than `reuse`
    (an SMS reference number comes round again after 256 messages)."""
    group = Group(name, now, total, provider, sender)
    item = IntakeItem(
        pk=f"group#{name}", sk="-", at=instant(now), value=msgspec.json.encode(group).decode(), expires_at=now + _KEEP
    )
    stored = item.claim(IntakeItem.pk.does_not_exist() | (IntakeItem.at < instant(now - reuse)))
    return msgspec.json.decode(str(stored.value), type=Group)


def group_of_delivery(message_key: str) -> Group | None:
    """Return the long message of which this very delivery was kept as a part before, or None."""
    item = IntakeItem.find(f"delivery#{message_key}", "-")
    return msgspec.json.decode(str(item.value), type=Group) if item else None


def has_group(name: str, now: datetime, reuse: timedelta) -> bool:
    """Say whether such a message was begun, and is not older than `reuse`."""
    item = IntakeItem.find(f"group#{name}", "-")
    return item is not None and item.at >= instant(now - reuse)


def add_part(group: Group, place: str, text: str, message_key: str, due_at: datetime) -> list[tuple[str, str]]:
    """Keep one part, note until when the others are waited for, and return all parts that are there."""
    waiting = _waiting(group, due_at)
    with store_errors():
        waiting.save()
    keep_part(group, place, text, message_key)
    return parts_of(group)


def keep_part(group: Group, place: str, text: str, message_key: str) -> None:
    """Keep one part, and that this delivery brought it; places sort as the parts follow each other."""
    at, expires_at = instant(group.started_at), group.started_at + _KEEP_IDS
    whole = msgspec.json.encode(group).decode()
    with store_errors(), IntakeItem.batch_write() as batch:
        batch.save(IntakeItem(pk=_parts(group), sk=place, at=at, value=text, expires_at=expires_at))
        batch.save(IntakeItem(pk=f"delivery#{message_key}", sk="-", at=at, value=whole, expires_at=expires_at))


def _parts(group: Group) -> str:
    return f"parts#{group.name}#{instant(group.started_at)}"


def _waiting(group: Group, due_at: datetime) -> IntakeItem:
    return IntakeItem(
        pk=_ASSEMBLING, sk=f"{instant(due_at)}#{group.name}", at=instant(group.started_at),
        value=msgspec.json.encode(group).decode(), expires_at=group.started_at + _KEEP_IDS,
    )  # fmt: skip


def parts_of(group: Group) -> list[tuple[str, str]]:
    """Return the (place, text) parts of a long message that have come."""
    with store_errors():
        rows = IntakeItem.query(_parts(group), consistent_read=True)
        return [(row.sk, row.value or "") for row in rows]


def groups_due(now: datetime) -> Iterator[Group]:
    """Yield the long messages that have waited long enough for their parts."""
    with store_errors():
        for row in IntakeItem.query(_ASSEMBLING, IntakeItem.sk < instant(now) + "$", consistent_read=True):
            yield msgspec.json.decode(str(row.value), type=Group)


def close_group(group: Group, due_at: datetime) -> None:
    """A long message has become a complaint; nothing waits for it any more."""
    with store_errors():
        _waiting(group, due_at).delete()


def stop_sms(phone_key: str, now: datetime) -> None:
    """No more SMS to this number."""
    with store_errors():
        IntakeItem(pk=f"stop#{phone_key}", sk="-", at=instant(now)).save()


def start_sms(phone_key: str) -> None:
    """This number takes SMS again."""
    with store_errors():
        IntakeItem(f"stop#{phone_key}", "-").delete()


def wants_no_sms(phone_key: str) -> bool:
    """Say whether this number asked for no more SMS."""
    return IntakeItem.find(f"stop#{phone_key}", "-") is not None
