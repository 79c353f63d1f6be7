"""Read citizens' words: SMS spelling, slang, Javanese, boso walikan and slips of the finger, folded to known words."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from chalicelib.domain import shape

Forms = frozenset[str]
"""What one word of a text may stand for: itself, and each known `prefix*` that it begins with."""

LEXICON_KEYS = ("masks", "plain_words", "same_words", "suffixes")
_MASKS = ("negation", "negation_ends", "place_before", "place_names")
_STARTS, _ENDS, _BEFORE, _NAMES = 1, 2, 4, 8  # which of them a word is
_NOTHING: Forms = frozenset()
_TOKEN = re.compile(r"([a-z]+)2?|(\d+)|([?.,;:!\n])")
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_WORD = re.compile(r"[a-z]+\*?|\d+|\?")
_STOPS = frozenset(".,;:!?\n")
_LONGEST_WORD = 24
REMEMBERED = 5_000  # words, read before: people use the same ones
_SHORTEST_GUESS = 5  # a shorter word is never guessed from a slip or from boso walikan
_DENIED_WORDS = 6  # how far "bukan soal ..." reaches when nothing ends it
_PLACE_WORDS = 2  # how far "depan ..." reaches


class Lexicon:
    """The words that the keywords use, and how citizens write them."""

    __slots__ = ("_known", "_masks", "_read", "_same", "_slips", "_stars", "_suffixes")

    def __init__(self, tuning: Mapping[str, object]) -> None:
        """Take spelling and masks from the tuning; raises ValueError naming a malformed entry."""
        self._same: dict[str, str] = {}
        for meant, variants in shape.mapping(tuning.get("same_words", {}), "same_words").items():
            for variant in shape.text(variants, f"same_words.{meant}").split():
                if self._same.setdefault(variant, meant) != meant:
                    raise ValueError(f"same_words.{meant}: {variant!r} also means {self._same[variant]!r}")
        self._known = {*self._same.values(), *shape.text(tuning.get("plain_words", "?"), "plain_words").split()}
        self._stars: set[str] = set()
        self._read: dict[str, tuple[Forms, int]] = {}
        self._slips: dict[str, str] = {}
        self._suffixes = tuple(shape.texts(tuning.get("suffixes", []), "suffixes"))
        masks = shape.mapping(tuning.get("masks", {}), "masks", _MASKS)
        self._masks = {name: self.learn(shape.text(masks.get(name, "?"), name).split(), name) for name in _MASKS}

    def learn(self, words: Iterable[str], where: str) -> Forms:
        """Return what the words of a keyword mean, and know them from now on."""
        meanings = set()
        for word in words:
            if not _WORD.fullmatch(word):
                raise ValueError(f"{where}: empty or impossible word {word!r}")
            meanings.add(self._same.get(word, word))
        self._known.update(meanings)
        self._stars.update(word for word in meanings if word.endswith("*"))
        self._read.clear()
        return frozenset(meanings)

    def expect_slips(self) -> None:
        """Prepare to know each long word with one letter wrong, missing or too many; call once all is learnt."""
        for word in chain(self._known, self._same):
            if len(word) > _SHORTEST_GUESS:
                for slip in _shortened(word):
                    self._slips.setdefault(slip, word)
        self._read.clear()

    def read(self, text: str) -> list[Forms]:
        """Return the words of the text; one that is denied, or merely names a place, stands for nothing."""
        plain = unicodedata.normalize("NFKC", text).lower()
        words = [one or two or three for one, two, three in _TOKEN.findall(plain)]
        return _without_asides([self._read.get(word) or self._remembered(word) for word in words])

    def _remembered(self, word: str) -> tuple[Forms, int]:
        if len(self._read) >= REMEMBERED:
            self._read.clear()
        forms = self._forms(word)
        starts, ends, before, names = (not forms.isdisjoint(self._masks[name]) for name in _MASKS)
        ends = ends or not forms.isdisjoint(_STOPS)
        said = self._read[word] = (forms, starts * _STARTS | ends * _ENDS | before * _BEFORE | names * _NAMES)
        return said

    def _forms(self, word: str) -> Forms:
        if word not in self._known:
            word = _STRETCHED.sub(r"\1", word)
        if len(word) > _LONGEST_WORD:
            return _NOTHING
        stars = (word[:length] + "*" for length in range(2, len(word) + 1))
        return frozenset({self._meaning(word), *self._stars.intersection(stars)})

    def _meaning(self, word: str) -> str:
        for guess in chain((word,), self._stems(word), self._guesses(word)):
            if guess in self._same or guess in self._known:
                return self._same.get(guess, guess)
        return word

    def _stems(self, word: str) -> Iterable[str]:
        return (word[: -len(end)] for end in self._suffixes if word.endswith(end) and len(word) - len(end) > 2)

    def _guesses(self, word: str) -> Iterable[str]:
        if len(word) >= _SHORTEST_GUESS:
            yield word[::-1]
            yield from (self._slips.get(slip, "") for slip in (word, *_shortened(word)))


def _without_asides(text: Sequence[tuple[Forms, int]]) -> list[Forms]:
    kept, denied, near = [], 0, 0
    for forms, said in text:
        named = near > 0 and said & _NAMES
        near = _PLACE_WORDS if named or said & _BEFORE else near - 1
        denied = 0 if said & _ENDS else denied - 1
        kept.append(_NOTHING if named or denied > 0 else forms)
        denied = _DENIED_WORDS if said & _STARTS else denied
    return kept


def _shortened(word: str) -> list[str]:
    """Return the word with each letter but the first left out: two words one slip apart share one of these."""
    return [word[:i] + word[i + 1 :] for i in range(1, len(word))]
