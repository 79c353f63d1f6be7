"""The standings of divisions: what was done to each (acts, never changed), and how each stands by now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.owed import item_of
from chalicelib.adapters.tables import WIRE, RegistryItem, is_cancelled, store_errors
from chalicelib.domain.owed import Owed
from chalicelib.domain.standing import Act, Standing
from chalicelib.domain.values import dataclass

_STANDING: Final = "standing"
_NEWS: Final = "news"
_WEIGHT: Final = 9  # digits in front of what is kept
_ENCODER: Final = msgspec.json.Encoder()
_ACT_DECODER: Final = msgspec.json.Decoder(Act)
_STANDING_DECODER: Final = msgspec.json.Decoder(Standing)


@dataclass(frozen=True, slots=True)
class News:
    """A division's record has grown, by what, and of an escalation which one: how it stands is to be kept anew."""

    opd: str
    division: str
    what: str
    ticket: str = ""
    n: int = 0


_NEWS_DECODER: Final = msgspec.json.Decoder(News)


def item_of_news(news: News) -> RegistryItem:
    """Return the item of one piece of news; it is written in one transaction with what it is about."""
    key = f"{news.opd}/{news.division}#{news.what}"
    return RegistryItem(pk=_NEWS, sk=key, value=_ENCODER.encode(news).decode())


def all_news() -> list[News]:
    """Return the news by which a standing was not kept yet, or which nobody has forgotten since."""
    with store_errors():
        return [_NEWS_DECODER.decode(row.value) for row in RegistryItem.query(_NEWS, consistent_read=True)]


def forget_news(known: Collection[News]) -> None:
    """The standings are kept by these; what came meanwhile stays news."""
    if not known:
        return
    with store_errors(), RegistryItem.batch_write() as batch:
        for news in known:
            batch.delete(item_of_news(news))


def all_standings() -> dict[tuple[str, str], Standing]:
    """Return how every division stands of which anything was ever recorded, by (OPD, division)."""
    with store_errors():
        rows = RegistryItem.query(_STANDING, consistent_read=True)
        return {_division(row.sk): _STANDING_DECODER.decode(row.value[_WEIGHT:]) for row in rows}


@dataclass(frozen=True, slots=True)
class Kept:
    """How a division stood when it was last kept, by a record of that weight; `value` is the item's own."""

    standing: Standing
    weight: int
    value: str


def kept_of(opd: str, division: str) -> Kept | None:
    """Return how a division is kept, or None."""
    item = RegistryItem.find(_STANDING, f"{opd}/{division}")
    if item is None:
        return None
    return Kept(_STANDING_DECODER.decode(item.value[_WEIGHT:]), int(item.value[:_WEIGHT]), item.value)


def put_standing(
    opd: str, division: str, standing: Standing, weight: int, before: Kept | None, owed: Sequence[Owed]
) -> bool:
    """Keep how a division stands, and what is owed of that, together; False when it is not kept as it was `before`."""
    value = f"{weight:0{_WEIGHT}d}{_ENCODER.encode(standing).decode()}"
    unchanged = RegistryItem.value == before.value if before else RegistryItem.pk.does_not_exist()
    with store_errors():
        try:
            with TransactWrite(connection=WIRE) as transaction:
                item = RegistryItem(pk=_STANDING, sk=f"{opd}/{division}", value=value)
                transaction.save(item, condition=unchanged)
                for one in owed:
                    transaction.save(item_of(one))
        except TransactWriteError as error:
            if not is_cancelled(error):
                raise
            now = kept_of(opd, division)
            return now is not None and now.value == value
    return True


def acts_of(opd: str, division: str) -> list[Act]:
    """Return all that was done to a division's standing, in its order."""
    with store_errors():
        return [
            _ACT_DECODER.decode(row.value) for row in RegistryItem.query(_acts(opd, division), consistent_read=True)
        ]


def record_act(opd: str, division: str, act: Act, owed: Sequence[Owed]) -> bool:
    """Write an act, and what is owed of it, unless another act has its number: of two at once, one is first."""
    item = RegistryItem(pk=_acts(opd, division), sk=f"{act.n:06d}", value=_ENCODER.encode(act).decode())
    with store_errors():
        try:
            with TransactWrite(connection=WIRE) as transaction:
                transaction.save(item, condition=RegistryItem.pk.does_not_exist())
                transaction.save(item_of_news(News(opd, division, f"act#{act.n:06d}")))
                for one in owed:
                    transaction.save(item_of(one))
        except TransactWriteError as error:
            if not is_cancelled(error):
                raise
            return act in acts_of(opd, division)
    return True


def _acts(opd: str, division: str) -> str:
    return f"act#{opd}/{division}"


def _division(key: str) -> tuple[str, str]:
    opd, _, division = key.partition("/")
    return opd, division
