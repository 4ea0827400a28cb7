"""How a picture was changed, and where, told from the fingerprint in the seal.

Wherever the evidence does not decide, the words say so: a false accusation is worse than a missed
detail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_seal._format import tiles, xmp
from napari_seal._format.tables import estimate_quality
from napari_seal._verify.change import localise, whole
from napari_seal._verify.change.regions import boxes
from napari_seal._verify.change.score_map import ScoreMap
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Box
from napari_seal.errors import FormatError

if TYPE_CHECKING:
    from napari_seal._format.container import Container
    from napari_seal._format.seal import Seal
    from napari_seal._format.tables import Quality
    from napari_seal._format.tiles import Fingerprint

# From this share of changed tiles on, the places say less than that it is the whole picture.
WHOLE: Final = 0.5
# Where fewer tiles changed, part of the picture is left: it is not another one.
NEARLY_ALL: Final = 0.8
# Side of tiles in which a whole picture is compared: noise and fine structure average out.
_LARGE: Final = 16
# From this share on, it is said how much of the picture they are.
MUCH: Final = 0.1


class Explanation(NamedTuple):
    """What the fingerprint tells of a changed picture."""

    reasons: list[Reason]
    regions: tuple[Box, ...] = ()
    scores: ScoreMap | None = None


def explain(structure: Container, seal: Seal, image: npt.NDArray[Any]) -> Explanation:
    """Say how a picture differs from the one that was sealed.

    Parameters
    ----------
    structure : Container
        The file, whose pixels are not the sealed ones.
    seal : Seal
        What was sealed; its ``scan`` does not fit either.
    image : (Y, X) or (Y, X, 3) or (Y, X, 4) ndarray of uint8, or (Y, X) of uint16
        The decoded picture.
    """
    reasons = [found] if (found := copied(structure, seal)) else []
    sealed = fingerprint_of(seal)
    if image.dtype == np.uint16:  # a JPEG that was converted
        image = (image >> 8).astype(np.uint8)
    if sealed is None or image.shape[2:] == (4,):
        return Explanation([*reasons, *_saved_again(structure, seal, "")])
    if image.shape[:2] != sealed.shape:
        named = whole.name_change(
            tiles.luma(image), large_tiles(sealed), localise.dc_step(structure)
        )
        named_reason = [Reason(code=named.code, message=named.words)] if named else []
        return Explanation([*reasons, *named_reason])
    return _in_place(structure, seal, image, sealed, reasons)


def _in_place(
    structure: Container,
    seal: Seal,
    image: npt.NDArray[np.uint8],
    sealed: Fingerprint,
    reasons: list[Reason],
) -> Explanation:
    """The picture has the size that was sealed."""
    scores = localise.score(structure, image, sealed)
    flags = scores.scores > 1
    regions = boxes(flags, sealed.size, sealed.shape)
    if not regions:  # one of eight pictures saved again as they were has the same length, too
        if image.ndim == len(seal.pixels.shape):  # else colours were lost, which is said elsewhere
            reasons = [*reasons, *_saved_again(structure, seal, _UNSEEN)]
        return Explanation(reasons, (), scores)
    plane, share = tiles.luma(image), float(flags.mean())
    large = large_tiles(sealed)
    named = whole.name_change(plane, large, localise.dc_step(structure))
    if named is not None:
        reason = Reason(code=named.code, message=named.words)
        return Explanation([*reasons, reason], (), scores)
    if share > WHOLE:
        unrelated = share > NEARLY_ALL and whole.is_unrelated(plane, large)
        return Explanation(
            [*reasons, replaced(share) if unrelated else changed_everywhere(share)], (), scores
        )
    if _has_its_length(structure, seal):
        return Explanation([*reasons, _bytes_replaced(regions)], regions, scores)
    return Explanation(
        [*reasons, _edited(regions, scores, share), *_saved_again(structure, seal, "")],
        regions,
        scores,
    )


def fingerprint_of(seal: Seal) -> Fingerprint | None:
    """The fingerprint, where there is one that can be read; a seal may well have none."""
    if seal.tiles is None:
        return None
    try:
        return tiles.read(seal.tiles, (seal.pixels.shape[0], seal.pixels.shape[1]))
    except (FormatError, IndexError):
        return None


def large_tiles(sealed: Fingerprint) -> Fingerprint:
    """Tiles of at least `_LARGE` pixels, for what concerns the whole picture."""
    return sealed.coarser(-(-_LARGE // sealed.size)) if sealed.size < _LARGE else sealed


# --------------------------------------------------------------------------------------- reasons

_UNSEEN: Final = (
    " No place stands out; faint changes, and those of a few pixels or of colour alone, are not "
    "seen."
)


def places(regions: tuple[Box, ...]) -> tuple[str, str]:
    """How many there are, and where the first of them lie."""
    number = "1 place" if len(regions) == 1 else f"{len(regions)} places"
    where = "; ".join(f"rows {y0} to {y1}, columns {x0} to {x1}" for y0, x0, y1, x1 in regions[:3])
    return number, where if len(regions) <= 3 else f"{where}, and more"


def _edited(regions: tuple[Box, ...], scores: ScoreMap, share: float) -> Reason:
    number, where = places(regions)
    much = f", over {share:.0%} of its area" if share >= MUCH else ""
    return Reason(
        code=ReasonCode.EDITED,
        message=f"The picture was edited in {number}{much}: {where}.",
        found=f"{number}, up to {float(scores.scores.max()):.1f} times what saving again explains",
    )


def tables_as_sealed(found: Quality | None, seal: Seal) -> bool:
    """Whether a file has the very quantisation tables of the quality that was sealed."""
    return found is not None and found.exact and found.value == seal.quality


def _has_its_length(structure: Container, seal: Seal) -> bool:
    """Whether the image data have the length and the tables that were sealed.

    Saving again gives other data, which are as long only by chance.
    """
    same_tables = tables_as_sealed(estimate_quality(structure), seal)
    return same_tables and structure.length == seal.length


def _bytes_replaced(regions: tuple[Box, ...]) -> Reason:
    number, where = places(regions)
    return Reason(
        code=ReasonCode.BYTES_REPLACED,
        message="Bytes of the image data were replaced by as many others, as a fault in storage or "
        f"transfer does it. The picture differs in {number}: {where}.",
    )


def _saved_again(structure: Container, seal: Seal, unseen: str) -> list[Reason]:
    """Whether the tables are others than those that were sealed, and what else can be said."""
    found = estimate_quality(structure)
    if found is not None and not tables_as_sealed(found, seal) and seal.quality is not None:
        return [
            Reason(
                code=ReasonCode.RECOMPRESSED,
                message=f"The picture was compressed again, at {found}.{unseen}",
                expected=f"quality {seal.quality}",
                found=str(found),
            )
        ]
    if not unseen:  # there are places to name
        return []
    fault = ", as by a fault in storage" if structure.length == seal.length else ""
    # Not "edited": that would accuse everybody who saved a picture again as it was.
    return [
        Reason(
            code=ReasonCode.RECOMPRESSED,
            message="The picture was compressed again with the settings of the seal, or changed "
            f"below the resolution of the fingerprint{fault}; the seal does not tell which."
            f"{unseen}",
            expected=None if seal.quality is None else f"quality {seal.quality}",
            found=None if found is None else str(found),
        )
    ]


def changed_everywhere(share: float) -> Reason:
    return Reason(
        code=ReasonCode.CHANGED_EVERYWHERE,
        message=f"The picture was changed nearly everywhere: {share:.0%} of its tiles have other "
        "levels.",
        found=f"{share:.0%} of the tiles",
    )


def replaced(share: float) -> Reason:
    return Reason(
        code=ReasonCode.PICTURE_REPLACED,
        message="This is another picture: nothing stands where it stood in the sealed one. The "
        "seal was copied from another file, the picture was replaced, or moved within its frame.",
        found=f"{share:.0%} of the tiles",
    )


def copied(structure: Container, seal: Seal) -> Reason | None:
    """Whether an XMP packet of ours fits the picture, while the seal does not."""
    scan = structure.scan(seal.scan.algorithm)
    packet = xmp.build(scan)
    if packet in structure.xmp_packets():
        return Reason(
            code=ReasonCode.SEAL_COPIED,
            message="The seal was copied from another file: the XMP packet, which is made "
            "together with a seal, fits this picture, and the seal does not.",
            expected=str(seal.scan),
            found=str(scan),
        )
    return None
