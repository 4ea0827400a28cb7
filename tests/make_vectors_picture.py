"""The part of the conformance vectors about fingerprints and check values of keys.

See ``make_vectors.py``.  Standard library only, and none of napari-seal.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from functools import lru_cache
from itertools import pairwise
from typing import Any

Rows = list[list[int]]

#: In quarters of a level: steps, the last one for tiles of 8 pixels only.
COARSEST, COARSEST_OF_BLOCKS = 8, 16


# ------------------------------------------------------------------- the rules, section by section


@lru_cache(maxsize=4096)
def _drawn(i: int, j: int, channel: int) -> int:
    return hashlib.sha256(f"{i},{j},{channel}".encode()).digest()[0]


def draw(shape: list[int], block: int, low: int, width: int) -> list[Rows]:
    """Section 12: a picture by formula; one plane for each channel."""
    planes = []
    for channel in range(*shape[2:] or [1]):
        rows: Rows = []
        for y in range(shape[0]):
            if y % block:
                rows.append(rows[-1])
                continue
            cells = (_drawn(y // block, x // block, channel) for x in range(shape[1]))
            rows.append([low + cell * width // 256 for cell in cells])
        planes.append(rows)
    return planes


def edges(length: int, size: int) -> list[int]:
    """Section 5.4: where tiles begin along an axis, and where the last one ends."""
    return [size * n for n in range(max(1, length // size))] + [length]


def quarters(planes: list[Rows], size: int) -> Rows:
    """Section 5.4: the mean of each tile in quarters of a level, rounded down."""
    down, across = edges(len(planes[0]), size), edges(len(planes[0][0]), size)
    out: Rows = []
    for top, bottom in pairwise(down):
        out.append([])
        for left, right in pairwise(across):
            sums = [sum(sum(row[left:right]) for row in plane[top:bottom]) for plane in planes]
            if len(sums) == 3:
                luma = (19595 * sums[0] + 38470 * sums[1] + 7471 * sums[2]) // 65536
            else:
                luma = sums[0]
            out[-1].append(4 * luma // ((bottom - top) * (right - left)))
    return out


def predict(values: Rows, y: int, x: int) -> int:
    """Section 5.4: a value from those before it."""
    if y == 0:
        return values[0][x - 1] if x else 0
    if x == 0:
        return values[y - 1][0]
    left, above, corner = values[y][x - 1], values[y - 1][x], values[y - 1][x - 1]
    return sorted((left, above, left + above - corner))[1]


def pack(values: Rows) -> bytes:
    """Section 5.4: what is deflated."""
    first, behind = bytearray(), bytearray()
    for y, row in enumerate(values):
        for x, value in enumerate(row):
            residual = value - predict(values, y, x)
            code = 2 * residual if residual >= 0 else -2 * residual - 1
            first.append(min(code, 255))
            if code >= 255:
                behind += struct.pack("<H", code - 255)
    return bytes(first + behind)


def fits(raw: bytes) -> bool:
    """Section 5.4: whether the bytes of all tiles, deflated, are at most 1,536."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    packed = len(deflate.compress(raw) + deflate.flush())
    # Implementations of deflate differ by some bytes: no vector may hang on them.
    if 1521 < packed < 1551:
        raise ValueError(f"{packed} bytes are too close to 1,536 for a vector")
    return packed <= 1536


