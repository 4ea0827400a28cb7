"""Short digests of a picture's tiles: where a lossless picture was changed, exactly.

A lossless picture has the same samples after every honest save, so each tile is either as it was or
was changed.  The rule is called ``digest-1`` (``docs/seal-format/picture.md``, section 5.5).
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_seal._format import limits
from napari_seal._format.tiles import BLOCK, starts
from napari_seal.errors import FormatError

KIND: Final = "digest-1"

#: Number of tiles at most.
MOST: Final = limits.TILE_DIGESTS
#: The smallest tiles.
SMALLEST: Final = 16
#: Bytes of a tile's SHA-256 that are kept: one change in 65,536 of a single tile goes unseen.
BYTES: Final = 2


def measure(samples: npt.NDArray[Any]) -> dict[str, Any]:
    """The object under the key ``tile_digests`` of a seal.

    Parameters
    ----------
    samples : (Y, X) or (Y, X, channels) ndarray of uint8 or uint16
    """
    size = SMALLEST
    while len(starts(samples.shape[0], size)) * len(starts(samples.shape[1], size)) > MOST:
        size += BLOCK
    data = compute(samples, size).tobytes()
    return {"kind": KIND, "size": size, "data": binascii.b2a_base64(data, newline=False).decode()}


def compute(samples: npt.NDArray[Any], size: int) -> npt.NDArray[np.uint16]:
    """The digest of each tile, big-endian: (rows, columns)."""
    little = samples.astype(samples.dtype.newbyteorder("<"), copy=False)
    ys, xs = starts(samples.shape[0], size), starts(samples.shape[1], size)
    bottoms, rights = [*ys[1:], samples.shape[0]], [*xs[1:], samples.shape[1]]
    digests = [
        hashlib.sha256(np.ascontiguousarray(band[:, x0:x1]).data).digest()[:BYTES]
        for band in (little[y0:y1] for y0, y1 in zip(ys, bottoms, strict=True))
        for x0, x1 in zip(xs, rights, strict=True)
    ]
    return np.frombuffer(b"".join(digests), ">u2").reshape(len(ys), len(xs))


def read(stored: Mapping[str, Any], shape: tuple[int, ...]) -> tuple[int, npt.NDArray[np.uint16]]:
    """Side of the tiles in pixels, and their digests.

    Parameters
    ----------
    stored : mapping
        The object under the key ``tile_digests``.
    shape : tuple of int
        Of the sealed samples.

    Raises
    ------
    FormatError
        They are of another kind, or malformed.
    """
    size, data = stored.get("size"), stored.get("data")
    if stored.get("kind") != KIND or type(size) is not int or not isinstance(data, str):
        raise FormatError("the tiles' digests are of a kind that this version does not know")
    if not SMALLEST <= size <= limits.TILE_SIDE or size % BLOCK or len(shape) < 2 or min(shape) < 1:
        raise FormatError("the tiles of the digests have an impossible size")
    rows, columns = (max(length // size, 1) for length in shape[:2])
    if rows * columns > MOST:
        raise FormatError("there are digests of too many tiles")
    try:
        content = binascii.a2b_base64(data[: 2 * BYTES * MOST], strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError(f"the tiles' digests are damaged: {error}") from error
    if len(content) != BYTES * rows * columns:
        raise FormatError("there are not as many digests as tiles")
    return size, np.frombuffer(content, ">u2").reshape(rows, columns)
