"""Files are sealed to addresses: to a local folder, to memory, to S3 and to SFTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import put
from support import run_command

import napari_seal
from napari_seal import _files
from napari_seal._text import without_credentials

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")


def test_sealing_to_an_address(place: str, tracks: np.ndarray) -> None:
    """What is written is intact, is never replaced without being asked, and leaves nothing else."""
    target = f"{place}/a.sealed.jpg"
    seal = napari_seal.seal(tracks, target, metadata={"sample": "A"})
    assert napari_seal.verify(target) == seal
    with pytest.raises(napari_seal.TargetExistsError, match="exists and was not overwritten"):
        napari_seal.seal(tracks, target)
    assert napari_seal.verify(target) == seal
    other = napari_seal.seal(tracks[:64], target, overwrite=True)
    assert napari_seal.verify(target) == other
    files, path = fsspec.url_to_fs(place)
    assert [Path(name).name for name in files.find(path)] == ["a.sealed.jpg"]
    files.makedirs(f"{path}/folder.jpg", exist_ok=True)
    files.pipe_file(f"{path}/folder.jpg/x", b"x")
    with pytest.raises(napari_seal.WriteError, match="is a folder"):
        napari_seal.seal(tracks, f"{place}/folder.jpg", overwrite=True)


@pytest.mark.parametrize("damage", ["write", "read back"])
def test_a_write_that_fails_leaves_what_was_there(
    damage: str, tracks: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where files are moved into place, neither a failed write nor a wrong one replaces the old."""
    monkeypatch.setattr(_files, "_STORES", frozenset())  # memory:// then stands for sftp://
    target = f"memory://{tmp_path.name}/a.jpg"
    seal = napari_seal.seal(tracks, target)
    files = fsspec.filesystem("memory")

    def fail(self: Any, *_: Any, **__: Any) -> bytes:
        if damage == "write":
            raise OSError(28, "No space left on device")
        return b"something else"

    monkeypatch.setattr(type(files), "pipe_file" if damage == "write" else "cat_file", fail)
    with pytest.raises(napari_seal.WriteError, match=r"No space|not what was written"):
        napari_seal.seal(tracks[:64], target, overwrite=True)
    monkeypatch.undo()
    assert napari_seal.verify(target) == seal
    assert [Path(name).name for name in files.find(tmp_path.name)] == ["a.jpg"]


def test_writing_by_moving(
    tracks: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a store is no object store, the file is moved into place, and nothing is left."""
    monkeypatch.setattr(_files, "_STORES", frozenset())
    target = f"memory://{tmp_path.name}/a.jpg"
    seal = napari_seal.seal(tracks, target)
    assert napari_seal.verify(target) == seal
    files = fsspec.filesystem("memory")
    assert [Path(name).name for name in files.find(tmp_path.name)] == ["a.jpg"]


def test_the_command_line(place: str, tracks: np.ndarray, tmp_path: Path) -> None:
    """Inputs at addresses are sealed to an address, verified there, and shown in a page."""
    for name in ("x.npy", "below/y.npy"):
        local = tmp_path / "raw" / name
        local.parent.mkdir(parents=True, exist_ok=True)
        np.save(local, tracks)
        put(f"{place}/raw/{name}", local.read_bytes())
    out = f"{place}/sealed"
    result = run_command("seal", f"{place}/raw", "--out", out, "--jobs", 1)
    assert result.exit_code == 0, result.output
    again = run_command("seal", f"{place}/raw", "--out", out, "--jobs", 1)
    assert again.exit_code == 1
    assert "exists and was not" in " ".join(again.output.split())
    data = napari_seal._files.read(f"{out}/x.sealed.jpg", 10**7)
    put(f"{out}/x.sealed.jpg", data[:-300])
    page = tmp_path / "report.html"
    result = run_command("verify", out, "--jobs", 1, "--jsonl", "--html", page)
    assert result.exit_code == 1
    *rows, last = [json.loads(line) for line in result.stdout.splitlines()]
    shown = without_credentials(out)
    assert {row["path"].removeprefix(shown): row["verdict"] for row in rows} == {
        "/x.sealed.jpg": "truncated",
        "/below/y.sealed.jpg": "intact",
    }
    assert last["summary"]["paths"] == [shown]
    assert "now: 160 x 200 pixels" in page.read_text()
    found = run_command("show", f"{out}/below/y.sealed.jpg")
    assert found.exit_code == 0
    assert "verysecret" not in again.output + result.output + page.read_text() + found.output
