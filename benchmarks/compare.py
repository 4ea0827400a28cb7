"""Time sealing and verifying against their peers, side by side in one run.

    python benchmarks/compare.py [--files 2000] [--rounds 5]

Prints medians and ratios as a table.  Times drift on shared machines; the ratios hold, because each
round runs all candidates in turn.  A peer that is not installed is named as such.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
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


def benchmark_verifying(folder: str, files: int, rounds: int) -> None:
    """Verify a folder of copies of one sealed picture."""
    os.mkdir(folder)
    napari_seal.seal(picture(), os.path.join(folder, "0.jpg"))
    for index in range(1, files):
        shutil.copyfile(os.path.join(folder, "0.jpg"), os.path.join(folder, f"{index}.jpg"))
    size = os.path.getsize(os.path.join(folder, "0.jpg"))

    def shell(command: str) -> Callable[[], object]:
        listing = "find . -name '*.jpg' -print0 | xargs -0 -P2 -n 100 "
        return lambda: subprocess.run(
            listing + command, shell=True, cwd=folder, check=True, stdout=subprocess.DEVNULL
        )

    def ours(jobs: int) -> Callable[[], object]:
        command = [sys.executable, "-m", "napari_seal", "verify", folder, "--jobs", str(jobs)]
        return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    candidates: Candidates = {}
    for name, command in {
        "openssl dgst -sha256, 2 processes": "openssl dgst -sha256",
        "sha256sum, 2 processes": "sha256sum",
        "b3sum, 2 processes": "b3sum",
        "hashdeep, 2 processes": "hashdeep -c sha256",
    }.items():
        if shutil.which(command.split()[0]):
            candidates[name] = shell(command)
        else:
            print(f"  {name}: not installed")
    candidates["napari-seal verify --jobs 2"] = ours(2)
    candidates["napari-seal verify --jobs 1"] = ours(1)
    medians = compare(candidates, rounds)
    title = f"Verifying {files:,} files of {size:,} bytes (per file; ratio to openssl)"
    report(title, medians, next(iter(medians)), files)


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
    """Run both benchmarks in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        benchmark_sealing(folder, options.rounds)
        benchmark_verifying(os.path.join(folder, "archive"), options.files, options.rounds)


if __name__ == "__main__":
    main()
