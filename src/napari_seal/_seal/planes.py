"""A stack as it was given: its planes one at a time, whatever the order of its axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from napari_seal._format import limits
from napari_seal._format.names import ENDINGS
from napari_seal._format.window import Window
from napari_seal._seal.source import accept, bits_of, choose_window
from napari_seal._text import printable
from napari_seal.errors import ImageError, OptionError

if TYPE_CHECKING:
    from napari_seal._format.container import Format

#: Attributes of a layer with a value for each axis, and those that turn several axes at once.
_BY_AXIS: Final = ("scale", "translate", "units", "axis_labels")
_OF_ALL_AXES: Final = ("rotate", "shear", "affine")


class Planes:
    """The planes of an array.

    Parameters
    ----------
    data : array_like
        Whatever has a shape, a type and planes by index, such as a NumPy, dask or zarr array.
    axes : str or sequence of str
        A name for each axis: one letter each, or names of any length.
    image_format : {"jpeg", "png"}
        Of the files that the planes are for.

    Attributes
    ----------
    source_axes : tuple of str
        The axes in the order of ``data``.
    axes, shape
        Those along which the planes are counted, then Y, X, and S for colour.
    grid : tuple of int
        Number of planes along each axis.
    format : {"jpeg", "png"}
    dtype : numpy.dtype
    stored_dtype : str
        Of the levels in the files.

    Raises
    ------
    OptionError
        The axes do not fit the array.
    ImageError
        The array cannot be sealed.
    """

    def __init__(self, data: Any, axes: str | Sequence[str], image_format: Format = "jpeg") -> None:
        if image_format not in ENDINGS:
            raise OptionError(f"the format is one of {', '.join(ENDINGS)}, not {image_format!r}")
        if np.ma.isMaskedArray(data):
            raise ImageError(
                "a masked array has no value where it is masked; use .filled(value) first"
            )
        if not all(hasattr(data, name) for name in ("shape", "dtype", "__getitem__")):
            data = np.asarray(data)
        self._data, self.format = data, image_format
        if not all(isinstance(size, (int, np.integer)) for size in data.shape):
            raise ImageError(  # as of dask arrays that are filtered by their values
                f"an array of shape {data.shape} cannot be sealed before its sizes are known; call "
                "its .compute_chunk_sizes() first"
            )
        sizes = tuple(map(int, data.shape))
        self.dtype = np.dtype(data.dtype)
        self.source_axes = _check_axes(axes, sizes)
        size_of = dict(zip(self.source_axes, sizes, strict=True))
        plane = ("Y", "X", "S") if "S" in size_of else ("Y", "X")
        counted = tuple(axis for axis in self.source_axes if axis not in plane)
        self.axes = (*counted, *plane)
        self.shape = tuple(size_of[axis] for axis in self.axes)
        self.grid = self.shape[: len(counted)]
        # Where Y, X and S are in a plane as the array gives it.
        order = [axis for axis in self.source_axes if axis in plane]
        self._turn = tuple(order.index(axis) for axis in plane)
        self._check(sizes, len(plane))

    def _check(self, sizes: tuple[int, ...], of_plane: int) -> None:
        if 0 in sizes:
            raise ImageError(f"an array of shape {sizes} has no pixels")
        if not self.grid:
            raise OptionError(
                f"the axes {', '.join(self.axes)} are those of one plane; use napari_seal.seal"
            )
        count = int(np.prod(self.grid, dtype=object))
        if count > limits.STACK_PLANES:
            raise ImageError(
                f"a stack has at most {limits.STACK_PLANES:,} planes, and this one {count:,}; "
                "seal it in parts"
            )
        blank = np.broadcast_to(np.zeros((), self.dtype), self.shape[-of_plane:])
        self.stored_dtype = f"uint{bits_of(accept(blank, self.format)[0], self.format)}"

    @property
    def count(self) -> int:
        """Number of planes."""
        return int(np.prod(self.grid, dtype=object))

    def indices(self) -> Iterator[tuple[int, ...]]:
        """The index of each plane, the last axis fastest."""
        return product(*map(range, self.grid))

    def __getitem__(self, index: tuple[int, ...]) -> npt.NDArray[Any]:
        """Return one plane, of shape (Y, X) or (Y, X, 3), checked.

        Raises
        ------
        ImageError
            It cannot be read, or has values that cannot be sealed; says which plane.
        """
        positions = iter(index)
        counted = self.axes[: len(self.grid)]
        key = tuple(
            next(positions) if axis in counted else slice(None) for axis in self.source_axes
        )
        try:
            plane = self._data[key]
            if np.ma.isMaskedArray(plane):
                raise ImageError("a masked array has no value where it is masked")
            return accept(np.transpose(np.asarray(plane), self._turn), self.format)[0]
        except MemoryError:
            raise
        except Exception as error:  # reading a lazy array raises whatever its reader does
            names = zip(counted, index, strict=True)
            place = ", ".join(f"{printable(axis)} {position}" for axis, position in names)
            what = error if isinstance(error, ImageError) else f"cannot be read: {error!r}"
            raise ImageError(f"the plane {place}: {what}") from error

    def window(
        self, window: tuple[float, float] | Window | None, step: Callable[[], None]
    ) -> Window:
        """The range of intensities common to all planes.

        Parameters
        ----------
        window : (low, high), Window or None
            None takes the lowest and the highest value of all planes; for types that the format
            holds as they are, the type's whole range.
        step : callable
            Called for each plane that is looked at.
        """
        if window is not None or not self.is_scanned:
            return choose_window(np.zeros(1, self.dtype), window, self.format)
        low = high = None
        for index in self.indices():
            plane = self[index]
            least, most = plane.min(), plane.max()
            low = least if low is None or least < low else low
            high = most if high is None or most > high else high
            step()
        return choose_window(np.array([low, high], self.dtype), None, self.format)

    def window_of(self, plane: npt.NDArray[Any]) -> Window:
        """The range of intensities of one plane by itself."""
        return choose_window(plane, None, self.format)

    @property
    def is_scanned(self) -> bool:
        """Whether a common window can only be had from all planes."""
        if self.format == "png" and self.dtype.kind in "iu" and self.dtype.itemsize <= 2:
            return False
        return self.dtype.kind != "b" and bool(self.dtype != np.uint8)

    def layer_in_order(self, layer: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Attributes of a layer, given in the order of ``source_axes``, in that of ``axes``."""
        given = [axis for axis in self.source_axes if axis != "S"]
        order = [given.index(axis) for axis in self.axes if axis != "S"]
        if layer is not None and order != sorted(order):
            layer = {key: value for key, value in layer.items() if key not in _OF_ALL_AXES}
        return _by_axis(layer, order, len(given))

    def layer_of_plane(self, layer: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """What holds for one plane of the attributes that `layer_in_order` has returned."""
        count = len(self.grid)
        cut = _by_axis(layer, [count, count + 1], count + 2)
        return cut and {key: value for key, value in cut.items() if key not in _OF_ALL_AXES}


def _by_axis(
    layer: Mapping[str, Any] | None, order: Sequence[int], count: int
) -> Mapping[str, Any] | None:
    """Take values for each axis in an order; of those that do not fit, nothing can be said."""
    if layer is None:
        return None
    out = {}
    for key, value in layer.items():
        if key not in _BY_AXIS:
            out[key] = value
        elif not isinstance(value, str) and isinstance(value, Sequence) and len(value) == count:
            out[key] = [value[i] for i in order]
    return out


def _check_axes(axes: str | Sequence[str], shape: tuple[int, ...]) -> tuple[str, ...]:
    if not isinstance(axes, (str, list, tuple)) or not all(isinstance(n, str) for n in axes):
        raise OptionError(f"axes is a text such as 'TCZYX' or a list of names, not {axes!r}")
    # "t" and "T" are the same axis; longer names stay as they are.
    names = tuple(name.upper() if len(name) == 1 else name for name in axes)
    shown = printable(", ".join(names), 200)
    if len(names) != len(shape):
        raise OptionError(
            f"the array of shape {shape} has {len(shape)} axes, and {len(names)} were named "
            f"({shown}); name each, such as axes='ZYX'"
        )
    if len(names) > limits.STACK_AXES:
        raise OptionError(f"a stack has at most {limits.STACK_AXES} axes, not {len(names)}")
    if len(set(names)) != len(names):
        raise OptionError(f"an axis is named twice: {shown}")
    for name in names:
        if not 1 <= len(name) <= limits.AXIS_NAME or not name.isprintable():
            raise OptionError(
                f"an axis is named by 1 to {limits.AXIS_NAME} characters that can be printed, not "
                f"{printable(name, 100)!r}"
            )
    if "Y" not in names or "X" not in names:
        raise OptionError(f"the axes of the pictures are called Y and X; there are: {shown}")
    return names
