"""Colormaps as JSON: by name where napari knows the name, by their colours otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from napari_seal._text import printable

_HEX = re.compile(r"#[0-9a-f]{8}")
# What a screen can tell apart, and small enough for an Exif block of 65,533 bytes.
_MOST_COLOURS = 256


def colormap_to_json(value: Any) -> str | dict[str, Any]:
    """Return a colormap as its name or as hexadecimal colours with their control points.

    Parameters
    ----------
    value : dict or napari.utils.Colormap
        As it stands in the attributes of a layer.

    Returns
    -------
    str or dict
        The name where napari has that colormap with those colours; otherwise ``name``, ``colors``
        (``#rrggbbaa``), ``controls`` and ``interpolation``, resampled to at most 256 colours.
    """
    import numpy as np
    from napari.utils.colormaps import ALL_COLORMAPS, Colormap

    colormap = value if isinstance(value, Colormap) else Colormap(**value)
    # Not AVAILABLE_COLORMAPS, to which napari adds the user's own: another machine lacks those.
    known = ALL_COLORMAPS.get(colormap.name)
    if known is not None and known.same_colors(colormap):
        return str(colormap.name)
    colors, controls = np.asarray(colormap.colors), np.asarray(colormap.controls)
    interpolation = str(colormap.interpolation)
    if len(colors) > _MOST_COLOURS:
        controls = np.linspace(0, 1, _MOST_COLOURS)
        colors, interpolation = colormap.map(controls), "linear"
    levels = np.clip(np.rint(colors * 255), 0, 255).astype(int)
    return {
        "name": str(colormap.name),
        "colors": ["#" + "".join(f"{level:02x}" for level in row) for row in levels],
        "controls": [round(float(control), 6) for control in controls],
        "interpolation": interpolation,
    }


def colormap_from_json(value: Any) -> Any:
    """Return the colormap that a file names or describes.

    Parameters
    ----------
    value : object
        What `colormap_to_json` wrote, or anything else.

    Raises
    ------
    ValueError
        If it is no colormap.
    """
    from napari.utils.colormaps import AVAILABLE_COLORMAPS, Colormap

    if isinstance(value, str):
        if value not in AVAILABLE_COLORMAPS:
            raise ValueError("a colormap that napari does not know")
        return value
    value = value if isinstance(value, Mapping) else {}
    colors, controls = value.get("colors"), value.get("controls")
    if not isinstance(colors, list) or not 1 <= len(colors) <= _MOST_COLOURS:
        raise ValueError(f"expected 1 to {_MOST_COLOURS} colours")
    if not all(isinstance(color, str) and _HEX.fullmatch(color) for color in colors):
        raise ValueError("a colour that is not #rrggbbaa")
    if not isinstance(controls, list) or len(controls) > _MOST_COLOURS + 1:
        raise ValueError("expected control points")
    if not all(isinstance(c, int | float) and 0 <= c <= 1 for c in controls):
        raise ValueError("a control point outside 0 to 1")
    name = value.get("name")
    # pydantic's error is a ValueError: too many or too few control points, or out of order.
    colormap = Colormap(
        colors=[[int(color[i : i + 2], 16) / 255 for i in (1, 3, 5, 7)] for color in colors],
        controls=[float(control) for control in controls],
        interpolation=str(value.get("interpolation")),
        name=printable(name, 60) if isinstance(name, str) else "custom",
    )
    known = AVAILABLE_COLORMAPS.get(colormap.name)
    return known if known is not None and _nearly_same(known, colormap) else colormap


def _nearly_same(known: Any, colormap: Any) -> bool:
    """Whether two colormaps differ by rounding only; napari would list the second as "... (1)"."""
    import numpy as np

    return bool(
        known.interpolation == colormap.interpolation
        and known.colors.shape == colormap.colors.shape
        and known.controls.shape == colormap.controls.shape
        and np.allclose(known.colors, colormap.colors, atol=0.5 / 255 + 1e-6)
        and np.allclose(known.controls, colormap.controls, atol=1e-5)
    )
