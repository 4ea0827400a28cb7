"""Nothing is written unless the new bytes are proven to be the old image, sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_seal._adopt.look import Before
from napari_seal._adopt.refusal import Refusal, refuse
from napari_seal._adopt.splice import new_tags
from napari_seal._format import exif, jpeg, xmp
from napari_seal._verify.check import check_bytes
from napari_seal._verify.reasons import ReasonCode

if TYPE_CHECKING:
    from napari_seal._format.jpeg import Jpeg
    from napari_seal._format.seal import Seal

# What a file that was just adopted cannot give as reasons.
_WRONG: Final = frozenset(
    (
        ReasonCode.EXIF_TAGS_ADDED,
        ReasonCode.THUMBNAIL_ADDED,
        ReasonCode.SEGMENT_ADDED,
        ReasonCode.XMP_CHANGED,
        ReasonCode.BYTES_AFTER_END,
    )
)


def prove(before: Before, data: bytes, seal: Seal) -> None:
    """Compare the sealed file with the one that was there.

    Raises
    ------
    AdoptError
        Something else than the Exif block and our XMP is different, or it is not intact.
    """
    old, new = before.structure, jpeg.walk(data)
    # A decoder gets the very same bytes, so the pixels are the same.
    if old.plain() != new.plain() or new.codestream() != old.codestream():
        raise _unproven("its image data would not be the same bytes")
    if _others(old, seal) != _others(new, seal):
        raise _unproven("other segments, or the bytes behind the image, would change")
    tags = exif.read(next(new.exif_blocks()))
    # Of a file without Exif there is nothing to keep.
    if before.exif is not None and tags != {
        **before.tags,
        **new_tags(before.tags, seal.identity, tags[exif.USER_COMMENT].value[8:]),
    }:
        raise _unproven("other Exif tags would change")
    verdict = check_bytes(data, "")
    if not verdict.intact or verdict.seal != seal:
        raise _unproven(f"it would be {verdict.verdict}")
    if wrong := _WRONG.intersection(reason.code for reason in verdict.reasons):
        raise _unproven(f"it would have the reasons {', '.join(sorted(wrong))}")


def _others(structure: Jpeg, seal: Seal) -> list[bytes]:
    """All segments but Exif and our XMP, and what follows the image."""
    ours = xmp.SIGNATURE + xmp.build(seal.scan)
    data = structure.data
    parts = [
        data[s.start : s.end]
        for s in structure.excluded
        if not exif.is_exif(data, s) and data[s.payload] != ours
    ]
    return [*parts, data[structure.end :]]


def _unproven(message: str) -> Exception:
    return refuse(Refusal.NOT_PROVEN, f"{message}: it was left as it is")
