"""How a losslessly stored picture was changed, and where.

Honest software leaves every sample of such a picture as it is.  So a tile whose digest is not the
sealed one was changed, and one whose digest is, was not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_seal._format import limits, tile_digests, tiles
from napari_seal._format.pixels import decode, digest_array
from napari_seal._format.salvage import readable
from napari_seal._format.tables import estimate_quality
from napari_seal._text import printable
from napari_seal._verify.change import whole
from napari_seal._verify.change.explain import (
    MUCH,
    NEARLY_ALL,
    WHOLE,
    Explanation,
    changed_everywhere,
    copied,
    fingerprint_of,
    large_tiles,
    places,
    replaced,
)
from napari_seal._verify.change.localise import agrees, distance_of, tile_means
from napari_seal._verify.change.regions import boxes
from napari_seal._verify.change.score_map import ScoreMap
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Box
from napari_seal.errors import FormatError

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_seal._format.container import Container
    from napari_seal._format.png import Png
    from napari_seal._format.seal import Seal
    from napari_seal._format.tiles import Fingerprint

# Means of samples that were not compressed are as exact as those of libjpeg's best quality.
_STEP: Final = 1
# Of a picture of so few tiles, most of them say little about the whole of it.
_FEW: Final = 16


def explain_lossless(structure: Container, seal: Seal, image: npt.NDArray[Any]) -> Explanation:
    """Say how a picture differs from the one that was sealed as PNG.

    Parameters
    ----------
    structure : Container
        The file, whose pixels are not the sealed ones.
    seal : Seal
        What was sealed.
    image : ndarray of uint8 or uint16
        The decoded picture.
    """
    reasons = [found] if (found := copied(structure, seal)) else []
    if structure.format != "png":
        quality = estimate_quality(structure)
        message = f"The picture was compressed with loss, at {quality or 'an unknown quality'}."
        lossy = Reason(
            code=ReasonCode.RECOMPRESSED, message=message, found=str(quality) if quality else None
        )
        return Explanation([*reasons, lossy])
    if turned := _turned(image, seal):
        return Explanation([*reasons, turned])
    sealed = fingerprint_of(seal)
    changed = _changed_tiles(image, seal)
    if changed is None:
        return Explanation([*reasons, *_named(image, seal, sealed)])
    size, flags = changed
    scores = _scores(_view(image, seal), sealed, flags, size)
    share = float(flags.mean())
    if share > WHOLE:
        named = _coarse(image, seal) or _named(image, seal, sealed)
        if not named and sealed is not None and share > NEARLY_ALL:
            unrelated = whole.is_unrelated(_view(image, seal), large_tiles(sealed))
            named = [replaced(share)] if unrelated else []
        if named or flags.size > _FEW:
            return Explanation([*reasons, *(named or [changed_everywhere(share)])], (), scores)
    regions = boxes(flags, size, (image.shape[0], image.shape[1]))
    return Explanation([*reasons, _edited(regions, flags, size)], regions, scores)


def explain_damage(png: Png, seal: Seal) -> Explanation:
    """Say what is left of a picture that cannot be decoded any more."""
    if png.size != seal.pixels.shape[:2]:
        return Explanation([])
    if seal.tile_digests is None:
        return _rows_in_doubt(png)
    try:
        image = decode(png, damaged=True)
    except FormatError:
        return Explanation([])
    changed = _changed_tiles(image, seal)
    if changed is None:
        del image
        return _rows_in_doubt(png)
    size, flags = changed
    if not flags.any():
        return Explanation([])
    regions, kept = boxes(flags, size, png.size), int(np.count_nonzero(~flags))
    what = f"{kept:,} of {flags.size:,} tiles can still be read and are exactly as sealed."
    return Explanation(
        [_bytes_replaced(what)],
        regions,
        _scores(_view(image, seal), fingerprint_of(seal), flags, size),
    )


def _rows_in_doubt(png: Png) -> Explanation:
    """From which row on the picture is in doubt, where there are no digests of its tiles."""
    height, width = png.size or (0, 0)
    _, rows = readable(png)
    if rows >= height:
        return Explanation([])
    what = f"The rows before {rows} are not affected; what follows cannot be told."
    return Explanation([_bytes_replaced(what if rows else "")], ((rows, 0, height, width),))


def _bytes_replaced(what: str) -> Reason:
    message = (
        "Bytes of the image data were replaced by others, as a fault in storage or transfer does "
        f"it. {what}"
    )
    return Reason(code=ReasonCode.BYTES_REPLACED, message=message.rstrip())


def _changed_tiles(image: npt.NDArray[Any], seal: Seal) -> tuple[int, npt.NDArray[np.bool_]] | None:
    """Side of the tiles, and which of them changed; None where there are no digests that fit."""
    fits = (image.shape, image.dtype.name) == (seal.pixels.shape, seal.pixels.dtype)
    if not fits or seal.tile_digests is None:
        return None
    try:
        size, digests = tile_digests.read(seal.tile_digests, seal.pixels.shape)
    except FormatError:
        return None
    return size, tile_digests.compute(image, size) != digests


def _turned(image: npt.NDArray[Any], seal: Seal) -> Reason | None:
    """Whether the picture, turned or mirrored back, is the sealed one to the last bit."""
    if image.dtype.name != seal.pixels.dtype or image.nbytes > limits.TURNED_BYTES:
        return None
    for back, code, words in whole.turned_back(image):
        if back.shape == seal.pixels.shape and _may_be_sealed(back, seal):
            found = digest_array(back, algorithm=seal.pixels.digest.algorithm)
            if found.digest == seal.pixels.digest:
                message = f"The picture was {words}; nothing else was changed."
                return Reason(code=code, message=message)
    return None


def _may_be_sealed(image: npt.NDArray[Any], seal: Seal) -> bool:
    """Whether two tiles have their digests, which is quick to tell; also where there are none."""
    if seal.tile_digests is None:
        return True
    try:
        size, digests = tile_digests.read(seal.tile_digests, seal.pixels.shape)
    except FormatError:
        return True
    rows, columns = digests.shape
    for y, x in {(0, 0), (rows // 2, columns // 2)}:
        part = image[
            y * size : None if y == rows - 1 else (y + 1) * size,
            x * size : None if x == columns - 1 else (x + 1) * size,
        ]
        if tile_digests.compute(part, size)[0, 0] != digests[y, x]:
            return False
    return True


def _view(image: npt.NDArray[Any], seal: Seal, *, own: bool = False) -> npt.NDArray[np.uint8]:
    """The picture in 8-bit luma, spread as for the fingerprint, or over its own range."""
    spread = seal.tiles or {}
    if image.dtype == np.uint8 and seal.pixels.dtype == "uint16":
        image = image.astype(np.uint16) * np.uint16(257)
    elif image.dtype == np.uint16 and seal.pixels.dtype == "uint8":
        image = (image >> 8).astype(np.uint8)
    if own:
        spread = {"low": int(image.min()), "high": int(image.max())}
    return tiles.luma(tiles.view(image, spread))


def _coarse(image: npt.NDArray[Any], seal: Seal) -> list[Reason]:
    """Whether 16 bits were cut to 8 and spread again, as careless software does."""
    spread = seal.tiles or {}
    was_fine = any(type(spread.get(key)) is int and spread[key] % 257 for key in ("low", "high"))
    if not was_fine or image.dtype != np.uint16 or (image % 257).any():
        return []
    message = "Of the 16 bits of each sample only 8 are left: the finer levels are lost."
    return [Reason(code=ReasonCode.DEPTH_CHANGED, message=message, expected="16", found="8")]


def _named(image: npt.NDArray[Any], seal: Seal, sealed: Fingerprint | None) -> list[Reason]:
    """What was done to the whole picture, where it can be told."""
    if sealed is None:
        return []
    large = large_tiles(sealed)
    named = whole.name_change(_view(image, seal), large, _STEP)
    if named is None and seal.pixels.dtype == "uint16":
        # In the range that it uses now: levels may have moved out of the sealed one.
        own = _view(image, seal, own=True)
        named = whole.name_change(own, large, _STEP)
        if named is None and own.shape == sealed.shape:
            return _scaled(image, own, seal, large)
    if named is None:
        return []
    # A curve would be one of the fingerprint's levels, not of the picture's.
    fine = named.code is ReasonCode.TONE_CHANGED and seal.pixels.dtype == "uint16"
    words = _range_words("Brightness, contrast or gamma", image, seal) if fine else named.words
    return [Reason(code=named.code, message=words)]


def _scaled(
    image: npt.NDArray[Any], own: npt.NDArray[np.uint8], seal: Seal, large: Fingerprint
) -> list[Reason]:
    """Whether the picture is as it was, but for the range of its levels."""
    then, now = seal.tiles or {}, (int(image.min()), int(image.max()))
    low, high = then.get("low"), then.get("high")
    if type(low) is not int or type(high) is not int:
        return []
    # By less than a level of the fingerprint, it may as well be single pixels that moved.
    unmoved = max(abs(now[0] - low), abs(now[1] - high)) * 255 <= high - low
    if unmoved or not agrees(tile_means(own, large.size), large, _STEP + 0.5):
        return []
    words = _range_words("Brightness or contrast", image, seal)
    return [Reason(code=ReasonCode.TONE_CHANGED, message=words)]


def _range_words(what: str, image: npt.NDArray[Any], seal: Seal) -> str:
    stored = seal.tiles or {}
    then, now = (stored.get("low"), stored.get("high")), (image.min(), image.max())
    return (
        f"{what} were changed everywhere: levels {printable(then[0])} to {printable(then[1])} "
        f"became {now[0]} to {now[1]}."
    )


def _scores(
    view: npt.NDArray[np.uint8],
    sealed: Fingerprint | None,
    flags: npt.NDArray[np.bool_],
    size: int,
) -> ScoreMap:
    """For each changed tile 1, and by how many levels of the fingerprint a mean in it moved."""
    if sealed is None:
        then, moved = tile_means(view, size), np.zeros(flags.shape)
    else:
        then = _in_tiles(sealed.means, sealed, size, np.add)
        then = then / _in_tiles(np.ones_like(sealed.means), sealed, size, np.add)
        distance = distance_of(tile_means(view, sealed.size), sealed)
        moved = _in_tiles(distance, sealed, size, np.maximum)
    return ScoreMap(
        size=size,
        scores=np.where(flags, 1 + moved, 0).astype(np.float32),
        sealed=np.asarray(then, np.float32),
        lossless=True,
    )


def _in_tiles(
    values: npt.NDArray[np.float64], sealed: Fingerprint, size: int, gather: np.ufunc
) -> npt.NDArray[np.float64]:
    """Values of the fingerprint's tiles, gathered in those of another size, block by block."""
    out = values
    for axis, length in enumerate(sealed.shape):
        blocks = -(-length // tiles.BLOCK)
        which = np.minimum(np.arange(blocks) * tiles.BLOCK // sealed.size, out.shape[axis] - 1)
        out = out.take(which, axis)
        out = gather.reduceat(out, tiles.starts(length, size) // tiles.BLOCK, axis)
    return out


def _edited(regions: tuple[Box, ...], flags: npt.NDArray[np.bool_], size: int) -> Reason:
    changed = int(np.count_nonzero(flags))
    if not changed:  # one change in 65,536 of a single tile
        return Reason(
            code=ReasonCode.EDITED,
            message="The picture was edited; the digests of its tiles do not tell where.",
        )
    number, where = places(regions)
    share = changed / flags.size
    much = f", over {share:.0%} of its area" if share >= MUCH else ""
    tile = "1 tile" if changed == 1 else f"{changed:,} tiles"
    differ = "differs" if changed == 1 else "differ"
    return Reason(
        code=ReasonCode.EDITED,
        message=f"The picture was edited in {number}{much}: {where}. All the rest is exactly as it "
        "was sealed.",
        found=f"{tile} of {size} x {size} pixels {differ}, of {flags.size:,}",
    )
