import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import pytest

from chalicelib import pages
from chalicelib.domain import standing
from chalicelib.domain.complaint import Kind, Reason, Role, Rung, Status
from chalicelib.domain.escalation import State
from tests.unit import office_samples, public_samples

WIB = ZoneInfo("Asia/Jakarta")
BASE = "https://sambat.example.org/api"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=WIB)
DUE = datetime(2026, 12, 1, tzinfo=WIB)
HOSTILE = """<script>alert(1)</script> "onmouseover="x() ' {{7*7}} {% raw %} </textarea></style>"""
VOID = frozenset({"meta", "link", "input", "br", "rect"})
STATUSES = tuple(Status)
RUNGS = pages.RUNGS
REASONS = tuple(Reason)


def a_timeline(words: str = "Nomor rumah berapa?") -> list[dict[str, Any]]:
    at = datetime(2026, 11, 24, 10, 0, tzinfo=WIB)
    parking = {"opd": "dishub", "opd_name": "Dinas Perhubungan", "division_name": "Bidang Parkir"}
    extras: dict[str, dict[str, Any]] = {
        "asked": {"text": words, "deadline": DUE},
        "replied": {"text": words, "deadline": DUE},
        "refused": {"text": words, "deadline": DUE, **parking},
        "rejected": {"reason": "not_the_city", "text": words},
        "merged": {"into": "7K3QM-2ZX4T"},
        "absorbed": {"ticket": "7K3QM-2ZX5T"},
        "rated": {"score": 5, "text": words},
        "forwarded": {**parking, "text": words, "deadline": DUE},
        "contested": {"n": 2, "text": words},
        "upheld": {"n": 2, "text": words},
        "finish_missed": {"deadline": DUE},
    }
    names = [*pages.ENTRIES, "something_new"]
    timeline = [{"at": at + timedelta(hours=n), "entry": name, **extras.get(name, {})} for n, name in enumerate(names)]
    timeline += [{"at": at, "entry": "escalated", "rung": rung, "n": n} for n, rung in enumerate(RUNGS, 1)]
    timeline += [{"at": at, "entry": "escalated", "rung": "warning", "opd": "admin", "division": "admin"}]
    timeline += [
        {"at": at, "entry": "reopened", "text": words, "opd": opd, "deadline": DUE} for opd in (None, "dishub")
    ]
    timeline += [{"at": at, "entry": "answered", "final": final} for final in (False, True)]
    return timeline


def a_complaint(words: str = "Lampu jalan mati", **changes: Any) -> dict[str, Any]:
    return {
        "ticket": "7K3QM-2ZX4T",
        "receipt": "pXx0T2nq8yq3m7Q4wT1r5A",
        "kind": "complaint",
        "status": "in_progress",
        "channel": "sms",
        "text": words,
        "opd": "dpuprpkp",
        "division": "pju",
        "opd_name": "Dinas Pekerjaan Umum, Penataan Ruang, Perumahan dan Kawasan Permukiman",
        "division_name": "Bidang Penerangan Jalan Umum",
        "received_at": datetime(2026, 11, 24, 3, 0, tzinfo=UTC),
        "answer_due_at": DUE,
        "days_left": 2,
        "finish_due_at": datetime(2026, 12, 15, tzinfo=WIB),
        "answers": [{"at": NOW, "text": words}],
        "timeline": a_timeline(words),
        "mine": False,
        "rung": "black_vest",
        "address": words,
        "category_name": "Lampu jalan",
        "reporter": {"name": words, "phone": "+6281234567890", "email": "warga@example.org"},
        **changes,
    }


def an_item(words: str = "Lampu jalan mati", **changes: Any) -> dict[str, Any]:
    return {
        "ticket": "7K3QM-2ZX4T",
        "kind": "complaint",
        "status": "dispatched",
        "category_name": "Lampu jalan",
        "division_name": "Bidang Penerangan Jalan Umum",
        "text": words,
        "answer_due_at": DUE,
        "finish_due_at": datetime(2026, 12, 15, tzinfo=WIB),
        "rung": None,
        "channel": "sms",
        "days_left": 4,
        "late": False,
        **changes,
    }


def a_suggestion(words: str, **changes: Any) -> dict[str, Any]:
    return {"opd": "dpuprpkp", "division": "pju", "category": "pju", "label": "unclear", "because": [words, "mati"],
            "opd_name": words, "division_name": words, "category_name": words, **changes}  # fmt: skip


def a_waiting(words: str = "Lampu jalan mati", **changes: Any) -> dict[str, Any]:
    return {**an_item(words, status="received"), "text": words, "verify_due_at": DUE,
            "suggestion": a_suggestion(words), **changes}  # fmt: skip


def divisions(words: str) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        ("DPUPRPKP", [("dpuprpkp/jalan", "Bina Marga"), ("dpuprpkp/pju", words)]),
        (words, [("dishub/parkir", "Parkir")]),
    ]


def an_escalation(rung: str = "warning", n: int = 1, **changes: Any) -> dict[str, Any]:
    return {"ticket": "7K3QM-2ZX4T", "n": n, "rung": rung, "deadline": DUE, "opd": "dishub", "state": "recorded",
            "opd_name": "Dinas Perhubungan", "division_name": "Bidang Parkir", "can": None, "key": f"7K3QM-2ZX4T-{n}-",
            **changes}  # fmt: skip


def a_standing(**changes: Any) -> dict[str, Any]:
    because = [{"ticket": "7K3QM-2ZX4T", "n": 1}, {"ticket": "7K3QM-2ZX5T", "n": 2}]
    return {"opd": "dishub", "division": "parkir", "opd_name": "Dinas Perhubungan", "division_name": "Bidang Parkir",
            "key": "dishub-parkir-", "rung": "warning", "since": NOW, "proposed": "black_vest",
            "rung_because": because[:1], "rung_rules": ["first_warning"], "proposal_because": because,
            "proposal_rules": list(pages.RULES[1:3]), "comes_down_at": DUE, **changes}  # fmt: skip


def services() -> list[dict[str, str]]:
    return [
        {"code": "pju", "name": "Lampu jalan", "name_en": "Street lamps", "group": "DPUPRPKP"},
        {"code": "parkir", "name": "Parkir liar", "name_en": "Illegal parking", "group": "Dinas Perhubungan"},
        {"code": "lalin", "name": "Lampu merah", "name_en": "Traffic lights", "group": "Dinas Perhubungan"},
    ]


def a_ready_answer(words: str, **changes: Any) -> dict[str, Any]:
    return {"code": "ready", "name": words, "text": words, "final": True, **changes}


OFFICERS_FIELDS = (
    "text",
    "interim",
    "ask-text",
    "forward-to",
    "forward-reason",
    "refuse-reason",
    "7K3QM-2ZX4T-1-reason",
)
OFFICE_FIELDS = ("to", "kind", "merge-into", "reject-reason", "reject-note", "7K3QM-2ZX4T-1-reason")


