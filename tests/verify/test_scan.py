"""From what a user names to the files to check."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_seal._verify.scan import count_images, find_images


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder of files and folders."""
    for name in ("b.jpg", "a.JPEG", "c.jfif", "note.txt", "d.png", "sub/e.jpg", "sub/deep/f.jpe",
                 "sub.jpg/g.jpg", "empty/readme"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def found(*paths: Path, recursive: bool = True) -> list[str]:
    """Names relative to the first folder."""
    names = [os.path.relpath(p, paths[0]) for p in find_images(paths, recursive=recursive)]
    assert count_images(paths, recursive=recursive) == len(names)
    return names


def test_folders_are_searched_in_order(archive: Path) -> None:
    """All extensions in any case, by name; folders after files, also those called .jpg."""
    assert found(archive) == [
        "a.JPEG", "b.jpg", "c.jfif", "d.png", "sub/e.jpg", "sub/deep/f.jpe", "sub.jpg/g.jpg",
    ]  # fmt: skip
    assert found(archive, recursive=False) == ["a.JPEG", "b.jpg", "c.jfif", "d.png"]


def test_named_files_are_taken_whatever_they_are_called(archive: Path) -> None:
    """Also missing ones, and in the order given."""
    paths = [archive / "note.txt", archive / "gone", archive / "b.jpg"]
    assert list(find_images(paths)) == [str(p) for p in paths]
    assert count_images(paths) == 3


def test_an_empty_folder_is_not_passed_over(archive: Path) -> None:
    """A named folder without images comes back itself, to be complained about."""
    assert next(find_images([archive / "empty", archive / "sub"])) == str(archive / "empty")
    assert count_images([archive / "empty", archive / "sub"]) == 3


def test_links_to_folders_are_not_followed(archive: Path) -> None:
    """A folder that contains itself does not run in circles; links to files count."""
    (archive / "sub" / "up").symlink_to(archive)
    (archive / "sub" / "link.jpg").symlink_to(archive / "b.jpg")
    (archive / "sub" / "up.jpg").symlink_to(archive)
    names = found(archive)
    assert "sub/link.jpg" in names
    assert len(names) == 8


def test_broken_links_are_files_to_check(archive: Path) -> None:
    """A link to nowhere is found, so that its loss is reported."""
    (archive / "sub" / "lost.jpg").symlink_to(archive / "nowhere.jpg")
    assert "sub/lost.jpg" in found(archive)


def test_the_search_is_streamed(archive: Path) -> None:
    """The first file comes before the second folder is looked at."""
    search = find_images(iter([archive, archive / "sub"]))
    assert next(search).endswith("a.JPEG")
    (archive / "sub" / "late.jpg").touch()
    assert any(path.endswith("late.jpg") for path in search)
