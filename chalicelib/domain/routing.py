"""Decide what a complaint is about and which division must act, by rules that an admin can read.

Keywords come from the OPD registry; spelling, other authorities, spam, kinds and thresholds from the tuning. A keyword
is one or more words: `a/b` is either word, `a*` any word that begins so, and `a .. b` means that both stand near each
other, in any order. What a longer keyword covers, a shorter one inside it no longer proves.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from chalicelib.domain import shape
from chalicelib.domain.values import dataclass
from chalicelib.domain.words import LEXICON_KEYS, REMEMBERED, Forms, Lexicon

KINDS = ("complaint", "question", "idea", "information")
LABELS = ("not_the_city", "spam")
IDLE = "idle"
_THRESHOLDS = ("category_chosen", "certain", "label", "label_margin", "margin", "reach", "suggest")
_WEIGHTS = {"strong": 6, "plain": 3, "weak": 1, "places": 0}


@dataclass(frozen=True, slots=True)
class Route:
    """Where a complaint should go, and why.

    `certain` promises that the machine may dispatch; it never comes with a label. `because` are the keywords that
    decided, weightiest first.
    """

    kind: str
    category: str | None
    opd: str | None
    division: str | None
    label: str | None
    certain: bool
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Keyword:
    target: str
    weight: int
    parts: tuple[tuple[Forms, ...], ...]
    others: tuple[Forms, ...]  # its words but the first
    size: int  # its words
    of_kind: bool
    rank: int  # weightiest first, then the longest

    def found(self, text: Sequence[Forms], start: int, reach: int) -> tuple[int, ...]:
        """Return the positions it covers when its first part stands at `start`, else nothing."""
        covered: list[int] = []
        for part in self.parts:
            last = len(text) - len(part)
            window = range(max(0, start - reach), min(last, start + reach) + 1) if covered else (start,)
            first, *rest = part
            for at in window:
                if first.isdisjoint(text[at]) or at > last or at in covered:
                    continue
                if not rest or not any(map(Forms.isdisjoint, rest, text[at + 1 : at + len(part)])):
                    covered.extend(range(at, at + len(part)))
                    break
            else:
                return ()
        return tuple(covered)

    def said(self, text: Sequence[Forms], covered: Sequence[int]) -> str:
        """Return the words of the text that prove it."""
        return " ".join(min(word & text[at]) for word, at in zip(chain(*self.parts), covered, strict=True))


_Hit = tuple[_Keyword, tuple[int, ...]]  # and the places in the text that it covers
_Proofs = Mapping[str, Mapping[_Keyword, tuple[int, ...]]]


@dataclass(frozen=True, slots=True)
class _Score:
    category: str
    points: int
    placed: bool
    because: tuple[_Hit, ...]


class RoutingRules:
    """The compiled keywords of one city; build once, use for every complaint."""

    __slots__ = ("_anchors", "_begun", "_lexicon", "_local", "homes", "limits")

    def __init__(self, tuning: Mapping[str, object]) -> None:
        """Take what is not the registry's; `from_data` is the whole."""
        shape.mapping(tuning, "tuning", (*LEXICON_KEYS, IDLE, "kinds", "labels", "thresholds"))
        limits = shape.mapping(tuning.get("thresholds"), "thresholds", _THRESHOLDS)
        self.limits = {name: shape.number(limits.get(name), f"thresholds.{name}") for name in _THRESHOLDS}
        self.homes: dict[str, tuple[str, str]] = {}
        self._lexicon = Lexicon(tuning)
        self._anchors: dict[str, list[_Keyword]] = defaultdict(list)
        self._begun: dict[Forms, tuple[_Keyword, ...]] = {}
        self._local: set[str] = set()
        for group, names in (("kinds", KINDS), ("labels", LABELS)):
            for name, keywords in shape.mapping(tuning.get(group, {}), group, names).items():
                self._add(name, keywords, f"{group}.{name}")
        self._add(IDLE, {"weak": tuning.get(IDLE, [])}, IDLE)

    @classmethod
    def from_data(cls, opds: Sequence[Mapping[str, object]], tuning: Mapping[str, object]) -> "RoutingRules":
        """Compile the registry's keywords and the tuning.

        Raises ValueError naming the entry that is malformed: unknown key, duplicate category, empty keyword, ...
        """
        rules = cls(tuning)
        for opd in opds:
            code = shape.text(opd.get("code"), "opd")
            for entry in shape.listing(opd.get("divisions", []), f"{code}.divisions"):
                division = shape.mapping(entry, f"{code}.divisions")
                unit = shape.text(division.get("code"), f"{code}.divisions")
                for listed in shape.listing(division.get("categories", []), f"{code}.{unit}"):
                    rules._add_category(code, unit, shape.mapping(listed, f"{code}.{unit}"))
        rules._lexicon.expect_slips()
        return rules

    def _add_category(self, opd: str, division: str, category: Mapping[str, object]) -> None:
        name = shape.text(category.get("code"), f"{opd}.{division}")
        if name in self.homes or name in (*KINDS, *LABELS, IDLE):
            raise ValueError(f"{opd}.{division}: category {name!r} stands twice")
        self.homes[name] = (opd, division)
        self._add(name, category.get("keywords", {}), f"{opd}.{division}.{name}")

    def _add(self, target: str, keywords: object, where: str) -> None:
        lists = shape.mapping(keywords, where, _WEIGHTS)
        if lists.get("places"):
            self._local.add(target)
        for strength, weight in _WEIGHTS.items():
            for written in shape.texts(lists.get(strength, []), f"{where}.{strength}"):
                place = f"{where}.{strength} {written!r}"
                parts = tuple(
                    tuple(self._lexicon.learn(word.split("/"), place) for word in part.split())
                    for part in written.split("..")
                )
                if not all(parts):
                    raise ValueError(f"{place}: empty keyword")
                first, *others = chain(*parts)
                size, of_kind, rank = 1 + len(others), target in KINDS, -(100 * weight + len(others))
                for form in first:
                    keyword = _Keyword(target, weight, parts, tuple(others), size, of_kind, rank)
                    self._anchors[form].append(keyword)

    def read(self, text: str) -> list[Forms]:
        """Return the words of the text."""
        return self._lexicon.read(text)

    def proofs(self, words: Sequence[Forms]) -> _Proofs:
        """Return, per target, the keywords that the words prove, weightiest first, each with the places that do.

        An idle phrase ("banjir pujian") takes its words away from every keyword, and the same words never prove one
        target twice.
        """
        hits = self._hits(words)
        if idle := {at for keyword, covered in hits if keyword.target == IDLE for at in covered}:
            hits = [(keyword, covered) for keyword, covered in hits if idle.isdisjoint(covered)]
        longest: dict[tuple[bool, int], int] = {}
        for keyword, covered in hits:
            for at in covered:
                if longest.get((keyword.of_kind, at), 0) < keyword.size:
                    longest[keyword.of_kind, at] = keyword.size
        proven: dict[str, dict[_Keyword, tuple[int, ...]]] = {}
        spent: dict[str, set[int]] = defaultdict(set)
        for keyword, covered in sorted(hits, key=lambda hit: hit[0].rank):
            used = spent[keyword.target]
            if any(at not in used and longest[keyword.of_kind, at] == keyword.size for at in covered):
                proven.setdefault(keyword.target, {}).setdefault(keyword, covered)
                used.update(covered)
        return proven

    def _hits(self, words: Sequence[Forms]) -> list[_Hit]:
        present, reach = frozenset(chain(*words)), self.limits["reach"]
        hits: list[_Hit] = []
        for at, forms in enumerate(words):
            begun = self._begun.get(forms)
            for keyword in self._begin(forms) if begun is None else begun:
                if not keyword.others:
                    hits.append((keyword, (at,)))
                    continue
                for word in keyword.others:
                    if word.isdisjoint(present):
                        break
                else:
                    if covered := keyword.found(words, at, reach):
                        hits.append((keyword, covered))
        return hits

    def _begin(self, forms: Forms) -> tuple[_Keyword, ...]:
        """Return, and remember, the keywords that a word of these forms may begin."""
        if len(self._begun) >= REMEMBERED:
            self._begun.clear()
        begun = self._begun[forms] = tuple(chain.from_iterable(self._anchors.get(form, ()) for form in forms))
        return begun

    def ranked(self, proofs: _Proofs, chosen: str | None) -> list[_Score]:
        """Return what speaks for each OPD, most points first; of OPDs that need a place, those whose place is named."""
        found: dict[str, list[_Score]] = defaultdict(list)
        for name, (opd, _) in self.homes.items():
            if name not in proofs and name != chosen:
                continue
            proven = proofs.get(name, {})
            points = _points(proven) + self.limits["category_chosen"] * (name == chosen)
            placed = name not in self._local or name == chosen or any(not keyword.weight for keyword in proven)
            if points:
                found[opd].append(_Score(name, points, placed, tuple(proven.items())))
        totals = [_total(scores) for scores in found.values()]
        if any(score.placed and score.category in self._local for score in totals):
            totals = [score for score in totals if score.placed]
        return sorted(totals, key=lambda score: (-score.points, score.category != chosen))