def choose(planes: list[Rows]) -> tuple[int, float, Rows]:
    """Section 5.4: the tile size and step that a writer should take."""
    height, width = len(planes[0]), len(planes[0][0])
    size = 8
    while True:
        if len(edges(height, size)[1:]) * len(edges(width, size)[1:]) <= 12_288:
            exact = quarters(planes, size)
            last = COARSEST_OF_BLOCKS if size == 8 else COARSEST
            stored = [[[v // step for v in row] for row in exact] for step in range(1, last + 1)]
            packed = [fits(pack(values)) for values in stored]
            if packed != sorted(packed):
                raise ValueError("coarser steps need more bytes, which is no example")
            if packed[-1]:
                first = packed.index(True)
                return size, (first + 1) / 4, stored[first]
        size += 8


def check_value(kind: str, size: int, text: str) -> str:
    """Section 2.6: kind, size, and the first digits of the digest."""
    return f"{kind}{size}:{hashlib.sha256(text.encode('ascii')).hexdigest()[:8]}"


# ---------------------------------------------------------------------------------- fingerprints

#: Name, shape, block, low, width: pictures by the formula of section 12.
PICTURES: list[tuple[str, list[int], int, int, int]] = [
    ("gray, smaller than a tile", [5, 7], 1, 0, 256),
    ("gray, one tile", [8, 8], 3, 0, 256),
    ("gray, one tile, nearly two", [15, 15], 3, 0, 256),
    ("gray, last tiles larger", [20, 31], 3, 0, 256),
    ("gray, a single row", [1, 50], 2, 0, 256),
    ("gray, black", [32, 48], 1, 0, 1),
    ("gray, white", [33, 48], 1, 255, 1),
    ("gray, long residuals", [32, 48], 8, 0, 256),
    ("gray, faint", [96, 96], 5, 100, 4),
    ("RGB", [24, 38, 3], 5, 0, 256),
    ("RGB, one colour a tile", [32, 32, 3], 8, 0, 256),
    ("RGB, white", [8, 20, 3], 1, 255, 1),
    ("steps of 0.5", [320, 320], 8, 0, 64),
    ("steps of 1.5", [320, 320], 8, 0, 142),
    ("steps of 2.25", [340, 340], 8, 0, 142),
    ("RGB, larger tiles, too much to say", [400, 520, 3], 8, 0, 256),
    ("larger tiles, too many; steps of 1.25", [1040, 1040], 16, 40, 5),
    ("tiles larger still, steps of 0.75", [800, 800], 24, 0, 256),
]


def tiles_vectors() -> list[dict[str, Any]]:
    """Pictures, and the values of their tiles."""
    out = []
    for name, shape, block, low, width in PICTURES:
        size, step, values = choose(draw(shape, block, low, width))
        out.append(
            {
                "name": name,
                "shape": shape,
                "block": block,
                "low": low,
                "width": width,
                "size": size,
                "step": step,
                "values": [" ".join(map(str, row)) for row in values],
            }
        )
    return out


# ---------------------------------------------------------------------------- check values of keys

#: Kind, size, the value's JSON text, and other texts that stand for the same value.
KEYS: list[tuple[str, int, str, list[str]]] = [
    ("s", 6, '"TDR 12"', [r'"\u0054DR 12"']),
    ("s", 0, '""', []),
    ("s", 5, r'"\u017dofie"', []),
    ("s", 1, r'"\ud83d\ude00"', [r'"\uD83D\uDE00"']),
    ("s", 1, r'"\ud83d"', []),
    ("s", 5, r'"\"\\/\n\t"', [r'"\u0022\u005C\/\u000A\u0009"']),
    ("s", 5, r'"\b\f\r\u0001\u007f"', []),
    ("n", 1, "0", []),
    ("n", 2, "-1", [" -1 "]),
    ("n", 3, "4.5", ["4.50", "45e-1"]),
    ("n", 3, "2.0", ["2.00", "2e0"]),
    ("n", 4, "-0.0", []),
    ("n", 3, "0.1", ["0.10", "0.1000000000000000055"]),
    ("n", 6, "0.0001", ["1e-4"]),
    ("n", 5, "1e-05", ["0.00001"]),
    ("n", 18, "1000000000000000.0", ["1e15"]),
    ("n", 5, "1e+16", ["10000000000000000.0"]),
    ("n", 19, "1700000000123456789", []),
    ("n", 30, "123456789012345678901234567890", []),
    ("b", 0, "true", []),
    ("b", 0, "false", []),
    ("l", 0, "null", []),
    ("a", 0, "[]", ["[ ]"]),
    ("a", 2, "[1250.0,[1,2,3]]", ["[1250.0, [1, 2, 3]]"]),
    ("o", 0, "{}", []),
    ("o", 2, '{"b":true,"a":{"c":null}}', ['{"b" : true, "a": {"c": null}}']),
]


def keys_vectors() -> list[dict[str, Any]]:
    """Values of keys, and their check values."""
    return [
        {"text": text, "also": others, "check": check_value(kind, size, text)}
        for kind, size, text, others in KEYS
    ]
