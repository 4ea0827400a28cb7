"""The dock widget: a run over a folder, cancelling, closing, and what to do with the results."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter

import pytest
from dock import MANY, run
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

import napari_seal
from napari_seal._napari.verifying.verdict_order import NOT_INTACT
from napari_seal._napari.verifying.verdict_rows import VerdictRows
from napari_seal._napari.verifying.verify_job import VerifyJob, how_it_ended


def found(widget):
    """File names and verdicts, whatever is shown."""
    return {os.path.basename(v.path): str(v.verdict) for v in widget.table.results.rows.verdicts()}


def test_the_empty_widget_says_what_to_do(widget):
    """Nothing can be started before something is chosen."""
    assert "Choose a folder" in widget.table.hint
    assert not widget.start.enabled
    assert not widget.cancel.enabled
    assert not widget.export_button.enabled


def test_a_mixed_folder(widget, qtbot, mixed):
    """Each file gets its verdict, and the summary adds up."""
    folder, expected = mixed
    run(widget, qtbot, folder)
    assert found(widget) == expected
    summary = widget.summary.text()
    for outcome, number in Counter(expected.values()).items():
        assert f"{outcome.replace('-', '&#8209;')}&nbsp;<b>{number}</b>" in summary
    assert f"={'&nbsp;'}{len(expected)}{'&nbsp;'}checked" in summary
    assert "not&nbsp;checked" not in summary
    assert widget.start.enabled


def test_subfolders_only_where_asked_for(widget, qtbot, mixed):
    """The box decides."""
    folder, expected = mixed
    widget.recursive.value = False
    run(widget, qtbot, folder)
    assert set(found(widget)) == set(expected) - {"changed.sealed.jpg", "bare.jpg"}


def test_single_files_and_typed_paths(widget, qtbot, mixed):
    """Files that were chosen are checked whatever they are; a path may be typed."""
    folder, _ = mixed
    run(widget, qtbot, folder / "0.sealed.jpg", folder / "text.jpg", folder / "missing.jpg")
    assert sorted(found(widget).values()) == ["intact", "not-an-image", "unreadable"]
    widget.source.native.setText(str(folder / "1.sealed.jpg"))
    widget.start.native.click()
    qtbot.waitUntil(lambda: not widget.running)
    assert found(widget) == {"1.sealed.jpg": "intact"}


def test_an_empty_folder_is_no_success(widget, qtbot, tmp_path):
    """Nothing was checked, and the widget says so."""
    (tmp_path / "empty").mkdir()
    run(widget, qtbot, tmp_path / "empty")
    assert "nothing was checked" in widget.message.text()
    assert "intact" not in widget.summary.text()
    assert "=&nbsp;1&nbsp;checked" not in widget.summary.text()


def test_what_is_not_there_is_no_success(widget, qtbot, tmp_path):
    """A folder that was misspelt: said aloud, with its name, and not counted as checked."""
    run(widget, qtbot, tmp_path / "nowhere")
    assert widget.message.text() == (
        f"⚠ There is no folder or file {tmp_path / 'nowhere'}: nothing was checked. Correct the "
        "path, or choose it."
    )
    assert "nothing&nbsp;checked" in widget.summary.text()
    assert "=" not in widget.summary.text().split("</span>")[-1]
    assert widget.progress.native.isHidden()
    run(widget, qtbot, tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert f"{tmp_path / 'a.jpg'} and 1 more: nothing was checked" in widget.message.text()
    assert found(widget) == {"a.jpg": "unreadable", "b.jpg": "unreadable"}


def test_what_cannot_be_read_is_no_success(widget, qtbot, tmp_path):
    """Neither one file nor several."""
    loop = tmp_path / "loop.jpg"
    loop.symlink_to(loop)
    run(widget, qtbot, loop)
    assert widget.message.text().startswith(f"⚠ {loop} could not be read: nothing was checked.")
    (tmp_path / "other.jpg").symlink_to(loop)
    run(widget, qtbot, tmp_path)
    assert "None of the 2 files could be read: nothing was checked." in widget.message.text()


def test_one_file_that_is_not_there_beside_others(widget, qtbot, mixed):
    """Something was checked: the table has the rest."""
    run(widget, qtbot, mixed[0] / "0.sealed.jpg", mixed[0] / "nowhere.jpg")
    assert not widget.message.text()
    assert "=&nbsp;2&nbsp;checked" in widget.summary.text()


def test_a_long_name_in_a_message_can_be_wrapped(widget, qtbot, tmp_path):
    """A label as wide as the name would be cut off, and what is said after it lost."""
    run(widget, qtbot, tmp_path / ("y" * 200))
    assert "nothing was checked" in widget.message.text()
    assert widget.message.minimumSizeHint().width() < 400


def files_shown(widget):
    """The column "File", from top to bottom."""
    model = widget.table.results
    return [model.data(model.index(row, 1)) for row in range(model.rowCount())]


def test_files_are_shown_from_the_chosen_folder(widget, qtbot, mixed):
    """Equal names in two folders can be told apart; files chosen singly need no folder."""
    folder, expected = mixed
    run(widget, qtbot, folder)
    assert len(files_shown(widget)) == len(expected)
    assert {"0.sealed.jpg", os.path.join("sub", "bare.jpg")} <= set(files_shown(widget))
    run(widget, qtbot, folder / "sub" / "bare.jpg")
    assert files_shown(widget) == ["bare.jpg"]
    run(widget, qtbot, folder / "0.sealed.jpg", folder / "1.sealed.jpg")
    assert files_shown(widget) == ["0.sealed.jpg", "1.sealed.jpg"]
    run(widget, qtbot, folder / "sub", folder / "0.sealed.jpg")
    assert files_shown(widget)[-1] == "0.sealed.jpg"
    assert os.path.join("sub", "bare.jpg") in files_shown(widget)


def row_of(widget, name):
    """The row in which a file is shown."""
    return next(row for row, shown in enumerate(files_shown(widget)) if shown.endswith(name))


def test_the_selected_row_says_all_below_the_table(widget, qtbot, mixed):
    """Path, verdict and each reason, as plain text to be copied."""
    folder, _ = mixed
    run(widget, qtbot, folder)
    assert widget.details.toPlainText() == ""
    widget.table.selectRow(row_of(widget, "changed.sealed.jpg"))
    lines = widget.details.toPlainText().splitlines()
    assert lines[0] == str(folder / "sub" / "changed.sealed.jpg")
    assert lines[1] == "⚠ image-changed: The picture is not the one that was sealed."
    (verdict,) = (v for v in widget.table.results.rows.verdicts() if v.verdict == "image-changed")
    assert len(lines) == 2 + len(verdict.reasons)
    assert all(reason.message in line for reason, line in zip(verdict.reasons, lines[2:], strict=1))
    assert widget.details.isReadOnly()
    widget.table.selectRow(row_of(widget, "cut.sealed.jpg"))
    assert "expected" in widget.details.toPlainText()
    assert "truncated" in widget.details.toPlainText()


def test_a_filter_from_before_the_run(widget, qtbot, mixed):
    """A table that is empty because of it says so."""
    folder, expected = mixed
    widget.verdict_filter.value = "seal-unsupported"
    assert "Choose a folder" in widget.table.hint
    run(widget, qtbot, folder)
    assert widget.table.results.total == len(expected)
    assert widget.table.results.rowCount() == 0
    assert widget.table.hint.startswith("No result passes the filter.")


def test_enter_starts_the_run(widget, qtbot, mixed):
    """In the line of the path; an empty line starts nothing."""
    folder, expected = mixed
    qtbot.keyClick(widget.source.native, Qt.Key.Key_Return)
    assert not widget.running
    widget.source.native.setText(str(folder))
    qtbot.keyClick(widget.source.native, Qt.Key.Key_Return)
    assert widget.running
    qtbot.waitUntil(lambda: not widget.running)
    assert found(widget) == expected


def test_pasted_addresses(widget, qtbot, mixed):
    """A file manager puts them onto the clipboard, one a line."""
    folder, _ = mixed
    files = [(folder / f"{n}.sealed.jpg").as_uri() for n in range(3)]
    QApplication.clipboard().setText("\n".join(files))
    widget.source.native.paste()
    qtbot.keyClick(widget.source.native, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not widget.running)
    assert sorted(found(widget)) == ["0.sealed.jpg", "1.sealed.jpg", "2.sealed.jpg"]


def test_cancel_keeps_what_was_checked(widget, qtbot, large):
    """The run ends soon, the numbers stay honest, and another can be started."""
    widget.set_paths([str(large)])
    widget.start.native.click()
    qtbot.waitUntil(lambda: widget.table.results.total > 0)
    widget.cancel.native.click()
    qtbot.waitUntil(lambda: not widget.running)
    checked = widget.table.results.total
    assert 0 < checked < MANY
    assert f"Cancelled: {checked:,} of {MANY:,} files" in widget.message.text()
    assert f"{MANY - checked:,}&nbsp;not&nbsp;checked" in widget.summary.text()
    run(widget, qtbot, large / "00000.sealed.jpg")
    assert widget.table.results.total == 1


@pytest.mark.parametrize("with_ledger", [False, True])
def test_cancelled_when_all_was_checked_is_not_cancelled(archive, with_ledger):
    """The last results wait for the window when somebody presses the button."""
    folder, ledger = archive
    options = {"recursive": True, "ledger": str(ledger) if with_ledger else ""}
    job = VerifyJob(VerdictRows(), [str(folder)], **options)
    job.run()
    job.cancel()
    for batch in job.take(100):
        job.rows.add(batch)
    assert len(job.rows) == job.found == 5
    assert how_it_ended(job, [str(folder)]) == ""


def test_the_window_answers_during_a_run(widget, qtbot, large):
    """A filter and a sort while rows stream in."""
    widget.set_paths([str(large)])
    widget.start.native.click()
    qtbot.waitUntil(lambda: widget.table.results.total > 0)
    widget.table.horizontalHeader().setSortIndicator(1, Qt.SortOrder.DescendingOrder)
    widget.text_filter.value = "00001"
    qtbot.waitUntil(lambda: not widget.running)
    qtbot.waitUntil(lambda: widget.table.results.rowCount() == 1)
    assert widget.table.results.total == MANY


def test_a_run_survives_files_that_vanish(widget, qtbot, large):
    """They are counted, as unreadable."""
    widget.set_paths([str(large)])
    widget.start.native.click()
    qtbot.waitUntil(lambda: widget.table.results.total > 0)
    shutil.rmtree(large)
    qtbot.waitUntil(lambda: not widget.running)
    assert widget.table.results.total == MANY
    assert set(found(widget).values()) <= {"intact", "unreadable"}


def test_filters(widget, qtbot, mixed):
    """By verdict and by text; an empty result says why it is empty."""
    folder, expected = mixed
    run(widget, qtbot, folder)
    widget.table.selectRow(0)
    assert widget.copy_button.enabled
    widget.verdict_filter.value = NOT_INTACT
    assert not widget.copy_button.enabled  # nothing is selected any more
    assert widget.table.results.rowCount() == sum(v != "intact" for v in expected.values())
    widget.text_filter.value = "no such text"
    qtbot.waitUntil(lambda: widget.table.results.rowCount() == 0)
    assert widget.table.hint.startswith("No result passes the filter.")


def test_double_click_opens_the_image_flagged(widget, qtbot, mixed):
    """And a file that cannot be shown does no harm."""
    folder, _ = mixed
    run(widget, qtbot, folder)
    for row in range(widget.table.results.rowCount()):
        if widget.table.results.verdict_at(row).verdict in ("image-changed", "not-an-image"):
            widget.table.doubleClicked.emit(widget.table.results.index(row, 1))
    layer, *overlays = widget._viewer.layers
    assert [part.name.split(":")[0] for part in overlays] == [
        "change strength",
        "⚠ changed regions",
    ]
    assert layer.name == "⚠ IMAGE CHANGED: changed"


def test_copy_paths(widget, qtbot, mixed):
    """One path a line; the button needs a selection."""
    folder, _ = mixed
    run(widget, qtbot, folder / "0.sealed.jpg", folder / "1.sealed.jpg")
    assert not widget.copy_button.enabled
    widget.table.selectAll()
    widget.copy_button.native.click()
    paths = QApplication.clipboard().text().splitlines()
    assert paths == [str(folder / "0.sealed.jpg"), str(folder / "1.sealed.jpg")]
    assert [action.text() for action in widget.table.actions()] == ["Open in viewer", "Copy path"]


def test_choosing_a_folder_through_the_dialog(widget, qtbot, mixed, answer_dialog):
    """The folder stands in the line and can be verified."""
    folder, _ = mixed
    answer_dialog(folder)
    widget.folder_button.native.click()
    assert widget.source.value == str(folder)
    assert widget.start.enabled


def threads_gone():
    """Whether no thread of a run is left."""
    from superqt.utils._qthreading import WorkerBase

    return not [w for w in WorkerBase._worker_set if w.is_running]


@pytest.mark.parametrize("closed", ["dock", "viewer"])
def test_closing_the_dock_or_the_viewer_ends_the_run(make_napari_viewer, qtbot, large, closed):
    """No work goes on unseen, no thread is left, and nothing speaks of deleted widgets."""
    before = threading.active_count()
    viewer = make_napari_viewer()
    dock, widget = viewer.window.add_plugin_dock_widget("napari-seal", "Verify sealed images")
    widget.set_paths([str(large)])
    widget.run()
    job = widget._job
    qtbot.waitUntil(lambda: widget.table.results.total > 0)
    if closed == "dock":
        dock.destroyOnClose()  # takes the widget out and leaves it alive
    else:
        viewer.close()
    assert job.cancelled
    qtbot.waitUntil(lambda: job.done and threads_gone())
    assert threading.active_count() < before + 20
    if closed == "dock":
        qtbot.waitUntil(lambda: not widget.running)
        widget.native.deleteLater()


def test_hiding_the_dock_does_not_end_the_run(make_napari_viewer, qtbot, mixed):
    """Another tab in front is no reason to stop."""
    viewer = make_napari_viewer()
    dock, widget = viewer.window.add_plugin_dock_widget("napari-seal", "Verify sealed images")
    widget.set_paths([str(mixed[0])])
    widget.run()
    dock.setVisible(False)
    qtbot.waitUntil(lambda: not widget.running)
    assert widget.table.results.total == len(mixed[1])
    assert not widget.message.text()


def test_the_work_is_done_by_the_core(mixed):
    """The widget's verdicts are those of `napari_seal.check`."""
    folder, expected = mixed
    checked = {p.name: str(napari_seal.check(p).verdict) for p in folder.rglob("*.jpg")}
    assert checked == expected
