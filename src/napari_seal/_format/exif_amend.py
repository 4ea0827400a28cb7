r"""Tags put into an Exif block of somebody else's, which keeps every byte where it is.

A block from outside holds offsets that nobody but its maker knows: MakerNotes point to places in
it.  So nothing in it is moved.  What is new goes behind it, with the directories that change, and
the words that point to these are changed::

    4d 4d 00 2a  00 00 00 08    the offset of IFD0: changed, if IFD0 is written anew
    ...                         all as it was
    VV VV ...                   new values
    NN NN TT TT ...             the Exif IFD anew: the entries that were there, and the new ones
    NN NN TT TT ...             IFD0 anew, only if tags are added to it

One exception: an old value that is replaced, and that ends the block, is cut off.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final, Literal

from napari_seal._format import limits
from napari_seal._format.exif import (
    POINTERS,
    THUMBNAIL,
    TYPES,
    Entry,
    Key,
    Span,
    read,
    swapped,
)
from napari_seal.errors import FormatError

# Pointer to the Exif IFD, in IFD0; length of the thumbnail, in IFD1 (Exif 2.32, tables 3 and 4).
_EXIF_IFD: Final = 0x8769
_THUMBNAIL_SIZE: Final = ("IFD1", 0x0202)
_ORDERS: Final[dict[str, Literal["little", "big"]]] = {"<": "little", ">": "big"}


def amend(block: bytes, tags: Mapping[Key, Entry]) -> bytes:
    """Put tags into a block, in place of those of their number.

    Parameters
    ----------
    block : bytes
        From the byte-order mark on.
    tags : mapping
        Of IFD0 and ExifIFD.

    Returns
    -------
    bytes
        Possibly more than a segment can hold.

    Raises
    ------
    FormatError
        The block cannot be read (see `exif.read`), or something else in it would change.
    """
    spans: list[Span] = []
    entries = read(block, spans)
    new = _amended(block, entries, spans, tags)
    found = read(new)
    if found != {**entries, **tags}:
        raise FormatError("values in it overlap its directories")
    if thumbnail(new, found) != thumbnail(block, entries):
        raise FormatError("its thumbnail overlaps its directories, or reaches beyond the block")
    return new


def _amended(
    block: bytes, entries: Mapping[Key, Entry], spans: list[Span], tags: Mapping[Key, Entry]
) -> bytes:
    order = ">" if block.startswith(b"MM") else "<"
    first = struct.unpack_from(f"{order}I", block, 4)[0]
    out = bytearray(block[: _end(block, entries, spans, tags, first)])
    # A directory that ends the block may lack the word behind it: what is new must not stand there.
    last = max(span.end for span in spans if span.key is None)
    out += bytes(max(0, last - len(out)))
    at = {"IFD0": first}
    for entry in _directory(block, first, order):
        number, _, _, offset = struct.unpack(f"{order}HHII", entry)
        at[POINTERS.get(("IFD0", number), "")] = offset

    # The Exif IFD first: IFD0 points to it.
    inner = {key[1]: tag for key, tag in tags.items() if key[0] == "ExifIFD"}
    outer = {key[1]: tag for key, tag in tags.items() if key[0] == "IFD0"}
    if inner:
        start = _append(out, block, at.get("ExifIFD"), inner, order, bytes(4))
        outer[_EXIF_IFD] = Entry(4, 1, struct.pack("<I", start))
        if len(outer) == 1 and "ExifIFD" in at:
            number = [entry[:2] for entry in _directory(block, first, order)].index(
                struct.pack(f"{order}H", _EXIF_IFD)
            )
            struct.pack_into(f"{order}I", out, first + 2 + 12 * number + 8, start)
            return bytes(out)
    if outer:
        after = first + 2 + 12 * len(_directory(block, first, order))
        following = block[after : after + 4].ljust(4, b"\0")  # where IFD1 is
        start = _append(out, block, first, outer, order, following)
        struct.pack_into(f"{order}I", out, 4, start)
    return bytes(out)


def thumbnail(block: bytes, entries: Mapping[Key, Entry]) -> bytes:
    """The picture that IFD1 points to; empty where there is none, or it lies elsewhere."""
    start, size = (
        int.from_bytes(entries[key].value[:4], "little") if key in entries else 0
        for key in (THUMBNAIL, _THUMBNAIL_SIZE)
    )
    return block[start : start + size] if start and start + size <= len(block) else b""


def _end(
    block: bytes,
    entries: Mapping[Key, Entry],
    spans: list[Span],
    tags: Mapping[Key, Entry],
    first: int,
) -> int:
    """Where the block ends without a value at its end that is replaced, and is nobody else's."""
    last = max(spans, key=lambda span: span.start)
    if last.key not in tags or last.end < len(block) - 1:
        return len(block)
    ends = [
        # Only behind IFD0 the word that tells where the next one is counts.
        span.end - (4 if span.key is None and span.start != first else 0)
        for span in spans
        if span is not last
    ]
    if THUMBNAIL in entries:  # it is no value of an entry
        begins = int.from_bytes(entries[THUMBNAIL].value[:4], "little")
        ends.append(begins + len(thumbnail(block, entries)))
    return last.start if max(ends) <= last.start else len(block)


def _directory(block: bytes, at: int, order: str) -> list[bytes]:
    """The entries of a directory that `read` has been through."""
    (number,) = struct.unpack_from(f"{order}H", block, at)
    return [block[at + 2 + 12 * n : at + 14 + 12 * n] for n in range(number)]


def _append(
    out: bytearray,
    block: bytes,
    at: int | None,
    tags: Mapping[int, Entry],
    order: str,
    following: bytes,
) -> int:
    """Append values and the directory at ``at`` with these tags; return where the new one is."""
    old = [] if at is None else _directory(block, at, order)
    kept = {int.from_bytes(entry[:2], _ORDERS[order]): entry for entry in old}
    for number, tag in tags.items():
        part = TYPES[tag.type][0]
        value = swapped(tag.value, part) if order == ">" and part > 1 else tag.value
        if len(value) > 4:
            out += bytes(len(out) % 2)
            out += value
            value = struct.pack(f"{order}I", len(out) - len(value))
        kept[number] = struct.pack(f"{order}HHI4s", number, tag.type, tag.number, value)
    if len(kept) > limits.EXIF_ENTRIES:
        raise FormatError(f"an Exif directory would have {len(kept)} entries")
    out += bytes(len(out) % 2)
    start = len(out)
    out += struct.pack(f"{order}H", len(kept))
    out += b"".join(kept[number] for number in sorted(kept))  # TIFF 6.0, section 2: ascending
    out += following
    return start
