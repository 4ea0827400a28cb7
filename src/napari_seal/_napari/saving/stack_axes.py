"""The axes of a layer with more than two dimensions: their names, and their order in a stack."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain, count
from typing import Any, Final

from napari_seal._format import limits

# napari's own: "-3" and the like say nothing.
_UNNAMED: Final = re.compile(r"-?\d+")
# What axes are called of which nothing is known, the last one first.
_USUAL: Final = ("Z", "C", "T", "P")
#: Attributes with a value for each axis.
_BY_AXIS: Final = ("scale", "translate", "units", "axis_labels")


def name_axes(meta: Mapping[str, Any], ndim: int) -> tuple[str, ...]:
    """Name the axes of a layer as a stack needs them: with Y and X, and no two alike.

    Parameters
    ----------
    meta : mapping
        The layer's attributes, of which ``axis_labels`` and ``units`` count.
    ndim : int
        Dimensions of the layer, without that of colours.

    Returns
    -------
    tuple of str
        Y and X where the labels say so, otherwise last.  Other axes by their labels; without one,
        T where the unit is one of time, otherwise Z, T, C, P in the order in which people use them.

    Examples
    --------
    >>> name_axes({"axis_labels": ("-4", "-3", "-2", "-1")}, 4)
    ('T', 'Z', 'Y', 'X')
    >>> name_axes({"axis_labels": ("x", "y", "frame")}, 3)
    ('X', 'Y', 'frame')
    """
    labels = [_label(label) for label in meta.get("axis_labels") or ()]
    if len(labels) != ndim:
        labels = [""] * ndim
    if labels.count("Y") != 1 or labels.count("X") != 1:
        labels = ["" if label in ("Y", "X") else label for label in labels[:-2]] + ["Y", "X"]
    pictured = (labels.index("Y"), labels.index("X"))
    names = [label if at in pictured else "" for at, label in enumerate(labels)]
    # "S" is that of colours.
    for at, label in enumerate(labels):
        if label and label != "S" and label not in names:
            names[at] = label
    units = list(meta.get("units") or [])
    for at in range(ndim):
        if not names[at] and at < len(units) and _is_time(units[at]) and "T" not in names:
            names[at] = "T"
    proposed = chain(_usual(names.count("")), (f"A{number}" for number in count(1)))
    free = (name for name in proposed if name not in names)
    for at in reversed(range(ndim)):
        names[at] = names[at] or next(free)
    return tuple(names)


def _usual(unknown: int) -> Sequence[str]:
    """Of two axes the first is time, of three the one between is channels."""
    return ("Z", "T", "C", "P") if unknown < 3 else _USUAL


def _label(label: Any) -> str:
    text = str(label).strip()
    if not text or _UNNAMED.fullmatch(text) or not text.isprintable():
        return ""
    return "" if len(text) > limits.AXIS_NAME else text.upper() if len(text) == 1 else text


def _is_time(unit: Any) -> bool:
    try:
        return bool(getattr(unit, "dimensionality", None) == {"[time]": 1})
    except Exception:  # noqa: BLE001 - pint looks up a unit that it may not know
        return False


def planes_first(
    data: Any, axes: Sequence[str], attributes: Mapping[str, Any], *, rgb: bool
) -> tuple[Any, tuple[str, ...], dict[str, Any], list[str]]:
    """Bring Y and X to the end, where a stack has them, in the data and in the attributes.

    Parameters
    ----------
    data : array-like
        Is not copied.
    axes : sequence of str
        From `name_axes`.
    attributes : mapping
        From `attributes_to_json`.
    rgb : bool
        Whether the data have an axis of colours behind all others.

    Returns
    -------
    data, axes, attributes
        In that order.
    left_out : list of str
        Attributes that could not be brought into it.
    """
    order = [axes.index(axis) for axis in axes if axis not in ("Y", "X")]
    order += [axes.index("Y"), axes.index("X")]
    if order == sorted(order):
        return data, tuple(axes), dict(attributes), []
    if not hasattr(data, "transpose"):  # zarr and others that are read piece by piece
        from dask.array import from_array

        data = from_array(data)  # type: ignore[no-untyped-call]
    moved, left_out = dict(attributes), []
    for key in _BY_AXIS:
        if key in moved:
            moved[key] = [moved[key][at] for at in order]
    for key, more in (("rotate", []), ("affine", [len(order)])):
        if key in moved:
            rows = order + more
            moved[key] = [[moved[key][row][column] for column in rows] for row in rows]
    if any(moved.get("shear") or ()):
        left_out.append("shear (of axes that are stored in another order)")
        del moved["shear"]
    colours = [len(order)] if rgb else []
    return data.transpose(order + colours), tuple(axes[at] for at in order), moved, left_out
