"""The bounded Exif reader, digests of tags, and the writer."""

from __future__ import annotations

import struct
import time
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import piexif
import pytest
from make_vectors_metadata import NUMBERS, PLAIN, Tags, write_tiff

from napari_seal._format import exif, exif_tags, limits
from napari_seal.errors import FormatError, LimitError, MetadataError


def flat(tags: Tags) -> dict[exif.Key, tuple[int, int, bytes]]:
    """Tags as the reader gives them."""
    return {(name, tag): value for name, rows in tags.items() for tag, value in rows.items()}


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("gap", [0, 2, 50])
@pytest.mark.parametrize("tags", [PLAIN, NUMBERS], ids=["plain", "numbers"])
def test_read_is_independent_of_order_and_place(order: str, gap: int, tags: Tags) -> None:
    """The same tags come out of either byte order, wherever their values lie."""
    assert exif.read(write_tiff(tags, order, gap)) == flat(tags)


def test_read_reads_what_piexif_writes() -> None:
    """A block of the library that other software uses comes back tag for tag."""
    block = piexif.dump({"0th": {0x010F: b"Zeiss"}, "Exif": {0x829A: (1, 250)}, "GPS": {1: b"N"}})
    found = exif.read(block[6:])
    assert found["IFD0", 0x010F].value == b"Zeiss\0"
    assert found["ExifIFD", 0x829A] == (5, 1, struct.pack("<II", 1, 250))
    assert found["GPS", 1].value == b"N\0"


@pytest.mark.parametrize("size", range(len(write_tiff(PLAIN))))
def test_a_cut_block_is_refused(size: int) -> None:
    """A block that ends early is a format error and nothing else."""
    with pytest.raises(FormatError):
        exif.read(write_tiff(PLAIN)[:size])


def test_hostile_blocks_cost_nothing() -> None:
    """Entries that all claim one large value are refused at once, not copied 500 times."""
    entries = b"".join(struct.pack("<HHII", 0x9000 + i, 7, 60_000, 8) for i in range(500))
    block = b"II*\0\x08\0\0\0" + struct.pack("<H", 500) + entries + bytes(60_000)
    started = time.process_time()
    with pytest.raises(FormatError, match="not there"):
        exif.read(block)
    loop = b"II*\0\x08\0\0\0" + b"\1\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + b"\x08\0\0\0"
    with pytest.raises(FormatError, match="twice"):
        exif.read(loop)
    assert time.process_time() - started < 1


def test_a_block_of_a_png_file_is_limited() -> None:
    """A chunk can be of any size, and a block that is read cannot."""
    block = write_tiff(PLAIN)
    assert exif.read(block.ljust(limits.EXIF_BYTES, b"\0")) == exif.read(block)
    with pytest.raises(LimitError, match="1,048,576"):
        exif.read(block.ljust(limits.EXIF_BYTES + 1, b"\0"))


@pytest.mark.parametrize("key", flat(PLAIN))
def test_names_of_tags_can_be_read_back(key: exif.Key) -> None:
    """Every directory and number has one text."""
    assert exif.parse_key(exif.key_text(key)) == key
    assert exif_tags.tag_name(key)


@pytest.mark.parametrize(
    "text",
    ["", "IFD0", "IFD0:", "IFD9:0x0001", "IFD0:0x00g1", "IFD0:1234", "IFD0:0x01234", "Exif:0x0001"],
)
def test_what_names_no_tag_is_refused(text: str) -> None:
    """A seal that names its tags in another way is malformed."""
    with pytest.raises(FormatError, match="Exif tag"):
        exif.parse_key(text)


def built(**tags: Any) -> dict[exif.Key, exif.Entry]:
    """What is in a block that `exif_tags.build` makes."""
    payload = exif_tags.build(tags, unique_id="ab" * 16, software="napari-seal 1", comment=b"{}")
    assert payload.startswith(exif.SIGNATURE)
    return exif.read(payload[6:])


