"""Sealing stacks: a folder of sealed planes and an index, which an interruption leaves whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import DATA, PATIENCE, skip_or_fail, wait_until

import napari_seal
from napari_seal import (
    ImageError,
    MetadataError,
    OptionError,
    SealError,
    Stack,
    TargetExistsError,
    Window,
    WriteError,
    check,
    check_stack,
    open_stack,
    read,
    seal,
    seal_stack,
)
from napari_seal._format.pixels import digest_array
from napari_seal._seal.write import PART_PREFIX, PART_SUFFIX

MOVIE = np.random.default_rng(7).integers(100, 5000, (3, 2, 24, 32), np.uint16)
INDEX = "movie.sealed.json"


class StopError(Exception):
    """Ends a run."""


def stop_after(planes: int) -> Any:
    """A ``progress`` that ends the run after so many planes."""

    def progress(done: int, total: int) -> None:
        if done == planes:
            raise StopError

    return progress


def begin(folder: Path, planes: int, **options: Any) -> Path:
    """Seal the first planes of the movie, and return the folder of the unfinished stack."""
    with pytest.raises(StopError):
        seal_stack(
            MOVIE, folder / "movie", axes="TZYX", window=(0, 5000), **options,
            progress=stop_after(planes),
        )  # fmt: skip
    return folder / "movie.sealed"


def resume(folder: Path, data: Any = MOVIE, **options: Any) -> Stack:
    """Go on with what `begin` has begun."""
    options = {"axes": "TZYX", "window": (0, 5000), "resume": True} | options
    return seal_stack(data, folder / "movie", **options)


def stamps(folder: Path) -> dict[str, int]:
    """When each file was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


# ---------------------------------------------------------------------------------- the round trip


def test_a_stack_is_a_folder_of_sealed_planes_and_an_index(tmp_path: Path) -> None:
    """Each plane is a sealed file by itself, and carries its place."""
    made = seal_stack(MOVIE, tmp_path / "movie", axes="TZYX", metadata={"dish": 4})
    folder = tmp_path / "movie.sealed"
    assert sorted(os.listdir(folder)) == [
        INDEX,
        *(f"movie_t{t}_z{z}.sealed.jpg" for t in range(3) for z in range(2)),
    ]
    verdict = check(folder / "movie_t2_z1.sealed.jpg")
    assert verdict.intact
    assert isinstance(verdict.seal, napari_seal.Seal)
    assert verdict.seal.stack == made.place((2, 1))
    assert str(verdict.seal.stack) == "T 2, Z 1"
    assert verdict.seal.metadata == made.metadata == {"dish": 4}
    assert made == open_stack(folder).stack
    assert check_stack(folder).intact


@st.composite
def stacks(draw: st.DrawFn) -> tuple[np.ndarray, list[str]]:
    """Arrays of all types, byte orders and layouts, with their axes in any order."""
    kind = draw(st.sampled_from(["?", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "f2", "f4", "f8"]))
    axes = draw(st.lists(st.sampled_from(["T", "C", "Z", "position", "ü/.."]), unique=True,
                         min_size=1, max_size=3))  # fmt: skip
    colour = draw(st.booleans())
    axes = draw(st.permutations([*axes, "Y", "X", *(["S"] if colour else [])]))
    sizes = {"S": 3, "Y": draw(st.integers(1, 12)), "X": draw(st.integers(1, 12))}
    shape = [sizes.get(axis) or draw(st.integers(1, 2)) for axis in axes]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scale = draw(st.sampled_from([1, 200, 60_000]))
    with np.errstate(invalid="ignore", over="ignore"):
        array = ((rng.random(shape) - draw(st.sampled_from([0, 0.5]))) * scale).astype(kind)
    array = array.astype(array.dtype.newbyteorder(draw(st.sampled_from("<>"))))
    if draw(st.booleans()):
        array = np.asfortranarray(array)
    return array, axes


def as_dask(array: np.ndarray) -> Any:
    """In chunks that are no planes."""
    dask_array = pytest.importorskip("dask.array", reason="dask is not installed")
    return dask_array.from_array(array, chunks=2)


def as_zarr(array: np.ndarray) -> Any:
    """In memory."""
    zarr = pytest.importorskip("zarr", reason="zarr is not installed")
    stored = zarr.create_array({}, shape=array.shape, dtype=array.dtype, chunks=array.shape)
    stored[...] = array
    return stored


