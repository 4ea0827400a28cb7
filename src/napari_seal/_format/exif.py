r"""Exif: a bounded reader for files from outside, and the writer of our own block.

The block is a little TIFF file (Exif 2.32, section 4.5; TIFF 6.0, section 2)::

    49 49 2a 00 08 00 00 00      "II", 42, offset of IFD0      (or "MM", big-endian)
    NN NN                        number of entries
    TT TT  YY YY  CC CC CC CC  VV VV VV VV    tag, type, count, value or its offset   (per entry)
    00 00 00 00                  offset of the next IFD

Reading is our own: general readers trust offsets and counts, and 63 kB of crafted Exif keep them
busy for half a minute.  Names, types and the encoding of values are piexif's; no other module
imports it, and it never sees a block from outside.  The layout is our own again: piexif leaves out
the next-IFD word of all directories but IFD0.
"""

from __future__ import annotations

import difflib
import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from napari_seal._format import limits
from napari_seal._format.digest import DEFAULT_ALGORITHM, Digest, digest_of
from napari_seal._format.jpeg import APP1, Segment
from napari_seal.errors import FormatError, MetadataError

#: What an APP1 segment with Exif begins with (Exif 2.32, 4.7.2).
SIGNATURE: Final = b"Exif\0\0"

IMAGE_UNIQUE_ID: Final = ("ExifIFD", 0xA420)
ORIENTATION: Final = ("IFD0", 0x0112)
THUMBNAIL: Final = ("IFD1", 0x0201)
SOFTWARE: Final = ("IFD0", 0x0131)
USER_COMMENT: Final = ("ExifIFD", 0x9286)

# Directories by ExifTool's names for them, and piexif's.
_DIRECTORIES: Final = {
    "IFD0": "0th",
    "ExifIFD": "Exif",
    "GPS": "GPS",
    "InteropIFD": "Interop",
    "IFD1": "1st",  # the thumbnail's
}
_ORDER: Final = {name: index for index, name in enumerate(_DIRECTORIES)}
# Pointers from one directory to another: structure, not content.
_POINTERS: Final = {
    ("IFD0", 0x8769): "ExifIFD",
    ("IFD0", 0x8825): "GPS",
    ("ExifIFD", 0xA005): "InteropIFD",
}
_POINTER_TO: Final = {name: key for key, name in _POINTERS.items()}
# Size in bytes of a value's parts that have a byte order, and how many of them make one value.
_TYPES: Final = {
    1: (1, 1), 2: (1, 1), 3: (2, 1), 4: (4, 1), 5: (4, 2), 6: (1, 1), 7: (1, 1),
    8: (2, 1), 9: (4, 1), 10: (4, 2), 11: (4, 1), 12: (8, 1), 13: (4, 1),
}  # fmt: skip

# By a block's header: its byte order, an entry of a directory, and the offset in one.
_STRUCTS: Final[dict[bytes, tuple[Literal["little", "big"], struct.Struct, struct.Struct]]] = {
    b"II*\0": ("little", struct.Struct("<HHI4s"), struct.Struct("<I")),
    b"MM\0*": ("big", struct.Struct(">HHI4s"), struct.Struct(">I")),
}

# One spelling for each tag, so that a name found in a seal is the name made from its tag.
_NUMBER: Final = re.compile(r"0x[0-9a-f]{4}")
_RECORD_KEY: Final = re.compile(r'"(seal|sha244)"\s*:')
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")

Key = tuple[str, int]


def is_exif(data: bytes, segment: Segment) -> bool:
    """Whether a segment holds Exif; readers do not look at the sixth byte of the signature."""
    return segment.marker == APP1 and data.startswith(SIGNATURE[:5], segment.start + 4)


_HEAD: Final = struct.Struct("<BHHI")


class Entry(NamedTuple):
    """One tag: its TIFF type, the number of values, and their bytes in little-endian order."""

    type: int
    number: int
    value: bytes

    def serialise(self, key: Key) -> bytes:
        """The bytes that digests of a tag are over, whatever the block's byte order and layout."""
        return _HEAD.pack(_ORDER[key[0]], key[1], self.type, self.number) + self.value


