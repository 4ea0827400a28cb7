"""Accepting files of the ledger from the dock: asked, noted, and refused where it cannot be."""

from __future__ import annotations

import shutil

from dock import choose, rows, verify
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QLabel

import napari_seal
from napari_seal._napari.verifying.verify_accept import AcceptDialog


def answer(qtbot, *, note=None):
    """Answer the question of `accept`: with a note and yes, or with no; returns what it said."""
    seen = []

    def look():
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, AcceptDialog):
            return
        timer.stop()
        seen.extend(label.text() for label in dialog.findChildren(QLabel))
        if note is None:
            qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        else:
            qtbot.keyClicks(dialog.note, note)
            qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)

    timer = QTimer()
    timer.setInterval(20)
    timer.timeout.connect(look)
    timer.start()
    seen.append(timer)
    return seen


def test_accepting_a_file(widget, qtbot, archive):
    """After a question that says what it means; with a note; the next run is content."""
    folder, ledger = archive
    choose(widget, qtbot, folder, ledger)
    verify(widget, qtbot)
    shutil.copy(folder / "3.sealed.jpg", folder / "4.sealed.jpg")
    (folder / "0.sealed.jpg").unlink()
    verify(widget, qtbot)
    assert not widget.accept_button.enabled
    for name in ("0.sealed.jpg", "4.sealed.jpg"):
        widget.table.selectRow(list(rows(widget)).index(name))
        seen = answer(qtbot, note="it was scanned again")
        widget.accept_button.native.click()
        assert any(name in text for text in seen[1:])
        assert any("becomes the reference" in text for text in seen[1:])
        qtbot.waitUntil(lambda: not widget.writing)
        assert "1 file accepted, as run " in widget.message.text()
    with napari_seal.Ledger.open(ledger, read_only=True) as opened:
        notes = [event.note for event in opened.history(folder / "4.sealed.jpg")]
    assert "it was scanned again" in notes
    verify(widget, qtbot)
    assert "0.sealed.jpg" not in rows(widget)
    assert rows(widget)["4.sealed.jpg"] == "✓ intact"


def test_not_accepting(widget, qtbot, archive, edit):
    """A no changes nothing; what is not intact by itself cannot be accepted, and that is said."""
    folder, ledger = archive
    choose(widget, qtbot, folder, ledger)
    verify(widget, qtbot)
    edit(folder / "2.sealed.jpg")
    verify(widget, qtbot)
    widget.table.selectRow(list(rows(widget)).index("2.sealed.jpg"))
    seen = answer(qtbot)
    widget.accept_button.native.click()
    assert len(seen) > 1
    assert not widget.writing
    answer(qtbot, note="why not")
    widget.accept_button.native.click()
    qtbot.waitUntil(lambda: not widget.writing)
    text = widget.message.text().replace("\u200b", "")
    assert text.startswith("⚠ Nothing was accepted.")
    assert "image-changed by itself" in text
    with napari_seal.Ledger.open(ledger, read_only=True) as opened:
        assert [run.kind for run in opened.runs()] == ["verify", "verify"]


def test_without_a_ledger_nothing_can_be_accepted(widget, qtbot, archive):
    """The button is not there."""
    widget.set_paths([str(archive[0])])
    widget.start.native.click()
    qtbot.waitUntil(lambda: not widget.running)
    widget.table.selectAll()
    assert not widget.accept_button.visible
    assert widget.accept_button.native.isHidden()
