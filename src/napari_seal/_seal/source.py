"""The array as it was given: whether it can be sealed, and the range of its values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_seal._format import limits
from napari_seal._format.window import Window
from napari_seal.errors import ImageError, OptionError

# 65535 times a wider range does not fit 64 bits.
_WIDEST = 1 << 47


def accept(image: npt.ArrayLike) -> tuple[npt.NDArray[Any], str]:
    """Return the image as an array and its axes, or say why it cannot be sealed.

    Parameters
    ----------
    image : (Y, X) or (Y, X, 3) array_like
        Of bool, integers or floats, in any byte order and memory layout.

    Returns
    -------
    array : (Y, X) or (Y, X, 3) ndarray
        Not copied where that is possible.
    axes : str
        ``"YX"`` or ``"YXS"``.

    Raises
    ------
    ImageError
        The type, shape or values do not fit.
    """
    if isinstance(image, (str, bytes)):
        raise ImageError(
            f"an image array is needed, not a text such as {image[:60]!r}; read it first"
        )
    if np.ma.isMaskedArray(image):
        raise ImageError("a masked array has no value where it is masked; use .filled(value) first")
    try:
        array = np.asarray(image)
    except (ValueError, TypeError) as error:
        raise ImageError(f"not an image array: {error}") from error
    _check_type(array)
    axes = _axes(array.shape)
    if 0 in array.shape:
        raise ImageError(f"an image of shape {array.shape} has no pixels")
    if max(array.shape[:2]) > limits.SIDE:
        raise ImageError(
            f"JPEG holds at most {limits.SIDE:,} pixels a side; this image: {array.shape}"
        )
    if array.shape[0] * array.shape[1] > limits.PIXELS:
        raise ImageError(
            f"an image of shape {array.shape} has more than {limits.PIXELS:,} pixels; cut it up"
        )
    if array.dtype.kind == "f":
        _check_finite(array)
    return array, axes


def _check_type(array: npt.NDArray[Any]) -> None:
    kind = array.dtype.kind
    if kind in "biu" or (kind == "f" and array.dtype.itemsize <= 8):
        return
    advice = {
        "c": "store its magnitude or real part (abs(image), image.real)",
        "O": "convert it to numbers, for instance with image.astype('uint16')",
        "f": "convert it with image.astype('float64')",
        "V": "seal each field of the structured array by itself",
    }.get(kind, "convert it to numbers, for instance uint16")
    raise ImageError(f"an array of dtype {array.dtype} cannot be sealed as JPEG; {advice}")


def _axes(shape: tuple[int, ...]) -> str:
    if len(shape) == 2:
        return "YX"
    if len(shape) == 3 and shape[2] == 3:
        return "YXS"
    if len(shape) == 3 and shape[2] == 4:
        raise ImageError(
            f"JPEG has no alpha channel, and this image of shape {shape} has four; "
            "drop it with image[..., :3] (a lossless format that keeps alpha is planned)"
        )
    raise ImageError(
        f"an image of shape {shape} is not a 2-D gray (Y, X) or RGB (Y, X, 3) picture; seal one "
        "plane at a time, such as image[0], or the whole stack with napari_seal.seal_stack"
    )


def _check_finite(array: npt.NDArray[Any]) -> None:
    for name, bad in (("NaN", np.isnan(array)), ("infinity", np.isinf(array))):
        if bad.any():
            first = tuple(int(i) for i in np.argwhere(bad)[0])
            raise ImageError(
                f"the image contains {name} ({int(bad.sum())} values, the first at index {first}), "
                "which has no place on a scale from dark to bright; replace it, for instance with "
                "numpy.nan_to_num(image, nan=0, posinf=..., neginf=...)"
            )


def choose_window(array: npt.NDArray[Any], window: tuple[float, float] | Window | None) -> Window:
    """The range of intensities to map to 8 bits.

    Parameters
    ----------
    array : ndarray
        As `accept` returns it.
    window : (low, high), Window or None
        None takes the array's own minimum and maximum, as the MoEDAL function does; for uint8 and
        bool, which 8 bits hold as they are, it takes the type's whole range.

    Raises
    ------
    OptionError
        The window is no pair of finite numbers in order, or too wide.
    """
    low: int | float
    high: int | float
    if window is None:
        if array.dtype.kind == "b":
            return Window(low=0, high=1)
        if array.dtype == np.uint8:
            return Window(low=0, high=255)
        low, high = array.min().item(), array.max().item()
    else:
        given = window if isinstance(window, Window) else _pair(window)
        low, high = given.low, given.high
    if low > high:
        raise OptionError(f"the window goes from low to high, not from {low} to {high}")
    if not high - low < (_WIDEST if isinstance(low, int) and isinstance(high, int) else math.inf):
        raise OptionError(
            f"a window from {low} to {high} is too wide; give one such as window=(0, 65535)"
        )
    return Window(low=low, high=high)


def _pair(window: object) -> Window:
    try:
        pair: tuple[Any, ...] = tuple(window)  # type: ignore[arg-type]
        low, high = pair
    except (TypeError, ValueError) as error:
        raise OptionError(f"a window is a pair (low, high), not {window!r}") from error
    return Window(low=low, high=high)
