"""Where the time of sealing one image goes: each stage by itself, and all of them."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

import napari_seal
from napari_seal._format import container, jpeg, pixels, tiles
from napari_seal._seal import write
from napari_seal._seal.embed import embed
from napari_seal._seal.encode import encode_jpeg
from napari_seal._seal.order import Order
from napari_seal._seal.source import accept, choose_window

Result = TypeVar("Result")


class Stages:
    """Times of stages by name, in the order in which they were first timed."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    def time(self, name: str, run: Callable[[], Result]) -> Result:
        """Run one stage."""
        start = time.perf_counter()
        result = run()
        self.times.setdefault(name, []).append(time.perf_counter() - start)
        return result

    def median(self, name: str) -> float:
        """Seconds."""
        return statistics.median(self.times[name])


def print_stages(image: np.ndarray, folder: str, times: int) -> None:
    """Print a table of the stages of `napari_seal.seal` for an image."""
    stages = Stages()
    for number in range(times):
        path = os.path.join(folder, f"stages-{number}.jpg")
        _walk_through(stages, image, path)
        os.unlink(path)
        stages.time("seal", lambda path=path: napari_seal.seal(image, path))
        os.unlink(path)
    whole = stages.median("seal")
    print("\n| stage | µs | share |\n|---|---|---|")
    rest = stages.median("embed")
    for name in stages.times:
        if name in ("seal", "embed"):
            continue
        seconds = stages.median(name)
        if name in _IN_EMBED:
            rest -= seconds
        print(f"| {name} | {1e6 * seconds:.0f} | {100 * seconds / whole:.0f} % |")
    print(f"| record and Exif | {1e6 * rest:.0f} | {100 * rest / whole:.0f} % |")
    print(f"| all: `napari_seal.seal` | {1e6 * whole:.0f} | 100 % |")


_IN_EMBED = ("walk, codestream and scan digest", "decode", "pixel digest", "tiles")


def _walk_through(stages: Stages, image: np.ndarray, path: str) -> None:
    def options() -> Order:
        order = Order.check(path)
        write.check_target(path, overwrite=False)
        return order

    def digests() -> jpeg.Jpeg:
        structure = container.walk(encoded, to_final_marker=True)
        assert isinstance(structure, jpeg.Jpeg)
        structure.only_scan()
        structure.codestream()
        return structure

    order = stages.time("options", options)
    array, axes = stages.time("accept", lambda: accept(image))
    source = stages.time("source digest", lambda: pixels.digest_array(array, axes=axes))
    window = stages.time("window", lambda: choose_window(array, None))
    levels = stages.time("scale", lambda: window.scale(array, inside=True))
    encoded = stages.time("encode", lambda: encode_jpeg(levels, 90))
    structure = stages.time(_IN_EMBED[0], digests)
    samples = stages.time("decode", lambda: pixels.decode(structure, own=True))
    stages.time("pixel digest", lambda: pixels.digest_array(samples))
    stages.time("tiles", lambda: tiles.measure(samples))
    made: dict[str, Any] = {
        "source": source, "window": window, "quality": 90, "metadata": {}, "exif_tags": {},
        "layer": None, "moedal": False,
    }  # fmt: skip
    data, _ = stages.time("embed", lambda: embed(encoded, **made))
    _write(stages, order.target, data)


def _write(stages: Stages, path: str, data: bytes) -> None:
    """Write, with the time of `os.fsync` apart."""
    slow: list[float] = []
    fsync = os.fsync

    def timed(descriptor: int) -> None:
        start = time.perf_counter()
        fsync(descriptor)
        slow.append(time.perf_counter() - start)

    os.fsync = timed
    try:
        start = time.perf_counter()
        write.write(path, data, overwrite=False)
        whole = time.perf_counter() - start
    finally:
        os.fsync = fsync
    stages.times.setdefault("write and re-read", []).append(whole - sum(slow))
    stages.times.setdefault("fsync of file and folder", []).append(sum(slow))
