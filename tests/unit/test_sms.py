"""SMS: any words are a complaint, a command only where it is surely one, nothing lost, and replies that cost little."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import permutations, product
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain import sms
from chalicelib.domain.complaint import Complaint, Status
from chalicelib.domain.life import add_message, dispatch, reopen
from chalicelib.domain.sms import Command, Sms, joined_parts, plain, read_sms, same_text, shortened
from chalicelib.domain.ticket import BITS, read_ticket, ticket_from
from tests.unit.samples import (
    ADMIN,
    ARRIVAL,
    CALENDAR,
    OTHER_TICKET,
    POLICY,
    TICKET,
    answered,
    data,
    dispatched,
    filed,
    in_progress,
    merged,
    rated,
    rejected,
    waiting,
)

OPDS = [opd["code"] for opd in data("opds.json")]
LONGEST_DAY = date(2026, 12, 31)
GSM7 = set(  # 3GPP TS 23.038, the basic table: what costs one of a segment's 160
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)

# ------------------------------------------------------------------------------------------------ complaints

COMPLAINTS = [
    # with the keyword, without it, and every way between
    ("Sambat lampu jalan mati", "lampu jalan mati"),
    ("SAMBAT lampu jalan mati", "lampu jalan mati"),
    ("sambat:lampu jalan mati", "lampu jalan mati"),
    ("Sambat : lampu jalan mati", "lampu jalan mati"),
    ("sambat. lampu jalan mati", "lampu jalan mati"),
    ("SAMBAT!!! lampu jalan mati", "lampu jalan mati"),
    ("sambat-lampu jalan mati", "lampu jalan mati"),
    ("SambatLampu jalan mati", "Lampu jalan mati"),
    ("sambatlampu jalan mati", "lampu jalan mati"),
    ("Sambat\nlampu jalan mati\n", "lampu jalan mati"),
    ("  \ufeffsambat   lampu jalan mati ", "lampu jalan mati"),
    ("#sambat lampu jalan mati", "lampu jalan mati"),
    ('"Sambat" lampu jalan mati', '"Sambat" lampu jalan mati'),
    ("lampu jalan mati", "lampu jalan mati"),
    ("Saya mau sambat lampu jalan mati", "Saya mau sambat lampu jalan mati"),
    ("Sambat sambat terus kok gak ditanggapi", "sambat terus kok gak ditanggapi"),
    # words that only begin with it
    ("Sambatan warga RW 5 macet", "Sambatan warga RW 5 macet"),
    ("sambate wong cilik", "sambate wong cilik"),
    ("sambati pak lurah", "sambati pak lurah"),
    ("sambatku wingi durung dijawab", "sambatku wingi durung dijawab"),
    ("sambaten ae", "sambaten ae"),
    # Javanese, mixed, odd
    ("Nyuwun tulung, lampu dalan pet kabeh", "Nyuwun tulung, lampu dalan pet kabeh"),
    ("Sambat dalane bolong gedhe, jok suwe-suwe rek", "dalane bolong gedhe, jok suwe-suwe rek"),
    ("(Terminal) Arjosari arah ke Balearjosari macet total", "(Terminal) Arjosari arah ke Balearjosari macet total"),
    ("ꦱꦩ꧀ꦧꦠ꧀ ꦢꦭꦤ꧀", "ꦱꦩ꧀ꦧꦠ꧀ ꦢꦭꦤ꧀"),
    ("🙏🙏", "🙏🙏"),
    ("...", "..."),
    ("a", "a"),
    ("5", "5"),
    # first words that would be commands, were they alone or followed by a ticket
    ("Cek jalan rusak di Dinoyo", "Cek jalan rusak di Dinoyo"),
    ("cek lampu rt 12", "cek lampu rt 12"),
    ("Cek sampah rt 12", "Cek sampah rt 12"),
    ("cek 0812345678", "cek 0812345678"),
    ("Sambat cek parkir liar pasar besar", "cek parkir liar pasar besar"),
    ("Status tanah saya di BPN kok lama", "Status tanah saya di BPN kok lama"),
    ("Tambah penerangan di gang 3", "Tambah penerangan di gang 3"),
    ("Tambah jalan-jalan rusak di sini", "Tambah jalan-jalan rusak di sini"),
    ("Tambah rambu2 yang jelas", "Tambah rambu2 yang jelas"),
    ("tambah lampu", "tambah lampu"),
    ("tambah kerusakan2 di trotoar", "tambah kerusakan2 di trotoar"),
    ("info banjir di Sawojajar", "info banjir di Sawojajar"),
    ("Bantuan sosial kok belum cair", "Bantuan sosial kok belum cair"),
    ("help me lampu mati", "help me lampu mati"),
    ("Stop parkir liar", "Stop parkir liar"),
    ("berhenti di sini angkotnya ngawur", "berhenti di sini angkotnya ngawur"),
    ("ceklampu mati", "ceklampu mati"),
    ("stopp", "stopp"),
    # commands without what they need
    (f"CEK {TICKET} kok belum ada kabar", f"CEK {TICKET} kok belum ada kabar"),
    (f"CEK {TICKET}X", f"CEK {TICKET}X"),
    (f"{TICKET} masih mati", f"{TICKET} masih mati"),
    # those that come later are complaints until they do
    (f"NILAI {TICKET} 5", f"NILAI {TICKET} 5"),
]


@pytest.mark.parametrize(("text", "free"), COMPLAINTS)
def test_any_words_are_a_complaint(text: str, free: str) -> None:
    assert read_sms(text) == Sms(Command.FILE, free)


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "sambat", "SAMBAT ", " Sambat...", "sambat?", "«sambat»"])
def test_nothing_but_the_keyword_is_a_call_for_help(text: str) -> None:
    assert read_sms(text) == Sms(Command.HELP)


@pytest.mark.parametrize(
    "word", ["BANTUAN", "bantuan", "Help", "INFO", "Sambat bantuan", "bantuan!", " Bantuan? 🙏", "help."]
)
def test_help_stands_alone(word: str) -> None:
    assert read_sms(word) == Sms(Command.HELP)


@pytest.mark.parametrize("word", ["BERHENTI", "berhenti.", "Stop", "STOP!", "sambat stop", "Berhenti!!! 😡", '"stop"'])
def test_stop_stands_alone(word: str) -> None:
    assert read_sms(word) == Sms(Command.STOP)


@pytest.mark.parametrize("word", ["CEK", "cek?", "status", "Check.", "TAMBAH", "add", "sambat cek"])
def test_a_command_without_its_ticket_is_helped(word: str) -> None:
    assert read_sms(word) == Sms(Command.HELP)


TYPED = [
    TICKET, TICKET.lower(), "7k3m9qx2tw", "7K3M9 QX2TW", "7K3M9.QX2TW", "7K3M9 - QX2TW", f"<{TICKET}>",
    f"tiket {TICKET}", f"no. {TICKET}", f"Nomor tiket: {TICKET}", f"#{TICKET}", f"ticket no {TICKET}",
]  # fmt: skip
STATUS_WORDS = ["CEK", "cek", "Cek", "CHECK", "status", "Sambat cek", "sambat: CEK", " cek", "(cek)"]
ADD_WORDS = ["TAMBAH", "tambah", "ADD", "Sambat tambah", "«tambah»"]


@pytest.mark.parametrize("word", STATUS_WORDS)
@pytest.mark.parametrize("typed", TYPED)
def test_a_status_is_asked_for_in_many_ways(word: str, typed: str) -> None:
    for between, after in product([" ", ":", ": ", " - ", "\n"], ["", "?", " !", ".", " 🙏"]):
        text = f"{word}{between}{typed}{after}"
        assert read_sms(text) == Sms(Command.STATUS, ticket=TICKET), text


@pytest.mark.parametrize("word", ADD_WORDS)
@pytest.mark.parametrize("typed", TYPED)
def test_an_addition_is_written_in_many_ways(word: str, typed: str) -> None:
    said = "lampunya masih  mati,\nno 12 juga"
    for between in (" ", ": ", "\n", " : ", ". "):
        text = f"{word} {typed}{between}{said}"
        assert read_sms(text) == Sms(Command.ADD, said, TICKET), text


@pytest.mark.parametrize("typed", ["7K3M9-QX2TX", "7k3m9qx2tx", "7K3M9 QX2TX", "UK3M9-QX2TW", "7M3K9-QX2TW"])
def test_a_mistyped_ticket_is_known_as_one_and_nobody_elses(typed: str) -> None:
    assert read_sms(f"CEK {typed}") == Sms(Command.STATUS)
    assert read_sms(f"TAMBAH {typed} masih mati") == Sms(Command.ADD, "masih mati")


def test_a_ticket_with_letters_that_look_like_digits_is_that_ticket() -> None:
    ticket = ticket_from(1 << 40 | 1)
    assert {"0", "1"} <= set(ticket)
    assert read_sms(f"cek {ticket.replace('0', 'O').replace('1', 'l')}") == Sms(Command.STATUS, ticket=ticket)


# ------------------------------------------------------------------------------------------------ nothing is lost

TICKETS = st.integers(0, (1 << BITS) - 1).map(ticket_from)
SCRAPS = st.sampled_from(
    [
        "sambat", "Sambat", "SAMBAT:", "cek", "CEK", "tambah", "Tambah", "status", "stop", "berhenti", "help", "info",
        "tiket", "no", "-", ".", ":", "?", "\n", "lampu", "mati", "rt", "12", "rambu2", "yang", "jalan-jalan", TICKET,
        "7K3M9", "QX2TW", "🙏", "\u200b", "\ufeff", "0812345678", "_", "ꦱꦩ꧀ꦧꦠ꧀",
    ]
)  # fmt: skip
MESSAGES = st.lists(SCRAPS | TICKETS | st.text(max_size=6), max_size=8).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda between: between.join(parts))
)
ABOUT_TICKET = r"(sambat)?(cek|check|status|tambah|add)(tiket|ticket|nomor|no)*(\w{10})"


def letters(text: str) -> str:
    return "".join(re.findall(r"\w", text))


@given(MESSAGES | st.text(max_size=200))
@example("cek 00000-00000 sambat")
@example("tambah-00000-00000")
def test_no_message_makes_it_fail_and_no_word_is_lost(text: str) -> None:
    found = read_sms(text)
    assert letters(text).endswith(letters(found.text))
    dropped = letters(text)[: len(letters(text)) - len(letters(found.text))].casefold()
    match found.command:
        case Command.FILE:
            assert dropped in ("", "sambat")
            assert found.text.strip()
            assert found.ticket is None
        case Command.STATUS | Command.ADD:
            politely = r"\w*" if found.command is Command.STATUS else ""  # "CEK <tiket> ya pak"
            about = re.fullmatch(ABOUT_TICKET + politely, dropped)
            assert about
            assert found.ticket == read_ticket(about[4])
            assert bool(found.text) == (found.command is Command.ADD)
        case Command.HELP:
            alone = re.fullmatch(r"(sambat)?(bantuan|help|info|cek|check|status|tambah|add)?", dropped)
            assert alone or re.fullmatch(ABOUT_TICKET, dropped)  # "TAMBAH <tiket>" that adds nothing
            assert found == Sms(Command.HELP)
        case Command.STOP:
            assert re.fullmatch(r"(sambat)?(berhenti|stop)", dropped)
            assert found == Sms(Command.STOP)


@given(MESSAGES)
def test_what_is_not_a_command_keeps_every_character_after_the_keyword(text: str) -> None:
    found = read_sms(text)
    if found.command is Command.FILE:
        assert text.strip().endswith(found.text)


def test_a_very_long_message_is_read_in_no_time() -> None:
    for text in ("sambat " * 2000, "7K3M9-" * 2000, "cek tiket " * 2000, "tambah no. no. " * 2000, " \u200b" * 8000):
        assert read_sms(text).command in (Command.FILE, Command.HELP)


# ------------------------------------------------------------------------------------------------ replies


def one_segment(reply: str) -> bool:
    return len(reply) <= 160 and set(reply) <= GSM7


@pytest.mark.parametrize("opd", [*OPDS, None])
def test_a_receipt_is_one_segment_with_its_ticket_for_every_opd(opd: str | None) -> None:
    reply = sms.receipt_reply(TICKET, opd, LONGEST_DAY if opd else None)
    assert one_segment(reply), (len(reply), reply)
    assert reply.isascii()
    assert len(reply) <= sms.SEGMENT
    assert TICKET in reply
    assert f"CEK {TICKET}" in reply
    assert (opd or "admin").casefold() in reply.casefold()
    assert ("31 Des 2026" in reply) == (opd is not None)


def test_a_receipt_without_its_day_names_no_opd() -> None:
    assert sms.receipt_reply(TICKET, "dishub", None) == sms.receipt_reply(TICKET, None, None)


STATES = {
    "received": (filed(), "diterima, menunggu diteruskan oleh admin"),
    "dispatched": (dispatched(), "diteruskan ke DPUPRPKP, tenggat 31 Des 2026"),
    "in_progress": (in_progress(), "dikerjakan DPUPRPKP, tenggat 31 Des 2026"),
    "answered": (answered("Sudah diganti."), "dijawab DPUPRPKP: Sudah diganti."),
    "interim": (answered("Sedang dicek.", final=False), "dikerjakan DPUPRPKP: Sedang dicek."),
    "waiting": (waiting(), "menunggu balasan Anda untuk DPUPRPKP: Tiang nomor berapa?"),
    "closed": (rated(), "selesai, dijawab DPUPRPKP: Lampu sudah diganti."),
    "rejected": (rejected(), "tidak diproses: Ke BPJN Jawa Timur."),
    "merged": (merged(), f"digabung dengan {OTHER_TICKET}"),
    "reopened": (
        reopen(answered(), "Masih mati.", ARRIVAL + timedelta(hours=3), CALENDAR, POLICY),
        "diteruskan ke DPUPRPKP, tenggat 31 Des 2026",
    ),
    "asked again": (add_message(waiting(), "Tiang 7.", ARRIVAL + timedelta(hours=3), CALENDAR),
                    "diteruskan ke DPUPRPKP, tenggat 31 Des 2026"),
}  # fmt: skip


def test_every_status_has_its_words() -> None:
    assert {complaint.status for complaint, _ in STATES.values()} == set(Status)


@pytest.mark.parametrize(("complaint", "words"), STATES.values(), ids=STATES)
def test_a_status_says_where_it_stands_with_its_ticket(complaint: Complaint, words: str) -> None:
    due = LONGEST_DAY if complaint.running_deadline else None
    reply = sms.status_reply(complaint, due)
    assert reply == f"Tiket {TICKET}: {words}" + ("" if words.endswith((".", "?")) else ".")
    assert one_segment(reply)


@pytest.mark.parametrize("opd", OPDS)
def test_a_status_is_one_segment_for_every_opd(opd: str) -> None:
    sent = dispatch(filed(), opd, "any", ADMIN, ARRIVAL, CALENDAR, POLICY)
    assert one_segment(sms.status_reply(sent, LONGEST_DAY))


def test_a_status_of_a_long_answer_is_two_segments_at_most() -> None:
    reply = sms.status_reply(answered("Lampu sudah diganti oleh petugas. " * 40), None)
    assert reply.startswith(f"Tiket {TICKET}: dijawab DPUPRPKP: Lampu")
    assert reply.endswith("...")
    assert len(reply) <= 2 * 153


@pytest.mark.parametrize("opd", [*OPDS, None])
@pytest.mark.parametrize("words", ["Sudah.", "Lampu sudah diganti oleh petugas kami. " * 100, "x" * 4000])
def test_an_answer_is_three_segments_at_most_and_always_has_ticket_and_link(opd: str | None, words: str) -> None:
    link = f"https://sambat.malangkota.example/api/t/{TICKET}"
    what = f"dijawab {(opd or '').upper()}"
    reply = sms.told_sms(TICKET, what, words, link)
    assert reply.startswith(f"Tiket {TICKET} {what}: {words[:6]}")
    assert reply.endswith(f" {link}")
    assert len(reply) <= 3 * 153
    assert set(reply) <= GSM7


def test_what_has_no_words_of_its_own_is_told_without_them() -> None:
    assert sms.told_sms(TICKET, "tidak diproses", "", "https://s.id") == f"Tiket {TICKET} tidak diproses. https://s.id"


def test_fixed_replies_are_one_segment() -> None:
    fixed = [
        sms.HELP,
        sms.STOPPED,
        sms.NOT_FOUND,
        sms.ADDED.format(ticket=TICKET),
        sms.CANNOT_ADD.format(ticket=TICKET),
    ]
    assert all(one_segment(reply) for reply in fixed)
    assert all(TICKET in reply for reply in fixed[3:])


def test_what_help_says_is_what_is_understood() -> None:
    assert all(said in sms.HELP for said in ("CEK <tiket>", "TAMBAH <tiket> <isi>", "BERHENTI"))
    assert read_sms(f"CEK <{TICKET}>") == Sms(Command.STATUS, ticket=TICKET)
    assert read_sms(f"TAMBAH <{TICKET}> <masih mati>") == Sms(Command.ADD, "<masih mati>", TICKET)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("CEK {} pak", Sms(Command.STATUS, ticket=TICKET)),
        ("cek {} tolong ya pak", Sms(Command.STATUS, ticket=TICKET)),
        ("status aduan {}", Sms(Command.STATUS, ticket=TICKET)),
        ("cek status {}", Sms(Command.STATUS, ticket=TICKET)),
        ("TAMBAH {}", Sms(Command.HELP)),
    ],
)
def test_a_polite_question_is_no_new_complaint(text: str, meant: Sms) -> None:
    assert read_sms(text.format(TICKET)) == meant


def test_a_story_after_a_ticket_is_a_complaint() -> None:
    text = f"cek {TICKET} lampunya masih mati juga sampai hari ini"
    assert read_sms(text).command is Command.FILE


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_short_name(month: int) -> None:
    names = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"]
    assert sms.short_day(date(2026, month, 9)) == f"9 {names[month - 1]} 2026"


# ------------------------------------------------------------------------------------------------ texts


def test_typographic_signs_become_plain_ones() -> None:
    assert plain("\u201cSudah\u201d \u2013 kami \u2018cek\u2019\u2026\n\tterima\u00a0kasih \u2014") == (
        "\"Sudah\" - kami 'cek'... terima kasih -"
    )


def test_invisible_and_control_characters_do_not_go_out() -> None:
    assert plain("a\x00b\u202ec\u200bd\ud800e\u00adf\x1bg\u2028h") == "a bcdef g h"


@given(st.text(max_size=300), st.integers(4, 200))
def test_a_shortened_text_begins_like_the_whole_and_is_short_enough(text: str, most: int) -> None:
    short = shortened(text, most)
    assert len(short) <= most
    assert short == text or (short.endswith("...") and text.startswith(short[:-3]) and len(text) > most)


def test_it_is_cut_at_a_word_where_one_ends_near() -> None:
    assert shortened("satu dua tiga empat", 14) == "satu dua..."
    assert shortened("x" * 100, 14) == "x" * 11 + "..."


@pytest.mark.parametrize("other", ["LAMPU  mati\n", "lampu mati", " Lampu Mati ", "ＬＡＭＰＵ mati", "lampu\u00a0mati"])
def test_two_deliveries_of_one_message_are_alike(other: str) -> None:
    assert same_text(other) == same_text("Lampu mati")


@pytest.mark.parametrize("other", ["lampu mat", "lampumati", "lampu mati 2", ""])
def test_two_messages_are_not(other: str) -> None:
    assert same_text(other) != same_text("Lampu mati")


# ------------------------------------------------------------------------------------------------ long messages


@pytest.mark.parametrize("parts", list(permutations([(1, "Lampu ja"), (2, "lan "), (3, "mati")])))
def test_parts_join_as_they_were_cut_in_whatever_order_they_come(parts: list[tuple[int, str]]) -> None:
    assert joined_parts(parts, 3) == ("Lampu jalan mati", True)


def test_a_part_that_came_twice_counts_once() -> None:
    assert joined_parts([(1, "Lampu "), (1, "Lampu "), (2, "mati")], 2) == ("Lampu mati", True)
    assert joined_parts([(1, "Lampu "), (1, "Lampu ")], 2) == ("Lampu ", False)


@pytest.mark.parametrize(
    ("parts", "total", "text"),
    [
        ([(1, "a"), (3, "c")], 3, "a … c"),
        ([(2, "b"), (3, "c")], 3, "bc"),
        ([(1, "a"), (2, "b")], 3, "ab"),
        ([(1, "a"), (4, "d"), (5, "e")], 5, "a … de"),
        ([(1, "a"), (3, "c"), (5, "e")], 5, "a … c … e"),
        ([], 2, ""),
    ],
)
def test_what_is_missing_between_is_marked(parts: list[tuple[int, str]], total: int, text: str) -> None:
    assert joined_parts(parts, total) == (text, False)


@given(st.text(max_size=300), st.integers(1, 9), st.randoms(use_true_random=False))
def test_a_message_cut_anywhere_is_whole_again(text: str, total: int, random: Random) -> None:
    size = max(1, -(-len(text) // total))
    parts = [(number + 1, text[number * size : (number + 1) * size]) for number in range(total)]
    random.shuffle(parts)
    assert joined_parts(parts, total) == (text, True)
