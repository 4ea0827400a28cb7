"""The signature of a seal or of an index: its last step, the same for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_seal._format.signature import covered
from napari_seal._trust.judge import Judge, Judged
from napari_seal._trust.states import Signature
from napari_seal._verify.change.compare import make_reason
from napari_seal._verify.reasons import Reason, ReasonCode

if TYPE_CHECKING:
    from napari_seal._format.seal import Seal
    from napari_seal._format.stack import Stack

_CODES: Final = {
    Signature.EXPIRED: ReasonCode.KEY_EXPIRED,
    Signature.REVOKED: ReasonCode.KEY_REVOKED,
    Signature.INVALID: ReasonCode.SIGNATURE_MISMATCH,
    Signature.NOT_CHECKED: ReasonCode.SIGNATURE_NOT_CHECKED,
}


def judge_signature(
    text: bytes, sealed: Seal | Stack, braces: bytes, judge: Judge, *, matches: bool
) -> tuple[Signature, str | None, list[Reason]]:
    """The state of the signature, who signed, and what there is to tell of it.

    Parameters
    ----------
    text : bytes
        Of the record or the index.
    sealed : Seal or Stack
        What was read from it.
    braces : bytes
        What ends it.
    judge : Judge
    matches : bool
        Whether its record digest agrees; if not, this is not the text that was signed, and the
        signature tells nothing that the digest does not.
    """
    block = sealed.signature
    if block is None:
        return Signature.NONE, None, []
    if matches:
        found = judge.judge(covered(text, block, braces), block, sealed.created)
    else:
        problem = "The signature was not checked: what it covers was changed."
        found = Judged(Signature.NOT_CHECKED, None, problem)
    reasons = []
    if found.problem is not None:
        reasons.append(make_reason(_CODES[found.state], found.problem))
    return found.state, found.signer, reasons
