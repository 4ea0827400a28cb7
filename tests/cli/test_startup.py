"""Starting: what is not needed for an intact file is not imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_RUN = """
import sys
from napari_seal._cli import main
try:
    main(sys.argv[1:], prog_name="napari-seal")
except SystemExit as end:
    assert end.code == 0, end.code
print(*sys.modules, file=sys.stderr)
"""

# Each of them takes as long to start as Python itself, or longer.
HEAVY = {
    "PIL.Image", "numpy", "piexif", "rich", "tifffile",
    "asyncio", "concurrent.futures", "ctypes", "email", "http", "multiprocessing", "pathlib",
    "pickle", "sqlite3", "ssl", "subprocess", "tempfile", "logging", "urllib",
}  # fmt: skip
# What an intact file does not need of this package: the long way, reports, other commands.
UNUSED = {
    "_cli.demo", "_cli.seal", "_cli.show",
    "_format.exif_tags", "_format.jpeg", "_format.keys", "_format.legacy", "_format.record",
    "_format.window", "_images", "_parallel", "_seal",
    "_verify.change", "_verify.locate", "_verify.progress", "_verify.report.page", "_verify.steps",
}  # fmt: skip


@pytest.mark.parametrize("options", [[], ["--jsonl"], ["--time-limit", "1h"]])
def test_an_intact_file_needs_little(options: list[str], archive: Path) -> None:
    """``napari-seal verify FILE`` imports neither what draws tables nor what finds changes."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, "verify", archive / "a.sealed.jpg", *options],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "intact" in done.stdout
    loaded = set(done.stderr.split())
    assert "napari_seal._verify.quick" in loaded
    assert loaded & HEAVY == set()
    assert loaded & {f"napari_seal.{name}" for name in UNUSED} == set()


def test_help_lists_every_command() -> None:
    """Commands are imported when they are asked for, and all are listed."""
    done = subprocess.run(
        [sys.executable, "-m", "napari_seal", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("seal", "verify", "show", "demo"):
        assert f"\n  {command} " in done.stdout


def test_an_unknown_command_is_refused() -> None:
    """With the exit code of wrong usage, and the name that was wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "napari_seal", "console"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "console" in done.stderr
