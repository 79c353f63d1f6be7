"""What people write is only ever shown: each string of tests/data/xss.txt, in every field that any page shows.

None runs and none trips the policy: `visit` fails a test for a dialog, for an error or a breach of the policy on the
console, and for a request to anybody else.
"""

from __future__ import annotations

import urllib.parse
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter
from tests.browser.places import opened
from tests.browser.stage import City

STRINGS: Final = [
    line
    for line in (Path(__file__).parents[1] / "data/xss.txt").read_text("utf-8").splitlines()
    if not line.startswith("# ")
]
OFFICER: Final = "opd:dlh/sampah"  # whose list shows nothing else for long
NAME: Final = 195  # characters that a name may have
FIRST_WORDS: Final = 70  # characters of a text that every list shows


def packed(most: int) -> list[list[str]]:
    """Return all strings, as many together as a field of `most` characters takes."""
    packs: list[list[str]] = [[]]
    for one in STRINGS:
        if len("\n".join([*packs[-1], one])) > most:
            packs.append([])
        packs[-1].append(one)
    return packs


LONG: Final = packed(3800)


@pytest.fixture(scope="module")
def short_ones(city: City) -> list[tuple[str, str, list[str]]]:
    """File the strings in the fields that are short, a few a complaint: (ticket, receipt, strings)."""
    filed = []
    for strings in packed(NAME):
        words, line = "\n".join(strings), " ".join(strings)
        body = {"text": f"{words}\n(sampah)", "name": line, "address": line, "category": "sampah"}
        one = city.json("POST", "/complaints", body)
        assert (one["opd"], one["division"]) == ("dlh", "sampah")
        city.json("POST", f"/admin/complaints/{one['ticket']}/check", {}, city.token("admin"))
        filed.append((one["ticket"], one["receipt"], strings))
    return filed


def test_there_are_enough_of_them() -> None:
    assert len(set(STRINGS)) == len(STRINGS) >= 150


def shows(page: Page, strings: Sequence[str], times: int = 1) -> None:
    """See that the page shows the strings as they were written, each at least so often."""
    typed = page.eval_on_selector_all("textarea, input", "fields => fields.map(field => field.value)")
    shown = plain(" ".join([page.inner_text("body"), *typed]))
    missing = [one for one in strings if shown.count(plain(one)) < times]
    assert missing == []


def plain(text: str) -> str:
    return " ".join(text.split())


def walk(page: Page, city: City, paths: Sequence[str]) -> Iterator[int]:
    for number, path in enumerate(paths):
        answer = page.goto(f"{city.base}{path}")
        assert answer is not None
        assert answer.status == 200, path
        yield number


def test_text_name_and_address_are_shown_to_officer_admin_and_everybody_as_they_were_written(
    visit: Enter, city: City, short_ones: list[tuple[str, str, list[str]]]
) -> None:
    for who, path, times in ((OFFICER, "/meja/", 3), ("admin", "/kantor/", 1), ("", "/t/", 1)):
        page = visit(who=who)
        for number in walk(page, city, [f"{path}{ticket}" for ticket, _, _ in short_ones]):
            shows(page, short_ones[number][2], times)


def test_lists_and_the_feed_show_them_too(
    visit: Enter, city: City, short_ones: list[tuple[str, str, list[str]]]
) -> None:
    wanted = {plain(one) for _, _, strings in short_ones for one in strings if one in "\n".join(strings)[:FIRST_WORDS]}
    assert len(wanted) > len(STRINGS) / 4
    for who, path in ((OFFICER, "/meja"), ("admin", "/kantor/aduan?opd=dlh"), ("", "/aduan?opd=dlh")):
        page, seen = visit(path, who), set[str]()
        for _ in range(8):
            shown = plain(page.inner_text("main"))
            seen |= {one for one in wanted if one in shown}
            following = page.locator("main a[href*='cursor=']").last
            if seen == wanted or following.count() == 0:
                break
            with page.expect_navigation():
                following.click()
        assert wanted - seen == set(), path
    status, headers, feed = city.run.request("GET", "/api/aduan.rss?opd=dlh")
    assert status == 200
    assert "xml" in headers["content-type"]
    assert list(ET.fromstring(feed).iter("item"))  # noqa: S314  our own feed: that it can be read is the test


def test_the_reporters_page_shows_them_and_all_that_was_said_since(visit: Enter, city: City) -> None:
    """Text, question, reply, interim and final answer, rating's comment, reopening's reason."""
    page, officer = visit(), city.token(OFFICER)
    for number, strings in enumerate(LONG):
        words = "\n".join(strings)
        ticket = stepped(city, words, officer)
        for who, path, times in (("", "/t/", 6), (OFFICER, "/meja/", 7), ("admin", "/kantor/", 7)):
            page = visit(who=who)
            page.goto(f"{city.base}{path}{ticket[0]}")
            if not who:
                city.named[f"hostile {number}"] = ticket
                opened(f"hostile {number}")(page, city)
            shows(page, strings, times)


