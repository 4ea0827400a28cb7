"""Exif tags by name, and the writer of our own block.

Names, types and the encoding of values are piexif's; no other module imports it, and it never sees
a block from outside.  The layout is our own again: piexif leaves out the next-IFD word of all
directories but IFD0.
"""

from __future__ import annotations

import difflib
import math
import struct
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

import piexif

from napari_seal._format.exif import (
    DIRECTORIES,
    IMAGE_UNIQUE_ID,
    POINTERS,
    SIGNATURE,
    SOFTWARE,
    TYPES,
    USER_COMMENT,
    Entry,
    Key,
    key_text,
    read,
    swapped,
)
from napari_seal.errors import MetadataError

# The same directories by piexif's names.
_NAMES: Final = dict(zip(DIRECTORIES, ("0th", "Exif", "GPS", "Interop", "1st"), strict=True))
_POINTER_TO: Final = {name: key for key, name in POINTERS.items()}


def tag_name(key: Key) -> str:
    """The standard's name of a tag, such as ``Software``; its number where it has none."""
    known = piexif.TAGS[_NAMES[key[0]]].get(key[1])
    if known is None:
        return key_text(key)
    return f"IFD1:{known['name']}" if key[0] == "IFD1" else str(known["name"])


_RESERVED: Final = {
    "UserComment": "the seal goes there; use `metadata`",
    "ImageUniqueID": "it is derived from the image",
    "Software": "it names napari-seal",
    "ExifVersion": "it is written by napari-seal",
}


def build(tags: Mapping[str, Any], unique_id: str, software: str, comment: bytes) -> bytes:
    """Build the payload of the APP1 segment; see `encode` and `lay_out`."""
    return lay_out(encode(tags, unique_id, software), comment)


def encode(tags: Mapping[str, Any], unique_id: str, software: str) -> dict[Key, Entry]:
    """All tags of a sealed file but UserComment.

    Parameters
    ----------
    tags : mapping of str to value
        Further Exif tags by their standard name, such as ``{"Make": "Zeiss"}``.  Text tags take
        ``str`` in ASCII, dates also `datetime.datetime`; numbers ``int``; rationals ``int``,
        ``float``, `fractions.Fraction` or a pair of ``int``; opaque tags ``bytes``.  Several values
        go in a tuple or list.  NumPy's scalars and arrays stand for the numbers in them.
    unique_id : str
        For ImageUniqueID, 32 hexadecimal digits (Exif 2.32, 4.6.5, tag A420).
    software : str
        For Software.

    Raises
    ------
    MetadataError
        A tag is unknown, reserved, or its value does not fit its type.
    """
    block: dict[str, dict[int, Any]] = {"0th": {}, "Exif": {}, "GPS": {}}
    for name, value in tags.items():
        directory, number, kind = _find_tag(name)
        block[directory][number] = _encode(name, kind, value)
    block["0th"][SOFTWARE[1]] = software.encode("ascii")
    block["Exif"][0x9000] = b"0232"
    block["Exif"][IMAGE_UNIQUE_ID[1]] = unique_id.encode("ascii")
    try:
        payload: bytes = piexif.dump(block)
    except (ValueError, struct.error, TypeError, OverflowError, IndexError) as error:
        raise MetadataError(f"the Exif tags cannot be encoded: {error}") from error
    entries = read(payload[len(SIGNATURE) :])
    return {key: entries[key] for key in sorted(entries, key=_rank)}


def _rank(key: Key) -> tuple[int, int]:
    return DIRECTORIES.index(key[0]), key[1]


def lay_out(tags: Mapping[Key, Entry], comment: bytes) -> bytes:
    """The payload of the APP1 segment with these tags, and a UserComment in ASCII."""
    value = b"ASCII\0\0\0" + comment
    return SIGNATURE + _lay_out({**tags, USER_COMMENT: Entry(7, len(value), value)})


