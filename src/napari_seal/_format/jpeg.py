r"""JPEG: where the marker segments lie, and which bytes a decoder uses.

A file as Pillow writes it, with a seal after the JFIF segment (ITU T.81, annex B)::

    ff d8                                   SOI   start of image
    ff e0 00 10 4a 46 49 46 00 ...          APP0  "JFIF\0"
    ff e1 LL LL 45 78 69 66 00 00 ...       APP1  "Exif\0\0", the seal         not in codestream
    ff e1 LL LL 68 74 74 70 3a 2f 2f ...    APP1  XMP                          not in codestream
    ff db 00 43 00 ...                      DQT   quantisation tables          ┐
    ff c0 00 0b 08 YY YY XX XX 01 ...       SOF0  height, width, components    │
    ff c4 LL LL ...                         DHT   Huffman tables               │ codestream with SOI
    ff da 00 08 01 ... <entropy-coded>      SOS   scan header, scan            │
    ff d9                                   EOI   end of image                 ┘

Every offset below is an index into the file's bytes, every access is bounded by their number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from napari_seal._format import exif, limits, xmp
from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.digest import Digest, digest_of
from napari_seal._format.exiftool import scan_pieces
from napari_seal._format.markers import (
    APP0,
    APP1,
    APP14,
    APP15,
    COM,
    END_OF_SCAN,
    EOI,
    RESTARTS,
    SOI,
    SOS,
    last_of_run,
)
from napari_seal._format.segments import Segment, kind_of
from napari_seal._format.splice import splice
from napari_seal.errors import FormatError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterator

START: Final = b"\xff\xd8"
END: Final = b"\xff\xd9"

# Frame headers: SOF0-SOF15 less DHT (C4), JPG (C8) and DAC (CC).  T.81, table B.1.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers without a length word (T.81, B.1.1.3); 00 is no marker but a stuffed zero.
_BARE: Final = RESTARTS | {0x00, 0x01, SOI}
_EXCLUDED: Final = frozenset(range(APP0, APP15 + 1)) | {COM}

_FILL_RUN: Final = re.compile(rb"\xff{2,}")


class Frame(NamedTuple):
    """What the frame header says (T.81, B.2.2)."""

    precision: int
    height: int
    width: int
    components: tuple[int, ...]
    marker: int


@dataclass(slots=True)
class Jpeg:
    """The structure of a JPEG file.

    Attributes
    ----------
    data : bytes
        The whole file.
    pieces : list of (int, int)
        Half-open ranges of ``data`` whose concatenation is the codestream, without the token.
    excluded : list of Segment
        APPn and COM segments, in file order.
    frame : Frame or None
        The first frame header.
    transform : bytes
        Token of the effective colour transform; empty for one or two components.
    scans : int
        Number of SOS segments.
    scan_start : int or None
        Where the first SOS segment begins.
    end : int or None
        Offset after the first EOI; None where the data end before it.
    """

    data: bytes
    pieces: list[tuple[int, int]] = field(default_factory=list)
    excluded: list[Segment] = field(default_factory=list)
    frame: Frame | None = None
    transform: bytes = b""
    scans: int = 0
    scan_start: int | None = None
    end: int | None = None

    @property
    def format(self) -> Literal["jpeg"]:
        """Which of the formats it is."""
        return "jpeg"

    @property
    def length(self) -> int:
        """Number of bytes in the codestream, without the token."""
        return sum(end - start for start, end in self.pieces)

    def codestream(
        self, algorithm: str = DEFAULT_ALGORITHM, transform: bytes | None = None
    ) -> Digest:
        """Digest of the codestream and its token (``docs/seal-format/image-data.md``)."""
        view = memoryview(self.data)
        pieces = [view[start:end] for start, end in self.pieces]
        pieces.append(memoryview(self.transform if transform is None else transform))
        return digest_of(pieces, algorithm)

    def scan(self, algorithm: str = DEFAULT_ALGORITHM) -> Digest:
        """Digest of the compressed data by ExifTool's ImageDataHash rule."""
        return digest_of(scan_pieces(self.data), algorithm)

    def only_scan(self, algorithm: str = DEFAULT_ALGORITHM) -> Digest:
        """The same for a file of which it is known that its only scan ends with the file."""
        view = memoryview(self.data)
        return digest_of([view[self.scan_start : -len(END)]], algorithm)

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width as the first frame header says."""
        return None if self.frame is None else (self.frame.height, self.frame.width)

    @property
    def has_begun(self) -> bool:
        """Whether anything stands behind SOI."""
        return self.frame is not None or bool(self.excluded)

    @property
    def has_picture(self) -> bool:
        """Whether there are image data at all."""
        return self.scans > 0

    @property
    def is_animated(self) -> bool:
        """Never."""
        return False

    def exif_blocks(self) -> Iterator[bytes]:
        """Exif blocks, each from its byte-order mark on."""
        for segment in self.excluded:
            if exif.is_exif(self.data, segment):
                yield self.data[segment.start + 4 + len(exif.SIGNATURE) : segment.end]

    def xmp_packets(self) -> Iterator[bytes]:
        """XMP packets, without the name that they stand under.

        Raises
        ------
        LimitError
            They are longer than `limits.XMP_BYTES` together.
        """
        left = limits.XMP_BYTES
        for segment in self.excluded:
            if self._is_xmp(segment):
                left -= segment.end - segment.start
                if left < 0:
                    raise LimitError(f"more than {limits.XMP_BYTES:,} bytes of XMP")
                yield self.data[segment.start + 4 + len(xmp.SIGNATURE) : segment.end]

    def others(self) -> list[str]:
        """What else stands in APPn and COM segments, in words, one for each of them.

        The first APP0 is taken for the JFIF header, with which every file is sealed.
        """
        headers = [segment for segment in self.excluded if segment.marker == APP0][:1]
        return [
            kind_of(self.data, segment)
            for segment in self.excluded
            if not (segment in headers or exif.is_exif(self.data, segment) or self._is_xmp(segment))
        ]

    def damaged(self) -> list[str]:
        """Nothing: segments have no check sums."""
        return []

    def _is_xmp(self, segment: Segment) -> bool:
        return segment.marker == APP1 and self.data.startswith(xmp.SIGNATURE, segment.start + 4)

    @property
    def is_ambiguous(self) -> bool:
        """Whether decoders disagree about the scan: ``FF FF 00`` is no code that T.81 knows.

        No encoder writes it.  libjpeg-turbo reads it in one of two ways, depending on how many
        bytes follow.
        """
        return self.data.find(b"\xff\xff\x00", self.scan_start or 0, self.end) >= 0

    def plain(self, extra: bytes = b"") -> bytes:
        """The file as a decoder needs it: codestream plus the JFIF and Adobe segments.

        Exif, XMP, ICC and whatever else a stranger put into the file stay out of the decoder's
        metadata parsers.  An end-of-image marker is added where there is none, so that what is left
        of a truncated picture can be shown; ``extra`` goes before it.
        """
        parts = {start: self.data[start:end] for start, end in self.pieces}
        for segment in self.excluded:
            if segment.marker in (APP0, APP14) and segment.start <= (self.scan_start or 0):
                parts[segment.start] = self.data[segment.start : segment.end]
            elif segment.start in parts:  # stray bytes follow: keep the place, drop the content
                parts[segment.start] = b"\xff\xfe\x00\x02"
        data = b"".join(parts[start] for start in sorted(parts))
        if self.end is not None:
            data = data[: -len(END)]
        return data + extra + END


def is_jpeg(data: bytes) -> bool:
    """Whether the data begin like a JPEG file: SOI and another marker."""
    return data[:3] == b"\xff\xd8\xff" or data == START


def walk(data: bytes, *, to_final_marker: bool = False) -> Jpeg:
    """Find the structure of a JPEG file.

    Parameters
    ----------
    data : bytes
        The whole file.
    to_final_marker : bool
        Take everything from the first SOS segment on for codestream if the file ends with EOI,
        without looking for markers in between.  A digest that agrees on these bytes proves them;
        one that does not says nothing, and the file is to be walked in full.

    Raises
    ------
    LimitError
        More segments than `limits.SEGMENTS`.
    FormatError
        Not a JPEG file.
    """
    if not is_jpeg(data):
        raise FormatError(
            f"does not begin with the JPEG marker FF D8 FF but with {data[:3].hex(' ')}"
        )
    jpeg = Jpeg(data)
    pieces = jpeg.pieces
    size = len(data)
    position = 2
    include_from = 0  # where the piece under way begins
    jfif, adobe = False, -1

    for _ in range(limits.SEGMENTS):
        marker_at = data.find(b"\xff", position)
        if marker_at < 0 or marker_at + 1 >= size:
            pieces.append((include_from, size))
            break
        marker = data[marker_at + 1]
        if marker == 0xFF:  # fill bytes are not part of the codestream
            pieces.append((include_from, marker_at))
            include_from = marker_at = min(last_of_run(data, marker_at), size - 2)
            marker = data[marker_at + 1]

        if marker == EOI:
            jpeg.end = marker_at + 2
            pieces.append((include_from, jpeg.end))
            break
        if marker in _BARE:
            position = marker_at + 2
            continue

        if marker_at + 4 > size:
            pieces.append((include_from, size))
            break
        end = marker_at + 2 + int.from_bytes(data[marker_at + 2 : marker_at + 4])
        if end < marker_at + 4 or end > size:
            # A length that cannot be: the rest of the file is beyond reading.
            pieces.append((include_from, size))
            break
        position = end

        if marker in _EXCLUDED:
            pieces.append((include_from, marker_at))
            if _is_followed_by_stray_bytes(data, end):
                # T.81 has no place for them: the segment stands inside a scan, say, which no
                # decoder survives.  The marker goes into the digest, so that the place counts.
                pieces.append((marker_at, marker_at + 2))
            include_from = end
            segment = Segment(marker, marker_at, end)
            jpeg.excluded.append(segment)
            if jpeg.scans == 0:
                payload = data[marker_at + 4 : min(end, marker_at + 18)]
                if marker == APP0 and len(payload) >= 14 and payload[:5] == b"JFIF\0":
                    jfif = True
                elif marker == APP14 and len(payload) >= 12 and payload[:5] == b"Adobe":
                    adobe = payload[11]
        elif marker == SOS:
            jpeg.scans += 1
            if jpeg.scan_start is None:
                jpeg.scan_start = marker_at
                jpeg.transform = _colour_transform(jpeg.frame, jfif, adobe)
                if to_final_marker and data.endswith(END) and size - 2 >= end:
                    jpeg.end = size
                    pieces.append((include_from, size))
                    break
            found = END_OF_SCAN.search(data, end)
            position = size if found is None else found.start()
            include_from = _leave_out_fill(data, end, position, include_from, pieces)
        elif marker in _FRAMES and jpeg.frame is None:
            jpeg.frame = _frame(marker, data[marker_at + 4 : end])
    else:
        raise LimitError(f"more than {limits.SEGMENTS} marker segments")

    jpeg.pieces = [(start, end) for start, end in pieces if end > start]
    return jpeg


def _is_followed_by_stray_bytes(data: bytes, position: int) -> bool:
    """Whether anything but a marker with a segment, EOI or the end of the data comes next."""
    size = len(data)
    if position >= size:
        return False
    if data[position] != 0xFF:
        return True
    position = last_of_run(data, position)
    return position + 1 < size and data[position + 1] in _BARE


def _leave_out_fill(
    data: bytes, start: int, end: int, include_from: int, pieces: list[tuple[int, int]]
) -> int:
    """Leave fill bytes before RSTn, and before the marker at ``end``, out of a scan."""
    if data.find(b"\xff\xff", start, end + 1) < 0:
        return include_from
    for run in _FILL_RUN.finditer(data, start, min(end + 1, len(data))):
        after = run.end()
        # FF FF 00 is no fill: decoders disagree about it, so it counts.
        if after < len(data) and (after > end or data[after] in RESTARTS):
            pieces.append((include_from, run.start()))
            include_from = after - 1
            if len(pieces) > limits.PIECES:
                raise LimitError(f"more than {limits.PIECES} runs of fill bytes")
    return include_from


def _frame(marker: int, payload: bytes) -> Frame | None:
    if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        return None
    ids = tuple(payload[6 : 6 + 3 * payload[5] : 3])
    height, width = int.from_bytes(payload[1:3]), int.from_bytes(payload[3:5])
    return Frame(payload[0], height, width, ids, marker)


def _colour_transform(frame: Frame | None, jfif: bool, adobe: int) -> bytes:
    """Token of what a decoder makes of the components.

    The rule of libjpeg's ``default_decompress_parms`` (jdapimin.c), which follows the JFIF
    specification 1.02 and Adobe Technical Note 5116, section 18.
    """
    ids = frame.components if frame else ()
    if len(ids) == 3:
        if jfif:
            return b"YCbCr"
        if adobe >= 0:
            return b"RGB" if adobe == 0 else b"YCbCr"
        return b"RGB" if ids == (0x52, 0x47, 0x42) else b"YCbCr"
    if len(ids) == 4:
        if adobe >= 0:  # such files are stored inverted
            return b"CMYK-Adobe" if adobe == 0 else b"YCCK-Adobe"
        return b"CMYK"
    return b""


#: Every token that `Jpeg.transform` can be for a picture of three components.
TRANSFORMS_OF_3: Final = (b"YCbCr", b"RGB")


def app1(payload: bytes) -> bytes:
    """The APP1 segment with this content, of at most `limits.SEGMENT_PAYLOAD` bytes."""
    if len(payload) > limits.SEGMENT_PAYLOAD:
        raise FormatError(f"a segment holds at most {limits.SEGMENT_PAYLOAD} bytes")
    return bytes((0xFF, APP1)) + (len(payload) + 2).to_bytes(2) + payload


def insert_segments(data: bytes, payloads: list[bytes]) -> bytes:
    """Put APP1 segments after the leading JFIF segment of a file of our own making."""
    at = 2
    if data[2:4] == b"\xff\xe0":
        at = 4 + int.from_bytes(data[4:6])
    return splice(data, at, map(app1, payloads))
