"""CPU of a cold start: each function's module imported in a fresh interpreter, beside Chalice and PynamoDB alone.

Both sides end with a DynamoDB client that is ready, but for `identify`, which has none: it ends with PyJWT.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from typing import Final

from infra.bench.rows import Row, at_most, hand_over, progress, told
from infra.bench.stage import stand
from infra.synthesis import ROOT

ROUNDS: Final = 9
GOAL: Final = 1.35
_ALONE: Final = "import chalice, pynamodb.models; from pynamodb.connection import Connection; Connection().client"
_APP: Final = "import app; from chalicelib.adapters.tables import WIRE; WIRE.client"
_IDENTIFY: Final = "import chalicelib.api.identity, jwt"
# All handlers but one are functions of app.py: what they import, they import as one
_FUNCTIONS: Final = {"APIHandler, NotifyOpd, SweepDeadlines, ReconcileMessages (app)": _APP, "Identify": _IDENTIFY}
_TIMED: Final = "import time; begun = time.process_time(); {}; print(time.process_time() - begun)"


def measure() -> list[Row]:
    """Return the rows of this part."""
    progress("cold starts")
    programs = {"alone": _ALONE, **_FUNCTIONS}
    for program in programs.values():
        _seconds(program)  # the bytecode is there from now on
    spent: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(ROUNDS):
        names = list(programs) if number % 2 else list(reversed(programs))
        for name in names:
            spent[name].append(_seconds(programs[name]))
    rows = []
    for name in _FUNCTIONS:
        ratio = statistics.median(ours / alone for ours, alone in zip(spent[name], spent["alone"], strict=True))
        rows.append(at_most(f"cold start of {name}, beside chalice + pynamodb", ratio, "x", GOAL))
        rows.append(told("  CPU of it", statistics.median(spent[name]) * 1000, "ms"))
    return [*rows, told("  CPU of chalice + pynamodb alone", statistics.median(spent["alone"]) * 1000, "ms")]


def _seconds(program: str) -> float:
    environ = dict(os.environ)
    stand(environ)
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(program)],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    hand_over(measure())
