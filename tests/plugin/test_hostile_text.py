"""Text that a file sets is never markup in the window, whichever widget shows it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from dock import choose, verify
from hostile_text import FILE_NAME, changed, invalid, written
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QApplication, QLabel, QListWidget, QWidget

from napari_seal._napari.details.details_widget import SealDetails
from napari_seal._napari.notices import unmarked
from napari_seal._napari.opening.reader import read_file, read_layers
from napari_seal._napari.verifying.verify_duplicates import DuplicatesWindow
from napari_seal.errors import ReadError

pytestmark = pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are bytes")

#: Tags that are in the hostile text; ours are others.
FOREIGN = ("<script", "<img", "<a ", "</td")
FILES = {**written(), **changed(), **invalid()}


def rich(text: str) -> bool:
    """Whether Qt takes a text for HTML, and finds a foreign tag in it."""
    return Qt.mightBeRichText(text) and any(tag in text for tag in FOREIGN)


def texts(widget: QWidget) -> Iterator[tuple[str, str]]:
    """Each text in a widget that Qt may take for HTML, and where it stands."""
    for part in [widget, *widget.findChildren(QWidget)]:
        yield f"tooltip of {type(part).__name__}", part.toolTip()
        if isinstance(part, QLabel) and part.textFormat() != Qt.TextFormat.PlainText:
            yield "label", part.text()
        if isinstance(part, QAbstractItemView | QListWidget) and part.model() is not None:
            model = part.model()
            for row in range(min(model.rowCount(), 60)):
                for column in range(model.columnCount()):
                    tip = model.index(row, column).data(Qt.ItemDataRole.ToolTipRole)
                    yield f"tooltip of {type(part).__name__}", str(tip or "")


def check_texts(widget: QWidget) -> None:
    """Fail where a text of the widget is foreign markup, or has hidden characters."""
    for place, text in texts(widget):
        assert not rich(text), (place, text)
        assert all(c.isprintable() or c in "\n\t" for c in text), (place, text)


@pytest.fixture
def details(qtbot):
    """Seal details, shown."""
    widget = SealDetails(ViewerModel())
    qtbot.addWidget(widget.native)
    widget.native.resize(340, 700)
    widget.native.show()
    return widget


@pytest.mark.parametrize("kind", sorted(set(FILES) - {"index"}))
def test_opening_a_hostile_file(kind, tmp_path, details, told):
    """The layer's name, notifications and Seal details have no markup, whatever the file says."""
    path = tmp_path / f"{FILE_NAME}.jpg"
    path.write_bytes(FILES[kind])
    image, *overlays = read_file(os.fspath(path))
    assert not Qt.mightBeRichText(image.name)
    assert image.name.isprintable()
    for layer in (image, *overlays):
        details._viewer.add_layer(layer)
    details._viewer.layers.selection.active = image
    assert details.verdict.text()
    check_texts(details.native)
    assert told or kind in written()
    for message in told:
        assert not rich(message)
        assert all(c.isprintable() or c == "\n" for c in message)


def test_what_cannot_be_opened(tmp_path):
    """The error that napari shows is no markup."""
    path = tmp_path / f"{FILE_NAME}.jpg"
    path.write_bytes(b"nothing")
    with pytest.raises(ReadError) as error:
        read_layers(os.fspath(path))
    assert not rich(str(error.value))
    assert str(error.value).isprintable()


def test_the_verify_dock_with_hostile_names(widget, qtbot, tmp_path):
    """Table, tooltips, messages, and the window of duplicates."""
    folder = tmp_path / FILE_NAME
    folder.mkdir()
    for number, data in enumerate([*FILES.values(), next(iter(written().values()))]):
        (folder / f"{number}{FILE_NAME[:150]}.jpg").write_bytes(data)
    widget.native.show()
    choose(widget, qtbot, folder, tmp_path / "ledger.db")
    verify(widget, qtbot)
    assert widget.table.results.rowCount() == len(FILES) + 1
    check_texts(widget.native)
    window = DuplicatesWindow(str(tmp_path / "ledger.db"))
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: window.model.rowCount() > 0)
    check_texts(window)


def test_a_notification_is_plain(qtbot):
    """A text that looks like HTML to Qt is changed so that it does not, any other is left alone."""
    assert QApplication.instance() is not None
    for text in ("<b>a</b>", "a <img src='/dev/zero'> b", "< script>x", "<!doctype html>"):
        assert Qt.mightBeRichText(text) or ">" in text
        assert not Qt.mightBeRichText(unmarked(text))
    for text in ("a < b", "c > d", "⚠ image-changed: a.jpg. 5 <= 7"):
        assert unmarked(text) == text
