"""The city's numbers: the defaults of the rules, each checked at the start, some of them a category's own."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.policy import Policy, StandingPolicy
from tests.unit.samples import POLICY, data


def test_the_citys_policy_has_the_defaults_of_the_rules() -> None:
    assert (POLICY.verify, POLICY.answer, POLICY.reply) == (3, 5, 10)
    assert POLICY.finish == {"complaint": 14, "question": 5, "idea": 5, "information": 5, "supervision": 60}
    assert (POLICY.black_vest, POLICY.replacement) == (2, 3)
    assert (POLICY.twin_minutes, POLICY.parts_wait_minutes, POLICY.unnumbered_parts_seconds) == (10, 10, 60)
    assert (POLICY.sms_per_number, POLICY.sms_per_day) == (20, 5000)
    thirty_days = timedelta(hours=720)
    assert POLICY.standing == StandingPolicy(window=thirty_days, warnings=3, vests=2, way_down=thirty_days)
    assert (POLICY.reward_finished, POLICY.reward_after) == (10, 10)
    assert POLICY.quiet == (20, 7)


NUMBERS = [
    "working_days.verify", "working_days.answer", "working_days.reply", "working_days.finish.complaint",
    "working_days.finish.question", "working_days.finish.idea", "working_days.finish.information",
    "working_days.finish.supervision", "ladder.black_vest", "ladder.replacement", "sms.twin_minutes",
    "sms.parts_wait_minutes", "sms.unnumbered_parts_seconds", "sms.per_number_per_day", "sms.per_day",
    "duplicates.days", "standing.window_hours",
    "standing.warnings", "standing.black_vests", "standing.way_down_hours", "reward.finished",
    "reward.after_working_days",
]  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the city's policy with another value at a path."""
    policy: dict[str, Any] = copy.deepcopy(data("policy.json"))
    *folders, last = path.split(".")
    inner = policy
    for folder in folders:
        inner = inner[folder]
    inner[last] = value
    return policy


@pytest.mark.parametrize("path", NUMBERS)
@pytest.mark.parametrize("bad", [None, 0, -1, True, "5", 1.5, {}])
def test_a_bad_number_in_the_policy_is_named(path: str, bad: Any) -> None:
    with pytest.raises(ValueError, match=f"^policy {path} must be a positive whole number, not"):
        Policy.from_data(changed(path, bad))


@pytest.mark.parametrize("path", NUMBERS)
def test_each_number_of_the_policy_is_read_from_its_own_place(path: str) -> None:
    assert Policy.from_data(changed(path, 77)) != POLICY


def test_every_number_of_the_file_is_one_that_is_checked() -> None:
    def paths(value: Any, path: str = "") -> list[str]:
        inner = value.items() if isinstance(value, dict) else ()
        return [found for key, one in inner for found in paths(one, f"{path}.{key}")] or [path[1:]]

    assert {*paths(data("policy.json"))} == {*NUMBERS, "quiet.from", "quiet.until", "categories", "weekend"}


@pytest.mark.parametrize("policy", [{}, {"working_days": 5}, {"working_days": {"verify": 3, "answer": 5}}])
def test_a_policy_without_its_parts_is_refused(policy: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"policy (working_days|quiet)\."):
        Policy.from_data(policy)


@pytest.mark.parametrize("end", ["from", "until"])
def test_the_quiet_hours_are_hours_of_a_day(end: str) -> None:
    assert 0 in Policy.from_data(changed(f"quiet.{end}", 0)).quiet
    assert 23 in Policy.from_data(changed(f"quiet.{end}", 23)).quiet
    for bad in (-1, True, "7", None):
        with pytest.raises(ValueError, match=f"^policy quiet.{end} must be a not negative whole number"):
            Policy.from_data(changed(f"quiet.{end}", bad))
    with pytest.raises(ValueError, match=r"^policy quiet must be hours of the day"):
        Policy.from_data(changed(f"quiet.{end}", 24))


# ------------------------------------------------------------------------------------------------ a category's own


def test_a_category_overrides_what_it_names_and_nothing_else() -> None:
    policy = Policy.from_data(changed("categories", {"pju": {"answer": 2}, "ktp": {"verify": 1, "finish": 30}}))
    assert (policy.of("pju").verify, policy.of("pju").answer, policy.of("pju").finish) == (3, 2, POLICY.finish)
    assert (policy.of("ktp").verify, policy.of("ktp").answer) == (1, 5)
    assert set(policy.of("ktp").finish.values()) == {30}
    assert set(policy.of("ktp").finish) == set(POLICY.finish)
    assert (policy.of("pju").black_vest, policy.of("pju").reply) == (2, 10)


@pytest.mark.parametrize("category", [None, "", "parkir"])
def test_any_other_category_has_the_citys_numbers(category: str | None) -> None:
    policy = Policy.from_data(changed("categories", {"pju": {"answer": 2}}))
    assert policy.of(category) is policy


@pytest.mark.parametrize("own", [{}, {"reply": 5}, {"answer": 2, "ladder": 1}, None, 5, [2]])
def test_a_category_overrides_only_what_it_may(own: Any) -> None:
    with pytest.raises(ValueError, match=r"^policy categories\.pju may override verify, answer, finish, not"):
        Policy.from_data(changed("categories", {"pju": own}))


@pytest.mark.parametrize("bad", [None, 0, -1, True, "5", 1.5, {}])
def test_a_bad_number_of_a_category_is_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^policy categories\.pju\.finish must be a positive whole number, not"):
        Policy.from_data(changed("categories", {"pju": {"answer": 2, "finish": bad}}))


@pytest.mark.parametrize("bad", [None, 5, ["pju"], "pju"])
def test_the_categories_of_a_policy_are_an_object(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^policy categories must be an object, not"):
        Policy.from_data(changed("categories", bad))


def test_a_policy_without_categories_has_none_that_override() -> None:
    policy = copy.deepcopy(data("policy.json"))
    del policy["categories"]
    assert Policy.from_data(policy) == POLICY


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("working_days.verify", 99), ("working_days.answer", 99), ("working_days.reply", 99),
        ("working_days.finish.idea", 99), ("ladder.black_vest", 99), ("ladder.replacement", 99),
        ("categories", {"pju": {"answer": 99}}),
    ],
)  # fmt: skip
def test_the_longest_clock_of_all_is_known(path: str, value: Any) -> None:
    assert POLICY.longest == 60
    assert Policy.from_data(changed(path, value)).longest == 99
