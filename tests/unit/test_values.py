"""Values: the same in every respect as the library's dataclasses, of which each test makes a twin."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import field, replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain import values

Made = Callable[..., Any]
MAKERS = pytest.mark.parametrize("maker", [values.dataclass, dataclasses.dataclass], ids=["ours", "the library's"])
CODE = Path(__file__).parents[2] / "chalicelib"


def place(maker: Made, **options: bool) -> Any:
    class Place:
        """A place."""

        street: str
        number: int = 1
        marks: list[str] = field(default_factory=list)
        secret: str = field(default="x", repr=False)

    return maker(slots=True, **{"frozen": True, **options})(Place)


def word(maker: Made) -> Any:
    class Word:
        """One field alone."""

        text: str

    return maker(slots=True, frozen=True)(Word)


@MAKERS
def test_fields_are_given_by_place_or_by_name_and_else_have_their_defaults(maker: Made) -> None:
    kind = place(maker)
    by_place, by_name = kind("Ijen", 2, ["a"], "y"), kind(secret="y", marks=["a"], number=2, street="Ijen")
    assert (by_place.street, by_place.number, by_place.marks, by_place.secret) == ("Ijen", 2, ["a"], "y")
    assert by_place == by_name == kind("Ijen", 2, marks=["a"], secret="y")
    bare = kind("Ijen")
    assert (bare.number, bare.marks, bare.secret) == (1, [], "x")
    assert kind("Ijen").marks is not bare.marks


@MAKERS
@pytest.mark.parametrize(
    ("placed", "named"),
    [
        ((), {}),
        ((), {"number": 1}),
        (("Ijen", 1, [], "x", "more"), {}),
        (("Ijen",), {"street": "Kawi"}),
        (("Ijen",), {"colour": "red"}),
        (("Ijen", 1, [], "x"), {"colour": "red"}),
    ],
)
def test_a_field_that_lacks_or_is_unknown_or_stands_twice_is_a_type_error(
    maker: Made, placed: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        place(maker)(*placed, **named)


@MAKERS
def test_a_frozen_value_changes_only_into_another(maker: Made) -> None:
    kind = place(maker)
    here = kind("Ijen")
    with pytest.raises(dataclasses.FrozenInstanceError, match="assign"):
        here.number = 2
    with pytest.raises(dataclasses.FrozenInstanceError, match="delete"):
        del here.number
    assert (replace(here, number=2), here) == (kind("Ijen", 2), kind("Ijen"))
    assert not hasattr(here, "__dict__")


@MAKERS
def test_values_are_equal_by_all_their_fields_within_their_class(maker: Made) -> None:
    kind, other, one = place(maker), place(maker), word(maker)
    assert kind("Ijen", marks=[]) == kind("Ijen")
    assert kind("Ijen", secret="y") != kind("Ijen")
    assert kind("Ijen") != other("Ijen")
    assert one("a") != "a"
    assert {one("a"), one("a"), one("b")} == {one("b"), one("a")}
    assert hash(kind("Ijen", marks=())) == hash(kind("Ijen", marks=()))


@MAKERS
def test_without_eq_each_is_only_itself(maker: Made) -> None:
    kind = place(maker, eq=False)
    here = kind("Ijen")
    assert here in [here]
    assert here != kind("Ijen")
    assert len({here, kind("Ijen")}) == 2


@MAKERS
def test_what_is_not_frozen_changes_and_has_no_hash(maker: Made) -> None:
    here = place(maker, frozen=False)("Ijen")
    here.number = 2
    assert here.number == 2
    with pytest.raises(TypeError):
        hash(here)
    with pytest.raises(AttributeError):
        here.colour = "red"


@MAKERS
def test_what_is_shown_of_it_holds_no_secret_and_its_parts_can_be_named(maker: Made) -> None:
    here = place(maker)("Ijen")
    assert repr(here) == "place.<locals>.Place(street='Ijen', number=1, marks=[])"
    assert dataclasses.asdict(here) == {"street": "Ijen", "number": 1, "marks": [], "secret": "x"}
    assert type(here).__match_args__ == ("street", "number", "marks", "secret")


def test_all_values_are_made_here() -> None:
    by_the_library = re.compile(r"^from dataclasses import .*\bdataclass\b|\bdataclasses\.dataclass\b", re.MULTILINE)
    found = {
        path.relative_to(CODE).as_posix() for path in CODE.rglob("*.py") if by_the_library.search(path.read_text())
    }
    assert found == {"domain/values.py", "settings.py"}, "each that the library makes costs every cold start half a ms"
