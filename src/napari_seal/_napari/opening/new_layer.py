"""The layer that is made of an opened image or stack, and what of it the seal decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from napari_seal._napari.layers.attributes import OF_IMAGES, OF_LABELS
from napari_seal._text import printable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from napari.layers import Image, Labels

    from napari_seal._format.window import Window

    Restore = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]

# Types that an image is sealed from; a file may say anything.
_NUMBERS = frozenset(
    {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
    | {"bool", "float16", "float32", "float64"}
)
# What a layer cannot do without.
_LEAST = ("name", "metadata", "rgb")


def make_layer(
    data: Any, keywords: Mapping[str, Any], stored: object, notes: list[str]
) -> Image | Labels:
    """Return a layer of the kind that was sealed, with all attributes that napari takes.

    Parameters
    ----------
    data : array-like
        May be lazy.
    keywords : mapping
        For an image; of labels, those that only images have are left out.
    stored : object
        What the seal says of the layer, which may be anything.
    notes : list of str
        Is added to where attributes are left out.
    """
    from napari.layers import Image, Labels

    labels = _were_labels(stored) and not keywords["rgb"] and data.dtype.kind in "iu"
    kind, foreign = (Labels, OF_IMAGES) if labels else (Image, OF_LABELS)
    keywords = {key: value for key, value in keywords.items() if key not in foreign}
    try:
        return kind(data, **keywords)
    except Exception as error:  # noqa: BLE001 - values that napari refuses only in combination
        notes.append(f"layer attributes ({printable(error, 100)})")
        return kind(data, **{key: keywords[key] for key in _LEAST if key in keywords})


@cache
def prepare_layers() -> None:
    """Let napari import what its first layer needs, in a thread: it takes more than a second."""
    import numpy as np
    from napari.layers import Image

    Image(np.zeros((2, 2), np.uint8), rgb=False)


def _were_labels(stored: object) -> bool:
    return isinstance(stored, Mapping) and stored.get("type") == "labels"


def free_slider(layer: Image | Labels) -> None:
    """Let the contrast be lowered as well: restored limits would be the ends of the slider, too."""
    import numpy as np

    # Of floats that are read when they are shown, all would have to be read now.
    known = layer.dtype.kind in "iu" or isinstance(layer.data, np.ndarray)
    if known and hasattr(layer, "reset_contrast_limits_range"):
        layer.reset_contrast_limits_range()


def restorer(
    format: str | None,  # noqa: A002 - the seal's word
    window: Window | None,
    stored: str,
    source: str,
) -> Restore | None:
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
    if format != "png" or window is None or source not in _NUMBERS:
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
