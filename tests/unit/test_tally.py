"""What a timeline counts for: each metric, what is taken back, working time, quantiles, and sums that always add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.complaint import Complaint, Entry, Kind, Status
from chalicelib.domain.deadlines import Calendar
from chalicelib.domain.tally import (
    BOUNDS,
    Cell,
    Tally,
    bin_of,
    bins_of,
    by,
    delta,
    merged,
    quantile,
    summary,
    tallies,
)
from chalicelib.domain.working_time import Span, minutes_to_answer, working_time

WIB = ZoneInfo("Asia/Jakarta")
HOLIDAY = date(2026, 12, 25)  # a Friday
CALENDAR = Calendar(WIB, frozenset({HOLIDAY}), frozenset({2026}))
HOUR = timedelta(hours=1)

PJU, PARKING, ADMIN = ("dpuprpkp", "pju"), ("dishub", "parkir"), ("admin", "admin")
DUE = "2026-11-10 00:00"


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=WIB)


def entry(name: str, when: str, to: tuple[str, str] | None = None, **fields: Any) -> Entry:
    """Return a timeline entry; instants are given as the city's clock shows them."""
    given: dict[str, Any] = {key: at(value) if key.endswith("deadline") else value for key, value in fields.items()}
    return Entry(at(when), name, "machine", opd=to and to[0], division=to and to[1], **given)


RECEIVED = entry("received", "2026-11-02 09:00", kind="complaint")  # a Monday
DISPATCHED = entry("dispatched", "2026-11-03 10:00", PJU, clock=1, deadline=DUE)
ANSWERED = entry("answered", "2026-11-05 12:00", PJU, clock=1, final=True)
WARNED = entry("escalated", "2026-11-10 00:10", PJU, clock=1, rung="warning", n=1, deadline=DUE)
ANSWERED_LATE = entry("answered", "2026-12-01 10:00", PJU, clock=1, final=True)
REOPENED = entry("reopened", "2026-12-02 09:00", PJU, clock=2, deadline="2026-12-10 00:00")


def working_hours(start: datetime, end: datetime, calendar: Calendar, waits: Sequence[Span] = ()) -> float:
    return working_time(start, end, calendar, waits) / HOUR


def with_worked(timeline: Sequence[Entry]) -> list[Entry]:
    """Return the timeline with the working minutes in the first answer to each clock, where the service writes them."""
    done: list[Entry] = []
    for one in timeline:
        first = one.entry == "answered" and not any(e.entry == "answered" and e.clock == one.clock for e in done)
        minutes = minutes_to_answer(complaint(done), one.at, CALENDAR) if first else None
        done.append(replace(one, worked=minutes))
    return done


def counted(*timeline: Entry) -> Tally:
    return tallies(with_worked(timeline), "sms", WIB)


def says(*timeline: Entry) -> dict[str, int]:
    """Return the counts of all cells together."""
    total: Counter[str] = Counter()
    for (_, metric), n in counted(*timeline).items():
        total[metric] += n
    return {metric: n for metric, n in total.items() if n}


def where(metric: str, *timeline: Entry) -> list[tuple[str, str, str, int]]:
    """Return (month, OPD, division, n) of each cell that has the metric."""
    found = counted(*timeline).items()
    return sorted((cell.month, cell.opd, cell.division, n) for (cell, name), n in found if name == metric)


def complaint(timeline: Sequence[Entry], channel: str = "sms") -> Complaint:
    when = timeline[0].at
    return Complaint("7K3M9-QX2TW", Kind.COMPLAINT, channel, "Lampu mati", Status.RECEIVED, when, when, when,
                     tuple(timeline))  # fmt: skip


# ------------------------------------------------------------------------------------------------ where it is counted


def test_an_arrival_is_counted_once_under_its_channel_and_kind_and_under_nobody() -> None:
    assert counted(RECEIVED) == {(Cell("2026-11", "", "", "complaint", "sms"), "received"): 1}


def test_what_nobody_counts_leaves_no_trace() -> None:
    quiet = [entry(name, "2026-11-04 09:00") for name in ("started", "message", "checked", "reporter_read", "absorbed")]
    assert says(RECEIVED, DISPATCHED, *quiet) == {"received": 1, "dispatched": 1}
    assert counted() == {}


