"""Samples: decoding a JPEG, and digests of arrays.

The only module of the format that imports NumPy and Pillow when it is itself imported; nobody
enters it on the way to ``intact``.  ``window`` and ``legacy``, which map and digest arrays, import
NumPy in the functions that need it: reading a seal needs neither.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, JpegImagePlugin, features

from napari_seal._format import limits
from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.digest import digest_of
from napari_seal._format.jpeg import Jpeg
from napari_seal._format.record import ArrayDigest
from napari_seal.errors import FormatError


def decode(jpeg: Jpeg, *, extra: bytes = b"") -> npt.NDArray[np.uint8]:
    """Decode a JPEG to its samples.

    Parameters
    ----------
    jpeg : Jpeg
        Walked in full.
    extra : bytes
        Entropy-coded data to add before the end: a complete picture does not change by them.

    Returns
    -------
    (Y, X) or (Y, X, 3) or (Y, X, 4) ndarray of uint8
        Gray, RGB, or CMYK.

    Raises
    ------
    FormatError
        There is no picture, it is larger than `limits` allow, or it cannot be decoded.
    """
    if jpeg.frame is None or jpeg.scans == 0:
        raise FormatError("there is no image data in the file")
    height, width = jpeg.frame.height, jpeg.frame.width
    if height * width > limits.PIXELS:
        raise FormatError(f"{height} x {width} pixels are more than the limit of {limits.PIXELS:,}")
    if jpeg.scans > limits.SCANS:
        raise FormatError(f"{jpeg.scans} scans are more than the limit of {limits.SCANS}")
    # Pillow's class for JPEG itself: `Image.open` would try other formats and has limits of its
    # own.  It raises whatever its parsers raise, hence the width of the net.
    try:
        data = jpeg.plain(extra)
        with JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as image:
            # In one piece: libjpeg cannot pause within arithmetic-coded data.
            image.decodermaxblock = len(data)
            return np.array(image)
    except MemoryError:
        raise
    except Exception as error:
        raise FormatError(f"the image data cannot be decoded: {error}") from error


def digest_array(
    array: npt.NDArray[Any], *, axes: str | None = None, algorithm: str = DEFAULT_ALGORITHM
) -> ArrayDigest:
    """Digest an array's bytes in C order, little-endian."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return ArrayDigest(
        digest=digest_of([little.reshape(-1).view(np.uint8).data], algorithm),
        shape=array.shape,
        dtype=array.dtype.name,
        axes=axes,
    )


def decoder() -> dict[str, str]:
    """Name and version of the JPEG library that Pillow uses."""
    turbo = features.check_feature("libjpeg_turbo")
    name = "libjpeg-turbo" if turbo else "libjpeg"
    version = features.version_feature("libjpeg_turbo") if turbo else features.version_codec("jpg")
    return {name: str(version)}


def to_rgb(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """CMYK as RGB, for showing; everything else as it is."""
    if image.ndim == 3 and image.shape[2] == 4:
        return np.array(Image.fromarray(image, "CMYK").convert("RGB"))
    return image
