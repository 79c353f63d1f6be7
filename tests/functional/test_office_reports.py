"""A month on the office's pages: its ranking, what is awarded, and its figures."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from chalicelib.adapters import sms_ledger
from chalicelib.settings import current
from chalicelib.workflows import rewarding
from tests.builders import Service
from tests.functional.office_browsers import OTHERS, filled, signed_in, wrong
from tests.functional.scenes import wall_clock
from tests.functional.test_desk import Browser, csrf_of
from tests.functional.test_rewards import counted

WHERE = "/kantor/penghargaan"
LAST = f"{wall_clock().replace(day=1) - timedelta(days=3):%Y-%m}"


@pytest.fixture
def admin(service: Service) -> Browser:
    return signed_in(service)


def ranked(service: Service) -> None:
    """Let two divisions be ranked in the last month."""
    for division, on_time in (("parkir", 10), ("lalin", 9)):
        counted("dishub", division, LAST, finished=10, finished_on_time=on_time, finished_late=10 - on_time, f05=10)
    assert rewarding.nominate(LAST, wall_clock())


def awards() -> list[tuple[str, str | None, str | None]]:
    return [(row.division, row.reward, row.awarded_by) for row in rewarding.of_period(LAST)]


def test_a_month_without_a_ranking_says_why(service: Service, admin: Browser) -> None:
    page = admin.get(f"{WHERE}?period={LAST}")
    assert "Belum ada peringkat untuk bulan ini" in page.text
    assert admin.get(f"{WHERE}?period=2026-13").status == 400
    assert admin.get(WHERE).status == 200


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_the_ranking_is_shown_and_the_form_to_an_admin_alone(service: Service, role: str) -> None:
    ranked(service)
    page = signed_in(service, role).get(f"{WHERE}?period={LAST}")
    assert page.text.index("Perparkiran") < page.text.index("Bidang Lalu Lintas")
    assert "10 tuntas · 100 % tepat waktu · dijawab dalam 1 hari kerja" in page.text
    assert page.text.count(">terbaik<") == 1
    assert ('name="reward"' in page.text) == (role == "admin")
    if role == "admin":
        assert re.findall(r'<option value="([^"]+)" selected>', page.text) == ["dishub/parkir"]


def test_an_admin_records_a_reward_once(service: Service, admin: Browser) -> None:
    ranked(service)
    page = f"{WHERE}?period={LAST}"
    given = {"period": LAST, "to": "dishub/parkir", "reward": "Sebuah <telepon>"}
    done = filled(admin, page, WHERE, **given)
    assert done.status == 200
    assert "Penghargaan tercatat" in done.text
    assert "Sebuah &lt;telepon&gt;" in done.text
    assert filled(admin, page, WHERE, **given).status == 200  # the same again changes nothing
    other = filled(admin, page, WHERE, **{**given, "reward": "Sepeda"})
    assert other.status == 409
    assert "sudah mendapat penghargaan lain" in other.text
    assert 'value="Sepeda"' in other.text
    assert awards() == [("parkir", "Sebuah <telepon>", "rina"), ("lalin", None, None)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": ""}, "to"), ({"to": "dishub/nowhere"}, "to"), ({"to": "x"}, "to"),
        ({"reward": " "}, "reward"), ({"reward": "x" * 201}, "reward"),
    ],
)  # fmt: skip
def test_a_reward_that_cannot_be_stands_beside_its_field(
    service: Service, admin: Browser, changes: dict[str, str], field: str
) -> None:
    given = {"period": LAST, "to": "dishub/parkir", "reward": "Telepon", **changes}
    refused = filled(admin, f"{WHERE}?period={LAST}", WHERE, **given)
    assert refused.status == 400
    assert wrong(refused) == [field]
    assert awards() == []


def test_a_month_to_come_or_none_awards_nothing(service: Service, admin: Browser) -> None:
    csrf = csrf_of(admin.get(WHERE))
    for period, said in (("2099-01", "Bulan itu belum tiba."), ("", ""), ("2026-13", "")):
        refused = admin.submit(WHERE, {"csrf": csrf, "period": period, "to": "dishub/parkir", "reward": "Telepon"})
        assert refused.status == 400
        assert said in refused.text


def test_nobody_else_awards(service: Service, admin: Browser) -> None:
    given = {"period": LAST, "to": "dishub/parkir", "reward": "Telepon"}
    assert admin.submit(WHERE, {**given, **OTHERS}).status == 403
    for role in ("mayor", "auditor"):
        browser = signed_in(service, role)
        assert browser.submit(WHERE, {**given, "csrf": csrf_of(browser.get("/kantor"))}).status == 403
    assert awards() == []


# ------------------------------------------------------------------------------------------------ figures


def words_of(page: str) -> str:
    """Return the words of a page, one space between any two."""
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", page)))


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_a_month_is_drawn_and_every_number_stands_beside_its_bar(service: Service, role: str) -> None:
    now = wall_clock()
    counted("", "", LAST, received=5)
    counted("dishub", "parkir", LAST, dispatched=4, on_time=3, late=1, t05=3, finished=2, warning=1)
    counted("dpuprpkp", "pju", LAST, dispatched=1)
    for n in range(3):
        sms_ledger.reserve(
            f"key{n}", 2, now, now.astimezone(current().zone).date().replace(day=1) - timedelta(days=1), (9, 9)
        )
    page = signed_in(service, role).get(f"/kantor/angka?period={LAST}")
    words = words_of(page.text)
    for expected in (
        "5 aduan masuk", "3 mendapat tanggapan pertama", "75% tepat waktu", "1 terlambat", "2 tuntas", "1 eskalasi",
        "Dinas Perhubungan 4 75% 1 1 hari", "Situs web 5", "Pesan 3", "Segmen (yang dibayar) 6",
        "Segmen untuk tiap aduan SMS –",
    ):  # fmt: skip
        assert expected in words
    assert words.index("Dinas Perhubungan 4") < words.index("Kawasan Permukiman 1")
    assert re.findall(r'viewBox="0 0 4 1"[^>]*aria-hidden="true"><rect class="f-rest" width="(\d)"', page.text) == [
        "4",
        "1",
    ]


def test_a_month_in_which_nothing_happened_says_so(service: Service, admin: Browser) -> None:
    page = admin.get("/kantor/angka", accept_language="en")
    assert page.status == 200
    assert "Nothing is counted in this month yet." in page.text
    assert admin.get("/kantor/angka?period=x").status == 400
    older = re.search(r'href="https://sambat.example/api(/kantor/angka\?period=[^"]+)" rel="prev"', page.text)
    assert older
    assert admin.get(html.unescape(older[1])).status == 200
