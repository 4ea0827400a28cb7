"""Sealing a layer that was opened from a stack: never over itself, and never what is not there.

Such a layer reads its planes from files.  One that is missing is shown black; sealed as it is
shown, it would become a black plane that is intact.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from napari_seal._napari.layers.stack_values import is_stack_entry, place_text
from napari_seal._napari.layers.user_metadata import VERDICT_KEY
from napari_seal._napari.opening.stack_watch import watches_of
from napari_seal._text import printable
from napari_seal.errors import ImageError, TargetExistsError

Progress = Callable[[int, int], None]


def opened_path(meta: Mapping[str, Any]) -> str:
    """Return the index from which a layer was opened; empty for every other layer."""
    entry = (meta.get("metadata") or {}).get(VERDICT_KEY)
    return str(entry["path"]) if entry is not None and is_stack_entry(entry) else ""


def check_not_itself(meta: Mapping[str, Any], folder: str) -> None:
    """Refuse to replace the files that a layer is read from.

    Raises
    ------
    TargetExistsError
        The layer was opened from this folder.
    """
    path = opened_path(meta)
    if path and os.path.realpath(os.path.dirname(path)) == os.path.realpath(folder):
        raise TargetExistsError(
            f"Not saved: the layer is read from {printable(folder)}, plane by plane, and what it "
            "is read from cannot be replaced. Choose another name."
        )


def without_gaps(meta: Mapping[str, Any], progress: Progress) -> Progress:
    """Return a progress that ends the sealing at a plane for which there is no picture.

    Parameters
    ----------
    meta : mapping
        The layer's attributes.
    progress : callable
        What is called besides.  The returned function raises an `ImageError` at such a plane, in
        any thread.
    """
    path = opened_path(meta)
    if not path:
        return progress

    def step(done: int, total: int) -> None:
        check_gaps(path)
        progress(done, total)

    return step


def check_gaps(path: str) -> None:
    """Refuse to seal a stack of which a plane was read that has no picture.

    Raises
    ------
    ImageError
        Says which plane.
    """
    for watch in watches_of(path):
        gap = watch.first_gap()
        if gap is not None:
            index, outcome = gap
            place = place_text(watch.opened.stack.plane_axes, index)
            raise ImageError(
                f"Of the plane {place} there is no picture that could be sealed: it is "
                f"{outcome}. Put it back, or seal the part without it."
            )


def show_what_was_read(path: str) -> None:
    """Let layers show the verdicts on planes that were read meanwhile; in the window's thread."""
    for watch in watches_of(path):
        watch.take()
