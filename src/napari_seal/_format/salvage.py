"""What is left of a damaged PNG picture.

A stream of compressed samples is read from its beginning, so all behind a damaged place is in
doubt, and what stands before it is not.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from napari_seal._format import limits
from napari_seal._format.png import SIGNATURE, chunk_of, is_whole
from napari_seal.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zlib import _Decompress as Inflate

    from napari_seal._format.png import Png

# The filters of rows that there are: 0 to 4 (PNG specification, 9.2).
_LAST_FILTER = 4
# Black is compressed in pieces of this length.
_BLACK = bytes(1 << 20)
# Compressed data are read in pieces: where one makes no sense, not much is read twice.
_PIECE = 1 << 14


def readable(png: Png) -> tuple[bytearray, int]:
    """The samples, with their filters, that can be had before the compressed data make no sense.

    Returns
    -------
    samples : bytearray
        At most as many as the picture has; none where it is interlaced or larger than `limits`
        allow.
    rows : int
        How many rows of them are known to be as they were stored: those before the first IDAT chunk
        whose check sum is wrong, or before the data end.
    """
    header = png.header
    if header is None or header.interlaced or header.row * header.height > limits.SAMPLE_BYTES:
        return bytearray(), 0
    most, out, inflate = header.row * header.height, bytearray(), zlib.decompressobj()
    certain: int | None = None
    for part, is_certain in _parts(png):
        if certain is None and not is_certain:
            certain = len(out)
        before = inflate.copy()
        try:
            # A length of 0 would mean no limit.
            out += inflate.decompress(part, most - len(out) or 1)
        except zlib.error:
            out += _to_the_last(before, part, most - len(out))
            break
        if inflate.eof or len(out) >= most:
            break
    del out[most:]
    known = len(out) if certain is None else certain
    return out, min(known, most) // header.row


def _parts(png: Png) -> Iterator[tuple[memoryview, bool]]:
    """Pieces of the compressed data, and whether the check sum of their chunk is right."""
    view = memoryview(png.data)
    chunks = [(view[chunk.payload], is_whole(view, chunk)) for chunk in png.image_data()]
    for content, is_certain in [*chunks, (memoryview(png.cut), True)]:
        for start in range(0, len(content), _PIECE):
            yield content[start : start + _PIECE], is_certain


def _to_the_last(inflate: Inflate, part: memoryview, most: int) -> bytes:
    """What a piece holds before the byte that makes no sense, which zlib itself throws away."""
    out = bytearray()
    for at in range(len(part)):
        try:
            out += inflate.decompress(part[at : at + 1], most - len(out) or 1)
        except zlib.error:
            break
    return bytes(out)


def restored(png: Png) -> bytes:
    """A file with what can be read of a damaged picture; black behind it.

    Raises
    ------
    FormatError
        Nothing can be.
    """
    samples, _ = readable(png)
    if not samples or png.header is None:
        raise FormatError("nothing of the picture can be read")
    # A filter that is none would end the decoder's work there.
    row = png.header.row
    for start in range(0, len(samples), row):
        if samples[start] > _LAST_FILTER:
            del samples[start:]
            break
    headers = b"".join(
        png.data[c.start : c.end] for c in png.critical if c.kind in (b"IHDR", b"PLTE", b"tRNS")
    )
    pack, missing = zlib.compressobj(1), row * png.header.height - len(samples)
    body = bytearray(pack.compress(samples))
    for start in range(0, missing, len(_BLACK)):
        body += pack.compress(_BLACK[: missing - start])
    body += pack.flush()
    return SIGNATURE + headers + chunk_of(b"IDAT", bytes(body)) + chunk_of(b"IEND", b"")
