"""What DynamoDB charges: requests and units of everything this process asks of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from botocore.client import BaseClient
from botocore.exceptions import ClientError

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
        try:
            answer = original(client, operation, {**params, "ReturnConsumedCapacity": "INDEXES"})
        except ClientError as error:
            if error.response["Error"].get("Code") == "ConditionalCheckFailedException":
                cost.requests += 1
                cost.writes += _refused(error.response)
            raise
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


def _refused(response: Mapping[str, Any]) -> float:
    """Return what a write costs that its condition refused: as much as the item that is there is long, where the
    answer shows it, else one unit."""
    return max(1, math.ceil(size_of(response.get("Item", {})) / 1024))


def size_of(item: Mapping[str, Any]) -> int:
    """Return the bytes that DynamoDB counts for an item."""

    def of(value: dict[str, Any]) -> int:
        [(kind, held)] = value.items()
        match kind:
            case "S":
                return len(held.encode())
            case "N":
                return (len(held.lstrip("-").replace(".", "").strip("0")) + 1) // 2 + 1
            case "BOOL" | "NULL":
                return 1
            case "L":
                return 3 + sum(1 + of(one) for one in held)
        raise ValueError(kind)

    return sum(len(name.encode()) + of(value) for name, value in item.items())


def _units(table: Mapping[str, Any], *, transaction: bool) -> float:
    """Return a table's units; AWS counts an index write inside a transaction once, DynamoDB Local twice."""
    indexes = sum(float(one["CapacityUnits"]) for one in table.get("GlobalSecondaryIndexes", {}).values())
    own = float(table.get("Table", {}).get("CapacityUnits", table["CapacityUnits"] - indexes))
    return own + (indexes / 2 if transaction else indexes)
