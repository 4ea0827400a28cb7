"""The widget "Seal layer...": what is offered, refused and written."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel

import napari_seal
from napari_seal._napari.saving.seal_widget import SealWidget


@pytest.fixture
def viewer(picture):
    """Two images and something else."""
    made = ViewerModel()
    made.add_image(np.zeros((4, 8, 8)), name="stack")
    made.add_points(np.zeros((2, 2)))
    made.add_image(picture, name="a/b: c", metadata={"plate": 3, "note": "12", "bad": {1}})
    return made


@pytest.fixture
def widget(viewer, qtbot, tmp_path):
    """The widget, with a folder of its own as the target; it hears what a docked one hears."""
    made = SealWidget(viewer)
    qtbot.addWidget(made.native)
    events = viewer.layers.events
    for event in (events.inserted, events.removed, events.reordered, events.renamed):
        event.connect(made.reset_choices)
    made.target.value = tmp_path / "x.sealed.jpg"
    return made


def test_it_offers_the_active_image_and_a_name(viewer, qtbot):
    """Only images; a file name that every file system takes."""
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    assert [layer.name for layer in widget.layer.choices] == ["stack", "a/b: c"]
    assert widget.layer.value.name == "a/b: c"
    assert widget.target.value.name == "a_b_ c.sealed.jpg"
    assert widget.table.metadata() == {"plate": 3, "note": "12"}
    assert "bad (set)" in widget.problem.text()


def test_it_seals_and_shows_what_was_written(widget, tmp_path):
    """Path, size and identity; the file is intact and holds the metadata as edited."""
    widget.table.set_metadata({"plate": 4, "who": "me"})
    widget.quality.value = 70
    widget.seal_button.native.click()
    verdict = napari_seal.check(tmp_path / "x.sealed.jpg")
    assert verdict.intact
    assert verdict.seal.metadata == {"plate": 4, "who": "me"}
    shown = widget.result.text()
    assert str(tmp_path / "x.sealed.jpg") in shown
    assert "kB" in shown
    assert verdict.seal.source.digest.hex[:32] in shown


def test_an_existing_file_needs_the_box(widget, tmp_path):
    """The button is off and the reason stands there; the box is good for one time."""
    (tmp_path / "x.sealed.jpg").write_bytes(b"old")
    widget.target.value = tmp_path / "x"
    assert not widget.seal_button.enabled
    assert "exists" in widget.problem.text()
    assert widget.seal() is None
    widget.overwrite.value = True
    assert widget.seal() is not None
    assert not widget.overwrite.value
    assert napari_seal.check(tmp_path / "x.sealed.jpg").intact


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda w, t: setattr(w.target, "value", t / "none" / "x"), "no folder"),
        (lambda w, t: w.table.set_metadata({"seal": 1}), "reserved"),
        (lambda w, t: w.table.set_metadata({"": 1}), "no key"),
    ],
)
def test_what_is_wrong_stands_in_the_widget(widget, tmp_path, change, says):
    """Before the button can be pressed."""
    change(widget, tmp_path)
    assert says in widget.problem.text()
    assert not widget.seal_button.enabled


def test_errors_of_the_core_are_shown(widget):
    """Metadata that do not fit into the file: nothing is written."""
    widget.table.set_metadata({"long": "x" * 70_000})
    assert widget.seal() is None
    assert "long" in widget.problem.text()
    assert not widget._target().startswith("✓")


def test_moedal_is_in_the_fold(widget, tmp_path):
    """The box is out of the way, and works."""
    assert not widget.moedal.native.isVisibleTo(widget.native)
    widget.advanced.setChecked(True)
    assert widget.moedal.native.isVisibleTo(widget.native)
    widget.moedal.value = True
    widget.seal()
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


# what was typed stays with its layer


def suggested(widget):
    """Fold the person's own target away: back to a widget with a suggestion."""
    draft = widget._drafts[widget.layer.value]
    widget.target.line_edit.value = draft.suggested
    return draft.suggested


@pytest.mark.parametrize("others", [True, False], ids=["one of several", "the only image"])
def test_a_rename_keeps_what_was_typed(viewer, widget, tmp_path, others):
    """The layer stays chosen, with its table and the person's own target."""
    layer = widget.layer.value
    if not others:
        viewer.layers.remove("stack")
    widget.table.set_metadata({"plate": 4, "who": "me"})
    layer.name = "field 8"
    assert widget.layer.value is layer
    assert widget.layer.current_choice == "field 8"
    assert widget.table.metadata() == {"plate": 4, "who": "me"}
    assert widget.target.value == tmp_path / "x.sealed.jpg"


def test_a_suggestion_follows_the_name(viewer, widget):
    """Only where nobody changed it, and without a word about the metadata."""
    suggested(widget)
    widget.table.set_metadata({"plate": 4})
    widget.layer.value.name = "field 8"
    assert widget.target.value.name == "field 8.sealed.jpg"
    assert widget.table.metadata() == {"plate": 4}


