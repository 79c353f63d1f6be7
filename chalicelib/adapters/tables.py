"""The six tables as PynamoDB items. Names carry SAMBAT_TABLE_PREFIX; infra/resources.yaml defines keys and indexes.

Instants inside keys are UTC, fixed width, milliseconds, so that they sort as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Self, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
)
from pynamodb.connection import Connection, TableConnection
from pynamodb.exceptions import DoesNotExist, PutError, PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.settings import current

ItemT = TypeVar("ItemT", bound=Model)

PREFIX: Final = current().table_prefix
SCHEMA: Final = 2  # written into every complaint; a reader knows the one before, too


class StoreUnavailable(Exception):
    """The database did not do what it was asked, and not by a condition of ours: the caller may try again."""


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn every database fault into StoreUnavailable."""
    try:
        yield
    except (PynamoDBException, BotoCoreError) as error:
        raise StoreUnavailable(type(error).__name__) from error


def is_refused(error: PynamoDBException) -> bool:
    """Say whether a condition of ours refused the write; of a time-out nobody knows (PynamoDB fails when asked)."""
    return _code(error) == "ConditionalCheckFailedException"


def is_in_conflict(error: PynamoDBException) -> bool:
    """Say whether the write met a transaction on the same item: nothing was written, and it may be tried anew."""
    return _code(error) == "TransactionConflictException"


def is_cancelled(error: TransactWriteError) -> bool:
    """Say whether a transaction was refused by a condition of ours or met another one: nothing was written."""
    reasons = {reason.code for reason in error.cancellation_reasons if reason}
    return bool(reasons) and reasons <= {"ConditionalCheckFailed", "TransactionConflict", "None"}


def _code(error: PynamoDBException) -> str:
    return str(error.cause.response["Error"].get("Code")) if isinstance(error.cause, ClientError) else ""


def instant(at: datetime) -> str:
    """Return the sortable text of an instant."""
    return f"{at.astimezone(UTC).isoformat(timespec='milliseconds')[:23]}Z"


def from_instant(text: str) -> datetime:
    """Return the instant at the front of a key."""
    return datetime.fromisoformat(text[:24])


class _Wire(Connection):
    """A lighter botocore client: a third of a request's CPU went into what is the same for each of them."""

    @property
    def session(self) -> Any:  # noqa: ANN401  botocore has no types
        session = super().session
        session.set_default_client_config(Config(user_agent="sambat"))  # its own is made of thirty parts, twice
        return session

    @property
    def client(self) -> Any:  # noqa: ANN401
        client = super().client
        client._ruleset_resolver = None  # one region, one endpoint: the client's own, found when it was made
        return client


# A request waits 3 seconds for a connection or 6 for an answer, its three tries together; with pauses at most 9. A view
# makes several in its Lambda's 25, of which PynamoDB's own 30 seconds a try would leave none; a healthy table answers
# within milliseconds. To try again is safe: a write whose answer was lost is known again by what it wrote.
WIRE: Final = _Wire(connect_timeout_seconds=1, read_timeout_seconds=2, max_retry_attempts=2)


