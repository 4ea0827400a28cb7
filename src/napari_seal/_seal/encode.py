"""From levels to JPEG or PNG bytes."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from napari_seal.errors import ImageError, OptionError


def check_quality(quality: object) -> int:
    """Return the JPEG quality as a whole number from 1 to 100.

    Raises
    ------
    OptionError
        It is none.
    """
    if isinstance(quality, np.integer):
        quality = int(quality)
    if type(quality) is not int or not 1 <= quality <= 100:
        raise OptionError(f"the JPEG quality is a whole number from 1 to 100, not {quality!r}")
    return quality


#: zlib's level for PNG: higher ones take up to eight times as long and save 3 to 6 %.
_PNG_LEVEL: Final = 1


def encode_jpeg(levels: npt.NDArray[np.uint8], quality: int) -> bytes:
    """Encode 8-bit levels as a baseline JPEG, with JFIF and without metadata.

    Gray pictures have one component.  Colour is stored without chroma subsampling: decoders agree
    on 4:4:4 within one level, on 4:2:0 they differ by up to 144.

    Parameters
    ----------
    levels : (Y, X) or (Y, X, 3) ndarray of uint8
    quality : int
        1 to 100.
    """
    options: dict[str, Any] = {"subsampling": 0} if levels.ndim == 3 else {}
    return _encode(levels, "JPEG", quality=quality, **options)


def encode_png(levels: npt.NDArray[Any], look: Callable[[], None] | None = None) -> bytes:
    """Encode levels as a PNG of the same depth, without any metadata.

    Parameters
    ----------
    levels : (Y, X) ndarray of uint8 or uint16, or (Y, X, 3) or (Y, X, 4) of uint8
    look : callable, optional
        Called again and again; what it raises ends the work, which takes ten times as long as that
        for a JPEG.
    """
    return _encode(levels, "PNG", look, compress_level=_PNG_LEVEL)


class _Watched:
    """A file for Pillow that looks, at each block, whether anybody still wants it."""

    def __init__(self, file: BinaryIO, look: Callable[[], None]) -> None:
        self._file, self._look = file, look

    def write(self, block: bytes) -> int:
        self._look()
        return self._file.write(block)


def _encode(
    levels: npt.NDArray[Any], name: str, look: Callable[[], None] | None = None, **options: Any
) -> bytes:
    picture = Image.fromarray(levels)
    try:
        # Pillow lets other threads run only while it writes to a real file.
        if hasattr(os, "memfd_create") and threading.active_count() > 1:
            with open(os.memfd_create("napari-seal"), "w+b", buffering=0) as file:
                picture.save(_watched(file, look), name, **options)
                size = file.tell()
                data = os.pread(file.fileno(), size, 0)
                if len(data) != size:
                    raise OSError(f"{len(data)} of {size} bytes could be read back")
                return data
        out = io.BytesIO()
        picture.save(_watched(out, look), name, **options)
    except (OSError, ValueError) as error:
        raise ImageError(f"the image of shape {levels.shape} cannot be encoded: {error}") from error
    return out.getvalue()


def _watched(file: Any, look: Callable[[], None] | None) -> Any:
    return file if look is None else _Watched(file, look)
