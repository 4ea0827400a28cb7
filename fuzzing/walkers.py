"""What must hold for whatever is walked through: JPEG and PNG files, and Exif blocks.

See ``properties.py``.
"""

from __future__ import annotations

import hashlib
import itertools
import zlib
from functools import cache
from typing import Any

import make_vectors
import make_vectors_png
import seeds
from make_vectors_metadata import write_tiff

from napari_seal._format import container, exif, exiftool, jpeg, limits, png, tables
from napari_seal.errors import FormatError

#: The reference is slow.
REFERENCE = 1 << 16


# ---------------------------------------------------------------------------------- the two walkers


def jpeg_walker(data: bytes) -> None:
    """The pieces are those of the reference; so is ExifTool's digest; nothing lies outside."""
    try:
        found = jpeg.walk(data)
    except FormatError:
        return
    _check_pieces(found.pieces, len(data))
    assert all(0 < s.start < s.end <= len(data) for s in found.excluded)
    # Without an end there is no valid codestream, and the reference may fail.
    if len(data) <= REFERENCE and found.end is not None:
        pieces, token, complete = make_vectors.codestream(data)
        assert complete
        assert b"".join(data[start:end] for start, end in found.pieces) == pieces
        assert found.transform.decode() == token
        assert b"".join(exiftool.scan_pieces(data)) == make_vectors.scan(data)
    _look_around(found)
    tables.estimate_quality(found)
    # The way to the final marker proves only what is proven by the long one.
    cheap = jpeg.walk(data, to_final_marker=True).codestream()
    assert cheap not in _known_codestreams() or cheap == found.codestream()


@cache
def _known_codestreams() -> set[Any]:
    return {container.walk(data).codestream() for data in seeds.pictures().values()}


def png_walker(data: bytes) -> None:
    """The same of a PNG file, also with its check sums put right."""
    for variant in (data, with_check_sums(data)):
        try:
            found = png.walk(variant)
        except FormatError:
            continue
        _check_pieces(found.pieces, len(variant))
        if len(variant) <= REFERENCE:
            pieces, complete = make_vectors_png.codestream(variant)
            assert b"".join(variant[start:end] for start, end in found.pieces) == pieces
            assert (found.end is not None) == complete
            assert found.scan().hex == hashlib.sha256(make_vectors_png.scan(variant)).hexdigest()
        _look_around(found)
        found.damaged_image()


def with_check_sums(data: bytes) -> bytes:
    """The file with the right check sum behind each whole chunk."""
    out, at = bytearray(data), len(png.SIGNATURE)
    while at + 12 <= len(out):
        end = at + 12 + int.from_bytes(out[at : at + 4])
        if end > len(out):
            break
        out[end - 4 : end] = zlib.crc32(out[at + 4 : end - 4]).to_bytes(4)
        at = end
    return bytes(out)


def _check_pieces(pieces: list[tuple[int, int]], size: int) -> None:
    assert all(0 <= start < end <= size for start, end in pieces)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(pieces))


def _look_around(found: container.Container) -> None:
    """All else that a structure is asked for."""
    assert found.length <= len(found.data)
    try:
        for block in itertools.islice(found.exif_blocks(), limits.EXIF_BLOCKS):
            exif_reader(block)
        list(found.xmp_packets())
    except FormatError:
        pass
    assert all(name.isprintable() for name in [*found.others(), *found.damaged()])


# -------------------------------------------------------------------------------------------- Exif


def exif_reader(block: bytes) -> None:
    """No value is from outside; what was read says the same when it is written anew."""
    spans: list[exif.Span] = []
    try:
        entries = exif.read(block, spans)
    except FormatError:
        return
    assert sum(len(entry.value) for entry in entries.values()) <= len(block)
    assert all(0 <= span.start <= len(block) for span in spans)
    exif.user_comment(entries)
    keys = [key for key in entries if key not in exif.POINTERS]
    for key in keys:
        assert exif.parse_key(exif.key_text(key)) == key
    rows: dict[str, dict[int, tuple[int, int, bytes]]] = {"IFD0": {}}
    for (directory, tag), entry in entries.items():
        rows.setdefault(directory, {})[tag] = (entry.type, entry.number, entry.value)
    if "InteropIFD" in rows:
        rows.setdefault("ExifIFD", {})
    for order in "<>":
        again = exif.read(write_tiff(rows, order))
        assert exif.sealed_digest(again, keys) == exif.sealed_digest(entries, keys)
