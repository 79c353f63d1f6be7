"""`make check-template`: both stages' templates held to checkov and to our own Guard rules.

Both tools live in a venv of their own: they weigh 300 MB. What checkov says and we do not follow is justified where it
stands, under Metadata in resources.yaml. cfn-lint and the rules on this service's own shape are tests (make test).
"""

from __future__ import annotations

import argparse
import copy
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from infra import stack, synthesis

RULES: Final = Path(__file__).with_name("rules.guard")
GUARD: Final = Path(__file__).with_name("guard_child.py")
_OUTCOME: Final = {0: "clean", 3: "NOT RUN: cfn-guard-rs has no wheel for this Python; take 3.11 or 3.12"}
REGION: Final = "ap-southeast-3"


class NoManagedPolicies:
    """No function here has managed policies, so that none have to be asked from IAM."""

    def load(self) -> dict[str, str]:
        """Return none."""
        return {}


def transformed(template: synthesis.Template) -> synthesis.Template:
    """Return `template` after AWS's own SAM transform, as CloudFormation executes it."""
    from samtranslator.translator.transform import transform  # type: ignore[import-untyped]

    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # botocore names the partition by it
    placed = stack.with_code(copy.deepcopy(template), "s3://bucket/key")
    result: dict[str, Any] = dict(transform(placed, {}, NoManagedPolicies()))
    return result


def main() -> int:
    """Check both stages; exit code 1 when a tool finds anything."""
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(prog="python -m infra.check_template", description=__doc__)
    parser.add_argument("--tools", type=Path, required=True, help="the python of the tools' venv")
    tools = parser.parse_args().tools.absolute()
    faults = 0
    for stage in synthesis.STAGES:
        with tempfile.TemporaryDirectory(prefix="sambat-template-") as folder:
            faults += _checked(stage, Path(folder), tools)
    return 1 if faults else 0


def _checked(stage: str, folder: Path, tools: Path) -> int:
    template, _ = synthesis.synthesise(stage, folder / "chalice")
    before, after = folder / f"{stage}.yaml", folder / f"{stage}-transformed.yaml"
    synthesis.write_template(template, before)
    synthesis.write_template(transformed(template), after)
    checkov = [str(tools.with_name("checkov")), "--framework", "cloudformation", "--file", before.name]
    checkov += ["--compact", "--quiet", "--skip-download"]
    commands = {"checkov": checkov, "guard": [str(tools), str(GUARD), str(RULES), after.name]}
    faults = 0
    for name, command in commands.items():
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        print(f"{name:<8} stage {stage:<5} {_OUTCOME.get(run.returncode, 'not clean')}", flush=True)
        if run.returncode not in _OUTCOME:
            faults += 1
            print(run.stdout + run.stderr)
    return faults


if __name__ == "__main__":
    sys.exit(main())
