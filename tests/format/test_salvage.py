"""What is left of a damaged PNG picture."""

from __future__ import annotations

import io
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image
from png_mutators import (
    bad_sum,
    chunk,
    compressed,
    cut,
    flip,
    interlaced,
    pixels_of,
    plain_png,
    rechunk,
    remove,
    saved,
    with_image_data,
)

from napari_seal._format import png
from napari_seal._format.salvage import readable, restored
from napari_seal.errors import FormatError

NOISE = np.random.default_rng(4).integers(0, 65536, (64, 80), np.uint16)
WHOLE = saved(Image.fromarray(NOISE), "PNG", compress_level=1)
ROW = 1 + 2 * 80


def left(data: bytes) -> tuple[np.ndarray, int]:
    """The restored picture, and the number of its rows that are known to be right."""
    structure = png.walk(data)
    _, rows = readable(structure)
    return pixels_of(restored(structure)), rows


def test_a_whole_picture_comes_back_whole() -> None:
    """Also where it has many chunks, or its end is missing."""
    for data in (WHOLE, rechunk(100)(WHOLE), remove(b"IEND")(WHOLE)):
        picture, rows = left(data)
        assert np.array_equal(picture, NOISE)
        assert rows == 64


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9])
def test_what_stands_before_a_cut_is_kept(share: float) -> None:
    """The rows that are known are exactly as stored, and black follows."""
    picture, rows = left(cut(share)(WHOLE))
    assert 64 * share - 5 <= rows <= 64 * share + 1
    assert np.array_equal(picture[:rows], NOISE[:rows])
    assert not picture[rows + 1 :].any()


def test_a_byte_that_makes_no_sense_costs_no_row_before_it() -> None:
    """Everything up to the damage is read, although zlib throws its last piece away."""
    data = with_image_data(WHOLE, [zlib.compress(zlib.decompress(compressed(WHOLE)), 0)])
    # Stored blocks: the length of the first one is damaged, behind it nothing can be found.
    packed = compressed(data)
    second = 2 + 5 + int.from_bytes(packed[3:5], "little")
    assert second < len(packed), "there is one block only"
    broken = with_image_data(data, [flip(packed, second + 1)])
    picture, _ = left(broken)
    rows = (second - 7) // ROW
    assert np.array_equal(picture[:rows], NOISE[:rows])
    assert not picture[rows + 1 :].any()


def test_rows_behind_a_wrong_check_sum_are_in_doubt() -> None:
    """They are shown, and only those before the chunk are known to be right."""
    data = bad_sum(b"IDAT")(rechunk(2000)(WHOLE))
    picture, rows = left(data)
    assert rows == 0
    assert np.array_equal(picture, NOISE)


def test_a_filter_that_is_none_ends_the_picture() -> None:
    """Rows before it are kept; a decoder would stop with an error."""
    rows = bytearray(b"".join(b"\0" + bytes((n,)) * 8 for n in range(1, 9)))
    rows[9 * 5] = 77
    picture = pixels_of(restored(png.walk(plain_png(8, 8, 8, 0, bytes(rows)))))
    assert picture[:, 0].tolist() == [1, 2, 3, 4, 5, 0, 0, 0]


@pytest.mark.parametrize(
    "data",
    [interlaced(NOISE), cut(0.0)(WHOLE), plain_png(0, 0, 8, 0, b""), WHOLE[:40],
     with_image_data(WHOLE, [b"no zlib"])],
)  # fmt: skip
def test_where_nothing_can_be_read_it_is_said(data: bytes) -> None:
    """Interlaced pictures are not salvaged; others hold nothing."""
    with pytest.raises(FormatError, match="nothing"):
        restored(png.walk(data))


def test_palettes_and_transparency_are_kept() -> None:
    """A restored picture has its colours."""
    small = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    colours = small.convert("RGB").quantize(16)
    data = saved(colours, "PNG", transparency=3)
    again = Image.open(io.BytesIO(restored(png.walk(remove(b"IEND")(data)))))
    expected = Image.open(io.BytesIO(data))
    assert np.array_equal(np.asarray(again.convert("RGBA")), np.asarray(expected.convert("RGBA")))


def test_a_bomb_unpacks_to_the_picture_and_no_more() -> None:
    """A small header and a hundred megabytes of samples behind it."""
    bomb = zlib.compress(bytes(1 << 27), 1)
    data = with_image_data(plain_png(8, 8, 8, 0, b""), [bomb])
    tracemalloc.start()
    samples, rows = readable(png.walk(data))
    assert tracemalloc.get_traced_memory()[1] < 2 * len(data)
    tracemalloc.stop()
    assert (len(samples), rows) == (72, 8)


def test_a_large_header_with_nothing_behind_it_costs_little() -> None:
    """Black is not held in memory."""
    header = (5_000).to_bytes(4) * 2 + bytes((16, 0, 0, 0, 0))
    data = plain_png(1, 1, 8, 0, b"\0" * 300)
    large = data.replace(data[8:33], chunk(b"IHDR", header))
    tracemalloc.start()
    restored(png.walk(large))
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
