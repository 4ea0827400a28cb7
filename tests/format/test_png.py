"""The chunk walk, the codestream and ExifTool's rule of PNG."""

from __future__ import annotations

import hashlib
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from png_mutators import (
    SIGNATURE,
    bad_sum,
    chunk,
    chunks,
    compressed,
    content,
    find,
    insert,
    plain_png,
    rechunk,
    remove,
    xmp_chunk,
)

from napari_seal._format import exif, limits, png
from napari_seal.errors import FormatError, LimitError

ROWS = b"".join(b"\0" + bytes(range(n, n + 8)) for n in range(8))
GRAY = plain_png(8, 8, 8, 0, ROWS)
TEXT = chunk(b"tEXt", b"Title\0tracks")
TRNS = chunk(b"tRNS", b"\0\7")


def test_all_of_a_plain_file_is_codestream() -> None:
    """Signature, IHDR, IDAT and IEND; the scan is what IDAT holds."""
    found = png.walk(GRAY)
    assert (found.length, found.end) == (len(GRAY), len(GRAY))
    assert found.codestream().hex == hashlib.sha256(GRAY).hexdigest()
    assert found.scan().hex == hashlib.sha256(compressed(GRAY)).hexdigest()
    assert (found.size, found.header and found.header.depth) == ((8, 8), 8)
    assert found.plain() == GRAY


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"gAMA", b"prVt"])
@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_ancillary_chunks_are_left_out(kind: bytes, before: bytes) -> None:
    """Metadata behind IHDR, before or behind the image data, do not change the codestream."""
    data = insert(before, chunk(kind, b"anything"))(GRAY)
    found = png.walk(data)
    assert found.codestream() == png.walk(GRAY).codestream()
    assert found.plain() == GRAY
    assert [c.kind for c in found.excluded] == [kind]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("transparency", insert(b"IDAT", TRNS)(GRAY)),
        ("a palette", insert(b"IDAT", chunk(b"PLTE", b"\1\2\3"))(GRAY)),
        ("an unknown critical chunk", insert(b"IDAT", chunk(b"NEWx", b""))(GRAY)),
        ("a chunk before IHDR", insert(b"IHDR", TEXT)(GRAY)),
        ("a chunk between two IDAT", insert(b"IDAT", TEXT, 1)(rechunk(10)(GRAY))),
        ("another header", insert(b"IDAT", chunk(b"IHDR", content(GRAY, b"IHDR")))(GRAY)),
        ("an empty IDAT", insert(b"IEND", chunk(b"IDAT"))(GRAY)),
        ("other lengths of IDAT", rechunk(7)(GRAY)),
        ("a wrong check sum", bad_sum(b"IDAT")(GRAY)),
        ("a wrong check sum of IEND", bad_sum(b"IEND")(GRAY)),
        ("no IEND", remove(b"IEND")(GRAY)),
        ("something in IEND", GRAY[:-12] + chunk(b"IEND", b"x")),
    ],
)  # fmt: skip
def test_whatever_a_decoder_uses_or_stumbles_over_counts(name: str, data: bytes) -> None:
    """Each of these is another codestream."""
    assert png.walk(data).codestream() != png.walk(GRAY).codestream(), name


def test_bytes_after_the_end_do_not_count() -> None:
    """The walk ends at the first IEND."""
    found = png.walk(GRAY + GRAY)
    assert (found.end, found.codestream()) == (len(GRAY), png.walk(GRAY).codestream())


@pytest.mark.parametrize("size", range(8, len(GRAY)))
def test_truncation_anywhere_is_walked_through(size: int) -> None:
    """No cut ends in an exception; all that is left is codestream, and there is no end."""
    found = png.walk(GRAY[:size])
    assert found.end is None
    assert found.length == size
    found.plain()
    assert found.scan()


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"\xff\xd8\xff", SIGNATURE[:-1] + b"\r"])
def test_other_files_are_refused(data: bytes) -> None:
    """The error shows what the file begins with."""
    with pytest.raises(FormatError, match="signature"):
        png.walk(data)


