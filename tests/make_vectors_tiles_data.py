"""The part of the conformance vectors about fingerprints as they stand in a seal.

See ``make_vectors.py``.  Standard library only, and none of napari-seal.
"""

from __future__ import annotations

import base64
from typing import Any

from make_vectors_picture import Rows, pack


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
