"""A row of the benchmark: what was measured, what it should be, and whether it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table and of bench.json. `holds` is None where there is no goal, or nothing could be measured;
    `why` then says what was missing."""

    name: str
    value: float | None
    unit: str
    goal: str = ""
    holds: bool | None = None
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the row as bench.json has it; `why` only where there is a reason to give."""
        return {name: value for name, value in asdict(self).items() if name != "why" or value}


def at_most(name: str, value: float, unit: str, goal: float) -> Row:
    """Return the row of what must not be more than `goal`."""
    return Row(name, _rounded(value), unit, f"<= {goal:g}", round(value, _DIGITS) <= goal)


def less_than(name: str, value: float, unit: str, goal: float) -> Row:
    """Return the row of what must be less than `goal`."""
    return Row(name, _rounded(value), unit, f"< {goal:g}", value < goal)


def told(name: str, value: float, unit: str) -> Row:
    """Return the row of what has no goal of its own."""
    return Row(name, _rounded(value), unit)


def unmeasured(name: str, unit: str, goal: str, why: str) -> Row:
    """Return the row of what could not be measured here."""
    return Row(name, None, unit, goal, None, why)


def _rounded(value: float) -> float:
    return int(value) if float(value).is_integer() else round(value, _DIGITS)


def hand_over(rows: Sequence[Row]) -> None:
    """Print rows for the program that started this part, one JSON object a line."""
    for row in rows:
        print(json.dumps(row.as_json(), ensure_ascii=False), flush=True)


def progress(text: str) -> None:
    """Say on stderr what is being done."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as lines for a terminal."""
    width = max(len(row.name) for row in rows)
    lines = [f"{'':<{width}}  {'value':>10}  {'goal':<10} {'holds':<6} unit"]
    for row in rows:
        value = "-" if row.value is None else f"{row.value:,g}" if abs(row.value) >= 1000 else f"{row.value:g}"
        holds = {True: "yes", False: "NO", None: "-"}[row.holds]
        reason = f"  ({row.why})" if row.why else ""
        lines.append(f"{row.name:<{width}}  {value:>10}  {row.goal:<10} {holds:<6} {row.unit}{reason}")
    return "\n".join(lines)
