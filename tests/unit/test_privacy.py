"""Masking: what is somebody's own is never read in public, and what the complaint is about still is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.privacy import MASK, has_personal_data, masked

PHONES = [
    "081234567890", "0812-3456-7890", "0812 3456 7890", "0812.3456.7890", "0812 - 3456 - 7890", "08 12 34 56 78 90",
    "+6281234567890", "+62 812-3456-7890", "62812 3456 7890", "+62 (0)812 3456 7890", "0812/3456/7890", "0812345678",
    "0341551234", "(0341) 551234", "0341-551234", "(0341)55-12-34", "021 5551 2345", "0812\u20133456\u20137890",
    "0812\u00a03456\u00a07890", "0812\u200b3456\u200b7890", "0\ufe0f\u20e38\ufe0f\u20e31\ufe0f\u20e32\ufe0f\u20e334567",
    "62.812.345.600", "٠٨١٢٣٤٥٦٧٨٩", "０８１２３４５６７８９０", "24/11/2026 081234567890", "10.000 081234567890",
]  # fmt: skip
NUMBERS_OF_PEOPLE = [
    "3573011234567890", "3573 0112 3456 7890", "3573.0112.3456.7890", "35.73.01.123456.7890", "357301-123456-7890",
    "\u200b".join("3573011234567890"), "\u200b\u200b\u2060\ufeff\u200d".join("3573011234567890"),
    "3 5 7 3 0 1 1 2 3 4 5 6 7 8 9 0", "3573\u202e0112\u202c34567890", "3573\u00ad0112\u00ad34567890",
    "12.345.678.9-407.000",
]  # fmt: skip
EMAILS = [
    "budi@gmail.com", "budi.s+malang@mail.co.id", "BUDI@GMAIL.COM", "budi @ gmail.com", "budi[at]gmail.com",
    "budi (AT) gmail.com", "b\u200budi@gmail.com", "büdi@exämple.id",
]  # fmt: skip
KEPT = [
    "Rp 15.000", "Rp1.500.000", "Rp 1.500.000.000", "10.000-15.000", "antara 10.000 - 15.000 - 20.000", "Rp150000,-",
    "24-11-2026", "24/11/2026", "2026-11-24", "tgl 24/11/2026 jam 10", "24/11/2026 10:30", "24-11-2026 10.30",
    "2026-11-24 10.30-12.00", "12-13/11/2026", "1.11.2026 - 15.11.2026", "tahun 2025-2026", "2026-11-24T10:30:00+07:00",
    "Jl. Bukirsari 12", "Jl. Ijen No. 25-27", "RT 03 RW 05 no 12", "Blok A2/15", "12 65119", "gang 3 no 17 RT 4/2",
    "N 1234 AB", "jam 7-9 pagi", "112", "110/119", "angkot AL 10 30 menit", "@malang", "5rb@kg. mahal", "7K3M9-QX2TW",
]  # fmt: skip


@pytest.mark.parametrize("own", [*PHONES, *NUMBERS_OF_PEOPLE, *EMAILS])
def test_what_is_somebodys_own_is_masked_wherever_it_stands(own: str) -> None:
    shown = masked(f"Hubungi {own} di Jl. Ijen no 12, lampu mati")
    assert shown.startswith("Hubungi ")
    assert shown.endswith(" di Jl. Ijen no 12, lampu mati")
    said = shown.removeprefix("Hubungi ").removesuffix(" di Jl. Ijen no 12, lampu mati")
    assert said.strip("( ") == MASK
    assert has_personal_data(own)


@pytest.mark.parametrize("text", KEPT)
def test_prices_dates_and_house_numbers_are_kept(text: str) -> None:
    assert masked(text) == text
    assert masked(f"di {text}, pak") == f"di {text}, pak"
    assert not has_personal_data(text)


@pytest.mark.parametrize("text", ["31-12-2026 08.12.3456", "2026-13-40 10", "24/11/2026 10 11 12 13", "0.812.345.600"])
def test_what_only_begins_like_a_date_or_a_price_is_masked(text: str) -> None:
    assert MASK in masked(text)


def test_each_of_several_is_masked() -> None:
    assert masked("081234567890, budi@gmail.com\n3573011234567890.") == f"{MASK}, {MASK}\n{MASK}."


DIGITS = st.text("0123456789", min_size=9, max_size=16).map(lambda digits: f"08{digits}")
BETWEEN = st.sampled_from(["", "", " ", "-", ".", " - ", "\u200b", "\u00a0", "/", "\u2060\u200b\u200b\u200b\u200b"])
BEFORE = st.text(st.characters(exclude_categories=["Nd"], exclude_characters="@+\r\n"), max_size=20)


@given(digits=DIGITS, between=st.lists(BETWEEN, min_size=20, max_size=20), before=BEFORE)
def test_no_spacing_hides_a_number(digits: str, between: list[str], before: str) -> None:
    typed = "".join(digit + gap for digit, gap in zip(digits, between, strict=False))
    shown = masked(f"{before} : {typed}")
    assert MASK in shown
    assert not any(character.isdecimal() for character in shown)


@given(st.text(max_size=400))
def test_masking_twice_is_masking_once_and_a_text_without_digits_or_signs_stays(text: str) -> None:
    assert masked(masked(text)) == masked(text)
    bare = "".join(c for c in text if not c.isdigit() and c not in "@[(")
    assert masked(bare) == bare


@pytest.mark.parametrize(
    "typed",
    ["0812_3450_0001", "0812,3450,0001", "081234*50001", "0812|34500001", "0812:3450:0001", "budi at contoh dot com"],
)
def test_odd_separators_hide_nothing_from_the_mask(typed: str) -> None:
    assert masked(f"hubungi {typed} ya") == f"hubungi {MASK} ya"
