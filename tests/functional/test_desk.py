"""The officer's desk in a browser: signing in at a real (small) OpenID provider, the work, every form, signing out."""

from __future__ import annotations

import base64
import hashlib
import html
import http.client
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib import settings
from chalicelib.adapters import complaints
from chalicelib.api import ready_answers
from chalicelib.api.session import csrf_of as form_token
from chalicelib.api.session import derived
from chalicelib.domain.complaint import Actor, Kind, Role
from chalicelib.pages import script_source
from chalicelib.workflows import handling
from tests.builders import FORM, Answer, Service, token
from tests.functional.scenes import HOLE, LAMP, PARKING, Call, filed, opened, wall_clock, watched_calls

DAY = timedelta(days=1)


# ------------------------------------------------------------------------------------------------ the provider


@dataclass
class Provider:
    """An OpenID provider on this machine: gives codes at /authorize, changes each once for an ID token at /token."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"role": "opd", "opd": "dpuprpkp", "sub": "sri"})
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda claims: claims)
    broken: bytes | None = None
    stop: Callable[[], None] = field(default=lambda: None)

    def authorize(self, asked: dict[str, str]) -> str:
        """Sign the person in and return where the browser goes with a code."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == "sambat-tests"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def change(self, asked: dict[str, str]) -> dict[str, str] | None:
        """Return the tokens for a code; None for one that is unknown, used, or not of who asked for it."""
        given = self.codes.pop(asked.get("code", ""), None)
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            given is None
            or asked.get("grant_type") != "authorization_code"
            or asked.get("client_id") != given["client_id"]
            or asked.get("redirect_uri") != given["redirect_uri"]
            or not secrets.compare_digest(challenge, given["code_challenge"])
        ):
            self.refused.append(asked.get("code", ""))
            return None
        claims = self.spoil({**self.person, "nonce": given["nonce"]})
        return {
            "id_token": token(**claims),
            "access_token": token(**{**claims, "token_use": "access"}),
            "token_type": "Bearer",
        }


