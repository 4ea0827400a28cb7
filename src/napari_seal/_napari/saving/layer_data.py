"""The data of a layer: whether they can be sealed, and as what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from napari_seal._napari.layers.names import LOSSLESS
from napari_seal.errors import ImageError

if TYPE_CHECKING:
    from napari.layers import Layer

_LEVELS = 65535


def data_of(layer: Layer) -> tuple[Any, dict[str, Any]]:
    """Return the data of a layer and its attributes, with ``type`` where it is one of labels."""
    data, meta, kind = layer.as_layer_data_tuple()
    return data, {**meta, "type": "labels"} if kind == "labels" else meta


def extension_for(data: Any, meta: Mapping[str, Any], proposed: str) -> str:
    """Return the extension that a layer can have: the proposed one where both will do."""
    alpha = meta.get("rgb") and full_resolution(data, meta).shape[-1] == 4
    return LOSSLESS if meta.get("type") == "labels" or alpha else proposed


def full_resolution(data: Any, meta: Mapping[str, Any]) -> Any:
    """Return the data, of a pyramid its first level: the others are derived from it."""
    return data[0] if meta.get("multiscale") else data


def is_stack(data: Any, meta: Mapping[str, Any]) -> bool:
    """Whether the layer has more than one plane's axes."""
    return len(full_resolution(data, meta).shape) > (3 if meta.get("rgb") else 2)


def check_layer(data: Any, meta: Mapping[str, Any], *, lossless: bool) -> None:
    """Refuse what the format cannot hold, without computing or copying anything.

    Parameters
    ----------
    data : array-like
        NumPy, dask, zarr, or a pyramid of these.
    meta : mapping
        The layer's attributes, of which ``rgb``, ``multiscale`` and ``type`` count.
    lossless : bool
        Whether it is to be PNG, not JPEG.

    Raises
    ------
    ImageError
        Saying what can be sealed and what to do.
    """
    shape = tuple(full_resolution(data, meta).shape)
    if meta.get("type") == "labels" and not lossless:
        raise ImageError(
            "Labels are not saved as JPEG, which would change the numbers they are made of. "
            "Save as .sealed.png, which keeps each of them."
        )
    if meta.get("rgb") and shape[-1] != 3 and not (lossless and shape[-1] == 4):
        raise ImageError(
            f"The image has {shape[-1]} colour channels: gray and RGB images can be sealed, JPEG "
            "stores no transparency. Drop the alpha channel first (layer.data[..., :3]), or save "
            "as .sealed.png, which keeps it."
        )
    if len(shape) < (3 if meta.get("rgb") else 2):
        raise ImageError("The image has one dimension; at least two are needed to make a picture.")


def labels_window(labels: Any, step: Callable[[], None] | None = None) -> tuple[int, int] | None:
    """Refuse labels that 16 bits cannot hold one by one.

    Parameters
    ----------
    labels : array-like
        Of whole numbers, Y and X last; read plane by plane.
    step : callable, optional
        Called after each plane.

    Returns
    -------
    (int, int) or None
        The window in which each number has a level.  None where the type itself has no more than
        16 bits.

    Raises
    ------
    ImageError
        Saying what to do.
    """
    import numpy as np

    if np.dtype(labels.dtype).itemsize <= 2:
        return None
    found = []
    for index in np.ndindex(*labels.shape[:-2]):
        plane = np.asarray(labels[index])
        found += [int(plane.min()), int(plane.max())] if plane.size else []
        if step is not None:
            step()
    low, high = min(found, default=0), max(found, default=0)
    if high - low > _LEVELS:
        raise ImageError(
            f"The labels go from {low} to {high}, and a PNG holds 65,536 numbers "
            "in a row. Renumber them first (skimage.segmentation.relabel_sequential)."
        )
    return (0, _LEVELS) if low >= 0 and high <= _LEVELS else (low, low + _LEVELS)