def test_the_month_is_that_of_the_citys_clock() -> None:
    new_year = entry("received", "2027-01-01 00:30", kind="idea")  # the evening before, in UTC
    assert counted(replace(new_year, at=new_year.at.astimezone(UTC))) == {
        (Cell("2027-01", "", "", "idea", "sms"), "received"): 1
    }


def test_each_division_that_gets_it_is_counted_and_each_event_in_its_own_month() -> None:
    forwarded = entry("forwarded", "2026-12-01 08:00", PARKING, clock=2, deadline="2026-12-09 00:00")
    life = (RECEIVED, DISPATCHED, forwarded)
    assert where("dispatched", *life) == [("2026-11", *PJU, 1), ("2026-12", *PARKING, 1)]


def test_a_corrected_kind_holds_from_the_dispatch_on() -> None:
    life = (RECEIVED, replace(DISPATCHED, kind="question"), ANSWERED)
    assert {(cell.kind, metric) for cell, metric in counted(*life)} >= {
        ("complaint", "received"), ("question", "dispatched"), ("question", "on_time"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["rejected", "merged", "closed"])
def test_an_end_is_counted_where_the_complaint_lies(name: str) -> None:
    assert where(name, RECEIVED, entry(name, "2026-11-03 09:00")) == [("2026-11", "", "", 1)]
    assert where(name, RECEIVED, DISPATCHED, entry(name, "2026-11-04 09:00")) == [("2026-11", *PJU, 1)]


def test_a_refusal_is_counted_for_who_refused_and_then_it_lies_with_nobody() -> None:
    refused = entry("refused", "2026-11-04 09:00", PJU, clock=2, deadline="2026-11-07 00:00")
    life = (RECEIVED, DISPATCHED, refused, entry("rejected", "2026-11-05 09:00"))
    assert where("refused", *life) == [("2026-11", *PJU, 1)]
    assert where("rejected", *life) == [("2026-11", "", "", 1)]


def test_what_was_rejected_is_reopened_for_the_admin() -> None:
    rejected = entry("rejected", "2026-11-04 09:00", PJU)
    life = (RECEIVED, DISPATCHED, rejected, entry("reopened", "2026-11-05 09:00", clock=2))
    assert where("reopened", *life) == [("2026-11", "", "", 1)]
    assert where("rejected", *life) == [("2026-11", *PJU, 1)]


# ------------------------------------------------------------------------------------------------ on time, or late


def test_an_answer_before_the_deadline_is_on_time_and_one_at_it_is_late() -> None:
    for when, name in (("2026-11-09 23:59", "on_time"), ("2026-11-10 00:00", "late")):
        life = (RECEIVED, DISPATCHED, entry("answered", when, PJU, clock=1, final=False))
        assert {metric: n for metric, n in says(*life).items() if metric in ("on_time", "late")} == {name: 1}
        assert where(name, *life) == [("2026-11", *PJU, 1)]


def test_a_clock_is_late_with_its_warning_and_not_again_with_its_answer() -> None:
    assert where("late", RECEIVED, DISPATCHED, WARNED) == [("2026-11", *PJU, 1)]
    assert where("late", RECEIVED, DISPATCHED, WARNED, ANSWERED_LATE) == [("2026-11", *PJU, 1)]
    assert "on_time" not in says(RECEIVED, DISPATCHED, WARNED, ANSWERED)


def test_only_the_first_answer_of_a_clock_is_counted() -> None:
    interim = entry("answered", "2026-11-04 10:00", PJU, clock=1, final=False)
    said = says(RECEIVED, DISPATCHED, interim, ANSWERED_LATE)
    assert said["on_time"] == 1
    assert "late" not in said
    assert sum(n for metric, n in said.items() if metric[0] == "t") == 1


@pytest.mark.parametrize("rung", ["warning", "black_vest", "replacement"])
def test_an_escalation_is_counted_by_its_rung_for_its_division(rung: str) -> None:
    assert where(rung, RECEIVED, DISPATCHED, replace(WARNED, rung=rung)) == [("2026-11", *PJU, 1)]


def test_the_vest_makes_the_clock_no_later_than_the_warning_did() -> None:
    vest = replace(WARNED, at=at("2026-11-13 00:10"), rung="black_vest", n=2)
    assert says(RECEIVED, DISPATCHED, WARNED, vest)["late"] == 1


def test_the_admins_own_warning_is_nobodys_late_answer() -> None:
    warned = entry("escalated", "2026-11-06 00:10", ADMIN, clock=0, rung="warning", n=1)
    assert where("warning", RECEIVED, warned) == [("2026-11", *ADMIN, 1)]
    assert "late" not in says(RECEIVED, warned)
    assert says(RECEIVED, warned, DISPATCHED, ANSWERED)["on_time"] == 1


def test_an_upheld_contest_takes_the_warning_and_the_late_answer_back_where_they_were() -> None:
    contested = entry("contested", "2026-12-02 09:00", PJU, n=1)
    upheld = entry("upheld", "2026-12-03 09:00", n=1)
    assert where("late", RECEIVED, DISPATCHED, WARNED, contested) == [("2026-11", *PJU, 1)]
    before = says(RECEIVED, DISPATCHED, WARNED, contested, upheld)
    assert before == {"received": 1, "dispatched": 1}
    after = says(RECEIVED, DISPATCHED, WARNED, contested, upheld, ANSWERED_LATE)
    assert after.keys().isdisjoint({"late", "on_time", "warning", "finished_late", "finished_on_time"})


def test_it_is_the_same_whether_the_contest_is_upheld_before_or_after_the_answer() -> None:
    upheld = entry("upheld", "2026-12-03 09:00", n=1)
    life = (RECEIVED, DISPATCHED, WARNED)
    assert counted(*life, upheld, ANSWERED_LATE) == counted(*life, ANSWERED_LATE, upheld)


def test_a_denied_contest_changes_nothing() -> None:
    life = (RECEIVED, DISPATCHED, WARNED, ANSWERED_LATE)
    assert counted(*life, entry("denied", "2026-12-03 09:00", n=1)) == counted(*life)


def test_an_upheld_vest_leaves_the_warning_and_the_late_answer() -> None:
    vest = replace(WARNED, at=at("2026-11-13 00:10"), rung="black_vest", n=2)
    life = (RECEIVED, DISPATCHED, WARNED, vest, entry("upheld", "2026-12-03 09:00", n=2))
    assert counted(*life) == counted(RECEIVED, DISPATCHED, WARNED)


def test_a_contest_upheld_on_an_older_clock_leaves_the_final_answer_of_the_newer_one() -> None:
    again = replace(WARNED, at=at("2026-12-10 00:10"), clock=2, n=2)
    final = replace(ANSWERED_LATE, at=at("2026-12-11 09:00"), clock=2)
    life = (RECEIVED, DISPATCHED, WARNED, ANSWERED_LATE, REOPENED, again, final)
    upheld = entry("upheld", "2026-12-12 09:00", n=1)
    assert where("finished_late", *life, upheld) == where("finished_late", *life) == [("2026-12", *PJU, 1)]
    assert where("late", *life, upheld) == [("2026-12", *PJU, 1)]


def test_the_deadline_in_force_is_the_one_that_was_moved_last() -> None:
    asked = entry("asked", "2026-11-04 10:00", PJU, clock=1, deadline="2026-11-19 00:00")
    replied = entry("replied", "2026-11-16 10:00", clock=1, deadline="2026-11-21 00:00")
    resumed = replace(replied, entry="resumed", at=at("2026-11-19 00:10"))
    late = entry("answered", "2026-11-21 00:00", PJU, clock=1, final=True)
    on_time = replace(late, at=at("2026-11-20 23:59"))
    for went_on in (replied, resumed):
        assert says(RECEIVED, DISPATCHED, asked, went_on, on_time)["on_time"] == 1
        assert says(RECEIVED, DISPATCHED, asked, went_on, late)["late"] == 1
    moved = entry("deadlines_moved", "2026-11-20 09:00", clock=1, deadline="2026-11-24 00:00")
    assert says(RECEIVED, DISPATCHED, asked, replied, moved, late)["on_time"] == 1
    only_finish = entry("deadlines_moved", "2026-11-20 09:00", clock=1, finish_deadline="2026-11-24 00:00")
    assert says(RECEIVED, DISPATCHED, asked, replied, only_finish, late)["late"] == 1


def test_the_reporters_window_that_moves_is_no_answer_deadline() -> None:
    asked = entry("asked", "2026-11-04 10:00", PJU, clock=1, deadline="2026-11-19 00:00")
    window = entry("deadlines_moved", "2026-11-05 09:00", clock=1, deadline="2026-11-20 00:00")
    replied = entry("replied", "2026-11-16 10:00", clock=1)  # an answer deadline that had passed stays as it was
    answered = entry("answered", "2026-11-16 11:00", PJU, clock=1, final=True)
    assert says(RECEIVED, DISPATCHED, asked, window, replied, answered)["late"] == 1


def test_forwarding_and_reopening_start_clocks_of_their_own() -> None:
    forwarded = entry("forwarded", "2026-11-12 08:00", PARKING, clock=2, deadline="2026-11-20 00:00")
    answered = entry("answered", "2026-11-12 09:30", PARKING, clock=2, final=True)
    life = (RECEIVED, DISPATCHED, WARNED, forwarded, answered)
    assert where("late", *life) == [("2026-11", *PJU, 1)]
    assert where("on_time", *life) == [("2026-11", *PARKING, 1)]
    assert where("t01", *life) == [("2026-11", *PARKING, 1)]
    again = replace(ANSWERED_LATE, at=at("2026-12-02 09:30"), clock=2)
    assert where("t00", RECEIVED, DISPATCHED, ANSWERED, REOPENED, again) == [("2026-12", *PJU, 1)]


# ------------------------------------------------------------------------------------------------ finished


def test_a_final_answer_finishes_and_an_interim_one_does_not() -> None:
    said = says(RECEIVED, DISPATCHED, ANSWERED)
    assert (said["finished"], said["finished_on_time"]) == (1, 1)
    interim = replace(ANSWERED, final=False)
    assert "finished" not in says(RECEIVED, DISPATCHED, interim)
    assert says(RECEIVED, DISPATCHED, WARNED, ANSWERED_LATE)["finished_late"] == 1


def test_the_finished_are_measured_by_the_first_answer_of_their_clock() -> None:
    interim = entry("answered", "2026-11-03 11:30", PJU, clock=1, final=False)
    life = (RECEIVED, DISPATCHED, interim, ANSWERED_LATE)
    assert where("f01", *life) == [("2026-12", *PJU, 1)]
    assert where("t01", *life) == [("2026-11", *PJU, 1)]


def test_reopening_takes_the_finish_and_its_rating_back_in_their_own_month() -> None:
    rated = entry("rated", "2026-12-01 09:00", score=4)
    life = (RECEIVED, DISPATCHED, ANSWERED, rated)
    assert where("rated_sum", *life) == [("2026-11", *PJU, 4)]
    assert where("rated", *life) == [("2026-11", *PJU, 1)]
    said = says(*life, REOPENED)
    gone = {"finished", "finished_on_time", "rated", "rated_sum", "f08"}
    assert gone <= says(*life).keys()
    assert said.keys().isdisjoint(gone)
    assert said["reopened"] == said["on_time"] == said["t08"] == 1
    again = replace(ANSWERED_LATE, at=at("2026-12-03 09:00"), clock=2)
    assert where("finished", *life, REOPENED, again) == [("2026-12", *PJU, 1)]


def test_a_rating_of_nothing_final_counts_for_nothing() -> None:
    assert says(RECEIVED, entry("rated", "2026-11-03 09:00", score=1)) == {"received": 1}


def test_a_missed_finish_stays_so_and_the_one_after_reopening_is_another() -> None:
    missed = entry("finish_missed", "2026-11-20 00:10", PJU)
    again = entry("finish_missed", "2026-12-20 00:10", PJU)
    life = (RECEIVED, DISPATCHED, missed, ANSWERED_LATE, REOPENED)
    assert where("finish_late", RECEIVED, DISPATCHED, ANSWERED_LATE) == []
    assert where("finish_late", *life) == [("2026-11", *PJU, 1)]
    assert where("finish_late", *life, again) == [("2026-11", *PJU, 1), ("2026-12", *PJU, 1)]


# ------------------------------------------------------------------------------------------------ working time


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-03 10:00", "2026-11-03 11:30", 1.5),
        ("2026-11-05 10:00", "2026-11-10 10:00", 72),  # Thursday to Tuesday
        ("2026-11-06 16:00", "2026-11-09 08:00", 16),  # Friday evening to Monday morning
        ("2026-11-07 10:00", "2026-11-08 10:00", 24),  # neither day is whole
        ("2026-11-07 00:00", "2026-11-08 10:00", 10),  # the Saturday is
        ("2026-11-07 00:00", "2026-11-09 00:00", 0),
        ("2026-12-24 12:00", "2026-12-28 12:00", 24),  # a holiday before the weekend
        ("2027-12-31 12:00", "2028-01-03 12:00", 24),  # years that are not loaded have weekends
        ("2026-11-03 10:00", "2026-11-03 09:00", 0),  # by clocks that go differently
    ],
)
def test_working_time_leaves_out_whole_days_on_which_nobody_works(start: str, end: str, hours: float) -> None:
    assert working_hours(at(start), at(end), CALENDAR) == hours
    assert working_hours(at(start).astimezone(UTC), at(end).astimezone(UTC), CALENDAR) == hours


