"""A fingerprint of the picture: mean levels of its tiles, in at most 1,536 bytes.

It lets a verifier say *where* a picture was changed, and shows a thumbnail of what was sealed.  The
rule is called ``means-1`` (``docs/seal-format/picture.md``, section 5.4): the smallest tiles, and
for them the finest step, that fit.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_seal._format import limits
from napari_seal._format.window import Window
from napari_seal.errors import FormatError

KIND: Final = "means-1"

#: Bytes before base64.
BUDGET: Final = limits.TILES_BYTES
#: Number of tiles at most: no code for one is shorter than a bit.
MOST: Final = limits.TILES
#: Sides of tiles are multiples of this, so that tiles are made of whole JPEG blocks.
BLOCK: Final = 8
#: Steps in which means are stored are whole multiples of this, in levels.
FINEST: Final = 0.25
#: The coarsest step, and that of tiles of a single block, in which an edit moves the mean furthest.
COARSEST: Final = 2.0
COARSEST_OF_BLOCKS: Final = 4.0

# ITU-R BT.601 luma in 65,536ths, as libjpeg has it (jccolor.c).
_LUMA: Final = (19595, 38470, 7471)
# A residual of 255 and more is stored as 255, with the rest in two bytes behind all others.
_LONG: Final = 255

_BAND: Final = 256

Ints = npt.NDArray[np.int64]
# Quarters of levels, at most 1,020, and what is added up of a few of them.
Shorts = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """Mean luma of each tile when the picture was sealed.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the picture in pixels.
    size : int
        Side of a tile in pixels.  The tiles of the last row and column reach to the picture's edge.
    step : float
        Width of the interval in which a mean lies, in levels.
    low : (rows, columns) ndarray of float64
        Its lower end, 0 to 255.
    """

    shape: tuple[int, int]
    size: int
    step: float
    low: Floats

    @property
    def means(self) -> Floats:
        """The middle of each interval."""
        return self.low + self.step / 2

    def coarser(self, count: int) -> Fingerprint:
        """The same for tiles of count x count of these.

        Where a mean lies in its interval averages out: the new ones are narrower.  They are likely,
        not certain.
        """
        area = areas(self.shape, self.size)
        means = gather(self.means * area, count) / gather(area, count)
        step = self.step / count
        return Fingerprint(self.shape, self.size * count, step, means - step / 2)


def starts(length: int, size: int) -> npt.NDArray[np.intp]:
    """Where tiles begin along one axis: the last one takes what is left over."""
    return np.arange(max(length // size, 1)) * size


def sums(pixels: npt.NDArray[np.uint8], size: int) -> Ints:
    """Sums of the levels in each tile: (rows, columns), and the channels where there are some."""
    rows = _sums_of_rows(pixels, size)
    return np.add.reduceat(rows, starts(pixels.shape[1], size), 1, dtype=np.uint32).astype(np.int64)


def _sums_of_rows(pixels: npt.NDArray[np.uint8], size: int) -> npt.NDArray[Any]:
    """Sums over the rows of each tile: (rows of tiles, X), and the channels."""
    height, width, *channels = pixels.shape
    full = height // size
    if full == 0 or size > 257:  # a sum of more than 257 levels does not fit 16 bits
        return np.add.reduceat(pixels, starts(height, size), 0, dtype=np.uint32)
    flat = pixels.reshape(height, -1)  # channels side by side: one long row is summed fastest
    rows: npt.NDArray[Any] = (
        flat[: full * size].reshape(full, size, -1).sum(axis=1, dtype=np.uint16)
    )
    if height > full * size:
        rows = rows.astype(np.uint32)
        rows[-1] += flat[full * size :].sum(axis=0, dtype=np.uint32)
    return rows.reshape(full, width, *channels)


@lru_cache(maxsize=16)
def areas(shape: tuple[int, int], size: int) -> Ints:
    """Number of pixels in each tile; not to be written to."""
    sides = (np.diff(np.append(starts(length, size), length)) for length in shape)
    out = np.outer(*sides).astype(np.int64)
    out.setflags(write=False)
    return out


def luma(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The luma plane of a gray or RGB picture, by pixel."""
    if pixels.ndim == 2:
        return pixels
    out = np.empty(pixels.shape[:2], np.uint8)
    weights = np.array(_LUMA, np.uint32)
    for rows in bands(len(pixels)):
        out[rows] = (pixels[rows] @ weights + np.uint32(1 << 15)) >> 16
    return out


