"""The part of the conformance vectors about PNG.

See ``make_vectors.py``.  Standard library only, and none of napari-seal.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from itertools import pairwise
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n"
Rows = list[list[tuple[int, ...]]]


def sha256(data: bytes) -> str:
    """A digest as it is written in a seal."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


# ------------------------------------------------------------------- the rules, section by section


def walk(data: bytes) -> tuple[list[tuple[bytes, bytes, bytes]], bytes, bool]:
    """Section 3.4: chunks as (type, content, whole), what is left, and whether IEND was found."""
    found, at = [], 8
    while at + 12 <= len(data):
        kind, size = data[at + 4 : at + 8], int.from_bytes(data[at : at + 4])
        letters = all(65 <= byte <= 90 or 97 <= byte <= 122 for byte in kind)
        if not letters or at + 12 + size > len(data):
            break
        found.append((kind, data[at + 8 : at + 8 + size], data[at : at + 12 + size]))
        at += 12 + size
        if kind == b"IEND":
            return found, b"", True
    return found, data[at:], False


def codestream(data: bytes) -> tuple[bytes, bool]:
    """Section 3.4: the pieces, and whether IEND was found."""
    found, rest, complete = walk(data)
    kinds = [kind for kind, _, _ in found]
    out = data[:8]
    for number, (kind, _, whole) in enumerate(found):
        critical = 65 <= kind[0] <= 90 or kind == b"tRNS"
        before = b"IHDR" not in kinds[:number]
        between = b"IDAT" in kinds[:number] and b"IDAT" in kinds[number + 1 :]
        if critical or before or between:
            out += whole
    return out + rest, complete


def scan(data: bytes) -> bytes:
    """Section 4.2: what all IDAT chunks hold."""
    return b"".join(content for kind, content, _ in walk(data)[0] if kind == b"IDAT")


def tile_digests(rows: Rows, size: int, width: int) -> bytes:
    """Section 5.5: two bytes for each tile, of samples of a width in bytes, little-endian."""
    out = b""
    for top, bottom in pairwise(edges(len(rows), size)):
        for left, right in pairwise(edges(len(rows[0]), size)):
            samples = b"".join(
                sample.to_bytes(width, "little")
                for row in rows[top:bottom]
                for pixel in row[left:right]
                for sample in pixel
            )
            out += hashlib.sha256(samples).digest()[:2]
    return out


