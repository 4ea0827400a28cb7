"""Planes of an array, one at a time, whatever the order of its axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_seal import ImageError, OptionError
from napari_seal._seal.planes import Planes


class Counted:
    """An array that notes what is taken of it."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.shape, self.dtype = array.shape, array.dtype
        self.taken: list[int] = []

    def __getitem__(self, key: Any) -> np.ndarray:
        part = self.array[key]
        self.taken.append(part.size)
        return part


ARRAY = np.arange(2 * 3 * 4 * 5, dtype="uint16").reshape(2, 3, 4, 5)


@pytest.mark.parametrize(
    ("axes", "turned"),
    [
        ("TZYX", (0, 1, 2, 3)),
        ("YXTZ", (2, 3, 0, 1)),
        ("XTYZ", (1, 3, 2, 0)),
        ("ZXTY", (0, 2, 3, 1)),
    ],
)
def test_planes_are_those_of_the_turned_array(axes: str, turned: tuple[int, ...]) -> None:
    """In the order of the other axes, with Y before X; no more than one plane is taken at once."""
    data = Counted(ARRAY)
    planes = Planes(data, axes)
    expected = ARRAY.transpose(turned)
    assert planes.shape == expected.shape
    assert planes.axes == (*(axis for axis in axes if axis not in "YX"), "Y", "X")
    for index in planes.indices():
        assert np.array_equal(planes[index], expected[index])
    assert max(data.taken) == expected[0, 0].size
    assert len(data.taken) == planes.count


@pytest.mark.parametrize("axes", ["TYXS", "SYXT", "TXSY", "YSTX"])
def test_colour_comes_last(axes: str) -> None:
    """Samples of a colour are the last axis of a plane, wherever they stand."""
    sizes = {"T": 2, "Y": 4, "X": 5, "S": 3}
    rng = np.random.default_rng(3)
    array = rng.integers(0, 256, [sizes[axis] for axis in axes], np.uint8)
    planes = Planes(array, axes)
    expected = array.transpose([axes.index(axis) for axis in "TYXS"])
    assert planes.axes == tuple("TYXS")
    assert all(np.array_equal(planes[index], expected[index]) for index in planes.indices())


def test_small_letters_are_the_same_axes() -> None:
    """As viewers name them; longer names stay as they are."""
    assert Planes(ARRAY, "tzyx").axes == ("T", "Z", "Y", "X")
    assert Planes(ARRAY, ["time", "z", "y", "x"]).axes == ("time", "Z", "Y", "X")


def test_a_list_of_arrays_is_an_array() -> None:
    """Whatever NumPy makes one of."""
    planes = Planes([ARRAY[0, 0], ARRAY[0, 1]], "TYX")
    assert np.array_equal(planes[(1,)], ARRAY[0, 1])


@pytest.mark.parametrize(
    ("shape", "axes", "says"),
    [
        ((4, 5), "YX", "one plane"),
        ((4, 5, 3), "YXS", "one plane"),
        ((2, 4, 5), "TCZYX", "3 axes, and 5 were named"),
        ((2, 4, 5), "TZY", "called Y and X"),
        ((2, 2, 4, 5), "TTYX", "twice"),
        ((2, 2, 4, 5), "tTYX", "twice"),
        ((2, 4, 5), ["", "Y", "X"], "1 to 64"),
        ((2, 4, 5), ["a\nb", "Y", "X"], "printed"),
        ((2, 4, 5), ["t" * 65, "Y", "X"], "1 to 64"),
        ((2, 4, 5), [0, "Y", "X"], "axes is a text"),
        ((2, 4, 5), None, "axes is a text"),
        ((1,) * 17, "ABCDEFGHIJKLMNOYX", "at most 16"),
    ],
)
def test_axes_that_do_not_fit_are_refused(shape: tuple[int, ...], axes: Any, says: str) -> None:
    """The text says what was wrong."""
    with pytest.raises(OptionError, match=says):
        Planes(np.zeros(shape, np.uint8), axes)


