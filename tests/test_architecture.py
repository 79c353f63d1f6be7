"""The rules of the architecture, held over every module by its syntax tree: who may import whom, a domain without
clock, environment and I/O, one place for each clock and for the environment, and no scan.

Imports inside functions and under TYPE_CHECKING count. That the rules can be broken is shown at the end.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]
}

MAY_IMPORT = {
    "app": {"api", "stream", "workflows", "settings"},
    "api": {"api", "workflows", "adapters", "domain", "pages", "settings"},
    "stream": {"workflows", "adapters"},
    "workflows": {"workflows", "adapters", "domain", "settings"},
    "adapters": {"adapters", "domain", "settings"},
    "domain": {"domain"},
    "pages": {"pages"},
    "settings": set[str](),
    "chalicelib": set[str](),  # the package itself: its docstring
}
PURE = {  # of the standard library, what the domain may use: no clock, no environment, no chance, no I/O
    "__future__", "base64", "bisect", "collections", "collections.abc", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "hashlib", "heapq", "hmac", "html", "itertools", "json", "math", "operator", "re",
    "statistics", "string", "types", "typing", "unicodedata", "zlib",
}  # fmt: skip
CLOCKS = {
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.strftime",
}  # fmt: skip
MAY_READ_THE_CLOCK = {
    "app.py",
    "chalicelib/api/reading.py",
    "chalicelib/adapters/sms_providers/generic.py",  # a signature carries the instant at which it is made
}
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb", "os.putenv", "os.unsetenv"}
MAY_READ_THE_ENVIRONMENT = {"app.py", "chalicelib/settings.py"}
DYNAMIC = {"importlib.import_module", "importlib.__import__", "__import__", "exec", "eval", "runpy.run_module"}
INPUT_OUTPUT = {"open", "print", "input", "breakpoint"}
SCANS = {"scan", "rate_limited_scan"}


def layer_of(module: str) -> str:
    """Return the layer of a dotted module: "api" for chalicelib.api.public."""
    parts = module.split(".")
    return parts[1] if parts[0] == "chalicelib" and len(parts) > 1 else parts[0]


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(tree: ast.AST, path: str) -> Iterator[tuple[int, str, tuple[str, str]]]:
    """Yield (line, what is imported, (the name that it binds, what that stands for)) for every import anywhere."""
    package = dotted(path).split(".") if path.endswith("__init__.py") else dotted(path).split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                top = name.name.split(".", maxsplit=1)[0]
                yield node.lineno, name.name, (name.asname, name.name) if name.asname else (top, top)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for name in node.names:
                yield node.lineno, f"{base}.{name.name}", (name.asname or name.name, f"{base}.{name.name}")


def named(node: ast.AST, known: dict[str, str]) -> str:
    """Return the full name of `a.b.c` by what was imported, "" for what has none."""
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and (inner := named(node.value, known)):
        return f"{inner}.{node.attr}"
    return ""


def breaches(path: str, source: str) -> list[str]:
    """Return what the module at that path does against the rules, with its lines."""
    tree, layer = ast.parse(source), layer_of(dotted(path))
    found = list(imports(tree, path))
    known = dict(binding for _, _, binding in found)
    lines = [(line, said) for line, whole, _ in found for said in _import_breaches(layer, whole)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            lines += [(node.lineno, said) for said in _name_breaches(path, layer, named(node, known))]
        if isinstance(node, ast.Call):
            lines += [(node.lineno, said) for said in _call_breaches(layer, node)]
    return [f"{path}:{line}: {said}" for line, said in sorted(set(lines))]


def _import_breaches(layer: str, whole: str) -> Iterator[str]:
    top = whole.split(".", maxsplit=1)[0]
    if top == "app" or (top == "chalicelib" and layer_of(whole) not in MAY_IMPORT[layer]):
        yield f"{layer} may not import {whole}"
    if whole.endswith(".*"):
        yield f"{whole} hides what is imported"
    if top in ("tests", "infra"):
        yield f"{whole} is not part of the service"
    if layer == "domain" and top != "chalicelib" and not {whole, whole.rpartition(".")[0]} & PURE:
        yield f"domain may not import {whole}"


def _name_breaches(path: str, layer: str, name: str) -> Iterator[str]:
    if name in CLOCKS and path not in MAY_READ_THE_CLOCK:
        yield f"{name} reads the clock"
    if name in ENVIRONMENT and path not in MAY_READ_THE_ENVIRONMENT:
        yield f"{name} reads the environment"
    if name in DYNAMIC:
        yield f"{name} hides what is imported"
    if layer == "domain" and name in INPUT_OUTPUT:
        yield f"domain may not {name}()"


def _call_breaches(layer: str, call: ast.Call) -> Iterator[str]:
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    constants = {argument.value for argument in call.args if isinstance(argument, ast.Constant)}
    if method in SCANS or (method == "get_paginator" and "scan" in constants):
        yield "a scan"
    zoneless = not call.args and not call.keywords
    if layer == "domain" and ((method == "astimezone" and zoneless) or method in ("fromtimestamp", "utcfromtimestamp")):
        yield f"{method} takes this machine's time zone"


# ------------------------------------------------------------------------------------------------ the code


@pytest.mark.parametrize("path", MODULES)
def test_a_module_keeps_the_rules(path: str) -> None:
    assert breaches(path, MODULES[path]) == []


def test_every_layer_has_its_rule() -> None:
    assert {layer_of(dotted(path)) for path in MODULES} == set(MAY_IMPORT)


def test_no_permission_outlives_its_need() -> None:
    for path in MAY_READ_THE_CLOCK:
        assert "datetime.now" in MODULES[path], path
    for path in MAY_READ_THE_ENVIRONMENT:
        assert "os.environ" in MODULES[path], path
    assert {name.split(".")[0] for name in PURE} <= sys.stdlib_module_names


def test_the_package_says_the_rule_that_is_held() -> None:
    said = ast.get_docstring(ast.parse(MODULES["chalicelib/__init__.py"])) or ""
    written = dict(line.split("->") for line in said.splitlines() if "->" in line)
    rule = {layer.strip(): {name.strip() for name in names.split(",")} for layer, names in written.items()}
    domain = rule.pop("domain")
    assert any("standard library" in name for name in domain)
    assert rule == {layer: MAY_IMPORT[layer] - {layer} for layer in rule}
    assert set(rule) == {"app", "api", "stream", "workflows", "adapters"}


# ------------------------------------------------------------------------------------------------ the rules bite

FORBIDDEN = [
    ("app.py", "from chalicelib.domain.complaint import Complaint", "app may not import chalicelib.domain"),
    ("app.py", "from chalicelib import adapters", "app may not import chalicelib.adapters"),
    ("chalicelib/stream.py", "from chalicelib.domain import notices", "stream may not import chalicelib.domain"),
    ("chalicelib/stream.py", "from chalicelib.settings import current", "stream may not import chalicelib.settings"),
    ("chalicelib/workflows/x.py", "from chalicelib.api import views", "workflows may not import chalicelib.api"),
    ("chalicelib/workflows/x.py", "import chalicelib.pages", "workflows may not import chalicelib.pages"),
    ("chalicelib/workflows/x.py", "def f():\n    from chalicelib.stream import notify", "workflows may not import"),
    ("chalicelib/adapters/x.py", "from chalicelib.workflows import city", "adapters may not import"),
    ("chalicelib/adapters/a/x.py", "from ...api import views", "adapters may not import chalicelib.api.views"),
    ("chalicelib/adapters/__init__.py", "from .. import stream", "adapters may not import chalicelib.stream"),
    ("chalicelib/api/x.py", "from chalicelib import stream", "api may not import chalicelib.stream"),
    ("chalicelib/api/x.py", "from app import app", "api may not import app.app"),
    ("chalicelib/pages/x.py", "from chalicelib.domain import ticket", "pages may not import chalicelib.domain"),
    ("chalicelib/settings.py", "from chalicelib.domain import ticket", "settings may not import"),
    ("chalicelib/domain/x.py", "from chalicelib.settings import current", "domain may not import chalicelib.settings"),
    ("chalicelib/domain/x.py", "from ..adapters import tables", "domain may not import chalicelib.adapters.tables"),
    (
        "chalicelib/domain/x.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from chalicelib.adapters import tables",
        "x.py:3: domain may not import chalicelib.adapters",
    ),
    ("chalicelib/domain/x.py", "def f():\n    import boto3", "x.py:2: domain may not import boto3"),
    ("chalicelib/domain/x.py", "import msgspec", "domain may not import msgspec"),
    ("chalicelib/domain/x.py", "import os", "domain may not import os"),
    ("chalicelib/domain/x.py", "import time", "domain may not import time"),
    ("chalicelib/domain/x.py", "import random", "domain may not import random"),
    ("chalicelib/domain/x.py", "from pathlib import Path", "domain may not import pathlib.Path"),
    ("chalicelib/domain/x.py", "from zoneinfo import ZoneInfo", "domain may not import zoneinfo"),
    ("chalicelib/domain/x.py", "import urllib.request", "domain may not import urllib.request"),
    ("chalicelib/domain/x.py", "from concurrent import futures", "domain may not import concurrent.futures"),
    ("chalicelib/domain/x.py", "open('x')", "domain may not open()"),
    ("chalicelib/domain/x.py", "read = open", "domain may not open()"),
    ("chalicelib/domain/x.py", "print('x')", "domain may not print()"),
    ("chalicelib/domain/x.py", "from datetime import datetime\ndatetime.now()", "reads the clock"),
    ("chalicelib/domain/x.py", "def f(at):\n    return at.astimezone()", "this machine's time zone"),
    (
        "chalicelib/domain/x.py",
        "from datetime import datetime\ndatetime.fromtimestamp(0)",
        "fromtimestamp takes this machine's time zone",
    ),
    ("chalicelib/workflows/x.py", "from datetime import datetime\ndatetime.now(UTC)", "datetime.datetime.now reads"),
    ("chalicelib/workflows/x.py", "import datetime\ndatetime.datetime.utcnow()", "datetime.datetime.utcnow reads"),
    ("chalicelib/workflows/x.py", "import datetime as d\nd.date.today()", "datetime.date.today reads the clock"),
    ("chalicelib/workflows/x.py", "from datetime import datetime as dt\nnow = dt.now", "reads the clock"),
    ("chalicelib/api/x.py", "def f():\n    import time\n    return time.time()", "x.py:3: time.time reads the clock"),
    ("chalicelib/adapters/x.py", "from time import time as clock\nclock()", "time.time reads the clock"),
    ("chalicelib/adapters/x.py", "import os\nos.environ['X']", "os.environ reads the environment"),
    ("chalicelib/adapters/x.py", "from os import environ\nenviron.get('X')", "os.environ reads the environment"),
    ("chalicelib/api/x.py", "import os as o\no.getenv('X')", "os.getenv reads the environment"),
    ("chalicelib/api/x.py", "def f(table):\n    return table.scan()", "x.py:2: a scan"),
    ("chalicelib/adapters/x.py", "Item.scan(limit=1)", "a scan"),
    ("chalicelib/adapters/x.py", "Item.by_opd.rate_limited_scan()", "a scan"),
    ("chalicelib/adapters/x.py", "client.get_paginator('scan')", "a scan"),
    ("chalicelib/api/x.py", "from importlib import import_module\nimport_module('x')", "hides what is imported"),
    ("chalicelib/api/x.py", "__import__('chalicelib.stream')", "hides what is imported"),
    ("chalicelib/api/x.py", "from chalicelib.workflows import *", "hides what is imported"),
    ("chalicelib/api/x.py", "from tests.builders import token", "not part of the service"),
    ("app.py", "from infra.tables import create_tables", "not part of the service"),
]


@pytest.mark.parametrize(("path", "source", "said"), FORBIDDEN)
def test_what_is_forbidden_is_found_and_named(path: str, source: str, said: str) -> None:
    found = breaches(path, source)
    assert any(said in breach for breach in found), found


ALLOWED = [
    ("app.py", "import os\nfrom datetime import datetime\nfrom chalicelib import stream\nos.environ\ndatetime.now()"),
    ("chalicelib/api/x.py", "from chalicelib.pages import render\nfrom . import views\nimport chalice.app"),
    ("chalicelib/workflows/x.py", "from chalicelib import settings\nimport random\nimport time\ntime.sleep(1)"),
    ("chalicelib/adapters/a/x.py", "from .. import tables\nfrom chalicelib.domain.complaint import Complaint"),
    ("chalicelib/domain/x.py", "from . import ticket\nfrom collections.abc import Mapping\nimport re\nre.compile('x')"),
    ("chalicelib/domain/x.py", "def f(at, zone):\n    return at.astimezone(zone), at.now, zone.scan"),
    ("chalicelib/stream.py", "from chalicelib.adapters import complaints\nimport chalicelib.workflows.telling"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_what_is_allowed_is_left_alone(path: str, source: str) -> None:
    assert breaches(path, source) == []
