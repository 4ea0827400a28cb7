"""The window with images that a ledger has more than once."""

from __future__ import annotations

import shutil

from dock import choose, verify
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QLabel

from napari_seal._napari.verifying.verify_duplicates import DuplicatesWindow


def test_duplicates(widget, qtbot, archive):
    """A row a file, those of one image together; the selected ones are opened."""
    folder, ledger = archive
    shutil.copy(folder / "1.sealed.jpg", folder / "twin.sealed.jpg")
    shutil.copy(folder / "1.sealed.jpg", folder / "third.sealed.jpg")
    shutil.copy(folder / "2.sealed.jpg", folder / "other.sealed.jpg")
    choose(widget, qtbot, folder, ledger)
    assert widget.ledger.duplicates_button.isHidden()
    verify(widget, qtbot)
    widget.ledger.duplicates_button.click()
    (window,) = widget.native.findChildren(DuplicatesWindow)
    qtbot.waitUntil(lambda: window.told.text().endswith("files."))
    assert window.told.text() == "2 images are there more than once, in 5 files."
    model = window.model
    shown = [[model.data(model.index(r, c)) for c in range(3)] for r in range(model.rowCount())]
    assert {row[1] for row in shown} == {
        f"{name}.sealed.jpg" for name in ("1", "2", "other", "third", "twin")
    }
    assert all(row[2] == "intact" for row in shown)
    assert sum(bool(row[0]) for row in shown) == 2  # each identity stands once
    assert not window.open_button.isEnabled()
    window.table.selectRow(0)
    qtbot.mouseClick(window.open_button, Qt.MouseButton.LeftButton)
    assert len(widget._viewer.layers) == 1
    assert str(folder) in window.selected_paths()[0]
    window.close()
    qtbot.waitUntil(lambda: not widget.native.findChildren(DuplicatesWindow))


def test_no_duplicates(widget, qtbot, archive):
    """Said in words."""
    choose(widget, qtbot, *archive)
    verify(widget, qtbot)
    window = DuplicatesWindow(str(archive[1]))
    qtbot.addWidget(window)
    said = "No image is there more than once."
    qtbot.waitUntil(lambda: window.told.text() == said)
    assert isinstance(window, QDialog)


def test_names_in_the_ledger_are_no_markup(widget, qtbot, archive, tmp_path):
    """Neither in the line below, nor in the window."""
    named = tmp_path / "<b>x.db"
    choose(widget, qtbot, archive[0], named)
    verify(widget, qtbot)
    widget.ledger.duplicates_button.click()
    (window,) = widget.native.findChildren(DuplicatesWindow)
    plain = Qt.TextFormat.PlainText
    for label in (*window.findChildren(QLabel), widget.ledger.told, widget.message):
        assert label.textFormat() == plain
    window.close()
