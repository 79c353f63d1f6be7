"""The holidays on a page: a year line by line; an admin corrects it, deadlines move, and no year is ever emptied."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from chalicelib.adapters import registry
from chalicelib.workflows import holidays
from tests.builders import Answer, Service
from tests.functional.office_browsers import OTHERS, signed_in, stored, wrong
from tests.functional.scenes import LAMP, filed, opened, wall_clock
from tests.functional.test_desk import Browser, csrf_of

WHERE = "/kantor/libur"


@pytest.fixture
def admin(service: Service) -> Browser:
    return signed_in(service)


def filled(browser: Browser, page: str, path: str, **fields: str) -> Answer:
    """Open a year, write another list into its form, and send it."""
    return written(browser, browser.get(page), path, **fields)


def written(browser: Browser, page: Answer, path: str, **fields: str) -> Answer:
    """Write another list into the form of a page that was opened at some time, and send it."""
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page.text)
    assert seen
    return browser.submit(path, {"csrf": csrf_of(page), "seen": seen[1], **fields})


def lines(year: str, *more: str) -> str:
    """Return a year's table as the form shows it, with more lines."""
    return "\n".join([f"{day} {name}" for day, name in sorted(holidays.table()[year].items())] + list(more))


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_everybody_reads_a_year_and_an_admin_gets_it_line_by_line(service: Service, role: str) -> None:
    page = signed_in(service, role).get(f"{WHERE}?year=2026")
    assert page.status == 200
    assert "Senin, 17 Agustus 2026" in page.text
    assert ("2026-08-17 Hari Kemerdekaan" in page.text) == (role == "admin")
    assert "Belum ada hari libur 2028" in signed_in(service, role).get(f"{WHERE}?year=2028").text
    for year in ("1999", "x", "2031"):
        assert signed_in(service, role).get(f"{WHERE}?year={year}").status == 404


def test_a_new_holiday_moves_the_deadlines_and_other_years_stay(service: Service, admin: Browser) -> None:
    now = wall_clock()
    opened(now - timedelta(days=1))
    before = filed(LAMP)
    assert before.answer_due_at
    day = (now + timedelta(days=2 if now.weekday() < 2 else 7 - now.weekday())).date()  # a working day before it
    year, others = str(day.year), {key: days for key, days in holidays.table().items() if key != str(day.year)}
    text = lines(year, "", f"  {day}   Libur <kota>  ")
    done = filled(admin, f"{WHERE}?year={year}", WHERE, year=year, days=text)
    assert done.status == 200
    assert "Tenggat 1 aduan bergeser." in done.text
    assert "Libur &lt;kota&gt;" in done.text
    assert holidays.table()[year][str(day)] == "Libur <kota>"
    assert {key: days for key, days in holidays.table().items() if key != year} == others
    after = stored(before.ticket)
    assert after.answer_due_at
    assert after.answer_due_at > before.answer_due_at
    assert (after.timeline[-1].by, after.timeline[-1].who) == ("admin", "rina")


def test_a_year_that_the_table_has_not_yet_is_begun(service: Service, admin: Browser) -> None:
    done = filled(admin, f"{WHERE}?year=2028", WHERE, year="2028", days="2028-01-01 Tahun Baru")
    assert done.status == 200
    assert dict(holidays.table()["2028"]) == {"2028-01-01": "Tahun Baru"}
    assert "2029" in done.text


@pytest.mark.parametrize(
    ("bad", "number"),
    [
        ("2026-02-30 Tidak ada", 2), ("2027-01-01 Tahun lain", 2), ("17 Agustus Merdeka", 2), ("2026-08-18", 2),
        ("2026-01-01 Dua kali", 2), ("2026-1-2 <b>", 2), ("\u0662\u0660\u0662\u0666-01-02 Angka lain", 2),
    ],
)  # fmt: skip
def test_a_line_that_is_no_day_is_named_and_nothing_changes(
    service: Service, admin: Browser, bad: str, number: int
) -> None:
    before = holidays.table()
    refused = filled(admin, f"{WHERE}?year=2026", WHERE, year="2026", days=f"2026-01-01 Tahun Baru\n{bad}")
    assert refused.status == 400
    assert wrong(refused) == ["days"]
    assert f"Baris {number} belum terbaca" in refused.text
    assert bad.replace("<", "&lt;").replace(">", "&gt;") in refused.text
    assert holidays.table() == before


def test_a_year_is_never_emptied(service: Service, admin: Browser) -> None:
    before = holidays.table()
    for nothing in ("", " \n \n"):
        refused = filled(admin, f"{WHERE}?year=2026", WHERE, year="2026", days=nothing)
        assert refused.status == 400
        assert "Tulis paling sedikit satu hari libur." in refused.text
    too_long = filled(admin, f"{WHERE}?year=2026", WHERE, year="2026", days="2026-01-01 " + "x" * 201)
    assert too_long.status == 400
    assert holidays.table() == before


def test_while_deadlines_still_move_another_change_waits(service: Service, admin: Browser) -> None:
    noted = {"old": {}, "new": {}, "at": wall_clock().isoformat(), "by": "admin", "who": "x", "done": False}
    assert registry.note_change_of_holidays(noted, None)
    text = lines("2026", "2026-12-31 Libur <kota>")
    refused = filled(admin, f"{WHERE}?year=2026", WHERE, year="2026", days=text)
    assert refused.status == 409
    assert "Coba lagi 15 menit lagi" in refused.text
    assert "2026-12-31 Libur &lt;kota&gt;" in refused.text


def test_what_another_admin_stored_meanwhile_is_shown_and_not_taken_back(service: Service, admin: Browser) -> None:
    other = signed_in(service, sub="budi")
    mine, theirs = (one.get(f"{WHERE}?year=2027") for one in (admin, other))
    text, before = lines("2027", "2027-11-30 Libur <b>"), lines("2027", "2027-11-29 Libur a")
    assert written(other, theirs, WHERE, year="2027", days=before).status == 200
    assert written(other, theirs, WHERE, year="2027", days=before).status == 200  # sent twice is no change of others
    for wrong_line in ("", "\nx"):  # a mistake in it changes nothing of that
        refused = written(admin, mine, WHERE, year="2027", days=text + wrong_line)
        assert (refused.status, wrong(refused)) == (409, ["days"])
        assert "sudah diubah orang lain" in refused.text
        assert "2027-11-30 Libur &lt;b&gt;" in refused.text
        assert "29 November 2027</time> Libur a" in refused.text
        assert set(holidays.table()["2027"]) & {"2027-11-29", "2027-11-30"} == {"2027-11-29"}
    assert written(admin, refused, WHERE, year="2027", days=text).status == 200
    assert set(holidays.table()["2027"]) & {"2027-11-29", "2027-11-30"} == {"2027-11-30"}
    bare = {"csrf": csrf_of(mine), "year": "2027", "days": "2027-01-01 Tahun Baru"}
    assert admin.submit(WHERE, bare).status == 409


def test_nobody_else_changes_a_day(service: Service, admin: Browser) -> None:
    before, fields = holidays.table(), {"year": "2026", "days": "2026-01-01 Tahun Baru"}
    assert admin.submit(WHERE, {**fields, **OTHERS}).status == 403
    for role in ("mayor", "auditor"):
        browser = signed_in(service, role)
        page = browser.get(WHERE)
        assert "<textarea" not in page.text
        assert browser.submit(WHERE, {**fields, "csrf": csrf_of(page)}).status == 403
    assert admin.submit(WHERE, {"csrf": csrf_of(admin.get(WHERE)), "year": "1999", "days": "x"}).status == 404
    assert holidays.table() == before
