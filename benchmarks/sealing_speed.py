"""Time sealing against the MoEDAL function and against bare encoding, in turn in one run.

::

    python benchmarks/sealing_speed.py [--rounds 10] [--images FOLDER]

Two pictures of 1024 x 1024 uint16 from seeded generators: etched tracks of one bit a pixel at
quality 90, as microscopes' pictures have, and one full of noise, of nearly three.  With
``--images`` also the first gray picture of uint16 in a folder that has a megapixel.

Times drift on shared machines; the ratios hold, because each round runs all candidates in turn, and
a ratio is the median of those within the rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np
import piexif
import piexif.helper
from PIL import Image
from sealing_stages import print_stages

import napari_seal
from napari_seal._images.open import open_images

#: Images a turn: a worker pool needs some to get going.
TURN = 24
#: The first candidate, and the one that others are compared with.
MOEDAL, BARE = "MoEDAL function", "scale, Image.save, fsync"
#: What no seal with all digests can do without.
FLOOR = "digest, scale, encode, decode, digest"


def tracks(size: int = 1024) -> np.ndarray:
    """Etched tracks: dark spots and streaks on a bright, uneven ground with a little noise."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:size, :size].astype(float)
    field = 42_000 + 4_000 * np.sin(x / 90) * np.cos(y / 70) + rng.normal(0, 250, (size, size))
    for _ in range(120):
        cy, cx = rng.integers(30, size - 30, 2)
        part = np.s_[cy - 30 : cy + 30, cx - 30 : cx + 30]
        angle, length = rng.uniform(0, np.pi), rng.uniform(1, 3)
        dy, dx = y[part] - cy, x[part] - cx
        along, across = (
            dx * np.cos(angle) + dy * np.sin(angle),
            dy * np.cos(angle) - dx * np.sin(angle),
        )
        field[part] -= 18_000 * np.exp(-((along / (2 * length)) ** 2) - (across / 2.2) ** 2)
    return np.clip(field, 300, 65_000).astype(np.uint16)


