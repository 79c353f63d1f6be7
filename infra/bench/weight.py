"""What a worker holds in memory after two hundred intakes, and what the package weighs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra.bench.rows import Row, hand_over, less_than, progress, told, unmeasured
from infra.bench.stage import CONTEXT, complaint_text, http_event, stand
from infra.package import LIMIT
from infra.synthesis import PACKAGE

INTAKES: Final = 200
_MEGA: Final = 1_000_000


def measure() -> list[Row]:
    """Return the rows of this part."""
    return [*_memory(), _zip()]


def _memory() -> list[Row]:
    """The resident memory of this process; it has read no more than a worker on Lambda would have."""
    progress("memory of a worker")
    stand(os.environ)
    from infra.bench.intake import registry_answer
    from infra.bench.null_endpoint import answer_everything

    answer_everything({"Query": registry_answer()})
    from app import app

    begun = _resident()
    for number in range(INTAKES):
        filed = app(http_event("POST", "/complaints", {"text": complaint_text(number)}), CONTEXT)
        if json.loads(filed["body"]).get("status") != "dispatched":
            raise RuntimeError(f"not filed: {filed}")
    return [
        told(f"memory of a worker after {INTAKES} intakes", _resident() / _MEGA, "MB"),
        told("  grown since its first import", (_resident() - begun) / _MEGA, "MB"),
    ]


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _zip() -> Row:
    """The package of this host's architecture, built now."""
    progress("building the package")
    name, goal = "the package, zipped", LIMIT / _MEGA
    with TemporaryDirectory(prefix="sambat-bench-") as folder:
        command = [sys.executable, "-m", "infra.package", "--stage", "dev", "--arch", "host", "--out", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return unmeasured(name, "MB", f"< {goal:g}", done.stderr.strip()[-300:])
        return less_than(name, (Path(folder) / PACKAGE).stat().st_size / _MEGA, "MB", goal)


if __name__ == "__main__":
    hand_over(measure())
