"""Runs inside the emulator's own venv: the emulator, tied to the life of the process that started it.

Standard input is a pipe that the runner holds open. When the runner dies in whatever way, the pipe ends, and the
emulator is asked to stop as by hand, so that it writes its state to disk.
"""

import importlib
import os
import signal
import sys
import threading


def _stop_when_the_runner_is_gone() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_stop_when_the_runner_is_gone, daemon=True).start()
    sys.argv = ["ministack"]
    importlib.import_module("ministack.app").main()
