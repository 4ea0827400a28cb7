"""A small movie, and runs that end before all of its planes are sealed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_seal import Stack, seal_stack

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
