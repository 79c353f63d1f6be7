"""`make run` and the commands that talk to it, as real processes on the emulator."""

from __future__ import annotations

import base64
import contextlib
import http.client
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from infra.local.control import address
from infra.local.gateway import LARGEST_BODY

ROOT = Path(__file__).parents[2]
ENGINE = Path(os.environ.get("SAMBAT_ENGINE_PYTHON", ROOT / ".venv-ministack/bin/python"))
LAMP = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"
OUTBOX_FIELDS = {"id", "at", "via", "to", "opd", "subject", "text", "tickets", "about"}
GENERIC_SECRET = "whsec_" + base64.b64encode(b"only the system test knows this!").decode()

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not ENGINE.exists(),
        reason=f"no emulator at {ENGINE}: `make setup` installs it, or set SAMBAT_ENGINE_PYTHON",
    ),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment() -> dict[str, str]:
    """What an operator's shell has: none of the settings that the tests' own stage has set."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SAMBAT_", "AWS_", "COV_"))}


class Run:
    """One `make run`, without make."""

    def __init__(self, data: Path, port: int | None = None, **environment: str) -> None:
        self.port = port or free_port()
        self.data = data
        arguments = ["--port", str(self.port), "--data", str(data), "--engine-python", str(ENGINE)]
        self.began = time.monotonic()
        self._log = data.with_suffix(f".{self.port}.log")
        with self._log.open("w") as log:
            self.process = subprocess.Popen(  # noqa: S603  our own command
                [sys.executable, "-m", "infra.local", "run", *arguments],
                cwd=ROOT,
                env=clean_environment() | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def ready(self) -> Run:
        until(lambda: "ready:" in self.output or self.process.poll() is not None, seconds=30)
        assert self.process.poll() is None, self.output
        self.took = time.monotonic() - self.began
        return self

    def signal_group(self, *numbers: int) -> int:
        """Signal the whole process group, as a terminal or a supervisor does; return the exit code."""
        for number in numbers:
            os.killpg(self.process.pid, number)
            time.sleep(0.05)
        return self.process.wait(20)

    def children(self) -> list[int]:
        return [pid for pid, parent in all_processes() if parent == self.process.pid]

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def get(self, path: str, token: str = "") -> tuple[int, Any]:
        status, _, body = self.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return status, json.loads(body)

    def file(self, text: str) -> dict[str, Any]:
        body = json.dumps({"text": text}).encode()
        status, _, answer = self.request("POST", "/complaints", body, {"Content-Type": "application/json"})
        assert status == 201, answer
        filed: dict[str, Any] = json.loads(answer)
        return filed

    def command(self, *arguments: str, code: int = 0) -> str:
        """Return what a command prints: its answer, or its complaint if it is to end with another `code`."""
        done = command(*arguments, "--port", str(self.port))
        assert done.returncode == code, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout if code == 0 else done.stderr

    def outbox(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.command("outbox").splitlines()]


def all_processes() -> list[tuple[int, int]]:
    """Return every process with its parent; a slim Linux has /proc and no ps, a Mac the reverse."""
    if Path("/proc/self/stat").exists():
        stats = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it has just ended
                stats.append(stat.read_text())
        return [(int(stat.split()[0]), int(stat.rpartition(")")[2].split()[1])) for stat in stats]
    listed = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [(int(pid), int(parent)) for pid, parent in (line.split() for line in listed.splitlines())]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-m", "infra.local", *arguments],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def has_ended(process: int) -> bool:
    """Say whether a process runs no more; one that its parent has not asked for yet has ended as well."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:  # it ended meanwhile, or this system has no /proc
        return False


@contextlib.contextmanager
def running(data: Path, port: int | None = None, **environment: str) -> Iterator[Run]:
    run = Run(data, port, **environment)
    try:
        yield run.ready()
    finally:
        if run.process.poll() is None:
            run.signal_group(signal.SIGTERM)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """One service for all tests that leave it running."""
    with running(tmp_path_factory.mktemp("local") / "data", SAMBAT_SMS_GENERIC_SECRET=GENERIC_SECRET) as run:
        yield run


def test_it_says_once_that_it_is_ready_and_how_to_sign_in(service: Run) -> None:
    assert service.took < 10
    lines = service.output.splitlines()
    assert [line for line in lines if line.startswith("ready:")] == [f"ready: http://127.0.0.1:{service.port}"]
    assert "officer-dishub" in service.output
    assert service.get("/health")[0] == 200


