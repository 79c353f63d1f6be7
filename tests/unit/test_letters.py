"""The words of each message: they say what is owed by when, nothing personal in a subject, nothing that can act."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.complaint import Complaint
from chalicelib.domain.letters import Letter, Names, filed_reply, inert, letter_for
from chalicelib.domain.notices import Notice, To, notices_owed
from tests.unit.samples import ANSWER_DUE, TICKET, WIB, answered, at, dispatched, filed, redispatched, swept

NAMES = Names("Dinas Pekerjaan Umum", "Bidang Penerangan Jalan", "Penerangan jalan umum")
URL = "https://sambat.example/api"
ALL = [
    (To.REPORTER, "received"), (To.DIVISION, "dispatched"), (To.HEAD, "dispatched"), (To.REPORTER, "answered"),
    (To.DIVISION, "warning"), (To.HEAD, "warning"), (To.HEAD, "black_vest"), (To.ADMIN, "black_vest"),
    (To.ADMIN, "replacement"), (To.MAYOR, "replacement"),
]  # fmt: skip


def life_of(**filing: Any) -> Complaint:
    """Return a complaint that was told of in every way but by its answer."""
    complaint = swept(dispatched(**filing), ANSWER_DUE)
    return swept(swept(complaint, at("2026-12-05 00:00")), at("2026-12-10 00:00"))


def notices(said: str = "Sudah diganti.", **filing: str) -> Iterator[Notice]:
    """Yield every notice that there is, for a complaint with these words."""
    yield from notices_owed(None, life_of(**filing))
    told = answered(said)
    yield from notices_owed(replace(told, timeline=told.timeline[:-1]), told)


def letters(said: str = "Sudah diganti.", **filing: str) -> dict[tuple[str, str], Letter]:
    return {(notice.to, notice.about): letter_for(notice, NAMES, URL, WIB) for notice in notices(said, **filing)}


def test_every_notice_has_its_words() -> None:
    assert set(letters()) == set(ALL)


@pytest.mark.parametrize("to", [To.DIVISION, To.HEAD])
def test_a_new_complaint_is_told_with_its_text_deadline_and_where_to_answer(to: To) -> None:
    letter = letters(address="Jl. Bukirsari 12")[to, "dispatched"]
    assert letter.subject == f"Aduan baru {TICKET}, tenggat 1 Des 2026"
    assert letter.text == (
        "Dinas Pekerjaan Umum, Bidang Penerangan Jalan\n"
        "\n"
        f"Aduan {TICKET} (keluhan) diteruskan kepada Anda.\n"
        "Tenggat tanggapan: 1 Des 2026.\n"
        "Kategori: Penerangan jalan umum\n"
        "Lokasi: Jl. Bukirsari 12\n"
        "\n"
        "Lampu jalan mati di Jl. Bukirsari\n"
        "\n"
        f"Jawab di sini: {URL}/meja/{TICKET}\n"
    )
    assert letter.sms == ""


def test_what_is_not_known_leaves_no_empty_line() -> None:
    notice = next(notice for notice in notices_owed(None, dispatched()) if notice.about == "dispatched")
    letter = letter_for(notice, replace(NAMES, category=""), URL, WIB)
    assert "Kategori" not in letter.text
    assert "Lokasi" not in letter.text
    assert "\n\n\n" not in letter.text


def test_a_deadline_that_is_not_there_is_a_dash() -> None:
    notice = next(notice for notice in notices_owed(None, dispatched()) if notice.about == "dispatched")
    without = replace(notice, entry=replace(notice.entry, deadline=None))
    assert letter_for(without, NAMES, URL, WIB).subject == f"Aduan baru {TICKET}, tenggat -"


@pytest.mark.parametrize(
    ("to", "about", "rung", "missed", "n", "recorded"),
    [
        (To.DIVISION, "warning", "Teguran", "1 Des 2026", 1, "2 Des 2026"),
        (To.HEAD, "warning", "Teguran", "1 Des 2026", 1, "2 Des 2026"),
        (To.HEAD, "black_vest", "Rompi hitam", "4 Des 2026", 2, "5 Des 2026"),
        (To.ADMIN, "black_vest", "Rompi hitam", "4 Des 2026", 2, "5 Des 2026"),
        (To.ADMIN, "replacement", "Penggantian", "9 Des 2026", 3, "10 Des 2026"),
        (To.MAYOR, "replacement", "Penggantian", "9 Des 2026", 3, "10 Des 2026"),
    ],
)
def test_an_escalation_says_which_deadline_passed_and_when_it_was_recorded(
    to: To, about: str, rung: str, missed: str, n: int, recorded: str
) -> None:
    letter = letters()[to, about]
    page = f"Lihat: {URL}/kantor" if to in (To.ADMIN, To.MAYOR) else f"Jawab di sini: {URL}/meja"
    assert letter.subject == f"{rung}: aduan {TICKET} belum ditanggapi"
    assert letter.text == (
        f"{rung}: Dinas Pekerjaan Umum, Bidang Penerangan Jalan\n"
        "\n"
        f"Aduan {TICKET} belum ditanggapi. Tenggat yang terlewati: {missed}.\n"
        f"Eskalasi ke-{n} dari aduan ini, dicatat {recorded}.\n"
        "\n"
        "Lampu jalan mati di Jl. Bukirsari\n"
        "\n"
        f"{page}/{TICKET}\n"
    )


@pytest.mark.parametrize(("final", "words"), [(True, "dijawab"), (False, "mendapat jawaban sementara")])
def test_the_reporter_reads_the_answer_by_mail_and_by_sms(*, final: bool, words: str) -> None:
    told = answered("Sudah diganti.\nTerima kasih.", final=final)
    letter = letter_for(list(notices_owed(None, told))[-1], NAMES, URL, WIB)
    assert letter.subject == f"Tanggapan untuk aduan {TICKET}"
    assert letter.text == (
        f"Aduan Anda {TICKET} {words}:\n\nSudah diganti.\nTerima kasih.\n\nLihat: {URL}/t/{TICKET}\n"
    )
    assert letter.sms == f"Tiket {TICKET} dijawab DPUPRPKP: Sudah diganti. Terima kasih. {URL}/t/{TICKET}"


def test_an_answer_without_words_is_told_all_the_same() -> None:
    notice = list(notices_owed(None, answered()))[-1]
    letter = letter_for(replace(notice, entry=replace(notice.entry, text=None)), NAMES, URL, WIB)
    assert TICKET in letter.text
    assert TICKET in letter.sms


def test_a_filing_is_told_in_the_same_words_by_mail_by_sms_and_as_a_reply() -> None:
    letter = letters()[To.REPORTER, "received"]
    assert letter.subject == f"Aduan Anda diterima: {TICKET}"
    assert letter.sms == filed_reply(life_of(), WIB)
    assert letter.text == f"{letter.sms}\n\n{URL}/t/{TICKET}\n"


def test_the_reply_to_a_filing_never_changes_whatever_came_after_it() -> None:
    at_once, waiting = filed_reply(dispatched(), WIB), filed_reply(filed(), WIB)
    assert "DPUPRPKP" in at_once
    assert "1 Des 2026" in at_once
    assert "Admin" in waiting
    assert (
        filed_reply(life_of(), WIB) == at_once == filed_reply(redispatched(dispatched(), at("2026-12-01 08:00")), WIB)
    )
    assert filed_reply(redispatched(filed(), at("2026-11-24 11:00")), WIB) == waiting


# ------------------------------------------------------------------------------------- what people typed is inert

CONTROLS = [
    *(chr(code) for code in range(32) if chr(code) not in "\n\t"),
    *(chr(code) for code in range(0x7F, 0xA0)),
    *"\u2028\u2029\ud800\udfff",
]
TURNS = [chr(code) for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in
         {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}] + list("\u200e\u200f\u061c")  # fmt: skip


def test_every_direction_character_of_unicode_is_among_those_tested() -> None:
    assert len(TURNS) == 12


@pytest.mark.parametrize("character", [*CONTROLS, *TURNS], ids=ascii)
def test_a_control_or_direction_character_does_nothing(character: str) -> None:
    assert inert(f"a{character}b") == "a b"
    for letter in letters(f"a{character}b", text=f"a{character}b", address=f"a{character}b").values():
        assert character not in letter.text
        assert character not in letter.subject
        assert character not in letter.sms


def test_line_ends_tabs_emoji_and_other_scripts_are_kept() -> None:
    text = "satu\n\tdua 🙏🏽 👨‍👩‍👧 ꦱꦩ꧀ꦧꦠ꧀ é"
    assert inert(text) == text
    assert inert(None) == ""


HOSTILE = st.lists(
    st.sampled_from(
        ["081234567890", "budi@gmail.com", "3573011234567890", "\r\nBcc: x@y.id\r\n", "\n", "\u202e", "Budi"]
    )
    | st.text(max_size=20),
    min_size=1,
    max_size=6,
).map("".join)


@given(text=HOSTILE, said=HOSTILE, address=HOSTILE)
def test_a_subject_never_holds_what_a_person_typed(text: str, said: str, address: str) -> None:
    usual, hostile = letters(), letters(said, text=text, address=address)
    assert {key: letter.subject for key, letter in hostile.items()} == {key: usual[key].subject for key in hostile}
    assert all(letter.subject.isprintable() and letter.subject.isascii() for letter in hostile.values())


@given(text=HOSTILE, said=HOSTILE, address=HOSTILE)
def test_a_text_has_no_character_that_acts(text: str, said: str, address: str) -> None:
    for letter in letters(said, text=text, address=address).values():
        for character in letter.text + letter.sms:
            assert character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
            assert character not in TURNS
        assert "\n" not in letter.sms


def test_the_days_are_those_of_the_citys_zone() -> None:
    late = swept(dispatched(), at("2026-12-02 23:30"))
    later = swept(dispatched(), at("2026-12-02 23:30") + timedelta(hours=1))
    for warned, day in ((late, "2 Des 2026"), (later, "3 Des 2026")):
        notice = next(notices_owed(dispatched(), warned))
        assert f"dicatat {day}" in letter_for(notice, NAMES, URL, WIB).text
