"""SMS: any words are a complaint, a command only where it is surely one, nothing lost."""

from __future__ import annotations

import re
from itertools import permutations, product
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain import replies
from chalicelib.domain.sms import Command, Sms, joined_parts, read_sms, same_text
from chalicelib.domain.ticket import BITS, looks_like_ticket, read_ticket, ticket_from
from tests.unit.samples import TICKET

MISTYPED = "7K3M9-QX2TX"

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
    (f"CEK{MISTYPED}", f"CEK{MISTYPED}"),
    # a rating that names neither a score nor a ticket
    ("nilai rapor anak saya kok hilang", "nilai rapor anak saya kok hilang"),
    ("Nilai ujian kelas 5 belum keluar", "Nilai ujian kelas 5 belum keluar"),
    ("nilai 5 tahun lalu lebih baik", "nilai 5 tahun lalu lebih baik"),
    ("NILAI 5 bagus sekali", "NILAI 5 bagus sekali"),
    ("nilai jual tanah, pajaknya naik", "nilai jual tanah, pajaknya naik"),
    ("NILAI 10", "NILAI 10"),
    ("nilai 5/10", "nilai 5/10"),
    ("rate listrik naik", "rate listrik naik"),
    # a reopening of anything but a ticket
    ("buka jalan yang ditutup di Klojen", "buka jalan yang ditutup di Klojen"),
    ("Buka portal 12345 tolong", "Buka portal 12345 tolong"),
    ("bukatutup jalan", "bukatutup jalan"),
    ("reopen the park please", "reopen the park please"),
    # a start of something
    ("mulai kemarin lampu mati", "mulai kemarin lampu mati"),
    ("Mulai jam 7 macet, tolong pak", "Mulai jam 7 macet, tolong pak"),
    ("start dari alun-alun jalannya bolong", "start dari alun-alun jalannya bolong"),
    ("stop tolong pak bu mas", "stop tolong pak bu mas"),
    ("infopendidikan", "infopendidikan"),
    ("St0p parkir liar", "St0p parkir liar"),
    # digits that stand for letters, in a word that is no command even then
    ("1010101010", "1010101010"),
    ("011", "011"),
]


@pytest.mark.parametrize(("text", "free"), COMPLAINTS)
def test_any_words_are_a_complaint(text: str, free: str) -> None:
    assert read_sms(text) == Sms(Command.FILE, free, keyword=text.strip("\ufeff #") != free)


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("SAMBAT lampu mati", True), (" #sambat: lampu mati", True), ("sambatlampu mati", True), ("Sambat 5", True),
        ("sambat sambat", True), ("lampu mati", False), ("saya sambat", False), ("sambatan warga", False),
        ("Sambat buka jalan yang ditutup", True),
    ],
)  # fmt: skip
def test_it_is_known_whether_a_complaint_began_with_the_keyword(text: str, keyword: bool) -> None:
    found = read_sms(text)
    assert (found.command, found.keyword) == (Command.FILE, keyword)


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "sambat", "SAMBAT ", " Sambat...", "sambat?", "«sambat»"])
def test_nothing_but_the_keyword_is_a_call_for_help(text: str) -> None:
    assert read_sms(text) == Sms(Command.HELP)


@pytest.mark.parametrize(
    "word",
    [
        "BANTUAN",
        "bantuan",
        "Help",
        "INFO",
        "Sambat bantuan",
        "bantuan!",
        " Bantuan? 🙏",
        "help.",
        "1nf0",
        "help please",
    ],
)
def test_help_stands_alone(word: str) -> None:
    assert read_sms(word) == Sms(Command.HELP)


@pytest.mark.parametrize("word", ["BERHENTI", "berhenti.", "Stop", "STOP!", "sambat stop", "Berhenti!!! 😡", '"stop"',
                                  "ST0P", "BERHENT1", "stop sms", "Berhenti ya pak", "stop, tolong. 🙏",
                                  "STOP SMS YA MAS"])  # fmt: skip
def test_stop_stands_alone(word: str) -> None:
    assert read_sms(word) == Sms(Command.STOP)


