"""Everything without a mouse: Tab goes through each part and out again, and each has a name."""

from __future__ import annotations

import pytest
from napari._qt.widgets.qt_progress_bar import QtLabeledProgressBar
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QLineEdit

import napari_seal
from napari_seal._napari.details.details_widget import SealDetails
from napari_seal._napari.opening.reader import read_layer
from napari_seal._napari.saving.passphrase_dialog import PassphraseDialog
from napari_seal._napari.saving.seal_widget import SealWidget
from napari_seal._napari.saving.shown_progress import Cancelled, shown_progress
from napari_seal._napari.verifying.verify_accept import AcceptDialog
from napari_seal._napari.verifying.verify_duplicates import DuplicatesWindow

MOST = 40


def shown(qtbot, native):
    """Show it in a window; keys reach it."""
    with qtbot.waitExposed(native):
        native.show()
    return native


def walk(window, start, key=Qt.Key.Key_Tab):
    """Press Tab until it comes back to where it began; each part that had the focus."""
    start.setFocus()
    parts = []
    while len(parts) < MOST:
        part = window.focusWidget()
        if part in parts:
            break
        parts.append(part)
        QTest.keyClick(part, key)
    return parts


def name(part):
    """What a screen reader says."""
    return part.accessibleName() or (part.text() if isinstance(part, QAbstractButton) else "")


@pytest.fixture
def seal(qtbot, picture, tmp_path):
    """The widget "Seal layer..." with metadata and its fold open."""
    viewer = ViewerModel()
    viewer.add_image(picture, name="a", metadata={"plate": 3, "operator": "Ada"})
    made = SealWidget(viewer)
    qtbot.addWidget(made.native)
    made.target.value = tmp_path / "a.sealed.jpg"
    made.advanced.setChecked(True)
    shown(qtbot, made.native)
    return made


def test_from_the_layer_to_the_button_seal(seal, qtbot):
    """In the order in which one reads; the table does not keep the keyboard."""
    parts = walk(seal.native, seal.layer.native)
    order = [
        *(seal.layer.native, seal.format.native, seal.quality.native, seal.target.line_edit.native),
        *(seal.target.choose_btn.native, seal.table.rows, seal.table.add_button),
        *(seal.table.remove_button, seal.overwrite.native, seal.advanced, seal.window.native),
        *(seal.moedal.native, seal.signing.button, seal.seal_button.native),
    ]
    assert [part for part in parts if part in order] == [p for p in order if p.isVisible()]
    assert all(name(part) for part in parts), [p for p in parts if not name(p)]
    assert len(parts) < MOST


def test_sealing_without_a_mouse(seal, tmp_path):
    """A row is added, written and sealed."""
    QTest.keyClick(seal.table.add_button, Qt.Key.Key_Space)
    for text in ("lab", "3"):
        editor = QApplication.focusWidget() or seal.table.rows.viewport().focusWidget()
        editor = seal.table.rows.viewport().focusWidget() or editor
        QTest.keyClicks(editor, text)
        QTest.keyClick(editor, Qt.Key.Key_Tab)
    seal.table.rows.setFocus()
    QTest.keyClick(seal.seal_button.native, Qt.Key.Key_Space)
    sealed = napari_seal.check(tmp_path / "a.sealed.jpg")
    assert sealed.intact
    assert sealed.seal.metadata == {"plate": 3, "operator": "Ada", "lab": 3}


def test_a_row_is_edited_and_removed_by_keys(seal, qtbot):
    """Return edits the cell, Delete takes the row away."""
    rows = seal.table.rows
    rows.setFocus()
    rows.setCurrentCell(0, 1)
    QTest.keyClick(rows, Qt.Key.Key_Return)
    editor = rows.viewport().focusWidget()
    QTest.keyClicks(editor, "4")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: seal.table.metadata() == {"plate": 4, "operator": "Ada"})
    rows.setCurrentCell(0, 1)
    QTest.keyClick(rows, Qt.Key.Key_Delete)
    assert seal.table.metadata() == {"operator": "Ada"}


