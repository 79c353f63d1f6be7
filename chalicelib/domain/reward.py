"""The reward: which division was best in a month, by the records alone, and what a person awarded it (rule: DOMAIN 5).

Ranking by a mean, or paying by the piece, made one report solved in four minutes "best" elsewhere: hence a least number
of finished complaints, the share on time first, and a median.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from typing import Any, Final

from chalicelib.domain.complaint import ADMIN_DESK
from chalicelib.domain.deadlines import Calendar, deadline_or_provisional
from chalicelib.domain.letters import Names
from chalicelib.domain.replies import short_day
from chalicelib.domain.tally import Tally, bins_of, by, quantile
from chalicelib.domain.values import dataclass

_MONTH: Final = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])", re.ASCII)
_MOST_NAMED: Final = 10


class BadPeriod(ValueError):
    """A period is a month as "2026-11", and none that is still to come."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A division's month: complaints finished, how their answer clocks ended (an excused one neither way), working
    hours to the first answer by bin of the histogram, ratings and their sum."""

    opd: str
    division: str
    finished: int
    on_time: int
    late: int
    bins: Sequence[int]
    rated: int
    rated_sum: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A division's place in a month, and the three numbers that made it; None where there is nothing to measure."""

    opd: str
    division: str
    rank: int
    finished: int
    share_on_time: float | None
    median_hours: int | None
    rating_mean: float | None

    @property
    def is_nominated(self) -> bool:
        """Whether nobody was better."""
        return self.rank == 1


@dataclass(frozen=True, slots=True)
class Award:
    """What a person gave a division for a month; `by` is the subject of the identity provider."""

    opd: str
    division: str
    period: str
    reward: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RewardRow:
    """A division in a month's list: its place, unless it was awarded without one, and its reward, if there is one."""

    opd: str
    division: str
    period: str
    rank: int | None
    nominated: bool
    finished: int | None
    share_on_time: float | None
    median_hours: int | None
    rating_mean: float | None
    reward: str | None
    awarded_at: datetime | None
    awarded_by: str | None

    @property
    def public(self) -> dict[str, Any]:
        """What everybody may read: all but who awarded it."""
        return {name: value for name, value in asdict(self).items() if name != "awarded_by"}


# ------------------------------------------------------------------------------------------------ the ranking


def figures_of(tally: Tally) -> list[Figures]:
    """Return the figures of each division in a month's statistics; who dispatches is no division."""
    return [
        _figures(opd, division, part)
        for (opd, division), part in by(tally, "opd", "division").items()
        if opd not in ("", ADMIN_DESK)
    ]


def _figures(opd: str, division: str, part: Tally) -> Figures:
    totals: Counter[str] = Counter()
    for (_, metric), n in part.items():
        totals[metric] += n
    return Figures(
        opd, division, totals["finished"], totals["finished_on_time"], totals["finished_late"],
        bins_of(part, "f"), totals["rated"], totals["rated_sum"],
    )  # fmt: skip


def ranking(figures: Iterable[Figures], least: int) -> list[Ranked]:
    """Return the divisions with at least so many finished complaints, best first; equals share a rank.

    By the share on time, then the median working hours to the first answer as published, then the mean rating.
    """
    best_first = sorted((_merits(one), one.opd, one.division, one) for one in figures if one.finished >= least)
    ranked: list[Ranked] = []
    merits_before: tuple[Fraction, ...] | None = None
    for place, (merits, _, _, one) in enumerate(best_first, start=1):
        rank = ranked[-1].rank if merits == merits_before else place
        ranked.append(_ranked(one, rank))
        merits_before = merits
    return ranked


def _merits(one: Figures) -> tuple[Fraction, ...]:
    """Less is better; what cannot be measured comes after all that can."""
    median = quantile(one.bins, 50)
    return (
        *_worst_if_none(_share(one), -1),
        *_worst_if_none(None if median is None else Fraction(median), 1),
        *_worst_if_none(_mean(one), -1),
    )


