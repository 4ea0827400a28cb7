"""Changes of a whole picture, told from the fingerprint: turned, mirrored, toned, cropped, resized.

A change is named only where the whole fingerprint agrees with it, and with nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_seal._verify.change.geometry import find_crop, is_resized
from napari_seal._verify.change.localise import correlation, distance_of, tile_means
from napari_seal._verify.reasons import ReasonCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_seal._format.tiles import Fingerprint
    from napari_seal._verify.change.localise import Floats

# How many times a picture is turned by 90 degrees to the left after it was mirrored, and the words.
_TURNS: Final = (
    (False, 1, ReasonCode.ROTATED, "rotated by 90 degrees anticlockwise"),
    (False, 2, ReasonCode.ROTATED, "rotated by 180 degrees"),
    (False, 3, ReasonCode.ROTATED, "rotated by 90 degrees clockwise"),
    (True, 0, ReasonCode.FLIPPED, "mirrored left to right"),
    (True, 1, ReasonCode.FLIPPED, "mirrored along the diagonal from the top left"),
    (True, 2, ReasonCode.FLIPPED, "mirrored top to bottom"),
    (True, 3, ReasonCode.FLIPPED, "mirrored along the diagonal from the top right"),
)
_LEAST_TILES: Final = 64
# Share of the squared change that a tone curve explains; of a blur it is 0.5, of a shift 0.1.
_EXPLAINED: Final = 0.95
# Share of tiles that a change of tone moves at least: not the empty ones of a sparse picture.
_MOVED: Final = 0.1
# Turned back, a picture has hardly a changed tile, compared with any other way of turning it, which
# changes at least so many.
_HARDLY, _CHANGED = 0.1, 0.05
# Mean level below which nearly all pixels of a tile are black; and the standard deviation above
# which a tile has structure.
_BLACK, _NOISY = 2.0, 4.0
# Nothing in common is below this; an edited picture stays far above.
_UNRELATED: Final = 0.5
# Standard deviation of the tiles, in levels, below which saving alone undoes what is in common.
_NEARLY_FLAT: Final = 6.0


class Named(NamedTuple):
    """A change that explains the whole picture."""

    code: ReasonCode
    words: str


def name_change(plane: npt.NDArray[np.uint8], sealed: Fingerprint, dc_step: int) -> Named | None:
    """Name what was done to the whole picture, or None where that cannot be told for certain.

    Parameters
    ----------
    plane : (Y, X) ndarray of uint8
        Luma of the picture as it is now.
    sealed : Fingerprint
        Of the picture that was sealed.
    dc_step : int
        See `napari_seal._verify.change.localise.dc_step`.
    """
    tolerance = max(dc_step / 16, 1.0) + 0.5
    if sealed.low.size < _LEAST_TILES:
        return None
    turned, certain = _turned(plane, sealed, tolerance)
    if turned is not None:
        return turned if certain else None
    if sealed.low.std() <= 4 * (tolerance + sealed.step):
        return None  # too little to see
    if plane.shape == sealed.shape:
        named = _toned(sealed, tile_means(plane, sealed.size), tolerance)
        return None if named is None or _has_noise(plane, sealed) else named
    resized, cropped = is_resized(plane, sealed, tolerance), find_crop(plane, sealed, tolerance)
    if (resized is None) == (cropped is None):
        return None
    if resized is not None:
        words = f"The picture was resized to {resized:.0%} of its size."
        return Named(ReasonCode.RESIZED, words)
    return Named(ReasonCode.CROPPED, f"The picture was cut out of the sealed one: {cropped}.")


def is_unrelated(plane: npt.NDArray[np.uint8], sealed: Fingerprint) -> bool:
    """Whether a picture of the same size has nothing in common with what was sealed.

    Not even turned or mirrored; nor can it be said of a picture that is nearly flat.
    """
    if sealed.low.size < _LEAST_TILES or sealed.low.std() <= _NEARLY_FLAT:
        return False
    return all(
        abs(correlation(means, sealed.low)) < _UNRELATED for _, means in _turned_back(plane, sealed)
    )


def _turned(
    plane: npt.NDArray[np.uint8], sealed: Fingerprint, tolerance: float
) -> tuple[Named | None, bool]:
    """The way of turning and mirroring that leaves hardly a tile changed, and if no other does.

    As the picture lies, and turned in any other way, it must have many changed tiles.
    """
    as_it_lies, found = 1.0, []
    for named, means in _turned_back(plane, sealed):
        changed = float((distance_of(means, sealed) > tolerance).mean())
        if named is None:
            as_it_lies = changed
        else:
            found.append((changed, named))
    found.sort(key=lambda item: item[0])
    if not found or as_it_lies < _CHANGED or found[0][0] > _HARDLY * as_it_lies:
        return None, False
    rival = found[1][0] if len(found) > 1 else 1.0
    return found[0][1], rival >= _CHANGED and found[0][0] <= _HARDLY * rival


def _turned_back(
    plane: npt.NDArray[np.uint8], sealed: Fingerprint
) -> Iterator[tuple[Named | None, Floats]]:
    """Tile means with each way of turning undone, where the size is then the sealed one."""
    if plane.shape == sealed.shape:
        yield None, tile_means(plane, sealed.size)
    for back, code, words in turned_back(plane):
        if back.shape == sealed.shape:
            named = Named(code, f"The picture was {words}.")
            yield named, tile_means(np.ascontiguousarray(back), sealed.size)


def turned_back(
    image: npt.NDArray[Any],
) -> Iterator[tuple[npt.NDArray[Any], ReasonCode, str]]:
    """The picture with each way of turning and mirroring undone, and how it was turned."""
    for mirrored, turns, code, words in _TURNS:
        # Undone: first turned back, then mirrored back.
        back = np.rot90(image, -turns)
        yield (back[:, ::-1] if mirrored else back), code, words


# ------------------------------------------------------------------------------------------ tone


def _toned(sealed: Fingerprint, means: Floats, tolerance: float) -> Named | None:
    """Whether one rising or falling curve turns the sealed means into the present ones."""
    x, y = sealed.means.ravel(), means.ravel()
    moved = float((np.abs(x - y) > tolerance).mean())
    if moved < _MOVED:
        return None
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    width = max(len(x) // 32, 8)
    used = len(x) // width * width
    if used < 8 * width:
        return None
    knots_x = np.median(x[:used].reshape(-1, width), axis=1)
    knots_y = np.median(y[:used].reshape(-1, width), axis=1)
    steps = np.diff(knots_y)
    rises, falls = (steps >= -tolerance / 2).all(), (steps <= tolerance / 2).all()
    if not (rises or falls) or abs(knots_y[-1] - knots_y[0]) < 8 * tolerance:
        return None
    slopes = np.abs(steps) / np.maximum(np.diff(knots_x), sealed.step)
    allowed = tolerance + sealed.step * min(max(1.0, float(slopes.max())), 4)
    left = np.interp(x, knots_x, knots_y) - y
    explained = 1 - float(np.square(left).sum() / np.square(x - y).sum())
    # Colours are clipped one by one, so that their luma follows a curve less well.  And where most
    # tiles are as they were, that nine of ten fit a curve says nothing.
    fits = moved > 0.5 and np.percentile(np.abs(left), 90) <= allowed
    if not fits and explained < _EXPLAINED:
        return None
    if falls and not rises:
        words = "The levels were inverted: dark became bright everywhere."
    else:
        words = (
            f"Brightness, contrast or gamma were changed everywhere: {_curve(knots_x, knots_y)}."
        )
    return Named(ReasonCode.TONE_CHANGED, words)


def _has_noise(plane: npt.NDArray[np.uint8], sealed: Fingerprint) -> bool:
    """Whether tiles that were black or white hold structure now.

    A tone curve leaves them flat.  Noise that is clipped there moves the means as a curve does.
    """
    flat = np.argwhere((sealed.means < _BLACK) | (sealed.means > 255 - _BLACK))
    chosen = flat[:: max(len(flat) // _LEAST_TILES, 1)]
    spreads = [float(_tile(plane, sealed.size, y, x).std()) for y, x in chosen]
    return bool(spreads) and float(np.median(spreads)) > _NOISY


def _tile(plane: npt.NDArray[np.uint8], size: int, y: int, x: int) -> npt.NDArray[np.uint8]:
    return plane[y * size : (y + 1) * size, x * size : (x + 1) * size]


def _curve(x: Floats, y: Floats) -> str:
    """The curve in words: the better of a straight line and a power law."""
    inside = (y > 4) & (y < 251) & (x > 4) & (x < 251)  # what is clipped tells nothing
    if np.count_nonzero(inside) < 4 or np.ptp(x[inside]) == 0:
        return f"level {x[0]:.0f} became {y[0]:.0f}, and {x[-1]:.0f} became {y[-1]:.0f}"
    x, y = x[inside], y[inside]
    slope, offset = np.polyfit(x, y, 1)
    gamma = float(np.mean(np.log(y / 255) / np.log(x / 255)))
    line = float(np.abs(slope * x + offset - y).mean())
    power = float(np.abs(255 * (x / 255) ** gamma - y).mean())
    if power < line / 2:
        return f"about a gamma of {gamma:.2f}"
    moved = round(float(offset))
    if moved == 0:
        return f"about {slope:.2f} times the old level"
    return f"about {slope:.2f} times the old level, {'plus' if moved > 0 else 'minus'} {abs(moved)}"
