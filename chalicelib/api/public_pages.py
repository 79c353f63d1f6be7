"""The pages that are for everybody: the complaints that the public may read, their feed, and the scoreboard.

They are links to be shared: a parameter that is not ours (as messengers add) counts for nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from chalice.app import Blueprint, Response

from chalicelib.api import board, figures, lists, reading, views
from chalicelib.api.errors import asked_language
from chalicelib.api.pages import named_complaint, show, shows_problems
from chalicelib.domain.complaint import Complaint, Status
from chalicelib.pages import text
from chalicelib.settings import current
from chalicelib.workflows import city

public_pages = Blueprint(__name__)
page = shows_problems(lambda: public_pages.current_request)

_CACHED: Final = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language"}
_CACHED_FEED: Final = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
_ON_A_PAGE: Final = 20
_IN_A_FEED: Final = 50
_FEED_FILTERS: Final = ("opd", "category")


@public_pages.route("/aduan", methods=["GET"], cors=False)
@page
def complaints() -> Response:
    """List what the public may read, newest first, by filters: all, an OPD's, a category's, those behind a number."""
    request, now = public_pages.current_request, reading.now()
    asked, lang = _asked(*lists.PUBLIC_FILTERS, "cursor"), asked_language(request)
    found, following = lists.published(asked, _ON_A_PAGE, now)
    filters = {name: value for name, value in asked.items() if name != "cursor"}
    return _shown("complaints.html", lang, here=_address("/aduan", asked), filters=filters,
        items=_cards(found, lang, now), named=_named(filters, lang, now),
        services=board.services(now, lang), opds=[(code, opd["name"]) for code, opd in city.current(now).opds.items()],
        statuses=[*Status], feed=_address("/aduan.rss", {n: v for n, v in filters.items() if n in _FEED_FILTERS}),
        next=_address("/aduan", {**filters, "cursor": following}) if following else None,
        is_first="cursor" not in asked, standing=_opds_figures(asked, now), this_month=figures.month_of({}, now),
    )  # fmt: skip


@public_pages.route("/aduan.rss", methods=["GET"], cors=False)
@page
def rss() -> Response:
    """Return the newest of them as a feed: of all, of an OPD, of a category."""
    from chalicelib.api import feed  # what writes XML is loaded by who asks for it

    request, now = public_pages.current_request, reading.now()
    asked, lang = _asked(*_FEED_FILTERS), asked_language(request)
    found, _ = lists.published(asked, _IN_A_FEED, now)
    base, named = current().public_url, _named(asked, lang, now)
    of = [name for name in (named["category"], named["opd"]) if name]
    title = " · ".join([text("public.feed", lang, city=current().city), *of])
    link = base + _address("/aduan", {**asked, "lang": lang})
    items = [
        feed.Item(card["text"], page, f"{page}?lang={lang}", one.received_at, _about(card))
        for one, card in zip(found, _cards(found, lang, now), strict=True)
        if (page := f"{base}/t/{one.ticket}")
    ]
    written = feed.feed(title, text("public.about", lang), link, lang, items)
    return Response(written, headers={"Content-Type": feed.TYPE, **_CACHED_FEED})


@public_pages.route("/papan", methods=["GET"], cors=False)
@page
def scoreboard() -> Response:
    """Show how the city, its OPDs and their divisions do in a month, who stands on a rung now, and why."""
    now = reading.now()
    period = figures.month_of(_asked("period"), now)
    lang = asked_language(public_pages.current_request)
    return _shown("board.html", lang, here=_address("/papan", {"period": period}), period=period,
        months=board.months(period, now), board=board.board(period, now), numbers=views.rule_numbers(),
        reward_after=city.policy().reward_after,
    )  # fmt: skip


def _shown(template: str, lang: str, **values: Any) -> Response:  # noqa: ANN401
    """Return a page that anybody's cache may keep for a minute."""
    answer = show(template, lang, **values)
    answer.headers.update(_CACHED)
    return answer


def _asked(*names: str) -> dict[str, str]:
    """Return these parameters of the query, an empty one as absent."""
    given = public_pages.current_request.query_params or {}
    return {name: given[name][: reading.MOST_OF_A_PARAMETER] for name in names if given.get(name)}


def _address(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _named(asked: dict[str, str], lang: str, now: datetime) -> dict[str, str]:
    """Return what people call the OPD, division and category asked for; "" for what the city does not have."""
    opd = city.current(now).opds.get(asked.get("opd", ""), {})
    divisions = {one["code"]: one["name"] for one in opd.get("divisions", ())}
    categories = {one["code"]: one["words"] for one in board.services(now, lang)}
    return {
        "opd": opd.get("name", ""),
        "division": divisions.get(asked.get("division", ""), ""),
        "category": categories.get(asked.get("category", ""), ""),
    }


def _cards(found: list[Complaint], lang: str, now: datetime) -> list[dict[str, Any]]:
    """Return what the public may see of complaints, with their names in that language."""
    categories = {one["code"]: one["words"] for one in board.services(now, lang)}
    cards = [named_complaint(views.public_view(one)) for one in found]
    return [{**card, "category_name": categories.get(card["category"], card["category_name"])} for card in cards]


def _about(card: dict[str, Any]) -> tuple[str, ...]:
    return tuple(filter(None, (card["category_name"], card["opd_name"])))


def _opds_figures(asked: dict[str, str], now: datetime) -> dict[str, Any] | None:
    """Return how an OPD does this month, for the first page of its own list."""
    if set(asked) != {"opd"}:
        return None
    return board.opd_on_board(asked["opd"], figures.month_of({}, now))
