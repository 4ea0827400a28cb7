"""Finding the index of a stack from what somebody names."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_seal import ReadError
from napari_seal._verify.stack_find import find_index


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a stack."""
    path = tmp_path / "cells.sealed"
    path.mkdir()
    (path / "cells.sealed.json").write_bytes(b"{}")
    (path / "notes.json").write_bytes(b"{}")
    return path


def test_whatever_names_a_stack(folder: Path) -> None:
    """The folder, with a slash behind it, its index, and what it was sealed under."""
    index = str(folder / "cells.sealed.json")
    for name in (folder, f"{folder}/", index, folder.with_suffix(""), Path(index)):
        assert find_index(name) == index


def test_a_renamed_folder_is_found(folder: Path) -> None:
    """What counts is the index in it."""
    moved = folder.rename(folder.parent / "2024-05")
    assert find_index(moved) == str(moved / "cells.sealed.json")


def test_of_two_indexes_the_folders_own_counts(folder: Path) -> None:
    """Where none is its own, one has to be named."""
    (folder / "other.sealed.json").write_bytes(b"{}")
    assert find_index(folder) == str(folder / "cells.sealed.json")
    moved = folder.rename(folder.parent / "2024-05")
    with pytest.raises(ReadError, match="2 indexes, name one"):
        find_index(moved)
    assert find_index(moved / "other.sealed.json") == str(moved / "other.sealed.json")


@pytest.mark.parametrize("name", ["nothing", "empty", "", "file.txt"])
def test_what_is_no_stack(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this name, an empty folder, no name, another file."""
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("file.txt").write_bytes(b"x")
    with pytest.raises(ReadError, match="stack"):
        find_index(name)
