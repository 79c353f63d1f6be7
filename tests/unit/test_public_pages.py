"""The public list of complaints and the scoreboard, as they are rendered from what their views hand over."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest

from chalicelib import pages
from tests.unit import public_samples
from tests.unit.test_pages import BASE, NOW, Page, shown, values_of


def hrefs(page: Page, path: str) -> list[str]:
    return [link["href"].removeprefix(BASE) for link in page.all("a") if link["href"].startswith(BASE + path)]


def test_a_complaint_in_the_public_list_says_whether_it_is_answered() -> None:
    words = re.sub(r"\s+", " ", shown("complaints.html", "en").words)
    for expected in (
        "Not answered yet · 2 working days left", "Not answered yet · 3 working days late", "Answered 24 Nov 2026",
        "Answered in part 24 Nov 2026", "Waiting for the reporter", "Waiting to be dispatched", "Not taken up",
    ):  # fmt: skip
        assert expected in words
    looks = [item["class"].split()[2] for item in shown("complaints.html").all("li") if "card" in item.get("class", "")]
    assert looks == ["at-open", "at-late", "at-calm", "at-calm", "at-open", "at-open", "at-calm"]


def test_the_public_list_keeps_its_filters_and_says_where_its_feed_is() -> None:
    filters = {"opd": "dpuprpkp", "kind": "idea"}
    page = shown("complaints.html", filters=filters)
    assert [option["value"] for option in page.all("option") if "selected" in option] == ["dpuprpkp", "idea"]
    assert hrefs(page, "/aduan?cursor") == ["/aduan?cursor=abc&lang=id"]
    assert "/aduan?opd=dpuprpkp&kind=idea&lang=id" in hrefs(page, "/aduan?opd")
    feeds = [link["href"] for link in page.all("link") if link["rel"] == "alternate"]
    assert feeds == [f"{BASE}/aduan.rss?opd=dpuprpkp&lang=id"]
    assert "open" in next(page.all("details"))
    assert "open" not in next(shown("complaints.html", filters={"opd": "dpuprpkp"}).all("details"))


def test_a_list_behind_a_number_says_which_and_what_it_leaves_out() -> None:
    def told(**filters: str) -> str:
        return shown("complaints.html", "en", filters=filters, standing=None).words

    assert "Complaints not answered in time · November 2026" in told(counted="late", period="2026-11")
    assert "Complaints received · October 2026" in told(period="2026-10")
    assert "Complaints whose answer was rated" in told(counted="rated")
    left_out = pages.text("public.behind_hint", "en")
    assert left_out in told(counted="rated")
    assert left_out not in told(kind="idea")


def test_a_list_without_complaints_invites_or_says_where_to_look() -> None:
    def told(**changes: Any) -> tuple[str, list[str]]:
        empty: dict[str, Any] = {"items": [], "filters": {}, "next": None, "is_first": True, "standing": None}
        page = shown("complaints.html", **{**empty, **changes})
        return page.words, [link["href"] for link in page.all("a") if link.get("class") == "button"]

    words, buttons = told()
    assert pages.text("public.empty_title", "id") in words
    assert buttons == [f"{BASE}/?lang=id"]
    assert pages.text("public.none", "id") in told(filters={"kind": "idea"})[0]
    words, buttons = told(next="/aduan?cursor=abc", filters={"kind": "idea"})
    assert pages.text("public.none_yet", "id") in words
    assert buttons == [f"{BASE}/aduan?cursor=abc&lang=id"]


def test_the_board_draws_each_rung_and_says_why() -> None:
    page = shown("board.html", "en")
    stands = [item["class"] for item in page.all("li") if item.get("class", "").startswith("stand of-")]
    assert stands == [f"stand of-{name}" for name in ("replacement", "black_vest", "warning", "reward", "reward")]
    words = re.sub(r"\s+", " ", page.words)
    for expected in (
        "Black vest since 24 Nov 2026", "After the warning, a complaint reached the black vest stage.",
        "3 warnings within 30 days.", "2 delays on confidential complaints", "1 delay on a confidential complaint",
        "3 more complaints", "The city's admin (dispatch)", "Rank 1 · 75% in time · 8 complaints finished",
    ):  # fmt: skip
        assert expected in words
    assert len(set(hrefs(page, "/t/"))) == 9


def test_every_number_of_the_board_opens_what_is_behind_it() -> None:
    page = shown("board.html", board={**public_samples.a_board("x"), "stands": [], "rewards": []})
    where = "/aduan?opd=dishub"
    for counted in ("on_time", "late", "answered", "rated", "dispatched", "finished"):
        assert f"{where}&counted={counted}&period=2026-10&lang=id" in hrefs(page, where)
        assert f"/aduan?counted={counted}&period=2026-10&lang=id" in hrefs(page, "/aduan?counted") or counted in (
            "answered", "dispatched",
        )  # fmt: skip
    assert f"{where}&division=parkir&counted=late&period=2026-10&lang=id" in hrefs(page, where)
    assert "/aduan?counted=received&period=2026-10&lang=id" in hrefs(page, "/aduan?counted")
    assert not [href for href in hrefs(page, "/aduan?opd=dlh") if "counted" in href]  # it has nothing to show


def test_numbers_are_written_as_the_language_writes_them_and_never_better_than_they_are() -> None:
    board = public_samples.a_board("x")
    almost: dict[str, Any] = {"share_on_time": 0.9994, "median_hours": 1, "rating_mean": 4.0}
    opds = [public_samples.an_opd(divisions=[], **almost), public_samples.an_opd(code="dlh", median_hours=24)]
    words = {lang: re.sub(r"\s+", " ", shown("board.html", lang, board={**board, "opds": opds}).words)
             for lang in pages.LANGUAGES}  # fmt: skip
    for expected in ("99% tepat waktu", "1 jam waktu jawab", "4 nilai dari 5", "1 hari waktu jawab", "75% tepat waktu",
                     "4,2 nilai dari 5", "Separuh warga dijawab dalam 1,5 hari kerja."):  # fmt: skip
        assert expected in words["id"]
    for expected in ("99% in time", "1 hour to answer", "4.2 rating of 5", "within 1.5 days of working time"):
        assert expected in words["en"]


def test_a_chart_has_its_numbers_beside_it() -> None:
    page = shown("board.html")
    drawn = [tag["aria-label"] for tag in page.all("svg") if tag.get("role") == "img"]
    assert drawn == ["75% dari 12 aduan dijawab tepat waktu"]
    assert [ring["stroke-dasharray"] for ring in page.all("circle") if "stroke-dasharray" in ring] == ["75 100"]
    assert len(list(page.all("table"))) == 3  # of each OPD's divisions, and all in one


@pytest.mark.parametrize(
    ("period", "said"),
    [("2026-11", "board.empty_title"), ("2026-10", "board.empty_month")],
)
def test_an_empty_board_invites_this_month_and_says_so_of_another(period: str, said: str) -> None:
    nothing = public_samples.nothing(received=0)
    board = {"total": nothing, "stands": [], "rewards": [], "opds": [], "quiet": []}
    page = shown("board.html", period=period, board=board)
    assert pages.text(said, "id", **({"month": "Oktober 2026"} if "month" in said else {})) in page.words
    invited = [link["href"] for link in page.all("a") if link.get("class") == "button"]
    assert invited == ([f"{BASE}/?lang=id"] if period == "2026-11" else [])
    assert len(list(page.all("svg"))) == (3 if invited else 0)


def test_nobody_on_a_rung_and_no_reward_are_said() -> None:
    board = {**public_samples.a_board("x"), "stands": [], "rewards": []}
    for period, said in (("2026-10", "board.no_reward"), ("2026-09", "board.no_reward_then")):
        words = shown("board.html", board=board, period=period).words
        assert pages.text("board.nobody", "id") in words
        assert pages.text(said, "id", **({"days": 10} if said == "board.no_reward" else {})) in words


def test_a_board_of_a_large_city_stays_light() -> None:
    name = "Dinas Sosial, Pemberdayaan Perempuan dan Perlindungan Anak "
    stands = [
        public_samples.a_division(f"{name} {n}", f"d{n}", standing=public_samples.a_standing()) for n in range(30)
    ]
    opds = [public_samples.an_opd(f"{name} {n}", f"opd{n}", divisions=stands[n % 25 : n % 25 + 5]) for n in range(45)]
    board = {**public_samples.a_board(name), "stands": stands, "opds": opds}
    html = pages.render("board.html", "id", BASE, **{**values_of("board.html"), "now": NOW, "board": board})
    assert len(gzip.compress(html.encode())) < 40_000
