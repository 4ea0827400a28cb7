"""An image of a file, of which nothing but its description has been read."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal.errors import ImageError, OptionError

# For axes that a file does not name, and for names that begin alike.
_LETTERS: Final = "IJKLMNOPRUVWABDEFGH"


class PlaneArray:
    """An array whose planes are read one at a time, when they are asked for.

    Parameters
    ----------
    shape : tuple of int
        The leading axes, then Y and X, then 3 or 4 samples where the planes have colours.
    dtype : numpy.dtype
    read : callable
        Returns a plane for its index, one number for each leading axis.
    leading : int
        How many axes come before the planes'.
    kind : str
        Of the file, for messages.

    Raises
    ------
    ImageError
        The planes are too large or too many, or there are none; and whatever is wrong with a plane
        when it is read.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: npt.DTypeLike,
        read: Callable[[tuple[int, ...]], npt.NDArray[Any]],
        *,
        leading: int,
        kind: str,
    ) -> None:
        self.shape = tuple(map(int, shape))
        self.dtype = np.dtype(dtype)
        self._read, self._leading, self._kind = read, leading, kind
        if min(self.shape) < 1:
            raise ImageError(f"is an image of shape {self.shape}, which has no pixels")
        pixels = math.prod(self.shape[leading : leading + 2])
        if pixels > limits.PIXELS:
            raise ImageError(
                f"has {pixels:,} pixels, and images of up to {limits.PIXELS:,} are sealed; cut it "
                "up"
            )
        number = math.prod(self.shape[:leading])
        if number > limits.SOURCE_PLANES:
            raise ImageError(
                f"claims to have {number:,} planes; up to {limits.SOURCE_PLANES:,} are read"
            )

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        """Return a plane, or a part of one: a number for each leading axis comes first."""
        parts = index if isinstance(index, tuple) else (index,)
        if len(parts) < self._leading:
            raise IndexError(f"one plane at a time is read: {self._leading} numbers are needed")
        place = []
        for number, length in zip(parts, self.shape[: self._leading], strict=False):
            at = operator.index(number)
            if not -length <= at < length:
                raise IndexError(f"{at} is not within an axis of length {length}")
            place.append(at % length)
        with translated(self._kind):
            plane = np.asarray(self._read(tuple(place)))
            if plane.shape != self.shape[self._leading :] or plane.dtype != self.dtype:
                raise ImageError(
                    f"has a plane of shape {plane.shape} and type {plane.dtype} where "
                    f"{self.shape[self._leading :]} and {self.dtype} were announced"
                )
        rest = parts[self._leading :]
        return np.asarray(plane[rest]) if rest else plane

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Return all planes in one array; only where they are known to fit into memory."""
        whole = np.empty(self.shape, self.dtype)
        for index in np.ndindex(*self.shape[: self._leading]):
            whole[index] = self[index]
        return whole.astype(dtype, copy=False) if dtype is not None else whole


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedImage:
    """An image, or one of several in a file: a scene, a position, a series.

    Parameters
    ----------
    array : PlaneArray
        Of which no plane has been read yet.
    axes : str
        A letter for each axis, ending in ``YX`` or, where the planes have colours, ``YXS``.  Axes
        of length one are left out.
    name : str
        Of the scene, where the file holds several.
    scale : mapping of str to float
        The step along an axis, where the file tells it.
    units : mapping of str to str
        Its unit, spelt out: ``"micrometer"``, ``"second"``.
    channels : tuple of str
        Their names, in the order of axis C, or that of the only one; none, where the file does not
        name them all.
    metadata : mapping of str to JSON values
        Of ``acquired``, ``objective``, ``exposure``, ``position`` what the reader tells.
    """

    array: PlaneArray
    axes: str
    name: str = ""
    scale: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def leading(self) -> dict[str, int]:
        """The axes before the planes', with their lengths."""
        end = self.axes.index("Y")
        return dict(zip(self.axes[:end], self.array.shape, strict=False))


def arrange(source: Any, axes: str, kind: str) -> tuple[PlaneArray, str]:
    """Bring the planes of an array to the end, reading nothing.

    Parameters
    ----------
    source : array_like
        With ``shape``, ``dtype`` and basic indexing.
    axes : str
        A different letter for each of its axes, in any order.
    kind : str
        Of the file, for messages.

    Returns
    -------
    array : PlaneArray
    axes : str
        Those of the result: without axes of length one, and ending in ``YX`` or ``YXS``.
    """
    if not {"X", "Y"} <= set(axes) or len(axes) != len(source.shape):
        raise ImageError(
            f"has the axes {printable(axes, 20)}, which do not tell what is a picture in it"
        )
    sizes = dict(zip(axes, source.shape, strict=True))
    leading = [letter for letter in axes if letter not in "YXS" and sizes[letter] != 1]
    plane = [letter for letter in "YXS" if letter in sizes]
    within = [letter for letter in axes if letter in plane]

    def read(index: tuple[int, ...]) -> npt.NDArray[Any]:
        at = dict(zip(leading, index, strict=True))
        found = source[tuple(slice(None) if a in plane else at.get(a, 0) for a in axes)]
        return np.asarray(found).transpose([within.index(letter) for letter in plane])

    shape = tuple(sizes[letter] for letter in (*leading, *plane))
    array = PlaneArray(shape, source.dtype, read, leading=len(leading), kind=kind)
    return array, "".join((*leading, *plane))


def letters(names: Iterator[str] | list[str] | str) -> str:
    """Return a different letter for each axis: its first, or one that is free.

    ``Q``, which stands for "some axis" in TIFF files, is taken for no name.
    """
    chosen: list[str] = []
    names = [name[:1].upper() for name in names]
    for letter in names:
        free = letter.isascii() and letter.isalpha() and letter != "Q" and letter not in chosen
        chosen.append(
            letter if free else next(a for a in _LETTERS if a not in chosen and a not in names)
        )
    return "".join(chosen)


def missing_reader(package: str, extra: str, cause: ImportError) -> ImageError:
    """Say which package reads a kind of file, and how to get it."""
    if getattr(cause, "name", None) not in (package.split(".", maxsplit=1)[0], None):
        return ImageError(f"needs {package}, which cannot be imported: {printable(cause, 300)}")
    return ImageError(
        f"needs the package {package}, which is not installed: pip install 'napari-seal[{extra}]'"
    )


@contextmanager
def translated(kind: str) -> Iterator[None]:
    """Turn whatever a reader stumbles on in a damaged file into an `ImageError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what readers remark is not about the image data
            yield
    except (ImageError, OptionError):
        raise
    except MemoryError as error:
        raise ImageError("needs more memory than there is") from error
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror or printable(error, 300)}") from error
    except Exception as error:
        why = printable(error, 300) or type(error).__name__
        raise ImageError(f"not a readable {kind} file: {why}") from error
