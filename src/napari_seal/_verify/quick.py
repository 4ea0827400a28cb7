"""The short way to a plain `intact`: for files laid out byte for byte as `seal` lays them out.

Nearly all files of an archive are such files, and a check of them costs little more than reading
and digesting their bytes.  Nothing is decided here but `intact` without a reason: all that is
unusual goes the long way, `napari_seal._verify.check`, whose steps are those of
``docs/seal-format.md``.  Both ways agree on every file; ``tests/verify/test_quick.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from napari_seal._format import xmp
from napari_seal._format.algorithms import start_digest
from napari_seal._verify.alike import CODE, layout_of, transform_of
from napari_seal._verify.verdict import Verdict, intact
from napari_seal.errors import FormatError

# SOI and the JFIF segment without a thumbnail; its density may be edited (JFIF 1.02).
_START: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\0"
_PACKET: Final = xmp.payload(b"%b", b"SHA256")
_PACKET_SIZE: Final = len(_PACKET % bytes(64)) + 2
_XMP: Final = b"\xff\xe1" + _PACKET_SIZE.to_bytes(2) + _PACKET


def prove(data: bytes, path: str) -> Verdict | None:
    """Return the verdict `intact`, or None where that takes a closer look.

    Parameters
    ----------
    data : bytes
        The whole file.
    path : str
        For the verdict.
    """
    text = proven_record(data)
    return None if text is None else intact(path, text)


def proven_record(data: bytes) -> bytes | None:
    """The same, but only the record's text, from which `verdict.intact` makes the verdict."""
    # 1. Is it a JPEG file?  Of the segments that the codestream leaves out it has three: JFIF, the
    #    seal in Exif, and XMP.  With an EOI at the end, nothing was added behind it.
    if not (data.startswith(_START) and data.endswith(b"\xff\xd9")):
        return None

    # 2. Find the record.  3. Read the seal.
    layout = layout_of(data)
    if layout is None or not data.startswith(CODE, layout.code):
        return None
    end, _, start, stop, unique_at, unique_end, before, behind, forms = layout
    seal = forms.recognise(data, start, stop)
    if seal is None:
        return None

    # 7. Nothing was added: the packet for ExifTool stands where it was put, and no segment between
    #    it and the scan is one that the codestream leaves out.
    if not data.startswith(_XMP % seal.scan, end):
        return None
    tables_at = end + 2 + _PACKET_SIZE
    transform = transform_of(data, tables_at)
    if transform is None:
        return None

    # 6. The sealed Exif tags are those that are there.
    unique = data[unique_at:unique_end]
    if unique.rstrip(b"\0") != (seal.source or seal.pixels)[:32]:
        return None
    try:
        begin, begin_codestream = _starts(seal.algorithm)
    except FormatError:
        return None
    digest = begin()
    digest.update(before + unique + behind)
    if digest.hexdigest().encode("ascii") != seal.exif:
        return None

    # 5. Compare the record.
    text = data[start:stop]
    digest = begin()
    digest.update(memoryview(text)[: -seal.tail])
    if digest.hexdigest().encode("ascii") != seal.record:
        return None

    # 4. Compare the codestream: the dearest comes last.
    digest = begin_codestream()
    digest.update(memoryview(data)[tables_at:])
    digest.update(transform)
    return text if digest.hexdigest().encode("ascii") == seal.codestream else None


@lru_cache
def _starts(algorithm: bytes) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """How to begin a digest, and one with SOI before it; both by copying, which is quickest."""
    empty = start_digest(algorithm.decode("ascii"))
    soi = empty.copy()
    soi.update(b"\xff\xd8")
    return empty.copy, soi.copy
