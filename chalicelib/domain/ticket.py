"""The ticket: ten characters that can be read out, typed on an old phone, and not guessed.

Nine characters carry 45 bits; the tenth checks them. The alphabet is Crockford's base 32 (no I, L, O, U); what is
typed as I or L is read as 1, O as 0. The check is a weighted sum over the field GF(32), whose weights are all
different and not zero: it finds every single wrong character and every two that changed places.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BITS: Final = 45
_VALUE: Final = {letter: value for value, letter in enumerate(ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_SEPARATORS: Final = str.maketrans("", "", "- .\u00a0")
_HALVES: Final = re.compile(r"([0-9A-Za-z]{5})(\s*[-.]?\s*)([0-9A-Za-z]{5})")


def ticket_from(number: int) -> str:
    """Return the ticket of a number of 45 bits, as XXXXX-XXXXX; ValueError when it has more."""
    if not 0 <= number < 1 << BITS:
        raise ValueError("a ticket has 45 bits")
    values = [number >> shift & 31 for shift in range(BITS - 5, -1, -5)]
    text = "".join(ALPHABET[value] for value in [*values, _check(values)])
    return f"{text[:5]}-{text[5:]}"


def read_ticket(typed: str) -> str | None:
    """Return the ticket that somebody typed, in its one written form, or None when it cannot be one."""
    text = typed.translate(_SEPARATORS).upper()
    values = [_VALUE.get(letter, -1) for letter in text]
    if len(values) != 10 or min(values) < 0 or _check(values[:9]) != values[9]:
        return None
    canonical = "".join(ALPHABET[value] for value in values)
    return f"{canonical[:5]}-{canonical[5:]}"


def looks_like_ticket(typed: str) -> bool:
    """Say whether it was surely meant as a ticket, though perhaps mistyped, and not as words or a number.

    Chance makes a ticket of one text in 32 ("jalan-jalan" is one): digits must stand where words have none.
    """
    halves = _HALVES.fullmatch(typed)
    if halves is None:
        return False
    left, between, right = halves.groups()
    digits = [sum(letter.isdigit() for letter in half) for half in (left, right)]
    is_number = sum(digits) == 10
    if read_ticket(left + right):
        dashed = "-" in between
        return (any(digits) and (dashed or not is_number)) or (dashed and left.lower() != right.lower())
    if is_number:
        return False
    return any(digits) if "-" in between else all(digits) if between else sum(digits) > 1


def _check(values: list[int]) -> int:
    total, weight = 0, 1
    for value in values:
        weight = _times(weight, 2)
        total ^= _times(weight, value)
    return total


@cache
def _times(left: int, right: int) -> int:
    """Return the product in GF(32), reduced by x^5 + x^2 + 1."""
    product = 0
    while right:
        if right & 1:
            product ^= left
        left = left << 1 ^ (0b100101 if left & 16 else 0)
        right >>= 1
    return product
