"""Every page can be used by everybody: axe-core finds nothing wrong, all has a name, nothing is cut off at 320 px."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Enter
from tests.browser.places import EMPTY, PAGES, UNPICTURED, Place
from tests.browser.stage import PREFIX, City, Watch, empty_city, enter

AXE: Final = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NAMELESS: Final = re.compile(
    r"^\s*- (?:link|button|textbox|searchbox|checkbox|radio|combobox|listbox|option|slider|switch)\b(?! \")"
)
_RUN: Final = "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
PHONE: Final = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def nowhere(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city in which nothing has happened yet."""
    with empty_city(tmp_path_factory.mktemp("empty")) as running:
        yield running


@pytest.mark.parametrize("place", [*PAGES, *UNPICTURED], ids=lambda place: place.name)
def test_axe_finds_nothing_all_has_a_name_and_nothing_is_cut_off_on_a_small_phone_or_at_twice_the_size(
    visit: Enter, city: City, place: Place
) -> None:
    page = visit(who=place.who, viewport=PHONE)
    place.open(page, city)
    is_for_everybody(page)
    assert leading_astray(page, city.base) == []


@pytest.mark.parametrize("place", EMPTY, ids=lambda place: place.name)
def test_so_it_is_in_a_city_in_which_nothing_has_happened_yet(browser: Browser, nowhere: City, place: Place) -> None:
    watch = Watch(nowhere.base)
    with enter(browser, nowhere, watch, place.who, viewport=PHONE) as context:
        page = context.new_page()
        place.open(page, nowhere)
        is_for_everybody(page)
    assert watch.faults == []


def is_for_everybody(page: Page) -> None:
    """See that nobody is shut out of a page."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(_RUN, RULES)
    assert [described(one) for one in found["violations"]] == []
    tree = page.locator("body").aria_snapshot()
    assert "- heading" in tree
    assert [line.strip() for line in tree.splitlines() if NAMELESS.match(line)] == []
    for width in (320, 640):  # 640 px are what a screen of 1280 has at 200 %
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def leading_astray(page: Page, base: str) -> list[str]:
    """Return the links and forms of this host that leave the prefix under which the service is."""
    led: list[str] = page.eval_on_selector_all("a[href], form[action]", "all => all.map(e => e.href || e.action)")
    host = base.removesuffix(PREFIX)
    return [to for to in led if to.startswith(host) and not to.startswith((f"{base}/", f"{base}?"))]


def described(violation: dict[str, Any]) -> str:
    return f"{violation['id']}: {violation['help']}: " + "; ".join(
        node["html"][:200] for node in violation["nodes"][:3]
    )


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('<h1>x</h1><input id="a">', "label"),
        ('<h1>x</h1><p style="color:#bbb;background:#fff">grey on white</p>', "color-contrast"),
        ('<h1>x</h1><img src="data:,">', "image-alt"),
    ],
)
def test_what_shuts_somebody_out_is_found(browser: Browser, body: str, found: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content(f"<!doctype html><html lang=id><title>x</title><main>{body}</main>")
        with pytest.raises(AssertionError, match=found):
            is_for_everybody(page)


def test_what_has_no_name_is_found() -> None:
    assert NAMELESS.match('  - textbox [disabled]: "typed"')
    assert NAMELESS.match("- button")
    assert not NAMELESS.match('- button "Kirim aduan"')
