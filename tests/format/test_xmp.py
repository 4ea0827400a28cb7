"""The XMP packet for ExifTool."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from napari_seal._format import xmp
from napari_seal._format.digest import digest_of


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_packet_is_xml_with_two_tags(algorithm: str) -> None:
    """After the signature stands well-formed RDF with the digest and its type, nothing else."""
    digest = digest_of([b"x"], algorithm)
    payload = xmp.build(digest)
    assert payload.startswith(b"http://ns.adobe.com/xap/1.0/\0<?xpacket begin='\xef\xbb\xbf'")
    root = ET.fromstring(payload[len(xmp.SIGNATURE) :].decode())
    values = {e.tag.rpartition("}")[2]: e.text for e in root.iter() if e.text}
    assert values == {"OriginalImageHash": digest.hex, "OriginalImageHashType": algorithm.upper()}
    assert "http://ns.exiftool.org/1.0/" in payload.decode()
