"""What was sent and went nowhere: e-mails that the emulator took, SMS that our stand-in for the providers took."""

from __future__ import annotations

import http.client
import json
import logging
import threading
import urllib.parse
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any, Final
from urllib.parse import urlsplit

_LOG: Final = logging.getLogger(__name__)
_UNREADABLE: Final = (OSError, ValueError, http.client.HTTPException)
_SOON: Final = 3.0  # seconds
_MOST: Final = 64 * 1024  # bytes of one request; an SMS is far shorter


@dataclass(frozen=True, slots=True)
class Captured:
    """One message as its carrier got it; `id` is the carrier's."""

    id: str
    to: str
    subject: str | None
    text: str


class MailCapture:
    """The e-mails of all runs: the emulator forgets them when it stops, so they are copied to DATA/email.jsonl."""

    def __init__(self, data: Path, engine_url: str) -> None:
        self._file = data / "email.jsonl"
        self._address = urlsplit(engine_url)
        self._lock = threading.Lock()
        self._known = {line["id"] for line in _lines(self._file)}
        self._expected = threading.Event()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Copy in the background whatever is sent, soon after."""
        threading.Thread(target=self._run, name="mail", daemon=True).start()

    def stop(self) -> None:
        """Copy the last ones; call it before the emulator ends."""
        self._stopping.set()
        self._expected.set()
        try:
            self.collect()
        except _UNREADABLE as error:
            _LOG.error("the last e-mails that were sent could not be read: %s", error)

    def expect(self) -> None:
        """Say that something may be sent now."""
        self._expected.set()

    def all(self) -> dict[str, Captured]:
        """Return every e-mail by the id that SES gave it."""
        self.collect()
        return {line["id"]: Captured(**line) for line in _lines(self._file)}

    def collect(self) -> None:
        """Copy what is new since the last time."""
        with self._lock:
            new = [message for message in self._sent() if message["MessageId"] not in self._known]
            with self._file.open("a", encoding="utf-8") as file:
                for message in new:
                    captured = {
                        "id": message["MessageId"],
                        "to": ", ".join([*message["To"], *message["CC"], *message["BCC"]]),
                        "subject": message["Subject"],
                        "text": message["BodyText"] or message["BodyHtml"] or "",
                    }
                    file.write(f"{json.dumps(captured)}\n")
            self._known.update(message["MessageId"] for message in new)

    def _run(self) -> None:
        while self._expected.wait() and not self._stopping.wait(_SOON):
            self._expected.clear()
            try:
                self.collect()
            except _UNREADABLE as error:
                _LOG.error("the e-mails that were sent could not be read yet: %s", error)
                self._expected.set()

    def _sent(self) -> list[dict[str, Any]]:
        connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=10)
        try:
            connection.request("GET", "/_ministack/ses/messages")
            accounts = json.load(connection.getresponse())["messages"]
        finally:
            connection.close()
        return [message for messages in accounts.values() for message in messages]


class SmsCapture:
    """An HTTP server that answers as the providers' sending APIs do and writes what it got to DATA/sms.jsonl."""

    def __init__(self, data: Path) -> None:
        self._file = data / "sms.jsonl"
        self._lock = threading.Lock()
        self._known = {line["id"] for line in _lines(self._file)}
        self._server = ThreadingTCPServer(("127.0.0.1", 0), _handler(self._keep))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self._server.serve_forever, name="sms", daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def all(self) -> dict[str, Captured]:
        """Return every SMS by the id that we gave it."""
        return {line["id"]: Captured(line["id"], line["to"], None, line["text"]) for line in _lines(self._file)}

    def _keep(self, identifier: str, to: str, text: str) -> None:
        """Write the message down, once however often it is sent: providers that take our id know it again."""
        line = {"id": identifier, "at": datetime.now(UTC).isoformat(), "to": to, "text": text}
        with self._lock:
            if identifier in self._known:
                return
            self._known.add(identifier)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(line)}\n")


@dataclass(frozen=True)
class Sent:
    """One SMS that a provider was asked to send: its id of it, to whom, what, and what the provider answers."""

    id: str
    to: str
    text: str
    answer: dict[str, Any]


def sent_by(path: str, body: bytes) -> Sent | None:
    """Return the SMS that a request to `path` asks for; None if it is no sending request. Each stands under the first
    part of its path; the APIs are named in the modules of chalicelib/adapters/sms_providers."""
    provider, new = path.split("/")[1], uuid.uuid4().hex
    if provider in ("twilio", "vonage"):
        form = dict(urllib.parse.parse_qsl(body.decode("utf-8")))
        if provider == "twilio":
            return Sent(f"SM{new}", form["To"], form["Body"], {"sid": f"SM{new}", "status": "queued", "to": form["To"]})
        answer: dict[str, Any] = {"message-count": "1", "messages": [{"status": "0", "message-id": new}]}
        return Sent(new, f"+{form['to'].lstrip('+')}", form["text"], answer)
    said = json.loads(body)
    match provider:
        case "smsgate":
            text = (said.get("textMessage") or {}).get("text") or said["message"]
            own = said.get("id") or new
            return Sent(own, ", ".join(said["phoneNumbers"]), text, {"id": own, "state": "Pending"})
        case "generic":
            own = said.get("id") or new
            return Sent(own, said["to"], said["text"], {"id": own})
        case "plivo":
            return Sent(new, f"+{said['dst'].lstrip('+')}", said["text"], {"message_uuid": [new]})
        case "sinch":
            return Sent(new, f"+{said['to'][0].lstrip('+')}", said["body"], {"id": new})
        case "messagebird":
            to = str(said["recipients"][0])
            return Sent(new, f"+{to.lstrip('+')}", said["body"], {"id": new})
        case "sns":
            return Sent(new, said["DestinationPhoneNumber"], said["MessageBody"], {"MessageId": new})
    return None


def _handler(keep: Any) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > _MOST:
                self.close_connection = True
                return self._answer(413, {"message": "no or too long a body"})
            try:
                sent = sent_by(urlsplit(self.path).path, self.rfile.read(int(length)))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                return self._answer(400, {"message": "not a message that this API takes"})
            if sent is None:
                return self._answer(404, {"message": "no such API here"})
            keep(sent.id, sent.to, sent.text)
            return self._answer(200, sent.answer)

        def _answer(self, status: int, body: Mapping[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing: a receiver's number is not for the terminal."""

    return Handler


def _lines(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    whole = file.read_text("utf-8").splitlines()
    return [json.loads(line) for line in whole if line.endswith("}")]  # the last one may have been cut by a crash
