"""The standing of a division: stages, explained by what made them, contestable, and with a way down (DOMAIN 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from chalicelib.domain.complaint import Rung
from chalicelib.domain.escalation import Escalation, State
from chalicelib.domain.policy import StandingPolicy
from chalicelib.domain.standing import (
    Act,
    Standing,
    can_come_down,
    can_confirm,
    next_act_number,
    standing_of,
)
from tests.standing_oracle import oracle_standing

POLICY = StandingPolicy()


def recorded(ticket: str, n: int, rung: Rung, at: datetime, written: datetime, state: str) -> Escalation:
    """Return an escalation of which only matters what the ladder of divisions counts by."""
    return Escalation(ticket, n, 1, rung, "dishub", "parkir", at, at, written, State(state))


START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
THIRTY_DAYS = timedelta(hours=720)
WARNING, BLACK_VEST, REPLACEMENT = Rung.WARNING, Rung.BLACK_VEST, Rung.REPLACEMENT


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def escalation(
    ticket: str, rung: Rung, on: float, *, n: int = 1, written: float | None = None, state: str = "recorded"
) -> Escalation:
    return recorded(ticket, n, rung, day(on), day(on if written is None else written), state)


def act(
    n: int, what: str, rung: Rung, on: float, *, written: float | None = None, because: tuple[tuple[str, int], ...] = ()
) -> Act:
    return Act(n, what, rung, day(on), day(on if written is None else written), "somebody", "a reason", because)


def standing(*record: Escalation | Act, policy: StandingPolicy = POLICY) -> Standing:
    escalations = [one for one in record if isinstance(one, Escalation)]
    return standing_of(escalations, [one for one in record if isinstance(one, Act)], policy)


WARNED = escalation("A", WARNING, 0)
REACHED_VEST = escalation("A", BLACK_VEST, 2, n=2)
VESTED: tuple[Escalation | Act, ...] = (WARNED, REACHED_VEST, act(1, "confirmed", BLACK_VEST, 3))
REACHED_REPLACEMENT = escalation("A", REPLACEMENT, 5, n=3)
REPLACED: tuple[Escalation | Act, ...] = (*VESTED, REACHED_REPLACEMENT, act(2, "confirmed", REPLACEMENT, 6))


def contested(one: Escalation, state: str = "contested") -> Escalation:
    return replace(one, state=State(state))


# the warning


def test_a_division_without_escalations_has_no_standing_and_no_way_down() -> None:
    assert standing() == Standing()
    assert (Standing().rung, Standing().down_at, Standing().because, Standing().rules) == (None, None, (), ())


@pytest.mark.parametrize("rung", list(Rung))
def test_the_first_counted_escalation_of_any_rung_issues_the_warning_and_nothing_more(rung: Rung) -> None:
    assert standing(escalation("A", rung, 0)) == Standing(
        rung=WARNING,
        since=day(0),
        rung_because=(("A", 1),),
        rung_rules=("first_warning",),
        down_at=day(30),
    )


def test_the_warning_is_since_the_time_of_the_sweep_and_not_since_it_was_written_down() -> None:
    assert standing(escalation("A", WARNING, 20, written=1)).since == day(20)


def test_the_escalation_written_down_first_issues_the_warning_whatever_its_recorded_time() -> None:
    found = standing(escalation("A", WARNING, 5, written=2), escalation("B", WARNING, 20, written=1))
    assert (found.rung_because, found.since) == ((("B", 1),), day(20))


def test_of_two_written_at_the_same_instant_the_ticket_and_then_its_number_decide() -> None:
    at_once = [escalation("B", WARNING, 0), escalation("A", WARNING, 0, n=2), escalation("A", WARNING, 0, n=1)]
    assert standing(*at_once).rung_because == (("A", 1),)


# the black vest is proposed


def test_a_complaint_that_reaches_black_vest_after_the_warning_proposes_the_vest() -> None:
    found = standing(WARNED, REACHED_VEST)
    assert (found.rung, found.since, found.proposed) == (WARNING, day(0), BLACK_VEST)
    assert (found.rung_because, found.proposal_because) == ((("A", 1),), (("A", 2),))
    assert found.because == (("A", 1), ("A", 2))
    assert found.rules == ("first_warning", "complaint_reached_black_vest")


def test_the_black_vest_of_a_complaint_that_itself_issued_the_warning_proposes_nothing() -> None:
    issued_by_vest = escalation("A", BLACK_VEST, 0)
    assert standing(issued_by_vest).proposed is None
    assert standing(issued_by_vest, escalation("B", BLACK_VEST, 0)).proposal_because == (("B", 1),)


def test_after_the_warning_means_in_the_order_of_recording_even_when_its_recorded_time_is_earlier() -> None:
    rehearsed_warning = escalation("A", WARNING, 30, written=0)
    assert standing(rehearsed_warning, escalation("B", BLACK_VEST, 1)).proposed is BLACK_VEST


def test_a_complaint_that_reaches_replacement_proposes_nothing_to_a_warned_division() -> None:
    assert standing(WARNED, escalation("B", REPLACEMENT, 1)).proposed is None


def test_the_third_warning_within_thirty_days_proposes_the_vest_with_the_issuing_one_as_the_first() -> None:
    two = (WARNED, escalation("B", WARNING, 10))
    assert standing(*two).proposed is None
    found = standing(*two, escalation("C", WARNING, 29))
    assert (found.proposed, found.rules) == (BLACK_VEST, ("first_warning", "third_warning_within_window"))
    assert found.proposal_because == found.because == (("A", 1), ("B", 1), ("C", 1))


def test_exactly_720_hours_between_the_first_and_the_third_warning_is_outside() -> None:
    two = (WARNED, escalation("B", WARNING, 10))
    third = escalation("C", WARNING, 30)
    assert standing(*two, third).proposed is None
    inside = replace(third, recorded_at=third.recorded_at - INSTANT)
    assert standing(*two, inside).proposed is BLACK_VEST


def test_any_three_warnings_within_thirty_days_count_and_those_outside_do_not_speak_for_it() -> None:
    found = standing(WARNED, *(escalation(ticket, WARNING, on) for ticket, on in (("B", 31), ("C", 40), ("D", 60))))
    assert found.proposal_because == (("B", 1), ("C", 1), ("D", 1))


def test_every_warning_that_is_one_of_three_within_thirty_days_speaks_for_the_vest() -> None:
    found = standing(WARNED, *(escalation(ticket, WARNING, on) for ticket, on in (("B", 20), ("C", 29), ("D", 45))))
    assert found.proposal_because == (("A", 1), ("B", 1), ("C", 1), ("D", 1))  # A..C and B..D, though not A..D


def test_warnings_are_compared_by_their_recorded_times_and_not_by_when_they_were_written() -> None:
    written_late = [escalation(ticket, WARNING, on, written=100 * on) for ticket, on in (("B", 1), ("C", 2))]
    assert standing(WARNED, *written_late).proposed is BLACK_VEST
    rehearsed = [escalation(ticket, WARNING, on, written=1) for ticket, on in (("B", 31), ("C", 62))]
    assert standing(WARNED, *rehearsed).proposed is None


def test_other_rungs_are_not_warnings() -> None:
    assert standing(WARNED, escalation("B", WARNING, 1), escalation("B", REPLACEMENT, 2, n=2)).proposed is None
    assert (
        standing(escalation("A", REPLACEMENT, 0), escalation("B", WARNING, 1), escalation("C", WARNING, 2)).proposed
        is None
    )


def test_a_proposal_by_two_rules_names_both_and_all_their_escalations() -> None:
    found = standing(WARNED, escalation("B", WARNING, 1), REACHED_VEST, escalation("C", WARNING, 3))
    assert found.proposal_rules == ("complaint_reached_black_vest", "third_warning_within_window")
    assert found.proposal_because == (("A", 1), ("B", 1), ("A", 2), ("C", 1))


# confirmed and dismissed


def test_a_proposal_alone_never_puts_on_a_vest() -> None:
    assert standing(WARNED, *(escalation(str(i), BLACK_VEST, 1 + i) for i in range(9))).rung is WARNING


def test_a_confirmed_vest_takes_effect_when_it_was_confirmed_and_says_what_made_it() -> None:
    assert standing(*VESTED) == Standing(
        rung=BLACK_VEST,
        since=day(3),
        rung_because=(("A", 2),),
        rung_rules=("complaint_reached_black_vest",),
        down_at=day(33),
        acts=1,
    )


def test_what_made_the_rung_is_named_before_what_made_the_proposal() -> None:
    found = standing(*VESTED, REACHED_REPLACEMENT)
    assert found.rules == ("complaint_reached_black_vest", "complaint_reached_replacement")
    assert found.because == (("A", 2), ("A", 3))


def test_one_rung_at_a_time_a_replacement_cannot_be_confirmed_over_a_proposed_vest() -> None:
    found = standing(WARNED, REACHED_VEST, REACHED_REPLACEMENT, act(1, "confirmed", REPLACEMENT, 6))
    assert (found.rung, found.proposed, found.acts) == (WARNING, BLACK_VEST, 1)


@pytest.mark.parametrize("what", ["confirmed", "dismissed", "came_down"])
@pytest.mark.parametrize("record", [(), (WARNED,), REPLACED])
def test_an_act_without_its_proposal_or_its_rung_changes_nothing(
    record: tuple[Escalation | Act, ...], what: str
) -> None:
    before = standing(*record)
    assert standing(*record, act(before.acts + 1, what, BLACK_VEST, 9)) == replace(before, acts=before.acts + 1)


def test_a_confirmation_written_before_its_proposal_has_no_effect() -> None:
    found = standing(WARNED, act(1, "confirmed", BLACK_VEST, 1), REACHED_VEST)
    assert (found.rung, found.proposed) == (WARNING, BLACK_VEST)


def test_an_escalation_written_at_the_instant_of_the_act_comes_before_it() -> None:
    assert standing(WARNED, REACHED_VEST, act(1, "confirmed", BLACK_VEST, 2)).rung is BLACK_VEST


def test_acts_of_one_instant_are_applied_by_their_numbers() -> None:
    at_once = (act(1, "dismissed", BLACK_VEST, 3), act(2, "confirmed", BLACK_VEST, 3))
    assert standing(WARNED, REACHED_VEST, *at_once).rung is WARNING
    assert standing(WARNED, REACHED_VEST, *(replace(one, n=3 - one.n) for one in at_once)).rung is BLACK_VEST


def test_a_rehearsed_escalation_of_next_month_is_confirmed_today_and_holds_from_today() -> None:
    rehearsed = (escalation("A", WARNING, 28, written=0), escalation("A", BLACK_VEST, 30, n=2, written=0.1))
    found = standing(*rehearsed, act(1, "confirmed", BLACK_VEST, 1))
    assert (found.rung, found.since, found.down_at) == (BLACK_VEST, day(1), day(60))


def test_a_dismissal_uses_up_the_escalations_and_leaves_the_rung() -> None:
    found = standing(WARNED, REACHED_VEST, act(1, "dismissed", BLACK_VEST, 3))
    assert (found.rung, found.since, found.proposed, found.rules) == (WARNING, day(0), None, ("first_warning",))
    assert found.because == (("A", 1),)


def test_after_a_dismissal_only_new_escalations_propose_again() -> None:
    three = (WARNED, escalation("B", WARNING, 1), escalation("C", WARNING, 2))
    dismissed = (*three, act(1, "dismissed", BLACK_VEST, 3))
    two_more = (*dismissed, escalation("D", WARNING, 4), escalation("E", WARNING, 5))
    assert standing(*two_more).proposed is None
    assert standing(*two_more, escalation("F", WARNING, 6)).proposal_because == (("D", 1), ("E", 1), ("F", 1))


def test_a_dismissal_of_another_rung_than_the_proposed_uses_nothing_up() -> None:
    assert standing(WARNED, REACHED_VEST, act(1, "dismissed", REPLACEMENT, 3)).proposed is BLACK_VEST


def test_a_confirmation_uses_up_all_that_spoke_for_it_also_what_came_after_the_person_looked() -> None:
    late = escalation("B", BLACK_VEST, 2.5)
    confirmed = act(1, "confirmed", BLACK_VEST, 3, because=(("A", 2),))
    found = standing(WARNED, REACHED_VEST, late, confirmed)
    assert found.rung_because == (("A", 2), ("B", 1))


@pytest.mark.parametrize("what", ["confirmed", "dismissed"])
def test_what_the_person_was_shown_is_used_up_although_it_does_not_speak_for_it_now(what: str) -> None:
    shown = (("A", 1), ("A", 2), ("B", 1))
    record = (WARNED, escalation("B", WARNING, 1), REACHED_VEST)
    down = act(2, "came_down", BLACK_VEST, 2.6)  # without effect where the vest was dismissed
    later = (escalation("C", WARNING, 3), escalation("D", WARNING, 4))

    def proposed(because: tuple[tuple[str, int], ...]) -> Rung | None:
        return standing(*record, act(1, what, BLACK_VEST, 2.5, because=because), down, *later).proposed

    assert (proposed(()), proposed(shown)) == (BLACK_VEST, None)


# replacement is proposed


def test_a_complaint_that_reaches_replacement_after_the_vest_took_effect_proposes_the_replacement() -> None:
    found = standing(*VESTED, REACHED_REPLACEMENT)
    assert (found.rung, found.proposed) == (BLACK_VEST, REPLACEMENT)
    assert (found.proposal_because, found.proposal_rules) == ((("A", 3),), ("complaint_reached_replacement",))


def test_a_replacement_reached_before_the_vest_took_effect_proposes_nothing() -> None:
    early = escalation("B", REPLACEMENT, 2.5)
    assert standing(*VESTED, early).proposed is None


def test_two_more_black_vests_within_thirty_days_propose_the_replacement() -> None:
    one_more = (*VESTED, escalation("B", BLACK_VEST, 4))
    assert standing(*one_more).proposed is None
    found = standing(*one_more, escalation("C", BLACK_VEST, 33))
    assert (found.proposed, found.proposal_rules) == (REPLACEMENT, ("two_more_black_vests_within_window",))
    assert found.proposal_because == (("B", 1), ("C", 1))


def test_exactly_720_hours_between_two_black_vests_is_outside() -> None:
    one_more = (*VESTED, escalation("B", BLACK_VEST, 4))
    second = escalation("C", BLACK_VEST, 34)
    assert standing(*one_more, second).proposed is None
    assert standing(*one_more, replace(second, recorded_at=second.recorded_at - INSTANT)).proposed is REPLACEMENT


def test_black_vests_from_before_the_vest_took_effect_are_not_among_the_two_more() -> None:
    early = escalation("B", BLACK_VEST, 3, state="denied", written=3.5)
    assert standing(*VESTED, early, escalation("C", BLACK_VEST, 4)).proposed is REPLACEMENT
    assert standing(*VESTED, replace(early, written_at=day(2.5)), escalation("C", BLACK_VEST, 4)).proposed is None


def test_warnings_however_many_propose_nothing_to_a_division_in_a_vest() -> None:
    assert standing(*VESTED, *(escalation(str(i), WARNING, 4 + i) for i in range(9))).proposed is None


def test_a_dismissed_replacement_leaves_the_vest_and_needs_new_escalations() -> None:
    dismissed = (*VESTED, REACHED_REPLACEMENT, act(2, "dismissed", REPLACEMENT, 6))
    assert (standing(*dismissed).rung, standing(*dismissed).proposed) == (BLACK_VEST, None)
    assert standing(*dismissed, escalation("B", REPLACEMENT, 7)).proposal_because == (("B", 1),)


def test_at_replacement_nothing_more_is_proposed() -> None:
    found = standing(*REPLACED)
    assert (found.rung, found.since, found.because) == (REPLACEMENT, day(6), (("A", 3),))
    more = [escalation(f"{rung}{i}", rung, 7 + i) for rung in Rung for i in range(3)]
    assert standing(*REPLACED, *more).proposed is None


# contested, upheld, denied


@pytest.mark.parametrize(
    ("state", "counts"), [("recorded", True), ("denied", True), ("contested", False), ("upheld", False)]
)
def test_only_recorded_and_denied_escalations_count(state: str, counts: bool) -> None:
    found = standing(contested(WARNED, state))
    assert found.rung == (WARNING if counts else None)
    assert standing(WARNED, contested(REACHED_VEST, state)).proposed == (BLACK_VEST if counts else None)


def test_a_vest_is_suspended_while_its_escalation_is_contested_and_back_when_it_is_denied() -> None:
    _, reached, confirmed = VESTED
    assert isinstance(reached, Escalation)
    suspended = standing(WARNED, contested(reached), confirmed)
    assert (suspended.rung, suspended.since, suspended.down_at, suspended.acts) == (WARNING, day(0), day(30), 1)
    assert standing(WARNED, contested(reached, "denied"), confirmed) == standing(*VESTED)


def test_when_the_issuing_escalation_is_upheld_the_next_one_issues_the_warning() -> None:
    found = standing(contested(WARNED, "upheld"), REACHED_VEST)
    assert (found.rung_because, found.proposed) == ((("A", 2),), None)


def test_one_of_three_warnings_upheld_takes_the_proposal_and_a_confirmation_of_it_back() -> None:
    second = escalation("B", WARNING, 1)
    record = (WARNED, escalation("C", WARNING, 2), act(1, "confirmed", BLACK_VEST, 3))
    assert standing(*record, second).rung is BLACK_VEST
    found = standing(*record, contested(second, "upheld"))
    assert (found.rung, found.proposed) == (WARNING, None)
    assert standing(*record, contested(second, "upheld"), escalation("D", WARNING, 4)).proposed is BLACK_VEST


def test_a_confirmation_stands_while_enough_of_what_it_was_made_of_still_counts() -> None:
    second = escalation("B", BLACK_VEST, 2.5)
    found = standing(*VESTED, contested(second, "upheld"))
    assert (found.rung, found.rung_because) == (BLACK_VEST, (("A", 2),))


def test_a_contested_escalation_does_not_hold_up_the_way_down() -> None:
    late = escalation("B", WARNING, 9)
    assert standing(WARNED, late).down_at == day(39)
    assert standing(WARNED, contested(late)).down_at == day(30)


# the way down


def test_the_way_down_counts_from_the_last_counted_escalation_used_or_not() -> None:
    assert standing(*VESTED, escalation("B", WARNING, 12)).down_at == day(42)
    rehearsed = escalation("B", BLACK_VEST, 20, written=2.5)
    assert standing(*VESTED, rehearsed).down_at == day(50)  # made the vest, so it is used up


def test_the_way_down_counts_from_the_latest_recorded_time_and_not_from_the_last_written() -> None:
    assert standing(escalation("A", WARNING, 20, written=0), escalation("B", WARNING, 5)).down_at == day(50)


def test_the_sweep_may_record_the_way_down_from_720_hours_on_and_not_before() -> None:
    found = standing(WARNED)
    assert not can_come_down(found, day(0) + THIRTY_DAYS - INSTANT)
    assert can_come_down(found, day(0) + THIRTY_DAYS)
    assert not can_come_down(standing(), day(1000))


def test_a_replaced_division_comes_down_one_rung_at_a_time_each_after_its_thirty_days() -> None:
    record = [*REPLACED]
    seen = [(standing(*record).rung, standing(*record).down_at)]
    for n, (rung, on) in enumerate([(REPLACEMENT, 36), (BLACK_VEST, 66), (WARNING, 96)], start=3):
        record.append(act(n, "came_down", rung, on))
        seen.append((standing(*record).rung, standing(*record).down_at))
    assert seen == [(REPLACEMENT, day(36)), (BLACK_VEST, day(66)), (WARNING, day(96)), (None, None)]


def test_after_coming_down_the_standing_says_since_when_and_what_had_made_the_higher_rung() -> None:
    found = standing(*VESTED, act(2, "came_down", BLACK_VEST, 33, written=33.5))
    assert (found.rung, found.since, found.rules) == (WARNING, day(33), ("came_down",))
    assert found.because == (("A", 2),)


def test_a_second_record_of_the_same_way_down_changes_nothing() -> None:
    once = (*VESTED, act(2, "came_down", BLACK_VEST, 33))
    assert standing(*once, act(3, "came_down", BLACK_VEST, 33)) == replace(standing(*once), acts=3)


def test_without_a_rung_everything_earlier_is_forgotten_and_the_next_escalation_warns_anew() -> None:
    down = (WARNED, REACHED_VEST, escalation("B", WARNING, 3), act(1, "came_down", WARNING, 33))
    assert standing(*down) == Standing(since=day(33), rung_rules=("came_down",), acts=1)
    again = (*down, escalation("C", WARNING, 34, written=33.5))
    assert (standing(*again).rung, standing(*again).since, standing(*again).proposed) == (WARNING, day(34), None)
    third = escalation("D", WARNING, 4, written=35)  # near B, which is forgotten, and far from C
    assert standing(*again, third, escalation("E", WARNING, 5, written=36)).proposed is None


def test_what_was_recorded_before_coming_down_to_the_warning_does_not_propose_the_vest_again() -> None:
    warnings = [escalation(str(i), WARNING, 4 + i) for i in range(3)]
    down = (*VESTED, *warnings, escalation("B", BLACK_VEST, 8), act(2, "came_down", BLACK_VEST, 38))
    assert (standing(*down).rung, standing(*down).proposed) == (WARNING, None)
    assert standing(*down, escalation("C", WARNING, 39)).proposed is None
    assert standing(*down, escalation("C", BLACK_VEST, 39)).proposal_because == (("C", 1),)


def test_a_third_warning_after_coming_down_counts_with_unused_ones_within_its_window() -> None:
    denied_later = [escalation(ticket, WARNING, 20, state="denied") for ticket in ("B", "C")]
    down = (*VESTED, *denied_later, act(2, "came_down", BLACK_VEST, 33))
    found = standing(*down, escalation("D", WARNING, 34))
    assert (found.proposed, found.proposal_because) == (BLACK_VEST, (("B", 1), ("C", 1), ("D", 1)))


def test_what_was_recorded_before_coming_down_to_the_vest_does_not_propose_the_replacement_again() -> None:
    at_replacement = [escalation(rung, rung, 7) for rung in (BLACK_VEST, REPLACEMENT)]
    down = (*REPLACED, *at_replacement, act(3, "came_down", REPLACEMENT, 37))
    assert (standing(*down).rung, standing(*down).proposed) == (BLACK_VEST, None)
    assert standing(*down, escalation("C", BLACK_VEST, 38, written=38)).proposed is None
    assert standing(*down, escalation("C", REPLACEMENT, 38)).proposal_because == (("C", 1),)


def test_a_proposed_vest_lapses_when_the_division_comes_down_from_its_warning() -> None:
    down = (WARNED, REACHED_VEST, act(1, "came_down", WARNING, 32))
    assert standing(*down, act(2, "confirmed", BLACK_VEST, 33)).rung is None


# the city's numbers, and what callers ask


def test_the_numbers_are_the_citys_own() -> None:
    strict = StandingPolicy(window=timedelta(days=2), warnings=2, vests=1, way_down=timedelta(days=7))
    assert standing(WARNED, escalation("B", WARNING, 1), policy=strict).proposed is BLACK_VEST
    assert standing(WARNED, escalation("B", WARNING, 2), policy=strict).proposed is None
    assert standing(*VESTED, escalation("B", BLACK_VEST, 4), policy=strict).proposed is REPLACEMENT
    assert standing(WARNED, policy=strict).down_at == day(7)


def test_only_the_proposed_rung_can_be_confirmed() -> None:
    assert [can_confirm(standing(WARNED, REACHED_VEST), rung) for rung in Rung] == [False, True, False]
    assert [can_confirm(standing(WARNED), rung) for rung in Rung] == [False, False, False]


def test_acts_are_numbered_from_one_and_the_standing_says_the_last() -> None:
    assert next_act_number([]) == 1
    acts = [act(2, "dismissed", BLACK_VEST, 2), act(1, "dismissed", BLACK_VEST, 1)]
    assert (next_act_number(acts), standing(*acts).acts) == (3, 2)


def test_an_act_of_an_unknown_kind_is_never_passed_over_in_silence() -> None:
    with pytest.raises(KeyError, match="promoted"):
        standing(WARNED, act(1, "promoted", BLACK_VEST, 1))


# random histories against the oracle

EDGES = [0, 1, 24, 240, 360, 480, 719, 720, 721]  # hours


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Escalation], list[Act]]:
    """A record whose sweeps may run ahead of the wall clock, whose acts mostly settle what is really there, and whose
    escalations are contested afterwards."""
    escalations: list[Escalation] = []
    acts: list[Act] = []
    written = swept = START
    for _ in range(draw(st.integers(0, 18))):
        written += timedelta(hours=draw(st.sampled_from([0, 0, 1, 24, 240])))
        swept += timedelta(hours=draw(st.sampled_from([-720, -240, -1, *EDGES])))
        here = oracle_standing(escalations, acts)
        rung = draw(st.sampled_from(Rung))
        what = draw(st.sampled_from(["escalated"] * 4 + ["confirmed"] * 2 + ["dismissed", "came_down"]))
        if what == "escalated":
            ticket = draw(st.sampled_from("ABC"))
            n = 1 + sum(one.ticket == ticket for one in escalations)
            escalations.append(recorded(ticket, n, rung, swept, written, "recorded"))
            continue
        if draw(st.integers(0, 3)):
            rung = Rung(here["rung" if what == "came_down" else "proposed"] or rung)
        shown = draw(st.sampled_from([here["proposal_because"], [], [(one.ticket, one.n) for one in escalations[-2:]]]))
        at = swept if what == "came_down" else written
        acts.append(Act(next_act_number(acts), what, rung, at, written, "somebody", "a reason", tuple(shown)))
    states = st.sampled_from(["recorded"] * 9 + ["denied", "contested", "upheld"])
    return [replace(one, state=State(draw(states))) for one in escalations], acts


def as_oracle_says(found: Standing) -> dict[str, Any]:
    lists = {name: list(getattr(found, name)) for name in ("rung_because", "proposal_because", "because", "rules")}
    return {name: getattr(found, name) for name in ("rung", "since", "proposed", "down_at", "acts")} | lists


@given(history=histories(), random=st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_random_histories_stand_as_the_oracle_says_in_whatever_order_they_are_read(
    history: tuple[list[Escalation], list[Act]], random: Any
) -> None:
    escalations, acts = history
    found = standing_of(escalations, acts, POLICY)
    event(f"{found.rung} {found.proposed} {found.rung_rules[:1]}")
    assert as_oracle_says(found) == oracle_standing(escalations, acts)
    random.shuffle(escalations)
    random.shuffle(acts)
    assert standing_of(escalations, acts, POLICY) == found
