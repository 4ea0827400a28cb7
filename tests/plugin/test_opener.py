"""The button that makes napari-seal the opener of sealed images."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel
from napari.settings import get_settings

from napari_seal._napari.opening.opener import PATTERNS, is_default_opener, make_default_opener
from napari_seal._napari.verifying.verify_widget import VerifyWidget


@pytest.fixture
def readers():
    """napari's preferences, as they were before and after."""
    plugins = get_settings().plugins
    before = dict(plugins.extension2reader)
    plugins.extension2reader = {"*.jpg": "napari", "*.tif": "napari"}
    yield plugins
    plugins.extension2reader = before


def test_ours_comes_first(readers):
    """Of two patterns that match, napari takes the first; the others are kept."""
    assert not is_default_opener()
    assert "without asking" in make_default_opener()
    assert list(readers.extension2reader) == [*PATTERNS, "*.jpg", "*.tif"]
    assert is_default_opener()
    assert "already" in make_default_opener()


def test_the_button_says_what_it_did(readers, qtbot):
    """In the widget, to stay."""
    widget = VerifyWidget(ViewerModel())
    qtbot.addWidget(widget.native)
    widget.opener_button.native.click()
    assert "*.sealed.png and *.sealed.json with napari-seal" in widget.message.text()


def test_a_dropped_file_then_opens_verified(plugin, readers, sealed):
    """No choice is asked for: plugin=None is what drag and drop uses."""
    path = str(sealed("a.sealed.jpg"))
    viewer = ViewerModel()
    make_default_opener()
    viewer.open(path, plugin=None)
    assert viewer.layers[0].metadata["seal"]["verdict"] == "intact"
