"""Finding the record in a file: in which Exif block it is, and what is left of one that is gone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_seal._format import exif, limits, xmp
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal.errors import FormatError, LimitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_seal._format.container import Container
    from napari_seal._format.exif import Entry, Key


# Keys in JSON text, whatever stands around them.
SEALED: Final = re.compile(rb'"seal"\s*:')
# et:OriginalImageHash with SHA-256, as an element or as an attribute.
_XMP_HASH: Final = re.compile(rb"""OriginalImageHash\s*(?:=\s*["']|>\s*)([0-9a-f]{64})""")
_MOEDAL: Final = re.compile(rb'"sha244"\s*:')


@dataclass(slots=True)
class Found:
    """What the Exif blocks hold."""

    entries: Mapping[Key, Entry]
    text: bytes | None = None
    blocks: int = 0
    conflict: bool = False
    problem: str = ""
    seal_lost: bool = False  # a block that cannot be read has a seal in it


def find_record(structure: Container) -> Found:
    """Read the Exif blocks; the one with a seal counts, else the first."""
    found = Found(entries={})
    for block in structure.exif_blocks():
        found.blocks += 1
        if found.blocks > limits.EXIF_BLOCKS:
            raise LimitError(f"more than {limits.EXIF_BLOCKS} Exif blocks")
        try:
            entries = exif.read(block)
        except FormatError as error:
            found.problem = str(error)
            found.seal_lost |= b'"seal":{' in block
            continue
        text = exif.user_comment(entries)
        holds_seal = text is not None and bool(SEALED.search(text) or _MOEDAL.search(text))
        if holds_seal and found.text is not None and text != found.text:
            found.conflict = True
        if holds_seal or not found.entries:
            found.entries = entries
            found.text = text if holds_seal else found.text
    return found


def traces(structure: Container, found: Found) -> Reason | None:
    """What is left of a seal that was taken out."""
    software = found.entries.get(exif.SOFTWARE)
    if software is not None and software.value.startswith(b"napari-seal "):
        where = "the Exif tag Software"
    elif _digest_in_xmp(structure):
        where = "the XMP tag OriginalImageHash"
    else:
        return None
    message = f"The file once had a seal ({where} tells so); it was removed."
    return Reason(code=ReasonCode.SEAL_STRIPPED, message=message)


def _digest_in_xmp(structure: Container) -> bool:
    """Whether there is our XMP packet, or what other software made of it: a digest that fits."""
    hashes: set[bytes] = set()
    for packet in structure.xmp_packets():
        if packet.startswith(xmp.OURS):
            return True
        hashes.update(_XMP_HASH.findall(packet))
    return bool(hashes) and structure.scan("sha256").hex.encode("ascii") in hashes
