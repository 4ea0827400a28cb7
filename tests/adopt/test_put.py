"""In place: what a file has beside its content is kept, and nothing but that file is replaced."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from strangers import ACCEPTED

import napari_seal
from napari_seal import AdoptError
from napari_seal._adopt import put

DATA = ACCEPTED["MoEDAL"]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of the year 2001 that its group may write to."""
    path = tmp_path / "a.jpg"
    path.write_bytes(DATA)
    path.chmod(0o664)
    os.utime(path, ns=(1_000_000_000_123_456_789, 1_000_000_000_987_654_321))
    return path


def test_mode_times_and_attributes_are_kept(old: Path) -> None:
    """Archives are sorted by time, and access goes by mode."""
    before = old.stat()
    if hasattr(os, "setxattr"):
        try:
            os.setxattr(old, "user.origin", b"CERN")
        except OSError:
            pytest.skip("this file system has no extended attributes")
    napari_seal.adopt(old, in_place=True)
    after = old.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_size > before.st_size
    if hasattr(os, "getxattr"):
        assert os.getxattr(old, "user.origin") == b"CERN"


def test_a_copy_has_the_old_time(old: Path, tmp_path: Path) -> None:
    """As ``cp -p`` makes one."""
    napari_seal.adopt(old, tmp_path / "b.jpg")
    assert (tmp_path / "b.jpg").stat().st_mtime_ns == old.stat().st_mtime_ns


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_not_replaced(old: Path, tmp_path: Path) -> None:
    """A symbolic link is refused; of several hard links the others would stay unsealed."""
    link = tmp_path / "link.jpg"
    link.symlink_to(old)
    with pytest.raises(AdoptError, match="it is a link") as raised:
        napari_seal.adopt(link, in_place=True, force=["hard-links"])
    assert raised.value.code == "is-a-link"
    link.unlink()
    os.link(old, link)
    with pytest.raises(AdoptError, match="2 names") as raised:
        napari_seal.adopt(old, in_place=True)
    assert raised.value.code == "hard-links"
    assert old.read_bytes() == link.read_bytes() == DATA
    napari_seal.adopt(old, in_place=True, force=["hard-links"])
    assert link.read_bytes() == DATA
    assert napari_seal.check(old).intact


@pytest.mark.parametrize("change", ["written", "replaced", "gone"])
def test_what_changed_meanwhile_is_not_written_over(
    change: str, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's change between reading and replacing is kept."""
    keep = put._keep

    def change_it(*arguments: Any) -> None:
        keep(*arguments)
        if change == "written":
            old.write_bytes(b"new content")
        elif change == "replaced":
            (tmp_path / "other").write_bytes(DATA)
            (tmp_path / "other").replace(old)
        else:
            old.unlink()

    monkeypatch.setattr(put, "_keep", change_it)
    with pytest.raises(AdoptError) as raised:
        napari_seal.adopt(old, in_place=True)
    expected = {"written": [b"new content"], "replaced": [DATA], "gone": []}[change]
    assert [p.read_bytes() for p in tmp_path.iterdir()] == expected
    assert raised.value.code == ("not-written" if change == "gone" else "changed-meanwhile")


@pytest.mark.skipif(not hasattr(os, "chown") or os.geteuid() != 0, reason="only root may give away")
def test_the_owner_is_kept(old: Path) -> None:
    """A file of somebody else's stays theirs."""
    os.chown(old, 12_345, 12_345)
    napari_seal.adopt(old, in_place=True)
    assert (old.stat().st_uid, old.stat().st_gid) == (12_345, 12_345)


@pytest.mark.parametrize("make", ["missing", "folder", "no folder for the copy"])
def test_what_cannot_be_read_or_written(make: str, old: Path, tmp_path: Path) -> None:
    """It is refused with a sentence, and with no traceback."""
    path, target = {
        "missing": (tmp_path / "none.jpg", None),
        "folder": (tmp_path, None),
        "no folder for the copy": (old, tmp_path / "none" / "b.jpg"),
    }[make]
    with pytest.raises(AdoptError) as raised:
        napari_seal.adopt(path, target, in_place=target is None)
    assert raised.value.code == ("not-written" if target else "unreadable")
