"""Makers of files that ask for much; see ``worst_cases.py``."""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import seeds
from make_vectors import segment
from make_vectors_stack import close_index, open_index
from mutators import (
    DQT,
    EXIF,
    SOF0,
    SOS,
    edit_text,
    exif_payload,
    find,
    insert_before,
    moedal_file,
    reseal,
    splice,
)
from PIL import Image
from png_mutators import chunk, edit, replace, with_image_data

Make = Callable[[], bytes]
#: Side of the largest picture.
SIDE = 16_384


def gray() -> bytes:
    """The file that most cases are made from."""
    return seeds.pictures()["gray.jpg"]


def deep() -> bytes:
    """The same as PNG."""
    return seeds.pictures()["deep.png"]


def repeated(part: bytes, count: int, marker: int = DQT) -> Make:
    """Put the same bytes in, so many times."""
    return lambda: insert_before(marker, part * count)(gray())


def record(text: Callable[[bytes], bytes]) -> Make:
    """Another record."""
    return lambda: edit_text(text)(gray())


def user(value: bytes) -> Make:
    """A further key of the user's, as JSON text, in a record that is closed again."""

    def change(text: bytes) -> bytes:
        return seeds.closed(b'{"a":' + value + b"," + text[1:])

    return record(change)


def directory(number: int, following: int = 0) -> bytes:
    """An Exif block of one directory with so many tags of four bytes."""
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, 7) for tag in range(number))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", number) + rows + struct.pack("<I", following)


def loop() -> bytes:
    """Directories that lead to themselves."""
    rows = struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<HHII", 0x8825, 4, 1, 8)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + rows + struct.pack("<I", 8)


def with_scans(count: int) -> bytes:
    """A progressive file whose last scan stands there several times."""
    data = seeds.pictures()["progressive.jpg"]
    have = data.count(b"\xff\xda")
    start, end = find(data, SOS, -1)[0], data.rindex(b"\xff\xd9")
    return data[:end] + data[start:end] * (count - have) + data[end:]


@cache
def wide_jpeg(mode: str = "L", *, side: int = SIDE, **options: Any) -> bytes:
    """A JPEG of the largest picture in some 100 kB, without a seal."""
    out = io.BytesIO()
    level = (90, 128, 60, 30)[: len(mode)]
    Image.new(mode, (side, side), level if len(mode) > 1 else 128).save(out, "JPEG", **options)
    return out.getvalue()


def sealed_as(picture: bytes, shape: list[int]) -> bytes:
    """A picture with a seal that claims its shape, and nothing else that fits it."""
    payload = exif_payload(reseal(lambda body: body["pixels"].update(shape=shape))(gray()))
    return picture[:2] + segment(0xE1, payload) + picture[2:]


def moedal_of(picture: bytes) -> bytes:
    """A picture with the MoEDAL function's record of another one."""
    payload = exif_payload(moedal_file(seeds.levels(16, 24), {}))
    return picture[:2] + segment(0xE1, payload) + picture[2:]


@cache
def wide_png(depth: int = 16, colour: int = 0, *, side: int = SIDE, damaged: bool = False) -> bytes:
    """A PNG of the largest picture in some 100 kB, with a seal that claims its shape.

    A damaged one has digests of its tiles, so that what is left of it is compared.
    """
    channels = {0: 1, 2: 3, 6: 4}[colour]
    row = bytes(1 + side * channels * depth // 8)
    pack = zlib.compressobj(9)
    body = b"".join(pack.compress(row) for _ in range(side)) + pack.flush()
    if damaged:
        body = body[: len(body) * 3 // 4]

    def change(body: dict[str, Any]) -> None:
        body["format"] = "png"
        shape = [side, side] + ([channels] if channels > 1 else [])
        body["pixels"].update(shape=shape, dtype=f"uint{depth}")
        if damaged:
            digests = base64.b64encode(bytes(2 * (side // 256) ** 2)).decode()
            body["tile_digests"] = {"kind": "digest-1", "size": 256, "data": digests}

    header = side.to_bytes(4) * 2 + bytes((depth, colour, 0, 0, 0))
    data = with_image_data(edit(b"IHDR", lambda _: header)(deep()), [body])
    block = exif_payload(reseal(change)(gray()))[len(EXIF) :]
    return replace(b"eXIf", chunk(b"eXIf", block))(data)


@cache
def bomb(size: int) -> bytes:
    """Zlib data of some kB that hold so many zeros."""
    pack = zlib.compressobj(9)
    piece = bytes(1 << 20)
    return b"".join(pack.compress(piece) for _ in range(size >> 20)) + pack.flush()


def index(**changes: Any) -> bytes:
    """An index that is closed."""
    return close_index(open_index(**changes)).encode()


def planes(count: int) -> bytes:
    """An index of so many planes."""
    text = base64.b64encode(bytes(32 * count)).decode()
    source = json.loads(open_index() + "}")["source"]
    return index(shape=[count, 2, 3], planes=text, source=source)


def zeros(size: int) -> Callable[[Path], object]:
    """A file of so many zeros, of which no disk has to hold one."""

    def make(path: Path) -> None:
        path.touch()
        os.truncate(path, size)

    return make


def unix_socket(path: Path) -> None:
    """A socket."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def with_length(data: bytes, marker: int, length: int) -> bytes:
    """A segment that claims another length."""
    start, _ = find(data, marker)
    return splice(data, start + 2, start + 4, length.to_bytes(2))


def with_size(data: bytes, height: int, width: int) -> bytes:
    """A JPEG that claims another size."""
    start, _ = find(data, SOF0)
    return splice(data, start + 5, start + 9, struct.pack(">HH", height, width))


def padded_exif(size: int) -> bytes:
    """The PNG file with its record in a block of so many bytes."""
    block = exif_payload(gray())[len(EXIF) :].ljust(size, b"\0")
    return replace(b"eXIf", chunk(b"eXIf", block))(deep())