@pytest.mark.parametrize("word", ["MULAI", "mulai.", "Start", "START!", "sambat mulai", "Mula1", "MU1AI",
                                  "mulai sms ya", "mulai, terima kasih"])  # fmt: skip
def test_start_stands_alone(word: str) -> None:
    assert read_sms(word) == Sms(Command.START)


@pytest.mark.parametrize("word", ["CEK", "cek?", "status", "Check.", "TAMBAH", "add", "sambat cek", "NILAI", "N1LA1?",
                                  "rate", "BUKA", "buka!", "reopen"])  # fmt: skip
def test_a_command_without_its_ticket_is_helped(word: str) -> None:
    assert read_sms(word) == Sms(Command.HELP)


TYPED = [
    TICKET, TICKET.lower(), "7k3m9qx2tw", "7K3M9 QX2TW", "7K3M9.QX2TW", "7K3M9 - QX2TW", f"<{TICKET}>",
    f"tiket {TICKET}", f"no. {TICKET}", f"Nomor tiket: {TICKET}", f"#{TICKET}", f"ticket no {TICKET}",
    f"untuk {TICKET}",
]  # fmt: skip
STATUS_WORDS = ["CEK", "cek", "Cek", "CHECK", "status", "Sambat cek", "sambat: CEK", " cek", "(cek)"]
ADD_WORDS = ["TAMBAH", "tambah", "ADD", "Sambat tambah", "«tambah»"]
RATE_WORDS = ["NILAI", "nilai", "N1LA1", "ni1ai", "Rate", "Sambat nilai", "(nilai)"]
REOPEN_WORDS = ["BUKA", "buka", "Reopen", "REOPEN", "re0pen", "Sambat: buka", "«buka»"]


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


SCORES = [
    ("1", 1), ("2", 2), ("3", 3), ("4", 4), ("5", 5), ("satu", 1), ("Dua", 2), ("TIGA", 3), ("empat", 4), ("lima", 5),
    ("one", 1), ("two", 2), ("three", 3), ("four", 4), ("five", 5), ("bintang 4", 4), ("4 bintang", 4), ("5/5", 5),
    ("2 / 5", 2), ("skor: 3", 3), ("(5)", 5), ("5 stars", 5), ("star 1", 1), ("⭐ 5", 5), ("bintang lima", 5),
]  # fmt: skip


@pytest.mark.parametrize("word", RATE_WORDS)
@pytest.mark.parametrize("typed", TYPED)
def test_a_rating_is_given_before_or_after_the_ticket(word: str, typed: str) -> None:
    for written, score in SCORES:
        rated = Sms(Command.RATE, ticket=TICKET, score=score)
        for between, after in product([" ", ": ", "\n"], ["", ".", " !"]):
            assert read_sms(f"{word}{between}{typed}{between}{written}{after}") == rated
            assert read_sms(f"{word}{between}{written}{between}{typed}{after}") == rated


@pytest.mark.parametrize("text", [f"NILAI {TICKET} 5, 2 hari selesai", f"nilai 5 {TICKET}: 2 hari selesai"])
def test_a_rating_may_come_with_words(text: str) -> None:
    assert read_sms(text) == Sms(Command.RATE, "2 hari selesai", TICKET, 5)


@pytest.mark.parametrize(
    "said", ["", "0", "6", "10", "55", "5/10", "5 / 10", "5/50", "4,5", "4.5", "1-5", "enam", "limabelas", "bagus"]
)
def test_a_rating_without_a_score_from_one_to_five_has_none(said: str) -> None:
    assert read_sms(f"NILAI {TICKET} {said}") == Sms(Command.RATE, said, TICKET)


@pytest.mark.parametrize("said", ["0", "6", "10", "100"])
def test_neither_has_one_whose_number_stands_before_the_ticket(said: str) -> None:
    assert read_sms(f"NILAI {said} {TICKET}") == Sms(Command.RATE, ticket=TICKET)


