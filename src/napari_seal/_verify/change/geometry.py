"""Whether a picture of another size is the sealed one, resized or cut out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_seal._format.tiles import starts, sums
from napari_seal._verify.change.localise import agrees

if TYPE_CHECKING:
    from napari_seal._format.tiles import Fingerprint
    from napari_seal._verify.change.localise import Floats

# A cut-out has at least so many tiles a side: fewer fit in too many places.
_LEAST_SIDE: Final = 8
# Tiles are searched in at least so many pixels a side; larger pictures are reduced to that.
_FINE: Final = 16
# Resized pictures are reduced to about so many pixels first.
_ENOUGH: Final = 4_000_000


def is_resized(plane: npt.NDArray[np.uint8], sealed: Fingerprint, tolerance: float) -> float | None:
    """Return by how much the picture was scaled, or None where it does not look the same."""
    scales = [now / then for now, then in zip(plane.shape, sealed.shape, strict=True)]
    if abs(scales[0] / scales[1] - 1) >= 0.02 or not 0.2 < scales[0] < 5:
        return None
    factor = max(1, round((plane.size / _ENOUGH) ** 0.5))
    if factor > min(plane.shape):  # thinner than any picture that was sealed, and as long
        return None
    edges = [
        np.minimum(np.append(starts(then, sealed.size), then) * scale / factor, now / factor)
        for then, scale, now in zip(sealed.shape, scales, plane.shape, strict=True)
    ]
    means = _means_between(_integral(_reduced(plane, factor)), *edges)
    return scales[0] if agrees(means, sealed, tolerance + 1) else None


def find_crop(plane: npt.NDArray[np.uint8], sealed: Fingerprint, tolerance: float) -> str | None:
    """Look for the place in the sealed picture that this one was cut out of.

    Returns
    -------
    str or None
        Its rows and columns, in words; None where it fits nowhere, or in several places.
    """
    height, width = plane.shape
    if height > sealed.shape[0] or width > sealed.shape[1]:
        return None
    if min(height, width) < (_LEAST_SIDE + 1) * sealed.size or min(sealed.low.shape) < 2:
        return None
    factor = 1
    while sealed.size % (2 * factor) == 0 and sealed.size // (2 * factor) >= _FINE:
        factor *= 2
    # Not the tiles of the last row and column, which are of another size.
    search = _Search(
        _integral(_reduced(plane, factor)), sealed.means[:-1, :-1], sealed.size // factor
    )
    best, rival = search.run()
    y, x = best.y * factor, best.x * factor
    inside = 0 <= y <= sealed.shape[0] - height and 0 <= x <= sealed.shape[1] - width
    if not inside or best.error > tolerance + 0.5 or rival < 2 * best.error + tolerance:
        return None
    return (
        f"about rows {y} to {y + height}, columns {x} to {x + width} of "
        f"{sealed.shape[0]} x {sealed.shape[1]} pixels"
    )


class _Place(NamedTuple):
    """Mean error of the tiles if the picture begins at this pixel of the sealed one."""

    error: float
    y: int
    x: int


class _Search:
    """The picture against all places in a grid of tiles.

    Parameters
    ----------
    integral : (Y + 1, X + 1) ndarray
        Of the picture.
    grid : (rows, columns) ndarray
        Means of the sealed tiles.
    size : int
        Side of a tile in pixels of the picture.
    """

    def __init__(self, integral: Floats, grid: Floats, size: int) -> None:
        self._integral, self._grid, self._size = integral, grid, size

    def run(self) -> tuple[_Place, float]:
        """The best place, and the error of the best one that is more than a tile away."""
        step = max(self._size // 4, 1)
        phases = range(0, self._size, step)
        coarse = [self._all_at(y, x) for y in phases for x in phases]
        best = min(coarse)
        while step > 0 and np.isfinite(best.error):
            around = (-step, 0, step)
            best = min(
                best, *(self._one_at(best.y + dy, best.x + dx) for dy in around for dx in around)
            )
            step //= 2
        far = [
            place.error
            for place in coarse
            if max(abs(place.y - best.y), abs(place.x - best.x)) > self._size
        ]
        return best, min(far, default=np.inf)

    def _means(self, y: int, x: int) -> Floats:
        """Means of the whole tiles that begin at this pixel of the picture."""
        corners = self._integral[y :: self._size, x :: self._size]
        return np.asarray(np.diff(np.diff(corners, axis=0), axis=1) / self._size**2)

    def _all_at(self, y: int, x: int) -> _Place:
        """The best whole-tile offset for tiles that begin at this pixel of the picture."""
        means = self._means(y, x)
        if means.shape[0] > self._grid.shape[0] or means.shape[1] > self._grid.shape[1]:
            return _Place(np.inf, 0, 0)
        windows = np.lib.stride_tricks.sliding_window_view(self._grid, means.shape)
        errors = np.abs(windows[:, :, ::3, ::3] - means[::3, ::3]).mean(axis=(2, 3))
        row, column = np.unravel_index(int(errors.argmin()), errors.shape)
        return _Place(float(errors.min()), int(row) * self._size - y, int(column) * self._size - x)

    def _one_at(self, y: int, x: int) -> _Place:
        """The error if the picture begins at this pixel of the sealed one."""
        if y < 0 or x < 0:
            return _Place(np.inf, y, x)
        row, column = -(-y // self._size), -(-x // self._size)
        means = self._means(row * self._size - y, column * self._size - x)
        part = self._grid[row : row + means.shape[0], column : column + means.shape[1]]
        if part.shape != means.shape or not part.size:
            return _Place(np.inf, y, x)
        return _Place(float(np.abs(part - means).mean()), y, x)


def _reduced(plane: npt.NDArray[np.uint8], factor: int) -> npt.NDArray[np.generic]:
    """Means of factor x factor pixels; what is left over at the edges is cut off."""
    if factor == 1:
        return plane
    height, width = (length // factor * factor for length in plane.shape)
    whole = np.ascontiguousarray(plane[:height, :width])
    return sums(whole, factor) / factor**2


def _integral(plane: npt.NDArray[np.generic]) -> Floats:
    out = np.zeros((plane.shape[0] + 1, plane.shape[1] + 1))
    np.cumsum(plane, axis=0, dtype=np.float64, out=out[1:, 1:])
    np.cumsum(out[1:, 1:], axis=1, out=out[1:, 1:])
    return out


def _means_between(integral: Floats, ys: Floats, xs: Floats) -> Floats:
    """Means between edges that need not be whole pixels."""
    ys, xs = np.minimum(ys, integral.shape[0] - 1), np.minimum(xs, integral.shape[1] - 1)
    i = np.minimum(ys.astype(int), integral.shape[0] - 2)
    j = np.minimum(xs.astype(int), integral.shape[1] - 2)
    f, g = (ys - i)[:, None], xs - j
    rows = integral[i] * (1 - f) + integral[i + 1] * f
    corners = rows[:, j] * (1 - g) + rows[:, j + 1] * g
    sides = np.maximum(np.outer(np.diff(ys), np.diff(xs)), 1e-9)
    return np.asarray(np.diff(np.diff(corners, axis=0), axis=1) / sides)