@pytest.mark.parametrize("kind", [b"IDA1", b"I\0AT", b"\xff\xff\xff\xff", b"    "])
def test_what_is_no_chunk_ends_the_walk(kind: bytes) -> None:
    """A type is four letters; anything else is damage, and all behind it counts."""
    data = insert(b"IDAT", chunk(kind, b"x"))(GRAY)
    found = png.walk(data)
    assert (found.end, found.length) == (None, len(data))


def test_a_length_beyond_the_file_ends_the_walk() -> None:
    """No length is trusted, and what there is of the image data is kept for salvage."""
    start, _ = find(GRAY, b"IDAT")
    data = GRAY[:start] + b"\xff\xff\xff\xff" + GRAY[start + 4 :]
    found = png.walk(data)
    assert (found.end, found.has_picture) == (None, True)
    assert found.cut == data[start + 8 :]


def test_several_headers_are_none() -> None:
    """Decoders take one or the other, so no size is known; a header of another length is none."""
    twice = insert(b"IDAT", chunk(b"IHDR", content(GRAY, b"IHDR")))(GRAY)
    assert png.walk(twice).header is None
    assert png.walk(GRAY.replace(GRAY[8:33], chunk(b"IHDR", b"\0" * 14))).header is None


@pytest.mark.parametrize("kind", [b"acTL", b"fcTL", b"fdAT"])
def test_any_part_of_an_animation_is_one(kind: bytes) -> None:
    """Some decoders follow a frame's size although no animation is announced."""
    assert png.walk(insert(b"IDAT", chunk(kind, bytes(26)))(GRAY)).is_animated
    assert not png.walk(GRAY).is_animated


def test_what_was_added_is_named() -> None:
    """In words with the chunk's type; Exif and XMP are told of elsewhere."""
    added = TEXT + chunk(b"prVt", b"") + chunk(b"eXIf", b"MM") + xmp_chunk(b"<x/>")
    names = png.walk(insert(b"IDAT", added)(GRAY)).others()
    assert names == ["a text (tEXt)", "unknown data (prVt)"]


def test_wrong_check_sums_are_told_apart() -> None:
    """Those of the image from those beside it."""
    data = insert(b"IDAT", TEXT)(GRAY)
    assert (png.walk(data).damaged(), png.walk(data).damaged_image()) == ([], [])
    assert png.walk(bad_sum(b"tEXt")(data)).damaged() == ["tEXt"]
    found = png.walk(bad_sum(b"IDAT")(data))
    assert (found.damaged(), found.damaged_image()) == ([], ["IDAT"])


def test_exif_and_xmp_are_found_wherever_they_stand() -> None:
    """Before or behind the image data, packed or not, with JPEG's signature or without."""
    data = insert(b"IDAT", chunk(b"eXIf", b"II*\0") + xmp_chunk(b"<a/>"))(GRAY)
    behind = chunk(b"eXIf", b"Exif\0\0MM\0*") + xmp_chunk(b"<b/>", packed=True)
    found = png.walk(insert(b"IEND", behind)(data))
    assert list(found.exif_blocks()) == [b"II*\0", b"MM\0*"]
    assert list(found.xmp_packets()) == [b"<a/>", b"<b/>"]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("kind", [b"exif", b"APP1"])
def test_exif_in_a_text_is_found(packed: bool, kind: bytes) -> None:
    """In hexadecimal digits over several lines, with JPEG's signature or without."""
    digits = b"4578696600004d4d\n002a0000\n"
    body = b"\n" + kind + b"\n      12\n" + digits
    name = b"Raw profile type " + kind + b"\0"
    new = (
        chunk(b"zTXt", name + b"\0" + zlib.compress(body))
        if packed
        else chunk(b"tEXt", name + body)
    )
    found = png.walk(insert(b"IDAT", new)(GRAY))
    assert list(found.exif_blocks()) == [b"MM\0*\0\0"]
    assert found.others() == []


