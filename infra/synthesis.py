"""From app.py, .chalice/ and infra/resources.yaml to the SAM template of one stage; offline, without dependencies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, cast

import yaml

ROOT: Final = Path(__file__).parent.parent
MERGED: Final = ROOT / "infra" / "resources.yaml"
TEMPLATE: Final = "sam.yaml"
PACKAGE: Final = "deployment.zip"
STAGES: Final = ("dev", "prod")
DATA_IS_KEPT: Final = "RetainExceptOnCreate"
# What an import of app.py may ask its environment for; nothing of it reaches the template
PLACEHOLDERS: Final = {
    "AWS_DEFAULT_REGION": "ap-southeast-3",
    "SAMBAT_PUBLIC_URL": "https://sambat.example",
    "SAMBAT_TABLE_PREFIX": "packaging-",
    "SAMBAT_SIGNING_KEY": "placeholder while packaging, never deployed",
    "SAMBAT_OIDC_ISSUER": "https://issuer.example",
    "SAMBAT_OIDC_AUDIENCE": "packaging",
    "SAMBAT_SENDER_EMAIL": "sender@sambat.example",
    "SAMBAT_ADMIN_EMAIL": "admin@sambat.example",
    "SAMBAT_MAYOR_EMAIL": "mayor@sambat.example",
}

Template = dict[str, Any]


class SynthesisFailed(Exception):
    """Chalice refused the application; the message is what it said."""


def synthesise(stage: str, scratch: Path, merged: Path = MERGED) -> tuple[Template, Path]:
    """Return the template of `stage` and a zip with the application's own code and Chalice's runtime.

    `scratch` is an empty folder to work in. The copy has no requirements, so that Chalice downloads nothing: the
    dependencies are ours to fetch, compile and prune (`infra.bundle`). Raises SynthesisFailed.
    """
    project, out = scratch / "project", scratch / "out"
    project.mkdir(parents=True)
    shutil.copy(ROOT / "app.py", project)
    skipped = shutil.ignore_patterns("__pycache__", "*.pyc", "deployments", "venv", "deployed")
    for folder in ("chalicelib", ".chalice"):
        shutil.copytree(ROOT / folder, project / folder, ignore=skipped)
    (project / "requirements.txt").touch()
    command = [sys.executable, "-c", "from chalice.cli import main; main()", "--project-dir", str(project), "package"]
    command += ["--stage", stage, "--merge-template", str(merged), "--template-format", "yaml", str(out)]
    run = subprocess.run(command, cwd=project, env=_environment(), capture_output=True, text=True, check=False)
    if run.returncode:
        raise SynthesisFailed(run.stderr or run.stdout)
    template = cast(Template, yaml.safe_load((out / TEMPLATE).read_text(encoding="utf-8")))
    return for_stage(template, stage), out / PACKAGE


def for_stage(template: Template, stage: str) -> Template:
    """Return `template` with `stage` as its Stage; outside prod no data outlives the stack.

    DeletionPolicy takes neither condition nor parameter, hence here.
    """
    template["Parameters"]["Stage"]["Default"] = stage
    if stage != "prod":
        for resource in template["Resources"].values():
            if resource.get("DeletionPolicy") == DATA_IS_KEPT:
                resource.update(DeletionPolicy="Delete", UpdateReplacePolicy="Delete")
    return template


def write_template(template: Template, path: Path) -> None:
    """Write `template` to `path`."""
    path.write_text(template_text(template), encoding="utf-8")


def read_template(path: Path) -> Template:
    """Return the template that `write_template` wrote."""
    return cast(Template, yaml.safe_load(path.read_text(encoding="utf-8")))


def template_text(template: Template) -> str:
    """Return `template` without YAML's anchors, which not every reader of CloudFormation follows."""
    return yaml.dump(template, Dumper=_PlainDumper, width=120, allow_unicode=True)


class _PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML's own signature
        return True


def _environment() -> dict[str, str]:
    """Chalice imports app.py and asks botocore for the region's service names: neither may depend on who runs it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAMBAT_", "COV_"))}
    return {**kept, **PLACEHOLDERS, "PYTHONDONTWRITEBYTECODE": "1"}