@pytest.mark.parametrize(
    ("array", "axes", "says"),
    [
        (np.zeros((2, 4, 5), complex), "TYX", "complex128"),
        (np.zeros((2, 4, 5), object), "TYX", "object"),
        (np.zeros((2, 4, 5), "f2,f2"), "TYX", "field"),
        (np.zeros((0, 4, 5)), "TYX", "no pixels"),
        (np.zeros((2, 0, 5)), "TYX", "no pixels"),
        (np.zeros((2, 4, 5, 2), np.uint8), "TYXS", "2-D gray"),
        (np.broadcast_to(np.uint8(0), (2, 70_000, 5)), "TYX", "65,500"),
        (np.broadcast_to(np.uint8(0), (2**20 + 1, 4, 5)), "TYX", "1,048,576 planes"),
        (np.ma.masked_equal(np.zeros((2, 4, 5)), 0), "TYX", "masked"),
    ],
)
def test_arrays_that_cannot_be_sealed_are_refused_at_once(
    array: np.ndarray, axes: str, says: str
) -> None:
    """Before a plane is read."""
    with pytest.raises(ImageError, match=says):
        Planes(array, axes)


def test_a_value_that_cannot_be_sealed_is_found_with_its_plane() -> None:
    """The plane, and the pixel in it."""
    array = ARRAY.astype("f4")
    array[1, 2, 3, 4] = np.nan
    planes = Planes(array, "TZYX")
    with pytest.raises(ImageError, match=r"the plane T 1, Z 2: .*NaN.*\(3, 4\)"):
        planes.window(None, lambda: None)


def test_a_plane_that_cannot_be_read_is_named() -> None:
    """Whatever the array raises becomes an error of ours: napari drops a ValueError silently."""

    class Broken(Counted):
        def __getitem__(self, key: Any) -> np.ndarray:
            raise ValueError("no such chunk")

    with pytest.raises(ImageError, match=r"the plane T 0, Z 2: cannot be read: .*no such chunk"):
        Planes(Broken(ARRAY), "TZYX")[0, 2]


def test_a_lazy_array_of_unknown_size_is_refused() -> None:
    """As dask's are after a selection by value."""
    da = pytest.importorskip("dask.array", reason="dask is not installed")
    data = da.ones((4, 5, 6))
    with pytest.raises(ImageError, match="compute_chunk_sizes"):
        Planes(data[data[:, 0, 0] > 0], "TYX")


@pytest.mark.parametrize("dtype", ["uint16", "int16", "int64", ">u2", "<f4", ">f8"])
def test_the_window_spans_all_planes(dtype: str) -> None:
    """The lowest and the highest value of the whole stack, each plane looked at once."""
    array = np.random.default_rng(1).integers(-99, 99, (5, 6, 7)).astype(dtype)
    if dtype in ("uint16", ">u2"):
        array %= 500
    steps: list[int] = []
    planes = Planes(array, "TYX")
    window = planes.window(None, lambda: steps.append(1))
    assert (window.low, window.high) == (array.min(), array.max())
    assert type(window.low) is (float if "f" in dtype else int)
    assert len(steps) == 5


@pytest.mark.parametrize(("dtype", "high"), [("uint8", 255), ("bool", 1)])
def test_what_8_bits_hold_as_it_is_needs_no_window(dtype: str, high: int) -> None:
    """No plane is looked at."""
    data = Counted(np.zeros((5, 6, 7), dtype))
    window = Planes(data, "TYX").window(None, lambda: None)
    assert (window.low, window.high, data.taken) == (0, high, [])


def test_layer_attributes_follow_the_axes() -> None:
    """Values by axis are put in order for the stack, and cut down to Y and X for a plane."""
    planes = Planes(ARRAY, "XTYZ")
    layer = {"scale": [4, 1, 3, 2], "name": "a", "affine": [[1]], "units": ["x", "t", "y", "z"]}
    ordered = planes.layer_in_order(layer)
    assert ordered == {"scale": [1, 2, 3, 4], "name": "a", "units": ["t", "z", "y", "x"]}
    assert planes.layer_of_plane(ordered) == {"scale": [3, 4], "name": "a", "units": ["y", "x"]}
    assert planes.layer_in_order(None) is None


def test_attributes_that_do_not_fit_are_left_out() -> None:
    """A scale of two values says nothing about four axes; what turns all axes is left out."""
    planes = Planes(ARRAY, "TZYX")
    layer = {"scale": [1, 2], "translate": "abcd", "affine": [[1]], "gamma": 0.5}
    ordered = planes.layer_in_order(layer)
    assert ordered == {"affine": [[1]], "gamma": 0.5}
    assert planes.layer_of_plane(ordered) == {"gamma": 0.5}
