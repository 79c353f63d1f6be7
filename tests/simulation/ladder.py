"""The ladder of divisions in the oracle: each standing by brute force, what is proposed and what comes down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

from tests.simulation.case import Escalated, Place
from tests.simulation.log import DONE, NOTHING
from tests.standing_oracle import oracle_standing

Name = tuple[str, int]
Standing = dict[str, Any]
_NONE: Final[Standing] = {"rung": None, "proposed": None, "down_at": None, "acts": 0}


@dataclass(frozen=True, slots=True)
class Acted:
    """What was done to a standing."""

    n: int
    what: str
    rung: str
    at: datetime
    written_at: datetime
    by: str
    reason: str
    because: tuple[Name, ...]


@dataclass
class Ladder:
    """Every division of which anything was recorded. `proposed` is what people know to be proposed, by division."""

    escalated: dict[Place, list[Escalated]] = field(default_factory=lambda: defaultdict(list))
    acts: dict[Place, list[Acted]] = field(default_factory=lambda: defaultdict(list))
    proposed: dict[Place, str | None] = field(default_factory=dict)
    _known: dict[Place, Standing] = field(default_factory=dict)

    def record(self, one: Escalated) -> None:
        """An escalation was recorded."""
        place = (one.opd, one.division)
        self.escalated[place].append(one)
        self._known.pop(place, None)

    def changed(self, one: Escalated) -> None:
        """An escalation counts, or does not count any more."""
        self._known.pop((one.opd, one.division), None)

    def standing(self, place: Place) -> Standing:
        """Return how a division stands by what was recorded up to now."""
        if place not in self._known:
            escalated, acts = self.escalated.get(place), self.acts.get(place, [])
            found = oracle_standing(cast(Any, escalated), cast(Any, acts)) if escalated else dict(_NONE)
            self._known[place] = found
        return self._known[place]

    def new_proposals(self) -> Iterator[tuple[Place, Standing]]:
        """Yield the divisions with a proposal that was not there when this was last asked."""
        for place in list(self.escalated):
            standing = self.standing(place)
            known, self.proposed[place] = self.proposed.get(place), standing["proposed"]
            if standing["proposed"] not in (None, known):
                yield place, standing

    def come_down(self, now: datetime, written_at: datetime) -> Iterator[tuple[Place, Acted]]:
        """Let those come down one rung who may as of `now`."""
        for place in list(self.escalated):
            standing = self.standing(place)
            if standing["down_at"] is not None and standing["down_at"] <= now:
                because = standing["rung_because"]
                yield place, self._act(place, "came_down", standing["rung"], now, written_at, "machine", "", because)

    def settle(self, what: str, place: Place, rung: str | None, at: datetime, by: str, reason: str) -> str:
        """The mayor confirms a rung, or dismisses what is proposed."""
        standing = self.standing(place)
        proposed = standing["proposed"]
        if proposed is None or (what == "confirmed" and rung != proposed):
            return NOTHING
        self._act(place, what, proposed, at, at, by, reason, standing["proposal_because"])
        return DONE

    def _act(
        self, place: Place, what: str, rung: str, at: datetime, written_at: datetime, by: str, reason: str, because: Any
    ) -> Acted:
        act = Acted(self.standing(place)["acts"] + 1, what, rung, at, written_at, by, reason, tuple(because))
        self.acts[place].append(act)
        self._known.pop(place, None)
        return act
