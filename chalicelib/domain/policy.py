"""The city's numbers: how long each clock runs, when the ladder and the standing move, when nobody is disturbed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import timedelta
from typing import Any, Final

from chalicelib.domain.values import dataclass

_KINDS: Final = ("complaint", "question", "idea", "information", "supervision")
_OVERRIDABLE: Final = ("verify", "answer", "finish")


@dataclass(frozen=True, slots=True)
class StandingPolicy:
    """When a division's standing moves: so many warnings or vests within `window` (its end excluded), and down."""

    window: timedelta = timedelta(hours=720)
    warnings: int = 3
    vests: int = 2
    way_down: timedelta = timedelta(hours=720)


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of data/policy.json; in working days except where a name says otherwise.

    `categories` has the numbers that a category overrides; `quiet` are the hours of the city's day, from and until,
    in which a sweep sends nothing.
    """

    verify: int
    answer: int
    reply: int
    finish: Mapping[str, int]
    black_vest: int
    replacement: int
    twin_minutes: int
    parts_wait_minutes: int
    unnumbered_parts_seconds: int
    sms_per_number: int  # that go out to one number in a day of the city
    sms_per_day: int  # that go out to all
    duplicates_days: int
    standing: StandingPolicy
    reward_finished: int
    reward_after: int
    quiet: tuple[int, int]
    categories: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, category: str | None) -> Policy:
        """Return the policy for complaints of that category."""
        own = self.categories.get(category or "")
        if not own:
            return self
        finish = dict.fromkeys(_KINDS, own["finish"]) if "finish" in own else self.finish
        return replace(
            self, verify=own.get("verify", self.verify), answer=own.get("answer", self.answer), finish=finish
        )

    @property
    def longest(self) -> int:
        """The most working days that any clock runs."""
        own = (days for numbers in self.categories.values() for days in numbers.values())
        ladder = (self.black_vest, self.replacement)
        return max(self.verify, self.answer, self.reply, *self.finish.values(), *ladder, *own)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Policy:
        """Return the policy; raise ValueError naming what is missing or not a positive whole number."""

        def number(*path: str, least: int = 1) -> int:
            value: Any = data
            for step in path:
                value = value.get(step) if isinstance(value, Mapping) else None
            if type(value) is not int or value < least:
                kind = "positive" if least else "not negative"
                raise ValueError(f"policy {'.'.join(path)} must be a {kind} whole number, not {value!r}")
            return value

        categories = data.get("categories", {})
        if not isinstance(categories, Mapping):
            raise ValueError(f"policy categories must be an object, not {categories!r}")
        quiet = number("quiet", "from", least=0), number("quiet", "until", least=0)
        if max(quiet) > 23:
            raise ValueError("policy quiet must be hours of the day, 0 to 23")
        return cls(
            verify=number("working_days", "verify"),
            answer=number("working_days", "answer"),
            reply=number("working_days", "reply"),
            finish={kind: number("working_days", "finish", kind) for kind in _KINDS},
            black_vest=number("ladder", "black_vest"),
            replacement=number("ladder", "replacement"),
            twin_minutes=number("sms", "twin_minutes"),
            parts_wait_minutes=number("sms", "parts_wait_minutes"),
            unnumbered_parts_seconds=number("sms", "unnumbered_parts_seconds"),
            sms_per_number=number("sms", "per_number_per_day"),
            sms_per_day=number("sms", "per_day"),
            duplicates_days=number("duplicates", "days"),
            standing=StandingPolicy(
                window=timedelta(hours=number("standing", "window_hours")),
                warnings=number("standing", "warnings"),
                vests=number("standing", "black_vests"),
                way_down=timedelta(hours=number("standing", "way_down_hours")),
            ),
            reward_finished=number("reward", "finished"),
            reward_after=number("reward", "after_working_days"),
            quiet=quiet,
            categories={code: _own_numbers(code, given) for code, given in categories.items()},
        )


def _own_numbers(code: str, given: Any) -> dict[str, int]:  # noqa: ANN401  reviewed JSON
    if not isinstance(given, Mapping) or not given or not set(given) <= set(_OVERRIDABLE):
        raise ValueError(f"policy categories.{code} may override {', '.join(_OVERRIDABLE)}, not {given!r}")
    for name, value in given.items():
        if type(value) is not int or value < 1:
            raise ValueError(f"policy categories.{code}.{name} must be a positive whole number, not {value!r}")
    return dict(given)
