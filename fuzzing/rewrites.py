"""Changes of files at random, for ``mutation_law.py``.

Which bytes a decoder needs is stated here from the standards: nothing of the package has a part in
it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from make_vectors import segment
from mutators import spans
from png_mutators import chunk, chunks

Rewrite = Callable[[bytes, Random], bytes]


# ------------------------------------------------------------------------------ changes anywhere


def _part(data: bytes, rng: Random, most: int = 40) -> tuple[int, int]:
    at = rng.randrange(len(data))
    return at, min(len(data), at + rng.randint(1, most))


def flip_bits(data: bytes, rng: Random) -> bytes:
    """Invert a bit, or some."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 4))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def set_bytes(data: bytes, rng: Random) -> bytes:
    """Other bytes in some places."""
    start, end = _part(data, rng, 8)
    return (
        data[:start] + rng.choice((b"\0", b"\xff", rng.randbytes(1))) * (end - start) + data[end:]
    )


def delete(data: bytes, rng: Random) -> bytes:
    """Bytes are missing."""
    start, end = _part(data, rng)
    return data[:start] + data[end:]


def put_in(data: bytes, rng: Random) -> bytes:
    """Bytes that were not there."""
    start, end = _part(data, rng)
    new = rng.choice((rng.randbytes(end - start), data[start:end], b"\xff" * (end - start)))
    return data[:start] + new + data[start:]


def cut(data: bytes, rng: Random) -> bytes:
    """The end is missing."""
    return data[: rng.randrange(len(data))]


def edit_marker(data: bytes, rng: Random) -> bytes:
    """Another marker, or a chunk of another type."""
    if data[:1] == b"\xff":
        places = [at for at in range(len(data) - 1) if data[at] == 0xFF and data[at + 1]]
        at = rng.choice(places) + 1
        return data[:at] + bytes((rng.randrange(256),)) + data[at + 1 :]
    at = rng.choice([start for _, start, _ in chunks(data)]) + 4 + rng.randrange(4)
    return data[:at] + rng.choice(b"ABDEHILNPRTXadefint").to_bytes() + data[at + 1 :]


def edit_length(data: bytes, rng: Random) -> bytes:
    """A segment or chunk that claims another length."""
    if data[:1] == b"\xff":
        at, width = rng.choice([start for _, start, _ in _spans(data)] or [0]) + 2, 2
    else:
        at, width = rng.choice([start for _, start, _ in chunks(data)] or [0]), 4
    new = (int.from_bytes(data[at : at + width]) + rng.randint(-30, 30)) % (1 << 8 * width)
    return data[:at] + new.to_bytes(width) + data[at + width :]


def swap(data: bytes, rng: Random) -> bytes:
    """Two segments or chunks in each other's place."""
    rows = _spans(data) if data[:1] == b"\xff" else list(chunks(data))
    if len(rows) < 2:
        return data
    (_, a, b), (_, c, d) = sorted(rng.sample(rows, 2), key=lambda row: row[1])
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def sum_right(data: bytes, rng: Random) -> bytes:
    """A chunk is changed, and its check sum with it."""
    if data[:1] == b"\xff":
        return set_bytes(data, rng)
    kind, start, end = rng.choice(list(chunks(data)))
    content = bytearray(data[start + 8 : end - 4])
    if content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return data[:start] + chunk(kind, bytes(content)) + data[end:]


ANYWHERE: tuple[Rewrite, ...] = (
    flip_bits, set_bytes, delete, put_in, cut, edit_marker, edit_length, swap, sum_right
)  # fmt: skip


def splice(data: bytes, other: bytes, rng: Random) -> bytes:
    """A part of another sealed file: bytes, or whole segments or chunks."""
    if rng.random() < 0.4:
        start, end = _part(other, rng, 400)
        at = rng.randrange(len(data))
        return data[:at] + other[start:end] + data[rng.choice((at, at + end - start)) :]
    theirs = _spans(other) if other[:1] == b"\xff" else list(chunks(other))
    mine = _spans(data) if data[:1] == b"\xff" else list(chunks(data))
    if not theirs or not mine:
        return data
    _, start, end = rng.choice(theirs)
    _, at, after = rng.choice(mine)
    return data[:at] + other[start:end] + data[rng.choice((at, after)) :]


def _spans(data: bytes) -> list[tuple[int, int, int]]:
    try:
        return [row for row in spans(data) if row[2] <= len(data)]
    except IndexError:  # it is damaged already
        return []


# ------------------------------------------------------------------ changes outside the codestream


def outside(data: bytes, rng: Random) -> bytes:
    """Change only what a decoder does not need: APPn and COM, or ancillary chunks, and the tail."""
    return _outside_jpeg(data, rng) if data[:1] == b"\xff" else _outside_png(data, rng)


def _outside_jpeg(data: bytes, rng: Random) -> bytes:
    rows = spans(data)
    beside = [(s, e) for marker, s, e in rows if marker & 0xF0 == 0xE0 or marker == 0xFE]
    what = rng.randrange(6)
    if what == 0 or not beside:
        return data + rng.randbytes(rng.randint(1, 60))
    if what == 1:
        _, at, _ = rng.choice(rows)
        new = segment(rng.choice((*range(0xE0, 0xF0), 0xFE)), rng.randbytes(rng.randint(0, 60)))
        return data[:at] + new + data[at:]
    start, end = rng.choice(beside)
    if what == 2:
        return data[:start] + data[end:]
    if what == 3:
        return data[:start] + data[start:end] * 2 + data[end:]
    if end - start <= 4:
        return data
    at = rng.randrange(start + 4, end)
    if what == 4:
        new = rng.randbytes(rng.randint(1, 8))[: end - at]
        return data[:at] + new + data[at + len(new) :]
    payload = data[start + 4 : at] + rng.randbytes(rng.randint(0, 8)) + data[at:end]
    return data[:start] + segment(data[start + 1], payload) + data[end:]


def _outside_png(data: bytes, rng: Random) -> bytes:
    rows = list(chunks(data))
    beside = [(k, s, e) for k, s, e in rows if k[:1].islower() and k != b"tRNS"]
    what = rng.randrange(6)
    if what == 0 or not beside:
        return data + rng.randbytes(rng.randint(1, 60))
    if what == 1:
        kinds = [kind for kind, _, _ in rows]
        first, last = kinds.index(b"IDAT"), len(kinds) - 1 - kinds[::-1].index(b"IDAT")
        at = rng.choice([s for n, (_, s, _) in enumerate(rows) if 0 < n <= first or n > last])
        kind = rng.choice((b"tEXt", b"zTXt", b"iTXt", b"gAMA", b"pHYs", b"tIME", b"prIv", b"eXIf"))
        return data[:at] + chunk(kind, rng.randbytes(rng.randint(0, 60))) + data[at:]
    kind, start, end = rng.choice(beside)
    if what == 2:
        return data[:start] + data[end:]
    if what == 3:
        return data[:start] + data[start:end] * 2 + data[end:]
    at = rng.randrange(start + 8, end)
    new = bytes((data[at] ^ 1 << rng.randrange(8),))
    changed = data[:at] + new + data[at + 1 :]
    if what == 4:
        return changed
    return data[:start] + chunk(kind, changed[start + 8 : end - 4]) + data[end:]
