"""From changed tiles to boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_seal._verify.verdict import Box

#: Boxes a file at most; beyond, they say less than one box around them all.
MOST: Final = 256


def boxes(flags: npt.NDArray[np.bool_], size: int, shape: tuple[int, int]) -> tuple[Box, ...]:
    """Merge neighbouring tiles into boxes.

    Parameters
    ----------
    flags : (rows, columns) ndarray of bool
        The changed tiles.
    size : int
        Side of a tile in pixels; the tiles of the last row and column reach to the picture's edge.
    shape : (int, int)
        Height and width of the picture in pixels.

    Returns
    -------
    tuple of Box
        From top to bottom; one for each group of tiles that touch, also by a corner.  More groups
        than `MOST` become one box around them all.
    """
    groups = _groups({(int(y), int(x)) for y, x in np.argwhere(flags)})
    if len(groups) > MOST:
        groups = [[tile for group in groups for tile in group]]
    return tuple(sorted(_box(group, flags.shape, size, shape) for group in groups))


def _groups(left: set[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    groups = []
    while left:
        group = [left.pop()]
        for y, x in group:  # grows while it is gone through
            near = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            group += near
        groups.append(group)
    return groups


def _box(
    group: list[tuple[int, int]], grid: tuple[int, ...], size: int, shape: tuple[int, int]
) -> Box:
    ys, xs = [y for y, _ in group], [x for _, x in group]
    bottom = shape[0] if max(ys) + 1 == grid[0] else (max(ys) + 1) * size
    right = shape[1] if max(xs) + 1 == grid[1] else (max(xs) + 1) * size
    return min(ys) * size, min(xs) * size, bottom, right


def tighten(box: Box, mask: npt.NDArray[np.bool_]) -> Box:
    """Shrink a box to the pixels that are set in it.

    Parameters
    ----------
    box : Box
    mask : (Y, X) ndarray of bool
        With at least one pixel set within the box.
    """
    y0, x0, y1, x1 = box
    part = mask[y0:y1, x0:x1]
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    return (
        y0 + int(rows[0]),
        x0 + int(columns[0]),
        y0 + int(rows[-1]) + 1,
        x0 + int(columns[-1]) + 1,
    )
