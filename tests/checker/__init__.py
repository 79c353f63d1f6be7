"""An independent checker: reads the raw tables and what the carriers really got, and says what does not hold.

It shares nothing with the service but the tables' form and the words of its messages: items are decoded here, and what
follows from the record is worked out here anew.

- Every acknowledged complaint and step stands exactly once in its timeline (`acknowledged`).
- Every stored complaint has a whole life: each step is possible where it stands, each deadline is the one that the
  rules make, what is stored is what the timeline adds up to, escalations stand beside it one to one (`life`,
  `complaints`).
- The acts on a division have no gap, each had something to be done to, and each stored standing is what the record
  makes it (`standings`).
- Every message that is owed at once went out to the right address, and is written down; nothing else went out; one went
  out a second time only if it had not been written down before, and between the two the carrier's answer was lost, or
  writing it down failed without being done, or the process was killed (`messages`).
- Every escalation and act was told to exactly its people, in one message each, none by night; nothing is left to be
  told (`sweeps`).
- The statistics are what the timelines add up to (`figures`).
- No name, number or address of a reporter stands in a log line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.checker import acknowledged, complaints, figures, messages, standings, sweeps
from tests.checker.acknowledged import Acknowledged
from tests.checker.days import working_days_after
from tests.checker.record import read
from tests.fake_aws import Happened, Sent

__all__ = ["Acknowledged", "Evidence", "problems", "working_days_after"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the checker goes by."""

    dynamodb: Any
    prefix: str
    told: Sequence[Acknowledged]
    outbox: Sequence[Sent]
    journal: Sequence[Happened]
    lines: Sequence[str]
    personal: set[str]
    admin: str
    mayor: str


def problems(evidence: Evidence) -> list[str]:
    """Return what does not hold, one sentence each; nothing when all is well and nothing is under way."""
    record = read(evidence.dynamodb, evidence.prefix)
    offices = {"admin": evidence.admin, "mayor": evidence.mayor}
    return [
        *acknowledged.problems(evidence.told, record),
        *complaints.problems(record),
        *standings.problems(record),
        *messages.problems(record, evidence.outbox, evidence.journal, offices),
        *sweeps.problems(record, evidence.outbox, offices),
        *figures.problems(record),
        *_logs(evidence),
    ]


def _logs(evidence: Evidence) -> Iterator[str]:
    if not evidence.personal:
        return
    anybody = re.compile("|".join(re.escape(one) for one in sorted(evidence.personal)), re.IGNORECASE)
    yield from (f"a log line names a person: {line}" for line in evidence.lines if anybody.search(line))