@pytest.mark.parametrize("written", [written for written, _ in SCORES])
def test_a_rating_alone_names_no_ticket(written: str) -> None:
    for text in (f"NILAI {written}", f"nilai: {written}!", f"Sambat nilai {written} ya pak", f"rate {written} please"):
        assert read_sms(text) == Sms(Command.RATE, ticket="", score=dict(SCORES)[written])


@pytest.mark.parametrize("text", ["NILAI 5 terima kasih", "nilai 5, makasih pak", "Nilai 5 suwun"])
def test_thanks_after_a_rating_are_no_complaint(text: str) -> None:
    assert read_sms(text) == Sms(Command.RATE, ticket="", score=5)


@pytest.mark.parametrize("word", REOPEN_WORDS)
@pytest.mark.parametrize("typed", TYPED)
def test_a_complaint_is_reopened_with_a_reason_or_asked_for_one(word: str, typed: str) -> None:
    for between in (" ", ": ", "\n", " : ", ". "):
        assert read_sms(f"{word} {typed}{between}lampunya mati lagi") == Sms(
            Command.REOPEN, "lampunya mati lagi", TICKET
        )
        assert read_sms(f"{word}{between}{typed}") == Sms(Command.REOPEN, ticket=TICKET)


@pytest.mark.parametrize("typed", [TICKET, TICKET.lower(), "7K3M9QX2TW", "7k3m9.qx2tw"])
def test_a_command_may_stick_to_its_ticket(typed: str) -> None:
    assert read_sms(f"CEK{typed}") == Sms(Command.STATUS, ticket=TICKET)
    assert read_sms(f"sambat cek{typed}?") == Sms(Command.STATUS, ticket=TICKET)
    assert read_sms(f"Tambah{typed}: masih\nmati") == Sms(Command.ADD, "masih\nmati", TICKET)
    assert read_sms(f"nilai{typed} 5") == Sms(Command.RATE, ticket=TICKET, score=5)
    assert read_sms(f"BUKA{typed} masih mati") == Sms(Command.REOPEN, "masih mati", TICKET)


@pytest.mark.parametrize("typed", ["7K3M9-QX2TX", "7k3m9qx2tx", "7K3M9 QX2TX", "UK3M9-QX2TW", "7M3K9-QX2TW"])
def test_a_mistyped_ticket_is_known_as_one_and_nobody_elses(typed: str) -> None:
    assert read_sms(f"CEK {typed}") == Sms(Command.STATUS)
    assert read_sms(f"TAMBAH {typed} masih mati") == Sms(Command.ADD, "masih mati")
    assert read_sms(f"NILAI {typed} 4") == Sms(Command.RATE, score=4)
    assert read_sms(f"NILAI 4 {typed}") == Sms(Command.RATE, score=4)
    assert read_sms(f"BUKA {typed} masih mati") == Sms(Command.REOPEN, "masih mati")


def test_a_ticket_with_letters_that_look_like_digits_is_that_ticket() -> None:
    ticket = ticket_from(1 << 40 | 1)
    assert {"0", "1"} <= set(ticket)
    for one in "lLiI":
        typed = ticket.replace("0", "O").replace("1", one)
        assert read_sms(f"cek {typed}") == Sms(Command.STATUS, ticket=ticket)
        assert read_sms(f"nilai {typed} 5") == Sms(Command.RATE, ticket=ticket, score=5)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("CEK {} pak", Sms(Command.STATUS, ticket=TICKET)),
        ("cek {} tolong ya pak", Sms(Command.STATUS, ticket=TICKET)),
        ("status aduan {}", Sms(Command.STATUS, ticket=TICKET)),
        ("cek status {}", Sms(Command.STATUS, ticket=TICKET)),
        ("cek {} terima kasih pak", Sms(Command.STATUS, ticket=TICKET)),
        ("TAMBAH {}", Sms(Command.HELP)),
    ],
)
def test_a_polite_question_is_no_new_complaint(text: str, meant: Sms) -> None:
    assert read_sms(text.format(TICKET)) == meant


def test_a_story_after_a_ticket_is_a_complaint() -> None:
    text = f"cek {TICKET} lampunya masih mati juga sampai hari ini"
    assert read_sms(text).command is Command.FILE


# ------------------------------------------------------------------------------------------------ nothing is lost

