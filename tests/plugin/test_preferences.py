"""Preferences > napari-seal: what can be set, what is read, and what it does."""

from __future__ import annotations

import npe2
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtWidgets import QApplication, QMessageBox

import napari_seal
from napari_seal._napari import preferences
from napari_seal._napari.opening.reader import read_layer
from napari_seal._napari.preferences import Preferences, load_preferences, read_metadata
from napari_seal._napari.saving.seal_widget import SealWidget
from napari_seal._napari.saving.writer import write_sealed
from napari_seal.errors import MetadataError, ReadError


@pytest.fixture
def manifest(npe2pm):
    """The manifest, with no other plugin beside it."""
    found = npe2.PluginManifest.from_distribution("napari-seal")
    npe2pm.register(found)
    return found


@pytest.fixture
def page(manifest, plugin_settings):
    """The page, with its defaults; what is set is gone after the test."""
    from napari.settings import get_plugin_settings

    return get_plugin_settings("napari-seal")


def test_the_defaults_of_the_page_are_those_of_the_software(page):
    """Whoever never opens it gets what the documentation says."""
    assert load_preferences() == Preferences()


def test_the_choices_of_the_page_are_those_that_are_understood(manifest):
    """A word that stands on the page and is not understood would do nothing."""
    groups = manifest.contributions.configurations
    sealing, opening = groups["sealing"].properties, groups["opening"].properties
    assert sealing["format"].enum == list(preferences.FORMATS)
    assert sealing["image_window"].enum == list(preferences.IMAGE_WINDOWS)
    assert sealing["stack_window"].enum == list(preferences.STACK_WINDOWS)
    assert opening["on_mismatch"].enum == list(preferences.ON_MISMATCH)


def test_what_is_set_is_read(page):
    """Each of the settings."""
    page.sealing.format = "PNG, lossless"
    page.sealing.quality = 55
    page.sealing.image_window = "range of its type"
    page.sealing.stack_window = "range of each plane"
    page.sealing.metadata = "operator = Ada; dose = 2.5"
    page.opening.on_mismatch = "ask before it is shown"
    assert load_preferences() == Preferences(
        format="png",
        quality=55,
        type_range=True,
        plane_windows=True,
        metadata={"operator": "Ada", "dose": 2.5},
        on_mismatch="ask",
    )


@pytest.mark.parametrize(
    ("text", "metadata"),
    [
        ("", {}),
        (" ; ", {}),
        ("a=1", {"a": 1}),
        ('a = "1"; b=x=y ;c=', {"a": "1", "b": "x=y", "c": ""}),
        ('{"a": {"b": [1, 2]}}', {"a": {"b": [1, 2]}}),
        ("sample = CR-39, plate 3", {"sample": "CR-39, plate 3"}),
    ],
)
def test_metadata_are_written_in_one_line(text, metadata):
    """As pairs, or as JSON."""
    assert read_metadata(text) == metadata


@pytest.mark.parametrize(
    "text", ["Ada", "=1", "a=1;a=2", "seal=1", '{"a": 1', "{} {}", '{"sha244":1}']
)
def test_metadata_that_cannot_be_read_are_no_silent_loss(page, tmp_path, picture, text):
    """Nothing is sealed without them; the sentence names the page."""
    page.sealing.metadata = text
    data, meta, _ = Image(picture).as_layer_data_tuple()
    with pytest.raises(MetadataError, match="Preferences"):
        write_sealed(str(tmp_path / "z"), data, meta)
    assert not list(tmp_path.glob("z*"))


