"""Bringing a part of a picture into view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.layers import Layer

# How much more than the box is in view: what lies around it tells where one is.
_AROUND = 3.5
# No fewer pixels than these.
_LEAST = 48


def look_at(viewer: Any, picture: Layer, box: Sequence[int]) -> None:
    """Move the camera to a box in a picture.

    Parameters
    ----------
    viewer : napari.viewer.Viewer or napari.components.ViewerModel
        In which the picture is shown.
    picture : napari.layers.Layer
        Its transform is taken into account.
    box : (int, int, int, int)
        ``(y0, x0, y1, x1)`` in pixels, half-open.
    """
    import numpy as np

    low, high = np.array(box[:2], float), np.array(box[2:], float)
    # Pixel centres have whole numbers: the box begins half a pixel before its first one.
    middle = (low + high) / 2 - 0.5
    half = np.maximum((high - low) * _AROUND, _LEAST) / 2
    signs = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
    # A layer with fewer axes than the viewer lies on the last ones.
    corners = np.array([picture.data_to_world(middle + sign * half)[-2:] for sign in signs])
    size, centre = np.ptp(corners, axis=0), corners.mean(axis=0)
    axes = (viewer.dims.ndim - 2, viewer.dims.ndim - 1)
    place, extent = dict(zip(axes, centre, strict=True)), dict(zip(axes, size, strict=True))
    camera, shown = viewer.scene.camera, viewer.dims.displayed
    camera.center = [place.get(axis, old) for axis, old in _pairs(shown, camera.center)]
    canvas = np.array(viewer.canvas.viewbox_size(viewer.layers), float)
    zooms = [
        pixels / extent[axis]
        for axis, pixels in zip(shown[-2:], canvas, strict=True)
        if extent.get(axis)
    ]
    if zooms:
        camera.zoom = min(zooms)


def _pairs(shown: Sequence[int], center: Sequence[float]) -> list[tuple[int, float]]:
    """The axis that each of the camera's numbers is about; -1 where it is about none."""
    axes = [-1] * (len(center) - len(shown)) + list(shown)
    return list(zip(axes, center, strict=True))
