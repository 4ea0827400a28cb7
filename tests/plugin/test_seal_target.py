"""Where the widget "Seal layer..." writes: what is meant, what is refused, what was agreed to."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel

import napari_seal
from napari_seal._napari.saving.seal_widget import SealWidget


@pytest.fixture
def viewer(picture):
    """One image."""
    made = ViewerModel()
    made.add_image(picture, name="p")
    return made


@pytest.fixture
def widget(viewer, qtbot, tmp_path):
    """The widget, with a target in a folder of its own."""
    made = SealWidget(viewer)
    qtbot.addWidget(made.native)
    viewer.layers.events.inserted.connect(made.reset_choices)
    made.target.value = tmp_path / "x.sealed.jpg"
    return made


@pytest.mark.parametrize("typed", ["{0}/", "{0}", "{0}/."])
def test_a_folder_is_no_target(widget, tmp_path, typed):
    """It would become a file beside the folder, with the folder's name."""
    folder = tmp_path / "folder"
    folder.mkdir()
    widget.target.line_edit.value = typed.format(folder)
    assert f"{folder} is a folder" in widget.problem.text()
    assert not widget.seal_button.enabled
    assert widget.seal() is None


def test_a_folder_of_the_completed_name_is_no_target(widget, tmp_path):
    """No box can agree to replacing it."""
    (tmp_path / "y.sealed.jpg").mkdir()
    widget.target.line_edit.value = str(tmp_path / "y")
    assert "y.sealed.jpg is a folder" in widget.problem.text()


@pytest.mark.parametrize("typed", ["y", "y.tif", " y.sealed.jpg ", "../{0}/y"])
def test_the_full_path_is_shown(widget, tmp_path, typed, monkeypatch):
    """A name without a folder goes beside the last file, wherever napari was started."""
    (tmp_path / "started here").mkdir()
    monkeypatch.chdir(tmp_path / "started here")
    widget.seal()
    widget.target.line_edit.value = typed.format(tmp_path.name)
    assert f"Will be saved as {tmp_path / 'y.sealed.jpg'}" in widget.problem.text()
    widget.seal()
    assert (tmp_path / "y.sealed.jpg").exists()
    widget.quality.value = 50
    assert f"{tmp_path / 'y.sealed.jpg'} exists" in widget.problem.text()


def test_the_box_holds_for_one_name(widget, tmp_path):
    """Whoever agreed to lose x has not agreed to lose y."""
    for name in "xy":
        (tmp_path / f"{name}.sealed.jpg").write_bytes(b"old")
    widget.overwrite.value = True
    assert widget.seal_button.enabled
    widget.target.value = tmp_path / "y.sealed.jpg"
    assert not widget.overwrite.value
    assert not widget.seal_button.enabled


def test_the_box_holds_for_one_layer(viewer, widget, tmp_path, picture):
    """Whoever agreed to put this picture in the place of x has not agreed to another one."""
    (tmp_path / "x.sealed.jpg").write_bytes(b"old")
    first, other = widget.layer.value, viewer.add_image(picture, name="other")
    widget.layer.value = other
    widget.target.value = tmp_path / "x.sealed.jpg"
    widget.layer.value = first
    widget.overwrite.value = True
    widget.layer.value = other
    assert widget.target.value == tmp_path / "x.sealed.jpg"
    assert not widget.overwrite.value


def test_a_name_alone_goes_beside_the_file_that_was_opened(plugin, qtbot, sealed):
    """Before anything was sealed or chosen; that is where the suggestion is."""
    path = sealed("opened.sealed.jpg")
    viewer = ViewerModel()
    viewer.open(path, plugin="napari-seal")
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    assert widget.target.value == path
    widget.target.line_edit.value = "y"
    assert f"Will be saved as {path.parent / 'y.sealed.jpg'}" in widget.problem.text()


@pytest.mark.parametrize("typed", ["x.sealed.jpg", "x"])
def test_yes_in_the_dialog_is_consent(widget, tmp_path, answer_dialog, typed):
    """Qt asked about the very file that is written; a bare name is completed before."""
    (tmp_path / "x.sealed.jpg").write_bytes(b"old")
    widget.target.value = tmp_path / "z"
    answer_dialog(tmp_path / typed, replace=True)
    widget.target.choose_btn.native.click()
    assert widget.target.value == tmp_path / "x.sealed.jpg"
    assert widget.overwrite.value
    assert widget.seal() is not None
    assert napari_seal.check(tmp_path / "x.sealed.jpg").intact


def test_no_in_the_dialog_changes_nothing(widget, tmp_path, answer_dialog):
    """Neither the name nor the box."""
    (tmp_path / "x.sealed.jpg").write_bytes(b"old")
    answer_dialog(tmp_path / "x.sealed.jpg", replace=False)
    widget.target.choose_btn.native.click()
    assert not widget.overwrite.value
    assert not widget.seal_button.enabled


def test_yes_about_another_name_is_no_consent(widget, tmp_path, answer_dialog):
    """Qt asked about x.tif; it is x.sealed.jpg that would be lost."""
    for name in "x.tif", "x.sealed.jpg":
        (tmp_path / name).write_bytes(b"old")
    widget.target.value = tmp_path / "z"
    answer_dialog(tmp_path / "x.tif", replace=True)
    widget.target.choose_btn.native.click()
    assert widget.target.value == tmp_path / "x.tif"
    assert not widget.overwrite.value
    assert f"{tmp_path / 'x.sealed.jpg'} exists" in widget.problem.text()


def test_a_new_file_in_the_dialog_needs_no_box(widget, tmp_path, answer_dialog):
    """Nothing was asked, so nothing was agreed to."""
    answer_dialog(tmp_path / "new")
    widget.target.choose_btn.native.click()
    assert widget.target.value == tmp_path / "new.sealed.jpg"
    assert not widget.overwrite.value
    assert widget.seal_button.enabled


def test_a_long_name_does_not_widen_the_widget(widget, tmp_path):
    """It would push the picture aside; the whole text is in the tooltip."""
    before = widget.native.minimumSizeHint().width()
    widget.target.line_edit.value = str(tmp_path / ("name_" * 40))
    assert widget.native.minimumSizeHint().width() == before
    assert "name_.sealed.jpg" in widget.problem.toolTip()
