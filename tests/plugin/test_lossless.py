"""Sealed PNG in napari: nothing is lost on the way through File > Save and File > Open."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from PIL import Image as Pillow

import napari_seal
from napari_seal._napari.layers.names import complete_name
from napari_seal._napari.opening.reader import read_file, read_layer
from napari_seal._napari.saving.writer import write_labels, write_lossless
from napari_seal.errors import ImageError


def save(layer, path, write=write_lossless):
    """Save as napari's dialog does: the path as typed, the layer as data and attributes."""
    data, meta, _ = layer.as_layer_data_tuple()
    (written,) = write(str(path), data, meta)
    return written


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", ">u2", "int8", "int16", "int32", "uint32", "int64", "bool"]
)
def test_whole_numbers_come_back_as_they_were(tmp_path, told, dtype):
    """Values and type, also of signed and wide integers."""
    data = np.random.default_rng(1).integers(0, 2 if dtype == "bool" else 100, (40, 50))
    data = (data - (50 if "i" in dtype and "u" not in dtype else 0)).astype(dtype)
    layer = read_layer(save(Image(data), tmp_path / "z"))
    assert layer.data.dtype == data.dtype.newbyteorder("=")
    assert np.array_equal(layer.data, data)
    assert layer.metadata["seal"]["verdict"] == "intact"


def test_floats_come_back_within_a_step(tmp_path, told):
    """65,536 levels of the range that they use."""
    data = np.random.default_rng(1).normal(0, 3, (40, 50)).astype("float32")
    layer = read_layer(save(Image(data), tmp_path / "z"))
    assert layer.data.dtype == np.float32
    assert np.abs(layer.data - data).max() <= np.ptp(data) / 65535


def test_transparency_is_kept(tmp_path, told):
    """RGBA goes into PNG as it is, and JPEG says where it can go."""
    data = np.random.default_rng(1).integers(0, 256, (40, 50, 4), np.uint8)
    layer = read_layer(save(Image(data, rgb=True), tmp_path / "z"))
    assert layer.rgb
    assert np.array_equal(layer.data, data)


def test_contrast_limits_are_those_of_the_layer(tmp_path, told):
    """The layer shows the original intensities, so limits need no mapping."""
    data = np.arange(2000, dtype="uint16").reshape(40, 50)
    layer = Image(data, contrast_limits=[100, 900], colormap="magma", scale=[2, 3])
    opened = read_layer(save(layer, tmp_path / "z"))
    assert opened.contrast_limits == [100, 900]
    assert (opened.colormap.name, tuple(opened.scale)) == ("magma", (2, 3))


def test_labels_come_back_as_labels(tmp_path, told):
    """Each number is kept, and the layer is one of labels again."""
    data = np.zeros((40, 50), int)
    data[5:9, 5:9], data[20:30, 20:30] = 7, 60_000
    opened = read_layer(save(Labels(data, scale=[2, 3]), tmp_path / "z", write_labels))
    assert isinstance(opened, Labels)
    assert np.array_equal(opened.data, data)
    assert tuple(opened.scale) == (2, 3)


@pytest.mark.parametrize(("values", "name"), [([0, 1], "z.sealed.jpg"), ([0, 70_000], "z")])
def test_labels_that_would_be_destroyed_are_refused(tmp_path, told, values, name):
    """JPEG changes numbers, and 16 bits hold 65,536 of them."""
    data = np.resize(np.array(values), (40, 50))
    with pytest.raises(ImageError, match=r"\.sealed\.png|Renumber"):
        save(Labels(data), tmp_path / name, write_labels)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (Image(np.zeros((40, 50), "uint16")), "z.sealed.png"),
        (Labels(np.ones((40, 50), int)), "z.sealed.png"),
    ],
)
def test_napari_itself_finds_the_writer(plugin, tmp_path, told, layer, name):
    """``layer.save`` and ``viewer.layers.save`` take the longest extension."""
    viewer = ViewerModel()
    viewer.add_layer(layer)
    path = tmp_path / name
    assert viewer.layers.save(str(path)) == [str(path)]
    assert napari_seal.check(path).intact


def test_labels_are_never_saved_as_jpeg_by_napari(plugin, tmp_path, told):
    """The refusal reaches whoever calls: nothing is written by another plugin instead."""
    with pytest.raises(ImageError, match="Labels"):
        Labels(np.ones((40, 50), int)).save(str(tmp_path / "z.sealed.jpg"))
    assert list(tmp_path.iterdir()) == []


def test_an_edited_picture_shows_exact_tiles(tmp_path, told):
    """One changed pixel, in its lowest bit: a box around its tile, and by how much it changed."""
    data = np.random.default_rng(1).integers(300, 4000, (96, 128)).astype("uint16")
    path = save(Image(data), tmp_path / "z")
    with Pillow.open(path) as image:
        exif = image.info["exif"]
    data[40, 60] ^= 1
    Pillow.fromarray(data).save(path, exif=exif)
    image, scores, regions = read_file(path)
    assert image.metadata["seal"]["regions"] == [[32, 48, 48, 64]]
    assert image.name.startswith("⚠")
    assert float(scores.data.max()) >= 1
    assert "levels" in regions.features["what"][1]


def test_the_extension_of_png_is_completed():
    """As for JPEG."""
    assert complete_name("x.tif", ".sealed.png") == "x.sealed.png"
    assert complete_name("x.sealed.jpg", ".sealed.png") == "x.sealed.jpg"


def test_another_extension_under_our_filter_is_no_surprise(tmp_path, told):
    """The chosen filter decides; what was written is said last."""
    save(Image(np.zeros((40, 50), "uint8")), tmp_path / "z.tif")
    assert told[-1].startswith("PNG written, not TIF: z.sealed.png")
