"""Conformance vectors of the seal format, version 1: ``tests/data/vectors_v1.json``.

Run ``python tests/make_vectors.py`` to write the file anew.  Standard library only, and none of
napari-seal: the first half is a plain, slow implementation of ``docs/seal-format.md``, the second
half puts its inputs together byte by byte, so that no encoder and no clock has a part in them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "data" / "vectors_v1.json"
LENGTHLESS = {0x00, 0x01, *range(0xD0, 0xD9)}


def sha256(data: bytes) -> str:
    """A digest as it is written in a seal."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


# ------------------------------------------------------------------- the rules, section by section


def codestream(data: bytes) -> tuple[bytes, str, bool]:
    """Section 3: the pieces, the colour-transform token, and whether EOI was found."""
    out = bytearray(data[:2])
    at, jfif, adobe, ids, scans, token = 2, False, -1, b"", 0, ""
    while True:
        while at < len(data) and data[at] != 0xFF:  # step 2
            out.append(data[at])
            at += 1
        if at + 1 >= len(data):
            return bytes(out + data[at:]), token, False
        while data[at + 1] == 0xFF:  # step 3
            at += 1
        marker = data[at + 1]
        if marker == 0xD9:  # step 4
            return bytes(out) + b"\xff\xd9", token, True
        if marker in LENGTHLESS:
            out += data[at : at + 2]
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4]) if at + 4 <= len(data) else 0
        end = at + 2 + length
        if length < 2 or end > len(data):
            return bytes(out + data[at:]), token, False
        payload = data[at + 4 : end]
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:  # step 5
            after = end
            while data[after : after + 2] == b"\xff\xff":
                after += 1
            following = data[after : after + 2]
            if following and (following[0] != 0xFF or following[1:] in map(_byte, LENGTHLESS)):
                out += data[at : at + 2]
            if not scans and marker == 0xE0 and payload[:5] == b"JFIF\0" and len(payload) >= 14:
                jfif = True
            if not scans and marker == 0xEE and payload[:5] == b"Adobe" and len(payload) >= 12:
                adobe = payload[11]
            at = end
            continue
        out += data[at:end]  # step 6
        at = end
        if not ids and 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            whole = len(payload) >= 6 and len(payload) >= 6 + 3 * payload[5]
            ids = payload[6 : 6 + 3 * payload[5] : 3] if whole else b""
        if marker == 0xDA:  # step 7
            scans += 1
            if scans == 1:
                token = colour_transform(ids, jfif, adobe)
            at = _entropy_coded(data, at, out)


def _byte(value: int) -> bytes:
    return bytes((value,))


def _entropy_coded(data: bytes, at: int, out: bytearray) -> int:
    while at < len(data):
        run = 0
        while data[at + run : at + run + 1] == b"\xff":
            run += 1
        after = data[at + run] if at + run < len(data) else -1
        if run == 0:
            out.append(data[at])
            at += 1
        elif after in (0x00, -1):  # a stuffed zero, or the data end
            out += data[at : at + run + 1]
            at += run + 1
        elif 0xD0 <= after <= 0xD7:
            out += bytes((0xFF, after))
            at += run + 1
        else:
            return at + run - 1
    return len(data)


def colour_transform(ids: bytes, jfif: bool, adobe: int) -> str:
    """Section 3.2: the token."""
    if len(ids) == 3:
        if jfif:
            return "YCbCr"
        if adobe >= 0:
            return "RGB" if adobe == 0 else "YCbCr"
        return "RGB" if ids == b"RGB" else "YCbCr"
    if len(ids) == 4:
        return {-1: "CMYK", 0: "CMYK-Adobe"}.get(adobe, "YCCK-Adobe")
    return ""


def scan(data: bytes) -> bytes:
    """Section 4: the bytes of ExifTool's ImageDataHash."""
    out, at, previous, previous_at = b"", 2, -1, 0
    while True:
        while at < len(data) and data[at] != 0xFF:
            at += 1
        while data[at + 1 : at + 2] == b"\xff":
            at += 1
        if at + 1 >= len(data):
            return out
        marker, here = data[at + 1], at
        at += 2
        lengthless = {*LENGTHLESS, 0xD9, 0xDA, *range(0x30, 0x40), 0x4F, 0x92, 0x93}
        if marker in lengthless:
            if previous in (0xDA, 0x00, *range(0xD0, 0xD8)):
                out += data[previous_at:here]
            if marker == 0xD9:
                return out
        else:
            width = 4 if marker in (0x74, 0x75, 0x77) else 2
            length = int.from_bytes(data[at : at + width])
            if at + width > len(data) or length < width or at + length > len(data):
                return out
            at += length
        previous, previous_at = marker, here


