"""Seal details: what is said of the layer that is selected, and what can be done from there."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.layers._source import layer_source

from napari_seal._napari.details.details_widget import SealDetails
from napari_seal._napari.opening.focus import look_at
from napari_seal._napari.opening.opened import overlay_of, remember
from napari_seal._napari.opening.overlays import SCORES, make_overlays
from napari_seal._napari.opening.reader import read_layer


@pytest.fixture
def viewer():
    """Layers without a window."""
    return ViewerModel()


@pytest.fixture
def details(viewer, qtbot):
    """The widget, shown in the width of a narrow dock."""
    widget = SealDetails(viewer)
    qtbot.addWidget(widget.native)
    widget.native.resize(340, 600)
    widget.native.show()
    return widget


@pytest.fixture
def add_changed(opened, score_map):
    """Add a picture with its overlays, as it is opened."""

    def add(viewer, **options):
        image = viewer.add_layer(opened(**options))
        image.metadata["seal"]["reasons"] = [
            {
                "code": "x",
                "message": "The <b>pixels</b> differ.\u202e",
                "expected": "7",
                "found": "8",
            }
        ]
        for layer in make_overlays(image, score_map()):
            viewer.add_layer(layer)
        return image

    return add


def shown(details):
    """Everything that can be read in the widget."""
    texts = [details.verdict.text(), details._where.text(), details._seal.text()]
    texts += [part.toPlainText() for part in (details.file, details.meaning, details.reasons)]
    cells = [
        details.table.item(row, column).text()
        for row in range(details.table.rowCount())
        for column in (0, 1)
        if details.table.item(row, column) is not None
    ]
    return "\n".join([*texts, *cells])


def test_without_a_layer_it_says_what_it_is_for(details):
    """An empty widget explains itself."""
    assert "Select a picture" in details.meaning.toPlainText()
    assert not details.table.isVisible()
    assert not details.verdict.isVisible()


def test_an_intact_file_is_calm_and_tells_what_its_seal_says(details, viewer, sealed):
    """No reasons, no regions; identity, time, digests, the user's metadata."""
    path = sealed("a.sealed.jpg", metadata={"plate": 3, "note": "<i>x</i>"})
    layer = viewer.add_layer(read_layer(str(path)))
    text = shown(details)
    assert details.verdict.text() == "✓ intact"
    assert not details.reasons.isVisible()
    assert not details._where.isVisible()
    assert not details.regions.isVisible()
    assert not details.strength.native.isVisible()
    assert "claim" not in text
    entry = layer.metadata["seal"]
    for value in str(path), entry["identity"], entry["codestream"], "96 x 128, uint16", "90":
        assert value in text
    assert "plate\n3" in text
    assert "note\n<i>x</i>" in text


def test_a_changed_file_says_why_and_where(details, viewer, add_changed):
    """Every reason with what was expected and found; a line a region; a claim is called one."""
    add_changed(viewer)
    text = shown(details)
    assert details.verdict.text() == "⚠ IMAGE CHANGED"
    assert "not the one that was sealed" in text
    # Text, not markup, and with nothing hidden in it.
    assert "• The <b>pixels</b> differ.\\u202e\n    expected: 7\n    found: 8" in text
    assert "Where: 2 changed regions" in text
    assert details.regions.item(0).text() == "1:  y 16 to 64, x 32 to 64,  4.1 x threshold"
    assert details.regions.count() == 2
    assert details.pictures.isVisible()
    assert "(6 x 8 tiles)" in details.pictures._caption.text()


@pytest.mark.parametrize(
    ("scale", "words"), [(1, "no region stands out"), (0.1, "no tile differs by more than")]
)
def test_where_no_place_can_be_named_it_says_so(details, viewer, opened, score_map, scale, words):
    """All over the picture is another thing than nowhere; the pictures tell the rest."""
    image = opened(regions=[])
    scores = dataclasses.replace(score_map(), scores=score_map().scores * scale)
    remember(image, scores)
    viewer.add_layer(image)
    assert words in details._where.text()
    assert details.pictures.isVisible()
    assert details.strength.native.isVisible()
    assert not details.regions.isVisible()


def test_seals_of_other_files_are_claims(details, viewer, sealed, edit):
    """Whatever stands in a file that is not intact."""
    viewer.add_layer(read_layer(str(edit(sealed("b.sealed.jpg")))))
    assert "claim" in details._seal.text()


def test_it_follows_the_active_layer(details, viewer, sealed, strip, add_changed, opened):
    """An overlay speaks for its picture; other layers are not ours."""
    image = add_changed(viewer)
    assert viewer.layers.selection.active is not image
    assert details.verdict.text() == "⚠ IMAGE CHANGED"
    viewer.add_layer(read_layer(str(strip(sealed("b.jpg")))))
    assert details.verdict.text() == "○ no seal"
    assert not details.table.isVisible()
    viewer.add_image(np.zeros((3, 4, 5)), name="mine")
    assert details.verdict.text() == "○ not checked"
    assert "not opened by napari-seal" in shown(details)
    assert "mine" in shown(details)
    assert not details.check.native.isVisible()
    viewer.layers.selection.active = image
    assert details.regions.isVisible()
    viewer.layers.selection.clear()
    assert "Select a picture" in shown(details)


def test_overlays_without_their_picture_are_not_taken_for_one(details, viewer, add_changed):
    """Nothing is said about a picture that is not there."""
    image = add_changed(viewer)
    drawn = viewer.layers[-1]
    viewer.layers.remove(image)
    viewer.layers.selection.active = drawn
    assert "no longer in the layer list" in shown(details)


