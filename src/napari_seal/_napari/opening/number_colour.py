"""Colours in which a number can be read on a picture: napari's text has no casing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy.typing as npt
    from napari.layers import Layer

#: On dark parts of a picture, on light ones, and where nothing is known of it.
ON_DARK, ON_LIGHT, ANYWHERE = "#ffb870", "#14161a", "#e2711a"
# Above this luminance the dark one has the greater contrast (WCAG 2.2): with both it is 3.2 to 1.
_BETWEEN: Final = 0.135


def number_colour(image: Layer, levels: npt.NDArray[Any]) -> str:
    """Return the colour of a number that stands on a part of a picture.

    Parameters
    ----------
    image : napari.layers.Layer
        The picture, whose contrast limits and colours count.
    levels : (N, M) or (N, M, 3) ndarray
        That part of its data.
    """
    import numpy as np

    if not levels.size:
        return ANYWHERE
    if getattr(image, "rgb", False):
        top = np.iinfo(levels.dtype).max if levels.dtype.kind == "u" else 1
        shown = levels.reshape(-1, levels.shape[-1])[:, :3] / top
    elif hasattr(image, "contrast_limits"):
        low, high = image.contrast_limits
        scaled = (np.asarray(levels, float).ravel() - low) / max(high - low, 1e-12)
        shown = image.colormap.map(scaled.clip(0, 1) ** image.gamma)[:, :3]
    else:  # labels have any colour
        return ANYWHERE
    light = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    luminance = float((light @ (0.2126, 0.7152, 0.0722)).mean())
    return ON_LIGHT if luminance > _BETWEEN else ON_DARK
