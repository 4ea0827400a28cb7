"""The segment walker; ``test_vectors.py`` compares the bytes that it takes with the rules."""

from __future__ import annotations

import io

import pytest
from make_vectors import COM, DQT, EOI, GRAY, JFIF, SOI, before, segment
from PIL import Image

from napari_seal._format import exiftool, jpeg, limits, xmp
from napari_seal._format.digest import digest_of
from napari_seal.errors import FormatError, LimitError


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xd8\0", b"\x89PNG", b"\xff\xd8\xd9", b"GIF89a"]
)
def test_other_files_are_refused(data: bytes) -> None:
    """A JPEG file begins with FF D8 FF, or is SOI alone."""
    assert not jpeg.is_jpeg(data)
    with pytest.raises(FormatError, match="FF D8 FF"):
        jpeg.walk(data)


def test_the_structure_of_a_plain_file() -> None:
    """Frame, scan, end and the segments left out are where the bytes say."""
    data = before(GRAY, DQT, COM) + b"trailer"
    found = jpeg.walk(data)
    assert found.frame == (8, 8, 8, (1,), 0xC0)
    assert (found.scans, found.end) == (1, len(data) - 7)
    assert data[found.scan_start or 0 :].startswith(b"\xff\xda")
    assert [s.name for s in found.excluded] == ["APP0", "COM"]
    assert [data[s.payload] for s in found.excluded] == [JFIF[4:], COM[4:]]
    assert found.length == len(GRAY) - len(JFIF)


@pytest.mark.parametrize("kind", ["gray", "rgb", "progressive", "restarts", "both"])
def test_the_codestream_of_a_sealed_file_is_all_but_its_metadata(
    kind: str, sealed: dict[str, bytes]
) -> None:
    """Taking the APPn segments out of a file leaves exactly its codestream."""
    data = sealed[kind]
    rest, at = SOI, 2
    while data[at + 1] & 0xF0 == 0xE0:
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    rest += data[at:]
    token = b"YCbCr" if kind == "rgb" else b""
    assert jpeg.walk(data).codestream() == digest_of([rest, token])
    assert jpeg.walk(data, to_final_marker=True).codestream() == digest_of([rest, token])
    assert (
        Image.open(io.BytesIO(jpeg.walk(data).plain())).tobytes()
        == Image.open(io.BytesIO(data)).tobytes()
    )


@pytest.mark.parametrize("size", range(2, len(GRAY)))
def test_truncation_anywhere_is_walked_through(size: int) -> None:
    """Wherever a file ends, the walk ends, without EOI and without an error."""
    if jpeg.is_jpeg(GRAY[:size]):
        found = jpeg.walk(GRAY[:size])
        assert found.end is None
        assert found.length + sum(s.end - s.start for s in found.excluded) == size
        found.plain()
        b"".join(exiftool.scan_pieces(GRAY[:size]))


def test_too_many_segments() -> None:
    """A file of nothing but segments is given up, at the limit and not before."""
    start = GRAY[2:].count(b"\xff") - 1
    ok = limits.SEGMENTS - start - 9
    jpeg.walk(before(GRAY, DQT, segment(0xFE, b"") * ok))
    with pytest.raises(LimitError, match=str(limits.SEGMENTS)):
        jpeg.walk(before(GRAY, DQT, segment(0xFE, b"") * limits.SEGMENTS))


def test_a_long_scan_of_fill_and_restarts_is_walked_in_linear_time() -> None:
    """A long run of FF, of stuffed zeros or of RSTn costs no more than reading it."""
    start = GRAY.index(b"\xff\xda") + 10
    for filler in (b"\xff", b"\xff\0", b"\xff\xd0", b"\xff\xff\xff\xd3"):
        data = GRAY[:start] + filler * (200_000 // len(filler)) + EOI
        found = jpeg.walk(data)
        assert found.end == len(data)
        for _ in exiftool.scan_pieces(data):
            pass


def test_markers_that_only_exiftool_sees_are_limited() -> None:
    """What others skip as one segment, ExifTool's rule looks through: not without end."""
    many = segment(0x30, b"\xff\1" * 30_000)
    assert b"".join(exiftool.scan_pieces(before(GRAY, DQT, many)))
    data = before(GRAY, DQT, many * 3)
    assert jpeg.walk(data).end == len(data)
    with pytest.raises(LimitError, match="ExifTool"):
        b"".join(exiftool.scan_pieces(data))


def test_xmp_is_limited() -> None:
    """Packets are given up to a limit for all of them."""
    packet = segment(0xE1, xmp.SIGNATURE + bytes(60_000))
    number = limits.XMP_BYTES // len(packet)
    assert len(list(jpeg.walk(before(GRAY, DQT, packet * number)).xmp_packets())) == number
    with pytest.raises(LimitError, match="XMP"):
        list(jpeg.walk(before(GRAY, DQT, packet * (number + 1))).xmp_packets())


def test_a_scan_cut_up_by_fill_is_refused() -> None:
    """More runs of fill bytes than any real file has are a limit, not a matter of memory."""
    start = GRAY.index(b"\xff\xda") + 10
    with pytest.raises(LimitError, match="fill"):
        jpeg.walk(GRAY[:start] + b"\xff\xff\xd0" * 70_000 + EOI)


def test_segments_go_after_the_jfif_segment() -> None:
    """Nothing but the new segments is added, after APP0 or, without one, after SOI."""
    new = [b"one", b"two" * 100]
    inserted = segment(0xE1, b"one") + segment(0xE1, b"two" * 100)
    assert jpeg.insert_segments(GRAY, new) == before(GRAY, DQT, inserted)
    bare = GRAY.replace(JFIF, b"")
    assert jpeg.insert_segments(bare, new) == SOI + inserted + bare[2:]
    jpeg.insert_segments(GRAY, [bytes(limits.SEGMENT_PAYLOAD)])
    with pytest.raises(FormatError, match="65533"):
        jpeg.insert_segments(GRAY, [bytes(limits.SEGMENT_PAYLOAD + 1)])
