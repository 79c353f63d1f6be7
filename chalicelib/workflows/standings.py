"""The ladder of divisions: each standing is replayed from the record, and kept so that it can be read at once.

The machine issues the warning and proposes the rest; only the mayor confirms. The sweep records the way down.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Final

from chalicelib.adapters import escalations, standings
from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain.complaint import ADMIN_DESK, Actor, Rung
from chalicelib.domain.escalation import Escalation, State
from chalicelib.domain.notices import To
from chalicelib.domain.owed import Owed
from chalicelib.domain.standing import BELOW, Act, Standing, can_come_down, can_confirm, standing_of
from chalicelib.domain.values import dataclass
from chalicelib.workflows import city

log = logging.getLogger(__name__)

Division = tuple[str, str]
_ATTEMPTS: Final = 5
MACHINE: Final = "machine"


class NothingProposed(Exception):
    """There is no such proposal to settle; `proposed` is what is, and `possible` what can be done with it."""

    def __init__(self, action: str, proposed: Rung | None) -> None:
        super().__init__(f"{action}: proposed is {proposed}")
        self.action, self.proposed = action, proposed
        self.possible = ("confirm", "dismiss") if proposed else ()


@dataclass(frozen=True, slots=True)
class Row:
    """How one division stands."""

    opd: str
    division: str
    standing: Standing


def all_standings() -> list[Row]:
    """Return how every division stands of which anything was ever recorded."""
    return [Row(*division, standing) for division, standing in sorted(standings.all_standings().items())]


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a division stands by the record; `weight` grows with the record, so that of two the later one is known."""

    standing: Standing
    weight: int


def replay(division: Division, newest: Iterable[Escalation] = ()) -> Replayed:
    """Return how a division stands by the record; `newest` are escalations that an index may not know yet."""
    opd, unit = division
    known = {one.id: one for one in escalations.escalations_against(opd) if one.division == unit}
    known |= {one.id: one for one in newest if (one.opd, one.division) == division}
    acts = standings.acts_of(opd, unit)
    settled = sum(_SETTLED[one.state] for one in known.values())
    return Replayed(standing_of(known.values(), acts, city.policy().standing), len(known) + settled + len(acts))


_SETTLED: Final = {State.RECORDED: 0, State.CONTESTED: 1, State.UPHELD: 2, State.DENIED: 2}


# ------------------------------------------------------------------------------------------------ the mayor


def confirm(opd: str, division: str, rung: str, reason: str, actor: Actor, now: datetime) -> Row | None:
    """Let a proposed rung take effect; NothingProposed when it is not proposed, None when there is no such division."""

    def decide(standing: Standing) -> Act:
        if not can_confirm(standing, Rung(rung)):
            raise NothingProposed("confirm", standing.proposed)
        return _act(standing, "confirmed", Rung(rung), reason, actor, now)

    return _settle((opd, division), decide, now)


def dismiss(opd: str, division: str, reason: str, actor: Actor, now: datetime) -> Row | None:
    """Let a proposal pass; NothingProposed when there is none, None when there is no such division."""

    def decide(standing: Standing) -> Act:
        if standing.proposed is None:
            raise NothingProposed("dismiss", None)
        return _act(standing, "dismissed", standing.proposed, reason, actor, now)

    return _settle((opd, division), decide, now)


def _act(standing: Standing, what: str, rung: Rung, reason: str, actor: Actor, now: datetime) -> Act:
    return Act(
        n=standing.acts + 1, what=what, rung=rung, at=now, written_at=now, by=actor.subject, reason=reason,
        because=standing.proposal_because,
    )  # fmt: skip


def _settle(division: Division, decide: Callable[[Standing], Act], now: datetime) -> Row | None:
    if division != (ADMIN_DESK, ADMIN_DESK) and not city.current(now).has_division(*division):
        return None
    for _ in range(_ATTEMPTS):
        act = decide(replay(division).standing)
        if standings.record_act(*division, act, [_told(division, act)]):
            return Row(*division, refresh(division))
    raise StoreUnavailable("too many settle one proposal")


def _told(division: Division, act: Act) -> Owed:
    """Return what is owed of an act: the division and its head learn of it."""
    opd, unit = division
    to = (To.ADMIN, To.MAYOR) if opd == ADMIN_DESK else (To.DIVISION, To.HEAD)
    return Owed(
        id=f"act#{opd}/{unit}#{act.n:06d}", about="standing", to=to, opd=opd, division=unit, n=act.n, rung=act.rung,
        text=act.what if act.what == "came_down" else f"{act.what}: {act.reason}",
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ keeping


def refresh(division: Division, newest: Collection[Escalation] = ()) -> Standing:
    """Keep how a division stands by now; a proposal that was not there before is told to the mayor and the admin."""
    for _ in range(_ATTEMPTS):
        before, found = standings.kept_of(*division), replay(division, newest)
        if before and (before.weight > found.weight or before.standing == found.standing):
            return before.standing
        news = [_proposal(division, found)] if _is_proposed_anew(found.standing, before) else []
        if standings.put_standing(*division, found.standing, found.weight, before, news):
            return found.standing
    raise StoreUnavailable("the standing kept changing")


def _is_proposed_anew(standing: Standing, before: standings.Kept | None) -> bool:
    """Say whether a proposal was not there before; the same one again after an act is another one."""
    was = (before.standing.proposed, before.standing.acts) if before else (None, 0)
    return standing.proposed is not None and (standing.proposed, standing.acts) != was


def _proposal(division: Division, found: Replayed) -> Owed:
    opd, unit = division
    ticket, n = found.standing.proposal_because[-1]
    return Owed(
        id=f"proposal#{opd}/{unit}#{found.weight:06d}", about="proposal", to=(To.MAYOR, To.ADMIN),
        opd=opd, division=unit, tickets=(ticket,), n=n, rung=str(found.standing.proposed),
        text=", ".join(found.standing.proposal_rules),
    )  # fmt: skip


def review(now: datetime, written_at: datetime) -> None:
    """Bring the standings up to what was recorded, and record who comes down as of `now`.

    News is written in one transaction with what it is about (an escalation, a contest, its end, an act) and forgotten
    only here, once the standing is kept: so nothing is left out whose author was killed before, and what is owed all
    night is looked at once.
    """
    news = standings.all_news()
    newest = [one for row in news if row.ticket and (one := escalations.escalation_of(row.ticket, row.n))]
    for division in {(row.opd, row.division) for row in news}:
        refresh(division, newest)
    standings.forget_news(news)
    for division, standing in standings.all_standings().items():
        if can_come_down(standing, now):
            _come_down(division, now, written_at, newest)


def _come_down(division: Division, now: datetime, written_at: datetime, newest: list[Escalation]) -> None:
    """Record that a division comes down one rung, unless the record says otherwise by now."""
    standing = replay(division, newest).standing
    if can_come_down(standing, now) and standing.rung:
        act = Act(
            n=standing.acts + 1, what="came_down", rung=standing.rung, at=now, written_at=written_at, by=MACHINE,
            because=standing.rung_because,
        )  # fmt: skip
        standings.record_act(*division, act, [_told(division, act)])
        log.info("%s/%s came down from %s to %s", *division, standing.rung, BELOW[standing.rung])
    refresh(division, newest)
