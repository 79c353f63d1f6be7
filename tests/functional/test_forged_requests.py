"""All that a request says is the client's to forge. No link, redirect, cookie or signature follows its `Host` and the
like; no instant, code or media type makes a read fail, or long."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from chalicelib.api.operations import OPERATIONS
from chalicelib.settings import current
from tests.builders import FORM, Answer, Service, running_service, token

LAMP: Final = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"


@pytest.fixture(scope="module")
def city() -> Iterator[Service]:
    """One city for all lies."""
    with running_service() as service:
        yield service


# ------------------------------------------------------------------------------------------------ addresses

FORGED: Final = (
    {"Host": "evil.example"},
    {"Host": "evil.example:6666", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "6666", "X-Forwarded-Prefix": "/evil.example"},
    {"Forwarded": "for=6.6.6.6;host=evil.example;proto=http", "X-Forwarded-Server": "evil.example"},
    {"X-Original-URL": "https://evil.example/", "X-Rewrite-URL": "//evil.example/", "X-Original-Host": "evil.example"},
    {"X-Host": "evil.example", "X-HTTP-Host-Override": "evil.example", "X-HTTP-Method-Override": "DELETE"},
    {"Origin": "https://evil.example", "Referer": "https://evil.example/", "X-Forwarded-For": "6.6.6.6"},
    {"Host": "sambat.example\r\nSet-Cookie: evil.example=1", "X-Forwarded-Host": "sambat.example, evil.example"},
)
forged_each = pytest.mark.parametrize("forged", FORGED, ids="+".join)


def addresses(answer: Answer) -> list[str]:
    """Return where an answer leads to: links, forms, redirects, and for whom its cookies are."""
    location = urlsplit(str(answer.headers.get("Location", "")))
    asked = parse_qs(location.query)
    cookies: str | list[str] = answer.headers.get("Set-Cookie", [])
    return [
        f"{location.scheme}://{location.netloc}{location.path}",
        *asked.get("redirect_uri", []),
        *(one.partition(";")[2] for one in ([cookies] if isinstance(cookies, str) else cookies)),
        *re.findall(r"""(?:href|action|src)=["']?([^"'>\s?]*)""", answer.text),
        *re.findall(r"""https?://[^\s"'<>\\?]+""", answer.text),
    ]


def doors(service: Service, ticket: str, receipt: str, **forged: str) -> dict[str, Answer]:
    """Knock at everything that answers with an address."""
    session = {"Cookie": f"sambat_session={token('opd', 'dpuprpkp')}", **forged}
    key = {"Idempotency-Key": "the same for all", **forged}
    return {
        "form": service.get("/", **forged),
        "page": service.get(f"/t/{ticket}", **forged),
        "no page": service.get("/t/AAAAA-AAAAA", **forged),
        "look up": service.get(f"/t?ticket={ticket}", **forged),
        "own page": service.form(f"/t/{ticket}", {"receipt": receipt}, **forged),
        "filed by form": service.form("/complaints", {"text": LAMP}, **key),
        "bad form": service.form("/complaints", {"text": "short"}, **forged),
        "filed": service.post("/complaints", {"text": LAMP}, **{**key, "Idempotency-Key": "another"}),
        "read": service.get(f"/complaints/{ticket}", **forged),
        "document": service.get("/openapi.json", **forged),
        "sign in": service.get("/masuk", **forged),
        "not signed in": service.get("/masuk/selesai?code=1&state=2", **forged),
        "desk": service.get("/meja", **session),
        "desk of nobody": service.get("/meja", **forged),
        "desk of one": service.get(f"/meja/{ticket}", **session),
        "admin": service.get("/admin/complaints?limit=1", token("admin"), **forged),
    }


@forged_each
def test_no_header_changes_where_an_answer_leads_to(city: Service, forged: dict[str, str]) -> None:
    filed = city.post("/complaints", {"text": LAMP}).json
    honest = doors(city, filed["ticket"], filed["receipt"])
    lied_to = doors(city, filed["ticket"], filed["receipt"], **forged)
    for name, answer in lied_to.items():
        assert answer.status == honest[name].status, name
        assert addresses(answer) == addresses(honest[name]), name
        assert "evil" not in answer.text + str(answer.headers), name
    base = current().public_url
    assert parse_qs(urlsplit(lied_to["sign in"].headers["Location"]).query)["redirect_uri"] == [f"{base}/masuk/selesai"]
    assert "; Path=/api; " in lied_to["sign in"].headers["Set-Cookie"]
    assert lied_to["sign in"].headers["Set-Cookie"].endswith("; Secure")
    assert lied_to["filed"].headers["Location"].startswith(f"{base}/complaints/")
    assert lied_to["document"].json["servers"] == [{"url": base}]


