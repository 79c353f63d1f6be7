"""`python -m infra.local run|sweep|token|outbox`: what the Makefile calls."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from infra.local import control
from infra.local.arguments import instant, role_fault

_PAGES: Final = (
    ("the form", "/"),
    ("staff sign in", "/masuk"),
    ("the API", "/openapi.json"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code: 0 done, 1 not possible now, 2 asked wrongly."""
    options = _parser().parse_args(arguments)
    if options.command == "run":
        return run(options)
    try:
        lines = ask(options)
        for line in lines:
            print(line)
    except (control.Refused, ValueError) as error:
        return _complain(str(error), 2)
    except (control.NotRunning, RuntimeError, OSError) as error:
        return _complain(str(error), 1)
    return 1 if options.command == "recompute" and lines else 0


def ask(options: argparse.Namespace) -> list[str]:
    """Return what the running service answers to a command, as lines to print."""
    if options.command == "sweep":
        return [json.dumps(control.ask(options.port, "sweep", now=instant(options.now).isoformat()))]
    if options.command == "token":
        if fault := role_fault(options.role, options.opd, options.division):
            raise ValueError(fault)
        of_user = {"role": options.role, "opd": options.opd, "division": options.division}
        return [str(control.ask(options.port, "token", **of_user))]
    if options.command == "recompute":
        return [str(line) for line in control.ask(options.port, "recompute")]
    return [json.dumps(line) for line in control.ask(options.port, "outbox")]


def run(options: argparse.Namespace) -> int:
    """Run the service until a signal ends it."""
    asked_to_stop = threading.Event()
    hung_up = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)  # nohup means it
    for number in (signal.SIGINT, signal.SIGTERM, *hung_up):
        signal.signal(number, lambda *_: asked_to_stop.set())  # once or often: it ends cleanly, and once

    from infra.local.data_directory import InUse
    from infra.local.engine import EngineFailed
    from infra.local.service import Service, StartFailed

    began = time.monotonic()
    service: Service | None = None
    code = 0
    try:
        service = Service(options.port, options.data, options.engine_python, _say)
        service.start(asked_to_stop.is_set)
        _say(f"started in {time.monotonic() - began:.1f} s")
        _welcome(options.port, service.sign_in)
        code = _wait(service, asked_to_stop)
    except (InUse, StartFailed, EngineFailed, control.Refused, OSError) as error:
        if not asked_to_stop.is_set():
            code = _complain(str(error), 1)
    finally:
        if service:
            _say("stopping: delivering what is owed, saving the data")
            service.stop()
            _say("stopped")
    return code


def _wait(service: Any, asked_to_stop: threading.Event) -> int:
    while not asked_to_stop.wait(1.0):
        if service.engine.ended():
            return _complain("the emulator ended by itself; see engine.log in the data directory", 1)
    return 0


def _welcome(port: int, sign_in: str) -> None:
    base = f"http://127.0.0.1:{port}"
    _say(f"ready: {base}")
    for what, path in _PAGES:
        _say(f"  {what + ':':<18}{os.environ['SAMBAT_PUBLIC_URL'].rstrip('/')}{path}")
    _say(f"  {'sign in as:':<18}{sign_in}")


def _say(line: str) -> None:
    try:
        print(line, flush=True)
    except OSError:  # nobody reads any more; the service goes on, and still ends cleanly
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  for the rest of the process


def _complain(message: str, code: int) -> int:
    print(f"sambat: {message}", file=sys.stderr, flush=True)
    return code


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="The whole service on one machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    parsers = {name: commands.add_parser(name) for name in ("run", "sweep", "token", "outbox", "recompute")}
    for each in parsers.values():
        each.add_argument("--port", type=_port, default=8000)
    parsers["run"].add_argument("--data", type=Path, default=Path(".sambat"))
    parsers["run"].add_argument("--engine-python", type=Path, default=Path(".venv-ministack/bin/python"))
    parsers["sweep"].add_argument("--now", required=True, help="an instant, as 2026-12-10T08:00:00+07:00")
    parsers["token"].add_argument("--role", required=True)
    parsers["token"].add_argument("--opd", default="")
    parsers["token"].add_argument("--division", default="")
    return parser


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a request that still hangs in a thread must not hold up the end, nor spoil it with its traceback
