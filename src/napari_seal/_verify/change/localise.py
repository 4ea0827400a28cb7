"""Where a picture differs from its fingerprint, beyond what saving it again can explain.

A false accusation is worse than a missed detail: every limit below is above what honest saves, up
to three in a row, were seen to reach (``benchmarks/localise.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from napari_seal._format.tables import quantisation_tables
from napari_seal._format.tiles import BLOCK, areas, bands, gather, luma, starts, sums
from napari_seal._verify.change.score_map import ScoreMap

if TYPE_CHECKING:
    from napari_seal._format.container import Container
    from napari_seal._format.tiles import Fingerprint, Ints

Floats = npt.NDArray[np.float64]

# Rounding of decoded pixels moves a mean by at most 0.5.
_ROUNDING: Final = 0.6
# Share of the fingerprint's step that is added to the noise that is seen.
_SLACK: Final = 0.3
# What clipping at 0 and 255 takes away: in units of the noise, and of the block's range.
_CLIPPED: Final = (20.0, 0.4)
# Largest honest distance over the upper 2 % quantile, and over p90 of the textured tiles.
_LARGEST: Final = (2.0, 3.0)
_QUANTILE: Final = 0.02
_LEAST_TILES, _LEAST_TEXTURED = 16, 32
# Noise of a save that the tables do not show is at most this, in levels.
_NOISE_CAP: Final = 4.5
# Fewer tiles than this that are not flat are no statistics: flat ones do not move, whatever saves
# there were in between.  Then this noise (libjpeg quality 20) is taken for granted.
_FEW: Final = (64, 2.5)
# In tiles of a single block nothing averages out between blocks: the noise of a save counts so many
# times, and the largest of many distances lies further out.
_SINGLE: Final = 2.0
_LARGEST_OF_BLOCKS: Final = (2.5, 4.0)
# And it is never taken to be less than this, in levels: in a sparse picture, saves that the tables
# do not show leave hardly a trace by which they could be measured.
_LEAST_OF_BLOCKS: Final = 2.0
# Nothing averages out in smooth tiles: a second save adds this share of its noise, and a rounding.
_SMOOTH: Final = (0.5, 0.4)
# Correlation of the tiles from which on two pictures look the same.
_SAME: Final = 0.98
# Range of levels within a block below which it is smooth, and from which it is textured.
_FLAT, _TEXTURED = 4, 8


def score(structure: Container, image: npt.NDArray[np.uint8], sealed: Fingerprint) -> ScoreMap:
    """Compare a picture with the fingerprint of what was sealed.

    Parameters
    ----------
    structure : Container
        The file; its luma table tells how much saving it moved the means.
    image : (Y, X) or (Y, X, 3) ndarray of uint8
        Its decoded picture, of the size that was sealed.
    sealed : Fingerprint
        From the seal.

    Returns
    -------
    ScoreMap
        For each tile its distance from the sealed interval over the largest that honest saves can
        explain.
    """
    shape, size = sealed.shape, sealed.size
    per_tile = size // BLOCK
    area, block_area = areas(shape, size), areas(shape, BLOCK)
    total, clipped, spread = _blocks(image)
    distance = distance_of(gather(total, per_tile) / area, sealed)

    # Quantising anew moves the mean of a block by at most 1/16 of the step of its DC coefficient:
    # half a step of an eighth of the sum (T.81, A.3.3).
    factor, largest = (_SINGLE, _LARGEST_OF_BLOCKS) if size == BLOCK else (1.0, _LARGEST)
    by_table = factor * dc_step(structure) / 16
    telling = np.count_nonzero(gather(spread >= _FLAT, per_tile))
    noise = max(by_table, _LEAST_OF_BLOCKS) if size == BLOCK else by_table
    if telling < _FEW[0]:
        noise = max(noise, factor * _FEW[1])
    rank = max(distance.size - max(_LEAST_TILES, int(_QUANTILE * distance.size)), 0)
    seen = largest[0] * float(np.sort(distance, axis=None)[rank])
    textured = gather((spread >= _TEXTURED) * block_area, per_tile) >= area / 2
    if np.count_nonzero(textured) >= _LEAST_TEXTURED:
        seen = max(seen, largest[1] * float(np.percentile(distance[textured], 90)))
    if seen > 0:  # a save in between, which the tables do not show
        noise = max(noise, min(seen + _SLACK * sealed.step, factor * _NOISE_CAP))

    lost = np.minimum(_CLIPPED[0] * noise, _CLIPPED[1] * spread)
    limit = noise + _ROUNDING + gather(clipped * lost, per_tile) / area
    smooth = gather((spread < _FLAT) * block_area, per_tile) >= area / 2
    limit += smooth * (_SMOOTH[0] * by_table + _SMOOTH[1])
    scores = distance / limit
    return ScoreMap(
        size=size, scores=scores.astype(np.float32), sealed=sealed.means.astype(np.float32)
    )


def distance_of(means: Floats, sealed: Fingerprint) -> Floats:
    """How far means lie outside of the intervals that were sealed, in levels."""
    out: Floats = np.maximum(np.abs(means - sealed.means) - sealed.step / 2, 0)
    return out


def tile_means(plane: npt.NDArray[np.uint8], size: int) -> Floats:
    """Mean level of each tile of a luma plane."""
    return sums(plane, size) / areas((plane.shape[0], plane.shape[1]), size)


def correlation(means: Floats, low: Floats) -> float:
    """Pearson's, and 0 where one of both is flat."""
    if low.std() == 0 or means.std() == 0:
        return 0.0
    return float(np.corrcoef(low.ravel(), means.ravel())[0, 1])


def agrees(means: Floats, sealed: Fingerprint, tolerance: float) -> bool:
    """Whether nine tiles of ten are as they were, and the whole looks the same."""
    distance = distance_of(means, sealed)
    return bool(np.percentile(distance, 90) <= tolerance and correlation(means, sealed.low) > _SAME)


def dc_step(structure: Container) -> int:
    """Quantisation step of the luma table's DC coefficient; 255 where there is no such table."""
    table = quantisation_tables(structure).get(0)
    return min(table[0], 255) if table else 255


def _blocks(image: npt.NDArray[np.uint8]) -> tuple[Ints, Ints, Ints]:
    """Of each block: the sum of its luma, the number of clipped pixels, the range of its luma."""
    parts = []
    for rows in bands(len(image)):
        plane, clipped = luma(image[rows]), (image[rows] == 0) | (image[rows] == 255)
        if clipped.ndim == 3:
            clipped = clipped.any(axis=2)
        ys, xs = (starts(length, BLOCK) for length in plane.shape)
        high, low = (
            extreme.reduceat(extreme.reduceat(plane, ys, axis=0), xs, axis=1).astype(np.int64)
            for extreme in (np.maximum, np.minimum)
        )
        parts.append((sums(plane, BLOCK), sums(clipped.view(np.uint8), BLOCK), high - low))
    total, clipped_count, spread = (np.concatenate(column) for column in zip(*parts, strict=True))
    return total, clipped_count, spread
