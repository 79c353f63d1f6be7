"""The ladder of divisions: acts without gaps, each in its place, and every stored standing what the record makes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from tests.checker.days import instant
from tests.checker.record import Item, Place, Record
from tests.standing_oracle import oracle_standing

_FIELDS = ("rung", "since", "proposed", "rung_because", "proposal_because", "rules", "down_at", "acts")


def problems(record: Record) -> Iterator[str]:
    """Yield where the acts or a stored standing are not what they must be."""
    acts, kept = record.acts(), record.standings()
    recorded: dict[Place, list[Item]] = {}
    for one in record.escalations:
        recorded.setdefault((one["opd"], one["division"]), []).append(one)
    for place in {*acts, *kept, *recorded}:
        escalations = [_escalation(one) for one in recorded.get(place, [])]
        done = [_act(one) for one in acts.get(place, [])]
        yield from (f"{'/'.join(place)}: {problem}" for problem in _acts(acts.get(place, []), done, escalations))
        expected = oracle_standing(escalations, done)
        if place not in kept:
            yield f"{'/'.join(place)}: its standing is not kept"
            continue
        given = _standing(kept[place])
        yield from (
            f"{'/'.join(place)}: {name} is kept as {given[name]}, and the record makes it {expected[name]}"
            for name in _FIELDS
            if given[name] != expected[name]
        )


def _acts(stored: Sequence[Item], acts: Sequence[Any], escalations: Sequence[Any]) -> Iterator[str]:
    """Numbered from 1 without a gap; each confirmation, dismissal or way down had something to be done to."""
    numbers = [(int(one["key"]), one["n"]) for one in stored]
    if numbers != [(n, n) for n in range(1, len(stored) + 1)]:
        yield f"its acts are numbered {numbers}"
    if any(one.state != "recorded" for one in escalations):
        return  # what was proposed then cannot be told from what counts now
    for place, act in enumerate(acts):
        before = [one for one in escalations if one.written_at <= act.written_at]
        then = oracle_standing(before, acts[:place])
        had = then["rung"] if act.what == "came_down" else then["proposed"]
        if had != act.rung:
            yield f"{act.what} {act.rung} (act {act.n}), where that was {had}"


def _escalation(one: Item) -> Any:
    return SimpleNamespace(
        ticket=one["ticket"], n=int(one["n"]), rung=one["rung"], state=one["state"],
        recorded_at=instant(one["recorded"][:24]), written_at=instant(one["written_at"]),
    )  # fmt: skip


def _act(one: Item) -> Any:
    return SimpleNamespace(
        n=one["n"], what=one["what"], rung=one["rung"], at=instant(one["at"]), written_at=instant(one["written_at"]),
        because=[tuple(named) for named in one.get("because", ())],
    )  # fmt: skip


def _standing(kept: Item) -> dict[str, Any]:
    return {
        "rung": kept["rung"],
        "since": instant(kept["since"]) if kept["since"] else None,
        "proposed": kept["proposed"],
        "rung_because": [tuple(one) for one in kept["rung_because"]],
        "proposal_because": [tuple(one) for one in kept["proposal_because"]],
        "rules": [*kept["rung_rules"], *kept["proposal_rules"]],
        "down_at": instant(kept["down_at"]) if kept["down_at"] else None,
        "acts": kept["acts"],
    }
