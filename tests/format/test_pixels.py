"""Decoding and digests of arrays."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from napari_seal._format import jpeg
from napari_seal._format.pixels import decode, decoder, digest_array, shown
from napari_seal.errors import FormatError


def encoded(shape: tuple[int, ...], mode: str, **options: object) -> bytes:
    """A JPEG of noise."""
    pixels = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("mode", "options"),
    [("L", {}), ("L", {"progressive": True}), ("RGB", {"subsampling": 0}), ("CMYK", {}),
     ("RGB", {"subsampling": 2}), ("L", {"restart_marker_blocks": 1})],
)  # fmt: skip
def test_decode_gives_what_pillow_gives(mode: str, options: dict[str, object]) -> None:
    """Leaving the metadata out changes no sample, in any mode."""
    data = encoded((17, 23, 3), mode, exif=b"Exif\0\0broken", comment=b"x", **options)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(decode(jpeg.walk(data)), np.asarray(image))


def test_cmyk_is_shown_as_rgb() -> None:
    """Four components become three; others stay as they are."""
    four = jpeg.walk(encoded((9, 9, 3), "CMYK"))
    assert decode(four).shape == (9, 9, 4)
    assert shown(four).shape == (9, 9, 3)
    assert shown(jpeg.walk(encoded((9, 9), "L"))).shape == (9, 9)


@pytest.mark.parametrize("size", [(65500, 65500), (1, 65500), (0, 9), (9, 0)])
def test_a_header_cannot_ask_for_any_memory(size: tuple[int, int]) -> None:
    """Sizes beyond the limits, zero, or with no data behind them are refused or cheap."""
    data = encoded((8, 8), "L")
    at = data.index(b"\xff\xc0") + 5
    forged = data[:at] + size[0].to_bytes(2) + size[1].to_bytes(2) + data[at + 4 :]
    if size == (1, 65500):
        assert decode(jpeg.walk(forged)).shape == size
    else:
        with pytest.raises(FormatError):
            decode(jpeg.walk(forged))


def test_many_scans_are_refused_before_decoding() -> None:
    """A thousand scans of one picture would keep a decoder busy for minutes."""
    data = encoded((8, 8), "L", progressive=True)
    start, end = data.rindex(b"\xff\xda"), len(data) - 2
    with pytest.raises(FormatError, match="scans"):
        decode(jpeg.walk(data[:end] + data[start:end] * 120 + data[end:]))


@pytest.mark.parametrize(
    "data", [b"\xff\xd8", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xc0\0\x0b" + b"\0" * 9]
)
def test_files_without_a_picture_are_refused(data: bytes) -> None:
    """There is nothing to decode."""
    with pytest.raises(FormatError, match="no image data"):
        decode(jpeg.walk(data))


@pytest.mark.parametrize("kind", ["b1", "u1", "u2", "i2", "i4", "f4", "f8"])
def test_array_digest_is_over_little_endian_c_order(kind: str) -> None:
    """Byte order and memory layout do not matter; the digest can be had by hand."""
    array = np.arange(24).reshape(4, 6).astype(kind)
    plain = digest_array(array, axes="YX")
    assert plain.digest.hex == hashlib.sha256(array.tobytes()).hexdigest()
    assert (plain.shape, plain.dtype, plain.axes) == ((4, 6), array.dtype.name, "YX")
    padded = np.zeros((8, 12), kind)
    padded[::2, ::2] = array
    read_only = array.copy()
    read_only.setflags(write=False)
    for twin in (array.astype(">" + kind), np.asfortranarray(array), padded[::2, ::2], read_only,
                 array[::-1][::-1]):  # fmt: skip
        assert digest_array(twin, axes="YX") == plain


def test_the_decoder_has_a_name_and_a_version() -> None:
    """What decoded the picture is recorded as one entry."""
    ((name, version),) = decoder().items()
    assert name in ("libjpeg-turbo", "libjpeg")
    assert version[0].isdigit()
