"""Routing: what the machine may dispatch by itself, and what it must leave to a person.

`tests/data/routing_labelled.csv` is the labelled set that the rules were developed with, texts written after real
topics. `tests/data/routing_own.csv` was written by the authors of the rules, batch after batch, each before the rules
had seen it. The labels `not_the_city`, `spam` and `unclear` are never dispatched by the machine.
"""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.routing import LABELS, Route, RoutingRules, route

ROOT = Path(__file__).parents[2]
OPDS = json.loads((ROOT / "chalicelib/data/opds.json").read_text(encoding="utf-8"))
TUNING = json.loads((ROOT / "chalicelib/data/routing.json").read_text(encoding="utf-8"))
RULES = RoutingRules.from_data(OPDS, TUNING)
SETS = [("routing_labelled.csv", 0.70), ("routing_own.csv", 0.70)]


def rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "tests/data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_right(found: Route, opd: str) -> bool:
    return found.opd == opd or (opd == "kecamatan" and (found.opd or "").startswith("kecamatan_"))


def opd(code: str, *categories: dict[str, Any], division: str = "d") -> dict[str, Any]:
    return {"code": code, "divisions": [{"code": division, "categories": list(categories)}]}


def category(code: str, **keywords: Sequence[str]) -> dict[str, Any]:
    return {"code": code, "keywords": keywords}


@pytest.mark.parametrize(("name", "least_recall"), SETS)
def test_what_is_dispatched_at_once_is_right_at_least_95_percent(name: str, least_recall: float) -> None:
    texts = rows(name)
    routes = [(row, route(row["text"], RULES)) for row in texts]
    certain = [(row, found) for row, found in routes if found.certain]
    right = [row for row, found in certain if is_right(found, row["opd"])]
    for_an_opd = [row for row in texts if row["opd"] not in (*LABELS, "unclear")]
    precision, recall = len(right) / len(certain), len(right) / len(for_an_opd)
    measured = f"{name}: precision {precision:.3f}, recall {recall:.3f} of {len(for_an_opd)} texts"
    assert precision >= 0.95, measured
    assert recall >= least_recall, measured


def test_nothing_of_the_labelled_set_that_no_opd_should_get_is_dispatched() -> None:
    astray = [row["text"] for row in rows("routing_labelled.csv") if row["opd"] in (*LABELS, "unclear")]
    assert [text for text in astray if route(text, RULES).certain] == []


@pytest.mark.parametrize("name", [name for name, _ in SETS])
def test_at_most_one_in_fifty_of_what_no_opd_should_get_is_dispatched(name: str) -> None:
    astray = [row for row in rows(name) if row["opd"] in (*LABELS, "unclear")]
    assert sum(route(row["text"], RULES).certain for row in astray) <= len(astray) / 50


def test_a_dead_street_lamp_goes_to_its_division_at_once() -> None:
    found = route("Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu", RULES)
    assert (found.kind, found.opd, found.division, found.certain) == ("complaint", "dpuprpkp", "pju", True)
    assert found.because


def test_an_illegal_parking_attendant_goes_to_its_division_at_once() -> None:
    found = route("Sambat parkir liar depan Pasar Besar, jukir tidak memberi karcis", RULES)
    assert (found.opd, found.division, found.certain) == ("dishub", "parkir", True)


def test_a_jam_that_names_its_place_loosely_is_suggested_to_transport() -> None:
    assert route("(Terminal) Arjosari arah ke Balearjosari macet total", RULES).opd == "dishub"


@pytest.mark.parametrize(
    "text",
    ["lampuuuu jalan padam", "lmpu dalan pet", "upmal nalad mati", "lampune dalan mati"],
)
def test_slang_slips_and_boso_walikan_are_understood(text: str) -> None:
    assert route(text, RULES).opd == "dpuprpkp"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("trafo PLN meledak, listrik padam sekampung", "not_the_city"),
        ("slot gacor bonus member baru", "spam"),
        ("tolong segera ditindak ya pak", "unclear"),
        ("", "unclear"),
        ("   ", "unclear"),
        ("abcdefghij" * 3, "unclear"),
        ("\x00 🙏🙏 \ud800", "unclear"),
    ],
)
def test_what_no_opd_should_get_is_labelled_and_never_certain(text: str, label: str) -> None:
    found = route(text, RULES)
    assert (found.label, found.certain) == (label, False)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("apakah rusunawa masih ada kamar kosong?", "question"),
        ("usul dibuatkan taman bacaan di tiap RW", "idea"),
        ("sekadar memberi informasi rambu di simpang balapan jatuh", "information"),
        ("jalan rusak sudah dua bulan tidak diperbaiki", "complaint"),
    ],
)
def test_the_kind_is_read_from_the_text(text: str, kind: str) -> None:
    assert route(text, RULES).kind == kind
    assert route(text, RULES, kind="idea").kind == "idea"


