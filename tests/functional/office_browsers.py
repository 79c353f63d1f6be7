"""Browsers in which somebody of the office is signed in, and what their tests look for on a page."""

from __future__ import annotations

import re

from chalicelib.adapters import complaints
from chalicelib.domain.complaint import Complaint
from tests.builders import Answer, Service, token
from tests.functional.test_desk import Browser, csrf_of

OTHERS = {"csrf": "another page's"}


def signed_in(service: Service, role: str = "admin", sub: str = "rina") -> Browser:
    """Return a browser in which somebody of this role is signed in."""
    return Browser(service, {"sambat_session": token(role, sub=sub)})


def stored(ticket: str) -> Complaint:
    """Return a complaint as it stands."""
    found = complaints.complaint_of(ticket, consistent=True)
    assert found is not None
    return found


def filled(browser: Browser, page: str, path: str, /, **fields: str) -> Answer:
    """Open a page, fill in its form that goes to that path, and send it."""
    shown = browser.get(page)
    assert shown.status == 200
    assert f'action="https://sambat.example/api{path}?' in shown.text
    return browser.submit(path, {"csrf": csrf_of(shown), **fields})


def tickets(page: Answer) -> list[str]:
    """Return the tickets of the cards of a page, in their order."""
    return re.findall(r'<a class="code" href="https://sambat.example/api/kantor/([^?"]+)\?', page.text)


def wrong(page: Answer) -> list[str]:
    """Return the ids of the fields that a page says are wrong, each of which says so itself."""
    named = re.findall(r'<li><a href="#([^"]+)">', page.text)
    for field in named:
        marks = rf' aria-invalid="true" aria-describedby="[^"]*{re.escape(field)}-error"'
        assert re.search(f'id="{re.escape(field)}"[^>]*{marks}', page.text)
    return named
