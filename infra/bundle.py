"""The dependencies inside the Lambda package: fetched for its architecture, pruned, compiled, zipped reproducibly."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOST: Final = "arm64" if platform.machine().lower() in ("aarch64", "arm64") else "x86_64"  # Lambda's names
WHEEL_MACHINE: Final = {"x86_64": "x86_64", "arm64": "aarch64"}
ELF_MACHINE: Final = {"x86_64": 0x3E, "arm64": 0xB7}  # e_machine of the ELF header

AWS_SERVICES: Final = frozenset({"dynamodb", "pinpoint-sms-voice-v2", "secretsmanager", "sesv2"})
BOTOCORE_CORE: Final = frozenset({"endpoints.json", "partitions.json", "sdk-default-configuration.json"})
ZONES: Final = frozenset({"Asia", "Etc"})  # of the time zone database; Indonesia's are Asia/*

# Folders that nothing of ours imports, relative to site-packages
UNUSED: Final = (
    "boto3/data",  # boto3.resource()
    "boto3/examples",
    "cffi",  # builds bindings; cryptography needs only _cffi_backend
    "dateutil/zoneinfo",  # its own copy of the zones
    "pycparser",
    "urllib3/contrib/emscripten",
)
UNUSED_NAMES: Final = frozenset({"tests", "test", "testing", "__pycache__"})
UNUSED_SUFFIXES: Final = frozenset({".pyi", ".c", ".h", ".pyx", ".pxd", ".rst", ".typed", ".pyc"})
COMMAND_LINE: Final = frozenset(
    {"chalice", "blessed", "click", "editor", "inquirer", "jinxed", "packaging", "pip", "pyyaml", "readchar", "runs",
     "setuptools", "wcwidth", "wheel", "xmod"}
)  # fmt: skip
FIXED_TIME: Final = (1980, 1, 1, 0, 0, 0)


class BundleRefused(Exception):
    """The package would not run on Lambda, or is too heavy; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What one part of the package weighs, in bytes."""

    part: str
    zipped: int
    unzipped: int


def fetch(requirements: Path, architecture: str, site: Path) -> None:
    """Unpack into `site` wheels of what `requirements` asks for, built for Lambda's `architecture`.

    Only wheels: what would have to be compiled here fails instead of arriving for this machine. Only what is named:
    every package is pinned, and a missing one is seen when the tree is imported.
    """
    site.mkdir(parents=True)
    wanted = site.parent / "requirements-lambda.txt"
    wanted.write_text("\n".join(needed_on_lambda(requirements.read_text(encoding="utf-8"))), encoding="utf-8")
    wheels = site.parent / "wheels"
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    command += ["--only-binary=:all:", "--no-deps", "--implementation=cp", f"--python-version={python_version()}"]
    for abi in (f"cp{sys.version_info.major}{sys.version_info.minor}", "abi3", "none"):
        command.append(f"--abi={abi}")
    command += [f"--platform={tag}" for tag in _platform_tags(architecture)]
    subprocess.run([*command, f"--dest={wheels}", f"--requirement={wanted}"], check=True)
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
    for data in site.glob("*.data"):  # wheels may keep libraries apart from their scripts and manuals
        for libraries in (data / "purelib", data / "platlib"):
            if libraries.is_dir():
                shutil.copytree(libraries, site, dirs_exist_ok=True)
        shutil.rmtree(data)


def needed_on_lambda(requirements: str) -> list[str]:
    """Return the pins of `requirements` without Chalice (its runtime is in its own zip) and what its commands need."""
    names = {re.split(r"[\s=\[<>~!;#]", line)[0].lower(): line for line in requirements.splitlines()}
    return [line for name, line in names.items() if name and name not in COMMAND_LINE]


def python_version() -> str:
    """Return the Lambda runtime's minor version: the running one's, as Chalice takes it."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _platform_tags(architecture: str) -> Iterator[str]:
    """Wheel tags that Lambda's system can load: Amazon Linux 2 (glibc 2.26) up to 3.11, 2023 (2.34) from 3.12 on."""
    newest_glibc = 34 if sys.version_info >= (3, 12) else 26
    machine = WHEEL_MACHINE[architecture]
    for minor in range(newest_glibc, 16, -1):
        yield f"manylinux_2_{minor}_{machine}"
    yield f"manylinux2014_{machine}"


def prune(site: Path) -> None:
    """Remove from `site` what no import of ours reaches."""
    for name in UNUSED:
        _remove(site / name)
    data, zones = site / "botocore" / "data", site / "tzdata" / "zoneinfo"
    for entry in [*data.glob("*"), *(zone for zone in zones.glob("*") if zone.is_dir())]:
        if entry.name not in AWS_SERVICES | BOTOCORE_CORE | ZONES:
            _remove(entry)
    for path in sorted(site.rglob("*"), reverse=True):
        if _is_unused(path, site):
            _remove(path)
    for metadata in site.glob("*.dist-info/METADATA"):
        text = metadata.read_text(encoding="utf-8")
        metadata.write_text(text.partition("\n\n")[0] + "\n", encoding="utf-8")  # without the README behind it


def _is_unused(path: Path, site: Path) -> bool:
    if path.parent.suffix == ".dist-info":
        return path.name != "METADATA"
    return path.suffix in UNUSED_SUFFIXES or (path.name in UNUSED_NAMES and path.parent != site)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def check_architecture(site: Path, architecture: str) -> int:
    """Return how many compiled libraries `site` has; raise BundleRefused for one that is not for `architecture`."""
    libraries = sorted(site.rglob("*.so*"))
    for library in libraries:
        header = library.read_bytes()[:20]
        if header[:4] != b"\x7fELF" or int.from_bytes(header[18:20], "little") != ELF_MACHINE[architecture]:
            raise BundleRefused(f"{library.relative_to(site)} is not built for {architecture}")
    return len(libraries)


def check_services(code: Path) -> None:
    """Raise BundleRefused when a client in `code` is of a service whose description is pruned."""
    for module in sorted(code.rglob("*.py")):
        for service in re.findall(r"\.(?:client|resource)\(\s*[\"']([a-z0-9-]+)", module.read_text(encoding="utf-8")):
            if service not in AWS_SERVICES:
                raise BundleRefused(f"{module} calls {service}, which infra/bundle.py prunes: add it to AWS_SERVICES")


def compile_tree(tree: Path) -> None:
    """Put bytecode beside every module, valid without a look at its source: half the cold start."""
    command = [sys.executable, "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(tree), "-p", "/var/task", str(tree)]
    subprocess.run(command, check=True, env={"PYTHONHASHSEED": "0"})


def write_zip(tree: Path, target: Path) -> None:
    """Zip `tree` so that the same content gives the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(p for p in tree.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(tree).as_posix(), FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if ".so" in path.suffixes else 0o100644) << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)


def weigh(package: Path) -> list[Weight]:
    """Return what each top-level part of `package` weighs, heaviest first."""
    zipped: dict[str, int] = defaultdict(int)
    unzipped: dict[str, int] = defaultdict(int)
    with zipfile.ZipFile(package) as archive:
        for entry in archive.infolist():
            top = entry.filename.partition("/")[0]
            part = (
                "metadata (*.dist-info)"
                if top.endswith(".dist-info")
                else re.sub(r"\.(libs$|cpython-.*|abi3\..*)", "", top)
            )
            zipped[part] += entry.compress_size
            unzipped[part] += entry.file_size
    return sorted((Weight(part, zipped[part], unzipped[part]) for part in zipped), key=lambda w: (-w.zipped, w.part))