def test_the_time_in_waiting_is_left_out_and_a_weekend_in_it_only_once() -> None:
    start, end = at("2026-11-05 10:00"), at("2026-11-10 10:00")  # Thursday to Tuesday
    wait = (at("2026-11-06 10:00"), at("2026-11-09 10:00"))
    assert working_hours(start, end, CALENDAR, [wait]) == 48
    assert working_hours(start, end, CALENDAR, [(at("2026-11-07 12:00"), at("2026-11-09 10:00"))]) == 62
    asked = entry("asked", "2026-11-03 11:30", PJU, clock=1, deadline="2026-11-19 00:00")
    replied = entry("replied", "2026-11-18 10:00", clock=1, deadline="2026-11-25 00:00")
    answered = entry("answered", "2026-11-18 12:00", PJU, clock=1, final=True)
    assert where("t02", RECEIVED, DISPATCHED, asked, replied, answered) == [("2026-11", *PJU, 1)]


MOMENTS = st.integers(0, 24 * 90).map(lambda hours: at("2026-10-20 00:00") + hours * HOUR)


@given(st.lists(MOMENTS, min_size=4, max_size=4).map(sorted))
def test_working_time_is_what_counting_hour_by_hour_says(moments: list[datetime]) -> None:
    start, asked, replied, end = moments
    hours, now = 0, start
    while now < end:
        day = at(f"{now.date()} 00:00")
        is_whole = start <= day and day + timedelta(days=1) <= end
        is_off = now.weekday() >= 5 or now.date() == HOLIDAY
        hours += not (is_whole and is_off) and not asked <= now < replied
        now += HOUR
    assert working_hours(start, end, CALENDAR, [(asked, replied)]) == hours


