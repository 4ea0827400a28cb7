"""What a file is before it is adopted, or why it is not to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy.typing as npt

from napari_seal._adopt.comment import Comment, read_comment
from napari_seal._adopt.refusal import Forced, Refusal, refuse
from napari_seal._format import exif, jpeg
from napari_seal._format.legacy import digest_moedal
from napari_seal._format.markers import APP0, APP2, APP11
from napari_seal._format.pixels import decode
from napari_seal._format.seal import Seal
from napari_seal._verify.change.diagnose import ends_early
from napari_seal._verify.check import check_bytes
from napari_seal._verify.locate import SEALED, Found, find_record, traces
from napari_seal._verify.quick import prove
from napari_seal.errors import FormatError, LimitError

if TYPE_CHECKING:
    from napari_seal._format.adoption import Moedal
    from napari_seal._format.exif import Entry, Key
    from napari_seal._format.jpeg import Jpeg
    from napari_seal._format.segments import Segment

_MAKER_NOTE: Final = ("ExifIFD", 0x927C)
# SOF3, 7, 11 and 15 (T.81, table B.1).
_LOSSLESS: Final = frozenset((0xC3, 0xC7, 0xCB, 0xCF))


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A file that can be adopted.

    ``at`` is where its Exif segment is, or is to be; ``sha244`` says what the digest of the MoEDAL
    function was worth, ``found`` what it should have been.
    """

    structure: Jpeg
    samples: npt.NDArray[Any]
    at: int
    exif: Segment | None
    tags: Mapping[Key, Entry]
    comment: Comment
    sha244: Moedal
    found: str | None


def look(data: bytes, metadata: Mapping[str, Any], forced: Forced) -> Seal | Before:
    """Look at the content of a file.

    Returns
    -------
    Seal or Before
        The seal that is there, of a file that is sealed and intact.

    Raises
    ------
    AdoptError
        It is not to be adopted.
    """
    proven = prove(data, "")
    if proven is not None and isinstance(proven.seal, Seal):
        return proven.seal
    if not jpeg.is_jpeg(data):
        raise refuse(Refusal.NOT_A_JPEG, "it is no JPEG file")
    try:
        structure = jpeg.walk(data)
        found = find_record(structure)
    except LimitError as error:
        raise refuse(Refusal.UNDECODABLE, str(error)) from error
    if found.conflict or found.seal_lost or SEALED.search(found.text or b""):
        return _sealed(data)
    segment = _exif_segment(structure, found)
    at = _behind_headers(structure) if segment is None else segment.start
    if traces(structure, found) is not None:
        forced.allows(Refusal.SEAL_REMOVED, "it once had a seal, which was removed")
    _look_beside(structure, found, at, forced)
    samples = _samples(structure)
    big = segment is not None and data.startswith(b"MM", segment.start + 10)
    comment = read_comment(found.entries, metadata, big=big, forced=forced)
    sha244: Moedal = "none"
    digest = None
    if comment.moedal is not None:
        digest = digest_moedal(samples)
        sha244 = "intact" if digest == comment.moedal else "broken"
    if sha244 == "broken":
        forced.allows(
            Refusal.SHA244_BROKEN,
            f"its digest sha244 is {comment.moedal}, and the picture has {digest}: it was changed, "
            "or written with another JPEG library",
        )
    return Before(
        structure=structure,
        samples=samples,
        at=at,
        exif=segment,
        tags=found.entries,
        comment=comment,
        sha244=sha244,
        found=digest if sha244 == "broken" else None,
    )


def _sealed(data: bytes) -> Seal:
    """The seal of a file that has one, if it is intact."""
    verdict = check_bytes(data, "")
    if verdict.intact and isinstance(verdict.seal, Seal):
        return verdict.seal
    why = verdict.reasons[0].message if verdict.reasons else verdict.verdict.meaning
    raise refuse(Refusal.NOT_INTACT, f"it has a seal, and is {verdict.verdict}: {why}")


def _exif_segment(structure: Jpeg, found: Found) -> Segment | None:
    """The one Exif segment, before the image."""
    segments = [s for s in structure.excluded if exif.is_exif(structure.data, s)]
    if len(segments) > 1:
        raise refuse(
            Refusal.EXIF_SEVERAL,
            f"it has {len(segments)} Exif segments, and readers differ in which they follow",
        )
    if found.problem:
        raise refuse(Refusal.EXIF_UNREADABLE, f"its Exif block cannot be read: {found.problem}")
    if segments and segments[0].start > (structure.scan_start or 0):
        raise refuse(Refusal.EXIF_UNREADABLE, "its Exif block stands behind the image")
    return segments[0] if segments else None


def _behind_headers(structure: Jpeg) -> int:
    """Behind the JFIF header, and its extension if there is one (JFIF 1.02)."""
    at = 2
    for segment in structure.excluded:
        # Where stray bytes follow it, the place of its marker counts.
        is_image = (segment.start, segment.start + 2) in structure.pieces
        if segment.marker != APP0 or segment.start != at or is_image:
            break
        at = segment.end
    return at


def _look_beside(structure: Jpeg, found: Found, at: int, forced: Forced) -> None:
    """Whether anything in the file would be broken by a segment that becomes longer."""
    data = structure.data
    boxes = [data[s.payload] for s in structure.excluded if s.marker == APP11]
    if any(box.startswith(b"JP") and b"c2pa" in box for box in boxes):
        forced.allows(
            Refusal.C2PA, "it has a C2PA claim, which covers the file and would no longer match"
        )
    # Offsets in MPF count from its own segment (CIPA DC-007, 5.2.3): what stands before is free.
    lists = [
        s.start
        for s in structure.excluded
        if s.marker == APP2 and data.startswith(b"MPF\0", s.start + 4)
    ]
    if any(start < at for start in lists):
        forced.allows(
            Refusal.OFFSETS, "its list of further pictures (MPF) stands before the Exif segment, "
            "and would no longer point to them"
        )  # fmt: skip
    elif _MAKER_NOTE in found.entries and (structure.end or 0) < len(data):
        forced.allows(
            Refusal.OFFSETS,
            "data follow the image, and its MakerNote may say where they are, which changes",
        )


def _samples(structure: Jpeg) -> npt.NDArray[Any]:
    """The decoded picture, if it is whole."""
    frame = structure.frame
    if structure.end is None or not structure.has_picture:
        raise refuse(Refusal.TRUNCATED, "the file ends before its image does")
    if frame is None or len(frame.components) not in (1, 3) or frame.precision != 8:
        what = (
            "no frame header"
            if frame is None
            else f"{len(frame.components)} components of {frame.precision} bits"
        )
        raise refuse(
            Refusal.KIND_OF_JPEG,
            f"it has {what}; gray and colour pictures of 8 bits are adopted",
        )
    if frame.marker in _LOSSLESS:
        raise refuse(Refusal.KIND_OF_JPEG, "it is a lossless JPEG, which is not sealed")
    try:
        samples = decode(structure)
    except FormatError as error:
        raise refuse(Refusal.UNDECODABLE, f"its picture cannot be decoded: {error}") from error
    if structure.is_ambiguous:
        raise refuse(Refusal.UNDECODABLE, "its image data hold a code that decoders read "
                     "in different ways")  # fmt: skip
    if ends_early(structure, samples):
        raise refuse(Refusal.TRUNCATED, "its image data end before the picture is complete")
    return samples