def test_two_layers_swap_their_names(viewer, widget, picture):
    """The texts in the list are the same as before; the layer behind them is not."""
    layer = widget.layer.value
    other = viewer.add_image(picture, name="b")
    with viewer.layers.events.renamed.blocker():
        layer.name, other.name = "swap", "a/b: c"
        layer.name = "b"
    widget.reset_choices()
    assert widget.layer.value is layer


def test_other_layers_come_and_go(viewer, widget, tmp_path, picture):
    """What happens to other layers touches nothing."""
    layer = widget.layer.value
    widget.table.set_metadata({"plate": 4})
    viewer.add_image(picture, name="new")
    viewer.layers.move(len(viewer.layers) - 1, 0)
    viewer.layers.remove("new")
    assert widget.layer.value is layer
    assert widget.table.metadata() == {"plate": 4}
    assert widget.target.value == tmp_path / "x.sealed.jpg"


def test_each_layer_has_its_own_edits(viewer, widget, tmp_path, picture):
    """To another layer and back: half-finished rows, the target; the quality is common to all."""
    first = widget.layer.value
    second = viewer.add_image(picture, name="second", metadata={"plate": 9})
    widget.table.set_texts([("plate", "4"), ("", "no key yet")])
    widget.quality.value = 55
    widget.layer.value = second
    assert widget.table.metadata() == {"plate": 9}
    # Beside the file that the person named last.
    assert widget.target.value == tmp_path / "second.sealed.jpg"
    widget.table.set_metadata({"plate": 10})
    widget.layer.value = first
    assert widget.table.texts() == [("plate", "4"), ("", "no key yet")]
    assert widget.target.value == tmp_path / "x.sealed.jpg"
    widget.layer.value = second
    assert widget.table.metadata() == {"plate": 10}
    assert widget.quality.value == 55


def test_untouched_metadata_follow_the_layer(viewer, widget, picture):
    """A script changes layer.metadata while another layer is chosen."""
    first = widget.layer.value
    second = viewer.add_image(picture, name="second")
    widget.layer.value = second
    first.metadata = {"plate": 5}
    widget.layer.value = first
    assert widget.table.metadata() == {"plate": 5}


def test_a_removed_layer_takes_its_edits_along(viewer, widget, picture, tmp_path):
    """Another layer is chosen with its own metadata; put back, the first has its edits again."""
    first = widget.layer.value
    widget.table.set_metadata({"plate": 4})
    viewer.layers.remove(first)
    assert widget.layer.value.name == "stack"
    assert widget.table.metadata() == {}
    viewer.layers.clear()
    assert widget.table.texts() == []
    assert widget.target.line_edit.value == ""
    viewer.add_layer(first)
    assert widget.layer.value is first
    assert widget.table.metadata() == {"plate": 4}
    assert widget.target.value == tmp_path / "x.sealed.jpg"


def test_a_removed_layer_is_not_held(viewer, widget):
    """Edits end with the layer: gigabytes are not kept for them."""
    # Not the layer that was added last: napari's own selection holds on to that.
    widget.layer.value = viewer.layers["stack"]
    widget.table.set_metadata({"plate": 4})
    gone = weakref.ref(widget.layer.value)
    viewer.layers.remove("stack")
    gc.collect()
    assert gone() is None
    assert list(widget._drafts) == [widget.layer.value]


# after sealing


def test_after_sealing_it_says_how_to_seal_again(widget):
    """The button is off, and a sentence without alarm says why; the result stays."""
    widget.seal()
    assert not widget.seal_button.enabled
    assert widget.problem.isVisibleTo(widget.native)
    assert widget.problem.text().startswith("To seal it again, choose another name or tick")
    assert "✓ Sealed" in widget.result.text()
    widget.overwrite.value = True
    assert widget.seal_button.enabled
    assert "✓ Sealed" in widget.result.text()


@pytest.mark.parametrize(
    "change",
    [
        lambda w: setattr(w.quality, "value", 50),
        lambda w: setattr(w.moedal, "value", True),
        lambda w: w.table.set_metadata({"plate": 5}),
    ],
    ids=["quality", "moedal", "metadata"],
)
def test_every_change_is_looked_at_again(widget, change):
    """The file that stands there is not what would be written now."""
    widget.seal()
    change(widget)
    assert widget.problem.isVisibleTo(widget.native)
    assert "⚠ x.sealed.jpg exists" in widget.problem.text()
    assert not widget.seal_button.enabled


def test_another_name_or_layer_can_be_sealed_at_once(viewer, widget, picture, tmp_path):
    """Nothing is left over from the last time but the result."""
    widget.seal()
    widget.target.value = tmp_path / "y.sealed.jpg"
    assert widget.seal_button.enabled
    widget.layer.value = viewer.add_image(picture, name="z")
    assert widget.seal_button.enabled
    assert widget.result.text() == ""


def test_a_rename_in_the_window(make_napari_viewer, picture, tmp_path):
    """napari itself calls the widget when a layer is renamed."""
    viewer = make_napari_viewer()
    viewer.add_image(picture, name="p")
    viewer.add_image(picture, name="q")
    _, widget = viewer.window.add_plugin_dock_widget("napari-seal", "Seal layer...")
    widget.table.set_metadata({"plate": 4})
    widget.target.value = tmp_path / "x.sealed.jpg"
    viewer.layers["q"].name = "r"
    assert widget.layer.value is viewer.layers["r"]
    assert widget.table.metadata() == {"plate": 4}
    assert widget.target.value == tmp_path / "x.sealed.jpg"


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


