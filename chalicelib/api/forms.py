"""A form of a page that could not be done: what is told at its fields, and what was typed into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from chalicelib.api.errors import Problem, problem_of
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.life import IllegalAction
from chalicelib.domain.values import dataclass
from chalicelib.pages import field_errors
from chalicelib.workflows.contesting import NotPossible
from chalicelib.workflows.handling import UnknownDivision, UnknownTicket
from chalicelib.workflows.standings import NothingProposed

REFUSALS: Final = (
    Problem, IllegalAction, TimelineFull, NotPossible, NothingProposed, UnknownDivision, UnknownTicket,
)  # fmt: skip
_OF_THE_FORM: Final = (400, 409)
_CHOSEN_AS_ONE: Final = ("opd", "division")  # which a form asks for as "to"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a form changed nothing. Errors and what was typed are named by the ids of the fields, which for one of
    several forms on a page begin with its key."""

    status: int = 200
    errors: Sequence[Mapping[str, str]] = ()
    typed: Mapping[str, str] = field(default_factory=dict)

    def shown(self, fields: Sequence[str], notice: str | None = None) -> dict[str, Any]:
        """Return the values that a page with forms needs; `fields` are the ids of those that it has."""
        return {"errors": list(self.errors), "typed": dict(self.typed), "fields": fields, "notice": notice}


NOTHING: Final = Refused()


def refused(error: Exception, fields: Mapping[str, str], lang: str, family: str, key: str = "") -> Refused:
    """Return what is told of a form that failed, in the words of `family`; what is no fault of the form's is raised.

    Where no field is wrong, what is in the way is what the complaint is by now, or that it holds no more.
    """
    problem = problem_of(error)
    if problem.status not in _OF_THE_FORM:
        raise error
    found = [{**one, "field": _asked_as(one["field"])} for one in problem.errors(lang)]
    whole = "" if found else "full" if problem.code == "timeline_full" else "status"
    worded = field_errors(found or [{"field": whole, "message": ""}], lang, family)
    errors = [one if whole else {**one, "field": key + one["field"]} for one in worded]
    return Refused(problem.status, errors, {key + name: value for name, value in fields.items()})


def _asked_as(name: str) -> str:
    return "to" if name in _CHOSEN_AS_ONE else name


def with_division(fields: Mapping[str, str]) -> dict[str, str]:
    """Return a form's fields with the chosen "opd/division" as the two that a body has."""
    opd, _, division = fields.get("to", "").partition("/")
    return {**{name: value for name, value in fields.items() if name != "to"}, "opd": opd, "division": division}
