"""APPn and COM segments: where they lie, and in words what stands in them."""

from __future__ import annotations

from typing import Final, NamedTuple

from napari_seal._format.markers import APP0, COM

# Signatures by the specifications: JFIF 1.02; Exif (CIPA DC-008); XMP part 3, 1.1.3; ICC.1, annex
# B.4; CIPA DC-007 (MPF); ISO/IEC 19566-5 (JUMBF, which C2PA uses); Adobe Technical Note 5116.
_SIGNATURES: Final = (
    (0xE0, b"JFIF\0", "a JFIF header"),
    (0xE0, b"JFXX\0", "a JFIF thumbnail"),
    (0xE1, b"Exif\0", "an Exif block"),
    (0xE1, b"http://ns.adobe.com/xap/1.0/\0", "an XMP packet"),
    (0xE1, b"http://ns.adobe.com/xmp/extension/\0", "an extended XMP packet"),
    (0xE2, b"ICC_PROFILE\0", "an ICC colour profile"),
    (0xE2, b"MPF\0", "a list of further pictures (MPF)"),
    (0xE2, b"FPXR\0", "FlashPix data"),
    (0xEB, b"JP", "JUMBF boxes (as C2PA uses them)"),
    (0xED, b"Photoshop 3.0\0", "Photoshop resources (IPTC)"),
    (0xEE, b"Adobe", "an Adobe colour marker"),
)


class Segment(NamedTuple):
    """A marker segment: ``data[start:end]`` from its FF to its last byte, payload included."""

    marker: int
    start: int
    end: int

    @property
    def payload(self) -> slice:
        """Where its content lies, after the marker and the length word."""
        return slice(self.start + 4, self.end)

    @property
    def name(self) -> str:
        """The standard's name for it, such as ``APP13`` or ``COM``."""
        return "COM" if self.marker == COM else f"APP{self.marker - APP0}"


def kind_of(data: bytes, segment: Segment) -> str:
    """Say what a segment holds, with its marker's name, such as ``a comment (COM)``."""
    if segment.marker == COM:
        return f"a comment ({segment.name})"
    for marker, signature, words in _SIGNATURES:
        if segment.marker == marker and data.startswith(signature, segment.start + 4, segment.end):
            return f"{words} ({segment.name})"
    return f"unknown data ({segment.name})"