def serialise(key: str, kind: int, count: int, value: bytes) -> bytes:
    """Section 6.2: a tag as bytes; ``value`` is little-endian."""
    directory, number = key.split(":")
    index = ["IFD0", "ExifIFD", "GPS", "InteropIFD", "IFD1"].index(directory)
    return struct.pack("<BHHI", index, int(number, 16), kind, count) + value


def exif_digest(tags: dict[str, tuple[int, int, bytes]]) -> str:
    """Section 6.2: the digest over tags, UserComment excepted."""
    rows = [serialise(k, *t) for k, t in tags.items() if k != "ExifIFD:0x9286"]
    return sha256(b"".join(sorted(rows, key=lambda row: (row[0], row[1] + 256 * row[2]))))


def close_record(text: str) -> str:
    """Section 2.4: put the record digest on."""
    return f'{text},"record":"{sha256(text.encode("ascii"))}"}}}}'


def level(value: float, low: float, high: float) -> int:
    """Section 5: the 8-bit level of an intensity."""
    value = min(max(value, low), high)
    return int(65535 * ((value - low) / (high - low))) // 256 if high > low else 0


# ------------------------------------------------------------------------------ inputs: JPEG files


def segment(marker: int, payload: bytes) -> bytes:
    """A marker segment."""
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload


SOI, EOI = b"\xff\xd8", b"\xff\xd9"
JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
DQT = segment(0xDB, b"\0" + b"\x08" * 64)  # a DC coefficient of 1 is one level
# Symbols 0 (code 0) and 1 to 7 (codes 1000 to 1110) for DC; only end-of-block (code 0) for AC.
DHT = segment(0xC4, b"\0\1\0\0\7" + bytes(12) + bytes(range(8))) + segment(
    0xC4, b"\x10\1" + bytes(15) + b"\0"
)
COM = segment(0xFE, b"a comment")


def adobe(transform: int) -> bytes:
    """APP14 as Adobe writes it."""
    return segment(0xEE, b"Adobe\0\x64\0\0\0\0" + _byte(transform))


def sof(kind: int, height: int, width: int, ids: bytes) -> bytes:
    """A frame header without subsampling."""
    parts = b"".join(bytes((i, 0x11, 0)) for i in ids)
    return segment(kind, struct.pack(">BHHB", 8, height, width, len(ids)) + parts)


def sos(ids: bytes, start: int = 0, end: int = 63) -> bytes:
    """A scan header."""
    parts = b"".join(bytes((i, 0)) for i in ids)
    return segment(0xDA, bytes((len(ids),)) + parts + bytes((start, end, 0)))


def coded(*differences: int, ac: str = "0") -> bytes:
    """Entropy-coded blocks of one level each: DC differences from block to block."""
    bits = ""
    for value in differences:
        size = abs(value).bit_length()
        bits += f"1{size - 1:03b}" if size else "0"
        bits += f"{value if value > 0 else value + (1 << size) - 1:0{size}b}" if size else ""
        bits += ac
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\0")


GRAY = SOI + JFIF + DQT + sof(0xC0, 8, 8, b"\1") + DHT + sos(b"\1") + coded(40) + EOI
_STUFFED = coded(127, 0, 127)
WIDE = sof(0xC0, 8, 24, b"\1")
RST = [b"\xff" + _byte(0xD0 + i) for i in range(3)]
RESTARTS = [SOI + JFIF + DQT + WIDE + DHT + segment(0xDD, b"\0\1") + sos(b"\1"),
            coded(9), RST[0], coded(-9), RST[1], coded(30), EOI]  # fmt: skip


def colour(start: bytes, ids: bytes = b"\1\2\3") -> bytes:
    """A picture of one colour, with segments before its tables."""
    head = SOI + start + DQT + sof(0xC0, 8, 8, ids) + DHT + sos(ids)
    return head + coded(*([50, -30, 20, 5][: len(ids)])) + EOI


