"""The widget "Seal layer...": what is offered, refused and written."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

import napari_seal
from napari_seal._napari.saving.seal_widget import SealWidget


def test_it_offers_the_active_image_and_a_name(seal_viewer, qtbot):
    """Only images; a file name that every file system takes."""
    widget = SealWidget(seal_viewer)
    qtbot.addWidget(widget.native)
    assert [layer.name for layer in widget.layer.choices] == ["stack", "a/b: c"]
    assert widget.layer.value.name == "a/b: c"
    assert widget.target.value.name == "a_b_ c.sealed.jpg"
    assert widget.table.metadata() == {"plate": 3, "note": "12"}
    assert "bad (set)" in widget.problem.text()


def test_it_seals_and_shows_what_was_written(seal_widget, tmp_path):
    """Path, size and identity; the file is intact and holds the metadata as edited."""
    seal_widget.table.set_metadata({"plate": 4, "who": "me"})
    seal_widget.quality.value = 70
    seal_widget.seal_button.native.click()
    verdict = napari_seal.check(tmp_path / "x.sealed.jpg")
    assert verdict.intact
    assert verdict.seal.metadata == {"plate": 4, "who": "me"}
    shown = seal_widget.result.text()
    assert str(tmp_path / "x.sealed.jpg") in shown
    assert "kB" in shown
    assert verdict.seal.source.digest.hex[:32] in shown


def test_an_existing_file_needs_the_box(seal_widget, tmp_path):
    """The button is off and the reason stands there; the box is good for one time."""
    (tmp_path / "x.sealed.jpg").write_bytes(b"old")
    seal_widget.target.value = tmp_path / "x"
    assert not seal_widget.seal_button.enabled
    assert "exists" in seal_widget.problem.text()
    assert seal_widget.seal() is None
    seal_widget.overwrite.value = True
    assert seal_widget.seal() is not None
    assert not seal_widget.overwrite.value
    assert napari_seal.check(tmp_path / "x.sealed.jpg").intact


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda w, t: setattr(w.target, "value", t / "none" / "x"), "no folder"),
        (lambda w, t: w.table.set_metadata({"seal": 1}), "reserved"),
        (lambda w, t: w.table.set_metadata({"": 1}), "no key"),
    ],
)
def test_what_is_wrong_stands_in_the_widget(seal_widget, tmp_path, change, says):
    """Before the button can be pressed."""
    change(seal_widget, tmp_path)
    assert says in seal_widget.problem.text()
    assert not seal_widget.seal_button.enabled


def test_errors_of_the_core_are_shown(seal_widget):
    """Metadata that do not fit into the file: nothing is written."""
    seal_widget.table.set_metadata({"long": "x" * 70_000})
    assert seal_widget.seal() is None
    assert "long" in seal_widget.problem.text()
    assert not seal_widget._target().startswith("✓")


def test_moedal_is_in_the_fold(seal_widget, tmp_path):
    """The box is out of the way, and works."""
    assert not seal_widget.moedal.native.isVisibleTo(seal_widget.native)
    seal_widget.advanced.setChecked(True)
    assert seal_widget.moedal.native.isVisibleTo(seal_widget.native)
    seal_widget.moedal.value = True
    seal_widget.seal()
    assert b'"sha244"' in (tmp_path / "x.sealed.jpg").read_bytes()


def test_no_layers_no_error(qtbot):
    """An empty viewer: the widget says what to do, and follows when an image comes."""
    viewer = ViewerModel()
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    assert "Open an image first" in widget.problem.text()
    viewer.add_image(np.zeros((9, 9)), name="late")
    widget.reset_choices()
    assert widget.layer.value.name == "late"
    assert widget.target.value.name == "late.sealed.jpg"


def test_it_opens_in_the_window(make_napari_viewer, picture):
    """As the menu opens it."""
    viewer = make_napari_viewer()
    viewer.add_image(picture, name="p")
    _, widget = viewer.window.add_plugin_dock_widget("napari-seal", "Seal layer...")
    assert widget.layer.value is viewer.layers[0]
    viewer.layers.clear()
    assert not widget.seal_button.enabled


def test_colour_pyramids_and_lazy_images_are_offered_too(qtbot, tmp_path):
    """The widget looks at shapes only; the work is done when the button is pressed."""
    viewer = ViewerModel()
    colours = np.zeros((40, 60, 3), np.uint8)
    viewer.add_image([colours, colours[::2, ::2]], rgb=True, multiscale=True, name="pyramid")
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    widget.target.value = tmp_path / "x"
    assert widget.seal().source.shape == (40, 60, 3)


# after sealing


def test_after_sealing_it_says_how_to_seal_again(seal_widget):
    """The button is off, and a sentence without alarm says why; the result stays."""
    seal_widget.seal()
    assert not seal_widget.seal_button.enabled
    assert seal_widget.problem.isVisibleTo(seal_widget.native)
    assert seal_widget.problem.text().startswith("To seal it again, choose another name or tick")
    assert "✓ Sealed" in seal_widget.result.text()
    seal_widget.overwrite.value = True
    assert seal_widget.seal_button.enabled
    assert "✓ Sealed" in seal_widget.result.text()


@pytest.mark.parametrize(
    "change",
    [
        lambda w: setattr(w.quality, "value", 50),
        lambda w: setattr(w.moedal, "value", True),
        lambda w: w.table.set_metadata({"plate": 5}),
    ],
    ids=["quality", "moedal", "metadata"],
)
def test_every_change_is_looked_at_again(seal_widget, change):
    """The file that stands there is not what would be written now."""
    seal_widget.seal()
    change(seal_widget)
    assert seal_widget.problem.isVisibleTo(seal_widget.native)
    assert "⚠ x.sealed.jpg exists" in seal_widget.problem.text()
    assert not seal_widget.seal_button.enabled


def test_another_name_or_layer_can_be_sealed_at_once(seal_viewer, seal_widget, picture, tmp_path):
    """Nothing is left over from the last time but the result."""
    seal_widget.seal()
    seal_widget.target.value = tmp_path / "y.sealed.jpg"
    assert seal_widget.seal_button.enabled
    seal_widget.layer.value = seal_viewer.add_image(picture, name="z")
    assert seal_widget.seal_button.enabled
    assert seal_widget.result.text() == ""


def test_what_lies_on_a_picture_is_not_offered(qtbot, opened, score_map):
    """While the boxes are active, their picture is chosen; the score map is no picture."""
    from napari_seal._napari.opening.overlays import make_overlays

    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 4)), name="another")
    image = viewer.add_layer(opened())
    for layer in make_overlays(image, score_map()):
        viewer.add_layer(layer)
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    assert [layer.name for layer in widget.layer.choices] == ["another", "⚠ IMAGE CHANGED: a"]
    assert widget.layer.value is image
