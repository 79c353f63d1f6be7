"""The pages that people see: templates, their one style, and every word of them in Indonesian and English.

Nothing here reads the environment or decides anything: a view hands over what it knows, and gets HTML.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context

FOLDER: Final = Path(__file__).parent
LANGUAGES: Final = ("id", "en")
KINDS: Final = ("complaint", "question", "idea", "information")
STEPS: Final = ("received", "dispatched", "in_progress", "answered", "closed")
ENTRIES: Final = (
    "received", "dispatched", "checked", "started", "message", "escalated", "forwarded", "asked", "replied", "resumed",
    "refused", "rejected", "merged", "absorbed", "reopened", "rated", "closed", "finish_missed", "contested", "upheld",
    "denied", "deadlines_moved", "reporter_read",
)  # fmt: skip
RUNGS: Final = ("warning", "black_vest", "replacement")
RULES: Final = (
    "first_warning", "complaint_reached_black_vest", "third_warning_within_window", "complaint_reached_replacement",
    "two_more_black_vests_within_window", "came_down",
)  # fmt: skip
LOOKS: Final = {  # the picture of an entry, and what it says at first sight; others are a plain dot
    "received": ("inbox", "on"), "dispatched": ("arrow", "on"), "forwarded": ("arrow", "on"),
    "started": ("tool", "on"), "checked": ("check", "plain"), "answered": ("speech", "good"),
    "asked": ("question", "ask"), "replied": ("speech", "on"), "message": ("speech", "plain"),
    "resumed": ("arrow", "on"), "refused": ("back", "ask"), "escalated": ("warning", "bad"),
    "finish_missed": ("warning", "bad"), "rejected": ("cross", "plain"), "merged": ("join", "plain"),
    "absorbed": ("join", "plain"), "reopened": ("back", "ask"), "rated": ("star", "good"), "closed": ("check", "good"),
}  # fmt: skip
OVER: Final = frozenset({"answered", "closed", "rejected", "merged"})  # no answer is owed any more
CLOCK_STARTS: Final = frozenset({"dispatched", "forwarded", "reopened", "refused"})
DUES: Final = {  # what the deadline of an entry is for
    "dispatched": "answer", "forwarded": "answer", "refused": "verify", "asked": "reply", "answered": "reopen",
    "replied": "moved", "resumed": "moved", "deadlines_moved": "moved", "escalated": "missed",
    "finish_missed": "missed",
}  # fmt: skip


def render(name: str, lang: str, base: str, **values: object) -> str:
    """Return the page `name` ("form.html") in `lang`; `base` is the public URL without a trailing slash.

    Besides a page's own values, all take `here` (path of the page, for the language switch), `city`, `zone` (of all
    days and times; Asia/Jakarta unless given), `now`, `script`, the name of the one that it brings, and `tiles`, where
    its map gets its pictures. A value that a page needs and does not get raises jinja2.UndefinedError.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"no texts in {lang!r}")
    zone = values.get("zone") or _default_zone()
    if not isinstance(zone, tzinfo):
        raise TypeError("zone must be a tzinfo")
    context: dict[str, object] = {"here": "/", "city": "", "errors": [], "typed": {}, "notice": None}
    context |= {
        "link": None,
        "link_text": None,
        "ticket": None,
        "script": None,
        "tiles": "",
        **values,
    }
    context |= {"lang": lang, "base": base, "zone": zone, "t": partial(_text_in, lang), "word": partial(word, lang)}
    return _environment().get_template(name).render(context)


def render_message(about: str, lang: str, base: str, status: int, **values: object) -> str:
    """Return `message.html` with the words of texts/ for `about` (such as "not_found", "unavailable")."""
    words = {"title": text(f"message.{about}.title", lang), "body": text(f"message.{about}.body", lang)}
    if "link" in values and f"message.{about}.link" in _texts():
        words["link_text"] = text(f"message.{about}.link", lang)
    return render("message.html", lang, base, status=status, **{**words, **values})


def text(key: str, lang: str, /, **params: object) -> str:
    """Return the words of `key`; KeyError when they, or one of their parameters, are missing."""
    return _texts()[key][lang].format(**params)


def word(lang: str, family: str, value: object) -> str:
    """Return the word of a value such as a status or a channel, or the value itself when it has none."""
    words = _texts().get(f"{family}.{value}")
    return words[lang] if words else str(value)


