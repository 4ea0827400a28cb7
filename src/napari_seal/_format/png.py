r"""PNG: where the chunks lie, and which bytes a decoder uses.

A sealed file (PNG specification, third edition, section 5)::

    89 50 4e 47 0d 0a 1a 0a                     signature                     ┐
    00 00 00 0d 49 48 44 52 ...  CC CC CC CC    IHDR  size, depth, colours    ┘ codestream
    LL LL LL LL 65 58 49 66 ...  CC CC CC CC    eXIf  the seal
    LL LL LL LL 69 54 58 74 ...  CC CC CC CC    iTXt  XMP
    LL LL LL LL 49 44 41 54 ...  CC CC CC CC    IDAT  compressed samples      ┐
    00 00 00 00 49 45 4e 44 ae 42 60 82         IEND  end of image            ┘ codestream

Chunks count whole, with their lengths and check sums: a decoder refuses a picture for either.
Every offset below is an index into the file's bytes, every access is bounded by their number.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from napari_seal._format import exif, limits
from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.digest import Digest, digest_of
from napari_seal._format.splice import splice
from napari_seal.errors import FormatError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

# Four letters; the case of the first tells critical chunks from ancillary ones (section 5.4).
_TYPE: Final = re.compile(rb"[A-Za-z]{4}")
_ANCILLARY: Final = 0x20
# Keyword, no compression, no language: what an iTXt chunk with XMP begins with (XMP part 3, 1.1.5).
_XMP_KEYWORD: Final = b"XML:com.adobe.xmp\0"
XMP_START: Final = _XMP_KEYWORD + b"\0\0\0\0"
# Where software that does not know eXIf puts Exif, in hexadecimal digits (ImageMagick, exiv2).
_RAW_EXIF: Final = re.compile(rb"Raw profile type (?:exif|APP1)\0")
# With the signature that some software leaves before it.
_MOST_EXIF: Final = len(exif.SIGNATURE) + limits.EXIF_BYTES + 1
#: Samples a pixel by colour type (section 11.2.1).
CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}

_WORDS: Final = {
    b"tEXt": "a text", b"zTXt": "a compressed text", b"iTXt": "an international text",
    b"iCCP": "an ICC colour profile", b"sRGB": "the mark of the sRGB colour space",
    b"gAMA": "a gamma value", b"cHRM": "primary colours", b"cICP": "a video colour space",
    b"pHYs": "a pixel size", b"tIME": "a time", b"bKGD": "a background colour",
    b"sBIT": "the number of significant bits", b"caBX": "JUMBF boxes (as C2PA uses them)",
    b"acTL": "an animation", b"fcTL": "a frame of an animation", b"fdAT": "data of an animation",
}  # fmt: skip
# Of an animation (section 11.3.6).  Without the first of them it is none, and some decoders follow
# the others all the same.
_ANIMATION: Final = frozenset({b"acTL", b"fcTL", b"fdAT"})


class Chunk(NamedTuple):
    """A chunk: ``data[start:end]`` from its length to its check sum."""

    kind: bytes
    start: int
    end: int

    @property
    def payload(self) -> slice:
        """Where its content lies."""
        return slice(self.start + 8, self.end - 4)


class Header(NamedTuple):
    """What IHDR says (section 11.2.1)."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    @property
    def row(self) -> int:
        """Bytes of a row of samples, with the byte that names its filter."""
        return 1 + (self.width * self.depth * CHANNELS.get(self.colour, 4) + 7) // 8


