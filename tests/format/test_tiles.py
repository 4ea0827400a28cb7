"""The fingerprint: what is written is read, it fits, and strangers' fingerprints do no harm."""

from __future__ import annotations

import base64
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutators import record_text
from PIL import Image
from support import nuclear_tracks

from napari_seal import seal
from napari_seal._format import tiles
from napari_seal.errors import FormatError


def grid(length: int, size: int) -> list[tuple[int, int]]:
    """Where tiles begin and end along an axis, in the words of the format page."""
    count = max(1, length // size)
    return [(n * size, (n + 1) * size if n + 1 < count else length) for n in range(count)]


def plain_means(pixels: np.ndarray, size: int) -> np.ndarray:
    """Mean luma of each tile, tile by tile and in whole numbers."""
    rows = []
    for top, bottom in grid(pixels.shape[0], size):
        rows.append([])
        for left, right in grid(pixels.shape[1], size):
            tile = pixels[top:bottom, left:right].astype(int)
            total = int(tile.sum())
            if tile.ndim == 3:
                red, green, blue = (int(tile[..., i].sum()) for i in range(3))
                total = (19595 * red + 38470 * green + 7471 * blue) // 65536
            rows[-1].append(total / ((bottom - top) * (right - left)))
    return np.array(rows)


@st.composite
def pictures(draw: st.DrawFn) -> np.ndarray:
    """Small and long, gray and RGB, flat, noisy, in cells and as a ramp."""
    sides = st.integers(1, 40) | st.integers(1, 400)
    height, width = draw(sides), draw(sides)
    channels = draw(st.sampled_from([(), (3,)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    cell = draw(st.sampled_from([1, 8, 16, 50]))
    low, high = sorted(draw(st.tuples(st.integers(0, 255), st.integers(0, 255))))
    small = rng.integers(low, high + 1, (-(-height // cell), -(-width // cell), *channels))
    full = small.repeat(cell, 0).repeat(cell, 1)[:height, :width]
    return full.astype(np.uint8)


@given(pixels=pictures())
def test_every_mean_lies_in_the_interval_that_is_read(pixels: np.ndarray) -> None:
    """For any picture, in the smallest tiles and the finest step where they fit."""
    stored = tiles.measure(pixels)
    assert list(stored) == ["kind", "size", "step", "data"]
    assert len(stored["data"]) <= 2048
    assert stored["size"] % 8 == 0
    assert stored["size"] >= 8
    found = tiles.read(stored, pixels.shape[:2])  # type: ignore[arg-type]
    means = plain_means(pixels, stored["size"])
    assert found.low.shape == means.shape
    assert means.size <= 12_288
    assert ((found.low <= means) & (means < found.low + found.step)).all()
    assert np.array_equal(found.means, found.low + found.step / 2)
    if means.size < 900:  # 1,536 bytes hold so many in any case
        assert (found.size, found.step) == (8, 0.25)


CELLS = np.random.default_rng(4).integers(0, 256, (64, 64), np.uint8)
CONTENTS = {
    "noise": np.random.default_rng(3).integers(0, 65536, (1024, 1024), np.uint16),
    "noise of tiles": CELLS.repeat(16, 0).repeat(16, 1),
    "black and white tiles": ((CELLS > 127) * np.uint8(255)).repeat(16, 0).repeat(16, 1),
    "tracks": nuclear_tracks((1024, 1024)),
    "ramp": np.add.outer(np.arange(1024), np.arange(1024)).astype(np.uint16),
    "flat": np.full((1024, 1024), 7, np.uint8),
    "colour": np.random.default_rng(3).integers(0, 256, (1024, 1024, 3), np.uint8),
}


@pytest.mark.parametrize("content", CONTENTS)
def test_a_seal_without_metadata_has_at_most_3072_bytes(content: str, tmp_path: Path) -> None:
    """Whatever one megapixel shows, in a file as it is written."""
    path = tmp_path / "a.jpg"
    made = seal(CONTENTS[content], path)
    assert len(record_text(path.read_bytes())) <= 3072
    assert made.tiles is not None
    assert len(made.tiles["data"]) <= 2048
    found = tiles.read(made.tiles, (1024, 1024))
    pixels = np.asarray(Image.open(path))
    means = plain_means(pixels, found.size)
    assert ((found.low <= means) & (means < found.low + found.step)).all()


@pytest.mark.parametrize("shape", [(1, 65_500), (65_500, 1), (7, 9), (4500, 3000), (20, 40_000)])
def test_extreme_shapes(shape: tuple[int, int]) -> None:
    """One row, one column, less than a tile, many megapixels."""
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    stored = tiles.measure(pixels)
    found = tiles.read(stored, shape)
    means = plain_means(pixels, found.size)
    assert means.size <= 12_288
    assert ((found.low <= means) & (means < found.low + found.step)).all()


def test_luma_is_that_of_libjpeg() -> None:
    """Pixel by pixel what Pillow's own conversion gives, over more rows than one band."""
    pixels = np.random.default_rng(1).integers(0, 256, (600, 40, 3), np.uint8)
    assert np.array_equal(tiles.luma(pixels), np.asarray(Image.fromarray(pixels).convert("L")))
    assert tiles.luma(pixels[..., 0]) is not None
    assert np.array_equal(tiles.luma(pixels[..., 0]), pixels[..., 0])


@given(
    height=st.integers(1, 90), width=st.integers(1, 90), size=st.sampled_from([8, 16, 24, 64, 264])
)
def test_sums_and_areas_cover_every_pixel_once(height: int, width: int, size: int) -> None:
    """The last tile of a row or column takes what is left over."""
    pixels = np.random.default_rng(height).integers(0, 256, (height, width), np.uint8)
    means = tiles.sums(pixels, size) / tiles.areas((height, width), size)
    assert np.allclose(means, plain_means(pixels, size))
    assert tiles.areas((height, width), size).sum() == height * width
    rows = [row for part in tiles.bands(height) for row in range(height)[part]]
    assert rows == list(range(height))


# ------------------------------------------------------------------------------------- hostile

SHAPE = (32, 48)
GOOD = tiles.measure(np.random.default_rng(9).integers(0, 256, SHAPE, np.uint8))


def packed(raw: bytes) -> str:
    """Data as they are stored."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(deflate.compress(raw) + deflate.flush()).decode()


BAD: dict[str, dict[str, Any]] = {
    "empty": {"kind": None, "size": None, "step": None, "data": None},
    "another kind": {"kind": "means-2"},
    "kind is a number": {"kind": 1},
    "size is a text": {"size": "16"},
    "size is true": {"size": True},
    "size is a float": {"size": 16.0},
    "size 0": {"size": 0},
    "size -16": {"size": -16},
    "size 4": {"size": 4},
    "size 16 of other data": {"size": 16},
    "size 20": {"size": 20},
    "size huge": {"size": 2**70 * 16},
    "size beyond": {"size": (1 << 16) + 8},
    "size of other data": {"size": 32},
    "step is a text": {"step": "1"},
    "step is a list": {"step": [1]},
    "step is an object": {"step": {}},
    "step 0": {"step": 0},
    "step 0.3": {"step": 0.3},
    "step 4.25": {"step": 4.25},
    "step nan": {"step": float("nan")},
    "step true": {"step": True},
    "step 4 of larger tiles": {"size": 16, "step": 4.0},
    "step negative": {"step": -1.0},
    "data is a list": {"data": []},
    "data is a number": {"data": 7},
    "no data": {"data": ""},
    "bad base64": {"data": "????"},
    "base64 with a line break": {"data": GOOD["data"][:4] + "\n" + GOOD["data"][4:]},
    "not ASCII": {"data": "ž" * 8},
    "not padded": {"data": "AAA"},
    "not deflate": {"data": base64.b64encode(b"\xff" * 40).decode()},
    "cut": {"data": GOOD["data"][:-8]},
    "bytes behind": {
        "data": base64.b64encode(base64.b64decode(GOOD["data"]) + b"\0").decode()
    },
    "too few tiles": {"data": packed(bytes(23))},
    "too many tiles": {"data": packed(bytes(25))},
    "long one without the rest": {"data": packed(b"\xff" + bytes(23))},
    "long one with half a rest": {"data": packed(b"\xff" + bytes(24))},
    "levels below 0": {"data": packed(b"\x01" + bytes(23))},
    "levels beyond 255": {"data": packed(b"\xff" + bytes(23) + b"\xff\xff")},
    "bomb": {"data": packed(bytes(2_000_000))},
    "long text": {"data": "A" * 40_000},
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_malformed_fingerprints_are_refused(name: str) -> None:
    """Wrong types, sizes and data are an error of ours, at once."""
    before = time.process_time()
    with pytest.raises(FormatError, match="fingerprint"):
        tiles.read(GOOD | BAD[name], SHAPE)
    assert time.process_time() - before < 0.5
    assert tiles.read(GOOD, SHAPE).size == 8


@pytest.mark.parametrize(
    "shape",
    [(0, 48), (32, 0), (-1, 48), (2**70, 48), (32, 2**70), (32, 97 * 97), (31, 48), (40, 48)],
)
def test_a_fingerprint_of_another_shape_is_refused(shape: tuple[int, int]) -> None:
    """The number of tiles must be that of the sealed size, whatever size that is."""
    with pytest.raises(FormatError, match="fingerprint"):
        tiles.read(GOOD, shape)


@given(data=st.binary(max_size=200), as_deflate=st.booleans())
def test_any_data_are_read_or_refused(data: bytes, as_deflate: bool) -> None:
    """Random bytes, raw or packed: levels within 0 to 255 or an error of ours."""
    text = packed(data) if as_deflate else base64.b64encode(data).decode()
    try:
        found = tiles.read(GOOD | {"data": text}, SHAPE)
    except FormatError:
        return
    assert found.low.shape == (4, 6)
    assert found.low.min() >= 0
    assert found.means.max() <= 256