def stepped(city: City, words: str, officer: str) -> tuple[str, str]:
    """File these words and let them be said in every step between a reporter and a division."""
    filed = city.json("POST", "/complaints", {"text": words, "category": "sampah"})
    ticket, receipt = filed["ticket"], filed["receipt"]
    if filed["status"] == "received":
        to = {"opd": "dlh", "division": "sampah"}
        city.json("POST", f"/admin/complaints/{ticket}/dispatch", to, city.token("admin"))
    ours, theirs = f"/opd/complaints/{ticket}", f"/complaints/{ticket}"
    for path, body, token in (
        (f"{ours}/ask", {"text": words}, officer),
        (f"{theirs}/messages", {"text": words}, ""),
        (f"{ours}/answer", {"text": words, "final": False}, officer),
        (f"{ours}/answer", {"text": words}, officer),
        (f"{theirs}/rating", {"score": 1, "comment": words}, ""),
        (f"{theirs}/reopen", {"reason": words}, ""),
    ):
        city.json("POST", path, body, token, **({} if token else {"X-Receipt": receipt}))
    return ticket, receipt


def test_what_staff_says_among_themselves_is_shown_as_it_was_written(visit: Enter, city: City) -> None:
    """Reasons to forward and to refuse, a rejection's note, a contest and its end, a reward."""
    admin, officer = city.token("admin"), city.token(OFFICER)
    page = visit(who="admin")
    for number, strings in enumerate(LONG):
        words = "\n".join(strings)
        ticket = city.json("POST", "/complaints", {"text": "Sampah menumpuk di TPS kami.", "category": "sampah"})[
            "ticket"
        ]
        given = {"opd": "dlh", "division": "rth", "reason": words}
        city.json("POST", f"/opd/complaints/{ticket}/forward", given, officer)
        city.json("POST", f"/opd/complaints/{ticket}/refuse", {"reason": words}, city.token("opd:dlh/rth"))
        city.json("POST", f"/admin/complaints/{ticket}/reject", {"reason": "spam", "note": words}, admin)
        page.goto(f"{city.base}/kantor/{ticket}")
        shows(page, strings, 3)
        reward = {"opd": "dinkes", "division": "pelayanan", "period": f"2026-0{number + 1}", "reward": words[:200]}
        city.json("POST", "/admin/rewards", reward, admin)
        for path in ("/kantor/penghargaan", "/papan"):
            page.goto(f"{city.base}{path}?period={reward['period']}")
            shows(page, [one for one in strings if one in words[:200]])


def test_contests_and_what_the_mayor_says_are_shown_as_they_were_written(visit: Enter, city: City) -> None:
    admin, ticket = city.token("admin"), city.ticket("again")
    strings = packed(3800)[0]
    words = "\n".join(strings)
    city.json("POST", f"/opd/escalations/{ticket}/1/contest", {"reason": words}, city.token("opd:dishub/parkir"))
    page = visit(f"/kantor/{ticket}", "admin")
    shows(page, strings)
    page.goto(f"{city.base}/kantor")
    city.json("POST", f"/admin/escalations/{ticket}/1/deny", {"reason": words}, admin)
    page.goto(f"{city.base}/kantor/{ticket}")
    shows(page, strings, 2)
    mayor = city.token("mayor")
    city.json("POST", "/admin/standings/dishub/parkir/dismiss", {"reason": words}, mayor)
    for path in ("/kantor/status", "/kantor/status/dishub/parkir/surat", "/papan", "/aduan?opd=dishub"):
        page.goto(f"{city.base}{path}")
        expect(page.locator("main h1").first).to_be_visible()


def test_a_form_that_comes_back_holds_them_and_so_does_its_draft(visit: Enter, city: City) -> None:
    page = visit("/")
    for strings in LONG:
        words = "\n".join(strings)
        page.goto(f"{city.base}/")
        for fold in page.locator("details:not([open]) > summary").all():
            fold.click()
        page.fill("#text", words)
        page.fill("#name", words.replace("\n", " ")[:200])
        page.fill("#address", words.replace("\n", " ")[:300])
        page.fill("#phone", "nol delapan")
        page.click("#send")
        expect(page.locator("#phone-error")).to_be_visible()
        shows(page, strings)
        page.goto(f"{city.base}/")
        shows(page, strings)
        page.click("#no-draft")


def test_no_address_puts_them_into_a_page(visit: Enter, city: City) -> None:
    page, desk = visit(), visit(who=OFFICER)
    for strings in packed(400)[::3]:
        asked = urllib.parse.quote(" ".join(strings), safe="")
        for path in (
            "/t?ticket=",
            "/?lang=",
            "/aduan?category=",
            "/aduan?cursor=",
            "/papan?period=",
            "/masuk/selesai?code=x&state=",
        ):
            page.goto(f"{city.base}{path}{asked}")
            assert page.locator("main").count() == 1
        for path in ("/meja?status=", "/meja?cursor=", f"/meja/{city.ticket('warned')}?template="):
            desk.goto(f"{city.base}{path}{asked}")
            assert desk.locator("main").count() == 1


def test_what_nobody_could_read_and_what_is_typed_at_the_desk_is_shown_as_it_was_written(
    visit: Enter, city: City
) -> None:
    page = visit("/kantor/masukan", "admin")
    for strings in LONG:
        words = "\n".join(strings)
        page.goto(f"{city.base}/kantor/masukan")
        page.fill("textarea[name=text]", words)
        page.fill("input[name=phone]", "nol delapan")
        page.locator("form", has=page.locator("textarea[name=text]")).locator("button").last.click()
        shows(page, strings)
