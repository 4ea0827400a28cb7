"""Whether a plane that an interrupted run has left is the one that would be written now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from napari_seal._format import container, record, signature
from napari_seal._format import exif as exif_format
from napari_seal._format.exif import Entry, Key
from napari_seal._format.exif_tags import build
from napari_seal._format.pixels import digest_array
from napari_seal._format.place import StackPlace
from napari_seal._format.seal import Seal
from napari_seal._format.window import Window
from napari_seal._trust.keys import SigningKey
from napari_seal.errors import FormatError

#: Not compared: the record, which is by itself, and the version of what wrote, which may be newer.
_BESIDE = (exif_format.USER_COMMENT, exif_format.SOFTWARE)


def find_intact(
    data: bytes,
    plane: npt.NDArray[Any],
    *,
    place: StackPlace,
    window: Window,
    quality: int | None,
    metadata: Mapping[str, Any],
    exif: Mapping[str, Any],
    layer: Mapping[str, Any] | None,
    algorithm: str,
    key: SigningKey | None,
) -> Seal | None:
    """Return the seal of a file that is intact, was made of just this and signed so; else None.

    What seals does not ask what verifies, so that the digests are compared here.
    """
    try:
        seal = _intact_seal(data, key)
        if seal is None:
            return None
        block = build(exif, unique_id=seal.identity, software="", comment=b"")
        entries = exif_format.read(block[len(exif_format.SIGNATURE) :])
    except FormatError:
        return None
    tags = {key: value for key, value in seal.exif.tags.items() if _key(key) not in _BESIDE}
    axes = "YXS" if plane.ndim == 3 else "YX"
    is_same = (
        (seal.stack, seal.window, seal.quality) == (place, window, quality)
        and (seal.metadata, seal.layer) == (metadata, layer)
        and tags == _check_values(entries, algorithm)
        and seal.source == digest_array(plane, axes=axes, algorithm=algorithm)
    )
    return seal if is_same else None


def _intact_seal(data: bytes, key: SigningKey | None) -> Seal | None:
    """The seal of a file with which codestream, record, sealed tags and signature agree."""
    structure = container.walk(data)
    blocks = list(structure.exif_blocks())
    if len(blocks) != 1:
        return None
    entries = exif_format.read(blocks[0])
    text = exif_format.user_comment(entries)
    if text is None:
        return None
    seal = record.parse(record.load(text))
    algorithm = seal.codestream.algorithm
    keys = [_key(key) for key in seal.exif.tags]
    is_intact = (
        record.record_matches(text, seal) is True
        and structure.codestream(algorithm) == seal.codestream
        and exif_format.sealed_digest(entries, keys, algorithm) == seal.exif.digest
        and _is_signed_by(key, text, seal)
    )
    return seal if is_intact else None


def _is_signed_by(key: SigningKey | None, text: bytes, seal: Seal) -> bool:
    block = seal.signature
    if block is None or key is None:
        return block is None and key is None
    data, value = signature.covered(text, block, record.BRACES), signature.decode(block.value)
    if data is None or value is None or block.key != key.public.text:
        return False
    return key.public.verify(value, data)


def _check_values(entries: Mapping[Key, Entry], algorithm: str) -> dict[str, str]:
    return {
        exif_format.key_text(key): exif_format.check_value(key, entry, algorithm)
        for key, entry in entries.items()
        if key not in _BESIDE
    }


_key = exif_format.parse_key
