"""A verdict beside what the ledger has recorded for the file's path.

The check says whether a file agrees with its own seal.  Whether that is the seal, and the image,
that belong at this path, only the ledger knows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from napari_seal._verify.ledger.digests import NO_DIGESTS, Digests, unpack
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Outcome

if TYPE_CHECKING:
    from napari_seal._verify.verdict import Verdict

#: Where the state of a file says nothing about what is in it.
_NOT_SEEN: Final = (Outcome.UNREADABLE, Outcome.MISSING)


def judge(verdict: Verdict, found: Digests, reference: Digests | None) -> Verdict:
    """Add to a verdict what the reference tells.

    Parameters
    ----------
    verdict : Verdict
        On the file alone.
    found : Digests
        What its seal says.
    reference : Digests or None
        What was recorded when the file was first intact; None where it never was.

    Returns
    -------
    Verdict
        The very same one, where file and reference agree.
    """
    if reference is None or found == reference or verdict.verdict in _NOT_SEEN:
        return verdict
    if verdict.verdict is not Outcome.INTACT:
        return _with_reasons(verdict, verdict.verdict, _other_seal(found, reference))
    if not _same_image(found, reference):
        return _with_reasons(verdict, Outcome.SUBSTITUTED, _other_image(found, reference))
    reasons = _other_seal(found, reference)
    if _differ(found.pixels, reference.pixels):
        outcome = Outcome.IMAGE_CHANGED
        text = "The image was sealed again, and its pixels are not those that were recorded."
        code = ReasonCode.PIXELS_MISMATCH
        reasons.insert(0, _reason(code, text, found.pixels, reference.pixels))
    elif _differ(found.codestream, reference.codestream):
        outcome = Outcome.REENCODED
        text = "The same pixels were recorded in other image data."
        code = ReasonCode.CODESTREAM_MISMATCH
        reasons.insert(0, _reason(code, text, found.codestream, reference.codestream))
    else:
        outcome = Outcome.METADATA_CHANGED
    return _with_reasons(verdict, outcome, reasons)


def identity(digests: Digests) -> bytes | None:
    """Which image it is: the digest of the source, or where there is none, of the pixels."""
    return digests.source or digests.pixels


def _same_image(found: Digests, reference: Digests) -> bool:
    # Digests by different algorithms cannot be compared: then nothing says it is the same image.
    return identity(found) == identity(reference) is not None


def _differ(found: bytes | None, reference: bytes | None) -> bool:
    return found != reference


def _other_image(found: Digests, reference: Digests) -> list[Reason]:
    text = "The file is intact, and is another image than the one recorded at this path."
    code = ReasonCode.NOT_THE_RECORDED_IMAGE
    return [_reason(code, text, identity(found), identity(reference))]


def _other_seal(found: Digests, reference: Digests) -> list[Reason]:
    code = ReasonCode.NOT_THE_RECORDED_SEAL
    if found == NO_DIGESTS:
        text = "The file had a seal when it was recorded, and has none that can be read."
    else:
        text = "This is not the seal that was recorded at this path: the image was sealed again."
    if found.record == reference.record:  # as for the MoEDAL function, which writes none
        return [_reason(code, text, identity(found), identity(reference))]
    return [_reason(code, text, found.record, reference.record)]


def _with_reasons(verdict: Verdict, outcome: Outcome, reasons: list[Reason]) -> Verdict:
    if outcome is verdict.verdict:  # what the file itself tells comes first
        return replace(verdict, reasons=(*verdict.reasons, *reasons))
    return replace(verdict, verdict=outcome, reasons=(*reasons, *verdict.reasons))


def _reason(code: ReasonCode, text: str, found: bytes | None, expected: bytes | None) -> Reason:
    return Reason(code=code, message=text, expected=_text(expected), found=_text(found))


def _text(digest: bytes | None) -> str | None:
    return None if digest is None else str(unpack(digest))
