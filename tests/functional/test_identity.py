"""Who calls: only what the issuer signed for us, by its own algorithm, for a while, is believed; roles and OPD."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from chalice.test import Client
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from app import app
from chalicelib import settings
from chalicelib.api import identity
from chalicelib.api.identity import BadToken, KeysUnavailable, Principal, principal_of
from tests.builders import signing_pair, token

GUARDED = "/admin/opds/dishub"


@dataclass
class Issuer:
    """The issuer's key address on this machine: what it answers, and how often it was asked."""

    status: int = 200
    body: bytes = b""
    asked: int = 0
    url: str = ""
    stop: Callable[[], None] = field(default=lambda: None)

    def publish(self, **keys: Any) -> None:
        """Offer these public keys by their ids."""
        rows = []
        for kid, key in keys.items():
            algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
            rows.append({**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"})
        self.body = json.dumps({"keys": rows}).encode()


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """An issuer that offers the tests' key; the service is told of its address."""
    running = Issuer()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running.asked += 1
            self.send_response(running.status)
            self.end_headers()
            self.wfile.write(running.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    running.url, running.stop = f"http://127.0.0.1:{server.server_port}/keys", stop
    running.publish(tests=signing_pair())
    monkeypatch.setenv("SAMBAT_OIDC_KEYS_URL", running.url)
    settings.current.cache_clear()
    identity._keys.cache_clear()
    try:
        yield running
    finally:
        if thread.is_alive():
            stop()
        monkeypatch.undo()
        settings.current.cache_clear()
        identity._keys.cache_clear()


def encoded(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(good: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(good.split(".")[1] + "=="))
    return found


def signed(claims: dict[str, Any], key: Any = None, algorithm: str = "RS256", **header: Any) -> str:
    return str(jwt.encode(claims, key or signing_pair(), algorithm, {"kid": "tests", **header}))


def with_mac(good: str, secret: bytes) -> str:
    """Return a token whose signature is an HMAC by what everybody may read: the public key."""
    text = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'tests'})}.{good.split('.')[1]}"
    return f"{text}.{encoded(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def public_pem() -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return signing_pair().public_key().public_bytes(serialization.Encoding.PEM, form)


def bad_tokens() -> dict[str, str]:
    good = token("admin")
    claims = claims_of(good)
    head, body, signature = good.split(".")
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.now(UTC)
    return {
        "nothing": "",
        "a word": "garbage",
        "dots": "..",
        "not base64": "a.b.c",
        "signs": "\u00e9.\u00e9.\u00e9",
        "NUL": "\x00",
        "a header that is a list": f"{encoded([])}.{body}.{signature}",
        "a header that is deep": f"{encoded(b'[' * 20_000)}.{body}.{signature}",
        "a payload that is a list": f"{head}.{encoded([])}.{signature}",
        "expired": token("admin", exp=now - timedelta(seconds=1)),
        "without an end": token("admin", exp=None),
        "without a beginning": token("admin", iat=None),
        "from the future": token("admin", iat=now + timedelta(hours=1)),
        "not valid yet": token("admin", nbf=now + timedelta(hours=1)),
        "of another issuer": token("admin", iss="https://other.example"),
        "of an issuer that begins alike": token("admin", iss=f"{settings.current().oidc_issuer}/evil"),
        "of no issuer": token("admin", iss=None),
        "for another audience": token("admin", aud="another-app"),
        "for nobody": token("admin", aud=None),
        "of no subject": token("admin", sub=None),
        "an access token": token("admin", token_use="access"),
        "alg none": f"{encoded({'alg': 'none', 'kid': 'tests'})}.{body}.",
        "alg none with the signature": f"{encoded({'alg': 'none', 'kid': 'tests'})}.{body}.{signature}",
        "alg None": f"{encoded({'alg': 'None', 'kid': 'tests'})}.{body}.",
        "HS256 by the public key": with_mac(good, public_pem()),
        "HS256 by the public key without its last line end": with_mac(good, public_pem().strip()),
        "HS256 by nothing": with_mac(good, b""),
        "PS256": signed(claims, algorithm="PS256"),
        "RS512": signed(claims, algorithm="RS512"),
        "a tampered payload": f"{head}.{encoded({**claims, 'sub': 'somebody else'})}.{signature}",
        "a signature of another": f"{head}.{body}.{token('mayor').split('.')[2]}",
        "without a signature": f"{head}.{body}.",
        "a stranger's key under our id": signed(claims, stranger),
        "an unknown key id": signed(claims, kid="other"),
        "no key id": str(jwt.encode(claims, signing_pair(), "RS256")),
        "a key id that is a number": f"{encoded({'alg': 'RS256', 'kid': 5})}.{body}.{signature}",
        "its own key in the header": signed(
            claims, stranger, jwk=json.loads(RSAAlgorithm.to_jwk(stranger.public_key())), kid="tests"
        ),
    }


def test_a_token_that_proves_nobody_is_401_at_the_door_and_never_a_fault_of_ours(issuer: Issuer) -> None:
    assert principal_of(token("admin")).role == "admin"
    with Client(app) as client:
        for what, bad in bad_tokens().items():
            with pytest.raises(BadToken):
                principal_of(bad)
            answer = client.http.get(GUARDED, headers={"authorization": f"Bearer {bad}"})
            assert answer.status_code == 401, what
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.json_body["status"] == 401


def test_a_good_token_counts_as_a_bearer_only(issuer: Issuer) -> None:
    good = token("opd", "dishub")
    with Client(app) as client:
        for header in (good, f"Basic {good}", f"Token {good}", f"Bearer{good}", f"Bearer {good} x", "Bearer", " "):
            assert client.http.get(GUARDED, headers={"authorization": header}).status_code == 401, header
        assert client.http.get(GUARDED).status_code == 401
        assert client.http.get(GUARDED, headers={"authorization": f"Bearer {good}"}).status_code == 403


@pytest.mark.parametrize(
    ("groups", "opd", "expected"),
    [
        (["admin"], "", ("admin", "", "")),
        (["mayor"], "dishub", ("mayor", "", "")),
        (["auditor"], "", ("auditor", "", "")),
        (["opd"], "dishub", ("opd", "dishub", "parkir")),
        ("opd", "dishub", ("opd", "dishub", "parkir")),
        (["opd", "admin"], "dishub", ("admin", "", "")),
        (["auditor", "mayor"], "", ("mayor", "", "")),
        (["opd", "auditor"], "dishub", ("auditor", "", "")),
        (["opd"], "", ("", "", "")),
        (["staff", "administrators"], "dishub", ("", "", "")),
        ("an admin", "", ("", "", "")),
        ([], "dishub", ("", "", "")),
        (None, "dishub", ("", "", "")),
        ({"admin": True}, "", ("", "", "")),
        (7, "", ("", "", "")),
    ],
)
def test_the_groups_decide_the_role_and_only_an_officer_has_an_opd(
    issuer: Issuer, groups: Any, opd: str, expected: tuple[str, str, str]
) -> None:
    who = principal_of(token("opd", opd, "parkir", **{"cognito:groups": groups, "sub": "p-1"}))
    assert who == Principal(expected[0], "p-1", expected[1], expected[2])


def test_who_has_no_role_is_known_and_may_do_nothing(issuer: Issuer) -> None:
    with Client(app) as client:
        for claims in ({"cognito:groups": None}, {"cognito:groups": ["opd"], "custom:opd": None}):
            bearer = {"authorization": f"Bearer {token('opd', 'dishub', **claims)}"}
            for path in (GUARDED, "/opd/complaints", "/admin/complaints"):
                assert client.http.get(path, headers=bearer).status_code == 403


def test_an_elliptic_key_is_as_good(issuer: Issuer) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer.publish(curve=key)
    assert principal_of(signed(claims_of(token("admin")), key, "ES256", kid="curve")).role == "admin"


def test_an_audience_among_several_counts(issuer: Issuer) -> None:
    assert principal_of(token("admin", aud=["other", settings.current().oidc_audience])).role == "admin"


def test_the_names_of_the_claims_are_settings(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMBAT_OIDC_ROLES_CLAIM", "roles")
    monkeypatch.setenv("SAMBAT_OIDC_OPD_CLAIM", "agency")
    monkeypatch.setenv("SAMBAT_OIDC_DIVISION_CLAIM", "unit")
    settings.current.cache_clear()
    bearer = token("admin", roles=["opd"], agency="dlh", unit="sampah", sub="p-1")
    assert principal_of(bearer) == Principal("opd", "p-1", "dlh", "sampah")


def test_keys_are_asked_for_once_and_not_at_every_call(issuer: Issuer) -> None:
    for _ in range(20):
        principal_of(token("admin"))
    assert issuer.asked == 1


def test_unknown_key_ids_do_not_make_the_service_ask_the_issuer_again_and_again(issuer: Issuer) -> None:
    principal_of(token("admin"))
    for n in range(20):
        with pytest.raises(BadToken):
            principal_of(signed(claims_of(token("admin")), kid=f"guess-{n}"))
    assert issuer.asked <= 2


def test_a_key_that_the_issuer_withdrew_is_no_longer_believed(issuer: Issuer) -> None:
    assert principal_of(token("admin")).role == "admin"
    issuer.publish(new=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    keys = identity._keys(issuer.url)
    keys.get_jwk_set(refresh=True)  # what happens by itself after ten minutes
    with pytest.raises(BadToken):
        principal_of(token("admin"))


@pytest.mark.parametrize("fault", ["down", "500", "a page", "no keys", "half"])
def test_when_the_keys_cannot_be_read_it_is_our_fault_503_and_not_the_callers(issuer: Issuer, fault: str) -> None:
    match fault:
        case "down":
            issuer.stop()
        case "500":
            issuer.status = 500
        case "a page":
            issuer.body = b"<html>maintenance</html>"
        case "no keys":
            issuer.body = b'{"keys": []}'
        case _:
            issuer.body = issuer.body[:50]
    with pytest.raises(KeysUnavailable):
        principal_of(token("admin"))
    with Client(app) as client:
        answer = client.http.get(GUARDED, headers={"authorization": f"Bearer {token('admin')}"})
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"]
        garbage = client.http.get(GUARDED, headers={"authorization": "Bearer garbage"})
        assert garbage.status_code == 401
        page = client.http.get("/meja", headers={"cookie": f"sambat_session={token('opd', 'dishub')}"})
        assert page.status_code == 503
        assert page.headers["Content-Type"].startswith("text/html")


def test_the_keys_come_back_by_themselves(issuer: Issuer) -> None:
    issuer.status = 503
    with pytest.raises(KeysUnavailable):
        principal_of(token("admin"))
    issuer.status = 200
    assert principal_of(token("admin")).role == "admin"
