"""The sealed file, made from the one that was there: only its Exif block and our XMP are new."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import PIL

from napari_seal._adopt.look import Before
from napari_seal._adopt.refusal import Refusal, refuse
from napari_seal._format import exif, limits, record, tiles, times, xmp
from napari_seal._format.adoption import Adoption, digest_beside
from napari_seal._format.digest import Digest, digest_of
from napari_seal._format.exif import Entry
from napari_seal._format.exif_amend import amend
from napari_seal._format.exif_tags import build
from napari_seal._format.jpeg import app1
from napari_seal._format.pixels import decoder, digest_array
from napari_seal._format.seal import ExifDigest, Seal
from napari_seal._version import __version__
from napari_seal.errors import FormatError, MetadataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_seal._format.exif import Key
    from napari_seal._format.signature import Signer

_SOFTWARE: Final = f"napari-seal {__version__}"
_EXIF_VERSION: Final = ("ExifIFD", 0x9000)


def splice(
    before: Before, *, forced: Sequence[str], algorithm: str, signer: Signer | None
) -> tuple[bytes, Seal]:
    """Make the sealed file in memory.

    Returns
    -------
    data : bytes
        The file.
    seal : Seal
        As it stands in the file.

    Raises
    ------
    AdoptError
        The metadata do not fit, or cannot be stored.
    """
    structure, comment = before.structure, before.comment
    scan = structure.scan("sha256")
    pixels = digest_array(before.samples, algorithm=algorithm)
    nothing = digest_of([], algorithm)
    draft = Seal(
        codestream=structure.codestream(algorithm),
        length=structure.length,
        scan=scan,
        pixels=pixels,
        tiles=tiles.measure(before.samples),
        exif=ExifDigest(digest=nothing, tags={}),
        created=times.now(),
        software={"napari-seal": __version__, "Pillow": PIL.__version__} | decoder(),
        metadata=comment.metadata,
    )
    tags = exif.read(_block(before, draft, b""))
    # Where the thumbnail lies is layout; what it holds is among what stands beside the image.
    keys = [key for key in tags if key not in (exif.USER_COMMENT, exif.THUMBNAIL)]
    draft = replace(
        draft,
        exif=ExifDigest(
            digest=exif.sealed_digest(tags, keys, algorithm),
            tags={exif.key_text(k): exif.check_value(k, tags[k], algorithm) for k in keys},
        ),
        adopted=Adoption(
            sha244=before.sha244,
            beside=digest_beside(structure, before.tags, scan, algorithm),
            expected=None if before.found is None else comment.moedal,
            found=before.found,
            forced=tuple(forced),
        ),
    )
    try:
        text = record.dump(draft, moedal=comment.moedal, signer=signer)
    except MetadataError as error:
        raise refuse(Refusal.METADATA, str(error)) from error
    payload = exif.SIGNATURE + _block(before, draft, text)
    if len(payload) > limits.SEGMENT_PAYLOAD:
        raise refuse(
            Refusal.TOO_LARGE,
            f"its Exif block would have {len(payload):,} bytes, of which {len(text):,} are the "
            f"seal with the metadata; it may have {limits.SEGMENT_PAYLOAD:,}",
        )
    return _put_in(before, payload, scan), record.parse(record.load(text))


def new_tags(tags: Mapping[Key, Entry], identity: str, text: bytes) -> dict[Key, Entry]:
    """What is added to the tags of a file: the record, and of the others those that are missing."""
    added = {
        _EXIF_VERSION: Entry(7, 4, b"0232"),
        exif.IMAGE_UNIQUE_ID: _ascii(identity),
        exif.SOFTWARE: _ascii(_SOFTWARE),
    }
    comment = b"ASCII\0\0\0" + text
    return {key: entry for key, entry in added.items() if key not in tags} | {
        exif.USER_COMMENT: Entry(7, len(comment), comment)
    }


def _ascii(text: str) -> Entry:
    value = text.encode("ascii") + b"\0"
    return Entry(2, len(value), value)


def _block(before: Before, seal: Seal, text: bytes) -> bytes:
    """The Exif block with this record."""
    if before.exif is None:
        payload = build({}, unique_id=seal.identity, software=_SOFTWARE, comment=text)
        return payload[len(exif.SIGNATURE) :]
    start = before.exif.start + 4 + len(exif.SIGNATURE)
    block = before.structure.data[start : before.exif.end]
    try:
        return amend(block, new_tags(before.tags, seal.identity, text))
    except FormatError as error:
        raise refuse(
            Refusal.EXIF_UNREADABLE, f"its Exif block cannot take the seal: {error}"
        ) from error


def _put_in(before: Before, payload: bytes, scan: Digest) -> bytes:
    """The file with this Exif segment, and behind it our XMP, unless it has XMP of its own."""
    data = before.structure.data
    end = before.at if before.exif is None else before.exif.end
    parts = [payload]
    if next(before.structure.xmp_packets(), None) is None:
        parts.append(xmp.SIGNATURE + xmp.build(scan))
    return b"".join([data[: before.at], *map(app1, parts), data[end:]])
