"""What stands beside the image data: steps 5 to 7 of a check.

The record and the user's keys, the sealed Exif tags, and whatever else is in the file.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from napari_seal._format import exif, record, xmp
from napari_seal._text import printable
from napari_seal._verify.reasons import Reason, ReasonCode

if TYPE_CHECKING:
    from napari_seal._format.container import Container
    from napari_seal._format.seal import Seal
    from napari_seal._verify.locate import Found


def make_reason(
    code: ReasonCode, message: str, *, expected: str | None = None, found: str | None = None
) -> Reason:
    """Return a reason whose sentence is safe to show."""
    return Reason(code=code, message=printable(message), expected=expected, found=found)


def compare_record(text: bytes, seal: Seal) -> list[Reason]:
    """Reasons for a change of the user's metadata or of the seal; none where the record agrees."""
    matches = record.record_matches(text, seal)
    if matches:
        return []
    from napari_seal._verify.change.user_keys import compare_keys

    changed = compare_keys(seal)
    if matches is None:
        return [
            *(changed or ()),
            make_reason(
                ReasonCode.RECORD_REWRITTEN,
                "The metadata were written anew by other software, the sealed text is gone"
                + _OF_KEYS[changed is not None, bool(changed)],
            ),
        ]
    return [
        *(changed or ()),
        make_reason(
            ReasonCode.RECORD_MISMATCH,
            "The metadata, or the seal itself, are not what was sealed"
            + _OF_KEYS[changed is not None, bool(changed)],
        ),
    ]


# Whether there are check values for the user's keys, and whether one of them disagrees.
_OF_KEYS: Final = {
    (False, False): "; which of the two, this seal does not tell.",
    (True, False): ": each of the user's keys agrees with its check value.",
    (True, True): ".",
}


def compare_exif(
    structure: Container, found: Found, seal: Seal, *, as_adopted: bool = False
) -> tuple[list[Reason], list[Reason]]:
    """Reasons for a change, and reasons that are none.

    ``as_adopted`` tells that all that stood beside the image when it was adopted is still there.
    """
    entries, sealed = found.entries, seal.exif.tags
    algorithm = seal.exif.digest.algorithm
    keys = [exif.parse_key(text) for text in sealed]
    changed: list[Reason] = []
    if exif.sealed_digest(entries, keys, algorithm) != seal.exif.digest:
        for key in keys:
            name = _tag_name(key)
            if key not in entries:
                text = f"The Exif tag {name} was removed."
                changed.append(make_reason(ReasonCode.EXIF_TAG_REMOVED, text))
            elif exif.check_value(key, entries[key], algorithm) != sealed[exif.key_text(key)]:
                text = f"The Exif tag {name} is not what was sealed."
                now = _shown(entries[key])
                changed.append(make_reason(ReasonCode.EXIF_TAG_CHANGED, text, found=now))
        if not changed:
            text = "The sealed Exif tags do not match their digest."
            changed.append(make_reason(ReasonCode.EXIF_MISMATCH, text))
    unique = entries.get(exif.IMAGE_UNIQUE_ID)
    # An adopted file keeps the one that it had, which is sealed.
    kept = seal.adopted is not None and exif.IMAGE_UNIQUE_ID in keys
    if not (changed or kept) and (
        unique is None or unique.value.rstrip(b"\0") != seal.identity.encode()
    ):
        text = "ImageUniqueID is not the identity in the seal."
        changed.append(make_reason(ReasonCode.IMAGE_ID_MISMATCH, text, expected=seal.identity))

    known = {*keys, exif.USER_COMMENT}
    added = [key for key in entries if key not in known]
    beside: list[Reason] = []
    if exif.ORIENTATION in added and entries[exif.ORIENTATION].value[:2] != b"\1\0":
        now = _shown(entries[exif.ORIENTATION])
        text = "The Exif tag Orientation was added: viewers show the picture turned or mirrored."
        changed.append(make_reason(ReasonCode.ORIENTATION_CHANGED, text, found=now))
        added.remove(exif.ORIENTATION)
    elif not as_adopted and any(map(xmp.turns_the_picture, structure.xmp_packets())):
        text = "Orientation was added in XMP: some viewers show the picture turned or mirrored."
        changed.append(make_reason(ReasonCode.ORIENTATION_CHANGED, text))
    if structure.is_animated:
        text = "An animation was added: viewers that know animated PNG show other pictures."
        changed.append(make_reason(ReasonCode.ANIMATION_ADDED, text))
    if found.blocks > 1:
        text = "A further Exif block was added; which of them viewers follow differs."
        changed.append(make_reason(ReasonCode.EXIF_BLOCK_ADDED, text))
    if exif.THUMBNAIL in added and as_adopted:
        added.remove(exif.THUMBNAIL)
    elif exif.THUMBNAIL in added:
        text = "A thumbnail was added: file managers may show it in place of the picture."
        beside.append(make_reason(ReasonCode.THUMBNAIL_ADDED, text))
        added = [key for key in added if key[0] != exif.THUMBNAIL[0]]
    if added:
        names = ", ".join(sorted(_tag_name(key) for key in added)[:20])
        text = f"Exif tags were added later: {names}."
        beside.append(make_reason(ReasonCode.EXIF_TAGS_ADDED, text))
    return changed, beside


