"""The engine that the system tests of faults and races share, and the city on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.stage import missing, running_engine, town_on
from tests.system.town import Town


@pytest.fixture(scope="session")
def engine() -> Iterator[str]:
    """The address of a real database engine."""
    if reason := missing():
        pytest.skip(reason)
    with running_engine() as url:
        yield url


@pytest.fixture(scope="module")
def _city(engine: str) -> Iterator[Town]:
    with town_on(engine) as town:
        yield town


@pytest.fixture
def town(_city: Town) -> Iterator[Town]:
    """A city in which nothing has happened yet."""
    yield _city
    _city.aws.stop()
    _city.wipe()
