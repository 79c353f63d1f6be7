"""Reading citizens' words: remembering what was read before changes nothing of what is read."""

from __future__ import annotations

from chalicelib.domain.routing import RoutingRules, route
from chalicelib.domain.words import Lexicon
from tests.unit.samples import data

TUNING = {name: value for name, value in data("routing.json").items() if name not in ("kinds", "labels", "thresholds")}


def word(number: int) -> str:
    """Return a word of its own for each number."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:05}")


def test_a_word_means_the_same_after_more_words_than_are_remembered() -> None:
    lexicon = Lexicon(TUNING)
    text = "lampune dalan mati, bukan soal jalan"
    before = lexicon.read(text)
    assert lexicon.read(text) == before
    many = " ".join(word(number) for number in range(12_000))
    assert lexicon.read(many) == Lexicon(TUNING).read(many)
    assert lexicon.read(text) == before


def test_a_complaint_is_routed_the_same_after_more_words_than_are_remembered() -> None:
    rules = RoutingRules.from_data(data("opds.json"), data("routing.json"))
    text = "Lampu jalan mati, jukir liar minta lima ribu"
    before = route(text, rules)
    assert before.because
    many = " ".join(word(number) for number in range(12_000))
    assert route(f"{many} {text}", rules).because == route(f"{many[-2000:]} {text}", rules).because
    assert route(text, rules) == before


def test_what_is_learnt_later_is_known_in_what_was_read_before() -> None:
    lexicon = Lexicon({})
    assert lexicon.read("lampunya") == [frozenset({"lampunya"})]
    lexicon.learn(["lampu*"], "lamp")
    assert lexicon.read("lampunya") == [frozenset({"lampunya", "lampu*"})]
    lexicon.learn(["kendaraan"], "vehicle")
    assert lexicon.read("kendaran") == [frozenset({"kendaran"})]
    lexicon.expect_slips()
    assert lexicon.read("kendaran") == [frozenset({"kendaraan"})]