def field_errors(errors: Iterable[Mapping[str, str]], lang: str, family: str = "error") -> list[dict[str, str]]:
    """Return a form's errors in people's words; the message of a field without words stays as it is.

    `family` is "error" for the complaint form and the receipt, else such as "answer_error"; what every form can meet
    has its words in "form_error".
    """
    worded = []
    for error in errors:
        words = _texts().get(f"{family}.{error['field']}") or _texts().get(f"form_error.{error['field']}")
        worded.append({"field": error["field"], "message": words[lang] if words else error["message"]})
    return worded


def language(query_lang: str | None, accept_language: str | None) -> str:
    """Return the language to answer in: as asked by `?lang=`, else as the browser prefers, else Indonesian."""
    asked = (query_lang or "").strip().lower()
    if asked in LANGUAGES:
        return asked
    best, best_quality = "id", 0.0
    for part in (accept_language or "")[:500].split(","):
        tag, _, parameters = part.strip().lower().partition(";")
        primary = tag.strip().split("-")[0]
        quality = _quality(parameters)
        if primary in LANGUAGES and quality > best_quality:
            best, best_quality = primary, quality
    return best


def day(when: date | datetime | str, lang: str, zone: tzinfo) -> str:
    """Return "Selasa, 1 Desember 2026" for a date, or for the day that an instant has in `zone`."""
    on = when if isinstance(when, date) and not isinstance(when, datetime) else _local(when, zone).date()
    return text(
        "date",
        lang,
        weekday=text("weekdays", lang).split()[on.weekday()],
        day=on.day,
        month=text("months", lang).split()[on.month - 1],
        year=on.year,
    )


def deadline_date(deadline: datetime | str, zone: tzinfo) -> date:
    """Return the last day of a deadline, which is stored as 00:00 of the following day."""
    return (_local(deadline, zone) - timedelta(microseconds=1)).date()


def deadline_day(deadline: datetime | str, lang: str, zone: tzinfo) -> str:
    """Return the last day of a deadline in words."""
    return day(deadline_date(deadline, zone), lang, zone)


def deadline_short(deadline: datetime | str, lang: str, zone: tzinfo) -> str:
    """Return the last day of a deadline for a list: "30 Nov"."""
    on = deadline_date(deadline, zone)
    return text("date_short", lang, day=on.day, month=text("months_short", lang).split()[on.month - 1])


def instant(when: datetime | str, lang: str, zone: tzinfo) -> str:
    """Return "24 Nov 2026 10.00 WIB"."""
    local = _local(when, zone)
    return text(
        "instant",
        lang,
        day=local.day,
        month=text("months_short", lang).split()[local.month - 1],
        year=local.year,
        hour=local.hour,
        minute=local.minute,
        zone=local.tzname(),
    )


def days_left(days: int | None, late: bool, lang: str) -> str:
    """Return how many working days there are in words; below 0 they are those of a delay, None is a clock that stands
    still."""
    if late:
        behind = abs(days or 0)
        return text(("left.late", "left.late_one")[behind] if behind < 2 else "left.late_many", lang, days=behind)
    if days is None:
        return text("left.none", lang)
    return text(("left.today", "left.one")[days] if 0 <= days < 2 else "left.many", lang, days=days)


def steps(status: str) -> list[tuple[str, str]]:
    """Return the way of a complaint as (step, "done" | "current" | "todo"), to be drawn."""
    if status in ("rejected", "merged"):
        return [("received", "done"), (status, "current")]
    way = [status if step == "in_progress" and status == "waiting" else step for step in STEPS]
    at = way.index(status) if status in way else -1
    return [(step, "done" if n < at else "current" if n == at else "todo") for n, step in enumerate(way)]


def clock(complaint: Mapping[str, Any], now: datetime, zone: tzinfo) -> tuple[str, int]:
    """Return how the answer clock stands ("over", "waiting", "unset", "late", "running") and, where it runs, the
    working days left or over that the view counted by the city's calendar."""
    due = complaint.get("answer_due_at")
    if complaint["status"] in OVER or _is_answered(complaint.get("timeline", ())):
        return "over", 0
    if complaint["status"] == "waiting":
        return "waiting", 0
    if due is None:
        return "unset", 0
    return ("late" if _local(now, zone) >= _local(due, zone) else "running"), int(complaint["days_left"])