def edges(length: int, size: int) -> list[int]:
    """Section 5.4: where tiles begin along an axis, and where the last one ends."""
    return [size * n for n in range(max(1, length // size))] + [length]


# ------------------------------------------------------------------------------------------ inputs


def chunk(kind: bytes, content: bytes = b"", *, wrong: bool = False) -> bytes:
    """A chunk, its check sum right or wrong."""
    check = zlib.crc32(kind + content) ^ wrong
    return len(content).to_bytes(4) + kind + content + check.to_bytes(4)


def header(height: int, width: int, depth: int, colour: int) -> bytes:
    """IHDR."""
    return chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + bytes((depth, colour, 0, 0, 0)))


def stored(data: bytes) -> bytes:
    """Zlib data (RFC 1950) of one stored block, so that no compressor has a part in it."""
    size = len(data)
    block = b"\1" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + data
    return b"\x78\x01" + block + zlib.adler32(data).to_bytes(4)


def samples_of(shape: list[int], depth: int) -> Rows:
    """A picture by formula: section 12."""
    height, width, *channels = shape

    def sample(y: int, x: int, channel: int) -> int:
        drawn = hashlib.sha256(f"{y},{x},{channel}".encode()).digest()
        return int.from_bytes(drawn[: depth // 8], "little")

    return [
        [tuple(sample(y, x, c) for c in range(*channels or [1])) for x in range(width)]
        for y in range(height)
    ]


def image_data(rows: Rows, depth: int) -> bytes:
    """Rows without a filter, samples big-endian, compressed."""
    return stored(
        b"".join(
            b"\0" + b"".join(s.to_bytes(depth // 8) for pixel in row for s in pixel) for row in rows
        )
    )


END = chunk(b"IEND")
TEXT = chunk(b"tEXt", b"Title\0tracks")
EXIF = chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0")
GRAY8, GRAY16, RGB, RGBA = ([4, 6], 8), ([3, 5], 16), ([2, 3, 3], 8), ([2, 2, 4], 8)
COLOURS = {0: 0, 3: 2, 4: 6}
HEAD = SIGNATURE + header(4, 6, 8, 0)
DATA = image_data(samples_of(*GRAY8), 8)
IDAT = chunk(b"IDAT", DATA)
HALVES = chunk(b"IDAT", DATA[:9]), chunk(b"IDAT", DATA[9:])
PLAIN = HEAD + IDAT + END


def picture(kind: tuple[list[int], int], beside: bytes = b"") -> bytes:
    """A plain file of a picture by formula."""
    shape, depth = kind
    colour = COLOURS[shape[2] if len(shape) == 3 else 0]
    data = image_data(samples_of(shape, depth), depth)
    head = header(shape[0], shape[1], depth, colour)
    return SIGNATURE + head + beside + chunk(b"IDAT", data) + END


#: Name, file, and the picture in it, where it is one that version 1 seals.
FILES: list[tuple[str, bytes, tuple[list[int], int] | None]] = [
    ("gray of 8 bits", picture(GRAY8), GRAY8),
    ("gray of 16 bits", picture(GRAY16), GRAY16),
    ("RGB", picture(RGB), RGB),
    ("RGB with alpha", picture(RGBA), RGBA),
    ("Exif and text beside", picture(GRAY16, EXIF + TEXT), GRAY16),
    ("text behind the image data", HEAD + IDAT + TEXT + END, GRAY8),
    ("two IDAT", HEAD + b"".join(HALVES) + END, GRAY8),
    ("text between two IDAT", HEAD + HALVES[0] + TEXT + HALVES[1] + END, None),
    ("Exif between two IDAT", HEAD + HALVES[0] + EXIF + HALVES[1] + END, None),
    ("text before IHDR", SIGNATURE + TEXT + HEAD[8:] + IDAT + END, None),
    ("an empty IDAT", HEAD + IDAT + chunk(b"IDAT") + END, GRAY8),
    ("transparency", HEAD + chunk(b"tRNS", b"\0\7") + IDAT + END, None),
    ("transparency behind the image data", HEAD + IDAT + chunk(b"tRNS", b"\0\7") + END, None),
    ("a palette beside", picture(RGB, chunk(b"PLTE", b"\1\2\3")), RGB),
    ("an unknown critical chunk", HEAD + chunk(b"ABcD", b"x") + IDAT + END, None),
    ("an unknown ancillary chunk", HEAD + chunk(b"abCD", b"x") + IDAT + END, GRAY8),
    ("a wrong check sum beside", HEAD + chunk(b"tEXt", b"a\0b", wrong=True) + IDAT + END, GRAY8),
    ("a wrong check sum of IDAT", HEAD + chunk(b"IDAT", DATA, wrong=True) + END, None),
    ("two headers", HEAD + HEAD[8:] + IDAT + END, None),
    ("bytes after the end", PLAIN + b"trailer", GRAY8),
    ("another file after the end", PLAIN + PLAIN, GRAY8),
    ("content in IEND", HEAD + IDAT + chunk(b"IEND", b"x"), None),
    ("no IEND", HEAD + IDAT, None),
    ("cut in IDAT", PLAIN[:-20], None),
    ("cut in a text", HEAD + IDAT + TEXT[:-3], None),
    ("cut in a length", PLAIN[:-9], None),
    ("a type that is none", HEAD + chunk(b"ID1T", b"x") + IDAT + END, None),
    ("a length beyond the file", HEAD + b"\xff\xff\xff\xff" + IDAT[4:] + END, None),
    ("no image data", HEAD + END, None),
    ("the signature only", SIGNATURE, None),
]  # fmt: skip


def png_vectors() -> list[dict[str, Any]]:
    """Files with what the rules make of them."""
    out = []
    for name, data, kind in FILES:
        pieces, complete = codestream(data)
        vector: dict[str, Any] = {
            "name": name,
            "file": base64.b64encode(data).decode(),
            "complete": complete,
            "length": len(pieces),
            "codestream": sha256(pieces),
            "scan": sha256(scan(data)),
        }
        if kind:
            shape, depth = kind
            flat = b"".join(
                sample.to_bytes(depth // 8, "little")
                for row in samples_of(shape, depth)
                for pixel in row
                for sample in pixel
            )
            vector["pixels"] = {"digest": sha256(flat), "shape": shape, "dtype": f"uint{depth}"}
        out.append(vector)
    return out


def window16_vectors() -> list[dict[str, Any]]:
    """Intensities with the 16-bit levels that they are stored as."""
    rows: list[tuple[str, int, int, list[int]]] = [
        ("uint16", 0, 65535, [0, 1, 255, 256, 257, 32767, 32768, 65534, 65535]),
        ("uint16", 300, 65000, [0, 299, 300, 301, 32650, 64999, 65000, 65535]),
        ("uint16", 7, 7, [0, 7, 8]),
        ("int16", -32768, 32767, [-32768, -1, 0, 1, 32767]),
        ("int32", -5, 65530, [-6, -5, 0, 65530, 65531]),
        ("uint32", 70000, 135535, [0, 70000, 70001, 135534, 135535, 2**32 - 1]),
        ("int64", -(2**40), 2**40, [-(2**41), -(2**40), -1, 0, 1, 2**40]),
    ]
    return [
        {
            "dtype": dtype,
            "low": low,
            "high": high,
            "values": values,
            "levels": [
                0 if high == low else 65535 * (min(max(v, low), high) - low) // (high - low)
                for v in values
            ],
        }
        for dtype, low, high, values in rows
    ]


#: Shape, bits of a sample, and the tiles' side that a writer takes.
DIGESTED = [
    ([1, 1], 8, 16), ([16, 16], 16, 16), ([15, 33], 16, 16), ([40, 50], 8, 16), ([40, 50], 16, 16),
    ([33, 17, 3], 8, 16), ([32, 32, 4], 8, 16), ([64, 80], 16, 16),
]  # fmt: skip


def tile_digests_vectors() -> list[dict[str, Any]]:
    """Pictures by formula, and the digests of their tiles."""
    out = []
    for shape, depth, size in DIGESTED:
        data = tile_digests(samples_of(shape, depth), size, depth // 8)
        stored_ = {"kind": "digest-1", "size": size, "data": base64.b64encode(data).decode()}
        out.append(
            {
                "name": f"{' x '.join(map(str, shape))}, {depth} bits",
                "shape": shape,
                "bits": depth,
                "tile_digests": stored_,
            }
        )
    return out
