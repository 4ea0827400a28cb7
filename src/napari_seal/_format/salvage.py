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
    from napari_seal._format.png import Png

# The filters of rows that there are: 0 to 4 (PNG specification, 9.2).
_LAST_FILTER = 4


def readable(png: Png) -> tuple[bytes, int]:
    """The samples, with their filters, that can be had before the first damage, and zeros behind.

    Returns
    -------
    samples : bytes
        As many as the picture has; nothing where it is interlaced or larger than `limits` allow.
    rows : int
        How many rows of them are known to be as they were stored: those before the first IDAT chunk
        whose check sum is wrong, or before the data end.
    """
    header = png.header
    if header is None or header.interlaced or header.row * header.height > limits.SAMPLE_BYTES:
        return b"", 0
    view = memoryview(png.data)
    inflate, most = zlib.decompressobj(), header.row * header.height
    out = bytearray()
    certain: int | None = None
    parts = [(view[chunk.payload], is_whole(view, chunk)) for chunk in png.image_data()]
    for part, is_certain in [*parts, (memoryview(png.cut), True)]:
        if certain is None and not is_certain:
            certain = len(out)
        try:
            # A length of 0 would mean no limit.
            out += inflate.decompress(part, most - len(out) or 1)
        except zlib.error:
            break
        if inflate.eof or len(out) >= most:
            break
    del out[most:]
    known = len(out) if certain is None else certain
    return bytes(out) + bytes(most - len(out)), min(known, most) // header.row


def restored(png: Png) -> bytes:
    """A file with what can be read of a damaged picture; black behind it.

    Raises
    ------
    FormatError
        Nothing can be.
    """
    samples, _ = readable(png)
    if not samples:
        raise FormatError("nothing of the picture can be read")
    # A filter that is none would end the decoder's work there.
    row = png.header.row if png.header else 1
    whole = bytearray(samples)
    for start in range(0, len(whole), row):
        if whole[start] > _LAST_FILTER:
            whole[start:] = bytes(len(whole) - start)
            break
    headers = b"".join(
        png.data[c.start : c.end] for c in png.critical if c.kind in (b"IHDR", b"PLTE", b"tRNS")
    )
    body = chunk_of(b"IDAT", zlib.compress(bytes(whole), 1))
    return SIGNATURE + headers + body + chunk_of(b"IEND", b"")
