"""Which messages went out: one item a message, kept a year, without address or text.

A carrier sends what has one id once; so what one took and did not deliver goes out anew under another id:
"7K3QD-9XW2M.4.reporter", then "7K3QD-9XW2M.4.reporter.2". Its item is the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from chalicelib.adapters.tables import NotificationItem, instant, is_refused, store_errors

ONE_REQUEST: Final = 25  # records that one request writes down
_KEEP: Final = timedelta(days=366)
_TICKET: Final = "[0-9A-Z]{5}-[0-9A-Z]{5}"
_TO_REPORTER: Final = rf"({_TICKET}\.[0-9]+\.reporter(?:\.{_TICKET})?)(?:\.([2-9]))?"


def already_sent(ids: Collection[str]) -> set[str]:
    """Return those of the message ids that need no sending: they went out, are tried again by a sweep, or were held."""
    return {item.id for item in records_of(ids)}


def records_of(ids: Collection[str]) -> list[NotificationItem]:
    """Return the records that there are of these message ids, in no order."""
    if not ids:
        return []
    with store_errors():
        return list(NotificationItem.batch_get(list(ids), consistent_read=True))


def record_of(message_id: str) -> NotificationItem | None:
    """Return the record of one message, or None."""
    return NotificationItem.find(message_id)


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


# ------------------------------------------------------------------------------------------------ SMS to reporters


def outgoing_id(record: NotificationItem) -> str:
    """Return the id under which it goes out now: the same at each try, until a carrier did not deliver it."""
    undelivered = int(record.undelivered or 0)
    return f"{record.id}.{undelivered + 1}" if undelivered else record.id


def read_outgoing_id(outgoing: str) -> tuple[str, int] | None:
    """Return the message's own id, and how often it had not been delivered when it went out under this one; None for
    what is no message to a reporter."""
    found = re.fullmatch(_TO_REPORTER, outgoing)
    return (found[1], int(found[2] or 1) - 1) if found else None


def settle(message_id: str, carrier_id: str, state: str) -> bool:
    """Write down what became of the SMS that the carrier has under that id: `delivered`, or `owed` since it was not;
    False when that is written already, or it is another one by now."""
    is_as_sent = (NotificationItem.carrier_id == carrier_id) & NotificationItem.state.does_not_exist()
    actions: list[Action] = [NotificationItem.state.set(state)]
    if state == "owed":
        actions.append(NotificationItem.undelivered.add(1))
    with store_errors():
        try:
            NotificationItem(message_id).update(actions=actions, condition=is_as_sent)
        except UpdateError as error:
            if not is_refused(error):
                raise
            return False
    return True
