"""What the fingerprint costs, for `localise.py`: time to seal and to check, and bytes."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import numpy as np
from localise_images import Picture
from localise_saves import exif_of, pillow
from localise_tables import table
from PIL import Image

import napari_seal

SIDE = 1024
# Exif 2.32, tags of the Exif IFD and of the comment in it; 8 bytes name its character code.
_EXIF_IFD, _USER_COMMENT, _CODE = 0x8769, 0x9286, 8


def measure_cost(folder: str, pictures: list[Picture], rounds: int) -> None:
    """Print the tables of times and sizes at 1024 x 1024."""
    print(f"\n## Cost at {SIDE} x {SIDE}")
    _sizes(folder, pictures)
    rng = np.random.default_rng(7)
    gray = _reflect(_field(rng))
    colour = np.stack([gray >> 8, gray >> 9, gray >> 8], axis=-1).astype(np.uint8)
    for name, image in (("gray, uint16", gray), ("RGB, uint8", colour)):
        _times(folder, name, image, rounds)


def _field(rng: np.random.Generator) -> np.ndarray:
    """The picture of `sealing_speed.py`."""
    y, x = np.mgrid[:SIDE, :SIDE]
    field = 30_000 + 9_000 * np.sin(x / 60) * np.cos(y / 85) + rng.normal(0, 900, (SIDE, SIDE))
    return np.clip(field, 0, 65_535).astype(np.uint16)


def _reflect(array: np.ndarray) -> np.ndarray:
    """A picture brought to 1 MP without resizing it: mirrored at its edges, then cut."""
    array = array[:SIDE, :SIDE]
    missing = [(0, SIDE - length) for length in array.shape[:2]]
    return np.pad(array, missing + [(0, 0)] * (array.ndim - 2), mode="symmetric")


def _text(path: str) -> int:
    """Length of a seal's text, in bytes."""
    with Image.open(path) as image:
        return len(image.getexif().get_ifd(_EXIF_IFD)[_USER_COMMENT]) - _CODE


def _sizes(folder: str, pictures: list[Picture]) -> None:
    path = str(Path(folder, "size.sealed.jpg"))
    whole, without = [], []
    for picture in pictures:
        image = _reflect(picture.array)
        napari_seal.seal(image, path, overwrite=True)
        whole.append(_text(path))
        with without_fingerprint():
            napari_seal.seal(image, path, overwrite=True)
        without.append(_text(path))
    own = [a - b for a, b in zip(whole, without, strict=True)]
    table(
        (f"bytes, {len(pictures)} pictures", "median", "most"),
        [
            ("text of the seal", f"{statistics.median(whole):,.0f}", f"{max(whole):,}"),
            ("of it, the fingerprint", f"{statistics.median(own):,.0f}", f"{max(own):,}"),
        ],
    )


@contextlib.contextmanager
def without_fingerprint() -> Iterator[None]:
    """Seal as if there were no fingerprint: the one thing here that no public function offers."""
    with mock.patch("napari_seal._format.tiles.measure", return_value=None):
        yield


def _times(folder: str, name: str, image: np.ndarray, rounds: int) -> None:
    with_it, bare, edited = (
        str(Path(folder, f"{stem}.sealed.jpg")) for stem in ("with", "without", "edited")
    )
    napari_seal.seal(image, with_it, overwrite=True)
    with without_fingerprint():
        napari_seal.seal(image, bare, overwrite=True)
    with Image.open(with_it) as opened:
        pixels = np.array(opened)
    pixels[500:512, 500:512] //= 2
    Path(edited).write_bytes(pillow(pixels, 75, exif_of(Path(with_it).read_bytes())))
    target = str(Path(folder, "target.sealed.jpg"))

    def seal_bare() -> None:
        with without_fingerprint():
            napari_seal.seal(image, target, overwrite=True)

    def check_often(path: str) -> Callable[[], object]:
        return lambda: [napari_seal.check(path) for _ in range(20)]

    times = _fastest(
        {
            "seal": lambda: napari_seal.seal(image, target, overwrite=True),
            "seal, no fingerprint": seal_bare,
            "check, intact": check_often(with_it),
            "check, intact, no fingerprint": check_often(bare),
            "check, edited": lambda: napari_seal.check(edited),
        },
        rounds,
    )
    for key in times:
        times[key] /= 20 if "intact" in key else 1
    references = {"seal": "seal, no fingerprint", "check, intact": "check, intact, no fingerprint"}
    lines = []
    for key, seconds in times.items():
        other = references.get(key)
        ratio = f"{seconds / times[other]:.3f}" if other else ""
        more = f"{1e3 * (seconds - times[other]):+.2f}" if other else ""
        lines.append((key, f"{1e3 * seconds:.2f}", ratio, more))
    table((f"{name}, fastest of {rounds}", "ms", "ratio to none", "ms more"), lines)


def _fastest(candidates: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Shortest seconds of each candidate, run in turn."""
    best = dict.fromkeys(candidates, float("inf"))
    for _ in range(rounds):
        for name, run in candidates.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best
