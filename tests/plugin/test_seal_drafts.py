"""The widget "Seal layer...": what was typed stays with its layer."""

from __future__ import annotations

import gc
import weakref

import pytest


def suggested(widget):
    """Fold the person's own target away: back to a widget with a suggestion."""
    draft = widget._drafts[widget.layer.value]
    widget.target.line_edit.value = draft.suggested
    return draft.suggested


@pytest.mark.parametrize("others", [True, False], ids=["one of several", "the only image"])
def test_a_rename_keeps_what_was_typed(seal_viewer, seal_widget, tmp_path, others):
    """The layer stays chosen, with its table and the person's own target."""
    layer = seal_widget.layer.value
    if not others:
        seal_viewer.layers.remove("stack")
    seal_widget.table.set_metadata({"plate": 4, "who": "me"})
    layer.name = "field 8"
    assert seal_widget.layer.value is layer
    assert seal_widget.layer.current_choice == "field 8"
    assert seal_widget.table.metadata() == {"plate": 4, "who": "me"}
    assert seal_widget.target.value == tmp_path / "x.sealed.jpg"


def test_a_suggestion_follows_the_name(seal_viewer, seal_widget):
    """Only where nobody changed it, and without a word about the metadata."""
    suggested(seal_widget)
    seal_widget.table.set_metadata({"plate": 4})
    seal_widget.layer.value.name = "field 8"
    assert seal_widget.target.value.name == "field 8.sealed.jpg"
    assert seal_widget.table.metadata() == {"plate": 4}


def test_two_layers_swap_their_names(seal_viewer, seal_widget, picture):
    """The texts in the list are the same as before; the layer behind them is not."""
    layer = seal_widget.layer.value
    other = seal_viewer.add_image(picture, name="b")
    with seal_viewer.layers.events.renamed.blocker():
        layer.name, other.name = "swap", "a/b: c"
        layer.name = "b"
    seal_widget.reset_choices()
    assert seal_widget.layer.value is layer


def test_other_layers_come_and_go(seal_viewer, seal_widget, tmp_path, picture):
    """What happens to other layers touches nothing."""
    layer = seal_widget.layer.value
    seal_widget.table.set_metadata({"plate": 4})
    seal_viewer.add_image(picture, name="new")
    seal_viewer.layers.move(len(seal_viewer.layers) - 1, 0)
    seal_viewer.layers.remove("new")
    assert seal_widget.layer.value is layer
    assert seal_widget.table.metadata() == {"plate": 4}
    assert seal_widget.target.value == tmp_path / "x.sealed.jpg"


def test_each_layer_has_its_own_edits(seal_viewer, seal_widget, tmp_path, picture):
    """To another layer and back: half-finished rows, the target; the quality is common to all."""
    first = seal_widget.layer.value
    second = seal_viewer.add_image(picture, name="second", metadata={"plate": 9})
    seal_widget.table.set_texts([("plate", "4"), ("", "no key yet")])
    seal_widget.quality.value = 55
    seal_widget.layer.value = second
    assert seal_widget.table.metadata() == {"plate": 9}
    # Beside the file that the person named last.
    assert seal_widget.target.value == tmp_path / "second.sealed.jpg"
    seal_widget.table.set_metadata({"plate": 10})
    seal_widget.layer.value = first
    assert seal_widget.table.texts() == [("plate", "4"), ("", "no key yet")]
    assert seal_widget.target.value == tmp_path / "x.sealed.jpg"
    seal_widget.layer.value = second
    assert seal_widget.table.metadata() == {"plate": 10}
    assert seal_widget.quality.value == 55


def test_untouched_metadata_follow_the_layer(seal_viewer, seal_widget, picture):
    """A script changes layer.metadata while another layer is chosen."""
    first = seal_widget.layer.value
    second = seal_viewer.add_image(picture, name="second")
    seal_widget.layer.value = second
    first.metadata = {"plate": 5}
    seal_widget.layer.value = first
    assert seal_widget.table.metadata() == {"plate": 5}


def test_a_removed_layer_takes_its_edits_along(seal_viewer, seal_widget, picture, tmp_path):
    """Another layer is chosen with its own metadata; put back, the first has its edits again."""
    first = seal_widget.layer.value
    seal_widget.table.set_metadata({"plate": 4})
    seal_viewer.layers.remove(first)
    assert seal_widget.layer.value.name == "stack"
    assert seal_widget.table.metadata() == {}
    seal_viewer.layers.clear()
    assert seal_widget.table.texts() == []
    assert seal_widget.target.line_edit.value == ""
    seal_viewer.add_layer(first)
    assert seal_widget.layer.value is first
    assert seal_widget.table.metadata() == {"plate": 4}
    assert seal_widget.target.value == tmp_path / "x.sealed.jpg"


def test_a_removed_layer_is_not_held(seal_viewer, seal_widget):
    """Edits end with the layer: gigabytes are not kept for them."""
    # Not the layer that was added last: napari's own selection holds on to that.
    seal_widget.layer.value = seal_viewer.layers["stack"]
    seal_widget.table.set_metadata({"plate": 4})
    gone = weakref.ref(seal_widget.layer.value)
    seal_viewer.layers.remove("stack")
    gc.collect()
    assert gone() is None
    assert list(seal_widget._drafts) == [seal_widget.layer.value]


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