TICKETS = st.integers(0, (1 << BITS) - 1).map(ticket_from)
SCRAPS = st.sampled_from(
    [
        "sambat", "Sambat", "SAMBAT:", "cek", "CEK", "tambah", "Tambah", "status", "stop", "berhenti", "help", "info",
        "nilai", "NILAI", "n1lai", "buka", "BUKA", "mulai", "5", "lima", "5/5", "bintang", "pak", "ya",
        "tiket", "no", "-", ".", ":", "?", "\n", "lampu", "mati", "rt", "12", "rambu2", "yang", "jalan-jalan", TICKET,
        "7K3M9", "QX2TW", "🙏", "\u200b", "\ufeff", "0812345678", "_", "ꦱꦩ꧀ꦧꦠ꧀",
    ]
)  # fmt: skip
MESSAGES = st.lists(SCRAPS | TICKETS | st.text(max_size=6), max_size=8).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda between: between.join(parts))
)
NAMED = r"(?:untuk|utk|tiket|ticket|nomor|no|status|aduan|laporan)*"
SCORE = (
    r"(?:bintang|skor|nilai|score|stars?)?"
    r"(?:[1-5]|satu|dua|tiga|empat|lima|one|two|three|four|five)5?(?:bintang|stars?)?"
)
POLITE = r"(?:sms|ya|pak|bu|mas|mbak|min|tolong|please|terima|kasih|makasih|suwun)*"
DROPPED = {  # what may be missing in the text of a message that is understood so, but for the keyword before it
    Command.FILE: "",
    Command.STATUS: rf"(?:cek|check|status){NAMED}(?P<ticket>\w{{10}})\w*",  # "CEK <tiket> ya pak"
    Command.ADD: rf"(?:tambah|add){NAMED}(?P<ticket>\w{{10}})",
    Command.RATE: r"(?:n[i1]la[i1]|rate)"
    rf"(?:(?:{SCORE}|\d{{1,3}})?{NAMED}(?P<ticket>\w{{10}})(?:{SCORE})?|{SCORE}{POLITE})",
    Command.REOPEN: rf"(?:buka|reopen){NAMED}(?P<ticket>\w{{10}})",
    Command.HELP: rf"(?:(?:bantuan|help|info){POLITE}|cek|check|status|nilai|n1lai|rate|buka|reopen"
    rf"|(?:tambah|add)(?:{NAMED}(?P<ticket>\w{{10}}))?)?",  # "TAMBAH <tiket>" that adds nothing
    Command.STOP: rf"(?:berhenti|stop){POLITE}",
    Command.START: rf"(?:mulai|start){POLITE}",
}


def letters(text: str) -> str:
    return "".join(re.findall(r"\w", text))


@given(MESSAGES | st.text(max_size=200))
@example("cek 00000-00000 sambat")
@example("tambah-00000-00000")
@example(f"nilai 5 {TICKET} bagus")
@example(f"nilai {TICKET} 5 bagus")
@example("mulai ya pak")
def test_no_message_makes_it_fail_and_no_word_is_lost(text: str) -> None:
    found = read_sms(text)
    assert letters(text).endswith(letters(found.text))
    dropped = letters(text)[: len(letters(text)) - len(letters(found.text))].casefold()
    about = re.fullmatch(rf"(?:sambat)?{DROPPED[found.command]}", dropped)
    assert about, dropped
    named = about.groupdict().get("ticket")
    match found.command:
        case Command.FILE:
            assert found.text.strip()
            assert found == Sms(Command.FILE, found.text, keyword=dropped == "sambat")
        case Command.STATUS | Command.ADD | Command.REOPEN:
            assert found == Sms(found.command, found.text, read_ticket(named or ""))
            assert found.text or found.command is not Command.ADD
        case Command.RATE:
            runs = {read_ticket(dropped[place : place + 10]) for place in range(len(dropped))}
            assert found.ticket in (runs if named else {""})
            assert found.score in ((None, 1, 2, 3, 4, 5) if named else (1, 2, 3, 4, 5))
        case _:
            assert found == Sms(found.command)


