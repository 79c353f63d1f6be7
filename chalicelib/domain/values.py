"""Values: what `dataclasses.dataclass(slots=True)` makes, frozen or not, in a tenth of the time.

The library writes and compiles up to six functions for each class; for our fifty and more classes that was half of what
we added to a cold start. Here the functions stand ready. A type checker sees the library's own decorator.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

__all__ = ["dataclass"]

Value = TypeVar("Value")

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(
        *, slots: Literal[True], frozen: bool = False, eq: bool = True
    ) -> Callable[[type[Value]], type[Value]]:
        """Return the decorator. Of what `field` can say it knows `default`, `default_factory` and `repr`."""

        def decorate(kind: type[Value]) -> type[Value]:
            made = dataclasses.dataclass(slots=slots, init=False, repr=False, eq=False)(kind)
            made.__init__, made.__repr__ = _init_of(made), _repr
            if eq:
                made.__eq__, hash_of = _comparison_of(made)
                made.__hash__ = hash_of if frozen else None
            if frozen:
                made.__setattr__ = made.__delattr__ = _refuse
            return made

        return decorate


def _init_of(kind: type[Any]) -> Callable[..., None]:
    """Return the `__init__` that takes all fields, by place or by name."""
    fields = dataclasses.fields(kind)
    names = tuple(field.name for field in fields)
    setters = {name: getattr(kind, name).__set__ for name in names}  # of the slots: nothing refuses them
    defaults = {field.name: field.default for field in fields if field.default is not dataclasses.MISSING}
    factories = {
        field.name: field.default_factory for field in fields if field.default_factory is not dataclasses.MISSING
    }

    def init(self: Any, *placed: Any, **named: Any) -> None:  # noqa: ANN401
        if placed:
            if len(placed) > len(names) or not named.keys().isdisjoint(names[: len(placed)]):
                raise TypeError(f"{kind.__qualname__} takes each of {names} once")
            named.update(zip(names, placed, strict=False))
        if len(named) < len(names):
            made = {name: make() for name, make in factories.items() if name not in named}
            named = {**defaults, **made, **named}
        if named.keys() != setters.keys():
            raise TypeError(f"{kind.__qualname__} is made of {names}, not of {tuple(named)}")
        for name, value in named.items():
            setters[name](self, value)

    return init


def _comparison_of(kind: type[Any]) -> tuple[Callable[[Any, object], bool], Callable[[Any], int]]:
    """Return `__eq__` and `__hash__` by all fields; only values of the very same class are equal."""
    fields = attrgetter(*(field.name for field in dataclasses.fields(kind)))

    def equal(self: Any, other: object) -> bool:  # noqa: ANN401
        return fields(self) == fields(other) if other.__class__ is self.__class__ else NotImplemented

    def hash_of(self: Any) -> int:  # noqa: ANN401
        return hash(fields(self))

    return equal, hash_of


def _repr(self: Any) -> str:  # noqa: ANN401
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(_: object, name: str, *value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")