def _tag_name(key: exif.Key) -> str:
    from napari_seal._format.exif_tags import tag_name  # piexif, which nothing intact needs

    return tag_name(key)


def _shown(entry: exif.Entry) -> str:
    """The first values of a tag as text, by their TIFF type (TIFF 6.0, section 2)."""
    size = len(entry.value) // max(1, entry.number)
    if entry.type in (1, 2, 7) or size == 0:
        return printable(entry.value.rstrip(b"\0").decode("utf-8", "replace"), 80)
    values = (entry.value[at : at + size] for at in range(0, size * min(entry.number, 12), size))
    if entry.type in (11, 12):
        return ", ".join(str(struct.unpack("<f" if size == 4 else "<d", v)[0]) for v in values)
    signed = entry.type in (6, 8, 9, 10)
    parts = 4 if entry.type in (5, 10) else size  # a rational is two numbers
    return ", ".join(
        "/".join(
            str(int.from_bytes(value[at : at + parts], "little", signed=signed))
            for at in range(0, size, parts)
        )
        for value in values
    )


def find_unsealed(structure: Container, seal: Seal, *, as_adopted: bool = False) -> list[Reason]:
    """Bytes beside the seal: named, and no change of anything sealed; see `compare_exif`."""
    reasons: list[Reason] = []
    expected = xmp.build(seal.scan)
    packets, foreign = list(structure.xmp_packets()), structure.others()
    if as_adopted:
        # A file with XMP of its own got none from us.
        gone = not packets or packets.count(expected) > 1
        text = "The XMP packet for ExifTool was removed, or doubled."
        return [make_reason(ReasonCode.XMP_CHANGED, text)] if gone else []
    if packets != [expected]:
        text = _xmp_change(packets, expected, seal.scan.hex.encode())
        reasons.append(make_reason(ReasonCode.XMP_CHANGED, text))
    if foreign:
        names = ", ".join(sorted(set(foreign)))
        parts = "Chunks" if structure.format == "png" else "Segments"
        text = f"{parts} were added that the seal does not cover: {names}."
        reasons.append(make_reason(ReasonCode.SEGMENT_ADDED, text, found=str(len(foreign))))
    if damaged := structure.damaged():
        names = ", ".join(sorted(set(damaged)))
        text = f"Chunks beside the image have wrong check sums, as a fault leaves them: {names}."
        reasons.append(make_reason(ReasonCode.CHUNK_DAMAGED, text, found=str(len(damaged))))
    if structure.end is not None and structure.end < len(structure.data):
        count = len(structure.data) - structure.end
        number = "1 byte was" if count == 1 else f"{count:,} bytes were"
        text = f"{number} added after the end of the image."
        reasons.append(
            make_reason(ReasonCode.BYTES_AFTER_END, text, found=number.split(" w", maxsplit=1)[0])
        )
    return reasons


def _xmp_change(packets: list[bytes], expected: bytes, scan: bytes) -> str:
    if not packets:
        return "The XMP packet for ExifTool was removed."
    if expected in packets:
        return "An XMP packet was added to the one for ExifTool."
    if len(packets) == 1 and scan in packets[0].lower():
        return "Other software wrote the XMP packet anew; it still holds the digest for ExifTool."
    return "The XMP packet for ExifTool was edited: it no longer holds the sealed digest."
