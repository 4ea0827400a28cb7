"""What the widget "Seal layer..." says: what will be written, what went wrong, what was written."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from napari_seal._format.stack import Stack
from napari_seal._napari.layers.names import stack_folder
from napari_seal._napari.saving.layer_data import data_of, full_resolution
from napari_seal._napari.saving.seal_target import unfinished
from napari_seal._napari.saving.shown_progress import Cancelled
from napari_seal._napari.saving.signing import name_of
from napari_seal._napari.saving.stack_axes import name_axes
from napari_seal._text import printable
from napari_seal.errors import PassphraseError, SealError, TargetExistsError, WriteError

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_seal import Seal


def what_to_do(error: SealError) -> str:
    """Return an error as a sentence, and the way out where it has none."""
    text = printable(error)
    text = text[:1].upper() + text[1:]
    if isinstance(error, WriteError) and not isinstance(error, Cancelled | TargetExistsError):
        return f"{text.rstrip('.')}. Choose another folder, or make room, and press Seal again."
    if isinstance(error, PassphraseError):
        return f"{text.rstrip('.')}. Press Seal to be asked again, or take the tick away."
    return text


def stack_text(layer: Layer, target: str, *, anew: bool) -> str:
    """Return what a stack becomes, and what its axes are taken for.

    Parameters
    ----------
    layer : napari.layers.Layer
        With more than one plane.
    target : str
        Complete file name; a stack becomes the folder of that name.
    anew : bool
        Whether what is there is to be replaced.
    """
    data, meta = data_of(layer)
    shape = full_resolution(data, meta).shape
    axes = name_axes(meta, len(shape) - bool(meta.get("rgb")))
    counted = [(a, size) for a, size in zip(axes, shape, strict=False) if a not in ("Y", "X")]
    names = ", ".join(f"{printable(axis, 30)} {size:,}" for axis, size in counted)
    folder, planes = stack_folder(target), math.prod(size for _, size in counted)
    text = f"Will be the folder {printable(folder)} of {planes:,} planes ({names})"
    if not anew and unfinished(folder) is not None:
        text += ". It was begun before: what is there is kept, if it is the same"
    return text


def result_text(target: str, sealed: Seal | Stack) -> str:
    """Return what was written: where, how large, the identity of the image, and who signed."""
    if isinstance(sealed, Stack):
        folder = stack_folder(target)
        size = sum(entry.stat().st_size for entry in os.scandir(folder))
        digest, number = sealed.source, f"{sealed.count:,} planes, "
    else:
        folder, size, number = target, os.path.getsize(target), ""
        digest = sealed.source.digest if sealed.source else None
    identity = "none" if digest is None else digest.hex[:32]
    text = f"✓ Sealed: {printable(folder)}\n{number}{size / 1000:,.1f} kB, identity {identity}"
    return f"{text}\n{_signed_text(sealed)}"


def _signed_text(sealed: Seal | Stack) -> str:
    from napari_seal import PublicKey

    block = sealed.signature
    if block is None:
        return "Not signed"
    return f"✓ Signed as {name_of(PublicKey.from_text(block.key))}"
