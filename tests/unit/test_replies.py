"""What is told by SMS: always with the ticket, in as few SMS as it can be, and never without what may be done next."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain import replies
from chalicelib.domain.complaint import Complaint, Status
from chalicelib.domain.gsm import folded, is_gsm7, segments
from chalicelib.domain.life import add_message, dispatch, reopen
from chalicelib.domain.replies import receipt_reply, short_day, status_reply, told_sms
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
LONGEST_OPD = max(OPDS, key=len)
LONGEST_DAY = date(2026, 12, 31)
LINK = f"https://sambat.malangkota.example/api/t/{TICKET}"
RATE = f" Nilai: NILAI {TICKET} 1-5. Belum beres: BUKA {TICKET} <alasan>"
JAVANESE = "ꦱꦩ꧀ꦧꦠ꧀ ꦢꦭꦤ꧀ ꦥꦺꦠ꧀ "


def one_segment(reply: str) -> bool:
    return is_gsm7(reply) and segments(reply) == 1


# ------------------------------------------------------------------------------------------------ fixed words

FIXED = {name: words for name, words in vars(replies).items() if name.isupper() and isinstance(words, str)}


def test_the_fixed_replies_are_these() -> None:
    assert set(FIXED) == {
        "NOT_FOUND", "KEPT", "ADDED", "CANNOT_ADD", "REPLIED", "RATED", "HOW_TO_RATE", "CANNOT_RATE", "REOPENED",
        "HOW_TO_REOPEN", "CANNOT_REOPEN", "WHICH_TICKET", "STOPPED", "STARTED", "HELP",
    }  # fmt: skip


@pytest.mark.parametrize("name", FIXED)
def test_a_fixed_reply_is_one_segment_with_its_ticket(name: str) -> None:
    reply = FIXED[name].format(ticket=TICKET, score=5)
    assert one_segment(reply), (len(reply), reply)
    assert reply.isascii()
    assert "{" not in reply
    without = {"NOT_FOUND", "KEPT", "WHICH_TICKET", "STOPPED", "STARTED", "HELP"}  # it names none, or none is known
    assert (TICKET in reply) == (name not in without)


def test_a_rating_is_said_back() -> None:
    assert "Nilai 4 " in replies.RATED.format(ticket=TICKET, score=4)
    assert replies.WHICH_TICKET.format(score=4).endswith("NILAI <tiket> 4")


# ------------------------------------------------------------------------------------------------ a new complaint


@pytest.mark.parametrize("opd", [*OPDS, None])
def test_a_receipt_is_one_segment_with_its_ticket_for_every_opd(opd: str | None) -> None:
    reply = receipt_reply(TICKET, opd, LONGEST_DAY if opd else None)
    assert one_segment(reply), (len(reply), reply)
    assert reply.isascii()
    assert reply.count(TICKET) == 2
    assert f"CEK {TICKET}" in reply
    assert (opd or "admin").casefold() in reply.casefold()
    assert ("31 Des 2026" in reply) == (opd is not None)


def test_a_receipt_without_its_day_names_no_opd() -> None:
    assert receipt_reply(TICKET, "dishub", None) == receipt_reply(TICKET, None, None)


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_short_name(month: int) -> None:
    names = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"]
    assert short_day(date(2026, month, 9)) == f"9 {names[month - 1]} 2026"


# ------------------------------------------------------------------------------------------------ where it stands

STATES = {
    "received": (filed(), "diterima, menunggu diteruskan oleh admin, tenggat 31 Des 2026."),
    "dispatched": (dispatched(), "diteruskan ke DPUPRPKP, tenggat 31 Des 2026."),
    "in_progress": (in_progress(), "dikerjakan DPUPRPKP, tenggat 31 Des 2026."),
    "answered": (answered("Sudah diganti."), "dijawab DPUPRPKP: Sudah diganti."),
    "interim": (answered("Sedang dicek.", final=False), "dikerjakan DPUPRPKP, tenggat 31 Des 2026: Sedang dicek."),
    "waiting": (waiting(), "menunggu balasan Anda untuk DPUPRPKP: Tiang nomor berapa?"),
    "closed": (rated(), "selesai, dijawab DPUPRPKP: Lampu sudah diganti."),
    "rejected": (rejected(), "tidak diproses: Ke BPJN Jawa Timur."),
    "merged": (merged(), f"digabung dengan {OTHER_TICKET}."),
    "reopened": (
        reopen(answered(), "Masih mati.", ARRIVAL + timedelta(hours=3), CALENDAR, POLICY),
        "diteruskan ke DPUPRPKP, tenggat 31 Des 2026.",
    ),
    "asked again": (add_message(waiting(), "Tiang 7.", ARRIVAL + timedelta(hours=3), CALENDAR),
                    "diteruskan ke DPUPRPKP, tenggat 31 Des 2026."),
    "nothing but an emoji": (answered("👍"), "dijawab DPUPRPKP."),
}  # fmt: skip


def test_every_status_has_its_words() -> None:
    assert {complaint.status for complaint, _ in STATES.values()} == set(Status)


@pytest.mark.parametrize(("complaint", "words"), STATES.values(), ids=STATES)
def test_a_status_says_where_it_stands_with_its_ticket(complaint: Complaint, words: str) -> None:
    reply = status_reply(complaint, LONGEST_DAY)
    assert reply == f"Tiket {TICKET}: {words}"
    assert one_segment(reply)


@pytest.mark.parametrize(("complaint", "words"), STATES.values(), ids=STATES)
def test_a_status_without_a_running_clock_names_no_day(complaint: Complaint, words: str) -> None:
    assert status_reply(complaint, None) == f"Tiket {TICKET}: {words.replace(', tenggat 31 Des 2026', '')}"


@pytest.mark.parametrize("opd", OPDS)
def test_a_status_is_one_segment_for_every_opd(opd: str) -> None:
    sent = dispatch(filed(), opd, "any", ADMIN, ARRIVAL, CALENDAR, POLICY)
    assert one_segment(status_reply(sent, LONGEST_DAY))


@pytest.mark.parametrize(
    "words", ["Lampu sudah diganti oleh petugas. " * 40, JAVANESE * 40, "🙏 Lampu" * 200, "x" * 900]
)
def test_a_status_of_a_long_answer_is_two_segments_at_most(words: str) -> None:
    reply = status_reply(answered(words), None)
    head = f"Tiket {TICKET}: dijawab DPUPRPKP: "
    assert reply.startswith(head + folded(words)[:5])
    assert reply.endswith("...")
    assert segments(reply) == 2


# ------------------------------------------------------------------------------------------------ what became of it

WHAT = st.sampled_from(
    [f"dijawab {LONGEST_OPD.upper()}", "tidak diproses, bukan wewenang pemerintah kota", f"ditanya {OPDS[0].upper()}"]
)
ASKS = st.sampled_from(["", " Balas SMS ini dengan jawaban Anda.", RATE, f" Keliru? BUKA {TICKET} <alasan>"])
SAID = st.lists(st.sampled_from(["Lampu", "sudah", "diganti", "oleh", "ꦱꦩ꧀ꦧꦠ꧀", "€5", "🙏", "x" * 60]), max_size=120).map(
    " ".join
)


@given(WHAT, st.text(max_size=600) | SAID, ASKS)
@example(f"dijawab {LONGEST_OPD.upper()}", JAVANESE * 100, RATE)
@example(f"dijawab {LONGEST_OPD.upper()}", "Lampu sudah diganti. " * 200, RATE)
@example("dijawab DISHUB", "x" * 4000, RATE)
def test_what_became_of_it_is_three_segments_at_most_and_nothing_else_than_the_words_is_cut(
    what: str, text: str, ask: str
) -> None:
    reply, said = told_sms(TICKET, what, text, ask, LINK), folded(text)
    assert 1 <= segments(reply) <= replies.MOST == 3
    assert "\n" not in reply
    if not said:
        assert reply == f"Tiket {TICKET} {what}.{ask}"
    elif segments(f"Tiket {TICKET} {what}: {said}{ask}") <= 3:
        assert reply == f"Tiket {TICKET} {what}: {said}{ask}"
    else:
        head, foot = f"Tiket {TICKET} {what}: ", f"... {LINK}{ask}"
        assert reply.startswith(head)
        assert reply.endswith(foot)
        kept = reply[len(head) : len(reply) - len(foot)]
        assert kept
        assert said.startswith(kept)


@pytest.mark.parametrize("opd", OPDS)
def test_a_short_answer_is_one_segment_with_what_may_be_done(opd: str) -> None:
    assert one_segment(told_sms(TICKET, f"dijawab {opd.upper()}", "Sudah diganti.", RATE, LINK))


def test_an_answer_that_leaves_no_room_for_the_link_is_told_whole_without_it() -> None:
    head = f"Tiket {TICKET} dijawab DISHUB: "
    exact = "x" * (3 * 153 - len(head) - len(RATE))
    assert told_sms(TICKET, "dijawab DISHUB", exact, RATE, LINK) == head + exact + RATE
    assert told_sms(TICKET, "dijawab DISHUB", exact + "x", RATE, LINK).endswith(f"xxx... {LINK}{RATE}")


def test_words_that_look_cut_are_not_taken_for_cut_ones() -> None:
    assert told_sms(TICKET, "dijawab DISHUB", "Sabar...", "", LINK) == f"Tiket {TICKET} dijawab DISHUB: Sabar..."
