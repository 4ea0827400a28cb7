"""JPEG files as other software writes them, to be adopted."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import piexif
from make_vectors import segment
from mutators import APP0, APP1, APP2, COM, EXIF, XMP, insert_before, moedal_file
from PIL import Image, ImageCms
from support import nuclear_tracks

TRACKS = nuclear_tracks((96, 128))
LEVELS = (TRACKS >> 8).astype(np.uint8)
COLOURS = np.stack([LEVELS, np.roll(LEVELS, 9, 0), 255 - LEVELS // 2], -1)
PACKET = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
    b"xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
    b"xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation='6'/></rdf:RDF></x:xmpmeta>"
)


def encoded(levels: np.ndarray = LEVELS, **options: Any) -> bytes:
    """A JPEG file by Pillow, without metadata."""
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "JPEG", **{"quality": 90, **options})
    return out.getvalue()


def maker_note(at: int) -> bytes:
    """A MakerNote that points into itself by offsets from the TIFF header, as Canon's do."""
    entry = struct.pack(">HHII", 6, 2, 12, at + 2 + 12 + 4)
    return struct.pack(">H", 1) + entry + bytes(4) + b"Canon EOS R\0"


def camera_block(comment: bytes | None = None, order: str = ">") -> bytes:
    """The Exif block of a camera: MakerNote, GPS, a thumbnail, its own ImageUniqueID."""
    thumbnail = io.BytesIO()
    Image.fromarray(LEVELS[::4, ::4]).save(thumbnail, "JPEG")
    tags: dict[str, Any] = {
        "0th": {0x010F: b"Canon", 0x0110: b"EOS R", 0x0112: 6, 0x0131: b"Firmware 1.2"},
        "Exif": {0x829A: (1, 250), 0x927C: bytes(34), 0xA420: b"0123456789abcdef" * 2},
        "GPS": {1: b"N", 2: ((50, 1), (5, 1), (17, 1)), 0: (2, 3, 0, 0)},
        "1st": {0x0103: 6},
        "thumbnail": thumbnail.getvalue(),
    }
    if comment is not None:
        tags["Exif"][0x9286] = comment
    block = piexif.dump(tags)
    at = block.index(bytes(34))
    note = maker_note(at - len(EXIF))
    block = block[:at] + note + block[at + len(note) :]
    return block if order == ">" else EXIF + _little(block[len(EXIF) :])


def _little(block: bytes) -> bytes:
    from make_vectors_metadata import read_tiff, write_tiff

    tags = read_tiff(block)
    tags.pop("IFD1", None)  # its offset would be another one
    tags["ExifIFD"].pop(0x927C)  # the same
    return write_tiff(tags, "<")


def with_block(data: bytes, block: bytes) -> bytes:
    """Put an Exif segment behind the JFIF header."""
    return data[:20] + segment(APP1, block) + data[20:]


def _mpo() -> bytes:
    out = io.BytesIO()
    second = Image.fromarray(np.ascontiguousarray(LEVELS[::-1]))
    Image.fromarray(LEVELS).save(out, "MPO", save_all=True, append_images=[second])
    return out.getvalue()


def _icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


_CAMERA = with_block(encoded(COLOURS), camera_block())

