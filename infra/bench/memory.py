"""What a worker holds in memory after two hundred intakes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from infra.bench.rows import Row, hand_over, progress, told, unmeasured
from infra.bench.stage import CONTEXT, complaint_text, http_event, stand

INTAKES: Final = 200
_STATM: Final = Path("/proc/self/statm")


def measure() -> list[Row]:
    """Return the rows of this part: the resident memory of this process, which reads what a worker on Lambda would."""
    name = f"memory of a worker after {INTAKES} intakes"
    if not _STATM.exists():
        return [unmeasured(name, "MB", "", "read from /proc, which Linux has")]
    progress("memory of a worker")
    stand(os.environ)
    from infra.bench.intake import registry_answer
    from infra.bench.null_endpoint import answer_everything

    answer_everything({"Query": registry_answer()})
    from app import app

    begun = _resident()
    for number in range(INTAKES):
        filed = app(http_event("POST", "/complaints", {"text": complaint_text(number)}), CONTEXT)
        if json.loads(filed["body"]).get("status") != "dispatched":
            raise RuntimeError(f"not filed: {filed}")
    return [told(name, _resident(), "MB"), told("  grown since the import of app", _resident() - begun, "MB")]


def _resident() -> float:
    pages = int(_STATM.read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


if __name__ == "__main__":
    hand_over(measure())
