"""Archives to measure on, made from seeds: the same files on every machine."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

import numpy as np

import napari_seal

#: Different pictures in an archive; the other files are copies of them, each with its own blocks.
DISTINCT = 32


@dataclass(frozen=True, slots=True)
class Archive:
    """Files of one size: side of the picture in pixels, its noise, and how many files there are."""

    name: str
    side: int
    noise: float
    files: int


#: About 30 KB, 250 KB and 3.5 MB a file.
ARCHIVES = (
    Archive("small", 256, 3_300, 20_000),
    Archive("mid", 1024, 1_350, 2_000),
    Archive("big", 4096, 1_130, 100),
)


def picture(side: int, noise: float, seed: int) -> np.ndarray:
    """A noisy, uneven field of ``side`` x ``side`` pixels of uint16."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    field = 30_000 + 8_000 * np.sin(x / 97 + seed) * np.cos(y / 83)
    field += np.random.default_rng(seed).normal(0, noise, field.shape).astype(np.float32)
    return np.clip(field, 0, 65_535).astype(np.uint16)


def make(archive: Archive, folder: str, files: int, algorithm: str) -> None:
    """Seal the pictures of an archive into a folder, and copy them until there are enough."""
    os.makedirs(folder)
    distinct = min(DISTINCT, files)
    for number in range(files):
        path = os.path.join(folder, f"{number:06}.jpg")
        if number < distinct:
            napari_seal.seal(
                picture(archive.side, archive.noise, number),
                path,
                metadata={"sample": f"TDR {number}", "position": [number, 0]},
                window=(0, 65_535),
                algorithm=algorithm,
            )
        else:
            shutil.copyfile(os.path.join(folder, f"{number % distinct:06}.jpg"), path)


def link(source: str, folder: str, files: int) -> None:
    """Fill a folder with hard links to the files of another: an archive that takes no room."""
    names = sorted(name for name in os.listdir(source) if not name.startswith("link-"))
    for number in range(files):
        part = os.path.join(folder, f"{number // 1000:04}")
        if number % 1000 == 0:
            os.makedirs(part)
        name = names[number % len(names)]
        # A file may have 65,000 links on ext4.
        copy = os.path.join(source, f"link-{number // (30_000 * len(names))}-{name}")
        if not os.path.exists(copy):
            shutil.copyfile(os.path.join(source, name), copy)
        os.link(copy, os.path.join(part, f"{number:07}.jpg"))
