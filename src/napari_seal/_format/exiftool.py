"""The bytes of ExifTool's ImageDataHash, so that anyone can verify with ExifTool alone.

The rule is a fact of Image::ExifTool 12.63 and later, and not ours to choose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_seal._format import limits
from napari_seal._format.markers import END_OF_SCAN, EOI, RESTARTS, SOS, last_of_run
from napari_seal.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Markers that ExifTool takes for length-less (SOS among them), and with a 4-byte length
# (JPEG 2000 extensions).
_BARE: Final = (
    frozenset(range(0xD0, 0xDB)) | {0x00, 0x01, 0x4F, 0x92, 0x93} | frozenset(range(0x30, 0x40))
)
_LONG: Final = frozenset({0x74, 0x75, 0x77})
_IN_SCAN: Final = RESTARTS | {0x00, SOS}


def scan_pieces(data: bytes) -> Iterator[memoryview]:
    """Yield the bytes that ExifTool hashes of a JPEG file, in order.

    They lie between two length-less markers when the first of them is SOS, RSTn or a stuffed zero,
    from the FF of the first to before the FF of the second.

    Raises
    ------
    LimitError
        There are more markers outside of scans than `limits.EXIFTOOL_MARKERS`.
    """
    view = memoryview(data)
    size = len(data)
    position = 2
    previous, previous_at, markers = -1, 0, 0
    while (at := data.find(b"\xff", position)) >= 0:
        markers += 1
        if markers > limits.EXIFTOOL_MARKERS:
            raise LimitError(f"more than {limits.EXIFTOOL_MARKERS:,} markers by ExifTool's rule")
        at = last_of_run(data, at)
        position = at + 2
        if position > size:
            return
        marker = data[at + 1]
        if marker in _BARE:
            if previous in _IN_SCAN:
                yield view[previous_at:at]
            if marker == EOI:
                return
            if marker in _IN_SCAN:
                # Straight to the last RSTn or stuffed zero of the scan: all up to there goes in.
                found = END_OF_SCAN.search(data, position)
                end = size if found is None else found.start()
                last = data[position:end].rstrip(b"\xff").rfind(b"\xff")
                if last >= 0:
                    last += position
                    yield view[at:last]
                    at, position, marker = last, last + 2, data[last + 1]
        else:
            width = 4 if marker in _LONG else 2
            if position + width > size:
                return
            length = int.from_bytes(data[position : position + width])
            if length < width or position + length > size:
                return
            position += length
        previous, previous_at = marker, at
