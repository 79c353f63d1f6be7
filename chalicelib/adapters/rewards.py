"""Rankings and rewards in DynamoDB: each month's ranking once, each division's reward of a month once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.owed import item_of
from chalicelib.adapters.tables import WIRE, RegistryItem, is_cancelled, store_errors
from chalicelib.domain.owed import Owed
from chalicelib.domain.reward import Award, Ranked

_RANKING: Final = "nomination"
_RANKING_DECODER: Final = msgspec.json.Decoder(list[Ranked])
_AWARD_DECODER: Final = msgspec.json.Decoder(Award)


def ranking_of(period: str) -> list[Ranked]:
    """Return the ranking of a month as it was kept, best first; empty before that."""
    item = RegistryItem.find(_RANKING, period)
    return _RANKING_DECODER.decode(item.value) if item else []


def keep_ranking(period: str, ranked: Sequence[Ranked], owed: Owed) -> bool:
    """Keep a month's ranking, and what is owed of it, unless one is kept already; say whether it was."""
    return _keep_once(RegistryItem(pk=_RANKING, sk=period, value=msgspec.json.encode(ranked).decode()), owed)


def award_of(opd: str, division: str, period: str) -> Award | None:
    """Return what a division was awarded for a month, or None."""
    item = RegistryItem.find(_awards(period), f"{opd}/{division}")
    return _AWARD_DECODER.decode(item.value) if item else None


def awards_of(period: str) -> list[Award]:
    """Return all that was awarded for a month."""
    with store_errors():
        rows = RegistryItem.query(_awards(period), consistent_read=True)
        return [_AWARD_DECODER.decode(row.value) for row in rows]


def keep_award(award: Award, owed: Owed) -> bool:
    """Keep an award, and what is owed of it, unless its division has one for that month; say whether it was kept."""
    key = f"{award.opd}/{award.division}"
    return _keep_once(RegistryItem(_awards(award.period), key, value=msgspec.json.encode(award).decode()), owed)


def _keep_once(item: RegistryItem, owed: Owed) -> bool:
    with store_errors():
        try:
            with TransactWrite(connection=WIRE) as transaction:
                transaction.save(item, condition=RegistryItem.pk.does_not_exist())
                transaction.save(item_of(owed))
        except TransactWriteError as error:
            if not is_cancelled(error):
                raise
            return False
    return True


def _awards(period: str) -> str:
    return f"reward#{period}"
