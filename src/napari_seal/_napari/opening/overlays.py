"""Layers that lie on an opened picture: boxes around what was changed, and how strongly it was.

Both have the transform of the picture, so that they lie on it wherever it lies.  What they are is
written into ``layer.metadata["seal"]``, as the verdict of a picture is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from napari_seal._napari.flag import keep_help, plain_name
from napari_seal._napari.layers.user_metadata import PART_KEY, VERDICT_KEY, overlay_part
from napari_seal._napari.opening.number_colour import ANYWHERE, number_colour
from napari_seal._verify.change.score_map import ScoreMap
from napari_seal._verify.verdict import Box

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from napari.layers import Image, Layer, Shapes

REGIONS, SCORES = "regions", "scores"

#: Of the boxes and what lies under them: one of the two stands out from every picture, whatever
#: its colours and whatever colours a person sees.
EDGE, CASING = "#ff8c1a", "#14161a"
# Beyond, the exact number says nothing more.
_MOST = 999.0
# The colours of the score map end at so many times the threshold.
_FULL = 4.0


def strengths(scores: ScoreMap | None, regions: Iterable[Box]) -> list[float]:
    """Return the highest score of a tile in each region; empty where there are no scores.

    Parameters
    ----------
    scores : ScoreMap or None
        By tile; those of the last row and column reach to the picture's edge.
    regions : iterable of Box
        In pixels, half-open.
    """
    import numpy as np

    if scores is None or scores.scores.size == 0:
        return []
    values = np.nan_to_num(np.asarray(scores.scores, float)).clip(0, _MOST)
    last = np.array(values.shape) - 1
    found = []
    for y0, x0, y1, x1 in regions:
        low = np.minimum(np.array([y0, x0]) // scores.size, last)
        high = np.minimum((np.array([y1, x1]) - 1) // scores.size, last) + 1
        found.append(round(float(values[low[0] : high[0], low[1] : high[1]].max(initial=0)), 2))
    return found


def region_text(
    number: int, box: Sequence[int], strength: float | None, *, lossless: bool = False
) -> str:
    """Return one region in words.

    Parameters
    ----------
    number : int
        From 1.
    box : sequence of int
        ``(y0, x0, y1, x1)``.
    strength : float or None
        Its highest score.
    lossless : bool
        Whether scores are by how many levels tiles changed, see `ScoreMap.lossless`.

    Examples
    --------
    >>> region_text(2, (16, 32, 64, 64), 4.123)
    'region 2: 32 x 48 px, strongest 4.1 times the threshold'
    """
    y0, x0, y1, x1 = box
    text = f"region {number}: {x1 - x0} x {y1 - y0} px"
    if strength is None or strength < 1:
        return text
    if lossless:
        return f"{text}, by up to {strength - 1:.1f} of 255 levels (mean of a tile)"
    times = f"{strength:.1f}" if strength < 100 else "more than 100"
    return f"{text}, strongest {times} times the threshold"


def make_overlays(image: Image, scores: ScoreMap | None) -> list[Layer]:
    """Return the layers that lie on a picture, from bottom to top; none where nothing is localised.

    Parameters
    ----------
    image : napari.layers.Image
        As it was opened, with its verdict in ``metadata["seal"]``.
    scores : ScoreMap or None
        From the same verdict.
    """
    layers: list[Layer] = []
    if scores is not None and scores.scores.size:
        layers.append(score_layer(image, scores))
    if image.metadata[VERDICT_KEY].get("regions"):
        # Last, so that napari makes it the active layer: then the boxes speak under the mouse.
        layers.append(region_layer(image))
    return layers


def region_layer(image: Image) -> Shapes:
    """Return a rectangle for each changed region, numbered from 1, and a darker one under each.

    Parameters
    ----------
    image : napari.layers.Image
        With ``regions`` in ``metadata["seal"]``.

    Returns
    -------
    napari.layers.Shapes
        The rectangles under the boxes come first; ``features["region"]`` is 0 for them.
    """
    entry = image.metadata[VERDICT_KEY]
    boxes = entry["regions"]
    known = entry.get("strengths") or [None] * len(boxes)
    numbers = range(1, len(boxes) + 1)
    texts = [
        region_text(*row, lossless=bool(entry.get("lossless")))
        for row in zip(numbers, boxes, known, strict=True)
    ]
    width = edge_width(image)
    own = {PART_KEY: REGIONS, "path": entry["path"], "regions": boxes}
    frames = [frame(box, width) for box in boxes]
    colours = [number_colour(image, image.data[under_number(corners, width)]) for corners in frames]
    return boxes_layer(image, frames, numbers, texts, colours, own)


def edge_width(image: Layer) -> float:
    """The width of the edge of boxes on a picture, in its pixels.

    At least two pixels of the screen where the whole picture is in view, and never more than a part
    of a tile: there are at most 64 tiles a side.
    """
    sides = image.data.shape[-3:-1] if getattr(image, "rgb", False) else image.data.shape[-2:]
    return float(max(max(sides) / 300, 0.5))


def boxes_layer(
    image: Layer,
    frames: Sequence[npt.NDArray[np.float64]],
    numbers: Sequence[int],
    texts: Sequence[str],
    colours: Sequence[str],
    entry: dict[str, Any],
) -> Shapes:
    """Return a layer of numbered rectangles, with a darker one under each.

    Parameters
    ----------
    image : napari.layers.Layer
        On which it lies.
    frames : sequence of (4, D) ndarray
        Corners, from `frame`.
    numbers, texts, colours : sequence of int, of str, of str
        What stands beside each, what the status bar says of it, and the number's colour.
    entry : dict
        For ``metadata["seal"]``.
    """
    from napari.layers import Shapes

    width, number = edge_width(image), len(frames)
    # The casing shows on both sides of the edge and is twice as wide.
    layer = Shapes(
        list(frames) * 2,
        shape_type="rectangle",
        edge_color=[CASING] * number + [EDGE] * number,
        edge_width=[2 * width] * number + [width] * number,
        face_color="transparent",
        opacity=1,
        features={
            "region": [0] * number + list(numbers),
            "number": [""] * number + [str(n) for n in numbers],
            "what": list(texts) * 2,
            "colour": list(colours) * 2,
        },
        text={
            "string": "{number}",
            "color": {"feature": "colour", "fallback": ANYWHERE},
            "size": 15,
            "anchor": "upper_left",
            "translation": [0] * (image.ndim - 2) + [-3 * width, 0],
        },
        name=f"⚠ changed regions: {plain_name(image.name)}",
        metadata={VERDICT_KEY: entry},
        **_transform(image),
    )
    equip(layer)
    return layer


def frame(box: Sequence[int], width: float) -> npt.NDArray[np.float64]:
    """The rectangle whose edge and casing, twice as wide, lie around a region and not on it."""
    import numpy as np

    y0, x0, y1, x1 = box
    # Pixel centres have whole numbers.
    out = 0.5 + width
    top, left, bottom, right = y0 - out, x0 - out, y1 - 1 + out, x1 - 1 + out
    return np.array([[top, left], [top, right], [bottom, right], [bottom, left]])


def under_number(corners: npt.NDArray[np.float64], width: float) -> tuple[slice, slice]:
    """The pixels on which the number of a box stands where the whole picture is in view."""
    side = max(4, int(10 * width))
    y, x = (int(at) for at in corners[0, -2:])
    top, left = max(0, y - int(3 * width)), max(0, x)
    return slice(top, top + side), slice(left, left + side)


def score_layer(image: Image, scores: ScoreMap) -> Image:
    """Return the score map as a hidden layer, one pixel a tile, that lies on the picture.

    Parameters
    ----------
    image : napari.layers.Image
        The picture.
    scores : ScoreMap
        By tile.
    """
    import numpy as np
    from napari.layers import Image
    from napari.utils.transforms import Affine

    transform = _transform(image)
    # The centre of a tile in place of the centre of its first pixel.
    placed = Affine(
        scale=image.scale, translate=image.translate, rotate=image.rotate, shear=image.shear
    )
    transform["translate"] = placed(np.full(2, (scores.size - 1) / 2))
    transform["scale"] = np.asarray(image.scale) * scores.size
    return Image(
        np.nan_to_num(np.asarray(scores.scores, np.float32)).clip(0, _MOST),
        name=f"change strength: {plain_name(image.name)}",
        colormap=_colormap(),
        contrast_limits=[0, _FULL],
        interpolation2d="nearest",
        blending="translucent_no_depth",
        opacity=0.6,
        visible=False,
        rgb=False,
        metadata={
            VERDICT_KEY: {PART_KEY: SCORES, "path": image.metadata[VERDICT_KEY]["path"]},
        },
        **transform,
    )


def equip(layer: Layer) -> None:
    """Do to an overlay what its constructor takes no keyword for.

    Parameters
    ----------
    layer : napari.layers.Layer
        Boxes are fixed and speak under the mouse; the score map needs nothing.
    """
    if overlay_part(layer.metadata) != REGIONS:
        return

    layer.editable = False
    # napari would list the keys of tools that do nothing here.
    keep_help(layer, "point at a box to read what changed", alone=True)
    _speak(layer)


def _speak(layer: Shapes) -> None:
    """Let the status bar name the region under the mouse; napari 0.9 says "0" for shapes."""
    plain = layer.get_status

    def get_status(position: Any = None, **keywords: Any) -> dict[str, str]:
        status: dict[str, str] = plain(position, **keywords)
        if position is not None:
            text = _text_at(layer, position, world=bool(keywords.get("world")))
            status["value"] = text
            status["coordinates"] = f"{status['coords']}: {text}" if text else status["coords"]
        return status

    layer.get_status = get_status


def _text_at(layer: Shapes, position: Any, *, world: bool) -> str:
    point = layer.world_to_data(position) if world else position
    y, x = point[-2:]
    at = [round(value) for value in point[:-2]]
    entry, texts = layer.metadata[VERDICT_KEY], layer.features["what"]
    boxes = entry["regions"]
    # Of a stack, the plane on which each lies.
    places = entry.get("places") or [[]] * len(boxes)
    for (y0, x0, y1, x1), place, text in zip(boxes, places, texts, strict=False):
        if at == place and y0 - 0.5 <= y < y1 - 0.5 and x0 - 0.5 <= x < x1 - 0.5:
            return str(text)
    return ""


def _transform(image: Image) -> dict[str, Any]:
    return {
        "scale": image.scale,
        "translate": image.translate,
        "rotate": image.rotate,
        "shear": image.shear,
        "affine": image.affine.affine_matrix,
        "units": image.units,
        "axis_labels": image.axis_labels,
    }


def _colormap() -> Any:
    """Inferno with a step at the threshold: faint violet below, orange to yellow above."""
    import numpy as np
    from napari.utils.colormaps import AVAILABLE_COLORMAPS, Colormap

    at = np.array([0, 0.12, 0.35, 0.62, 0.8, 1], float)
    colors = np.array(AVAILABLE_COLORMAPS["inferno"].map(at))
    colors[:, 3] = [0, 0.25, 0.7, 1, 1, 1]
    step = 1 / _FULL
    controls = [0, step / 4, step * 0.999, step, (1 + step) / 2, 1]
    return Colormap(colors, controls=controls, name="seal score")
