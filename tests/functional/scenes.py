"""Complaints of any age, cities of any age, and what the database was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.client import BaseClient

from chalicelib.adapters.tables import PREFIX, RegistryItem, instant
from chalicelib.api import lists
from chalicelib.domain.complaint import Complaint, Filing
from chalicelib.workflows import filing

LAMP = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"  # dpuprpkp, pju
HOLE = "Jalan berlubang di Jl. Veteran, aspal rusak parah"  # dpuprpkp, jalan
PARKING = "Parkir liar depan Pasar Besar, jukir tidak memberi karcis"  # dishub, parkir
UNCLEAR = "Mohon bantuannya pak wali, sudah lama sekali"  # nobody's: the admin's queue


def wall_clock() -> datetime:
    """Return now in whole milliseconds."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def filed(text: str = LAMP, at: datetime | None = None, **given: Any) -> Complaint:
    """File a complaint as of `at`; `given` are fields of the filing, and name, phone, email of the reporter."""
    who = filing.Reporter(**{name: given.pop(name) for name in ("name", "phone", "email") if name in given})
    brought = Filing(text=text, channel=given.pop("channel", "web"), **given)
    return filing.submit_complaint(brought, who, at or wall_clock()).complaint


def opened(on: datetime) -> None:
    """Let the service have begun on that day."""
    RegistryItem(pk="service", sk="opened", value=instant(on)).save()
    lists._FIRST_DAY.clear()


@dataclass(frozen=True)
class Call:
    """One request to AWS."""

    operation: str
    table: str
    params: dict[str, Any]


@contextmanager
def watched_calls(
    before: Callable[[Call], None] = lambda call: None, after: Callable[[Call], None] = lambda call: None
) -> Iterator[list[Call]]:
    """Yield the growing list of requests to AWS, whoever makes them; `before` and `after` are called around each."""
    calls: list[Call] = []
    real = BaseClient._make_api_call

    def watched(client: Any, operation: str, params: dict[str, Any]) -> Any:
        call = Call(operation, str(params.get("TableName", "")).removeprefix(PREFIX), params)
        before(call)
        calls.append(call)
        try:
            return real(client, operation, params)
        finally:
            after(call)

    BaseClient._make_api_call = watched
    try:
        yield calls
    finally:
        BaseClient._make_api_call = real
