"""DynamoDB requests and units of one SMS that comes in, up to the answer to its webhook, by what it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from infra.bench import engine
from infra.bench.deliveries import SECRET, by_generic, sms_text, taken
from infra.bench.meter import metered
from infra.bench.rows import Row, hand_over, progress, told
from infra.bench.stage import CONTEXT

EACH: Final = 100  # messages, each of another number
_CUT: Final = 100  # characters after which a long one is cut in two


def measure() -> list[Row]:
    """Return the rows of this part."""
    with _carrier() as url, engine.a_city(SAMBAT_SMS_GENERIC_SECRET=SECRET, SAMBAT_SMS_GENERIC_URL=url):
        progress("requests and units of an inbound SMS")
        _deliver(by_generic(sms_text(2 * EACH), "+6280000009999", "warm"))
        rows = _rows("a new complaint", lambda at: by_generic(sms_text(at), _number(at), f"sms-{at}"))
        rows += _rows("the same delivered again", lambda at: by_generic(sms_text(at), _number(at), f"sms-{at}"))
        rows += _rows("the same under another id", lambda at: by_generic(sms_text(at), _number(at), f"other-{at}"))
        tickets = {one["text"]: one["ticket"] for one in engine.items("complaints")}
        rows += _rows("CEK", lambda at: by_generic(f"CEK {tickets[sms_text(at)]}", _number(at), f"cek-{at}"))
        rows += _rows("the first of two parts", lambda at: _part(at, 1))
        rows += _rows("the second of two parts", lambda at: _part(at, 2))
        filed = sorted(str(one["text"]) for one in engine.items("complaints"))
    if filed != sorted(map(sms_text, range(2 * EACH + 1))):
        raise RuntimeError("the messages are not the complaints that they should be")
    return rows


@contextmanager
def _carrier() -> Iterator[str]:
    """Run a carrier here that takes every SMS, and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _number(at: int) -> str:
    return f"+62800{at:08d}"


def _part(at: int, number: int) -> dict[str, Any]:
    text = sms_text(EACH + at)
    said = text[:_CUT] if number == 1 else text[_CUT:]
    part = {"ref": "a7", "number": number, "total": 2}
    return by_generic(said, _number(EACH + at), f"part-{at}-{number}", part)


def _rows(what: str, event: Callable[[int], dict[str, Any]]) -> list[Row]:
    """Deliver EACH of a kind and return what one costs."""
    with metered() as cost:
        for at in range(EACH):
            _deliver(event(at))
    one = cost.each(EACH)
    name = f"an inbound SMS, {what}"
    return [
        told(f"{name}: requests", one.requests, "requests"),
        told(f"{name}: write units", one.writes, "write units"),
        told(f"{name}: read units", one.reads, "read units"),
    ]


def _deliver(event: dict[str, Any]) -> None:
    from app import app

    taken(app(event, CONTEXT))


if __name__ == "__main__":
    hand_over(measure())
