"""What a text costs as SMS, and where it is cut: one alphabet of 7 bits, or UCS-2 for everything else.

Source: 3GPP TS 23.038 (the default alphabet and its extension table), TS 23.040 (140 octets, 6 of them for numbering).
"""

from __future__ import annotations

import re
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
_PANGKON: Final = "\ua9c0"  # makes the Javanese letter after it stand below the one before it
_FLAGS: Final = ("\U0001f1e6", "\U0001f1ff")  # the first and last of the letters of which two are a flag
_SKINS: Final = ("\U0001f3fb", "\U0001f3ff")  # the first and last skin tone of an emoji
_PLAIN: Final = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u00b4": "'", "`": "'", "\u2032": "'", "\u2039": "'", "\u203a": "'",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"', "\u2010": "-", "\u2012": "-",
    "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-", "\u2022": "-", "\u00b7": "-", "\u3030": "-",
    "\u2192": "->", "\u2264": "<=", "\u2265": ">=", "\u00b1": "+/-", "\u00f7": "/", "\u2044": "/", "\u00d7": "x",
    "\u00b0": " derajat",
})  # fmt: skip
_UNSEEN: Final = (  # letters and marks that show nothing; what else does is Cf
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


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
    if _FLAGS[0] <= letter <= _FLAGS[1]:
        return len(before) == 1 and _FLAGS[0] <= before <= _FLAGS[1]
    kind = unicodedata.category(letter)
    return kind[0] == "M" or (kind == "Lo" and before[-1] == _PANGKON)


def looks_cut(text: str) -> bool:
    """Say whether the text fills exactly one part of a longer SMS: an escape pair may leave its last septet free, and a
    surrogate pair its last code unit. Plain words may be UCS-2, too, since an emoji in another part makes them so."""
    is_full = _weight(text, gsm7=False) in (_EACH_UCS2 - 1, _EACH_UCS2)
    return is_full or (is_gsm7(text) and _weight(text, gsm7=True) in (_EACH_GSM7 - 1, _EACH_GSM7))


def folded(text: str) -> str:
    """Return the text on one line, in the 7-bit alphabet where that says the same: typographic signs as plain ones,
    accents that it has not left out, without emoji, control, invisible and direction-changing characters."""
    seen = "".join(letter for letter in re.sub(_UNSEEN, "", text) if unicodedata.category(letter) != "Cf")
    kept: list[str] = []
    before = ""
    for letter in unicodedata.normalize("NFC", seen).translate(_PLAIN):
        before = _folded(letter, before)
        kept.append(before)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def _folded(letter: str, before: str) -> str:
    """Return what stands for one character; `before` is what stands for the one before it."""
    if letter in _BASIC or letter in _EXTENDED:
        return letter
    kind = unicodedata.category(letter)
    if kind == "Cc" or kind[0] == "Z":
        return " "
    if kind[0] == "M":  # on a letter of another script; not on a plain one, nor on what is left out
        return "" if is_gsm7(before) else letter
    apart = unicodedata.normalize("NFKD", letter).translate(_PLAIN)
    bare = "".join(one for one in apart if not unicodedata.combining(one))
    if is_gsm7(bare):
        return f" {bare}" if "/" in bare else bare  # a fraction behind its number
    return letter if kind[0] in "LNP" or kind == "Sc" else ""


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
    if " " in said[-30:] and text[len(said)] != " ":
        said = said.rsplit(" ", 1)[0]
    return f"{head}{said}...{tail}"