def read(block: bytes) -> dict[Key, Entry]:
    r"""Read all tags of an Exif block.

    Parameters
    ----------
    block : bytes
        From the byte-order mark on, without the ``Exif\0\0`` before it.

    Returns
    -------
    dict
        Entries of IFD0, ExifIFD, GPS, InteropIFD and IFD1 by directory and tag number.

    Raises
    ------
    FormatError
        An offset, count or type is impossible, a directory is entered twice, or the values claim
        more bytes than the block has.
    """
    structs = _STRUCTS.get(block[:4])
    if structs is None:
        raise FormatError(f"Exif does not begin with a TIFF header but with {block[:4].hex(' ')}")
    if len(block) < 8:
        raise FormatError("Exif ends within its header")
    order, entry, word = structs
    swapped = order == "big"
    size_of_block = budget = len(block)
    entries: dict[Key, Entry] = {}
    directories = [("IFD0", int.from_bytes(block[4:8], order))]
    seen: set[int] = set()
    names: set[str] = set()
    for name, offset in directories:
        if offset in seen:
            raise FormatError(f"Exif directory {name} is entered twice")
        seen.add(offset)
        if offset + 2 > size_of_block:
            raise FormatError(f"Exif directory {name} lies outside the block, at {offset}")
        number = int.from_bytes(block[offset : offset + 2], order)
        after = offset + 2 + 12 * number
        if number > limits.EXIF_ENTRIES or after > size_of_block:
            raise FormatError(f"Exif directory {name} cannot have {number} entries")
        for tag, kind, count, raw in entry.iter_unpack(block[offset + 2 : after]):
            key = (name, tag)
            part, parts = _TYPES.get(kind, (0, 0))
            size = part * parts * count
            if part == 0:
                raise FormatError(f"Exif tag {tag:#06x} has the unknown type {kind}")
            budget -= size
            if size > 4:
                (start,) = word.unpack(raw)
                value = block[start : start + size]
            else:
                start, value = 0, raw[:size]
            if start + size > size_of_block or budget < 0:
                raise FormatError(f"Exif tag {tag:#06x} claims {size} bytes that are not there")
            if swapped and part > 1:
                value = _swapped(value, part)
            if key in _POINTERS:
                if size != 4:
                    raise FormatError(f"Exif pointer {tag:#06x} is not one offset")
                entered = _POINTERS[key]
                if entered in names:
                    raise FormatError(f"Exif pointer {tag:#06x} stands twice in {name}")
                names.add(entered)
                directories.append((entered, int.from_bytes(value, "little")))
            elif key in entries:
                raise FormatError(f"Exif tag {tag:#06x} stands twice in {name}")
            else:
                entries[key] = Entry(kind, count, value)
        if name == "IFD0" and after + 4 <= size_of_block:
            following = int.from_bytes(block[after : after + 4], order)
            if following:
                directories.append(("IFD1", following))
    return entries


def _swapped(value: bytes, part: int) -> bytes:
    out = bytearray(len(value))
    for i in range(part):
        out[i::part] = value[part - 1 - i :: part]
    return bytes(out)


def user_comment(entries: Mapping[Key, Entry]) -> bytes | None:
    """The text of UserComment as bytes; None where there is none, or in another character code.

    The character codes are those of Exif 2.32, table 9.  Editors re-encode the comment as Unicode,
    some of them as soon as a character in it is not ASCII; such characters are read as JSON escapes
    them, so that a seal among them is still found.
    """
    entry = entries.get(USER_COMMENT)
    if entry is None:
        return None
    code, text = entry.value[:8], entry.value[8:]
    if code == b"UNICODE\0":
        for encoding in ("utf-16-be", "utf-16-le"):
            decoded = text.decode(encoding, "replace").lstrip("\ufeff")
            if decoded.isascii() or _RECORD_KEY.search(decoded):
                return _NOT_ASCII.sub(_escape, decoded).encode("ascii").rstrip(b"\0 ")
        return None
    if code not in (b"ASCII\0\0\0", bytes(8)):
        return None
    return text.rstrip(b"\0 ")


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def key_text(key: Key) -> str:
    """How a tag is written in a seal, such as ``IFD0:0x0131``."""
    return f"{key[0]}:0x{key[1]:04x}"


