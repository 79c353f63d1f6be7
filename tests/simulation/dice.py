"""Chance, seeded: what people bring, how diligent each division is, when they are at work."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from tests.simulation.log import JAKARTA

KINDS: Final = {"complaint": 70, "question": 15, "idea": 8, "information": 7}
CHANNELS: Final = {"sms": 60, "web": 25, "open311": 10, "whatsapp": 5}
REASONS: Final = ("spam", "not_the_city", "insufficient", "abusive")
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Temper:
    """How a division works: days until it looks at something, and its chances of doing each thing then."""

    name: str
    days: tuple[float, float]
    idle: float = 0.0  # looks, and does nothing
    interim: float = 0.0  # answers for the time being first


TEMPERS: Final = (
    Temper("fast", (0.05, 3.0)),
    Temper("steady", (0.5, 6.0), idle=0.05, interim=0.1),
    Temper("slow", (3.0, 14.0), idle=0.2, interim=0.1),
    Temper("interim", (0.5, 6.0), idle=0.05, interim=0.7),
    Temper("never", (5.0, 25.0), idle=0.9),
)
_FIRST: Final = ("fast", "never", "steady", "slow", "interim", "fast")  # of the divisions with most to do
_OTHERS: Final = {"fast": 34, "steady": 36, "slow": 14, "interim": 10, "never": 6}


class Dice(random.Random):
    """Chance, with the words that the city needs."""

    def happens(self, chance: float) -> bool:
        """Say yes with that chance."""
        return self.random() < chance

    def one_of(self, weights: dict[str, int]) -> str:
        """Choose by weight."""
        return self.choices([*weights], [*weights.values()])[0]

    def later(self, at: datetime, least: float, most: float) -> datetime:
        """Return an instant so many days later, in whole seconds."""
        return at + timedelta(seconds=round(86_400 * self.uniform(least, most)))

    def in_office(self, at: datetime) -> datetime:
        """Return an instant in office hours at or after `at`; offices sometimes work on days of rest too."""
        there = at.astimezone(JAKARTA)
        hour = there.hour + there.minute / 60
        if hour >= 16:
            there += timedelta(days=1)
        if hour < 7.5 or hour >= 16:
            there = there.replace(hour=7, minute=30, second=0) + timedelta(seconds=self.randrange(8 * 3600))
        while there.weekday() >= 5 and not self.happens(0.1):
            there += timedelta(days=1)
        return there


@dataclass(frozen=True, slots=True)
class Desk:
    """A division, what it is asked for, and how it works."""

    place: Place
    category: str
    temper: Temper


class Desks:
    """All divisions, those with most to do first: their shares fall as 1/n, as in a real year."""

    def __init__(self, dice: Dice, services: Sequence[tuple[Place, str]]) -> None:
        shuffled = list(services)
        dice.shuffle(shuffled)
        by_name = {temper.name: temper for temper in TEMPERS}
        tempers: dict[Place, Temper] = {}
        for place, _ in shuffled:
            name = _FIRST[len(tempers)] if len(tempers) < len(_FIRST) else dice.one_of(_OTHERS)
            tempers.setdefault(place, by_name[name])
        self.all = [Desk(place, category, tempers[place]) for place, category in shuffled]
        self.tempers = tempers
        self._shares = list(accumulate(1 / (rank + 1) for rank in range(len(self.all))))
        self._dice = dice

    def one(self) -> Desk:
        """Return where a complaint belongs."""
        return self._dice.choices(self.all, cum_weights=self._shares)[0]

    def another(self, place: Place) -> Place:
        """Return another division."""
        while (found := self.one().place) == place:
            pass
        return found
