"""The array as it was given: whether it can be sealed, in which depth, and in what range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_seal._format import limits
from napari_seal._format.window import Window
from napari_seal.errors import ImageError, OptionError

if TYPE_CHECKING:
    from napari_seal._format.container import Format

_LEVELS = 65535
# 65535 times a wider range does not fit 64 bits.
_WIDEST = 1 << 47


def accept(image: npt.ArrayLike, format: Format = "jpeg") -> tuple[npt.NDArray[Any], str]:  # noqa: A002 - the seal's word
    """Return the image as an array and its axes, or say why it cannot be sealed.

    See `accept_form`; looks at the values as well.

    Raises
    ------
    ImageError
        The type, shape or values do not fit.
    """
    array, axes = accept_form(image, format)
    check_values(array)
    return array, axes


def accept_form(
    image: npt.ArrayLike,
    format: Format = "jpeg",  # noqa: A002 - the seal's word
) -> tuple[npt.NDArray[Any], str]:
    """Return the image as an array and its axes, or say why it cannot be sealed.

    Parameters
    ----------
    image : (Y, X), (Y, X, 3) or (Y, X, 4) array_like
        Of bool, integers or floats, in any byte order and memory layout.
    format : {"jpeg", "png"}
        JPEG has no alpha; PNG takes colours of uint8.

    Returns
    -------
    array : (Y, X), (Y, X, 3) or (Y, X, 4) ndarray
        Not copied where that is possible.
    axes : str
        ``"YX"`` or ``"YXS"``.

    Raises
    ------
    ImageError
        The type or shape does not fit.
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
    axes = _axes(array.shape, format)
    if format == "png" and len(axes) == 3 and array.dtype != np.uint8:
        raise ImageError(
            f"colours of {array.dtype} cannot be stored without loss: a sealed PNG has 8 bits a "
            "colour; seal each channel as a gray image of its own (image[..., 0] and so on), or "
            "convert to uint8, or seal as .sealed.jpg"
        )
    if 0 in array.shape:
        raise ImageError(f"an image of shape {array.shape} has no pixels")
    if max(array.shape[:2]) > limits.SIDE:
        raise ImageError(
            f"sealed files have at most {limits.SIDE:,} pixels a side; this image: {array.shape}"
        )
    if array.shape[0] * array.shape[1] > limits.PIXELS:
        raise ImageError(
            f"an image of shape {array.shape} has more than {limits.PIXELS:,} pixels; cut it up"
        )
    if array.size * bits_of(array, format) // 8 > limits.PICTURE_BYTES:
        raise ImageError(
            f"an image of shape {array.shape} has more than {limits.PICTURE_BYTES:,} bytes as it "
            "is stored; cut it up"
        )
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
    raise ImageError(f"an array of dtype {array.dtype} cannot be sealed; {advice}")


def _axes(shape: tuple[int, ...], format: Format) -> str:  # noqa: A002 - the seal's word
    if len(shape) == 2:
        return "YX"
    if len(shape) == 3 and (shape[2] == 3 or (shape[2] == 4 and format == "png")):
        return "YXS"
    if len(shape) == 3 and shape[2] == 4:
        raise ImageError(
            f"JPEG has no alpha channel, and this image of shape {shape} has four; "
            "drop it with image[..., :3], or seal as .sealed.png, which keeps it"
        )
    raise ImageError(
        f"an image of shape {shape} is not a 2-D gray (Y, X) or RGB (Y, X, 3) picture; seal one "
        "plane at a time, such as image[0], or the whole stack with napari_seal.seal_stack"
    )


def check_values(array: npt.NDArray[Any]) -> None:
    """Refuse values that have no place on a scale from dark to bright.

    Raises
    ------
    ImageError
        Says where they are.
    """
    if array.dtype.kind != "f":
        return
    for name, bad in (("NaN", np.isnan(array)), ("infinity", np.isinf(array))):
        if bad.any():
            first = tuple(int(i) for i in np.argwhere(bad)[0])
            count = int(bad.sum())
            raise ImageError(
                f"the image contains {name} ({count:,} value{'s' if count > 1 else ''}, the first "
                f"at index {first}), "
                "which has no place on a scale from dark to bright; replace it, for instance with "
                "numpy.nan_to_num(image, nan=0, posinf=..., neginf=...)"
            )


def bits_of(array: npt.NDArray[Any], format: Format) -> int:  # noqa: A002 - the seal's word
    """Bits of a level: 8 in JPEG and for what 8 bits hold, else 16."""
    return 8 if format == "jpeg" or array.dtype.itemsize == 1 else 16


def choose_window(
    array: npt.NDArray[Any],
    window: tuple[float, float] | Window | None,
    format: Format = "jpeg",  # noqa: A002 - the seal's word
) -> Window:
    """The range of intensities to map to levels.

    Parameters
    ----------
    array : ndarray
        As `accept` returns it.
    window : (low, high), Window or None
        None takes the array's own minimum and maximum, as the MoEDAL function does; for uint8 and
        bool, which 8 bits hold as they are, it takes the type's whole range.  For PNG, all whole
        numbers that 16 bits can hold are stored one to one.
    format : {"jpeg", "png"}

    Raises
    ------
    OptionError
        The window is no pair of finite numbers in order, or too wide.
    """
    given = check_window(window)
    if given is not None:
        return given
    if array.dtype.kind == "b":
        return Window(low=0, high=1)
    if array.dtype == np.uint8:
        return Window(low=0, high=255)
    low = array.min().item()
    high = array.max().item()
    if format == "png" and array.dtype.kind in "iu":
        low, high = _one_to_one(array.dtype, int(low), int(high))
    return _check_width(Window(low=low, high=high))


def check_window(window: tuple[float, float] | Window | None) -> Window | None:
    """A window that was asked for, as one that is possible.

    Parameters
    ----------
    window : (low, high), Window or None

    Raises
    ------
    OptionError
        It is no pair of finite numbers in order, or too wide.
    """
    if window is None:
        return None
    given = window if isinstance(window, Window) else _pair(window)
    if given.low > given.high:
        raise OptionError(f"the window goes from low to high, not from {given.low} to {given.high}")
    return _check_width(given)


def _check_width(window: Window) -> Window:
    low, high = window.low, window.high
    if not high - low < (_WIDEST if isinstance(low, int) and isinstance(high, int) else math.inf):
        raise OptionError(
            f"a window from {low} to {high} is too wide; give one such as window=(0, 65535)"
        )
    return window


def _one_to_one(dtype: np.dtype[Any], low: int, high: int) -> tuple[int, int]:
    """A range as wide as the levels there are, where it holds the values."""
    info = np.iinfo(dtype)
    if dtype.itemsize <= 2:
        return int(info.min), int(info.max)
    if low >= 0 and high <= _LEVELS:  # wider types, as labels have them: the values themselves
        return 0, _LEVELS
    return (low, low + _LEVELS) if high - low <= _LEVELS else (low, high)


def _pair(window: object) -> Window:
    try:
        pair: tuple[Any, ...] = tuple(window)  # type: ignore[arg-type]
        low, high = pair
    except (TypeError, ValueError) as error:
        raise OptionError(f"a window is a pair (low, high), not {window!r}") from error
    return Window(low=low, high=high)
