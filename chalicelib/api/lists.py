"""Lists by cursor: each page reads a bounded number of index rows, so it costs the same however many there are.

Filters that no index knows are applied to what was read; a page may therefore be shorter than its limit, and `next`
alone says whether there is more. A cursor is encrypted: it holds a place in an index, perhaps beside a complaint that
its reader may not see.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chalicelib.adapters import complaints, escalations, registry
from chalicelib.adapters.tables import from_instant, instant
from chalicelib.api import reading
from chalicelib.api.errors import bad_field
from chalicelib.domain.complaint import Complaint, Kind, Status
from chalicelib.domain.keys import keyed
from chalicelib.domain.tally import BOUNDS, tallies
from chalicelib.settings import current

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

RowT = TypeVar("RowT")
Wanted = Callable[[Complaint], bool]
FILTERS: Final = ("opd", "division", "status", "kind", "channel", "from", "to", "overdue")
PUBLIC_FILTERS: Final = ("opd", "division", "category", "status", "kind", "period", "counted")
COUNTED: Final = ("received", "dispatched", "answered", "on_time", "late", "finished", "rated")
_ROWS: Final = 200  # index rows that one page reads at most
_FAR: Final = datetime(9000, 1, 1, tzinfo=UTC)
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


def newest(
    opd: str | None, asked_from: datetime | None, to: datetime | None, cursor: str | None, limit: int, wanted: Wanted,
    now: datetime,
) -> tuple[list[Complaint], str | None]:  # fmt: skip
    """Return a page of complaints by arrival, newest first, of one OPD or of all, within [from, to)."""
    where = f"newest:{opd or ''}"
    after = opened(cursor, where)
    soon, first = now + timedelta(minutes=5), _first_day(now)  # nothing lies outside; no month there is worth a query
    high = min(filter(None, (after, instant(min(to or soon, soon)))))
    low = instant(max(asked_from or first, first))

    def rows(below: str, most: int) -> list[str]:
        if opd is not None:
            return complaints.page_of_opd(opd, low, below, most)
        found: list[str] = []
        month = from_instant(below)
        while len(found) < most and instant(month)[:7] >= low[:7]:
            found += complaints.page_of_month(instant(month)[:7], low, below, most - len(found))
            month = month.replace(day=1) - timedelta(days=1)
        return found

    return _page(rows, lambda key: key, high, limit, wanted, where)


def filtered(asked: dict[str, str], limit: int, now: datetime) -> tuple[list[Complaint], str | None]:
    """Return a page of complaints by the admin's filters (FILTERS, and `cursor`), newest first."""
    status, kind = reading.choice(asked, "status", [*Status]), reading.choice(asked, "kind", [*Kind])
    overdue = reading.choice(asked, "overdue", ("true", "false"))
    division, channel = asked.get("division"), asked.get("channel")

    def wanted(complaint: Complaint) -> bool:
        return (
            status in (None, complaint.status)
            and kind in (None, complaint.kind)
            and division in (None, complaint.division)
            and channel in (None, complaint.channel)
            and overdue in (None, str(complaint.is_overdue(now)).lower())
        )

    since, until = reading.instant_of(asked, "from"), reading.instant_of(asked, "to")
    return newest(asked.get("opd"), since, until, asked.get("cursor"), limit, wanted, now)


def published(asked: dict[str, str], limit: int, now: datetime) -> tuple[list[Complaint], str | None]:
    """Return a page of what the public may read (checked, not confidential) by PUBLIC_FILTERS and `cursor`, newest
    first.

    With `counted`, those that a number of the scoreboard counts; without it, those that arrived in the `period` and are
    with the `division`.
    """
    status, kind = reading.choice(asked, "status", [*Status]), reading.choice(asked, "kind", [*Kind])
    counted, period = reading.choice(asked, "counted", COUNTED), reading.period_of(asked)
    category, division = asked.get("category"), asked.get("division")
    since, until = _span(period) if period else (None, None)

    def wanted(complaint: Complaint) -> bool:
        return (
            complaint.checked
            and not complaint.confidential
            and status in (None, complaint.status)
            and kind in (None, complaint.kind)
            and category in (None, complaint.category)
            and (_is_counted(complaint, counted, asked) if counted else division in (None, complaint.division))
        )

    return newest(asked.get("opd"), None if counted else since, until, asked.get("cursor"), limit, wanted, now)


def _span(period: str) -> tuple[datetime, datetime]:
    """Return the beginning of a month in the city, and its end."""
    first = datetime(int(period[:4]), int(period[5:]), 1, tzinfo=current().zone)
    return first, (first + timedelta(days=31)).replace(day=1)


