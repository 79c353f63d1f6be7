"""What the city sets (its OPDs) and the service remembers (the sweep's watermark, its first day)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.condition import Condition

from chalicelib.adapters.tables import RegistryItem, from_instant, instant, is_refused, store_errors

_LONGEST_KEY: Final = 1024  # bytes; DynamoDB refuses to look for a longer one


def opds() -> list[dict[str, object]]:
    """Return every OPD of the city, by code."""
    with store_errors():
        return [msgspec.json.decode(row.value) for row in RegistryItem.query("opd")]


def opd_of(code: str) -> dict[str, object] | None:
    """Return one OPD, or None."""
    if len(code.encode("utf-8", "replace")) > _LONGEST_KEY:
        return None
    found: dict[str, object] | None = _json_of("opd", code)
    return found


def put_opd(opd: dict[str, object], *, only_new: bool = False) -> bool:
    """Store an OPD; False when `only_new` and it is there already."""
    item = RegistryItem(pk="opd", sk=str(opd["code"]), value=msgspec.json.encode(opd).decode())
    with store_errors():
        try:
            item.save(condition=RegistryItem.pk.does_not_exist() if only_new else None)
        except PutError as error:
            if not is_refused(error):
                raise
            return False
    return True


def remember_first_day(now: datetime) -> datetime:
    """Return when the service began in this city, which is now when it has not yet: no list looks further back."""
    item = RegistryItem(pk="service", sk="opened", value=instant(now))
    with store_errors():
        try:
            item.save(condition=RegistryItem.pk.does_not_exist())
        except PutError as error:
            if not is_refused(error):
                raise
            return from_instant(RegistryItem.get("service", "opened", consistent_read=True).value)
    return now


def holidays() -> dict[str, dict[str, str]] | None:
    """Return the table of holidays {year: {ISO date: name}} that the admin set, or None."""
    table: dict[str, dict[str, str]] | None = _json_of("holidays", "table")
    return table


def put_holidays(table: Mapping[str, Mapping[str, str]]) -> None:
    """Keep the table of holidays."""
    with store_errors():
        RegistryItem(pk="holidays", sk="table", value=msgspec.json.encode(table).decode()).save()


def change_of_holidays() -> dict[str, Any] | None:
    """Return the change of the table whose deadlines are still being moved, or None."""
    change: dict[str, Any] | None = _json_of("holidays", "change")
    return change


def note_change_of_holidays(change: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    """Note how far a change of the table is; False when what is noted is not as it was read `before`."""
    item = RegistryItem(pk="holidays", sk="change", value=msgspec.json.encode(change).decode())
    as_read: Condition = RegistryItem.pk.does_not_exist()
    if before is not None:
        as_read = RegistryItem.value == msgspec.json.encode(before).decode()
    with store_errors():
        try:
            item.save(condition=as_read | (RegistryItem.value == item.value))
        except PutError as error:
            if not is_refused(error):
                raise
            return False
    return True


def end_change_of_holidays() -> None:
    """Every deadline that moves has moved."""
    with store_errors():
        RegistryItem("holidays", "change").delete()


def _json_of(pk: str, sk: str) -> Any:  # noqa: ANN401  whatever was kept there
    item = RegistryItem.find(pk, sk)
    return msgspec.json.decode(item.value) if item else None


def watermark() -> datetime | None:
    """Return how far the sweep has read the deadline index, or None before the first sweep."""
    item = RegistryItem.find("sweep", "watermark")
    return from_instant(item.value) if item else None


def advance_watermark(seen: datetime | None, to: datetime) -> bool:
    """Move the watermark forward, unless somebody moved it since `seen` was read; say whether it moved."""
    item = RegistryItem(pk="sweep", sk="watermark", value=instant(to))
    condition = RegistryItem.pk.does_not_exist() if seen is None else RegistryItem.value == instant(seen)
    with store_errors():
        try:
            item.save(condition=condition)
        except PutError as error:
            if not is_refused(error):
                raise
            return False
    return True


def pull_back_watermark(to: datetime) -> None:
    """A deadline is about to be set behind the watermark: let the next sweep read from there."""
    item = RegistryItem("sweep", "watermark")
    with store_errors():
        try:
            item.update(
                actions=[RegistryItem.value.set(instant(to))],
                condition=RegistryItem.pk.exists() & (RegistryItem.value > instant(to)),
            )
        except UpdateError as error:
            if not is_refused(error):
                raise
