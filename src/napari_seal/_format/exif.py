r"""Exif: a bounded reader for files from outside.

The block is a little TIFF file (Exif 2.32, section 4.5; TIFF 6.0, section 2)::

    49 49 2a 00 08 00 00 00      "II", 42, offset of IFD0      (or "MM", big-endian)
    NN NN                        number of entries
    TT TT  YY YY  CC CC CC CC  VV VV VV VV    tag, type, count, value or its offset   (per entry)
    00 00 00 00                  offset of the next IFD

Reading is our own: general readers trust offsets and counts, and 63 kB of crafted Exif keep them
busy for half a minute.  `napari_seal._format.exif_tags` writes, and knows the tags' names.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from napari_seal._format import limits
from napari_seal._format.algorithms import DEFAULT_ALGORITHM, start_digest
from napari_seal._format.markers import APP1
from napari_seal.errors import FormatError, LimitError

if TYPE_CHECKING:
    from napari_seal._format.digest import Digest
    from napari_seal._format.segments import Segment

#: What an APP1 segment with Exif begins with (Exif 2.32, 4.7.2).
SIGNATURE: Final = b"Exif\0\0"

IMAGE_UNIQUE_ID: Final = ("ExifIFD", 0xA420)
ORIENTATION: Final = ("IFD0", 0x0112)
THUMBNAIL: Final = ("IFD1", 0x0201)
SOFTWARE: Final = ("IFD0", 0x0131)
USER_COMMENT: Final = ("ExifIFD", 0x9286)

#: Directories by ExifTool's names for them; the last is the thumbnail's.
DIRECTORIES: Final = ("IFD0", "ExifIFD", "GPS", "InteropIFD", "IFD1")
_ORDER: Final = {name: index for index, name in enumerate(DIRECTORIES)}
#: Pointers from one directory to another: structure, not content.
POINTERS: Final = {
    ("IFD0", 0x8769): "ExifIFD",
    ("IFD0", 0x8825): "GPS",
    ("ExifIFD", 0xA005): "InteropIFD",
}
#: Size in bytes of a value's parts that have a byte order, and how many of them make one value.
TYPES: Final = {
    1: (1, 1), 2: (1, 1), 3: (2, 1), 4: (4, 1), 5: (4, 2), 6: (1, 1), 7: (1, 1),
    8: (2, 1), 9: (4, 1), 10: (4, 2), 11: (4, 1), 12: (8, 1), 13: (4, 1),
}  # fmt: skip

# By a block's header: its byte order, an entry of a directory, and the offset in one.
_STRUCTS: Final[dict[bytes, tuple[Literal["little", "big"], struct.Struct, struct.Struct]]] = {
    b"II*\0": ("little", struct.Struct("<HHI4s"), struct.Struct("<I")),
    b"MM\0*": ("big", struct.Struct(">HHI4s"), struct.Struct(">I")),
}

# One spelling for each tag, so that a name found in a seal is the name made from its tag.
_NUMBER: Final = r"0x[0-9a-f]{4}"
_RECORD_KEY: Final = r'"(seal|sha244)"\s*:'
_NOT_ASCII: Final = r"[^\x00-\x7f]+"

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


class Span(NamedTuple):
    """Where a tag's value lies, or, without a key, a directory with the offset behind it."""

    key: Key | None
    start: int
    end: int


def read(block: bytes, spans: list[Span] | None = None) -> dict[Key, Entry]:
    r"""Read all tags of an Exif block.

    Parameters
    ----------
    block : bytes
        From the byte-order mark on, without the ``Exif\0\0`` before it.
    spans : list, optional
        Gets a `Span` for each part of the block that was read, but for values within an entry.

    Returns
    -------
    dict
        Entries of IFD0, ExifIFD, GPS, InteropIFD and IFD1 by directory and tag number.

    Raises
    ------
    FormatError
        An offset, count or type is impossible, a directory is entered twice, or the values claim
        more bytes than the block has.
    LimitError
        The block is larger than `limits.EXIF_BYTES`: it is one of a PNG file.
    """
    structs = _STRUCTS.get(block[:4])
    if structs is None:
        raise FormatError(f"Exif does not begin with a TIFF header but with {block[:4].hex(' ')}")
    if len(block) < 8:
        raise FormatError("Exif ends within its header")
    if len(block) > limits.EXIF_BYTES:
        raise LimitError(f"the Exif block is larger than {limits.EXIF_BYTES:,} bytes")
    order, entry, word = structs
    big = order == "big"
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
        if spans is not None:
            spans.append(Span(None, offset, after + 4))
        for tag, kind, count, raw in entry.iter_unpack(block[offset + 2 : after]):
            key = (name, tag)
            part, parts = TYPES.get(kind, (0, 0))
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
            if spans is not None and start:
                spans.append(Span(key, start, start + size))
            if big and part > 1:
                value = swapped(value, part)
            if key in POINTERS:
                if size != 4:
                    raise FormatError(f"Exif pointer {tag:#06x} is not one offset")
                entered = POINTERS[key]
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


def swapped(value: bytes, part: int) -> bytes:
    """A tag's value in the other byte order, of parts of so many bytes."""
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
            if decoded.isascii() or re.search(_RECORD_KEY, decoded):
                return re.sub(_NOT_ASCII, _escape, decoded).encode("ascii").rstrip(b"\0 ")
        return None
    if code not in (b"ASCII\0\0\0", bytes(8)):
        return None
    return text.rstrip(b"\0 ")


def _escape(match: re.Match[str]) -> str:
    import json

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
    if directory in _ORDER and re.fullmatch(_NUMBER, number):
        return directory, int(number, 16)
    raise FormatError(f"not an Exif tag: {text[:80]!r}")


def sealed_digest(
    entries: Mapping[Key, Entry], keys: Sequence[Key], algorithm: str = DEFAULT_ALGORITHM
) -> Digest:
    """Digest over tags, by directory and number; a missing tag contributes nothing."""
    from napari_seal._format.digest import digest_of

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
    digest = start_digest(algorithm)
    digest.update(entry.serialise(key))
    return str(digest.hexdigest()[:8])
