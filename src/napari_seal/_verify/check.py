"""Checking one file.

The steps are numbered as in ``docs/seal-format.md``, "How to verify".  The cheap proof comes first:
a picture is decoded only when its codestream is not the sealed one, to say what changed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from napari_seal._format import exif, jpeg, legacy, metadata, record, xmp
from napari_seal._text import printable
from napari_seal._verify.load import load
from napari_seal._verify.locate import SEAL_KEY, find_record, traces
from napari_seal._verify.verdict import (
    Outcome,
    Reason,
    ReasonCode,
    Signature,
    Verdict,
    VerificationError,
)
from napari_seal.errors import (
    FormatError,
    JsonError,
    LimitError,
    NewerVersionError,
    ReadError,
    UnknownAlgorithmError,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_seal._format.jpeg import Jpeg
    from napari_seal._format.legacy import MoedalSeal
    from napari_seal._format.record import Seal
    from napari_seal._verify.locate import Found

#: From the least to the gravest, of what can hold for one sealed file at once.
_GRAVITY: Final = (
    Outcome.INTACT,
    Outcome.METADATA_CHANGED,
    Outcome.REENCODED,
    Outcome.IMAGE_CHANGED,
    Outcome.TRUNCATED,
)


def check(path: str | os.PathLike[str], *, full: bool = False) -> Verdict:
    """Check one file.

    Parameters
    ----------
    path : path-like
        The file.
    full : bool, default False
        Also where the image data are proven unchanged, decode the picture and check the digests
        that follow from them (``pixels``, ``scan``): for auditing writers and decoders.

    Returns
    -------
    Verdict
        Always: whatever is wrong with the file or in it becomes a verdict, not an exception.
    """
    name = os.fsdecode(path)
    data = load(name)
    if isinstance(data, Reason):
        return Verdict(path=name, verdict=Outcome.UNREADABLE, reasons=(data,))
    return check_bytes(data, name, full=full)


def verify(path: str | os.PathLike[str]) -> Seal | MoedalSeal:
    """Return the seal of an intact file, or raise.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Seal or MoedalSeal
        What was sealed.

    Raises
    ------
    VerificationError
        The verdict is anything but `intact`; the exception carries it.
    """
    verdict = check(path)
    if verdict.verdict is not Outcome.INTACT or verdict.seal is None:
        raise VerificationError(verdict)
    return verdict.seal


def read(path: str | os.PathLike[str]) -> tuple[npt.NDArray[np.uint8], Verdict]:
    """Read the picture of a file, with the verdict on the very bytes it was decoded from.

    Parameters
    ----------
    path : path-like
        Any JPEG file, sealed or not.

    Returns
    -------
    image : (Y, X) or (Y, X, 3) ndarray of uint8
        The stored levels; `napari_seal.restore_intensity` maps them to the original range.  What is
        left of a truncated picture; CMYK as RGB.
    verdict : Verdict
        Look at it before you trust the picture.

    Raises
    ------
    ReadError
        There is no picture that could be shown.
    """
    from napari_seal._format.pixels import decode, to_rgb

    name = os.fsdecode(path)
    data = load(name)
    if isinstance(data, Reason):
        raise ReadError(f"{printable(name)}: {data.message}")
    verdict = check_bytes(data, name)
    if verdict.verdict is Outcome.NOT_AN_IMAGE:
        raise ReadError(str(verdict))
    try:
        return to_rgb(decode(jpeg.walk(data))), verdict
    except MemoryError as error:
        raise ReadError(f"{printable(name)}: there is not enough memory for the picture") from error
    except FormatError as error:
        raise ReadError(f"{printable(name)} ({verdict.verdict}): {error}") from error


def check_bytes(data: bytes, path: str, *, full: bool = False) -> Verdict:
    """Check the content of a file; see `check`."""
    # 1. Is it a JPEG file?
    if not data:
        return _conclude(path, Outcome.NOT_AN_IMAGE, ReasonCode.EMPTY_FILE, "The file is empty.")
    if not jpeg.is_jpeg(data):
        return Verdict(path=path, verdict=Outcome.NOT_AN_IMAGE, reasons=(_wrong_kind(data),))
    try:
        return _check_jpeg(data, path, full=full)
    except LimitError as error:
        text = f"The file cannot be walked through: {error}."
        return _conclude(path, Outcome.NOT_AN_IMAGE, ReasonCode.LIMIT_EXCEEDED, text)
    except MemoryError:
        text = "There is not enough memory to check the file."
        return _conclude(path, Outcome.UNREADABLE, ReasonCode.LIMIT_EXCEEDED, text)


def _check_jpeg(data: bytes, path: str, *, full: bool) -> Verdict:
    # The quick way: all from the first scan to the final marker is taken for codestream.  Where its
    # digest is not the sealed one, this proves nothing, and every marker is looked at.
    structure = jpeg.walk(data, to_final_marker=True)
    found = find_record(structure)
    try:
        seal = None if found.conflict else _read_seal(found)
    except FormatError:
        seal = None
    if seal is not None and structure.codestream(seal.codestream.algorithm) == seal.codestream:
        return _check_seal(structure, found, seal, path, full=full, proven=True)

    # 2. Find the record in the Exif UserComment.
    structure = jpeg.walk(data)
    found = find_record(structure)
    if found.conflict:
        text = "The file has several Exif blocks with different seals."
        return _conclude(path, Outcome.SEAL_MALFORMED, ReasonCode.SEAL_CONFLICT, text)

    # 3. Read the seal.
    try:
        seal = _read_seal(found)
        if seal is None:
            return _without_seal(structure, found, path)
    except LimitError:
        raise
    except FormatError as error:
        outcome, code = _UNREADABLE_SEALS.get(
            type(error), (Outcome.SEAL_MALFORMED, ReasonCode.SEAL_INVALID)
        )
        return _conclude(path, outcome, code, f"The seal cannot be read: {error}.")
    return _check_seal(structure, found, seal, path, full=full)


def _read_seal(found: Found) -> Seal | None:
    if found.text is None or not SEAL_KEY.search(found.text):
        return None
    content = record.load(found.text)
    return record.parse(content) if metadata.SEAL_KEY in content else None


_UNREADABLE_SEALS: Final[dict[type[FormatError], tuple[Outcome, ReasonCode]]] = {
    JsonError: (Outcome.SEAL_MALFORMED, ReasonCode.SEAL_NOT_JSON),
    NewerVersionError: (Outcome.SEAL_UNSUPPORTED, ReasonCode.NEWER_VERSION),
    UnknownAlgorithmError: (Outcome.SEAL_UNSUPPORTED, ReasonCode.UNKNOWN_ALGORITHM),
}


def _check_seal(
    structure: Jpeg, found: Found, seal: Seal, path: str, *, full: bool, proven: bool = False
) -> Verdict:
    outcomes = [Outcome.INTACT]
    reasons: list[Reason] = []
    record_reason = _check_record(found.text or b"", seal)

    # 4. Compare the codestream.
    if not proven and structure.codestream(seal.codestream.algorithm) != seal.codestream:
        from napari_seal._verify.diagnose import diagnose

        outcome, why = diagnose(structure, seal, seal_is_proven=record_reason is None)
        outcomes.append(outcome)
        reasons += why

    # 5. Compare the record: the seal itself and the user's metadata.
    if record_reason:
        outcomes.append(Outcome.METADATA_CHANGED)
        reasons.append(record_reason)

    # 6. Compare the sealed Exif tags.
    changed, added = _check_exif(structure, found, seal)
    if changed:
        outcomes.append(Outcome.METADATA_CHANGED)
    reasons += [*changed, *added]

    # 7. Report what was added and is not sealed.
    reasons += _check_unsealed(structure, seal)

    if full and len(outcomes) == 1:
        from napari_seal._verify.diagnose import audit

        reasons += audit(jpeg.walk(structure.data), seal)
    return Verdict(
        path=path,
        verdict=max(outcomes, key=_GRAVITY.index),
        reasons=tuple(reasons),
        seal=seal,
        signature=Signature.NOT_CHECKED if seal.signed else Signature.NONE,
    )


def _without_seal(structure: Jpeg, found: Found, path: str) -> Verdict:
    """The verdict on a file without a seal of ours, or with the MoEDAL function's."""
    if found.seal_lost:
        text = f"There is a seal in an Exif block that cannot be read: {found.problem}."
        return _conclude(path, Outcome.SEAL_MALFORMED, ReasonCode.EXIF_MALFORMED, text)
    stripped = traces(structure, found)
    moedal = legacy.parse_moedal(found.text) if found.text is not None else None
    if moedal is not None:
        if stripped:  # our files may carry both; one without the seal must not pass for old
            return Verdict(path=path, verdict=Outcome.SEAL_MALFORMED, reasons=(stripped,))
        from napari_seal._verify.diagnose import check_moedal

        outcome, why = check_moedal(structure, moedal)
        return Verdict(path=path, verdict=outcome, reasons=why, seal=moedal)

    if structure.scans == 0:
        if structure.end is None and (structure.frame or structure.excluded):
            text = "The file ends before the image data begin; whether it had a seal is lost, too."
            return _conclude(path, Outcome.TRUNCATED, ReasonCode.NO_END_OF_IMAGE, text)
        text = "The file holds no image data."
        return _conclude(path, Outcome.NOT_AN_IMAGE, ReasonCode.NO_IMAGE_DATA, text)
    reasons = [stripped or _reason(ReasonCode.NO_SEAL_FOUND, "The file carries no seal.")]
    if found.problem:
        text = f"Its Exif block cannot be read: {found.problem}."
        reasons.append(_reason(ReasonCode.EXIF_MALFORMED, text))
    if structure.end is None:
        text = "The file ends before its image does."
        reasons.append(_reason(ReasonCode.NO_END_OF_IMAGE, text))
    return Verdict(path=path, verdict=Outcome.NO_SEAL, reasons=tuple(reasons))


