"""What changed, where the codestream is not the sealed one.  Decodes the picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from napari_seal._format.jpeg import TRANSFORMS_OF_3, Jpeg
from napari_seal._format.legacy import MoedalSeal, digest_moedal
from napari_seal._format.pixels import decode, decode_jpeg, decoder, digest_array, fitted
from napari_seal._format.png import Png
from napari_seal._format.tables import estimate_quality
from napari_seal._text import printable
from napari_seal._verify.change.explain import explain, tables_as_sealed
from napari_seal._verify.change.lossless import explain_damage, explain_lossless
from napari_seal._verify.change.score_map import ScoreMap
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Box, Outcome
from napari_seal.errors import FormatError

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_seal._format.container import Container
    from napari_seal._format.seal import Seal


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


def diagnose(structure: Container, seal: Seal, *, seal_is_proven: bool) -> Finding:
    """Say what kind of change it is.

    Parameters
    ----------
    structure : Container
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
    data_are_sealed = structure.length == seal.length and _scan_matches(structure, seal)
    if outcome is Outcome.REENCODED and not seal_is_proven and data_are_sealed:
        reasons = [
            Reason(
                code=ReasonCode.SEAL_INCONSISTENT,
                message="The seal contradicts itself: all its digests but one fit the picture.",
            )
        ]
        outcome = Outcome.METADATA_CHANGED
    return finding._replace(outcome=outcome, reasons=[*reasons, mismatch])


def _compare_pictures(structure: Container, seal: Seal) -> Finding:
    if structure.end is None:
        return Finding(Outcome.TRUNCATED, [_left(ReasonCode.NO_END_OF_IMAGE, structure, seal)])
    size = structure.size
    if size is not None and math.prod(size) > 4 * math.prod(seal.pixels.shape[:2]):
        # Not worth the memory: whatever it shows, it is another picture.
        found_size = f"{size[0]} x {size[1]} pixels"
        return Finding(Outcome.IMAGE_CHANGED, [_size_changed(seal, found_size)])
    try:
        image = decode(structure)
    except FormatError as error:
        why = f"The picture cannot be decoded any more: {printable(error)}."
        reasons = [Reason(code=ReasonCode.UNDECODABLE, message=why)]
        if not isinstance(structure, Png):
            return Finding(Outcome.IMAGE_CHANGED, reasons)
        damage, in_doubt, differences = explain_damage(structure, seal)
        return Finding(Outcome.IMAGE_CHANGED, [*damage, *reasons], in_doubt, differences)
    reasons = [_format_changed(structure, seal)] if structure.format != seal.format else []
    wrong = structure.damaged_image() if isinstance(structure, Png) else []
    if wrong:
        reasons.append(_check_sums_wrong(wrong))
    if structure.is_ambiguous:
        return Finding(Outcome.IMAGE_CHANGED, [_AMBIGUOUS])
    if _are_sealed(fitted(image, seal.pixels.shape, seal.pixels.dtype), seal):
        message = (
            "The file was rewritten without loss: the pixels are exactly those that were sealed."
        )
        lossless = Reason(code=ReasonCode.LOSSLESS_REWRITE, message=message)
        return Finding(Outcome.REENCODED, reasons if wrong else [lossless, *reasons])
    if image.shape != seal.pixels.shape:
        reasons.append(_size_changed(seal, _size(image.shape)))
    elif (
        isinstance(structure, Jpeg)
        and structure.format == seal.format
        and structure.length < seal.length
        and ends_early(structure, image)
    ):
        return Finding(Outcome.TRUNCATED, [_left(ReasonCode.DATA_END_EARLY, structure, seal)])
    if image.dtype != seal.pixels.dtype:
        reasons.append(_depth_changed(seal, image.dtype.name))

    regions: tuple[Box, ...] = ()
    scores: ScoreMap | None = None
    if isinstance(structure, Jpeg) and (reason := _transform(structure, seal)):
        reasons.append(reason)
    elif isinstance(structure, Jpeg) and _scan_matches(structure, seal):
        reasons.append(_tables(structure, seal))
    else:
        look = explain_lossless if seal.format == "png" else explain
        explained, regions, scores = look(structure, seal, image)
        reasons = [*explained, *reasons]
    reasons.append(
        Reason(
            code=ReasonCode.PIXELS_MISMATCH,
            message="The pixels are not those that were sealed.",
            expected=str(seal.pixels.digest),
            found=str(digest_array(image, algorithm=seal.pixels.digest.algorithm).digest),
        )
    )
    if image.ndim == 3 and (other := _other_decoder(structure, seal)):
        reasons.append(other)
    return Finding(Outcome.IMAGE_CHANGED, reasons, regions, scores)


