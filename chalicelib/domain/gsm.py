"""What a text costs as SMS, and where it is cut: one alphabet of 7 bits, or UCS-2 for everything else.

Source: 3GPP TS 23.038 (the default alphabet and its extension table), TS 23.040 (140 octets, 6 of them for numbering).
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")  # two septets each
_ONE_GSM7, _EACH_GSM7 = 160, 153
_ONE_UCS2, _EACH_UCS2 = 70, 67
_JOINER: Final = "\u200d"
_SKINS: Final = ("\U0001f3fb", "\U0001f3ff")  # the first and last skin tone of an emoji
_PLAIN: Final = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u00b4": "'", "`": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"',
    "\u00ab": '"', "\u00bb": '"', "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-",
    "\u2212": "-", "\u2022": "-", "\u2026": "...", "\u00d7": "x", "\u00b0": " derajat", "\u00bd": "1/2",
})  # fmt: skip


def is_gsm7(text: str) -> bool:
    """Say whether the text needs nothing but the 7-bit alphabet."""
    return all(letter in _BASIC or letter in _EXTENDED for letter in text)


def segments(text: str) -> int:
    """Return how many SMS the text takes; none when it is empty."""
    return len(parts(text))


def parts(text: str) -> list[str]:
    """Return the text as it is cut into SMS, only between characters as people see them."""
    if not text:
        return []
    gsm7 = is_gsm7(text)
    one, each = (_ONE_GSM7, _EACH_GSM7) if gsm7 else (_ONE_UCS2, _EACH_UCS2)
    if _weight(text, gsm7=gsm7) <= one:
        return [text]
    cut, free = [""], each
    for character in _characters(text, each if gsm7 else each // 2):
        weight = _weight(character, gsm7=gsm7)
        if weight > free:
            cut, free = [*cut, ""], each
        cut[-1] += character
        free -= weight
    return cut


def _weight(text: str, *, gsm7: bool) -> int:
    """Return how much of an SMS it takes: septets, or UTF-16 code units."""
    if gsm7:
        return len(text) + sum(letter in _EXTENDED for letter in text)
    return len(text) + sum(letter > "\uffff" for letter in text)


def _characters(text: str, longest: int) -> Iterator[str]:
    """Yield the characters that people see: a letter with its marks, an emoji with its modifiers. One of more than
    `longest` code points comes in pieces."""
    whole = ""
    for letter in text:
        if whole and not (_goes_with(letter, whole) and len(whole) < longest):
            yield whole
            whole = ""
        whole += letter
    yield whole


def _goes_with(letter: str, before: str) -> bool:
    if letter == _JOINER or before[-1] == _JOINER or _SKINS[0] <= letter <= _SKINS[1]:
        return True
    return unicodedata.category(letter) in {"Mn", "Me", "Mc"}


def looks_cut(text: str) -> bool:
    """Say whether the text fills exactly one part of a longer SMS: an escape pair may leave its last septet free, and a
    surrogate pair its last code unit."""
    gsm7 = is_gsm7(text)
    each = _EACH_GSM7 if gsm7 else _EACH_UCS2
    return _weight(text, gsm7=gsm7) in (each - 1, each)


def folded(text: str) -> str:
    """Return the text on one line, in the 7-bit alphabet where that says the same: typographic signs as plain ones,
    accents that it has not left out, without emoji, control, invisible and direction-changing characters."""
    kept = []
    for letter in text.translate(_PLAIN):
        if letter in _BASIC or letter in _EXTENDED:
            kept.append(" " if letter.isspace() else letter)
            continue
        kind = unicodedata.category(letter)
        if kind in {"Cc", "Zs", "Zl", "Zp"}:
            kept.append(" ")
        elif kind[0] in "LMN":
            bare = unicodedata.normalize("NFKD", letter)[0]
            kept.append(bare if bare in _BASIC else letter)
    return " ".join("".join(kept).split())


def fitted(head: str, text: str, tail: str, most: int) -> str:
    """Return all three in at most `most` SMS: the text is cut, at a word, where it must be, the others never."""
    if segments(head + text + tail) <= most:
        return head + text + tail
    characters = list(_characters(text, _EACH_UCS2)) if text else []

    def cut(length: int) -> str:
        return "".join(characters[:length]).rstrip()

    def costs(length: int) -> int:
        return segments(f"{head}{cut(length)}...{tail}")

    length = max(0, bisect_right(range(len(characters)), most, key=costs) - 1)
    said = cut(length)
    if " " in said[-30:] and characters[length] != " ":
        said = said.rsplit(" ", 1)[0]
    return f"{head}{said}...{tail}"