def _is_counted(complaint: Complaint, name: str, asked: dict[str, str]) -> bool:
    """Say whether a number of the statistics has this complaint in it, for the month, OPD and division asked for."""
    return any(
        n > 0
        and (metric == name or (name == "answered" and metric in _FIRST_ANSWERS))
        and asked.get("period") in (None, cell.month)
        and asked.get("opd") in (None, cell.opd)
        and asked.get("division") in (None, cell.division)
        for (cell, metric), n in tallies(complaint.timeline, complaint.channel, current().zone).items()
    )


_FIRST_ANSWERS: Final = frozenset(f"t{n:02}" for n in range(len(BOUNDS) + 1))


def on_desk(
    desk: str, before: datetime | None, cursor: str | None, limit: int, wanted: Wanted
) -> tuple[list[Complaint], str | None]:
    """Return a page of what lies open on a desk (an OPD's code, or "admin"), by what is owed first."""
    where = f"desk:{desk}"
    after = opened(cursor, where)
    high = instant(max(min(before or _FAR, _FAR), _LONG_AGO))

    def rows(above: str, most: int) -> list[str]:
        return complaints.page_of_desk(desk, above, high, most)

    return _page(rows, lambda key: key + "!", after or "0", limit, wanted, where)


def _page(
    rows: Callable[[str, int], list[str]],
    step: Callable[[str], str],
    place: str,
    limit: int,
    wanted: Wanted,
    where: str,
) -> tuple[list[Complaint], str | None]:
    """Read rows from `place` on until the page is full, the index ends, or enough was read."""
    page: list[Complaint] = []
    read = 0
    while read < _ROWS:
        keys = rows(place, limit)
        if not keys:
            return page, None
        found = {complaint.ticket: complaint for complaint in complaints.complaints_of([_ticket(key) for key in keys])}
        for key in keys:
            place = step(key)
            complaint = found.get(_ticket(key))
            if complaint is not None and wanted(complaint):
                page.append(complaint)
            if len(page) == limit:
                return page, sealed(place, where)
        read += len(keys)
        if len(keys) < limit:
            return page, None
    return page, sealed(place, where)


def _ticket(key: str) -> str:
    return key.partition("#")[2]


def recorded(
    opd: str | None, asked_from: datetime | None, to: datetime | None, cursor: str | None, limit: int,
    wanted: Callable[[Any], bool],
) -> tuple[list[Any], str | None]:  # fmt: skip
    """Return a page of escalation items, newest first; a rehearsal's lie in the future and are shown as well."""
    where = f"ledger:{opd or ''}"
    place = min(filter(None, (opened(cursor, where), instant(min(to or _FAR, _FAR)))))
    low = instant(max(asked_from or _LONG_AGO, _LONG_AGO))
    page: list[Any] = []
    read = 0
    while read < _ROWS:
        rows = escalations.page_of_opd(opd, low, place, limit) if opd else escalations.page_of_ledger(low, place, limit)
        for row in rows:
            place = row.recorded
            if wanted(row):
                page.append(row)
            if len(page) == limit:
                return page, sealed(place, where)
        read += len(rows)
        if len(rows) < limit:
            return page, None
    return page, sealed(place, where)


def part_of(
    rows: Sequence[RowT], key: Callable[[RowT], str], asked: dict[str, str], where: str
) -> tuple[list[RowT], str | None]:
    """Return a page of rows that are few and all at hand, in the order of their keys."""
    after, limit = opened(asked.get("cursor"), where) or "", reading.limit_of(asked)
    left = [row for row in sorted(rows, key=key) if key(row) > after]
    more = len(left) > limit
    return left[:limit], sealed(key(left[limit - 1]), where) if more else None


def _first_day(now: datetime) -> datetime:
    known = _FIRST_DAY.get("day")
    if known is None:
        known = _FIRST_DAY["day"] = registry.remember_first_day(now) - timedelta(days=1)
    return known


_FIRST_DAY: Final[dict[str, datetime]] = {}


def sealed(place: str, where: str) -> str:
    """Return the cursor of a place in the list `where`."""
    return _fernet(current().signing_key).encrypt(f"{where}\n{place}".encode()).decode().rstrip("=")


def opened(cursor: str | None, where: str) -> str | None:
    """Return the place of a cursor of the list `where`; Problem 400 for any other text."""
    from cryptography.fernet import InvalidToken

    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = _fernet(current().signing_key).decrypt(padded).decode()
    except (InvalidToken, UnicodeError) as error:
        raise bad_field("cursor", "cursor") from error
    of, _, place = text.partition("\n")
    if of != where:
        raise bad_field("cursor", "cursor")
    return place


@lru_cache(maxsize=2)
def _fernet(key: bytes) -> Fernet:
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(keyed(key, "cursor")))
