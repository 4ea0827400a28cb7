"""Conformance vectors about adopted files: ``docs/seal-format/record.md``, section 2.8.

See ``make_vectors.py``.  Standard library only, and none of napari-seal.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

from make_vectors import COM, EOI, GRAY, JFIF, before, scan, segment, sha256
from make_vectors_metadata import write_tiff

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_THUMBNAIL = b"\xff\xd8\xff\xd9"

# ------------------------------------------------------------------- the rules, section by section


def packet(digest: str) -> bytes:
    """Section 7: the XMP packet for a scan digest."""
    algorithm, digits = digest.split(":")
    return (
        "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>"
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description rdf:about='' xmlns:et='http://ns.exiftool.org/1.0/'>"
        f"<et:OriginalImageHash>{digits}</et:OriginalImageHash>"
        f"<et:OriginalImageHashType>{algorithm.upper()}</et:OriginalImageHashType>"
        "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    ).encode()


def beside(data: bytes, thumbnail: bytes) -> bytes:
    """Section 2.8, for files without fill bytes and of one scan."""
    out, at, headers = b"", 2, 0
    ours = _XMP + packet(sha256(scan(data)))
    while data[at + 1] != 0xDA:
        marker, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4])
        payload = data[at + 4 : end]
        headers += marker == 0xE0
        is_exif = marker == 0xE1 and payload.startswith(b"Exif\0")
        is_header = marker == 0xE0 and headers == 1
        if (0xE0 <= marker <= 0xEF or marker == 0xFE) and not (
            is_exif or is_header or payload == ours
        ):
            out += data[at:end]
        at = end
    behind = data[data.index(EOI, at) + 2 :]
    return out + len(thumbnail).to_bytes(4) + thumbnail + behind


# ----------------------------------------------------------------------------------------- files


def _exif(order: str, with_thumbnail: bool) -> bytes:
    size = struct.pack("<I", len(_THUMBNAIL))
    tags: dict[str, dict[int, tuple[int, int, bytes]]] = {
        "IFD0": {0x010F: (2, 6, b"Zeiss\0")},
        "IFD1": {0x0201: (4, 1, bytes(4)), 0x0202: (4, 1, size)},
    }
    block = bytearray(write_tiff(tags, order))
    row = block.index(struct.pack(order + "HHI", 0x0201, 4, 1))
    # Without one, the offset leads behind the block.
    struct.pack_into(order + "I", block, row + 8, len(block) + (not with_thumbnail))
    return segment(0xE1, b"Exif\0\0" + bytes(block) + _THUMBNAIL)


def _with(*segments: bytes) -> bytes:
    return before(GRAY, GRAY[GRAY.index(b"\xff\xdb") :], b"".join(segments))


_OURS = segment(0xE1, _XMP + packet(sha256(scan(GRAY))))
_ICC = segment(0xE2, b"ICC_PROFILE\0\1\1profile")

FILES = [
    ("nothing beside", GRAY, b""),
    ("our XMP", _with(_OURS), b""),
    ("XMP of its own", _with(segment(0xE1, _XMP + b"<x:xmpmeta/>")), b""),
    ("our XMP, edited", _with(_OURS.replace(b"SHA256", b"SHA999")), b""),
    ("Exif without a thumbnail", _with(_exif("<", False), _OURS), b""),
    ("a thumbnail", _with(_exif("<", True), _OURS), _THUMBNAIL),
    ("a thumbnail, big-endian", _with(_exif(">", True), _OURS), _THUMBNAIL),
    ("a profile and a comment", _with(_OURS, _ICC, COM), b""),
    ("two APP0", _with(segment(0xE0, b"JFXX\0\x10")), b""),
    ("no JFIF", GRAY.replace(JFIF, b""), b""),
    ("bytes behind the image", GRAY + b"trailer", b""),
    ("all of it", _with(_exif(">", True), _OURS, _ICC, COM) + GRAY, _THUMBNAIL),
]


def adopted_vectors() -> list[dict[str, Any]]:
    """Files, and the digest of what stands beside their image."""
    return [
        {
            "name": name,
            "file": base64.b64encode(data).decode(),
            "scan": sha256(scan(data)),
            "beside": sha256(beside(data, thumbnail)),
        }
        for name, data, thumbnail in FILES
    ]
