"""Pictures for `localise.py`: scikit-image's, a folder of one's own, crops, and synthetic ones."""

from __future__ import annotations

import hashlib
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage
import tifffile
from PIL import Image
from scipy import ndimage

#: Larger pictures are cut to their middle of this side: 1 MP.
MOST = 1024
#: Smaller ones have too few tiles for an edit that leaves the rest alone.
LEAST = 96
#: Planes that are taken of a stack, evenly.
PLANES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture as it is handed to `napari_seal.seal`."""

    name: str
    array: np.ndarray

    @property
    def rng(self) -> np.random.Generator:
        """Random numbers of this picture alone: the same ones whatever else is run."""
        return np.random.default_rng(zlib.crc32(self.name.encode()))


def side_of_split(name: str) -> str:
    """Which half a picture belongs to, by the hash of its name.

    Digits do not count, so that planes and series of one specimen are on the same side.
    """
    letters = re.sub(r"\d+", "", name.rsplit(".", 1)[0])
    return ("calibration", "test")[hashlib.sha256(letters.encode()).digest()[0] % 2]


def shipped() -> Iterator[Picture]:
    """Pictures that are in the package scikit-image itself: none is downloaded."""
    folder = Path(skimage.__file__).parent / "data"
    yield from _unique(_read(folder, "skimage/"))


def own(folder: str) -> Iterator[Picture]:
    """All pictures below a folder that Pillow or tifffile read."""
    yield from _unique(_read(Path(folder), ""))


def _read(folder: Path, prefix: str) -> Iterator[Picture]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in {".png", ".jpg", ".jpeg", ".tif", ".tiff"}:
            continue
        name = prefix + path.relative_to(folder).as_posix()
        try:
            arrays = _planes(path)
        except (OSError, ValueError, SyntaxError):
            continue  # damaged: not a picture to measure on
        for index, array in enumerate(arrays):
            if min(array.shape[:2]) >= LEAST:
                yield Picture(name if len(arrays) == 1 else f"{name}[{index}]", _cut(array))


def _planes(path: Path) -> list[np.ndarray]:
    if path.suffix.lower() in {".tif", ".tiff"}:
        array = tifffile.imread(path)
        if array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3):
            return [array]
        if array.ndim != 3:
            return []
        chosen = np.linspace(0, len(array) - 1, min(PLANES, len(array))).round().astype(int)
        return [array[index] for index in chosen]
    with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
        return [np.asarray(image.convert("L" if image.mode in {"L", "1"} else "RGB"))]


def _cut(array: np.ndarray) -> np.ndarray:
    y, x = (max(length - MOST, 0) // 2 for length in array.shape[:2])
    return np.ascontiguousarray(array[y : y + MOST, x : x + MOST])


def _unique(pictures: Iterator[Picture]) -> Iterator[Picture]:
    seen = set()
    for picture in pictures:
        digest = hashlib.sha256(picture.array.tobytes()).digest()
        if digest not in seen:
            seen.add(digest)
            yield picture


def crops(seeds: int) -> Iterator[Picture]:
    """Parts of the shipped pictures at other places and scales; not independent of them."""
    for picture in shipped():
        for seed in range(seeds):
            rng = np.random.default_rng([zlib.crc32(picture.name.encode()), seed])
            scale = rng.uniform(0.6, 1.4)
            image = Image.fromarray(picture.array)
            image = image.resize((round(image.width * scale), round(image.height * scale)))
            width, height = (int(rng.uniform(0.5, 0.95) * length) for length in image.size)
            if min(width, height) < LEAST:
                continue
            x, y = (
                int(rng.integers(0, all_ - part))
                for all_, part in zip(image.size, (width, height), strict=True)
            )
            array = np.asarray(image)[y : y + height, x : x + width]
            name = f"crop/{picture.name}/{seed}"
            yield Picture(name, _cut(array))


# ------------------------------------------------------------------------------- synthetic ones


def fresh(seeds: int) -> Iterator[Picture]:
    """Synthetic pictures that had no part in choosing any constant."""
    for number, (name, make) in enumerate(GENERATORS.items()):
        for seed in range(seeds):
            rng = np.random.default_rng([20_262, number, seed])
            shape = (int(rng.integers(400, 900)), int(rng.integers(400, 1000)))
            yield Picture(f"synthetic/{name}/{seed}", make(rng, shape))


Shape = tuple[int, int]


def _scatter(rng: np.random.Generator, shape: Shape, count: int, sigma: float) -> np.ndarray:
    """Blurred points of log-normal brightness, with a peak of 1 for a median one."""
    field = np.zeros(shape)
    ys, xs = rng.integers(0, shape[0], count), rng.integers(0, shape[1], count)
    np.add.at(field, (ys, xs), rng.lognormal(0, 0.7, count))
    return ndimage.gaussian_filter(field, sigma) * 2 * np.pi * sigma**2


def _fluorescence(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    spots = _scatter(rng, shape, int(rng.integers(20, 900)), rng.uniform(1.2, 4))
    haze = _scatter(rng, shape, 30, 40) * rng.uniform(0, 30)
    photons = rng.poisson(rng.uniform(2, 40) + haze + rng.uniform(30, 400) * spots)
    camera = 100 + 2.2 * photons + rng.normal(0, 3, shape)
    return np.clip(camera, 0, 65_535).astype(np.uint16)


def _few_photons(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    spots = _scatter(rng, shape, int(rng.integers(5, 100)), rng.uniform(2, 6))
    return rng.poisson(rng.uniform(0.1, 1) + rng.uniform(2, 12) * spots).astype(np.uint16)


def _phase_contrast(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    noise = rng.normal(size=shape)
    fine, wide = rng.uniform(1, 3), rng.uniform(5, 20)
    texture = ndimage.gaussian_filter(noise, fine) - ndimage.gaussian_filter(noise, wide)
    cells = _scatter(rng, shape, int(rng.integers(10, 150)), rng.uniform(5, 10)) > 0.5
    edge = ndimage.gaussian_filter(cells.astype(float), 1.5)
    halo = edge - ndimage.gaussian_filter(edge, 6)
    field = 128 + texture / texture.std() * rng.uniform(3, 25) + halo * rng.uniform(60, 160)
    field += rng.normal(0, rng.uniform(0.5, 4), shape)
    return np.clip(field * 256, 0, 65_535).astype(np.uint16)


def _histology(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    stains = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]])  # haematoxylin and eosin
    nuclei = _scatter(rng, shape, int(rng.integers(200, 2000)), rng.uniform(2.5, 5))
    fibres = ndimage.gaussian_filter(rng.normal(size=shape), (rng.uniform(1, 3), 9))
    tissue = ndimage.gaussian_filter(rng.normal(size=shape), 40)
    eosin = np.clip(0.35 + 0.3 * tissue / tissue.std() + 0.1 * fibres / fibres.std(), 0, 1.5)
    density = np.minimum(nuclei, 2)[..., None] * stains[0] + eosin[..., None] * stains[1]
    light = 240 * 10 ** (-0.6 * density) + rng.normal(0, rng.uniform(1, 6), (*shape, 3))
    return np.clip(light, 0, 255).astype(np.uint8)


def _tracks(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Etched nuclear tracks in transmitted light: dark cones in any direction."""
    field = np.full(shape, 1.0)
    for _ in range(int(10 ** rng.uniform(1, 3))):
        length, wide = rng.exponential(9) + 1, rng.uniform(1.5, 5)
        y, x, angle = rng.uniform(0, shape[0]), rng.uniform(0, shape[1]), rng.uniform(0, 2 * np.pi)
        reach = int(length + wide + 3)
        y0, x0 = max(int(y) - reach, 0), max(int(x) - reach, 0)
        yy, xx = np.mgrid[y0 : min(y0 + 2 * reach, shape[0]), x0 : min(x0 + 2 * reach, shape[1])]
        along = (yy - y) * np.sin(angle) + (xx - x) * np.cos(angle)
        across = (xx - x) * np.sin(angle) - (yy - y) * np.cos(angle)
        near = np.clip(along, 0, length)
        inside = np.hypot(along - near, across) - wide * (1 - 0.8 * near / length)
        field[yy, xx] *= 1 - rng.uniform(0.4, 0.95) * np.clip(0.5 - inside, 0, 1)
    off_axis = np.hypot(np.linspace(-1, 1, shape[0])[:, None], np.linspace(-1, 1, shape[1]))
    lamp = 1 - rng.uniform(0, 0.4) * off_axis
    clear = ndimage.gaussian_filter(field, rng.uniform(0.6, 1.5)) * lamp
    return rng.poisson(clear * rng.uniform(300, 8000)).astype(np.uint16)


def _stripes(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """A camera with column noise and dust on a sample that is nearly flat."""
    columns = rng.normal(0, rng.uniform(0.5, 6), shape[1])
    dust = _scatter(rng, shape, int(rng.integers(3, 40)), rng.uniform(3, 9))
    slope = np.linspace(0, rng.uniform(0, 60), shape[0])[:, None]
    field = 150 + columns + slope - 50 * dust + rng.normal(0, rng.uniform(0.3, 8), shape)
    return np.clip(field, 0, 255).astype(np.uint8)


GENERATORS: dict[str, Callable[[np.random.Generator, Shape], np.ndarray]] = {
    "fluorescence": _fluorescence,
    "few-photons": _few_photons,
    "phase-contrast": _phase_contrast,
    "histology": _histology,
    "tracks": _tracks,
    "stripes": _stripes,
}