def test_each_bin_holds_its_lower_bound_and_not_its_upper_one() -> None:
    assert [bin_of(hours) for hours in (0, 0.99, 1, 1.99, 2, 1439.9, 1440, 9999)] == [0, 0, 1, 1, 2, 18, 19, 19]
    assert list(BOUNDS) == sorted(set(BOUNDS))


@given(st.lists(st.floats(0, 3000), min_size=1), st.integers(1, 100))
def test_a_quantile_is_within_one_bin_of_the_true_value(hours: list[float], percent: int) -> None:
    bins = [0] * (len(BOUNDS) + 1)
    for one in hours:
        bins[bin_of(one)] += 1
    true = next(one for one in sorted(hours) if sum(other <= one for other in hours) * 100 >= percent * len(hours))
    said = quantile(bins, percent)
    assert said is not None
    lower = [0, *BOUNDS][bin_of(true)]
    assert said == BOUNDS[-1] <= true if true >= BOUNDS[-1] else lower <= true < said == BOUNDS[bin_of(true)]


def test_a_quantile_of_nothing_is_none_and_a_bin_below_zero_is_nothing() -> None:
    assert quantile([0] * len(BOUNDS), 50) is None
    assert quantile([0, -1, 3, 1], 50) == 4


# ------------------------------------------------------------------------------------------------ sums