def _worst_if_none(value: Fraction | None, sign: int) -> tuple[Fraction, Fraction]:
    return (Fraction(1), Fraction(0)) if value is None else (Fraction(0), sign * value)


def _share(one: Figures) -> Fraction | None:
    judged = one.on_time + one.late
    return Fraction(one.on_time, judged) if judged else None


def _mean(one: Figures) -> Fraction | None:
    return Fraction(one.rated_sum, one.rated) if one.rated else None


def _ranked(one: Figures, rank: int) -> Ranked:
    return Ranked(
        one.opd, one.division, rank, one.finished, _rounded(_share(one)), quantile(one.bins, 50), _rounded(_mean(one))
    )


def _rounded(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 4)


# ------------------------------------------------------------------------------------------------ the months


def period_due(now: datetime, working_days: int, calendar: Calendar) -> str:
    """Return the newest month whose ranking is due: the last one, once so many working days of this one are over."""
    before = now.astimezone(calendar.zone).date().replace(day=1) - timedelta(days=1)
    begin = datetime.combine(before, time.min, calendar.zone)
    if now < deadline_or_provisional(begin, working_days, calendar).at:
        before = before.replace(day=1) - timedelta(days=1)
    return f"{before:%Y-%m}"


def check_period(period: str, now: datetime, zone: tzinfo) -> None:
    """Raise BadPeriod for what is no month, or one that is still to come."""
    if not _MONTH.fullmatch(period) or period > f"{now.astimezone(zone):%Y-%m}":
        raise BadPeriod('a period is a month such as "2026-11", and none to come')


# ------------------------------------------------------------------------------------------------ the lists


def rows_of(period: str, ranked: Iterable[Ranked], awards: Iterable[Award]) -> list[RewardRow]:
    """Return a month's list: the ranking, then who was awarded without a place in it, each with its reward."""
    given = {(award.opd, award.division): award for award in awards}
    rows = [_row(period, one.opd, one.division, one, given.pop((one.opd, one.division), None)) for one in ranked]
    return rows + [_row(period, *division, None, award) for division, award in sorted(given.items())]


def _row(period: str, opd: str, division: str, place: Ranked | None, award: Award | None) -> RewardRow:
    return RewardRow(
        opd=opd,
        division=division,
        period=period,
        rank=place.rank if place else None,
        nominated=place is not None and place.is_nominated,
        finished=place.finished if place else None,
        share_on_time=place.share_on_time if place else None,
        median_hours=place.median_hours if place else None,
        rating_mean=place.rating_mean if place else None,
        reward=award.reward if award else None,
        awarded_at=award.at if award else None,
        awarded_by=award.by if award else None,
    )


def nomination_text(period: str, ranked: Sequence[Ranked], names: Callable[[str, str, None], Names]) -> str:
    """Return who is nominated, by which numbers, for people."""
    best = [one for one in ranked if one.is_nominated]
    lines = [f"Terbaik bulan {_month(period)}:"]
    for one in best[:_MOST_NAMED]:
        known = names(one.opd, one.division, None)
        lines.append(f"- {known.opd}, {known.division}: {_measured(one)}")
    if len(best) > _MOST_NAMED:
        lines.append(f"- dan {len(best) - _MOST_NAMED} bidang lain")
    return "\n".join(lines)


def _measured(one: Ranked) -> str:
    share = "-" if one.share_on_time is None else f"{one.share_on_time:.1%}".replace(".", ",")
    rating = "-" if one.rating_mean is None else f"{one.rating_mean:.2f}".replace(".", ",")
    hours = "-" if one.median_hours is None else one.median_hours
    return f"{one.finished} selesai, {share} tepat waktu, median {hours} jam kerja, nilai {rating}"


def award_text(period: str, reward: str) -> str:
    """Return what a division is told of its reward."""
    return f"penghargaan bulan {_month(period)}: {reward}"


def _month(period: str) -> str:
    return short_day(date.fromisoformat(f"{period}-01")).partition(" ")[2]
