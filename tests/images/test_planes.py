"""Planes, their positions, names and attributes; arrays that are read by plane."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seal import ImageError, check, seal_stack
from napari_seal._images import (
    OpenedImage,
    PlaneArray,
    index_in_name,
    layer_attributes,
    number_of_planes,
    open_images,
    place,
    planes,
    stack_attributes,
)
from napari_seal._images.opened import arrange, letters
from napari_seal._images.units import step, unit_name


def counted(*shape: int) -> np.ndarray:
    """An array in which no two values are the same, so that no plane is mistaken for another."""
    return np.arange(np.prod(shape)).astype("u4").reshape(shape)


@given(st.permutations("TZCYX"), st.lists(st.integers(1, 4), min_size=5, max_size=5), st.booleans())
def test_planes_of_any_order_of_axes(axes: list[str], sizes: list[int], colour: bool) -> None:
    """Wherever Y and X stand, each plane has the values of its position, and no other."""
    lengths = dict(zip("TZCYX", sizes, strict=True)) | {"S": 3}
    names = [*axes, "S"] if colour else axes
    data = counted(*(lengths[axis] for axis in names))
    array, arranged = arrange(data, "".join(names), "TIFF")
    image = OpenedImage(array=array, axes=arranged)
    assert arranged.endswith("YXS" if colour else "YX")
    assert "".join(image.leading) == "".join(a for a in axes if a not in "YX" and lengths[a] > 1)
    seen = 0
    for position, plane in planes(image):
        full = {axis: position.get(axis, 0) for axis in axes if axis not in "YX"}
        index = tuple(full.get(axis, slice(None)) for axis in names)
        expected = data[index]
        if axes.index("Y") > axes.index("X"):
            expected = np.swapaxes(expected, 0, 1)
        assert np.array_equal(plane, expected)
        seen += 1
    assert seen == number_of_planes(image)


@given(st.dictionaries(st.sampled_from("TCZP"), st.integers(1, 1200), min_size=1))
def test_names_of_planes_sort_as_planes_do(leading: dict[str, int]) -> None:
    """Each number has as many digits as the last one of its axis."""
    ends = [dict.fromkeys(leading, 0), {axis: n // 2 for axis, n in leading.items()},
            {axis: n - 1 for axis, n in leading.items()}]  # fmt: skip
    names = [place(position, leading) for position in ends]
    assert names == sorted(names)
    assert len({len(name) for name in names}) == 1


def test_only_whole_planes_are_read() -> None:
    """An index says which plane; what follows cuts it."""
    read: list[tuple[int, ...]] = []

    def plane(index: tuple[int, ...]) -> np.ndarray:
        read.append(index)
        return np.full((4, 5), index[0], np.uint8)

    array = PlaneArray((3, 4, 5), "u1", plane, leading=1, kind="TIFF")
    assert array[-1].max() == 2
    assert array[np.int64(1), :2, 3].tolist() == [1, 1]
    assert read == [(2,), (1,)]
    assert np.asarray(array).shape == array.shape
    for index in (3, -4):
        with pytest.raises(IndexError):
            array[index]
    for index in ((), slice(None), 1.0):
        with pytest.raises((IndexError, TypeError)):
            array[index]


@pytest.mark.parametrize(
    ("made", "says"),
    [(np.zeros((4, 6), "u1"), "shape"), (np.zeros((4, 5), "u2"), "uint16")],
)
def test_a_plane_is_what_was_announced(made: np.ndarray, says: str) -> None:
    """One of another size or type is refused."""
    array = PlaneArray((3, 4, 5), "u1", lambda _: made, leading=1, kind="TIFF")
    with pytest.raises(ImageError, match=says):
        array[0]


@pytest.mark.parametrize("error", [KeyError("x"), MemoryError(), RuntimeError(), OSError(5, "no")])
def test_what_a_reader_stumbles_on_is_an_image_error(error: Exception) -> None:
    """Whatever it raises when a plane is read."""

    def fail(_index: tuple[int, ...]) -> np.ndarray:
        raise error

    with pytest.raises(ImageError) as raised:
        PlaneArray((3, 4, 5), "u1", fail, leading=1, kind="TIFF")[0]
    assert str(raised.value)


@pytest.mark.parametrize(
    ("shape", "says"),
    [((0, 4, 5), "no pixels"), ((1 << 20, 1 << 20), "pixels"), ((10**8, 2, 2), "planes")],
)
def test_sizes_are_limited(shape: tuple[int, ...], says: str) -> None:
    """Before anything is read."""
    with pytest.raises(ImageError, match=says):
        PlaneArray(shape, "u1", lambda _: np.zeros((2, 2)), leading=len(shape) - 2, kind="TIFF")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("QYX", "IYX"), ("QQYX", "IJYX"), ("TCZYX", "TCZYX"), ("IQYX", "IJYX"),
        (["time", "lambda", "y", "x"], "TLYX"), (["c", "channel", "y", "x"], "CIYX"),
        (["0", "ö", "", "y", "x"], "IJKYX"),
    ],
)  # fmt: skip
def test_each_axis_has_a_letter(names: str | list[str], expected: str) -> None:
    """Of its own: the first of its name, or another."""
    assert letters(names) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("µm", "micrometer"), ("μm", "micrometer"), ("um", "micrometer"), ("micron", "micrometer"),
        ("\\u00B5m", "micrometer"), ("Micrometers", "micrometer"), ("nm", "nanometer"),
        ("mm", "millimeter"), ("m", "meter"), ("ms", "millisecond"), ("s", "second"),
        ("sec", "second"),
        ("angstrom", "angstrom"), ("inches", None), ("pixel", None), ("", None), (None, None),
        ("m**9**9", None), ("reference frame", None),
    ],
)  # fmt: skip
def test_units(text: object, name: str | None) -> None:
    """By the name that napari's unit library knows, or not at all."""
    assert unit_name(text) == name