@lru_cache(maxsize=1024)
def parse_key(text: str) -> Key:
    """Inverse of `key_text`.

    Raises
    ------
    FormatError
        The text names no directory and tag.
    """
    directory, _, number = text.partition(":")
    if directory in _ORDER and _NUMBER.fullmatch(number):
        return directory, int(number, 16)
    raise FormatError(f"not an Exif tag: {text[:80]!r}")


def tag_name(key: Key) -> str:
    """The standard's name of a tag, such as ``Software``; its number where it has none."""
    import piexif

    known = piexif.TAGS[_DIRECTORIES[key[0]]].get(key[1])
    if known is None:
        return key_text(key)
    return f"IFD1:{known['name']}" if key[0] == "IFD1" else str(known["name"])


def sealed_digest(
    entries: Mapping[Key, Entry], keys: Sequence[Key], algorithm: str = DEFAULT_ALGORITHM
) -> Digest:
    """Digest over tags, by directory and number; a missing tag contributes nothing."""
    ordered = sorted(keys, key=_rank)
    return digest_of((entries[k].serialise(k) for k in ordered if k in entries), algorithm)


@lru_cache(maxsize=256)
def spelling(keys: tuple[Key, ...]) -> re.Pattern[bytes] | None:
    """How a seal spells the check values of these tags; None where they are in another order."""
    if list(keys) != sorted(keys, key=_rank):
        return None
    entries = (f'"{key_text(key)}":"[0-9a-f]{{8}}"' for key in keys)
    return re.compile(",".join(entries).encode("ascii"))


def _rank(key: Key) -> tuple[int, int]:
    return _ORDER[key[0]], key[1]


def check_value(key: Key, entry: Entry, algorithm: str = DEFAULT_ALGORITHM) -> str:
    """First 8 hexadecimal digits of one tag's digest: enough to name the tag that changed."""
    return digest_of([entry.serialise(key)], algorithm).hex[:8]


# --------------------------------------------------------------------------------------- writing

_RESERVED: Final = {
    "UserComment": "the seal goes there; use `metadata`",
    "ImageUniqueID": "it is derived from the image",
    "Software": "it names napari-seal",
    "ExifVersion": "it is written by napari-seal",
}


def build(tags: Mapping[str, Any], unique_id: str, software: str, comment: bytes) -> bytes:
    """Build the payload of the APP1 segment.

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
    comment : bytes
        For UserComment, in ASCII.

    Raises
    ------
    MetadataError
        A tag is unknown, reserved, or its value does not fit its type.
    """
    import piexif

    block: dict[str, dict[int, Any]] = {"0th": {}, "Exif": {}, "GPS": {}}
    for name, value in tags.items():
        directory, number, kind = _find_tag(name)
        block[directory][number] = _encode(name, kind, value)
    block["0th"][SOFTWARE[1]] = software.encode("ascii")
    block["Exif"][0x9000] = b"0232"
    block["Exif"][USER_COMMENT[1]] = b"ASCII\0\0\0" + comment
    block["Exif"][IMAGE_UNIQUE_ID[1]] = unique_id.encode("ascii")
    try:
        payload: bytes = piexif.dump(block)
    except (ValueError, struct.error, TypeError, OverflowError, IndexError) as error:
        raise MetadataError(f"the Exif tags cannot be encoded: {error}") from error
    return SIGNATURE + _lay_out(read(payload[len(SIGNATURE) :]))


def _lay_out(entries: Mapping[Key, Entry]) -> bytes:
    """Write tags as a big-endian block, by the rules of TIFF 6.0, section 2.

    Directories come first, each sorted and followed by its next-IFD word (which is 0), then all
    values that do not fit an entry, at even offsets.
    """
    names = [name for name in _ORDER if any(key[0] == name for key in entries)]
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
            part = _TYPES[entry.type][0]
            value = _swapped(entry.value, part) if part > 1 else entry.value
            if len(value) > 4:
                values += bytes(len(values) % 2)
                value, more = struct.pack(">I", at + len(values)), value
                values += more
            directories += struct.pack(">HHI4s", key[1], entry.type, entry.number, value)
        directories += bytes(4)
    return b"MM\0*\0\0\0\x08" + directories + values


def _find_tag(name: object) -> tuple[str, int, int]:
    import piexif

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
