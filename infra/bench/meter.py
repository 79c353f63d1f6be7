"""What DynamoDB charges: requests and units of everything this process asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from botocore.client import BaseClient

_METERED: Final = frozenset(
    {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
     "TransactWriteItems", "TransactGetItems"}
)  # fmt: skip


@dataclass(slots=True)
class Cost:
    """Requests, write units (index writes among them) and read units."""

    requests: float = 0
    writes: float = 0
    reads: float = 0

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.requests - other.requests, self.writes - other.writes, self.reads - other.reads)

    def __iadd__(self, other: Cost) -> Cost:
        self.requests, self.writes, self.reads = (
            self.requests + other.requests, self.writes + other.writes, self.reads + other.reads
        )  # fmt: skip
        return self

    def each(self, count: int) -> Cost:
        """Return the cost of one of `count`."""
        return Cost(self.requests / count, self.writes / count, self.reads / count)


@contextmanager
def metered() -> Iterator[Cost]:
    """Yield the growing cost of what is asked inside the block, retries left out."""
    cost = Cost()
    original = BaseClient._make_api_call

    def call(client: Any, operation: str, params: dict[str, Any]) -> Any:
        if operation not in _METERED:
            return original(client, operation, params)
        answer = original(client, operation, {**params, "ReturnConsumedCapacity": "INDEXES"})
        cost.requests += 1
        consumed = answer.get("ConsumedCapacity", [])
        for table in consumed if isinstance(consumed, list) else [consumed]:
            units = _units(table, transaction=operation.startswith("Transact"))
            if operation in ("GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"):
                cost.reads += units
            else:
                cost.writes += units
        return answer

    BaseClient._make_api_call = call
    try:
        yield cost
    finally:
        BaseClient._make_api_call = original


def _units(table: Mapping[str, Any], *, transaction: bool) -> float:
    """Return a table's units; AWS counts an index write inside a transaction once, DynamoDB Local twice."""
    indexes = sum(float(one["CapacityUnits"]) for one in table.get("GlobalSecondaryIndexes", {}).values())
    own = float(table.get("Table", {}).get("CapacityUnits", table["CapacityUnits"] - indexes))
    return own + (indexes / 2 if transaction else indexes)
