"""The warning letter: what the record holds of a division on a rung, in Indonesian, and nobody's personal data."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from chalicelib.domain.complaint import Actor, Role
from chalicelib.workflows import contesting, standings
from tests.builders import Answer, Service
from tests.functional.office_browsers import signed_in
from tests.functional.scenes import HOLE, LAMP, UNCLEAR, opened, wall_clock
from tests.functional.test_ladder_http import DAY, late

PJU = "/kantor/status/dpuprpkp/pju/surat"
MAYOR, OFFICER, ADMIN = Actor(Role.MAYOR, "pak-wali"), Actor(Role.OPD, "sri"), Actor(Role.ADMIN, "rina")
PERSON: dict[str, Any] = {"name": "Warga Uji", "phone": "+6280000000001", "email": "warga@mail.example"}


@pytest.fixture(autouse=True)
def in_a_city_of_some_age(service: Service) -> None:
    opened(wall_clock() - 120 * DAY)


def letter_in(page: Answer) -> str:
    """Return the words of the letter on a page, one space between any two."""
    (letter,) = re.findall(r'<article class="letter" lang="id">(.*)</article>', page.text, re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", letter)))


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_a_warned_division_gets_the_facts_of_the_record(service: Service, role: str) -> None:
    one = late(LAMP, **PERSON)
    words = letter_in(signed_in(service, role).get(PJU))
    for expected in (
        "PEMERINTAH KOTA MALANG", "Hal : Teguran atas aduan warga yang terlambat ditanggapi",
        "Yth. Pimpinan Bidang Penerangan Jalan dan Dekorasi Kota melalui Pimpinan Dinas Pekerjaan Umum",
        "berada pada tingkat teguran sejak", "Tenggat sebuah aduan terlewat.", f"1. {one.ticket} teguran",
        "Tidak ada tanggapan sampai tenggat tanggapan.", "turun satu tingkat pada", "WALI KOTA MALANG",
    ):  # fmt: skip
        assert expected in words
    assert "disahkan oleh Wali Kota" not in words  # a warning needs nobody's word
    assert not [known for known in PERSON.values() if known in words]
    assert LAMP not in words


def test_in_every_language_of_the_page_the_letter_is_indonesian(service: Service) -> None:
    late(LAMP)
    browser = signed_in(service)
    page = browser.get(f"{PJU}?lang=en")
    assert '<html lang="en">' in page.text
    assert "<h1>Warning letter</h1>" in page.text
    assert letter_in(page) == letter_in(browser.get(PJU))


def test_a_vest_carries_the_mayors_reason_without_anybodys_number(service: Service) -> None:
    for _ in range(2):
        late(LAMP, 2)
    reason = "Sudah dua kali ditegur; hubungi ajudan di 0800 0000 0077."
    assert standings.confirm("dpuprpkp", "pju", "black_vest", reason, MAYOR, wall_clock())
    words = letter_in(signed_in(service).get(PJU))
    assert "Hal : Teguran dan pengenaan rompi hitam" in words
    assert "Masih tidak ada tanggapan sampai tenggat yang dihitung sejak teguran dicatat." in words
    assert "disahkan oleh Wali Kota pada" in words
    assert "Sudah dua kali ditegur; hubungi ajudan di [disamarkan]." in words


def test_a_denied_contest_stands_in_the_letter(service: Service) -> None:
    one = late(LAMP)
    now = wall_clock()
    contesting.contest(one.ticket, 1, "Bukan kami.", OFFICER, now, lambda _: True)
    contesting.settle(one.ticket, 1, "Tidak benar.", ADMIN, now, upheld=False)
    standings.refresh(("dpuprpkp", "pju"))
    assert "(sanggahan ditolak, tetap dihitung)" in letter_in(signed_in(service).get(PJU))


def test_who_dispatches_too_late_is_warned_as_well(service: Service) -> None:
    late(UNCLEAR)
    words = letter_in(signed_in(service, "mayor").get("/kantor/status/admin/admin/surat"))
    assert "Yth. Admin Layanan Aduan Warga di Malang" in words
    assert "Aduan belum diteruskan kepada OPD sampai tenggat disposisi." in words
    assert "disanggah" not in words


def test_there_is_no_letter_to_a_division_on_no_rung(service: Service) -> None:
    late(LAMP)
    browser = signed_in(service)
    excused = late(HOLE)
    contesting.contest(excused.ticket, 1, "Bukan kami.", OFFICER, wall_clock(), lambda _: True)
    contesting.settle(excused.ticket, 1, "Benar.", ADMIN, wall_clock(), upheld=True)
    standings.refresh(("dpuprpkp", "jalan"))  # it was warned, and is not any more
    for path in ("dpuprpkp/jalan", "dishub/parkir", "no/such", "admin/admin"):
        assert browser.get(f"/kantor/status/{path}/surat").status == 404
    assert "/kantor/status/dpuprpkp/pju/surat?lang=id" in browser.get("/kantor/status").text


def test_the_letter_is_printed_alone(service: Service) -> None:
    late(LAMP)
    style = signed_in(service).get(PJU).text.split("<style>")[1].split("</style>")[0]
    printed = style[style.index("@media print") :]
    assert "@page{size:A4" in printed
    assert re.search(r"\.top,[^{]*\.who[^{]*\{display:none\}", printed)
