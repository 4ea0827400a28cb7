"""Opening: attributes come back, verdicts cannot be overlooked, hostile values do no harm."""

from __future__ import annotations

import json

import numpy as np
import piexif
import piexif.helper
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.colormaps import Colormap
from PIL import Image as Picture

import napari_seal
from napari_seal._format.legacy import digest_moedal
from napari_seal._napari.opening.reader import file_stem, get_reader, read_layer
from napari_seal._napari.saving.writer import write_sealed
from napari_seal.errors import ReadError


def there_and_back(layer, tmp_path):
    """Save a layer and open the file."""
    data, meta, _ = layer.as_layer_data_tuple()
    (path,) = write_sealed(str(tmp_path / "x"), data, meta)
    return read_layer(path)


def test_attributes_survive(tmp_path, picture):
    """What napari knew about a layer is known again."""
    layer = Image(
        picture,
        name="field 7",
        scale=(0.5, 0.25),
        translate=(10, -3),
        rotate=20,
        shear=[0.1],
        affine=[[1, 0.2, 3], [0, 2, 4], [0, 0, 1]],
        units=("um", "um"),
        axis_labels=("row", "column"),
        colormap="magma",
        gamma=0.7,
        opacity=0.6,
        blending="additive",
        interpolation2d="linear",
        metadata={"plate": 3, "stage": {"x": 1.5}},
    )
    again = there_and_back(layer, tmp_path)
    for name in "scale", "translate", "rotate", "shear":
        np.testing.assert_allclose(getattr(again, name), getattr(layer, name), atol=1e-9)
    np.testing.assert_allclose(again.affine.affine_matrix, layer.affine.affine_matrix)
    for name in "name", "units", "axis_labels", "gamma", "opacity", "blending", "interpolation2d":
        assert getattr(again, name) == getattr(layer, name), name
    assert again.colormap.name == "magma"
    entry = again.metadata.pop("seal")
    assert again.metadata == {"plate": 3, "stage": {"x": 1.5}}
    assert (entry["verdict"], entry["notes"]) == ("intact", [])
    json.dumps(entry, allow_nan=False)


def test_contrast_limits_are_mapped_so_that_the_picture_looks_the_same(tmp_path, picture):
    """Limits are kept in original units and become 8-bit levels for the picture that is shown."""
    low, high = int(picture.min()), int(picture.max())
    limits = [low + (high - low) * 0.25, low + (high - low) * 0.75]
    again = there_and_back(Image(picture, contrast_limits=limits), tmp_path)
    np.testing.assert_allclose(again.contrast_limits, [63.75, 191.25])
    assert again.contrast_limits_range == [0, 255]  # the slider is not shut in by them
    assert again.metadata["seal"]["layer"]["contrast_limits"] == limits
    assert again.metadata["seal"]["window"] == [low, high]


def test_a_colormap_of_the_users_own_survives(tmp_path, picture):
    """By its colours, since napari has no such name."""
    colors = [[0, 0, 0, 1], [0.2, 0.4, 0.8, 1], [1, 1, 1, 1]]
    own = Colormap(colors, name="ice of mine", controls=[0, 0.3, 1])
    again = there_and_back(Image(picture, colormap=own), tmp_path).colormap
    assert again.name == "ice of mine"
    np.testing.assert_allclose(again.colors, own.colors, atol=1 / 255)
    np.testing.assert_allclose(again.controls, own.controls)


def test_an_intact_file_carries_no_flag(sealed, told):
    """Nothing on the canvas; a short word that it was verified."""
    layer = read_layer(str(sealed("b.sealed.jpg")))
    assert layer.name == "b"
    assert not layer.name_overlay.visible
    assert not layer.bounding_box.visible
    assert told == ["✓ intact: b.sealed.jpg"]


def test_an_intact_file_says_so_in_the_status_bar(sealed):
    """Before napari's own help, in every mode of the layer; nothing that would be saved."""
    viewer = ViewerModel()
    layer = viewer.add_layer(read_layer(str(sealed("b.sealed.jpg"))))
    assert viewer.help.startswith("✓ verified · use <")
    layer.mode = "transform"
    assert viewer.help.startswith("✓ verified · use <")
    assert viewer.help.count("verified") == 1
    assert "verified" not in str(layer.as_layer_data_tuple()[1])


def test_a_changed_file_is_flagged_in_words_and_stays_so(sealed, edit, told):
    """Name, overlay and box carry the verdict; a notification gives the reason."""
    layer = read_layer(str(edit(sealed("b.sealed.jpg"))))
    assert layer.name == "⚠ IMAGE CHANGED: b"
    assert layer.name_overlay.visible
    assert layer.name_overlay.box
    assert layer.bounding_box.visible
    assert layer.bounding_box.line_thickness >= 3
    assert layer.metadata["seal"]["verdict"] == "image-changed"
    assert layer.metadata["seal"]["reasons"][0]["code"]
    assert "image-changed" in told[0]
    assert "not the one that was sealed" in told[0]
    assert "Seal details" in told[0]
    assert layer.help.startswith("⚠ image-changed")


def test_no_seal_is_flagged_more_mildly(sealed, strip):
    """Clearly, but not as an alarm."""
    layer = read_layer(str(strip(sealed("b.jpg"))))
    assert layer.name == "○ no seal: b"
    assert layer.name_overlay.visible
    assert layer.bounding_box.line_thickness < 3


