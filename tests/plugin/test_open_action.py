"""Open and verify...: plain JPEGs come in through the menu, with their verdicts."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

import napari_seal
from napari_seal._napari.opening.open_action import (
    open_and_verify,
    open_and_verify_stack,
    open_flagged,
)
from napari_seal._napari.opening.stack_watch import watch_of


def test_a_plain_jpeg_opens_through_the_dialog(make_napari_viewer, sealed, strip, answer_dialog):
    """In the real window: the dialog, a file that the reader does not claim, the flag."""
    viewer = make_napari_viewer()
    answer_dialog(strip(sealed("holiday.jpg")))
    (layer,) = open_and_verify()
    assert viewer.layers[0] is layer
    assert layer.name == "○ no seal: holiday"


def test_stacks_open_through_the_dialogs(make_napari_viewer, tmp_path, answer_dialog, qtbot, told):
    """Their index as a file, and their folder through an entry of its own."""
    viewer = make_napari_viewer()
    napari_seal.seal_stack(np.zeros((2, 9, 9), np.uint8), tmp_path / "s", axes="ZYX")
    answer_dialog(tmp_path / "s.sealed" / "s.sealed.json")
    (first,) = open_and_verify()
    answer_dialog(tmp_path / "s.sealed")
    (second,) = open_and_verify_stack()
    assert list(viewer.layers) == [first, second]
    for layer in first, second:
        qtbot.waitUntil(lambda: watch_of(layer).final)  # noqa: B023
        assert layer.metadata["seal"]["verdict"] == "intact"


def test_the_flag_is_really_drawn(make_napari_viewer, sealed, edit, qtbot):
    """The canvas itself shows the colour of the flag: on the box and in the text."""
    viewer = make_napari_viewer(show=True)
    open_flagged(viewer, [str(edit(sealed()))])

    def drawn():
        shown = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
        orange = np.abs(shown - [0xFF, 0x8C, 0x1A]).max(axis=-1) < 25
        return bool(orange.sum() > 300 and orange[:60].sum() > 50)

    qtbot.waitUntil(drawn)


def test_the_changed_places_are_really_drawn(make_napari_viewer, sealed, edit, qtbot):
    """The canvas shows the colour of the boxes, around what was painted, and none without."""
    viewer = make_napari_viewer(show=True)
    (image,) = open_flagged(viewer, [str(edit(sealed()))])
    drawn = viewer.layers[-1]
    image.bounding_box.visible = image.name_overlay.visible = False

    def seen():
        shown = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
        return (np.abs(shown - [0xFF, 0x8C, 0x1A]).max(axis=-1) < 25).sum()

    qtbot.waitUntil(lambda: bool(seen() > 300))
    drawn.visible = False
    qtbot.waitUntil(lambda: bool(seen() == 0))


def test_one_bad_file_does_not_stop_the_others(sealed, tmp_path, told):
    """It is named, the rest opens."""
    (tmp_path / "bad.jpg").write_text("no image")
    viewer = ViewerModel()
    layers = open_flagged(viewer, [str(tmp_path / "bad.jpg"), str(sealed("good.jpg"))])
    assert [layer.name for layer in layers] == ["good"]
    assert any("Not opened" in message and "bad.jpg" in message for message in told)


def test_the_menu_has_the_actions(make_napari_viewer):
    """In File > IO Utilities, where a person looks for them; two of them in Layers > Data, too."""
    from napari._app_model import get_app_model

    make_napari_viewer()
    menus = get_app_model().menus

    def titles(menu):
        return {item.command.title for item in menus.get_menu(menu) if hasattr(item, "command")}

    utilities = titles("napari/file/io_utilities")
    for words in "Open and verify...", "Verify sealed images", "Seal layer...", "Seal details":
        assert any(words in title for title in utilities), words
    for words in "Seal layer...", "Seal details":
        assert any(words in title for title in titles("napari/layers/data")), words