def scans(between: bytes = b"") -> bytes:
    """Three scans, one a component, with segments between the first and the second."""
    head = SOI + JFIF + DQT + sof(0xC0, 8, 8, b"\1\2\3") + DHT
    parts = [sos(_byte(i)) + coded(d) for i, d in ((1, 50), (2, -30), (3, 20))]
    return head + parts[0] + between + parts[1] + parts[2] + EOI


def progressive(between: bytes = b"") -> bytes:
    """DC first, then AC, with the AC table between them."""
    head = SOI + JFIF + DQT + sof(0xC2, 8, 8, b"\1") + DHT + sos(b"\1", 0, 0)
    table = segment(0xC4, b"\x10\1" + bytes(15) + b"\0")
    return head + coded(40, ac="") + between + table + sos(b"\1", 1, 63) + b"\x7f" + EOI


_DC = coded(40, ac="")


def before(data: bytes, mark: bytes, new: bytes) -> bytes:
    """``data`` with bytes put before the first place where others stand."""
    assert mark in data
    return data.replace(mark, new + mark, 1)


_SOS = b"\xff\xda"
_STUFFED_FILE = GRAY.replace(coded(40), _STUFFED).replace(sof(0xC0, 8, 8, b"\1"), WIDE)

#: Name, file, and the one level of a gray picture where a baseline decoder gives one.
JPEGS: list[tuple[str, bytes, list[int] | None]] = [
    ("gray", GRAY, [168]),
    ("gray, no JFIF", GRAY.replace(JFIF, b""), [168]),
    ("gray, SOI and EOI only", SOI + EOI, None),
    ("gray, stuffed zeros", _STUFFED_FILE, [255, 255, 255]),
    ("gray, comment before the tables", before(GRAY, DQT, COM), [168]),
    ("gray, comment before SOS", before(GRAY, _SOS, COM), [168]),
    ("gray, comment before EOI", before(GRAY, EOI, COM), [168]),
    ("gray, APP1 and APP15", before(GRAY, DQT, segment(0xE1, b"Exif") + segment(0xEF, b"")), [168]),
    ("gray, empty APP2", before(GRAY, DQT, segment(0xE2, b"")), [168]),
    ("gray, markers in a comment", before(GRAY, DQT, segment(0xFE, EOI + SOI + _SOS)), [168]),
    ("gray, fill before segments", GRAY.replace(b"\xff\xdb", b"\xff" * 4 + b"\xdb"), [168]),
    ("gray, fill before EOI", before(GRAY, EOI, b"\xff\xff"), [168]),
    ("gray, fill before APP0", before(GRAY, JFIF, b"\xff"), [168]),
    ("gray, fill before a stuffed zero", _STUFFED_FILE.replace(b"\xff\0", b"\xff\xff\0", 1), None),
    ("gray, comment in the scan", _STUFFED_FILE.replace(_STUFFED[1:], COM + _STUFFED[1:]), None),
    ("gray, junk between segments", before(GRAY, DQT, b"junk"), None),
    ("gray, comment and junk", before(GRAY, DQT, COM + b"junk"), None),
    ("gray, FF 00 between segments", before(GRAY, DQT, b"\xff\0"), None),
    ("gray, comment and FF 00", before(GRAY, DQT, COM + b"\xff\0"), None),
    ("gray, TEM", before(GRAY, DQT, b"\xff\1"), None),
    ("gray, DNL", before(GRAY, EOI, segment(0xDC, b"\0\x08")), None),
    ("gray, bytes after EOI", GRAY + b"trailer\xff\xd9", [168]),
    ("gray, two pictures", GRAY + GRAY, [168]),
    ("gray, quantisation times 2", GRAY.replace(b"\x08" * 64, b"\x10" * 64), [208]),
    ("gray, height 4", GRAY.replace(b"\x08\0\x08\0\x08", b"\x08\0\4\0\x08"), None),
    ("gray, no EOI", GRAY[:-2], None),
    ("gray, half an EOI", GRAY[:-1], None),
    ("gray, ends in the frame header", GRAY[: GRAY.index(b"\xff\xc0") + 9], None),
    ("gray, length word of 1", GRAY.replace(b"\xff\xdb\0\x43", b"\xff\xdb\0\1"), None),
    ("gray, ExifTool's length-less 4F", before(GRAY, EOI, b"\xff\x4f\0\2"), None),
    ("restarts", b"".join(RESTARTS), [137, 119, 158]),
    ("restarts, fill before RST1", before(b"".join(RESTARTS), RST[1], b"\xff"), [137, 119, 158]),
    ("restarts, comment before RST1", before(b"".join(RESTARTS), RST[1], COM), None),
    ("restarts, comment after RST1", b"".join([*RESTARTS[:5], COM, *RESTARTS[5:]]), None),
    ("restarts, renumbered", b"".join(RESTARTS).replace(b"\xff\xd1", b"\xff\xd4"), None),
    ("three scans", scans(), None),
    ("three scans, comment between", scans(COM), None),
    ("three scans, late JFIF and Adobe", scans(JFIF + adobe(0)), None),
    ("progressive", progressive(), [168]),
    ("progressive, bit before a DHT", progressive().replace(_DC, coded(41, ac="")), [169]),
    ("progressive, comment before a DHT", progressive(COM), [168]),
    ("colour, JFIF", colour(JFIF), None),
    ("colour, JFIF too short", colour(segment(0xE0, b"JFIF\0\1\1"), b"RGB"), None),
    ("colour, nothing", colour(b""), None),
    ("colour, nothing, ids RGB", colour(b"", b"RGB"), None),
    ("colour, JFIF, ids RGB", colour(JFIF, b"RGB"), None),
    ("colour, Adobe 0", colour(adobe(0)), None),
    ("colour, Adobe 1", colour(adobe(1)), None),
    ("colour, Adobe 2", colour(adobe(2)), None),
    ("colour, JFIF and Adobe 0", colour(JFIF + adobe(0)), None),
    ("colour, Adobe 0 then 1", colour(adobe(0) + adobe(1)), None),
    ("colour, Adobe too short", colour(segment(0xEE, b"Adobe\0\x64"), b"RGB"), None),
    ("four components", colour(b"", b"\1\2\3\4"), None),
    ("four components, Adobe 0", colour(adobe(0), b"\1\2\3\4"), None),
    ("four components, Adobe 2", colour(adobe(2), b"\1\2\3\4"), None),
    ("two components", colour(JFIF, b"\1\2"), None),
]  # fmt: skip


