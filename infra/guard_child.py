"""Runs inside the venv of the template's checkers: Guard rules over one template; exit code 1 unless all hold."""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    rules, template = (Path(name).read_text(encoding="utf-8") for name in sys.argv[1:3])
    try:
        guard, yaml = importlib.import_module("cfn_guard_rs"), importlib.import_module("yaml")
    except ModuleNotFoundError:
        sys.exit(3)  # its wheels end with Python 3.12
    report = guard.run_checks(yaml.safe_load(template), rules)
    for clause in report.not_compliant:
        print(f"does not hold: {clause}")
    print(f"{len(report.compliant)} rules hold, {len(report.not_applicable)} do not apply")
    sys.exit(1 if report.not_compliant or report.not_applicable else 0)