# ------------------------------------------------------------------------------ comparing the rest


def _check_record(text: bytes, seal: Seal) -> Reason | None:
    matches = record.record_matches(text, seal)
    if matches:
        return None
    if matches is None:
        return _reason(
            ReasonCode.RECORD_REWRITTEN,
            "The metadata were written anew by other software: they may be the same, but the "
            "sealed text is gone.",
        )
    return _reason(
        ReasonCode.RECORD_MISMATCH, "The metadata, or the seal itself, are not what was sealed."
    )


def _check_exif(structure: Jpeg, found: Found, seal: Seal) -> tuple[list[Reason], list[Reason]]:
    """Reasons for a change, and reasons that are none."""
    entries, sealed = found.entries, seal.exif.tags
    algorithm = seal.exif.digest.algorithm
    keys = [exif.parse_key(text) for text in sealed]
    changed: list[Reason] = []
    if exif.sealed_digest(entries, keys, algorithm) != seal.exif.digest:
        for key in keys:
            name = exif.tag_name(key)
            if key not in entries:
                text = f"The Exif tag {name} was removed."
                changed.append(_reason(ReasonCode.EXIF_TAG_REMOVED, text))
            elif exif.check_value(key, entries[key], algorithm) != sealed[exif.key_text(key)]:
                text = f"The Exif tag {name} is not what was sealed."
                changed.append(_reason(ReasonCode.EXIF_TAG_CHANGED, text))
        if not changed:
            text = "The sealed Exif tags do not match their digest."
            changed.append(_reason(ReasonCode.EXIF_MISMATCH, text))
    unique = entries.get(exif.IMAGE_UNIQUE_ID)
    if not changed and (unique is None or unique.value.rstrip(b"\0") != seal.identity.encode()):
        text = "ImageUniqueID is not the identity in the seal."
        changed.append(_reason(ReasonCode.IMAGE_ID_MISMATCH, text, expected=seal.identity))

    known = {*keys, exif.USER_COMMENT}
    added = [key for key in entries if key not in known]
    if exif.ORIENTATION in added and entries[exif.ORIENTATION].value[:2] != b"\1\0":
        text = "The Exif tag Orientation was added: viewers show the picture turned or mirrored."
        changed.append(_reason(ReasonCode.ORIENTATION_CHANGED, text))
        added.remove(exif.ORIENTATION)
    elif xmp.turns_the_picture(structure):
        text = "Orientation was added in XMP: some viewers show the picture turned or mirrored."
        changed.append(_reason(ReasonCode.ORIENTATION_CHANGED, text))
    if found.blocks > 1:
        text = "A further Exif block was added; which of them viewers follow differs."
        changed.append(_reason(ReasonCode.EXIF_BLOCK_ADDED, text))
    if not added:
        return changed, []
    names = ", ".join(sorted(exif.tag_name(key) for key in added)[:20])
    return changed, [_reason(ReasonCode.EXIF_TAGS_ADDED, f"Exif tags were added later: {names}.")]


