"""The part of the conformance vectors about fingerprints and check values of keys.

See ``make_vectors.py``.  Standard library only, and none of napari-seal.
"""

from __future__ import annotations

import base64
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


class Deflate:
    """Deflate blocks put together by hand (RFC 1951): no library has a part in the bytes."""

    def __init__(self) -> None:
        self.bits: list[int] = []

    def number(self, value: int, count: int) -> None:
        """A number, its lowest bit first (3.1.1)."""
        self.bits += [value >> i & 1 for i in range(count)]

    def code(self, value: int, count: int) -> None:
        """A Huffman code, its highest bit first (3.1.1)."""
        self.bits += [value >> i & 1 for i in reversed(range(count))]

    def begin(self, kind: int, final: bool) -> None:
        """The header of a block (3.2.3)."""
        self.number(int(final), 1)
        self.number(kind, 2)

    def stored(self, raw: bytes, final: bool = True) -> Deflate:
        """A block that is not compressed (3.2.4)."""
        self.begin(0, final)
        self.bits += [0] * (-len(self.bits) % 8)
        self.number(len(raw), 16)
        self.number(len(raw) ^ 0xFFFF, 16)
        for byte in raw:
            self.number(byte, 8)
        return self

    def symbol(self, value: int) -> None:
        """A literal or length by the fixed codes (3.2.6)."""
        if value < 144:
            self.code(48 + value, 8)
        elif value < 256:
            self.code(400 + value - 144, 9)
        else:
            self.code(value - 256, 7)

    def fixed(self, raw: bytes, run: int = 0, final: bool = True) -> Deflate:
        """A block of literals; ``run`` repeats the last of them 3 to 10 times."""
        self.begin(1, final)
        for byte in raw:
            self.symbol(byte)
        if run:
            self.symbol(254 + run)  # lengths 3 to 10 have the codes 257 to 264 (3.2.5)
            self.code(0, 5)  # distance 1
        self.symbol(256)
        return self

    def data(self) -> bytes:
        """All bits, packed from the lowest of each byte on."""
        bits = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(
            sum(bit << i for i, bit in enumerate(bits[at : at + 8]))
            for at in range(0, len(bits), 8)
        )


def b64(data: bytes) -> str:
    """RFC 4648, section 4."""
    return base64.b64encode(data).decode()


#: The tiles of `_patterned` by dynamic Huffman codes, as zlib wrote them once.
_DYNAMIC = (
    "BcFbYoMgEAVQpJGHBvByRcmEjknz0/1vsD3nz7iw5O/9MfizxnkyNoR81YdQ13X+mqwLy7Ud5y+SRl+NOnBrvWlp"
    "mvLcrX7ywcEiESHy1u5y7adgpO5L9ocd9E+BJE6EQeiOOwdfOcJi8dWgQjjWhKm5lOdzUwiSRl+NOnBqvWlpmvLc"
    "rX7ywcEiESHyxrtc+ykYqfuS/WEH/VMgiRNhELrjzsHXGmGx+GpQ8bb/"
)


