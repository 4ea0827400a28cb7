"""Opening a stack: lazily, each plane with its verdict, and nothing filled in silence."""

from __future__ import annotations

import os
import pickle
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_seal import (
    OptionError,
    ReadError,
    Seal,
    Verdict,
    Window,
    check,
    open_stack,
    read,
    seal,
    seal_stack,
)

MOVIE = np.random.default_rng(7).integers(100, 5000, (3, 4, 16, 20), np.uint16)

da = pytest.importorskip("dask.array", reason="dask is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a stack of 3 x 4 planes."""
    layer = {"name": "movie", "scale": [1, 2, 0.5, 0.5]}
    seal_stack(MOVIE, tmp_path / "movie", axes="TZYX", metadata={"dish": 4}, layer=layer)
    return tmp_path / "movie.sealed"


def plane(folder: Path, t: int, z: int) -> Path:
    """A plane of the stack."""
    return folder / f"movie_t{t}_z{z}.sealed.jpg"


def stored(folder: Path) -> np.ndarray:
    """All planes, each read by itself."""
    planes = [read(plane(folder, t, z))[0] for t in range(3) for z in range(4)]
    return np.stack(planes).reshape(MOVIE.shape)


def test_what_the_index_says(folder: Path) -> None:
    """Without a plane being read: there need not be one."""
    for path in folder.glob("*.jpg"):
        path.unlink()
    opened = open_stack(folder)
    assert (opened.shape, opened.grid, opened.dtype) == ((3, 4, 16, 20), (3, 4), np.uint8)
    assert opened.axes == ("T", "Z", "Y", "X")
    assert opened.window == Window(low=MOVIE.min(), high=MOVIE.max())
    assert opened.metadata == {"dish": 4}
    assert opened.layer == {"name": "movie", "scale": [1, 2, 0.5, 0.5]}
    assert opened.verdict.intact
    assert opened.verdicts == {}
    assert opened.path == str(folder / "movie.sealed.json")


def test_a_plane_comes_with_its_verdict(folder: Path) -> None:
    """As `read` gives it, with the seal; the verdict is noted without it."""
    opened = open_stack(folder)
    image, verdict = opened.plane((2, 1))
    assert np.array_equal(image, read(plane(folder, 2, 1))[0])
    assert verdict == check(plane(folder, 2, 1))
    assert isinstance(verdict.seal, Seal)
    assert [*opened.verdicts] == [(2, 1)]
    assert opened.verdicts[2, 1].intact
    assert opened.verdicts[2, 1].seal is None


@pytest.mark.parametrize(
    "index", [(3, 0), (0, 4), (-1, 0), (0,), (0, 0, 0), (0.0, 0), ("0", 0), (True, 0.5)]
)
def test_an_index_that_is_none(index: Any, folder: Path) -> None:
    """Positions count from 0, and there is one for each axis."""
    with pytest.raises(OptionError, match="none at"):
        open_stack(folder).plane(index)


def test_numpys_numbers_are_positions(folder: Path) -> None:
    """As they come from `np.ndindex` or a viewer."""
    opened = open_stack(folder)
    assert opened.plane((np.int64(2), np.uint8(1)))[1].intact
    assert [type(i) for i in next(iter(opened.verdicts))] == [int, int]


@pytest.mark.parametrize(
    "key",
    [
        np.s_[:],
        np.s_[1],
        np.s_[1, 2],
        np.s_[:, 2],
        np.s_[::2, 1:3],
        np.s_[-1, -1, 3:7, ::2],
        np.s_[..., 5],
        np.s_[::-1, :, 4],
        np.s_[[0, 2], 1],
        np.s_[:, [3, 0], ::3],
    ],
    ids=str,
)
def test_the_lazy_array_is_the_stack(key: Any, folder: Path) -> None:
    """However it is indexed; only the planes that are needed are read."""
    opened = open_stack(folder)
    lazy = opened.dask()
    assert (lazy.shape, lazy.dtype) == (MOVIE.shape, np.uint8)
    assert lazy.chunksize == (1, 1, 16, 20)
    assert opened.verdicts == {}
    expected = stored(folder)
    assert np.array_equal(lazy[key].compute(scheduler="threads"), expected[key])
    numbers = np.broadcast_to(np.arange(12).reshape(3, 4, 1, 1), MOVIE.shape)
    assert len(opened.verdicts) == len(np.unique(numbers[key]))
    assert all(verdict.intact for verdict in opened.verdicts.values())


def test_verdicts_are_not_lost_in_other_processes(folder: Path) -> None:
    """An array that is computed elsewhere would be black there and nobody would know."""
    lazy = open_stack(folder).dask()
    with pytest.raises(OptionError, match="stays in its process"):
        pickle.dumps(open_stack(folder))
    with pytest.raises(Exception, match="stays in its process"):
        lazy[0].compute(scheduler="processes")


def test_colour(tmp_path: Path) -> None:
    """The samples of a colour are the last axis."""
    array = np.random.default_rng(1).integers(0, 256, (3, 2, 16, 20), np.uint8)
    seal_stack(array, tmp_path / "a", axes="SZYX")
    opened = open_stack(tmp_path / "a")
    assert opened.axes == ("Z", "Y", "X", "S")
    assert opened.dask().shape == opened.shape == (2, 16, 20, 3)
    image, verdict = opened.plane((1,))
    assert verdict.intact
    assert image is not None
    assert np.array_equal(opened.dask()[1].compute(), image)


def _missing(folder: Path, path: Path) -> None:
    path.unlink()


def _cut(folder: Path, path: Path) -> None:
    path.write_bytes(path.read_bytes()[:700])


def _no_image(folder: Path, path: Path) -> None:
    path.write_bytes(b"hello")


def _another_size(folder: Path, path: Path) -> None:
    seal(MOVIE[0, 0, :8, :8], path, overwrite=True)


def _colour(folder: Path, path: Path) -> None:
    seal(np.zeros((16, 20, 3), np.uint8), path, overwrite=True)


def _another_plane(folder: Path, path: Path) -> None:
    shutil.copy(plane(folder, 0, 0), path)


def _flipped(folder: Path, path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-60] ^= 4
    path.write_bytes(data)


#: What becomes of a plane, its verdict, and whether there is a picture that can be shown.
DAMAGE = {
    _missing: ("missing", False),
    _cut: ("truncated", False),
    _no_image: ("not-an-image", False),
    _another_size: ("substituted", False),
    _colour: ("substituted", False),
    _another_plane: ("substituted", True),
    _flipped: ("image-changed", True),
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda f: f.__name__.strip("_"))
def test_a_plane_is_never_filled_in_silence(damage: Any, folder: Path) -> None:
    """What cannot be shown is black where that was asked for, and has its verdict at once."""
    word, shown = DAMAGE[damage]
    damage(folder, plane(folder, 1, 2))
    told: list[tuple[tuple[int, ...], Verdict]] = []
    opened = open_stack(folder, on_verdict=lambda *found: told.append(found))
    picture = opened.dask(fill=True)[1, 2].compute(scheduler="synchronous")
    assert opened.verdicts[1, 2].verdict == word
    assert [(index, str(verdict.verdict)) for index, verdict in told] == [((1, 2), word)]
    assert picture.shape == (16, 20)
    assert picture.any() == shown
    if not shown:  # so it cannot be sealed again as a black plane, say
        with pytest.raises(ReadError, match=word):
            opened.dask()[1, 2].compute(scheduler="synchronous")
    image, verdict = opened.plane((1, 2))
    assert verdict.verdict == word
    assert shown == (image is not None and image.shape == (16, 20))
    assert opened.plane((1, 1))[1].intact


def test_a_plane_of_another_size_is_not_intact_whatever_the_index_says(folder: Path) -> None:
    """An index can be forged so that each seal agrees with it, and not its pictures."""
    from napari_seal._format import stack

    path = folder / "movie.sealed.json"
    text = path.read_bytes().replace(b'"shape":[3,4,16,20]', b'"shape":[3,4,20,16]')
    path.write_bytes(stack.dump(stack.parse(text), "sha256"))
    opened = open_stack(folder)
    assert opened.verdict.intact
    image, verdict = opened.plane((0, 0))
    assert (verdict.verdict, verdict.reasons[0].expected) == ("substituted", "(20, 16) of uint8")
    assert image is not None
    assert not opened.dask(fill=True)[0, 0].compute().any()
    assert opened.verdicts[0, 0].verdict == "substituted"


def test_a_changed_index_is_told(folder: Path) -> None:
    """The stack can be opened, and its verdict says that its attributes are not what was sealed."""
    path = folder / "movie.sealed.json"
    path.write_bytes(path.read_bytes().replace(b'"dish":4', b'"dish":5'))
    opened = open_stack(folder)
    assert (opened.verdict.verdict, opened.metadata) == ("metadata-changed", {"dish": 5})
    assert opened.plane((0, 0))[1].intact


def test_an_unfinished_stack_opens(tmp_path: Path) -> None:
    """Planes that were not written yet are missing when they are asked for."""

    def progress(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal_stack(MOVIE, tmp_path / "a", axes="TZYX", window=(0, 1), progress=progress)
    opened = open_stack(tmp_path / "a")
    assert opened.verdict.verdict == "truncated"
    assert opened.plane((1, 0))[1].intact
    assert opened.plane((1, 1))[1].verdict == "missing"


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xd8\xff", b"[" * 100_000, None])
def test_what_cannot_be_opened(content: bytes | None, folder: Path) -> None:
    """An index that cannot be read, or is not there: an exception of ours."""
    index = folder / "movie.sealed.json"
    index.unlink()
    if content is not None:
        index.write_bytes(content)
    for named in (folder, index):
        with pytest.raises(ReadError, match="movie"):
            open_stack(named)


def test_the_index_is_no_picture(folder: Path) -> None:
    """Reading it as one says what to do instead."""
    with pytest.raises(ReadError, match="open_stack"):
        read(folder / "movie.sealed.json")


def test_threads_may_share_a_stack(folder: Path) -> None:
    """Each plane that was read has its verdict, and each reading is told once."""
    told: list[tuple[int, ...]] = []
    opened = open_stack(folder, on_verdict=lambda index, _: told.append(index))
    expected = stored(folder)
    start = threading.Barrier(4)

    def read_all(seed: int) -> bool:
        start.wait()
        order = np.random.default_rng(seed).permutation(12)
        planes = (divmod(int(number), 4) for number in order)
        return all(np.array_equal(opened.plane(i)[0], expected[i]) for i in planes)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read_all, range(4)))
    assert len(told) == 48
    assert len(opened.verdicts) == 12


def test_a_stack_of_2000_planes_shows_its_first_picture_soon(tmp_path: Path) -> None:
    """Opening reads the index alone, which takes a small part of two seconds of a processor."""
    seal_stack(np.zeros((2000, 8, 8), np.uint8), tmp_path / "long", axes="TYX")
    begun = time.process_time()
    opened = open_stack(tmp_path / "long")
    picture = np.asarray(opened.dask()[1234])
    assert time.process_time() - begun < 2
    assert picture.shape == (8, 8)
    assert [*opened.verdicts] == [(1234,)]
    assert len(os.listdir(tmp_path / "long.sealed")) == 2001
