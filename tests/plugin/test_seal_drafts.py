"""The widget "Seal layer...": what was typed stays with its layer."""

from __future__ import annotations

import gc
import weakref

import pytest
from dock_seal import docked, some_layers


@pytest.fixture
def viewer(picture):
    """Two images and something else."""
    return some_layers(picture)


@pytest.fixture
def widget(viewer, qtbot, tmp_path):
    """The widget, with a folder of its own as the target; it hears what a docked one hears."""
    return docked(viewer, qtbot, tmp_path)


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
