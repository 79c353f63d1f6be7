"""The office finds complaints: by ticket, by telephone number, by filters; page by page."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from tests.builders import Service
from tests.functional.office_browsers import OTHERS, filled, signed_in, tickets, wrong
from tests.functional.scenes import HOLE, LAMP, PARKING, UNCLEAR, filed, opened, wall_clock
from tests.functional.test_desk import Browser

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PHONE = "+6280000000001"


@pytest.fixture
def admin(service: Service) -> Browser:
    return signed_in(service)


@pytest.mark.parametrize("page", ["/kantor", "/kantor/aduan"])
def test_a_ticket_leads_to_its_complaint_however_it_is_typed(service: Service, admin: Browser, page: str) -> None:
    ticket = filed(LAMP).ticket
    for typed in (ticket, f" {ticket.lower()} ", ticket.replace("-", " ")):
        found = filled(admin, page, "/kantor/cari", asked=typed)
        assert found.status == 200
        assert f"/kantor/{ticket}/pelapor" in found.text


def test_a_telephone_number_lists_what_it_filed_newest_first_and_stands_in_no_address(
    service: Service, admin: Browser
) -> None:
    now = wall_clock()
    opened(now - 9 * DAY)
    old = filed(HOLE, now - 2 * DAY, phone=PHONE).ticket
    new = filed(LAMP, now - DAY, phone=PHONE).ticket
    filed(PARKING, now, phone="+6280000000002")
    for typed in ("+6280000000001", "0800 0000 0001", "62-800-0000-0001"):
        page = filled(admin, "/kantor/aduan", "/kantor/cari", asked=typed)
        assert tickets(page) == [new, old]
        assert "Ditemukan: 2" in page.text
        for link in re.findall(r'(?:href|action)="([^"]*)"', page.text):
            assert "0000" not in html.unescape(link)


def test_nothing_found_is_said_and_what_can_be_neither_is_an_error(service: Service, admin: Browser) -> None:
    filed(LAMP, phone=PHONE)
    for typed in ("0800 0000 0009", "00000-00000"):
        page = filled(admin, "/kantor/aduan", "/kantor/cari", asked=typed)
        assert page.status == 200
        assert "Tidak ada aduan yang cocok." in page.text
    for typed in ("", "Bukirsari <b>", "7K3QM", "1" * 41):
        page = filled(admin, "/kantor/aduan", "/kantor/cari", asked=typed)
        assert page.status == 400
        assert wrong(page) == ["asked"]
        assert f'value="{html.escape(typed)}"' in page.text


def test_a_list_is_made_by_its_filters(service: Service, admin: Browser) -> None:
    now = wall_clock()
    opened(now - 60 * DAY)
    lamp = filed(LAMP, now - 40 * DAY).ticket
    parking = filed(PARKING, now - 2 * DAY, channel="sms").ticket
    waiting = filed(UNCLEAR, now - DAY, kind="idea").ticket
    for query, expected in (
        ("", [waiting, parking, lamp]),
        ("?opd=dishub", [parking]),
        ("?status=received", [waiting]),
        ("?kind=idea", [waiting]),
        ("?channel=sms", [parking]),
        ("?overdue=true", [lamp]),
        ("?opd=dpuprpkp&status=dispatched&kind=&channel=web&overdue=true&lang=en", [lamp]),
        ("?opd=dishub&overdue=true", []),
    ):
        assert tickets(admin.get(f"/kantor/aduan{query}")) == expected, query
    page = admin.get("/kantor/aduan?status=received&channel=web")
    assert re.findall(r'<option value="([^"]+)" selected>', page.text) == ["received", "web"]
    assert "<details open>" in page.text
    assert "/kantor/aduan?status=received&channel=web&lang=en" in html.unescape(page.text)  # the other language
    for query in ("?status=lost", "?kind=praise", "?overdue=perhaps", "?phone=0800", "?opd=a&opd=b", "?cursor=x"):
        assert admin.get(f"/kantor/aduan{query}").status == 400, query


def test_two_hundred_are_paged_and_the_filters_go_along(service: Service, admin: Browser) -> None:
    now = wall_clock()
    opened(now - 9 * DAY)
    made = [filed(PARKING if n % 2 else LAMP, now - n * MINUTE).ticket for n in range(90)]
    seen: list[str] = []
    path = "/kantor/aduan?opd=dishub"
    for _ in range(10):
        page = admin.get(path)
        seen += tickets(page)
        link = re.search(r'href="https://sambat.example/api(/kantor/aduan\?[^"]*cursor=[^"]+)"', page.text)
        if link is None:
            break
        path = html.unescape(link[1])
        assert "opd=dishub" in path
    assert seen == made[1::2]


def test_an_empty_city_has_an_empty_list(service: Service, admin: Browser) -> None:
    page = admin.get("/kantor/aduan", accept_language="en")
    assert page.status == 200
    assert "No complaint fits." in page.text


def test_a_search_from_another_site_finds_nothing(service: Service, admin: Browser) -> None:
    ticket = filed(LAMP, phone=PHONE).ticket
    for asked in (ticket, PHONE):
        answer = admin.submit("/kantor/cari", {**OTHERS, "asked": asked})
        assert answer.status == 403
        assert ticket not in answer.text


def test_what_a_citizen_wrote_is_inert_in_a_list(service: Service, admin: Browser) -> None:
    filed("<script>alert(1)</script> mohon bantuannya")
    page = admin.get("/kantor/aduan")
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
