"""The state of a file as a ledger stores it: the verdict's word, and the rest as JSON."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from napari_seal._trust.states import Signature
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Outcome, Verdict
from napari_seal.errors import LedgerError

Kind = TypeVar("Kind")


def why_of(verdict: Verdict) -> str | None:
    """All but the word, as JSON; None for a plainly intact file, as most are."""
    if not (verdict.reasons or verdict.regions) and verdict.signature is Signature.NONE:
        return None
    value: dict[str, Any] = {"reasons": [reason.as_dict() for reason in verdict.reasons]}
    if verdict.signature is not Signature.NONE:
        value["signature"] = str(verdict.signature)
    if verdict.signer is not None:
        value["signer"] = verdict.signer
    if verdict.regions:
        value["regions"] = verdict.regions
    return json.dumps(value, separators=(",", ":"))


def verdict_of(path: str, word: object, why: object, *arrivals: object) -> Verdict:
    """The verdict that was stored; without the seal and the scores, which are not.

    Raises
    ------
    LedgerError
        What is stored is no verdict.
    """
    try:
        value = {} if why is None else json.loads(typed(why, str))
        reasons = list(value.get("reasons", ()))
        reasons += [json.loads(typed(arrival, str)) for arrival in arrivals if arrival is not None]
        return Verdict(
            path=path,
            verdict=Outcome(typed(word, str)),
            reasons=tuple(_reason(reason) for reason in reasons),
            signature=Signature(value.get("signature", Signature.NONE)),
            signer=_text(value.get("signer")),
            regions=tuple(_box(box) for box in value.get("regions", ())),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LedgerError("the ledger is damaged: it holds a verdict that is none") from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _reason(value: dict[str, Any]) -> Reason:
    return Reason(
        code=ReasonCode(value["code"]),
        message=typed(value["message"], str),
        expected=_text(value.get("expected")),
        found=_text(value.get("found")),
    )


def _box(value: Any) -> tuple[int, int, int, int]:
    y0, x0, y1, x1 = (typed(n, int) for n in value)
    return y0, x0, y1, x1


def typed(value: object, kind: type[Kind]) -> Kind:
    """A value of a row, which is of this type unless the ledger is damaged."""
    if not isinstance(value, kind):
        raise LedgerError(
            f"the ledger is damaged: it holds {type(value).__name__} where {kind.__name__} belongs"
        )
    return value