def test_other_verdicts_open_with_their_flag(mixed):
    """Every file of the folder that shows a picture shows its verdict."""
    folder, expected = mixed
    for path in folder.rglob("*.jpg"):
        if expected[path.name] == "not-an-image":
            with pytest.raises(ReadError):
                read_layer(str(path))
            continue
        layer = read_layer(str(path))
        assert layer.metadata["seal"]["verdict"] == expected[path.name]
        assert layer.name_overlay.visible is (expected[path.name] != "intact")


def test_a_faint_layer_cannot_hide_the_flag(sealed, edit):
    """Opacity and blending are restored for intact files only."""
    path = sealed(layer={"opacity": 0.0, "blending": "additive", "name": "n"})
    assert read_layer(str(path)).opacity == 0
    layer = read_layer(str(edit(path)))
    assert layer.opacity == 1


def test_moedal_files_open(tmp_path, told):
    """Files of the old script are verified and flagged like any other."""
    gray = np.random.default_rng(0).integers(0, 255, (40, 50)).astype(np.uint8)
    path = tmp_path / "old.jpg"
    Picture.fromarray(gray).save(path, quality=90)
    with Picture.open(path) as stored:
        digest = digest_moedal(np.array(stored))
    comment = piexif.helper.UserComment.dump(json.dumps({"run": 12, "sha244": digest}))
    piexif.insert(piexif.dump({"Exif": {piexif.ExifIFD.UserComment: comment}}), str(path))
    layer = read_layer(str(path))
    assert layer.name == "old"
    assert layer.metadata["run"] == 12
    assert layer.metadata["seal"]["verdict"] == "intact"
    assert "metadata" in told[0]


GARBAGE = {
    "name": "\x1b[2J" + "n" * 5000,
    "scale": [0, 1e300],
    "translate": ["a", None],
    "rotate": [[5, 0], [0, 5]],
    "shear": [1, 2, 3],
    "affine": [[0, 0, 0], [0, 0, 0], [0, 0, 1]],
    "units": ["metre**9**9**9", "metre"],
    "axis_labels": ["x", "x"],
    "colormap": {"colors": ["red"], "controls": [0]},
    "contrast_limits": [5, 5],
    "gamma": -1,
    "opacity": 7,
    "blending": "loud",
    "interpolation2d": "custom",
    "future": {"anything": [1]},
}


def test_garbage_in_the_attributes_is_dropped_and_named(sealed, told):
    """An image always opens; what was invalid is said."""
    layer = read_layer(str(sealed(layer=GARBAGE)))
    assert list(layer.scale) == [1, 1]
    assert len(layer.name) < 300
    assert "\x1b" not in layer.name
    dropped = {note.split(" ")[0] for note in layer.metadata["seal"]["notes"]}
    assert dropped == set(GARBAGE) - {"name", "future"}
    assert any("not restored" in message for message in told)


@pytest.mark.parametrize(
    "value", [None, [], {}, "x", True, -1, [None], [[1]], ["a", "b"], {"colors": []}, 1e308, [2, 1]]
)
def test_no_value_of_an_attribute_keeps_an_image_from_opening(sealed, value):
    """Each key with a value of every kind."""
    path = sealed(layer=dict.fromkeys(GARBAGE, value))
    assert read_layer(str(path)).metadata["seal"]["verdict"] == "intact"


def test_attributes_that_napari_refuses_together_are_dropped_together(sealed):
    """Each is valid by itself; the picture opens plainly."""
    layer = read_layer(str(sealed(layer={"units": ["um", "nm"], "scale": [1e-12, 1e12]})))
    assert layer.data.shape == (96, 128)


@pytest.mark.parametrize("content", [b"", b"plain text", b"\xff\xd8\xff\xd9"])
def test_what_is_no_picture_raises_a_clear_error(tmp_path, content):
    """There is nothing to show; ReadError says so."""
    path = tmp_path / "x.sealed.jpg"
    path.write_bytes(content)
    with pytest.raises(ReadError):
        get_reader(str(path))(str(path))
    with pytest.raises(ReadError):
        read_layer(str(tmp_path / "missing.sealed.jpg"))


def test_the_viewer_opens_files_through_the_plugin(plugin, sealed, edit):
    """viewer.open with our name, one file and several, which are not stacked."""
    good, bad = sealed("g.sealed.jpg"), edit(sealed("h.sealed.jpg"))
    viewer = ViewerModel()
    viewer.open(str(good), plugin="napari-seal")
    viewer.open([str(good), str(bad)], plugin="napari-seal", stack=True)
    pictures = ["g", "g [1]", "⚠ IMAGE CHANGED: h"]
    overlays = ["change strength: h", "⚠ changed regions: h"]
    assert [layer.name for layer in viewer.layers] == pictures + overlays
    assert viewer.layers[0].source.reader_plugin == "napari-seal"


def test_names_without_extension():
    """The name that is left is never empty."""
    names = ["a.sealed.jpg", "a.JPEG", ".sealed.jpg", "a.b.jpg", "noext"]
    assert [file_stem(f"/f/{n}") for n in names] == ["a", "a", ".sealed.jpg", "a.b", "noext"]


def test_colour_pictures(sealed):
    """RGB is said explicitly: napari would take a small one for a stack."""
    colours = np.zeros((12, 20, 3), np.uint8)
    colours[..., 1] = 200
    layer = read_layer(str(sealed(image=colours, layer={"colormap": "magma"})))
    assert layer.rgb
    assert layer.data.shape == (12, 20, 3)
    assert napari_seal.check(str(layer.metadata["seal"]["path"])).intact
