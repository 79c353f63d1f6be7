"""A citizen in a real browser: files, with a script and without, offline and on a map; sees the answer and rates it."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter
from tests.browser.places import LAMP, opened
from tests.browser.stage import City, Watch

TICKET = re.compile(r"^[0-9A-Z]{5}-[0-9A-Z]{5}$")
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
either_way = pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])


def open_folds(page: Page) -> None:
    for fold in page.locator("details:not([open]) > summary").all():
        fold.click()


def file(page: Page, text: str) -> tuple[str, str]:
    """Send the form with these words; return ticket and receipt."""
    page.fill("#text", text)
    page.click("#send")
    return page.locator("#slip-ticket").inner_text(), page.locator("#slip-receipt").inner_text()


@either_way
def test_a_citizen_files_mends_what_was_wrong_keeps_the_words_and_looks_the_ticket_up(
    visit: Enter, script: bool
) -> None:
    page = visit("/", java_script_enabled=script)
    page.fill("#text", LAMP)
    page.fill("#address", "Jl. Bukirsari 12")
    open_folds(page)
    page.fill("#phone", "nol delapan")
    page.check("#anonymous")
    page.click("#send")
    expect(page.locator("#phone-error")).to_be_visible()
    expect(page.locator("#phone")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#text")).to_have_value(re.compile(re.escape(LAMP)))
    expect(page.locator("#address")).to_have_value("Jl. Bukirsari 12")
    expect(page.locator("#phone")).to_have_value("nol delapan")
    expect(page.locator("#anonymous")).to_be_checked()
    page.fill("#phone", "")
    ticket, receipt = file(page, LAMP)
    assert TICKET.match(ticket)
    assert receipt
    assert receipt not in page.url
    page.locator(".brand").click()
    page.fill("#ticket", ticket.lower().replace("-", " "))
    page.locator("form", has=page.locator("#ticket")).locator("button").click()
    expect(page.locator("h1")).to_contain_text(ticket)


@either_way
def test_the_reporter_sees_the_answer_rates_it_and_it_is_closed(visit: Enter, city: City, script: bool) -> None:
    filed = city.json("POST", "/complaints", {"text": LAMP})
    token = city.token("opd:dpuprpkp")
    city.json("POST", f"/opd/complaints/{filed['ticket']}/answer", {"text": "Sudah menyala lagi."}, token)
    page = visit(f"/t/{filed['ticket']}", java_script_enabled=script)
    expect(page.locator("main")).to_contain_text("Sudah menyala lagi.")
    assert page.locator("input[name=score]").count() == 0
    city.named["rated now"] = (filed["ticket"], filed["receipt"])
    opened("rated now")(page, city)
    page.check("input[name=score][value='4']")
    page.fill("#comment", "Cepat, terima kasih.")
    page.locator("form", has=page.locator("#comment")).locator("button").click()
    expect(page.locator("[role=status].done")).to_be_visible()
    assert city.json("GET", f"/complaints/{filed['ticket']}")["status"] == "closed"
    assert filed["receipt"] not in page.url


def test_what_is_typed_outlives_a_closed_page_and_waits_for_the_signal(visit: Enter, watch: Watch) -> None:
    page = visit("/")
    context = page.context
    page.fill("#text", "Jembatan bambu di kampung kami patah, anak-anak memutar.")
    expect(page.locator("#no-draft")).to_be_visible()
    page.close()
    page = context.new_page()
    page.goto(watch.base + "/")
    expect(page.locator("#text")).to_have_value("Jembatan bambu di kampung kami patah, anak-anak memutar.")
    context.set_offline(True)
    page.click("#send")
    expect(page.locator("#draft")).not_to_be_empty()
    expect(page.locator("#send")).to_be_visible()
    context.set_offline(False)
    expect(page.locator("#slip-ticket")).to_be_visible()
    page.goto(watch.base + "/")
    expect(page.locator("#text")).to_have_value("")


def test_what_was_filed_is_no_draft_again_for_whoever_has_the_phone_next(visit: Enter, watch: Watch) -> None:
    page = visit("/")
    open_folds(page)
    page.fill("#name", "Warga Uji")
    page.fill("#phone", "0800 0000 0001")
    file(page, LAMP)
    page.go_back()
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#phone")).to_have_value("")
    page.goto(watch.base + "/papan")
    page = page.context.new_page()
    page.goto(watch.base + "/")
    for field in ("#text", "#name", "#phone"):
        expect(page.locator(field)).to_have_value("")
    expect(page.locator("#no-draft")).to_be_hidden()
    assert page.evaluate("localStorage.getItem('sambat-draft')") is None
    page.fill("#text", "Jembatan bambu patah.")  # what is new is a draft again
    expect(page.locator("#no-draft")).to_be_visible()
    page.reload()
    expect(page.locator("#text")).to_have_value("Jembatan bambu patah.")


def test_what_was_typed_last_is_kept_at_once_when_the_page_is_left(visit: Enter, watch: Watch) -> None:
    page = visit("/")
    page.fill("#text", "Jembatan bambu patah.")
    page.goto(watch.base + "/papan")
    page.goto(watch.base + "/")
    expect(page.locator("#text")).to_have_value("Jembatan bambu patah.")


def test_what_was_changed_while_it_waited_for_the_signal_waits_for_its_writer(visit: Enter) -> None:
    page = visit("/")
    page.fill("#text", LAMP)
    page.context.set_offline(True)
    page.click("#send")
    expect(page.locator("#draft")).to_contain_text("sinyal")
    page.fill("#text", "Lampu")
    page.context.set_offline(False)
    expect(page.locator("#draft")).to_have_text("Draf tersimpan di HP ini saja.")
    page.fill("#text", "Lampu jalan mati, dan ini belum selesai kami tulis")
    page.context.set_offline(True)
    page.context.set_offline(False)
    expect(page.locator("#draft")).to_have_text("Draf tersimpan di HP ini saja.")
    expect(page.locator("#send")).to_have_text("Kirim aduan")


def test_the_place_may_be_where_the_phone_is_or_a_point_on_a_map_that_loads_when_it_is_asked_for(
    visit: Enter, watch: Watch, city: City
) -> None:
    page = visit(geolocation={"latitude": -7.9443, "longitude": 112.6417}, permissions=["geolocation"])
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    watch.others = ("https://tile.openstreetmap.org/",)
    page.route("https://tile.openstreetmap.org/**", lambda route: route.fulfill(content_type="image/png", body=PIXEL))
    page.goto(watch.base + "/")
    page.click("#here")
    expect(page.locator("input[name=lat]")).to_have_value("-7.944300")
    assert [url for url in loaded if not url.startswith("data:")] == [watch.base + "/"]
    page.click("#open-map")
    expect(page.locator("#map.leaflet-container")).to_be_visible()
    page.drag_and_drop("#map", "#map", source_position={"x": 200, "y": 100}, target_position={"x": 150, "y": 130})
    page.click("#use-point")
    expect(page.locator("input[name=lat]")).not_to_have_value("-7.944300")
    ticket, _ = file(page, LAMP)
    seen = city.json("GET", f"/admin/complaints/{ticket}", token=city.token("admin"))
    assert seen["lat"] == pytest.approx(-7.944, abs=0.01)


def test_the_form_is_filled_in_and_sent_by_keyboard_alone(visit: Enter) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    tab_to(page, "text")
    page.keyboard.type(LAMP)
    tab_to(page, "address")
    page.keyboard.type("Jl. Bukirsari 12")
    tab_to(page, "send")
    page.keyboard.press("Enter")
    expect(page.locator("#slip-ticket")).to_be_visible()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the field is reached; whatever has the focus on the way can be seen to have it."""
    for _ in range(40):
        page.keyboard.press("Tab")
        seen = page.evaluate("""() => {
            const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
            return {id: at.id, ring: style.outlineStyle !== "none" || at.closest("label") !== null, high: box.height};
        }""")
        assert seen["ring"], seen
        assert seen["high"], seen
        if seen["id"] == name:
            return
    raise AssertionError(f"{name} cannot be reached by Tab")
