"""The index of a stack as a file: read, and given a verdict of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_seal._format import stack
from napari_seal._text import printable
from napari_seal._trust.states import Signature
from napari_seal._verify.load import load
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.signed import judge_signature
from napari_seal._verify.verdict import Outcome, Verdict
from napari_seal.errors import (
    FormatError,
    JsonError,
    NewerVersionError,
    UnknownAlgorithmError,
)

if TYPE_CHECKING:
    from napari_seal._format.stack import Stack
    from napari_seal._trust.judge import Judge


def read_index(path: str, judge: Judge | None = None) -> tuple[Stack | None, Verdict]:
    """Read an index, with the verdict on it; no stack where it cannot be read."""
    data = load(path)
    if isinstance(data, Reason):
        return None, Verdict(path=path, verdict=Outcome.UNREADABLE, reasons=(data,))
    return check_index(data, path, judge)


def check_index(data: bytes, path: str, judge: Judge | None = None) -> tuple[Stack | None, Verdict]:
    """Check the content of an index: whether it is as it was written, and says "complete".

    Without a judge, nobody asks for the verdict, and its signature is not looked at.
    """
    try:
        found = stack.parse(data)
    except (NewerVersionError, UnknownAlgorithmError) as error:
        code = ReasonCode.NEWER_VERSION
        if isinstance(error, UnknownAlgorithmError):
            code = ReasonCode.UNKNOWN_ALGORITHM
        return None, _conclude(path, Outcome.SEAL_UNSUPPORTED, code, f"{error}")
    except FormatError as error:
        code = ReasonCode.SEAL_NOT_JSON if isinstance(error, JsonError) else ReasonCode.SEAL_INVALID
        text = f"The index of a stack cannot be read: {error}"
        return None, _conclude(path, Outcome.SEAL_MALFORMED, code, text)
    matches = stack.index_matches(data, found)
    reasons = []
    outcome = Outcome.INTACT
    if matches is None:
        outcome = Outcome.METADATA_CHANGED
        text = "The index of the stack was written anew by other software, the sealed text is gone."
        reasons.append(Reason(code=ReasonCode.RECORD_REWRITTEN, message=text))
    elif not matches:
        outcome = Outcome.METADATA_CHANGED
        text = "The index of the stack is not what was sealed."
        reasons.append(Reason(code=ReasonCode.RECORD_MISMATCH, message=text))
    if not found.complete:
        outcome = Outcome.TRUNCATED
        text = "The stack was not finished: its index was written, and not all of its planes."
        reasons.insert(0, Reason(code=ReasonCode.STACK_INCOMPLETE, message=text))
    if judge is None:
        return found, Verdict(path=path, verdict=outcome, reasons=tuple(reasons))
    signature, signer, why = judge_signature(
        data.rstrip(), found, stack.BRACE, judge, matches=bool(matches)
    )
    if outcome is Outcome.INTACT and signature is Signature.INVALID:
        outcome = Outcome.SIGNATURE_INVALID
    return found, Verdict(
        path=path,
        verdict=outcome,
        reasons=(*reasons, *why),
        signature=signature,
        signer=signer,
    )


def _conclude(path: str, outcome: Outcome, code: ReasonCode, message: str) -> Verdict:
    reason = Reason(code=code, message=printable(message.rstrip(".")) + ".")
    return Verdict(path=path, verdict=outcome, reasons=(reason,))