def _are_sealed(image: npt.NDArray[Any], seal: Seal) -> bool:
    """Whether samples are the sealed ones; the digest alone does not bind shape and type."""
    found = digest_array(image, algorithm=seal.pixels.digest.algorithm)
    return (found.digest, found.shape, found.dtype) == (
        seal.pixels.digest,
        seal.pixels.shape,
        seal.pixels.dtype,
    )


def audit(structure: Container, seal: Seal) -> list[Reason]:
    """Check the digests that follow from the codestream, where the codestream is proven."""
    reasons: list[Reason] = []
    scan = structure.scan(seal.scan.algorithm)
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
        image = decode(structure)
    except FormatError as error:
        message = (
            f"The image data are as sealed, and this decoder refuses them: {printable(error)}."
        )
        return [*reasons, Reason(code=ReasonCode.UNDECODABLE, message=message)]
    if not _are_sealed(image, seal):
        reasons.append(
            _other_decoder(structure, seal)
            or Reason(
                code=ReasonCode.DECODER_DIFFERS,
                message="The image data are as sealed; this decoder makes other pixels of them.",
                expected=str(seal.pixels.digest),
                found=str(digest_array(image, algorithm=seal.pixels.digest.algorithm).digest),
            )
        )
    return reasons


def check_moedal(structure: Container, seal: MoedalSeal) -> tuple[Outcome, tuple[Reason, ...]]:
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


def _scan_matches(structure: Container, seal: Seal) -> bool:
    return structure.scan(seal.scan.algorithm) == seal.scan


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
    elif seal.quality is not None and not tables_as_sealed(quality, seal):
        what = "the quantisation tables, which say how strong each pattern is, are"
    else:
        what = "the Huffman tables or another header by which they are decoded are"
    return Reason(
        code=ReasonCode.TABLES_CHANGED,
        message=f"The compressed data are as sealed; {what} not.",
    )


def ends_early(structure: Jpeg, image: np.ndarray) -> bool:
    """Whether the data end before the picture does, although an end-of-image marker is there.

    libjpeg fills up what is missing without an error.  More data before the marker change such a
    picture, and are skipped where the picture is complete.
    """
    try:
        return not np.array_equal(image, decode_jpeg(structure, extra=_MORE))
    except FormatError:
        return False


def _left(code: ReasonCode, structure: Container, seal: Seal) -> Reason:
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


def _depth_changed(seal: Seal, found: str) -> Reason:
    lost = " The finer levels are lost." if found == "uint8" else ""
    return Reason(
        code=ReasonCode.DEPTH_CHANGED,
        message=f"The picture has another number of bits a sample.{lost}",
        expected=seal.pixels.dtype,
        found=found,
    )


def _check_sums_wrong(kinds: list[str]) -> Reason:
    names = ", ".join(sorted(set(kinds)))
    return Reason(
        code=ReasonCode.CHUNK_DAMAGED,
        message="Chunks of the image have wrong check sums, as a fault in storage or transfer "
        f"leaves them, and strict decoders refuse the picture: {names}.",
        found=str(len(kinds)),
    )


def _format_changed(structure: Container, seal: Seal) -> Reason:
    then, now = seal.format.upper(), structure.format.upper()
    return Reason(
        code=ReasonCode.FORMAT_CHANGED,
        message=f"The file was {then} when it was sealed, and is {now} now.",
        expected=then,
        found=now,
    )


def _size(shape: tuple[int, ...]) -> str:
    height, width, *rest = [*shape, 0, 0][: max(2, len(shape))]
    return f"{height} x {width} pixels" + (f", {rest[0]} samples each" if rest else "")


def _other_decoder(structure: Container, seal: Seal) -> Reason | None:
    """Say so where the seal was made with another JPEG library: colours may differ by rounding."""
    if structure.format != "jpeg" or seal.format != "jpeg":
        return None
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