def noise(size: int = 1024) -> np.ndarray:
    """A field with so much noise that the coder of JPEG takes most of the time."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:size, :size]
    field = 30_000 + 9_000 * np.sin(x / 60) * np.cos(y / 85) + rng.normal(0, 900, (size, size))
    return np.clip(field, 0, 65_535).astype(np.uint16)


def real(folder: str) -> tuple[str, np.ndarray] | None:
    """The first gray picture of uint16 of about a megapixel in a folder, cut to that."""
    for name in sorted(os.listdir(folder)):
        try:
            with open_images(os.path.join(folder, name)) as images:
                plane = (
                    np.asarray(images[0].array[...])
                    if images[0].array.ndim == 2
                    else images[0].array
                )
        except napari_seal.SealError:
            continue
        if plane.ndim == 2 and min(plane.shape) >= 1000 and plane.dtype == np.uint16:
            return name, np.ascontiguousarray(plane[:1024, :1024])
    return None


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


def floor(image: np.ndarray, path: str, quality: int = 90) -> None:  # noqa: ARG001 - no file
    """What a seal with all digests cannot save: it is computed, and nothing is written."""
    hashlib.sha256(image).digest()
    window = napari_seal.Window(low=int(image.min()), high=int(image.max()))
    out = io.BytesIO()
    Image.fromarray(window.scale(image, inside=True)).save(out, "JPEG", quality=quality)
    with Image.open(out) as stored:
        hashlib.sha256(np.asarray(stored)).digest()


Candidate = Callable[[np.ndarray, str], None]


def one_by_one(seal_one: Callable[[np.ndarray, str], object]) -> Candidate:
    """Store an image a number of times, in this thread."""

    def run(image: np.ndarray, folder: str) -> None:
        for number in range(TURN):
            seal_one(image, os.path.join(folder, f"{number}.jpg"))

    return run


def in_processes(seal_one: Callable[[np.ndarray, str], object], number: int = 2) -> Candidate:
    """The same in forked processes that have the image already: what processes give at best."""
    context = multiprocessing.get_context("fork")

    def some(image: np.ndarray, folder: str, first: int) -> None:
        for n in range(first, TURN, number):
            seal_one(image, os.path.join(folder, f"{n}.jpg"))

    def run(image: np.ndarray, folder: str) -> None:
        processes = [context.Process(target=some, args=(image, folder, n)) for n in range(number)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            if process.exitcode:
                raise RuntimeError("a process failed")

    return run


def through(sealer: napari_seal.Sealer, blocked: list[float], **options: str) -> Candidate:
    """Give the images to a sealer, and wait for them."""

    def run(image: np.ndarray, folder: str) -> None:
        for number in range(TURN):
            start = time.perf_counter()
            sealer.submit(image, os.path.join(folder, f"{number}.jpg"), **options)
            blocked.append(time.perf_counter() - start)
        sealer.flush()

    return run


Times = list[tuple[float, float]]


def compare(
    image: np.ndarray, candidates: dict[str, Candidate], rounds: int, scratch: str
) -> dict[str, Times]:
    """Seconds an image of each candidate, on the clock and of the processor, round by round."""
    times: dict[str, Times] = {name: [] for name in candidates}
    for round_ in range(rounds + 1):
        for name, run in candidates.items():
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                used, start = sum(os.times()[:4]), time.perf_counter()
                run(image, folder)
                taken = time.perf_counter() - start, sum(os.times()[:4]) - used
            if round_:  # the first warms everything up
                times[name].append((taken[0] / TURN, taken[1] / TURN))
    return times


def median(times: Times, which: int) -> float:
    """Of the seconds on the clock (0), or of the processor (1)."""
    return statistics.median(t[which] for t in times)


def ratio(times: Times, others: Times, which: int = 0) -> float:
    """How often these times go into others: the median over the rounds."""
    return statistics.median(b[which] / a[which] for a, b in zip(times, others, strict=True))


def benchmark(title: str, image: np.ndarray, rounds: int, scratch: str) -> None:
    """Print the two tables for one picture."""
    blocked: list[float] = []
    with napari_seal.Sealer(jobs=1) as one, napari_seal.Sealer(jobs=2) as two:
        candidates = {
            MOEDAL: one_by_one(moedal_function),
            BARE: one_by_one(bare),
            FLOOR: one_by_one(floor),
            "`seal` in a loop": one_by_one(napari_seal.seal),
            "Sealer, jobs=1": through(one, blocked),
            "Sealer, jobs=2": through(two, blocked),
            "Sealer, jobs=2, blake3": through(two, [], algorithm="blake3"),
        }
        if hasattr(os, "fork"):
            for name, seal_one in (
                (MOEDAL, moedal_function),
                (FLOOR, floor),
                ("`seal`", napari_seal.seal),
            ):
                candidates[f"{name}, two processes"] = in_processes(seal_one)
        times = compare(image, candidates, rounds, scratch)
    print(f"\n{title}: {image.shape[0]} x {image.shape[1]} {image.dtype}, {rounds} rounds\n")
    print("| | images/s | ms an image | to MoEDAL | to bare | ms of processor | to MoEDAL |")
    print("|---|---|---|---|---|---|---|")
    for name, taken in times.items():
        print(
            f"| {name} | {1 / median(taken, 0):.0f} | {1e3 * median(taken, 0):.2f} "
            f"| {ratio(taken, times[MOEDAL]):.2f} x faster "
            f"| {1 / ratio(taken, times[BARE]):.2f} x the time | {1e3 * median(taken, 1):.2f} "
            f"| {ratio(taken, times[MOEDAL], 1):.2f} x |"
        )
    blocked.sort()
    print(
        f"\n`submit` took {1e3 * statistics.median(blocked):.2f} ms (median), "
        f"{1e3 * blocked[int(0.99 * len(blocked))]:.2f} ms (99 %), {1e3 * blocked[-1]:.2f} ms "
        f"(at most) of {len(blocked)} calls."
    )
    print_stages(image, scratch, 10 * rounds)


def main() -> None:
    """Run the benchmark in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--images", metavar="FOLDER", help="with real pictures, for one of them")
    parser.add_argument("--scratch", metavar="FOLDER", help="on the disk to write to")
    options = parser.parse_args()
    pictures = {"Tracks": tracks(), "Noise": noise()}
    if options.images is not None:
        found = real(options.images)
        if found is None:
            parser.error(f"there is no gray picture of a megapixel in {options.images}")
        pictures[found[0]] = found[1]
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        for title, image in pictures.items():
            benchmark(title, image, options.rounds, scratch)


if __name__ == "__main__":
    main()