def test_an_opd_is_told_within_five_seconds_and_the_outbox_shows_it(service: Run) -> None:
    filed = service.file(LAMP)
    assert filed["opd"] == "dpuprpkp"
    until(lambda: any(filed["ticket"] in line["tickets"] for line in service.outbox()), seconds=5)
    told = [line for line in service.outbox() if filed["ticket"] in line["tickets"]]
    for line in told:
        assert set(line) == OUTBOX_FIELDS
        assert line["via"] == "email"
        assert line["opd"] == "dpuprpkp"
        assert line["about"] == "dispatched"
        assert "@" in line["to"]
        assert filed["ticket"] in line["text"]
        assert isinstance(line["tickets"], list)
    assert len({line["id"] for line in told}) == len(told)
    everything = [line["at"] for line in service.outbox()]
    assert everything == sorted(everything)


def test_a_citizens_sms_is_answered_by_the_provider_it_came_by(service: Run) -> None:
    now = datetime.now(UTC)
    sender = "+628123450001"
    message = {"id": "sms-1", "from": sender, "to": "+628133347111", "text": LAMP, "received_at": now.isoformat()}
    body = json.dumps(message)
    headers = {
        "webhook-id": "w-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(GENERIC_SECRET).sign("w-1", now, body),
        "Content-Type": "application/json",
    }
    status, _, answer = service.request("POST", "/webhooks/sms/generic", body.encode(), headers)
    assert status == 200, answer
    until(lambda: any(line["to"] == sender for line in service.outbox()), seconds=5)
    [reply] = [line for line in service.outbox() if line["to"] == sender]
    assert (reply["via"], reply["opd"], reply["subject"]) == ("sms", None, None)
    assert reply["tickets"][0] in reply["text"]
    assert oct((service.data / "settings.json").stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    ("arguments", "role", "opd", "division"),
    [
        (["--role", "admin"], "admin", None, None),
        (["--role", "mayor"], "mayor", None, None),
        (["--role", "auditor"], "auditor", None, None),
        (["--role", "opd", "--opd", "dishub"], "opd", "dishub", None),
        (["--role", "opd", "--opd", "dishub", "--division", "parkir"], "opd", "dishub", "parkir"),
    ],
)
def test_a_token_says_its_role_opd_and_division(
    service: Run, arguments: list[str], role: str, opd: str | None, division: str | None
) -> None:
    token = service.command("token", *arguments).strip()
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["cognito:groups"] == [role]
    assert (claims.get("custom:opd"), claims.get("custom:division")) == (opd, division)
    assert claims["exp"] - claims["iat"] == 24 * 3600


def test_the_service_takes_its_own_tokens_and_nothing_else(service: Run) -> None:
    token = service.command("token", "--role", "admin").strip()
    assert service.get("/admin/complaints", token)[0] == 200
    assert service.get("/admin/complaints", token[:-6] + "AAAAAA")[0] == 401
    assert service.get("/admin/complaints")[0] == 401


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["token", "--role", "king"], "ROLE must be one of"),
        (["token", "--role", "opd"], "needs an OPD"),
        (["token", "--role", "opd", "--opd", "nosuch"], "no OPD"),
        (["token", "--role", "opd", "--opd", "dishub", "--division", "nosuch"], "no division"),
        (["token", "--role", "mayor", "--opd", "dishub"], "for ROLE=opd only"),
        (["sweep", "--now", "yesterday"], "NOW must be an instant"),
        (["sweep", "--now", ""], "NOW must be an instant"),
        (["sweep", "--now", "2026-12-10T08:00:00"], "NOW must be an instant"),
        (["sweep", "--now", "0001-01-01T00:00:00+14:00"], "NOW must be an instant"),
    ],
)
def test_a_command_that_is_asked_wrongly_says_what_is_wrong(service: Run, arguments: list[str], says: str) -> None:
    assert says in service.command(*arguments, code=2)


def test_a_sweep_answers_with_one_line_and_the_second_one_records_nothing(service: Run) -> None:
    service.file(LAMP)
    later = (datetime.now(UTC) + timedelta(days=40)).isoformat()
    first = service.command("sweep", "--now", later)
    assert first.count("\n") == 1
    assert json.loads(first)["recorded"] >= 1
    assert json.loads(service.command("sweep", "--now", later))["recorded"] == 0


def test_a_command_to_a_port_without_a_service_says_so() -> None:
    done = command("outbox", "--port", str(free_port()))
    assert done.returncode == 1
    assert "no service is running at port" in done.stderr
    assert done.stdout == ""


def test_an_officer_signs_in_on_the_local_providers_page(service: Run) -> None:
    base = f"http://127.0.0.1:{service.port}"
    browser = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({})
    )
    with browser.open(f"{base}/masuk", timeout=20) as page:
        html, at = page.read().decode(), page.geturl()
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', html))
    password = re.search(r"password of each: (\S+)", service.output)
    assert password
    form = urllib.parse.urlencode(fields | {"username": "officer-dishub", "password": password[1]}).encode()
    action = re.search(r'<form[^>]*action="([^"]+)"', html)
    assert action
    with browser.open(urllib.parse.urljoin(at, action[1]), form, timeout=20) as page:
        assert page.status == 200
        assert page.geturl().startswith(base)


