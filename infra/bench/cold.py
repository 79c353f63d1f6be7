"""The package as Lambda gets it: its weight, and the CPU of a cold start out of it, beside Chalice and PynamoDB alone.

Each start is a fresh interpreter that sees nothing but the unpacked package, bytecode and all. Both sides end with a
DynamoDB client that is ready, but for `identify`, which has none: it ends with PyJWT. One start goes on to the answer
to its first SMS, while every provider is on and AWS answers at once.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra.bench.deliveries import ALL_ON, SECRET, by_generic, sms_text
from infra.bench.intake import registry_answer
from infra.bench.null_endpoint import NOTHING
from infra.bench.rows import Row, at_most, hand_over, less_than, progress, told, unmeasured
from infra.bench.stage import http_event, stand
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
_FIRST_SMS: Final = """
import json, types, app
sys.path.append(sys.argv[2])  # the null endpoint alone is taken from there
import null_endpoint
null_endpoint.answer_everything({name: answer.encode() for name, answer in json.loads(sys.argv[4]).items()})
answer = app.app(json.loads(sys.argv[3]), types.SimpleNamespace(aws_request_id="1"))
assert answer["statusCode"] == 200, answer
print(*(name for name in sys.modules if name.startswith("chalicelib.adapters.sms_providers.")))
"""
_FIRST_VIEW: Final = """
import json, types, app
sys.path.append(sys.argv[2])  # the null endpoint alone is taken from there
import null_endpoint
null_endpoint.answer_everything({name: answer.encode() for name, answer in json.loads(sys.argv[4]).items()})
answer = app.app(json.loads(sys.argv[3]), types.SimpleNamespace(aws_request_id="1"))
assert answer["statusCode"] == 200, answer
"""
_SHARED: Final = frozenset({"contract", "wire"})  # modules that all providers need
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
        return [
            *_starts(tree),
            *_first_sms(tree),
            *_first_page(tree),
            less_than(weight, package.stat().st_size / _MEGA, "MB", goal),
        ]


def _name(function: str) -> str:
    return f"cold start of {function}, beside chalice + pynamodb"


def _starts(tree: Path) -> list[Row]:
    progress("cold starts")
    programs = {"alone": _ALONE, **_FUNCTIONS}
    spent: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(ROUNDS):
        for name in list(programs) if number % 2 else list(reversed(programs)):
            spent[name].append(_seconds(programs[name], tree)[0])
    rows = []
    for name in _FUNCTIONS:
        ratio = statistics.median(ours / alone for ours, alone in zip(spent[name], spent["alone"], strict=True))
        rows.append(at_most(_name(name), ratio, "x", GOAL))
        rows.append(told("  CPU of it", statistics.median(spent[name]) * 1000, "ms"))
    return [*rows, told("  CPU of chalice + pynamodb alone", statistics.median(spent["alone"]) * 1000, "ms")]


def _first_sms(tree: Path) -> list[Row]:
    """Return the rows of a start that ends with the answer to an SMS by `generic`."""
    progress("cold starts with a first SMS")
    os.environ["SAMBAT_SMS_GENERIC_SECRET"] = SECRET  # what the delivery is signed with
    answers = {"Query bench-registry": registry_answer().decode(), "Query": NOTHING.decode()}
    spent: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        event = by_generic(sms_text(0), "+6280000000001", "sms-000001")
        seconds, said = _seconds(_FIRST_SMS, tree, str(Path(__file__).parent), json.dumps(event), json.dumps(answers))
        spent.append((seconds, _seconds(_ALONE, tree)[0]))
    loaded = {name.rpartition(".")[2] for name in said.split()} - _SHARED
    if "generic" not in loaded:
        raise RuntimeError(f"not taken by generic: {loaded}")
    ratio = statistics.median(ours / alone for ours, alone in spent)
    return [
        told("cold start with a first SMS by generic, beside chalice + pynamodb", ratio, "x"),
        told("  CPU of it", statistics.median(ours for ours, _ in spent) * 1000, "ms"),
        at_most("  modules of providers loaded by it, of the 8 that are on", len(loaded), "modules", 1),
    ]


def _first_page(tree: Path) -> list[Row]:
    """Return the rows of a start that ends with the form, beside one that ends with JSON made of the same data."""
    progress("cold starts with a first page")
    answers = json.dumps({"Query bench-registry": registry_answer().decode(), "Query": NOTHING.decode()})
    events = [json.dumps(http_event("GET", path)) for path in ("/", "/services")]
    arguments = (str(Path(__file__).parent), answers)
    spent = [[_seconds(_FIRST_VIEW, tree, arguments[0], one, arguments[1])[0] for one in events] for _ in range(ROUNDS)]
    page, plain = (statistics.median(side) for side in zip(*spent, strict=True))
    return [
        told("cold start with a first page (the form), beside one with a first JSON", page / plain, "x"),
        told("  CPU of it", page * 1000, "ms"),
        told("  of it jinja2, the templates and the words", (page - plain) * 1000, "ms"),
    ]


def _seconds(program: str, tree: Path, *arguments: str) -> tuple[float, str]:
    """Return the CPU seconds of a fresh interpreter that runs `program`, and what that printed; with arguments, which
    an SMS needs, every provider is on."""
    environ = dict(os.environ)
    stand(environ, **(ALL_ON if arguments else {}))
    command = [sys.executable, "-I", "-S", "-B", "-c", _TIMED.format(program), str(tree), *arguments]
    done = subprocess.run(command, env=environ, cwd=tree, capture_output=True, text=True, check=True)
    said, _, seconds = done.stdout.strip().rpartition("\n")
    return float(seconds), said


if __name__ == "__main__":
    hand_over(measure())