def handed(timeline: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Mapping[str, Any] | str]]:
    """Return each entry with who has the complaint from then on, where neither its own words nor the next ones of the
    same instant say so; else "".

    That is "admin", "reporter", or the entry of the division that had it before.
    """
    found: list[tuple[Mapping[str, Any], Mapping[str, Any] | str]] = []
    division: Mapping[str, Any] | str = ""
    for n, entry in enumerate(timeline, 1):
        name = entry["entry"]
        at_once = timeline[n:] and timeline[n]["at"] == entry["at"]
        if name in ("dispatched", "forwarded", "reopened"):
            division = entry if entry.get("opd_name") else ""
        has = division if name in ("replied", "resumed", "reopened") else ""
        if name == "asked":
            has = "reporter"
        elif name == "received" and not at_once:
            has = "admin"
        found.append((entry, has))
    return found


def due_of(entry: Mapping[str, Any]) -> str:
    """Return what the deadline of a timeline's entry is for; "" when it is not shown."""
    if not entry.get("deadline"):
        return ""
    if entry["entry"] == "reopened":
        return "answer" if entry.get("opd") else "verify"
    return DUES.get(entry["entry"], "")


@cache
def style_source() -> str:
    """Return the source of the inlined style for a Content-Security-Policy: 'sha256-...'."""
    return _source(_style())


@cache
def script_source(name: str) -> str:
    """Return the source of an inlined script for a Content-Security-Policy: 'sha256-...'."""
    return _source(_script(name))


@cache
def map_script() -> str:
    """Return the script that draws maps: too large for a page, it is loaded when somebody asks for a map."""
    return (FOLDER / "leaflet.js").read_text("utf-8")


@cache
def map_script_version() -> str:
    """Return what changes with the map's script, for its address: a browser may keep it for ever."""
    return hashlib.sha256(map_script().encode()).hexdigest()[:16]


def _source(inlined: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(inlined.encode()).digest()).decode() + "'"


def _is_answered(timeline: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether the newest answer clock was stopped by an answer (an interim one leaves the complaint open)."""
    answered = False
    for entry in timeline:
        answered = entry["entry"] == "answered" or (answered and entry["entry"] not in CLOCK_STARTS)
    return answered


def _quality(parameters: str) -> float:
    """Return the q of one part of an Accept-Language header; 1 without one, 0 for what cannot be read."""
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if name.strip() == "q" and 0 <= quality <= 1 else 0.0


def _local(when: datetime | date | str, zone: tzinfo) -> datetime:
    moment = datetime.fromisoformat(when) if isinstance(when, str) else when
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError(f"not an instant with its offset: {when!r}")
    return moment.astimezone(zone)


def _text_in(lang: str, key: str, /, **params: object) -> str:
    return text(key, lang, **params)


@cache
def _default_zone() -> tzinfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo("Asia/Jakarta")


@cache
def _texts() -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for file in sorted((FOLDER / "texts").glob("*.json")):
        texts |= json.loads(file.read_text("utf-8"))
    return texts


@cache
def _style() -> str:
    """Return the style without its comments and most of its spaces: it travels with every page."""
    lines = (line.strip() for line in (FOLDER / "style.css").read_text("utf-8").splitlines())
    style = "\n".join(line for line in lines if line and not line.startswith("/*"))
    for loose, tight in ((" { ", "{"), ("; }", "}"), ("; ", ";"), (": ", ":")):
        style = style.replace(loose, tight)
    return style


@cache
def _script(name: str) -> str:
    """Return a script without its comments and indentation: it travels with its page."""
    lines = (line.strip() for line in (FOLDER / f"{name}.js").read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )

    def localised(function: Callable[[Any, str, tzinfo], str]) -> Callable[[Context, Any], str]:
        return pass_context(lambda context, when: function(when, context["lang"], context["zone"]))

    def inlined(name: str) -> Markup:
        return Markup(_script(name))  # noqa: S704 - our own file

    for function in (day, deadline_day, deadline_short, instant):
        environment.filters[function.__name__] = localised(function)
    environment.globals |= {
        "style": Markup(_style()),  # noqa: S704 - our own file
        "inlined": inlined,
        "kinds": KINDS,
        "known_entries": ENTRIES,
        "all_rungs": RUNGS,
        "all_rules": RULES,
        "due_of": due_of,
        "steps": steps,
        "clock": clock,
        "handed": handed,
        "looks": LOOKS,
        "map_script_version": map_script_version,
        "days_left": days_left,
    }
    return environment
