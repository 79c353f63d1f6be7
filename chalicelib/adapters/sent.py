"""Which messages went out: one item a message, kept a year, without address or text."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from chalicelib.adapters.tables import NotificationItem, instant, store_errors

ONE_REQUEST: Final = 25  # records that one request writes down
_KEEP: Final = timedelta(days=366)


def already_sent(ids: Collection[str]) -> set[str]:
    """Return those of the message ids that went out already."""
    if not ids:
        return set()
    with store_errors():
        return {item.id for item in NotificationItem.batch_get(list(ids), consistent_read=True)}


def sent(
    message_id: str, at: datetime, via: str, about: str, opd: str | None, tickets: list[str], carrier_id: str
) -> NotificationItem:
    """Return the record of one message that went out."""
    return NotificationItem(
        id=message_id,
        at=instant(at),
        via=via,
        about=about,
        opd=opd,
        tickets=tickets,
        carrier_id=carrier_id,
        expires_at=at + _KEEP,
    )


def record_sent(messages: Collection[NotificationItem]) -> None:
    """Write down that these went out, ONE_REQUEST at a time."""
    if not messages:
        return
    with store_errors(), NotificationItem.batch_write() as batch:
        for message in messages:
            batch.save(message)
