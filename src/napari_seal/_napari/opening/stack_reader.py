"""Opening a sealed stack: one lazy layer, each plane of which is verified when it is read."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_seal._format.names import INDEX_ENDING
from napari_seal._napari.flag import plain_name
from napari_seal._napari.layers.attributes import attributes_from_json, name_from_json
from napari_seal._napari.layers.stack_values import stack_entry
from napari_seal._napari.layers.user_metadata import VERDICT_KEY
from napari_seal._napari.notices import unmarked
from napari_seal._napari.opening.mismatch import check_agreed
from napari_seal._napari.opening.new_layer import free_slider, make_layer, restorer
from napari_seal._napari.opening.opened import remember
from napari_seal._napari.opening.reading import read_beside
from napari_seal._napari.opening.stack_watch import StackWatch
from napari_seal._napari.signature_preferences import trust_for_opening
from napari_seal._text import printable

if TYPE_CHECKING:
    import numpy.typing as npt
    from napari.layers import Image, Labels

    from napari_seal._napari.opening.new_layer import Restore
    from napari_seal._verify.stack import OpenStack

_OF_LEVELS = ("contrast_limits", "iso_threshold")


def is_stack_path(path: str) -> bool:
    """Whether a path is that of a stack: its index, or a folder."""
    return path.lower().endswith(INDEX_ENDING) or os.path.isdir(path)


def read_stack(path: str) -> Image | Labels:
    """Open a stack as a layer that reads its planes when they are shown.

    Parameters
    ----------
    path : str
        Its index, or its folder.

    Returns
    -------
    napari.layers.Image or napari.layers.Labels
        Its axes in the order of the index, Y and X last.  What is known about it stands in
        ``metadata["seal"]``, and is added to with every plane that is read.

    Raises
    ------
    ReadError
        There is no index that can be read.
    """
    import napari_seal

    trust = trust_for_opening()
    name = os.path.basename(os.path.normpath(path))
    opened = read_beside(lambda: napari_seal.open_stack(path, trust=trust), name)
    check_agreed(opened.path, opened.verdict)
    watch = StackWatch(opened, trust)
    opened.on_verdict = watch.see
    data, keywords, notes = _load(opened)
    layer = make_layer(data, keywords, opened.layer, notes)
    layer.metadata[VERDICT_KEY]["notes"] = notes
    free_slider(layer)
    remember(layer, None)
    watch.follow(layer, partial(_lazy, opened))
    watch.announce(notes)
    return layer


def _load(opened: OpenStack) -> tuple[Any, dict[str, Any], list[str]]:
    stack, data = opened.stack, _lazy(opened)
    rgb = stack.axes[-1] == "S"
    window = stack.window if _restorer(opened) is None else None
    stored = stack.layer
    if stored is not None and stack.plane_windows:
        # Of planes that have a window each, no limit of intensities holds for all levels.
        stored = {key: value for key, value in stored.items() if key not in _OF_LEVELS}
    keywords, notes = attributes_from_json(
        stored,
        window=window,
        rgb=rgb,
        intact=opened.verdict.intact,
        top=255 if stack.dtype == "uint8" else 65535,
        ndim=len(stack.shape) - rgb,
    )
    if "contrast_limits" not in keywords and data.dtype == "uint8" and not rgb:
        keywords["contrast_limits"] = [0, 255]
    name = plain_name(name_from_json(stack.layer) or _stem(opened.path))
    keywords["name"] = unmarked(name)
    keywords["rgb"] = rgb
    keywords["metadata"] = {**stack.metadata, VERDICT_KEY: stack_entry(opened)}
    return data, keywords, notes


def _lazy(opened: OpenStack) -> Any:
    """The array that the layer shows; each call makes one of which no plane was read."""
    restore = _restorer(opened)
    data = opened.dask(fill=True)  # black, and marked: see `stack_watch`
    if restore is None:
        return data
    return data.map_blocks(restore, dtype=restore(_nothing(opened.stack.dtype)).dtype)


def _restorer(opened: OpenStack) -> Restore | None:
    stack = opened.stack
    return restorer(stack.format, stack.window, stack.dtype, stack.source_dtype)


def _nothing(dtype: str) -> npt.NDArray[Any]:
    import numpy as np

    return np.zeros(1, dtype)


def _stem(path: str) -> str:
    name = os.path.basename(path)
    return printable(name[: -len(INDEX_ENDING)] or name, 200)