def values_of(name: str, words: str = "Lampu jalan mati") -> dict[str, Any]:
    """What the view hands to each page, with `words` wherever a person may have typed something."""
    typed = dict.fromkeys(("text", "kind", "category", "name", "phone", "email", "address"), words)
    fields = ("text", "kind", "category", "name", "phone", "email", "address", "anonymous", "confidential", words)
    errors = [{"field": field, "message": words} for field in fields]
    pages_values: dict[str, dict[str, Any]] = {
        "form.html": {
            "services": services(),
            "typed": {**typed, "anonymous": "true"},
            "errors": errors,
            "idempotency_key": words,
            "city": "Kota Malang",
            "sms_number": "081333471111",
            "tiles": "https://tile.example/{z}/{x}/{y}.png",
            "map": {"lat": -7.9797, "long": 112.6304, "zoom": 13},
        },
        "filed.html": {
            "complaint": a_complaint(opd_name=words, verify_due_at=DUE),
            "told": True,
            "idempotency_key": words,
            "sms_number": "081333471111",
        },
        "ticket.html": {
            "complaint": a_complaint(words),
            "errors": [{"field": "receipt", "message": words}],
            "fields": ["receipt"],
            "actions": [],
            "receipt": None,
        },
        "message.html": {"title": words, "body": words, "status": 404, "link": None, "link_text": None},
        "desk.html": {
            "who": {"opd_name": words, "division_name": None, "role": "opd"},
            "of_status": None,
            "statuses": ("waiting", "answered", "closed"),
            "about": words,
            "notice": words,
            "escalations": [
                an_escalation(can="contest", own=True),
                an_escalation("black_vest", 2, state="contested", own=False),
            ],
            "errors": [{"field": "7K3QM-2ZX4T-1-reason", "message": words}],
            "typed": {"7K3QM-2ZX4T-1-reason": words},
            "fields": ["7K3QM-2ZX4T-1-reason"],
            "items": [
                an_item(words, days_left=-2, late=True, rung="warning", owes="answer"),
                an_item(words, days_left=0, rung="black_vest", owes="finish"),
                an_item(words, days_left=None, owes=None),
            ],
            "next": f"{BASE}/meja?cursor=abc",
            "counts": {"late": 1, "today": 1, "rest": 38},
            "counted": "page",
            "sent": "7K3QM-2ZX6T",
            "csrf": words,
        },
        "desk_complaint.html": {
            "complaint": a_complaint(words),
            "csrf": words,
            "errors": [{"field": name, "message": words} for name in (*OFFICERS_FIELDS, "status")],
            "typed": {**dict.fromkeys(OFFICERS_FIELDS, words), "interim": "true"},
            "fields": OFFICERS_FIELDS,
            "actions": ["start", "answer_interim", "answer", "ask", "forward", "refuse"],
            "divisions": divisions(words),
            "escalations": [an_escalation(can="contest"), an_escalation("black_vest", 2, objection=words)],
            "place": "meja",
            "notice": words,
            "sent": "7K3QM-2ZX6T",
            "ready": [a_ready_answer(words), a_ready_answer(words, code="other", final=False)],
            "chosen": "other",
        },
        "office.html": {
            "role": "admin",
            "items": [
                a_waiting(words, late=True, days_left=-2),
                a_waiting(words, ticket="7K3QM-2ZX5T", days_left=0, suggestion=None),
                a_waiting(words, ticket="7K3QM-2ZX6T", suggestion=a_suggestion(words, division=None, label="spam")),
            ],
            "counts": {"late": 1, "today": 1, "rest": 38},
            "unread": 1000,
            "next": f"{BASE}/kantor?cursor=abc",
            "divisions": divisions(words),
            "escalations": [an_escalation(rung, n) for n, rung in enumerate(RUNGS, 1)],
            "contested": [an_escalation(state="contested", objection=words)],
            "proposals": 2,
            "rungs": list(zip(RUNGS, (7, 2, 0), strict=True)),
            "sent": an_item(words, opd_name=words),
            "csrf": words,
        },
        "office_complaint.html": {
            "complaint": a_complaint(words, **a_waiting(words), checked=False, confidential=True, incomplete=True),
            "divisions": divisions(words),
            "csrf": words,
            "errors": [{"field": name, "message": words} for name in (*OFFICE_FIELDS, "full")],
            "typed": {**dict.fromkeys(OFFICE_FIELDS, words), "to": "dishub/parkir", "reject-reason": "spam"},
            "fields": OFFICE_FIELDS,
            "actions": ["dispatch", "check", "reject", "merge"],
            "reasons": REASONS,
            "escalations": [
                an_escalation(state="contested", can="settle", objection=words),
                an_escalation("black_vest", 2, opd="admin"),
            ],
            "place": "kantor",
            "notice": words,
            "reporter": {"name": words, "phone": "+6281234567890", "email": "warga@example.org"},
            "duplicates": [{**office_samples.found(words, ticket="7K3QM-2ZX5T"), "likeness": 81}],
            "messages": [
                office_samples.sent(),
                office_samples.sent(to="reporter", via="sms", state="failed", attempts=3, ticket="7K3QM-2ZX5T"),
            ],
        },
        "office_standings.html": {
            "role": "mayor",
            "rows": [
                a_standing(),
                a_standing(opd="admin", division="admin", key="admin-admin-", proposed=None),
                a_standing(
                    division="lalin",
                    key="dishub-lalin-",
                    rung="replacement",
                    proposed=None,
                    rung_rules=["came_down", "a_new_rule"],
                ),
            ],
            "about": a_standing(),
            "numbers": {"warnings": "3", "vests": "2", "days": "30"},
            "errors": [{"field": "dishub-parkir-reason", "message": words}, {"field": "status", "message": words}],
            "typed": {"dishub-parkir-reason": words, "dishub-other-reason": words},
            "fields": ["dishub-parkir-reason"],
            "notice": words,
            "csrf": words,
        },
        "token.html": {"token": words, "until": NOW, "csrf": words},
        **office_samples.values(words),
        **public_samples.values(words),
    }
    return pages_values[name]


PAGES = (
    "form.html", "filed.html", "ticket.html", "message.html", "desk.html", "desk_complaint.html", "office.html",
    "office_complaint.html", "office_standings.html", "token.html", "office_list.html", "office_entry.html",
    "office_entered.html", "office_quarantine.html", "office_message.html", "office_rewards.html",
    "office_figures.html", "office_holidays.html", "letter.html", "complaints.html", "board.html",
)  # fmt: skip
OSM = "https://www.openstreetmap.org/copyright"  # whom a map must name; nothing is loaded from there
WITH_A_CHOICE = ("office.html", "office_complaint.html", "desk_complaint.html")  # among all divisions of the city


