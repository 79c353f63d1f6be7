"""Likeness: a message sent again is known, no complaint is swallowed, and the admin is shown what may be one thing.

`tests/data/likeness.json` is labelled by hand; its pairs marked `held_out` were written after the rules were done.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import likeness
from chalicelib.domain.likeness import LIKELY, Report, is_same_message, likely_duplicate, said, suggestions
from tests.unit.samples import ARRIVAL, data

LABELLED = json.loads((Path(__file__).parents[1] / "data" / "likeness.json").read_text(encoding="utf-8"))
SAME, DUPLICATES = LABELLED["same_message"], LABELLED["likely_duplicate"]
HOMES = {
    category["code"]: (opd["code"], division["code"])
    for opd in data("opds.json")
    for division in opd["divisions"]
    for category in division["categories"]
}
LAMP = "Lampu jalan mati di Jl. Bukirsari depan masjid"


def report(text: str = LAMP, ticket: str = "A", hours: float = 0, **given: Any) -> Report:
    """Return a report, of the category `pju` unless another is given."""
    category = given.pop("category", "pju")
    opd, division = HOMES.get(category, (None, None))
    fields = {"address": None, "lat": None, "long": None, "opd": opd, "division": division, **given}
    return Report(ticket, text, category, received_at=ARRIVAL + timedelta(hours=hours), **fields)


def score(a: Report, b: Report) -> float:
    """Return the likeness, which is the same in both directions."""
    assert likely_duplicate(a, b) == pytest.approx(likely_duplicate(b, a))
    return likely_duplicate(a, b)


def called_same(pair: Any) -> bool:
    assert is_same_message(pair["a"], pair["b"]) == is_same_message(pair["b"], pair["a"]), pair
    return is_same_message(pair["a"], pair["b"])


def called_duplicate(pair: Any) -> bool:
    return score(report(**pair["a"]), report(**pair["b"], ticket="B", hours=pair["hours"])) >= LIKELY


def precision_and_recall(pairs: list[Any], label: str, called: Callable[[Any], bool]) -> tuple[float, float]:
    answers = [(pair[label], called(pair)) for pair in pairs]
    right = answers.count((True, True))
    return right / (right + answers.count((False, True))), right / (right + answers.count((True, False)))


def held_out(pairs: list[Any]) -> list[Any]:
    return [pair for pair in pairs if pair["held_out"]]


# ------------------------------------------------------------------------------------------------ the labelled set


def test_the_labelled_set_is_large_and_balanced_in_both_halves() -> None:
    for pairs, label, least in ((SAME, "same", 120), (DUPLICATES, "duplicate", 100)):
        assert len(pairs) >= least
        assert all(len(half) >= least // 2 for half in (held_out(pairs), [p for p in pairs if not p["held_out"]]))
        for some in (pairs, held_out(pairs)):
            assert 0.4 < sum(pair[label] for pair in some) / len(some) < 0.6


def test_no_complaint_of_the_labelled_set_is_swallowed_and_most_repetitions_are_known() -> None:
    for pairs, least_recall in ((held_out(SAME), 0.84), (SAME, 0.93)):
        precision, recall = precision_and_recall(pairs, "same", called_same)
        assert precision >= 0.98
        assert recall >= least_recall


def test_what_is_suggested_is_mostly_one_thing_and_most_duplicates_are_suggested() -> None:
    for pairs, least_precision, least_recall in ((held_out(DUPLICATES), 0.83, 0.65), (DUPLICATES, 0.87, 0.80)):
        precision, recall = precision_and_recall(pairs, "duplicate", called_duplicate)
        assert precision >= least_precision
        assert recall >= least_recall


def test_every_category_of_the_labelled_set_is_one_of_the_registry() -> None:
    named = {side["category"] for pair in DUPLICATES for side in (pair["a"], pair["b"])}
    assert named - {None} <= HOMES.keys()


# ------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SAMBAT Lampu jln matiii, tolong pak!!", "lampu jalan mati"),
        ("sambatlampune padam", "lampu mati"),
        ("Selamat pagi, mau lapor: sampahnya blm diangkut. Matur nuwun 🙏", "sampah belum diangkut"),
        ("yg di dpn RT 02/RW 005 gg II & gang iii", "depan rt 2 rw 5 gang 2 gang 3"),
        ("blok XIII no 000, bayar 5.000", "blok xiii nomor 0 bayar 5000"),
        ("Assalamu'alaikum wr. wb.", ""),
        ("hati2, gak iso liwat", "tidak iso liwat"),
    ],
)
def test_a_word_is_read_in_one_spelling_and_politeness_is_not_read(text: str, words: str) -> None:
    assert " ".join(said(text)) == words


def test_the_lists_hold_words_as_they_are_read() -> None:
    lists = (likeness._LIGHT, likeness._ASKING, likeness._GENERIC, likeness._NO_NAME, likeness._NUMBERED)
    assert [word for words in lists for word in words if likeness._spelt(word) != word] == []


# ------------------------------------------------------------------------------------------------ one message again


@pytest.mark.parametrize(
    "again",
    [
        LAMP.upper() + "!!!",
        "sambat " + LAMP,
        LAMP + ", mohon segera diperbaiki",
        "Tolong pak. " + LAMP,
        "lampu jln mati di jl bukir sari dpn masjid",  # a name in two words
        "lampi jalan mati di jl bukirsari depanmasjid",  # two words in one
        "lampu jalan mati di jl bukisari depan masjid",  # a letter left out
        "lampu jalan mati di jl bukirasri depan masjid",  # two changed places
        "lampu jalan mati di jl bukirdari depan masjid",  # a neighbour on the keyboard
        "di jl bukirsari depan masjid lampu jalan mati",  # the place first
        "lampu jalan mati di jl bukirsari depan msjd",  # without vowels
    ],
)
def test_a_message_with_a_slip_or_a_polite_word_is_the_same(again: str) -> None:
    assert is_same_message(LAMP, again)
    assert is_same_message(again, LAMP)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (LAMP, "Lampu jalan masih mati di Jl. Bukirsari depan masjid"),
        (LAMP, LAMP + " nomor 3"),
        (LAMP, "Lampu jalan mati di Jl. Bukirsari belakang masjid"),
        ("got mampet di jl veteran rt 2", "got mampet di jl veteran rt 5"),
        ("got mampet di jl veteran gang 12", "got mampet di jl veteran gang 1 2"),
        ("banjir di gadang dekat pasar induk", "banjir di gading dekat pasar induk"),
        ("tiang miring gang XIII jl kawi", "tiang miring gang XI jl kawi"),
        ("jl bukirsari peteng", "jl bukisari peteng"),  # too short for a slip
        ("tolong dinoyo lampu jalan mati semua", "tolong lampu jalan mati semua"),  # no wish, a place
        ("dua orang mabuk di jl kali sari malam", "dua orang mabuk di jl kaki sari malam"),  # too short a word
        ("lampu jl kawi dipasang di gang 2", "lampu jl kawi di gang 2"),  # told, not wished
        ("pohon besar jl tugu tolong ditebang", "pohon besar jl tugu tolong dipupuk"),
        ("lampu jalan mati dari dinoyo ke landungsari", "lampu jalan mati dari landungsari ke dinoyo"),
        ("mohon tolong", "tolong mohon"),  # nothing said that could be compared
    ],
)
def test_another_place_number_subject_or_wish_is_another_message(one: str, two: str) -> None:
    assert not is_same_message(one, two)
    assert not is_same_message(two, one)


def test_more_slips_than_a_hurried_finger_makes_are_another_message() -> None:
    words = said("sampah rumah pecah sungai taman kuning trotoar jembatan selokan lampion kampung pagar")
    text = " ".join([*words, *(word + "x" for word in words)])
    for slips, same in ((4, True), (5, False)):
        again = text.split()
        again[:slips] = [word[:3] + word[4:] if len(word) > 5 else word + "q" for word in again[:slips]]
        assert is_same_message(text, " ".join(again)) is same


def test_an_empty_text_is_like_none() -> None:
    assert not is_same_message("", "")
    assert not is_same_message(" \n", "")
    assert not is_same_message("", LAMP)
    assert said("") == ()


def test_what_has_no_words_is_the_same_only_when_sent_exactly_again() -> None:
    assert is_same_message("😡😡", "😡😡")
    assert not is_same_message("😡😡", "🙏")
    assert not is_same_message("tolong", "TOLONG PAK")
    assert is_same_message("tolong", "Tolong")


def test_a_nul_and_emoji_between_words_change_nothing() -> None:
    assert is_same_message(LAMP, LAMP.replace(" ", " \0 ") + " 😡")
    assert said("lampu\0mati 💡") == ("lampu", "mati")


def test_in_four_thousand_characters_one_other_place_is_another_message() -> None:
    text = ("sampah menumpuk dekat sungai brantas " * 200)[:3_980]
    assert is_same_message(text, text + " tolong")
    assert not is_same_message(text + " gadang", text + " dinoyo")
    assert not is_same_message("a" * 4_000, "a" * 3_999 + "b")
    assert not is_same_message("ab" * 2_000, "ab" * 1_999 + "ac")


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_are_compared_and_each_is_like_itself(one: str, two: str) -> None:
    assert is_same_message(one, two) == is_same_message(two, one)
    assert is_same_message(one, one) == bool(one.strip())
    assert 0 <= score(report(one), report(two)) <= 1


# ------------------------------------------------------------------------------------------------ of several people


def test_reports_of_one_lamp_are_likely_one_and_fade_with_time() -> None:
    lamp, later = report(), report("jl bukirsari peteng, lampune mati", hours=24)
    assert score(lamp, later) >= LIKELY
    assert score(lamp, later) > score(lamp, replace(later, received_at=later.received_at + timedelta(days=10)))
    assert score(lamp, report(hours=24 * 61)) == 0


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("lampu mati di jl bukirsari", "lampu mati di jl veteran"),
        ("lampu mati di jl danau toba sawojajar", "lampu mati di jl danau ranau sawojajar"),
        ("lampu mati di jl bukirsari gang 3", "lampu mati di jl bukirsari gang 4"),
        ("lampu mati di pasar dinoyo", "lampu mati di terminal arjosari"),
        ("lampu mati", "lampu mati semua"),
    ],
)
def test_another_place_or_none_named_is_not_likely_one_thing(one: str, two: str) -> None:
    assert score(report(one), report(two)) < LIKELY


def test_whoever_says_the_same_sentence_without_a_place_is_shown() -> None:
    text = "aplikasi pendaftaran sekolah error unggah berkas"
    assert score(report(text), report(text)) >= LIKELY
    assert score(report("aplikasi error"), report("aplikasi error")) < LIKELY


def test_the_place_is_also_read_from_the_address() -> None:
    there = report("lampu mati", address="Jl. Bukirsari 12")
    assert score(there, report("lampune padam nang bukirsari")) >= LIKELY
    assert score(there, report("lampu mati", address="Jl. Veteran 12")) == 0


def test_a_misspelt_street_is_known() -> None:
    assert score(report("lampu mati di jl bukirsari"), report("lampu mati di jl bukisari")) >= LIKELY


def test_where_both_give_a_point_the_distance_decides() -> None:
    here = report("lampu mati di jl veteran", lat=-7.9500, long=112.6100)
    scores = [score(here, report("lampu mati", lat=-7.9500 - metres / 111_195, long=112.6100)) for metres in (50, 350)]
    assert scores == pytest.approx([1, 0.5**0.5], abs=0.001)
    assert score(here, replace(here, long=112.6100 + 0.0054)) == pytest.approx(0.1, abs=0.02)  # 595 m to the east
    assert score(here, replace(here, long=112.6200)) == 0
    assert score(here, replace(here, long=None)) == 1


@pytest.mark.parametrize(
    ("category", "other", "more"),
    [
        ("jalan", "jalan", 1.0),
        ("ktp_el", "kk_pindah", 0.7),  # one division
        ("jalan", "pju", 0.3),  # one OPD
        ("jalan", None, 0.5),
        ("jalan", "sampah", 0.0),
    ],
)
def test_the_nearer_the_category_the_likelier(category: str, other: str | None, more: float) -> None:
    one, two = report("aaa di jl kawi", category=category), report("bbb di jl kawi", category=other)
    assert score(one, two) ** 2 == pytest.approx(more / 2)


def test_suggestions_are_the_likeliest_first_few_and_never_the_report_itself() -> None:
    ours = report(ticket="ours")
    others = [report(ticket=f"{hours:03}", hours=hours) for hours in (90, 10, 10.5, 50, 70, 30)]
    others += [ours, report("lampu mati di jl veteran", ticket="far")]
    found = suggestions(ours, others)
    assert [ticket for ticket, _ in found] == ["010", "10.5", "030", "050", "070"]
    assert found == sorted(found, key=lambda pair: -pair[1])
    assert all(LIKELY <= likely <= 1 for _, likely in found)
    assert [ticket for ticket, _ in suggestions(ours, others, most=1)] == ["010"]
    assert [ticket for ticket, _ in suggestions(ours, [report(ticket="2"), report(ticket="1")])] == ["1", "2"]
    assert suggestions(ours, []) == []


def test_a_report_full_of_street_names_is_compared_by_the_first_of_them() -> None:
    names = ["".join(chr(ord("a") + int(digit)) for digit in f"{number:05}") for number in range(100)]
    text = " ".join(f"jl {name}" for name in names)
    assert len(likeness._Traits.of(report(text)).streets) == likeness._MOST_NAMES


def test_only_the_beginning_of_a_long_report_is_compared() -> None:
    assert score(report("x " * 500 + LAMP), report()) == score(report("x " * 500), report())
    assert score(report("lampu " * 700), report("😡\0" * 2_000)) < LIKELY
