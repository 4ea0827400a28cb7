"""The axes of a layer with more than two dimensions, and the order in which a stack has them."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pint
import pytest

from napari_seal._napari.saving.stack_axes import name_axes, planes_first

PIXEL, SECOND, UM = (pint.get_application_registry().Unit(u) for u in ("pixel", "s", "um"))


@pytest.mark.parametrize(
    ("labels", "units", "axes"),
    [
        (["-3", "-2", "-1"], None, "Z Y X"),
        (["-4", "-3", "-2", "-1"], None, "T Z Y X"),
        (["-5", "-4", "-3", "-2", "-1"], None, "T C Z Y X"),
        ([f"{n}" for n in range(-7, 0)], None, "A1 P T C Z Y X"),
        (["-3", "-2", "-1"], [SECOND, UM, UM], "T Y X"),
        (["-4", "-3", "-2", "-1"], [PIXEL, SECOND, UM, UM], "Z T Y X"),
        (["time", "z", "y", "x"], None, "time Z Y X"),
        (["y", "x", "z"], None, "Y X Z"),
        (["z", "row", "column"], None, "Z Y X"),
        (["x", "row", "column"], None, "Z Y X"),
        (["s", "y", "x"], None, "Z Y X"),
        (["z", "Z", "y", "x"], None, "Z T Y X"),
        (["\n", "y", "x"], None, "Z Y X"),
        (["n" * 65, "y", "x"], None, "Z Y X"),
        (None, None, "Z Y X"),
    ],
)
def test_axes_have_names_that_a_stack_can_have(labels, units, axes):
    """Those of the layer where it has some, others by unit and custom; no two alike."""
    ndim = 3 if labels is None else len(labels)
    assert " ".join(name_axes({"axis_labels": labels, "units": units}, ndim)) == axes


@pytest.mark.parametrize("make", [np.asarray, da.from_array])
def test_pictures_come_last(make):
    """Data and attributes are brought into the order of a stack together."""
    data = np.arange(2 * 3 * 4 * 3).reshape(2, 3, 4, 3)  # Y X Z and colours
    turned = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    given = {"scale": [1, 2, 3], "rotate": turned, "shear": [0.0, 0.0, 0.0], "gamma": 2}
    moved, axes, attributes, lost = planes_first(make(data), ("Y", "X", "Z"), given, rgb=True)
    assert axes == ("Z", "Y", "X")
    assert np.array_equal(np.asarray(moved[1]), data[:, :, 1])
    assert attributes["scale"] == [3, 1, 2]
    assert attributes["rotate"] == [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
    assert (attributes["gamma"], lost) == (2, [])


def test_a_shear_that_cannot_be_brought_along_is_named():
    """In another order it is no shear any more, and nothing is lost in silence."""
    given = {"shear": [0.1, 0.0, 0.0]}
    _, _, attributes, lost = planes_first(np.zeros((2, 3, 4)), ("Y", "X", "Z"), given, rgb=False)
    assert attributes == {}
    assert "shear" in lost[0]


def test_what_is_in_order_is_left_alone():
    """The very same array."""
    data = np.zeros((2, 3, 4))
    assert planes_first(data, ("Z", "Y", "X"), {"shear": [1]}, rgb=False)[0] is data
