"""Which layers belong together, and what is known of a picture beside its metadata."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from napari_seal._napari.layers.user_metadata import VERDICT_KEY, is_opened, overlay_part
from napari_seal._napari.opening.tile_means import tile_means

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from napari.layers import Image, Layer

    from napari_seal._verify.change.score_map import ScoreMap

    Means = npt.NDArray[np.floating]

# Not in the layer's metadata, which are plain values for scripts: these are thousands of numbers.
_SCORES: WeakKeyDictionary[Layer, ScoreMap] = WeakKeyDictionary()
_DATA: WeakKeyDictionary[Layer, Any] = WeakKeyDictionary()
# Of the tiles, with the data that they are the means of.
_MEANS: WeakKeyDictionary[Layer, tuple[Any, Means | None]] = WeakKeyDictionary()


def remember(layer: Image, scores: ScoreMap | None, means: Means | None = None) -> None:
    """Keep what belongs to a picture for as long as its layer lives.

    Parameters
    ----------
    layer : napari.layers.Image
        As it was opened.
    scores : ScoreMap or None
        From its verdict.
    means : ndarray, optional
        Of the tiles of its data; by default they are found when somebody asks.
    """
    _DATA[layer] = ref(layer.data)
    if scores is not None:
        _SCORES[layer] = scores
    if means is not None:
        _MEANS[layer] = ref(layer.data), means


def scores_of(layer: Layer) -> ScoreMap | None:
    """Return the score map of a picture, or of the one that it is a duplicate of."""
    origin = layer.source.parent
    origin = origin() if origin is not None else None
    return _SCORES.get(layer) or (_SCORES.get(origin) if origin is not None else None)


def means_of(layer: Layer, scores: ScoreMap) -> Means | None:
    """Return the mean of each tile of a picture as it is now; None where it has other tiles."""
    data = layer.data
    of, means = _MEANS.get(layer, (None, None))
    if of is None or of() is not data:
        # A tenth of a second for 36 megapixels, so not each time that a layer comes or goes.
        means = tile_means(data, scores.size, scores.sealed.shape)
        _MEANS[layer] = ref(data), means
    return means


def data_replaced(layer: Layer) -> bool:
    """Whether other data were put into the layer since it was opened.

    Changes within the array are not noticed.
    """
    opened = _DATA.get(layer)
    return opened is not None and opened() is not layer.data


def sealable(layers: Iterable[Layer]) -> list[Layer]:
    """Return the layers that can be sealed: those of images and of labels, none of ours."""
    from napari.layers import Image, Labels

    return [
        layer
        for layer in layers
        if isinstance(layer, Image | Labels) and not overlay_part(layer.metadata)
    ]


def picture_of(layers: Sequence[Layer], layer: Layer | None) -> Layer | None:
    """Return the picture on which an overlay lies; any other layer is returned as it is.

    Parameters
    ----------
    layers : sequence of Layer
        All of the viewer.
    layer : Layer or None
        One of them.

    Returns
    -------
    Layer or None
        None where the picture is no longer there.
    """
    if layer is None or not overlay_part(layer.metadata):
        return layer
    path, at = layer.metadata[VERDICT_KEY].get("path"), layers.index(layer)
    # The same file may have been opened more than once: overlays lie above their picture.
    for other in [*reversed(layers[:at]), *layers[at:]]:
        if is_opened(other.metadata) and other.metadata[VERDICT_KEY]["path"] == path:
            return other
    return None


def overlay_of(layers: Sequence[Layer], picture: Layer, part: str) -> Layer | None:
    """Return the layer with a part of what is known about a picture, if it is there."""
    for layer in layers:
        if overlay_part(layer.metadata) == part and picture_of(layers, layer) is picture:
            return layer
    return None