class Page(HTMLParser):
    """The tags of a page, checked to be closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words += " " + data.strip()

    def all(self, *tags: str) -> Iterator[dict[str, str]]:
        return (attributes for tag, attributes in self.tags if tag in tags)


def shown(name: str, lang: str = "id", **changes: Any) -> Page:
    return Page(pages.render(name, lang, BASE, **{**values_of(name), "now": NOW, **changes}))


every_page = pytest.mark.parametrize("name", PAGES)
each_language = pytest.mark.parametrize("lang", pages.LANGUAGES)


def texts() -> dict[str, dict[str, str]]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), "a key stands twice"
        return dict(pairs)

    files = sorted((pages.FOLDER / "texts").glob("*.json"))
    loaded = [json.loads(file.read_text("utf-8"), object_pairs_hook=once) for file in files]
    return once([pair for words in loaded for pair in words.items()])


def used_keys() -> tuple[set[str], set[str]]:
    """The keys that templates and code name in full, and the beginnings of those that they put together."""
    sources = [*pages.FOLDER.glob("*.html"), pages.FOLDER / "__init__.py"]
    source = "\n".join(path.read_text("utf-8") for path in sources)
    whole = set(re.findall(r"""\bt(?:ext)?\(\s*"([a-z0-9_.]+)"\s*[,)]""", source))
    whole |= {key for key in re.findall(r'"([a-z_]+\.[a-z_.]+)"', source) if key.startswith("left.")}
    begun = {key.removesuffix(".") for key in re.findall(r"""\bt\("([a-z_.]+)" ~""", source)}
    begun |= {f"{family}." for family in re.findall(r'\bword\("([a-z_]+)"', source)}
    return whole, {key if key.endswith(("_", ".")) else f"{key}." for key in begun}


def test_every_text_is_there_in_both_languages_with_the_same_parameters() -> None:
    for key, words in texts().items():
        assert set(words) == set(pages.LANGUAGES), key
        assert all(value.strip() for value in words.values()), key
        parameters = [set(re.findall(r"\{(\w+)", value)) for value in words.values()]
        assert parameters[0] == parameters[1], key


def test_every_key_that_is_used_exists_and_every_key_is_used() -> None:
    whole, begun = used_keys()
    known = set(texts())
    begun |= {"error.", "message."}  # put together in field_errors and render_message
    begun |= {f"{key.partition('.')[0]}." for key in known if key.partition(".")[0].endswith("_error")}
    assert whole - known == set()
    assert {key for key in known - whole if not key.startswith(tuple(begun))} == set()
    assert {start for start in begun if not any(key.startswith(start) for key in known)} == set()


def test_every_value_of_the_domain_has_its_word() -> None:
    families = {
        "kind": Kind,
        "status": Status,
        "rung": Rung,
        "role": Role,
        "reason": Reason,
        "state": State,
        "entry": pages.ENTRIES,
        "rule": pages.RULES,
    }
    missing = {f"{family}.{value}" for family, values in families.items() for value in values} - set(texts())
    assert missing == set()
    assert tuple(Rung) == pages.RUNGS
    assert set(pages.RULES) == {"first_warning", "came_down", *standing._RULES}


def test_a_missing_key_and_a_missing_parameter_are_errors() -> None:
    with pytest.raises(KeyError):
        pages.text("no.such.words", "id")
    with pytest.raises(KeyError):
        pages.text("filed.next_dispatched", "id")


def test_a_value_that_a_page_needs_and_does_not_get_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        pages.render("message.html", "id", BASE, title="x")
    with pytest.raises(ValueError, match="'fr'"):
        pages.render("message.html", "fr", BASE, title="x", body="y", status=200)
    with pytest.raises(TypeError):
        pages.render("message.html", "id", BASE, title="x", body="y", status=200, zone="Asia/Jakarta")


@each_language
@every_page
def test_a_page_has_its_language_one_heading_and_a_way_past_the_top(name: str, lang: str) -> None:
    page = shown(name, lang)
    assert [tag["lang"] for tag in page.all("html")] == [lang]
    assert len(list(page.all("h1"))) == 1
    assert len(list(page.all("main"))) == 1
    assert len(list(page.all("title"))) == 1
    assert next(page.all("a")) == {"class": "skip", "href": "#main"}


@each_language
@every_page
def test_every_field_has_its_label_and_what_describes_it(name: str, lang: str) -> None:
    page = shown(name, lang)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {attributes.get("for") for attributes in page.all("label")}
    for field in page.all("input", "select", "textarea"):
        if field.get("type") in ("hidden", "checkbox", "radio"):  # these two stand inside their labels
            continue
        assert field["id"] in labelled
    for _, attributes in page.tags:
        for named in attributes.get("aria-describedby", "").split():
            assert named in ids
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids


@each_language
@every_page
def test_a_page_loads_nothing_from_anywhere_and_runs_nothing(name: str, lang: str) -> None:
    html = pages.render(name, lang, BASE, **values_of(name), now=NOW)
    assert "<script" not in html
    assert "url(" not in html
    assert "@import" not in html
    page = Page(html)
    for _, attributes in page.tags:
        assert not [attribute for attribute in attributes if attribute.startswith("on") or attribute == "style"]
        for target in (attributes.get("href"), attributes.get("src"), attributes.get("action")):
            assert target is None or target.startswith((f"{BASE}/", "#", "tel:", "sms:", "mailto:", "data:,", OSM))


@each_language
@every_page
def test_a_page_is_small_enough_for_a_slow_phone(name: str, lang: str) -> None:
    html = pages.render(name, lang, BASE, **values_of(name), now=NOW)
    assert len(gzip.compress(html.encode())) < 12_000


@each_language
@every_page
def test_what_a_person_typed_is_inert(name: str, lang: str) -> None:
    html = pages.render(name, lang, BASE, **values_of(name, HOSTILE), now=NOW)
    assert "<script" not in html
    assert '"onmouseover=' not in html
    assert "{{7*7}}" in html
    page = Page(html)
    assert not [tag for tag in page.tags if "onmouseover" in tag[1]]
    harmless = Page(pages.render(name, lang, BASE, **values_of(name, "harmless"), now=NOW))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in harmless.tags]


def test_the_form_asks_only_for_the_words() -> None:
    page = shown("form.html", typed={}, errors=[])
    assert [field["name"] for field in page.all("input", "textarea", "select") if "required" in field] == [
        "text",
        "ticket",
    ]
    assert "open" not in next(page.all("details"))
    assert not [attributes for _, attributes in page.tags if "aria-invalid" in attributes]
    form = next(page.all("form"))
    assert (form["method"], form["action"]) == ("post", f"{BASE}/complaints")
    names = {field["name"] for field in page.all("input", "textarea", "select")}
    assert names == {
        "text", "kind", "category", "name", "phone", "email", "address", "anonymous", "confidential", "lat", "long",
        "idempotency_key", "lang", "ticket",
    }  # fmt: skip


def test_the_form_comes_back_with_what_was_typed_and_what_is_wrong() -> None:
    typed = {"text": "pendek", "phone": "08", "kind": "idea", "category": "parkir", "confidential": "true"}
    page = shown("form.html", typed=typed, errors=[{"field": "phone", "message": "Nomor HP belum lengkap."}])
    assert [attributes["role"] for _, attributes in page.tags if attributes.get("id") == "errors"] == ["alert"]
    assert "open" in next(page.all("details"))
    wrong = [field for field in page.all("input", "textarea", "select") if field.get("aria-invalid") == "true"]
    assert [(field["name"], field["value"], field["aria-describedby"]) for field in wrong] == [
        ("phone", "08", "phone-error")
    ]
    assert "#phone" in [link["href"] for link in page.all("a")]
    assert [option["value"] for option in page.all("option") if "selected" in option] == ["parkir"]
    checked = [(box["name"], box["value"]) for box in page.all("input") if "checked" in box]
    assert checked == [("kind", "idea"), ("confidential", "true")]
    assert " pendek " in page.words + " "


def test_the_details_open_for_what_was_typed_inside_only() -> None:
    assert "open" not in next(shown("form.html", typed={"text": "x", "phone": ""}, errors=[]).all("details"))
    assert "open" in next(shown("form.html", typed={"text": "x", "phone": "08"}, errors=[]).all("details"))


def test_lines_that_begin_a_text_survive_in_the_box() -> None:
    html = pages.render(
        "form.html", "id", BASE, **{**values_of("form.html"), "typed": {"text": "\n\nDua"}, "errors": []}
    )
    assert ">\n\n\nDua</textarea>" in html  # a browser drops the first line break after the tag


def test_categories_stand_under_their_agency_in_the_language_of_the_page() -> None:
    page = shown("form.html", "en", typed={}, errors=[])
    assert [group["label"] for group in page.all("optgroup")] == ["Dinas Perhubungan", "DPUPRPKP"]
    assert "Illegal parking" in page.words
    assert "Parkir liar" not in page.words


def test_no_sms_number_no_word_of_sms() -> None:
    assert "SMS" in shown("form.html").words
    assert "SMS" not in shown("form.html", sms_number="").words


def test_the_answer_to_a_filing_shows_ticket_receipt_and_deadline() -> None:
    page = shown("filed.html")
    assert "7K3QM-2ZX4T" in page.words
    assert "pXx0T2nq8yq3m7Q4wT1r5A" in page.words
    assert "Senin, 30 November 2026" in page.words
    assert f"{BASE}/t/7K3QM-2ZX4T?lang=id" in [link["href"] for link in page.all("a")]
    assert [item for item in ("filed.next_told", "filed.next_look") if pages.text(item, "id") in page.words] == [
        "filed.next_told"
    ]
    assert "CEK 7K3QM-2ZX4T ke 081333471111" in page.words
    undispatched = a_complaint(status="received", opd_name=None, division_name=None, answer_due_at=None,
                               verify_due_at=datetime(2026, 11, 28, tzinfo=WIB))  # fmt: skip
    page = shown("filed.html", complaint=undispatched, told=False, sms_number="")
    assert "dinas yang tepat, paling lambat Jumat, 27 November 2026" in page.words
    assert pages.text("filed.next_look", "id") in page.words
    assert "CEK" not in page.words


def test_what_needs_a_script_is_hidden_until_there_is_one() -> None:
    buttons = [button for name in ("form.html", "filed.html") for button in shown(name).all("button")]
    scripts_own = [button["id"] for button in buttons if "hidden" in button]
    assert scripts_own == ["here", "open-map", "no-point", "no-draft", "copy", "print"]
    again = a_complaint(receipt=None)
    assert list(shown("filed.html", complaint=again).all("button")) == []


def test_a_form_names_the_script_of_its_map_by_its_content_and_without_tiles_not_at_all() -> None:
    form = next(shown("form.html").all("form"))
    assert form["data-map"] == f"{BASE}/peta.js?v={hashlib.sha256(pages.map_script().encode()).hexdigest()[:16]}"
    assert (form["data-tiles"], form["data-lat"], form["data-long"]) == (
        "https://tile.example/{z}/{x}/{y}.png", "-7.9797", "112.6304"
    )  # fmt: skip
    assert "data-map" not in next(shown("form.html", tiles="", map={}).all("form"))


def test_every_word_that_the_script_of_the_form_says_stands_on_the_form() -> None:
    script = (pages.FOLDER / "form.js").read_text("utf-8")
    form = next(shown("form.html").all("form"))
    assert {f"data-{name}" for name in re.findall(r"\bwords\.(\w+)", script)} == {
        name for name in form if name.startswith("data-")
    }


@each_language
@pytest.mark.parametrize("status", STATUSES)
def test_the_way_marks_where_a_complaint_is(status: str, lang: str) -> None:
    page = shown("ticket.html", lang, complaint=a_complaint(status=status))
    assert len([tag for tag in page.all("li") if tag.get("aria-current") == "step"]) == 1
    assert page.words.count(pages.text("ticket.step_current", lang)) == 1
    assert pages.text(f"status.{status}", lang) in page.words


def test_the_way_of_a_status_unknown_here_marks_nothing() -> None:
    assert {state for _, state in pages.steps("something_new")} == {"todo"}
    assert pages.steps("waiting")[2] == ("waiting", "current")
    assert pages.steps("rejected") == [("received", "done"), ("rejected", "current")]


def test_words_not_yet_checked_are_explained_not_shown() -> None:
    page = shown("ticket.html", complaint=a_complaint(text=None, answers=[]))
    assert "setelah diperiksa petugas" in page.words


def test_an_answer_stands_before_the_way_and_none_is_no_empty_place() -> None:
    answered = a_complaint(status="answered", answers=[{"at": NOW, "text": "Sudah diganti.", "final": True}])
    page = shown("ticket.html", complaint=answered)
    assert page.words.index("Sudah diganti.") < page.words.index("Diteruskan")
    assert "Tanggapan" in page.words
    assert next((box for box in page.all("section") if box.get("class") == "answers"), None)
    page = shown("ticket.html", complaint=a_complaint(status="dispatched", timeline=[], answers=[]))
    assert next((box for box in page.all("section") if box.get("class") == "answers"), None) is None


@pytest.mark.parametrize(
    ("status", "changes", "look", "said"),
    [
        ("dispatched", {"days_left": 3}, "calm", "3 hari kerja lagi Dinas wajib menjawab paling lambat"),
        ("dispatched", {"days_left": 0}, "calm", "hari ini Dinas wajib menjawab paling lambat"),
        ("dispatched", {"days_left": -2, "answer_due_at": NOW}, "late", "terlambat 2 hari kerja Dinas seharusnya"),
        ("received", {"answer_due_at": None, "opd_name": None}, "calm", "Petugas sedang memilih dinas yang tepat."),
        ("waiting", {"reply_due_at": DUE}, "ask", "Balasan ditunggu sampai Senin, 30 November 2026"),
        ("closed", {}, None, ""),
    ],
)
def test_how_it_stands_is_said_at_the_top(status: str, changes: dict[str, Any], look: str | None, said: str) -> None:
    page = shown("ticket.html", complaint=a_complaint(status=status, timeline=[], answers=[], **changes))
    boxes = [box["class"] for box in page.all("section") if box.get("class", "").startswith("now")]
    assert boxes == ([f"now is-{look}"] if look else [])
    assert said in re.sub(r"\s+", " ", page.words)


def test_the_timeline_says_who_has_it_and_what_comes_next() -> None:
    parking = {"opd": "dishub", "opd_name": "Dinas Perhubungan", "division_name": "Bidang Parkir"}
    names = ("received", "dispatched", "asked", "replied", "refused", "reopened", "reopened")
    steps: list[dict[str, Any]] = [{"at": NOW + timedelta(n), "entry": name} for n, name in enumerate(names)]
    for n in (1, 5):
        steps[n] |= parking
    page = shown("ticket.html", complaint=a_complaint(status="dispatched", timeline=steps, answers=[]))
    who = re.findall("(Di tangan [^ ]+|Menunggu pelapor) ", re.sub(r"\s+", " ", page.words))
    assert who == ["Di tangan petugas", "Menunggu pelapor", "Di tangan Bidang", "Di tangan Bidang"]
    assert "Berikutnya: tanggapan dinas" in page.words
    looks = [item["class"] for item in page.all("li") if item.get("class") in ("is-on", "is-ask", "is-next")]
    assert looks == ["is-on", "is-on", "is-ask", "is-on", "is-ask", "is-ask", "is-ask", "is-next"]
    at_once = [{**step, "at": NOW} for step in steps]
    assert "Di tangan petugas" not in shown("ticket.html", complaint=a_complaint(timeline=at_once)).words
    assert set(pages.LOOKS) <= set(pages.ENTRIES) | {"answered"}


def own_page(status: str, actions: list[str], lang: str = "id", **changes: Any) -> Page:
    """The ticket's page as its reporter sees it."""
    fields = [name for action in actions for name in OWN_FIELDS[action]]
    values = {"receipt": "r3c31pt", "errors": [], "typed": {}, "fields": fields, **changes}
    complaint = values.pop("complaint", a_complaint(mine=True, status=status))
    return shown("ticket.html", lang, complaint=complaint, actions=actions, **values)


OWN_FIELDS = {"message": ("text",), "rate": ("score", "comment"), "reopen": ("reason",)}


def posts(page: Page) -> list[str]:
    return [form["action"].removeprefix(f"{BASE}/").partition("?")[0] for form in page.all("form")]


def test_the_receipt_is_asked_for_only_when_it_is_not_yet_shown() -> None:
    assert posts(shown("ticket.html")) == ["t/7K3QM-2ZX4T"]
    assert "receipt" in [field["name"] for field in shown("ticket.html").all("input") if field.get("type") != "hidden"]
    assert [field["type"] for field in own_page("merged", []).all("input")] == ["hidden"]


def test_ones_own_page_has_the_forms_of_what_is_possible_each_with_the_receipt() -> None:
    switch, where = "t/7K3QM-2ZX4T", "complaints/7K3QM-2ZX4T/"
    for actions, expected in (
        ([], []),
        (["message"], ["messages"]),
        (["message", "rate", "reopen"], ["rating", "reopen", "messages"]),
        (["reopen"], ["reopen"]),
    ):
        page = own_page("answered", actions)
        assert posts(page) == [switch, *(where + path for path in expected)]
        receipts = [field["value"] for field in page.all("input") if field["name"] == "receipt"]
        assert receipts == ["r3c31pt"] * (len(expected) + 1)


def test_a_question_stands_before_all_else_with_a_box_for_the_reply() -> None:
    asked = {"at": NOW, "entry": "asked", "text": "Nomor tiangnya berapa?", "deadline": DUE}
    complaint = a_complaint(mine=True, status="waiting", reply_due_at=DUE, timeline=[asked])
    page = own_page("waiting", ["message"], complaint=complaint)
    assert page.words.index("Nomor tiangnya berapa?") < page.words.index("Diterima")
    assert "Balasan ditunggu sampai Senin, 30 November 2026" in page.words
    assert posts(page).count("complaints/7K3QM-2ZX4T/messages") == 1
    assert list(page.all("details")) == []


def test_a_score_is_chosen_by_a_word_and_comes_back_as_it_was() -> None:
    page = own_page("answered", ["rate"], typed={"score": "2", "comment": "Masih gelap."},
                    errors=[{"field": "comment", "message": "Terlalu panjang."}])  # fmt: skip
    scores = [field for field in page.all("input") if field["type"] == "radio"]
    assert [field["value"] for field in scores] == ["5", "4", "3", "2", "1"]
    assert [field["value"] for field in scores if "checked" in field] == ["2"]
    assert all(pages.text(f"rate.score_{score}", "id") in page.words for score in range(1, 6))
    assert "Masih gelap." in page.words


def test_what_was_typed_into_a_form_that_is_gone_is_shown_all_the_same() -> None:
    page = own_page("closed", [], typed={"reason": "Masih mati juga.", "score": "2"},
                    errors=[{"field": "status", "message": "Tidak bisa."}])  # fmt: skip
    assert "Masih mati juga." in page.words
    assert "#reason" not in [link["href"] for link in page.all("a")]


def test_ones_own_page_changes_its_language_without_losing_that_it_is_ones_own() -> None:
    page = own_page("answered", ["rate"])
    assert next(page.all("form"))["action"] == f"{BASE}/t/7K3QM-2ZX4T?lang=en"
    assert not [link for link in page.all("a") if "hreflang" in link]


def test_a_rejection_and_a_merge_are_explained_at_the_top() -> None:
    rejected = {"at": NOW, "entry": "rejected", "reason": "not_the_city", "text": "Hubungi BBPJN."}
    words = own_page("rejected", [], complaint=a_complaint(mine=True, status="rejected", timeline=[rejected])).words
    assert words.index("bukan wewenang kota") < words.index("Hubungi BBPJN.") < words.index("Perjalanan langkah")
    page = shown("ticket.html", complaint=a_complaint(status="merged", merged_into="7K3QM-2ZX5T"))
    assert f"{BASE}/t/7K3QM-2ZX5T?lang=id" in [link["href"] for link in page.all("a")]


def test_every_entry_of_a_timeline_is_worded_and_an_unknown_one_too() -> None:
    words = re.sub(r"\s+", " ", shown("ticket.html").words)
    for expected in (
        "Tenggat terlewat: bidang mendapat teguran",
        "tahap rompi hitam",
        "tahap penggantian",
        "Tanggapan sementara",
        "Tanggapan akhir",
        "Dialihkan ke Bidang Parkir, Dinas Perhubungan",
        "Tidak diproses: bukan wewenang kota",
        "Digabung dengan aduan 7K3QM-2ZX4T",
        "5 dari 5",
        "Tidak ada balasan: dinas melanjutkan",
        "Aduan 7K3QM-2ZX5T yang sama digabung ke sini",
        "Dibuka lagi oleh pelapor Tenggat tanggapan: Senin, 30 November 2026",
        "Dibuka lagi oleh pelapor, kembali ke admin Tenggat disposisi: Senin, 30 November 2026",
        "Tenggat disposisi terlewat: admin mendapat teguran",
        "Tenggat selesai terlewat Tenggat yang terlewat: Senin, 30 November 2026",
        "Bidang menyanggah eskalasi ke-2",
        "Sanggahan diterima: eskalasi ke-2 tidak dihitung",
        "Sanggahan ditolak: eskalasi tetap dihitung",
        "Hari libur berubah: tenggat bergeser",
        "Ada perkembangan",
        "24 Nov 2026 10.00 WIB",
    ):
        assert expected in words


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"now": datetime(2026, 11, 26, 9, tzinfo=WIB)}, ("running", 2)),
        ({"now": datetime(2026, 11, 30, 23, 59, 59, tzinfo=WIB)}, ("running", 2)),
        ({"now": datetime(2026, 11, 30, 17, tzinfo=UTC), "days_left": 0}, ("late", 0)),
        ({"now": datetime(2026, 12, 3, 8, tzinfo=WIB), "days_left": -3}, ("late", -3)),
        ({"status": "waiting"}, ("waiting", 0)),
        ({"status": "closed"}, ("over", 0)),
        ({"answer_due_at": None}, ("unset", 0)),
        ({"answer_due_at": "2026-12-01T00:00:00+07:00"}, ("running", 2)),
        ({"timeline": [{"entry": "dispatched"}, {"entry": "answered"}, {"entry": "message"}]}, ("over", 0)),
        ({"timeline": [{"entry": "answered"}, {"entry": "reopened"}]}, ("running", 2)),
        ({"timeline": [{"entry": "answered"}, {"entry": "replied"}]}, ("over", 0)),
        (
            {"status": "received", "answer_due_at": None, "timeline": [{"entry": "answered"}, {"entry": "refused"}]},
            ("unset", 0),
        ),
    ],
)
def test_the_answer_clock_is_shown_as_it_stands(changes: dict[str, Any], expected: tuple[str, int]) -> None:
    now = changes.pop("now", NOW)
    complaint = {"status": "dispatched", "answer_due_at": DUE, "days_left": 2,
                 "timeline": [{"entry": "dispatched"}], **changes}  # fmt: skip
    assert pages.clock(complaint, now, WIB) == expected