@pytest.fixture
def provider(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """The provider, running, and the service told of it."""
    running = Provider()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            to = running.authorize(dict(parse_qsl(urlsplit(self.path).query)))
            self.send_response(302)
            self.send_header("Location", to)
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            tokens = running.change(dict(parse_qsl(body)))
            self.send_response(200 if tokens else 400)
            self.end_headers()
            answer = json.dumps(tokens or {"error": "invalid_grant"}).encode()
            self.wfile.write(answer if running.broken is None else running.broken)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    running.url, running.stop = f"http://127.0.0.1:{server.server_port}", stop
    monkeypatch.setenv("SAMBAT_OIDC_AUTHORIZE_URL", f"{running.url}/authorize")
    monkeypatch.setenv("SAMBAT_OIDC_TOKEN_URL", f"{running.url}/token")
    settings.current.cache_clear()
    try:
        yield running
    finally:
        if thread.is_alive():
            stop()
        monkeypatch.undo()
        settings.current.cache_clear()


# ------------------------------------------------------------------------------------------------ the browser


@dataclass
class Browser:
    """Keeps cookies, follows the provider, fills in forms."""

    service: Service
    cookies: dict[str, str] = field(default_factory=dict)
    flags: dict[str, set[str]] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self._keep(self.service.call("GET", path, b"", **self._cookie(), **headers))

    def submit(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        return self._keep(self.service.form(path, fields, **self._cookie(), **headers))

    def _cookie(self) -> dict[str, str]:
        return {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def _keep(self, answer: Answer) -> Answer:
        for line in all_cookies(answer):
            first, *flags = (part.strip() for part in line.split(";"))
            name, _, value = first.partition("=")
            self.flags[name] = set(flags)
            if "Max-Age=0" in flags:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    def go_to_provider(self) -> str:
        """Begin to sign in; return the path, with its code and state, to which the provider sends the browser back."""
        answer = self.get("/masuk")
        assert answer.status == 302
        at = urlsplit(answer.headers["Location"])
        connection = http.client.HTTPConnection(str(at.hostname), at.port)
        connection.request("GET", f"{at.path}?{at.query}")
        back = str(connection.getresponse().headers["Location"])
        connection.close()
        assert back.startswith(f"{settings.current().public_url}/masuk/selesai?")
        return back.removeprefix(settings.current().public_url)

    def sign_in(self) -> Answer:
        return self.get(self.go_to_provider())


def all_cookies(answer: Answer) -> list[str]:
    """Return each Set-Cookie of an answer."""
    found: Any = answer.headers.get("Set-Cookie", [])
    return [found] if isinstance(found, str) else list(found)


def csrf_of(page: Answer) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


@pytest.fixture
def browser(service: Service) -> Browser:
    return Browser(service)


@pytest.fixture
def officer(service: Service) -> Browser:
    """A browser in which an officer of dpuprpkp is signed in."""
    return Browser(service, {"sambat_session": token("opd", "dpuprpkp", sub="sri")})


# ------------------------------------------------------------------------------------------------ signing in


def test_an_officer_signs_in_and_sees_what_is_owed(provider: Provider, browser: Browser) -> None:
    ticket = filed(LAMP).ticket
    done = browser.sign_in()
    assert (done.status, done.headers["Location"]) == (303, "https://sambat.example/api/meja")
    assert set(browser.cookies) == {"sambat_session"}
    page = browser.get("/meja")
    assert page.status == 200
    assert ticket in page.text


def test_the_state_is_new_each_time_and_neither_secret_leaves_in_clear(provider: Provider, browser: Browser) -> None:
    asked = []
    for _ in range(2):
        query = parse_qs(urlsplit(browser.get("/masuk").headers["Location"]).query)
        asked.append(query)
        assert query["redirect_uri"] == ["https://sambat.example/api/masuk/selesai"]
        assert len(query["state"][0]) >= 43
        verifier = derived("pkce", query["state"][0])
        assert verifier not in str(query)
        assert query["state"][0] == browser.cookies["sambat_masuk"]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]


@pytest.mark.parametrize(
    ("public_url", "path", "secure"),
    [
        ("https://sambat.example/api", "Path=/api", True),
        ("https://sambat.example", "Path=/", True),
        ("http://127.0.0.1:8000", "Path=/", False),
    ],
)
def test_cookies_are_for_this_service_alone_and_for_no_script(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch, public_url: str, path: str, secure: bool
) -> None:
    monkeypatch.setenv("SAMBAT_PUBLIC_URL", public_url)
    settings.current.cache_clear()
    done = browser.sign_in()
    assert done.headers["Location"] == f"{public_url}/meja"
    for name, age in (
        ("sambat_session", "Max-Age=43200"),
        ("sambat_masuk", "Max-Age=0"),
        ("sambat_kembali", "Max-Age=0"),
    ):
        expected = {path, "HttpOnly", "SameSite=Lax", age} | ({"Secure"} if secure else set())
        assert browser.flags[name] == expected


def refused(answer: Answer, browser: Browser, status: int = 400) -> bool:
    """Say whether a sign-in was refused and left no session."""
    return answer.status == status and "sambat_session" not in browser.cookies and "Location" not in answer.headers


def test_a_state_of_somebody_elses_sign_in_is_refused(provider: Provider, browser: Browser) -> None:
    attacker = Browser(browser.service)
    theirs = attacker.go_to_provider()
    assert refused(browser.get(theirs), browser)  # a victim without a sign-in under way
    browser.get("/masuk")
    assert refused(browser.get(theirs), browser)  # and one with another
    mine = browser.go_to_provider()
    assert refused(browser.get(re.sub("state=[^&]*", "state=", mine)), browser)
    assert refused(browser.get(re.sub("&?state=[^&]*", "", mine)), browser)
    assert refused(browser.get(re.sub("state=[^&]*", "state=%C3%A9", mine)), browser)
    assert refused(browser.get(re.sub("code=[^&]*&?", "", mine)), browser)
    assert provider.refused == []
    assert browser.get(mine).status == 303


def test_a_code_works_once(provider: Provider, browser: Browser) -> None:
    back = browser.go_to_provider()
    cookie = browser.cookies["sambat_masuk"]
    assert browser.get(back).status == 303
    again = Browser(browser.service, {"sambat_masuk": cookie})
    assert refused(again.get(back), again)
    assert len(provider.refused) == 1
    assert refused(Browser(browser.service).get(back), again)


def test_a_code_that_was_made_for_another_browser_does_not_sign_in(provider: Provider, browser: Browser) -> None:
    stolen = parse_qs(urlsplit(Browser(browser.service).go_to_provider()).query)["code"][0]
    browser.go_to_provider()
    own_state = browser.cookies["sambat_masuk"]
    answer = browser.get(f"/masuk/selesai?{urlencode({'code': stolen, 'state': own_state})}")
    assert refused(answer, browser)
    assert provider.refused == [stolen]  # the verifier is not the one that this code was asked for with


@pytest.mark.parametrize(
    "change",
    [{"nonce": "another"}, {"nonce": None}, {"nonce": ""}, {"nonce": ["x"]}, {"aud": "another-app"},
     {"iss": "https://other.example"}, {"token_use": "access"}],
    ids=str,
)  # fmt: skip
def test_a_token_that_was_not_made_for_this_sign_in_is_refused(
    provider: Provider, browser: Browser, change: dict[str, Any]
) -> None:
    provider.spoil = lambda claims: {**claims, **change}
    assert refused(browser.sign_in(), browser)


def test_what_the_provider_refuses_is_refused_and_what_it_cannot_do_is_503(
    provider: Provider, browser: Browser
) -> None:
    provider.broken = b"{}"
    assert refused(browser.sign_in(), browser)
    for nonsense in (b"<html>", b"[]", b"", b"5"):
        provider.broken = nonsense
        assert refused(browser.sign_in(), browser, 503), nonsense
    back = browser.go_to_provider()
    provider.stop()
    assert refused(browser.get(back), browser, 503)


def test_who_works_for_the_city_goes_to_the_office(provider: Provider, browser: Browser) -> None:
    for role in ("admin", "mayor", "auditor"):
        provider.person = {"role": role, "sub": "rina"}
        done = browser.sign_in()
        assert (done.status, done.headers["Location"]) == (303, "https://sambat.example/api/kantor")
        assert browser.get("/kantor").status == 200


def test_who_has_no_page_here_gets_no_session(provider: Provider, browser: Browser) -> None:
    provider.person = {"role": "staff", "sub": "rina"}
    assert refused(browser.sign_in(), browser, 403)
    provider.person = {"role": "opd", "sub": "sri"}
    assert refused(browser.sign_in(), browser, 403)  # an officer of no OPD


# ------------------------------------------------------------------------------------------------ and coming back


def asked_first(browser: Browser, path: str) -> Answer:
    """Ask for a page of the staff without a session, and be sent to sign in; nothing of it stands in the address."""
    answer = browser.get(path)
    assert (answer.status, answer.headers["Location"]) == (303, "https://sambat.example/api/masuk")
    assert answer.body == b""
    return answer


def landed(browser: Browser) -> str:
    """Sign in, and return the path at which the browser arrives."""
    done = browser.sign_in()
    assert done.status == 303
    assert "sambat_kembali" not in browser.cookies
    return done.headers["Location"].removeprefix("https://sambat.example/api")


def test_the_link_in_an_email_leads_through_sign_in_to_the_complaint(
    service: Service, provider: Provider, browser: Browser
) -> None:
    ticket = filed(LAMP).ticket
    service.deliver()
    link = re.search(rf"https://sambat\.example/api(/meja/{ticket})\n", service.emails()[-1]["text"])
    assert link
    asked_first(browser, link[1])
    assert browser.flags["sambat_kembali"] == {"Path=/api", "HttpOnly", "SameSite=Lax", "Max-Age=600", "Secure"}
    assert landed(browser) == f"/meja/{ticket}"
    assert LAMP in browser.get(f"/meja/{ticket}").text


@pytest.mark.parametrize(
    ("role", "path", "arrives"),
    [
        ("opd", "/meja", "/meja"),
        ("opd", "/meja?status=waiting", "/meja"),
        ("opd", "/meja/7K3QM-2ZX4T?lang=en", "/meja/7K3QM-2ZX4T?lang=en"),
        ("opd", "/meja/7K3QM-2ZX4T?done=7K3QM-2ZX5T", "/meja/7K3QM-2ZX4T"),
        ("opd", "/meja/7K3QM-2ZX4T?lang=//evil.example", "/meja"),
        ("opd", "/kantor/7K3QM-2ZX4T", "/meja"),
        ("admin", "/kantor/status", "/kantor/status"),
        ("mayor", "/kantor/7K3QM-2ZX4T?lang=id", "/kantor/7K3QM-2ZX4T?lang=id"),
        ("admin", "/meja/7K3QM-2ZX4T", "/kantor"),
    ],
)
def test_who_asked_for_a_page_of_their_role_arrives_there_else_at_their_own(
    provider: Provider, browser: Browser, role: str, path: str, arrives: str
) -> None:
    provider.person = {"role": role, "sub": "x", **({"opd": "dpuprpkp"} if role == "opd" else {})}
    asked_first(browser, path)
    assert landed(browser) == arrives
    assert landed(browser) in ("/meja", "/kantor")  # once: the next sign-in is one of its own


@pytest.mark.parametrize(
    "forged",
    [
        "https://evil.example/meja", "//evil.example/meja", "/\\evil.example", "/meja//evil.example", "/mejaku", "meja",
        "/meja/../t/7K3QM-2ZX4T", "/meja/x%0d%0aSet-Cookie:a=b", "/meja\r\nLocation: https://evil.example", "/meja\n",
        "/meja?lang=id&to=https://evil.example", "/meja?lang=//evil.example", "/meja/@evil.example", "/keluar", "/", "",
        "/meja/" + "x" * 41, "/meja" + "/x" * 5, "/meja/\u00e9", "/kantor", "/MEJA/X",
    ],
)  # fmt: skip
def test_a_forged_way_back_leads_nowhere_but_to_ones_own_start_page(
    provider: Provider, browser: Browser, forged: str
) -> None:
    browser.cookies["sambat_kembali"] = forged
    assert landed(browser) == "/meja"


@pytest.mark.parametrize(
    "path", ["/meja/%2F%2Fevil.example", "/meja/a%0d%0aX:y", "/meja/x%3b%20Domain=evil", "/meja/{0}"]
)
def test_a_hostile_address_is_not_remembered(provider: Provider, browser: Browser, path: str) -> None:
    asked_first(browser, path)
    assert browser.cookies["sambat_kembali"] == "/meja"


def test_a_form_without_a_session_is_not_done_and_leads_back_to_its_page(
    service: Service, provider: Provider, browser: Browser
) -> None:
    ticket = filed(LAMP).ticket
    answer = browser.submit(f"/meja/{ticket}/answer", {"csrf": "x", "text": "Sudah menyala."})
    assert answer.status == 401
    assert 'href="https://sambat.example/api/masuk"' in answer.text
    assert "Location" not in answer.headers
    assert "Sudah menyala." not in answer.text  # whoever made that form: its words are not ours to show
    assert len(stored(ticket)) == 2
    assert landed(browser) == f"/meja/{ticket}"
    assert browser.submit("/kantor/status/dpuprpkp/pju", {}).status == 403


def test_what_was_typed_while_the_session_ran_out_is_not_lost(service: Service, provider: Provider) -> None:
    ticket = filed(LAMP).ticket
    over = token("opd", "dpuprpkp", exp=wall_clock() - timedelta(seconds=1))
    browser = Browser(service, {"sambat_session": over})
    answer = browser.submit(f"/meja/{ticket}/answer", {"csrf": form_token(over), "text": "Sudah <b>menyala</b>."})
    assert answer.status == 401
    assert "Sesi Anda sudah berakhir" in answer.text
    assert "Sudah &lt;b&gt;menyala&lt;/b&gt;." in answer.text
    assert form_token(over) not in answer.text
    assert len(stored(ticket)) == 2
    assert landed(browser) == f"/meja/{ticket}"


def test_a_forms_address_asks_to_sign_in_on_a_page(browser: Browser) -> None:
    answer = browser.get("/meja/7K3QM-2ZX4T?template=dijadwalkan")
    assert answer.status == 401  # its own policy (form-action) would stop the form on its way to the provider
    assert 'href="https://sambat.example/api/masuk"' in answer.text
    assert browser.cookies["sambat_kembali"] == "/meja/7K3QM-2ZX4T"


# ------------------------------------------------------------------------------------------------ the work


def test_the_desk_lists_what_is_due_first_and_counts_it(service: Service, officer: Browser) -> None:
    now = wall_clock()
    opened(now - 60 * DAY)
    late, fresh = filed(LAMP, now - 40 * DAY).ticket, filed(HOLE, now).ticket
    page = officer.get("/meja", accept_language="en")
    assert page.text.index(late) < page.text.index(fresh)
    assert "Dinas Pekerjaan Umum" in page.text
    assert counts_on(page) == [1, 0, 1]


def counts_on(page: Answer) -> list[int]:
    """Return how many are late, due today, and due later, as a page says."""
    return [int(count) for count in re.findall(r"</svg><b>(\d+)</b>", page.text)]


def test_what_was_answered_in_part_is_listed_by_its_finish_and_said_to_be_late_then(
    service: Service, officer: Browser
) -> None:
    now = wall_clock()
    opened(now - 60 * DAY)
    ticket = filed(LAMP, now - 50 * DAY).ticket
    handling.answer(ticket, "Dipesan.", Actor(Role.OPD, "sri"), now - 49 * DAY, lambda _: True, final=False)
    page = officer.get("/meja", accept_language="en")
    assert counts_on(page) == [1, 0, 0]
    assert re.search(r'class="badge late">\d+ working days late<', page.text)
    assert "Finish by" in page.text
    assert "answered in part" in page.text
    assert "Answer by" not in page.text


def test_a_desk_of_many_pages_counts_all_of_them_or_says_that_it_does_not(service: Service, officer: Browser) -> None:
    now = wall_clock()
    opened(now - 60 * DAY)
    for n in range(42):
        filed(LAMP, now - (40 * DAY if n < 41 else 0 * DAY))
    page = officer.get("/meja")
    assert counts_on(page) == [41, 0, 1]
    assert "di halaman ini saja" not in page.text
    division = Browser(service, {"sambat_session": token("opd", "dpuprpkp", "pju")}).get("/meja")
    assert counts_on(division) == [40, 0, 0]
    assert "di halaman ini saja" in division.text


def test_a_desk_that_fits_on_a_page_is_counted_whole_for_a_division_too(service: Service) -> None:
    filed(LAMP), filed(HOLE)
    division = Browser(service, {"sambat_session": token("opd", "dpuprpkp", "pju")}).get("/meja")
    assert counts_on(division) == [0, 0, 1]
    assert "di halaman ini saja" not in division.text


def test_a_long_desk_goes_on_page_by_page(service: Service, officer: Browser) -> None:
    now = wall_clock()
    made = [filed(LAMP, now - n * timedelta(minutes=1)).ticket for n in range(45)]
    first = officer.get("/meja")
    link = re.search(r'href="https://sambat.example/api(/meja\?cursor=[^"]+)"', first.text)
    assert link
    second = officer.get(link[1].replace("&amp;", "&"))
    seen = [[ticket for ticket in made if ticket in page.text] for page in (first, second)]
    assert [len(part) for part in seen] == [40, 5]
    assert not set(seen[0]) & set(seen[1])
    assert "cursor=" not in second.text


def test_the_page_of_a_complaint_shows_who_filed_it_and_writes_that_down_once(
    service: Service, officer: Browser
) -> None:
    known = filed(LAMP, name="Warga Uji", phone="+6281200000001").ticket
    secret = filed(LAMP, name="Warga Rahasia", phone="+6281200000002", anonymous=True).ticket
    for _ in range(2):
        assert "Warga Uji" in officer.get(f"/meja/{known}").text
        assert "Warga" not in officer.get(f"/meja/{secret}").text
    reads = [(e.by, e.who) for e in stored(known) if e.entry == "reporter_read"]
    assert reads == [("opd", "sri")]
    assert [e.entry for e in stored(secret)] == ["received", "dispatched"]


def stored(ticket: str) -> tuple[Any, ...]:
    found = complaints.complaint_of(ticket, consistent=True)
    assert found is not None
    return found.timeline


def test_what_a_reporter_added_can_be_read_at_the_desk(service: Service, officer: Browser) -> None:
    filing = service.post("/complaints", {"text": LAMP}).json
    message = {"text": "Sekarang <b>dua</b> lampu mati."}
    service.post(f"/complaints/{filing['ticket']}/messages", message, x_receipt=filing["receipt"])
    page = officer.get(f"/meja/{filing['ticket']}")
    assert "Sekarang &lt;b&gt;dua&lt;/b&gt; lampu mati." in page.text


def test_an_officer_starts_and_answers_from_the_page(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    page = officer.get(f"/meja/{ticket}")
    begun = officer.submit(f"/meja/{ticket}/start", {"csrf": csrf_of(page)})
    assert begun.status == 200
    assert f"/meja/{ticket}/start" not in begun.text
    interim = {"csrf": csrf_of(begun), "text": "Suku cadang\r\ndipesan.", "interim": "true"}
    assert ticket in followed(officer, officer.submit(f"/meja/{ticket}/answer", interim)).text
    final = officer.submit(f"/meja/{ticket}/answer", {"csrf": csrf_of(begun), "text": "Sudah menyala."})
    assert "Semua sudah ditangani" in followed(officer, final).text
    shown = officer.get(f"/meja/{ticket}")
    assert "Sudah menyala." in shown.text
    assert f"/meja/{ticket}/answer" not in shown.text
    told = [(entry.entry, entry.who, entry.text, entry.final) for entry in stored(ticket)[2:]]
    assert told == [
        ("started", "sri", None, None),
        ("answered", "sri", "Suku cadang\ndipesan.", False),
        ("answered", "sri", "Sudah menyala.", True),
    ]
    late = officer.submit(f"/meja/{ticket}/answer", {"csrf": csrf_of(begun), "text": "Lagi <i>satu</i>."})
    assert late.status == 409
    assert "Tidak bisa lagi: aduan ini sudah berubah" in late.text
    assert "Lagi &lt;i&gt;satu&lt;/i&gt;." in late.text  # what was typed is not lost with its form
    assert len(stored(ticket)) == 5


def test_an_answer_that_cannot_be_sent_shows_the_page_again_with_what_was_typed(
    service: Service, officer: Browser
) -> None:
    ticket = filed(LAMP).ticket
    csrf = csrf_of(officer.get(f"/meja/{ticket}"))
    empty = officer.submit(f"/meja/{ticket}/answer", {"csrf": csrf, "text": " ", "interim": "true"})
    assert empty.status == 400
    assert 'aria-invalid="true"' in empty.text
    assert re.search(r'name="interim"[^>]* checked', empty.text)
    long = "Jawaban <panjang> " * 300
    again = officer.submit(f"/meja/{ticket}/answer", {"csrf": csrf, "text": long})
    assert again.status == 400
    assert ("Jawaban &lt;panjang&gt; " * 300).strip() in again.text
    blank = officer.submit(f"/meja/{ticket}/answer", {"csrf": csrf, "text": "Pada [hari dan tanggal] [sic]."})
    assert blank.status == 400
    assert "ganti setiap [isian]" in blank.text
    assert "Pada [hari dan tanggal] [sic]." in blank.text
    unknown = officer.submit(f"/meja/{ticket}/answer", {"csrf": csrf, "text": "Sudah.", "status": "closed"})
    assert unknown.status == 400
    assert "Sudah." in unknown.text
    assert [entry.entry for entry in stored(ticket)] == ["received", "dispatched"]


# ------------------------------------------------------------------------------------------------ other steps


def sent(browser: Browser, ticket: str, form: str, **fields: str) -> Answer:
    """Fill in one of the forms of a complaint's page, and send it."""
    page = browser.get(f"/meja/{ticket}")
    assert f"/meja/{ticket}/{form}?" in page.text
    return browser.submit(f"/meja/{ticket}/{form}", {"csrf": csrf_of(page), **fields})


def test_an_officer_asks_the_reporter_and_finds_the_complaint_among_those_that_wait(
    service: Service, officer: Browser
) -> None:
    ticket = filed(LAMP).ticket
    asked = sent(officer, ticket, "ask", text="Nomor tiangnya berapa?")
    assert f'Terkirim: <b class="nowrap">{ticket}</b>' in followed(officer, asked).text
    shown = officer.get(f"/meja/{ticket}")
    assert f"/meja/{ticket}/answer" not in shown.text
    assert "Menunggu balasan pelapor. Selama itu semua tenggat berhenti." in shown.text
    last = stored(ticket)[2]
    assert (last.entry, last.who, last.text) == ("asked", "sri", "Nomor tiangnya berapa?")
    assert ticket not in officer.get("/meja").text
    assert ticket in officer.get("/meja?status=waiting").text
    assert ticket not in officer.get("/meja?status=answered").text
    assert officer.get("/meja?status=lost").status == 400


def test_an_officer_forwards_and_the_complaint_leaves_the_desk(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    done = sent(officer, ticket, "forward", to="dishub/parkir", reason="Milik Dishub.")
    desk = followed(officer, done)
    assert "<h1>Meja kerja</h1>" in desk.text
    assert f'href="https://sambat.example/api/meja/{ticket}' not in desk.text
    last = stored(ticket)[-1]
    assert (last.entry, last.opd, last.division, last.text) == ("forwarded", "dishub", "parkir", "Milik Dishub.")
    assert officer.get(f"/meja/{ticket}").status == 404


def test_what_is_forwarded_within_the_opd_stays_with_an_officer_of_the_whole_opd(
    service: Service, officer: Browser
) -> None:
    ticket = filed(LAMP).ticket
    desk = followed(officer, sent(officer, ticket, "forward", to="dpuprpkp/jalan", reason="Ini soal jalan."))
    assert f'href="https://sambat.example/api/meja/{ticket}?' in desk.text
    assert counts_on(desk) == [0, 0, 1]
    shown = officer.get(f"/meja/{ticket}")
    assert f'action="https://sambat.example/api/meja/{ticket}/answer' in shown.text
    assert "Dialihkan ke" in shown.text
    assert "Ini soal jalan." in shown.text


def test_an_officer_gives_back_what_is_not_theirs(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    done = sent(officer, ticket, "refuse", reason="Ini milik PLN.")
    assert f'Terkirim: <b class="nowrap">{ticket}</b>' in followed(officer, done).text
    last = stored(ticket)[-1]
    assert (last.entry, last.who, last.text) == ("refused", "sri", "Ini milik PLN.")
    assert officer.get(f"/meja/{ticket}").status == 404


def followed(browser: Browser, sent: Answer) -> Answer:
    """Follow what a form that was done answers: a page that a reload does not send again."""
    assert sent.status == 303, sent.text
    assert sent.headers["Location"].startswith("https://sambat.example/api/meja")
    page = browser.get(sent.headers["Location"].removeprefix("https://sambat.example/api"))
    assert page.status == 200
    return page


def test_after_each_answer_the_next_that_is_due_first_is_open_until_all_are_done(
    service: Service, officer: Browser
) -> None:
    now = wall_clock()
    due = [filed(LAMP, now - n * DAY).ticket for n in (20, 9, 5, 0)]
    filed(PARKING, now - 30 * DAY)  # another OPD's
    page = officer.get(f"/meja/{due[0]}")
    steps = (("answer", {"text": "Sudah."}), ("ask", {"text": "Di mana?"}), ("refuse", {"reason": "Milik PLN."}),
             ("forward", {"to": "dishub/parkir", "reason": "Milik Dishub."}))  # fmt: skip
    for at, (form, fields) in enumerate(steps):
        done = officer.submit(f"/meja/{due[at]}/{form}?lang=id", {"csrf": csrf_of(page), **fields})
        following = due[at + 1 : at + 2]
        where = "/".join(["https://sambat.example/api/meja", *following])
        assert done.headers["Location"] == f"{where}?done={due[at]}&lang=id"
        page = followed(officer, done)
        assert f'Terkirim: <b class="nowrap">{due[at]}</b>' in page.text
        assert [ticket for ticket in due if f"/meja/{ticket}/answer?" in page.text] == following
    assert "Semua sudah ditangani" in page.text


def test_what_was_answered_in_part_waits_behind_the_others(service: Service, officer: Browser) -> None:
    now = wall_clock()
    first, second = filed(LAMP, now - 2 * DAY).ticket, filed(LAMP, now - 1 * DAY).ticket
    done = sent(officer, first, "answer", text="Suku cadang dipesan.", interim="true")
    assert f"/meja/{second}?" in done.headers["Location"]
    done = sent(officer, second, "answer", text="Sudah.")
    assert f"/meja/{first}?" in done.headers["Location"]  # open still: its finish is owed
    done = sent(officer, first, "answer", text="Terpasang besok.", interim="true")
    assert done.headers["Location"].startswith("https://sambat.example/api/meja?")  # no other is


def test_an_officer_of_a_division_goes_on_with_the_divisions_own(service: Service) -> None:
    browser = Browser(service, {"sambat_session": token("opd", "dpuprpkp", "pju")})
    now = wall_clock()
    mine, _, also_mine = (filed(text, now - n * DAY).ticket for text, n in ((LAMP, 3), (HOLE, 2), (LAMP, 1)))
    assert f"/meja/{also_mine}?" in sent(browser, mine, "answer", text="Sudah.").headers["Location"]


def test_what_an_address_says_was_sent_is_shown_only_when_it_is_a_ticket(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    for path in ("/meja", f"/meja/{ticket}"):
        assert f'Terkirim: <b class="nowrap">{ticket}</b>' in officer.get(f"{path}?done={ticket.lower()}").text
        for done in ("<b>x", "7K3QM-2ZX4U", "Akun+Anda+diblokir", "", ticket + ticket):
            page = officer.get(f"{path}?done={done}")
            assert page.status == 200
            assert "Terkirim" not in page.text


# ------------------------------------------------------------------------------------------------ ready answers


def options_of(page: Answer) -> dict[str, str]:
    """Return the ready answers of a page: their codes and texts."""
    found = re.findall(r'<option value="(\w+)" data-text="([^"]+)"', page.text)
    return {code: html.unescape(text) for code, text in found}


def test_a_ready_answer_stands_in_the_box_without_javascript(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    offered = options_of(officer.get(f"/meja/{ticket}"))
    page = officer.get(f"/meja/{ticket}?template=akan_diperiksa&lang=id")
    box = re.search(r'<textarea id="text"[^>]*>\n([^<]+)</textarea>', page.text)
    assert box
    assert html.unescape(box[1]) == offered["akan_diperiksa"]
    assert "Petugas Bidang Penerangan Jalan dan Dekorasi Kota kami jadwalkan" in box[1]
    assert re.search(r'name="interim"[^>]* checked', page.text)
    assert re.search(r'<option value="akan_diperiksa"[^>]* selected', page.text)
    final = officer.get(f"/meja/{ticket}?template=lampu_menyala")
    assert not re.search(r'name="interim"[^>]* checked', final.text)
    for unknown in ("jalan_ditambal", "no_such", "<b>"):  # of another division, and none
        page = officer.get(f"/meja/{ticket}?template={unknown}")
        assert page.status == 200
        assert re.search(r'<textarea id="text"[^>]*>\n</textarea>', page.text)


def test_each_division_and_kind_has_its_own_ready_answers(service: Service, officer: Browser) -> None:
    lamp = options_of(officer.get(f"/meja/{filed(LAMP).ticket}"))
    hole = options_of(officer.get(f"/meja/{filed(HOLE).ticket}"))
    question = options_of(officer.get(f"/meja/{filed(LAMP, kind=Kind.QUESTION).ticket}"))
    assert set(lamp) - set(hole) == {"lampu_menyala"}
    assert set(hole) - set(lamp) == {"jalan_ditambal"}
    assert "jawaban" in set(question) - set(lamp)
    assert "dijadwalkan" in set(lamp) - set(question)


def test_what_cannot_be_answered_has_no_ready_answers(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    sent(officer, ticket, "ask", text="Di mana?")
    page = officer.get(f"/meja/{ticket}?template=dijadwalkan")
    assert page.status == 200
    assert options_of(page) == {}
    assert "jadwalkan" not in page.text


def test_every_ready_answer_can_be_used() -> None:
    answers = ready_answers.every_answer()
    known = settings.data_file("opds.json")
    divisions = {f"{opd['code']}/{one['code']}" for opd in known for one in opd["divisions"]}
    assert len({answer.code for answer in answers}) == len(answers)
    for answer in answers:
        assert re.fullmatch(r"[a-z_]{3,40}", answer.code)
        assert answer.name.strip()
        assert answer.name_en.strip()
        assert len(answer.text) <= 600
        assert set(answer.kinds) <= {*Kind}
        assert set(answer.divisions) <= divisions
        filled = answer.text.replace("{division}", "")
        assert not set("{}<>") & set(filled)
        assert ready_answers.has_blank(filled), answer.code  # each says something that only the officer knows
        assert not ready_answers.has_blank(re.sub(r"\[[^]]*\]", "...", filled))
    for kind in Kind:
        general = [answer for answer in answers if not answer.divisions and (not answer.kinds or kind in answer.kinds)]
        assert 2 <= len(general) <= 8


LONG = "Panjang <sekali> " * 300


@pytest.mark.parametrize(
    ("form", "fields", "wrong", "said"),
    [
        ("ask", {"text": " "}, "ask-text", "Tulis pertanyaannya"),
        ("ask", {"text": LONG}, "ask-text", "Tulis pertanyaannya"),
        ("forward", {"to": "dishub/parkir", "reason": LONG}, "forward-reason", "Tulis alasannya"),
        ("forward", {"to": "dishub/tidak_ada", "reason": "Milik <Dishub>."}, "forward-to", "Pilih OPD dan bidang"),
        ("forward", {"to": "x", "reason": "Milik <Dishub>."}, "forward-to", "Pilih OPD dan bidang"),
        ("refuse", {"reason": LONG}, "refuse-reason", "Tulis alasannya"),
        ("refuse", {}, "refuse-reason", "Tulis alasannya"),
    ],
)
def test_a_form_that_cannot_be_done_stands_open_with_its_error_and_what_was_typed(
    service: Service, officer: Browser, form: str, fields: dict[str, str], wrong: str, said: str
) -> None:
    ticket = filed(LAMP).ticket
    again = sent(officer, ticket, form, **fields)
    assert again.status == 400
    assert len(re.findall("<details open>", again.text)) == 1
    assert f'<a href="#{wrong}">{said}' in again.text
    assert re.search(f'id="{wrong}"[^>]* aria-invalid="true"', again.text)
    assert html.escape((fields.get("text") or fields.get("reason") or "").strip()) in again.text
    if form == "forward":
        chosen = re.findall(r'<option value="([^"]+)" selected>', again.text)
        assert chosen == ([fields["to"]] if wrong == "forward-reason" else [])
    assert [entry.entry for entry in stored(ticket) if entry.entry != "reporter_read"] == ["received", "dispatched"]


def test_what_is_where_it_should_go_already_cannot_be_forwarded(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    again = sent(officer, ticket, "forward", to="dpuprpkp/pju", reason="Ke sini.")
    assert again.status == 409
    assert "sudah ada di bidang itu" in again.text
    assert "Ke sini." in again.text


@pytest.mark.parametrize("form", ["start", "answer", "ask", "forward", "refuse"])
def test_a_form_for_anothers_complaint_is_answered_like_one_for_none(
    service: Service, officer: Browser, form: str
) -> None:
    theirs = filed(PARKING).ticket
    csrf = csrf_of(officer.get("/meja"))
    for fields in ({}, {"text": "Sudah."}, {"reason": "x", "to": "dishub/parkir"}):
        got = [officer.submit(f"/meja/{ticket}/{form}", {"csrf": csrf, **fields}) for ticket in (theirs, "AAAAA-AAAAA")]
        assert [answer.status for answer in got] == [404, 404]
    assert len(stored(theirs)) == 2


# ------------------------------------------------------------------------------------------------ contests


def escalated(service: Service, text: str = LAMP) -> str:
    """Let a complaint become late and be escalated; return its ticket."""
    now = wall_clock()
    opened(now - 60 * DAY)
    ticket = filed(text, now - 40 * DAY).ticket
    service.sweep(now.isoformat())
    return ticket


def test_an_officer_contests_an_escalation_once_from_the_complaints_page(service: Service, officer: Browser) -> None:
    ticket = escalated(service)
    done = sent(officer, ticket, "contest/1", reason="Sudah dijawab lewat <b>telepon</b>.")
    assert done.status == 200
    assert "Sanggahan tercatat" in done.text
    assert "disanggah, belum dihitung" in done.text
    assert done.text.count("Sudah dijawab lewat &lt;b&gt;telepon&lt;/b&gt;.") == 2  # at the escalation, in the history
    assert f"/meja/{ticket}/contest/1" not in done.text
    again = officer.submit(f"/meja/{ticket}/contest/1", {"csrf": csrf_of(done), "reason": "Sekali lagi."})
    assert again.status == 409
    assert "Eskalasi ini sudah pernah disanggah." in again.text
    assert "Sekali lagi." in again.text


def test_what_went_elsewhere_meanwhile_is_contested_from_the_desk(service: Service, officer: Browser) -> None:
    ticket, other = escalated(service), escalated(service, PARKING)
    sent(officer, ticket, "refuse", reason="Bukan kami.")
    desk = officer.get("/meja")
    assert f"/meja/{ticket}/contest/1?" in desk.text
    assert f'href="https://sambat.example/api/meja/{ticket}' not in desk.text
    assert other not in desk.text  # of another OPD
    empty = officer.submit(f"/meja/{ticket}/contest/1", {"csrf": csrf_of(desk), "reason": " "})
    assert empty.status == 400
    assert f'<a href="#{ticket}-1-reason">Tulis alasan sanggahan' in empty.text
    done = officer.submit(f"/meja/{ticket}/contest/1", {"csrf": csrf_of(desk), "reason": "Salah alamat."})
    assert done.status == 200
    assert f"<b>{ticket}</b>: Sanggahan tercatat" in done.text
    assert "disanggah, belum dihitung" in done.text
    assert f"/meja/{ticket}/contest/1" not in done.text
    again = officer.submit(f"/meja/{ticket}/contest/1", {"csrf": csrf_of(desk), "reason": "Salah alamat lagi."})
    assert again.status == 409
    assert "Salah alamat lagi." in again.text


def test_nobody_contests_for_another_division(service: Service) -> None:
    ticket = escalated(service)
    for division, status in (("jalan", 404), ("pju", 200)):
        browser = Browser(service, {"sambat_session": token("opd", "dpuprpkp", division)})
        page = browser.get("/meja")
        assert (f"/meja/{ticket}/contest/1" in page.text) == (status == 200)
        fields = {"csrf": csrf_of(page), "reason": "Salah alamat."}
        for n in ("2", "0", "x", "1x", "99999999999"):
            assert browser.submit(f"/meja/{ticket}/contest/{n}", fields).status == 404
        assert browser.submit(f"/meja/{ticket}/contest/1", fields).status == status


# ------------------------------------------------------------------------------------------------ who may


def test_a_form_of_another_site_changes_nothing(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    colleague = Browser(service, {"sambat_session": token("opd", "dpuprpkp", sub="joko")})
    theirs = csrf_of(colleague.get(f"/meja/{ticket}"))
    for csrf in ({}, {"csrf": ""}, {"csrf": "x"}, {"csrf": theirs}, {"csrf": "\u00e9"}):
        for path, fields in (
            (f"/meja/{ticket}/start", {}),
            (f"/meja/{ticket}/answer", {"text": "Sudah."}),
            (f"/meja/{ticket}/ask", {"text": "Di mana?"}),
            (f"/meja/{ticket}/forward", {"to": "dishub/parkir", "reason": "Bukan kami."}),
            (f"/meja/{ticket}/refuse", {"reason": "Bukan kami."}),
            (f"/meja/{ticket}/contest/1", {"reason": "Bukan kami."}),
            ("/keluar", {}),
        ):
            answer = officer.submit(path, {**fields, **csrf})
            assert answer.status == 403, (path, csrf)
    assert [entry.entry for entry in stored(ticket)] == ["received", "dispatched"]
    assert "sambat_session" in officer.cookies


def test_what_stands_open_in_another_tab_can_be_sent_after_signing_in_again(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    csrf = csrf_of(officer.get(f"/meja/{ticket}"))
    later = wall_clock() + timedelta(hours=2)
    officer.cookies["sambat_session"] = token("opd", "dpuprpkp", sub="sri", exp=later, nonce="other")
    answer = officer.submit(f"/meja/{ticket}/answer", {"csrf": csrf, "text": "Sudah menyala."})
    assert answer.status == 303
    assert stored(ticket)[-1].text == "Sudah menyala."


@pytest.mark.parametrize(
    "other",
    [
        {"sub": "joko"}, {"custom:opd": "dishub"}, {"custom:division": "pju"},
        {"cognito:groups": ["admin"]}, {"cognito:groups": []},
    ],
)  # fmt: skip
def test_each_who_and_what_they_may_have_forms_of_their_own(service: Service, other: dict[str, Any]) -> None:
    assert form_token(token("opd", "dpuprpkp", sub="sri")) != form_token(
        token("opd", "dpuprpkp", **{"sub": "sri", **other})
    )


@pytest.mark.parametrize("session", ["", "x", "x.y.z", "x.W10.z", "x.e30.z", "x.é.z", "x." + "W1tb" * 3000 + ".z"])
def test_a_session_that_names_nobody_has_no_forms(service: Service, session: str) -> None:
    assert form_token(session) != form_token(session)


def gone(call: Call) -> None:
    """Let the table of complaints take no more."""
    if call.operation in ("UpdateItem", "TransactWriteItems") and "complaints" in json.dumps(call.params, default=str):
        raise EndpointConnectionError(endpoint_url="https://dynamodb.example")


def test_what_was_typed_when_the_database_was_away_is_not_lost(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    csrf = csrf_of(officer.get(f"/meja/{ticket}"))
    path, fields = f"/meja/{ticket}/answer", {"text": "Sudah <b>menyala</b>."}
    with watched_calls(gone):
        answer = officer.submit(path, {**fields, "csrf": csrf})
        others = officer.submit(path, {**fields, "csrf": "x"})
    assert (answer.status, answer.headers["Retry-After"], others.status) == (503, "5", 403)
    assert "Sudah &lt;b&gt;menyala&lt;/b&gt;." in answer.text
    assert csrf not in answer.text
    assert "menyala" not in others.text


def test_what_a_citizen_typed_when_the_database_was_away_is_not_lost_nor_is_their_receipt_shown(
    service: Service,
) -> None:
    filing = service.post("/complaints", {"text": LAMP}).json
    path, fields = f"/complaints/{filing['ticket']}/messages", {"text": "Masih mati.", "receipt": filing["receipt"]}
    with watched_calls(gone):
        answer = service.form(path, fields)
        others = service.form(path, fields, sec_fetch_site="cross-site")
    assert (answer.status, others.status) == (503, 503)
    assert "Masih mati." in answer.text
    assert filing["receipt"] not in answer.text
    assert "Masih mati." not in others.text


def test_an_answer_to_what_went_elsewhere_meanwhile_is_not_lost(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    csrf = csrf_of(officer.get(f"/meja/{ticket}"))
    sent(officer, ticket, "refuse", reason="Bukan kami.")
    for text in ("Sudah <b>menyala</b>.", "Sudah menyala. " * 300):  # nothing wrong with it; too long besides
        answer = officer.submit(f"/meja/{ticket}/answer", {"csrf": csrf, "text": text})
        assert answer.status == 404
        assert "Aduan ini tidak di meja Anda" in answer.text
        assert html.escape(text.strip()) in answer.text
        assert 'href="https://sambat.example/api/meja?lang=id"' in answer.text


def test_an_officer_sees_the_point_and_the_photos(service: Service, officer: Browser) -> None:
    photo = "https://foto.example/tiang.jpg?a=1&b=2"
    filing = {"text": LAMP, "lat": -7.9812, "long": 112.6304, "photos": [photo]}
    page = officer.get(f"/meja/{service.post('/complaints', filing).json['ticket']}").text
    where = "https://www.openstreetmap.org/?mlat=-7.981200&mlon=112.630400#map=18/-7.981200/112.630400"
    assert f'<a href="{html.escape(where)}" rel="noreferrer">' in page
    assert f'<a href="{html.escape(photo)}" rel="noreferrer nofollow">' in page


def test_a_desk_action_takes_nothing_but_a_form(service: Service, officer: Browser) -> None:
    ticket = filed(LAMP).ticket
    csrf = csrf_of(officer.get(f"/meja/{ticket}"))
    body = json.dumps({"csrf": csrf, "text": "Sudah."})
    cookie = f"sambat_session={officer.cookies['sambat_session']}"
    answer = service.call("POST", f"/meja/{ticket}/answer", body, content_type="application/json", cookie=cookie)
    assert answer.status == 415
    assert [entry.entry for entry in stored(ticket)] == ["received", "dispatched"]


def test_without_a_session_the_desk_asks_to_sign_in(service: Service) -> None:
    ticket = filed(LAMP).ticket
    expired = token("opd", "dpuprpkp", exp=wall_clock() - timedelta(seconds=1))
    for session in ("", "garbage", expired):
        browser = Browser(service, {"sambat_session": session} if session else {})
        for path in ("/meja", f"/meja/{ticket}"):
            asked_first(browser, path)


def test_a_bearer_token_is_no_session(service: Service) -> None:
    bearer = {"authorization": f"Bearer {token('opd', 'dpuprpkp')}"}
    assert service.call("GET", "/meja", b"", **bearer).status == 303
    assert service.call("POST", "/meja/7K3QM-2ZX4T/start", b"", content_type=FORM, **bearer).status == 401


def test_no_page_of_the_desk_is_kept_or_framed_or_runs_anything_but_its_own_script(
    service: Service, officer: Browser
) -> None:
    ticket = filed(LAMP).ticket
    own = f"script-src {script_source('desk')}; connect-src 'self';"
    for path, script in (("/meja", own), (f"/meja/{ticket}", own), ("/meja/00000-00000", "")):
        page = officer.get(path)
        assert page.headers["Cache-Control"] == "no-store"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert (script in policy) if script else ("script-src" not in policy)
        assert page.text.count("<script") == bool(script)
        assert "Access-Control-Allow-Origin" not in page.headers


def test_signing_out_takes_the_session_away(service: Service, officer: Browser) -> None:
    csrf = csrf_of(officer.get("/meja"))
    answer = officer.submit("/keluar", {"csrf": csrf})
    assert answer.status == 200
    assert officer.cookies == {}
    assert {"Path=/api", "Max-Age=0", "HttpOnly", "SameSite=Lax", "Secure"} == officer.flags["sambat_session"]
    assert officer.get("/meja").status == 303


def test_who_was_signed_in_too_long_signs_out_all_the_same(service: Service) -> None:
    over = token("opd", "dpuprpkp", exp=wall_clock() - timedelta(seconds=1))
    browser = Browser(service, {"sambat_session": over})
    assert browser.submit("/keluar", {"csrf": "x"}).status == 403
    assert browser.cookies
    assert browser.submit("/keluar", {"csrf": form_token(over)}).status == 200
    assert browser.cookies == {}


def test_a_sign_out_without_a_session_takes_none_away(browser: Browser) -> None:
    answer = browser.submit("/keluar", {"csrf": "x"})
    assert (answer.status, all_cookies(answer)) == (200, [])
