"""What the city sets (its OPDs) and the service remembers (the sweep's watermark, its first day)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from pynamodb.exceptions import DoesNotExist, PutError, UpdateError

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
    with store_errors():
        try:
            return msgspec.json.decode(RegistryItem.get("opd", code, consistent_read=True).value)  # type: ignore[no-any-return]
        except DoesNotExist:
            return None


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


def watermark() -> datetime | None:
    """Return how far the sweep has read the deadline index, or None before the first sweep."""
    with store_errors():
        try:
            return from_instant(RegistryItem.get("sweep", "watermark", consistent_read=True).value)
        except DoesNotExist:
            return None


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
