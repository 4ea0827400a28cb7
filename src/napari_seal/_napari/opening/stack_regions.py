"""Boxes around what was changed in the planes of a stack, each in its plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from napari_seal._napari.layers.stack_values import place_text
from napari_seal._napari.layers.user_metadata import PART_KEY, VERDICT_KEY
from napari_seal._napari.opening.number_colour import ANYWHERE, number_colour
from napari_seal._napari.opening.overlays import (
    REGIONS,
    boxes_layer,
    edge_width,
    frame,
    region_text,
    strengths,
    under_number,
)

if TYPE_CHECKING:
    from napari.layers import Layer, Shapes

    from napari_seal import Verdict
    from napari_seal._verify.change.score_map import ScoreMap

#: Boxes that are drawn; more would make the layer slow, and nobody looks at all of them.
MOST: Final = 500


def stack_region_layer(layer: Layer, verdicts: Mapping[tuple[int, ...], Verdict]) -> Shapes:
    """Return a layer of rectangles, numbered from 1 in each plane.

    Parameters
    ----------
    layer : napari.layers.Layer
        Of the stack.
    verdicts : mapping of tuple of int to Verdict
        On planes that are not intact; at least one has regions.
    """
    import numpy as np

    entry = layer.metadata[VERDICT_KEY]
    axes, width = entry["stack"]["axes"], edge_width(layer)
    frames: list[Any] = []
    numbers, texts, colours, boxes, places = [], [], [], [], []
    for index, verdict in sorted(verdicts.items()):
        scores = verdict.scores
        known: list[Any] = strengths(scores, verdict.regions) or [None] * len(verdict.regions)
        lossless = scores is not None and scores.lossless
        rows = zip(verdict.regions, known, strict=True)
        for number, (box, strength) in enumerate(rows, 1):
            if len(frames) == MOST:
                break
            corners = frame(box, width)
            frames.append(np.column_stack([np.tile(index, (len(corners), 1)), corners]))
            numbers.append(number)
            what = region_text(number, box, strength, lossless=lossless)
            texts.append(f"{place_text(axes, index)}, {what}")
            colours.append(_colour(layer, corners, scores))
            boxes.append(list(box))
            places.append(list(index))
    own = {PART_KEY: REGIONS, "path": entry["path"], "regions": boxes, "places": places}
    return boxes_layer(layer, frames, numbers, texts, colours, own)


def _colour(layer: Layer, corners: Any, scores: ScoreMap | None) -> str:
    """As the plane was when it was sealed: to look at it now, it would have to be read again."""
    import numpy as np

    if scores is None or layer.dtype != np.uint8 or getattr(layer, "rgb", False):
        return ANYWHERE
    rows, columns = under_number(corners, edge_width(layer))
    size = scores.size
    tiles = scores.sealed[
        rows.start // size : rows.stop // size + 1, columns.start // size : columns.stop // size + 1
    ]
    return number_colour(layer, tiles)
