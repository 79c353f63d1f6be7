"""The Lambda package: what it refuses, and that the same content gives the same bytes.

Nothing is fetched but production's own wheels, where they can be.
"""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from infra import bundle, package, synthesis


def _library(path: Path, machine: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(8))


def test_a_library_for_another_processor_is_refused(tmp_path: Path) -> None:
    _library(tmp_path / "fast" / "core.cpython-311.so", 0xB7)
    assert bundle.check_architecture(tmp_path, "arm64") == 1
    with pytest.raises(bundle.BundleRefused, match=r"fast/core\.cpython-311\.so is not built for x86_64"):
        bundle.check_architecture(tmp_path, "x86_64")


def test_every_service_that_the_code_calls_is_packaged() -> None:
    bundle.check_services(synthesis.ROOT / "chalicelib")


def test_a_client_of_a_pruned_service_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sending.py").write_text('boto3.client("sns")', encoding="utf-8")
    with pytest.raises(bundle.BundleRefused, match="calls sns"):
        bundle.check_services(tmp_path)


def test_what_only_chalices_commands_need_is_not_packaged() -> None:
    wanted = bundle.needed_on_lambda("# why\n\nchalice==1.34.0\nclick==8\npyjwt[crypto]==2.15.1\nsix==1.17.0\n")
    assert wanted == ["pyjwt[crypto]==2.15.1", "six==1.17.0"]
    pinned = (synthesis.ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert all("==" in line for line in bundle.needed_on_lambda(pinned)), "a package that is not pinned"


def test_pruning_keeps_what_runs(tmp_path: Path) -> None:
    kept = [
        "botocore/data/dynamodb/2012-08-10/service-2.json.gz",
        "botocore/data/endpoints.json",
        "tzdata/zoneinfo/Asia/Jakarta",
        "jwt/api_jwt.py",
        "jwt-1.dist-info/METADATA",
        "test.py",
    ]
    gone = [
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "tzdata/zoneinfo/Europe/Paris",
        "boto3/data/s3/2006-03-01/resources-1.json",
        "jwt/py.typed",
        "jwt/tests/test_jwt.py",
        "jwt-1.dist-info/RECORD",
        "pycparser/c_ast.py",
    ]
    for name in (*kept, *gone):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("Name: jwt\n\nA manual", encoding="utf-8")
    bundle.prune(tmp_path)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == sorted(kept)
    assert (tmp_path / "jwt-1.dist-info/METADATA").read_text(encoding="utf-8") == "Name: jwt\n"


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    names = ["b.so", "a.py", *(f"c/{number}.py" for number in range(30))]
    for copy, order in (("one", names), ("two", names[::-1])):
        for name in order:
            (tmp_path / copy / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / copy / name).write_text("x = 1\n", encoding="utf-8")
        bundle.write_zip(tmp_path / copy, tmp_path / f"{copy}.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == [path.as_posix() for path in sorted(Path(name) for name in names)]
        assert {entry.date_time for entry in archive.infolist()} == {bundle.FIXED_TIME}


def test_bytecode_is_taken_without_a_look_at_its_source(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("x = 1\n", encoding="utf-8")
    bundle.compile_tree(tmp_path)
    (bytecode,) = tmp_path.rglob("*.pyc")
    assert int.from_bytes(bytecode.read_bytes()[4:8], "little") == 1, "flags: hash-based, unchecked"


def test_the_weights_add_up(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", "a" * 1000)
        archive.writestr("jwt/a.py", "b" * 3000)
        archive.writestr("jwt/b.py", "c" * 4000)
        archive.writestr("jwt-1.dist-info/METADATA", "d" * 10)
    weights = {weight.part: weight.unzipped for weight in bundle.weigh(tmp_path / "p.zip")}
    assert weights == {"jwt": 7000, "app.py": 1000, "metadata (*.dist-info)": 10}
    assert package.table(bundle.weigh(tmp_path / "p.zip")).splitlines()[-1].split()[-1] == "8"


@pytest.mark.system
def test_productions_wheels_are_all_built_for_its_processor(tmp_path: Path) -> None:
    try:
        bundle.fetch(synthesis.ROOT / "requirements.txt", "arm64", tmp_path / "site")
    except subprocess.CalledProcessError:
        pytest.skip("the wheels of the package cannot be fetched: no package registry is reached from here")
    bundle.prune(tmp_path / "site")
    assert bundle.check_architecture(tmp_path / "site", "arm64") >= 4
