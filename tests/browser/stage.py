"""The real thing: `make run` on the emulator with ten weeks behind it, and Debian's Chromium before it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, sync_playwright

from infra import browser
from infra.local import control
from infra.local.schedule import EVERY, next_firing
from tests.system.test_local_run import ENGINE, Run, clean_environment, free_port, running, until

ROOT: Final = Path(__file__).parents[2]
PREFIX: Final = "/api"
SMS_NUMBER: Final = "+628000000000"
_REPORT: Final = """
addEventListener("securitypolicyviolation", e => console.error("CSP", e.violatedDirective, e.blockedURI, e.sample));
"""


def missing() -> str | None:
    """Return why these tests cannot be run here, None when they can."""
    if not ENGINE.exists():
        return f"no emulator at {ENGINE}: `make setup` installs it, or set SAMBAT_ENGINE_PYTHON"
    return browser.missing()


# ------------------------------------------------------------------------------------------------ the service


@dataclass
class City:
    """The running service; `named` are the complaints of its history: name -> (ticket, receipt)."""

    run: Run
    base: str
    named: dict[str, tuple[str, str]] = field(default_factory=dict)
    sessions: dict[str, Any] = field(default_factory=dict)

    def ticket(self, name: str) -> str:
        return self.named[name][0]

    def receipt(self, name: str) -> str:
        return self.named[name][1]

    def sweep(self, at: str) -> dict[str, int]:
        """Do what `make sweep NOW=...` does."""
        swept: dict[str, int] = control.ask(self.run.port, "sweep", now=at)
        return swept

    def json(self, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> Any:
        """Ask the interface, and return what it answers."""
        sent = {
            "Content-Type": "application/json",
            **({"Authorization": f"Bearer {token}"} if token else {}),
            **headers,
        }
        status, _, answer = self.run.request(method, PREFIX + path, json.dumps(body).encode() if body else None, sent)
        assert status in (200, 201), (path, status, answer)
        return json.loads(answer)

    def token(self, who: str) -> str:
        """Return an ID token of "admin", "mayor", "auditor" or "opd:dishub/parkir"; its user is there from now on."""
        role, _, place = who.partition(":")
        opd, _, division = place.partition("/")
        return str(control.ask(self.run.port, "token", role=role, opd=opd, division=division))

    @property
    def password(self) -> str:
        found = re.search(r"password of each: (\S+)", self.run.output)
        assert found
        return found[1]


@contextmanager
def empty_city(folder: Path) -> Iterator[City]:
    """Run a service under a stage prefix, in which nothing has happened yet."""
    port = free_port()
    base = f"http://127.0.0.1:{port}{PREFIX}"
    with running(folder / "data", port, SAMBAT_PUBLIC_URL=base, SAMBAT_SMS_NUMBER=SMS_NUMBER) as run:
        yield City(run, base)


@contextmanager
def city_at_work(folder: Path) -> Iterator[City]:
    """Run a service with its history written."""
    with empty_city(folder) as city:
        until(no_sweep_is_near, seconds=60)  # one as of today would get into the middle of what happened before
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-m", "tests.browser.write", str(city.run.port), str(city.run.data)],
            cwd=ROOT, env=clean_environment() | {"SAMBAT_PUBLIC_URL": city.base}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert control.ask(city.run.port, "recompute") == []  # all of it is told and counted by now
        city.named = json.loads(done.stdout)
        yield city


def no_sweep_is_near() -> bool:
    """Say whether the service's own next sweep is far enough away to write a history first."""
    now = datetime.now(UTC)
    return next_firing(now) - now > timedelta(seconds=40) and now - next_firing(now) + EVERY > timedelta(seconds=3)


# ------------------------------------------------------------------------------------------------ the browser


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run one headless Chromium."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=browser.executable(), args=[*browser.FLAGS], headless=True, chromium_sandbox=False
        )
        try:
            yield found
        finally:
            found.close()


class Watch:
    """Writes down what a page of ours must never do."""

    def __init__(self, base: str) -> None:
        self.base, self._asked_for = base, set[str]()
        self.others: tuple[str, ...] = ()  # whom else a page may ask
        self.faults: list[str] = []

    def over(self, context: BrowserContext) -> None:
        """Watch all pages of a context."""
        context.add_init_script(_REPORT)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("dialog", self._dialog)
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        at = message.location.get("url", "")
        is_answer = message.text.startswith("Failed to load resource") and at in self._asked_for
        is_ours = at.startswith(self.base) or (message.page is not None and message.page.url.startswith(self.base))
        if message.type in ("error", "warning") and is_ours and not is_answer:
            self.faults.append(f"console: {message.text} ({at})")

    def _dialog(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        """Note a request, which a page of ours makes to us alone, under our prefix."""
        if request.is_navigation_request():
            self._asked_for.add(request.url)
            return
        if request.frame.url.startswith(self.base) and not request.url.startswith(
            (f"{self.base}/", "data:", *self.others)
        ):
            self.faults.append(f"request: {request.url}")


def sign_in(page: Page, city: City, who: str) -> None:
    """Sign in at the provider's own page; the browser ends at the role's start page."""
    city.token(who)
    role, _, place = who.partition(":")
    page.goto(f"{city.base}/masuk")
    page.fill("input[name=username]", "-".join(["officer", *place.split("/")] if place else [role]))
    page.fill("input[name=password]", city.password)
    page.click("button[type=submit], input[type=submit]")
    page.wait_for_url(f"{city.base}/**")


def enter(chromium: Browser, city: City, watch: Watch, who: str = "", **options: Any) -> BrowserContext:
    """Return a fresh context; as `who`, whose session is made once."""
    settings = {"locale": "id-ID", "timezone_id": "Asia/Jakarta", **options}
    if who and who not in city.sessions:
        with chromium.new_context(locale="id-ID") as context:
            sign_in(context.new_page(), city, who)
            city.sessions[who] = context.storage_state()
    context = chromium.new_context(**settings, **({"storage_state": city.sessions[who]} if who else {}))
    context.set_default_timeout(10_000)
    watch.over(context)
    return context