class Item(Model):
    """An item of any of the tables: all share one client, for building one costs as much as a hundred requests."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        if table.connection is not WIRE:
            WIRE.add_meta_table(table.get_meta_table())
            table.connection = WIRE
        return table

    @classmethod
    def find(cls, hash_key: str, range_key: str | int | None = None, *, consistent: bool = True) -> Self | None:
        """Return the item of this key, or None."""
        with store_errors():
            try:
                return cls.get(hash_key, range_key, consistent_read=consistent)
            except DoesNotExist:
                return None

    def claim(self, free: Condition) -> Self:
        """Save it where its place is free; return what is stored there then: itself, or what was first. For an item
        of hash and range key `pk` and `sk`."""
        with store_errors():
            try:
                self.save(condition=free)
            except PutError as error:
                if not is_refused(error):
                    raise
                return type(self).get(self.pk, self.sk, consistent_read=True)  # type: ignore[attr-defined]
        return self

    @classmethod
    def put(cls, values: Mapping[str, Any], condition: Condition) -> None:
        """Put an item of plain values, one of them its hash key: as `save`, at half of its CPU."""
        table = cls._get_connection()
        attributes = {name: typed(value) for name, value in values.items()}
        table.put_item(values[table.get_meta_table().hash_keyname], attributes=attributes, condition=condition)


def typed(value: str | float | list[str]) -> dict[str, Any]:
    """Return a plain value as DynamoDB writes it."""
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"L": [{"S": one} for one in value]} if isinstance(value, list) else {"N": repr(value)}


class _ByMonth(GlobalSecondaryIndex["ComplaintItem"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_month"
        projection = KeysOnlyProjection()

    month = UnicodeAttribute(hash_key=True)
    received = UnicodeAttribute(range_key=True)


class _ByOpd(GlobalSecondaryIndex["ComplaintItem"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_opd"
        projection = KeysOnlyProjection()

    opd = UnicodeAttribute(hash_key=True)
    received = UnicodeAttribute(range_key=True)


class _Desk(GlobalSecondaryIndex["ComplaintItem"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "desk"
        projection = KeysOnlyProjection()

    desk = UnicodeAttribute(hash_key=True)
    desk_due = UnicodeAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["ComplaintItem"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_bucket = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class ComplaintItem(Item):
    """One complaint with its timeline (a list of JSON entries, append-only) and its index keys.

    `month`+`received`: the admin's list. `opd`+`received`: one OPD's. `desk`+`desk_due`: what somebody owes next, only
    while open. `due_bucket`+`due_at`: when the sweep must look at it, only while something can still run out.
    """

    class Meta:
        table_name = f"{PREFIX}complaints"

    ticket = UnicodeAttribute(hash_key=True)
    schema = NumberAttribute(default=SCHEMA)
    fingerprint = UnicodeAttribute()
    status = UnicodeAttribute()
    kind = UnicodeAttribute()
    channel = UnicodeAttribute()
    text = UnicodeAttribute()
    verify_due = UnicodeAttribute()
    finish_due = UnicodeAttribute()
    answer_due = UnicodeAttribute(null=True)
    category = UnicodeAttribute(null=True)
    opd = UnicodeAttribute(null=True)
    division = UnicodeAttribute(null=True)
    suggestion = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)
    lat = NumberAttribute(null=True)
    long = NumberAttribute(null=True)
    photos = ListAttribute[Any](of=UnicodeAttribute, null=True)
    anonymous = BooleanAttribute(null=True)
    confidential = BooleanAttribute(null=True)
    checked = BooleanAttribute(null=True)
    provisional = BooleanAttribute(null=True)
    incomplete = BooleanAttribute(null=True)
    clock = NumberAttribute(null=True)
    rung = UnicodeAttribute(null=True)
    escalations = NumberAttribute(null=True)
    rung_due = UnicodeAttribute(null=True)
    window_until = UnicodeAttribute(null=True)
    merged_into = UnicodeAttribute(null=True)
    timeline = ListAttribute[Any](of=UnicodeAttribute)
    month = UnicodeAttribute()
    received = UnicodeAttribute()
    desk = UnicodeAttribute(null=True)
    desk_due = UnicodeAttribute(null=True)
    due_bucket = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)

    by_month = _ByMonth()
    by_opd = _ByOpd()
    desk_index = _Desk()
    due_index = _Due()


class _ByPhone(GlobalSecondaryIndex["ReporterItem"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_phone"
        projection = KeysOnlyProjection()

    phone_key = UnicodeAttribute(hash_key=True)
    filed = UnicodeAttribute(range_key=True)


class ReporterItem(Item):
    """Who filed it, alone in this table: erasing a person is deleting this one item.

    `phone_key` is a keyed HMAC of the number, `filed` when that number filed it ("own#instant#ticket", or "typed#..."
    where it is not proven); `provider` the SMS provider by which the complaint came.
    """

    class Meta:
        table_name = f"{PREFIX}reporters"

    ticket = UnicodeAttribute(hash_key=True)
    fingerprint = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    phone_key = UnicodeAttribute(null=True)
    filed = UnicodeAttribute(null=True)
    provider = UnicodeAttribute(null=True)

    by_phone = _ByPhone()


class _Ledger(GlobalSecondaryIndex["EscalationItem"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "ledger"
        projection = AllProjection()

    ledger = UnicodeAttribute(hash_key=True)
    recorded = UnicodeAttribute(range_key=True)


class _EscalationsByOpd(GlobalSecondaryIndex["EscalationItem"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_opd"
        projection = AllProjection()

    opd = UnicodeAttribute(hash_key=True)
    recorded = UnicodeAttribute(range_key=True)


class EscalationItem(Item):
    """One deadline that passed. `ledger` is the same for all of a city: few are written, and read newest first."""

    class Meta:
        table_name = f"{PREFIX}escalations"

    ticket = UnicodeAttribute(hash_key=True)
    n = NumberAttribute(range_key=True)
    ledger = UnicodeAttribute(default="city")
    clock = NumberAttribute()
    rung = UnicodeAttribute()
    opd = UnicodeAttribute()
    division = UnicodeAttribute()
    deadline = UnicodeAttribute()
    recorded = UnicodeAttribute()
    written_at = UnicodeAttribute()
    state = UnicodeAttribute(default="recorded")

    by_ledger = _Ledger()
    by_opd = _EscalationsByOpd()


class NotificationItem(Item):
    """One message: no address and no text, only that it went out. `carrier_id` is the carrier's own id.

    Of an SMS also the `provider`, what it took in `segments`, the `attempts` (1 where there is none), how many of them
    a carrier took and left `undelivered`, and its `state`: none once the carrier has it, then `delivered`; `owed` while
    it is tried again, `held` when the day's caps were reached, `unwanted` after BERHENTI, `failed` when given up.
    """

    class Meta:
        table_name = f"{PREFIX}notifications"

    id = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute()
    via = UnicodeAttribute()
    about = UnicodeAttribute()
    opd = UnicodeAttribute(null=True)
    tickets = ListAttribute[Any](of=UnicodeAttribute)
    carrier_id = UnicodeAttribute()
    provider = UnicodeAttribute(null=True)
    segments = NumberAttribute(null=True)
    attempts = NumberAttribute(null=True)
    undelivered = NumberAttribute(null=True)
    state = UnicodeAttribute(null=True)
    expires_at = TTLAttribute()


class IntakeItem(Item):
    """What the doors must remember for a while: claims, parts of long messages, quarantine, SMS still owed, how many a
    number got today, who wants none."""

    class Meta:
        table_name = f"{PREFIX}intake"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    at = UnicodeAttribute()
    value = UnicodeAttribute(null=True)
    n = NumberAttribute(null=True)
    expires_at = TTLAttribute(null=True)


class RegistryItem(Item):
    """What the city sets and the service remembers: one item for each OPD, the sweep's watermark, the first day."""

    class Meta:
        table_name = f"{PREFIX}registry"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    value = UnicodeAttribute()


def keys_between(
    index: GlobalSecondaryIndex[ItemT],
    partition: str,
    key: UnicodeAttribute,
    low: str,
    high: str,
    limit: int,
    *,
    newest_first: bool = False,
) -> list[ItemT]:
    """Return at most `limit` rows of an index's partition whose range key lies within [low, high), in its order."""
    if low >= high:
        return []
    with store_errors():
        rows = index.query(partition, key.between(low, high), scan_index_forward=not newest_first, limit=limit + 1)
        inside = [row for row in rows if getattr(row, key.attr_name) < high]
    return inside[:limit]
