"""The long way to a verdict, for whatever is not plainly intact.

The steps are numbered as in ``docs/seal-format/verifying.md``, section 9.  The cheap proof comes
first: a picture is decoded only when its codestream is not the sealed one, to say what changed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format import container, legacy, metadata, record, stack
from napari_seal._format.seal import Seal
from napari_seal._trust.judge import Judge
from napari_seal._trust.states import Signature
from napari_seal._verify.adopted import adopted_reason, is_as_adopted
from napari_seal._verify.change.compare import (
    compare_exif,
    compare_record,
    find_unsealed,
    make_reason,
)
from napari_seal._verify.locate import SEALED, find_record, traces
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.signed import judge_signature
from napari_seal._verify.stack_index import check_index
from napari_seal._verify.verdict import Outcome, Verdict
from napari_seal.errors import (
    FormatError,
    JsonError,
    LimitError,
    NewerVersionError,
    UnknownAlgorithmError,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_seal._format.container import Container
    from napari_seal._verify.change.score_map import ScoreMap
    from napari_seal._verify.locate import Found
    from napari_seal._verify.verdict import Box

#: From the least to the gravest, of what can hold for one sealed file at once.
_GRAVITY: Final = (
    Outcome.INTACT,
    Outcome.METADATA_CHANGED,
    Outcome.REENCODED,
    Outcome.SUBSTITUTED,
    Outcome.SIGNATURE_INVALID,
    Outcome.IMAGE_CHANGED,
    Outcome.TRUNCATED,
)


def take_steps(
    data: bytes,
    path: str,
    *,
    full: bool,
    original: npt.NDArray[Any] | str | None,
    judge: Judge,
) -> Verdict:
    """Check the content of a file; see `napari_seal.check`."""
    # 1. Is it a JPEG or PNG file, or the index of a stack?
    if not data:
        return _conclude(path, Outcome.NOT_AN_IMAGE, ReasonCode.EMPTY_FILE, "The file is empty.")
    if stack.is_index(path, data):
        return check_index(data, path, judge)[1]
    if not container.is_image(data):
        return Verdict(path=path, verdict=Outcome.NOT_AN_IMAGE, reasons=(_wrong_kind(data),))
    try:
        verdict = check_image(data, path, full=full, judge=judge)
        return verdict if original is None else _add_original(data, verdict, original)
    except LimitError as error:
        text = f"The file cannot be walked through: {error}."
        return _conclude(path, Outcome.NOT_AN_IMAGE, ReasonCode.LIMIT_EXCEEDED, text)
    except MemoryError:
        text = "There is not enough memory to check the file."
        return _conclude(path, Outcome.UNREADABLE, ReasonCode.LIMIT_EXCEEDED, text)


def check_image(
    data: bytes, path: str, *, full: bool = False, judge: Judge | None = None
) -> Verdict:
    """Check the content of a file that begins like a JPEG or PNG.

    Raises
    ------
    LimitError, MemoryError
        The file asks for more than files may, or than there is.
    """
    judge = judge or Judge()
    # The quick way for JPEG: all from the first scan to the final marker is taken for codestream.
    # Where its digest is not the sealed one, this proves nothing, and every marker is looked at.
    structure = container.walk(data, to_final_marker=True)
    found = find_record(structure)
    try:
        seal = None if found.conflict else _read_seal(found)
    except FormatError:
        seal = None
    if seal is not None and structure.codestream(seal.codestream.algorithm) == seal.codestream:
        return _check_seal(structure, found, seal, path, judge, full=full, proven=True)

    # 2. Find the record in the Exif UserComment.
    if structure.format == "jpeg":
        structure = container.walk(data)
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
    return _check_seal(structure, found, seal, path, judge, full=full)


def _read_seal(found: Found) -> Seal | None:
    if found.text is None or not SEALED.search(found.text):
        return None
    content = record.load(found.text)
    return record.parse(content) if metadata.SEAL_KEY in content else None


_UNREADABLE_SEALS: Final[dict[type[FormatError], tuple[Outcome, ReasonCode]]] = {
    JsonError: (Outcome.SEAL_MALFORMED, ReasonCode.SEAL_NOT_JSON),
    NewerVersionError: (Outcome.SEAL_UNSUPPORTED, ReasonCode.NEWER_VERSION),
    UnknownAlgorithmError: (Outcome.SEAL_UNSUPPORTED, ReasonCode.UNKNOWN_ALGORITHM),
}


def _check_seal(
    structure: Container,
    found: Found,
    seal: Seal,
    path: str,
    judge: Judge,
    *,
    full: bool,
    proven: bool = False,
) -> Verdict:
    outcomes = [Outcome.INTACT]
    reasons: list[Reason] = []
    regions: tuple[Box, ...] = ()
    scores: ScoreMap | None = None
    record_reasons = compare_record(found.text or b"", seal)

    # 4. Compare the codestream.
    if not proven and structure.codestream(seal.codestream.algorithm) != seal.codestream:
        from napari_seal._verify.change.diagnose import diagnose

        outcome, why, regions, scores = diagnose(structure, seal, seal_is_proven=not record_reasons)
        outcomes.append(outcome)
        reasons += why

    # 5. Compare the record: the seal itself and the user's metadata.
    if record_reasons:
        outcomes.append(Outcome.METADATA_CHANGED)
        reasons += record_reasons

    # 6. Compare the sealed Exif tags.
    as_adopted = seal.adopted is not None and is_as_adopted(structure, found, seal)
    changed, added = compare_exif(structure, found, seal, as_adopted=as_adopted)
    if changed:
        outcomes.append(Outcome.METADATA_CHANGED)
    reasons += [*changed, *added]

    # 7. Report what was added and is not sealed.
    reasons += find_unsealed(structure, seal, as_adopted=as_adopted)
    if seal.adopted is not None:
        reasons.append(adopted_reason(seal))

    unchanged = len(outcomes) == 1
    # 8. Judge the signature, which says nothing where the text is not the one that was sealed.
    signature, signer, why = judge_signature(
        found.text or b"", seal, record.BRACES, judge, matches=not record_reasons
    )
    reasons += why
    if unchanged and signature is Signature.INVALID:
        outcomes.append(Outcome.SIGNATURE_INVALID)

    if full and unchanged:
        from napari_seal._verify.change.diagnose import audit

        reasons += audit(container.walk(structure.data), seal)
    return Verdict(
        path=path,
        verdict=max(outcomes, key=_GRAVITY.index),
        reasons=tuple(reasons),
        seal=seal,
        signature=signature,
        signer=signer,
        regions=regions,
        scores=scores,
    )


def _add_original(data: bytes, verdict: Verdict, original: npt.NDArray[Any] | str) -> Verdict:
    """Add to a verdict what the original tells."""
    if not isinstance(verdict.seal, Seal):
        text = "There is no seal that says how the picture was made from an original."
        reason = make_reason(ReasonCode.ORIGINAL_NOT_COMPARABLE, text)
        return replace(verdict, reasons=(*verdict.reasons, reason))
    from napari_seal._verify.change.original import compare_with_original

    found = compare_with_original(container.walk(data), verdict.seal, original)
    outcome = verdict.verdict
    if found.is_other and outcome in _GRAVITY:
        outcome = max(outcome, Outcome.SUBSTITUTED, key=_GRAVITY.index)
    return replace(
        verdict,
        verdict=outcome,
        reasons=(*found.reasons, *verdict.reasons),
        regions=found.regions or verdict.regions,
        scores=found.scores or verdict.scores,
    )


def _without_seal(structure: Container, found: Found, path: str) -> Verdict:
    """The verdict on a file without a seal of ours, or with the MoEDAL function's."""
    if found.seal_lost:
        text = f"There is a seal in an Exif block that cannot be read: {found.problem}."
        return _conclude(path, Outcome.SEAL_MALFORMED, ReasonCode.EXIF_MALFORMED, text)
    stripped = traces(structure, found)
    moedal = legacy.parse_moedal(found.text) if found.text is not None else None
    if moedal is not None:
        if stripped:  # our files may carry both; one without the seal must not pass for old
            return Verdict(path=path, verdict=Outcome.SEAL_MALFORMED, reasons=(stripped,))
        from napari_seal._verify.change.diagnose import check_moedal

        outcome, why = check_moedal(structure, moedal)
        return Verdict(path=path, verdict=outcome, reasons=why, seal=moedal)

    if not structure.has_picture:
        if structure.end is None and structure.has_begun:
            text = "The file ends before the image data begin; whether it had a seal is lost, too."
            return _conclude(path, Outcome.TRUNCATED, ReasonCode.NO_END_OF_IMAGE, text)
        text = "The file holds no image data."
        return _conclude(path, Outcome.NOT_AN_IMAGE, ReasonCode.NO_IMAGE_DATA, text)
    reasons = [stripped or make_reason(ReasonCode.NO_SEAL_FOUND, "The file carries no seal.")]
    if found.problem:
        text = f"Its Exif block cannot be read: {found.problem}."
        reasons.append(make_reason(ReasonCode.EXIF_MALFORMED, text))
    if structure.end is None:
        text = "The file ends before its image does."
        reasons.append(make_reason(ReasonCode.NO_END_OF_IMAGE, text))
    return Verdict(path=path, verdict=Outcome.NO_SEAL, reasons=tuple(reasons))


def _wrong_kind(data: bytes) -> Reason:
    """What a file is that is neither JPEG nor PNG."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            text = f"This is {name}; only JPEG and PNG files are checked."
            return make_reason(ReasonCode.UNKNOWN_FORMAT, text, found=name)
    text = "The file is neither JPEG nor PNG, whatever its name says."
    return make_reason(ReasonCode.UNKNOWN_FORMAT, text)


_MAGIC: Final = (
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
    """A verdict with one reason."""
    return Verdict(path=path, verdict=outcome, reasons=(make_reason(code, message),))