def test_the_ticket_page_shows_the_day_itself_and_the_days_left() -> None:
    running = a_complaint(status="dispatched", timeline=[], answers=[])
    words = shown("ticket.html", complaint=running).words
    assert "Senin, 30 November 2026" in words
    assert "2 hari kerja lagi" in words
    late = {**running, "days_left": -1}
    words = shown("ticket.html", "en", complaint=late, now=datetime(2026, 12, 1, tzinfo=WIB)).words
    assert "Monday, 30 November 2026" in words
    assert "1 working day late" in words


def test_a_deadline_is_shown_as_the_day_before_its_midnight() -> None:
    assert pages.deadline_day(DUE, "id", WIB) == "Senin, 30 November 2026"
    assert pages.deadline_day("2026-12-01T00:00:00+07:00", "en", WIB) == "Monday, 30 November 2026"
    assert pages.deadline_day(datetime(2026, 11, 30, 17, 0, tzinfo=UTC), "id", WIB) == "Senin, 30 November 2026"


def test_days_and_instants_are_those_of_the_citys_zone() -> None:
    evening = datetime(2026, 11, 30, 18, 5, tzinfo=UTC)
    assert pages.day(evening, "id", WIB) == "Selasa, 1 Desember 2026"
    assert pages.day(date(2026, 12, 1), "en", WIB) == "Tuesday, 1 December 2026"
    assert pages.instant(evening, "id", WIB) == "1 Des 2026 01.05 WIB"
    assert pages.instant(evening, "en", WIB) == "1 Dec 2026 01:05 WIB"
    assert pages.instant("2026-11-24T03:00:00Z", "id", ZoneInfo("Asia/Jayapura")) == "24 Nov 2026 12.00 WIT"
    with pytest.raises(ValueError, match="offset"):
        pages.instant(datetime(2026, 12, 1), "id", WIB)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("days", "late", "expected"),
    [
        (0, False, "today"), (1, False, "1 working day left"), (9, False, "9 working days left"),
        (-1, True, "1 working day late"), (-2, True, "2 working days late"),
        (0, True, "late"), (None, True, "late"), (None, False, "answered in part"),
    ],
)  # fmt: skip
def test_the_time_left_is_said_in_words(days: int | None, late: bool, expected: str) -> None:
    assert pages.days_left(days, late, "en") == expected


