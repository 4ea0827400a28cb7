"""Edits of sealed files that the table of damage makes, and the verdicts that it expects."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import piexif
from mutators import (
    APP0,
    APP14,
    DHT,
    DQT,
    SOF0,
    SOS,
    Mutator,
    exif_payload,
    find,
    flip,
    insert_before,
    remove,
    scan_offset,
    segment,
    spans,
    splice,
    with_exif,
)
from PIL import Image
from support import sealed_bytes

Row = tuple[str, str, Mutator, str, str]

SAME: Mutator = bytes

OK, META, IMAGE, LOSSLESS, CUT = (
    "intact", "metadata-changed", "image-changed", "reencoded", "truncated",
)  # fmt: skip
NONE, BROKEN, NEWER, OTHER = "no-seal", "seal-malformed", "seal-unsupported", "not-an-image"


def double_dqt(data: bytes) -> bytes:
    """Every quantisation step twice as large: a picture of more contrast."""
    start, end = find(data, DQT)
    return splice(data, start + 5, end, bytes(min(255, 2 * b) for b in data[start + 5 : end]))


def halve_height(data: bytes) -> bytes:
    """The frame header says half the rows."""
    start, _ = find(data, SOF0)
    height = int.from_bytes(data[start + 5 : start + 7])
    return splice(data, start + 5, start + 7, (height // 2).to_bytes(2))


def swap_dht_symbols(data: bytes) -> bytes:
    """Two symbols of the last Huffman table change places."""
    at = find(data, DHT, -1)[0] + 4 + 17
    return splice(data, at, at + 2, data[at : at + 2][::-1])


def before_dht(data: bytes) -> bytes:
    """The last byte of the first scan, of which ExifTool's rule takes no notice."""
    at = next(s for m, s, _ in _after_first_scan(data) if m == DHT)
    return flip(data, at - 2, 0x40)


def _after_first_scan(data: bytes) -> list[tuple[int, int, int]]:
    all_spans = spans(data)
    first = next(i for i, (marker, _, _) in enumerate(all_spans) if marker == SOS)
    return all_spans[first + 1 :]


def spot(pixels: np.ndarray) -> np.ndarray:
    """A dark spot, as a track would look."""
    pixels[40:52, 60:72] = 20
    return pixels


def wipe(pixels: np.ndarray) -> np.ndarray:
    """A feature wiped out, down a whole column of tiles."""
    pixels[:, 128:144] = 255
    return pixels


def darker_half(pixels: np.ndarray) -> np.ndarray:
    """More than half of the rows at a third of their level."""
    pixels[:200] //= 3
    return pixels


def chequered(pixels: np.ndarray) -> np.ndarray:
    """Something else of the same size."""
    y, x = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
    return (60 + 120 * ((y // 40 + x // 48) % 2)).astype(np.uint8)


def scaled(scale: float) -> Callable[[np.ndarray], np.ndarray]:
    """Resize by Pillow."""
    return lambda p: np.asarray(
        Image.fromarray(p).resize((round(p.shape[1] * scale), round(p.shape[0] * scale)))
    )


def curve(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Change the levels."""
    return lambda p: np.clip(np.rint(function(p.astype(float))), 0, 255).astype(np.uint8)


def overwrite(data: bytes, share: float, new: bytes) -> bytes:
    """Bytes of the scan replaced by as many others."""
    at = scan_offset(data, share)
    return splice(data, at, at + len(new), new)


def other_seal(data: bytes) -> bytes:
    """Another sealed file of the same size."""
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    return sealed_bytes(np.roll(pixels, 50, 1)[::-1])


def thumbnail(data: bytes) -> bytes:
    """A thumbnail in the Exif block."""
    tags = piexif.load(exif_payload(data))
    small = io.BytesIO()
    Image.new("L", (8, 8)).save(small, "JPEG")
    return with_exif(data, piexif.dump(tags | {"1st": {0x0103: 6}, "thumbnail": small.getvalue()}))


def as_png(data: bytes) -> bytes:
    """The picture in another format, under its old name."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "PNG")
    return out.getvalue()


def recolour(data: bytes) -> bytes:
    """JFIF out, Adobe in: decoders take YCbCr for RGB."""
    adobe = segment(APP14, b"Adobe\0\x64\0\0\0\0\0")
    return insert_before(DQT, adobe)(remove(APP0)(data))
