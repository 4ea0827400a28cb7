"""The short way to a plain `intact`: for files laid out byte for byte as `seal` lays them out.

Nearly all files of an archive are such files, and a check of them costs little more than reading
and digesting their bytes.  Nothing is decided here but `intact` without a reason: all that is
unusual goes the long way, `napari_seal._verify.steps`, whose steps are those of
``docs/seal-format/verifying.md``.  Both ways agree on every file; ``tests/verify/test_quick.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from napari_seal._format import exif, xmp
from napari_seal._format.algorithms import start_digest
from napari_seal._format.layout import Layout
from napari_seal._trust.judge import Judge
from napari_seal._trust.states import Signature
from napari_seal._verify.alike import (
    CODE,
    ExifLayout,
    find_layout,
    read_layout,
    transform_of,
)
from napari_seal._verify.verdict import Verdict, intact
from napari_seal.errors import FormatError

# SOI and the JFIF segment without a thumbnail; its density may be edited (JFIF 1.02).
_START: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\0"
_EXIF_AT: Final = 20
# The signature and the beginning of IHDR; where the next chunk begins; the last one.
_PNG_START: Final = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"
_CHUNK_AT: Final = 8 + 12 + 13
_PNG_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
_PACKET: Final = xmp.payload(b"%b", b"SHA256")
_PACKET_SIZE: Final = len(_PACKET % bytes(64)) + 2
_XMP: Final = b"\xff\xe1" + _PACKET_SIZE.to_bytes(2) + _PACKET


class Proven(NamedTuple):
    """A file that is plainly intact: its record, and who signed it, if anybody did."""

    text: bytes
    seal: Layout
    signature: Signature = Signature.NONE
    signer: str | None = None


def prove(data: bytes, path: str, judge: Judge | None = None) -> Verdict | None:
    """Return the verdict `intact`, or None where that takes a closer look.

    Parameters
    ----------
    data : bytes
        The whole file.
    path : str
        For the verdict.
    judge : Judge, optional
        Of signatures; by default by the default list.
    """
    proven = proven_seal(data, judge or Judge())
    if proven is None:
        return None
    text, _, signature, signer = proven
    return intact(path, text, signature, signer)


def proven_seal(data: bytes, judge: Judge) -> Proven | None:
    """The same, but only what `verdict.intact` makes one of, and the parts of the record."""
    proven = _proven(data)
    if proven is None:
        return None
    text, seal = proven
    # 8. Judge the signature: only what there is nothing more to tell of is told here.
    if seal.signature is None or seal.key is None:
        return Proven(text, seal)
    signed = memoryview(text)[: -seal.signed_tail]
    state, signer, problem = judge.judge_spelt(signed, seal.key, seal.signature, seal.created)
    return Proven(text, seal, state, signer) if problem is None else None


def _proven(data: bytes) -> tuple[bytes, Layout] | None:
    """The record's text and its parts, where steps 1 to 7 say that all is as it was sealed."""
    # 1. Is it a JPEG or PNG file?
    if not data.startswith(_START):
        return _proven_png(data) if data.startswith(_PNG_START) else None
    # Of the segments that the codestream leaves out it has three: JFIF, the seal in Exif, and XMP.
    # With an EOI at the end, nothing was added behind it.
    if not data.endswith(b"\xff\xd9"):
        return None

    # 2. Find the record.
    layout = find_layout(data, _EXIF_AT)
    if layout is None:
        if not data.startswith(b"\xff\xe1", _EXIF_AT) or not data.startswith(
            exif.SIGNATURE, _EXIF_AT + 4
        ):
            return None
        end = _EXIF_AT + 2 + int.from_bytes(data[_EXIF_AT + 2 : _EXIF_AT + 4])
        layout = read_layout(data, _EXIF_AT, _EXIF_AT + 4 + len(exif.SIGNATURE), end)
        if layout is None:
            return None
    proven = _prove_seal(data, layout)
    if proven is None:
        return None
    text, seal, begin = proven

    # 7. Nothing was added: the packet for ExifTool stands where it was put, and no segment between
    #    it and the scan is one that the codestream leaves out.
    end = layout.end
    if not data.startswith(_XMP % seal.scan, end):
        return None
    tables_at = end + 2 + _PACKET_SIZE
    transform = transform_of(data, tables_at)
    if transform is None:
        return None

    # 4. Compare the codestream: the dearest comes last.
    digest = begin()
    digest.update(b"\xff\xd8")
    digest.update(memoryview(data)[tables_at:])
    digest.update(transform)
    return (text, seal) if digest.hexdigest().encode("ascii") == seal.codestream else None


def _prove_seal(data: bytes, layout: ExifLayout) -> tuple[bytes, Layout, Callable[[], Any]] | None:
    """The record's text, what is in it, and how to begin a digest; None if one does not match."""
    # 3. Read the seal.
    _, code, start, stop, unique_at, unique_end, before, behind, forms = layout
    if not data.startswith(CODE, code):
        return None
    seal = forms.recognise(data, start, stop)
    if seal is None:
        return None

    # 6. The sealed Exif tags are those that are there.
    unique = data[unique_at:unique_end]
    if unique.rstrip(b"\0") != (seal.source or seal.pixels)[:32]:
        return None
    try:
        begin = _start(seal.algorithm)
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
    return (text, seal, begin) if digest.hexdigest().encode("ascii") == seal.record else None


def _proven_png(data: bytes) -> tuple[bytes, Layout] | None:
    """The same of a PNG: IHDR, the seal in eXIf, XMP in iTXt, then IDAT and IEND alone."""
    from napari_seal._format import png

    # 2. Find the record.
    size = int.from_bytes(data[_CHUNK_AT : _CHUNK_AT + 4])
    block, end = _CHUNK_AT + 8, _CHUNK_AT + 8 + size
    if not data.startswith(b"eXIf", _CHUNK_AT + 4) or end + 4 > len(data):
        return None
    layout = find_layout(data, _CHUNK_AT) or read_layout(data, _CHUNK_AT, block, end)
    if layout is None or layout.end != end:
        return None
    proven = _prove_seal(data, layout)
    if proven is None:
        return None
    text, seal, begin = proven

    # 7. Nothing was added, and both chunks are whole.
    view = memoryview(data)
    packet = png.chunk_of(b"iTXt", png.XMP_START + _PACKET[len(xmp.SIGNATURE) :] % seal.scan)
    first = end + 4 + len(packet)
    if not data.startswith(packet, end + 4) or not png.is_whole(
        view, png.Chunk(b"eXIf", _CHUNK_AT, end + 4)
    ):
        return None
    at = first
    while data.startswith(b"IDAT", at + 4):
        at += 12 + int.from_bytes(data[at : at + 4])
    if at == first or data[at:] != _PNG_END:
        return None

    # 4. Compare the codestream.
    digest = begin()
    digest.update(view[:_CHUNK_AT])
    digest.update(view[first:])
    return (text, seal) if digest.hexdigest().encode("ascii") == seal.codestream else None


@lru_cache
def _start(algorithm: bytes) -> Callable[[], Any]:
    """How to begin a digest: by copying, which is quickest."""
    begin: Callable[[], Any] = start_digest(algorithm.decode("ascii")).copy
    return begin
