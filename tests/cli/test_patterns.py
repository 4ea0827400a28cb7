"""Glob patterns: what a shell would match, to an end, and nothing twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_seal._cli.patterns import expand


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders with files, hidden ones, and links: two in circles, one to a sibling, one astray."""
    names = "a.jpg b.txt one/c.jpg one/d.JPG two/deep/e.jpg .h/f.jpg .g.jpg"
    for name in names.split():
        path = tmp_path / "t" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "t" / "self").symlink_to(".")
    (tmp_path / "t" / "two" / "up").symlink_to("..")
    (tmp_path / "t" / "also").symlink_to("one")
    (tmp_path / "t" / "gone").symlink_to("nowhere")
    (tmp_path / "t" / "x[1].jpg").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("t/*.jpg", "t/a.jpg t/x[1].jpg"),
        ("t/?.*", "t/a.jpg t/b.txt"),
        ("t/[!ab]*", "t/gone t/one t/two t/x[1].jpg"),
        ("t/*/*.jpg", "t/one/c.jpg"),
        ("t/a*/c.jpg", "t/also/c.jpg"),
        ("t/self/*.txt", "t/self/b.txt"),
        ("t/.*", "t/.g.jpg t/.h"),
        ("t/**/*.jpg", "t/a.jpg t/one/c.jpg t/two/deep/e.jpg t/x[1].jpg"),
        ("**/*.jpg", "t/a.jpg t/one/c.jpg t/two/deep/e.jpg t/x[1].jpg"),
        ("./**/**/e.*", "./t/two/deep/e.jpg"),
        ("t/**/deep/**/*.jpg", "t/two/deep/e.jpg"),
        ("t/**", "t"),
        ("**", "."),
        # A folder is searched: what that finds is not matched as well.
        ("t/**/*", "t/a.jpg t/b.txt t/gone t/one t/two t/x[1].jpg"),
        ("t/*/", "t/one t/two"),
        ("t/b.txt/*", "t/b.txt/*"),
        ("t/z*", "t/z*"),
        ("t/x[1].jpg", "t/x[1].jpg"),
        ("t/nowhere.jpg", "t/nowhere.jpg"),
    ],
)
def test_a_pattern_lists_what_is_there_once(tree: Path, pattern: str, matches: str) -> None:
    """Whatever links there are; what matches nothing is handed on."""
    if os.name == "nt":
        matches = matches.replace("/", os.sep)
    assert [str(path) for path in expand([pattern], (".jpg",))] == matches.split()
    absolute = os.path.join(str(tree), pattern.removeprefix("./"))
    assert len(list(expand([absolute], (".jpg",)))) == len(matches.split())


def test_a_folder_that_cannot_be_listed_is_a_match(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that checking it says why, instead of nothing."""
    really = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("one"):
            raise PermissionError(13, "Permission denied", path)
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert list(expand(["t/**/c.*"], (".jpg",))) == ["t/one"]
