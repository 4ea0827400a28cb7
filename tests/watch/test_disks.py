"""A watch and its disks: full, unmounted, mounted again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watching import assert_each_is_sealed_once, save, sealed_in

import napari_seal


@pytest.fixture
def mount() -> Iterator[Callable[[Path, str], None]]:
    """Mount a small disk in memory over a folder."""
    mounted: list[Path] = []

    def mount_one(folder: Path, size: str) -> None:
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("only root mounts disks, and not in every container")
        mounted.append(folder)

    yield mount_one
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=False, capture_output=True)


def test_a_full_disk_loses_nothing(start, tmp_path, mount):
    """It is said once; when there is room again, all is sealed, each file once."""
    out = tmp_path / "sealed"
    mount(out, "1m")
    for number in range(200):
        save(tmp_path / "raw" / f"{number}.npy", number)
    filler = out / "filler"
    filler.write_bytes(bytes(700_000))
    watching = start("--poll")
    watching.until_told("cannot write: ")
    assert 0 < len(sealed_in(out)) < 200
    for path in sealed_in(out):
        napari_seal.verify(path)
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", out], check=True)
    watching.until_sealed(200)
    watching.until_told("can be written to again")
    assert watching.stop() == 0
    assert start("--once").wait() == 0
    assert watching.text.count("cannot write: ") == 1
    assert_each_is_sealed_once(tmp_path / "raw", out)


def test_an_unmounted_raw_disk_is_not_an_empty_one(start, tmp_path, mount):
    """What comes when it is mounted again is sealed, what was sealed is not sealed anew."""
    mount(tmp_path / "raw", "8m")
    save(tmp_path / "raw" / "a.npy", 1)
    watching = start("--rescan", "0.5s")
    watching.until_told("sealed a.npy")  # until it has looked at it for the last time
    subprocess.run(["umount", "-l", tmp_path / "raw"], check=True)
    mount(tmp_path / "raw", "8m")
    save(tmp_path / "raw" / "b.npy", 2)
    watching.until_sealed(2)
    assert watching.stop() == 0
    assert [path.name for path in sealed_in(tmp_path / "sealed")] == [
        "a.sealed.jpg",
        "b.sealed.jpg",
    ]


def test_nothing_is_sealed_where_a_disk_was_unmounted(start, tmp_path, mount):
    """The folder below has the same name, and is another one."""
    out = tmp_path / "sealed"
    mount(out, "8m")
    save(tmp_path / "raw" / "a.npy", 1)
    watching = start("--poll", "--rescan", "0.3s")
    watching.until_told("sealed a.npy")
    subprocess.run(["umount", "-l", out], check=True)
    save(tmp_path / "raw" / "b.npy", 2)
    watching.until_told("another disk is mounted there")
    assert watching.stop() == 0
    assert not list(out.iterdir())
