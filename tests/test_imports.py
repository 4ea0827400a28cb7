"""The walls of the house: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "napari_seal"


def test_the_import_contracts_hold() -> None:
    """Core without GUI; sealing and verifying apart; one module for piexif."""
    command = Path(sysconfig.get_path("scripts")) / "lint-imports"
    if not command.exists():
        pytest.skip("import-linter is not installed")
    done = subprocess.run(
        [command, "--no-cache", "--config", "pyproject.toml"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def imports(path: Path) -> set[str]:
    """All modules that a file imports, at its top or later."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("_format", ("napari_seal._seal", "napari_seal._verify", "napari_seal._napari")),
        ("_seal", ("napari_seal._verify", "napari_seal._napari")),
        ("_verify", ("napari_seal._seal", "napari_seal._napari")),
    ],
)
def test_the_folders_keep_apart(folder: str, forbidden: tuple[str, ...]) -> None:
    """The same walls, seen without import-linter, type-checking imports included."""
    gui = ("napari.", "qtpy", "magicgui", "superqt", "npe2")
    for path in (SOURCE / folder).rglob("*.py"):
        bad = {name for name in imports(path) if name.startswith((*forbidden, *gui))}
        assert not bad, path


def test_piexif_reads_nothing() -> None:
    """`piexif.load` and `piexif.insert` stand nowhere in the source."""
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "piexif.load(" not in text, path
        assert "piexif.insert(" not in text, path
