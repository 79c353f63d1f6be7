"""Who is best in a month: enough finished, then on time, then soon, then well rated; equals are equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.complaint import ADMIN_DESK
from chalicelib.domain.letters import Names
from chalicelib.domain.reward import (
    Award,
    BadPeriod,
    Figures,
    Ranked,
    award_text,
    check_period,
    figures_of,
    nomination_text,
    period_due,
    ranking,
    rows_of,
)
from chalicelib.domain.tally import BOUNDS, Cell, quantile
from tests.unit.samples import CALENDAR, POLICY, WIB, at

LEAST = POLICY.reward_finished
DAYS = POLICY.reward_after


def bins(**at_bin: int) -> list[int]:
    """Return a histogram: bins(b5=3) has three in bin 5."""
    return [at_bin.get(f"b{n}", 0) for n in range(len(BOUNDS) + 1)]


def figures(division: str, **given: Any) -> Figures:
    usual = {"finished": 10, "on_time": 8, "late": 2, "bins": bins(b5=10), "rated": 2, "rated_sum": 8}
    return Figures(opd="dishub", division=division, **{**usual, **given})


def ranks(*some: Figures, least: int = LEAST) -> list[tuple[str, int]]:
    return [(one.division, one.rank) for one in ranking(some, least)]


# ------------------------------------------------------------------------------------------------ the ranking


def test_who_finished_too_few_has_no_place() -> None:
    assert ranks(figures("nine", finished=9, on_time=9, late=0), figures("ten", on_time=1, late=9)) == [("ten", 1)]
    assert ranks(figures("nine", finished=9)) == []
    assert ranking([], LEAST) == []


def test_the_share_on_time_counts_first() -> None:
    punctual = figures("punctual", on_time=9, late=1, bins=bins(b9=10), rated=0, rated_sum=0)
    quick = figures("quick", on_time=8, late=2, bins=bins(b0=10), rated=1, rated_sum=5)
    assert ranks(quick, punctual) == [("punctual", 1), ("quick", 2)]


def test_the_share_counts_and_not_how_many_were_on_time() -> None:
    many = figures("many", finished=100, on_time=80, late=20, bins=bins(b5=100))
    few = figures("few", finished=10, on_time=9, late=1)
    assert ranks(many, few) == [("few", 1), ("many", 2)]


def test_of_the_same_share_the_lower_median_counts() -> None:
    slow, quick = figures("slow", bins=bins(b6=10), rated=1, rated_sum=5), figures("quick", bins=bins(b4=10))
    assert ranks(slow, quick) == [("quick", 1), ("slow", 2)]


def test_the_median_counts_and_not_the_mean() -> None:
    one_slow = figures("one_slow", bins=bins(b4=9, b19=1))
    even = figures("even", bins=bins(b5=10))
    assert ranks(even, one_slow) == [("one_slow", 1), ("even", 2)]


def test_of_the_same_median_the_better_rating_counts_and_none_at_all_comes_last() -> None:
    liked, known = figures("liked", rated=1, rated_sum=5), figures("known", rated=3, rated_sum=3)
    unknown = figures("unknown", rated=0, rated_sum=0)
    assert ranks(unknown, known, liked) == [("liked", 1), ("known", 2), ("unknown", 3)]


def test_equals_in_all_three_share_a_rank_and_the_next_one_is_counted_on() -> None:
    rows = [
        figures("b", finished=20, on_time=16, late=4, bins=bins(b5=20), rated=4, rated_sum=16),
        figures("a"),
        figures("c", rated_sum=7),
        figures("d", rated_sum=7),
        figures("e", on_time=0, late=10),
    ]
    assert ranks(*rows) == [("a", 1), ("b", 1), ("c", 3), ("d", 3), ("e", 5)]
    assert [one.division for one in ranking(rows, LEAST) if one.is_nominated] == ["a", "b"]


def test_thirds_are_equal_whoever_has_more_of_them() -> None:
    assert ranks(
        figures("a", on_time=1, late=2, rated=3, rated_sum=10),
        figures("b", on_time=333, late=666, finished=999, bins=bins(b5=999), rated=300, rated_sum=1000),
    ) == [("a", 1), ("b", 1)]


def test_who_was_excused_of_everything_comes_after_all_that_can_be_measured() -> None:
    excused = figures("excused", on_time=0, late=0, rated=1, rated_sum=5)
    assert ranks(excused, figures("late", on_time=0, late=10)) == [("late", 1), ("excused", 2)]
    assert ranking([excused], LEAST)[0].share_on_time is None


def test_an_excused_delay_is_neither_on_time_nor_late() -> None:
    assert ranks(figures("excused", on_time=8, late=0), figures("late", on_time=8, late=2)) == [
        ("excused", 1), ("late", 2),
    ]  # fmt: skip


def test_a_place_says_by_which_numbers() -> None:
    (one,) = ranking([figures("parkir", on_time=2, late=1, bins=bins(b5=6, b9=4), rated=3, rated_sum=14)], LEAST)
    assert one == Ranked("dishub", "parkir", 1, 10, 0.6667, 24, 4.6667)
    (bare,) = ranking([figures("parkir", bins=bins(), on_time=0, late=0, rated=0, rated_sum=0)], LEAST)
    assert (bare.share_on_time, bare.median_hours, bare.rating_mean) == (None, None, None)


def test_the_order_does_not_depend_on_the_order_of_the_figures() -> None:
    some = [figures(name) for name in "dacb"]
    assert ranking(some, LEAST) == ranking(some[::-1], LEAST)


@st.composite
def any_figures(draw: st.DrawFn) -> list[Figures]:
    found = []
    for n in range(draw(st.integers(0, 6))):
        on_time, late, excused = (draw(st.integers(0, 6)) for _ in range(3))
        histogram = bins()
        for _ in range(on_time + late + excused):
            histogram[draw(st.integers(0, len(BOUNDS)))] += 1
        scores = draw(st.lists(st.integers(1, 5), max_size=3))
        found.append(
            Figures("o", f"d{n}", on_time + late + excused, on_time, late, histogram, len(scores), sum(scores))
        )
    return found


@given(some=any_figures(), least=st.integers(1, 12))
def test_a_rank_is_one_more_than_how_many_are_better(some: list[Figures], least: int) -> None:
    """Against the rule written out pair by pair, without any sorting."""

    def better(one: Figures, other: Figures) -> bool:
        judged, judged_other = one.on_time + one.late, other.on_time + other.late
        if not judged or not judged_other:
            if bool(judged) != bool(judged_other):
                return bool(judged)
        elif one.on_time * judged_other != other.on_time * judged:
            return one.on_time * judged_other > other.on_time * judged
        median, median_other = quantile(one.bins, 50) or 0, quantile(other.bins, 50) or 0
        if median != median_other:
            return median < median_other
        if one.rated and other.rated:
            return one.rated_sum * other.rated > other.rated_sum * one.rated
        return bool(one.rated) and not other.rated

    eligible = [one for one in some if one.finished >= least]
    expected = {one.division: 1 + sum(better(other, one) for other in eligible) for one in eligible}
    assert dict(ranks(*some, least=least)) == expected


# ------------------------------------------------------------------------------------------------ the figures


def test_figures_are_the_sums_of_a_divisions_cells() -> None:
    def cell(opd: str, division: str, kind: str = "complaint", channel: str = "web") -> Cell:
        return Cell("2026-11", opd, division, kind, channel)

    parking, by_sms = cell("dishub", "parkir"), cell("dishub", "parkir", "question", "sms")
    tally = {
        (parking, "finished"): 7, (parking, "finished_on_time"): 5, (parking, "finished_late"): 1,
        (parking, "f05"): 6, (parking, "f19"): 1, (parking, "rated"): 2, (parking, "rated_sum"): 9,
        (parking, "t05"): 50, (parking, "on_time"): 60, (parking, "late"): 70, (parking, "received"): 80,
        (by_sms, "finished"): 3, (by_sms, "finished_late"): 3, (by_sms, "f05"): 3,
        (cell("dishub", "lalin"), "finished"): 1,
        (cell("", ""), "received"): 9, (cell(ADMIN_DESK, ADMIN_DESK), "warning"): 9,
    }  # fmt: skip
    traffic, found = figures_of(tally)
    assert found == Figures("dishub", "parkir", 10, 5, 4, bins(b5=9, b19=1), 2, 9)
    assert (traffic.division, traffic.finished, traffic.on_time) == ("lalin", 1, 0)


# ------------------------------------------------------------------------------------------------ the months


@pytest.mark.parametrize(
    ("now", "period"),
    [
        ("2026-12-14 23:59:59", "2026-10"),  # 1, 2, 3, 4, 7, 8, 9, 10, 11, 14 December are the ten working days
        ("2026-12-15 00:00", "2026-11"),
        ("2026-12-31 23:59", "2026-11"),
        ("2027-01-01 00:00", "2026-11"),
        ("2026-11-13 23:59", "2026-09"),
        ("2026-11-14 00:00", "2026-10"),
    ],
)
def test_a_months_ranking_is_due_when_ten_working_days_of_the_next_one_are_over(now: str, period: str) -> None:
    assert period_due(at(now), DAYS, CALENDAR) == period
    assert period_due(at(now).astimezone(UTC), DAYS, CALENDAR) == period


def test_holidays_are_no_working_days_of_the_month() -> None:
    feast = replace(CALENDAR, holidays=CALENDAR.holidays | {at("2026-12-01 00:00").date()})
    assert period_due(at("2026-12-15 08:00"), DAYS, feast) == "2026-10"
    assert period_due(at("2026-12-16 00:00"), DAYS, feast) == "2026-11"


def test_a_year_whose_holidays_are_not_known_has_its_months_too() -> None:
    assert period_due(at("2041-03-20 08:00"), DAYS, CALENDAR) == "2041-02"


@pytest.mark.parametrize("period", ["2026-12", "2026-11", "2025-01", "2000-01"])
def test_a_month_that_has_begun_is_a_period(period: str) -> None:
    check_period(period, at("2026-12-01 00:00"), WIB)


@pytest.mark.parametrize(
    "period",
    ["2027-01", "2026-13", "2026-00", "2026-1", "2026-011", "2026-11-01", "26-11", "", " 2026-11", "2026-11\n",
     "1999-12", "٢٠٢٦-١١", "20٢6-11"],
)  # fmt: skip
def test_what_is_no_month_or_still_to_come_is_no_period(period: str) -> None:
    with pytest.raises(BadPeriod, match="2026-11"):
        check_period(period, at("2026-12-31 23:59"), WIB)


def test_a_month_begins_when_it_does_in_the_citys_zone() -> None:
    begin = at("2027-01-01 00:00").astimezone(UTC)
    check_period("2027-01", begin, WIB)
    with pytest.raises(BadPeriod):
        check_period("2027-01", begin - timedelta(microseconds=1), WIB)


# ------------------------------------------------------------------------------------------------ the lists

GIVEN_AT = datetime(2026, 12, 16, 2, tzinfo=UTC)


def award(division: str = "parkir", opd: str = "dishub") -> Award:
    return Award(opd, division, "2026-11", "Sebuah telepon", GIVEN_AT, "admin-1")


def test_a_months_list_is_its_ranking_with_the_rewards_then_who_was_awarded_without_a_place() -> None:
    ranked = ranking([figures("parkir", on_time=10, late=0), figures("lalin")], LEAST)
    rows = rows_of("2026-11", ranked, [award("z"), award("a", "bkad"), award()])
    assert [(one.opd, one.division, one.rank, one.nominated, one.reward) for one in rows] == [
        ("dishub", "parkir", 1, True, "Sebuah telepon"),
        ("dishub", "lalin", 2, False, None),
        ("bkad", "a", None, False, "Sebuah telepon"),
        ("dishub", "z", None, False, "Sebuah telepon"),
    ]
    best, other, without, _ = rows
    assert (best.finished, best.share_on_time, best.median_hours, best.rating_mean) == (10, 1.0, 24, 4.0)
    assert (best.awarded_at, best.awarded_by) == (GIVEN_AT, "admin-1")
    assert (other.awarded_at, other.awarded_by) == (None, None)
    assert (without.finished, without.share_on_time, without.median_hours, without.rating_mean) == (None,) * 4
    assert {one.period for one in rows} == {"2026-11"}


def test_everybody_may_read_all_but_who_awarded_it() -> None:
    (row,) = rows_of("2026-11", [], [award()])
    assert "awarded_by" not in row.public
    assert "admin-1" not in str(row.public)
    assert row.public["reward"] == "Sebuah telepon"
    assert row.public["awarded_at"] == GIVEN_AT


# ------------------------------------------------------------------------------------------------ the words


def names(opd: str, division: str, category: None) -> Names:
    return Names(opd.upper(), f"Bidang {division}", "")


def said(*some: Ranked | Figures) -> Sequence[str]:
    ranked = ranking([one for one in some if isinstance(one, Figures)], LEAST)
    return nomination_text("2026-12", ranked, names).split("\n")


def test_a_nomination_says_who_and_by_which_numbers() -> None:
    assert said(figures("parkir", on_time=2, late=1, rated=3, rated_sum=14), figures("lalin", on_time=1, late=9)) == [
        "Terbaik bulan Des 2026:",
        "- DISHUB, Bidang parkir: 10 selesai, 66,7% tepat waktu, median 24 jam kerja, nilai 4,67",
    ]


def test_what_could_not_be_measured_is_a_dash() -> None:
    bare = figures("parkir", on_time=0, late=0, bins=bins(), rated=0, rated_sum=0)
    assert said(bare)[1] == "- DISHUB, Bidang parkir: 10 selesai, - tepat waktu, median - jam kerja, nilai -"


def test_of_very_many_equals_ten_are_named_and_the_others_counted() -> None:
    ten = said(*(figures(f"{n:02d}") for n in range(10)))
    assert len(ten) == 11
    assert "lain" not in ten[-1]
    many = said(*(figures(f"{n:02d}") for n in range(13)))
    assert len(many) == 12
    assert many[-1] == "- dan 3 bidang lain"


def test_a_division_is_told_its_reward_and_the_month() -> None:
    assert award_text("2026-11", "Sebuah telepon") == "penghargaan bulan Nov 2026: Sebuah telepon"
