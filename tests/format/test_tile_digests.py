"""Digests of tiles: what is stored, what is read, and that no change of a tile is missed."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seal._format.tile_digests import MOST, compute, measure, read
from napari_seal.errors import FormatError

DEEP = np.random.default_rng(6).integers(0, 65536, (70, 100), np.uint16)


def test_a_digest_can_be_had_by_hand() -> None:
    """The first two bytes of the SHA-256 of a tile's samples, little-endian, row by row."""
    stored = measure(DEEP)
    assert (stored["kind"], stored["size"]) == ("digest-1", 16)
    data = base64.b64decode(stored["data"])
    assert len(data) == 2 * 4 * 6
    assert data[:2] == hashlib.sha256(DEEP[:16, :16].astype("<u2").tobytes()).digest()[:2]
    # The last ones take what is left over.
    assert data[-2:] == hashlib.sha256(DEEP[48:, 80:].astype("<u2").tobytes()).digest()[:2]


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (15, 17), (16, 16), (1024, 1024), (1025, 1040), (1, 65500), (65500, 3), (3000, 4100)],
)
def test_there_are_never_too_many(shape: tuple[int, int]) -> None:
    """Tiles grow with the picture, and every picture has digests that can be read again."""
    stored = measure(np.zeros(shape, np.uint8))
    size, digests = read(stored, shape)
    assert 1 <= digests.size <= MOST
    assert np.array_equal(digests, compute(np.zeros(shape, np.uint8), size))
    assert len(stored["data"]) <= 10924


def test_byte_order_and_layout_do_not_matter() -> None:
    """The samples do."""
    for twin in (DEEP.astype(">u2"), np.asfortranarray(DEEP), DEEP[::-1][::-1]):
        assert measure(twin) == measure(DEEP)
    assert measure(DEEP.astype(np.uint32).astype(np.uint16)) == measure(DEEP)


@pytest.mark.parametrize("channels", [3, 4])
def test_colours_count(channels: int) -> None:
    """A change of one channel of one pixel, alpha too, changes its tile."""
    image = np.random.default_rng(7).integers(0, 256, (64, 64, channels), np.uint8)
    changed = image.copy()
    changed[40, 20, channels - 1] ^= 1
    assert np.argwhere(compute(image, 16) != compute(changed, 16)).tolist() == [[2, 1]]


@given(y=st.integers(0, 69), x=st.integers(0, 99), bit=st.integers(0, 15))
def test_a_bit_of_one_pixel_is_found_where_it_is(y: int, x: int, bit: int) -> None:
    """Exactly the tile that holds it differs, whichever of the 16 bits it is."""
    changed = DEEP.copy()
    changed[y, x] ^= 1 << bit
    differs = np.argwhere(compute(DEEP, 16) != compute(changed, 16)).tolist()
    assert differs == [[min(y // 16, 3), min(x // 16, 5)]]


GOOD = measure(DEEP)


@pytest.mark.parametrize(
    "changes",
    [{"kind": "digest-2"}, {"kind": None}, {"size": 8}, {"size": 20}, {"size": 16.0},
     {"size": True}, {"size": 0}, {"size": 1 << 17}, {"size": "16"}, {"data": 7}, {"data": ""},
     {"data": "!!!!"}, {"data": GOOD["data"][:-4]}, {"data": GOOD["data"] + "AAAA"}, {"data": "é"},
     {"data": "A" * 100_000_000}, {"size": 24}],
    ids=lambda changes: str(changes)[:30],
)  # fmt: skip
def test_others_are_refused(changes: dict[str, Any]) -> None:
    """Another kind, an impossible size, and data that are not as many digests."""
    with pytest.raises(FormatError, match="digests"):
        read(GOOD | changes, DEEP.shape)


@pytest.mark.parametrize("shape", [(), (5,), (0, 5), (5, 0), (1 << 40, 1 << 40)])
def test_impossible_shapes_are_refused(shape: tuple[int, ...]) -> None:
    """A seal's claim about its picture is not trusted."""
    with pytest.raises(FormatError):
        read(GOOD, shape)
