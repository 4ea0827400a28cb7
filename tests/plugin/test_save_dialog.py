"""File > Save in the real window: the menu action, Qt's dialog, the file on disk."""

from __future__ import annotations

import numpy as np
import pytest
from dock import SlowImage
from qtpy.QtCore import QTimer

import napari_seal
from napari_seal._napari.saving.shown_progress import Cancelled, shown_progress


@pytest.fixture
def viewer(make_napari_viewer, picture):
    """A window with one image, which is selected."""
    made = make_napari_viewer()
    made.add_image(picture, name="field 7", scale=(0.5, 0.5), units=("um", "um"))
    return made


def save(viewer):
    """Trigger File > Save Selected Layers."""
    from napari._app_model import get_app_model

    get_app_model().commands.execute_command("napari.window.file.save_layers_dialog.selected")


def test_a_typed_name_becomes_a_sealed_file(viewer, tmp_path, answer_dialog, told):
    """Our filter, a name without extension, Save."""
    answer_dialog(tmp_path / "x", name_filter="sealed.jpg")
    save(viewer)
    assert [p.name for p in tmp_path.iterdir()] == ["x.sealed.jpg"]
    verdict = napari_seal.check(tmp_path / "x.sealed.jpg")
    assert verdict.intact
    assert verdict.seal.layer["name"] == "field 7"
    assert verdict.seal.layer["units"] == ["micrometer", "micrometer"]
    assert any(message.startswith("Sealed: ") for message in told)


def test_replacing_is_agreed_in_the_dialog(viewer, tmp_path, answer_dialog):
    """Qt asked about exactly this name, and the answer was yes."""
    target = tmp_path / "x.sealed.jpg"
    target.write_bytes(b"old")
    answer_dialog(target, name_filter="sealed.jpg", replace=True)
    save(viewer)
    assert napari_seal.check(target).intact


def test_a_completed_name_is_not_what_was_agreed(viewer, tmp_path, answer_dialog):
    """Qt asked about "x" if at all; x.sealed.jpg stays, and the error says so."""
    target = tmp_path / "x.sealed.jpg"
    target.write_bytes(b"old")
    answer_dialog(tmp_path / "x", name_filter="sealed.jpg")
    with pytest.raises(napari_seal.TargetExistsError, match="left as it is"):
        save(viewer)
    assert target.read_bytes() == b"old"


def test_no_is_no(viewer, tmp_path, answer_dialog):
    """Whoever declines keeps the old file."""
    target = tmp_path / "x.sealed.jpg"
    target.write_bytes(b"old")
    answer_dialog(target, name_filter="sealed.jpg", replace=False)
    save(viewer)
    assert target.read_bytes() == b"old"


def test_a_tiff_typed_under_our_filter(viewer, tmp_path, answer_dialog, told):
    """The filter decides, and the person is told; the TIFF of that name is not touched."""
    (tmp_path / "z.tif").write_bytes(b"old")
    answer_dialog(tmp_path / "z.tif", name_filter="sealed.jpg", replace=True)
    save(viewer)
    assert (tmp_path / "z.tif").read_bytes() == b"old"
    assert napari_seal.check(tmp_path / "z.sealed.jpg").intact
    assert told[-1].startswith("JPEG written, not TIF: z.sealed.jpg. You typed z.tif")


@pytest.mark.parametrize(("filter_", "ending"), [("sealed.jpg", "jpg"), ("sealed.png", "png")])
def test_a_stack_is_saved_as_a_folder(
    viewer, picture, tmp_path, answer_dialog, told, filter_, ending
):
    """Our filter, a name without extension, Save; progress is gone afterwards."""
    from napari.utils.progress import progress

    viewer.add_image(np.stack([picture, picture + 1]), name="z")
    answer_dialog(tmp_path / "x", name_filter=filter_)
    save(viewer)
    assert sorted(p.name for p in (tmp_path / "x.sealed").iterdir()) == [
        "x.sealed.json",
        f"x_z0.sealed.{ending}",
        f"x_z1.sealed.{ending}",
    ]
    assert napari_seal.check_stack(tmp_path / "x.sealed").intact
    assert not [bar for bar in progress._all_instances if "Sealing" in bar.desc]


def test_a_large_image_has_a_button_that_ends_it(
    make_napari_viewer, picture, tmp_path, answer_dialog
):
    """The bar shows itself, nothing is written, and the bar hides itself again."""
    from napari._qt.widgets.qt_progress_bar import QtLabeledProgressBar

    viewer = make_napari_viewer(show=True)
    slow, window = SlowImage(picture), viewer.window._qt_window
    viewer.add_image(slow, name="slow", contrast_limits=[0, 65535])
    answer_dialog(tmp_path / "x", name_filter="sealed.jpg")
    pressed = []

    def press():
        for bar in window.findChildren(QtLabeledProgressBar):
            if bar.cancel_button.isVisible() and not pressed:
                pressed.append(bar.description_label.text())
                bar.cancel_button.click()
                QTimer.singleShot(100, slow.gate.set)

    timer = QTimer()
    timer.setInterval(20)
    timer.timeout.connect(press)
    timer.start()
    with pytest.raises(Cancelled, match=r"nothing was written to x\.sealed\.jpg"):
        save(viewer)
    timer.stop()
    assert pressed == ["Sealing x.sealed.jpg: "]
    assert not list(tmp_path.iterdir())
    assert not window._activity_dialog.isVisible()


def test_the_button_that_ends_a_stack_is_in_view(make_napari_viewer, qtbot):
    """Whatever napari writes beside it, and however long the name."""
    from napari._qt.widgets.qt_progress_bar import QtLabeledProgressBar

    window = make_napari_viewer(show=True).window._qt_window
    with shown_progress("plate 7, second week.sealed.png" * 2, stack=True) as report:
        report(1234, 80_000)
        (bar,) = window.findChildren(QtLabeledProgressBar)
        button = bar.cancel_button
        qtbot.waitUntil(
            lambda: button.visibleRegion().boundingRect() == button.rect(), timeout=60_000
        )
        assert bar.eta_label.text() == " 1234/80000"
