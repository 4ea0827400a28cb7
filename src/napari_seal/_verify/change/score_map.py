"""How strongly each tile of a picture differs from what was sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreMap:
    """How strongly each tile of a picture differs from what was sealed.

    Parameters
    ----------
    size : int
        Side of a tile in pixels; those of the last row and column reach to the picture's edge.
    scores : (rows, columns) ndarray of float32 or uint8
        0 where a tile is as it was sealed; from 1 on it counts as changed.
    sealed : (rows, columns) ndarray of float32 or uint8
        Mean level of each tile when it was sealed, 0 to 255: a thumbnail of the sealed picture.
    exact : bool
        Whether this comes from the original, not from the fingerprint: scores are then the largest
        difference in the tile, in levels, and `size` is 1 unless many files were checked.
    lossless : bool
        Whether this comes from the tiles' digests: scores are then 1 and by how many levels of 255
        the tile's mean moved.
    """

    size: int
    scores: npt.NDArray[np.float32] | npt.NDArray[np.uint8]
    sealed: npt.NDArray[np.float32] | npt.NDArray[np.uint8]
    exact: bool = False
    lossless: bool = False
