"""What the city is: its OPDs (edited by the admin), routing rules, calendar and policy; read once a minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, cast

from chalicelib import settings
from chalicelib.adapters import registry
from chalicelib.domain.deadlines import Calendar, calendar_from
from chalicelib.domain.letters import Names
from chalicelib.domain.notices import To
from chalicelib.domain.policy import Policy
from chalicelib.domain.routing import RoutingRules
from chalicelib.domain.values import dataclass

_PLACEHOLDER: Final = ".invalid"
_FRESH: Final = timedelta(seconds=60)
HolidaysTable = Mapping[str, Mapping[str, str]]  # {year: {ISO date: name}}
_cache: dict[str, tuple[datetime, City]] = {}


@dataclass(frozen=True, slots=True)
class City:
    """All that the rules need to know."""

    opds: Mapping[str, Mapping[str, Any]]
    rules: RoutingRules
    calendar: Calendar
    policy: Policy
    supervised: frozenset[str]  # the categories that need supervision

    def has_division(self, opd: str, division: str) -> bool:
        """Say whether the city has this OPD with this division."""
        return self._division(opd, division) is not None

    def _division(self, opd: str | None, division: str | None) -> Mapping[str, Any] | None:
        divisions = self.opds.get(opd or "", {}).get("divisions", ())
        return next((one for one in divisions if one["code"] == division), None)

    def names(self, opd: str | None, division: str | None, category: str | None) -> Names:
        """Return what people call them; the code itself for what the city no longer has."""
        return Names(
            opd=str(self.opds.get(opd or "", {}).get("name", opd or "")),
            division=str((self._division(opd, division) or {}).get("name", division or "")),
            category=next((str(one["name"]) for one in self.services() if one["code"] == category), category or ""),
        )

    def services(self) -> list[dict[str, str]]:
        """Return the categories that a citizen may choose from: code, name, name_en, opd, division, group."""
        return [
            {"code": category["code"], "name": category["name"], "name_en": category["name_en"],
             "opd": opd["code"], "division": division["code"], "group": opd["name"]}
            for opd in self.opds.values()
            for division in opd["divisions"]
            for category in division["categories"]
        ]  # fmt: skip

    def is_supervised(self, category: str | None) -> bool:
        """Say whether complaints of this category need supervision, and so have the long finish deadline."""
        return category in self.supervised

    def address_of(self, to: To, opd: str | None, division: str | None, config: settings.Settings) -> str:
        """Return where one of the city's people gets mail: the admin in the place of who has no address yet."""
        address = {
            To.DIVISION: self.email_of_division(opd, division),
            To.HEAD: self.email_of_head(opd),
            To.ADMIN: config.admin_email,
            To.MAYOR: config.mayor_email,
        }[to]
        nobody = not address or (config.placeholders_to_admin and address.endswith(_PLACEHOLDER))
        return config.admin_email if nobody else address

    def email_of_head(self, opd: str | None) -> str:
        """Return the OPD head's address, "" when there is none."""
        return str(self.opds.get(opd or "", {}).get("head", {}).get("email", ""))

    def email_of_division(self, opd: str | None, division: str | None) -> str:
        """Return the division's address, "" when there is none."""
        return str((self._division(opd, division) or {}).get("email", ""))


def current(now: datetime) -> City:
    """Return the city as it was set a minute ago at the latest."""
    known = _cache.get("city")
    if known and timedelta(0) <= now - known[0] < _FRESH:
        return known[1]
    opds = registry.opds()
    city = City(
        opds={str(opd["code"]): opd for opd in opds},
        rules=RoutingRules.from_data(opds, settings.data_file("routing.json")),
        calendar=calendar_of(holidays_table()),
        policy=policy(),
        supervised=frozenset(
            str(one["code"])
            for opd in opds
            for division in cast(Any, opd["divisions"])
            for one in division["categories"]
            if one.get("supervision", False)
        ),
    )
    _cache["city"] = (now, city)
    return city


@lru_cache(maxsize=1)
def policy() -> Policy:
    """Return the city's numbers; ValueError when data/policy.json is not what it must be, which stops the start."""
    return Policy.from_data(settings.data_file("policy.json"))


def holidays_table() -> HolidaysTable:
    """Return the holidays as the admin set them, else those of data/holidays.json."""
    table: HolidaysTable = registry.holidays() or settings.data_file("holidays.json")
    return table


def calendar_of(table: HolidaysTable) -> Calendar:
    """Return the calendar of a table of holidays; ValueError for a day outside its year."""
    weekend = frozenset(settings.data_file("policy.json")["weekend"])
    return calendar_from(table, settings.current().zone, weekend)


def forget() -> None:
    """Read the city anew at the next question: it has just been edited."""
    _cache.clear()


def save_opd(opd: dict[str, Any]) -> None:
    """Keep an OPD as the admin sets it; ValueError when the routing rules cannot read it beside the others."""
    others = [one for one in registry.opds() if one["code"] != opd["code"]]
    RoutingRules.from_data([*others, opd], settings.data_file("routing.json"))
    registry.put_opd(opd)
    forget()


def seed_opds(now: datetime) -> int:
    """Store the OPDs of data/opds.json that the registry has not yet, never over an edit; return how many."""
    registry.remember_first_day(now)
    forget()
    return sum(registry.put_opd(opd, only_new=True) for opd in settings.data_file("opds.json"))