def test_a_summary_says_what_its_cells_say_together() -> None:
    lives = [
        (RECEIVED, DISPATCHED, ANSWERED, entry("rated", "2026-11-06 09:00", score=5)),
        (RECEIVED, DISPATCHED, replace(ANSWERED, at=at("2026-11-03 10:30"))),
        (RECEIVED, DISPATCHED, WARNED, replace(WARNED, rung="black_vest", n=2), entry("closed", "2026-12-02 09:00")),
        (RECEIVED, DISPATCHED, WARNED, ANSWERED_LATE, entry("rated", "2026-12-02 09:00", score=2)),
        (RECEIVED, DISPATCHED, entry("refused", "2026-11-04 09:00", PJU), entry("rejected", "2026-11-05 09:00")),
        (RECEIVED, entry("merged", "2026-11-05 09:00")),
        (RECEIVED, DISPATCHED, entry("finish_missed", "2026-11-20 00:10", PJU), ANSWERED, REOPENED),
    ]
    assert summary(merged(counted(*life) for life in lives)) == {
        "received": 7, "dispatched": 6, "answered": 4, "on_time": 3, "late": 2, "share_on_time": 0.6,
        "median_hours": 72, "p90_hours": 720, "finished": 3, "finish_late": 1, "rated": 2, "rating_mean": 3.5,
        "refused": 1, "rejected": 1, "merged": 1, "reopened": 1, "closed": 1,
        "escalations": {"warning": 2, "black_vest": 1, "replacement": 0},
    }  # fmt: skip