def _check_unsealed(structure: Jpeg, seal: Seal) -> list[Reason]:
    """Bytes beside the seal: named, and no change of anything sealed."""
    data = structure.data
    reasons: list[Reason] = []
    expected = xmp.build(seal.scan)
    packets: list[bytes] = []
    headers = 0
    foreign: list[str] = []
    for segment in structure.excluded:
        if exif.is_exif(data, segment):
            continue
        if segment.marker == jpeg.APP1 and data.startswith(xmp.SIGNATURE, segment.start + 4):
            packets.append(data[segment.payload])
        elif segment.marker == jpeg.APP0 and headers == 0:
            headers = 1  # JFIF, which every file is sealed with
        else:
            foreign.append(segment.name)
    if packets != [expected]:
        text = "The XMP packet for ExifTool is missing, edited or doubled."
        reasons.append(_reason(ReasonCode.XMP_CHANGED, text))
    if foreign:
        names = ", ".join(sorted(set(foreign)))
        text = f"Segments were added that the seal does not cover: {names}."
        reasons.append(_reason(ReasonCode.SEGMENT_ADDED, text, found=str(len(foreign))))
    if structure.end is not None and structure.end < len(data):
        count = len(data) - structure.end
        text = f"{count:,} bytes were added after the end of the image."
        reasons.append(_reason(ReasonCode.BYTES_AFTER_END, text, found=f"{count:,} bytes"))
    return reasons


def _wrong_kind(data: bytes) -> Reason:
    for magic, name in _MAGIC:
        if data.startswith(magic):
            text = f"This is {name}; only JPEG files are checked."
            return _reason(ReasonCode.NOT_A_JPEG, text, found=name)
    return _reason(ReasonCode.NOT_A_JPEG, "The file is not a JPEG, whatever its name says.")


_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "a PNG file"),
    (b"II*\0", "a TIFF file"),
    (b"MM\0*", "a TIFF file"),
    (b"II+\0", "a BigTIFF file"),
    (b"GIF8", "a GIF file"),
    (b"BM", "a BMP file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 file"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL file"),
    (b"\xff\x0a", "a JPEG XL file"),
    (b"%PDF", "a PDF file"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"PK\3\4", "a ZIP archive"),
)


def _conclude(path: str, outcome: Outcome, code: ReasonCode, message: str) -> Verdict:
    return Verdict(path=path, verdict=outcome, reasons=(_reason(code, message),))


def _reason(
    code: ReasonCode, message: str, *, expected: str | None = None, found: str | None = None
) -> Reason:
    return Reason(code=code, message=printable(message), expected=expected, found=found)
