"""How a losslessly stored picture was changed, and where.

Honest software leaves every sample of such a picture as it is.  So a tile whose digest is not the
sealed one was changed, and one whose digest is, was not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_seal._format import tile_digests, tiles
from napari_seal._format.pixels import digest_array
from napari_seal._format.salvage import readable
from napari_seal._format.tables import estimate_quality
from napari_seal._text import printable
from napari_seal._verify import whole
from napari_seal._verify.explain import (
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
from napari_seal._verify.localise import agrees, tile_means
from napari_seal._verify.regions import boxes
from napari_seal._verify.verdict import Box, Reason, ReasonCode, ScoreMap
from napari_seal.errors import FormatError

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_seal._format.container import Container
    from napari_seal._format.png import Png
    from napari_seal._format.seal import Seal
    from napari_seal._format.tiles import Fingerprint

# Means of samples that were not compressed are as exact as those of libjpeg's best quality.
_STEP: Final = 1


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
        lossy = Reason(code=ReasonCode.RECOMPRESSED, message=message, found=str(quality or ""))
        return Explanation([*reasons, lossy])
    if turned := _turned(image, seal):
        return Explanation([*reasons, turned])
    sealed = fingerprint_of(seal)
    same_samples = (image.shape, image.dtype.name) == (seal.pixels.shape, seal.pixels.dtype)
    if not same_samples or seal.tile_digests is None:
        return Explanation([*reasons, *_named(image, seal, sealed)])
    try:
        size, digests = tile_digests.read(seal.tile_digests, seal.pixels.shape)
    except FormatError:
        return Explanation([*reasons, *_named(image, seal, sealed)])
    flags = tile_digests.compute(image, size) != digests
    scores = _scores(_view(image, seal), sealed, flags, size)
    share = float(flags.mean())
    if share > WHOLE:
        named = _named(image, seal, sealed)
        if not named and sealed is not None and share > NEARLY_ALL:
            unrelated = whole.is_unrelated(_view(image, seal), large_tiles(sealed))
            named = [replaced(share)] if unrelated else []
        return Explanation([*reasons, *(named or [changed_everywhere(share)])], (), scores)
    regions = boxes(flags, size, (image.shape[0], image.shape[1]))
    return Explanation([*reasons, _edited(regions, flags, size)], regions, scores)


def explain_damage(png: Png, seal: Seal) -> tuple[list[Reason], tuple[Box, ...]]:
    """Say from which row on a picture that cannot be decoded any more is in doubt."""
    height, width = seal.pixels.shape[:2]
    samples, rows = readable(png)
    if png.size != (height, width) or not samples or rows >= height:
        return [], ()
    message = (
        "Bytes of the image data were replaced by others, as a fault in storage or transfer does "
        f"it. The rows before {rows} are not affected; what follows cannot be told."
    )
    reason = Reason(code=ReasonCode.BYTES_REPLACED, message=message)
    return [reason], ((rows, 0, height, width),)


def _turned(image: npt.NDArray[Any], seal: Seal) -> Reason | None:
    """Whether the picture, turned or mirrored back, is the sealed one to the last bit."""
    if image.dtype.name != seal.pixels.dtype:
        return None
    for back, code, words in whole.turned_back(image):
        if back.shape == seal.pixels.shape:
            found = digest_array(back, algorithm=seal.pixels.digest.algorithm)
            if found.digest == seal.pixels.digest:
                message = f"The picture was {words}; nothing else was changed."
                return Reason(code=code, message=message)
    return None


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
    unmoved = now == (then.get("low"), then.get("high"))
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
    """For each changed tile 1, and by how many levels of the fingerprint its mean moved."""
    now = tile_means(view, size)
    then = now if sealed is None else _resampled(sealed, flags.shape, size)
    scores = np.where(flags, 1 + np.abs(now - then), 0)
    return ScoreMap(
        size=size,
        scores=scores.astype(np.float32),
        sealed=np.asarray(then, np.float32),
        lossless=True,
    )


def _resampled(sealed: Fingerprint, grid: tuple[int, ...], size: int) -> npt.NDArray[np.float64]:
    """The fingerprint's means at the middles of other tiles."""
    ys, xs = (
        np.minimum((np.arange(number) * size + size // 2) // sealed.size, most - 1)
        for number, most in zip(grid, sealed.means.shape, strict=True)
    )
    found: npt.NDArray[np.float64] = sealed.means[np.ix_(ys, xs)]
    return found


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
