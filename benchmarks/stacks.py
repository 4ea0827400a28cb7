"""Stacks: peak memory of sealing one of 20 GB, and the time until one of 2,000 planes is seen.

::

    python benchmarks/stacks.py [--planes 2500] [--format jpeg]

The stack is a dask array that is computed plane by plane, 2,048 x 2,048 of uint16 each.  Fewer
planes than 2,500 may be sealed of it: the run is then interrupted.  Each part runs in a process of
its own, so that the peak is that of this part.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ALL, SIDE = 2_500, 2_048


class EnoughError(Exception):
    """Ends a run."""


def seal_large(folder: Path, planes: int, image_format: str) -> None:
    """Seal the first planes of a stack of 20 GB."""
    import dask.array as da

    import napari_seal

    noise = np.random.default_rng(1).integers(0, 4000, (SIDE, SIDE), np.uint16)

    def plane(block_id: tuple[int, ...]) -> np.ndarray:
        return (noise + np.uint16(block_id[0]))[None]

    data = da.map_blocks(
        plane, chunks=((1,) * ALL, (SIDE,), (SIDE,)), dtype=np.uint16,
        meta=np.empty((0, 0, 0), np.uint16),
    )  # fmt: skip

    looked_at = 0 if image_format == "png" else ALL

    def progress(done: int, total: int) -> None:
        if done == looked_at + planes and done < total:
            raise EnoughError

    begun = time.perf_counter()
    with contextlib.suppress(EnoughError):
        napari_seal.seal_stack(
            data, folder / "large", axes="TYX", format=image_format, progress=progress
        )
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    written = sum(path.stat().st_size for path in (folder / "large.sealed").iterdir())
    print(
        f"seal {data.nbytes / 1e9:.1f} GB as {image_format}: {planes:,} of {ALL:,} planes in "
        f"{seconds:.0f} s, {written / 1e9:.1f} GB written, peak {peak / 1e6:.0f} MB"
    )


def seal_long(folder: Path) -> None:
    """Seal 2,000 planes of 64 x 64 pixels."""
    import napari_seal

    napari_seal.seal_stack(np.zeros((2_000, 64, 64), np.uint8), folder / "long", axes="TYX")


def open_long(folder: Path) -> None:
    """Open them, and compute one picture of the lazy array."""
    begun = time.perf_counter()
    import dask.array  # noqa: F401 - a viewer has it already

    imported = time.perf_counter()
    import napari_seal

    picture = np.asarray(napari_seal.open_stack(folder / "long").dask()[1_000])
    seen = time.perf_counter()
    print(
        f"open 2,000 planes: {seen - imported:.2f} s to the first picture {picture.shape}, and "
        f"{imported - begun:.2f} s to import dask.array before"
    )


def main() -> None:
    """Run each part in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--planes", type=int, default=ALL)
    parser.add_argument("--format", choices=("jpeg", "png"), default="jpeg")
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part is not None:
        part, folder = options.part
        if part == "large":
            seal_large(Path(folder), options.planes, options.format)
        else:
            {"long": seal_long, "open": open_long}[part](Path(folder))
        return
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        for part in ("large", "long", "open"):
            subprocess.run(
                [sys.executable, __file__, "--planes", str(options.planes),
                 "--format", options.format, "--part", part, folder],
                check=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