def test_a_summary_of_nothing_invents_nothing() -> None:
    said = summary({})
    assert {name for name, value in said.items() if value is None} == {
        "share_on_time", "median_hours", "p90_hours", "rating_mean",
    }  # fmt: skip
    assert said["escalations"] == {"warning": 0, "black_vest": 0, "replacement": 0}


def test_a_tally_is_parted_by_any_fields_of_its_cells() -> None:
    tally = merged([counted(RECEIVED, DISPATCHED), tallies((replace(RECEIVED, kind="idea"),), "web", WIB)])
    assert list(by(tally, "channel")) == [("sms",), ("web",)]
    assert list(by(tally, "opd", "division")) == [("", ""), PJU]
    assert summary(by(tally, "kind")["idea",])["received"] == 1
    assert merged(by(tally, "month", "kind").values()) == tally


def test_the_histogram_of_the_finished_is_apart_from_that_of_all_answers() -> None:
    life = counted(RECEIVED, DISPATCHED, ANSWERED, REOPENED)
    assert (sum(bins_of(life, "t")), sum(bins_of(life, "f"))) == (1, 0)
    assert bins_of(counted(RECEIVED, DISPATCHED, ANSWERED), "f")[bin_of(50)] == 1


# ------------------------------------------------------------------------------------------------ any life at all

STEPS = {
    "received": ("dispatched", "dispatched", "rejected", "merged", "escalated", "finish_missed", "deadlines_moved"),
    "with_division": ("started", "answered", "answered", "asked", "forwarded", "refused", "rejected", "escalated",
                      "escalated", "finish_missed", "deadlines_moved"),
    "waiting": ("replied", "resumed", "deadlines_moved", "merged"),
    "answered": ("rated", "closed", "reopened"),
    "closed": ("reopened",),
    "rejected": ("reopened",),
    "merged": ("checked",),
}  # fmt: skip
AFTER = {"dispatched": "with_division", "forwarded": "with_division", "replied": "with_division",
         "resumed": "with_division", "refused": "received", "asked": "waiting", "rated": "closed",
         "closed": "closed", "rejected": "rejected", "merged": "merged"}  # fmt: skip
STARTS = ("dispatched", "forwarded", "refused", "reopened")
RUNGS = ("warning", "black_vest", "replacement")


