"""What `make screens` shows: every page on a phone and on a desk, kept in tests/screens/ to be looked at."""

from __future__ import annotations

from pathlib import Path

from tests.browser.places import EMPTY, PAGES
from tests.browser.screens import FOLDER, WIDTHS

ROOT = Path(__file__).parents[2]


def test_every_page_has_its_two_screenshots_and_no_screenshot_is_of_a_page_that_is_no_more() -> None:
    wanted = {f"{place.name}-{width}.png" for place in (*PAGES, *EMPTY) for width in WIDTHS}
    assert {file.name for file in FOLDER.glob("*.png")} == wanted


def test_the_screenshots_weigh_little_enough_to_be_kept() -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("*.png")) < 7_000_000


def test_the_readme_shows_screenshots_that_are_there() -> None:
    shown = [part.split(")")[0] for part in (ROOT / "README.md").read_text("utf-8").split("](tests/screens/")[1:]]
    assert [name for name in shown if not (FOLDER / name).exists()] == []
