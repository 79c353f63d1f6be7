"""A city lives, its oracle reads the log, and both are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.simulation import stage
from tests.simulation.compare import differences
from tests.simulation.log import DONE, Did
from tests.simulation.oracle import Oracle
from tests.simulation.people import People
from tests.simulation.world import Plan, World

__all__ = ["Plan", "Simulated", "simulate"]


@dataclass(frozen=True, slots=True)
class Simulated:
    """What happened, in one line, and every difference."""

    log: list[Did]
    carrier: stage.Carrier
    now: datetime
    oracle: Oracle
    summary: str
    differences: list[str]


def simulate(plan: Plan, progress: Callable[[str], None]) -> Simulated:
    """Live through the plan on the engine that this process is set up for, and compare."""
    world = World(plan, stage.Carrier(), progress)
    People(world)
    world.live()
    progress("the oracle reads the log")
    oracle = Oracle()
    for did in world.log:
        oracle.read(did)
    progress("comparing")
    found = list(differences(oracle, world.log, world.carrier, world.now))
    return Simulated(world.log, world.carrier, world.now, oracle, _summary(plan, world, oracle), found)


def _summary(plan: Plan, world: World, oracle: Oracle) -> str:
    done = Counter(did.what for did in world.log if did.outcome == DONE)
    rungs = Counter(one.rung for case in oracle.cases.values() for one in case.escalated)
    acts = Counter(act.what for acts in oracle.ladder.acts.values() for act in acts)
    return (
        f"{plan.days} days, {done['filed']:,} complaints, {len(world.log):,} things done, {done['sweep']:,} sweeps; "
        f"escalations: {_said(rungs)}; standings: {_said(acts)}; {len(oracle.rankings)} rankings, "
        f"{done['awarded']} awards, {len(world.carrier.took):,} e-mails"
    )


def _said(counts: Counter[str]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in counts.most_common())