def test_an_officer_sees_what_burns_before_reading() -> None:
    page = shown("desk.html")
    picture = next(tag for tag in page.all("svg") if tag.get("role") == "img")
    assert picture["aria-label"] == "40 aduan terbuka: 1 terlambat, 1 jatuh tempo hari ini, 38 masih ada waktu"
    cards = [link for link in page.all("a") if link.get("class", "").startswith("card")]
    assert [card["class"].split()[1] for card in cards] == ["at-late", "at-today", "at-calm"]
    assert {card["href"] for card in cards} == {f"{BASE}/meja/7K3QM-2ZX4T?lang=id"}
    assert "terlambat 2 hari kerja" in page.words
    assert "keluar" in posts(page)


def test_an_empty_desk_says_so() -> None:
    page = shown("desk.html", items=[], next=None, counts={"late": 0, "today": 0, "rest": 0})
    assert "Tidak ada aduan yang menunggu" in page.words
    assert not [picture for picture in page.all("svg") if picture.get("role") == "img"]


def test_an_officer_gets_only_the_forms_of_what_is_possible() -> None:
    def actions_of(actions: list[str], **changes: Any) -> list[str]:
        nothing: dict[str, Any] = {"errors": [], "typed": {}, "fields": [], "escalations": []}
        page = shown("desk_complaint.html", actions=actions, **{**nothing, **changes})
        sending = [form["action"] for form in page.all("form") if form["method"] == "post"]
        return [path.removeprefix(f"{BASE}/").removeprefix("meja/7K3QM-2ZX4T/").partition("?")[0] for path in sending]

    assert actions_of([]) == ["keluar"]
    assert actions_of(["answer"]) == ["keluar", "answer"]
    assert actions_of(["start", "answer_interim", "answer", "ask", "forward", "refuse"]) == [
        "keluar", "answer", "start", "ask", "forward", "refuse"
    ]  # fmt: skip
    rows = [an_escalation(can="contest"), an_escalation("black_vest", 2, state="denied")]
    assert actions_of([], escalations=rows) == ["keluar", "contest/1"]


