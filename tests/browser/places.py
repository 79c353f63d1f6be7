"""Every page that a person can see, where it is and who sees it: what the tests look at, and what is screenshotted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page, Response

from tests.browser.stage import City

OFFICER: Final = "opd:dpuprpkp"
IDLE: Final = "opd:inspektorat"  # an officer with nothing to do
TOO_SHORT: Final = "x"
LAMP: Final = "Lampu jalan (PJU) mati di Jl. Bukirsari, sudah dua minggu gelap."


@dataclass(frozen=True)
class Place:
    """A page: `path` may name a complaint of the history, as in "/t/{answered}"; `then` is what a person does there to
    come to the page that is meant, which answers `status`."""

    name: str
    path: str
    who: str = ""
    lang: str = "id"
    status: int = 200
    then: Callable[[Page, City], None] | None = None

    def open(self, page: Page, city: City) -> None:
        """Go there."""
        path = self.path.format_map({name: ticket for name, (ticket, _) in city.named.items()})
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer) if is_page(answer, page) else None)
        page.goto(f"{city.base}{path}{'&' if '?' in path else '?'}lang={self.lang}")
        if self.then:
            self.then(page, city)
            page.wait_for_load_state()
        assert answers[-1].status == self.status, (self.name, answers[-1].status)


def is_page(answer: Response, page: Page) -> bool:
    """Say whether an answer is what the browser shows now."""
    return answer.request.is_navigation_request() and answer.frame == page.main_frame


def sent_empty(page: Page, _: City) -> None:
    """Send the form with nothing right in it, past what the browser itself would stop."""
    page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
    page.fill("#text", TOO_SHORT)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.fill("#phone", "nol delapan")
    page.fill("#email", "warga di rumah")
    page.click("#send")
    page.wait_for_selector("[role=alert], .alert")


def sent(page: Page, _: City) -> None:
    """File a complaint."""
    page.fill("#text", LAMP)
    page.click("#send")
    page.wait_for_selector("#slip-ticket")


def opened(name: str) -> Callable[[Page, City], None]:
    """Open one's own complaint by its receipt."""

    def open_it(page: Page, city: City) -> None:
        page.fill("input[name=receipt]", city.receipt(name))
        page.locator("form", has=page.locator("input[name=receipt]")).last.locator("button").click()
        page.wait_for_selector("form input[type=hidden][name=receipt]", state="attached")

    return open_it


def signed_out(page: Page, city: City) -> None:
    """Sign out; the session that the other tests use is only forgotten by this browser."""
    page.click(f"form[action^='{city.base}/keluar'] button")
    page.wait_for_selector("main h1")


def read_on(page: Page, _: City) -> None:
    """Open the first message that nobody could read."""
    with page.expect_navigation():
        page.locator("a.button.plain[href*='/kantor/karantina/']").first.click()


def asked_for_token(page: Page, city: City) -> None:
    """Ask for one's own token."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    with page.expect_navigation():
        page.click(f"form[action^='{city.base}/kantor/token'] button")


PAGES: Final = (
    # citizens
    Place("form", "/"),
    Place("form-en", "/", lang="en"),
    Place("form-wrong", "/", status=400, then=sent_empty),
    Place("filed", "/", status=201, then=sent),
    Place("ticket", "/t/{answered}"),
    Place("ticket-en", "/t/{answered}", lang="en"),
    Place("ticket-own", "/t/{answered}", then=opened("answered")),
    Place("ticket-asked", "/t/{waiting}", then=opened("waiting")),
    Place("ticket-closed", "/t/{closed}"),
    Place("ticket-late", "/t/{vest}"),
    Place("ticket-rejected", "/t/{rejected}"),
    Place("ticket-merged", "/t/{merged}"),
    Place("ticket-unchecked", "/t/{unchecked}"),
    Place("ticket-long", "/t/{long}"),
    Place("ticket-none", "/t/{confidential}", status=404),
    # the public
    Place("complaints", "/aduan"),
    Place("complaints-opd", "/aduan?opd=dishub"),
    Place("complaints-none", "/aduan?opd=inspektorat&kind=idea"),
    Place("board", "/papan"),
    Place("board-en", "/papan", lang="en"),
    Place("board-empty-month", "/papan?period=2026-01"),
    # officers
    Place("desk", "/meja", OFFICER),
    Place("desk-en", "/meja", OFFICER, lang="en"),
    Place("desk-answered", "/meja?status=answered", OFFICER),
    Place("desk-empty", "/meja", IDLE),
    Place("desk-complaint", "/meja/{new}", OFFICER),
    Place("desk-complaint-late", "/meja/{proposed}", OFFICER),
    Place("desk-complaint-long", "/meja/{long}", OFFICER),
    Place("desk-signed-out", "/meja", "opd:dlh", then=signed_out),
    # the office
    Place("office", "/kantor", "admin"),
    Place("office-en", "/kantor", "admin", lang="en"),
    Place("office-complaint", "/kantor/{queued}", "admin"),
    Place("office-complaint-contested", "/kantor/{warned}", "admin"),
    Place("office-complaints", "/kantor/aduan", "admin"),
    Place("office-standings", "/kantor/status", "mayor"),
    Place("office-letter", "/kantor/status/dishub/parkir/surat", "mayor"),
    Place("office-entry", "/kantor/masukan", "admin"),
    Place("office-quarantine", "/kantor/karantina", "admin"),
    Place("office-message", "/kantor/karantina", "admin", then=read_on),
    Place("office-rewards", "/kantor/penghargaan", "admin"),
    Place("office-figures", "/kantor/angka", "auditor"),
    Place("office-holidays", "/kantor/libur", "admin"),
)
UNPICTURED: Final = (Place("office-token", "/kantor", "admin", then=asked_for_token),)  # it shows a token
EMPTY: Final = (  # a city in which nothing has happened yet
    Place("empty-complaints", "/aduan"),
    Place("empty-board", "/papan"),
    Place("empty-office", "/kantor", "admin"),
    Place("empty-standings", "/kantor/status", "mayor"),
    Place("empty-figures", "/kantor/angka", "admin"),
)
