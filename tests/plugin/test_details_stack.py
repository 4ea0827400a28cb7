"""The part of "Seal details" about stacks: how far the check is, and which planes are bad."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

import napari_seal
from napari_seal._napari.details import details_stack
from napari_seal._napari.details.details_widget import SealDetails
from napari_seal._napari.opening.open_action import open_flagged
from napari_seal._napari.opening.stack_watch import watch_of


@pytest.fixture
def viewer():
    """An empty one."""
    return ViewerModel()


@pytest.fixture
def widget(viewer, qtbot):
    """The details beside it."""
    made = SealDetails(viewer)
    qtbot.addWidget(made.native)
    return made


@pytest.fixture
def damaged(tmp_path, picture, edit):
    """Four planes, of which one is edited and one is gone."""
    planes = np.stack([np.roll(picture, 9 * z, 1) for z in range(4)])
    napari_seal.seal_stack(planes, tmp_path / "s", axes="ZYX", metadata={"plate": 3})
    edit(tmp_path / "s.sealed" / "s_z2.sealed.jpg")
    (tmp_path / "s.sealed" / "s_z3.sealed.jpg").unlink()
    return tmp_path / "s.sealed"


def lines(widget):
    """What the list of planes says."""
    return [widget.stack.planes.item(n).text() for n in range(widget.stack.planes.count())]


def test_it_says_how_far_the_check_is_and_what_it_found(viewer, widget, damaged, qtbot, told):
    """Before and after; the verdict is no longer open then."""
    (layer,) = open_flagged(viewer, [str(damaged)])
    assert widget.verdict.text() == "○ not all checked yet"
    assert widget.stack.progress.text() == "Checking all planes: 0 of 4."
    assert widget.stack.button.text() == "Cancel"
    qtbot.waitUntil(lambda: watch_of(layer).final)
    assert widget.verdict.text() == "✗ PLANES MISSING"
    assert widget.stack.progress.text() == "All 4 planes were checked."
    assert widget.stack.button.text() == "Check all planes again"
    assert lines(widget) == ["⚠ Z 2:  image-changed, 1 region", "✗ Z 3:  missing"]
    assert "not there" in widget.stack.planes.item(1).toolTip()
    assert widget._where.text() == "Planes: 1 image-changed, 1 missing"
    assert "1 of 4 planes is missing" in widget.reasons.toPlainText()


def test_a_click_goes_to_the_plane(viewer, widget, damaged, qtbot, told):
    """The slider moves there."""
    (layer,) = open_flagged(viewer, [str(damaged)])
    qtbot.waitUntil(lambda: watch_of(layer).final)
    widget.stack.planes.itemClicked.emit(widget.stack.planes.item(1))
    assert viewer.dims.current_step[0] == 3
    widget.stack.planes.itemClicked.emit(widget.stack.planes.item(0))
    assert viewer.dims.current_step[0] == 2


def test_the_check_can_be_cancelled_and_begun_again(viewer, widget, damaged, qtbot, told):
    """What was not checked is not called intact."""
    (layer,) = open_flagged(viewer, [str(damaged)])
    widget.stack.button.click()
    watch = watch_of(layer)
    qtbot.waitUntil(lambda: watch.task.ended)
    assert not watch.final
    assert layer.metadata["seal"]["verdict"] == "not-checked"
    assert "the others when they are shown" in widget.stack.progress.text()
    widget.stack.button.click()
    qtbot.waitUntil(lambda: watch.final)
    assert len(lines(widget)) == 2


def test_it_goes_away_with_the_stack(viewer, widget, damaged, sealed, told):
    """A picture that is no stack has no planes."""
    open_flagged(viewer, [str(damaged)])
    assert widget.stack.isVisibleTo(widget.native)
    open_flagged(viewer, [str(sealed())])
    assert not widget.stack.isVisibleTo(widget.native)
    assert widget.verdict.text() == "✓ intact"


def test_of_very_many_planes_the_first_are_listed(
    viewer, widget, damaged, qtbot, told, monkeypatch
):
    """The number of the others is said."""
    monkeypatch.setattr(details_stack, "MOST", 1)
    (layer,) = open_flagged(viewer, [str(damaged)])
    qtbot.waitUntil(lambda: watch_of(layer).final)
    assert lines(widget)[1:] == ["and 1 more"]
    widget.stack.planes.itemClicked.emit(widget.stack.planes.item(1))  # which leads nowhere
