"""From changed tiles to boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seal._verify.change.regions import MOST, boxes, tighten


def flags(*rows: str) -> np.ndarray:
    """A drawing: ``#`` is a changed tile."""
    return np.array([[letter == "#" for letter in row] for row in rows])


@pytest.mark.parametrize(
    ("drawing", "expected"),
    [
        (("....", "....", "...."), ()),
        (("....", ".#..", "...."), ((16, 16, 32, 32),)),
        (("....", ".##.", ".#.."), ((16, 16, 48, 48),)),  # down to the edge: 48, not 40
        (("#...", ".#..", "...."), ((0, 0, 32, 32),)),  # touching by a corner
        (("#.#.", ".#..", "...."), ((0, 0, 32, 48),)),
        (("#.#.", "....", "...."), ((0, 0, 16, 16), (0, 32, 16, 48))),
        (("..#.", "#...", "...."), ((0, 32, 16, 48), (16, 0, 32, 16))),  # from top to bottom
        (("...#", "....", "...."), ((0, 48, 16, 75),)),  # the last column takes what is left
        (("....", "....", "#..."), ((32, 0, 55, 16),)),
        (("....", "....", "...#"), ((32, 48, 55, 75),)),
        (("####", "####", "####"), ((0, 0, 55, 75),)),
    ],
)
def test_tiles_that_touch_are_one_box(
    drawing: tuple[str, ...], expected: tuple[tuple[int, int, int, int], ...]
) -> None:
    """Half-open boxes in pixels; the tiles of the last row and column reach to the edge."""
    expected = tuple((a, b, 55 if c == 48 else c, d) for a, b, c, d in expected)
    assert boxes(flags(*drawing), 16, (55, 75)) == expected


def test_too_many_boxes_become_one() -> None:
    """256 groups are told one by one; more of them as one box around them all."""
    few = np.zeros((64, 64), bool)
    few[2:34:2, 4:36:2] = True
    assert few.sum() == MOST
    assert len(boxes(few, 16, (1024, 1024))) == MOST
    few[40, 50] = True
    assert boxes(few, 16, (1024, 1024)) == ((32, 64, 656, 816),)


@given(
    tiles=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12)), max_size=25),
    height=st.integers(160, 175),
    width=st.integers(208, 223),
)
def test_boxes_cover_the_changed_tiles_and_no_box_is_idle(
    tiles: list[tuple[int, int]], height: int, width: int
) -> None:
    """Every changed tile lies in a box, every box has one, and all lie within the picture."""
    changed = np.zeros((10, 13), bool)
    for y, x in tiles:
        changed[y, x] = True
    found = boxes(changed, 16, (height, width))
    assert list(found) == sorted(found)
    covered = np.zeros((height, width), bool)
    for y0, x0, y1, x1 in found:
        assert 0 <= y0 < y1 <= height
        assert 0 <= x0 < x1 <= width
        covered[y0:y1, x0:x1] = True
        assert changed[y0 // 16 : -(-y1 // 16), x0 // 16 : -(-x1 // 16)].any()
    pixels = np.pad(changed.repeat(16, 0).repeat(16, 1), ((0, 15), (0, 15)), mode="edge")
    assert not (pixels[:height, :width] & ~covered).any()


def test_tighten_shrinks_to_the_pixels() -> None:
    """Half-open again, and pixels outside of the box do not count."""
    mask = np.zeros((40, 50), bool)
    mask[10, 20] = mask[12, 29] = mask[0, 0] = True
    assert tighten((8, 16, 24, 40), mask) == (10, 20, 13, 30)
    assert tighten((0, 0, 8, 8), mask) == (0, 0, 1, 1)
    assert tighten((12, 29, 13, 30), mask) == (12, 29, 13, 30)