def test_a_bomb_of_exif_in_a_text_is_cut_off() -> None:
    """No more is unpacked than an Exif block may have."""
    name = b"Raw profile type exif\0\0"
    bomb = chunk(b"zTXt", name + zlib.compress(b"\nexif\n 9\n" + b"00" * (1 << 26)))
    structure = png.walk(insert(b"IDAT", bomb)(GRAY))
    (block,) = structure.exif_blocks()
    assert len(block) < 1 << 18


def test_chunks_of_any_size_are_not_copied() -> None:
    """Of Exif that is too large no more is taken than tells so; such XMP is refused."""
    exif_chunk, xmp = chunk(b"eXIf", bytes(1 << 26)), xmp_chunk(bytes(1 << 26))
    structure = png.walk(insert(b"IDAT", exif_chunk)(GRAY))
    tracemalloc.start()
    (block,) = structure.exif_blocks()
    assert tracemalloc.get_traced_memory()[1] < 4 * limits.EXIF_BYTES
    tracemalloc.stop()
    with pytest.raises(LimitError, match="Exif"):
        exif.read(b"II*\0" + block[4:])
    with pytest.raises(LimitError, match="XMP"):
        list(png.walk(insert(b"IDAT", xmp)(GRAY)).xmp_packets())


def test_broken_xmp_is_empty() -> None:
    """What cannot be decompressed holds nothing."""
    broken = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0no zlib")
    assert list(png.walk(insert(b"IDAT", broken)(GRAY)).xmp_packets()) == [b""]


def test_xmp_that_unpacks_to_much_is_refused_in_little_memory() -> None:
    """One bomb, and many that are small by themselves."""
    large = xmp_chunk(bytes(1 << 28), packed=True)
    many = xmp_chunk(bytes(1 << 20), packed=True) * 3000
    for bomb in (large, many):
        structure = png.walk(insert(b"IDAT", bomb)(GRAY))
        tracemalloc.start()
        began = time.process_time()
        with pytest.raises(LimitError, match="XMP"):
            list(structure.xmp_packets())
        assert time.process_time() - began < 2
        assert tracemalloc.get_traced_memory()[1] < 3 * limits.XMP_BYTES
        tracemalloc.stop()


def test_too_many_chunks_are_refused() -> None:
    """The walk ends at the limit; as many as are allowed are walked through."""
    most = insert(b"IDAT", TEXT * (limits.CHUNKS - 3))(GRAY)
    assert png.walk(most).end == len(most)
    with pytest.raises(LimitError, match="chunks"):
        png.walk(insert(b"IDAT", TEXT * 300_000)(GRAY))


def test_insert_chunks_touches_no_other_byte() -> None:
    """Two chunks behind IHDR, with lengths and check sums; the codestream stays."""
    data = png.insert_chunks(GRAY, [(b"eXIf", b"MM\0*"), (b"iTXt", b"x")])
    assert [kind for kind, _, _ in chunks(data)] == [b"IHDR", b"eXIf", b"iTXt", b"IDAT", b"IEND"]
    assert data[33 : 33 + 16] == chunk(b"eXIf", b"MM\0*")
    assert data.replace(chunk(b"eXIf", b"MM\0*") + chunk(b"iTXt", b"x"), b"") == GRAY
    assert png.chunk_of(b"IEND", b"") == chunk(b"IEND")


@pytest.mark.parametrize(
    ("depth", "colour", "bytes_a_row"),
    [(1, 0, 3), (2, 0, 4), (8, 0, 10), (16, 0, 19), (8, 2, 28), (16, 6, 73), (4, 3, 6), (8, 4, 19)],
)
def test_the_length_of_a_row(depth: int, colour: int, bytes_a_row: int) -> None:
    """Nine pixels of each kind, rounded up to whole bytes, and the filter."""
    assert png.Header(9, 1, depth, colour, False).row == bytes_a_row


def test_the_decompressed_rows_are_ours_to_read() -> None:
    """The file made here holds the samples that it should: the tests' own encoder is right."""
    assert zlib.decompress(compressed(GRAY)) == ROWS
    assert np.frombuffer(ROWS, np.uint8).reshape(8, 9)[:, 1:].tolist()[1] == list(range(1, 9))
