"""Every answer has its security headers, leads nowhere but to us or to the provider, and its cookies are ours alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from app import app
from chalicelib.settings import current
from tests.builders import FORM, Answer, Service, running_service, token
from tests.functional.doors import LAMP, aws_fault, set_as, watched_aws

DOORS: Final = sorted((method, route) for route, methods in app.routes.items() for method in methods)
NOWHERE: Final = {"opd": "dishub", "division": "parkir", "provider": "generic", "n": "1", "message": "x", "slug": "x"}
EVIL: Final = "https://evil.example/"
LED_ASTRAY: Final = "&".join(
    f"{name}={value}"
    for name in ("next", "ke", "to", "url", "return", "redirect_uri", "continue", "lang", "ticket", "state", "code")
    for value in (EVIL, "//evil.example")
)
ALWAYS: Final = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer"}


@pytest.fixture(scope="module")
def city() -> Iterator[Service]:
    """One city for all doors."""
    with running_service() as service:
        yield service


def headers_of(answer: Answer) -> dict[str, Any]:
    return {name.lower(): value for name, value in answer.headers.items()}


def is_secured(answer: Answer) -> bool:
    """Say whether an answer has all that its kind must have, and fail naming what it lacks."""
    headers = headers_of(answer)
    assert {name: headers.get(name) for name in ALWAYS} == ALWAYS
    assert headers["strict-transport-security"] == "max-age=31536000"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    if headers.get("content-type", "").startswith("text/html"):
        assert "form-action 'self'" in policy
        assert "base-uri 'none'" in policy
        assert "camera=()" in headers["permissions-policy"]
    else:
        assert policy == "default-src 'none'; frame-ancestors 'none'"
    return True


@contextmanager
def at_url(url: str) -> Iterator[None]:
    with set_as(SAMBAT_PUBLIC_URL=url):
        yield


def answers(service: Service, method: str, route: str, query: str = "") -> Iterator[Answer]:
    """Yield what a door answers to a stranger, to an admin and to an officer, asked rightly and wrongly."""
    path = route.format(ticket="00000-00000", **NOWHERE) + query
    for role, opd in (("", ""), ("admin", ""), ("opd", "dishub")):
        bearer = token(role, opd) if role else ""
        who = {"authorization": f"Bearer {bearer}", "cookie": f"sambat_session={bearer}"}
        yield service.call(method, path, **({"content_type": FORM} if method == "POST" else {}), **who)
        if method != "GET":
            yield service.call(method, path, b"{}", content_type="application/json", **who)
            yield service.call(method, path, b"<a/>", content_type="text/xml", **who)


@pytest.mark.parametrize(("method", "route"), DOORS, ids=lambda part: part)
def test_every_door_answers_with_its_security_headers_and_leads_to_no_other_place(
    city: Service, method: str, route: str
) -> None:
    ours = (f"{current().public_url}/", f"{current().oidc_authorize_url}?")
    for answer in answers(city, method, route, f"?{LED_ASTRAY}" if method == "GET" else ""):
        assert is_secured(answer)
        assert "set-cookie" not in headers_of(answer) or is_ours(headers_of(answer)["set-cookie"])
        assert str(headers_of(answer).get("location", ours[0])).startswith(ours)
    for answer in answers(city, method, route):
        assert is_secured(answer)


def is_ours(cookies: str | list[str]) -> bool:
    for line in [cookies] if isinstance(cookies, str) else cookies:
        flags = {part.strip() for part in line.split(";")[1:]}
        assert {"Path=/api", "HttpOnly", "Secure"} <= flags
        assert flags & {"SameSite=Lax", "SameSite=Strict"}
        assert not [flag for flag in flags if flag.lower().startswith("domain")]
    return True


def test_what_is_refused_before_any_view_and_what_breaks_in_one_has_them_too(city: Service) -> None:
    assert is_secured(city.call("PUT", "/complaints", b"{}", content_type="application/json"))  # 405
    assert is_secured(city.call("POST", "/complaints", b"x", content_type="image/png"))  # 415
    with watched_aws(before=lambda _: aws_fault()):
        for path in ("/complaints/00000-00000", "/t/00000-00000"):
            broken = city.get(path)
            assert broken.status == 503
            assert is_secured(broken)


def test_a_success_that_sends_on_sends_to_us(city: Service) -> None:
    filed = city.post("/complaints", {"text": LAMP})
    by_form = city.form("/complaints", {"text": LAMP})
    assert is_secured(filed)
    assert is_secured(by_form)
    for answer in (filed, by_form):
        assert answer.headers["Location"].startswith(f"{current().public_url}/")


def test_who_is_reached_without_tls_does_not_promise_it(city: Service) -> None:
    with at_url("http://127.0.0.1:8000"):
        headers = headers_of(city.get("/"))
        assert "strict-transport-security" not in headers
        assert {name: headers[name] for name in ALWAYS} == ALWAYS
        assert "Secure" not in str(headers_of(city.get("/masuk"))["set-cookie"])


def test_the_form_alone_may_ask_where_the_phone_is(city: Service) -> None:
    may = {
        path: headers_of(city.get(path))["permissions-policy"] for path in ("/", "/papan", "/aduan", "/t/00000-00000")
    }
    assert [path for path, policy in may.items() if "geolocation=(self)" in policy] == ["/"]
    assert [path for path, policy in may.items() if "geolocation=()" in policy] == [
        "/papan",
        "/aduan",
        "/t/00000-00000",
    ]
