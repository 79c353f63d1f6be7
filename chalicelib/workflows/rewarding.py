"""Who was best in a month is computed once, from the counters; what a person then awards is recorded and told."""

from __future__ import annotations

import logging
from datetime import datetime

from chalicelib import settings
from chalicelib.adapters import rewards, statistics
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain.complaint import Actor
from chalicelib.domain.notices import To
from chalicelib.domain.owed import Owed
from chalicelib.domain.reward import (
    Award,
    RewardRow,
    award_text,
    check_period,
    figures_of,
    nomination_text,
    ranking,
    rows_of,
)
from chalicelib.workflows import city
from chalicelib.workflows.handling import UnknownDivision

log = logging.getLogger(__name__)


class AlreadyAwarded(Exception):
    """The division has another reward for that month; `reward` is which."""

    def __init__(self, reward: str) -> None:
        super().__init__("another reward is recorded for that division and month")
        self.reward = reward


def nominate(period: str, now: datetime) -> bool:
    """Rank the divisions of a month and tell the admin who is best; say whether that was done now: it is done once.

    A month in which nobody finished enough is left alone, and nobody is told.
    """
    if rewards.ranking_of(period):
        return False
    known = city.current(now)
    tally = statistics.cells_of(period, consistent=True)
    ranked = ranking(figures_of(tally), known.policy.reward_finished)
    if not ranked:
        return False
    text = nomination_text(period, ranked, known.names)
    kept = rewards.keep_ranking(period, ranked, Owed(f"nomination#{period}", "nomination", (To.ADMIN,), text=text))
    log.info("ranking of %s: %s divisions%s", period, len(ranked), "" if kept else ", kept by another")
    return kept


def award(opd: str, division: str, period: str, reward: str, actor: Actor, now: datetime) -> RewardRow:
    """Record what a person awards a division for a month, and let it be told; the same again changes nothing.

    Raises UnknownDivision, BadPeriod, and AlreadyAwarded when the division has another reward for that month.
    """
    check_period(period, now, settings.current().zone)
    if not city.current(now).has_division(opd, division):
        raise UnknownDivision
    given = Award(opd, division, period, reward, now, actor.subject)
    told = Owed(
        f"reward#{period}#{opd}/{division}", "reward", (To.DIVISION, To.HEAD), opd, division,
        text=award_text(period, reward),
    )  # fmt: skip
    if not rewards.keep_award(given, told):
        stored = rewards.award_of(opd, division, period)
        if stored is None:
            raise StoreUnavailable("somebody else awards the same at the same time")
        if stored.reward != reward:
            raise AlreadyAwarded(stored.reward)
        given = stored
    ranked = [one for one in rewards.ranking_of(period) if (one.opd, one.division) == (opd, division)]
    return rows_of(period, ranked, [given])[0]


def of_period(period: str) -> list[RewardRow]:
    """Return the month's list: its ranking once it is kept, and all that was awarded."""
    return rows_of(period, rewards.ranking_of(period), rewards.awards_of(period))
