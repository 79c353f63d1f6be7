"""The emulator as a child process: started on a free port, waited for, stopped so that it saves its state."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

REGION: Final = "ap-southeast-3"  # Jakarta
ACCOUNT: Final = "000000000000"
_SERVICES: Final = "dynamodb,dynamodbstreams,ses,sqs,sns,s3,secretsmanager,cognito-idp,sts,iam,ssm,kms,logs,monitoring"
ALL_SERVICES: Final = ""
_CHILD: Final = Path(__file__).with_name("engine_child.py")
_TRIES: Final = 5  # another process may take the free port between our finding it and the emulator's binding it


class EngineFailed(Exception):
    """The emulator could not be started, or ended by itself."""


class Engine:
    """One emulator that keeps its state in `data`; `python` is the interpreter of its own venv."""

    def __init__(self, python: Path, data: Path, keep_open: int | None = None, services: str = _SERVICES) -> None:
        """`keep_open` is the descriptor of the data directory's lock: held until the emulator has ended, too."""
        self._python = python.absolute()  # not resolved: a venv is known by where its link to Python lies
        self._data = data
        self._keep_open = () if keep_open is None else (keep_open,)
        self._services = services
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The address that stands for all of AWS."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, cancelled: Callable[[], bool], patience: float = 30.0) -> None:
        """Return when the emulator answers; raise EngineFailed if it does not within `patience` seconds."""
        if not self._python.exists():
            raise EngineFailed(f"no emulator: {self._python} is missing; ministack[full] goes into a venv of its own")
        deadline = time.monotonic() + patience
        for _ in range(_TRIES):
            self.port = _free_port()
            nonce = secrets.token_hex(8)
            self._process = self._spawn(nonce)
            while time.monotonic() < deadline and not cancelled():
                if self._process.poll() is not None:
                    break
                if self._answers(nonce):
                    return
                time.sleep(0.05)
            else:
                self.stop()
                raise EngineFailed("stopped while starting" if cancelled() else "the emulator did not answer in time")
        raise EngineFailed(f"the emulator ended at once; see {self._log()}")

    def ended(self) -> bool:
        """True if the emulator is not running."""
        return self._process is None or self._process.poll() is not None

    def stop(self, patience: float = 15.0) -> bool:
        """Ask the emulator to save and end; return False if it had to be killed, its last state unsaved."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return process is None or process.returncode == 0
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return False
        finally:
            if process.stdin:
                process.stdin.close()
        return True

    def _spawn(self, nonce: str) -> subprocess.Popen[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAMBAT_", "PYTHON"))}
        state = self._data / "engine"
        environment = kept | {
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_EDITION": nonce,  # shown by its health page: proof that it is ours that answers on this port
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "SERVICES": self._services,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._data / "s3"),
            "LOG_LEVEL": "WARNING",
            "DOCKER_HOST": "unix:///nonexistent",  # nothing here needs containers, and it must not tidy other people's
        }
        state.mkdir(parents=True, exist_ok=True)
        with self._open_log() as log:
            return subprocess.Popen(
                [str(self._python), "-I", str(_CHILD)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._data,
                pass_fds=self._keep_open,
                start_new_session=True,  # a Ctrl-C is for the runner, which stops the emulator when all is delivered
            )

    def _answers(self, nonce: str) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/_ministack/health")
            return bool(json.load(connection.getresponse()).get("edition") == nonce)
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            return False
        finally:
            connection.close()

    def _log(self) -> Path:
        return self._data / "engine.log"

    def _open_log(self) -> IO[bytes]:
        return self._log().open("ab")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
