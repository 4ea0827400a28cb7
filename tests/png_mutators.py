"""Damage to PNG files, for all tests: only the order of bytes is known here, from the standard.

The parsers that are tested are not used.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import piexif
from mutators import EXIF, Mutator, flip, splice
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = b"XML:com.adobe.xmp\0"


# --------------------------------------------------------------------------------------- chunks


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    """A chunk: length, type, content and check sum (section 5.3)."""
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of each chunk up to IEND."""
    at, kind = len(SIGNATURE), b""
    while at + 12 <= len(data) and kind != b"IEND":
        kind, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4])
        yield kind, at, end
        at = end


def find(data: bytes, kind: bytes, which: int = 0) -> tuple[int, int]:
    """Start and end of a chunk."""
    return [(start, end) for name, start, end in chunks(data) if name == kind][which]


def content(data: bytes, kind: bytes, which: int = 0) -> bytes:
    """What a chunk holds."""
    start, end = find(data, kind, which)
    return data[start + 8 : end - 4]


def compressed(data: bytes) -> bytes:
    """What all IDAT chunks hold."""
    return b"".join(data[s + 8 : e - 4] for kind, s, e in chunks(data) if kind == b"IDAT")


def with_image_data(data: bytes, parts: list[bytes]) -> bytes:
    """The file with other image data, one IDAT chunk for each part."""
    start, end = find(data, b"IDAT")[0], find(data, b"IDAT", -1)[1]
    return splice(data, start, end, b"".join(chunk(b"IDAT", part) for part in parts))


def replace(kind: bytes, new: bytes) -> Mutator:
    """Put other bytes in place of a chunk."""
    return lambda data: splice(data, *find(data, kind), new)


def edit(kind: bytes, change: Mutator) -> Mutator:
    """Change what a chunk holds, its check sum with it."""
    return lambda data: replace(kind, chunk(kind, change(content(data, kind))))(data)


def insert(kind: bytes, new: bytes, which: int = 0) -> Mutator:
    """Put bytes before a chunk."""

    def mutate(data: bytes) -> bytes:
        start, _ = find(data, kind, which)
        return splice(data, start, start, new)

    return mutate


def remove(kind: bytes) -> Mutator:
    """Take a chunk out."""
    return replace(kind, b"")


def rot(kind: bytes, share: float, mask: int = 0x10) -> Mutator:
    """Flip a bit in what a chunk holds, its check sum left as it is."""

    def mutate(data: bytes) -> bytes:
        start, end = find(data, kind)
        return flip(data, start + 8 + int((end - 12 - start) * share), mask)

    return mutate


def bad_sum(kind: bytes) -> Mutator:
    """Flip a bit of a chunk's check sum."""
    return lambda data: flip(data, find(data, kind)[1] - 1)


def rechunk(size: int) -> Mutator:
    """The same image data in IDAT chunks of another length."""

    def mutate(data: bytes) -> bytes:
        whole = compressed(data)
        return with_image_data(data, [whole[at : at + size] for at in range(0, len(whole), size)])

    return mutate


def recompress(level: int = 9) -> Mutator:
    """The same samples and filters, compressed anew."""
    return lambda data: with_image_data(
        data, [zlib.compress(zlib.decompress(compressed(data)), level)]
    )


# ----------------------------------------------------------------------------------------- Exif


def record_text(data: bytes) -> bytes:
    """The JSON text in UserComment."""
    found: bytes = piexif.load(EXIF + content(data, b"eXIf"))["Exif"][0x9286][8:]
    return found


def edit_text(change: Mutator) -> Mutator:
    """Change the JSON text in UserComment."""

    def mutate(data: bytes) -> bytes:
        tags = piexif.load(EXIF + content(data, b"eXIf"))
        tags["Exif"][0x9286] = b"ASCII\0\0\0" + change(record_text(data))
        return with_exif(data, piexif.dump(tags)[len(EXIF) :])

    return mutate


def text(old: bytes, new: bytes) -> Mutator:
    """Replace text in the record, once."""

    def change(record: bytes) -> bytes:
        assert old in record
        return record.replace(old, new, 1)

    return edit_text(change)


