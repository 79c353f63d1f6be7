"""What watches the pages sees what it must see; where there is no browser, that is said, and nothing fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from infra import browser as finding
from tests.browser.stage import Watch

ROOT = Path(__file__).parents[2]
BASE = "http://sambat.test/api"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<script>alert(1)</script>", "CSP"),
        ("<p onclick='alert(1)' style='color:red'>x</p>", "CSP"),
        ("<img src='https://evil.example/x.gif'>", "request: https://evil.example/x.gif"),
        ("<script nonce=ours>alert('run')</script>", "dialog: run"),
        ("<script nonce=ours>console.error('broken')</script>", "console: broken"),
        ("<script nonce=ours>nowhere.at.all</script>", "script: "),
        ("<script nonce=ours>fetch('http://sambat.test/outside').catch(() => 0)</script>", "request: "),
        ("<img src='/outside.gif'>", "request: http://sambat.test/outside.gif"),
    ],
)
def test_whatever_a_page_must_not_do_is_written_down(browser: Browser, body: str, fault: str) -> None:
    policy = "default-src 'none'; script-src 'nonce-ours'; connect-src *; img-src http:"
    watch = Watch(BASE)
    with browser.new_context() as context:
        watch.over(context)
        page = context.new_page()
        page.route(
            "**/*",
            lambda route: route.fulfill(
                body=f"<!doctype html><title>x</title>{body}",
                content_type="text/html",
                headers={"Content-Security-Policy": policy},
            ),
        )
        page.goto(f"{BASE}/")
        page.wait_for_load_state("networkidle")
    assert [one for one in watch.faults if one.startswith(fault) or (fault in one and fault == "CSP")], watch.faults


def test_a_page_that_does_nothing_wrong_has_nothing_written_down(browser: Browser) -> None:
    watch = Watch(BASE)
    with browser.new_context() as context:
        watch.over(context)
        page = context.new_page()
        page.route("**/*", lambda route: route.fulfill(body="<title>x</title>x", content_type="text/html", status=404))
        page.goto(f"{BASE}/")
        page.wait_for_load_state("networkidle")
    assert watch.faults == []


def test_without_a_browser_the_reason_is_said_and_nothing_is_installed_in_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(finding.VARIABLE, "/nowhere/chromium")
    assert finding.executable() is None
    assert finding.missing() == f"no browser at /nowhere/chromium, which {finding.VARIABLE} names"
    command = [sys.executable, "-m", "infra.browser"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ}, capture_output=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (0, b"")
