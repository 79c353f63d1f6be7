"""What a text costs as SMS, and where it is cut: compared with another's codec of the alphabet and with Unicode's own
rule of what one character is."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import gsm0338
import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.gsm import fitted, folded, is_gsm7, looks_cut, parts, segments

CODEC = gsm0338.Codec()
EXTENDED = "\f^{}\\[~]|€"
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
FAMILY, HANDS, FLAG = "👨‍👩‍👧", "🙏🏽", "🇮🇩"

PLAIN = st.sampled_from("abc ABC 0 .?!é") | st.sampled_from("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ§¿ñà" + EXTENDED)
PLAIN_TEXTS = st.lists(PLAIN, max_size=500).map("".join)
SEEN = st.sampled_from(  # what people see as one character each
    ["a", " ", "€", "ꦱ", "ꦩ꧀ꦧ", "ꦠ꧀", "ꦏꦶ", "ب", "بَ", "e\u0301", "o\u0302\u0323", "1️⃣", "🙏", HANDS, FAMILY, "👩🏽‍🚒",
     "❤️", FLAG, "🇲🇾", "Ж", "漢", "\u200b"]
)  # fmt: skip
SEEN_TEXTS = st.lists(SEEN, max_size=200).map("".join)
ANY_TEXTS = PLAIN_TEXTS | SEEN_TEXTS | st.text(max_size=400)


def septets(text: str) -> int | None:
    """Return how many septets another's codec needs for the text; None when the alphabet does not have it."""
    try:
        return len(CODEC.encode(text)[0]) if "\x1b" not in text else None
    except UnicodeEncodeError:
        return None


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# ------------------------------------------------------------------------------------------------ the alphabet


def test_the_alphabet_is_the_one_that_others_know() -> None:
    known = {chr(code) for code in range(0x110000) if septets(chr(code))}
    assert len(known) == 127 + len(EXTENDED)
    assert {chr(code) for code in range(0x110000) if is_gsm7(chr(code))} == known


@given(ANY_TEXTS)
def test_a_text_is_plain_only_when_all_of_it_is(text: str) -> None:
    assert is_gsm7(text) == (septets(text) is not None)


# ------------------------------------------------------------------------------------------------ what a text costs


