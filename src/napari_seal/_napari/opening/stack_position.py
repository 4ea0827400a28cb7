"""Which planes of a stack a viewer shows, and going to one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from napari.layers import Layer

Found = TypeVar("Found")


def in_view(viewer: Any, layer: Layer, grid: Sequence[int]) -> tuple[int | None, ...]:
    """Return the position that is shown, along each axis in which planes are counted.

    Parameters
    ----------
    viewer : napari.viewer.Viewer or napari.components.ViewerModel
        In which the layer is shown.
    layer : napari.layers.Layer
        A stack: its last two axes are those of the pictures.
    grid : sequence of int
        Number of planes along the axes before.

    Returns
    -------
    tuple of int or None
        None for an axis of which all planes are in view, as in 3-D.
    """
    import numpy as np

    dims = viewer.dims
    # A layer with fewer axes than the viewer lies on the last ones.
    first = dims.ndim - layer.ndim
    displayed = {axis - first for axis in dims.displayed}
    at = np.asarray(layer.world_to_data(np.asarray(dims.point, float)[first:]), float)
    thick = np.asarray(dims.margin_left, float) + np.asarray(dims.margin_right, float)
    return tuple(
        None if axis in displayed or thick[first + axis] else round(float(at[axis]))
        for axis in range(len(grid))
    )


def bad_in_view(
    bad: Mapping[tuple[int, ...], Found], shown: Sequence[int | None]
) -> Iterator[tuple[tuple[int, ...], Found]]:
    """Yield those of the planes that are in view, with what was found out about them."""
    if None not in shown:
        index = tuple(position for position in shown if position is not None)
        if index in bad:
            yield index, bad[index]
        return
    for index, found in bad.items():
        if all(want is None or want == have for want, have in zip(shown, index, strict=True)):
            yield index, found


def go_to_plane(viewer: Any, layer: Layer, index: Sequence[int]) -> None:
    """Move the sliders to a plane.

    Parameters
    ----------
    viewer, layer
        As for `in_view`.
    index : sequence of int
        Its position along each axis in which planes are counted.
    """
    first = viewer.dims.ndim - layer.ndim
    world = layer.data_to_world([*index, *(0 for _ in range(layer.ndim - len(index)))])
    for axis in range(len(index)):
        if first + axis not in viewer.dims.displayed:
            viewer.dims.set_point(first + axis, world[axis])
