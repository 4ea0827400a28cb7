"""A layer, with all that napari knows of it, becomes a sealed file or a folder of sealed planes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_seal._format.names import INDEX_ENDING
from napari_seal._napari.beside import beside_window
from napari_seal._napari.flag import plain_name
from napari_seal._napari.layers.attributes import attributes_to_json
from napari_seal._napari.layers.names import LOSSLESS, stack_folder
from napari_seal._napari.layers.user_metadata import metadata_to_json, opened_verdict
from napari_seal._napari.notices import say, warn
from napari_seal._napari.preferences import Preferences
from napari_seal._napari.saving.layer_data import (
    check_layer,
    full_resolution,
    is_stack,
    labels_window,
)
from napari_seal._napari.saving.shown_progress import Progress
from napari_seal._napari.saving.stack_again import (
    check_gaps,
    check_not_itself,
    opened_path,
    show_what_was_read,
    without_gaps,
)
from napari_seal._napari.saving.stack_axes import name_axes, planes_first
from napari_seal._text import printable
from napari_seal._verify.verdict import Outcome
from napari_seal.errors import TargetExistsError

if TYPE_CHECKING:
    from napari_seal import Seal, SigningKey
    from napari_seal._format.stack import Stack


def seal_layer(
    target: str,
    data: Any,
    meta: Mapping[str, Any],
    *,
    preferences: Preferences,
    key: SigningKey | None = None,
    user_metadata: Mapping[str, Any] | None = None,
    moedal: bool = False,
    overwrite: bool = False,
    announce: bool = False,
    progress: Progress | None = None,
) -> tuple[str, Seal | Stack]:
    """Seal a layer, of one plane or of many; see `seal_image` and `seal_layer_stack`.

    It is done in a thread; the window stays usable, and is told the progress.

    Parameters
    ----------
    target, data, meta, preferences, key, user_metadata, overwrite, announce, progress
        As for `seal_image`.
    moedal : bool
        As for `seal_image`; stacks are not written with it.

    Returns
    -------
    path : str
        What opens it again: the file, or the index of the stack.
    sealed : Seal or Stack
        What was written.
    """
    options: Any = {
        "preferences": preferences,
        "key": key,
        "user_metadata": user_metadata,
        "overwrite": overwrite,
        "announce": announce,
        "progress": progress,
    }
    if is_stack(data, meta):
        return seal_layer_stack(target, data, meta, **options)
    return target, seal_image(target, data, meta, moedal=moedal, **options)


def seal_image(
    target: str,
    data: Any,
    meta: Mapping[str, Any],
    *,
    preferences: Preferences,
    key: SigningKey | None = None,
    user_metadata: Mapping[str, Any] | None = None,
    moedal: bool = False,
    overwrite: bool = False,
    announce: bool = False,
    progress: Progress | None = None,
) -> Seal:
    """Seal a layer of one plane together with what napari knows about it.

    Parameters
    ----------
    target : str
        Complete file name; its extension decides the format.
    data : array-like
        The layer's data: 2-D gray or RGB, for PNG also RGBA; of a pyramid, the full resolution is
        taken.
    meta : mapping
        The layer's attributes.
    preferences : Preferences
        Quality, window and metadata that every seal carries.
    key : SigningKey, optional
        What signs the seal.
    user_metadata : mapping, optional
        In place of the layer's own ``metadata`` and of those of the preferences.
    moedal : bool
        Whether to write the key ``sha244`` for the scripts of the MoEDAL collaboration as well.
    overwrite : bool
        Whether an existing file may be replaced.
    announce : bool
        Whether to say that it was sealed.
    progress : callable, optional
        Called in the window's thread with the number of steps that are done and that there are.  An
        exception that it raises ends the sealing: nothing is written then.

    Returns
    -------
    Seal
        What was written into the file.
    """
    check_layer(data, meta, lossless=_is_lossless(target))
    is_labels = meta.get("type") == "labels"
    known = _Known(meta, user_metadata, preferences)

    def work(step: Progress) -> Seal:
        import numpy as np

        # Here, in the thread: the first time it takes a tenth of a second.
        from napari_seal._seal.pipeline import seal_in_steps

        # A copy: in the window, somebody may paint on the layer while it is sealed.
        image = np.array(full_resolution(data, meta))
        return seal_in_steps(
            image,
            target,
            step,
            quality=preferences.quality,
            metadata=known.metadata or None,
            window=labels_window(image) if is_labels else preferences.image_window(image.dtype),
            layer=known.attributes,
            key=key,
            moedal=moedal,
            overwrite=overwrite,
        )

    try:
        seal = beside_window(work, progress)
    except TargetExistsError as error:
        raise _exists(target) from error
    # First: a later message covers an earlier one, and warnings must be seen.
    if announce:
        _say_that_it_is_sealed(target, _signed(key))
    known.say_what_is_missing(target)
    return seal


def seal_layer_stack(
    target: str,
    data: Any,
    meta: Mapping[str, Any],
    *,
    preferences: Preferences,
    key: SigningKey | None = None,
    user_metadata: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    announce: bool = False,
    progress: Progress | None = None,
) -> tuple[str, Stack]:
    """Seal a layer of many planes as a folder, together with what napari knows about it.

    A stack of this name that was not finished is gone on with.

    Parameters
    ----------
    target : str
        As for `seal_image`: ``cells.sealed.png`` makes the folder ``cells.sealed`` of PNG.
    data, meta, preferences, key, user_metadata, overwrite, announce, progress
        As for `seal_image`; what was written before it was ended can be gone on with.

    Returns
    -------
    index : str
        Path of the index of the stack.
    stack : Stack
        What it says.
    """
    import napari_seal

    lossless = _is_lossless(target)
    check_layer(data, meta, lossless=lossless)
    rgb = bool(meta.get("rgb"))
    known = _Known(meta, user_metadata, preferences)
    array = full_resolution(data, meta)
    axes = name_axes(meta, len(array.shape) - rgb)
    array, axes, attributes, lost = planes_first(array, axes, known.attributes, rgb=rgb)
    known.attributes_lost += lost
    folder = stack_folder(target)
    index = os.path.join(folder, os.path.basename(folder).removesuffix(".sealed") + INDEX_ENDING)
    check_not_itself(meta, folder)
    check_gaps(opened_path(meta))
    begun = os.path.exists(index) and not overwrite

    def work(step: Progress) -> Stack:
        step = without_gaps(meta, step)
        window: Any = "plane" if preferences.plane_windows else None
        if meta.get("type") == "labels":
            window, step = _look_at_labels(array, step)
        return napari_seal.seal_stack(
            array,
            folder,
            axes=[*axes, *(["S"] if rgb else [])],
            format="png" if lossless else "jpeg",
            quality=preferences.quality,
            metadata=known.metadata,
            window=window,
            layer=attributes,
            key=key,
            overwrite=overwrite and os.path.exists(index),
            resume=not overwrite,
            progress=step,
        )

    try:
        stack = beside_window(work, progress)
    except TargetExistsError as error:
        raise _exists(folder) from error
    finally:
        show_what_was_read(opened_path(meta))
    if announce:
        _say_that_it_is_sealed(folder, f": {stack.count:,} planes{_signed(key)}", begun=begun)
    known.say_what_is_missing(folder)
    return index, stack


def _look_at_labels(labels: Any, report: Progress) -> tuple[Any, Progress]:
    """Find the window of labels, with progress; return what goes on with the progress as well."""
    looked, planes = 0, math.prod(labels.shape[:-2])

    def step() -> None:
        nonlocal looked
        looked += 1
        report(looked, 2 * planes)

    window = labels_window(labels, step)
    return window, lambda done, total: report(looked + done, looked + total)


class _Known:
    """What is known about a layer, as far as JSON has a form for it."""

    def __init__(
        self,
        meta: Mapping[str, Any],
        user_metadata: Mapping[str, Any] | None,
        preferences: Preferences,
    ) -> None:
        self.attributes, self.attributes_lost = attributes_to_json(meta)
        if "name" in self.attributes:
            self.attributes["name"] = plain_name(self.attributes["name"])
        self._own = own = meta.get("metadata")
        if user_metadata is None:
            user_metadata = own
            common: Mapping[str, Any] = preferences.metadata
        else:
            common = {}
        found, self._metadata_lost = metadata_to_json(user_metadata)
        # What the layer says is about this image; the preferences are about all.
        self.metadata = {**common, **found}

    def say_what_is_missing(self, target: str) -> None:

        name = printable(os.path.basename(target))
        # warnings.warn would not be seen in the window.
        if self._metadata_lost:
            lost = "; ".join(self._metadata_lost)
            warn(f"{name}: metadata not sealed, JSON has no form for: {lost}")
        if self.attributes_lost:
            lost = "; ".join(self.attributes_lost)
            warn(f"{name}: layer attributes not sealed: {lost}")
        # Now, not before: of a stack, planes were verified while they were sealed.
        opened_as = opened_verdict(self._own)
        if opened_as not in (None, Outcome.INTACT, Outcome.NO_SEAL):
            warn(
                f"{name}: this layer was opened as {opened_as!s}. "
                "The new seal vouches for the picture as it is now, not for the original."
            )


def _is_lossless(target: str) -> bool:
    return target.lower().endswith(LOSSLESS)


def _exists(target: str) -> TargetExistsError:
    return TargetExistsError(
        # What it is about first: napari shows about 38 characters of a message.
        f"Not saved: {printable(os.path.basename(target))} exists already in "
        f"{printable(os.path.dirname(target))} and was left as it is. Choose another "
        'name, or use "Seal layer..." with "replace an existing file" ticked.'
    )


def _signed(key: SigningKey | None) -> str:
    from napari_seal._napari.saving.signing import name_of

    return "" if key is None else f", signed as {name_of(key.public)}"


def _say_that_it_is_sealed(target: str, more: str = "", *, begun: bool = False) -> None:

    name, folder = printable(os.path.basename(target)), printable(os.path.dirname(target))
    went_on = ". It had been begun before; what was there was kept" if begun else ""
    say(f"Sealed: {name} in {folder}{more}{went_on}")