def test_answering_comes_first_and_the_rest_is_folded_until_something_in_it_is_wrong() -> None:
    def open_folds(*wrong: str) -> list[str]:
        errors = [{"field": field, "message": "?"} for field in wrong]
        html = pages.render("desk_complaint.html", "en", BASE,
                            **{**values_of("desk_complaint.html"), "errors": errors, "now": NOW})  # fmt: skip
        return re.findall(r"<details open>\s*<summary>([^<]+)", html)

    page = shown("desk_complaint.html", "en", errors=[])
    assert next(box["id"] for box in page.all("textarea")) == "text"
    assert len([fold for fold in page.all("details") if fold.get("class") != "keys"]) == 4
    assert open_folds() == open_folds("text") == []
    assert open_folds("ask-text") == ["Ask the reporter"]
    assert open_folds("forward-to") == ["Hand to another division"]
    assert open_folds("7K3QM-2ZX4T-1-reason") == ["Contest this escalation"]


def test_a_ready_answer_is_chosen_by_a_form_that_works_without_a_script() -> None:
    page = shown("desk_complaint.html", errors=[])
    form = next(form for form in page.all("form") if form["method"] == "get")
    assert form["action"] == f"{BASE}/meja/7K3QM-2ZX4T#answer"
    options = [option for option in page.all("option") if "data-text" in option]
    assert [(option["value"], option["data-final"], "selected" in option) for option in options] == [
        ("ready", "yes", False), ("other", "no", True)
    ]  # fmt: skip
    assert not [option for option in shown("desk_complaint.html", ready=[]).all("option") if "data-text" in option]


def test_every_shortcut_of_the_desks_script_is_explained_and_needs_a_script() -> None:
    keys = re.findall(r'^ {4}"?([a-z?])"?: \(\) =>', (pages.FOLDER / "desk.js").read_text("utf-8"), re.MULTILINE)
    assert keys == ["j", "k", "a", "t", "g", "?"]
    for name in ("desk.html", "desk_complaint.html"):
        page = shown(name)
        assert all(f" {key.upper()} " in page.words for key in keys)
        assert next(page.all("noscript"), None) is not None
        hints = [line for line in page.all("p") if "keys-hint" in line.get("class", "")]
        assert hints
        assert all("hidden" in hint for hint in hints)


