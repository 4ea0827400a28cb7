"""File > Save All with our filter: every image and labels layer into one folder, sealed each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from napari_seal._napari.layers.names import (
    EXTENSIONS,
    LOSSLESS,
    base_name,
    safe_name,
    stack_folder,
)
from napari_seal._napari.notices import say, warn
from napari_seal._napari.preferences import Preferences, load_preferences
from napari_seal._napari.saving.layer_data import check_layer, extension_for, is_stack
from napari_seal._napari.saving.sealing import seal_layer
from napari_seal._napari.saving.shown_progress import shown_progress
from napari_seal._napari.saving.signing import preferred_key
from napari_seal._text import printable
from napari_seal.errors import ImageError, SealError, TargetExistsError, WriteError

if TYPE_CHECKING:
    from napari_seal import SigningKey

LayerData = tuple[Any, Mapping[str, Any], str]
_OURS = ("image", "labels")


def write_layers(path: str, layers: Sequence[LayerData]) -> list[str]:
    """Save the layers of images and labels into a folder; napari calls this.

    Parameters
    ----------
    path : str
        The folder; an extension that names a kind of image is left out.
    layers : sequence of (data, attributes, kind)
        Points, shapes and others are left to napari, and a warning says so.

    Returns
    -------
    list of str
        The files that were written; of a stack, its index.

    Raises
    ------
    SealError
        A layer has a shape that cannot be sealed, something of its name exists, or the signing
        key of Preferences cannot be used: nothing is written then.  Where its values cannot be, the
        layers before it are written.
    """
    sealable = [
        (data, {**meta, "type": "labels"} if kind == "labels" else meta)
        for data, meta, kind in layers
        if kind in _OURS
    ]
    if not sealable:
        raise ImageError("Images and labels can be sealed, and there is none among these layers.")
    preferences = load_preferences()
    folder = base_name(path)
    targets = _targets(folder, sealable, preferences)
    key = preferred_key()
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        text = f"the folder {printable(folder)!r} could not be made: {error.strerror}"
        raise WriteError(text) from error
    written: list[str] = []
    for target, layer in zip(targets, sealable, strict=True):
        try:
            written.append(_write(target, layer, preferences, key))
        except SealError as error:
            if not written:
                raise
            done = f"{len(written)} of {len(targets)} layers are saved"
            raise type(error)(f"{str(error).rstrip('.')}. {done}.") from error
    _say_what_was_done(folder, len(written), [kind for _, _, kind in layers if kind not in _OURS])
    return written


def _targets(
    folder: str, layers: Sequence[tuple[Any, Mapping[str, Any]]], preferences: Preferences
) -> list[str]:
    """Name a file for each layer; refuse before anything is written."""
    targets: list[str] = []
    taken: set[str] = set()
    for data, meta in layers:
        extension = extension_for(data, meta, EXTENSIONS[preferences.format])
        check_layer(data, meta, lossless=extension == LOSSLESS)
        name, number = safe_name(str(meta.get("name") or "image")), 1
        unique = name
        while unique.lower() in taken:  # two files for file systems that know no capitals
            number += 1
            unique = f"{name} {number}"
        taken.add(unique.lower())
        target = os.path.join(folder, unique + extension)
        made = stack_folder(target) if is_stack(data, meta) else target
        if os.path.lexists(made):
            raise TargetExistsError(
                f"Nothing was saved: {printable(made)} exists already. Choose another folder."
            )
        targets.append(target)
    return targets


def _write(
    target: str,
    layer: tuple[Any, Mapping[str, Any]],
    preferences: Preferences,
    key: SigningKey | None,
) -> str:
    data, meta = layer
    with shown_progress(os.path.basename(target), stack=is_stack(data, meta)) as progress:
        path, _ = seal_layer(
            target, data, meta, preferences=preferences, key=key, progress=progress
        )
    return path


def _say_what_was_done(folder: str, number: int, others: list[str]) -> None:

    name = printable(os.path.basename(folder))
    say(f"Sealed: {number} layer{'s' if number != 1 else ''} in {name}")
    if others:
        kinds = ", ".join(sorted(set(others)))
        warn(
            f"{name}: not saved: {kinds}. Images and labels can be sealed; save the others with "
            "a filter of napari's."
        )
