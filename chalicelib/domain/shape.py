"""Hold parsed JSON against the shape it should have; every refusal is a ValueError that names the place."""

from collections.abc import Collection, Mapping, Sequence


def mapping(value: object, where: str, allowed: Collection[str] | None = None) -> Mapping[str, object]:
    """Return `value` as an object whose keys are all allowed."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{where}: an object is needed")
    for key in value:
        if allowed is not None and key not in allowed:
            raise ValueError(f"{where}: unknown key {key!r}")
    return value


def listing(value: object, where: str) -> Sequence[object]:
    """Return `value` as a list."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"{where}: a list is needed")
    return value


def text(value: object, where: str) -> str:
    """Return `value` as text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: text is needed, and not blank")
    return value


def texts(value: object, where: str) -> list[str]:
    """Return `value` as a list of texts, none of them blank."""
    return [text(entry, where) for entry in listing(value, where)]


def number(value: object, where: str) -> int:
    """Return `value` as a whole number that is not negative."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{where}: a whole number is needed")
    return value