def bands(height: int) -> Iterator[slice]:
    """Rows to work on at a time, in whole blocks: what is computed on the way stays small."""
    edges = [*range(0, max(height // _BAND, 1) * _BAND, _BAND), height]
    yield from (slice(*edge) for edge in pairwise(edges))


def gather(blocks: npt.NDArray[Any], count: int) -> Floats:
    """Sums over count x count blocks, exact below 2**53; the last tile takes what is left over."""
    blocks = blocks.astype(np.float64, copy=False)
    full, columns = (max(length // count, 1) for length in blocks.shape)
    if count == 1:
        return blocks
    rows = blocks[: full * count].reshape(full, -1, blocks.shape[1]).sum(axis=1)
    rows[-1] += blocks[full * count :].sum(axis=0)
    # Added up column by column: a sum over a short last axis takes ten times as long.
    end = min(columns * count, blocks.shape[1])
    out: Floats = rows[:, 0:end:count].copy()
    for column in range(1, min(count, end)):
        out += rows[:, column:end:count]
    out[:, -1] += rows[:, end:].sum(axis=1)
    return out


def _luma_of_blocks(pixels: npt.NDArray[np.uint8]) -> Floats:
    """Sums of the luma in each block; those of RGB in 65,536ths of a level, not yet rounded."""
    height, width, *channels = pixels.shape
    # Sums of gray levels are exact in float32, too, which takes half the time.
    weights = np.array(_LUMA, np.float64) if channels else np.ones(1, np.float32)
    rows = _sums_of_rows(pixels, BLOCK).reshape(_count(height, BLOCK), width, len(weights))
    full = width // BLOCK * BLOCK
    if full == 0:
        return np.asarray((rows @ weights).sum(axis=1, keepdims=True))
    # One product of matrices adds the columns of a block and weights its channels; whole numbers
    # of this size are exact in float64.
    columns = rows[:, :full].reshape(-1, BLOCK * len(weights)).astype(weights.dtype, copy=False)
    sums = (columns @ np.tile(weights, BLOCK)).reshape(len(rows), -1)
    out: Floats = sums.astype(np.float64, copy=False)
    if full < width:
        out[:, -1] += (rows[:, full:] @ weights).sum(axis=1)
    return out


# --------------------------------------------------------------------------------------- writing


def view(samples: npt.NDArray[Any], stored: Mapping[str, Any]) -> npt.NDArray[np.uint8]:
    """The 8-bit picture that the means are of.

    Parameters
    ----------
    samples : (Y, X) or (Y, X, channels) ndarray of uint8 or uint16
        Of 16 bits, the levels from ``low`` to ``high`` are spread over 8; alpha is left out.
    stored : mapping
        The object under the key ``tiles``.
    """
    if samples.shape[2:] == (4,):
        samples = samples[..., :3]
    if samples.dtype == np.uint8:
        return samples
    low, high = stored.get("low"), stored.get("high")
    if type(low) is not int or type(high) is not int or not 0 <= low <= high <= 65535:
        low, high = 0, 65535
    out: npt.NDArray[np.uint8] = Window(low=low, high=high).scale(samples)
    return out


def measure(pixels: npt.NDArray[Any]) -> dict[str, Any]:
    """Take the fingerprint of a picture.

    Parameters
    ----------
    pixels : (Y, X) or (Y, X, channels) ndarray of uint8, or (Y, X) of uint16
        Decoded samples: where the file is not changed, they come out the same again.

    Returns
    -------
    dict
        The object under the key ``tiles`` of a seal.
    """
    shape, spread = pixels.shape[:2], {}
    if pixels.dtype == np.uint16:
        spread = {"low": int(pixels.min()), "high": int(pixels.max())}
    pixels = view(pixels, spread)
    blocks, rounding = _luma_of_blocks(pixels), 16 if pixels.ndim == 3 else 0
    size = BLOCK
    while True:
        if _count(shape[0], size) * _count(shape[1], size) <= MOST:
            luma_sums = gather(blocks, size // BLOCK).astype(np.int64) >> rounding
            # Exact: of whole numbers below 2**53 the quotient is never rounded up to the next one.
            quarters = np.floor(4 * luma_sums / areas(shape, size))
            found = _finest(quarters.astype(np.int16), coarsest(size))
            if found is not None:
                step, data = found
                text = binascii.b2a_base64(data, newline=False).decode("ascii")
                return {"kind": KIND, **spread, "size": size, "step": step, "data": text}
        size += BLOCK


def coarsest(size: int) -> float:
    """The coarsest step in which means of tiles of this side may be stored."""
    return COARSEST_OF_BLOCKS if size == BLOCK else COARSEST


def _finest(quarters: Shorts, most: float) -> tuple[float, bytes] | None:
    """Compress means, given in quarters of a level, in the finest step with which they fit."""
    fine, coarse = 0, int(most / FINEST)  # too fine, and the coarsest; both in quarters
    codes = {}
    step = coarse
    while step - fine > 1:
        middle = (fine + step) // 2
        codes[middle] = _codes(quarters // middle)
        fine, step = (fine, middle) if _may_fit(codes[middle]) else (middle, step)
    for last in range(step, coarse + 1):
        known = codes.get(last)
        data = _pack(_codes(quarters // last) if known is None else known)
        if data is not None:
            return last * FINEST, data
    return None


def _count(length: int, size: int) -> int:
    return max(length // size, 1)


def _predict(values: Shorts) -> Shorts:
    """Each value from its neighbours to the left and above (the median predictor of JPEG-LS)."""
    out = np.zeros_like(values)
    out[0, 1:], out[1:, 0] = values[0, :-1], values[:-1, 0]
    left, above, both = values[1:, :-1], values[:-1, 1:], values[:-1, :-1]
    low, high = np.minimum(left, above), np.maximum(left, above)
    out[1:, 1:] = np.maximum(low, np.minimum(high, left + above - both))
    return out


def _codes(values: Shorts) -> Shorts:
    """Residuals as numbers from 0, small ones for small residuals."""
    residuals = values - _predict(values)
    return (residuals << 1 ^ residuals >> 15).ravel()  # 0, -1, 1, -2... become 0, 1, 2, 3...


def _may_fit(codes: Shorts) -> bool:
    """Whether the entropy of codes fits: no code for single symbols is shorter."""
    counts = np.bincount(np.minimum(codes, _LONG))
    counts = counts[counts > 0]
    return bool((counts * np.log2(codes.size / counts)).sum() <= 8 * BUDGET)


def _pack(codes: Shorts) -> bytes | None:
    """Compress codes; None where they do not fit."""
    short = np.minimum(codes, _LONG).astype(np.uint8)
    long = codes[codes >= _LONG] - _LONG
    # Without matches: residuals are noise, and Huffman codes alone are smaller and faster.
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    data = deflate.compress(short.tobytes() + long.astype("<u2").tobytes()) + deflate.flush()
    return data if len(data) <= BUDGET else None


# --------------------------------------------------------------------------------------- reading


def read(stored: Mapping[str, Any], shape: tuple[int, int]) -> Fingerprint:
    """Read a fingerprint.

    Parameters
    ----------
    stored : mapping
        The object under the key ``tiles`` of a seal.
    shape : (int, int)
        Height and width of the sealed picture.

    Raises
    ------
    FormatError
        It is of another kind, malformed, or larger than any that is written.
    """
    size, step, data = stored.get("size"), stored.get("step"), stored.get("data")
    if stored.get("kind") != KIND:
        raise FormatError("the fingerprint is of a kind that this version does not know")
    if (
        type(size) is not int
        or not BLOCK <= size <= limits.TILE_SIDE
        or size % BLOCK
        or min(shape) < 1
    ):
        raise FormatError("the fingerprint's tiles have an impossible size")
    if isinstance(step, bool) or not isinstance(step, int | float):
        raise FormatError("the fingerprint's step is no number")
    if not FINEST <= step <= coarsest(size) or step % FINEST:
        raise FormatError("the fingerprint's step is impossible")
    if not isinstance(data, str):
        raise FormatError("the fingerprint is malformed")
    if len(data) > BUDGET // 3 * 4:
        raise FormatError(f"the fingerprint has more than {BUDGET:,} bytes")
    rows, columns = _count(shape[0], size), _count(shape[1], size)
    if rows * columns > MOST:
        raise FormatError("the fingerprint has too many tiles")
    codes = _unpack(data, rows * columns)
    residuals = np.where(codes & 1, -(codes + 1) // 2, codes // 2).reshape(rows, columns)
    values = _integrate(residuals)
    if values.min() < 0 or values.max() * step > 255:
        raise FormatError("the fingerprint holds impossible levels")
    return Fingerprint(shape, size, float(step), np.asarray(values * step, np.float64))


def _unpack(text: str, count: int) -> Ints:
    inflate = zlib.decompressobj(-15)
    try:
        raw = inflate.decompress(binascii.a2b_base64(text, strict_mode=True), 3 * MOST + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise FormatError(f"the fingerprint is damaged: {error}") from error
    codes = np.frombuffer(raw[:count], np.uint8).astype(np.int64)
    long = np.flatnonzero(codes == _LONG)
    if not inflate.eof or inflate.unused_data or len(raw) != count + 2 * len(long):
        raise FormatError("the fingerprint is damaged")
    codes[long] += np.frombuffer(raw[count:], "<u2")
    return codes


def _integrate(residuals: Ints) -> Ints:
    """Undo the prediction: 2 ms for 4,096 of them, and only where a picture was changed."""
    rows = residuals.tolist()
    for y, row in enumerate(rows):
        above = rows[y - 1] if y else None
        for x in range(len(row)):
            if above is None:
                row[x] += row[x - 1] if x else 0
            elif x == 0:
                row[0] += above[0]
            else:
                a, b, c = row[x - 1], above[x], above[x - 1]
                row[x] += max(min(a, b), min(max(a, b), a + b - c))
    return np.array(rows, np.int64)
