"""The counters of the statistics in DynamoDB, and which entries of which complaint they hold already.

A cell is an item of its month whose metrics are numbers. A chunk says, for the complaints of one hour and shard, how
many entries of each timeline are counted. Both change in one transaction on condition that the chunk is as it was
read, so nothing is counted twice and nothing is lost, however often and in whatever order a stream brings it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from typing import Any, Final
from zlib import crc32

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.adapters.tables import PREFIX, WIRE, Item, instant, is_cancelled, store_errors
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.tally import Cell, Tally
from chalicelib.domain.values import dataclass

MOST_ITEMS: Final = 100  # of one transaction
SHARDS: Final = 4  # of an hour: a chunk stays small also on the city's worst day


class StatisticsItem(Item):
    """A chunk (pk "counted#hour#shard": value, seq) or a cell (pk month, sk "opd/division#kind#channel": metrics)."""

    class Meta:
        table_name = f"{PREFIX}statistics"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    value = UnicodeAttribute(null=True)
    seq = NumberAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Chunk:
    """How many entries are counted, by ticket; `seq` is how often it was written, 0 = never yet."""

    key: str
    seq: int = 0
    entries: Mapping[str, int] = field(default_factory=dict)

    def after(self, entries: Mapping[str, int]) -> Chunk:
        """Return the chunk when these are counted too."""
        return Chunk(self.key, self.seq + 1, {**self.entries, **entries})


def chunk_of(complaint: Complaint) -> str:
    """Return the key of the chunk in which a complaint stands all its life."""
    return f"counted#{instant(complaint.received_at)[:13]}#{crc32(complaint.ticket.encode()) % SHARDS}"


def chunks(keys: Collection[str]) -> dict[str, Chunk]:
    """Return the chunks of these keys, as they are now."""
    found = {key: Chunk(key) for key in keys}
    with store_errors():
        for item in StatisticsItem.batch_get([(key, "-") for key in sorted(keys)], consistent_read=True):
            found[item.pk] = Chunk(item.pk, int(item.seq or 0), _entries(item.value or ""))
    return found


def record(changed: Sequence[Chunk], tally: Tally) -> bool:
    """Add a tally to its cells and write the chunks, together; False, and nothing is written, when one of the chunks
    was written meanwhile or a cell is being written. At most MOST_ITEMS chunks and cells."""
    with store_errors():
        try:
            with TransactWrite(connection=WIRE) as transaction:
                for chunk in changed:
                    is_as_read = StatisticsItem.seq == chunk.seq - 1
                    condition = is_as_read if chunk.seq > 1 else StatisticsItem.pk.does_not_exist()
                    written: list[Action] = [
                        StatisticsItem.value.set(_text(chunk.entries)),
                        StatisticsItem.seq.set(chunk.seq),
                    ]
                    transaction.update(StatisticsItem(chunk.key, "-"), actions=written, condition=condition)
                for cell, metrics in cells(tally).items():
                    item = StatisticsItem(cell.month, f"{cell.opd}/{cell.division}#{cell.kind}#{cell.channel}")
                    transaction.update(item, actions=[Path(name).add(n) for name, n in metrics.items()])
        except TransactWriteError as error:
            if not is_cancelled(error):
                raise
            return False
    return True


_WIDTH: Final = 12  # characters of one complaint in a chunk: its ticket without the hyphen, two digits of base 36
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def _text(entries: Mapping[str, int]) -> str:
    """Return how many entries are counted, by ticket, as few bytes as can be: each batch writes whole chunks."""
    return "".join(f"{ticket.replace('-', '')}{_DIGITS[n // 36]}{_DIGITS[n % 36]}" for ticket, n in entries.items())


def _entries(text: str) -> dict[str, int]:
    rows = (text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH))
    return {f"{row[:5]}-{row[5:10]}": int(row[10:], 36) for row in rows}


def cells(tally: Tally) -> dict[Cell, dict[str, int]]:
    """Return the cells of a tally with their metrics."""
    found: dict[Cell, dict[str, int]] = {}
    for (cell, metric), n in sorted(tally.items()):
        found.setdefault(cell, {})[metric] = n
    return found


def cells_of(month: str, *, consistent: bool = False) -> Tally:
    """Return all that is counted in a month ("2026-11"); the cost is that of its cells, however many complaints."""
    tally: dict[tuple[Cell, str], int] = {}
    after: dict[str, Any] | None = None
    table = StatisticsItem._get_connection()
    with store_errors():
        while True:
            page = table.query(month, consistent_read=consistent, exclusive_start_key=after)
            for item in page["Items"]:
                tally |= _of_item(item)
            after = page.get("LastEvaluatedKey")
            if after is None:
                return tally


def _of_item(item: Mapping[str, Any]) -> Tally:
    where, kind, channel = item["sk"]["S"].rsplit("#", 2)
    opd, _, division = where.partition("/")
    cell = Cell(item["pk"]["S"], opd, division, kind, channel)
    return {(cell, name): int(value["N"]) for name, value in item.items() if "N" in value and value["N"] != "0"}
