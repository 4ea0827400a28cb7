"""The planes of an image, one at a time, and what is said of each in its seal."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_seal._images.opened import OpenedImage
from napari_seal._text import printable

_PLACE: Final = re.compile(r"\b([A-Z])=([0-9]{1,9})\b", re.ASCII)


def planes(image: OpenedImage) -> Iterator[tuple[dict[str, int], npt.NDArray[Any]]]:
    """Yield each plane of an image with its position; one is in memory at a time.

    Yields
    ------
    position : dict of str to int
        The index along each leading axis, by its letter, in the order of `OpenedImage.axes`; empty
        for an image that is one plane.
    plane : (Y, X) or (Y, X, 3) ndarray
    """
    leading = image.leading
    for index in np.ndindex(*leading.values()):
        yield dict(zip(leading, index, strict=True)), image.array[index]


def number_of_planes(image: OpenedImage) -> int:
    """How many `planes` yields."""
    return math.prod(image.leading.values())


def place(position: Mapping[str, int], leading: Mapping[str, int]) -> str:
    """Return a position as part of a file's name, so that names sort as planes do.

    Examples
    --------
    >>> place({"T": 3, "C": 0, "Z": 12}, {"T": 1000, "C": 2, "Z": 31})
    't003_c0_z12'
    """
    return "_".join(
        f"{axis.lower()}{position[axis]:0{len(str(length - 1))}}"
        for axis, length in leading.items()
    )


def index_in_name(name: str, leading: Mapping[str, int]) -> tuple[int, ...] | None:
    """Return the index of a plane by the name that `layer_attributes` gives it, or None.

    Examples
    --------
    >>> index_in_name("cells T=3 C=0 (DAPI)", {"T": 10, "C": 2})
    (3, 0)
    """
    position = {axis: int(number) for axis, number in _PLACE.findall(name[-200:])}
    if not all(position.get(axis, length) < length for axis, length in leading.items()):
        return None
    return tuple(position[axis] for axis in leading)


def stack_attributes(image: OpenedImage, name: str) -> dict[str, Any]:
    """Return how napari is to show a stack: a step, a unit and a label for each axis but S.

    Parameters
    ----------
    image : OpenedImage
    name : str
        Of the file.

    Returns
    -------
    dict
        As `layer_attributes` returns it, and the names of the channels.
    """
    axes = image.axes.removesuffix("S")
    layer: dict[str, Any] = {"name": printable(" ".join(filter(None, (name, image.name))), 200)}
    layer["axis_labels"] = list(axes.lower())
    if {"Y", "X"} <= image.scale.keys():
        layer["scale"] = [image.scale.get(axis, 1.0) for axis in axes]
        if {"Y", "X"} <= image.units.keys():
            layer["units"] = [image.units.get(axis, "pixel") for axis in axes]
    if image.channels:
        layer["channels"] = list(image.channels)
    return layer


def layer_attributes(
    image: OpenedImage, position: Mapping[str, int], name: str
) -> dict[str, Any] | None:
    """Return how napari is to show a plane: its pixel size, units, axes and place in the whole.

    Parameters
    ----------
    image : OpenedImage
    position : mapping of str to int
        As `planes` yields it.
    name : str
        Of the file.

    Returns
    -------
    dict or None
        The attributes of an image layer, as napari's writer records them; None where there is
        nothing to say.
    """
    layer: dict[str, Any] = {}
    words = [
        f"{axis}={at}" + (f" ({image.channels[at]})" if axis == "C" and image.channels else "")
        for axis, at in position.items()
    ]
    if image.name:
        words.insert(0, image.name)
    if words:
        layer["name"] = printable(" ".join((name, *words)), 200)
    scale = [image.scale.get(axis) for axis in "YX"]
    units = [image.units.get(axis) for axis in "YX"]
    if None not in scale:
        layer["scale"] = scale
        if None not in units:
            layer["units"] = units
        layer["axis_labels"] = ["y", "x"]
    return layer or None
