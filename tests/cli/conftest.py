"""Running commands in this process, and a folder of files to run them on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from support import run_command

import napari_seal

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")  # paths of temporary folders may be long
    return run_command


@pytest.fixture
def archive(tmp_path: Path, tracks: np.ndarray) -> Path:
    """A folder with two intact images, one of them in a folder below, and a changed one."""
    folder = tmp_path / "archive"
    (folder / "below").mkdir(parents=True)
    napari_seal.seal(tracks, folder / "a.sealed.jpg", metadata={"sample": "A"})
    napari_seal.seal(tracks, folder / "below" / "b.sealed.jpg", metadata={"sample": "B"})
    napari_seal.seal(tracks, folder / "c.sealed.jpg", metadata={"sample": "C"})
    data = (folder / "c.sealed.jpg").read_bytes()
    (folder / "c.sealed.jpg").write_bytes(data.replace(b'"sample":"C"', b'"sample":"D"'))
    return folder


@pytest.fixture
def good(archive: Path) -> Path:
    """An archive of two intact images."""
    (archive / "c.sealed.jpg").unlink()
    return archive
