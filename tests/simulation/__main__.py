"""`python -m tests.simulation`: a year of a city on DynamoDB Local, held to its oracle; 1 on any difference."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra import dynamodb_local
from infra.bench.stage import stand

_SHOWN: Final = 40


def main() -> int:
    """Run it as asked; 2 where the engine is not there."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--complaints", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--begin", type=date.fromisoformat, default=date(2026, 1, 1))
    asked = parser.parse_args()
    if reason := dynamodb_local.missing():
        _say(reason)
        return 2
    memory = Path("/dev/shm")  # noqa: S108  a disk in memory, where the system has one: nothing here must last
    folder = memory if os.access(memory, os.W_OK) else None
    with TemporaryDirectory(dir=folder) as data, dynamodb_local.running(Path(data)) as engine:
        stand(os.environ, AWS_ENDPOINT_URL_DYNAMODB=engine.url, AWS_ENDPOINT_URL_DYNAMODB_STREAMS=engine.url)
        logging.disable(logging.CRITICAL)
        return _simulate(asked, time.monotonic())


def _simulate(asked: argparse.Namespace, began: float) -> int:
    from tests.simulation.run import Plan, simulate  # the service reads its settings when it is imported

    result = simulate(Plan(asked.begin, asked.days, asked.complaints, asked.seed), _since(began))
    for line in result.differences[:_SHOWN]:
        _say(line)
    if len(result.differences) > _SHOWN:
        _say(f"... and {len(result.differences) - _SHOWN} more")
    _say(f"{result.summary}; {len(result.differences)} differences; {time.monotonic() - began:.0f} s")
    return 1 if result.differences else 0


def _since(began: float) -> Callable[[str], None]:
    return lambda text: _say(f"[{time.monotonic() - began:4.0f} s] {text}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
