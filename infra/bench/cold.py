"""The package as Lambda gets it: its weight, and the CPU of a cold start out of it, beside Chalice and PynamoDB alone.

Each start is a fresh interpreter that sees nothing but the unpacked package, bytecode and all. Both sides end with a
DynamoDB client that is ready, but for `identify`, which has none: it ends with PyJWT.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra.bench.rows import Row, at_most, hand_over, less_than, progress, told, unmeasured
from infra.bench.stage import stand
from infra.package import LIMIT
from infra.synthesis import PACKAGE

ROUNDS: Final = 11
GOAL: Final = 1.35
_MEGA: Final = 1_000_000
_ALONE: Final = "import chalice, pynamodb.models; from pynamodb.connection import Connection; Connection().client"
_APP: Final = "import app; from chalicelib.adapters.tables import WIRE; WIRE.client"
_IDENTIFY: Final = "import chalicelib.api.identity, jwt"
# All handlers but one are functions of app.py: what they import, they import as one
_FUNCTIONS: Final = {"APIHandler, NotifyOpd, SweepDeadlines, ReconcileMessages (app)": _APP, "Identify": _IDENTIFY}
_TIMED: Final = """
import sys, time
sys.path.insert(0, sys.argv[1])
begun = time.process_time()
{}
print(time.process_time() - begun)
"""


def measure() -> list[Row]:
    """Return the rows of this part."""
    weight, goal = "the package, zipped", LIMIT / _MEGA
    with TemporaryDirectory(prefix="sambat-bench-") as folder:
        progress("building the package")
        command = [sys.executable, "-m", "infra.package", "--stage", "dev", "--arch", "host", "--out", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            why = f"the package could not be built: {done.stderr.strip()[-300:]}"
            cold = [unmeasured(_name(function), "x", f"<= {GOAL}", why) for function in _FUNCTIONS]
            return [*cold, unmeasured(weight, "MB", f"< {goal:g}", why)]
        package, tree = Path(folder) / PACKAGE, Path(folder) / "tree"
        with zipfile.ZipFile(package) as zipped:
            zipped.extractall(tree)
        return [*_starts(tree), less_than(weight, package.stat().st_size / _MEGA, "MB", goal)]


def _name(function: str) -> str:
    return f"cold start of {function}, beside chalice + pynamodb"


def _starts(tree: Path) -> list[Row]:
    progress("cold starts")
    programs = {"alone": _ALONE, **_FUNCTIONS}
    spent: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(ROUNDS):
        for name in list(programs) if number % 2 else list(reversed(programs)):
            spent[name].append(_seconds(programs[name], tree))
    rows = []
    for name in _FUNCTIONS:
        ratio = statistics.median(ours / alone for ours, alone in zip(spent[name], spent["alone"], strict=True))
        rows.append(at_most(_name(name), ratio, "x", GOAL))
        rows.append(told("  CPU of it", statistics.median(spent[name]) * 1000, "ms"))
    return [*rows, told("  CPU of chalice + pynamodb alone", statistics.median(spent["alone"]) * 1000, "ms")]


def _seconds(program: str, tree: Path) -> float:
    environ = dict(os.environ)
    stand(environ)
    command = [sys.executable, "-I", "-S", "-B", "-c", _TIMED.format(program), str(tree)]
    done = subprocess.run(command, env=environ, cwd=tree, capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    hand_over(measure())
