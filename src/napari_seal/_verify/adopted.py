"""Seals of adopted files: what they do not tell, and what stood beside the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_seal._verify.change.compare import make_reason
from napari_seal._verify.reasons import Reason, ReasonCode

if TYPE_CHECKING:
    from napari_seal._format.container import Container
    from napari_seal._format.seal import Seal
    from napari_seal._verify.locate import Found


def is_as_adopted(structure: Container, found: Found, seal: Seal) -> bool:
    """Whether all that stood beside the image is what it was when the file was adopted."""
    from napari_seal._format.adoption import digest_beside
    from napari_seal._format.jpeg import Jpeg

    if seal.adopted is None or not isinstance(structure, Jpeg) or found.blocks != 1:
        return False
    expected = seal.adopted.beside
    return digest_beside(structure, found.entries, seal.scan, expected.algorithm) == expected


def adopted_reason(seal: Seal) -> Reason:
    """That the file was there before its seal, and what was known of it."""
    adopted = seal.adopted
    text = f"The file was there before its seal, which it got on {seal.created[:10]}"
    if adopted is None or adopted.sha244 == "none":
        text += ": nothing is known of the time before."
    elif adopted.sha244 == "intact":
        text += "; the pixels were those of its digest sha244 then."
    else:
        text += "; the pixels were not those of its digest sha244 then."
        expected, found = adopted.expected, adopted.found
        return make_reason(ReasonCode.ADOPTED, text, expected=expected, found=found)
    return make_reason(ReasonCode.ADOPTED, text)
