"""`make screens`: every page of `places` on a phone and on a desk, into tests/screens/. Look at them."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image
from playwright.sync_api import Browser

from tests.browser.places import EMPTY, PAGES, Place
from tests.browser.stage import City, Watch, chromium, city_at_work, empty_city, enter, missing

FOLDER: Final = Path(__file__).parents[1] / "screens"
WIDTHS: Final = {360: 740, 1280: 900}  # and the height of the window
TALLEST: Final = 3200  # pixels: a list of forty looks the same further down
COLOURS: Final = 64  # enough for pages without a photograph, and a quarter of the bytes


def shoot(browser: Browser, city: City, places: Sequence[Place], only: str) -> None:
    """Write the screenshots of these places, and end with what their pages did wrong."""
    watch = Watch(city.base)
    for place in places:
        if only not in place.name:
            continue
        for width, height in WIDTHS.items():
            with enter(browser, city, watch, place.who, viewport={"width": width, "height": height}) as context:
                page = context.new_page()
                place.open(page, city)
                keep(page.screenshot(full_page=True, animations="disabled"), FOLDER / f"{place.name}-{width}.png")
        sys.stdout.write(f"{place.name}\n")
    if watch.faults:
        sys.exit("\n".join(watch.faults))


def keep(png: bytes, file: Path) -> None:
    """Write a screenshot so that it weighs little."""
    with Image.open(io.BytesIO(png)) as whole:
        top = whole.convert("RGB").crop((0, 0, whole.width, min(whole.height, TALLEST)))
    few = top.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(file, "PNG", optimize=True)


def main(only: str = "") -> None:
    """Write them all, or those whose name has `only` in it."""
    if reason := missing():
        sys.exit(f"no screenshots: {reason}")
    FOLDER.mkdir(exist_ok=True)
    with chromium() as browser:
        with TemporaryDirectory() as folder, empty_city(Path(folder)) as city:
            shoot(browser, city, EMPTY, only)
        with TemporaryDirectory() as folder, city_at_work(Path(folder)) as city:
            shoot(browser, city, PAGES, only)


if __name__ == "__main__":
    main(*sys.argv[1:])