def jpeg_vector(name: str, data: bytes, levels: list[int] | None) -> dict[str, Any]:
    """One file with what the rules make of it."""
    pieces, token, complete = codestream(data)
    vector: dict[str, Any] = {
        "name": name,
        "file": base64.b64encode(data).decode(),
        "complete": complete,
        "length": len(pieces),
        "transform": token,
        "codestream": sha256(pieces + token.encode()),
        "scan": sha256(scan(data)),
    }
    if levels:
        row = b"".join(_byte(v) * 8 for v in levels)
        vector["pixels"] = {"digest": sha256(row * 8), "shape": [8, 8 * len(levels)]}
    return vector


def build() -> dict[str, Any]:
    """All vectors."""
    from make_vectors_adopted import adopted_vectors
    from make_vectors_blake3 import blake3_record_vectors, blake3_vectors
    from make_vectors_metadata import exif_vectors, record_vectors, window_vectors
    from make_vectors_picture import keys_vectors, tiles_vectors
    from make_vectors_png import png_vectors, tile_digests_vectors, window16_vectors
    from make_vectors_signature import signature_vectors
    from make_vectors_stack import plane_name_vectors, stack_vectors
    from make_vectors_tiles_data import tiles_data_vectors

    return {
        "format": "napari-seal",
        "version": 1,
        "jpeg": [jpeg_vector(*case) for case in JPEGS],
        "exif": exif_vectors(),
        "record": record_vectors(),
        "window": window_vectors(),
        "tiles": tiles_vectors(),
        "tiles_data": tiles_data_vectors(),
        "keys": keys_vectors(),
        "blake3": blake3_vectors(),
        "blake3_record": blake3_record_vectors(),
        "plane_name": plane_name_vectors(),
        "stack": stack_vectors(),
        "png": png_vectors(),
        "window16": window16_vectors(),
        "tile_digests": tile_digests_vectors(),
        "signature": signature_vectors(),
        "adopted": adopted_vectors(),
    }


def dumps(vectors: dict[str, Any]) -> str:
    """The file's text."""
    return json.dumps(vectors, indent=1) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(dumps(build()))
