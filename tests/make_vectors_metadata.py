"""The part of the conformance vectors that is not JPEG: Exif blocks, records, windows.

See ``make_vectors.py``.  Standard library only, and none of napari-seal.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any

from make_vectors import close_record, exif_digest, level, serialise, sha256

Tags = dict[str, dict[int, tuple[int, int, bytes]]]

# TIFF type: bytes that have an order, and bytes of one value (TIFF 6.0, section 2).
_PARTS = {3: 2, 4: 4, 5: 4, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4}
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_POINTERS = {
    "ExifIFD": ("IFD0", 0x8769),
    "GPS": ("IFD0", 0x8825),
    "InteropIFD": ("ExifIFD", 0xA005),
}


def swap(value: bytes, kind: int) -> bytes:
    """Change the byte order of a tag's value."""
    part = _PARTS.get(kind, 1)
    return b"".join(value[i : i + part][::-1] for i in range(0, len(value), part))


def write_tiff(tags: Tags, order: str = "<", gap: int = 0) -> bytes:
    """An Exif block from directories of ``tag: (type, count, little-endian bytes)``.

    Values lie after all directories, each after ``gap`` unused bytes.
    """
    rows = {name: dict(entries) for name, entries in tags.items()}
    for name, (parent, tag) in _POINTERS.items():
        if name in tags:
            rows[parent][tag] = (4, 1, name.encode())
    starts, at = {}, 8
    for name, entries in rows.items():
        starts[name], at = at, at + 6 + 12 * len(entries)
    out, heap = bytearray(at), bytearray()
    out[:8] = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    for name, entries in rows.items():
        where = starts[name]
        struct.pack_into(order + "H", out, where, len(entries))
        for row, (tag, (kind, count, little)) in enumerate(sorted(entries.items())):
            value = little if order == "<" else swap(little, kind)
            if (name, tag) in _POINTERS.values():
                place = struct.pack(order + "I", starts[little.decode()])
            elif len(value) <= 4:
                place = value.ljust(4, b"\0")
            else:
                heap += bytes(gap)
                place = struct.pack(order + "I", at + len(heap))
                heap += value + bytes(len(value) % 2)
            struct.pack_into(order + "HHI4s", out, where + 2 + 12 * row, tag, kind, count, place)
        if name == "IFD0" and "IFD1" in tags:
            struct.pack_into(order + "I", out, where + 2 + 12 * len(entries), starts["IFD1"])
    return bytes(out + heap)


def read_tiff(block: bytes) -> Tags:
    """The directories of a well-formed Exif block, as `write_tiff` takes them."""
    order = "<" if block[:2] == b"II" else ">"
    tags: Tags = {}
    todo = [("IFD0", struct.unpack_from(order + "I", block, 4)[0])]
    for name, at in todo:
        tags[name] = {}
        (number,) = struct.unpack_from(order + "H", block, at)
        for row in range(at + 2, at + 2 + 12 * number, 12):
            tag, kind, count = struct.unpack_from(order + "HHI", block, row)
            size = _WIDTHS[kind] * count
            start = row + 8 if size <= 4 else struct.unpack_from(order + "I", block, row + 8)[0]
            value = block[start : start + size]
            value = value if order == "<" else swap(value, kind)
            sub = next((s for s, place in _POINTERS.items() if place == (name, tag)), None)
            if sub:
                todo.append((sub, int.from_bytes(value, "little")))
            else:
                tags[name][tag] = (kind, count, value)
    return tags


# ----------------------------------------------------------------------------------- Exif blocks


def _ascii(text: str) -> tuple[int, int, bytes]:
    return 2, len(text) + 1, text.encode() + b"\0"


def _comment(code: bytes, text: bytes) -> tuple[int, int, bytes]:
    return 7, len(code + text), code + text


PLAIN: Tags = {
    "IFD0": {0x010F: _ascii("Zeiss"), 0x0131: _ascii("x 1"), 0x0112: (3, 1, b"\1\0")},
    "ExifIFD": {
        0x829A: (5, 1, struct.pack("<II", 1, 250)),
        0x9000: (7, 4, b"0232"),
        0x9201: (10, 1, struct.pack("<ii", -3, 2)),
        0x9286: _comment(b"ASCII\0\0\0", b'{"a":1}'),
        0xA420: _ascii("0123456789abcdef" * 2),
    },
    "GPS": {0: (1, 4, b"\2\3\0\0"), 2: (5, 3, struct.pack("<6I", 52, 1, 30, 1, 1, 2))},
    "InteropIFD": {1: _ascii("R98")},
    "IFD1": {0x0103: (3, 1, b"\6\0"), 0x0100: (4, 1, b"\x40\x01\0\0")},
}
NUMBERS: Tags = {
    "IFD0": {
        0xC000 + kind: (kind, 3, bytes(range(1, 1 + 3 * width))) for kind, width in _WIDTHS.items()
    }
}
_TEXT = "{}"


