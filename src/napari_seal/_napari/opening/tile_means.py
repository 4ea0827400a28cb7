"""The mean level of each tile of a picture, as the fingerprint in a seal has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def tile_means(data: Any, size: int, shape: tuple[int, ...]) -> npt.NDArray[np.floating] | None:
    """Return the mean level of each tile.

    Parameters
    ----------
    data : (Y, X) or (Y, X, 3) array-like
        A picture.
    size : int
        Side of a tile in pixels; those of the last row and column reach to the picture's edge.
    shape : (int, int)
        Number of rows and columns of tiles.

    Returns
    -------
    (rows, columns) ndarray or None
        None where the picture is not of the size that has so many tiles.
    """
    import numpy as np

    data = np.asarray(data)
    rows, columns = shape
    for side, number in zip(data.shape[:2], shape, strict=True):
        if not (number - 1) * size < side < (number + 1) * size:
            return None
    ys, xs = np.arange(rows) * size, np.arange(columns) * size
    sums = np.add.reduceat(data, ys, axis=0, dtype=np.float32)
    sums = np.add.reduceat(sums, xs, axis=1, dtype=np.float64)
    if sums.ndim == 3:
        sums = sums[..., :3] @ np.array([0.299, 0.587, 0.114])
    counts = np.outer(np.diff([*ys, data.shape[0]]), np.diff([*xs, data.shape[1]]))
    return np.asarray(sums / counts)
