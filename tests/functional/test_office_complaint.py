"""A complaint's page in the office: one tap, its likely duplicates, who filed it, and what was sent about it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import bounds
from chalicelib.domain.complaint import REPORTER_READ, Entry
from chalicelib.workflows.changing import change
from tests.builders import Service, token
from tests.functional.doors import CITIZEN, VAGUE, carrier_on, generic, set_as
from tests.functional.office_browsers import OTHERS, filled, signed_in, stored
from tests.functional.scenes import HOLE, LAMP, UNCLEAR, filed, wall_clock
from tests.functional.test_desk import Browser, csrf_of

TORN = "Ada selokan bau dan parkir sembarangan di depan rumah"  # of two divisions: a suggestion, no certainty
SAME = "Lampu jalan mati di Jl. Bukirsari, sudah dua minggu gelap"
PERSON: dict[str, Any] = {"name": "Warga Uji", "phone": "+6280000000001", "email": "warga@mail.example"}


@pytest.fixture
def admin(service: Service) -> Browser:
    return signed_in(service)


# ------------------------------------------------------------------------------------------------ one tap


@pytest.mark.parametrize("page", ["/kantor", "/kantor/{ticket}"])
def test_what_is_suggested_is_accepted_by_one_tap(service: Service, admin: Browser, page: str) -> None:
    waiting = filed(TORN)
    suggested = waiting.suggestion
    assert suggested is not None
    shown = admin.get(page.format(ticket=waiting.ticket))
    tap = r'<input type="hidden" name="to" value="([^"]+)">\s*<button>Teruskan ke [^<]+</button>'
    (value,) = re.findall(tap, shown.text)
    assert value == f"{suggested.opd}/{suggested.division}"
    done = admin.submit(f"/kantor/{waiting.ticket}/dispatch", {"csrf": csrf_of(shown), "to": value})
    assert done.status == 200
    assert 'role="status">Diteruskan ke ' in done.text
    now = stored(waiting.ticket)
    assert (now.status, now.opd, now.division) == ("dispatched", suggested.opd, suggested.division)
    assert (now.kind, now.category) == (waiting.kind, suggested.category)


def test_any_other_division_stands_behind_it_and_is_open_where_nothing_is_suggested(
    service: Service, admin: Browser
) -> None:
    torn, unclear = filed(TORN).ticket, filed(VAGUE).ticket
    folded = admin.get(f"/kantor/{torn}").text
    assert folded.index("Pilih bidang lain") < folded.index('<select id="to"')
    plain = admin.get(f"/kantor/{unclear}").text
    assert "Pilih bidang lain" not in plain
    assert '<select id="to"' in plain
    wrong = filled(admin, f"/kantor/{torn}", f"/kantor/{torn}/dispatch", to="dishub/nowhere")
    assert wrong.status == 400
    assert re.search(r"<details open>\s*<summary>Pilih bidang lain", wrong.text)


# ------------------------------------------------------------------------------------------------ duplicates


def test_what_is_likely_the_same_is_shown_with_its_likeness_and_merged_by_one_tap(
    service: Service, admin: Browser
) -> None:
    first, again = filed(LAMP).ticket, filed(SAME).ticket
    filed(HOLE)
    page = admin.get(f"/kantor/{again}")
    assert "Mungkin tentang hal yang sama" in page.text
    (likeness,) = re.findall(r"kemiripan (\d+) %", page.text)
    assert 65 <= int(likeness) <= 100
    assert f'<input type="hidden" name="into" value="{first}">' in page.text
    done = admin.submit(f"/kantor/{again}/merge", {"csrf": csrf_of(page), "into": first})
    assert done.status == 200
    assert (stored(again).status, stored(again).merged_into) == ("merged", first)
    assert "Mungkin tentang hal yang sama" not in done.text  # it is over: nothing can be joined any more


def test_who_only_reads_sees_duplicates_without_the_tap(service: Service) -> None:
    first, again = filed(LAMP).ticket, filed(SAME).ticket
    page = signed_in(service, "auditor").get(f"/kantor/{again}")
    assert f"/kantor/{first}?" in page.text
    assert 'name="into"' not in page.text


# ------------------------------------------------------------------------------------------------ who filed it


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_who_filed_it_is_shown_on_request_and_each_time_written_down(service: Service, role: str) -> None:
    ticket = filed(LAMP, anonymous=True, **PERSON).ticket
    browser = signed_in(service, role, sub="rina")
    assert not [known for known in PERSON.values() if known in browser.get(f"/kantor/{ticket}").text]
    for times in (1, 2):
        page = filled(browser, f"/kantor/{ticket}", f"/kantor/{ticket}/pelapor")
        assert page.status == 200
        assert page.headers["Cache-Control"] == "no-store"
        assert all(known in page.text for known in PERSON.values())
        reads = [entry for entry in stored(ticket).timeline if entry.entry == "reporter_read"]
        assert [(entry.by, entry.who) for entry in reads] == [(role, "rina")] * times
        assert page.text.count("Identitas pelapor dibaca") == times


def test_nobody_left_a_name_is_said_and_nothing_is_written_down(service: Service, admin: Browser) -> None:
    ticket = filed(LAMP).ticket
    page = filled(admin, f"/kantor/{ticket}", f"/kantor/{ticket}/pelapor")
    assert "Tidak meninggalkan nama" in page.text
    assert [entry.entry for entry in stored(ticket).timeline] == ["received", "dispatched"]


def test_where_no_look_can_be_written_down_no_name_is_shown(service: Service, admin: Browser) -> None:
    ticket = filed(LAMP, **PERSON).ticket
    read = Entry(wall_clock(), REPORTER_READ, "auditor", "x")
    change(ticket, lambda one: replace(one, timeline=(*one.timeline, *[read] * bounds.MOST_READS)))
    page = filled(admin, f"/kantor/{ticket}", f"/kantor/{ticket}/pelapor")
    assert page.status == 409
    assert "Identitas tidak ditampilkan" in page.text
    assert not [known for known in PERSON.values() if known in page.text]


def test_another_site_learns_nobodys_name(service: Service, admin: Browser) -> None:
    ticket = filed(LAMP, **PERSON).ticket
    answer = admin.submit(f"/kantor/{ticket}/pelapor", OTHERS)
    assert answer.status == 403
    assert "Warga Uji" not in answer.text
    assert [entry.entry for entry in stored(ticket).timeline] == ["received", "dispatched"]
    for nothing in ("00000-00000", "x"):
        assert admin.submit(f"/kantor/{nothing}/pelapor", {"csrf": csrf_of(admin.get("/kantor"))}).status == 404


# ------------------------------------------------------------------------------------------------ messages


def test_what_was_sent_about_it_is_listed_and_no_address_with_it(service: Service, admin: Browser) -> None:
    with carrier_on(), set_as(SAMBAT_SMS_DEFAULT="generic"):
        assert "Belum ada pesan" in admin.get(f"/kantor/{filed(UNCLEAR).ticket}").text
        assert generic(service, LAMP).status == 200
        ticket = re.findall(r"kantor/([0-9A-Z]{5}-[0-9A-Z]{5})\?", admin.get("/kantor/aduan").text)[0]
        service.deliver()
    page = admin.get(f"/kantor/{ticket}")
    words = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page.text))
    assert "Aduan baru: kepada bidang terkirim" in words
    assert "Aduan baru: kepada kepala OPD terkirim" in words
    assert "SMS Tanda terima: kepada pelapor terkirim" in words
    assert CITIZEN not in page.text
    assert "@" not in page.text.split("</style>")[1]
    assert service.get(f"/admin/complaints/{ticket}/messages", token("admin")).json["items"]