def _only(code: bytes, text: bytes) -> Tags:
    return {"IFD0": {}, "ExifIFD": {0x9286: _comment(code, text)}}


def exif_vectors() -> list[dict[str, Any]]:
    """Blocks with their tags' digests and check values; blocks that must be refused."""
    good = [
        ("II", write_tiff(PLAIN), PLAIN, '{"a":1}'),
        ("MM", write_tiff(PLAIN, ">"), PLAIN, '{"a":1}'),
        ("MM, values elsewhere", write_tiff(PLAIN, ">", 10), PLAIN, '{"a":1}'),
        ("every type, II", write_tiff(NUMBERS), NUMBERS, None),
        ("every type, MM", write_tiff(NUMBERS, ">"), NUMBERS, None),
        ("empty", write_tiff({"IFD0": {}}), {"IFD0": {}}, None),
    ]
    comments = [
        ("undefined code", _only(bytes(8), b"{}"), _TEXT),
        ("UTF-16, big", _only(b"UNICODE\0", _TEXT.encode("utf-16-be")), _TEXT),
        ("UTF-16, mark", _only(b"UNICODE\0", b"\xff\xfe" + _TEXT.encode("utf-16-le")), _TEXT),
        (
            "UTF-16, not ASCII",
            _only(b"UNICODE\0", '{"a":"\u017d\U0001f600","seal":{}}'.encode("utf-16-be")),
            r'{"a":"\u017d\ud83d\ude00","seal":{}}',
        ),
        (
            "UTF-16, mark, not ASCII",
            _only(b"UNICODE\0", '\ufeff{"a":"\u017d","seal":{}} '.encode("utf-16-le")),
            r'{"a":"\u017d","seal":{}}',
        ),
        (
            "UTF-16, not ASCII, no seal",
            _only(b"UNICODE\0", '{"a":"\u017d"}'.encode("utf-16-be")),
            None,
        ),
        ("NUL and spaces at the end", _only(b"ASCII\0\0\0", b"{} \0\0 "), _TEXT),
        ("JIS", _only(b"JIS\0\0\0\0\0", b"{}"), None),
    ]
    good += [(f"comment: {name}", write_tiff(t), t, text) for name, t, text in comments]
    block = write_tiff(PLAIN)
    bad = {
        "no byte order": b"XX" + block[2:],
        "not 42": b"II+\0" + block[4:],
        "ends in the header": block[:6],
        "directory outside": block[:4] + b"\xff\xff\0\0" + block[8:],
        "directory ends early": block[:30],
        "number of entries": block[:8] + b"\xff\xff" + block[10:],
        "unknown type": block[:12] + b"\x0e\0" + block[14:],
        "value outside": block[:14] + b"\0\0\1\0" + block[18:],
        "tag twice": block[:34] + block[10:12] + block[36:],
        "directory twice": block[: block.index(b"\x69\x87") + 8]
        + b"\x08\0\0\0"
        + block[block.index(b"\x69\x87") + 12 :],
    }
    out: list[dict[str, Any]] = []
    for name, data, tags, text in good:
        flat = {f"{d}:0x{n:04x}": entry for d, rows in tags.items() for n, entry in rows.items()}
        checks = {k: sha256(serialise(k, *t))[7:15] for k, t in flat.items() if "9286" not in k}
        out.append(
            {
                "name": name,
                "block": base64.b64encode(data).decode(),
                "digest": exif_digest(flat),
                "tags": checks,
                "comment": text,
            }
        )
    return out + [
        {"name": name, "block": base64.b64encode(data).decode(), "error": True}
        for name, data in bad.items()
    ]


# --------------------------------------------------------------------------------------- records


_ADOPTED = {"sha244": "none", "beside": sha256(b"")}


def _seal(**changes: Any) -> dict[str, Any]:
    digest = sha256(b"")
    body: dict[str, Any] = {
        "version": 1,
        "codestream": digest,
        "length": 2,
        "scan": digest,
        "pixels": {"digest": digest, "shape": [2, 3], "dtype": "uint8"},
        "exif": {"digest": digest, "tags": {"IFD0:0x0131": "01234567"}},
        "created": "2026-01-31T12:00:00.000Z",
        "software": {"napari-seal": "0.1.0"},
    }
    body.update(changes)
    return {key: value for key, value in body.items() if value is not None}


