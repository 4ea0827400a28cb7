"""The short way to a plain `intact`: for files laid out byte for byte as `seal` lays them out.

Nearly all files of an archive are such files, and a check of them costs little more than reading
and digesting their bytes.  Nothing is decided here but `intact` without a reason: all that is
unusual goes the long way, `napari_seal._verify.check`, whose steps are those of
``docs/seal-format.md``.  Both ways agree on every file; ``tests/verify/test_quick.py``.
"""

from __future__ import annotations

from typing import Final

from napari_seal._format import exif, xmp
from napari_seal._format.algorithms import start_digest
from napari_seal._format.layout import recognise
from napari_seal._verify.alike import layout_of, transform_of
from napari_seal._verify.verdict import Verdict, intact
from napari_seal.errors import FormatError

# SOI and the JFIF segment without a thumbnail; its density may be edited (JFIF 1.02).
_START: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\0"
_EXIF_AT: Final = 20
_CODE: Final = b"ASCII\0\0\0"


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
    if not (data.startswith(_START) and data.startswith(b"\xff\xe1", _EXIF_AT)):
        return None
    xmp_at = _EXIF_AT + 2 + int.from_bytes(data[_EXIF_AT + 2 : _EXIF_AT + 4])
    if not (data.startswith(exif.SIGNATURE, _EXIF_AT + 4) and data.endswith(b"\xff\xd9")):
        return None

    # 2. Find the record.  3. Read the seal.
    block = data[_EXIF_AT + 4 + len(exif.SIGNATURE) : xmp_at]
    layout = layout_of(block)
    if layout is None:
        return None
    comment = block[layout.comment]
    if not comment.startswith(_CODE):
        return None
    text = comment[len(_CODE) :]
    seal = recognise(text)
    if seal is None:
        return None

    # 7. Nothing was added: the packet for ExifTool stands where it was put, and no segment between
    #    it and the scan is one that the codestream leaves out.
    packet = xmp.payload(seal.scan, b"SHA256")
    tables_at = xmp_at + 4 + len(packet)
    if not data.startswith(b"\xff\xe1%b%b" % ((len(packet) + 2).to_bytes(2), packet), xmp_at):
        return None
    transform = transform_of(data, tables_at)
    if transform is None:
        return None

    # 6. The sealed Exif tags are those that are there.
    unique = block[layout.unique]
    if (
        layout.spelling.fullmatch(seal.tags) is None
        or unique.rstrip(b"\0") != (seal.source or seal.pixels)[:32]
    ):
        return None
    try:
        digest = start_digest(seal.algorithm.decode("ascii"))
    except FormatError:
        return None
    empty = digest.copy()
    digest.update(layout.before + unique + layout.behind)
    if digest.hexdigest().encode("ascii") != seal.exif:
        return None

    # 5. Compare the record.
    digest = empty.copy()
    digest.update(text[: -seal.tail])
    if digest.hexdigest().encode("ascii") != seal.record:
        return None

    # 4. Compare the codestream: the dearest comes last.
    empty.update(b"\xff\xd8")
    empty.update(memoryview(data)[tables_at:])
    empty.update(transform)
    return text if empty.hexdigest().encode("ascii") == seal.codestream else None
