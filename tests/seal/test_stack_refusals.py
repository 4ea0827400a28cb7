"""Stacks that are not sealed: options and targets are refused, what is there is left alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from begun_stacks import INDEX, MOVIE, begin, stamps

from napari_seal import (
    MetadataError,
    OptionError,
    SealError,
    TargetExistsError,
    WriteError,
    check_stack,
    seal_stack,
)
from napari_seal._seal.write import PART_PREFIX, PART_SUFFIX


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"axes": "TYX"}, OptionError, "4 axes"),
        ({"format": "gif"}, OptionError, "gif"),
        ({"quality": 0}, OptionError, "quality"),
        ({"window": "frame"}, OptionError, "'plane'"),
        ({"window": (5, 1)}, OptionError, "low to high"),
        ({"window": 3}, OptionError, "pair"),
        ({"algorithm": "md5"}, OptionError, "md5"),
        ({"overwrite": True, "resume": True}, OptionError, "not both"),
        ({"metadata": {"seal": 1}}, MetadataError, "reserved"),
        ({"metadata": {"a": object()}}, MetadataError, "object"),
        ({"layer": {"a": object()}}, MetadataError, "layer"),
    ],
)
def test_options_that_are_not_possible_leave_nothing(
    options: dict[str, Any], error: type[SealError], says: str, tmp_path: Path
) -> None:
    """They are refused before anything is written."""
    with pytest.raises(error, match=says):
        seal_stack(MOVIE, tmp_path / "a", **{"axes": "TZYX"} | options)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("nowhere/a", WriteError),
        ("", OptionError),
        (".sealed", OptionError),
        ("/", OptionError),
        ("..", OptionError),
        (b"a", OptionError),
        ("a" * 240, OptionError),
        ("file", TargetExistsError),
    ],
)
def test_targets_that_are_none(
    target: str | bytes, error: type[SealError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder above, no name, a name too long, a file in its place."""
    monkeypatch.chdir(tmp_path)
    Path("file.sealed").write_bytes(b"mine")
    with pytest.raises(error):
        seal_stack(MOVIE, target, axes="TZYX")  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == ["file.sealed"]


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """Neither overwriting nor resuming touches what is no stack of this name."""
    folder = tmp_path / "movie.sealed"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    for options in ({}, {"overwrite": True}, {"resume": True}):
        with pytest.raises(TargetExistsError, match="not the folder of this stack"):
            seal_stack(MOVIE, tmp_path / "movie", axes="TZYX", **options)
    assert os.listdir(folder) == ["notes.txt"]


def test_an_empty_folder_may_be_there(tmp_path: Path) -> None:
    """Also one in which a killed run has left a part of a file."""
    folder = tmp_path / "movie.sealed"
    folder.mkdir()
    (folder / f"{PART_PREFIX}00{PART_SUFFIX}").write_bytes(b"part")
    seal_stack(MOVIE, tmp_path / "movie", axes="TZYX")
    assert len(os.listdir(folder)) == 7


def test_a_complete_stack_is_kept_unless_asked(tmp_path: Path) -> None:
    """It is neither overwritten silently nor resumed; on request it is replaced as a whole."""
    seal_stack(MOVIE, tmp_path / "movie", axes="TZYX")
    before = stamps(tmp_path / "movie.sealed")
    for options in ({}, {"resume": True}):
        with pytest.raises(TargetExistsError, match="complete stack"):
            seal_stack(MOVIE, tmp_path / "movie", axes="TZYX", **options)
    assert stamps(tmp_path / "movie.sealed") == before
    made = seal_stack(MOVIE[:2, 0], tmp_path / "movie", axes="TYX", overwrite=True)
    assert sorted(os.listdir(tmp_path / "movie.sealed")) == [
        INDEX, "movie_t0.sealed.jpg", "movie_t1.sealed.jpg",
    ]  # fmt: skip
    assert check_stack(tmp_path / "movie").stack == made


def test_files_beside_the_planes_survive_overwriting(tmp_path: Path) -> None:
    """Only what the index names is removed."""
    seal_stack(MOVIE, tmp_path / "movie", axes="TZYX")
    (tmp_path / "movie.sealed" / "notes.txt").write_text("mine")
    seal_stack(MOVIE[0], tmp_path / "movie", axes="ZYX", overwrite=True)
    assert (tmp_path / "movie.sealed" / "notes.txt").read_text() == "mine"


def test_an_index_that_cannot_be_read_is_not_overwritten(tmp_path: Path) -> None:
    """Nobody knows what it was."""
    folder = begin(tmp_path, 2)
    (folder / INDEX).write_bytes(b"{}")
    for options in ({}, {"overwrite": True}, {"resume": True}):
        with pytest.raises(WriteError, match="cannot be read"):
            seal_stack(MOVIE, tmp_path / "movie", axes="TZYX", **options)