def test_verify_from_the_folder_to_the_last_button(widget, qtbot, sealed):
    """As one reads, with a result selected; and backwards the same."""
    shown(qtbot, widget.native)
    widget.set_paths([str(sealed())])
    widget.run()
    qtbot.waitUntil(lambda: not widget.running)
    widget.table.selectRow(0)
    parts = walk(widget.native, widget.source.native)
    order = [
        *(widget.source.native, widget.folder_button.native, widget.recursive.native),
        *(widget.ledger.line, widget.ledger.new_button, widget.trust.required),
        *(widget.start.native, widget.verdict_filter.native, widget.text_filter.native),
        *(widget.table, widget.details, widget.open_button.native, widget.export_button.native),
    ]
    assert [part for part in parts if part in order] == order
    assert all(name(part) for part in parts), [p for p in parts if not name(p)]
    back = walk(widget.native, widget.source.native, Qt.Key.Key_Backtab)
    assert back == [parts[0], *reversed(parts[1:])]


def test_a_run_without_a_mouse(widget, qtbot, mixed):
    """Return begins it, Space would end it, and then the arrows are in the results."""
    folder, _ = mixed
    shown(qtbot, widget.native)
    with qtbot.waitActive(widget.native):
        widget.native.activateWindow()
    widget.source.native.setFocus()
    widget.set_paths([str(folder)])
    QTest.keyClick(widget.source.native, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: widget.running or widget._last_job is not None)
    if widget.running:
        assert widget.cancel.native.hasFocus()
    qtbot.waitUntil(lambda: not widget.running)
    assert widget.table.hasFocus()


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Verify sealed images", lambda widget: widget.source.native),
        # A letter would choose another layer: Tab leads there.
        ("Seal layer...", lambda widget: widget.layer.native),
    ],
)
def test_a_dock_that_is_opened_gets_the_keyboard(make_napari_viewer, qtbot, name, part):
    """From the canvas, what is typed would be shortcuts; but not from who types elsewhere."""
    viewer = make_napari_viewer(show=True)
    window = viewer.window._qt_window
    with qtbot.waitActive(window):
        window.activateWindow()
    window._qt_viewer.canvas.native.setFocus()
    dock, widget = viewer.window.add_plugin_dock_widget("napari-seal", name)
    first = widget._page._first
    qtbot.waitUntil(first.hasFocus)
    if first is not part(widget):
        QTest.keyClick(first, Qt.Key.Key_Tab)
    assert part(widget).hasFocus()
    dock.hide()
    line = QLineEdit()
    viewer.window.add_dock_widget(line, name="note")
    line.setFocus()
    dock.show()
    qtbot.wait(100)
    assert line.hasFocus()
    dock.hide()
    window._qt_viewer.canvas.native.setFocus()
    dock.show()
    qtbot.waitUntil(first.hasFocus)


@pytest.mark.parametrize("proxy", [False, True])
def test_the_button_in_activity_is_next_to_the_canvas(make_napari_viewer, qtbot, proxy):
    """What File > Save writes is ended by Tab and Space, wherever napari has the keyboard."""
    window = make_napari_viewer(show=True).window._qt_window
    with qtbot.waitActive(window):
        window.activateWindow()
    here = window._qt_viewer if proxy else window._qt_viewer.canvas.native
    here.setFocus()
    qtbot.waitUntil(here.hasFocus)
    with shown_progress("a", stack=True) as report:
        report(1, 9)
        (bar,) = window.findChildren(QtLabeledProgressBar)
        qtbot.waitUntil(bar.cancel_button.isVisible)
        for _ in range(1 + proxy):
            QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert bar.cancel_button.hasFocus()
        QTest.keyClick(bar.cancel_button, Qt.Key.Key_Space)
        with pytest.raises(Cancelled):
            report(2, 9)


