"""Files that ask for as much as files may ask for, or for a little more, and what becomes of them.

``measure.py`` prints a table of them; ``tests/hostile/test_worst_cases.py`` checks them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import seeds
from hostile_files import (
    SIDE,
    bomb,
    deep,
    directory,
    gray,
    index,
    loop,
    moedal_of,
    padded_exif,
    planes,
    record,
    repeated,
    sealed_as,
    unix_socket,
    user,
    wide_jpeg,
    wide_png,
    with_length,
    with_scans,
    with_size,
    zeros,
)
from make_vectors import segment
from mutators import (
    COM,
    DQT,
    EOI,
    EXIF,
    SOS,
    XMP,
    exif_payload,
    in_scan,
    insert_before,
    reseal,
    with_exif,
)
from png_mutators import chunk, insert, with_image_data, xmp_chunk

from napari_seal._format import limits


@dataclass(frozen=True)
class Case:
    """What makes a file or its content; its verdict, and the code of a reason for it."""

    make: Callable[[], bytes] | Callable[[Path], object]
    verdict: str
    code: str = ""
    name: str = "a.jpg"
    special: bool = False


START = b'{"kind":"napari-seal stack","version":1,'
SEALED = "a.sealed.json"
INTACT, IMAGE, META = "intact", "image-changed", "metadata-changed"
NOT, UNREADABLE, BAD = "not-an-image", "unreadable", "seal-malformed"
TEM = b"\xff\1"
HASH = b"OriginalImageHash='" + b"0" * 64
# Markers of a sealed file up to its scan, with which the quick walk ends.
OWN = 8

CASES: dict[str, Case] = {
    # Segments of JPEG.
    "4,096 segments": Case(
        repeated(segment(COM, b"x"), limits.SEGMENTS - OWN), INTACT, "segment-added"
    ),
    "4,097 segments": Case(
        repeated(segment(COM, b"x"), limits.SEGMENTS - OWN + 1), NOT, "limit-exceeded"
    ),
    "400 comments of 65 kB": Case(repeated(segment(COM, bytes(65_533)), 400), INTACT),
    "400 segments of tables": Case(
        repeated(segment(DQT, (b"\0" + b"\1" * 64) * 1008), 400, SOS), IMAGE, "tables-changed"
    ),
    "65,000 runs of fill bytes": Case(
        lambda: insert_before(EOI, b"a\xff\xff\xd0" * 65_000)(gray()), "reencoded"
    ),
    "66,000 runs of fill bytes": Case(
        lambda: insert_before(EOI, b"a\xff\xff\xd0" * 66_000)(gray()), NOT, "limit-exceeded"
    ),
    "20 MB of fill bytes": Case(lambda: insert_before(DQT, b"\xff" * 20_000_000)(gray()), INTACT),
    "20 MB of TEM markers": Case(lambda: insert_before(DQT, b"\xff\1" * 10_000_000)(gray()), NOT),
    "markers for ExifTool alone": Case(
        lambda: insert_before(DQT, segment(0xE1, XMP + HASH) + segment(0x30, TEM * 30_000) * 300)(
            seeds.unsealed()
        ),
        NOT,
        "limit-exceeded",
    ),
    "20 MB of restarts": Case(
        lambda: insert_before(EOI, b"\xff\xd0" * 10_000_000)(gray()), "reencoded"
    ),
    "a segment in a segment": Case(repeated(segment(COM, gray()), 1), INTACT, "segment-added"),
    "a second picture behind": Case(lambda: gray() + gray(), INTACT, "bytes-after-end"),
    "a length beyond the end": Case(lambda: with_length(gray(), DQT, 0xFFFF), "truncated"),
    "a JFIF thumbnail": Case(
        repeated(segment(0xE0, b"JFXX\0\x13\xff\xff" + bytes(65_000)), 1), INTACT, "segment-added"
    ),
    # Scans.
    "100 scans": Case(lambda: with_scans(100), IMAGE, "recompressed"),
    "101 scans": Case(lambda: with_scans(101), IMAGE, "undecodable"),
    "11 scans of the largest picture": Case(
        lambda: sealed_as(
            insert_before(EOI, segment(SOS, b"\1\1\0\0\0\0") * 10)(wide_jpeg()), [SIDE, SIDE]
        ),
        IMAGE,
        "undecodable",
    ),
    # Exif and XMP.
    "512 tags in 16 blocks": Case(
        lambda: insert_before(DQT, segment(0xE1, EXIF + directory(512)) * 15)(gray()), META
    ),
    "513 tags": Case(lambda: with_exif(gray(), EXIF + directory(513)), "no-seal", "exif-malformed"),
    "17 blocks": Case(
        lambda: insert_before(DQT, segment(0xE1, EXIF + directory(1)) * 16)(gray()),
        NOT,
        "limit-exceeded",
    ),
    "directories in circles": Case(
        lambda: with_exif(gray(), EXIF + loop()), "no-seal", "exif-malformed"
    ),
    "a thumbnail in Exif": Case(
        lambda: insert_before(DQT, segment(0xE1, EXIF + directory(400, 8)))(gray()), META
    ),
    "a comment in UTF-16": Case(
        lambda: with_exif(gray(), exif_payload(gray()).replace(b"ASCII\0\0\0", b"UNICODE\0")),
        "no-seal",
    ),
    "16 MB of XMP": Case(
        repeated(segment(0xE1, XMP + b":Orientation" + b" " * 65_400), 255), INTACT, "xmp-changed"
    ),
    "17 MB of XMP": Case(
        repeated(segment(0xE1, XMP + b":Orientation" + b" " * 65_400), 257), NOT, "limit-exceeded"
    ),
    # The record.
    "nesting of 64": Case(user(b"[" * 63 + b"]" * 63), INTACT),
    "nesting of 65": Case(user(b"[" * 64 + b"]" * 64), BAD, "seal-not-json"),
    "an open text": Case(record(lambda t: t[:-3] + b'"' + b'\\"' * 25_000 + b"[" * 99), BAD),
    "6,000 keys": Case(user(b"{" + b",".join(b'"%d":1' % n for n in range(6_000)) + b"}"), INTACT),
    "a key that stands twice": Case(user(b'1,"a":2'), BAD, "seal-not-json"),
    "a number of 60,000 digits": Case(user(b"9" * 60_000), BAD, "seal-not-json"),
    "14 numbers of 4,000 digits": Case(user(b"[" + b",".join([b"9" * 4_000] * 14) + b"]"), INTACT),
    "a version of addresses": Case(
        record(lambda t: t.replace(b'"version":1', b'"version":"' + b"http://" * 8_000 + b'"')), BAD
    ),
    "20,000 lists": Case(user(b"[" + b",".join([b"[]"] * 20_000) + b"]"), INTACT),
    "tiles that claim much": Case(
        lambda: in_scan(0.5)(
            reseal(lambda body: body["tiles"].update(data="A" * 2_000, size=8, step=0.25))(gray())
        ),
        IMAGE,
    ),
    # Pictures of the largest size in few bytes.
    "the largest gray JPEG": Case(lambda: sealed_as(wide_jpeg(), [SIDE, SIDE]), IMAGE),
    "the largest RGB JPEG": Case(lambda: sealed_as(wide_jpeg("RGB"), [SIDE, SIDE, 3]), IMAGE),
    "the largest JPEG, unlike its seal": Case(
        lambda: sealed_as(wide_jpeg(), [16, 24]), IMAGE, "size-changed"
    ),
    "the largest JPEG of the MoEDAL function": Case(lambda: moedal_of(wide_jpeg()), IMAGE),
    "65,500 x 65,500 pixels": Case(
        lambda: moedal_of(with_size(wide_jpeg(), 65_500, 65_500)),
        IMAGE,
        "undecodable",
    ),
    "the largest 8-bit PNG": Case(lambda: wide_png(8), IMAGE, name="a.png"),
    "the largest 16-bit PNG": Case(wide_png, IMAGE, name="a.png"),
    "the largest RGB PNG": Case(lambda: wide_png(8, 2), IMAGE, name="a.png"),
    "the largest RGBA PNG": Case(lambda: wide_png(8, 6, side=14_188), IMAGE, name="a.png"),
    "an RGBA PNG of as many pixels": Case(lambda: wide_png(8, 6), IMAGE, "undecodable", "a.png"),
    "the largest CMYK JPEG": Case(
        lambda: sealed_as(wide_jpeg("CMYK", side=14_188), [14_188, 14_188, 4]), IMAGE
    ),
    "the largest PNG, damaged": Case(lambda: wide_png(damaged=True), IMAGE, name="a.png"),
    "a damaged PNG of 64 megapixels": Case(
        lambda: wide_png(8, side=8_000, damaged=True), IMAGE, "bytes-replaced", "a.png"
    ),
    # Chunks of PNG.
    "131,072 chunks": Case(
        lambda: insert(b"IDAT", chunk(b"tEXt", b"a\0b") * (limits.CHUNKS - 5))(deep()),
        INTACT,
        "segment-added",
        "a.png",
    ),
    "131,073 chunks": Case(
        lambda: insert(b"IDAT", chunk(b"tEXt", b"a\0b") * (limits.CHUNKS + 1))(deep()),
        NOT,
        "limit-exceeded",
        "a.png",
    ),
    "a length beyond all": Case(
        lambda: insert(b"IDAT", b"\xff\xff\xff\xfftEXt")(deep()), "truncated", "", "a.png"
    ),
    "XMP of 16 MB": Case(
        lambda: insert(b"IDAT", xmp_chunk(bytes((1 << 24) - 2000), packed=True))(deep()),
        INTACT,
        "xmp-changed",
        "a.png",
    ),
    "XMP of 1 GB": Case(
        lambda: insert(b"IDAT", chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb(1 << 30)))(
            deep()
        ),
        NOT,
        "limit-exceeded",
        "a.png",
    ),
    "a text of 1 GB": Case(
        lambda: insert(b"IDAT", chunk(b"zTXt", b"a\0\0" + bomb(1 << 30)))(deep()),
        INTACT,
        "segment-added",
        "a.png",
    ),
    "a profile of 1 GB": Case(
        lambda: insert(b"IDAT", chunk(b"iCCP", b"a\0\0" + bomb(1 << 30)))(deep()),
        INTACT,
        "segment-added",
        "a.png",
    ),
    "Exif in a text of 1 GB": Case(
        lambda: insert(b"IDAT", chunk(b"zTXt", b"Raw profile type exif\0\0" + bomb(1 << 30)))(
            deep()
        ),
        META,
        "exif-block-added",
        "a.png",
    ),
    "samples of 1 GB": Case(lambda: with_image_data(deep(), [bomb(1 << 30)]), IMAGE, "", "a.png"),
    "Exif of 1 MB": Case(lambda: padded_exif(1 << 20), IMAGE, "", "a.png"),
    "Exif of 100 MB": Case(
        lambda: padded_exif(100 << 20),
        BAD,
        "exif-malformed",
        "a.png",
    ),
    # Indexes.
    "an index of 2^20 planes": Case(lambda: planes(limits.STACK_PLANES), INTACT, "", SEALED),
    "an index of 2^20 + 1 planes": Case(
        lambda: planes(limits.STACK_PLANES + 1), BAD, "seal-invalid", SEALED
    ),
    "an index of 67 MB of lists": Case(
        lambda: START + b'"metadata":[' + b"[]," * 22_000_000 + b"[]]}",
        BAD,
        "seal-not-json",
        SEALED,
    ),
    "an index that is one open text": Case(
        lambda: START + b"[" * 99 + b'"' + b'\\"' * 30_000_000, BAD, "seal-not-json", SEALED
    ),
    "an index of addresses": Case(
        lambda: index(version="http://" * 9_000_000), BAD, "seal-invalid", SEALED
    ),
    "an index of 68 MB": Case(lambda: START + b" " * (1 << 26), BAD, "seal-invalid", SEALED),
    "an index of nothing but brackets": Case(
        lambda: START + b'"a":' + b"[" * 60_000_000, BAD, "seal-not-json", SEALED
    ),
    # What is no file, or no whole one.
    "a pipe": Case(os.mkfifo, UNREADABLE, "not-a-regular-file", special=True),
    "a socket": Case(unix_socket, UNREADABLE, "io-error", special=True),
    "a device": Case(
        lambda path: path.symlink_to("/dev/zero"), UNREADABLE, "not-a-regular-file", special=True
    ),
    "a folder": Case(Path.mkdir, UNREADABLE, "is-a-directory", special=True),
    "a file of 1 TB of nothing": Case(zeros(1 << 40), UNREADABLE, "limit-exceeded", special=True),
    "a file of 1 GB of nothing": Case(zeros(1 << 30), NOT, "unknown-format", special=True),
    "1 GB behind the picture": Case(
        lambda path: (path.write_bytes(gray()), os.truncate(path, 1 << 30)),
        INTACT,
        "bytes-after-end",
        special=True,
    ),
}