@pytest.mark.parametrize(
    ("character", "in_one", "in_each"),
    [("a", 160, 153), ("\n", 160, 153), ("€", 80, 76), ("ꦱ", 70, 67), ("🙏", 35, 33), (FLAG, 17, 16), (FAMILY, 8, 8)],
)
def test_what_an_sms_holds_of_each_kind(character: str, in_one: int, in_each: int) -> None:
    assert segments(character) == segments(character * in_one) == 1
    assert [len(part) // len(character) for part in parts(character * (in_one + 1))] == [in_each, in_one + 1 - in_each]
    assert segments(character * in_each * 3) == 3 if in_each * 3 > in_one else 1
    assert segments(character * (in_each * 3 + 1)) == 4


def test_an_empty_text_costs_nothing() -> None:
    assert parts("") == []
    assert segments("") == 0


def test_one_character_that_is_not_plain_makes_all_of_it_dear() -> None:
    assert segments("a" * 160) == 1
    assert segments("a" * 159 + "á") == 3


def limit(text: str) -> int:
    one, each = (70, 67) if septets(text) is None else (160, 153)
    return each if len(parts(text)) > 1 else one


def weight(part: str, text: str) -> int:
    return units(part) if septets(text) is None else septets(part) or 0


@given(ANY_TEXTS)
@example("a" * 152 + "€")
@example("ꦱ" * 66 + "🙏" + "ꦱ")
@example("ꦱ\u0301" * 60 + "\u0301" * 200)
@example("\ud800\udc00" * 80)
def test_the_parts_are_the_text_and_none_is_over_its_limit(text: str) -> None:
    found = parts(text)
    assert "".join(found) == text
    assert all(0 < weight(part, text) <= limit(text) for part in found)
    assert segments(text) == len(found)


@given(PLAIN_TEXTS | SEEN_TEXTS)
def test_a_part_takes_all_that_fits(text: str) -> None:
    for part, after in pairwise(parts(text)):
        assert weight(part + regex.findall(r"\X", after)[0], text) > limit(text)


@given(SEEN_TEXTS)
@example("ꦱ" * 66 + FLAG * 20)
@example("ꦱ" * 65 + "ꦩ꧀ꦧ" * 30)
@example("ꦱ" * 60 + FAMILY * 20)
@example("ꦱ" * 66 + HANDS * 20)
@example("ꦱ" * 66 + "e\u0301" * 20)
def test_what_people_see_as_one_character_is_never_divided(text: str) -> None:
    seen = regex.findall(r"\X", text)
    assert [one for part in parts(text) for one in regex.findall(r"\X", part)] == seen


@given(ANY_TEXTS)
def test_no_cut_goes_before_a_mark_or_a_modifier_or_behind_a_joiner(text: str) -> None:
    for part, after in pairwise(parts(text)):
        torn = regex.search(r"\u200d$", part) or regex.match(r"[\p{M}\u200d\U0001f3fb-\U0001f3ff]", after)
        assert not torn or len(regex.split(r"(?<!\u200d)(?=[^\p{M}\u200d\U0001f3fb-\U0001f3ff])", part)[-1]) >= 33


def test_a_character_that_no_sms_could_hold_is_divided_all_the_same() -> None:
    monster = "e" + "\u0301" * 500
    assert "".join(parts(monster)) == monster
    assert all(units(part) <= 67 for part in parts(monster))


@given(ANY_TEXTS, st.data())
def test_more_text_never_costs_less(text: str, data: st.DataObject) -> None:
    shorter = data.draw(st.integers(0, len(text)))
    assert segments(text[:shorter]) <= segments(text)


# ----------------------------------------------------------------------------------------------- a part of a longer one


def as_a_phone_cuts(text: str) -> list[str]:
    """Return the parts of a phone that cuts between code units, but never through a pair."""
    each, found = (67 if septets(text) is None else 153), [""]
    for letter in text:
        if weight(found[-1] + letter, text) > each:
            found.append("")
        found[-1] += letter
    return found


@given(
    st.lists(PLAIN, min_size=161, max_size=500).map("".join) | st.lists(SEEN, min_size=71, max_size=200).map("".join)
)
@example("a" * 152 + "€" * 80)
@example("a" * 200 + "🙏")
@example("🙏" * 40)
def test_every_part_but_the_last_looks_cut(text: str) -> None:
    assert all(looks_cut(part) for part in as_a_phone_cuts(text)[:-1])


@pytest.mark.parametrize("length", [0, 1, 65, 68, 151, 154, 160])
def test_a_text_that_fills_no_part_does_not(length: int) -> None:
    assert not looks_cut("a" * length)


@pytest.mark.parametrize("length", [0, 1, 65, 68, 70, 152, 153])
def test_nor_does_one_of_another_script(length: int) -> None:
    assert not looks_cut("ꦱ" * length)


# ------------------------------------------------------------------------------------------------ in plain letters


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\u201cSudah\u201d \u2013 kami \u2018cek\u2019\u2026\n\tterima\u00a0kasih \u2014",
         "\"Sudah\" - kami 'cek'... terima kasih -"),
        ("a\x00b\u202ec\u200bd\ud800e\u00adf\x1bg\u2028h\ufeff", "a bcdef g h"),
        ("Terima kasih ❤️🙏🏽 pak 👨‍👩‍👧", "Terima kasih pak"),
        ("pilihan 1️⃣ atau 2️⃣", "pilihan 1 atau 2"),
        ("merah putih 🇮🇩!", "merah putih !"),
        ("panas 38° di luar", "panas 38 derajat di luar"),
        ("lebar 1½ m, tinggi ¾ m, luas 12 m² (2×6)", "lebar 1 1/2 m, tinggi 3/4 m, luas 12 m2 (2x6)"),
        ("± 5 hari → selesai, ≤ 10", "+/- 5 hari -> selesai, <= 10"),
        ("№ 12, ﬁnal, ＲＴ ０５, Ⅷ, ™", "No 12, final, RT 05, VIII, TM"),
        ("Pasar Déwå: tétéh, ḍaḍah, ṭuṭuk, Lódź", "Pasar Déwå: tétéh, dadah, tutuk, Lodz"),
        ("de\u0301sa, so\u0301to, x\u0301", "désa, soto, x"),
        ("harga €5 ^_^ {a} [b] ~ c|d\\e", "harga €5 ^_^ {a} [b] ~ c|d\\e"),
        ("\u3164\u115f\u034fkosong\ufe0f", "kosong"),
        ("👍", ""),
        ("", ""),
        (" \n ", ""),
    ],
)  # fmt: skip
def test_it_says_the_same_in_plain_letters(text: str, plain: str) -> None:
    assert folded(text) == plain


@pytest.mark.parametrize(
    "text",
    ["ꦱꦩ꧀ꦧꦠ꧀ ꦢꦭꦤ꧀꧈ ꦥꦺꦠ꧀꧉", "مَرحبا، كيف الحال؟", "Жалоба й", "漢字、かな", "ไฟดับ", "हिन्दी।", "٣ ₹5"],
)
def test_another_script_survives_with_its_marks_and_punctuation(text: str) -> None:
    assert folded(text) == text


def test_every_latin_letter_with_an_accent_becomes_plain() -> None:
    seen = 0
    for code in range(0xC0, 0x2000):
        letter = chr(code)
        base = unicodedata.normalize("NFD", letter)[0]
        if base.isascii() and base != letter and unicodedata.category(letter)[0] == "L":
            seen += 1
            assert folded(letter) == (letter if is_gsm7(letter) else base)
    assert seen > 400


