"""How the divisions stand, in a browser: everybody in the office reads it, the mayor alone decides."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.builders import Answer, Service, token
from tests.functional.scenes import LAMP, UNCLEAR, filed, opened, wall_clock
from tests.functional.test_desk import Browser, csrf_of

DAY = timedelta(days=1)
WHERE = "/kantor/status/dpuprpkp/pju"


@pytest.fixture
def mayor(service: Service) -> Browser:
    """A browser in which the mayor is signed in."""
    return Browser(service, {"sambat_session": token("mayor", sub="pak-wali")})


def warned(service: Service) -> list[str]:
    """Let a complaint and one that nobody dispatched be late; return their tickets."""
    now = wall_clock()
    opened(now - 60 * DAY)
    tickets = [filed(LAMP, now - 40 * DAY).ticket, filed(UNCLEAR, now - 40 * DAY).ticket]
    service.sweep(now.isoformat())
    return tickets


def proposed(service: Service) -> str:
    """Let a division be proposed for the vest; return the ticket that reached it."""
    ticket = warned(service)[0]
    service.sweep((wall_clock() + 7 * DAY).isoformat())
    return ticket


def decided(browser: Browser, **fields: str) -> Answer:
    csrf = csrf_of(browser.get("/kantor/status"))
    return browser.submit(WHERE, {"csrf": csrf, "rung": "black_vest", **fields})


def standing(service: Service) -> tuple[str | None, str | None]:
    """Return (rung, proposed) of the division as the API knows it."""
    rows = service.get("/admin/standings", token("admin")).json["items"]
    return next((row["rung"], row["proposed"]) for row in rows if row["division"] == "pju")


def test_nobody_on_a_rung_is_said(service: Service, mayor: Browser) -> None:
    page = mayor.get("/kantor/status")
    assert page.status == 200
    assert "Tidak ada bidang yang sedang ditegur" in page.text


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_a_rung_is_drawn_and_explained_to_everybody_in_the_office(service: Service, role: str) -> None:
    lamp, unclear = warned(service)
    page = Browser(service, {"sambat_session": token(role)}).get("/kantor/status", accept_language="en")
    assert page.text.count('class="is-current" aria-current="step"') == 2
    assert "Warning since" in page.text
    assert "The deadline of a complaint was missed." in page.text
    assert "The city&#39;s admin (dispatch)" in page.text
    for ticket in (lamp, unclear):
        assert f'href="https://sambat.example/api/kantor/{ticket}?lang=en"' in page.text
    assert "verdict" not in page.text


def test_the_office_tells_how_many_proposals_wait(service: Service, mayor: Browser) -> None:
    assert "usulan" not in mayor.get("/kantor").text
    proposed(service)
    assert "(1 usulan)" in mayor.get("/kantor").text


def test_the_mayor_confirms_with_a_reason_and_it_takes_effect(service: Service, mayor: Browser) -> None:
    ticket = proposed(service)
    page = mayor.get("/kantor/status")
    assert "Usulan: Rompi hitam" in page.text
    assert page.text.index("Rompi hitam") < page.text.index("Admin kota (disposisi)")  # proposals stand first
    assert f"/kantor/{ticket}?" in page.text
    done = decided(mayor, verdict="confirm", reason="Sudah dua kali ditegur.")
    assert done.status == 200
    assert "usulan disahkan" in done.text
    assert "Rompi hitam sejak" in done.text
    assert standing(service) == ("black_vest", None)


def test_the_mayor_dismisses_with_a_reason_and_the_rung_stays(service: Service, mayor: Browser) -> None:
    proposed(service)
    done = decided(mayor, verdict="dismiss", reason="Mereka kebanjiran.")
    assert done.status == 200
    assert "usulan tidak disahkan" in done.text
    assert standing(service) == ("warning", None)


@pytest.mark.parametrize("verdict", ["confirm", "dismiss"])
def test_a_decision_needs_a_reason(service: Service, mayor: Browser, verdict: str) -> None:
    proposed(service)
    for reason in (" ", "Panjang <sekali> " * 300):
        again = decided(mayor, verdict=verdict, reason=reason)
        assert again.status == 400
        assert '<a href="#dpuprpkp-pju-reason">Tulis alasan keputusan' in again.text
        assert reason.replace("<", "&lt;").replace(">", "&gt;").strip() in again.text
    assert standing(service) == ("warning", "black_vest")


def test_a_decision_is_one_of_two(service: Service, mayor: Browser) -> None:
    proposed(service)
    for verdict in ({}, {"verdict": "perhaps"}):
        again = decided(mayor, reason="Sudah <dua> kali.", **verdict)
        assert again.status == 400
        assert "Pilih salah satu tombol keputusan." in again.text
        assert "Sudah &lt;dua&gt; kali." in again.text
    assert standing(service) == ("warning", "black_vest")


@pytest.mark.parametrize("verdict", ["confirm", "dismiss"])
def test_another_rung_than_the_proposed_one_is_not_decided_on(service: Service, mayor: Browser, verdict: str) -> None:
    proposed(service)
    stale = decided(mayor, verdict=verdict, rung="replacement", reason="Sudah <dua> kali.")
    assert stale.status == 409
    assert "Usulan itu sudah tidak ada" in stale.text
    assert "Sudah &lt;dua&gt; kali." in stale.text
    assert decided(mayor, verdict=verdict, rung="gold", reason="Ya.").status == 400
    assert standing(service) == ("warning", "black_vest")


def test_what_was_decided_is_not_decided_twice_and_what_was_typed_is_not_lost(service: Service, mayor: Browser) -> None:
    proposed(service)
    decided(mayor, verdict="dismiss", reason="Mereka kebanjiran.")
    for verdict in ("confirm", "dismiss"):
        again = decided(mayor, verdict=verdict, reason="Sekali <lagi>.")
        assert again.status == 409
        assert "Sekali &lt;lagi&gt;." in again.text
    assert standing(service) == ("warning", None)


def test_a_division_that_the_city_has_not_is_404(service: Service, mayor: Browser) -> None:
    proposed(service)
    csrf = csrf_of(mayor.get("/kantor/status"))
    for verdict in ("confirm", "dismiss"):
        fields = {"csrf": csrf, "verdict": verdict, "rung": "black_vest", "reason": "Ya."}
        for path in ("dpuprpkp/tidak_ada", "tidak_ada/pju", "%3Cb%3E/x"):
            assert mayor.submit(f"/kantor/status/{path}", fields).status == 404


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_nobody_but_the_mayor_decides(service: Service, role: str) -> None:
    proposed(service)
    browser = Browser(service, {"sambat_session": token(role)})
    page = browser.get("/kantor/status")
    assert "Menunggu keputusan wali kota" in page.text
    assert not re.search('action="[^"]*kantor/status/', page.text)
    assert decided(browser, verdict="confirm", reason="Ya.").status == 403
    assert standing(service) == ("warning", "black_vest")


def test_a_form_of_another_site_decides_nothing(service: Service, mayor: Browser) -> None:
    proposed(service)
    fields = {"verdict": "confirm", "rung": "black_vest", "reason": "Ya."}
    theirs = csrf_of(Browser(service, {"sambat_session": token("mayor", sub="other")}).get("/kantor/status"))
    for csrf in ({}, {"csrf": "x"}, {"csrf": theirs}):
        assert mayor.submit(WHERE, {**fields, **csrf}).status == 403
    assert standing(service) == ("warning", "black_vest")
