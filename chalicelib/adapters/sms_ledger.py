"""SMS that go out: how many today and this month, and which are still to be tried.

The counts are for caps and cost, of what a carrier took: an update whose answer was lost may count one SMS twice.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.models import Model

from chalicelib.adapters.statistics import StatisticsItem
from chalicelib.adapters.tables import IntakeItem, instant, is_refused, store_errors

METRICS: Final = ("messages", "segments", "held", "delivered", "failed", "emailed")
_OWED: Final = "sms-owed"
_KEEP: Final = timedelta(days=30)


# ------------------------------------------------------------------------------------------------ caps and counts


def reserve(phone_key: str, segments: int, now: datetime, on: date, most: tuple[int, int]) -> bool:
    """Count one SMS of so many segments to this number on that day of the city; False, and it counts as held, when the
    number or the city had its `most` (to a number, in all) that day."""
    per_number, per_day = most
    number = _number(phone_key, on)
    expires = IntakeItem.expires_at.set(now + timedelta(days=2))
    had_few = IntakeItem.n.does_not_exist() | (IntakeItem.n < per_number)
    if not _added(number, [IntakeItem.n.add(1), expires], had_few):
        return _hold(on)
    few: Condition = Path("messages").does_not_exist() | (Path("messages") < per_day)
    if not _added(_day(on), [Path("messages").add(1), Path("segments").add(segments)], few):
        return _hold(on)
    return True


def give_back(phone_key: str, segments: int, on: date) -> None:
    """An SMS that was counted was taken by nobody."""
    _added(_number(phone_key, on), [IntakeItem.n.add(-1)])
    _added(_day(on), [Path("messages").add(-1), Path("segments").add(-segments)])


def _number(phone_key: str, on: date) -> IntakeItem:
    return IntakeItem(f"sms#{on}#{phone_key}", "-")


def _hold(on: date) -> bool:
    count("held", on)
    return False


def _day(on: date) -> StatisticsItem:
    return StatisticsItem(f"sms#{on:%Y-%m}", f"{on:%d}")


def _added(item: Model, actions: list, condition: Condition | None = None) -> bool:  # type: ignore[type-arg]
    with store_errors():
        try:
            item.update(actions=actions, condition=condition)
        except UpdateError as error:
            if not is_refused(error):
                raise
            return False
    return True


def count(metric: str, on: date) -> None:
    """Count one more of METRICS on that day of the city."""
    _added(_day(on), [Path(metric).add(1)])


def month(period: str) -> dict[str, int]:
    """Return a month's counts ("2026-11") of all METRICS."""
    total: Counter[str] = Counter(dict.fromkeys(METRICS, 0))
    table = StatisticsItem._get_connection()
    with store_errors():
        for item in table.query(f"sms#{period}")["Items"]:
            total.update({name: int(value["N"]) for name, value in item.items() if "N" in value})
    return dict(total)


# ------------------------------------------------------------------------------------------------ still to be sent


class OwedSms(msgspec.Struct, frozen=True):
    """An SMS that a carrier did not take or deliver: the id of its notice, whose complaint it is, how often it was
    tried. Its words and its number are found where they stand."""

    id: str
    ticket: str
    attempts: int


_ROW: Final = msgspec.json.Decoder(OwedSms)


def owe(row: OwedSms, due_at: datetime) -> None:
    """Keep it until it is due."""
    with store_errors():
        IntakeItem(
            pk=_OWED, sk=f"{instant(due_at)}#{row.id}", at=instant(due_at),
            value=msgspec.json.encode(row).decode(), expires_at=due_at + _KEEP,
        ).save()  # fmt: skip


def due(now: datetime, most: int) -> list[tuple[str, OwedSms]]:
    """Return at most so many that are due, the oldest first, each with the key to `forget` it by."""
    with store_errors():
        rows = IntakeItem.query(_OWED, IntakeItem.sk < instant(now) + "$", consistent_read=True, limit=most)
        return [(row.sk, _ROW.decode(str(row.value))) for row in rows]


def forget(key: str) -> None:
    """It went out, was given up, or is owed at another time."""
    with store_errors():
        IntakeItem(_OWED, key).delete()
