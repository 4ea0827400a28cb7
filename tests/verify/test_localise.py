"""Where a picture was changed: edits are found in their place, saving again is never accused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from mutators import Mutator, redraw, resave, then
from PIL import Image
from support import PICTURES, codes, picture, sealed_bytes, sealed_picture

from napari_seal import Verdict
from napari_seal._format.jpeg import walk
from napari_seal._verify.check import check_bytes

#: What may be said of a picture that was saved again.
HARMLESS = {
    *("recompressed", "pixels-mismatch", "codestream-mismatch", "xmp-changed"),
    *("decoder-differs", "lossless-rewrite"),
}


def assert_not_accused(verdict: Verdict, quality: int) -> None:
    """No place, and no word that speaks of an edit."""
    assert verdict.regions == ()
    assert set(codes(verdict)) <= HARMLESS, str(verdict)
    if "pixels-mismatch" not in codes(verdict):  # so small or flat that nothing was lost
        return
    first = verdict.reasons[0]
    assert first.code == "recompressed"
    assert "edited" not in first.message
    assert ("does not tell which" in first.message) == (quality == 90)
    assert (first.expected, first.found) == ("quality 90", f"quality {quality}")
    assert verdict.scores is not None
    assert verdict.scores.scores.max() <= 1


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("quality", [30, 45, 60, 75, 85, 90, 95])
def test_saving_again_is_not_an_edit(name: str, quality: int) -> None:
    """At any quality, once, twice, and with colours at full and at half resolution."""
    data = sealed_picture(name)
    ways: list[Mutator] = [
        resave(quality=quality, subsampling=0),
        resave(quality=quality, subsampling=2),
        then(resave(quality=50), resave(quality=quality, subsampling=0)),
        resave(quality=quality, progressive=True, optimize=True, subsampling=2),
    ]
    for way in ways:
        assert_not_accused(check_bytes(way(data), "a"), quality)


@pytest.mark.parametrize("quality", [30, 90])
@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 5), (1, 200), (200, 1), (15, 15), (17, 16), (8, 300), (40, 40)]
)
def test_saving_small_pictures_again_is_not_an_edit(shape: tuple[int, int], quality: int) -> None:
    """Smaller than a tile, of one row or column."""
    pixels = np.random.default_rng(6).integers(0, 256, shape, np.uint8)
    for image in (pixels, np.full(shape, 90, np.uint8), np.stack([pixels] * 3, -1)):
        data = sealed_bytes(image, window=(0, 255))
        for way in (resave(quality=quality), then(resave(quality=60), resave(quality=quality))):
            assert_not_accused(check_bytes(way(data), "a"), quality)


def disc(y: int, x: int, radius: int = 6) -> Any:
    """Draw a disc, dark on a bright ground and bright on a dark one."""

    def draw(pixels: np.ndarray) -> np.ndarray:
        rows, columns = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
        inside = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
        pixels[inside] = 20 if pixels[inside].mean() > 127 else 235
        return pixels

    return draw


def size_of(data: bytes) -> tuple[int, int]:
    """Height and width."""
    with Image.open(io.BytesIO(data)) as image:
        return image.height, image.width


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("quality", [50, 75, 90])
def test_a_drawn_spot_is_found_in_its_place(name: str, quality: int) -> None:
    """A disc of radius 6 within a tile: one box that contains it, and nothing elsewhere."""
    data = sealed_picture(name)
    height, width = size_of(data)
    tile = 16
    for share_y, share_x in ((0.0, 0.0), (0.3, 0.6), (0.5, 0.5), (0.8, 0.2)):
        y = int(share_y * (height // tile - 1)) * tile + 8
        x = int(share_x * (width // tile - 1)) * tile + 8
        verdict = check_bytes(redraw(disc(y, x), quality=quality, subsampling=0)(data), "a")
        assert verdict.verdict == "image-changed"
        assert "edited" in codes(verdict)
        assert ("recompressed" in codes(verdict)) == (quality != 90)
        (box,) = verdict.regions
        y0, x0, y1, x1 = box
        assert y0 <= y - 6 < y + 6 < y1
        assert x0 <= x - 6 < x + 6 < x1
        assert (y1 - y0, x1 - x0) == (tile, tile)
        assert f"in 1 place: rows {y0} to {y1}, columns {x0} to {x1}." in str(verdict)
        assert verdict.scores is not None
        flags = verdict.scores.scores > 1
        assert flags.sum() == (tile // verdict.scores.size) ** 2
        assert flags[y0 // verdict.scores.size, x0 // verdict.scores.size]


@pytest.mark.parametrize("place", ["bottom", "right", "corner"])
def test_edits_in_the_last_tiles_reach_to_the_edge(place: str) -> None:
    """303 x 377 pixels: the last tiles take the rows and columns that are left over."""
    image = np.asarray(picture("tracks"))[:303, :377]
    data = sealed_bytes(image)
    y, x = {"bottom": (296, 104), "right": (104, 370), "corner": (296, 370)}[place]
    verdict = check_bytes(redraw(disc(y, x, 7))(data), "a")
    expected = {
        "bottom": (288, 96, 303, 112),
        "right": (96, 360, 112, 377),
        "corner": (288, 360, 303, 377),
    }
    assert verdict.regions == (expected[place],)


@pytest.mark.parametrize("shape", [(9, 9), (1, 90), (90, 1), (30, 14)])
def test_a_picture_smaller_than_a_tile_can_be_edited_too(shape: tuple[int, int]) -> None:
    """One tile, or one row of tiles: where all is changed, no place is told."""
    image = np.random.default_rng(6).integers(60, 200, shape, np.uint8)
    data = sealed_bytes(image, window=(0, 255))
    inverted = check_bytes(redraw(lambda p: 255 - p // 4)(data), "a")
    assert inverted.verdict == "image-changed"
    assert "changed-everywhere" in codes(inverted)
    assert inverted.regions == ()

    def end(pixels: np.ndarray) -> np.ndarray:
        pixels[-8:, -8:] = 255
        return pixels

    if max(shape) > 60:
        (box,) = check_bytes(redraw(end)(data), "a").regions
        assert box[2:] == shape
        assert box[:2] != (0, 0)


def test_scores_show_what_was_sealed() -> None:
    """The thumbnail in the verdict is that of the sealed picture, not of the present one."""
    data = sealed_picture("camera")
    verdict = check_bytes(redraw(disc(104, 104))(data), "a")
    scores = verdict.scores
    assert scores is not None
    sealed = np.asarray(Image.open(io.BytesIO(data)), float)
    count = 512 // scores.size
    means = sealed.reshape(count, scores.size, count, scores.size).mean(axis=(1, 3))
    assert np.abs(scores.sealed - means).max() <= 1
    assert scores.scores.shape == (count, count)
    assert scores.scores.min() >= 0


def test_a_file_of_the_same_length_is_not_called_damaged() -> None:
    """Small pictures saved again with the same settings often have as many bytes as before."""
    image = np.asarray(picture("camera"))
    same = 0
    for y, x in np.ndindex(5, 5):
        data = sealed_bytes(image[96 * y : 96 * y + 96, 96 * x : 96 * x + 96], window=(0, 255))
        again = resave(quality=90)(data)
        same += walk(again).length == walk(data).length
        assert_not_accused(check_bytes(again, "a"), 90)
    assert same >= 3
