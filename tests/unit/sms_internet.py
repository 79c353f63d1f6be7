"""An internet for tests: names with addresses, and behind every address one HTTPS server, whose CA is trusted."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

PUBLIC = "52.94.0.1"


def key_and_certificate(
    name: str,
    begins: datetime,
    ends: datetime,
    issuer: tuple[rsa.RSAPrivateKey, x509.Certificate] | None = None,
) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """Return a new key and its certificate: signed by `issuer`, else by itself, as a CA."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by_key, by_name = (issuer[0], issuer[1].subject) if issuer else (key, subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return key, builder.sign(by_key, hashes.SHA256())


@dataclass
class Internet:
    """What names resolve to, what is answered at a path, and what was asked."""

    names: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)  # addresses where nobody listens
    asked: list[tuple[str, str]] = field(default_factory=list)  # (Host header, path)
    indicated: list[str | None] = field(default_factory=list)  # names by TLS
    resolved: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)


@contextmanager
def internet_for(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """Run one whose server has a certificate for `name`."""
    world = Internet(names={name: [PUBLIC]})
    server = _server(name, folder, world)
    port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))

        def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
            if host in world.names:
                world.resolved.append(host)
                return [_entry(address, 443) for address in world.names[host]]
            if not _is_address(host):
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            world.connected.append(host)
            return [_entry("127.0.0.1", closed.getsockname()[1] if host in world.silent else port)]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        monkeypatch.setenv("SSL_CERT_FILE", os.fspath(folder / "ca.pem"))
        try:
            yield world
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _entry(address: str, port: int) -> tuple[Any, ...]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return (family, socket.SOCK_STREAM, 6, "", (address, port))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache
def _tls(name: str) -> tuple[bytes, bytes]:
    """Return the tests' CA, and key and certificate that it gave to `name`, made once: they cost."""
    now = datetime.now(UTC)
    dates = (now - timedelta(days=1), now + timedelta(days=1))
    ca = key_and_certificate("tests", *dates)
    key, certificate = key_and_certificate(name, *dates, issuer=ca)
    pem, clear = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, clear)
    return ca[1].public_bytes(pem), private + certificate.public_bytes(pem)


def _server(name: str, folder: Path, world: Internet) -> ThreadingHTTPServer:
    for file, content in zip(("ca.pem", "server.pem"), _tls(name), strict=True):
        (folder / file).write_bytes(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            world.asked.append((self.headers.get("Host", ""), self.path))
            status, headers, body = world.answers.get(self.path, (404, {}, b"nothing here"))
            self.send_response(status)
            for header, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = False

        def handle_error(self, *args: Any) -> None:
            """Whoever hangs up in the middle is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    context.sni_callback = lambda _, indicated, __: world.indicated.append(indicated)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server