def test_what_the_desks_script_looks_for_stands_on_its_pages() -> None:
    script = (pages.FOLDER / "desk.js").read_text("utf-8")
    ids = {attributes.get("id") for name in ("desk.html", "desk_complaint.html") for _, attributes in shown(name).tags}
    assert set(re.findall(r'byId\("([a-z-]+)"\)', script)) <= ids
    sent = [box["data-sent"] for name in ("desk.html", "desk_complaint.html") for box in shown(name).all("p")
            if "data-sent" in box]  # fmt: skip
    assert sent == ["7K3QM-2ZX6T"] * 2
    page = shown("desk_complaint.html")
    boxes = [form for form in page.all("form") if form.get("data-ticket") == "7K3QM-2ZX4T"]
    assert len(boxes) == 5  # start, answer, ask, forward, refuse


def test_a_complaint_that_waits_for_its_reporter_says_so_to_the_officer() -> None:
    page = shown("desk_complaint.html", actions=[], complaint=a_complaint(status="waiting", reply_due_at=DUE))
    assert "Menunggu balasan pelapor. Selama itu semua tenggat berhenti." in page.words
    assert "Balasan ditunggu sampai Senin, 30 November 2026" in page.words


def test_the_desk_marks_which_list_is_shown() -> None:
    for status in (None, "waiting"):
        page = shown("desk.html", of_status=status)
        here = [link["href"] for link in page.all("a") if link.get("aria-current") == "page"]
        assert here == [f"{BASE}/meja?{'status=waiting&' if status else ''}lang=id"]
    assert "terlambat 2 hari" not in page.words


def test_every_form_of_an_officer_carries_the_token_against_forgery() -> None:
    for name in PAGES[4:]:
        page = shown(name, csrf="c5rf")
        tokens = [field["value"] for field in page.all("input") if field.get("name") == "csrf"]
        assert tokens == ["c5rf"] * len([form for form in page.all("form") if form["method"] == "post"])


def test_an_admin_sees_what_waits_and_to_whom_it_should_go() -> None:
    page = shown("office.html")
    assert [tag["aria-label"] for tag in page.all("svg") if tag.get("role") == "img"] == [
        "40 aduan menunggu disposisi: 1 terlambat, 1 jatuh tempo hari ini, 38 masih ada waktu",
        "Teguran: 7 dari 9 eskalasi terbaru",
        "Rompi hitam: 2 dari 9 eskalasi terbaru",
        "Penggantian: 0 dari 9 eskalasi terbaru",
    ]
    cards = [tag["class"] for tag in page.all("li") if tag.get("class", "").startswith("card")]
    assert cards == ["card at-late", "card at-today", "card at-calm"]
    forms = [form["action"] for form in page.all("form") if "dispatch" in form["action"]]
    assert forms == [f"{BASE}/kantor/7K3QM-2ZX{n}T/dispatch?lang=id" for n in (4, 4, 5, 6)]
    taps = [field["value"] for field in page.all("input") if field.get("name") == "to"]
    assert taps == ["dpuprpkp/pju"]  # only where something is suggested
    chosen = [option["value"] for option in page.all("option") if "selected" in option]
    assert chosen == ["dpuprpkp/pju", "complaint", "complaint", "complaint"]
    assert "mungkin bukan aduan" in page.words


def test_who_only_reads_the_office_gets_no_form_that_writes() -> None:
    for role in ("mayor", "auditor"):
        page = shown("office.html", role=role)
        assert posts(page) == ["keluar", "kantor/cari", "kantor/token"]
        assert "Lampu jalan mati" in page.words
    nothing: dict[str, Any] = {"errors": [], "typed": {}, "fields": []}
    rows = [an_escalation(state="contested")]
    page = shown("office_complaint.html", actions=[], escalations=rows, reporter=None, **nothing)
    assert posts(page) == ["keluar", "kantor/7K3QM-2ZX4T/pelapor"]
    steps = ("dispatch", "dispatch", "check", "merge", "merge", "reject", "contest/1")
    assert posts(shown("office_complaint.html"))[1:] == [f"kantor/7K3QM-2ZX4T/{path}" for path in steps]


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_every_page_of_the_office_leads_to_the_others_and_marks_where_one_is(role: str) -> None:
    places = {"office": "", "office_list": "/aduan", "office_entry": "/masukan", "office_quarantine": "/karantina",
              "office_standings": "/status", "office_rewards": "/penghargaan", "office_figures": "/angka",
              "office_holidays": "/libur"}  # fmt: skip
    mine = [path for name, path in places.items() if role == "admin" or name != "office_entry"]
    for name, path in places.items():
        html = pages.render(f"{name}.html", "id", BASE, **{**values_of(f"{name}.html"), "role": role, "now": NOW})
        links = list(Page(html[html.index('<nav class="tabs"') : html.index("</nav>") + 6]).all("a"))
        assert [link["href"] for link in links] == [f"{BASE}/kantor{one}?lang=id" for one in mine]
        here = [link["href"] for link in links if "aria-current" in link]
        assert here == [f"{BASE}/kantor{path}?lang=id" for _ in mine if path in mine][:1]


def test_a_rung_is_drawn_with_words_and_explained() -> None:
    page = shown("office_standings.html", "en", rows=[a_standing()], errors=[], typed={})
    assert [tag["class"] for tag in page.all("li") if "class" in tag] == ["is-current", "is-proposed", "is-todo"]
    words = re.sub(r"\s+", " ", page.words)
    for expected in (
        "Warning now", "Black vest proposed", "Replacement not reached", "Warning since Thursday, 26 November 2026",
        "The deadline of a complaint was missed.", "Proposed: Black vest",
        "After the warning, a complaint reached the black vest stage.", "3 warnings within 30 days.",
    ):  # fmt: skip
        assert expected in words
    links = [link["href"] for link in page.all("a") if "/kantor/7K3QM" in link["href"]]
    assert links == [f"{BASE}/kantor/7K3QM-2ZX{n}T?lang=en" for n in (4, 4, 5)]
    drawn = [tag for tag in page.all("svg") if tag.get("aria-hidden") == "true"]
    assert len(drawn) == 3


def test_only_the_mayor_gets_the_two_buttons_and_only_for_a_proposal() -> None:
    page = shown("office_standings.html", rows=[a_standing(), a_standing(key="x-", division="x", proposed=None)])
    assert posts(page)[1:] == ["kantor/status/dishub/parkir"]
    buttons = [(button["name"], button["value"]) for button in page.all("button") if "name" in button]
    assert buttons == [("verdict", "confirm"), ("verdict", "dismiss")]
    assert [field["value"] for field in page.all("input") if field["name"] == "rung"] == ["black_vest"]
    for role in ("admin", "auditor"):
        page = shown("office_standings.html", role=role, fields=[], errors=[])
        assert posts(page) == ["keluar"]
        assert "Menunggu keputusan wali kota" in page.words


def test_no_standing_at_all_is_said() -> None:
    page = shown("office_standings.html", rows=[], errors=[], typed={}, fields=[])
    assert "tidak ada usulan" in page.words
    assert list(page.all("svg")) == []


