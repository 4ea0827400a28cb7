"""Opening stacks: what comes back of each attribute, of values, and of what a file only claims."""

from __future__ import annotations

import json

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels

import napari_seal
from napari_seal._napari.opening.reader import get_reader, read_file
from napari_seal._napari.opening.stack_reader import read_stack
from napari_seal._napari.opening.stack_watch import watch_of
from napari_seal._napari.saving.writer import write_labels, write_lossless, write_sealed
from napari_seal.errors import ReadError


@pytest.fixture
def volume(picture):
    """Three planes of 16 bits."""
    return np.stack([np.roll(picture, 7 * n, 1) + n for n in range(3)])


def there_and_back(layer, tmp_path, write=write_lossless):
    """Save a layer and open the stack."""
    data, meta, _ = layer.as_layer_data_tuple()
    (index,) = write(str(tmp_path / "x"), data, meta)
    return read_stack(index)


#: Every attribute of an image layer that has another value than the usual one, and comes back.
KEPT = {
    "affine": [[1, 0, 0, 4], [0, 1, 0.2, 3], [0, 0, 2, 4], [0, 0, 0, 1]],
    "attenuation": 0.2,
    "axis_labels": ("z", "y", "x"),
    "blending": "additive",
    "colormap": "magma",
    "contrast_limits": [1000, 12000],
    "depiction": "plane",
    "experimental_clipping_planes": [
        {"position": (1.0, 2.0, 3.0), "normal": (0.0, 1.0, 0.0), "enabled": True}
    ],
    "gamma": 0.7,
    "interpolation2d": "linear",
    "interpolation3d": "nearest",
    "iso_threshold": 7000,
    "metadata": {"plate": 3, "stage": {"x": 1.5}},
    "name": "field 7",
    "opacity": 0.6,
    "plane": {"position": (1.0, 20.0, 20.0), "normal": (0.0, 1.0, 0.0), "thickness": 3.0},
    "projection_mode": "sum",
    "rendering": "iso",
    "rgb": False,
    "rotate": [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
    "scale": (2, 0.5, 0.25),
    "shear": [0.1, 0.0, 0.2],
    "translate": (1, 10, -3),
    "units": ("um", "nm", "nm"),
}
#: Those that do not, each of which the documentation names.
NOT_KEPT = {
    "auto_contrast": True,
    "custom_interpolation_kernel_2d": np.ones((3, 3), np.float32),
    "locked_data_level": None,
    "multiscale": False,
    "visible": False,
}


def plain(value):
    """A value that can be compared."""
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return round(float(value), 9) if isinstance(value, int | float) else str(value)


def test_all_attributes_are_accounted_for(volume):
    """A new one of napari's is either kept or named as not kept."""
    attributes = set(Image(volume).as_layer_data_tuple()[1])
    assert attributes == set(KEPT) | set(NOT_KEPT)


@pytest.mark.parametrize("name", sorted(KEPT))
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
def test_the_attribute_comes_back(tmp_path, volume, told, name):
    """As it was, of a stack that was saved and opened again."""
    layer = Image(volume, **{name: KEPT[name]})
    before = layer.as_layer_data_tuple()[1][name]
    opened = there_and_back(layer, tmp_path)
    after = opened.as_layer_data_tuple()[1][name]
    assert opened.metadata["seal"]["notes"] == []
    if name == "colormap":
        before, after = before["name"], after["name"]
    if name == "metadata":
        after.pop("seal")
    assert plain(after) == plain(before)


@pytest.mark.parametrize("name", sorted(set(NOT_KEPT) - {"locked_data_level", "multiscale"}))
def test_an_attribute_that_is_not_kept_harms_nothing(tmp_path, volume, told, name):
    """The stack opens with the usual value."""
    layer = Image(volume, contrast_limits=[0, 65535])
    setattr(layer, name, NOT_KEPT[name])
    opened = there_and_back(layer, tmp_path)
    usual = Image(volume).as_layer_data_tuple()[1][name]
    assert plain(opened.as_layer_data_tuple()[1][name]) == plain(usual)


def test_of_jpeg_limits_are_mapped_to_levels(tmp_path, volume, told):
    """So that the picture looks as it did."""
    low, high = int(volume.min()), int(volume.max())
    limits = [low + (high - low) * 0.25, low + (high - low) * 0.75]
    opened = there_and_back(Image(volume, contrast_limits=limits), tmp_path, write_sealed)
    np.testing.assert_allclose(opened.contrast_limits, [63.75, 191.25])
    assert opened.metadata["seal"]["window"] == [low, high]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", ">u2", "int16", "int32", "bool"])
def test_whole_numbers_come_back_as_they_were(tmp_path, told, dtype):
    """Of PNG, also signed and wide ones."""
    data = np.random.default_rng(1).integers(0, 2 if dtype == "bool" else 100, (3, 40, 50))
    data = (data - (50 if dtype.startswith("int") else 0)).astype(dtype)
    opened = there_and_back(Image(data), tmp_path)
    assert isinstance(opened.data, da.Array)
    assert opened.data.dtype == data.dtype.newbyteorder("=")
    assert np.array_equal(opened.data, data)


def test_floats_come_back_within_a_step(tmp_path, told):
    """65,536 levels of the range of the whole stack."""
    data = np.random.default_rng(1).normal(0, 3, (3, 40, 50)).astype("float32")
    opened = there_and_back(Image(data), tmp_path)
    assert np.abs(np.asarray(opened.data) - data).max() <= np.ptp(data) / 65535


def test_planes_with_windows_of_their_own_show_levels(tmp_path, volume):
    """No limit of intensities holds for all of them, so that none is restored."""
    napari_seal.seal_stack(
        volume,
        tmp_path / "x",
        axes="ZYX",
        window="plane",
        layer={"contrast_limits": [1, 2], "colormap": "magma"},
    )
    opened = read_stack(str(tmp_path / "x.sealed"))
    assert (opened.contrast_limits, opened.colormap.name) == ([0, 255], "magma")


@pytest.mark.parametrize("colours", [3, 4])
def test_colours(tmp_path, told, colours):
    """RGB and RGBA, with time."""
    data = np.random.default_rng(1).integers(0, 256, (2, 40, 50, colours), np.uint8)
    opened = there_and_back(Image(data, rgb=True, scale=(3, 2, 2)), tmp_path)
    assert opened.rgb
    assert tuple(opened.scale) == (3, 2, 2)
    assert np.array_equal(opened.data, data)


@pytest.mark.parametrize("offset", [0, -5, 100_000])
def test_labels_come_back_as_labels(tmp_path, told, offset):
    """Each number is kept, wherever the numbers begin."""
    data = np.zeros((2, 40, 50), np.int32) + offset
    data[0, 5:9, 5:9], data[1, 20:30, 20:30] = 7 + offset, 60_000 + offset
    opened = there_and_back(Labels(data, scale=[4, 2, 3]), tmp_path, write_labels)
    assert isinstance(opened, Labels)
    assert np.array_equal(opened.data, data)
    assert tuple(opened.scale) == (4, 2, 3)


def test_pictures_lie_on_the_last_axes(tmp_path, volume, told):
    """Of Y, X, Z as it was saved; attributes follow their axes."""
    given = {"axis_labels": ("y", "x", "z"), "scale": (0.5, 0.25, 2), "rgb": False}
    layer = Image(volume.transpose(1, 2, 0), **given)
    opened = there_and_back(layer, tmp_path)
    assert opened.axis_labels == ("z", "y", "x")
    assert tuple(opened.scale) == (2, 0.5, 0.25)
    assert np.array_equal(opened.data, volume)


def test_nothing_is_read_before_it_is_shown(tmp_path, volume, told):
    """One plane, that which the layer shows first."""
    opened = there_and_back(Image(volume), tmp_path)
    assert list(watch_of(opened).opened.verdicts) == [(0,)]


@pytest.mark.parametrize("ending", ["x.sealed/x.sealed.json", "x.sealed"])
def test_index_and_folder_open(tmp_path, volume, told, ending):
    """Through the reader, as a file would."""
    there_and_back(Image(volume, name="n"), tmp_path)
    path = str(tmp_path / ending)
    (layer,) = get_reader(path)(path)
    assert layer.name == "n"
    entry = layer.metadata["seal"]
    assert entry["stack"]["planes"] == 3
    json.dumps(entry, allow_nan=False)


def test_a_folder_without_an_index_is_refused(tmp_path):
    """In a sentence."""
    with pytest.raises(ReadError, match="index"):
        read_file(str(tmp_path))


def test_garbage_in_the_attributes_is_dropped_and_named(tmp_path, volume, told):
    """A stack always opens."""
    layer = {
        "scale": [1, 2], "rotate": "much", "units": ["m**9**9", "um", "um"], "plane": 3,
        "rendering": "evil", "axis_labels": ["a", "a", "b"], "affine": [[1]], "gamma": 0,
        "experimental_clipping_planes": [{"position": [1, 2, 3], "normal": [0, 0, 0]}],
        "name": ["<b>"], "attenuation": -1, "iso_threshold": 1e300,
    }  # fmt: skip
    napari_seal.seal_stack(volume, tmp_path / "x", axes="ZYX", layer=layer)
    opened = read_stack(str(tmp_path / "x"))
    notes = " ".join(opened.metadata["seal"]["notes"])
    assert opened.name == "x"
    assert tuple(opened.scale) == (1, 1, 1)
    for key in sorted(set(layer) - {"name", "scale", "units", "axis_labels"}):
        assert f"{key} (" in notes, key
