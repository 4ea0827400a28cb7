"""What is an image that can be sealed, and its range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_seal import ImageError, OptionError, Window
from napari_seal._seal.source import accept, bits_of, choose_window


def image(*shape: int, kind: str = "u2") -> np.ndarray:
    """A ramp."""
    return np.arange(int(np.prod(shape))).reshape(shape).astype(kind)


def with_value(value: float, kind: str = "f4") -> np.ndarray:
    """A float image with one odd value at (1, 2)."""
    array = image(3, 4, kind=kind)
    array[1, 2] = value
    return array


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (with_value(np.nan), r"NaN \(1 value, the first at index \(1, 2\)\).*nan_to_num"),
        (with_value(np.inf), "infinity .*nan_to_num"),
        (with_value(-np.inf, "f8"), "infinity"),
        (with_value(np.nan, "f2"), "NaN"),
        (image(3, 4, kind="c8"), "complex64.*abs"),
        (image(3, 4).astype(object), "object.*astype"),
        (image(3, 4).astype(str), "convert it to numbers"),
        (np.zeros((3, 4), "M8[s]"), "convert it to numbers"),
        (np.zeros((3, 4), [("a", "u1")]), "each field"),
        (np.zeros((3, 4), np.longdouble), "float64"),
        (image(3, 4, 4), "alpha.*3"),
        (image(5, 3, 4, 3), r"one plane.*image\[0\]"),
        (image(5, 3, 7), r"one plane"),
        (image(5, 3, 1), r"one plane"),
        (image(12), r"\(12,\).*2-D"),
        (np.uint16(7), "2-D"),
        (image(0, 4), "no pixels"),
        (image(4, 0, 3), "no pixels"),
        (np.broadcast_to(np.uint8(0), (1, 65501)), "65,500"),
        (np.broadcast_to(np.uint8(0), (20000, 20000)), "pixels; cut"),
        (np.ma.masked_equal(image(3, 4), 5), "masked.*filled"),
        ([[1, 2], [3]], "not an image array"),
        ("image.tif", "text such as 'image.tif'"),
        (b"\xff\xd8", "text"),
        (None, "object|2-D"),
        ({"a": 1}, "object|2-D"),
    ],
)
def test_what_cannot_be_sealed_is_refused_with_advice(bad: Any, says: str) -> None:
    """The error names what is wrong with the array and what to do."""
    with pytest.raises(ImageError, match=f"(?s){says}"):
        accept(bad)


def test_a_picture_may_have_as_many_bytes_as_are_decoded() -> None:
    """With transparency 14,188 pixels a side are taken, and one more is refused."""
    side = 14_188
    accept(np.broadcast_to(np.uint8(0), (side, side, 4)), "png")
    with pytest.raises(ImageError, match=r"805,306,368 bytes.*cut it up"):
        accept(np.broadcast_to(np.uint8(0), (side + 1, side + 1, 4)), "png")


@pytest.mark.parametrize("kind", ["?", "u1", "i1", "u2", ">u2", "i4", "u8", "f2", ">f4", "f8"])
@pytest.mark.parametrize(("shape", "axes"), [((3, 4), "YX"), ((3, 4, 3), "YXS"), ((1, 1), "YX")])
def test_images_are_taken_as_they_are(kind: str, shape: tuple[int, ...], axes: str) -> None:
    """Bool, integers and floats in either byte order pass without a copy."""
    array = image(*shape, kind=kind)
    accepted, found = accept(array)
    assert accepted is array
    assert found == axes


def test_lists_are_arrays_too() -> None:
    """Anything that NumPy makes a numeric array of."""
    assert accept([[1, 2], [3, 4]])[0].shape == (2, 2)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("?", (0, 1)), ("u1", (0, 255)), ("u2", (0, 11)), ("i8", (0, 11)), ("f4", (0.0, 11.0))],
)
def test_the_default_window(kind: str, expected: tuple[float, float]) -> None:
    """What 8 bits hold keeps its range; the rest spans its minimum and maximum."""
    window = choose_window(image(3, 4, kind=kind), None)
    assert (window.low, window.high) == expected
    assert type(window.low) is type(expected[0])


@pytest.mark.parametrize(
    "given", [(1, 5), [1, 5], (np.uint16(1), np.int64(5)), np.array([1, 5]), Window(low=1, high=5)]
)
def test_a_given_window(given: Any) -> None:
    """Pairs of any kind become plain numbers."""
    window = choose_window(image(3, 4), given)
    assert (window.low, window.high) == (1, 5)
    assert type(window.low) is type(window.high) is int


@pytest.mark.parametrize(
    "given",
    [(5, 1), (1,), (1, 2, 3), 7, "ab", (0, np.nan), (0, float("inf")), (0, "9"), (0, None), (0, 1j),
     (0, 2**60), (False, True), (-1.7e308, 1.7e308), Window(low=9, high=1)],
)  # fmt: skip
def test_an_impossible_window_is_refused(given: Any) -> None:
    """Not a pair, not in order, not finite or too wide."""
    with pytest.raises(OptionError, match="window"):
        choose_window(image(3, 4), given)


def test_an_image_of_too_wide_a_range_needs_a_window() -> None:
    """64-bit values across the whole range are refused, and the advice works."""
    array = np.array([[0, 2**63]], np.uint64)
    with pytest.raises(OptionError, match="window="):
        choose_window(array, None)
    assert choose_window(array, (0, 65535)).scale(array).tolist() == [[0, 255]]


# --------------------------------------------------------------------------------------------- PNG


@pytest.mark.parametrize("kind", ["u2", "i1", "i2", "i8", "f4", "?"])
@pytest.mark.parametrize("channels", [3, 4])
def test_colours_of_png_are_of_8_bits(kind: str, channels: int) -> None:
    """Anything else would be cut; the error says what to do instead."""
    with pytest.raises(ImageError, match=r"without loss.*each channel.*sealed.jpg"):
        accept(image(3, 4, channels, kind=kind), "png")
    array = image(3, 4, channels, kind="u1")
    accepted, axes = accept(array, "png")
    assert accepted is array
    assert axes == "YXS"


def test_alpha_is_for_png_only() -> None:
    """JPEG has none, and the error names the format that has."""
    with pytest.raises(ImageError, match=r"sealed\.png"):
        accept(image(3, 4, 4, kind="u1"), "jpeg")


@pytest.mark.parametrize(
    ("kind", "bits"),
    [("?", 8), ("u1", 8), ("i1", 8), ("u2", 16), (">u2", 16), ("i2", 16), ("u4", 16), ("f2", 16),
     ("f8", 16)],
)  # fmt: skip
def test_bits_of_a_level(kind: str, bits: int) -> None:
    """One byte stays one byte in PNG; JPEG has 8 bits for all."""
    array = image(3, 4, kind=kind)
    assert (bits_of(array, "png"), bits_of(array, "jpeg")) == (bits, 8)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([5, 9], "u1", (0, 255)),
        ([5, 9], "i1", (-128, 127)),
        ([5, 9], "u2", (0, 65535)),
        ([5, 9], "i2", (-32768, 32767)),
        ([5, 9], "i4", (0, 65535)),
        ([-5, 9], "i4", (-5, 65530)),
        ([70_000, 70_900], "u4", (70_000, 135_535)),
        ([0, 65_536], "u8", (0, 65_536)),
        ([-9, 200_000], "i8", (-9, 200_000)),
        ([0.5, 9.5], "f4", (0.5, 9.5)),
        ([0, 1], "?", (0, 1)),
    ],
)
def test_the_default_window_of_png_keeps_whole_numbers(
    values: list[float], kind: str, expected: tuple[float, float]
) -> None:
    """One level for each whole number wherever 65,536 of them are enough."""
    window = choose_window(np.array([values], kind), None, "png")
    assert (window.low, window.high) == expected
