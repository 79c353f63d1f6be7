"""What is owed to somebody and was not sent yet: single things first, then the messages that a sweep made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import uuid4

import msgspec
from pynamodb.exceptions import DeleteError, PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.tables import WIRE, RegistryItem, instant, is_cancelled, is_refused, store_errors
from chalicelib.domain.owed import Message, Owed
from chalicelib.domain.values import dataclass

_ROWS: Final = "owed"
_MESSAGES: Final = "message"
_ROW: Final = msgspec.json.Decoder(Owed)
_MESSAGE: Final = msgspec.json.Decoder(Message)


def item_of(owed: Owed) -> RegistryItem:
    """Return the item of one thing that is owed."""
    return RegistryItem(pk=_ROWS, sk=owed.id, value=msgspec.json.encode(owed).decode())


def all_owed() -> list[Owed]:
    """Return what is owed and in no message yet."""
    with store_errors():
        return [_ROW.decode(item.value) for item in RegistryItem.query(_ROWS, consistent_read=True)]


def messages() -> list[Message]:
    """Return the messages that were made and not sent yet."""
    with store_errors():
        return [_MESSAGE.decode(item.value) for item in RegistryItem.query(_MESSAGES, consistent_read=True)]


def keep_messages(made: Sequence[Message], rows: Sequence[Owed]) -> None:
    """Keep the messages first, then forget the single things that are in them: a crash between the two leaves both,
    and what is in a message is known by it."""
    with store_errors():
        with RegistryItem.batch_write() as batch:
            for message in made:
                value = msgspec.json.encode(message).decode()
                batch.save(RegistryItem(pk=_MESSAGES, sk=message.id, value=value))
        with RegistryItem.batch_write() as batch:
            for row in rows:
                batch.delete(item_of(row))


def forget_message(message: Message) -> None:
    """It was sent, and that is written down."""
    with store_errors():
        RegistryItem(_MESSAGES, message.id).delete()


# ------------------------------------------------------------------------------------------------ once a day


@dataclass(frozen=True, slots=True)
class Day:
    """What was owed of a day already, by id; `is_done` when that is all."""

    on: date
    ids: tuple[str, ...] = ()
    is_done: bool = False


_DAY: Final = msgspec.json.Decoder(Day)
_AT_ONCE: Final = 50  # of at most 100 items that a transaction takes


def day_of(on: date) -> Day:
    """Return what was owed of that day."""
    item = RegistryItem.find("sweep", f"day#{on}")
    return _DAY.decode(item.value) if item else Day(on)


def owe_of_day(day: Day, rows: Sequence[Owed]) -> Day | None:
    """Owe what is not owed of the day yet, each row in one transaction with the day's mark: no row a second time, also
    when the first was sent meanwhile. None when somebody else does it at the same time: what they leave is still to
    be owed."""
    left = [row for row in rows if row.id not in day.ids]
    for begin in range(0, len(left), _AT_ONCE):
        some = left[begin : begin + _AT_ONCE]
        after = Day(day.on, (*day.ids, *(row.id for row in some)))
        if not _mark(day, after, some):
            return None
        day = after
    return day


def end_day(day: Day) -> None:
    """All of that day is owed; the mark need not name it any more."""
    _mark(day, Day(day.on, is_done=True))


def _mark(before: Day, after: Day, rows: Sequence[Owed] = ()) -> bool:
    """Write the mark of a day, which must be as it was read, together with what is owed."""
    item = RegistryItem("sweep", f"day#{after.on}", value=msgspec.json.encode(after).decode())
    as_read = RegistryItem.value == msgspec.json.encode(before).decode()
    with store_errors():
        try:
            with TransactWrite(connection=WIRE) as transaction:
                transaction.save(item, condition=as_read if before.ids else RegistryItem.pk.does_not_exist())
                for row in rows:
                    transaction.save(item_of(row))
        except TransactWriteError as error:
            if not is_cancelled(error):
                raise
            return False
    return True


# ------------------------------------------------------------------------------------------------ one at a time


def take_turn(name: str, now: datetime, lease: timedelta) -> str | None:
    """Return what gives the turn back, when nobody else is sending: until then or the lease's end nobody else will.
    None when somebody else has the turn."""
    mine = f"{instant(now + lease)}#{uuid4()}"
    free = RegistryItem.pk.does_not_exist() | (RegistryItem.value < instant(now)) | (RegistryItem.value == mine)
    with store_errors():
        try:
            RegistryItem("turn", name, value=mine).save(condition=free)
        except PutError as error:
            if not is_refused(error):
                raise
            return None
    return mine


def give_turn_back(name: str, mine: str) -> None:
    """Let the next one send, unless the turn has gone to somebody else already."""
    with store_errors():
        try:
            RegistryItem("turn", name).delete(condition=RegistryItem.value == mine)
        except DeleteError as error:
            if not is_refused(error):
                raise