def test_no_header_changes_the_links_in_a_letter(city: Service) -> None:
    for forged in FORGED:
        assert city.post("/complaints", {"text": LAMP}, **forged).status == 201
    assert city.deliver() == []
    letters = city.emails()
    assert len(letters) >= len(FORGED)
    for letter in letters:
        assert current().public_url in letter["text"]
        assert "evil" not in str(letter)


@forged_each
def test_a_signature_is_checked_for_the_configured_address_whatever_a_header_says(
    city: Service, forged: dict[str, str]
) -> None:
    fields = {"MessageSid": f"SM{hash(tuple(forged))}", "From": "+6280000000001", "To": "+6280000000000", "Body": LAMP,
              "NumMedia": "0"}  # fmt: skip
    path = "/webhooks/sms/twilio"

    def deliver(url: str) -> int:
        signature = RequestValidator(current().sms["twilio"].secret).compute_signature(url, fields)
        return city.form(path, fields, **{"X-Twilio-Signature": signature}, **forged).status

    assert deliver(f"{current().public_url}{path}") == 200
    for url in (
        "https://evil.example",
        "https://evil.example/api",
        "http://evil.example:6666/api",
        "https://evil.example/evil.example",
        "http://sambat.example/api",
        "https://sambat.example",
    ):
        assert deliver(f"{url}{path}") == 403, url


# ------------------------------------------------------------------------------------------------ reads


@pytest.mark.parametrize("path", ["/health", "/services", "/complaints?limit=1", "/", "/masuk"])
def test_what_a_get_says_of_a_body_that_it_has_not_changes_nothing(city: Service, path: str) -> None:
    plain = city.get(path).status
    for content_type in ("text/plain", FORM, "application/xml", "multipart/form-data", "nonsense", 'a/b; c="d'):
        assert city.get(path, content_type=content_type).status == plain, content_type


ENDS_OF_TIME: Final = ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0144-08-08T16:35:01-21:06",
    "0999-12-31T23:59:59Z", "1969-12-31T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00",
)  # fmt: skip


@pytest.mark.parametrize("instant", ENDS_OF_TIME)
@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (one.name, parameter)
        for one in OPERATIONS
        for parameter in ("from", "to", "due_before")
        if parameter in one.query
    ],
)
def test_no_instant_makes_a_list_long_to_read(
    city: Service, name: str, parameter: str, instant: str, caplog: pytest.LogCaptureFixture
) -> None:
    operation = next(one for one in OPERATIONS if one.name == name)
    city.post("/complaints", {"text": LAMP})
    page = "&limit=100" if "limit" in operation.query else ""
    for more in (page, f"{page}&opd=dpuprpkp"):
        if "opd" in more and "opd" not in operation.query:
            continue
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "botocore.endpoint"):
            who = token("opd", "dpuprpkp") if operation.roles == ("opd",) else token("admin")
            answer = city.get(f"{operation.path}?{urlencode({parameter: instant})}{more}", who)
        assert answer.status in (200, 400), answer.text
        assert requests_in(caplog) <= 8
        if parameter == "from" and instant.startswith("1969"):
            assert requests_in(caplog) > 0, "else nothing is counted"


@pytest.mark.parametrize("long", [501, 1025, 3000])
def test_no_code_is_looked_for_that_no_key_can_be(city: Service, long: int, caplog: pytest.LogCaptureFixture) -> None:
    admin = token("admin")
    for code in ("a" * long, "%F0%9F%98%80" * long):
        with caplog.at_level(logging.DEBUG, "botocore.endpoint"):
            for path in ("/admin/complaints", "/admin/escalations", "/complaints"):
                assert city.get(f"{path}?opd={code}", admin).status == 400
            if len(code) > 1024:
                assert city.get(f"/admin/opds/{code}", admin).status == 404
    assert requests_in(caplog) == 0


def requests_in(caplog: pytest.LogCaptureFixture) -> int:
    """Return how many requests went to AWS."""
    return sum(record.getMessage().startswith("Making request") for record in caplog.records)


def test_a_code_with_a_line_end_is_none(city: Service) -> None:
    admin = token("admin")
    opd = city.get("/admin/opds/bkpsdm", admin).json
    opd["divisions"][0]["code"] += "\n"
    assert city.put("/admin/opds/bkpsdm", opd, admin).status == 400
