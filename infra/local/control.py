"""How a command finds and asks the running service: a Unix socket whose name follows from the port alone."""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

_LOG: Final = logging.getLogger(__name__)
_MOST: Final = 64 * 1024

Command = Callable[[Mapping[str, str]], Any]


class Refused(Exception):
    """The service understood and says no; the message is for the operator."""


class NotRunning(Exception):
    """Nobody answers at this port's socket."""


def address(port: int) -> Path:
    """Return the socket of the service at `port`, for this user."""
    return Path("/tmp") / f"sambat-{os.getuid()}-{port}.sock"  # noqa: S108  whatever TMPDIR says; the owner is checked


class ControlServer:
    """Answers the commands, each in a thread of its own; only this user's processes can reach it."""

    def __init__(self, port: int, commands: Mapping[str, Command]) -> None:
        self._path = address(port)
        self._commands = commands
        self._remove_stale()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._socket.bind(os.fspath(self._path))
        finally:
            os.umask(before)
        self._socket.listen(8)

    def start(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self._run, name="control", daemon=True).start()

    def stop(self) -> None:
        """Answer no more, and leave nothing behind."""
        self._path.unlink(missing_ok=True)
        self._socket.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed: the service stops
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as file:
            connection.settimeout(10)
            try:
                request = json.loads(file.readline(_MOST))
                connection.settimeout(None)
                answer = {"result": self._commands[request.pop("command")](request)}
            except Refused as refusal:
                answer = {"refused": str(refusal)}
            except Exception as error:
                _LOG.exception("a command failed")
                answer = {"failed": f"{type(error).__name__}: {error}"}
            try:
                file.write(json.dumps(answer, default=str).encode() + b"\n")
                file.flush()
            except OSError:
                _LOG.debug("the command did not wait for its answer")

    def _remove_stale(self) -> None:
        """Remove what a killed run left; the port is ours already, so no living run can own it."""
        try:
            owner = self._path.lstat().st_uid
        except FileNotFoundError:
            return
        if owner != os.getuid():
            raise Refused(f"{self._path} belongs to somebody else")
        self._path.unlink()


def ask(port: int, command: str, **arguments: str) -> Any:
    """Return the running service's answer; raise NotRunning, Refused, or RuntimeError if the command failed there."""
    path = address(port)
    try:
        status = path.lstat()
    except FileNotFoundError as error:
        raise NotRunning(f"no service is running at port {port}; start it with: make run PORT={port}") from error
    if status.st_uid != os.getuid() or not stat.S_ISSOCK(status.st_mode):
        raise Refused(f"{path} is not this user's socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(os.fspath(path))
        except OSError as error:
            raise NotRunning(f"the service at port {port} has ended; start it with: make run PORT={port}") from error
        with connection.makefile("rwb") as file:
            file.write(json.dumps({"command": command, **arguments}).encode() + b"\n")
            file.flush()
            line = file.readline()
    if not line:
        raise NotRunning(f"the service at port {port} ended before it answered")
    answer = json.loads(line)
    if "refused" in answer:
        raise Refused(answer["refused"])
    if "failed" in answer:
        raise RuntimeError(answer["failed"])
    return answer["result"]