@given(MESSAGES, st.sampled_from(["cek", "tambah", "nilai", "buka"]))
def test_a_command_acts_on_a_ticket_only_where_one_was_surely_meant(text: str, word: str) -> None:
    found = read_sms(f"{word} {text}")
    if found.command in (Command.STATUS, Command.ADD, Command.REOPEN) or (
        found.command is Command.RATE and found.ticket != ""
    ):
        runs = re.findall(r"(?=(?<!\w)(\w{5}\s*[-.]?\s*\w{5})(?!\w))", text)
        assert any(looks_like_ticket(run) for run in runs)


@given(MESSAGES)
def test_what_is_not_a_command_keeps_every_character_after_the_keyword(text: str) -> None:
    found = read_sms(text)
    if found.command is Command.FILE:
        assert text.strip().endswith(found.text)


def test_a_very_long_message_is_read_in_no_time() -> None:
    for text in ("sambat " * 2000, "7K3M9-" * 2000, "cek tiket " * 2000, "tambah no. no. " * 2000, " \u200b" * 8000,
                 "nilai 5 " * 2000, "nilai " + "5/" * 4000, "stop " + "ya pak " * 2000, "buka" + "7K3M9QX2TW" * 800,
                 "0" * 8000, "nilai " + " . " * 4000 + "5"):  # fmt: skip
        assert read_sms(text).command in (Command.FILE, Command.HELP, Command.RATE)


# ------------------------------------------------------------------------------------------------ what people are told


def test_what_help_and_the_other_replies_ask_for_is_what_is_understood() -> None:
    named = {"ticket": f"<{TICKET}>", "score": 5}
    assert all(f"{word} <tiket>" in replies.HELP for word in ("CEK", "TAMBAH", "NILAI", "BUKA"))
    assert read_sms(f"CEK <{TICKET}>") == Sms(Command.STATUS, ticket=TICKET)
    assert read_sms(f"TAMBAH <{TICKET}> <masih mati>") == Sms(Command.ADD, "<masih mati>", TICKET)
    assert read_sms(f"BUKA <{TICKET}> <masih mati>") == Sms(Command.REOPEN, "<masih mati>", TICKET)
    assert read_sms(f"NILAI <{TICKET}> 1-5") == Sms(Command.RATE, "1-5", TICKET)
    for reply in (replies.HOW_TO_RATE.format(**named), replies.WHICH_TICKET.format(**named).replace("<tiket>", TICKET)):
        assert read_sms(reply.partition("Kirim: ")[2]) == Sms(Command.RATE, ticket=TICKET, score=5)
    reopening = replies.HOW_TO_REOPEN.format(**named).partition("Kirim: ")[2]
    assert read_sms(reopening).command is Command.REOPEN
    for word, command in (("BERHENTI", Command.STOP), ("MULAI", Command.START)):
        assert word in replies.HELP
        assert read_sms(word).command is command
    assert "Balas MULAI" in replies.STOPPED


# ------------------------------------------------------------------------------------------------ texts


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


# ------------------------------------------------------------------------------------------------ anonim, rahasia


@pytest.mark.parametrize(
    ("text", "free", "flags"),
    [
        ("SAMBAT ANONIM pungli di kelurahan", "pungli di kelurahan", (True, False)),
        ("sambat rahasia: pungli di kelurahan", "pungli di kelurahan", (False, True)),
        ("Sambat anonim, rahasia. Pungli di kelurahan", "Pungli di kelurahan", (True, True)),
        ("sambat confidential anonymous bribes asked", "bribes asked", (True, True)),
        ("anonim pungli di kelurahan", "anonim pungli di kelurahan", (False, False)),
        ("sambat anonimitas pelapor", "anonimitas pelapor", (False, False)),
        ("sambat rahasia", "rahasia", (False, False)),
    ],
)
def test_behind_the_keyword_a_complaint_is_made_anonymous_or_confidential(
    text: str, free: str, flags: tuple[bool, bool]
) -> None:
    meant = read_sms(text)
    assert (meant.command, meant.text, (meant.anonymous, meant.confidential)) == (Command.FILE, free, flags)