def test_saving_follows_them(page, tmp_path, picture):
    """Quality, window and metadata; the layer's own metadata go before those of every seal."""
    page.sealing.quality = 30
    page.sealing.image_window = "range of its type"
    page.sealing.metadata = "operator = Ada; plate = 1"
    data, meta, _ = Image(picture, metadata={"plate": 3}).as_layer_data_tuple()
    (path,) = write_sealed(str(tmp_path / "z"), data, meta)
    seal = napari_seal.check(path).seal
    assert (seal.quality, seal.window.low, seal.window.high) == (30, 0, 65535)
    assert seal.metadata == {"operator": "Ada", "plate": 3}


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_types_without_a_range_of_their_own_keep_that_of_the_image(dtype):
    """Nothing would be left of a picture on the range of 64 bits."""
    assert Preferences(type_range=True).image_window(np.dtype(dtype)) is None


def test_the_widget_begins_with_them(page, qtbot, picture):
    """Format, quality, windows, and the metadata in the table."""
    page.sealing.format = "PNG, lossless"
    page.sealing.quality = 55
    page.sealing.metadata = "operator = Ada"
    viewer = ViewerModel()
    viewer.add_image(picture, name="p", metadata={"plate": 3})
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    assert widget.format_name == "png"
    assert widget.target.value.name == "p.sealed.png"
    assert widget.quality.value == 55
    assert widget.table.metadata() == {"operator": "Ada", "plate": 3}


def test_the_widget_says_that_they_cannot_be_read(page, qtbot, picture):
    """There they can be written into the table."""
    page.sealing.metadata = "Ada"
    viewer = ViewerModel()
    viewer.add_image(picture)
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    assert "no pair key = value" in widget.problem.text()


def test_a_file_that_is_not_intact_can_be_refused(page, sealed, edit, told):
    """And an intact one opens as always."""
    page.opening.on_mismatch = "do not show it"
    assert read_layer(str(sealed("good.sealed.jpg"))).name == "good"
    with pytest.raises(ReadError, match="image-changed and not shown"):
        read_layer(str(edit(sealed("bad.sealed.jpg"))))


@pytest.mark.parametrize("answer", ["Yes", "No"])
def test_a_person_can_be_asked(page, qtbot, sealed, edit, told, answer):
    """The question names file and verdict; yes shows the file, flagged."""
    from qtpy.QtCore import QTimer

    page.opening.on_mismatch = "ask before it is shown"
    path, asked = str(edit(sealed("<b>bad.sealed.jpg"))), []

    def press():
        box = QApplication.activeModalWidget()
        if box is None:
            return
        timer.stop()
        asked.append(box.text())
        box.button(getattr(QMessageBox.StandardButton, answer)).click()

    timer = QTimer()
    timer.timeout.connect(press)
    timer.start(20)
    if answer == "Yes":
        assert read_layer(path).name.startswith("⚠ IMAGE CHANGED")
    else:
        with pytest.raises(ReadError, match="as you answered"):
            read_layer(path)
    assert asked[0].startswith("<b>bad.sealed.jpg: image-changed\n")


def test_without_the_page_the_defaults_hold(monkeypatch):
    """In a napari before 0.9."""
    import napari.settings

    monkeypatch.delattr(napari.settings, "get_plugin_settings")
    assert load_preferences() == Preferences()


def test_the_widget_follows_the_metadata_of_every_seal(page, qtbot, picture):
    """A complaint goes with its cause; what was typed for a layer stays."""
    page.sealing.metadata = "Ada"
    viewer = ViewerModel()
    viewer.add_image(picture, name="a")
    viewer.add_image(picture, name="b")
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    assert "cannot be read" in widget.problem.text()
    page.sealing.metadata = "operator = Ada"
    assert "cannot be read" not in widget.problem.text()
    assert widget.table.metadata() == {"operator": "Ada"}
    widget.table.set_metadata({"operator": "Bo"})
    page.sealing.metadata = "operator = Eve"
    assert widget.table.metadata() == {"operator": "Bo"}
    widget.layer.value = viewer.layers["a"]
    assert widget.table.metadata() == {"operator": "Eve"}
    widget.native.close()
    widget._close()
    page.sealing.metadata = "operator = Zoe"
    assert widget.table.metadata() == {"operator": "Eve"}
