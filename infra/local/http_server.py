"""HTTP/1.1 before the gateway: reads a request within limits of size and time, never leaves one without an answer."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import time
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Final

from infra.local.gateway import LARGEST_BODY, Answer, Gateway, problem

_LOG: Final = logging.getLogger(__name__)
_BODY_SECONDS: Final = 30.0
_LINGER_SECONDS: Final = 2.0
_LINE_END: Final = re.compile(r"[\r\n\x00]")
_OURS: Final = frozenset({"connection", "content-length", "date", "server", "transfer-encoding"})


class _Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.answer = problem(status, detail)


class Server(ThreadingTCPServer):
    """Listens from the moment it is made, so that the port is ours; answers once it is given a gateway and served."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    gateway: Gateway
    stopping = False

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no news."""
        _LOG.debug("a connection broke off", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """One connection, any number of requests."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    server: Server

    def log_message(self, *_: Any) -> None:
        """Say nothing: a query string may hold what is not for the terminal."""

    def handle_expect_100(self) -> bool:
        """Refuse before the body is sent what would be refused after."""
        try:
            self._body_length()
        except _Refused as refusal:
            self._refuse(refusal)
            return False
        return super().handle_expect_100()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what http.server itself refuses (bad request lines, unknown methods) as everything else is refused."""
        self._refuse(_Refused(405 if code == 501 else code, message or explain or "This is not HTTP/1.1."))

    def _serve(self) -> None:
        try:
            body = self._body()
        except _Refused as refusal:
            self._refuse(refusal)
            return
        headers = dict(self.headers.items())
        answer = self.server.gateway.handle(self.command, self.path, headers, body)
        self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815  http.server's names

    def _body_length(self) -> int:
        if self.headers.get("Transfer-Encoding") is not None:
            raise _Refused(411, "Send the body whole, with a Content-Length.")
        lengths = {length.strip() for length in self.headers.get_all("Content-Length", ["0"])}
        length = lengths.pop()
        if lengths or not (length.isascii() and length.isdecimal()):
            raise _Refused(400, "Content-Length must be one whole number.")
        if len(length) > 12 or int(length) > LARGEST_BODY:
            raise _Refused(413, f"The body may have at most {LARGEST_BODY} bytes.")
        return int(length)

    def _body(self) -> bytes | None:
        missing = self._body_length()
        if not missing:
            return None
        deadline = time.monotonic() + _BODY_SECONDS
        parts = []
        while missing:
            try:
                part = self.rfile.read1(min(missing, 65536))
            except TimeoutError:
                part = b""
            if not part or time.monotonic() > deadline:
                raise _Refused(408, "The body did not arrive in time.")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _refuse(self, refusal: _Refused) -> None:
        """Answer and end the connection: what follows on it may be the rest of a body and is read as nothing else."""
        self.close_connection = True
        self._send(refusal.answer)
        with contextlib.suppress(OSError):  # a client that is still sending would see a reset and never our answer
            self.connection.shutdown(socket.SHUT_WR)
            deadline = time.monotonic() + _LINGER_SECONDS
            self.connection.settimeout(_LINGER_SECONDS)
            while time.monotonic() < deadline and self.rfile.read1(65536):
                pass

    def _send(self, answer: Answer) -> None:
        self.close_connection = self.close_connection or self.server.stopping
        without_body = getattr(self, "command", None) == "HEAD" or answer.status in (204, 304)
        lines = _header_lines(answer)
        if any(_LINE_END.search(line) for line in lines):
            _LOG.error("a header of the answer holds a line end")
            answer = problem(503, "The fault is ours; please try again.")
            lines = _header_lines(answer)
        if answer.status not in (204, 304):
            lines.append(f"Content-Length: {len(answer.body)}")
        if self.close_connection:
            lines.append("Connection: close")
        elif getattr(self, "request_version", "") == "HTTP/1.0":
            lines.append("Connection: keep-alive")
        phrase = self.responses.get(answer.status, ("",))[0]
        first = [f"HTTP/1.1 {answer.status} {phrase}", f"Date: {self.date_time_string()}", "Server: sambat"]
        head = "\r\n".join([*first, *lines, "", ""]).encode()
        try:
            self.wfile.write(head + (b"" if without_body else answer.body))
        except OSError:
            self.close_connection = True


def _header_lines(answer: Answer) -> list[str]:
    several = ((name, values if isinstance(values, list) else [values]) for name, values in answer.headers.items())
    return [f"{name}: {value}" for name, values in several if name.lower() not in _OURS for value in values]
