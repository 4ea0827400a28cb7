"""Sealing stacks: a folder of sealed planes and an index, and what comes back from it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from begun_stacks import INDEX, MOVIE
from hypothesis import given, settings
from hypothesis import strategies as st

import napari_seal
from napari_seal import ImageError, Window, check, check_stack, open_stack, read, seal, seal_stack
from napari_seal._format.pixels import digest_array


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
