"""What must not be read in public: telephone numbers, identity numbers and e-mail addresses inside a text.

Rule: UU 27/2022 on personal data; DOMAIN 7. A run of nine digits or more is taken for a number of somebody's,
however it is spaced, unless it is all dates with their hours, or all prices; house numbers are shorter.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "[disamarkan]"
_UNSEEN: Final = r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe0e\ufe0f\ufeff]*"
_BETWEEN: Final = rf"{_UNSEEN}(?:[\s.,:;_*|x\-()/\u2010-\u2015]{_UNSEEN}){{0,3}}"
_NUMBER: Final = rf"\+?\d(?:{_BETWEEN}\d){{8,}}"  # this and the next are compiled when they are first used
_AT: Final = r"(?:@|\[at\]|\(at\)| at )"
_DOT: Final = r"(?:\.|\s?\[dot\]\s?|\s?\(dot\)\s?| dot )"
_EMAIL: Final = rf"(?i)[^\s@<>\[\]]{{1,64}}\s?{_AT}\s?[^\s@<>\[\]]{{1,80}}{_DOT}[^\s@<>\[\]]{{2,24}}"
_SIGNS_OF_EMAIL: Final = ("@", "[at]", "(at)", " at ")
_AND: Final = r"[\s\-/\u2010-\u2015]{1,3}"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_DATE: Final = rf"(?:(?:{_DAY}-)?{_DAY}[-/.]{_MONTH}[-/.](?:19|20)\d\d|(?:19|20)\d\d-{_MONTH}-{_DAY})"
_HOUR: Final = r"(?:[01]?\d|2[0-4])(?:[.:][0-5]\d)?"
_PRICE: Final = r"(?!62\.8)[1-9]\d{0,2}(?:\.\d{3})*\.\d00"
_HARMLESS: Final = rf"(?a:{_DATE}(?:{_AND}{_DATE})?(?:{_AND}{_HOUR}){{0,2}}|{_PRICE}(?:{_AND}{_PRICE})*)"


def masked(text: str) -> str:
    """Return the text with every number and e-mail address of somebody's replaced by a mark."""
    known = text.lower()
    if (
        "@" in known or "[at]" in known or "(at)" in known or " at " in known
    ):  # a look that is cheap, for the expression is not
        text = re.sub(_EMAIL, MASK, text)
    return re.sub(_NUMBER, _unless_harmless, text)


def _unless_harmless(found: re.Match[str]) -> str:
    return found[0] if re.fullmatch(_HARMLESS, found[0]) else MASK


def has_personal_data(text: str) -> bool:
    """Say whether `masked` would hide anything."""
    return masked(text) != text
