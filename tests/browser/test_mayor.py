"""The mayor in a real browser: confirms a vest, which the scoreboard then shows to everybody."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.stage import City

REASON = "Sudah ditegur, warga pasar tetap tidak dijawab."


def test_the_mayor_confirms_a_vest_and_the_scoreboard_shows_it(visit: Enter, city: City) -> None:
    city.sweep(datetime.now(UTC).isoformat())
    admin = city.token("admin")
    late = city.json("GET", f"/admin/complaints/{city.ticket('journey')}", token=admin)
    opd, division = late["opd"], late["division"]
    [before] = [
        one for one in city.json("GET", "/admin/standings", token=admin)["items"] if one["division"] == division
    ]
    assert (before["rung"], before["proposed"]) == ("warning", "black_vest")
    board = visit("/papan")
    card = f"#opd-{opd}"
    expect(board.locator(card)).not_to_contain_text("Rompi hitam")
    page = visit("/kantor/status", "mayor")
    form = page.locator(f"form[action*='/kantor/status/{opd}/{division}']")
    form.locator("textarea").fill(REASON)
    form.locator("button[value=confirm]").click()
    expect(page.locator("[role=status].done")).to_be_visible()
    board.reload()
    expect(board.locator(card)).to_contain_text("Rompi hitam")
    expect(board.locator("main")).to_contain_text(city.ticket("journey"))
