"""`make mutants`: remove one guard at a time, and see a test go red. A guard whose removal no test notices is a defect.

The list is tests/mutants.json: what the guard is, where it stands, what is put in its place, and the tests that must
see it. Each runs in a copy of the tree; the tree itself is never touched. `ONLY=word` picks by name.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
LIST: Final = ROOT / "tests" / "mutants.json"
_LEFT_OUT: Final = shutil.ignore_patterns(
    ".git", ".venv*", ".sambat*", "build", "__pycache__", ".*_cache", ".hypothesis"
)
_LONGEST: Final = 300  # seconds that one mutant's tests may take; a hang counts as seen


@dataclass(frozen=True, slots=True)
class Mutant:
    """One guard and its removal: in `file`, `find` (which stands there exactly once) becomes `put`."""

    guard: str
    file: str
    find: str
    put: str
    tests: list[str]
    words: str  # pytest's -k: which tests of these files must see it


def mutants() -> list[Mutant]:
    """Return the kept list; ValueError naming a mutant whose guard is no longer where the list says."""
    found = [Mutant(**entry) for entry in json.loads(LIST.read_text(encoding="utf-8"))]
    for mutant in found:
        count = (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.find)
        if count != 1:
            raise ValueError(f"{mutant.guard}: its text stands {count} times in {mutant.file}")
        for test in mutant.tests:
            if not (ROOT / test.partition("::")[0]).exists():
                raise ValueError(f"{mutant.guard}: there is no {test}")
    return found


def is_seen(mutant: Mutant, tree: Path) -> bool:
    """Say whether the tests go red without the guard, in a copy of the tree; the copy is put right again."""
    path = tree / mutant.file
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(mutant.find, mutant.put), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-k", mutant.words, *mutant.tests]
    try:
        done = subprocess.run(
            command, cwd=tree, capture_output=True, timeout=_LONGEST, check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(whole, encoding="utf-8")
    if done.returncode not in (0, 1):  # the mutant does not even import, or nothing ran
        raise RuntimeError(f"{mutant.guard}: pytest ended with {done.returncode}\n{done.stdout.decode()[-2000:]}")
    return done.returncode != 0


def main(only: str) -> int:
    """Run the list, print one line a mutant, and return how many were not seen."""
    chosen = [mutant for mutant in mutants() if only in mutant.guard]
    unseen = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
        for at, mutant in enumerate(chosen, start=1):
            seen = is_seen(mutant, tree)
            unseen += not seen
            print(
                f"{at:3}/{len(chosen)}  {'red' if seen else 'NOT SEEN':8}  {mutant.guard}  ({mutant.file})", flush=True
            )
    print(f"{len(chosen) - unseen} of {len(chosen)} guards are missed by a test when they are gone")
    return unseen


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="remove one guard at a time and see a test go red")
    parser.add_argument("--only", default="", help="only the guards whose name has this word")
    sys.exit(1 if main(parser.parse_args().only) else 0)