def route(text: str, rules: RoutingRules, kind: str | None = None, category: str | None = None) -> Route:
    """Say what the text is about, of which kind, and whether the machine may dispatch it.

    A category chosen by the citizen weighs much, yet a text that says otherwise makes it uncertain; a code that the
    registry does not know is no choice. A given `kind` is kept. Any text has an answer.
    """
    limits, words = rules.limits, rules.read(text)
    proofs = rules.proofs(words)
    points = {name: _points(proofs.get(name, ())) for name in (*KINDS, *LABELS)}
    kind = kind or max(KINDS, key=points.__getitem__)
    doubt = max(LABELS, key=points.__getitem__)
    top, second, *_ = *rules.ranked(proofs, category), _NO_SCORE, _NO_SCORE
    label, because = None, top.because
    if points[doubt] >= limits["label"] and points[doubt] >= top.points:
        label, because = doubt, tuple(proofs[doubt].items())
    elif top.points < limits["suggest"]:
        label = "unclear"
    ahead = top.points >= limits["certain"] and top.points - second.points >= limits["margin"]
    doubted = points[doubt] >= limits["label"] or points[doubt] > max(0, top.points - limits["label_margin"])
    opd, division = rules.homes.get(top.category, (None, None))
    doubted = doubted or opd != rules.homes.get(category or "", (opd, division))[0]
    said = tuple(dict.fromkeys(keyword.said(words, covered) for keyword, covered in because))
    return Route(kind, top.category or None, opd, division, label, ahead and not doubted and not label, said)


_NO_SCORE = _Score("", 0, True, ())


def _points(proven: Iterable[_Keyword]) -> int:
    return sum([keyword.weight for keyword in proven])


def _total(scores: Sequence[_Score]) -> _Score:
    """Return one OPD's score: its best category stands for it, all of its categories speak for it."""
    if len(scores) == 1:
        return scores[0]
    best = max(scores, key=lambda score: score.points)
    because = chain(best.because, *(score.because for score in scores))
    return _Score(best.category, sum(score.points for score in scores), best.placed, tuple(because))