def test_results_are_read_and_opened_by_keys(widget, qtbot, mixed):
    """The arrows move, Return opens, Ctrl+C copies the path."""
    folder, _ = mixed
    shown(qtbot, widget.native)
    widget.set_paths([str(folder)])
    widget.run()
    qtbot.waitUntil(lambda: not widget.running)
    widget.table.setFocus()
    QTest.keyClick(widget.table, Qt.Key.Key_Down)
    first = widget.details.toPlainText()
    QTest.keyClick(widget.table, Qt.Key.Key_Down)
    assert widget.details.toPlainText() not in ("", first)
    path = widget.table.selected_paths()[0]
    with qtbot.waitSignal(widget.table.opened) as opened:
        QTest.keyClick(widget.table, Qt.Key.Key_Return)
    assert opened.args == [[path]]
    widget.table.actions()[1].trigger()
    assert QApplication.clipboard().text() == path


def test_details_let_the_keyboard_go(qtbot, sealed, edit):
    """Through what can be read and copied, and out again."""
    viewer = ViewerModel()
    details = SealDetails(viewer)
    qtbot.addWidget(details.native)
    viewer.add_layer(read_layer(str(edit(sealed(metadata={"plate": 3})))))
    shown(qtbot, details.native)
    parts = walk(details.native, details.file)
    assert {details.file, details.reasons, details.regions, details.table} <= set(parts)
    assert all(name(part) for part in parts)
    assert len(parts) < MOST


def test_the_accepting_dialog(qtbot):
    """The note first; Escape leaves everything as it is."""
    dialog = AcceptDialog(["a.sealed.jpg"], 1)
    qtbot.addWidget(dialog)
    shown(qtbot, dialog)
    assert dialog.focusWidget() is dialog.note
    assert all(name(part) for part in walk(dialog, dialog.note))
    dialog.note.setFocus()
    QTest.keyClick(dialog.note, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert dialog.focusWidget() is dialog.accept_button
    QTest.keyClick(dialog.accept_button, Qt.Key.Key_Return)
    assert dialog.isVisible()
    QTest.keyClick(dialog.accept_button, Qt.Key.Key_Escape)
    assert dialog.result() == 0


def test_accepting_by_space(qtbot):
    """On the button, after a note."""
    dialog = AcceptDialog(["a.sealed.jpg"], 1)
    qtbot.addWidget(dialog)
    shown(qtbot, dialog)
    QTest.keyClicks(dialog.note, "scanned again")
    QTest.keyClick(dialog.accept_button, Qt.Key.Key_Space)
    assert dialog.result() == 1


def test_the_passphrase_dialog(qtbot):
    """Return signs, where something was typed."""
    dialog = PassphraseDialog("/keys/robot.pem", keyring="a keyring")
    qtbot.addWidget(dialog)
    shown(qtbot, dialog)
    assert all(name(part) for part in walk(dialog, dialog.line))
    dialog.line.setFocus()
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert dialog.isVisible()
    QTest.keyClicks(dialog.line, "secret")
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert dialog.result() == 1


def test_duplicates_are_opened_by_return(qtbot, archive, picture):
    """As in the table of results."""
    folder, ledger = archive
    napari_seal.seal(picture, folder / "again.sealed.jpg")
    with napari_seal.Ledger.open(ledger, create=True) as opened:
        list(opened.check_many(folder, jobs=1))
    window = DuplicatesWindow(str(ledger))
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(window)
    shown(qtbot, window)
    qtbot.waitUntil(lambda: window.model.rowCount() == 2)
    assert window.focusWidget() is window.table
    assert all(name(part) for part in walk(window, window.table))
    window.table.selectRow(0)
    with qtbot.waitSignal(window.opened) as told:
        QTest.keyClick(window.table, Qt.Key.Key_Return)
    assert told.args == [[str(folder / "0.sealed.jpg")]]
