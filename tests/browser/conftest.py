"""One service and one browser for all tests of pages; a context of its own for each test, watched to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.stage import City, Watch, chromium, city_at_work, enter, missing

Enter = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if reason := missing():
        pytest.skip(f"the tests of pages in a real browser: {reason}")
    with chromium() as found:
        yield found


@pytest.fixture(scope="package")
def city(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The running service."""
    with city_at_work(tmp_path_factory.mktemp("city")) as running:
        yield running


@pytest.fixture
def watch(city: City) -> Watch:
    """What pages must never do, written down."""
    return Watch(city.base)


@pytest.fixture
def visit(browser: Browser, city: City, watch: Watch) -> Iterator[Enter]:
    """Open a page in a fresh context: `visit("/meja", "opd:dishub")`; what its scripts or its policy did wrong fails
    the test."""
    contexts = []

    def open_page(path: str = "", who: str = "", **options: object) -> Page:
        contexts.append(enter(browser, city, watch, who, **options))
        page = contexts[-1].new_page()
        if path:
            page.goto(f"{city.base}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert watch.faults == []
