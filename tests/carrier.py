"""What the tests of SMS providers share: a carrier over real HTTP, and a look at what an error shows."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

import pytest

from chalicelib.adapters.sms_providers import SendFailed

CITIZEN, CITY = "+6280000000001", "+6280000000099"
WORDS = "Sambat lampu jalan mati di Jl. Bukirsari 💡 – sampun kalih minggu, ngapunten nggih… ꦱꦩ꧀ꦧꦠ꧀"


@dataclass
class Carrier:
    """A carrier's HTTP server: answers as told, at once or when `silent` is over, and keeps what it was asked."""

    status: int = 201
    answer: bytes = b'{"id": "carrier-1"}'
    headers: dict[str, str] = field(default_factory=dict)
    silent: threading.Event | None = None
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    @property
    def only(self) -> tuple[str, dict[str, str], bytes]:
        """Return path, headers and body of the one request."""
        (request,) = self.asked
        return request


CarrierT = TypeVar("CarrierT", bound=Carrier)


@contextmanager
def carrier_on() -> Iterator[Carrier]:
    """Run a carrier here."""
    with running(Carrier()) as told:
        yield told


@contextmanager
def running(told: CarrierT) -> Iterator[CarrierT]:
    """Run this carrier here."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if told.silent:
                told.silent.wait(5)
            self.send_response(told.status)
            for name, value in {"Content-Length": str(len(told.answer)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.answer)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        if told.silent:
            told.silent.set()
        server.shutdown()
        thread.join()
        server.server_close()


def failure_of(
    send: Callable[[], object], caplog: pytest.LogCaptureFixture, *secrets: str, level: int = logging.DEBUG
) -> SendFailed:
    """Return the SendFailed, after a look whether anything personal or secret stands in it, its chain or the log."""
    with caplog.at_level(level), pytest.raises(SendFailed) as caught:
        send()
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert caught.value.__context__ is None or caught.value.__suppress_context__, "a log of the chain shows the request"
    for personal in (CITIZEN, CITIZEN[1:], WORDS, *secrets):
        assert personal not in shown
    return caught.value