@pytest.mark.parametrize(
    ("request_head", "body", "status"),
    [
        ("GET /nosuch HTTP/1.1", b"", 404),
        ("GET //nosuch/[ HTTP/1.1", b"", 404),
        ("DELETE /health HTTP/1.1", b"", 405),
        ("BREW /health HTTP/1.1", b"", 405),
        ("POST /nosuch HTTP/1.1\r\nTransfer-Encoding: chunked", b"3\r\nabc\r\n0\r\n\r\n", 411),
        ("POST /nosuch HTTP/1.1\r\nContent-Length: -1", b"", 400),
        ("POST /nosuch HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4", b"abcd", 400),
        (f"POST /nosuch HTTP/1.1\r\nContent-Length: {LARGEST_BODY + 1}", b"x" * 100_000, 413),
        (f"POST /nosuch HTTP/1.1\r\nContent-Length: {'9' * 5000}", b"", 413),
        ("nonsense", b"", 400),
        ("GET / HTTP/9.9", b"", 505),
        (f"GET /{'x' * 70_000} HTTP/1.1", b"", 414),
    ],
)
def test_whatever_comes_over_the_wire_gets_a_problem_as_answer(
    service: Run, request_head: str, body: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(f"{request_head}\r\nHost: x\r\n\r\n".encode() + body)
        response = http.client.HTTPResponse(connection)
        response.begin()
        problem = json.loads(response.read())
    assert response.status == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == status


def test_a_connection_stays_usable_over_many_requests(service: Run) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.connect()
    opened = connection.sock
    for path, status in (("/health", 200), ("/nosuch", 404), ("/health", 200)):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == status
        assert connection.sock is opened
    connection.close()


def test_no_query_and_no_traceback_is_printed(service: Run) -> None:
    service.request("GET", "/nosuch?phone=%2B628123450002")
    assert "phone=" not in service.output
    assert "Traceback" not in service.output


def test_a_second_service_on_the_same_data_or_port_is_refused_and_leaves_nothing_running(
    service: Run, tmp_path: Path
) -> None:
    for data, port, says in ((service.data, None, "in use"), (tmp_path / "other", service.port, "not free")):
        other = Run(data, port)
        assert other.process.wait(20) == 1
        assert says in other.output
        assert "Traceback" not in other.output
        assert other.children() == []
    assert service.get("/health")[0] == 200


def test_two_services_run_side_by_side(service: Run, tmp_path: Path) -> None:
    with running(tmp_path / "second") as second:
        ticket = second.file(LAMP)["ticket"]
        assert second.get(f"/complaints/{ticket}")[0] == 200
        assert service.get(f"/complaints/{ticket}")[0] == 404
        until(lambda: bool(second.outbox()), seconds=5)
        assert all(line["tickets"] == [ticket] for line in second.outbox())


@pytest.mark.parametrize("numbers", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT, signal.SIGTERM)])
def test_it_ends_cleanly_and_everything_is_there_after_the_next_start(tmp_path: Path, numbers: Sequence[int]) -> None:
    data = tmp_path / "data"
    with running(data) as first:
        ticket = first.file(LAMP)["ticket"]  # not yet told to anybody when the signal comes
        engine = first.children()
        began = time.monotonic()
        assert first.signal_group(*numbers) == 0, first.output
        assert time.monotonic() - began < 10
        assert "Traceback" not in first.output
        assert not address(first.port).exists()
        assert len(engine) == 1
        with pytest.raises(ProcessLookupError):
            os.kill(engine[0], 0)

    with running(data) as second:
        assert second.took < 10
        assert second.get(f"/complaints/{ticket}")[0] == 200
        outbox = second.outbox()
        assert {ticket} == {each for line in outbox for each in line["tickets"]}
        assert all(line["text"] and line["to"] for line in outbox)
        assert second.get("/admin/complaints", second.command("token", "--role", "admin").strip())[0] == 200


def test_a_killed_run_leaves_no_emulator_and_loses_no_complaint(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as first:
        ticket = first.file(LAMP)["ticket"]
        engine = first.children()
        first.process.kill()
        first.process.wait()
    assert first.command("outbox", code=1)
    with running(data, first.port) as second:
        assert second.get(f"/complaints/{ticket}")[0] == 200
        until(lambda: has_ended(engine[0]), 10)


def test_the_end_of_the_emulator_ends_the_run_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path / "data") as run:
        os.kill(run.children()[0], signal.SIGKILL)
        assert run.process.wait(20) == 1
        assert "the emulator ended by itself" in run.output


def test_an_empty_secret_stops_the_start_and_is_named(tmp_path: Path) -> None:
    run = Run(tmp_path / "data", SAMBAT_SMS_TWILIO_SECRET="")
    assert run.process.wait(20) == 1
    assert "SAMBAT_SMS_TWILIO_SECRET" in run.output
    assert "Traceback" not in run.output