# formats, labels and stacks


@pytest.fixture
def small(viewer, widget):
    """A stack of four planes is chosen."""
    widget.layer.value = viewer.layers["stack"]
    return widget


def test_the_format_is_that_of_the_name(widget, tmp_path):
    """Whichever of the two is changed, the other follows."""
    widget.format.value = "PNG, lossless"
    assert widget.target.value.name == "x.sealed.png"
    assert not widget.quality.enabled
    widget.target.value = tmp_path / "y.sealed.jpg"
    assert widget.format_name == "jpeg"
    assert widget.quality.enabled
    widget.format.value = "PNG, lossless"
    widget.target.value = tmp_path / "y"
    assert widget.seal().format == "png"
    assert (tmp_path / "y.sealed.png").exists()


def test_labels_and_transparency_go_into_png(viewer, widget, tmp_path):
    """That is proposed; JPEG is refused before the button can be pressed."""
    viewer.add_labels(np.ones((9, 9), int), name="cells")
    viewer.add_image(np.zeros((9, 9, 4), np.uint8), rgb=True, name="glass")
    for name in "cells", "glass":
        widget.layer.value = viewer.layers[name]
        assert widget.format_name == "png"
        widget.format.value = "JPEG, small"
        assert ".sealed.png" in widget.problem.text()
        assert not widget.seal_button.enabled
        widget.format.value = "PNG, lossless"
        widget.target.value = tmp_path / name
        assert napari_seal.check(tmp_path / f"{name}.sealed.png").verdict == "unreadable"
        assert widget.seal() is not None
    assert napari_seal.check(tmp_path / "cells.sealed.png").seal.layer["type"] == "labels"


def test_a_stack_becomes_a_folder(small, tmp_path):
    """It is said before, with what its axes are taken for, and after."""
    small.target.value = tmp_path / "s.sealed.png"
    assert f"{tmp_path / 's.sealed'} of 4 planes (Z 4)" in small.problem.text()
    small.table.set_metadata({"plate": 4})
    assert small.seal().count == 4
    assert "4 planes" in small.result.text()
    found = napari_seal.open_stack(tmp_path / "s.sealed")
    assert found.metadata == {"plate": 4}
    assert napari_seal.check_stack(tmp_path / "s.sealed").intact


def test_a_stack_that_is_there_needs_the_box(small, tmp_path):
    """As a file does; its folder may be named as well."""
    small.target.value = tmp_path / "s"
    small.seal()
    first = napari_seal.open_stack(tmp_path / "s.sealed").stack
    small.target.value = tmp_path / "s.sealed"
    assert "s.sealed exists" in small.problem.text()
    small.overwrite.value = True
    assert small.seal().id != first.id
    assert napari_seal.check_stack(tmp_path / "s.sealed").intact


def test_a_stack_can_be_cancelled_and_gone_on_with(small, tmp_path):
    """The button says so; what was written is kept, and the folder says that it is not finished."""
    small.target.value = tmp_path / "s"
    texts = []

    def press(text):
        texts.append(small.seal_button.text)
        if "6 of" in text:
            small.seal_button.native.click()

    wait = small._progress

    def progress(done, total):
        press(f"{done} of")
        wait(done, total)

    small._progress = progress
    assert small.seal() is None
    assert set(texts) == {"Cancel"}
    assert "Cancelled: 6 of" in small.problem.text()
    assert small.seal_button.text == "Seal"
    assert napari_seal.check_stack(tmp_path / "s.sealed").verdict == "truncated"
    small._progress = wait
    small.target.value = tmp_path / "s.sealed.jpg"
    assert "begun before" in small.problem.text()
    assert small.seal().complete


def test_windows_are_in_the_fold(small, viewer, tmp_path):
    """An image has the choice of an image, a stack that of a stack; both hold."""
    small.advanced.setChecked(True)
    assert small.stack_window.native.isVisibleTo(small.native)
    assert not small.window.native.isVisibleTo(small.native)
    assert not small.moedal.native.isVisibleTo(small.native)
    small.stack_window.value = "range of each plane"
    small.target.value = tmp_path / "s"
    assert small.seal().plane_windows
    small.layer.value = viewer.layers["a/b: c"]
    assert small.window.native.isVisibleTo(small.native)
    small.window.value = "range of its type"
    small.target.value = tmp_path / "t"
    assert small.seal().window.high == 65535


def test_a_stack_that_was_opened_is_sealed_beside_it(viewer, widget, tmp_path):
    """Not among its planes."""
    from napari.layers._source import Source

    layer = viewer.add_image(np.zeros((3, 9, 9)), name="again")
    layer._source = Source(path=str(tmp_path / "s.sealed" / "s.sealed.json"))
    widget.layer.value = layer
    assert widget.target.value == tmp_path / "again.sealed.jpg"
