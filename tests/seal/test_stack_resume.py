"""Stacks whose sealing was interrupted: planes that are there are kept, and others are added."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from begun_stacks import INDEX, MOVIE, StopError, begin, resume, stamps, stop_after

from napari_seal import (
    ImageError,
    TargetExistsError,
    Window,
    WriteError,
    check_stack,
    open_stack,
    seal_stack,
)


def test_an_interrupted_stack_says_so_and_can_be_completed(tmp_path: Path) -> None:
    """Planes that are there are kept, whichever they are; the identity stays."""
    folder = begin(tmp_path, 4)
    verdict = check_stack(folder)
    assert (verdict.verdict, verdict.complete) == ("truncated", False)
    assert "4 of 6 planes are there." in str(verdict)
    with pytest.raises(TargetExistsError, match="not finished"):
        seal_stack(MOVIE, tmp_path / "movie", axes="TZYX")
    os.unlink(folder / "movie_t0_z1.sealed.jpg")
    before = stamps(folder)
    begun = open_stack(folder).stack
    made = resume(tmp_path)
    assert (made.id, made.created) == (begun.id, begun.created)
    after = stamps(folder)
    assert {name for name in before if after[name] == before[name]} == {*before} - {INDEX}
    assert check_stack(folder).intact


def test_nothing_to_resume_is_a_beginning(tmp_path: Path) -> None:
    """So that a script may always ask for it."""
    resume(tmp_path)
    assert check_stack(tmp_path / "movie").intact


def test_the_window_that_was_found_is_kept(tmp_path: Path) -> None:
    """It is in the index, and need not be found again."""
    with pytest.raises(StopError):
        seal_stack(MOVIE, tmp_path / "movie", axes="TZYX", progress=stop_after(6 + 3))
    steps: list[tuple[int, int]] = []
    made = resume(tmp_path, window=None, progress=lambda *step: steps.append(step))
    assert made.window == Window(low=MOVIE.min(), high=MOVIE.max())
    assert steps[-1] == (6, 6)


def _other_stack(folder: Path) -> bytes:
    seal_stack(MOVIE, folder / "other", axes="TZYX", window=(0, 5000))
    return (folder / "other.sealed" / "other_t0_z1.sealed.jpg").read_bytes()


BROKEN: dict[str, Any] = {
    "cut": lambda data, folder: data[:-300],
    "empty": lambda data, folder: b"",
    "a flipped bit": lambda data, folder: data[:-200] + bytes((data[-200] ^ 1,)) + data[-199:],
    "an edited record": lambda data, folder: data.replace(b'"quality":90', b'"quality":91'),
    "an edited tag": lambda data, folder: data.replace(b"Zeiss", b"Leica"),
    "no image": lambda data, folder: b"hello",
    "of another stack": lambda data, folder: _other_stack(folder),
    "of another place": lambda data, folder: (
        folder / "movie.sealed" / "movie_t0_z0.sealed.jpg"
    ).read_bytes(),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_plane_that_is_not_what_it_should_be_is_written_again(
    damage: str, tmp_path: Path
) -> None:
    """Whatever is in its place."""
    options = {"exif": {"Make": "Zeiss"}}
    folder = begin(tmp_path, 4, **options)
    plane = folder / "movie_t0_z1.sealed.jpg"
    data = plane.read_bytes()
    changed = BROKEN[damage](data, tmp_path)
    assert changed != data
    plane.write_bytes(changed)
    before = stamps(folder)
    resume(tmp_path, **options)
    kept = {name for name, stamp in stamps(folder).items() if stamp == before.get(name)}
    assert kept == {*before} - {INDEX, plane.name}
    assert check_stack(folder).intact


def test_planes_of_other_data_are_written_again(tmp_path: Path) -> None:
    """A kept plane was made of the very plane that is given now, with the same tags."""
    folder = begin(tmp_path, 4)
    before = stamps(folder)
    other = MOVIE.copy()
    other[1, 0, 3, 4] += 1
    resume(tmp_path, other)
    kept = {name for name, stamp in stamps(folder).items() if stamp == before.get(name)}
    assert kept == {*before} - {INDEX, "movie_t1_z0.sealed.jpg"}


def test_planes_with_other_tags_are_written_again(tmp_path: Path) -> None:
    """The Exif tags of a stack are the same in all planes."""
    folder = begin(tmp_path, 2, exif={"Make": "Zeiss"})
    before = stamps(folder)
    resume(tmp_path, exif={"Make": "Leica"})
    assert not before.items() & stamps(folder).items()


@pytest.mark.parametrize(
    ("data", "options", "says"),
    [
        (MOVIE[:2], {}, "shape"),
        (MOVIE.astype("uint32"), {}, "source dtype"),
        (MOVIE, {"axes": "CZYX"}, "axes"),
        (MOVIE.swapaxes(0, 1), {"axes": "ZTYX"}, "axes"),
        (MOVIE.transpose(2, 3, 0, 1), {"axes": "YXTZ"}, "source axes"),
        (MOVIE, {"format": "png"}, "format"),
        (MOVIE, {"quality": 80}, "quality"),
        (MOVIE, {"metadata": {"a": 1}}, "metadata"),
        (MOVIE, {"layer": {"name": "a"}}, "layer"),
        (MOVIE, {"window": (0, 4000)}, "window"),
        (MOVIE, {"window": "plane"}, "plane windows"),
    ],
)
def test_another_stack_is_not_gone_on_with(
    data: np.ndarray, options: dict[str, Any], says: str, tmp_path: Path
) -> None:
    """The text says in what it differs, and nothing is written."""
    folder = begin(tmp_path, 2)
    before = stamps(folder)
    with pytest.raises(WriteError, match=f"another {says}: "):
        resume(tmp_path, data, **options)
    assert stamps(folder) == before


def test_an_index_that_was_edited_is_not_gone_on_with(tmp_path: Path) -> None:
    """Its digest tells."""
    folder = begin(tmp_path, 2)
    path = folder / INDEX
    path.write_bytes(path.read_bytes().replace(b'"high":5000', b'"high":6000'))
    with pytest.raises(WriteError, match="was changed"):
        resume(tmp_path, window=None)


def test_a_value_that_cannot_be_sealed_leaves_a_stack_that_can_be_resumed(tmp_path: Path) -> None:
    """With a window that is given, NaN is met when its plane comes."""
    data = MOVIE.astype("f4")
    data[1, 1, 2, 3] = np.inf
    with pytest.raises(ImageError, match="the plane T 1, Z 1"):
        seal_stack(data, tmp_path / "movie", axes="TZYX", window=(0, 5000))
    assert check_stack(tmp_path / "movie").verdict == "truncated"
    resume(tmp_path, np.nan_to_num(data, posinf=0))
    assert check_stack(tmp_path / "movie").intact


def test_png_stacks_are_resumed(tmp_path: Path) -> None:
    """As others are."""
    folder = begin(tmp_path, 4, format="png")
    before = stamps(folder)
    resume(tmp_path, format="png")
    after = stamps(folder)
    assert {name for name in before if after[name] == before[name]} == {*before} - {INDEX}
    assert check_stack(folder).intact
    with pytest.raises(TargetExistsError):
        resume(tmp_path)


def test_a_plane_is_ended_in_its_middle(tmp_path: Path) -> None:
    """Wherever that is, nothing of it is left behind, and the stack can be gone on with."""
    large = np.random.default_rng(1).integers(0, 65536, (3, 200, 300), np.uint16)
    options: Any = {"axes": "ZYX", "format": "png"}
    seen: list[int] = []
    seal_stack(large, tmp_path / "whole", progress=lambda done, _: seen.append(done), **options)
    within = seen.count(1)
    assert within > 5
    for moment in range(within):
        left = [moment]

        def stop(done: int, total: int, left: list[int] = left) -> None:
            if done == 1:
                if not left[0]:
                    raise StopError
                left[0] -= 1

        name = f"cut {moment}"
        with pytest.raises(StopError):
            seal_stack(large, tmp_path / name, progress=stop, **options)
        there = sorted(path.name for path in (tmp_path / f"{name}.sealed").iterdir())
        assert there == [f"{name}.sealed.json", f"{name}_z0.sealed.png"]
    made = seal_stack(large, tmp_path / name, resume=True, **options)
    assert made.complete
    assert check_stack(tmp_path / name).intact


def test_overwriting_that_is_interrupted_can_be_gone_on_with(tmp_path: Path) -> None:
    """The new index is there before the old planes go, and only they are written that are not."""
    seal_stack(MOVIE[::-1], tmp_path / "a", axes="TZYX")

    def stop(done: int, total: int) -> None:
        if done == total - 3:
            raise StopError

    with pytest.raises(StopError):
        seal_stack(MOVIE, tmp_path / "a", axes="TZYX", overwrite=True, progress=stop)
    assert check_stack(tmp_path / "a").verdict == "truncated"
    seal_stack(MOVIE, tmp_path / "a", axes="TZYX", resume=True)
    assert check_stack(tmp_path / "a").verdict == "intact"
