"""The quarantine on pages: numbers hidden in the list, each reading of a whole message noted, two forms."""

from __future__ import annotations

import html
import re
from datetime import UTC, timedelta

import pytest

from chalicelib.adapters import quarantine
from tests.builders import Service, token
from tests.functional.office_browsers import OTHERS, filled, signed_in, stored, wrong
from tests.functional.scenes import PARKING, wall_clock
from tests.functional.test_desk import Browser, csrf_of

BODY = '{"from": "+6280000000001", "text": "Parkir liar <b>'
WHERE = "/kantor/karantina"


@pytest.fixture
def admin(service: Service) -> Browser:
    return signed_in(service)


def kept(name: str = "abc", body: str = BODY, days: int = 0) -> str:
    """Let a message lie in quarantine; return its id."""
    at = wall_clock() - timedelta(days=days)
    quarantine.quarantine(quarantine.Quarantined("generic", "no text", body), name, at)
    return f"{at.astimezone(UTC):%Y-%m-%d}.{name}"


def state_of(service: Service, message: str) -> str:
    return str(service.get(f"/admin/quarantine/{message}", token("admin")).json["state"])


def reads_of(message: str) -> list[str]:
    return [read.who for read in quarantine.reads_of(message.replace(".", "#"))]


def test_an_empty_quarantine_is_good_news(service: Service, admin: Browser) -> None:
    assert "Tidak ada pesan yang tertahan" in admin.get(WHERE).text
    assert "Belum ada pesan di daftar ini" in admin.get(f"{WHERE}?state=filed").text
    assert admin.get(f"{WHERE}?state=lost").status == 400


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_the_list_hides_numbers_and_a_reading_is_noted(service: Service, role: str) -> None:
    message = kept()
    browser = signed_in(service, role)
    page = browser.get(WHERE)
    assert "Parkir liar &lt;b&gt;" in page.text
    assert "80000000001" not in page.text
    assert reads_of(message) == []
    whole = browser.get(f"{WHERE}/{message}")
    assert "+6280000000001" in whole.text
    assert reads_of(message) == ["rina"]
    assert "<b>" not in whole.text.split("Parkir liar")[1][:3]
    acts = re.findall(r'action="[^"]*/(complaint|discard)\?', whole.text)
    assert acts == (["complaint", "discard"] if role == "admin" else [])


def test_a_long_list_goes_on_page_by_page(service: Service, admin: Browser) -> None:
    made = [kept(f"m{n:02}", days=n) for n in range(30)]
    first = admin.get(f"{WHERE}?lang=en")
    link = re.search(r'href="https://sambat.example/api(/kantor/karantina\?[^"]*cursor=[^"]+)"', first.text)
    assert link
    second = admin.get(html.unescape(link[1]))
    seen = [re.findall(r"karantina/([0-9-]{10}\.m\d\d)\?", page.text) for page in (first, second)]
    assert seen[0] + seen[1] == made
    assert "cursor=" not in second.text


def test_a_message_becomes_a_complaint_and_the_list_says_which(service: Service, admin: Browser) -> None:
    message, path = kept(), f"{WHERE}/{kept()}"
    done = filled(admin, path, f"{path}/complaint", text=PARKING, phone="0800 0000 0001", name="Warga", kind="idea")
    assert done.status == 200
    (ticket,) = re.findall(r'role="status"><a class="code" href="[^"]*/kantor/([^?]+)\?', done.text)
    one = stored(ticket)
    assert (one.text, one.channel, one.kind, one.opd) == (PARKING, "sms", "idea", "dishub")
    assert (one.timeline[0].by, one.timeline[0].who) == ("admin", "rina")
    assert state_of(service, message) == "filed"
    assert f"/kantor/{ticket}?" in admin.get(f"{WHERE}?state=filed").text
    assert "/complaint?" not in admin.get(path).text


def test_a_message_is_discarded_with_a_reason(service: Service, admin: Browser) -> None:
    path = f"{WHERE}/{kept()}"
    done = filled(admin, path, f"{path}/discard", reason="Iklan.")
    assert done.status == 200
    assert "Pesan dibuang" in done.text
    assert "Iklan." in admin.get(f"{WHERE}?state=discarded").text


@pytest.mark.parametrize(
    ("form", "fields", "field"),
    [
        ("complaint", {"text": ""}, "text"),
        ("complaint", {"text": "x" * 8001}, "text"),
        ("complaint", {"text": PARKING, "phone": "12"}, "phone"),
        ("complaint", {"text": PARKING, "kind": "praise"}, "kind"),
        ("complaint", {"text": PARKING, "category": "no_such"}, "category"),
        ("discard", {"reason": " "}, "discard-reason"),
        ("discard", {"reason": "x" * 4001}, "discard-reason"),
    ],
)
def test_what_cannot_be_stands_beside_its_field_and_the_message_stays_open(
    service: Service, admin: Browser, form: str, fields: dict[str, str], field: str
) -> None:
    message = kept()
    refused = filled(admin, f"{WHERE}/{message}", f"{WHERE}/{message}/{form}", **fields)
    assert refused.status == 400
    assert wrong(refused) == [field]
    assert max(fields.values(), key=len) in refused.text
    assert ("<details open>" in refused.text) == (form == "discard")
    assert state_of(service, message) == "open"


def test_what_somebody_else_settled_meanwhile_is_said_and_nothing_typed_is_lost(
    service: Service, admin: Browser
) -> None:
    message = kept()
    csrf = csrf_of(admin.get(f"{WHERE}/{message}"))
    assert service.post(f"/admin/quarantine/{message}/discard", {"reason": "Iklan."}, token("admin")).status == 200
    for form, fields in (("complaint", {"text": PARKING}), ("discard", {"reason": "Kosong <saja>."})):
        again = admin.submit(f"{WHERE}/{message}/{form}", {"csrf": csrf, **fields})
        assert again.status == 409
        assert "sudah diputuskan" in again.text
        assert html.escape(next(iter(fields.values()))) in again.text
    assert state_of(service, message) == "discarded"


def test_nobody_else_settles_a_message_and_none_is_not_there(service: Service, admin: Browser) -> None:
    message = kept()
    for browser, csrf in (
        (admin, OTHERS["csrf"]),
        (signed_in(service, "mayor"), ""),
        (signed_in(service, "auditor"), ""),
    ):
        fields = {"csrf": csrf or csrf_of(browser.get("/kantor")), "text": PARKING, "reason": "Iklan."}
        for form in ("complaint", "discard"):
            assert browser.submit(f"{WHERE}/{message}/{form}", fields).status == 403
    assert state_of(service, message) == "open"
    csrf = csrf_of(admin.get("/kantor"))
    for nothing in ("2026-01-01.nothing", "x"):
        assert admin.get(f"{WHERE}/{nothing}").status == 404
        assert admin.submit(f"{WHERE}/{nothing}/complaint", {"csrf": csrf, "text": PARKING}).status == 404
        assert admin.submit(f"{WHERE}/{nothing}/discard", {"csrf": csrf, "reason": "Iklan."}).status == 404
