"""Why a verdict is what it is: stable codes for programs, and a sentence for people.

Apart from `verdict`, since a plainly intact file has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    ADOPTED = "adopted"
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
    NOT_THE_LISTED_FILE = "not-the-listed-file"
    AS_LISTED = "as-listed"
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
    # the signature: signature-invalid, and beside any verdict
    SIGNATURE_MISMATCH = "signature-mismatch"
    SIGNATURE_NOT_CHECKED = "signature-not-checked"
    KEY_EXPIRED = "key-expired"
    KEY_REVOKED = "key-revoked"
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