@dataclass
class Life:
    """A life that is being made up: what it is now, and how it came there."""

    draw: st.DrawFn
    timeline: list[Entry]
    status: str = "received"
    clock: int = 0
    is_answered: bool = False
    place: tuple[str, str] | None = None
    rungs: int = 0
    escalations: int = 0

    def go_on(self) -> None:
        """Take any step that may follow; contests are settled at any time."""
        now = self.timeline[-1].at + self.draw(st.sampled_from((0, 1, 5, 30, 100, 400))) * HOUR
        if self.escalations and self.draw(st.booleans()):
            settled = self.draw(st.sampled_from(("contested", "upheld", "denied")))
            self.timeline.append(Entry(now, settled, "admin", n=self.draw(st.integers(1, self.escalations))))
        name = self.draw(st.sampled_from(STEPS[self.status]))
        if name == "escalated" and (self.is_answered or self.rungs == (1 if self.status == "received" else 3)):
            return
        if name in STARTS:
            self.clock, self.is_answered, self.rungs = self.clock + 1, False, 0
        fields = self.fields(name, now + self.draw(st.integers(1, 300)) * HOUR)
        if name == "reopened":
            self.status = "received" if self.status == "rejected" else "with_division"
            self.place = self.place if self.status == "with_division" else None
        to = ADMIN if name == "escalated" and self.status == "received" else self.place
        self.timeline.append(Entry(now, name, "x", opd=to and to[0], division=to and to[1], **fields))
        self.status = AFTER.get(name, self.status)
        if name == "answered":
            self.status = "answered" if fields["final"] else "with_division"
        if name == "refused":
            self.place = None

    def fields(self, name: str, due: datetime) -> dict[str, Any]:
        """Return what else the step says."""
        if name in ("dispatched", "forwarded"):
            self.place = self.draw(st.sampled_from((PJU, PARKING)))
            kind = self.draw(st.sampled_from((None, "question"))) if name == "dispatched" else None
            return {"clock": self.clock, "deadline": due, "kind": kind}
        if name == "escalated":
            self.rungs, self.escalations = self.rungs + 1, self.escalations + 1
            return {"clock": self.clock, "rung": RUNGS[self.rungs - 1], "n": self.escalations}
        if name == "answered":
            self.is_answered = True
            return {"clock": self.clock, "final": self.draw(st.booleans())}
        if name in ("replied", "resumed", "deadlines_moved"):
            moved = None if self.is_answered else self.draw(st.sampled_from((None, due)))
            return {"deadline": moved, "finish_deadline": self.draw(st.none() | MOMENTS)}
        if name == "rated":
            return {"score": self.draw(st.integers(1, 5))}
        return {"clock": self.clock, "deadline": due} if name in STARTS else {}


@st.composite
def lives(draw: st.DrawFn) -> list[Entry]:
    """Return any life that the rules allow, at whole hours."""
    life = Life(draw, [replace(RECEIVED, at=at("2026-10-28 09:00"), finish_deadline=draw(MOMENTS))])
    for _ in range(draw(st.integers(0, 12))):
        life.go_on()
    return with_worked(life.timeline)


