"""Saving: names, refusals, what is stored and what is said about the rest."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

import napari_seal
from napari_seal._napari.layers.names import complete_name
from napari_seal._napari.opening.reader import read_layer
from napari_seal._napari.saving.writer import write_sealed
from napari_seal.errors import ImageError, MetadataError, OptionError, TargetExistsError


def save(layer, path):
    """Save as napari's dialog does: the path as typed, the layer as data and attributes."""
    data, meta, _ = layer.as_layer_data_tuple()
    return write_sealed(str(path), data, meta)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("x", "x.sealed.jpg"),
        ("x.png", "x.sealed.jpg"),
        ("x.jpg", "x.sealed.jpg"),
        ("x.JPEG", "x.sealed.jpg"),
        ("x.sealed", "x.sealed.jpg"),
        ("x.sealed.jpeg", "x.sealed.jpg"),
        ("x.sealed.png", "x.sealed.png"),
        ("x.ome.tif", "x.sealed.jpg"),
        ("x.sealed.jpg", "x.sealed.jpg"),
        ("x.SEALED.JPG", "x.SEALED.JPG"),
        ("cell_3.5um", "cell_3.5um.sealed.jpg"),
        ("a.b/x", "a.b/x.sealed.jpg"),
        ("x.npz", "x.sealed.jpg"),
        ("x.h5", "x.sealed.jpg"),
        (".png", ".png.sealed.jpg"),
        (".sealed.jpg", ".sealed.jpg.sealed.jpg"),
    ],
)
def test_the_extension_is_completed(typed, completed):
    """Whatever is typed, the file ends as sealed files do; a dot in a name is no extension."""
    assert complete_name(typed) == completed


def test_a_completed_name_stays_as_it_is():
    """Completing twice changes nothing."""
    for name in "x", "x.png", "x.sealed", "a.sealed.jpg":
        assert complete_name(complete_name(name)) == complete_name(name)


def test_a_folder_is_no_file_name():
    """A path that ends in a slash has no name to complete."""
    with pytest.raises(OptionError, match="folder"):
        complete_name("here/")


def test_every_way_of_saving_writes_a_sealed_file(plugin, tmp_path, picture):
    """layer.save, layers.save and napari.save_layers write the file and return its path."""
    from napari import save_layers

    layer = Image(picture, name="p")
    viewer = ViewerModel()
    viewer.add_layer(layer)
    paths = [str(tmp_path / f"{n}.sealed.jpg") for n in range(3)]
    assert layer.save(paths[0]) == [paths[0]]
    assert viewer.layers.save(paths[1]) == [paths[1]]
    assert save_layers(paths[2], [layer]) == [paths[2]]
    assert [napari_seal.check(path).verdict for path in paths] == ["intact"] * 3


def test_the_real_path_is_returned(tmp_path, picture):
    """The list names the file that exists, not the one that was typed."""
    (written,) = save(Image(picture), tmp_path / "x.png")
    assert written == str(tmp_path / "x.sealed.jpg")
    assert [p.name for p in tmp_path.iterdir()] == ["x.sealed.jpg"]


@pytest.mark.parametrize("typed", ["x", "x.png", "x.sealed.jpg"])
def test_an_existing_file_is_never_replaced_by_a_call(tmp_path, picture, typed):
    """Nobody was asked: the file stays, and the error says what to do."""
    target = tmp_path / "x.sealed.jpg"
    target.write_bytes(b"precious")
    with pytest.raises(TargetExistsError, match=r"left as it is.*Seal layer"):
        save(Image(picture), tmp_path / typed)
    assert target.read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (lambda: Image(np.zeros((2, 8, 9, 4), np.uint8), rgb=True), "alpha"),
        (lambda: Image(np.zeros((8, 9, 4), np.uint8), rgb=True), "alpha"),
        (lambda: Image(np.full((8, 9), np.nan)), "(?i)nan"),
    ],
)
def test_what_cannot_be_sealed_is_refused_in_a_sentence(tmp_path, layer, says):
    """Nothing is written, and the error is no ValueError, which napari would drop."""
    with pytest.raises(ImageError, match=says) as caught:
        save(layer(), tmp_path / "x")
    assert not isinstance(caught.value, ValueError)
    assert not list(tmp_path.iterdir())


