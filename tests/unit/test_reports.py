"""What a sweep says to one recipient: the heaviest first, what was missed and where to go, nothing that can act."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.complaint import ADMIN_DESK, Complaint, Rung
from chalicelib.domain.letters import Letter, Names
from chalicelib.domain.notices import To
from chalicelib.domain.owed import ABOUT, Owed, grouped
from chalicelib.domain.reports import MOST_NAMED, report_for
from chalicelib.domain.standing import _RULES
from tests.unit.samples import TICKET, WIB, dispatched

URL = "https://sambat.example/api"
DUE = datetime(2026, 12, 1, 17, tzinfo=UTC)  # the end of 1 December in Malang
OTHER = "4N2AB-9D8XK"


def names(opd: str | None, division: str | None, category: str | None) -> Names:
    return Names(f"Dinas {opd}", f"Bidang {division}", "")


def owed(about: str = "warning", to: To = To.DIVISION, ticket: str = TICKET, **given: Any) -> Owed:
    usual: dict[str, Any] = {
        "id": f"{about}-{ticket}", "opd": "dishub", "division": "parkir", "tickets": (ticket,), "deadline": DUE,
        "n": 1, "rung": about if about in set(Rung) else "",
    }  # fmt: skip
    return Owed(about=about, to=(to,), **{**usual, **given})


def report(*rows: Owed, complaints: dict[str, Complaint] | None = None) -> Letter:
    """Return the one letter that these rows make, all for the same recipient."""
    (message,) = grouped(rows)
    known = {TICKET: dispatched()} if complaints is None else complaints
    return report_for(message, known, names, URL, WIB)


def one_of_each(to: To, words: str = "") -> list[Owed]:
    """Return something to say of every kind."""
    given: dict[str, dict[str, Any]] = {
        "proposal": {"rung": "black_vest", "text": "third_warning_within_window"},
        "standing": {"rung": "black_vest", "text": f"confirmed: {words or 'Sudah tiga kali'}"},
        "reward": {"text": f"penghargaan bulan Nov 2026: {words or 'Sebuah telepon'}"},
        "nomination": {"text": "Terbaik bulan Nov 2026:"},
        "digest": {"counts": (12, 3, 2), "tickets": ()},
    }
    return [owed(about, to, **given.get(about, {})) for about in ABOUT]


# ------------------------------------------------------------------------------------------------ the ladder


@pytest.mark.parametrize(
    ("about", "word", "to", "page"),
    [
        ("warning", "Teguran", To.DIVISION, "meja"),
        ("warning", "Teguran", To.HEAD, "meja"),
        ("black_vest", "Rompi hitam", To.HEAD, "meja"),
        ("black_vest", "Rompi hitam", To.ADMIN, "kantor"),
        ("replacement", "Penggantian", To.ADMIN, "kantor"),
        ("replacement", "Penggantian", To.MAYOR, "kantor"),
    ],
)
def test_a_rung_is_told_with_the_missed_deadline_and_where_to_go(about: str, word: str, to: To, page: str) -> None:
    letter = report(owed(about, to, n=3))
    addressed = {
        To.DIVISION: "Dinas dishub, Bidang parkir", To.HEAD: "Kepala Dinas dishub",
        To.ADMIN: "Admin", To.MAYOR: "Wali Kota",
    }[to]  # fmt: skip
    assert letter.subject == f"{word}: aduan {TICKET} lewat tenggat"
    assert letter.text == (
        f"{addressed}\n"
        "\n"
        f"{word.upper()}\n"
        "\n"
        f"- Aduan {TICKET}, Dinas dishub, Bidang parkir\n"
        "  Tenggat yang terlewati: 1 Des 2026. Eskalasi ke-3 dari aduan ini.\n"
        "  Lampu jalan mati di Jl. Bukirsari\n"
        f"  {URL}/{page}/{TICKET}\n"
    )
    assert letter.sms == ""


def test_what_the_admin_did_not_dispatch_has_a_heading_of_its_own() -> None:
    late = owed("warning", To.ADMIN, OTHER, opd=ADMIN_DESK, division=ADMIN_DESK)
    letter = report(late, complaints={})
    assert letter.subject == f"Teguran untuk admin: aduan {OTHER} lewat tenggat"
    assert "TEGURAN UNTUK ADMIN: BELUM DITERUSKAN\n\n" in letter.text
    assert f"- Aduan {OTHER}, Admin\n" in letter.text
    assert f"  {URL}/kantor/{OTHER}\n" in letter.text
    both = report(late, owed("black_vest", To.ADMIN))
    assert both.subject == f"Rompi hitam: aduan {TICKET} lewat tenggat, dan 1 hal lain"
    assert both.text.index("ROMPI HITAM") < both.text.index("TEGURAN UNTUK ADMIN")


def test_several_of_a_kind_stand_under_one_heading_and_are_counted_in_the_subject() -> None:
    letter = report(owed(), owed(ticket=OTHER))
    assert letter.subject == "Teguran: 2 aduan lewat tenggat"
    assert letter.text.count("TEGURAN") == 1
    assert f"Aduan {TICKET}" in letter.text
    assert f"Aduan {OTHER}" in letter.text


def test_the_same_complaint_on_one_rung_twice_is_one_complaint_in_the_subject() -> None:
    letter = report(owed(id="a", n=1), owed(id="b", n=2))
    assert letter.subject == f"Teguran: aduan {TICKET} lewat tenggat"
    assert "ke-1" in letter.text
    assert "ke-2" in letter.text


def test_a_long_text_is_cut_and_a_text_of_many_lines_is_one() -> None:
    def quoted(text: str) -> str:
        letter = report(owed(), complaints={TICKET: dispatched(text=text)})
        return letter.text.split("\n")[6]

    assert quoted("Jalan\nberlubang \t sekali") == "  Jalan berlubang sekali"
    assert quoted("a" * 140) == "  " + "a" * 140
    assert quoted("a" * 141) == "  " + "a" * 139 + "…"
    assert quoted("a" * 138 + " bcd") == "  " + "a" * 138 + "…"


def test_a_complaint_that_is_gone_or_says_nothing_is_named_all_the_same() -> None:
    silent = dispatched(text="\u202e")
    for known in ({}, {TICKET: silent}):
        letter = report(owed(), complaints=known)
        assert letter.text.endswith(f"dari aduan ini.\n  {URL}/meja/{TICKET}\n")


def test_a_deadline_that_nobody_knows_is_a_dash() -> None:
    assert "Tenggat yang terlewati: -." in report(owed(deadline=None)).text


# ------------------------------------------------------------------------------------------------ long lists


def many(how_many: int, about: str = "warning") -> list[Owed]:
    return [owed(about, ticket=f"{n:05d}") for n in range(how_many)]


def test_fifty_complaints_are_named_and_the_others_counted() -> None:
    all_of_them = report(*many(MOST_NAMED))
    assert all_of_them.text.count("- Aduan") == MOST_NAMED
    assert "aduan lain" not in all_of_them.text
    letter = report(*many(MOST_NAMED + 73))
    assert letter.subject == "Teguran: 123 aduan lewat tenggat"
    assert letter.text.count("- Aduan") == MOST_NAMED
    assert f"- dan 73 aduan lain: {URL}/meja\n" in letter.text


def test_the_heaviest_are_named_first_and_every_kind_is_counted() -> None:
    letter = report(*many(30), *many(30, "replacement"), owed("reminder", tickets=tuple(f"R{n:02d}" for n in range(5))))
    heavy, _, rest = letter.text.partition("TEGURAN")
    light, _, tomorrow = rest.partition("JATUH TEMPO")
    assert (heavy.count("- Aduan"), light.count("- Aduan"), tomorrow.count("- Aduan")) == (30, 20, 0)
    assert "- dan 10 aduan lain" in light
    assert "- dan 5 aduan lain" in tomorrow


# ------------------------------------------------------------------------------------------------ the other kinds


def test_what_is_due_tomorrow_is_told_with_its_day() -> None:
    letter = report(owed("reminder", tickets=(TICKET, OTHER)))
    assert letter.subject == "Jatuh tempo 1 Des 2026: 2 aduan"
    assert letter.text == (
        "Dinas dishub, Bidang parkir\n"
        "\n"
        "JATUH TEMPO PADA HARI KERJA BERIKUTNYA\n"
        "\n"
        "Dinas dishub, Bidang parkir: tenggat 1 Des 2026, 2 aduan\n"
        f"- Aduan {TICKET}\n"
        "  Lampu jalan mati di Jl. Bukirsari\n"
        f"  {URL}/meja/{TICKET}\n"
        f"- Aduan {OTHER}\n"
        f"  {URL}/meja/{OTHER}\n"
    )


def test_a_digest_says_how_many_are_open_late_and_soon_due() -> None:
    letter = report(owed("digest", To.HEAD, tickets=(), counts=(12, 3, 2)))
    assert letter.subject == "Ringkasan: 12 aduan terbuka, 3 lewat tenggat"
    assert letter.text == (
        "Kepala Dinas dishub\n"
        "\n"
        "RINGKASAN HARI INI\n"
        "\n"
        "Dinas dishub: 12 aduan terbuka.\n"
        "Lewat tenggat: 3. Jatuh tempo sampai akhir hari kerja berikutnya: 2.\n"
        f"Lihat: {URL}/meja\n"
    )


def test_a_proposal_says_by_which_rules_and_that_only_the_mayor_decides() -> None:
    rules = "complaint_reached_black_vest, third_warning_within_window"
    letter = report(owed("proposal", To.MAYOR, rung="black_vest", n=2, text=rules))
    assert letter.subject == "Usulan menunggu keputusan wali kota"
    assert letter.text == (
        "Wali Kota\n"
        "\n"
        "USULAN\n"
        "\n"
        "- Dinas dishub, Bidang parkir: diusulkan rompi hitam\n"
        "  Karena: setelah teguran, sebuah aduan mencapai rompi hitam; jumlah teguran dalam jangka waktu terlampaui.\n"
        f"  Eskalasi terakhir: aduan {TICKET}, eskalasi ke-2\n"
        "  Lampu jalan mati di Jl. Bukirsari\n"
        f"  {URL}/kantor/{TICKET}\n"
        "Usulan berlaku hanya jika ditetapkan oleh wali kota, dengan alasan.\n"
    )


def test_every_rule_that_proposes_has_its_words() -> None:
    for rule in _RULES:
        assert rule not in report(owed("proposal", To.MAYOR, rung="replacement", text=rule)).text
    assert "a new rule" in report(owed("proposal", To.MAYOR, text="a new rule", tickets=())).text


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("confirmed: Sudah tiga kali", ["rompi hitam ditetapkan oleh wali kota.", "  Alasan: Sudah tiga kali"]),
        ("dismissed: Banjir: semua libur", ["usulan rompi hitam tidak disetujui oleh wali kota.",
                                            "  Alasan: Banjir: semua libur"]),
        ("came_down", ["turun dari rompi hitam, karena tidak ada lagi keterlambatan."]),
        ("Dipindahkan", ["Dipindahkan"]),
    ],
)  # fmt: skip
def test_a_change_of_standing_is_told_with_its_reason(text: str, lines: list[str]) -> None:
    letter = report(owed("standing", rung="black_vest", tickets=(), text=text))
    assert letter.subject == "Status bidang berubah"
    assert letter.text.split("\n")[4:-1] == [f"- Dinas dishub, Bidang parkir: {lines[0]}", *lines[1:]]


def test_a_reward_is_told_to_its_division_and_a_nomination_to_the_admin() -> None:
    reward = report(owed("reward", tickets=(), text="penghargaan bulan Nov 2026: Sebuah telepon"))
    assert reward.subject == "Penghargaan untuk bidang"
    assert "- Dinas dishub, Bidang parkir: penghargaan bulan Nov 2026: Sebuah telepon\n" in reward.text
    nomination = report(owed("nomination", To.ADMIN, tickets=(), text="Terbaik bulan Nov 2026:\n- Dinas dishub"))
    assert nomination.subject == "Nominasi penghargaan"
    assert "NOMINASI PENGHARGAAN\n\nTerbaik bulan Nov 2026:\n- Dinas dishub\n" in nomination.text
    assert nomination.text.endswith(f"dicatat oleh admin: {URL}/kantor\n")


# ------------------------------------------------------------------------------------------------ all together


@pytest.mark.parametrize("to", [To.DIVISION, To.HEAD, To.ADMIN, To.MAYOR])
def test_every_kind_has_one_heading_and_the_heaviest_comes_first(to: To) -> None:
    letter = report(*one_of_each(to)[::-1])
    headings = ["PENGGANTIAN", "ROMPI HITAM", "TEGURAN", "STATUS BIDANG", "USULAN", "PENGHARGAAN",
                "NOMINASI PENGHARGAAN", "JATUH TEMPO PADA HARI KERJA BERIKUTNYA", "RINGKASAN HARI INI"]  # fmt: skip
    assert [line for line in letter.text.split("\n") if line.isupper()] == headings
    assert letter.subject == f"Penggantian: aduan {TICKET} lewat tenggat, dan {len(ABOUT) - 1} hal lain"


HOSTILE = st.lists(
    st.sampled_from(["081234567890", "a@b.id", "\r\nBcc: x@y.id\r\n", "\n", "\u202e", "\x00", ": ", "confirmed"])
    | st.text(max_size=20),
    min_size=1,
    max_size=6,
).map("".join)


@given(text=HOSTILE, words=HOSTILE)
def test_what_people_typed_is_in_no_subject_and_acts_in_no_text(text: str, words: str) -> None:
    for about in ABOUT:
        for to in (To.HEAD, To.ADMIN):
            (row,) = (one for one in one_of_each(to, words) if one.about == about)
            (usual,) = (one for one in one_of_each(to) if one.about == about)
            letter = report(row, complaints={TICKET: dispatched(text=text)})
            assert letter.subject == report(usual).subject
            assert all(c in {"\n", "\t"} or unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"}
                       for c in letter.text)  # fmt: skip
            assert "\u202e" not in letter.text