class Look:
    """What a life counts for, by looking up and down the whole of it for each entry: slow, and without a state."""

    def __init__(self, timeline: Sequence[Entry]) -> None:
        self.timeline = timeline
        self.upheld = {one.n for one in timeline if one.entry == "upheld"}
        self.counts: Counter[tuple[Cell, str]] = Counter()
        for n, one in enumerate(timeline):
            self.event(n, one)
        for begin, end in self.parts("received", *STARTS):
            self.answer_clock(begin, end)
        for begin, end in self.parts("received", "reopened"):
            self.finish_clock(begin, end)

    def of(self, begin: int, end: int, *names: str) -> list[int]:
        return [n for n in range(begin, end) if self.timeline[n].entry in names]

    def parts(self, *starts: str) -> list[tuple[int, int]]:
        return list(pairwise([*self.of(0, len(self.timeline), *starts), len(self.timeline)]))

    def add(self, n: int, metric: str, many: int = 1) -> None:
        """Count where the n-th entry says, or else where the complaint was given last."""
        own = self.timeline[n]
        kind = [one.kind for one in self.timeline[: n + 1] if one.kind][-1]
        last = self.timeline[max(self.of(0, n + 1, "received", *STARTS))]
        place = own if own.opd or last.entry == "refused" else last
        month = f"{own.at.astimezone(WIB):%Y-%m}"
        self.counts[Cell(month, place.opd or "", place.division or "", str(kind), "sms"), metric] += many

    def event(self, n: int, one: Entry) -> None:
        if one.entry in ("received", "refused", "rejected", "merged", "closed", "reopened"):
            self.add(n, one.entry)
        if one.entry in ("dispatched", "forwarded"):
            self.add(n, "dispatched")
        if one.entry == "escalated" and one.n not in self.upheld:
            self.add(n, str(one.rung))

    def answer_clock(self, begin: int, end: int) -> None:
        rungs = [n for n in self.of(begin, end, "escalated") if self.timeline[n].opd != "admin"]
        answers = self.of(begin, end, "answered")
        ended = [(rungs[0], "late")] if rungs and self.timeline[rungs[0]].n not in self.upheld else []
        if answers and not rungs:
            due = self.deadline(begin, answers[0])
            ended = [(answers[0], "on_time" if due is None or self.timeline[answers[0]].at < due else "late")]
        for n, how in ended:
            self.add(n, how)
        if answers:
            hours = working_hours(self.timeline[begin].at, self.timeline[answers[0]].at, CALENDAR,
                                  self.waits(begin, answers[0]))  # fmt: skip
            self.add(answers[0], f"t{bin_of(hours):02}")
            self.final(answers, [f"f{bin_of(hours):02}", *(f"finished_{how}" for _, how in ended)])

    def final(self, answers: list[int], metrics: list[str]) -> None:
        for n in answers:
            if self.timeline[n].final and not self.of(n, len(self.timeline), "reopened"):
                for metric in ("finished", *metrics):
                    self.add(n, metric)
                for rating in self.of(n, len(self.timeline), "rated"):
                    self.add(n, "rated")
                    self.add(n, "rated_sum", self.timeline[rating].score or 0)

    def waits(self, begin: int, end: int) -> list[tuple[datetime, datetime]]:
        asked, went_on = self.of(begin, end, "asked"), self.of(begin, end, "replied", "resumed")
        return [(self.timeline[n].at, self.timeline[m].at) for n, m in zip(asked, went_on, strict=True)]

    def deadline(self, begin: int, end: int) -> datetime | None:
        """Return the last deadline before `end` that was not set while it waited."""
        asked, over = self.of(begin, end, "asked"), self.of(begin, end, "replied", "resumed")
        waiting = {n for first, last in zip(asked, over, strict=True) for n in range(first, last)}
        dues = [self.timeline[n].deadline for n in range(begin, end) if n not in waiting]
        return [due for due in dues if due][-1] if any(dues) else None

    def finish_clock(self, begin: int, end: int) -> None:
        for n in self.of(begin, end, "finish_missed"):
            self.add(n, "finish_late")


@given(lives())
def test_any_life_counts_for_what_looking_through_all_of_it_says(life: list[Entry]) -> None:
    assert tallies(life, "sms", WIB) == {key: n for key, n in Look(life).counts.items() if n}


@given(lives(), st.data())
def test_what_is_counted_in_any_steps_adds_up_to_the_whole(life: list[Entry], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(life)), max_size=4)))
    one = complaint(life)
    steps = [delta(one, begin, WIB, upto) for begin, upto in zip([0, *cuts], [*cuts, None], strict=True)]
    assert merged(steps) == tallies(life, "sms", WIB)
    assert all(0 not in step.values() for step in steps)


def test_an_image_that_is_no_newer_than_what_is_counted_adds_nothing() -> None:
    newest = complaint((RECEIVED, DISPATCHED, ANSWERED))
    assert delta(newest, 3, WIB) == {}
    assert delta(replace(newest, timeline=newest.timeline[:2]), 3, WIB) == {}
    assert delta(newest, 2, WIB, upto=1) == {}


@given(st.lists(lives(), min_size=3, max_size=3))
def test_it_does_not_matter_in_which_order_sums_are_made(three: list[list[Entry]]) -> None:
    left, middle, right = (tallies(life, "sms", WIB) for life in three)
    assert merged([merged([left, middle]), right]) == merged([left, merged([right, middle])])
    assert merged([left, {}]) == left
