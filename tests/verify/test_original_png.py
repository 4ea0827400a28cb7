"""A sealed PNG file beside the array it was made from: every sample is compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from png_mutators import keep_seal, pixels_of, recompress, redraw, saved
from support import codes, nuclear_tracks

from napari_seal import Verdict, check, check_many, seal

IMAGE = nuclear_tracks((90, 120))


def beside(path: Path, data: bytes | None, original: object) -> Verdict:
    """The verdict on a file, its content replaced, beside an original."""
    if data is not None:
        path.write_bytes(data)
    return check(path, source=original)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["?", "u1", "i1", "u2", "i2", ">u2", "i8", "f4", "f8"])
def test_the_original_is_confirmed(kind: str, tmp_path: Path) -> None:
    """Of every type: scaled again, it gives the sealed pixels."""
    image = (IMAGE // 300).astype(kind)
    seal(image, tmp_path / "a.png")
    verdict = beside(tmp_path / "a.png", None, image)
    assert (verdict.verdict, codes(verdict)) == ("intact", ["original-confirmed"])
    other = image.copy()
    other[3, 4] = not image[3, 4]
    verdict = beside(tmp_path / "a.png", None, other)
    assert (verdict.verdict, codes(verdict)) == ("substituted", ["original-differs"])


@pytest.mark.parametrize("channels", [3, 4])
def test_colours_are_compared_too(channels: int, tmp_path: Path) -> None:
    """RGB and RGBA; a pixel that was changed is found to the pixel."""
    image = np.dstack([(IMAGE >> 8).astype(np.uint8)] * channels)
    seal(image, tmp_path / "a.png")
    assert beside(tmp_path / "a.png", None, image).intact

    def draw(pixels: np.ndarray) -> np.ndarray:
        pixels[50, 60, channels - 1] ^= 1
        return pixels

    data = redraw(draw)((tmp_path / "a.png").read_bytes())
    verdict = beside(tmp_path / "a.png", data, image)
    assert verdict.verdict == "image-changed"
    if channels == 3:  # luma has no alpha
        assert verdict.regions == ((50, 60, 51, 61),)


def test_a_pixel_is_found_to_the_pixel_and_the_level(tmp_path: Path) -> None:
    """Regions of single pixels, and by how many of 65,535 levels."""
    seal(IMAGE, tmp_path / "a.png")

    def draw(pixels: np.ndarray) -> np.ndarray:
        pixels[10, 20] += 3
        pixels[70, 100] -= 7
        return pixels

    verdict = beside(tmp_path / "a.png", redraw(draw)((tmp_path / "a.png").read_bytes()), IMAGE)
    assert verdict.regions == ((10, 20, 11, 21), (70, 100, 71, 101))
    assert "2 differ from the original, by up to 7 levels of 65,535" in verdict.reasons[0].message
    assert verdict.scores is not None
    assert (verdict.scores.exact, verdict.scores.size) == (True, 1)
    assert np.argwhere(verdict.scores.scores).tolist() == [[10, 20], [70, 100]]


def test_a_lossless_rewrite_is_confirmed(tmp_path: Path) -> None:
    """Other bytes, the same samples: there is nothing that differs."""
    seal(IMAGE, tmp_path / "a.png")
    verdict = beside(tmp_path / "a.png", recompress(9)((tmp_path / "a.png").read_bytes()), IMAGE)
    assert verdict.verdict == "reencoded"
    assert "original-confirmed" in codes(verdict)
    assert "differs-from-original" not in codes(verdict)


def test_another_depth_or_format_is_not_compared_pixel_by_pixel(tmp_path: Path) -> None:
    """The original is confirmed, and what changed is said by the other reasons."""
    seal(IMAGE, tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    shallow = Image.fromarray((pixels_of(data) >> 8).astype(np.uint8))
    for changed in (
        keep_seal(data, saved(shallow, "PNG")),
        saved(shallow, "JPEG", exif=b"Exif\0\0" + data[data.index(b"MM\0*") :][:4000]),
    ):
        verdict = beside(tmp_path / "a.png", changed, IMAGE)
        assert "differs-from-original" not in codes(verdict)
        assert verdict.verdict != "intact"


def test_a_folder_of_originals(tmp_path: Path) -> None:
    """By name, as TIFF: one is confirmed, one was changed, one is missing."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "sealed").mkdir()
    for number in range(3):
        image = np.roll(IMAGE, number)
        if number < 2:
            tifffile.imwrite(tmp_path / "raw" / f"{number}.tif", image)
        seal(image, tmp_path / "sealed" / f"{number}.sealed.png")
    target = tmp_path / "sealed" / "1.sealed.png"
    target.write_bytes(redraw(lambda p: np.where(p == p.max(), 0, p))(target.read_bytes()))
    verdicts = list(
        check_many([tmp_path / "sealed"], against=tmp_path / "raw", jobs=1, ordered=True)
    )
    assert [str(v.verdict) for v in verdicts] == ["intact", "image-changed", "intact"]
    assert [sorted(c for c in codes(v) if "origin" in c) for v in verdicts] == [
        ["original-confirmed"],
        ["differs-from-original", "original-confirmed"],
        ["original-missing"],
    ]