def test_a_file_that_was_opened_otherwise_can_be_checked(details, viewer, sealed):
    """One press, and it is there with its verdict."""
    with layer_source(path=str(sealed("a.sealed.jpg")), reader_plugin="napari"):
        viewer.add_layer(Image(np.zeros((4, 5))))
    assert details.check.native.isVisible()
    details.check.native.click()
    assert details.verdict.text() == "✓ intact"
    assert len(viewer.layers) == 2


def test_the_map_is_switched_by_the_box_and_by_the_eye(details, viewer, add_changed):
    """Both say the same; a map that was taken out comes back."""
    image = add_changed(viewer)
    layer = overlay_of(viewer.layers, image, SCORES)
    assert not details.strength.value
    details.strength.native.click()
    assert layer.visible
    layer.visible = False
    assert not details.strength.value
    viewer.layers.remove(layer)
    viewer.layers.selection.active = image
    details.strength.native.click()
    again = overlay_of(viewer.layers, image, SCORES)
    assert again.visible
    assert details.strength.value
    again.visible = False
    assert not details.strength.value


@pytest.mark.parametrize("stack", [False, True])
def test_a_region_that_is_clicked_comes_into_view(details, viewer, stack, add_changed, boxes):
    """Its middle is the middle of the canvas, all of it is seen, and its boxes are shown."""
    if stack:
        viewer.add_image(np.zeros((5, 9, 9)))
    image = add_changed(viewer, scale=(0.5, 0.25), translate=(10, -3))
    drawn = viewer.layers[-1]
    drawn.visible = False
    item = details.regions.item(0)
    details.regions.setCurrentItem(item)
    details.regions.itemClicked.emit(item)
    y0, x0, y1, x1 = boxes[0]
    middle = image.data_to_world([(y0 + y1 - 1) / 2, (x0 + x1 - 1) / 2])
    camera = viewer.scene.camera
    np.testing.assert_allclose(camera.center[-2:], middle[-2:])
    height, width = viewer.canvas.size
    assert (y1 - y0) * 0.5 * camera.zoom < height
    assert (x1 - x0) * 0.25 * camera.zoom < width
    assert max((y1 - y0) * 0.5 * camera.zoom / height, (x1 - x0) * 0.25 * camera.zoom / width) > 0.1
    assert drawn.visible


def test_a_look_at_a_region_in_three_dimensions(viewer, opened, boxes):
    """The depth stays what it was."""
    viewer.add_image(np.zeros((5, 9, 9)))
    image = viewer.add_layer(opened())
    viewer.dims.ndisplay = 3
    depth = viewer.scene.camera.center[0]
    look_at(viewer, image, boxes[0])
    np.testing.assert_allclose(viewer.scene.camera.center, [depth, 39.5, 47.5])


def test_data_that_were_replaced_are_not_passed_off_as_verified(details, viewer, sealed):
    """The verdict is about the file; who puts other data into the layer is told so."""
    layer = viewer.add_layer(read_layer(str(sealed("a.sealed.jpg"))))
    assert "were replaced" not in details.meaning.toPlainText()
    layer.data = np.zeros((96, 128), np.uint8)
    assert "data of this layer were replaced" in details.meaning.toPlainText()


def test_nothing_sticks_out_of_a_narrow_dock(details, viewer, qtbot, add_changed):
    """Digests break, the table ends at the edge; what is too high is scrolled."""
    image = add_changed(viewer)
    image.metadata["seal"] |= {
        "version": 1,
        "codestream": "sha256:" + "0" * 64,
        "metadata": {"k" * 300: "v" * 3000, **{f"key {n}": n for n in range(400)}},
        "reasons": [{"code": "x", "message": "m" * 500, "expected": "sha256:" + "a" * 64}] * 20,
    }
    viewer.layers.selection.active = image

    def fits():
        assert details._area.widget().width() <= 340
        assert details.reasons.document().size().width() <= 340
        assert details._area.verticalScrollBar().maximum() > 0
        assert details.reasons.height() >= details.reasons.document().size().height()
        assert details.table.height() < 600

    qtbot.waitUntil(fits)
    assert "expected: sha256:aaaaaaaaaaaaaaaaaaaa…" in shown(details)


def test_cells_are_copied(details, viewer, sealed, qtbot):
    """As names and values, one a line."""
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QApplication

    viewer.add_layer(read_layer(str(sealed("a.sealed.jpg", metadata={"plate": 3}))))
    details.table.selectRow(details.table.rowCount() - 1)
    qtbot.keyClick(details.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "plate\t3"


def test_a_closed_dock_is_left_in_peace(viewer, qtbot, add_changed):
    """Layers come and go after it is closed."""
    from qtpy.QtWidgets import QWidget

    widget, dock = SealDetails(viewer), QWidget()
    qtbot.addWidget(dock)
    widget.native.setParent(dock)
    add_changed(viewer)
    assert widget.verdict.text() == "⚠ IMAGE CHANGED"
    widget.native.setParent(None)
    viewer.layers[1].visible = True
    viewer.add_image(np.zeros((4, 4)))
    assert widget.verdict.text() == "⚠ IMAGE CHANGED"
    assert not widget.strength.value
    widget.native.deleteLater()


def test_it_opens_in_the_window_and_moves_the_canvas(
    make_napari_viewer, plugin, qtbot, add_changed
):
    """In the real window."""
    viewer = make_napari_viewer(show=True)
    _, widget = viewer.window.add_plugin_dock_widget("napari-seal", "Seal details")
    add_changed(viewer)
    qtbot.wait(50)
    before = viewer.scene.camera.zoom
    widget.regions.setCurrentRow(1)
    widget.regions.itemClicked.emit(widget.regions.item(1))
    assert viewer.scene.camera.zoom > before
    assert [layer.visible for layer in viewer.layers] == [True, False, True]
