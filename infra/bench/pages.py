"""What a page costs: bytes over the wire, requests, and the server's CPU beside the JSON of the same data.

The two take turns call by call, over the same city on an engine of its own: what else the machine does slows both.
"""

from __future__ import annotations

import gzip
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from infra.bench import engine
from infra.bench.life import Lives
from infra.bench.rows import Row, at_most, hand_over, progress, told
from infra.bench.stage import CONTEXT, SUBJECT, an_admin, http_event, officer

COMPLAINTS: Final = 200
ROUNDS: Final = 25
FORM_BYTES: Final = 40_000
OPD: Final = "dishub"
_SUBRESOURCES: Final = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\ssrc=[\"']?(?!data:)|<link\b[^>]*rel=[\"']?stylesheet"
)


@dataclass(frozen=True, slots=True)
class View:
    """A page, who sees it, and the operation that answers the same data as JSON (none for the form)."""

    name: str
    path: str
    who: dict[str, str] | None = None
    json: str = ""
    query: tuple[tuple[str, str], ...] = ()


VIEWS: Final = (
    View("the form", "/"),
    View("a ticket", "/t/{ticket}", None, "/complaints/{ticket}"),
    View("the public list", "/aduan", None, "/complaints", (("limit", "20"),)),
    View("the scoreboard", "/papan", None, "/scoreboard"),
    View("the officer's list", "/meja", officer(OPD), "/opd/complaints", (("limit", "40"),)),
    View("an officer's complaint", "/meja/{ticket}", officer(OPD), "/opd/complaints/{ticket}"),
    View("the office's list", "/kantor/aduan", an_admin(), "/admin/complaints", (("limit", "40"),)),
)


def measure() -> list[Row]:
    """Return the rows of this part."""
    with engine.a_city(), own_keys() as token:
        progress(f"a city of {COMPLAINTS} complaints")
        ticket = settle()
        progress("pages beside the JSON of the same data")
        return [row for view in VIEWS for row in rows_of(view, ticket, token)]


def settle() -> str:
    """File complaints, let half of them be answered, and all be told and counted; return the ticket of an open one."""
    lives = Lives(engine.Stream(), COMPLAINTS)
    filed = [lives.file(number) for number in range(COMPLAINTS)]
    lives.notify()
    lives.answer(filed[: COMPLAINTS // 2])
    lives.notify()
    return next(str(one["ticket"]) for one in reversed(filed) if one["opd"] == OPD)


@contextmanager
def own_keys() -> Iterator[Callable[[dict[str, str]], str]]:
    """Let the issuer's keys be ours, and yield what makes the token of a session of `who`."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric import rsa

    from chalicelib.api import identity
    from chalicelib.settings import current

    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    class Keys:
        def get_signing_key_from_jwt(self, _: str) -> Any:
            return jwt.PyJWK({**jwt.algorithms.RSAAlgorithm.to_jwk(pair.public_key(), as_dict=True), "alg": "RS256"})

    def token(who: dict[str, str]) -> str:
        now = datetime.now(UTC)
        claims = {"iss": current().oidc_issuer, "aud": current().oidc_audience, "sub": SUBJECT, "token_use": "id",
                  "iat": now, "exp": now + timedelta(hours=1), "cognito:groups": [who["role"]],
                  **({"custom:opd": who["opd"]} if who["opd"] else {})}  # fmt: skip
        return str(jwt.encode(claims, pair, "RS256"))

    original, identity._keys = identity._keys, lambda _: Keys()  # type: ignore[assignment]
    try:
        yield token
    finally:
        identity._keys = original


def rows_of(view: View, ticket: str, token: Callable[[dict[str, str]], str]) -> list[Row]:
    """Return what one page costs."""
    page = http_event("GET", view.path, ticket=ticket) if "{" in view.path else http_event("GET", view.path)
    page["headers"]["Accept"] = "text/html"
    if view.who:
        page["headers"]["Cookie"] = f"sambat_session={token(view.who)}"
    answer, _ = asked(page)
    body = answer["body"].encode()
    weight = len(gzip.compress(body, 6)) + sum(len(f"{name}: {value}\r\n") for name, value in answer["headers"].items())
    requests = 1 + len(_SUBRESOURCES.findall(answer["body"]))
    name = f"{view.name} ({view.path})"
    heavy = f"first load of {name}: bytes over the wire, gzip"
    rows = [
        at_most(heavy, weight, "bytes", FORM_BYTES) if view.path == "/" else told(heavy, weight, "bytes"),
        told("  requests", requests, "requests"),
    ]
    if not view.json:
        seconds = statistics.median(asked(page)[1] for _ in range(ROUNDS))
        return [
            *rows,
            told("  server CPU of it", seconds * 1000, "ms"),
            told("  pages a second of CPU", 1 / seconds, "1/s"),
        ]
    parameters = {"ticket": ticket} if "{" in view.json else {}
    same = http_event("GET", view.json, query=dict(view.query) or None, who=view.who, **parameters)
    turns = [(asked(page)[1], asked(same)[1]) for _ in range(ROUNDS)][3:]  # the first ones warm up
    seconds = statistics.median(one for one, _ in turns)
    return [
        *rows,
        told("  server CPU of it", seconds * 1000, "ms"),
        told("  pages a second of CPU", 1 / seconds, "1/s"),
        told(
            f"  CPU beside the JSON of the same data (GET {view.json})", statistics.median(a / b for a, b in turns), "x"
        ),
    ]


def asked(event: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """Return the app's answer, and the CPU seconds of it."""
    from app import app

    begun = time.process_time()
    answer: dict[str, Any] = app(event, CONTEXT)
    spent = time.process_time() - begun
    if answer["statusCode"] != 200:
        raise RuntimeError(f"{event['path']}: {answer['statusCode']} {answer['body'][:300]}")
    return answer, spent


if __name__ == "__main__":
    hand_over(measure())
