"""The words of each message: they say what is owed by when, nothing personal in a subject, nothing that can act."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.complaint import Complaint, Reason, Role
from chalicelib.domain.gsm import segments
from chalicelib.domain.letters import Letter, Names, filed_reply, inert, letter_for
from chalicelib.domain.life import add_message, answer, ask, dispatch, forward, merge, reject, reopen
from chalicelib.domain.notices import Notice, To, notices_owed
from tests.unit.samples import (
    ADMIN,
    ANSWER_DUE,
    ARRIVAL,
    CALENDAR,
    CERTAIN,
    OFFICER,
    OTHER_TICKET,
    POLICY,
    TICKET,
    WIB,
    answered,
    at,
    dispatched,
    filed,
    in_progress,
    merged,
    redispatched,
    survivor,
    swept,
    waiting,
)

NAMES = Names("Dinas Pekerjaan Umum", "Bidang Penerangan Jalan", "Penerangan jalan umum")
URL = "https://sambat.example/api"
LATER = ARRIVAL + timedelta(hours=3)
ALL = [
    (To.REPORTER, "received"), (To.DIVISION, "dispatched"), (To.HEAD, "dispatched"), (To.REPORTER, "answered"),
    (To.DIVISION, "forwarded"), (To.HEAD, "forwarded"), (To.REPORTER, "asked"), (To.DIVISION, "replied"),
    (To.REPORTER, "rejected"), (To.REPORTER, "merged"), (To.DIVISION, "reopened"), (To.HEAD, "reopened"),
]  # fmt: skip


def lives_of(said: str, **filing: Any) -> Iterator[tuple[Complaint | None, Complaint]]:
    """Yield a step that is told in each way; the officer, the admin and the reporter use these words."""
    one = dispatched(**filing)
    yield None, one
    done = answer(one, said, OFFICER, LATER, CALENDAR, POLICY, final=True)
    yield one, done
    yield done, reopen(done, said, LATER, CALENDAR, POLICY)
    yield one, forward(one, "dishub", "parkir", said, OFFICER, LATER, CALENDAR, POLICY)
    asked = ask(one, said, OFFICER, LATER, CALENDAR, POLICY)
    yield one, asked
    yield asked, add_message(asked, said, LATER, CALENDAR)
    yield one, reject(one, Reason.NOT_THE_CITY, said, ADMIN, LATER)
    yield one, merge(one, survivor(), ADMIN, LATER)[0]


def notices(said: str = "Sudah diganti.", **filing: Any) -> Iterator[Notice]:
    """Yield every notice that there is, for a complaint with these words."""
    for old, new in lives_of(said, **filing):
        yield from notices_owed(old, new)


def letters(said: str = "Sudah diganti.", **filing: Any) -> dict[tuple[str, str], Letter]:
    return {(notice.to, notice.about): letter_for(notice, NAMES, URL, WIB) for notice in notices(said, **filing)}


def told(old: Complaint, new: Complaint, ticket: str = TICKET) -> Letter:
    """Return what one reporter is told of a step."""
    (notice,) = [one for one in notices_owed(old, new) if one.ticket == ticket and one.to is To.REPORTER]
    return letter_for(notice, NAMES, URL, WIB)


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


MAP = "https://www.openstreetmap.org/?mlat=-7.981234&mlon=112.630400#map=18/-7.981234/112.630400"


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ({"lat": -7.981234, "long": 112.6304}, f"Lokasi: titik -7.981234, 112.630400 {MAP}\n"),
        (
            {"address": "Jl. Bukirsari 12", "lat": -7.981234, "long": 112.6304},
            f"Lokasi: Jl. Bukirsari 12; titik -7.981234, 112.630400 {MAP}\n",
        ),
        ({"address": "Jl. Bukirsari 12", "lat": -7.981234}, "Lokasi: Jl. Bukirsari 12\n"),
        ({"long": 112.6304}, ""),
    ],
)
def test_the_division_is_told_the_point_on_the_map(known: dict[str, Any], line: str) -> None:
    text = letters(**known)[To.DIVISION, "dispatched"].text
    assert [one for one in text.splitlines(keepends=True) if one.startswith("Lokasi")] == [line] * bool(line)


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


@pytest.mark.parametrize("to", [To.DIVISION, To.HEAD])
@pytest.mark.parametrize(
    ("about", "subject", "came"),
    [
        ("forwarded", "Aduan baru", "diteruskan kepada Anda oleh bidang lain"),
        ("reopened", "Aduan dibuka kembali", "dibuka kembali oleh pelapor"),
    ],
)
def test_a_new_clock_is_told_with_its_reason_and_its_deadline(to: To, about: str, subject: str, came: str) -> None:
    letter = letters("Masih mati.")[to, about]
    assert letter.subject == f"{subject} {TICKET}, tenggat 1 Des 2026"
    assert letter.text == (
        "Dinas Pekerjaan Umum, Bidang Penerangan Jalan\n"
        "\n"
        f"Aduan {TICKET} (keluhan) {came}.\n"
        "Tenggat tanggapan: 1 Des 2026.\n"
        "Kategori: Penerangan jalan umum\n"
        "Alasan: Masih mati.\n"
        "\n"
        "Lampu jalan mati di Jl. Bukirsari\n"
        "\n"
        f"Jawab di sini: {URL}/meja/{TICKET}\n"
    )
    assert letter.sms == ""


@pytest.mark.parametrize(
    ("kind", "word"),
    [("complaint", "keluhan"), ("question", "pertanyaan"), ("idea", "ide"), ("information", "informasi")],
)
def test_each_kind_has_its_word(kind: str, word: str) -> None:
    notice = list(notices_owed(None, filed(replace(CERTAIN, kind=kind))))[-1]
    assert f"Aduan {TICKET} ({word}) diteruskan" in letter_for(notice, NAMES, URL, WIB).text


def test_a_reply_is_told_to_the_division_with_the_deadline_that_it_moved() -> None:
    letter = letters("Tiang 7.")[To.DIVISION, "replied"]
    assert letter.subject == f"Balasan pelapor untuk aduan {TICKET}"
    assert letter.text == (
        "Dinas Pekerjaan Umum, Bidang Penerangan Jalan\n"
        "\n"
        f"Pelapor aduan {TICKET} membalas pertanyaan Anda:\n"
        "\n"
        "Tiang 7.\n"
        "\n"
        "Tenggat tanggapan: 1 Des 2026.\n"
        f"Jawab di sini: {URL}/meja/{TICKET}\n"
    )


def test_a_reply_after_an_interim_answer_names_no_deadline() -> None:
    asked = ask(answered(final=False), "Di mana?", OFFICER, LATER, CALENDAR, POLICY)
    (notice,) = notices_owed(asked, add_message(asked, "Di sini.", LATER, CALENDAR))
    assert "Tenggat" not in letter_for(notice, NAMES, URL, WIB).text


@pytest.mark.parametrize(
    ("final", "words", "foot", "ask"),
    [
        (
            True,
            "dijawab",
            "Belum puas? Buka kembali paling lambat 8 Des 2026, atau beri nilai.\n",
            f" Nilai: NILAI {TICKET} 1-5. Belum beres: BUKA {TICKET} <alasan>",
        ),
        (False, "mendapat jawaban sementara", "", ""),
    ],
)
def test_the_reporter_reads_the_answer_and_what_may_be_done_by_mail_and_by_sms(
    *, final: bool, words: str, foot: str, ask: str
) -> None:
    letter = told(in_progress(), answered("Sudah diganti.\nTerima kasih.", final=final))
    assert letter.subject == f"Tanggapan untuk aduan {TICKET}"
    assert letter.text == (
        f"Aduan Anda {TICKET} {words}:\n\nSudah diganti.\nTerima kasih.\n\n{foot}Lihat: {URL}/t/{TICKET}\n"
    )
    assert letter.sms == f"Tiket {TICKET} dijawab DPUPRPKP: Sudah diganti. Terima kasih.{ask}"


def test_the_reporter_reads_the_question_and_how_and_until_when_to_reply() -> None:
    letter = told(in_progress(), waiting())
    assert letter.subject == f"Pertanyaan untuk aduan {TICKET}"
    assert letter.text == (
        f"Aduan Anda {TICKET} mendapat pertanyaan dari dinas:\n\nTiang nomor berapa?\n\n"
        f"Balas paling lambat 8 Des 2026 di halaman aduan, atau kirim SMS: TAMBAH {TICKET} <jawaban>.\n"
        f"Lihat: {URL}/t/{TICKET}\n"
    )
    assert letter.sms == f"Tiket {TICKET} ditanya DPUPRPKP: Tiang nomor berapa? Balas: TAMBAH {TICKET} <jawaban>"


def test_who_surely_has_the_number_may_reply_in_plain_words() -> None:
    asked = waiting()
    by_desk = (replace(asked.timeline[0], by=Role.ADMIN), *asked.timeline[1:])
    for sure in (replace(asked, channel="sms"), replace(asked, channel="desk", timeline=by_desk)):
        assert told(in_progress(), sure).sms.endswith("Tiang nomor berapa? Balas SMS ini dengan jawaban Anda.")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("spam", "bukan aduan"), ("not_the_city", "bukan wewenang pemerintah kota"),
        ("insufficient", "keterangannya belum cukup"), ("abusive", "isinya tidak pantas"),
    ],
)  # fmt: skip
def test_a_rejection_says_why_which_office_is_right_and_what_can_be_done(reason: str, words: str) -> None:
    letter = told(filed(), reject(filed(), Reason(reason), "Ke BPJN.", ADMIN, LATER))
    assert letter.subject == f"Aduan tidak diproses: {TICKET}"
    assert letter.text == (
        f"Aduan Anda {TICKET} tidak diproses: {words}.\n\nKe BPJN.\n\n"
        "Jika menurut Anda keliru, buka kembali di halaman aduan dengan alasannya.\n"
        f"Lihat: {URL}/t/{TICKET}\n"
    )
    assert letter.sms == f"Tiket {TICKET} tidak diproses, {words}: Ke BPJN. Keliru? BUKA {TICKET} <alasan>"


def test_a_merger_says_into_which_complaint_and_that_news_goes_on() -> None:
    letter = told(filed(), merged())
    assert letter.subject == f"Aduan digabung: {TICKET}"
    assert letter.text == (
        f"Aduan Anda {TICKET} sama dengan aduan {OTHER_TICKET}, dan digabung dengannya.\n\n"
        f"Anda tetap mendapat kabar tentang aduan itu.\nLihat: {URL}/t/{OTHER_TICKET}\n"
    )
    assert letter.sms == f"Tiket {TICKET} digabung dengan {OTHER_TICKET}."


def test_the_reporter_of_a_merged_complaint_is_told_by_their_own_ticket_and_to_do_nothing_that_they_cannot() -> None:
    both = merge(survivor(), dispatched(), ADMIN, LATER)[1]
    done = answer(both, "Sudah.", OFFICER, LATER, CALENDAR, POLICY, final=True)
    letter = told(both, done, OTHER_TICKET)
    assert letter.subject == f"Tanggapan untuk aduan {OTHER_TICKET}"
    assert letter.text == (
        f"Aduan Anda {OTHER_TICKET} dijawab:\nAduan Anda digabung dengan {TICKET}.\n\nSudah.\n\n"
        f"Lihat: {URL}/t/{TICKET}\n"
    )
    assert letter.sms == f"Tiket {OTHER_TICKET} dijawab DPUPRPKP: Sudah."
    gone = merge(both, replace(dispatched(), ticket="00000-00000"), ADMIN, LATER)[0]
    assert "Anda tetap mendapat kabar" in told(both, gone, OTHER_TICKET).text
    assert told(both, gone, OTHER_TICKET).text.startswith(f"Aduan Anda {OTHER_TICKET} sama dengan aduan 00000-00000")


def test_no_reporter_of_a_merged_complaint_is_asked_by_sms_for_what_they_cannot_do() -> None:
    both = merge(survivor(), dispatched(), ADMIN, LATER)[1]
    steps = {
        "dijawab": answer(both, "Sudah.", OFFICER, LATER, CALENDAR, POLICY, final=True),
        "ditanya": ask(both, "Di mana?", OFFICER, LATER, CALENDAR, POLICY),
        "tidak diproses": reject(both, Reason.SPAM, "Bukan.", ADMIN, LATER),
    }
    for words, after in steps.items():
        theirs, own = told(both, after, OTHER_TICKET).sms, told(both, after).sms
        assert f"Tiket {OTHER_TICKET} {words}" in theirs
        assert not any(word in theirs for word in ("BUKA", "NILAI", "Balas"))
        assert any(f"{word} {TICKET}" in own for word in ("BUKA", "TAMBAH"))


@pytest.mark.parametrize("said", ["Lampu sudah diganti oleh petugas. " * 60, "ꦱꦩ꧀ꦧꦠ꧀ ꦢꦭꦤ꧀ " * 60])
def test_a_long_answer_is_cut_in_the_sms_and_leads_to_the_whole_by_its_link(said: str) -> None:
    done = answer(in_progress(), said, OFFICER, LATER, CALENDAR, POLICY, final=True)
    letter = told(in_progress(), done)
    assert f"... {URL}/t/{TICKET} Nilai: NILAI {TICKET} 1-5." in letter.sms
    assert letter.sms.endswith(f"BUKA {TICKET} <alasan>")
    assert segments(letter.sms) == 3
    assert inert(said).strip() in letter.text


@pytest.mark.parametrize("said", ["👍", "\u200b"])
def test_an_answer_that_says_nothing_in_an_sms_asks_for_a_rating_all_the_same(said: str) -> None:
    letter = told(in_progress(), answered(said))
    assert letter.sms.startswith(f"Tiket {TICKET} dijawab DPUPRPKP. Nilai: NILAI {TICKET}")


def test_an_answer_without_words_is_told_all_the_same() -> None:
    (notice,) = notices_owed(in_progress(), answered())
    letter = letter_for(replace(notice, entry=replace(notice.entry, text=None)), NAMES, URL, WIB)
    assert TICKET in letter.text
    assert TICKET in letter.sms


def test_a_filing_is_told_in_the_same_words_by_mail_by_sms_and_as_a_reply() -> None:
    letter = letters()[To.REPORTER, "received"]
    assert letter.subject == f"Aduan Anda diterima: {TICKET}"
    assert letter.sms == filed_reply(dispatched(), WIB)
    assert letter.text == f"{letter.sms}\n\n{URL}/t/{TICKET}\n"


def test_the_reply_to_a_filing_never_changes_whatever_came_after_it() -> None:
    at_once, waiting_reply = filed_reply(dispatched(), WIB), filed_reply(filed(), WIB)
    assert "DPUPRPKP" in at_once
    assert "1 Des 2026" in at_once
    assert "Admin" in waiting_reply
    for _, later in lives_of("Sudah."):
        assert filed_reply(later, WIB) == at_once
    assert filed_reply(redispatched(dispatched(), at("2026-12-01 08:00")), WIB) == at_once
    assert filed_reply(swept(dispatched(), ANSWER_DUE), WIB) == at_once
    by_hand = dispatch(filed(), "dishub", "parkir", ADMIN, at("2026-11-24 11:00"), CALENDAR, POLICY)
    assert filed_reply(by_hand, WIB) == waiting_reply


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
    notice = list(notices_owed(None, dispatched()))[-1]
    for zone, day in ((WIB, "1 Des 2026"), (ZoneInfo("Asia/Jayapura"), "2 Des 2026")):  # there it is two hours later
        assert f"Tenggat tanggapan: {day}." in letter_for(notice, NAMES, URL, zone).text
