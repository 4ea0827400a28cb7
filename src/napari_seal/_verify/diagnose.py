"""What changed, where the codestream is not the sealed one.  Decodes the picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from napari_seal._format.digest import digest_of
from napari_seal._format.jpeg import TRANSFORMS_OF_3, Jpeg, scan_pieces
from napari_seal._format.legacy import MoedalSeal, digest_moedal
from napari_seal._format.pixels import decode, decoder, digest_array
from napari_seal._format.tables import estimate_quality
from napari_seal._text import printable
from napari_seal._verify.explain import explain
from napari_seal._verify.verdict import Box, Outcome, Reason, ReasonCode, ScoreMap
from napari_seal.errors import FormatError

if TYPE_CHECKING:
    from napari_seal._format.record import Seal


class Finding(NamedTuple):
    """What kind of change it is, and where."""

    outcome: Outcome
    reasons: list[Reason]
    regions: tuple[Box, ...] = ()
    scores: ScoreMap | None = None


# Entropy-coded data that do not look like the end of a picture; free of FF.
_MORE: Final = bytes((37 * i * i + 11 * i) % 251 for i in range(4096))


_AMBIGUOUS: Final = Reason(
    code=ReasonCode.UNDECODABLE,
    message="The image data hold a code that decoders read in different ways.",
)


def diagnose(structure: Jpeg, seal: Seal, *, seal_is_proven: bool) -> Finding:
    """Say what kind of change it is.

    Parameters
    ----------
    structure : Jpeg
        Walked in full; its codestream is not the sealed one.
    seal : Seal
        What was sealed.
    seal_is_proven : bool
        Whether the record matches.  Where it does not, the seal's own digests may be what changed.
    """
    mismatch = Reason(
        code=ReasonCode.CODESTREAM_MISMATCH,
        message="The image data are not the bytes that were sealed.",
        expected=str(seal.codestream),
        found=str(structure.codestream(seal.codestream.algorithm)),
    )
    finding = _compare_pictures(structure, seal)
    outcome, reasons = finding.outcome, finding.reasons
    if outcome is Outcome.REENCODED and not seal_is_proven and _scan_matches(structure, seal):
        reasons = [
            Reason(
                code=ReasonCode.SEAL_INCONSISTENT,
                message="The seal contradicts itself: all its digests but one fit the picture.",
            )
        ]
        outcome = Outcome.METADATA_CHANGED
    return finding._replace(outcome=outcome, reasons=[*reasons, mismatch])


def _compare_pictures(structure: Jpeg, seal: Seal) -> Finding:
    if structure.end is None:
        return Finding(Outcome.TRUNCATED, [_left(ReasonCode.NO_END_OF_IMAGE, structure, seal)])
    frame = structure.frame
    if frame is not None and frame.height * frame.width > 4 * math.prod(seal.pixels.shape[:2]):
        # Not worth the memory: whatever it shows, it is another picture.
        found_size = f"{frame.height} x {frame.width} pixels"
        return Finding(Outcome.IMAGE_CHANGED, [_size_changed(seal, found_size)])
    try:
        image = decode(structure)
    except FormatError as error:
        message = f"The picture cannot be decoded any more: {printable(error)}."
        return Finding(
            Outcome.IMAGE_CHANGED, [Reason(code=ReasonCode.UNDECODABLE, message=message)]
        )
    found = digest_array(image, algorithm=seal.pixels.digest.algorithm)
    reasons: list[Reason] = []
    if found.shape != seal.pixels.shape:
        reasons.append(_size_changed(seal, _size(found.shape)))
    elif structure.is_ambiguous:
        return Finding(Outcome.IMAGE_CHANGED, [_AMBIGUOUS])
    elif found.digest == seal.pixels.digest:
        message = (
            "The file was rewritten without loss: the pixels are exactly those that were sealed."
        )
        return Finding(
            Outcome.REENCODED, [Reason(code=ReasonCode.LOSSLESS_REWRITE, message=message)]
        )
    elif structure.length < seal.length and _ends_early(structure, image):
        return Finding(Outcome.TRUNCATED, [_left(ReasonCode.DATA_END_EARLY, structure, seal)])

    regions: tuple[Box, ...] = ()
    scores: ScoreMap | None = None
    if reason := _transform(structure, seal):
        reasons.append(reason)
    elif _scan_matches(structure, seal):
        reasons.append(_tables(structure, seal))
    else:
        why, regions, scores = explain(structure, seal, image)
        reasons = [*why, *reasons]
    reasons.append(
        Reason(
            code=ReasonCode.PIXELS_MISMATCH,
            message="The pixels are not those that were sealed.",
            expected=str(seal.pixels.digest),
            found=str(found.digest),
        )
    )
    if image.ndim == 3 and (other := _other_decoder(seal)):
        reasons.append(other)
    return Finding(Outcome.IMAGE_CHANGED, reasons, regions, scores)


def audit(structure: Jpeg, seal: Seal) -> list[Reason]:
    """Check the digests that follow from the codestream, where the codestream is proven."""
    reasons: list[Reason] = []
    scan = digest_of(scan_pieces(structure.data), seal.scan.algorithm)
    if scan != seal.scan:
        reasons.append(
            Reason(
                code=ReasonCode.SCAN_DIFFERS,
                message="ExifTool's ImageDataHash of this file is not the sealed one, although "
                "every byte that a decoder uses is.",
                expected=str(seal.scan),
                found=str(scan),
            )
        )
    try:
        found = digest_array(decode(structure), algorithm=seal.pixels.digest.algorithm)
    except FormatError as error:
        message = (
            f"The image data are as sealed, and this decoder refuses them: {printable(error)}."
        )
        return [*reasons, Reason(code=ReasonCode.UNDECODABLE, message=message)]
    if (found.digest, found.shape) != (seal.pixels.digest, seal.pixels.shape):
        reasons.append(
            _other_decoder(seal)
            or Reason(
                code=ReasonCode.DECODER_DIFFERS,
                message="The image data are as sealed; this decoder makes other pixels of them.",
                expected=str(seal.pixels.digest),
                found=str(found.digest),
            )
        )
    return reasons


def check_moedal(structure: Jpeg, seal: MoedalSeal) -> tuple[Outcome, tuple[Reason, ...]]:
    """Check a file of the MoEDAL function by its own rule."""
    unprotected = Reason(
        code=ReasonCode.MOEDAL_UNPROTECTED,
        message="Sealed by the MoEDAL function, which protects the pixels only: metadata and Exif "
        "tags may have been changed.",
    )
    if structure.end is None:
        message = "The file ends before its image does."
        return Outcome.TRUNCATED, (
            Reason(code=ReasonCode.NO_END_OF_IMAGE, message=message),
            unprotected,
        )
    try:
        found = digest_moedal(decode(structure))
    except FormatError as error:
        message = f"The picture cannot be decoded: {printable(error)}."
        return Outcome.IMAGE_CHANGED, (
            Reason(code=ReasonCode.UNDECODABLE, message=message),
            unprotected,
        )
    if structure.is_ambiguous:
        return Outcome.IMAGE_CHANGED, (_AMBIGUOUS, unprotected)
    if found == seal.pixels:
        return Outcome.INTACT, (unprotected,)
    mismatch = Reason(
        code=ReasonCode.PIXELS_MISMATCH,
        message="The pixels are not those that were sealed (with a decoder that is not of the "
        "libjpeg family, this would be no proof).",
        expected=f"sha224:{seal.pixels}",
        found=f"sha224:{found}",
    )
    return Outcome.IMAGE_CHANGED, (mismatch, unprotected)


def _scan_matches(structure: Jpeg, seal: Seal) -> bool:
    return digest_of(scan_pieces(structure.data), seal.scan.algorithm) == seal.scan


def _transform(structure: Jpeg, seal: Seal) -> Reason | None:
    """Whether only the colour transform was switched, by JFIF or Adobe segments."""
    if structure.transform not in TRANSFORMS_OF_3:
        return None
    for transform in TRANSFORMS_OF_3:
        if structure.codestream(seal.codestream.algorithm, transform) == seal.codestream:
            return Reason(
                code=ReasonCode.COLOUR_TRANSFORM_CHANGED,
                message="A JFIF or Adobe segment was added or removed, so that decoders show other "
                "colours.",
                expected=transform.decode(),
                found=structure.transform.decode(),
            )
    return None


def _tables(structure: Jpeg, seal: Seal) -> Reason:
    """Which of the headers is not what it was, as far as the seal tells."""
    frame, quality = structure.frame, estimate_quality(structure)
    if frame is not None and (frame.height, frame.width) != seal.pixels.shape[:2]:
        what = "the height or width in the frame header is"
    elif seal.quality is not None and str(quality) != f"quality {seal.quality}":
        what = "the quantisation tables, which say how strong each pattern is, are"
    else:
        what = "the Huffman tables or another header by which they are decoded are"
    return Reason(
        code=ReasonCode.TABLES_CHANGED,
        message=f"The compressed data are as sealed; {what} not.",
    )


def _ends_early(structure: Jpeg, image: np.ndarray) -> bool:
    """Whether the data end before the picture does, although an end-of-image marker is there.

    libjpeg fills up what is missing without an error.  More data before the marker change such a
    picture, and are skipped where the picture is complete.
    """
    try:
        return not np.array_equal(image, decode(structure, extra=_MORE))
    except FormatError:
        return False


def _left(code: ReasonCode, structure: Jpeg, seal: Seal) -> Reason:
    share = structure.length / max(1, seal.length)
    return Reason(
        code=code,
        message=f"The image data end early: {min(share, 0.999):.1%} of them are left.",
        expected=f"{seal.length:,} bytes",
        found=f"{structure.length:,} bytes",
    )


def _size_changed(seal: Seal, found: str) -> Reason:
    return Reason(
        code=ReasonCode.SIZE_CHANGED,
        message="The picture has another size or number of colours.",
        expected=_size(seal.pixels.shape),
        found=found,
    )


def _size(shape: tuple[int, ...]) -> str:
    height, width, *rest = [*shape, 0, 0][: max(2, len(shape))]
    return f"{height} x {width} pixels" + (f", {rest[0]} samples each" if rest else "")


def _other_decoder(seal: Seal) -> Reason | None:
    """Say so where the seal was made with another JPEG library: colours may differ by rounding."""
    mine = decoder()
    theirs = {
        key: seal.software[key] for key in ("libjpeg-turbo", "libjpeg") if key in seal.software
    }
    if mine == theirs:
        return None
    return Reason(
        code=ReasonCode.DECODER_DIFFERS,
        message="The seal was made with another JPEG library, which can decode colours a little "
        "differently; a lossless rewrite would look the same as a change.",
        expected=" ".join(f"{k} {v}" for k, v in theirs.items()) or None,
        found=" ".join(f"{k} {v}" for k, v in mine.items()),
    )