def open_record(user: str = "", **changes: Any) -> str:
    """A record's text before the digest."""
    return "{" + user + '"seal":' + json.dumps(_seal(**changes), separators=(",", ":"))[:-1]


_open = open_record


def _resealed(text: str) -> str:
    return close_record(text)


def record_vectors() -> list[dict[str, Any]]:
    """Texts, and what a reader must say of each."""
    source = {"digest": sha256(b"x"), "shape": [2, 3], "dtype": "uint16", "axes": "YX"}
    window = {"low": 0, "high": 65535}
    tiles = {"kind": "means-1", "size": 16, "step": 0.25, "data": "AQEA/v8A"}
    check = "n1:6b86b273"
    identity = "00112233445566778899aabbccddeeff"
    place = {"id": identity, "axes": ["T", "C"], "shape": [10, 2], "index": [3, 0]}
    full = _open('"a":[1,2.5,"\\u017d"],', source=source, window=window, quality=90)
    ok = _resealed(full)
    fake = '"x":{"a":1,"record":"sha256:00","signature":"z"},'
    short = "sha512:" + hashlib.sha512(b"").hexdigest()
    rows = {
        "ok": {
            "all keys": ok,
            "required keys only": _resealed(_open()),
            "unknown key in the seal": _resealed(_open(thumbnail="later")),
            "tiles and keys": _resealed(_open('"a":1,', tiles=tiles, keys={"a": check})),
            "tiles of another kind": _resealed(_open(tiles={"kind": "means-2"})),
            "tiles that cannot be read": _resealed(_open(tiles={"kind": "means-1", "size": 0})),
            "keys of no key": _resealed(_open(keys={})),
            "a place in a stack": _resealed(_open(stack=place)),
            "adopted": _resealed(_open(adopted=_ADOPTED)),
            "adopted, sha244 broken": _resealed(
                _open(adopted=_ADOPTED | {"sha244": "broken", "expected": "0" * 56})
            ),
            "adopted, forced": _resealed(_open(adopted=_ADOPTED | {"forced": ["c2pa"]})),
            "adopted, an unknown key": _resealed(_open(adopted=_ADOPTED | {"later": 1})),
            "an unknown key in a place": _resealed(_open(stack=place | {"later": 1})),
            "a key without its check value": _resealed(_open('"a":1,"b":2,', keys={"a": check})),
            "sha512": _resealed(_open(codestream=short)),
            "spaces elsewhere": _resealed(full.replace('"version":1', '"version": 1')),
            "large number": _resealed(_open('"ns":1234567890123456789012345678901234567890,')),
            "a user's record": _resealed(_open(fake)),
            "signature": ok[:-2] + ',"signature":"ed25519:AAAA"}}',
        },
        "changed": {
            "user value": ok.replace("2.5", "2.6"),
            "user key added": ok.replace('{"a"', '{"b":0,"a"'),
            "seal value": ok.replace('"quality":90', '"quality":91'),
            "space": ok.replace('"a":', '"a": '),
        },
        "rewritten": {
            "with spaces": json.dumps(json.loads(ok)),
            "record is not last": ok[:-2] + ',"z":1}}',
            "key after the seal": ok[:-1] + ',"z":1}',
            "key hidden behind a signature": ok[:-2] + ',"signature":"x"},"z":{"a":1}}',
            "record elsewhere": '{"seal":{"record":"' + sha256(b"") + '",' + _open()[9:] + "}}",
        },
        "malformed": {
            "not JSON": ok[:-1],
            "not an object": f"[{ok}]",
            "key twice": ok.replace('{"a"', '{"a":0,"a"'),
            "key twice in the seal": ok.replace('"length":2', '"length":2,"length":2'),
            "NaN": ok.replace("2.5", "NaN"),
            "Infinity": ok.replace("2.5", "-Infinity"),
            "65 levels": _resealed(_open('"a":' + "[" * 64 + "]" * 64 + ",")),
            "seal is no object": '{"seal":1}',
            "no codestream": _resealed(_open(codestream=None)),
            "short digest": _resealed(_open(scan="sha256:00")),
            "upper case": _resealed(_open(scan=sha256(b"").upper())),
            "length as text": _resealed(_open(length="2")),
            "length negative": _resealed(_open(length=-1)),
            "length true": _resealed(_open(length=True)),
            "shape": _resealed(_open(pixels={"digest": sha256(b""), "shape": 6, "dtype": "uint8"})),
            "adopted is no object": _resealed(_open(adopted=1)),
            "adopted, sha244": _resealed(_open(adopted=_ADOPTED | {"sha244": "maybe"})),
            "adopted, found": _resealed(_open(adopted=_ADOPTED | {"found": "1"})),
            "adopted, beside": _resealed(_open(adopted={"sha244": "none"})),
            "adopted, forced is no list": _resealed(_open(adopted=_ADOPTED | {"forced": "c2pa"})),
            "tag name": _resealed(_open(exif={"digest": sha256(b""), "tags": {"Make": "0"}})),
            "version missing": _resealed(_open(version=None)),
            "version 0": _resealed(_open(version=0)),
            "version 1.0": _resealed(_open(version=1.0)),
            "tiles as text": _resealed(_open(tiles="later")),
            "keys as a list": _resealed(_open(keys=[check])),
            "check value without a size": _resealed(_open(keys={"a": "n:6b86b273"})),
            "check value of an unknown kind": _resealed(_open(keys={"a": "x1:6b86b273"})),
            "check value too short": _resealed(_open(keys={"a": "n1:6b86b27"})),
            "check value in upper case": _resealed(_open(keys={"a": "n1:6B86B273"})),
            "check value as a number": _resealed(_open(keys={"a": 1})),
            "a place as a list": _resealed(_open(stack=[3, 0])),
            "a place without an id": _resealed(_open(stack=place | {"id": None})),
            "a place outside the stack": _resealed(_open(stack=place | {"index": [10, 0]})),
            "a place of too few numbers": _resealed(_open(stack=place | {"index": [3]})),
            "a place with an axis twice": _resealed(_open(stack=place | {"axes": ["T", "T"]})),
            "a place in an empty stack": _resealed(_open(stack=place | {"shape": [10, 0]})),
            "no record": _open() + "}}",
        },
        "unsupported": {
            "version 2": _resealed(_open(version=2)),
            "version 2, other keys": '{"seal":{"version":2,"proof":[]}}',
            "algorithm": _resealed(_open(codestream="blake3:" + "0" * 64)),
        },
    }  # fmt: skip
    rows["ok"]["64 levels"] = _resealed(_open('"a":' + "[" * 63 + "]" * 63 + ","))
    return [
        {"name": name, "text": text, "verdict": verdict}
        for verdict, texts in rows.items()
        for name, text in texts.items()
    ]