def test_an_empty_office_says_so() -> None:
    nothing: dict[str, Any] = {
        "items": [],
        "next": None,
        "escalations": [],
        "contested": [],
        "rungs": [(rung, 0) for rung in RUNGS],
        "sent": None,
    }
    page = shown("office.html", **nothing, counts={"late": 0, "today": 0, "rest": 0})
    assert "Tidak ada aduan yang menunggu" in page.words
    assert "Belum ada eskalasi" in page.words
    assert list(page.all("svg")) == []


def test_staff_see_who_did_a_step() -> None:
    steps = [{"at": NOW, "entry": "dispatched", "by": "machine"}, {"at": NOW, "entry": "checked", "by": "admin"}]
    page = shown(
        "office_complaint.html", complaint={**values_of("office_complaint.html")["complaint"], "timeline": steps}
    )
    assert "WIB · Sistem" in page.words
    assert "WIB · Admin" in page.words
    assert "Sistem" not in shown("ticket.html", complaint=a_complaint(timeline=steps)).words


def test_an_unnamed_reporter_is_said_to_be_one() -> None:
    page = shown("desk_complaint.html", complaint=a_complaint(reporter=None), notice="started", errors=[])
    assert "Anonim, atau tidak meninggalkan nama" in page.words
    assert "Tercatat: aduan ini mulai dikerjakan." in page.words
    assert "+6281234567890" not in page.words


def test_staff_see_the_point_and_the_photos_and_a_photo_of_no_web_address_is_none() -> None:
    where = "https://www.openstreetmap.org/?mlat=1.000000&mlon=2.000000#map=18/1.000000/2.000000"
    photos = ["https://foto.example/a.jpg?x=<b>&y=1", "javascript:alert(1)"]
    seen = {"map": where, "lat": 1.0, "long": 2.0, "photos": photos}
    for name in ("desk_complaint.html", "office_complaint.html"):
        page = shown(name, complaint={**values_of(name)["complaint"], **seen})
        links = {link["href"]: link["rel"] for link in page.all("a") if "rel" in link}
        assert links == {where: "noreferrer", photos[0]: "noreferrer nofollow"}
        assert photos[0] in page.words
        assert "1.000000, 2.000000" in page.words


def test_all_that_was_typed_is_shown_again_and_nothing_that_nobody_typed() -> None:
    typed = {
        "name": "Warga Uji", "asked": "+6280000000001", "merge-into": "7K3QM-2ZX5T", "text": "Sudah menyala.",
        "csrf": "s1", "idempotency_key": "s2", "lang": "s3", "receipt": "s4", "interim": "s5", "a-b-rung": "s6",
    }  # fmt: skip
    page = Page(pages.render_message("unavailable", "id", BASE, 503, now=NOW, typed=typed, fields=["text"]))
    assert page.words.count("Yang tadi Anda tulis") == 1
    assert [words in page.words for words in typed.values()] == [True] * 3 + [False] * 7


def test_errors_are_said_in_the_words_of_the_form() -> None:
    errors = [{"field": "text", "message": "Expected `str` of length >= 10"}, {"field": "x", "message": "unknown"}]
    assert [error["message"] for error in pages.field_errors(errors, "en")] == [
        "Write between 10 and 4,000 characters.",
        "unknown",
    ]
    answer = "Write an answer, 4,000 characters at most, with every [blank] replaced by what is true."
    assert pages.field_errors(errors[:1], "en", "answer_error")[0]["message"] == answer
    whole = [{"field": "full", "message": ""}, {"field": "status", "message": ""}]
    told = [error["message"] for error in pages.field_errors(whole, "en", "rate_error")]
    assert told == [pages.text("form_error.full", "en"), pages.text("rate_error.status", "en")]


@each_language
def test_every_message_has_its_title_and_body(lang: str) -> None:
    abouts = {key.split(".")[1] for key in texts() if key.startswith("message.") and key.count(".") == 2}
    assert {"not_found", "unavailable", "method", "signed_out"} <= abouts
    for about in abouts:
        page = Page(pages.render_message(about, lang, BASE, 404, link=f"{BASE}/masuk"))
        assert f"{BASE}/masuk" in [link["href"] for link in page.all("a")]
    assert "Ke halaman depan" in pages.render_message("not_found", "id", BASE, 404)
    assert "Masuk lagi" in pages.render_message("signed_out", "id", BASE, 200, link=f"{BASE}/masuk")


def test_the_language_switch_keeps_the_path() -> None:
    hrefs = [link["href"] for link in shown("ticket.html", here="/t/7K3QM-2ZX4T").all("a")]
    assert f"{BASE}/t/7K3QM-2ZX4T?lang=en" in hrefs
    hrefs = [link["href"] for link in shown("desk.html", "en", here="/meja?cursor=abc").all("a")]
    assert f"{BASE}/meja?cursor=abc&lang=id" in hrefs


@pytest.mark.parametrize("name", ["filed.html", "form.html", "token.html", "office_entered.html"])
def test_a_page_that_would_be_lost_has_no_language_switch(name: str) -> None:
    assert not [link for link in shown(name).all("a") if "hreflang" in link]


@pytest.mark.parametrize(
    ("query", "header", "expected"),
    [
        (None, None, "id"),
        ("", "", "id"),
        ("en", "id", "en"),
        ("EN ", None, "en"),
        ("id", "en", "id"),
        ("fr", "en-US", "en"),
        (None, "en", "en"),
        (None, "EN-us,en;q=0.9", "en"),
        (None, "en;q=0.4, id;q=0.5", "id"),
        (None, "id;q=0.4, en;q=0.5", "en"),
        (None, "id, en", "id"),
        (None, "en, id", "en"),
        (None, "fr, en;q=0.2", "en"),
        (None, "en;q=0", "id"),
        (None, "id;q=0, en;q=0.1", "en"),
        (None, "*", "id"),
        (None, "jv, ms;q=0.8", "id"),
        (None, "en;q=loud", "id"),
        (None, "en;q=nan", "id"),
        (None, "en;q=2", "id"),
        (None, "en;level=1", "id"),
        (None, ";;;,,q=1,\x00", "id"),
        (None, "x," * 5000 + "en", "id"),
        ("<script>", None, "id"),
    ],
)
def test_the_language_is_as_asked_else_as_preferred_else_indonesian(
    query: str | None, header: str | None, expected: str
) -> None:
    assert pages.language(query, header) == expected


def test_the_policy_source_of_the_style_fits_the_style_of_every_page() -> None:
    for name in PAGES:
        html = pages.render(name, "id", BASE, **values_of(name), now=NOW)
        style = html.split("<style>")[1].split("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert pages.style_source() == f"'sha256-{digest}'"


def test_a_confidential_complaint_can_be_opened_from_the_page_that_says_it_is_not_there() -> None:
    page = Page(pages.render_message("not_found", "id", BASE, 404, ticket="7K3QM-2ZX4T"))
    assert [form["action"] for form in page.all("form")] == [f"{BASE}/t/7K3QM-2ZX4T?lang=id", f"{BASE}/t"]
    assert [field["name"] for field in page.all("input")] == ["receipt", "lang", "ticket"]
    assert "404" in page.words
    hostile = Page(pages.render_message("not_found", "id", BASE, 404, ticket='"><script>../?x=1#'))
    assert [form["action"] for form in hostile.all("form")] == [
        f"{BASE}/t/%22%3E%3Cscript%3E../%3Fx%3D1%23?lang=id", f"{BASE}/t"
    ]  # fmt: skip
