"""Opening a sealed stack: one lazy layer, each plane of which is verified when it is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_seal._format.names import INDEX_ENDING
from napari_seal._napari.attributes import (
    OF_IMAGES,
    OF_LABELS,
    attributes_from_json,
    name_from_json,
)
from napari_seal._napari.flag import plain_name
from napari_seal._napari.mismatch import check_agreed
from napari_seal._napari.notices import unmarked
from napari_seal._napari.opened import remember
from napari_seal._napari.signature_preferences import trust_for_opening
from napari_seal._napari.stack_values import stack_entry
from napari_seal._napari.stack_watch import StackWatch
from napari_seal._napari.user_metadata import VERDICT_KEY
from napari_seal._text import printable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from napari.layers import Image, Labels

    from napari_seal._format.window import Window
    from napari_seal._verify.stack import OpenStack

# Types that an image is sealed from; a file may say anything.
NUMBERS = frozenset(
    {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
    | {"bool", "float16", "float32", "float64"}
)

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
    opened = napari_seal.open_stack(path, trust=trust)
    check_agreed(opened.path, opened.verdict)
    watch = StackWatch(opened, trust)
    opened.on_verdict = watch.see
    data, keywords, notes = _load(opened)
    layer = _make(data, keywords, notes, is_labels=_are_labels(opened, data))
    layer.metadata[VERDICT_KEY]["notes"] = notes
    # Restored limits would also be the ends of the slider: contrast could only be raised.
    if hasattr(layer, "reset_contrast_limits_range") and layer.dtype.kind in "iu":
        layer.reset_contrast_limits_range()
    remember(layer, None)
    watch.follow(layer, partial(_lazy, opened))
    watch.announce(notes)
    return layer


def _make(
    data: Any, keywords: dict[str, Any], notes: list[str], *, is_labels: bool
) -> Image | Labels:
    from napari.layers import Image, Labels

    kind, foreign = (Labels, OF_IMAGES) if is_labels else (Image, OF_LABELS)
    keywords = {key: value for key, value in keywords.items() if key not in foreign}
    try:
        return kind(data, **keywords)
    except Exception as error:  # noqa: BLE001 - values that napari refuses only in combination
        keywords = {key: keywords[key] for key in ("name", "metadata", "rgb") if key in keywords}
        notes.append(f"layer attributes ({printable(error, 100)})")
        return kind(data, **keywords)


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


def _restorer(opened: OpenStack) -> Callable[[npt.NDArray[Any]], npt.NDArray[Any]] | None:
    stack = opened.stack
    return restorer(stack.format, stack.window, stack.dtype, stack.source_dtype)


def restorer(
    format: str | None,  # noqa: A002 - the seal's word
    window: Window | None,
    stored: str,
    source: str,
) -> Callable[[npt.NDArray[Any]], npt.NDArray[Any]] | None:
    """Return the function that gives the original intensities of what PNG stores.

    Parameters
    ----------
    format, window
        As the seal says.
    stored, source : str
        Types of the levels and of the sealed array.

    Returns
    -------
    callable or None
        None where levels cannot be mapped back: they are shown as they are.
    """
    if format != "png" or window is None or source not in NUMBERS:
        return None
    if stored == source and window.low == 0:
        return _as_they_are
    return partial(_restore, window=window, source=source)


def _as_they_are(levels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return levels


def _restore(levels: npt.NDArray[Any], *, window: Window, source: str) -> npt.NDArray[Any]:
    import numpy as np

    restored = window.restore(levels)
    dtype: np.dtype[Any] = np.dtype(source)
    if dtype.kind in "iu":
        restored = np.rint(restored).clip(np.iinfo(dtype).min, np.iinfo(dtype).max)
    return np.asarray(restored, dtype)


def _nothing(dtype: str) -> npt.NDArray[Any]:
    import numpy as np

    return np.zeros(1, dtype)


def _are_labels(opened: OpenStack, data: Any) -> bool:
    stored = opened.layer
    kind = stored.get("type") if isinstance(stored, Mapping) else None
    return kind == "labels" and data.dtype.kind in "iu" and opened.axes[-1] == "X"


def _stem(path: str) -> str:
    name = os.path.basename(path)
    return printable(name[: -len(INDEX_ENDING)] or name, 200)