# --------------------------------------------------------------------------------------- windows


def window_vectors() -> list[dict[str, Any]]:
    """Intensities with the levels that they are stored as."""
    ties = sorted({256 * k * 21845 // 65535 + d for k in (3, 6, 128, 255) for d in (-1, 0, 1)})
    rows: list[tuple[str, float, float, list[float]]] = [
        ("uint16", 0, 65535, [0, 255, 256, 257, 32767, 32768, 65279, 65280, 65535]),
        ("uint16", 0, 21845, [*ties, 21845]),
        ("uint16", 300, 65000, [0, 299, 300, 301, 553, 554, 32650, 64999, 65000, 65535]),
        ("uint16", 7, 7, [0, 7, 8]),
        ("uint16", 70000, 80000, [0, 65535]),
        ("uint8", 0, 255, list(range(0, 256, 15))),
        ("uint8", 10, 20, [0, 10, 11, 15, 19, 20, 255]),
        ("int16", -32768, 32767, [-32768, -1, 0, 1, 32767]),
        ("int16", -100, -50, [-101, -100, -99, -75, -51, -50, -49, 0]),
        ("int64", -(2**40), 2**40, [-(2**41), -(2**40), -1, 0, 1, 2**40]),
        ("float64", 0.0, 1.0, [0.0, 0.00390625, 0.1, 0.5, 0.99, 1.0]),
        ("float64", -1.5, 2.5, [-9.0, -1.5, 0.0, 1.0, 2.4999, 2.5, 1e300]),
        ("float32", 0.0, 255.0, [0.0, 0.5, 127.5, 128.0, 255.0]),
    ]  # fmt: skip
    return [
        {
            "dtype": dtype,
            "low": low,
            "high": high,
            "values": values,
            "levels": [level(v, low, high) for v in values],
        }
        for dtype, low, high, values in rows
    ]
