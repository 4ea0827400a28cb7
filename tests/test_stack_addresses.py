"""Stacks at addresses: sealed, opened, checked and resumed like those in a local folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_seal import (
    TargetExistsError,
    check_many,
    check_stack,
    open_stack,
    seal,
    seal_stack,
)

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")

MOVIE = np.random.default_rng(7).integers(100, 5000, (3, 4, 16, 20), np.uint16)


@pytest.fixture(params=["memory", "file"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A folder in memory, and a local one by its address."""
    if request.param == "file":
        yield f"file://{tmp_path}"
        return
    files = fsspec.filesystem("memory")
    files.mkdir("/stacks")
    yield "memory://stacks"
    files.rm("/stacks", recursive=True)


def remove(address: str) -> None:
    """Remove a file."""
    files, path = fsspec.core.url_to_fs(address)
    files.rm_file(path)


def test_a_stack_at_an_address(place: str) -> None:
    """Its planes and its index are there, and are intact."""
    made = seal_stack(MOVIE, f"{place}/movie", axes="TZYX")
    folder = f"{place}/movie.sealed"
    for name in (folder, f"{folder}/movie.sealed.json", f"{place}/movie"):
        found = check_stack(name)
        assert (found.intact, found.counts, found.stack) == (True, {"intact": 12}, made)
    opened = open_stack(folder)
    image, verdict = opened.plane((2, 3))
    assert verdict.intact
    assert np.array_equal(opened.dask()[2, 3].compute(), image)


@pytest.mark.parametrize("jobs", [1, 2])
def test_missing_planes_at_an_address(place: str, jobs: int) -> None:
    """In the folder of the stack, in one above it, and from its index."""
    if jobs == 2 and place.startswith("memory"):
        pytest.skip("other processes have a memory of their own")
    folder = f"{place}/movie.sealed"
    seal(MOVIE[0, 0], f"{place}/a.jpg")
    seal_stack(MOVIE, f"{place}/movie", axes="TZYX")
    remove(f"{folder}/movie_t1_z2.sealed.jpg")
    assert check_stack(folder, jobs=jobs).counts == {"intact": 11, "missing": 1}
    for named, number in ((place, 14), (folder, 13), (f"{folder}/movie.sealed.json", 13)):
        verdicts = list(check_many(named, jobs=jobs))
        assert len(verdicts) == number
        bad = {os.path.basename(v.path): str(v.verdict) for v in verdicts if not v.intact}
        assert bad == {"movie_t1_z2.sealed.jpg": "missing"}
    assert open_stack(folder).plane((1, 2))[1].verdict == "missing"


def test_an_interrupted_stack_at_an_address(place: str) -> None:
    """It is recognised, completed, kept, and overwritten on request."""

    def progress(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    target = f"{place}/movie"
    with pytest.raises(KeyboardInterrupt):
        seal_stack(MOVIE, target, axes="TZYX", window=(0, 5000), progress=progress)
    found = check_stack(target)
    assert (found.verdict, found.counts) == ("truncated", {"intact": 5})
    with pytest.raises(TargetExistsError, match="not finished"):
        seal_stack(MOVIE, target, axes="TZYX")
    made = seal_stack(MOVIE, target, axes="TZYX", resume=True)
    assert found.stack is not None
    assert (made.id, check_stack(target).intact) == (found.stack.id, True)
    with pytest.raises(TargetExistsError, match="complete"):
        seal_stack(MOVIE, target, axes="TZYX")
    seal_stack(MOVIE[0], target, axes="ZYX", overwrite=True)
    assert check_stack(target).counts == {"intact": 4}
    assert len(list(check_many(f"{target}.sealed", jobs=1))) == 5
