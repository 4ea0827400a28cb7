"""From 8-bit levels to JPEG bytes."""

from __future__ import annotations

import io
from typing import Any

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


def encode(levels: npt.NDArray[np.uint8], quality: int) -> bytes:
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
    out = io.BytesIO()
    try:
        Image.fromarray(levels).save(out, "JPEG", quality=quality, **options)
    except (OSError, ValueError) as error:
        raise ImageError(f"the image of shape {levels.shape} cannot be encoded: {error}") from error
    return out.getvalue()
