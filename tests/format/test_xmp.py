"""The XMP packet for ExifTool."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from mutators import APP1, segment

from napari_seal._format import jpeg, xmp
from napari_seal._format.digest import digest_of


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_packet_is_xml_with_two_tags(algorithm: str) -> None:
    """After the signature stands well-formed RDF with the digest and its type, nothing else."""
    digest = digest_of([b"x"], algorithm)
    payload = xmp.build(digest)
    assert payload.startswith(b"<?xpacket begin='\xef\xbb\xbf'")
    root = ET.fromstring(payload.decode())
    values = {e.tag.rpartition("}")[2]: e.text for e in root.iter() if e.text}
    assert values == {"OriginalImageHash": digest.hex, "OriginalImageHashType": algorithm.upper()}
    assert "http://ns.exiftool.org/1.0/" in payload.decode()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)
@pytest.mark.parametrize(
    ("packet", "turned"),
    [
        ("<x tiff:Orientation='6'/>", True),
        ("<tiff:Orientation>\n 3</tiff:Orientation>", True),
        ("<x tiff:Orientation='1'/>", False),
        ("<x dc:title='Orientation 6'/>", False),
    ],
)
def test_an_orientation_is_seen_in_every_encoding(encoding: str, packet: str, turned: bool) -> None:
    """Readers take a packet in UTF-16 and UTF-32 as well, with and without a byte-order mark."""
    payload = xmp.SIGNATURE + packet.encode(encoding)
    file = jpeg.walk(b"\xff\xd8" + segment(APP1, payload) + b"\xff\xd9")
    (found,) = file.xmp_packets()
    assert xmp.turns_the_picture(found) is turned
