"""Where an archive and its ledger lie, and under which names, while runs go on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from ledger_archive import INTACT
from support import codes

from napari_seal import Ledger, LedgerError


def test_odd_names(check, archive, ledger, images):
    """Names with newlines, tabs, and bytes that are no Unicode are kept as they are."""
    odd = [b"new\nline.jpg", b"t\tab.jpg", b"\xff\xfe.jpg", b"x" * 251 + b".jpg", b" .jpg"]
    folder = os.fsencode(archive)
    for name in odd:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(images["d"])
    assert set(check()) == {*INTACT, *(os.fsdecode(name) for name in odd)}
    os.unlink(os.path.join(folder, odd[2]))
    found = check()
    assert [path for path, v in found.items() if not v.intact] == [os.fsdecode(odd[2])]
    assert len(ledger.history(os.path.join(folder, odd[0]))) == 1


def test_a_ledger_in_the_archive_is_no_file_of_it(archive):
    """Named with all that lies in its folder, it is passed over."""
    path = archive / "ledger.db"
    with Ledger.open(path, create=True) as ledger:
        for _ in range(2):
            paths = sorted(archive.iterdir())
            assert path in paths
            verdicts = list(ledger.check_many([*paths, path], jobs=1))
            assert {str(v.verdict) for v in verdicts} == {"intact"}


def test_archive_and_ledger_moved_together(archive, tmp_path):
    """A ledger beside its archive finds it where both are now."""
    with Ledger.open(tmp_path / "ledger.db", create=True) as ledger:
        list(ledger.check_many(archive, jobs=1))
    (tmp_path / "elsewhere").mkdir()
    shutil.move(archive, tmp_path / "elsewhere" / "archive")
    shutil.move(tmp_path / "ledger.db", tmp_path / "elsewhere" / "ledger.db")
    moved = tmp_path / "elsewhere" / "archive"
    with Ledger.open(tmp_path / "elsewhere" / "ledger.db") as ledger:
        (moved / "a.jpg").unlink()
        verdicts = list(ledger.check_many(moved, jobs=1))
    assert sorted(str(v.verdict) for v in verdicts) == ["intact", "intact", "missing"]


def test_archive_mounted_elsewhere(archive, tmp_path):
    """`root` says where it is now; without it, paths outside are refused with what to do."""
    with Ledger.open(tmp_path / "ledger.db", create=True) as ledger:
        list(ledger.check_many(archive, jobs=1))
    (tmp_path / "mnt").mkdir()
    moved = tmp_path / "mnt" / "other"
    shutil.move(archive, moved)
    with (
        Ledger.open(tmp_path / "ledger.db") as ledger,
        pytest.raises(LedgerError, match="--ledger-root"),
    ):
        ledger.check_many(moved, jobs=1)
    with Ledger.open(tmp_path / "ledger.db", root=moved) as ledger:
        verdicts = list(ledger.check_many(moved / "below", jobs=1))
        assert [str(v.verdict) for v in verdicts] == ["intact"]
        assert [e.run for e in ledger.history(moved / "below" / "c.jpg")] == [1]
        assert ledger.root == str(moved)


def test_through_a_link(archive, ledger, tmp_path):
    """A folder that is named by a link to it is the same folder."""
    list(ledger.check_many(archive, jobs=1))
    (tmp_path / "link").symlink_to(archive)
    (archive / "a.jpg").unlink()
    verdicts = {Path(v.path).name: v for v in ledger.check_many(tmp_path / "link", jobs=1)}
    assert {name: str(v.verdict) for name, v in verdicts.items()} == {
        "a.jpg": "missing", "b.jpg": "intact", "c.jpg": "intact",
    }  # fmt: skip
    assert verdicts["a.jpg"].path == str(tmp_path / "link" / "a.jpg")
    assert codes(verdicts["b.jpg"]) == []
