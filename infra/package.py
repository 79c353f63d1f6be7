"""`make package STAGE=prod`: the CloudFormation package of one stage, ready for `aws cloudformation package`.

Chalice gives the template and the application's own code; the dependencies are fetched for the architecture that the
functions run on, pruned, precompiled and zipped here, and proven by importing the pruned tree.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Final

from infra import bundle, synthesis
from infra.bundle import HOST, BundleRefused, Weight

LIMIT: Final = 11_000_000  # bytes zipped
FUNCTION: Final = "AWS::Serverless::Function"

# Run in the pruned tree alone: every module of the application, and what its libraries load only when they are used
PROOF: Final = """
import importlib, pkgutil, sys
tree, services = sys.argv[1], sys.argv[2].split(",")
sys.path.insert(0, tree)
import app, chalicelib
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    importlib.import_module(module.name)
import boto3, jinja2, jwt, msgspec, pynamodb.models
from zoneinfo import ZoneInfo
from cryptography.hazmat.primitives.asymmetric import rsa
for service in services:
    boto3.client(service, aws_access_key_id="x", aws_secret_access_key="x")
key = rsa.generate_private_key(65537, 2048)
assert jwt.decode(jwt.encode({"a": 1}, key, "RS256"), key.public_key(), ["RS256"]) == {"a": 1}
import tzdata.zoneinfo.Asia
assert str(ZoneInfo("Asia/Jakarta")) == "Asia/Jakarta"
assert jinja2.Template("{{ x }}").render(x=1) == "1" and msgspec.json.decode(b"1") == 1
outside = {n: m.__file__ for n, m in sys.modules.items() if "-packages" in (getattr(m, "__file__", None) or "")}
assert not outside, outside
"""


def main() -> int:
    """Package the stage asked for; exit code 1 when the package would not run or is too heavy."""
    asked = _arguments()
    try:
        weights = package(asked.stage, asked.out, asked.arch)
    except (BundleRefused, synthesis.SynthesisFailed) as refused:
        print(f"package: {refused}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as failed:
        print(f"package: {failed.cmd[0:4]} ended with {failed.returncode}", file=sys.stderr)
        return 1
    print(table(weights))
    return 0


def package(stage: str, out: Path, architecture: str = "") -> list[Weight]:
    """Write template and zip of `stage` into `out` and return what each part of the zip weighs.

    `architecture` is "host", "arm64", "x86_64", or "" for what .chalice/config.json says of the stage.
    Raises BundleRefused or SynthesisFailed; `out` then holds no package.
    """
    out.mkdir(parents=True, exist_ok=True)
    target = out / synthesis.PACKAGE
    for stale in (target, out / synthesis.TEMPLATE):
        stale.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="sambat-package-") as folder:
        scratch = Path(folder)
        _say(f"template and code of stage {stage}")
        template, own = synthesis.synthesise(stage, scratch / "chalice")
        functions = [r["Properties"] for r in template["Resources"].values() if r["Type"] == FUNCTION]
        architecture = _architecture(architecture, functions[0]["Architectures"][0])
        for properties in functions:
            properties["Architectures"] = [architecture]
        bundle.check_services(synthesis.ROOT / "chalicelib")
        tree = _tree(architecture, own, scratch / architecture)
        _say(f"{bundle.check_architecture(tree, architecture)} compiled libraries, all for {architecture}")
        _prove(tree if architecture == HOST else _tree(HOST, own, scratch / HOST))
        _say("compiling and zipping")
        bundle.compile_tree(tree)
        written = scratch / synthesis.PACKAGE
        bundle.write_zip(tree, written)
        weights, size = bundle.weigh(written), written.stat().st_size
        if size >= LIMIT:
            raise BundleRefused(f"{size:,} bytes zipped, allowed are less than {LIMIT:,}\n{table(weights)}")
        shutil.move(written, target)
    synthesis.write_template(template, out / synthesis.TEMPLATE)
    _say(f"{out / synthesis.TEMPLATE} and {target} ({size:,} bytes) are ready")
    return weights


def table(weights: list[Weight]) -> str:
    """Return the weights as lines for a terminal."""
    total = Weight("total", sum(w.zipped for w in weights), sum(w.unzipped for w in weights))
    rows = [f"{'part':<28}{'zipped kB':>12}{'unzipped kB':>14}"]
    rows += [f"{w.part:<28}{w.zipped / 1000:>12,.0f}{w.unzipped / 1000:>14,.0f}" for w in (*weights, total)]
    return "\n".join(rows)


def _tree(architecture: str, own: Path, scratch: Path) -> Path:
    """Return a folder as Lambda will see it: pruned dependencies for `architecture` and our own code."""
    _say(f"wheels for {architecture}, python {bundle.python_version()}")
    site = scratch / "site"
    bundle.fetch(synthesis.ROOT / "requirements.txt", architecture, site)
    bundle.prune(site)
    with zipfile.ZipFile(own) as code:
        code.extractall(site)
    return site


def _prove(tree: Path) -> None:
    """Import and use the pruned tree in an interpreter that sees nothing else; raise BundleRefused if it cannot."""
    _say(f"importing the pruned tree ({HOST}) by itself")
    command = [sys.executable, "-I", "-S", "-B", "-c", PROOF, str(tree), ",".join(sorted(bundle.AWS_SERVICES))]
    environment = {**synthesis.PLACEHOLDERS, "PATH": os.defpath, "PYTHONTZPATH": ""}
    run = subprocess.run(command, env=environment, cwd=tree, capture_output=True, text=True, check=False)
    if run.returncode:
        raise BundleRefused(f"the pruned tree does not run:\n{run.stderr}")


def _architecture(asked: str, configured: str) -> str:
    return HOST if asked == "host" else asked or configured


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.package", description=__doc__)
    parser.add_argument("--stage", choices=synthesis.STAGES, default="dev")
    parser.add_argument("--out", type=Path, help="folder for template and zip (default build/STAGE)")
    parser.add_argument("--arch", choices=("host", *bundle.WHEEL_MACHINE), default="", help="default: the stage's")
    asked = parser.parse_args()
    asked.out = asked.out or synthesis.ROOT / "build" / asked.stage
    return asked


_BEGUN: Final = time.monotonic()


def _say(what: str) -> None:
    print(f"{time.monotonic() - _BEGUN:6.1f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
