"""The XMP packet that lets ExifTool alone verify a file.

It holds the tags ``XMP-et:OriginalImageHash`` and ``XMP-et:OriginalImageHashType``, ExifTool's
own place for a digest by its ImageDataHash rule.  Nothing but the ``scan`` digest goes in, so the
packet can be compared byte for byte with what the seal says it must be.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_seal._format.digest import Digest

#: What an APP1 segment with XMP begins with (XMP specification, part 3, 1.1.3).
SIGNATURE: Final = b"http://ns.adobe.com/xap/1.0/\0"

_PACKET: Final = (
    "<?xpacket begin='\N{ZERO WIDTH NO-BREAK SPACE}' id='W5M0MpCehiHzreSzNTczkc9d'?>"
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    "<rdf:Description rdf:about='' xmlns:et='http://ns.exiftool.org/1.0/'>"
    "<et:OriginalImageHash>{hex}</et:OriginalImageHash>"
    "<et:OriginalImageHashType>{type}</et:OriginalImageHashType>"
    "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)

_BEFORE, _rest = (SIGNATURE + _PACKET.encode("utf-8")).split(b"{hex}")
_BETWEEN, _AFTER = _rest.split(b"{type}")

_NAME: Final = len(SIGNATURE)
#: How our packets begin, and those that other software writes do not.
OURS: Final = _BEFORE[_NAME:]

# tiff:Orientation other than 1 (Adobe, XMP specification part 2, TIFF namespace), under any prefix,
# as an attribute or an element.  It is looked for without the NULs: in a JPEG a packet should be
# UTF-8, but readers take UTF-16 and UTF-32 as well, with a byte-order mark or without.
_TURNED: Final = rb""":Orientation\s*(?:=\s*["']|>\s*)[2-8]"""


def build(scan: Digest) -> bytes:
    """The packet for a ``scan`` digest."""
    return payload(scan.hex.encode("ascii"), scan.algorithm.upper().encode("ascii"))[_NAME:]


def payload(digits: bytes, algorithm: bytes) -> bytes:
    """Payload of the APP1 segment, for hexadecimal digits and ExifTool's name of the algorithm."""
    return b"".join((_BEFORE, digits, _BETWEEN, algorithm, _AFTER))


def turns_the_picture(packet: bytes) -> bool:
    """Whether a packet tells viewers to turn or mirror the picture."""
    return re.search(_TURNED, packet.translate(None, b"\0")) is not None
