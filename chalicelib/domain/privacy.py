"""What must not be read in public: telephone numbers, identity numbers and e-mail addresses inside a text.

Rule: UU 27/2022 on personal data; DOMAIN 7. A run of nine digits or more is taken for a number of somebody's,
however it is spaced; prices and house numbers are shorter.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "[disamarkan]"
_BETWEEN: Final = r"[\s.\-()/\u00ad\u200b-\u200f\u2010-\u2015\u2060\ufeff]{0,3}"
_NUMBER: Final = re.compile(rf"\+?\d(?:{_BETWEEN}\d){{8,}}")
_EMAIL: Final = re.compile(r"[^\s@<>\[\]]{1,64}\s?(?:@|\[at\]|\(at\))\s?[^\s@<>\[\]]{1,80}\.[^\s@<>\[\]]{2,24}")


def masked(text: str) -> str:
    """Return the text with every number and e-mail address of somebody's replaced by a mark."""
    return _NUMBER.sub(MASK, _EMAIL.sub(MASK, text))


def has_personal_data(text: str) -> bool:
    """Say whether `masked` would hide anything."""
    return masked(text) != text
