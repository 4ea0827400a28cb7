"""What a check returns: one outcome a file, with reasons and the state of the signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from napari_seal._text import printable, without_credentials
from napari_seal.errors import SealError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_seal._format.legacy import MoedalSeal
    from napari_seal._format.seal import Seal


#: A box ``(y0, x0, y1, x1)`` in pixels, half-open.
Box = tuple[int, int, int, int]


class Outcome(StrEnum):
    """The verdict words, from good to bad: a contract, since scripts compare them."""

    INTACT = "intact"
    METADATA_CHANGED = "metadata-changed"
    REENCODED = "reencoded"
    SUBSTITUTED = "substituted"
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
    Outcome.IMAGE_CHANGED: "The picture is not the one that was sealed.",
    Outcome.TRUNCATED: "The image data end early: part of the picture is lost.",
    Outcome.NO_SEAL: "An image without a seal: nothing is known about changes.",
    Outcome.SEAL_MALFORMED: "There is a seal and it cannot be read.",
    Outcome.SEAL_UNSUPPORTED: "The seal is of a kind that this version does not know.",
    Outcome.NOT_AN_IMAGE: "Not an image that can carry a seal.",
    Outcome.UNREADABLE: "The file could not be read, so nothing was checked.",
    Outcome.MISSING: "The ledger, or the index of a stack, has the file, and it is not there.",
}


class ReasonCode(StrEnum):
    """Stable codes of the reasons behind a verdict; ``docs/verdicts.md`` lists them all."""

    # beside `intact`: not a change of anything that is sealed
    EXIF_TAGS_ADDED = "exif-tags-added"
    THUMBNAIL_ADDED = "thumbnail-added"
    SEGMENT_ADDED = "segment-added"
    XMP_CHANGED = "xmp-changed"
    BYTES_AFTER_END = "bytes-after-end"
    CHUNK_DAMAGED = "chunk-damaged"
    SCAN_DIFFERS = "scan-differs"
    DECODER_DIFFERS = "decoder-differs"
    MOEDAL_UNPROTECTED = "moedal-metadata-unprotected"
    # compared with the original
    ORIGINAL_CONFIRMED = "original-confirmed"
    ORIGINAL_DIFFERS = "original-differs"
    ORIGINAL_NOT_COMPARABLE = "original-not-comparable"
    ORIGINAL_UNREADABLE = "original-unreadable"
    ORIGINAL_MISSING = "original-missing"
    DIFFERS_FROM_ORIGINAL = "differs-from-original"
    # compared with the ledger
    NOT_THE_RECORDED_IMAGE = "not-the-recorded-image"
    NOT_THE_RECORDED_SEAL = "not-the-recorded-seal"
    MOVED = "moved"
    COPIED = "copied"
    EXTRA = "extra"
    # compared with the index of a stack
    OTHER_STACK = "other-stack"
    OTHER_PLACE = "other-place"
    STACK_INCOMPLETE = "stack-incomplete"
    PLANES_NOT_INTACT = "planes-not-intact"
    # metadata-changed
    RECORD_MISMATCH = "record-mismatch"
    RECORD_REWRITTEN = "record-rewritten"
    METADATA_KEY_CHANGED = "metadata-key-changed"
    METADATA_KEY_REMOVED = "metadata-key-removed"
    METADATA_KEY_ADDED = "metadata-key-added"
    EXIF_TAG_CHANGED = "exif-tag-changed"
    EXIF_TAG_REMOVED = "exif-tag-removed"
    EXIF_MISMATCH = "exif-mismatch"
    EXIF_BLOCK_ADDED = "exif-block-added"
    ORIENTATION_CHANGED = "orientation-changed"
    ANIMATION_ADDED = "animation-added"
    SEAL_INCONSISTENT = "seal-inconsistent"
    IMAGE_ID_MISMATCH = "image-id-mismatch"
    # reencoded, image-changed
    CODESTREAM_MISMATCH = "codestream-mismatch"
    LOSSLESS_REWRITE = "lossless-rewrite"
    PIXELS_MISMATCH = "pixels-mismatch"
    EDITED = "edited"
    BYTES_REPLACED = "bytes-replaced"
    RECOMPRESSED = "recompressed"
    TONE_CHANGED = "tone-changed"
    CHANGED_EVERYWHERE = "changed-everywhere"
    ROTATED = "rotated"
    FLIPPED = "flipped"
    CROPPED = "cropped"
    RESIZED = "resized"
    PICTURE_REPLACED = "picture-replaced"
    SEAL_COPIED = "seal-copied"
    SIZE_CHANGED = "size-changed"
    DEPTH_CHANGED = "depth-changed"
    FORMAT_CHANGED = "format-changed"
    TABLES_CHANGED = "tables-changed"
    COLOUR_TRANSFORM_CHANGED = "colour-transform-changed"
    UNDECODABLE = "undecodable"
    # truncated
    NO_END_OF_IMAGE = "no-end-of-image"
    DATA_END_EARLY = "data-end-early"
    # no-seal, seal-malformed, seal-unsupported
    NO_SEAL_FOUND = "no-seal-found"
    SEAL_STRIPPED = "seal-stripped"
    SEAL_NOT_JSON = "seal-not-json"
    SEAL_INVALID = "seal-invalid"
    SEAL_CONFLICT = "seal-conflict"
    EXIF_MALFORMED = "exif-malformed"
    NEWER_VERSION = "newer-version"
    UNKNOWN_ALGORITHM = "unknown-algorithm"
    # not-an-image, unreadable
    EMPTY_FILE = "empty-file"
    UNKNOWN_FORMAT = "unknown-format"
    NO_IMAGE_DATA = "no-image-data"
    LIMIT_EXCEEDED = "limit-exceeded"
    FILE_MISSING = "file-missing"
    IS_A_DIRECTORY = "is-a-directory"
    PERMISSION_DENIED = "permission-denied"
    NOT_A_REGULAR_FILE = "not-a-regular-file"
    CHANGED_WHILE_READING = "changed-while-reading"
    IO_ERROR = "io-error"
    EMPTY_FOLDER = "empty-folder"
    WORKER_DIED = "worker-died"
    TIMED_OUT = "timed-out"


class Signature(StrEnum):
    """State of the signature, always beside the outcome and never mixed into it."""

    NONE = "none"
    NOT_CHECKED = "not-checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One finding behind a verdict.

    Parameters
    ----------
    code : ReasonCode
        Stable, for programs.
    message : str
        One sentence for people.  Text from the file in it is escaped.
    expected, found : str, optional
        What the seal says and what the file holds, where there is a value to show.
    """

    code: ReasonCode
    message: str
    expected: str | None = None
    found: str | None = None

    def as_dict(self) -> dict[str, str]:
        """The reason as a JSON object; ``expected`` and ``found`` only where they say something."""
        values = {
            "code": str(self.code),
            "message": self.message,
            "expected": self.expected,
            "found": self.found,
        }
        return {key: value for key, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreMap:
    """How strongly each tile of a picture differs from what was sealed.

    Parameters
    ----------
    size : int
        Side of a tile in pixels; those of the last row and column reach to the picture's edge.
    scores : (rows, columns) ndarray of float32 or uint8
        0 where a tile is as it was sealed; from 1 on it counts as changed.
    sealed : (rows, columns) ndarray of float32 or uint8
        Mean level of each tile when it was sealed, 0 to 255: a thumbnail of the sealed picture.
    exact : bool
        Whether this comes from the original, not from the fingerprint: scores are then the largest
        difference in the tile, in levels, and `size` is 1 unless many files were checked.
    lossless : bool
        Whether this comes from the tiles' digests: scores are then 1 and by how many levels of 255
        the tile's mean moved.
    """

    size: int
    scores: npt.NDArray[np.float32] | npt.NDArray[np.uint8]
    sealed: npt.NDArray[np.float32] | npt.NDArray[np.uint8]
    exact: bool = False
    lossless: bool = False


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
        return f"{text} ({'; '.join(r.message for r in self.reasons)})" if self.reasons else text

    def __getstate__(self) -> list[Any]:
        return [getattr(self, f) if f != "seal" else _SLOT.__get__(self) for f in self.__slots__]

    def __setstate__(self, state: list[Any]) -> None:
        for name, value in zip(self.__slots__, state, strict=True):
            object.__setattr__(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """The verdict as a JSON object, the line that ``napari-seal verify --jsonl`` prints."""
        return {
            "path": without_credentials(self.path),
            "verdict": str(self.verdict),
            "reasons": [reason.as_dict() for reason in self.reasons],
            "signature": str(self.signature),
            "regions": [list(box) for box in self.regions],
        }


def intact(path: str, text: bytes) -> Verdict:
    """The verdict `intact` on a file with this record; the seal is read when it is asked for."""
    return Verdict(path=path, verdict=Outcome.INTACT, seal=cast("Seal", text))


# Most verdicts are `intact`, and hardly anybody looks at their seals: until then, what is kept, and
# what processes exchange, is the record's text.
_SLOT: Final[Any] = vars(Verdict)["seal"]


def _seal(self: Verdict) -> Seal | MoedalSeal | None:
    value: Seal | MoedalSeal | bytes | None = _SLOT.__get__(self)
    if isinstance(value, bytes):
        from napari_seal._format import record

        value = record.parse(record.load(value))
        _SLOT.__set__(self, value)
    return value


setattr(Verdict, "seal", property(_seal, _SLOT.__set__))  # noqa: B010 - for the type checker


class VerificationError(SealError):
    """An image is not intact.

    Parameters
    ----------
    verdict : Verdict
        What was found, with its reasons; also the attribute ``verdict``.
    """

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(str(verdict))

    def __reduce__(self) -> tuple[type[VerificationError], tuple[Verdict]]:
        # Exception pickles its args (the text); processes exchange the verdict itself.
        return type(self), (self.verdict,)
