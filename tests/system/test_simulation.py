"""Some weeks of a city, simulated and held to the oracle; the whole year is `make simulate`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from moto import mock_aws

from tests.simulation.compare import differences
from tests.simulation.log import DONE, ILLEGAL
from tests.simulation.oracle import Oracle
from tests.simulation.run import Plan, Simulated, simulate
from tests.system.town import start_anew

WEEKS = Plan(date(2026, 2, 2), days=45, complaints=120, seed=1, at_once=False, delivers=0.3)
ACTIONS = {
    "filed", "dispatch", "reject", "merge", "start", "answer", "ask", "forward", "refuse", "message", "rate", "reopen",
    "contest", "settle", "sweep", "delivered", "mail",
}  # fmt: skip


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulated]:
    """What came of those weeks, on moto."""
    with mock_aws():
        start_anew()
        logging.disable(logging.CRITICAL)
        try:
            yield simulate(WEEKS, lambda _: None)
        finally:
            logging.disable(logging.NOTSET)
            start_anew()


def test_what_is_stored_and_sent_is_exactly_what_the_oracle_says(simulated: Simulated) -> None:
    assert simulated.differences == []


def test_it_was_a_life_worth_checking(simulated: Simulated) -> None:
    done = Counter(did.what for did in simulated.log if did.outcome == DONE)
    assert not ACTIONS - set(done)
    rungs = Counter(one.rung for case in simulated.oracle.cases.values() for one in case.escalated)
    assert set(rungs) == {"warning", "black_vest", "replacement"}
    assert {did.outcome for did in simulated.log} >= {DONE, ILLEGAL}
    assert {act.what for acts in simulated.oracle.ladder.acts.values() for act in acts} >= {"confirmed", "came_down"}
    assert simulated.oracle.rankings


@pytest.mark.parametrize("what", ["answer", "settle", "sweep"])
def test_an_oracle_that_misses_one_thing_disagrees(simulated: Simulated, what: str) -> None:
    escalated_at = {one.recorded_at for case in simulated.oracle.cases.values() for one in case.escalated}
    missed = next(
        did
        for did in simulated.log
        if did.what == what and did.outcome == DONE and (what != "sweep" or did.at in escalated_at)
    )
    oracle = Oracle()
    for did in simulated.log:
        if did is not missed:
            oracle.read(did)
    assert list(differences(oracle, simulated.log, simulated.carrier, simulated.now))
