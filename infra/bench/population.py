"""What a sweep and a page cost, however many complaints are open: at 1,000, at 10,000 and at 100,000."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any, Final

from infra.bench import engine
from infra.bench.meter import Cost, metered
from infra.bench.rows import Row, at_most, hand_over, progress, told
from infra.bench.stage import CONTEXT, ENVIRONMENT, SUBJECTS, an_admin, complaint_text, http_event, officer

SIZES: Final = (1_000, 10_000, 100_000)
SWEPT: Final = 100_000  # at this size, when all else is measured, one complaint in a hundred is due
OPD: Final = "dishub"
GOAL: Final = 1.2
_LOADERS: Final = 3
_HOURS: Final = 20  # over which they arrived
_A_MOMENT: Final = timedelta(hours=1)  # by night: what is sent, and what is said once a day, is measured elsewhere
_BATCH: Final = 100  # stream records that are counted at once
_FIGURES: Final = ("/admin/stats",)


@dataclass(slots=True)
class City:
    """The open complaints of a city, put there raw: intake is measured elsewhere."""

    now: datetime
    models: list[Any] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    open: int = 0
    uncounted: list[Any] = field(default_factory=list)

    def grow(self, size: int, due: tuple[tuple[datetime, int], ...] = ()) -> None:
        """Load until `size` are open; `due` says of how many of the new ones the answer is due earlier."""
        from chalicelib.adapters.tables import WIRE

        dues = [at for at, number in due for _ in range(number)]
        items = (self._item(dues.pop() if dues else None) for _ in range(size - self.open))
        table = f"{ENVIRONMENT['SAMBAT_TABLE_PREFIX']}complaints"

        def put(some: list[dict[str, Any]]) -> None:
            left = WIRE.client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": one}} for one in some]})
            if left.get("UnprocessedItems"):
                raise RuntimeError("DynamoDB Local did not take all")

        progress(f"loading up to {size:,} open complaints")
        with ThreadPoolExecutor(_LOADERS) as loaders:
            for _ in loaders.map(put, iter(lambda: list(islice(items, 25)), [])):
                pass
        self._count()
        self.open = size

    def _count(self) -> None:
        """Let the statistics count what was loaded, as the stream would have them."""
        from chalicelib.workflows import counting

        progress("counting them")
        for begin in range(0, len(self.uncounted), _BATCH):
            if failed := counting.count(self.uncounted[begin : begin + _BATCH]):
                raise RuntimeError(f"not counted: {len(failed)}")
        self.uncounted.clear()

    def _item(self, due: datetime | None) -> dict[str, Any]:
        """Return the next complaint as it is stored, like one that came in by the door."""
        from chalicelib.adapters.items import to_values, write_entry
        from chalicelib.adapters.tables import typed
        from chalicelib.domain.ticket import ticket_from

        number = next(self.numbers)
        complaint = self._models()[number % len(SUBJECTS)]
        at = self.now - timedelta(milliseconds=number * 7919 % (_HOURS * 3_600_000))
        complaint = replace(
            complaint,
            ticket=ticket_from(number * 0x9E3779B1 % (1 << 45)),
            received_at=at,
            answer_due_at=due or complaint.answer_due_at,
        )
        self.uncounted.append(complaint)
        values = {**to_values(complaint), "fingerprint": "0123456789abcdef"}
        return {name: typed(value) for name, value in values.items()} | {
            "timeline": typed([write_entry(entry) for entry in complaint.timeline])
        }

    def _models(self) -> list[Any]:
        """Return one filed complaint of each subject."""
        from chalicelib.domain.arrival import file_complaint
        from chalicelib.domain.complaint import Filing
        from chalicelib.domain.routing import route
        from chalicelib.workflows import city

        if not self.models:
            known = city.current(self.now)
            for number in range(len(SUBJECTS)):
                text = complaint_text(number)
                filing, found = Filing(text=text, channel="web"), route(text, known.rules)
                filed = file_complaint(filing, "00000-00000", self.now, found, known.calendar, known.policy)
                self.models.append(filed)
        return self.models


def measure() -> list[Row]:
    """Return the rows of this part."""
    now = datetime.now(UTC).replace(microsecond=0)
    first, second = (_midnight(now, days) for days in (1, 2))
    idle: dict[int, Cost] = {}
    admins: dict[int, Cost] = {}
    opds: dict[int, Cost] = {}
    figures: dict[str, dict[int, Cost]] = {path: {} for path in _FIGURES}
    rows: list[Row] = []
    with engine.a_city():
        city = City(now)
        _sweep(now)  # the first one sets the watermark
        for size in SIZES:
            due = ((first, 1), (second, size // 100)) if size == SWEPT else ()
            city.grow(size, due)
            idle[size] = _swept(now, recorded=0)
            admins[size] = _page("/admin/complaints", an_admin())
            opds[size] = _page("/opd/complaints", officer(OPD))
            for path, costs in figures.items():
                costs[size] = _read(path, an_admin())
            if size == SWEPT:
                rows = _escalating(first + _A_MOMENT, second + _A_MOMENT, size // 100)
    return [
        *_alike("an idle sweep", idle),
        *rows,
        *_alike("a page of the admin's list", admins),
        *_alike("a page of one OPD's", opds),
        *(row for path, costs in figures.items() for row in _alike(path, costs)),
    ]


def _midnight(now: datetime, days: int) -> datetime:
    from zoneinfo import ZoneInfo

    local = now.astimezone(ZoneInfo("Asia/Jakarta")) + timedelta(days=days)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _sweep(at: datetime) -> int:
    from app import sweep_deadlines

    return int(sweep_deadlines(engine.sweep_event(at), CONTEXT)["recorded"])


def _swept(at: datetime, recorded: int) -> Cost:
    """Return what a sweep as of `at` costs, which must record so many."""
    with metered() as cost:
        done = _sweep(at)
    if done != recorded:
        raise RuntimeError(f"{done} escalations instead of {recorded}")
    return cost


def _escalating(one_due: datetime, many_due: datetime, many: int) -> list[Row]:
    """Return the rows of a sweep with `many` due, beside `many` times what one escalation costs by itself."""
    one = _swept(one_due, recorded=1) - _swept(one_due, recorded=0)
    progress(f"a sweep with {many} due")
    all_of_them = _swept(many_due, recorded=many)
    nothing = _swept(many_due, recorded=0)
    ratio = (_units(all_of_them) - _units(nothing)) / (many * _units(one))
    return [
        at_most("a sweep with 1 % due, less an idle one, beside due x one escalation: units", ratio, "x", GOAL),
        told("  one escalation: units", _units(one), "units"),
        told("  one escalation: requests", one.requests, "requests"),
        told(f"  the sweep with {many} due: units", _units(all_of_them), "units"),
    ]


def _units(cost: Cost) -> float:
    return cost.writes + cost.reads


def _page(path: str, who: dict[str, str]) -> Cost:
    """Return what a page of 25 costs, once the process is warm."""
    from app import app

    event = http_event("GET", path, query={"limit": "25"}, who=who)
    for _ in range(2):
        with metered() as cost:
            answer = app(event, CONTEXT)
    found = len(json.loads(answer["body"])["items"])
    if answer["statusCode"] != 200 or found != 25:
        raise RuntimeError(f"{path}: {answer['statusCode']}, {found} items")
    return cost


def _read(path: str, who: dict[str, str]) -> Cost:
    """Return what reading a page of figures costs, once the process is warm."""
    from app import app

    for _ in range(2):
        with metered() as cost:
            answer = app(http_event("GET", path, who=who), CONTEXT)
    if answer["statusCode"] != 200:
        raise RuntimeError(f"{path}: {answer}")
    return cost


def _alike(what: str, costs: dict[int, Cost]) -> list[Row]:
    """Return the rows that say whether it costs the same at every size."""
    least, most = min(costs), max(costs)
    rows = []
    for unit, of in (("requests", lambda cost: cost.requests), ("units", _units)):
        small, large = of(costs[least]), of(costs[most])
        worst = max(max(of(cost), small) / min(of(cost), small) for cost in costs.values())
        rows.append(at_most(f"{what}: {unit} at up to {most:,} open, beside {least:,}", worst, "x", 1))
        rows.append(told(f"  {unit} at {most:,} open", large, unit))
    return rows


if __name__ == "__main__":
    hand_over(measure())
