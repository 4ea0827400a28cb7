"""Checking a stack as a whole: its index, and each plane that the index names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

from napari_seal._text import printable, without_credentials
from napari_seal._trust.states import Signature
from napari_seal._trust.trusted import load_trust
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.run import check_many
from napari_seal._verify.stack_find import find_index
from napari_seal._verify.stack_index import read_index
from napari_seal._verify.verdict import Outcome, Verdict
from napari_seal.errors import ReadError

if TYPE_CHECKING:
    from threading import Event

    from distributed import Client

    from napari_seal._format.stack import Stack
    from napari_seal._trust.trusted import Trust
    from napari_seal._verify.engine import Stop
    from napari_seal._verify.progress import Progress

_ORDER: Final = tuple(Outcome)
#: From good to bad.
_SIGNATURES: Final = (
    Signature.TRUSTED,
    Signature.UNKNOWN_KEY,
    Signature.NONE,
    Signature.NOT_CHECKED,
    Signature.EXPIRED,
    Signature.REVOKED,
    Signature.INVALID,
)
#: Verdicts that are kept of planes that are not intact.
_KEPT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StackVerdict:
    """What was found out about a stack.  Like a `Verdict`, it has no truth value.

    Parameters
    ----------
    path : str
        The index, or what was named where there is none.
    verdict : Outcome
        The gravest of the verdicts on the index and on the planes.
    reasons : tuple of Reason
        Those of the index, and one for each kind of verdict on planes but `intact`.
    index : Verdict
        On the index alone.
    stack : Stack or None
        What the index says; None where it cannot be read.
    counts : mapping of Outcome to int
        Planes by verdict.
    signatures : mapping of Signature to int
        Planes by the state of their signature; that of the index is in `index`.
    problems : tuple of Verdict
        The verdicts on the first hundred planes that are not intact.
    stopped : "time-limit", "cancelled" or None
        Why not all planes were checked; such a stack is never `intact`.
    """

    path: str
    verdict: Outcome
    reasons: tuple[Reason, ...] = ()
    index: Verdict
    stack: Stack | None = field(default=None, repr=False)
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    signatures: Mapping[Signature, int] = field(default_factory=dict)
    problems: tuple[Verdict, ...] = field(default=(), repr=False)
    stopped: Stop | None = None

    @property
    def intact(self) -> bool:
        """Whether the index and all planes are intact, and none is missing."""
        return self.verdict is Outcome.INTACT

    @property
    def signature(self) -> Signature:
        """The gravest state of the signatures of the index and the planes that are there."""
        there = [state for state, number in self.signatures.items() if number]
        return max((self.index.signature, *there), key=_SIGNATURES.index)

    @property
    def complete(self) -> bool:
        """Whether the index says that all planes were written."""
        return self.stack is not None and self.stack.complete

    @property
    def total(self) -> int | None:
        """Number of planes that the index names; None where it cannot be read."""
        return None if self.stack is None else self.stack.count

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict has no truth value: use `.intact`, or compare `.verdict`")

    def __str__(self) -> str:
        text = f"{printable(self.path)}: {self.verdict}"
        return f"{text} ({' '.join(r.message for r in self.reasons)})" if self.reasons else text

    def as_dict(self) -> dict[str, Any]:
        """The verdict as a JSON object."""
        return {
            "path": without_credentials(self.path),
            "verdict": str(self.verdict),
            "reasons": [reason.as_dict() for reason in self.reasons],
            "complete": self.complete,
            "planes": self.total,
            "counts": {str(outcome): number for outcome, number in self.counts.items()},
            "signature": str(self.index.signature),
            "signer": self.index.signer,
            "signatures": {str(state): number for state, number in self.signatures.items()},
        }


def check_stack(
    path: str | os.PathLike[str],
    *,
    each: Callable[[Verdict], None] | None = None,
    jobs: int | None = None,
    full: bool = False,
    trust: Trust | str | os.PathLike[str] | None = None,
    timeout: float | None = None,
    time_limit: float | None = None,
    cancel: Event | Callable[[], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
    client: Client | None = None,
) -> StackVerdict:
    """Check a stack: its index, and every plane that the index names.

    Parameters
    ----------
    path : path-like
        The folder of the stack, or the index in it.
    each : callable, optional
        Called with the verdict on the index, and with that on each plane, in the order of the
        planes: memory does not grow with their number.
    jobs : int, optional
        Number of worker processes; by default that of the available cores.
    full : bool, default False
        Also decode planes that are proven unchanged; see `napari_seal.check`.
    trust : Trust or path-like, optional
        The public keys that are trusted; see `napari_seal.check`.
    timeout : float, optional
        Seconds that a plane may take.
    time_limit : float, optional
        Seconds that all may take; see `StackVerdict.stopped`.
    cancel : threading.Event or callable, optional
        Set it, or return True, to end early.
    progress : callable, optional
        Called with a `Progress` up to five times a second; the index counts as a file.
    client : distributed.Client, optional
        Check on the workers of this Dask cluster; see `napari_seal.check_many`.

    Returns
    -------
    StackVerdict
        Always: whatever is wrong with the stack becomes a verdict, not an exception.

    Raises
    ------
    OptionError
        An option is not possible; see `napari_seal.check_many`.
    TrustError
        ``trust`` cannot be loaded.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> movie = np.arange(4 * 64 * 64, dtype="uint16").reshape(4, 64, 64)
    >>> sealed = napari_seal.seal_stack(movie, "movie", axes="TYX")
    >>> verdict = napari_seal.check_stack("movie.sealed", jobs=1)
    >>> verdict.intact, verdict.total
    (True, 4)
    """
    if trust is not None:
        trust = load_trust(trust)
    try:
        name = find_index(path)
    except ReadError as error:
        reason = Reason(code=ReasonCode.FILE_MISSING, message=f"{error}.")
        index = Verdict(path=os.fsdecode(path), verdict=Outcome.UNREADABLE, reasons=(reason,))
        return StackVerdict(
            path=index.path, verdict=index.verdict, reasons=index.reasons, index=index
        )
    stack, index = read_index(name)
    counts: Counter[Outcome] = Counter()
    signatures: Counter[Signature] = Counter()
    problems: list[Verdict] = []
    run = check_many(
        name,
        jobs=jobs,
        full=full,
        trust=trust,
        timeout=timeout,
        time_limit=time_limit,
        cancel=cancel,
        progress=progress,
        client=client,
    )
    for number, verdict in enumerate(run):
        if number == 0:
            index = verdict
        else:
            counts[verdict.verdict] += 1
            signatures[verdict.signature] += 1
            if not verdict.intact and len(problems) < _KEPT:
                problems.append(verdict)
        if each is not None:
            each(verdict)
    reasons = [*index.reasons, *_reasons(stack, counts)]
    outcome = max((index.verdict, *counts), key=_ORDER.index)
    if outcome is Outcome.INTACT and (run.stopped or stack is None or counts.total() < stack.count):
        outcome = Outcome.UNREADABLE
        why = Reason(code=ReasonCode.TIMED_OUT, message="Not all planes were checked.")
        reasons.append(why)
    return StackVerdict(
        path=name,
        verdict=outcome,
        reasons=tuple(reasons),
        index=index,
        stack=stack,
        counts=dict(counts),
        signatures=dict(signatures),
        problems=tuple(problems),
        stopped=run.stopped,
    )


def _reasons(stack: Stack | None, counts: Counter[Outcome]) -> list[Reason]:
    """One for each kind of verdict on planes but `intact`."""
    reasons = []
    of = "" if stack is None else f" of {stack.count:,}"
    if stack is not None and not stack.complete:
        text = f"{counts.total():,}{of} planes are there."
        reasons.append(Reason(code=ReasonCode.STACK_INCOMPLETE, message=text))
    for outcome in _ORDER[1:]:
        if counts[outcome]:
            number = counts[outcome]
            text = f"{number:,}{of} planes {'is' if number == 1 else 'are'} {outcome}."
            code = ReasonCode.PLANES_NOT_INTACT
            reasons.append(Reason(code=code, message=text, found=str(number)))
    return reasons