def test_names_of_units_are_known_to_the_library_of_units() -> None:
    """Otherwise napari would drop them when it opens the file."""
    pint = pytest.importorskip("pint")
    from napari_seal._images import units

    for name in units._NAMES:
        assert str(pint.Unit(name)) == name


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "x", None, [], "1e999"])
def test_a_step_is_a_positive_number(value: object) -> None:
    """Anything else is no pixel size."""
    assert step(value) is None


def test_attributes_are_those_of_naparis_layers() -> None:
    """Pixel size, units and axes as napari's writer records them, the place as the layer's name."""
    array, axes = arrange(counted(2, 3, 4, 5), "CTYX", "TIFF")
    image = OpenedImage(
        array=array, axes=axes, name="A1", channels=("DAPI", "GFP"),
        scale={"Y": 0.5, "X": 0.25, "T": 2}, units={"Y": "micrometer", "X": "micrometer"},
    )  # fmt: skip
    assert layer_attributes(image, {"C": 1, "T": 2}, "cells") == {
        "name": "cells A1 C=1 (GFP) T=2",
        "scale": [0.5, 0.25],
        "units": ["micrometer", "micrometer"],
        "axis_labels": ["y", "x"],
    }
    assert stack_attributes(image, "cells") == {
        "name": "cells A1",
        "scale": [1.0, 2, 0.5, 0.25],
        "units": ["pixel", "pixel", "micrometer", "micrometer"],
        "axis_labels": ["c", "t", "y", "x"],
        "channels": ["DAPI", "GFP"],
    }
    bare = OpenedImage(array=array, axes=axes, scale={"X": 0.25})
    assert layer_attributes(bare, {}, "cells") is None
    assert set(stack_attributes(bare, "cells")) == {"name", "axis_labels"}


def test_a_stack_is_sealed_as_it_was_opened(tmp_path: Path) -> None:
    """`seal_stack` takes the array, its axes and attributes, and reads one plane at a time."""
    read = []

    def plane(index: tuple[int, ...]) -> np.ndarray:
        read.append(index)
        return counted(4, 5).astype("u1") + np.uint8(index[0])

    array = PlaneArray((3, 4, 5), "u1", plane, leading=1, kind="TIFF")
    image = OpenedImage(
        array=array, axes="ZYX", scale=dict(zip("ZYX", (2, 0.5, 0.25), strict=True)),
        units=dict.fromkeys("ZYX", "micrometer"),
    )  # fmt: skip
    seal_stack(image.array, tmp_path / "a", axes=image.axes, layer=stack_attributes(image, "a"))
    assert read == [(0,), (1,), (2,)]
    verdict = check(tmp_path / "a.sealed" / "a_z1.sealed.jpg", source=image.array[1])
    assert str(verdict.reasons[0].code) == "original-confirmed"
    assert verdict.seal is not None
    assert verdict.seal.layer == {  # type: ignore[union-attr]
        "name": "a", "scale": [0.5, 0.25], "units": ["micrometer"] * 2, "axis_labels": ["y", "x"],
    }  # fmt: skip


@given(st.dictionaries(st.sampled_from("TCZP"), st.integers(1, 50), min_size=1), st.data())
def test_a_plane_is_found_by_its_name(leading: dict[str, int], data: st.DataObject) -> None:
    """The name that its seal has tells its index; one of another stack tells none."""
    position = {axis: data.draw(st.integers(0, n - 1)) for axis, n in leading.items()}
    array = PlaneArray(
        (*leading.values(), 2, 2), "u1", lambda _: np.zeros((2, 2)), leading=len(leading), kind="x"
    )
    image = OpenedImage(array=array, axes="".join(leading) + "YX", name="Z=9 well")
    layer = layer_attributes(image, position, "cells T=7")
    assert layer is not None
    assert index_in_name(layer["name"], leading) == tuple(position.values())
    assert index_in_name(layer["name"], dict.fromkeys(leading, 1) | {"H": 3}) is None
    assert index_in_name("cells", leading) is None


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [("a.nd2", "nd2", "nd2"), ("a.czi", "pylibCZIrw", "czi"), ("a.zarr", "zarr", "zarr"),
     ("a.zarr", "yaozarrs", "zarr")],
)  # fmt: skip
def test_a_missing_reader_is_said_with_the_way_to_get_it(
    name: str, module: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its package is not installed."""
    path = tmp_path / name
    path.mkdir() if name.endswith("zarr") else path.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImageError) as raised, open_images(str(path)):
        pass
    text = str(raised.value)
    if extra == "czi" and sys.version_info >= (3, 14):
        assert "is not there for Python 3.14 yet" in text
    else:
        assert text.endswith(f"which is not installed: pip install 'napari-seal[{extra}]'")
    assert module in text
