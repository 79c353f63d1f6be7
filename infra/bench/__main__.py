"""Run every part, print one table, write bench.json at the root of the repository."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final

from infra.bench import engine
from infra.bench.rows import Row, progress, table, unmeasured
from infra.synthesis import ROOT

TARGET: Final = ROOT / "bench.json"


def _nothing() -> None:
    """What needs no engine can be run anywhere."""


# part -> why it cannot be run here, and what it measures, for the rows that stand in its place then
PARTS: Final[dict[str, tuple[Callable[[], str | None], tuple[tuple[str, str, str], ...]]]] = {
    "intake": (_nothing, (("CPU of an intake through the API handler, beside a bare put_item", "x", "<= 1.6"),)),
    "life": (engine.why_not, (
        ("write units of a complaint's life", "units", "<= 20"),
        ("requests of a complaint's life", "requests", "<= 10"),
    )),
    "population": (engine.why_not, (
        ("an idle sweep at 1,000, 10,000 and 100,000 open", "x", "<= 1"),
        ("a sweep with 1 % due", "x", "<= 1.2"),
        ("a page of the admin's list at 1,000 and 100,000 open", "x", "<= 1"),
        ("a page of one OPD's at 1,000 and 100,000 open", "x", "<= 1"),
    )),
    "inbound": (_nothing, (("CPU of an inbound SMS beside a bare put_item", "x", ""),)),
    "inbound_units": (engine.why_not, (("requests and units of an inbound SMS", "", ""),)),
    "flood": (engine.why_none, (
        ("a flood of SMS: messages lost", "messages", "<= 0"),
        ("a flood of SMS: messages doubled", "messages", "<= 0"),
    )),
    "cold": (_nothing, (
        ("cold start beside chalice + pynamodb", "x", "<= 1.35"),
        ("modules of providers loaded by a first SMS", "modules", "<= 1"),
        ("the package, zipped", "MB", "< 11"),
    )),
    "pages": (engine.why_none, (
        ("first load of the form: bytes over the wire, gzip", "bytes", "<= 40000"),
        ("CPU of a page beside the JSON of the same data", "x", ""),
    )),
    "memory": (_nothing, (("memory of a worker", "MB", ""),)),
}  # fmt: skip


def main() -> int:
    """Measure; exit code 1 when a part failed, for a goal that is not met is a result like another."""
    begun, failed = time.monotonic(), False
    rows: list[Row] = []
    for part, (why_not, in_its_place) in PARTS.items():
        reason = why_not()
        if reason is None:
            found, reason = _run(part)
            rows += found
            failed = failed or reason is not None
        if reason is not None:
            rows += [unmeasured(name, unit, goal, reason) for name, unit, goal in in_its_place]
    print(table(rows))
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {platform.system()}"
    report = {"machine": machine, "rows": [row.as_json() for row in rows]}
    TARGET.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    progress(f"{TARGET.name} is written, after {time.monotonic() - begun:.0f} s")
    return int(failed)


def _run(part: str) -> tuple[list[Row], str | None]:
    """Run one part in an interpreter of its own; return its rows, and why there are none when it failed."""
    run = subprocess.run(
        [sys.executable, "-m", f"infra.bench.{part}"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if run.returncode:
        return [], f"infra.bench.{part} ended with {run.returncode}"
    return [Row(**json.loads(line)) for line in run.stdout.splitlines()], None


if __name__ == "__main__":
    sys.exit(main())