def test_what_is_denied_does_not_count() -> None:
    denied = route("bukan soal jalan rusak, tapi truk tronton masuk siang hari", RULES)
    assert denied.opd == "dishub"


def test_an_idle_phrase_takes_its_words_away() -> None:
    assert route("banjir pujian untuk kita semua", RULES).opd is None


def test_a_chosen_category_is_enough_when_the_text_says_nothing() -> None:
    found = route("sudah lama begini pak", RULES, category="pju")
    assert (found.opd, found.division, found.category, found.certain) == ("dpuprpkp", "pju", "pju", True)


def test_a_chosen_category_against_the_text_is_not_certain() -> None:
    assert not route("jukir liar minta lima ribu tanpa karcis parkir", RULES, category="pju").certain


def test_a_category_that_nobody_knows_is_no_choice() -> None:
    text = "jukir liar minta lima ribu tanpa karcis"
    assert route(text, RULES, category="nowhere") == route(text, RULES)


def test_a_ward_is_dispatched_only_when_its_place_is_named() -> None:
    unnamed = route("petugas kelurahan judes dan stempel ditunda terus", RULES)
    named = route("petugas kelurahan merjosari judes dan stempel ditunda terus", RULES)
    assert not unnamed.certain
    assert (named.opd, named.certain) == ("kecamatan_lowokwaru", True)


def test_a_city_without_opds_gets_no_suggestion() -> None:
    found = route("lampu jalan mati", RoutingRules.from_data([], TUNING))
    assert (found.opd, found.division, found.category, found.certain) == (None, None, None, False)


def test_another_citys_keywords_work_with_prefixes_alternatives_and_neighbours() -> None:
    tuning = {"thresholds": TUNING["thresholds"]}
    rules = RoutingRules.from_data([opd("roads", category("hole", strong=["pot*/hole .. road deep"]))], tuning)
    assert route("a road deep with a pothole", rules).because == ("pot* road deep",)
    assert route("a hole in the road", rules).opd is None
    assert route("hole road deepest", rules).opd is None


def test_two_opds_that_claim_the_same_words_leave_it_to_a_person() -> None:
    rival = opd("rival", category("rival_lamp", strong=["pju"]))
    assert route("pju", RULES).certain
    assert not route("pju", RoutingRules.from_data([*OPDS, rival], TUNING)).certain


@pytest.mark.parametrize(
    ("opds", "tuning", "named"),
    [
        ([opd("a", category("x"), category("x"))], TUNING, "a.d: category 'x' stands twice"),
        ([opd("a", category("spam"))], TUNING, "category 'spam'"),
        ([opd("a", category("x", strong=[" "]))], TUNING, "a.d.x.strong"),
        ([opd("a", category("x", strong=["satu .."]))], TUNING, "a.d.x.strong"),
        ([opd("a", category("x", strong=["satu/"]))], TUNING, "a.d.x.strong"),
        ([opd("a", category("x", strongest=["satu"]))], TUNING, "unknown key 'strongest'"),
        ([opd("a", {"code": "x", "keywords": ["satu"]})], TUNING, "a.d.x: an object"),
        ([{"code": "a", "divisions": "d"}], TUNING, "a.divisions: a list"),
        ([], {**TUNING, "extra": 1}, "unknown key 'extra'"),
        ([], {**TUNING, "thresholds": {**TUNING["thresholds"], "certain": "6"}}, "thresholds.certain"),
        ([], {**TUNING, "same_words": {"a": "x", "b": "x"}}, "same_words.b: 'x' also means 'a'"),
    ],
)
def test_malformed_data_is_refused_by_name(opds: list[dict[str, Any]], tuning: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named.replace(".", r"\.")):
        RoutingRules.from_data(opds, tuning)


def test_every_opd_of_the_registry_can_act_and_has_placeholder_contacts() -> None:
    for agency in OPDS:
        units = [unit["code"] for unit in agency["divisions"]]
        assert units
        assert len(units) == len(set(units))
        assert all(unit["categories"] for unit in agency["divisions"])
        contacts = [agency["head"]["email"], *(unit["email"] for unit in agency["divisions"])]
        assert all(contact.endswith(".example.invalid") for contact in contacts)


@settings(deadline=None)
@given(text=st.text(max_size=4000), chosen=st.sampled_from([None, "pju", "?"]))
def test_any_text_has_an_answer(text: str, chosen: str | None) -> None:
    found = route(text, RULES, category=chosen)
    assert not (found.label and found.certain)


WORDS = sorted({word for row in rows("routing_labelled.csv") for word in row["text"].split()})


@settings(deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=80))
def test_a_label_is_never_certain_and_certainty_has_its_reasons(words: list[str]) -> None:
    found = route(" ".join(words), RULES)
    assert not (found.label and found.certain)
    assert not found.certain or (found.opd and found.division and found.category and found.because)
