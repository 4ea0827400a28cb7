"""Quantisation tables, and the quality told from them."""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
import pytest
from make_vectors import segment
from mutators import DQT, find, insert_before, splice
from PIL import Image

from napari_seal._format import tables
from napari_seal._format.jpeg import walk

NOISE = np.random.default_rng(2).integers(0, 256, (16, 24, 3), np.uint8)


def encoded(pixels: np.ndarray = NOISE[..., 0], **options: Any) -> bytes:
    """A small JPEG."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", **options)
    return out.getvalue()


def estimate(data: bytes) -> str:
    """What is said about a file's quality."""
    return str(tables.estimate_quality(walk(data)))


@pytest.mark.parametrize("pixels", [NOISE[..., 0], NOISE], ids=["gray", "rgb"])
def test_every_quality_of_pillow_is_told_exactly(pixels: np.ndarray) -> None:
    """1 to 100, gray and colour, and the tables are those that Pillow reads itself."""
    for quality in range(1, 101):
        data = encoded(pixels, quality=quality)
        found = tables.estimate_quality(walk(data))
        assert found == (quality, True)
        with Image.open(io.BytesIO(data)) as image:
            theirs = {n: tuple(t) for n, t in image.quantization.items()}  # type: ignore[attr-defined]
        assert tables.quantisation_tables(walk(data)) == theirs
        assert tables.standard_table(quality) == theirs[0]


@pytest.mark.parametrize("quality", [10, 50, 75, 95])
def test_other_encoders_tables_are_about_a_quality(quality: int) -> None:
    """A table that is not libjpeg's own is near one, and the words say `about`."""
    table = [min(255, step + 1) for step in tables.standard_table(quality)]
    found = tables.estimate_quality(walk(encoded(qtables=[table])))
    assert found is not None
    assert not found.exact
    assert abs(found.value - quality) <= 3
    assert str(found) == f"about quality {found.value}"
    assert estimate(encoded(quality=quality)) == f"quality {quality}"


@pytest.mark.parametrize("place", [0, 1, 63])
def test_one_other_step_makes_it_another_encoders(place: int) -> None:
    """Each of the 64 steps counts."""
    table = list(tables.standard_table(60))
    table[place] += 1
    assert estimate(encoded(qtables=[table])) == "about quality 60"


def test_a_table_of_two_bytes_a_step() -> None:
    """Precision 1 (T.81, B.2.4.1): the same steps in 16 bits are the same table."""
    data = encoded(quality=60)
    start, end = find(data, DQT)
    wide = b"\x10" + b"".join(b"\0" + data[i : i + 1] for i in range(start + 5, end))
    assert estimate(splice(data, start, end, segment(DQT, wide))) == "quality 60"


def test_what_only_looks_like_a_table_is_none() -> None:
    """A table within a comment is skipped; of two tables of one number the last counts."""
    data, other = encoded(quality=60), encoded(quality=20)
    table = other[slice(*find(other, DQT))]
    assert estimate(insert_before(DQT, segment(0xFE, b"\xff" + table + b"\xff"))(data)) == (
        "quality 60"
    )
    assert estimate(insert_before(DQT, table)(data)) == "quality 60"
    assert estimate(insert_before(0xC0, table)(data)) == "quality 20"
    assert estimate(data + other) == "quality 60"


@pytest.mark.parametrize(
    "payload", [b"", b"\x00", bytes(64), b"\x10" + bytes(127), b"\x01" + bytes(64)]
)
def test_where_there_is_no_luminance_table_nothing_is_told(payload: bytes) -> None:
    """Cut off, empty, or of another number."""
    data = encoded()
    start, end = find(data, DQT)
    assert estimate(splice(data, start, end, segment(DQT, payload))) == "None"
    assert estimate(data[:end]) == "None"
    for cut in range(start, end, 7):
        assert estimate(data[:cut]) == "None"


def test_many_tables_cost_nothing() -> None:
    """Some hundred segments that each hold a thousand tables are not all read."""
    segments = segment(DQT, (b"\0" + b"\1" * 64) * 1000) * 400
    structure = walk(insert_before(DQT, segments)(encoded()))
    began = time.process_time()
    tables.quantisation_tables(structure)
    assert time.process_time() - began < 1


def test_millions_of_fill_bytes_cost_nothing() -> None:
    """Any number of FF may stand before a marker (T.81, B.1.1.2)."""
    data = insert_before(DQT, b"\xff" * 8_000_000)(encoded(quality=60))
    structure = walk(data)
    before = time.process_time()
    assert str(tables.estimate_quality(structure)) == "quality 60"
    assert time.process_time() - before < 1.5