@dataclass(slots=True)
class Png:
    """The structure of a PNG file.

    Attributes
    ----------
    data : bytes
        The whole file.
    pieces : list of (int, int)
        Half-open ranges of ``data`` whose concatenation is the codestream.
    critical : list of Chunk
        The whole chunks in them, in file order.
    excluded : list of Chunk
        All others.
    header : Header or None
        From the IHDR chunk; None where there are several, of which decoders take this one or that.
    end : int or None
        Offset after IEND; None where the data end before it.
    cut : bytes
        What there is of the content of an IDAT chunk that is cut off.
    """

    data: bytes
    pieces: list[tuple[int, int]] = field(default_factory=list)
    critical: list[Chunk] = field(default_factory=list)
    excluded: list[Chunk] = field(default_factory=list)
    header: Header | None = None
    end: int | None = None
    cut: bytes = b""

    @property
    def format(self) -> Literal["png"]:
        """Which of the formats it is."""
        return "png"

    @property
    def length(self) -> int:
        """Number of bytes in the codestream."""
        return sum(end - start for start, end in self.pieces)

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width as IHDR says."""
        return None if self.header is None else (self.header.height, self.header.width)

    @property
    def has_begun(self) -> bool:
        """Whether anything stands behind the signature."""
        return bool(self.critical or self.excluded or self.cut)

    @property
    def has_picture(self) -> bool:
        """Whether there are image data at all."""
        return bool(self.cut) or any(chunk.kind == b"IDAT" for chunk in self.critical)

    @property
    def is_animated(self) -> bool:
        """Whether viewers that know animated PNG show other pictures."""
        return any(chunk.kind in _ANIMATION for chunk in self.excluded)

    @property
    def is_ambiguous(self) -> bool:
        """Never: the specification leaves decoders no choice."""
        return False

    def codestream(self, algorithm: str = DEFAULT_ALGORITHM) -> Digest:
        """Digest of the codestream (``docs/seal-format/image-data.md``, section 3)."""
        view = memoryview(self.data)
        return digest_of((view[start:end] for start, end in self.pieces), algorithm)

    def scan(self, algorithm: str = DEFAULT_ALGORITHM) -> Digest:
        """Digest of what all IDAT chunks hold: ExifTool's ImageDataHash of a PNG file."""
        view = memoryview(self.data)
        return digest_of((view[chunk.payload] for chunk in self.image_data()), algorithm)

    def image_data(self) -> Iterator[Chunk]:
        """The IDAT chunks that are whole."""
        return (chunk for chunk in self.critical if chunk.kind == b"IDAT")

    def exif_blocks(self) -> Iterator[bytes]:
        """Exif blocks; some software puts JPEG's signature before them, or them into a text."""
        for chunk in self.excluded:
            if self._is_exif(chunk):
                # A byte more than is read: of a chunk that is larger no copy is made.
                start, end = chunk.start + 8, chunk.end - 4
                block = self.data[start : min(end, start + _MOST_EXIF)]
                if chunk.kind != b"eXIf":
                    block = _raw_profile(block, packed=chunk.kind == b"zTXt")
                yield block.removeprefix(exif.SIGNATURE)

    def xmp_packets(self) -> Iterator[bytes]:
        """XMP packets, decompressed.

        Raises
        ------
        LimitError
            They are longer than `limits.XMP_BYTES` together.
        """
        left = limits.XMP_BYTES
        for chunk in self.excluded:
            if self._is_xmp(chunk):
                if chunk.end - chunk.start > limits.XMP_BYTES:
                    raise LimitError(f"more than {limits.XMP_BYTES:,} bytes of XMP")
                content = self.data[chunk.payload]
                compressed = content[len(_XMP_KEYWORD) : len(_XMP_KEYWORD) + 1] == b"\1"
                # Compression method, language, translated keyword; then the text.
                _, _, rest = content[len(_XMP_KEYWORD) + 2 :].partition(b"\0")
                _, _, text = rest.partition(b"\0")
                if compressed:
                    text = _inflate(text, left + 1)
                left -= len(text)
                if left < 0:
                    raise LimitError(f"more than {limits.XMP_BYTES:,} bytes of XMP")
                yield text

    def others(self) -> list[str]:
        """What else stands in the file, in words, one for each chunk."""
        names = []
        for chunk in self.excluded:
            if not self._is_exif(chunk) and not self._is_xmp(chunk):
                letters = chunk.kind.decode("ascii")
                names.append(f"{_WORDS.get(chunk.kind, 'unknown data')} ({letters})")
        return names

    def damaged(self) -> list[str]:
        """Names of chunks beside the image data whose check sums are wrong."""
        view = memoryview(self.data)
        return [chunk.kind.decode("ascii") for chunk in self.excluded if not is_whole(view, chunk)]

    def damaged_image(self) -> list[str]:
        """The same of the image data."""
        view = memoryview(self.data)
        return [chunk.kind.decode("ascii") for chunk in self.critical if not is_whole(view, chunk)]

    def _is_exif(self, chunk: Chunk) -> bool:
        if chunk.kind in (b"tEXt", b"zTXt"):
            return _RAW_EXIF.match(self.data, chunk.start + 8, chunk.end - 4) is not None
        return chunk.kind == b"eXIf"

    def _is_xmp(self, chunk: Chunk) -> bool:
        return chunk.kind == b"iTXt" and self.data.startswith(_XMP_KEYWORD, chunk.start + 8)

    def plain(self) -> bytes:
        """The file as a decoder needs it: the critical chunks and tRNS, and an end."""
        data = b"".join(self.data[start:end] for start, end in self.pieces)
        return data if self.end is not None else data + chunk_of(b"IEND", b"")


