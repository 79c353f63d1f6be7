"""`python -m infra.browser`: Debian's Chromium for the tests of the pages; installed where this process may do that.

It never fails: without a browser those tests say what they skip, and why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

VARIABLE: Final = "SAMBAT_CHROMIUM"
FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_USUAL: Final = ("chromium", "chromium-browser", "google-chrome")
_LONGEST: Final = 600  # seconds for a step of the installation


def executable() -> Path | None:
    """Return the browser that SAMBAT_CHROMIUM names, else the one on the PATH; None where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named) if os.access(named, os.X_OK) else None
    found = next(filter(None, map(shutil.which, _USUAL)), None)
    return Path(found) if found else None


def missing() -> str | None:
    """Return why no browser can be used here, None when one can."""
    if executable():
        return None
    if named := os.environ.get(VARIABLE):
        return f"no browser at {named}, which {VARIABLE} names"
    return f"no Chromium: `apt-get install chromium` as root, or set {VARIABLE}"


def install() -> str | None:
    """Install Debian's Chromium; return why that was not possible."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "only root can, where there is apt-get"
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        try:
            done = subprocess.run(
                ["apt-get", "-qq", *step], env=quiet, capture_output=True, text=True, timeout=_LONGEST, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"apt-get {step[0]}: {type(error).__name__}"
        if done.returncode:
            return f"apt-get {step[0]}: {done.stderr.strip()[-200:]}"
    return missing()


def main() -> int:
    """Install a browser unless there is one or one is named; say so when that cannot be."""
    if executable() or os.environ.get(VARIABLE):
        return 0
    print("installing Chromium for the tests of the pages ...", flush=True)
    if reason := install():
        print(f"no Chromium was installed ({reason}): the tests of the pages will be skipped", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