def test_a_block_of_ours() -> None:
    """The four tags of the format are there, and no others."""
    entries = built()
    assert exif.user_comment(entries) == b"{}"
    assert entries["ExifIFD", 0x9286].value == b"ASCII\0\0\0{}"
    assert entries[exif.IMAGE_UNIQUE_ID].value == b"ab" * 16 + b"\0"
    assert entries[exif.SOFTWARE].value == b"napari-seal 1\0"
    assert entries["ExifIFD", 0x9000].value == b"0232"
    assert len(entries) == 4


@pytest.mark.parametrize(
    ("name", "value", "key", "stored"),
    [
        ("Make", "Zeiss", ("IFD0", 0x010F), b"Zeiss\0"),
        ("DateTimeOriginal", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC), ("ExifIFD", 0x9003),
         b"2024:05:06 07:08:09\0"),
        ("ExposureTime", (1, 250), ("ExifIFD", 0x829A), struct.pack("<II", 1, 250)),
        ("ExposureTime", 0.5, ("ExifIFD", 0x829A), struct.pack("<II", 1, 2)),
        ("ExposureTime", Fraction(2, 3), ("ExifIFD", 0x829A), struct.pack("<II", 2, 3)),
        ("ExposureTime", 4, ("ExifIFD", 0x829A), struct.pack("<II", 4, 1)),
        ("ExposureTime", 1e-9, ("ExifIFD", 0x829A), struct.pack("<II", 1, 10**9)),
        ("ExposureTime", 0.1, ("ExifIFD", 0x829A), struct.pack("<II", 1, 10)),
        ("ExposureTime", 1234567.891, ("ExifIFD", 0x829A), struct.pack("<II", 1234567891, 1000)),
        ("ExposureTime", 2**32 - 1, ("ExifIFD", 0x829A), struct.pack("<II", 2**32 - 1, 1)),
        ("BrightnessValue", -(2**31), ("ExifIFD", 0x9203), struct.pack("<ii", -(2**31), 1)),
        ("ExposureTime", np.float32(0.1), ("ExifIFD", 0x829A), struct.pack("<II", 1, 10)),
        ("ExposureTime", (np.int64(1), np.uint8(250)), ("ExifIFD", 0x829A),
         struct.pack("<II", 1, 250)),
        ("ISOSpeedRatings", np.int64(400), ("ExifIFD", 0x8827), b"\x90\1"),
        ("GPSLatitude", np.array([52, 30, 0.5]), ("GPS", 2),
         struct.pack("<6I", 52, 1, 30, 1, 1, 2)),
        ("ShutterSpeedValue", -1.5, ("ExifIFD", 0x9201), struct.pack("<ii", -3, 2)),
        ("GPSLatitude", (52, 30, 0.5), ("GPS", 2), struct.pack("<6I", 52, 1, 30, 1, 1, 2)),
        ("GPSVersionID", (2, 3, 0, 0), ("GPS", 0), b"\2\3\0\0"),
        ("ISOSpeedRatings", 400, ("ExifIFD", 0x8827), b"\x90\1"),
        ("Orientation", 1, ("IFD0", 0x0112), b"\1\0"),
        ("MakerNote", b"\0\1\2\3\4", ("ExifIFD", 0x927C), b"\0\1\2\3\4"),
    ],
)  # fmt: skip
def test_tags_are_stored_as_given(name: str, value: Any, key: exif.Key, stored: bytes) -> None:
    """Texts, dates, numbers, rationals and bytes find their TIFF type."""
    assert built(**{name: value})[key].value == stored


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("UserComment", "x", "metadata"),
        ("Software", "x", "cannot be set"),
        ("ImageUniqueID", "x", "cannot be set"),
        ("ExifTag", 8, "unknown Exif tag"),
        ("Exposuretime", 1, "did you mean ExposureTime"),
        ("zzz", 1, "Exif standard"),
        ("Make", 7, "text"),
        ("Make", "Žeiss", "ascii"),
        ("Make", "a\0b", "text"),
        ("ISOSpeedRatings", "400", "whole numbers"),
        ("ISOSpeedRatings", 1.5, "whole numbers"),
        ("ISOSpeedRatings", True, "whole numbers"),
        ("ISOSpeedRatings", 70_000, "ISOSpeedRatings cannot be 70000.* from 0 to 65535"),
        ("ISOSpeedRatings", -1, "ISOSpeedRatings cannot be -1.* from 0 to 65535"),
        ("ISOSpeedRatings", (), "ISOSpeedRatings cannot be .*whole numbers"),
        ("GPSVersionID", (2, 300, 0, 0), "GPSVersionID cannot be .* from 0 to 255"),
        ("ExposureTime", 1e300, "ExposureTime cannot be .* from 0 to 4294967295"),
        ("ExposureTime", 1e-12, "ExposureTime cannot be 1e-12.*1/4294967295"),
        ("BrightnessValue", 1e10, "BrightnessValue cannot be .* to 2147483647"),
        ("ExposureTime", "fast", "ExposureTime"),
        ("ExposureTime", (1, 0), "ExposureTime"),
        ("ExposureTime", float("nan"), "ExposureTime"),
        ("ExposureTime", float("inf"), "ExposureTime"),
        ("ExposureTime", -1, "ExposureTime cannot be -1.* from 0"),
        ("MakerNote", "text", "bytes"),
        ("Orientation", 6, "turn the array"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(name: str, value: Any, says: str) -> None:
    """A tag that is reserved, unknown or of the wrong type is a metadata error that says why."""
    with pytest.raises(MetadataError, match=says):
        built(**{name: value})


@pytest.mark.parametrize("name", ["ExifTag", "GPSTag", "InteroperabilityTag"])
def test_a_pointer_is_no_tag_and_no_suggestion(name: str) -> None:
    """What points to a directory cannot be set, and is not offered as a name."""
    with pytest.raises(MetadataError) as caught:
        built(**{name: 1})
    assert str(caught.value).count(name) == 1


def test_directories_are_whole_sorted_and_apart_from_values() -> None:
    """Each directory of our block ends with its next-IFD word; no value overlaps one or another."""
    tags = {"Make": "Zeiss", "XPTitle": tuple(b"t\0"), "GPSLatitude": (52, 30, 0.5), "FNumber": 2}
    block = exif_tags.build(tags, unique_id="ab" * 16, software="napari-seal 1", comment=b"{}")[6:]
    assert block.startswith(b"MM\0*")
    taken, found = [(0, 8)], []
    pending = [int.from_bytes(block[4:8])]
    while pending:
        start = pending.pop()
        (number,) = struct.unpack_from(">H", block, start)
        rows = [struct.unpack_from(">HHII", block, start + 2 + 12 * i) for i in range(number)]
        end = start + 2 + 12 * number
        assert block[end : end + 4] == bytes(4)
        taken.append((start, end + 4))
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
        for tag, kind, count, value in rows:
            size = count * {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}[kind]
            if tag in (0x8769, 0x8825):
                pending.append(value)
            elif size > 4:
                assert value % 2 == 0
                taken.append((value, value + size))
            found.append(tag)
    assert {0x010F, 0x8769, 0x8825, 0x9C9B, 0x829D, 0x9286, 0xA420, 0x0002} <= set(found)
    taken.sort()
    assert all(end <= start for (_, end), (start, _) in pairwise(taken))
    assert taken[-1][1] == len(block)


def test_names_must_be_texts() -> None:
    """Tags are not given by number."""
    with pytest.raises(MetadataError, match="by name"):
        exif_tags.build({0x010F: "x"}, unique_id="", software="", comment=b"")  # type: ignore[dict-item]
