"""An officer in a real browser: signs in where the e-mail leads to, answers with three clicks at most, signs out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from infra.local import control
from tests.browser.conftest import Enter
from tests.browser.places import LAMP, OFFICER
from tests.browser.stage import City, sign_in
from tests.system.test_local_run import until

ANSWERED = 5
COUNT = "addEventListener('pointerdown', event => { if (event.isTrusted) clicked(); }, true)"


def count_clicks(page: Page) -> Callable[[], int]:
    """Count what the officer presses on all pages to come; each asking begins anew."""
    clicks: list[None] = []
    page.expose_function("clicked", lambda: clicks.append(None))
    page.add_init_script(COUNT)

    def since_last() -> int:
        found = len(clicks)
        clicks.clear()
        return found

    return since_last


def test_forty_complaints_can_be_answered_in_an_hour_for_each_takes_three_clicks_at_most(
    visit: Enter, city: City
) -> None:
    page = visit(who=OFFICER)
    clicks = count_clicks(page)
    page.goto(f"{city.base}/meja")
    page.locator(".cards a.card").first.click()
    seen = []
    for number in range(ANSWERED):
        expect(page.locator("form[action*='/answer'] #text")).to_be_empty()
        ticket = ticket_in(page)
        page.click("form[action*='/answer'] #text")
        page.keyboard.type(f"Sudah kami kerjakan, nomor {number}.")
        with page.expect_navigation():
            page.click("form[action*='/answer'] button.big")
        assert clicks() <= 3
        assert city.json("GET", f"/complaints/{ticket}")["status"] == "answered"
        seen.append(ticket)
    assert len(set(seen)) == ANSWERED, "after each answer the next complaint is shown"


def test_a_form_whose_answer_does_not_come_is_sent_once_and_after_ten_seconds_again(visit: Enter, city: City) -> None:
    page = visit(who=OFFICER)
    page.clock.install()
    page.goto(f"{city.base}/meja")
    page.locator(".cards a.card").first.click()
    page.fill("form[action*='/answer'] #text", "Sudah kami kerjakan.")
    sent: list[str] = []

    def take(route: Route) -> None:
        sent.append(route.request.method)
        route.fulfill(status=204)  # the page stays

    page.route("**/answer?*", take)
    for _ in range(2):
        page.click("form[action*='/answer'] button.big")
    page.wait_for_timeout(200)
    assert sent == ["POST"]
    page.clock.fast_forward(10_000)
    page.click("form[action*='/answer'] button.big")
    page.wait_for_timeout(200)
    assert sent == ["POST"] * 2


def ticket_in(page: Page) -> str:
    """Return the ticket of the complaint that is shown to be answered."""
    action = page.locator("form[action*='/answer']").get_attribute("action")
    found = re.search(r"/meja/([^/]+)/answer", action or "")
    assert found, action
    return found[1]


def test_an_officer_answers_without_javascript(visit: Enter, city: City) -> None:
    filed = city.json("POST", "/complaints", {"text": LAMP})
    page = visit(f"/meja/{filed['ticket']}", OFFICER, java_script_enabled=False)
    page.locator("form[action*='/answer'] #text").fill("Sudah menyala lagi.")
    page.click("form[action*='/answer'] button.big")
    assert city.json("GET", f"/complaints/{filed['ticket']}")["status"] == "answered"


def test_the_link_of_the_notification_leads_over_the_sign_in_to_the_complaint(visit: Enter, city: City) -> None:
    filed = city.json("POST", "/complaints", {"text": LAMP})

    def link() -> str:
        mails = [one for one in control.ask(city.run.port, "outbox") if filed["ticket"] in one["tickets"]]
        found = [re.search(rf"{city.base}/meja/\S+", one["text"]) for one in mails]
        return next((one[0] for one in found if one), "")

    until(lambda: bool(link()), seconds=8)
    page = visit()
    page.goto(link())
    if page.url.startswith(city.base):  # the page asks for a sign-in by a link
        page.locator("main a.button").click()
    page.fill("input[name=username]", "officer-dpuprpkp")
    page.fill("input[name=password]", city.password)
    page.click("button[type=submit], input[type=submit]")
    expect(page.locator("main")).to_contain_text(filed["ticket"])
    assert page.url.startswith(f"{city.base}/meja/{filed['ticket']}")


@pytest.mark.parametrize(("who", "start"), [("opd:disporapar", "/meja"), ("admin", "/kantor")])
def test_who_signs_in_has_a_cookie_of_this_prefix_that_no_script_reads_and_none_after_signing_out(
    visit: Enter, city: City, who: str, start: str
) -> None:
    page = visit()
    sign_in(page, city, who)
    assert page.url.startswith(f"{city.base}{start}")
    [cookie] = page.context.cookies(city.base)
    assert (cookie["path"], cookie["httpOnly"], cookie["sameSite"]) == ("/api", True, "Lax")
    assert page.evaluate("document.cookie") == ""
    page.click(f"form[action^='{city.base}/keluar'] button")
    expect(page.locator("main h1")).to_be_visible()
    assert page.context.cookies(city.base) == []
    page.goto(f"{city.base}{start}")
    expect(page.locator("form[action*='/keluar']")).to_have_count(0)
