"""DATA: one directory per service, used by one run at a time."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final

_PATIENCE: Final = 15.0  # seconds that the emulator of a killed run may need to save its state


class InUse(Exception):
    """Another run works on this directory."""


class DataDirectory:
    """The directory `path`, created if need be and locked until this process and its emulator have ended."""

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path.resolve()
        self.lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)

    def claim(self, port: int) -> None:
        """Lock the directory for the run at `port`; raise InUse if another run has it."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                owner = os.pread(self.lock, 100, 0).decode("ascii", "replace").split()
                if _lives(owner) or time.monotonic() > deadline:
                    at = f" by the run at port {owner[1]} (process {owner[0]})" if len(owner) == 2 else ""
                    raise InUse(f"{self.path} is in use{at}; stop it, or name another DATA") from None
                time.sleep(0.2)  # a run was killed, and its emulator is still writing
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, f"{os.getpid()} {port}".encode(), 0)


def _lives(owner: list[str]) -> bool:
    if len(owner) != 2 or not owner[0].isdecimal():
        return False
    try:
        os.kill(int(owner[0]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