#: Files that are adopted, by what is special about them.
ACCEPTED: dict[str, bytes] = {
    "gray": encoded(),
    "colour, subsampled": encoded(COLOURS),
    "colour, 4:4:4": encoded(COLOURS, subsampling=0),
    "progressive": encoded(COLOURS, progressive=True),
    "restart markers": encoded(restart_marker_rows=1),
    "no JFIF": encoded()[:2] + encoded()[20:],
    "RGB without a transform": encoded(COLOURS, keep_rgb=True),
    "a camera's Exif": _CAMERA,
    "a camera's Exif, little-endian": with_block(encoded(), camera_block(order="<")),
    "a camera's empty comment": with_block(encoded(), camera_block(bytes(8) + b" " * 40)),
    "a comment of words": with_block(encoded(), camera_block(b"ASCII\0\0\0after lunch")),
    "a comment of JSON": with_block(encoded(), camera_block(b'ASCII\0\0\0{"dose": 1.50}')),
    "Exif without Exif IFD": with_block(encoded(), piexif.dump({"0th": {0x010F: b"Zeiss"}})),
    "Exif without any tag": with_block(encoded(), EXIF + b"MM\0*\0\0\0\x08\0\0\0\0\0\0"),
    "XMP of its own": encoded()[:20] + segment(APP1, XMP + PACKET) + encoded()[20:],
    "a profile, a comment, JFXX": insert_before(0xDB, segment(COM, b"a comment"))(
        encoded(icc_profile=_icc())[:20]
        + segment(APP0, b"JFXX\0\x10")
        + encoded(icc_profile=_icc())[20:]
    ),
    "bytes behind the image": encoded() + b"a trailer",
    "several pictures": _mpo(),
    "fill bytes": encoded()[:20] + b"\xff\xff" + encoded()[20:],
    "MoEDAL": moedal_file(TRACKS, {"detector": "TDR 12", "dose": 1.5, "run": {"id": 2**63}}),
}

_TWO = segment(APP1, camera_block())
_TRAILER = _CAMERA + b"a preview of the camera's"


def other_digest(data: bytes) -> bytes:
    """A file of the MoEDAL function with another digest."""
    at = data.index(b'"sha244": "') + 11
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def _cmyk() -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.dstack([LEVELS] * 4), "CMYK").save(out, "JPEG")
    return out.getvalue()


#: Files that may be forced, by the code of the reason.
FORCEABLE: dict[str, Callable[[], bytes]] = {
    "sha244-broken": lambda: other_digest(moedal_file(TRACKS, {"a": 1})),
    "c2pa": lambda: encoded()[:20] + segment(0xEB, b"JP\0\1\0\0\0\1jumb c2pa") + encoded()[20:],
    "offsets": lambda: _TRAILER,
    "not-a-number": lambda: moedal_file(TRACKS, {"exposure": float("nan")}),
}

#: Files that are refused in any case.
REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "empty": ("not-a-jpeg", lambda: b""),
    "a PNG file": ("not-a-jpeg", lambda: b"\x89PNG\r\n\x1a\n" + bytes(40)),
    "no image": ("truncated", lambda: b"\xff\xd8\xff\xd9"),
    "cut": ("truncated", lambda: encoded()[:-200]),
    "cut, and closed": ("truncated", lambda: encoded()[:-900] + b"\xff\xd9"),
    "CMYK": ("kind-of-jpeg", _cmyk),
    "12 bits": ("kind-of-jpeg", lambda: encoded().replace(b"\0\x0b\x08", b"\0\x0b\x0c", 1)),
    "lossless": ("kind-of-jpeg", lambda: encoded().replace(b"\xff\xc0\0\x0b", b"\xff\xc3\0\x0b")),
    "no tables": ("undecodable", lambda: encoded().replace(b"\xff\xdb", b"\xff\xfe")),
    "two Exif segments": ("exif-several", lambda: _CAMERA[:20] + _TWO + _CAMERA[20:]),
    "an Exif block of nothing": ("exif-unreadable", lambda: with_block(encoded(), EXIF + b"II*\0")),
    "Exif behind the image": (
        "exif-unreadable",
        lambda: insert_before(0xD9, segment(APP1, camera_block()))(encoded()),
    ),
    "a thumbnail that is cut": (
        "exif-unreadable",
        lambda: with_block(encoded(), camera_block()[:-100]),
    ),
    "a full Exif block": (
        "too-large",
        lambda: with_block(encoded(), piexif.dump({"Exif": {0x927C: b"x" * 65_000}})),
    ),
    "MoEDAL, not a digest": (
        "metadata",
        lambda: with_block(encoded(), camera_block(b'ASCII\0\0\0{"sha244":"1"}')),
    ),
}  # fmt: skip


def mpf_first() -> bytes:
    """A list of further pictures before the Exif segment, whose offsets would be wrong."""
    return encoded()[:20] + segment(APP2, b"MPF\0MM\0*") + segment(APP1, camera_block()) + (
        encoded()[20:]
    )  # fmt: skip
