"""The types of the public API, as the type checkers of users see them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
USAGE = ROOT / "tests" / "typed_usage.py"


def run(command: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a checker of this environment on what is installed in it."""
    found = shutil.which(command, path=sysconfig.get_path("scripts"))
    if found is None:
        pytest.skip(f"{command} is not installed (the extra dev)")
    # pyright asks the Python that it finds first where packages are.
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    return subprocess.run(
        [found, *arguments],
        cwd=folder, env={**os.environ, "PATH": path, "VIRTUAL_ENV": sys.prefix},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def pyright(*arguments: str, folder: Path) -> dict[str, Any]:
    """What pyright reports."""
    done = run("pyright", "--outputjson", *arguments, folder=folder)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_public_type_is_known(tmp_path: Path) -> None:
    """pyright finds no name whose type it would have to guess: completeness is 100 %."""
    # Not in the checkout, where it would take the sources for the user's own.
    report = pyright("--verifytypes", "napari_seal", "--ignoreexternal", folder=tmp_path)
    found = report["typeCompleteness"]
    assert found["pyTypedPath"]
    unknown = [
        symbol["name"]
        for symbol in found["symbols"]
        if symbol["isExported"] and not symbol["isTypeKnown"]
    ]
    assert unknown == []
    assert found["exportedSymbolCounts"]["withKnownType"] > 80
    assert found["completenessScore"] == 1


def test_pyright_understands_users_code(tmp_path: Path) -> None:
    """Each `assert_type` of the file holds, in pyright's standard mode."""
    copy = tmp_path / "usage.py"
    shutil.copyfile(USAGE, copy)
    report = pyright(str(copy), folder=tmp_path)
    assert report["summary"]["filesAnalyzed"] == 1
    assert [found["message"] for found in report["generalDiagnostics"]] == []


def test_mypy_understands_users_code() -> None:
    """The same in mypy's strict mode."""
    done = run("mypy", "--strict", str(USAGE), folder=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_type_is_found(tmp_path: Path) -> None:
    """The check itself can fail: code that takes a verdict for a truth value of another type."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text('import napari_seal\nx: int = napari_seal.check("a.jpg").verdict\n')
    report = pyright(str(wrong), folder=tmp_path)
    assert report["summary"]["errorCount"] == 1