@pytest.mark.parametrize("turn", BIDI, ids=ascii)
def test_nothing_changes_the_direction(turn: str) -> None:
    assert folded(f"a{turn}b") == "ab"


@given(ANY_TEXTS)
@example("ب\u200b\u0653")
@example("\u1100😀\u1161")
@example("a\u00a8b 1\u2044\u2044 \uff9e")
def test_a_folded_text_is_inert_on_one_line_and_stays_as_it_is(text: str) -> None:
    plain = folded(text)
    assert folded(plain) == plain
    assert " ".join(plain.split()) == plain
    assert "\n" not in plain
    for letter in plain:
        assert letter == " " or is_gsm7(letter) or unicodedata.category(letter)[0] in "LMNPS"
        assert letter not in BIDI
    assert not regex.search(r"\p{Emoji_Presentation}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\ufe0f\u200d]", plain)


@given(st.text(alphabet=[chr(code) for code in range(32, 127) if chr(code) != "`"], max_size=200))
def test_a_plain_text_is_what_it_was(text: str) -> None:
    assert folded(text) == " ".join(text.split())


@given(ANY_TEXTS)
def test_a_folded_text_never_costs_more(text: str) -> None:
    if is_gsm7(text):
        assert segments(folded(text)) <= segments(text)


# ------------------------------------------------------------------------------------------------ made to fit

HEADS = st.sampled_from(["", "Tiket 7K3M9-QX2TW dijawab DPUPRPKP: ", "ꦱ: ", "x" * 60])
TAILS = st.sampled_from(["", " Nilai: NILAI 7K3M9-QX2TW 1-5", " 🙏", " https://sambat.example/t/7K3M9-QX2TW"])
WORDY = st.lists(
    st.sampled_from(["Lampu", "sudah", "diganti.", "ꦱꦩ꧀ꦧꦠ꧀", "€5", "x" * 29, "é", FAMILY]), max_size=200
).map(" ".join)


@given(HEADS, ANY_TEXTS | WORDY, TAILS, st.integers(2, 4))
@example("", "a" * 160, "", 1)
@example("", "a" * 161, "", 1)
@example("", "ꦱ" * 67 + " " * 20, "", 1)
def test_a_fitted_text_costs_no_more_than_it_may_and_is_whole_where_it_can(
    head: str, text: str, tail: str, most: int
) -> None:
    whole, made = head + text + tail, fitted(head, text, tail, most)
    assert segments(made) <= most
    assert made.startswith(head)
    assert made.endswith(tail)
    if segments(whole) <= most:
        assert made == whole
    else:
        said = made[len(head) : len(made) - len(tail)]
        assert said.endswith("...")
        assert text.startswith(said[:-3])
        assert len(said) - 3 < len(text)


@given(HEADS, WORDY, TAILS, st.integers(2, 4))
def test_it_is_cut_behind_the_last_word_that_fits(head: str, text: str, tail: str, most: int) -> None:
    if segments(head + text + tail) > most:
        said = fitted(head, text, tail, most)[len(head) : len(head) + len(text)].rpartition("...")[0]
        assert text[len(said)] == " "
        longer = said + " " + text[len(said) :].split(maxsplit=1)[0]
        assert segments(f"{head}{longer}...{tail}") > most


@pytest.mark.parametrize("one", [FAMILY, HANDS, FLAG, "ꦩ꧀ꦧ", "e\u0301"])
def test_where_no_word_ends_near_it_is_cut_between_characters(one: str) -> None:
    for length in range(20):  # wherever in a character the limit falls
        head = "x" * length
        said = fitted(head, one * 200, " habis", 2).removeprefix(head).removesuffix("... habis")
        assert said == one * (len(said) // len(one))
        assert len(said) > len(one)


@pytest.mark.parametrize("length", range(20))
def test_no_word_is_left_out_that_fits_wherever_the_limit_falls(length: int) -> None:
    head, words = "x" * length, "satu delapan " * 40
    said = fitted(head, words, " habis", 1).removeprefix(head).removesuffix("... habis")
    assert said == words[: len(said)]
    assert words[len(said)] == " "
    longer = said + " " + words[len(said) :].split(maxsplit=1)[0]
    assert segments(f"{head}{said}... habis") == 1
    assert segments(f"{head}{longer}... habis") == 2


def test_a_long_word_is_cut_within_it() -> None:
    assert fitted("", "x" * 500, "", 2) == "x" * 303 + "..."
    assert fitted("", "satu " + "x" * 500, "", 2) == "satu " + "x" * 298 + "..."


def test_what_stands_around_the_text_is_never_cut() -> None:
    assert fitted("a" * 100, "satu dua", "b" * 100, 1) == "a" * 100 + "..." + "b" * 100
    assert fitted("a" * 100, "", "b" * 100, 1) == "a" * 100 + "..." + "b" * 100
