"""How intensities are mapped to the levels that are stored, and back.

The rule is that of the MoEDAL function: ``z = 65535*((y - low)/(high - low))`` truncated to 16
bits.  PNG keeps it whole, or its high byte; JPEG keeps the high byte.  It is part of the format: a
verifier needs it as well.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_seal.errors import OptionError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: Values scaled at a time: the wide intermediate stays in the processor's cache.
_BLOCK: Final = 1 << 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The range of intensities that the stored levels stand for.

    Parameters
    ----------
    low, high : int or float
        Intensities mapped to level 0 and to the highest, 255 or 65,535, in the units of the
        original array.  Values outside are clipped.  Where both are equal, every level is 0.

    Raises
    ------
    OptionError
        One of them is no finite number.
    """

    low: int | float
    high: int | float

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            value: Any = getattr(self, name)
            if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:  # NumPy's scalars
                value = value.item()
                object.__setattr__(self, name, value)
            if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
                shown = "one beyond 1.8e308" if type(value) is int else repr(value)
                raise OptionError(f"a window has two finite numbers, not {shown}")

    @property
    def step(self) -> float:
        """Width of one 8-bit level in original intensities; of a 16-bit level, 256 times less."""
        if self._is_beyond_floats():
            return 256 / 65535 * self.high - 256 / 65535 * self.low
        return 256 / 65535 * (self.high - self.low)

    def _is_beyond_floats(self) -> bool:
        """Whether the difference of both ends is, as no writer makes it and a file may claim."""
        return math.isinf(float(self.high) - float(self.low))

    def scale(
        self, image: npt.NDArray[Any], bits: int = 8, *, inside: bool = False
    ) -> npt.NDArray[Any]:
        """Map intensities to levels.

        Parameters
        ----------
        image : ndarray of bool, int or float
            Finite, of any shape.
        bits : {8, 16}
            Of a level.
        inside : bool
            Whether all values are known to lie in the window, so that none needs to be clipped.

        Returns
        -------
        ndarray of uint8 or uint16
            Of the same shape.
        """
        import numpy as np

        kind = np.uint8 if bits == 8 else np.uint16
        if self.low == self.high:
            return np.zeros(image.shape, kind)
        out = np.empty(image.shape, kind)
        if image.dtype == out.dtype and (self.low, self.high) == (0, 2**bits - 1):
            out[...] = image  # the formula's own result, without computing it
            return out
        whole = (
            image.dtype.kind in "biu"
            and isinstance(self.low, int)
            and isinstance(self.high, int)
            and self.low < self.high  # a file may claim the contrary
        )
        step = max(1, _BLOCK // max(1, image[:1].size))
        # The same memory for each block: fresh pages cost as much as the formula.
        wide = np.empty((step, *image.shape[1:]), self._whole_type()) if whole else None
        for rows in range(0, len(image), step):
            part = image[rows : rows + step]
            into = out[rows : rows + step]
            if wide is None:
                z = self._in_floats(part)
                into[...] = z >> 8 if bits == 8 else z
            else:
                self._exactly(part, bits, wide[: len(part)], into, inside)
        return out

    def _whole_type(self) -> type[np.unsignedinteger[Any]]:
        """Unsigned numbers in which 65535 * (high - low) fits."""
        import numpy as np

        return np.uint32 if self.high - self.low <= 65537 else np.uint64

    def _exactly(
        self,
        part: npt.NDArray[Any],
        bits: int,
        z: npt.NDArray[Any],
        out: npt.NDArray[Any],
        inside: bool,
    ) -> None:
        """The formula in whole numbers: equal to the one in float64 bit for bit, and faster.

        To divide by 256 times as much is to divide, and to take the high byte of the result.
        """
        import numpy as np

        low, high = int(self.low), int(self.high)
        if not inside:
            if part.dtype.kind == "b":
                part = part.astype(np.uint8)
            info = np.iinfo(part.dtype)
            if low > info.max or high < info.min:  # no value of this type lies in the window
                out[...] = 0 if low > info.max else 65535 >> 16 - bits
                return
            if low > info.min or high < info.max:
                part = np.clip(part, max(low, info.min), min(high, info.max))
        number = z.dtype.type
        # What unsigned numbers cannot hold comes back when low is taken away, modulo their range.
        np.copyto(z, part, casting="unsafe")
        z -= number(low % (1 << 8 * z.itemsize))
        z *= number(65535)
        z //= number((high - low) << 16 - bits)
        np.copyto(out, z, casting="unsafe")

    def _in_floats(self, part: npt.NDArray[Any]) -> npt.NDArray[Any]:
        import numpy as np

        low, high = float(self.low), float(self.high)
        part = np.clip(part.astype(np.float64), low, high)
        scaled = 65535 * ((part - low) / (high - low))
        return scaled.astype(np.uint16)

    def restore(self, levels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Map levels back to the original range.

        Parameters
        ----------
        levels : ndarray of uint8 or uint16
            As they are stored.

        Returns
        -------
        ndarray of float64
            See `napari_seal.restore_intensity`.
        """
        import numpy as np

        levels = np.asarray(levels)
        wide = levels.dtype == np.uint16
        z = levels.astype(np.float64) * (1 if wide else 256)
        low, high = float(self.low), float(self.high)
        extent = self.high - self.low
        # A level or more for each whole number.
        if isinstance(extent, int) and 0 <= extent <= (65535 if wide else 255):
            return np.ceil(z * extent / 65535) + low
        # The middle of what has the same 16 bits, or the same high byte.
        part = np.minimum((z + (0.5 if wide else 127.5)) / 65535, 1)
        if self._is_beyond_floats():
            restored = (1 - part) * low + part * high
        else:
            restored = low + part * float(extent)
        return np.clip(restored, min(low, high), max(low, high))


def restore_intensity(image: npt.NDArray[Any], window: Window | None) -> npt.NDArray[np.float64]:
    """Map a stored image back to the range of the original array.

    Parameters
    ----------
    image : (Y, X), (Y, X, 3) or (Y, X, 4) ndarray of uint8 or uint16
        As `napari_seal.read` gives it.
    window : Window or None
        ``seal.window``.  None, for an image that was sealed as it was, leaves the levels.

    Returns
    -------
    ndarray of float64
        Intensities in the original units.  From PNG, whole numbers within a range of 65,536 are
        exactly those that were sealed; all others are off by at most one step of the levels, and
        from JPEG by what compression changed as well.  Always finite, whatever window a file
        claims.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> image = np.arange(4096, dtype="uint16").reshape(64, 64)
    >>> seal = napari_seal.seal(image, "a.sealed.png")
    >>> levels, verdict = napari_seal.read("a.sealed.png")
    >>> bool((napari_seal.restore_intensity(levels, seal.window) == image).all())
    True
    """
    import numpy as np

    return np.asarray(image, np.float64) if window is None else window.restore(image)