@pytest.mark.parametrize("kind", ["numpy", "dask", "zarr"])
@settings(max_examples=settings.default.max_examples // 2)
@given(
    given_stack=stacks(),
    window=st.sampled_from([None, "plane", "given"]),
    image_format=st.sampled_from(["jpeg", "png"]),
)
def test_what_is_sealed_comes_back(
    kind: str, given_stack: tuple[np.ndarray, list[str]], window: Any, image_format: Any
) -> None:
    """Any array, its axes in any order: each plane is what `seal` makes of it by itself."""
    array, axes = given_stack
    if image_format == "png" and "S" in axes:
        array = array.astype(np.uint8, casting="unsafe")
    data = {"numpy": lambda a: a, "dask": as_dask, "zarr": as_zarr}[kind](array)
    if window == "given":
        window = (-3, 120) if array.dtype.kind in "iu" else (-0.25, 120.5)
    with tempfile.TemporaryDirectory() as folder:
        made = seal_stack(data, Path(folder) / "a", axes=axes, window=window, format=image_format)
        assert check_stack(Path(folder) / "a", jobs=1, full=True).intact
        opened = open_stack(Path(folder) / "a")
        turned = array.transpose([axes.index(axis) for axis in opened.axes])
        assert opened.shape == turned.shape
        whole = opened.dask().compute() if kind == "dask" else None
        beside = {"jpeg": "b.jpg", "png": "b.png"}[image_format]
        for index in np.ndindex(*opened.grid):
            plane = turned[index]
            image, verdict = opened.plane(index)
            assert verdict.intact
            seal_of = verdict.seal
            assert isinstance(seal_of, napari_seal.Seal)
            alone = seal(plane, Path(folder) / beside, overwrite=True, window=seal_of.window)
            assert (seal_of.source, seal_of.pixels) == (alone.source, alone.pixels)
            assert seal_of.source == digest_array(plane, axes="YX" if plane.ndim == 2 else "YXS")
            assert np.array_equal(image, read(Path(folder) / beside)[0])
            assert image is not None
            assert image.dtype == opened.dtype
            if image_format == "png" and array.dtype.kind in "iu" and window is None:
                assert np.array_equal(napari_seal.restore_intensity(image, made.window), plane) or (
                    np.ptp(array.astype(object)) > 65535
                )
            assert whole is None or np.array_equal(whole[index], image)
            assert window == "plane" or seal_of.window == made.window
    if window is None and image_format == "jpeg" and array.dtype not in (bool, np.uint8):
        assert made.window == Window(low=array.min(), high=array.max())


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64", ">i4"])
def test_the_window_gives_intensities_back(dtype: str, tmp_path: Path) -> None:
    """Floats and signed integers: within a level of the window, and what JPEG changes."""
    y, x = np.mgrid[:64, :64]
    array = np.stack([(y + x - 64) * 30 + 100 * t for t in range(3)]).astype(dtype)
    seal_stack(array, tmp_path / "a", axes="TYX", quality=100)
    opened = open_stack(tmp_path / "a")
    assert opened.window is not None
    for index in range(3):
        image, _ = opened.plane((index,))
        assert image is not None
        back = napari_seal.restore_intensity(image, opened.window)
        assert np.abs(back - array[index]).max() <= 3 * opened.window.step


def test_png_keeps_every_value(tmp_path: Path) -> None:
    """Whole numbers come back as they were; no plane is looked at before it is sealed."""
    pytest.importorskip("dask.array", reason="dask is not installed")
    steps: list[tuple[int, int]] = []
    made = seal_stack(
        MOVIE, tmp_path / "a", axes="TZYX", format="png", progress=lambda *step: steps.append(step)
    )
    assert (made.dtype, made.quality, made.window) == ("uint16", None, Window(low=0, high=65535))
    assert list(dict.fromkeys(steps)) == [(n, 6) for n in range(7)]
    assert (tmp_path / "a.sealed" / "a_t2_z1.sealed.png").is_file()
    opened = open_stack(tmp_path / "a")
    assert opened.dtype == np.uint16
    assert np.array_equal(opened.dask().compute(), MOVIE)
    assert check_stack(tmp_path / "a", full=True).intact


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


def test_alpha_is_kept_by_png(tmp_path: Path) -> None:
    """Samples of four colours, the last of them alpha."""
    pytest.importorskip("dask.array", reason="dask is not installed")
    array = np.random.default_rng(2).integers(0, 256, (2, 8, 9, 4), np.uint8)
    with pytest.raises(ImageError, match="alpha"):
        seal_stack(array, tmp_path / "a", axes="TYXS")
    seal_stack(array, tmp_path / "a", axes="TYXS", format="png")
    assert np.array_equal(open_stack(tmp_path / "a").dask().compute(), array)


def test_planes_stay_comparable(tmp_path: Path) -> None:
    """By default a dim plane is dim; with a window for each, every plane is stretched."""
    array = np.stack([np.full((16, 16), 100, np.uint16), np.full((16, 16), 1000, np.uint16)])
    array[:, 0, 0] = 0
    for window, levels in ((None, [25, 255]), ("plane", [255, 255])):
        made = seal_stack(array, tmp_path / str(window), axes="TYX", window=window)
        opened = open_stack(tmp_path / str(window))
        found = [int(np.median(opened.plane((t,))[0])) for t in range(2)]  # type: ignore[arg-type]
        assert found == pytest.approx(levels, abs=2)
        assert made.plane_windows == (window == "plane") == (made.window is None)


def test_progress_counts_every_plane(tmp_path: Path) -> None:
    """Twice where the window has to be found, up to the total."""
    steps: list[tuple[int, int]] = []
    progress = lambda done, total: steps.append((done, total))  # noqa: E731
    seal_stack(MOVIE, tmp_path / "a", axes="TZYX", progress=progress)
    assert list(dict.fromkeys(steps)) == [(n, 12) for n in range(1, 13)]
    steps.clear()
    seal_stack(MOVIE, tmp_path / "b", axes="TZYX", window="plane", progress=progress)
    assert list(dict.fromkeys(steps)) == [(n, 6) for n in range(7)]


def test_a_plane_is_ended_in_its_middle(tmp_path: Path) -> None:
    """Wherever that is, nothing of it is left behind, and the stack can be gone on with."""
    large = np.random.default_rng(1).integers(0, 65536, (3, 700, 900), np.uint16)
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


@pytest.mark.parametrize("name", ["movie", "movie.sealed", "movie/", "movie.sealed/", "a b.c"])
def test_the_folder_is_named_with_or_without_its_ending(name: str, tmp_path: Path) -> None:
    """Both name the same."""
    seal_stack(MOVIE, f"{tmp_path}/{name}", axes="TZYX")
    stem = name.rstrip("/").removesuffix(".sealed")
    assert os.listdir(tmp_path) == [f"{stem}.sealed"]
    assert (tmp_path / f"{stem}.sealed" / f"{stem}_t0_z0.sealed.jpg").is_file()


def test_blake3(tmp_path: Path) -> None:
    """All digests of the stack are of the algorithm that was asked for."""
    pytest.importorskip("blake3", reason="the package blake3 is not installed")
    made = seal_stack(MOVIE, tmp_path / "a", axes="TZYX", algorithm="blake3")
    assert made.record is not None
    assert made.source is not None
    assert made.record.algorithm == made.source.algorithm == "blake3"
    assert check_stack(tmp_path / "a").intact


def test_the_identity_is_over_the_sources_of_all_planes(tmp_path: Path) -> None:
    """It can be had by hand, and does not depend on quality or window."""
    import hashlib

    one = seal_stack(MOVIE, tmp_path / "a", axes="TZYX")
    two = seal_stack(MOVIE, tmp_path / "b", axes="TZYX", quality=50, window="plane")
    digests = (hashlib.sha256(p.tobytes()).digest() for p in MOVIE.reshape(-1, 24, 32))
    assert one.source == two.source
    assert one.source is not None
    assert one.source.hex == hashlib.sha256(b"".join(digests)).hexdigest()
    assert one.id != two.id


# ---------------------------------------------------------------------------------------- refusals


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


# ------------------------------------------------------------------------- interrupted, and resumed


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


# Of 120 planes no more are sealed than is said, so that it cannot come to its end.
_SCRIPT = """
import sys, time, numpy as np, napari_seal
most = int(sys.argv[2])
def progress(done, total):
    if 120 - (total - done) >= most:
        time.sleep(600)
data = np.random.default_rng(5).integers(0, 9999, (120, 16, 16), np.uint16)
made = napari_seal.seal_stack(data, sys.argv[1], axes="TYX", resume=True, progress=progress)
print(made.id)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment_and_resumed(seed: int, tmp_path: Path) -> None:
    """However often it is killed: what is there is recognised, kept, and completed."""
    rng = random.Random(seed)
    folder, target = tmp_path / "a.sealed", tmp_path / "a"
    source = Path(napari_seal.__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(source)}
    command = [sys.executable, "-c", _SCRIPT, str(target)]
    kept: dict[str, int] = {}
    for kill in range(3):
        run = subprocess.Popen([*command, str(60 + 20 * kill)], env=environment)
        wait_until(lambda least=20 * kill: len([*folder.glob("*.jpg")]) > least)
        time.sleep(rng.random() * 0.03)
        run.send_signal(signal.SIGKILL)
        assert run.wait(PATIENCE) == -signal.SIGKILL
        verdict = check_stack(target, jobs=1)
        assert (verdict.verdict, verdict.complete) == ("truncated", False)
        assert [*verdict.counts] == ["intact"]
        now = {name: stamp for name, stamp in stamps(folder).items() if name.endswith(".jpg")}
        assert kept.items() <= now.items()
        kept = now
    identity = open_stack(target).stack.id
    done = subprocess.run(
        [*command, "999"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == identity
    assert kept.items() <= stamps(folder).items()
    assert len(os.listdir(folder)) == 121
    assert check_stack(target, jobs=1).intact


# ------------------------------------------------------------------------------- real, and large


REAL = {
    "microscopy/pims_beads_stack_5x512x512_uint16.tif": "TYX",
    "microscopy/stardist_nuclei_3d_uint16.tif": "ZYX",
    "microscopy/imagecodecs_bigendian_2x83x111_uint16.tif": "CYX",
}


@pytest.mark.parametrize("name", REAL)
def test_real_stacks(name: str, tmp_path: Path) -> None:
    """Real microscope stacks come back within the window's levels and what JPEG changes."""
    path = DATA / name
    if not path.exists():
        skip_or_fail("data", f"{path} is not there")
    import tifffile

    data = tifffile.imread(path)
    seal_stack(data, tmp_path / "a", axes=REAL[name], quality=100)
    assert check_stack(tmp_path / "a", full=True).intact
    opened = open_stack(tmp_path / "a")
    assert opened.window == Window(low=data.min(), high=data.max())
    back = napari_seal.restore_intensity(opened.dask().compute(), opened.window)
    error = np.abs(back - data)
    assert opened.window is not None
    assert error.mean() <= opened.window.step
    assert error.max() <= 6 * opened.window.step


_LARGE = """
import re, sys
import dask.array, numpy, napari_seal
def plane(block_id):
    return numpy.full((1, 2048, 2048), block_id[0], numpy.uint16)
data = dask.array.map_blocks(plane, chunks=((1,) * 2500, (2048,), (2048,)), dtype=numpy.uint16,
                             meta=numpy.empty((0, 0, 0), numpy.uint16))
assert data.nbytes > 20e9
class Enough(Exception): pass
def progress(done, total):
    assert total == 2500
    if done == 40: raise Enough
try:
    napari_seal.seal_stack(data, sys.argv[1], axes="TYX", window=(0, 2500), progress=progress)
except Enough:
    # Not getrusage: there, a process begins with the peak of the one that started it.
    print(re.search("VmHWM:\\s*([0-9]+) kB", open("/proc/self/status").read())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak of a process")
def test_a_stack_of_20_gb_is_sealed_in_little_memory(tmp_path: Path) -> None:
    """One plane at a time: the peak does not grow with the number of planes."""
    pytest.importorskip("dask.array", reason="dask is not installed")
    source = Path(napari_seal.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", _LARGE, str(tmp_path / "a")],
        env=os.environ | {"PYTHONPATH": str(source)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert len(os.listdir(tmp_path / "a.sealed")) == 41
    assert int(done.stdout) * 1024 < 500e6


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
