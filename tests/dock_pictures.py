"""Fixtures of the napari side: pictures, files and folders of them, layers of changed ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dock import MANY
from PIL import Image

import napari_seal
from napari_seal._verify.change.score_map import ScoreMap


@pytest.fixture
def picture() -> np.ndarray:
    """A small 16-bit picture with something to see in it."""
    y, x = np.mgrid[:96, :128]
    waves = 9000 + 4000 * np.sin(x / 9) * np.cos(y / 7)
    noise = np.random.default_rng(3).normal(0, 150, waves.shape)
    return (waves + noise).astype(np.uint16)


@pytest.fixture
def sealed(tmp_path: Path, picture: np.ndarray) -> Callable[..., Path]:
    """Make a sealed file; keywords go to `napari_seal.seal`."""

    def make(name: str = "a.sealed.jpg", image: np.ndarray | None = None, **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        napari_seal.seal(picture if image is None else image, path, **options)
        return path

    return make


def _edit(path: Path) -> Path:
    """Change the picture and save it again with its Exif data, as an image editor does."""
    with Image.open(path) as image:
        exif, changed = image.info["exif"], image.copy()
    changed.paste(255 if changed.mode == "L" else (255, 0, 0), (20, 20, 50, 50))
    changed.save(path, "JPEG", quality=90, exif=exif)
    return path


def _strip(path: Path) -> Path:
    """Save the picture without its Exif data."""
    with Image.open(path) as image:
        bare = Image.frombytes(image.mode, image.size, image.tobytes())
    bare.save(path, "JPEG", quality=90)
    return path


@pytest.fixture
def edit() -> Callable[[Path], Path]:
    """Change a file's picture and keep its Exif data."""
    return _edit


@pytest.fixture
def strip() -> Callable[[Path], Path]:
    """Take the Exif data off a file."""
    return _strip


@pytest.fixture
def mixed(tmp_path: Path, sealed: Callable[..., Path]) -> tuple[Path, dict[str, str]]:
    """A folder with a file of each kind, and the verdict of each."""
    expected = {}
    for n in range(6):
        expected[sealed(f"archive/{n}.sealed.jpg", metadata={"field": n}).name] = "intact"
    changed = _edit(sealed("archive/sub/changed.sealed.jpg"))
    expected[changed.name] = "image-changed"
    expected[_strip(sealed("archive/sub/bare.jpg")).name] = "no-seal"
    cut = sealed("archive/cut.sealed.jpg")
    cut.write_bytes(cut.read_bytes()[:-800])
    expected[cut.name] = "truncated"
    reworded = sealed("archive/reworded.sealed.jpg", metadata={"field": 17})
    reworded.write_bytes(reworded.read_bytes().replace(b'"field":17', b'"field":71'))
    expected[reworded.name] = "metadata-changed"
    (tmp_path / "archive" / "text.jpg").write_text("this is no image")
    expected["text.jpg"] = "not-an-image"
    return tmp_path / "archive", expected


@pytest.fixture
def boxes() -> list[list[int]]:
    """Two changed regions in a picture of 96 x 130 pixels, the second at its edge."""
    return [[16, 32, 64, 64], [0, 112, 16, 130]]


@pytest.fixture
def score_map() -> Callable[..., ScoreMap]:
    """Make the scores of such a picture; the tiles of its last column are larger."""

    def make(size: int = 16) -> ScoreMap:
        scores = np.zeros((96 // size, 130 // size), np.float32)
        if size == 16:
            scores[1:4, 2:4] = 2
            scores[2, 3] = 4.12
            scores[0, 7] = 1.5
        return ScoreMap(size=size, scores=scores, sealed=np.full(scores.shape, 100, np.float32))

    return make


@pytest.fixture
def opened(boxes: list[list[int]], score_map: Callable[..., ScoreMap]) -> Callable[..., Any]:
    """Make such a picture as the reader opens it; keywords go to the layer."""
    from napari.layers import Image as Layer

    from napari_seal._napari.opening.opened import remember
    from napari_seal._napari.opening.overlays import strengths

    def make(regions: list[list[int]] = boxes, **options: Any) -> Layer:
        scores = score_map()
        entry = {
            "verdict": "image-changed",
            "path": "/plates/a.sealed.jpg",
            "regions": regions,
            "strengths": strengths(scores, regions),
        }
        data = np.zeros((96, 130), np.uint8)
        options = {"name": "⚠ IMAGE CHANGED: a", "metadata": {"seal": entry}} | options
        layer = Layer(data, **options)
        remember(layer, scores)
        return layer

    return make


@pytest.fixture
def archive(tmp_path: Path, sealed: Callable[..., Path], picture: np.ndarray) -> tuple[Path, Path]:
    """Five images, each another one, and where their ledger will be."""
    for n in range(5):
        sealed(f"archive/{n}.sealed.jpg", image=picture + n)
    return tmp_path / "archive", tmp_path / "ledger.db"


@pytest.fixture
def many_files(tmp_path: Path, sealed: Callable[..., Path]) -> tuple[Path, Path]:
    """A folder that takes a while, and where its ledger will be."""
    folder = tmp_path / "large"
    folder.mkdir()
    one = sealed("one.sealed.jpg")
    for n in range(MANY):
        os.link(one, folder / f"{n:05d}.sealed.jpg")
    return folder, tmp_path / "ledger.db"


@pytest.fixture
def large(many_files: tuple[Path, Path]) -> Path:
    """A folder that takes a while."""
    return many_files[0]