def is_png(data: bytes) -> bool:
    """Whether the data begin like a PNG file."""
    return data.startswith(SIGNATURE)


def walk(data: bytes) -> Png:
    """Find the structure of a PNG file.

    Raises
    ------
    LimitError
        More chunks than `limits.CHUNKS`.
    FormatError
        Not a PNG file.
    """
    if not is_png(data):
        raise FormatError(f"does not begin with the PNG signature but with {data[:8].hex(' ')}")
    png = Png(data)
    chunks, at = _chunks(data)
    kinds = [chunk.kind for chunk in chunks]
    first = kinds.index(b"IHDR") if b"IHDR" in kinds else len(kinds)
    image = [number for number, kind in enumerate(kinds) if kind == b"IDAT"]
    # Image data end at the first chunk of another kind: what stands between them counts.
    within = range(image[0], image[-1]) if image else range(0)
    _include(png, 0, len(SIGNATURE))
    for number, chunk in enumerate(chunks):
        beside = chunk.kind[0] & _ANCILLARY and chunk.kind != b"tRNS"
        if beside and number > first and number not in within:
            png.excluded.append(chunk)
        else:
            png.critical.append(chunk)
            _include(png, chunk.start, chunk.end)
    if kinds.count(b"IHDR") == 1:
        png.header = _header(data[chunks[first].payload])
    if kinds[-1:] == [b"IEND"]:
        png.end = at
    else:
        _include(png, at, len(data))
        png.cut = data[at + 8 :] if data[at + 4 : at + 8] == b"IDAT" else b""
    return png


def _chunks(data: bytes) -> tuple[list[Chunk], int]:
    """All whole chunks up to IEND, and where the last of them ends."""
    chunks: list[Chunk] = []
    size, at = len(data), len(SIGNATURE)
    while _TYPE.fullmatch(kind := data[at + 4 : at + 8]):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if end > size:
            break
        chunks.append(Chunk(kind, at, end))
        at = end
        if kind == b"IEND":
            break
        if len(chunks) > limits.CHUNKS:
            raise LimitError(f"more than {limits.CHUNKS} chunks")
    return chunks, at


def _include(png: Png, start: int, end: int) -> None:
    if png.pieces and png.pieces[-1][1] == start:
        png.pieces[-1] = (png.pieces[-1][0], end)
    elif end > start:
        png.pieces.append((start, end))


def _header(payload: bytes) -> Header | None:
    if len(payload) != 13:
        return None
    width, height = int.from_bytes(payload[:4]), int.from_bytes(payload[4:8])
    return Header(width, height, payload[8], payload[9], payload[12] != 0)


def _inflate(data: bytes, most: int) -> bytes:
    """Decompressed text, or nothing, as a decoder has it."""
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error:
        return b""


def _raw_profile(content: bytes, *, packed: bool) -> bytes:
    """Bytes that stand in a text as their kind, their number, and hexadecimal digits."""
    _, _, text = content.partition(b"\0")
    if packed:
        text = _inflate(text[1:], limits.RAW_EXIF_BYTES)
    try:
        text = text[: limits.RAW_EXIF_BYTES]
        return bytes.fromhex(b"".join(text.split()[2:]).decode("ascii"))
    except ValueError:
        return b""


def is_whole(data: bytes | memoryview, chunk: Chunk) -> bool:
    """Whether a chunk's check sum is that of its type and content (section 5.5)."""
    found = zlib.crc32(data[chunk.start + 4 : chunk.end - 4])
    return found.to_bytes(4) == data[chunk.end - 4 : chunk.end]


def chunk_of(kind: bytes, payload: bytes) -> bytes:
    """The bytes of a chunk."""
    checked = kind + payload
    return len(payload).to_bytes(4) + checked + zlib.crc32(checked).to_bytes(4)


def insert_chunks(data: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Put chunks, given by kind and content, behind IHDR, touching no other byte.

    Parameters
    ----------
    data : bytes
        A PNG file of our own making.
    chunks : list of (bytes, bytes)
    """
    at = len(SIGNATURE) + 12 + 13
    return splice(data, at, (chunk_of(*chunk) for chunk in chunks))
