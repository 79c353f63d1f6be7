"""The standing of a division: which rung it is on, which is proposed, and which escalations and rule made both.

Replayed from the record alone, in the order in which it was written down; there is no `now` in it, so the same
record always gives the same standing (rule: DOMAIN 5). The machine issues the warning and proposes; only what the
mayor confirmed takes effect.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from chalicelib.domain.complaint import Rung
from chalicelib.domain.escalation import Escalation, State
from chalicelib.domain.policy import StandingPolicy
from chalicelib.domain.values import dataclass

ABOVE: Final = {None: Rung.WARNING, Rung.WARNING: Rung.BLACK_VEST, Rung.BLACK_VEST: Rung.REPLACEMENT}
BELOW: Final = {above: rung for rung, above in ABOVE.items()}
COUNTING: Final = frozenset({State.RECORDED, State.DENIED})  # contested: not while it is; upheld: never
Id = tuple[str, int]  # of an escalation: (ticket, n)


@dataclass(frozen=True, slots=True)
class Act:
    """What was done to a standing: `what` is confirmed, dismissed or came_down; `n` counts a division's acts from 1.

    `rung` is the one that takes effect, the one that was proposed, or the one it came down from. `at` is when it
    holds, for came_down the time of the sweep's event; `because` is what the person who acted was shown.
    """

    n: int
    what: str
    rung: Rung
    at: datetime
    written_at: datetime
    by: str
    reason: str = ""
    because: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a division stands, and why. Escalations are named in the order in which they were recorded.

    `since` is when the rung began (without a rung: when it came down from the last one); `down_at` is the instant
    from which the sweep may record the way down; `acts` is the number of the last act, 0 when there is none.
    """

    rung: Rung | None = None
    since: datetime | None = None
    proposed: Rung | None = None
    rung_because: tuple[Id, ...] = ()
    proposal_because: tuple[Id, ...] = ()
    rung_rules: tuple[str, ...] = ()
    proposal_rules: tuple[str, ...] = ()
    down_at: datetime | None = None
    acts: int = 0

    @property
    def because(self) -> tuple[Id, ...]:
        """Name the escalations behind the rung, then those behind the proposal, each once."""
        return tuple(dict.fromkeys(self.rung_because + self.proposal_because))

    @property
    def rules(self) -> tuple[str, ...]:
        """Name the rules that made the rung, then those that made the proposal."""
        return self.rung_rules + self.proposal_rules


class _Ladder(NamedTuple):
    """A division in the midst of the replay, with its unused escalations in the order of recording.

    `before` are those recorded before the rung began and the one that issued the warning; `after` those recorded since.
    """

    rung: Rung | None = None
    since: datetime | None = None
    because: tuple[Id, ...] = ()
    rules: tuple[str, ...] = ()
    before: tuple[Escalation, ...] = ()
    after: tuple[Escalation, ...] = ()


class _Proposal(NamedTuple):
    """The next rung, waiting for the mayor, and every unused escalation that speaks for it by any rule."""

    rung: Rung | None = None
    because: tuple[Id, ...] = ()
    rules: tuple[str, ...] = ()


def standing_of(escalations: Iterable[Escalation], acts: Iterable[Act], policy: StandingPolicy) -> Standing:
    """Return the standing of the one division whose escalations and acts these are, in whatever order they come."""
    counting = [one for one in escalations if one.state in COUNTING]
    done = list(acts)
    events: list[Escalation | Act] = [*sorted(counting, key=lambda one: one.id), *sorted(done, key=lambda act: act.n)]
    ladder = _Ladder()
    for event in sorted(events, key=lambda one: one.written_at):  # stable: of one instant, escalations before acts
        ladder = _count(ladder, event) if isinstance(event, Escalation) else _ACTS[event.what](ladder, event, policy)
    proposal = _proposal(ladder, policy)
    return Standing(
        ladder.rung, ladder.since, proposal.rung, ladder.because, proposal.because, ladder.rules, proposal.rules,
        down_at=_down_at(ladder, counting, policy), acts=next_act_number(done) - 1,
    )  # fmt: skip


def next_act_number(acts: Iterable[Act]) -> int:
    """Return the `n` of the act that comes after these."""
    return max((act.n for act in acts), default=0) + 1


def can_confirm(standing: Standing, rung: Rung) -> bool:
    """Say whether confirming this rung would take effect: only the one that is proposed does."""
    return standing.proposed == rung


def can_come_down(standing: Standing, now: datetime) -> bool:
    """Say whether a sweep as of `now` may record that the division comes down one rung."""
    return standing.down_at is not None and standing.down_at <= now


def _count(ladder: _Ladder, escalation: Escalation) -> _Ladder:
    """An escalation of whatever rung issues the warning where there is none; else it waits to speak for a proposal."""
    if ladder.rung is None:
        return _first_warning(escalation)
    return ladder._replace(after=(*ladder.after, escalation))