def test_a_pyramid_is_sealed_at_full_resolution(tmp_path, picture):
    """The lower levels are derived from the first."""
    (path,) = save(Image([picture, picture[::2, ::2]], multiscale=True), tmp_path / "x")
    assert napari_seal.read(path)[0].shape == picture.shape


def test_dask_and_rgb(tmp_path, picture):
    """Lazy arrays are computed; colour pictures are stored as such."""
    (lazy,) = save(Image(da.from_array(picture)), tmp_path / "lazy")
    assert napari_seal.check(lazy).seal.source.shape == picture.shape
    colours = np.dstack([picture // 64] * 3).astype(np.uint8)
    (path,) = save(Image(colours, rgb=True), tmp_path / "rgb")
    assert read_layer(path).rgb


def test_what_json_has_no_form_for_is_named(tmp_path, picture, told):
    """The rest is sealed, and nothing is lost in silence."""
    metadata = {"stage": np.float32(1.5), "callback": len, "nested": {"bad": {1, 2}, "ok": [1]}}
    (path,) = save(Image(picture, metadata=metadata), tmp_path / "x")
    assert napari_seal.check(path).seal.metadata == {"stage": 1.5, "nested": {"ok": [1]}}
    (message,) = [m for m in told if "not sealed" in m]
    assert "callback (builtin_function_or_method)" in message
    assert "nested.bad (set)" in message


def test_a_reserved_key_is_refused(tmp_path, picture):
    """A key `seal` of the user's own is not passed over."""
    with pytest.raises(MetadataError, match="seal"):
        save(Image(picture, metadata={"seal": "mine"}), tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_the_verdict_of_the_old_file_is_not_sealed_again(sealed, tmp_path):
    """What the reader added describes the file that was opened."""
    layer = read_layer(str(sealed(metadata={"plate": 3})))
    (path,) = save(layer, tmp_path / "copy")
    assert napari_seal.check(path).seal.metadata == {"plate": 3}


def test_sealing_an_altered_image_again_says_so(sealed, edit, tmp_path, told):
    """The new seal is honest about what it vouches for; the flag is no part of the name."""
    layer = read_layer(str(edit(sealed(layer={"name": "field"}))))
    assert layer.name == "⚠ IMAGE CHANGED: field"
    (path,) = save(layer, tmp_path / "copy")
    assert any("opened as image-changed" in message for message in told)
    assert napari_seal.check(path).seal.layer["name"] == "field"


@pytest.mark.parametrize("typed", ["z.tif", "z.TIFF", "z.ome.tif", "z.png", "z.npy"])
def test_a_jpeg_under_another_extension_is_no_surprise(tmp_path, picture, told, typed):
    """It is written, and the last message says what it is, what was typed and what to do."""
    save(Image(picture, metadata={"bad": {1}}), tmp_path / typed)
    kind = typed.rsplit(".")[-1]
    assert [p.name for p in tmp_path.iterdir()] == ["z.sealed.jpg"]
    assert told[-1].startswith(f"JPEG written, not {kind.upper()}: z.sealed.jpg. You typed {typed}")
    assert f"a filter that lists *.{kind.lower()}" in told[-1]


@pytest.mark.parametrize(
    "typed", ["z", "z.jpg", "z.JPEG", "z.jfif", "z.sealed", "z.sealed.jpg", "z_3.5um"]
)
def test_a_jpeg_under_its_own_extension_needs_no_warning(tmp_path, picture, told, typed):
    """Who types one of these expects a JPEG, or nothing in particular."""
    save(Image(picture), tmp_path / typed)
    assert not any("JPEG written" in message for message in told)


def test_nothing_is_said_to_be_written_where_nothing_was(tmp_path, picture, told):
    """The refusal is the message."""
    (tmp_path / "z.sealed.jpg").write_bytes(b"precious")
    with pytest.raises(TargetExistsError):
        save(Image(picture), tmp_path / "z.tif")
    assert told == []