def _patterned() -> Rows:
    return [[n * n * 7 // 9 % 24 + 400 for n in range(40 * y, 40 * y + 40)] for y in range(6)]


def tiles_data_vectors() -> list[dict[str, Any]]:
    """Fingerprints as they stand in a seal: what reading gives, and what is to be refused."""
    rows = [[168, 170, 171], [166, 400, 171]]
    shape = [32, 48]
    raw = pack(rows)
    plain = Deflate().stored(raw).data()
    flat = [[700] * 12]
    good: dict[str, tuple[list[int], dict[str, Any], Rows]] = {
        "stored": (shape, {}, rows),
        "fixed codes": (shape, {"data": b64(Deflate().fixed(raw).data())}, rows),
        "two blocks": (
            shape,
            {"data": b64(Deflate().stored(raw[:2], final=False).fixed(raw[2:]).data())},
            rows,
        ),
        "a match": (
            [20, 200],
            {"data": b64(Deflate().fixed(pack(flat)[:2], 10, False).fixed(pack(flat)[12:]).data())},
            flat,
        ),
        "dynamic codes": ([96, 640], {"data": _DYNAMIC}, _patterned()),
        "last tiles larger": ([47, 63], {}, rows),
        "a picture smaller than a tile": (
            [1, 1],
            {"data": b64(Deflate().stored(pack([[1020]])).data())},
            [[1020]],
        ),
        "step 2": (
            [16, 32],
            {"step": 2.0, "data": b64(Deflate().stored(pack([[127, 0]])).data())},
            [[127, 0]],
        ),
        "step 1.75": (
            [16, 32],
            {"step": 1.75, "data": b64(Deflate().stored(pack([[145, 0]])).data())},
            [[145, 0]],
        ),
        "step 1 as an integer": (
            [16, 32],
            {"step": 1, "data": b64(Deflate().stored(pack([[0, 255]])).data())},
            [[0, 255]],
        ),
        "tiles of a block": ([16, 24], {"size": 8}, rows),
        "tiles of a block, step 4": (
            [8, 16],
            {"size": 8, "step": 4.0, "data": b64(Deflate().stored(pack([[63, 0]])).data())},
            [[63, 0]],
        ),
        "more than 4,096 tiles": (
            [520, 648],
            {"size": 8, "data": b64(_alike(65 * 81))},
            [[0] * 81] * 65,
        ),
        "largest tiles": ([500, 500], {"size": 65536, "data": b64(_one(512))}, [[512]]),
        "unknown key": (shape, {"more": 1}, rows),
    }
    bad: dict[str, tuple[list[int], dict[str, Any]]] = {
        "another kind": (shape, {"kind": "means-2"}),
        "no kind": (shape, {"kind": None}),
        "size 8 of the same data": (shape, {"size": 8}),
        "size 4": (shape, {"size": 4}),
        "size 20": (shape, {"size": 20}),
        "size 0": (shape, {"size": 0}),
        "size -16": (shape, {"size": -16}),
        "size 16.0": (shape, {"size": 16.0}),
        "size as text": (shape, {"size": "16"}),
        "size 65544": ([500, 500], {"size": 65544, "data": b64(_one(512))}),
        "step 0.125": (shape, {"step": 0.125}),
        "step 0.3": (shape, {"step": 0.3}),
        "step 2.25 of larger tiles": (shape, {"step": 2.25}),
        "step 4": (shape, {"step": 4.0}),
        "step as text": (shape, {"step": "0.25"}),
        "no data": (shape, {"data": None}),
        "data as a list": (shape, {"data": list(plain)}),
        "data empty": (shape, {"data": ""}),
        "data of the URL alphabet": (shape, {"data": "-_" + b64(plain)[2:]}),
        "data without padding": (shape, {"data": b64(plain).rstrip("=")}),
        "data with a line break": (shape, {"data": b64(plain)[:8] + "\n" + b64(plain)[8:]}),
        "another picture": ([32, 64], {}),
        "too many tiles": ([1040, 1040], {"size": 8}),
        "no picture": ([0, 48], {}),
        "reserved block type": (shape, {"data": b64(b"\x07" + plain[1:])}),
        "a zlib header": (shape, {"data": b64(b"\x78\x9c" + plain + bytes(4))}),
        "stream cut": (shape, {"data": b64(plain[:-1])}),
        "stream without a final block": (
            shape,
            {"data": b64(Deflate().stored(raw, final=False).data())},
        ),
        "bytes after the stream": (shape, {"data": b64(plain + b"\0")}),
        "a tile too few": (shape, {"data": b64(Deflate().stored(pack([rows[0]])).data())}),
        "a byte too many": (shape, {"data": b64(Deflate().stored(raw + b"\0").data())}),
        "a long residual cut": (shape, {"data": b64(Deflate().stored(raw[:-1]).data())}),
        "level below 0": ([16, 16], {"data": b64(Deflate().stored(b"\x01").data())}),
        "level above 256": ([16, 16], {"data": b64(_one(1025))}),
        "level above 256 at step 2": ([16, 16], {"step": 2.0, "data": b64(_one(129))}),
    }
    base = {"kind": "means-1", "size": 16, "step": 0.25, "data": b64(plain)}
    out: list[dict[str, Any]] = [
        {
            "name": name,
            "shape": size,
            "tiles": base | changes,
            "values": [" ".join(map(str, row)) for row in values],
        }
        for name, (size, changes, values) in good.items()
    ]
    for name, (size, changes) in bad.items():
        tiles = {key: value for key, value in (base | changes).items() if value is not None}
        out.append({"name": name, "shape": size, "tiles": tiles, "error": True})
    return out


def _alike(count: int) -> bytes:
    """Tiles of one and the same value, 0: a literal, and as many matches as it takes."""
    stream = Deflate()
    stream.begin(1, True)
    stream.symbol(0)
    for at in range(1, count, 10):
        stream.symbol(254 + min(10, count - at))
        stream.code(0, 5)
    stream.symbol(256)
    return stream.data()


def _one(value: int) -> bytes:
    return Deflate().stored(pack([[value]])).data()


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
