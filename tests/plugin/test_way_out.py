"""What is said where something is empty or goes wrong: it tells what to do next."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_seal._napari.details.details_widget import SealDetails
from napari_seal._napari.opening.open_action import open_flagged
from napari_seal._napari.opening.reader import read_layer
from napari_seal._napari.saving.seal_text import what_to_do
from napari_seal._napari.saving.seal_widget import SealWidget
from napari_seal._napari.saving.writer import write_sealed
from napari_seal.errors import ImageError, PassphraseError, TargetExistsError, WriteError


@pytest.fixture
def viewer():
    """No window, and nothing in it."""
    return ViewerModel()


@pytest.fixture
def details(viewer, qtbot):
    """The widget "Seal details"."""
    made = SealDetails(viewer)
    qtbot.addWidget(made.native)
    return made


def test_details_of_nothing_say_how_to_begin(details):
    """Where pictures come from, and that there are samples."""
    text = details.meaning.toPlainText()
    assert "Open and verify..." in text
    assert "File > Open Sample > napari-seal" in text


def test_details_of_points_promise_no_seal(details, viewer):
    """Only images and labels are sealed."""
    viewer.add_points(np.zeros((1, 2)))
    text = details.meaning.toPlainText()
    assert "neither an image nor labels" in text
    assert "Seal layer..." not in text
    assert not details.check.native.isVisibleTo(details.native)


def test_a_picture_without_a_seal_can_be_sealed_now(details, viewer, sealed, strip):
    """And what that is worth is said."""
    viewer.add_layer(read_layer(str(strip(sealed("bare.jpg")))))
    text = details.meaning.toPlainText()
    assert "Seal layer..." in text
    assert "If you trust the picture" in text


@pytest.mark.parametrize("name", ["gone.sealed.jpg", "text.sealed.jpg"])
def test_a_file_that_is_not_opened_is_named_once(viewer, tmp_path, told, name):
    """First, since notifications show their beginning, and without its folder."""
    (tmp_path / "text.sealed.jpg").write_text("no image")
    assert open_flagged(viewer, [str(tmp_path / name)]) == []
    assert told[-1].startswith(f"Not opened: {name}")
    assert told[-1].count(name) == 1


def test_a_file_that_exists_is_named_before_its_folder(tmp_path, picture):
    """About 38 characters of a notification can be read."""
    path = tmp_path / "a.sealed.jpg"
    path.write_text("")
    with pytest.raises(TargetExistsError, match=r"^Not saved: a\.sealed\.jpg exists already in"):
        write_sealed(str(path), picture, {"name": "a"})


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (WriteError("'/x' could not be written: No space left on device"), "Choose another folder"),
        (PassphraseError("the passphrase was not given."), "Press Seal to be asked again"),
        (ImageError("the image contains NaN; replace it"), "The image contains NaN; replace it"),
    ],
)
def test_an_error_says_what_to_do(error, says):
    """In sentences."""
    text = what_to_do(error)
    assert says in text
    assert text[0].isupper() or text[0] == "'"
    assert ".." not in text


def test_a_folder_that_is_not_there(viewer, qtbot, picture, tmp_path):
    """Make it, or choose another one; another key or tick takes an old complaint away."""
    viewer.add_image(picture, name="a")
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    widget.target.value = tmp_path / "nowhere" / "a.sealed.jpg"
    assert "Make it, or choose another" in widget.problem.text()


def test_an_empty_line_is_no_reason_to_be_silent(widget):
    """Enter with nothing chosen says what is missing; choosing takes it away."""
    widget.source.native.returnPressed.emit()
    assert "Choose first" in widget.message.text()
    widget.set_paths(["/somewhere"])
    assert widget.message.text() == ""


def test_the_button_that_was_pressed_goes_away(widget, plugin_settings):
    """Opening with this plugin is set once; undone in Preferences, it is offered again."""
    from napari.settings import get_settings

    before = get_settings().plugins.extension2reader
    try:
        get_settings().plugins.extension2reader = {}
        widget.offer_opener()
        assert widget.opener_button.native.isVisibleTo(widget.native)
        widget.opener_button.native.click()
        assert not widget.opener_button.native.isVisibleTo(widget.native)
        assert "Undo: Preferences" in widget.message.text()
        get_settings().plugins.extension2reader = {}
        widget.offer_opener()
        assert widget.opener_button.native.isVisibleTo(widget.native)
    finally:
        get_settings().plugins.extension2reader = before
