"""What a check returns: one outcome a file, with reasons and the state of the signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NoReturn

from napari_seal._text import printable, without_credentials
from napari_seal._trust.states import Signature
from napari_seal.errors import SealError

if TYPE_CHECKING:
    from napari_seal._format.legacy import MoedalSeal
    from napari_seal._format.seal import Seal
    from napari_seal._verify.change.score_map import ScoreMap
    from napari_seal._verify.reasons import Reason


#: A box ``(y0, x0, y1, x1)`` in pixels, half-open.
Box = tuple[int, int, int, int]


class Outcome(StrEnum):
    """The verdict words, from good to bad: a contract, since scripts compare them."""

    INTACT = "intact"
    METADATA_CHANGED = "metadata-changed"
    REENCODED = "reencoded"
    SUBSTITUTED = "substituted"
    SIGNATURE_INVALID = "signature-invalid"
    IMAGE_CHANGED = "image-changed"
    TRUNCATED = "truncated"
    NO_SEAL = "no-seal"
    SEAL_MALFORMED = "seal-malformed"
    SEAL_UNSUPPORTED = "seal-unsupported"
    NOT_AN_IMAGE = "not-an-image"
    UNREADABLE = "unreadable"
    MISSING = "missing"

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return _MEANINGS[self]


_MEANINGS = {
    Outcome.INTACT: "The image, its metadata and its sealed Exif tags are as they were sealed.",
    Outcome.METADATA_CHANGED: "The image is as it was sealed; its metadata are not.",
    Outcome.REENCODED: "The file was rewritten without loss: other bytes, the very same pixels.",
    Outcome.SUBSTITUTED: "A valid seal, of another image than the one that belongs here.",
    Outcome.SIGNATURE_INVALID: "The seal agrees with the file, and its signature with neither.",
    Outcome.IMAGE_CHANGED: "The picture is not the one that was sealed.",
    Outcome.TRUNCATED: "The image data end early: part of the picture is lost.",
    Outcome.NO_SEAL: "An image without a seal: nothing is known about changes.",
    Outcome.SEAL_MALFORMED: "There is a seal and it cannot be read.",
    Outcome.SEAL_UNSUPPORTED: "The seal is of a kind that this version does not know.",
    Outcome.NOT_AN_IMAGE: "Not an image that can carry a seal.",
    Outcome.UNREADABLE: "The file could not be read, so nothing was checked.",
    Outcome.MISSING: "The ledger, or the index of a stack, has the file, and it is not there.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found out about one file.

    A verdict has no truth value: ``if check(path):`` raises instead of passing altered files.
    Compare ``verdict.verdict`` with a word, or read ``verdict.intact``.

    Parameters
    ----------
    path : str
        The file, as it was given.
    verdict : Outcome
        The one word; a string, so ``verdict.verdict == "intact"`` works.
    reasons : tuple of Reason
        Why; also what was noticed beside an intact image.  Empty for a plainly intact file.
    seal : Seal or MoedalSeal, optional
        The seal as it stands in the file, where it could be read.  Unless the verdict is `intact`,
        take it for a claim.
    signature : Signature
        State of the signature.
    signer : str, optional
        Who signed: the name of the key in the list of trusted ones, or else its fingerprint; None
        where no signature was verified.
    regions : tuple of Box
        Changed boxes ``(y0, x0, y1, x1)`` in pixels, half-open; empty where nothing was localised.
    scores : ScoreMap, optional
        The same by tile, where the picture differs and the seal has a fingerprint to compare with.
    """

    path: str
    verdict: Outcome
    reasons: tuple[Reason, ...] = ()
    seal: Seal | MoedalSeal | None = field(default=None, repr=False)
    signature: Signature = Signature.NONE
    signer: str | None = None
    regions: tuple[Box, ...] = ()
    scores: ScoreMap | None = field(default=None, repr=False, compare=False)

    @property
    def intact(self) -> bool:
        """Whether the verdict is `intact`."""
        return self.verdict is Outcome.INTACT

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a verdict has no truth value: use `verdict.intact`, compare `verdict.verdict` with a "
            "word, or call `napari_seal.verify`, which raises"
        )

    def __str__(self) -> str:
        text = f"{printable(self.path)}: {self.verdict}"
        if self.signature is not Signature.NONE:
            by = "" if self.signer is None else f" by {printable(self.signer, 100)}"
            text += f", signature {self.signature}{by}"
        return f"{text} ({'; '.join(r.message for r in self.reasons)})" if self.reasons else text

    def __getstate__(self) -> list[Any]:
        return [getattr(self, f) if f != "seal" else _SLOT.__get__(self) for f in self.__slots__]

    def __setstate__(self, state: list[Any]) -> None:
        for set_slot, value in zip(_SETTERS, state, strict=True):
            set_slot(self, value)

    def as_dict(self) -> dict[str, Any]:
        """The verdict as a JSON object, the line that ``napari-seal verify --jsonl`` prints."""
        return {
            "path": without_credentials(self.path),
            "verdict": str(self.verdict),
            "reasons": [reason.as_dict() for reason in self.reasons],
            "signature": str(self.signature),
            "signer": self.signer,
            "regions": [list(box) for box in self.regions],
        }


# Most verdicts are `intact`, and hardly anybody looks at their seals: until then, what is kept, and
# what processes exchange, is the record's text.
_SLOT: Final[Any] = vars(Verdict)["seal"]
_SETTERS: Final = tuple(vars(Verdict)[name].__set__ for name in Verdict.__slots__)
_set_path, _set_verdict, _set_reasons, _set_seal = _SETTERS[:4]
_set_signature, _set_signer, _set_regions, _set_scores = _SETTERS[4:]
# In Python 3.11 a member of an enumeration takes as long to look up as a slot to set.
_INTACT, _NONE = Outcome.INTACT, Signature.NONE


def intact(
    path: str, text: bytes | None, signature: Signature = _NONE, signer: str | None = None
) -> Verdict:
    """The verdict `intact` on a file with this record; the seal is read when it is asked for."""
    # A run makes one for each file; `Verdict.__init__`, which is frozen, takes four times as long.
    verdict = object.__new__(Verdict)
    _set_path(verdict, path)
    _set_verdict(verdict, _INTACT)
    _set_reasons(verdict, ())
    _set_seal(verdict, text)
    _set_signature(verdict, signature)
    _set_signer(verdict, signer)
    _set_regions(verdict, ())
    _set_scores(verdict, None)
    return verdict


def record_text(verdict: Verdict) -> bytes | None:
    """The record's text, of a plainly intact file whose seal nobody has read yet."""
    value = _SLOT.__get__(verdict)
    return value if isinstance(value, bytes) else None


def _seal(self: Verdict) -> Seal | MoedalSeal | None:
    value: Seal | MoedalSeal | bytes | None = _SLOT.__get__(self)
    if isinstance(value, bytes):
        from napari_seal._format import record

        value = record.parse(record.load(value))
        _SLOT.__set__(self, value)
    return value


setattr(Verdict, "seal", property(_seal, _SLOT.__set__))  # noqa: B010 - for the type checker


class VerificationError(SealError):
    """An image is not intact, or has no trusted signature where one was required.

    Parameters
    ----------
    verdict : Verdict
        What was found, with its reasons; also the attribute ``verdict``.
    """

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        required = "; a trusted signature was required" if verdict.intact else ""
        super().__init__(f"{verdict}{required}")

    def __reduce__(self) -> tuple[type[VerificationError], tuple[Verdict]]:
        # Exception pickles its args (the text); processes exchange the verdict itself.
        return type(self), (self.verdict,)
