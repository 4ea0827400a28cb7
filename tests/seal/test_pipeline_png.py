"""The road from an array to a sealed PNG file: nothing may be lost on it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from png_mutators import chunks, content, pixels_of, record_text

import napari_seal
from napari_seal import ImageError, MetadataError, OptionError, Seal, seal
from napari_seal._format import xmp
from napari_seal._format.digest import digest_of

KINDS = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]


def back(path: Path) -> np.ndarray:
    """The intensities that a sealed file stands for."""
    levels, verdict = napari_seal.read(path)
    assert verdict.verdict == "intact"
    assert verdict.reasons == ()
    assert isinstance(verdict.seal, Seal)
    return napari_seal.restore_intensity(levels, verdict.seal.window)


def test_the_returned_seal_is_the_files(tracks: np.ndarray, tmp_path: Path) -> None:
    """What `seal` returns is what `check` reads; quality has no meaning and is not there."""
    path = tmp_path / "a.sealed.png"
    made = seal(tracks, path, metadata={"a": [1, 2]}, layer={"name": "x"}, quality=77)
    verdict = napari_seal.check(path, full=True)
    assert verdict.verdict == "intact"
    assert verdict.reasons == ()
    assert verdict.seal == made == napari_seal.verify(path)
    assert (made.format, made.quality, made.pixels.dtype) == ("png", None, "uint16")
    assert (made.metadata, made.layer) == ({"a": [1, 2]}, {"name": "x"})
    assert os.listdir(tmp_path) == ["a.sealed.png"]


def test_the_file_is_laid_out_as_the_format_page_says(tracks: np.ndarray, tmp_path: Path) -> None:
    """IHDR, the seal, XMP, the image data, IEND; nothing else."""
    made = seal(tracks, tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    kinds = [kind for kind, _, _ in chunks(data)]
    assert kinds[:3] == [b"IHDR", b"eXIf", b"iTXt"]
    assert set(kinds[3:-1]) == {b"IDAT"}
    assert kinds[-1] == b"IEND"
    assert content(data, b"iTXt") == b"XML:com.adobe.xmp\0\0\0\0\0" + xmp.build(made.scan)
    assert b'"format":"png"' in record_text(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("layout", ["plain", "Fortran", "strided", "read-only", "upside down"])
def test_whole_numbers_come_back_exactly(
    kind: str, order: str, layout: str, tmp_path: Path
) -> None:
    """Every type, byte order and memory layout, over the widest range that 16 bits hold."""
    info = np.iinfo(kind) if kind != "?" else None
    low = 0 if info is None else max(int(info.min), -30_000)
    high = 1 if info is None else min(int(info.max), low + 65_535)
    rng = np.random.default_rng(9)
    image = rng.integers(low, high, (21, 34), np.int64, endpoint=True).astype(kind)
    image[0, 0], image[0, 1] = low, high
    image = image.astype(image.dtype.newbyteorder(order))
    if layout == "Fortran":
        image = np.asfortranarray(image)
    elif layout == "strided":
        image = np.repeat(image, 2, axis=1)[:, ::2]
    elif layout == "read-only":
        image.setflags(write=False)
    elif layout == "upside down":
        image = image[::-1]
    before = image.copy()
    made = seal(image, tmp_path / "a.png")
    assert np.array_equal(back(tmp_path / "a.png"), before.astype(np.float64))
    assert np.array_equal(image, before)
    plain = np.ascontiguousarray(before).astype(before.dtype.newbyteorder("<"))
    assert made.source is not None
    assert made.source.digest == digest_of([plain.tobytes()])


@given(image=hnp.arrays(np.uint16, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_uint16_image_is_stored_as_it_is(
    image: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The stored levels are the array, and the pixels' digest is that of the source."""
    path = tmp_path_factory.mktemp("png") / "a.png"
    made = seal(image, path)
    assert np.array_equal(pixels_of(path.read_bytes()), image)
    assert made.source is not None
    assert made.pixels.digest == made.source.digest


@pytest.mark.parametrize("channels", [3, 4])
def test_colours_and_alpha_come_back(channels: int, tmp_path: Path) -> None:
    """RGB and RGBA of 8 bits, also where alpha is 0 and the colours are not seen."""
    image = np.random.default_rng(2).integers(0, 256, (30, 40, channels), np.uint8)
    if channels == 4:
        image[:15, :, 3] = 0
    seal(image, tmp_path / "a.png")
    levels, verdict = napari_seal.read(tmp_path / "a.png")
    assert np.array_equal(levels, image)
    assert verdict.intact


@given(
    values=st.lists(st.floats(-1e30, 1e30, allow_subnormal=False), min_size=1, max_size=30).map(
        sorted
    )
)
def test_floats_come_back_within_a_step(
    values: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """65,536 levels over their range: off by one of them at most."""
    path = tmp_path_factory.mktemp("png") / "a.png"
    image = np.array([values])
    made = seal(image, path)
    assert made.window is not None
    extent = values[-1] - values[0]
    error = np.abs(back(path) - image).max()
    assert error <= extent / 65535 * (1 + 1e-9) + 1e-15 * max(map(abs, values))


def test_a_given_window_is_used_and_16_bits_of_it(tracks: np.ndarray, tmp_path: Path) -> None:
    """Values outside are clipped, as the user asked; the rest is finer than in JPEG."""
    made = seal(tracks, tmp_path / "a.png", window=(20_000, 40_000))
    assert made.window is not None
    restored = back(tmp_path / "a.png")
    assert np.array_equal(restored, np.clip(tracks, 20_000, 40_000))


def test_a_flat_image_comes_back(tmp_path: Path) -> None:
    """Of one value, in types that have room and in floats that have not."""
    for number, image in enumerate(
        (np.full((9, 9), 1234, np.uint16), np.full((9, 9), 2.5), np.full((9, 9), -(2**40)))
    ):
        seal(image, tmp_path / f"{number}.png")
        assert np.array_equal(back(tmp_path / f"{number}.png"), image)


@pytest.mark.parametrize(
    ("image", "options", "error"),
    [
        (np.zeros((4, 4, 3), np.uint16), {}, ImageError),
        (np.zeros((4, 4, 4), np.float32), {}, ImageError),
        (np.zeros((4, 4, 2), np.uint8), {}, ImageError),
        (np.zeros((4, 4), np.uint16), {"moedal": True}, OptionError),
        (np.zeros((4, 4), np.uint16), {"metadata": {"a": "x" * 66_000}}, MetadataError),
        (np.array([[0, 2**63]], np.uint64), {}, OptionError),
        (np.array([[np.nan]]), {}, ImageError),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(
    image: np.ndarray, options: dict[str, Any], error: type[Exception], tmp_path: Path
) -> None:
    """Above all colours of 16 bits, which Pillow would cut without a word."""
    with pytest.raises(error):
        seal(image, tmp_path / "a.png", **options)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["a.PNG", "a.sealed.png", "a.b.Png"])
def test_the_extension_decides(name: str, tracks: np.ndarray, tmp_path: Path) -> None:
    """In any case of letters."""
    assert seal(tracks, tmp_path / name).format == "png"
    assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
