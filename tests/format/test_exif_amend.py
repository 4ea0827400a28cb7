"""Tags put into blocks of others: all readers agree, and no byte that was there moves."""

from __future__ import annotations

from typing import Any

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_vectors_metadata import PLAIN, read_tiff, write_tiff
from mutators import EXIF
from strangers import camera_block

from napari_seal._format import exif
from napari_seal._format.exif import Entry
from napari_seal._format.exif_amend import amend, thumbnail
from napari_seal.errors import FormatError

COMMENT = Entry(7, 18, b'ASCII\0\0\0{"seal":1}')
SOFTWARE = Entry(2, 4, b"abc\0")
NEW = {exif.USER_COMMENT: COMMENT, exif.SOFTWARE: SOFTWARE}
BLOCKS: dict[str, bytes] = {
    "a camera's": camera_block()[len(EXIF) :],
    "a camera's, with a comment": camera_block(b"ASCII\0\0\0words")[len(EXIF) :],
    "little-endian": camera_block(order="<")[len(EXIF) :],
    "no Exif IFD": write_tiff({"IFD0": {0x010F: (2, 6, b"Zeiss\0")}}),
    "nothing": b"MM\0*\0\0\0\x08\0\0\0\0\0\0",
    "no word behind IFD0": b"II*\0\x08\0\0\0\0\0",
    "piexif's": piexif.dump({"Exif": {0x9286: b"ASCII\0\0\0{}"}})[len(EXIF) :],
    "comment in the entry": write_tiff({"IFD0": {}, "ExifIFD": {0x9286: (7, 3, b"abc")}}, ">"),
    "all kinds": write_tiff(PLAIN, ">", gap=3),
}


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("tags", [NEW, {exif.USER_COMMENT: COMMENT}, {exif.SOFTWARE: SOFTWARE}])
def test_only_these_tags_are_other_ones(name: str, tags: Any) -> None:
    """By our reader, and by one that is not ours."""
    block = BLOCKS[name]
    new = amend(block, tags)
    assert exif.read(new) == {**exif.read(block), **tags}
    expected: dict[str, dict[int, Any]] = read_tiff(block) if len(block) > 12 else {"IFD0": {}}
    for (directory, number), entry in tags.items():
        expected.setdefault(directory, {})[number] = tuple(entry)
    assert read_tiff(new) == expected
    assert amend(block, tags) == new


@pytest.mark.parametrize("name", BLOCKS)
def test_what_was_there_stays_where_it_was(name: str) -> None:
    """But for the offset of IFD0, a pointer, and the end of a comment that ends the block."""
    block = BLOCKS[name]
    new = amend(block, NEW)
    kept = block[: -len(b"ASCII\0\0\0{}")] if name == "piexif's" else block
    assert sum(a != b for a, b in zip(kept, new, strict=False)) <= 8
    at = exif.read(block)
    assert thumbnail(new, exif.read(new)) == thumbnail(block, at)


def test_an_old_comment_at_the_end_makes_room() -> None:
    """A large record of the MoEDAL function is not kept twice, which would soon fill the block."""
    comment = b"ASCII\0\0\0" + b"x" * 40_000
    block = piexif.dump({"Exif": {0x9286: comment}})[len(EXIF) :]
    assert len(amend(block, {exif.USER_COMMENT: Entry(7, len(comment), comment)})) < 40_200


def test_a_value_that_others_share_is_not_cut_off() -> None:
    """Another tag whose value overlaps the comment's keeps it."""
    block = bytearray(write_tiff({"IFD0": {0x010F: (2, 20, b"x" * 20)}, "ExifIFD": {
        0x9286: (7, 20, b"y" * 20)}}))  # fmt: skip
    row = block.index(b"\x0f\x01\x02\0")
    block[row + 8 : row + 12] = (len(block) - 10).to_bytes(4, "little")
    block += bytes(10)
    old = exif.read(bytes(block))
    assert exif.read(amend(bytes(block), NEW)) == {**old, **NEW}


def test_blocks_that_cannot_be_read_are_refused() -> None:
    """And so are those in which there is no room for one entry more."""
    with pytest.raises(FormatError):
        amend(b"II*\0\xff\xff\0\0", NEW)
    full = write_tiff({"IFD0": dict.fromkeys(range(1, 513), (3, 1, b"\x01\x00"))})
    with pytest.raises(FormatError, match="513"):
        amend(full, {("IFD0", 0x9000): SOFTWARE})


TAGS = st.dictionaries(
    st.integers(1, 0x8000),
    st.sampled_from([(2, 6, b"Zeiss\0"), (3, 1, b"\1\0"), (5, 1, bytes(range(8))), (7, 3, b"abc")]),
    max_size=6,
)


@given(
    parts=st.fixed_dictionaries({"IFD0": TAGS}, optional={"ExifIFD": TAGS, "GPS": TAGS}),
    order=st.sampled_from("<>"),
    gap=st.integers(0, 3),
    comment=st.binary(max_size=40),
)
def test_any_block(parts: Any, order: str, gap: int, comment: bytes) -> None:
    """Of any block that is read, all other tags are the same afterwards."""
    block = write_tiff(parts, order, gap)
    tags = {exif.USER_COMMENT: Entry(7, len(comment), comment)}
    new = amend(block, tags)
    assert exif.read(new) == {**exif.read(block), **tags}
    assert read_tiff(new)["IFD0"] == read_tiff(block)["IFD0"]
