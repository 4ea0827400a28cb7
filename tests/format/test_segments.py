"""What stands in a segment, in words."""

from __future__ import annotations

import pytest
from make_vectors import segment

from napari_seal._format.jpeg import walk
from napari_seal._format.segments import kind_of


@pytest.mark.parametrize(
    ("marker", "payload", "words"),
    [
        (0xE0, b"JFIF\0\1\2", "a JFIF header (APP0)"),
        (0xE0, b"JFXX\0\x10", "a JFIF thumbnail (APP0)"),
        (0xE1, b"Exif\0\0MM", "an Exif block (APP1)"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>", "an XMP packet (APP1)"),
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0", "an extended XMP packet (APP1)"),
        (0xE2, b"ICC_PROFILE\0\1\1", "an ICC colour profile (APP2)"),
        (0xE2, b"MPF\0", "a list of further pictures (MPF) (APP2)"),
        (0xE2, b"FPXR\0", "FlashPix data (APP2)"),
        (0xEB, b"JP\0\1", "JUMBF boxes (as C2PA uses them) (APP11)"),
        (0xED, b"Photoshop 3.0\08BIM", "Photoshop resources (IPTC) (APP13)"),
        (0xEE, b"Adobe\0\x64", "an Adobe colour marker (APP14)"),
        (0xFE, b"ICC_PROFILE\0", "a comment (COM)"),
        (0xFE, b"", "a comment (COM)"),
        (0xE5, b"", "unknown data (APP5)"),
        (0xEF, b"Exif\0\0", "unknown data (APP15)"),
        (0xE1, b"ICC_PROFILE\0", "unknown data (APP1)"),
        (0xE2, b"ICC_PROF", "unknown data (APP2)"),
    ],
)
def test_segments_are_named_by_marker_and_signature(
    marker: int, payload: bytes, words: str
) -> None:
    """Both must fit; what follows the segment is not looked at."""
    data = b"\xff\xd8" + segment(marker, payload) + b"ILE\0\1\1Exif\0\0"
    (found,) = walk(data).excluded
    assert kind_of(data, found) == words
