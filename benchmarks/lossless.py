"""Lossless codecs for 16-bit pictures: time and size, as a table in Markdown.

    python benchmarks/lossless.py [PICTURE.tif ...]

without pictures takes two synthetic ones.  Needs the package imagecodecs.  Times are the least of
several rounds, in seconds of one processor; every picture is decoded and compared.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

ROUNDS = 5

Encode = Callable[[np.ndarray], bytes]
Decode = Callable[[bytes], np.ndarray]


def png(level: int) -> Encode:
    """Pillow's PNG of a level of zlib."""

    def encode(image: np.ndarray) -> bytes:
        out = io.BytesIO()
        Image.fromarray(image).save(out, "PNG", compress_level=level)
        return out.getvalue()

    return encode


def read_png(data: bytes) -> np.ndarray:
    """The same back."""
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image).astype(np.uint16)


def lossless_jpeg(image: np.ndarray) -> bytes:
    """JPEG process 14 (ITU-T T.81, annex H)."""
    return bytes(imagecodecs.ljpeg_encode(image))


def jpeg_xl(image: np.ndarray) -> bytes:
    """ISO/IEC 18181, lossless, effort 1, in one thread."""
    return bytes(imagecodecs.jpegxl_encode(image, lossless=True, effort=1, numthreads=1))


CODECS: dict[str, tuple[Encode, Decode]] = {
    "PNG, level 1 (what napari-seal writes)": (png(1), read_png),
    "PNG, level 6": (png(6), read_png),
    "PNG, level 9": (png(9), read_png),
    "lossless JPEG": (lossless_jpeg, imagecodecs.ljpeg_decode),
    "JPEG XL, effort 1": (jpeg_xl, lambda data: imagecodecs.jpegxl_decode(data, numthreads=1)),
}


def synthetic() -> dict[str, np.ndarray]:
    """A megapixel of tracks on an uneven ground, and of cells in the dark, with noise."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:1024, :1024].astype(float)
    ground = 42_000 + 4_000 * np.sin(x / 90) * np.cos(y / 70) + rng.normal(0, 250, x.shape)
    cells = 300 + rng.normal(0, 12, x.shape)
    for _ in range(200):
        cy, cx, size = *rng.uniform(0, 1024, 2), rng.uniform(4, 14)
        blob = np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / size**2)
        ground -= 18_000 * blob
        cells += 3_000 * blob
    return {
        "synthetic tracks": np.clip(ground, 0, 65535).astype(np.uint16),
        "synthetic cells": np.clip(cells, 0, 65535).astype(np.uint16),
    }


def least(work: Callable[[], object]) -> float:
    """Least seconds of the processor."""
    times = []
    for _ in range(ROUNDS):
        before = time.process_time()
        work()
        times.append(time.process_time() - before)
    return min(times)


def main(paths: list[str]) -> None:
    """Print the table."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    pictures = {Path(path).stem: tifffile.imread(path) for path in paths} or synthetic()
    print("| picture | stored as | size | encode | decode |")
    print("|---|---|---|---|---|")
    for name, image in pictures.items():
        shape = f"{name}, {image.shape[1]} x {image.shape[0]}"
        for codec, (encode, decode) in CODECS.items():
            data = encode(image)
            if not np.array_equal(decode(data), image):
                raise RuntimeError(f"{codec} does not give {name} back")
            to, back = least(lambda e=encode, i=image: e(i)), least(lambda d=decode, b=data: d(b))
            print(
                f"| {shape} | {codec} | {len(data) / 1e6:.2f} MB | {to * 1e3:.0f} ms "
                f"| {back * 1e3:.0f} ms |"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