def _first_warning(escalation: Escalation) -> _Ladder:
    """No vest without an earlier warning: the first rung is always the warning, and no person is asked."""
    return _Ladder(Rung.WARNING, escalation.recorded_at, (escalation.id,), ("first_warning",), before=(escalation,))


def _reached_black_vest(ladder: _Ladder, _: StandingPolicy) -> set[Id]:
    """After its warning a complaint of the division reached `black_vest`."""
    return {one.id for one in ladder.after if one.rung == Rung.BLACK_VEST}


def _third_warning(ladder: _Ladder, policy: StandingPolicy) -> set[Id]:
    """The third warning fell within the window; the one that issued the warning may be the first of them.

    One of them was recorded since: warnings of a rung that it has come down from do not send it up by themselves.
    """
    warnings = [one for one in ladder.before + ladder.after if one.rung == Rung.WARNING]
    new = {one.id for one in ladder.after}
    return {id_ for group in _within_window(warnings, policy.warnings, policy) if group & new for id_ in group}


def _reached_replacement(ladder: _Ladder, _: StandingPolicy) -> set[Id]:
    """After the vest took effect a complaint of the division reached `replacement`."""
    return {one.id for one in ladder.after if one.rung == Rung.REPLACEMENT}


def _two_more_black_vests(ladder: _Ladder, policy: StandingPolicy) -> set[Id]:
    """After the vest took effect `black_vest` was reached two more times within the window."""
    vests = [one for one in ladder.after if one.rung == Rung.BLACK_VEST]
    return {id_ for group in _within_window(vests, policy.vests, policy) for id_ in group}


def _within_window(escalations: list[Escalation], least: int, policy: StandingPolicy) -> Iterable[set[Id]]:
    """Yield each group of at least so many whose recorded times lie within one window, its end excluded."""
    ordered = sorted(escalations, key=lambda one: one.recorded_at)
    times = [one.recorded_at for one in ordered]
    for start, first in enumerate(times):
        group = ordered[start : bisect_left(times, first + policy.window)]
        if len(group) >= least:
            yield {one.id for one in group}


_RULES: Final = {  # code -> the rung that it proposes to a division on the rung below, and what speaks for it
    "complaint_reached_black_vest": (Rung.BLACK_VEST, _reached_black_vest),
    "third_warning_within_window": (Rung.BLACK_VEST, _third_warning),
    "complaint_reached_replacement": (Rung.REPLACEMENT, _reached_replacement),
    "two_more_black_vests_within_window": (Rung.REPLACEMENT, _two_more_black_vests),
}


def _proposal(ladder: _Ladder, policy: StandingPolicy) -> _Proposal:
    """Return what waits for the mayor at this point: nothing, or the one rung above, made of all that speaks for it."""
    above = ABOVE.get(ladder.rung)
    found = {code: ids for code, (rung, rule) in _RULES.items() if rung == above and (ids := rule(ladder, policy))}
    made_of = set[Id]().union(*found.values())
    because = tuple(one.id for one in ladder.before + ladder.after if one.id in made_of)
    return _Proposal(above, because, tuple(found)) if found else _Proposal()


def _settled(ladder: _Ladder, act: Act, policy: StandingPolicy) -> _Ladder:
    """A confirmed rung takes effect, a dismissed one does not; both use up what it was made of and what was shown.

    Neither has any effect unless that very rung is proposed at this point, by escalations that count now.
    """
    proposal = _proposal(ladder, policy)
    if proposal.rung != act.rung:
        return ladder
    used = {*proposal.because, *act.because}
    before = tuple(one for one in ladder.before if one.id not in used)
    after = tuple(one for one in ladder.after if one.id not in used)
    if act.what == "dismissed":
        return ladder._replace(before=before, after=after)
    return _Ladder(proposal.rung, act.at, proposal.because, proposal.rules, before=before + after)


def _came_down(ladder: _Ladder, act: Act, _: StandingPolicy) -> _Ladder:
    """One rung down; without a rung everything earlier is forgotten, else the reasons of the higher rung stay named."""
    if ladder.rung is None or ladder.rung != act.rung:
        return ladder
    below = BELOW[ladder.rung]
    if below is None:
        return _Ladder(since=act.at, rules=("came_down",))
    return _Ladder(below, act.at, ladder.because, ("came_down",), before=ladder.before + ladder.after)


_ACTS: Final = {"confirmed": _settled, "dismissed": _settled, "came_down": _came_down}


def _down_at(ladder: _Ladder, counting: list[Escalation], policy: StandingPolicy) -> datetime | None:
    """Count from the later of the last counted escalation, used or not, and the last change of rung."""
    if ladder.rung is None or ladder.since is None:
        return None
    return max(ladder.since, *(one.recorded_at for one in counting)) + policy.way_down
