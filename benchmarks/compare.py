"""Time sealing against the MoEDAL function and against bare encoding, side by side in one run.

    python benchmarks/compare.py [--rounds 5]

Prints medians and ratios as a table.  Times drift on shared machines; the ratios hold, because each
round runs all candidates in turn.  ``verify_speed.py`` does the same for verifying.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np
import piexif
import piexif.helper
from PIL import Image

import napari_seal

Candidates = dict[str, Callable[[], object]]


def picture(size: int = 1024) -> np.ndarray:
    """A seeded 16-bit field with the noise and the contrast of a transmitted-light picture."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:size, :size]
    field = 30_000 + 9_000 * np.sin(x / 60) * np.cos(y / 85) + rng.normal(0, 900, (size, size))
    return np.clip(field, 0, 65_535).astype(np.uint16)


def moedal_function(image: np.ndarray, path: str, quality: int = 90) -> None:
    """What the MoEDAL function does, in the spelling of NumPy 2."""
    scaled = (65535 * ((image - image.min()) / np.ptp(image))).astype(np.uint16) // 256
    Image.fromarray(scaled.astype(np.uint8)).save(path, quality=quality)
    with Image.open(path) as stored:
        digest = hashlib.sha224(np.float32(stored).tobytes()).hexdigest()
    comment = piexif.helper.UserComment.dump(json.dumps({"sha244": digest}))
    piexif.insert(piexif.dump({"Exif": {piexif.ExifIFD.UserComment: comment}}), path)


def bare(image: np.ndarray, path: str, quality: int = 90) -> None:
    """Scale, encode, write and synchronise: what no sealing can save."""
    scaled = (65535 * ((image - image.min()) / np.ptp(image))).astype(np.uint16) // 256
    out = io.BytesIO()
    Image.fromarray(scaled.astype(np.uint8)).save(out, "JPEG", quality=quality)
    with open(path, "wb") as file:
        file.write(out.getvalue())
        file.flush()
        os.fsync(file.fileno())


def compare(candidates: Candidates, rounds: int) -> dict[str, float]:
    """Median seconds of each candidate, run in turn."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for round_ in range(rounds + 1):
        for name, run in candidates.items():
            start = time.perf_counter()
            run()
            if round_:  # the first warms the page cache
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def report(title: str, medians: dict[str, float], reference: str, items: int) -> None:
    """Print medians an item, and ratios to the reference."""
    print(f"\n{title}")
    for name, seconds in medians.items():
        ratio = seconds / medians[reference]
        print(f"  {name:42} {1e3 * seconds / items:8.3f} ms  {ratio:6.2f} x")


def benchmark_sealing(folder: str, rounds: int) -> None:
    """Seal one 1024 x 1024 picture, one process."""
    image = picture()
    target = os.path.join(folder, "target.jpg")
    candidates: Candidates = {
        "MoEDAL function": lambda: moedal_function(image, target),
        "scale, Image.save, fsync": lambda: bare(image, target),
        "napari_seal.seal, all digests": lambda: napari_seal.seal(image, target, overwrite=True),
    }
    medians = compare(candidates, 20 * rounds)
    report(
        "Sealing 1024 x 1024 uint16 at quality 90 (ratio to MoEDAL)", medians, "MoEDAL function", 1
    )


def main() -> None:
    """Run the benchmark in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        benchmark_sealing(folder, options.rounds)


if __name__ == "__main__":
    main()
