"""Conformance vectors of digests with BLAKE3; see ``make_vectors.py``.

Standard library only, so BLAKE3 is written out here, plain and slow, from its specification
(O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3: one function, fast everywhere", 2020).
"""

from __future__ import annotations

import base64
import struct
from typing import Any

from make_vectors import JPEGS, codestream
from make_vectors_metadata import open_record

IV = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
)  # fmt: skip
ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
# Columns, then diagonals (section 2.2).
ROUND = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8


def compress(value: tuple[int, ...], block: bytes, counter: int, flags: int) -> tuple[int, ...]:
    """The first half of the compression function's output (section 2.2)."""
    words = list(struct.unpack("<16I", block.ljust(64, b"\0")))
    state = [*value, *IV[:4], counter & 0xFFFFFFFF, counter >> 32, len(block), flags]
    for _ in range(7):
        for step, (a, b, c, d) in enumerate(ROUND):
            for word, first, second in ((2 * step, 16, 12), (2 * step + 1, 8, 7)):
                state[a] = (state[a] + state[b] + words[word]) & 0xFFFFFFFF
                state[d] = turn(state[d] ^ state[a], first)
                state[c] = (state[c] + state[d]) & 0xFFFFFFFF
                state[b] = turn(state[b] ^ state[c], second)
        words = [words[index] for index in ORDER]
    return tuple(state[i] ^ state[i + 8] for i in range(8))


def turn(word: int, count: int) -> int:
    """A word of 32 bits, turned right."""
    return (word >> count | word << (32 - count)) & 0xFFFFFFFF


def node(data: bytes, first: int, root: int) -> tuple[int, ...]:
    """The chaining value of data that begin with chunk number ``first`` (sections 2.1 and 2.4)."""
    if len(data) <= 1024:
        value = IV
        blocks = [data[at : at + 64] for at in range(0, len(data), 64)] or [b""]
        for index, block in enumerate(blocks):
            last = index == len(blocks) - 1
            flags = CHUNK_START * (index == 0) | (CHUNK_END | root) * last
            value = compress(value, block, first, flags)
        return value
    chunks = (len(data) - 1) // 1024
    left = 1 << (chunks.bit_length() - 1)  # the largest power of two of whole chunks
    parts = (node(data[: 1024 * left], first, 0), node(data[1024 * left :], first + left, 0))
    return compress(IV, struct.pack("<16I", *parts[0], *parts[1]), 0, PARENT | root)


def blake3(data: bytes) -> str:
    """A digest as it is written in a seal."""
    return "blake3:" + struct.pack("<8I", *node(data, 0, ROOT)).hex()


def blake3_vectors() -> list[dict[str, Any]]:
    """Bytes and their digests; the last ones are codestreams, with the token behind them."""
    pattern = bytes(i % 251 for i in range(5_000))
    cases = [
        ("empty", b""),
        ("abc", b"abc"),
        *((f"pattern of {size} bytes", pattern[:size]) for size in (64, 1024, 1025, 3073, 5000)),
    ]
    for name, file, _ in JPEGS[:3]:
        pieces, token, _ = codestream(file)
        cases.append((f"codestream of {name}", pieces + token.encode("ascii")))
    return [
        {"name": name, "data": base64.b64encode(data).decode("ascii"), "digest": blake3(data)}
        for name, data in cases
    ]


def blake3_record_vectors() -> list[dict[str, Any]]:
    """Records with digests of BLAKE3; `scan` is never one, for ExifTool does not know it."""
    digest = blake3(b"")
    opened = open_record(
        '"sample":"TDR 12",',
        codestream=digest,
        pixels={"digest": digest, "shape": [2, 3], "dtype": "uint8"},
        exif={"digest": digest, "tags": {"IFD0:0x0131": "01234567"}},
    )
    closed = f'{opened},"record":"{blake3(opened.encode("ascii"))}"}}}}'
    return [
        {"name": "closed", "text": closed, "verdict": "ok"},
        {"name": "changed", "text": closed.replace("TDR 12", "TDR 13"), "verdict": "changed"},
    ]
