"""Folders that survive a power failure; see `faults` for the order of calls."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_seal._disk import make_folder, opened_folder, synchronise


def test_folders_are_made_with_those_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an absolute path or from the working folder; twice does no harm."""
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "a" / "b", "c/d", "e", "a/b"):
        make_folder(str(path))
        assert os.path.isdir(path)


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    """It is kept."""
    (tmp_path / "a").write_text("kept")
    with pytest.raises(OSError, match="exists"):
        make_folder(str(tmp_path / "a"))
    assert (tmp_path / "a").read_text() == "kept"


@pytest.mark.skipif(os.name != "posix", reason="folders cannot be opened")
def test_what_the_disk_does_not_confirm_is_told(tmp_path: Path) -> None:
    """Here, because what is to be synchronised is closed."""
    with opened_folder(str(tmp_path)) as descriptor:
        assert descriptor is not None
        synchronise(descriptor)
        closed = os.dup(descriptor)
        os.close(closed)
        with pytest.raises(OSError, match="did not confirm it"):
            synchronise(closed)
    synchronise(None)
