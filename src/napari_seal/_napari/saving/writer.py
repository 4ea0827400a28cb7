"""File > Save and ``layer.save``: a layer becomes a sealed JPEG or PNG, or a folder of these."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from napari_seal._napari.layers.names import (
    EXTENSION,
    KINDS,
    LOSSLESS,
    complete_name,
    other_extension,
    our_extension,
)
from napari_seal._napari.notices import warn
from napari_seal._napari.preferences import load_preferences
from napari_seal._napari.saving.layer_data import check_layer, is_stack
from napari_seal._napari.saving.sealing import seal_layer
from napari_seal._napari.saving.shown_progress import shown_progress
from napari_seal._napari.saving.signing import preferred_key
from napari_seal._text import printable


def write_sealed(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Save one image layer as a sealed JPEG, or as a folder of them; napari calls this.

    In napari's dialog the chosen filter decides, not the typed name.  Whoever types ``z.tif`` under
    our filter, which may stand there already, gets ``z.sealed.jpg`` and a warning: it is a lossy
    file in place of a lossless one.

    Parameters
    ----------
    path : str
        As typed.  A missing or different extension is completed to ``.sealed.jpg``.
    data : array-like
        The layer's data.  More planes than one become the folder ``.sealed``.
    meta : mapping
        The layer's attributes.

    Returns
    -------
    list of str
        The one file that was written; of a stack, its index.

    Raises
    ------
    SealError
        If the image, its metadata, the target or the signing key of Preferences do not fit.
        Nothing is written then, except for planes of a stack, which can be gone on with.  It is
        never a `ValueError`, which napari would drop without a word.
    """
    return _write(path, data, meta, EXTENSION)


def write_lossless(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Save one image layer as sealed PNG, which loses nothing; see `write_sealed`."""
    return _write(path, data, meta, LOSSLESS)


def write_labels(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Save one labels layer as sealed PNG; see `write_sealed`.

    Raises
    ------
    SealError
        Also for a name of JPEG: it would turn each label into others.
    """
    return _write(path, data, {**meta, "type": "labels"}, LOSSLESS)


def _write(path: str, data: Any, meta: Mapping[str, Any], extension: str) -> list[str]:
    target = complete_name(path, extension)
    preferences = load_preferences()
    check_layer(data, meta, lossless=our_extension(target) == LOSSLESS)
    key = preferred_key()
    stack = is_stack(data, meta)
    # The dialog asks about a file of this name; the folder of a stack has another.
    agreed = not stack and target == path and _dialog_asked()
    with shown_progress(os.path.basename(target), stack=stack) as progress:
        written, _ = seal_layer(
            target,
            data,
            meta,
            preferences=preferences,
            key=key,
            overwrite=agreed,
            announce=True,
            progress=progress,
        )
    # Last: a later message covers an earlier one.
    _say_which_format(path, target)
    return [written]


def _dialog_asked() -> bool:
    """Whether napari's save dialog stands behind this call.

    Qt asks "replace the existing file?" before the dialog closes, about exactly the name that was
    typed.  A call from a script looks the same to a writer; only the stack tells them apart.
    Where the stack looks different, in another version of napari, nothing is overwritten.
    """
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "_save_layers_dialog":
            return str(frame.f_globals.get("__name__", "")).startswith("napari._qt")
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _say_which_format(typed: str, target: str) -> None:

    kind, extension = other_extension(typed), our_extension(os.path.basename(target))
    if not kind or kind.lower() in KINDS[extension]:
        return
    format_ = "PNG" if extension == LOSSLESS else "JPEG"
    loss = f" A JPEG loses detail: for {kind.upper()}, save" if format_ == "JPEG" else " Or save"
    # What was written first: napari shows about 38 characters of a message until it is opened.
    warn(
        f"{format_} written, not {kind.upper()}: {printable(os.path.basename(target))}. You typed "
        f"{printable(os.path.basename(typed))}, but the chosen filter decides, and it was one of "
        f"napari-seal.{loss} again with a filter that lists *.{kind.lower()}."
    )