def tag(directory: str, number: int, value: object) -> Mutator:
    """Set an Exif tag."""

    def mutate(data: bytes) -> bytes:
        tags = piexif.load(EXIF + content(data, b"eXIf"))
        tags[directory][number] = value
        return with_exif(data, piexif.dump(tags)[len(EXIF) :])

    return mutate


def with_exif(data: bytes, block: bytes) -> bytes:
    """The file with another Exif block."""
    return replace(b"eXIf", chunk(b"eXIf", block))(data)


# --------------------------------------------------------------------------------------- pixels


def pixels_of(data: bytes) -> np.ndarray:
    """The samples, by Pillow."""
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image)


def saved(image: Image.Image, name: str, **options: object) -> bytes:
    """A file of a picture, by Pillow."""
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def redraw(draw: Callable[[np.ndarray], np.ndarray], mode: str = "", **options: object) -> Mutator:
    """Edit the pixels and save again, the seal kept as careful editors keep it."""

    def mutate(data: bytes) -> bytes:
        image = Image.fromarray(draw(pixels_of(data)))
        encoded = saved(image.convert(mode) if mode else image, "PNG", **options)
        return keep_seal(data, encoded)

    return mutate


def keep_seal(data: bytes, encoded: bytes) -> bytes:
    """Another PNG picture with the file's Exif and XMP chunks."""
    kept = b"".join(data[slice(*find(data, kind))] for kind in (b"eXIf", b"iTXt"))
    return insert(b"IDAT", kept)(encoded)


def in_palette(data: bytes) -> bytes:
    """The same colours in a palette, as optimisers store few of them."""
    image = Image.fromarray(pixels_of(data))
    colours = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return keep_seal(data, saved(colours, "PNG"))


def cut(share: float) -> Mutator:
    """Truncate within the first IDAT chunk."""

    def mutate(data: bytes) -> bytes:
        start, end = find(data, b"IDAT")
        return data[: start + 8 + int((end - start - 12) * share)]

    return mutate


def interlaced(image: np.ndarray) -> bytes:
    """A gray PNG of 8 or 16 bits with Adam7 interlacing, which Pillow cannot write."""
    depth, passes = 8 * image.dtype.itemsize, b""
    big = image.astype(image.dtype.newbyteorder(">"))
    for y0, x0, dy, dx in (
        (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
        (1, 0, 2, 1),
    ):  # fmt: skip
        part = big[y0::dy, x0::dx]
        passes += b"".join(b"\0" + row.tobytes() for row in part if part.size)
    height, width = image.shape
    return plain_png(height, width, depth, 0, passes, interlace=1)


def plain_png(
    height: int, width: int, depth: int, colour: int, rows: bytes, *, interlace: int = 0
) -> bytes:
    """A PNG of rows of samples that have their filter bytes."""
    header = width.to_bytes(4) + height.to_bytes(4) + bytes((depth, colour, 0, 0, interlace))
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")


def deep_colour(image: np.ndarray) -> bytes:
    """A PNG of 16 bits a sample: gray with alpha, RGB or RGBA, which Pillow cuts to 8 bits."""
    height, width, channels = image.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in image)
    return plain_png(height, width, 16, {2: 4, 3: 2, 4: 6}[channels], rows)


def xmp_chunk(packet: bytes, *, packed: bool = False) -> bytes:
    """An XMP packet, compressed or not."""
    body = zlib.compress(packet, 9) if packed else packet
    return chunk(b"iTXt", XMP_KEYWORD + (b"\1" if packed else b"\0") + b"\0\0\0" + body)


def frame_control(height: int, width: int, y: int = 0, x: int = 0) -> bytes:
    """The chunk that begins a frame of an animation."""
    numbers = (0, width, height, x, y)
    head = b"".join(number.to_bytes(4) for number in numbers)
    return chunk(b"fcTL", head + b"\0\1\0\x0a\0\0")


def raw_profile(block: bytes, digits: bytes = b"") -> bytes:
    """Exif as software that does not know eXIf keeps it: a packed text of hexadecimal digits."""
    text_ = b"\nexif\n%8d\n%b\n" % (len(block), digits or block.hex().encode())
    return chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text_))
