"""What the first page costs a citizen whose data is paid by the megabyte."""

from __future__ import annotations

import gzip
import re
from typing import Final

import pytest

from tests.browser.conftest import Enter
from tests.browser.stage import PREFIX, City

MOST: Final = 40_000  # bytes over the wire
BROWSERS: Final = {"User-Agent": "Mozilla/5.0", "Accept-Encoding": "gzip", "Accept-Language": "id-ID,id;q=0.9"}


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_first_load_of_the_form_is_one_request_and_at_most_forty_kilobytes(
    visit: Enter, city: City, language: str
) -> None:
    status, headers, body = city.run.request("GET", f"{PREFIX}/?lang={language}", headers=BROWSERS)
    assert status == 200
    head = sum(len(f"{name}: {value}\r\n") for name, value in headers.items())
    assert len(gzip.compress(body, 6)) + head <= MOST  # as API Gateway compresses it
    page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{city.base}/?lang={language}", wait_until="networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [f"{city.base}/?lang={language}"]


def test_pages_load_nothing_from_anybody_else(visit: Enter, city: City) -> None:
    for path in ("/", "/aduan", "/papan", f"/t/{city.ticket('answered')}"):
        page = visit(path)
        sources = page.eval_on_selector_all(
            "[src], link[href]:not([rel=alternate])", "all => all.map(e => e.src || e.href)"
        )
        assert [one for one in sources if not re.match(rf"data:|{re.escape(city.base)}/", one)] == []