def _lay_out(entries: Mapping[Key, Entry]) -> bytes:
    """Write tags as a big-endian block, by the rules of TIFF 6.0, section 2.

    Directories come first, each sorted and followed by its next-IFD word (which is 0), then all
    values that do not fit an entry, at even offsets.
    """
    names = [name for name in DIRECTORIES if any(key[0] == name for key in entries)]
    pointers = {_POINTER_TO[name]: name for name in names if name in _POINTER_TO}
    keys = {name: sorted(k for k in (*entries, *pointers) if k[0] == name) for name in names}
    starts: dict[str, int] = {}
    at = 8
    for name in names:
        starts[name], at = at, at + 2 + 12 * len(keys[name]) + 4
    directories, values = bytearray(), bytearray()
    for name in names:
        directories += struct.pack(">H", len(keys[name]))
        for key in keys[name]:
            if key in pointers:
                entry = Entry(4, 1, struct.pack("<I", starts[pointers[key]]))
            else:
                entry = entries[key]
            part = TYPES[entry.type][0]
            value = swapped(entry.value, part) if part > 1 else entry.value
            if len(value) > 4:
                values += bytes(len(values) % 2)
                value, more = struct.pack(">I", at + len(values)), value
                values += more
            directories += struct.pack(">HHI4s", key[1], entry.type, entry.number, value)
        directories += bytes(4)
    return b"MM\0*\0\0\0\x08" + directories + values


def _find_tag(name: object) -> tuple[str, int, int]:
    if not isinstance(name, str):
        raise MetadataError(f"Exif tags are given by name, not by {name!r}")
    if name in _RESERVED:
        raise MetadataError(f"the Exif tag {name} cannot be set: {_RESERVED[name]}")
    names: list[str] = []
    for directory in ("Exif", "0th", "GPS"):  # TIFF/EP gives IFD0 tags of the same names
        for number, tag in piexif.TAGS[directory].items():
            if number in (0x8769, 0x8825, 0xA005):  # pointers: structure, not content
                continue
            if tag["name"] == name:
                return directory, number, tag["type"]
            names.append(tag["name"])
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]}?" if close else "; names are those of the Exif standard"
    raise MetadataError(f"unknown Exif tag {name!r}{hint}")


# Least and greatest number of a TIFF type; for rationals, of each of the two (TIFF 6.0, section 2).
_RANGES: Final = {
    1: (0, 0xFF), 3: (0, 0xFFFF), 4: (0, 0xFFFFFFFF), 5: (0, 0xFFFFFFFF),
    6: (-0x80, 0x7F), 8: (-0x8000, 0x7FFF), 9: (-0x80000000, 0x7FFFFFFF),
    10: (-0x80000000, 0x7FFFFFFF),
}  # fmt: skip


def _encode(name: str, kind: int, value: Any) -> Any:
    """One value in the form that piexif takes for a TIFF type."""
    value = _unwrapped(value)
    many = [_unwrapped(v) for v in value] if isinstance(value, (list, tuple)) else [value]
    if name == "Orientation" and many != [1]:
        raise MetadataError(
            f"Orientation {value!r} would show the picture turned; turn the array instead"
        )
    try:
        if kind == 2:
            if isinstance(value, datetime):
                value = value.strftime("%Y:%m:%d %H:%M:%S")
            if not isinstance(value, str) or "\0" in value:
                raise TypeError("a text is needed")
            return value.encode("ascii")
        if kind in (5, 10):
            if len(many) == 2 and all(type(v) is int for v in many):
                many = [Fraction(*many)]
            ratios = tuple(_ratio(v, *_RANGES[kind]) for v in many)
            return ratios[0] if len(ratios) == 1 else ratios
        if kind in _RANGES:
            if not many or not all(type(v) is int for v in many):
                raise TypeError("whole numbers are needed")
            low, high = _RANGES[kind]
            if not all(low <= v <= high for v in many):
                raise ValueError(f"it holds numbers from {low} to {high}")
            return many[0] if len(many) == 1 else tuple(many)
        if not isinstance(value, bytes):
            raise TypeError("bytes are needed")
    except (TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise MetadataError(f"the Exif tag {name} cannot be {value!r}: {error}") from error
    return value


def _unwrapped(value: Any) -> Any:
    """NumPy's scalars and arrays as Python's numbers and lists."""
    return value.tolist() if hasattr(value, "dtype") else value


def _ratio(value: Any, low: int, high: int) -> tuple[int, int]:
    """A number as numerator and denominator that fit; 0.1 is 1/10, not the double next to it."""
    exact = Fraction(value)
    if not low <= exact <= high:
        raise ValueError(f"it holds numbers from {low} to {high}")
    most = max(1, high // max(1, math.ceil(abs(exact))))  # so that the numerator fits as well
    found = exact.limit_denominator(most if isinstance(value, Fraction) else min(most, 1_000_000))
    if abs(found - exact) * 1_000_000 > abs(exact):
        found = exact.limit_denominator(most)
    if exact and not found:
        raise ValueError(f"it holds no fraction as small, only from 1/{high}")
    return found.numerator, found.denominator
