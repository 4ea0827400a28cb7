"""The dock widget: a run over a folder, cancelling, closing, and what to do with the results."""

from __future__ import annotations

import csv
import json
import os
import shutil
import threading
from collections import Counter

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

import napari_seal
from napari_seal._napari.export import complete_name
from napari_seal._napari.verdict_model import NOT_INTACT
from napari_seal._napari.verify_widget import VerifyWidget


@pytest.fixture
def widget(qtbot):
    """The widget with a viewer that needs no graphics."""
    made = VerifyWidget(ViewerModel())
    qtbot.addWidget(made.native)
    yield made
    made.stop()
    qtbot.waitUntil(lambda: not made.running, timeout=10_000)


def run(widget, qtbot, *paths):
    """Verify as by pressing the button, and wait for the end."""
    widget.set_paths([str(path) for path in paths])
    widget.start.native.click()
    assert widget.running
    qtbot.waitUntil(lambda: not widget.running, timeout=20_000)


def found(widget):
    """File names and verdicts, whatever is shown."""
    return {os.path.basename(v.path): str(v.verdict) for v in widget.table.results.verdicts()}


@pytest.fixture
def large(tmp_path, sealed):
    """A folder that takes a while: 3,000 files."""
    folder = tmp_path / "large"
    folder.mkdir()
    one = sealed("one.sealed.jpg")
    for n in range(3000):
        os.link(one, folder / f"{n:05d}.sealed.jpg")
    return folder


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
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    assert found(widget) == {"1.sealed.jpg": "intact"}


def test_an_empty_folder_is_no_success(widget, qtbot, tmp_path):
    """Nothing was checked, and the widget says so."""
    (tmp_path / "empty").mkdir()
    run(widget, qtbot, tmp_path / "empty")
    assert "nothing was checked" in widget.message.text()
    assert "intact" not in widget.summary.text()


def test_cancel_keeps_what_was_checked(widget, qtbot, large):
    """The run ends soon, the numbers stay honest, and another can be started."""
    widget.set_paths([str(large)])
    widget.start.native.click()
    qtbot.waitUntil(lambda: widget.table.results.total > 0, timeout=10_000)
    widget.cancel.native.click()
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    checked = widget.table.results.total
    assert 0 < checked < 3000
    assert f"Cancelled: {checked:,} of 3,000" in widget.message.text()
    assert f"{3000 - checked:,}&nbsp;not&nbsp;checked" in widget.summary.text()
    run(widget, qtbot, large / "00000.sealed.jpg")
    assert widget.table.results.total == 1


def test_the_window_answers_during_a_run(widget, qtbot, large):
    """A filter and a sort while rows stream in."""
    widget.set_paths([str(large)])
    widget.start.native.click()
    qtbot.waitUntil(lambda: widget.table.results.total > 0, timeout=10_000)
    widget.table.horizontalHeader().setSortIndicator(1, Qt.SortOrder.DescendingOrder)
    widget.text_filter.value = "00001"
    qtbot.waitUntil(lambda: not widget.running, timeout=20_000)
    qtbot.waitUntil(lambda: widget.table.results.rowCount() == 1, timeout=5_000)
    assert widget.table.results.total == 3000


def test_a_run_survives_files_that_vanish(widget, qtbot, large):
    """They are counted, as unreadable."""
    widget.set_paths([str(large)])
    widget.start.native.click()
    qtbot.waitUntil(lambda: widget.table.results.total > 0, timeout=10_000)
    shutil.rmtree(large)
    qtbot.waitUntil(lambda: not widget.running, timeout=20_000)
    assert widget.table.results.total == 3000
    assert set(found(widget).values()) <= {"intact", "unreadable"}


def test_filters(widget, qtbot, mixed):
    """By verdict and by text; an empty result says why it is empty."""
    folder, expected = mixed
    run(widget, qtbot, folder)
    widget.verdict_filter.value = NOT_INTACT
    assert widget.table.results.rowCount() == sum(v != "intact" for v in expected.values())
    widget.text_filter.value = "no such text"
    qtbot.waitUntil(lambda: widget.table.results.rowCount() == 0, timeout=5_000)
    assert widget.table.hint == "No result passes the filter."


def test_double_click_opens_the_image_flagged(widget, qtbot, mixed):
    """And a file that cannot be shown does no harm."""
    folder, _ = mixed
    run(widget, qtbot, folder)
    for row in range(widget.table.results.rowCount()):
        if widget.table.results.verdict_at(row).verdict in ("image-changed", "not-an-image"):
            widget.table.doubleClicked.emit(widget.table.results.index(row, 1))
    (layer,) = widget._viewer.layers
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


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_export_through_the_dialog(widget, qtbot, mixed, tmp_path, answer_dialog, kind):
    """All results, whatever the filter shows, in the formats of the command line."""
    folder, expected = mixed
    run(widget, qtbot, folder)
    widget.verdict_filter.value = "intact"
    answer_dialog(tmp_path / "report", name_filter=kind)
    widget.export_button.native.click()
    text = (tmp_path / f"report.{kind}").read_text()
    rows = (
        list(csv.DictReader(text.splitlines()))
        if kind == "csv"
        else [json.loads(line) for line in text.splitlines()]
    )
    assert {os.path.basename(row["path"]): row["verdict"] for row in rows} == expected
    assert "Exported 11 results" in widget.message.text()
    assert not list(tmp_path.glob("*.part"))


def test_export_does_not_replace_what_was_not_asked_about(
    widget, qtbot, mixed, tmp_path, answer_dialog
):
    """The name was completed after the dialog's question."""
    folder, _ = mixed
    run(widget, qtbot, folder)
    (tmp_path / "report.csv").write_text("mine")
    answer_dialog(tmp_path / "report", name_filter="csv")
    widget.export_button.native.click()
    assert (tmp_path / "report.csv").read_text() == "mine"
    assert "exists already" in widget.message.text()
    assert complete_name("a.CSV", jsonl=True) == "a.CSV"


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


def test_closing_the_dock_ends_the_run(make_napari_viewer, qtbot, large):
    """The close button takes the widget away: no work goes on unseen."""
    viewer = make_napari_viewer()
    dock, widget = viewer.window.add_plugin_dock_widget("napari-seal", "Verify sealed images")
    widget.set_paths([str(large)])
    widget.run()
    job = widget._job
    qtbot.waitUntil(lambda: widget.table.results.total > 0, timeout=10_000)
    dock.destroyOnClose()
    assert job.cancelled
    qtbot.waitUntil(lambda: job.done and threads_gone(), timeout=10_000)
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    widget.native.deleteLater()


def test_hiding_the_dock_does_not_end_the_run(make_napari_viewer, qtbot, mixed):
    """Another tab in front is no reason to stop."""
    viewer = make_napari_viewer()
    dock, widget = viewer.window.add_plugin_dock_widget("napari-seal", "Verify sealed images")
    widget.set_paths([str(mixed[0])])
    widget.run()
    dock.setVisible(False)
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    assert widget.table.results.total == len(mixed[1])
    assert not widget.message.text()


def test_closing_the_viewer_ends_the_run(make_napari_viewer, qtbot, large):
    """No thread is left, and nothing speaks of deleted widgets."""
    viewer = make_napari_viewer()
    _, widget = viewer.window.add_plugin_dock_widget("napari-seal", "Verify sealed images")
    widget.set_paths([str(large)])
    widget.run()
    job = widget._job
    qtbot.waitUntil(lambda: widget.table.results.total > 0, timeout=10_000)
    viewer.close()
    qtbot.waitUntil(lambda: job.done, timeout=10_000)
    assert job.cancelled
    qtbot.waitUntil(threads_gone, timeout=10_000)
    assert threading.active_count() < 20


def test_the_work_is_done_by_the_core(mixed):
    """The widget's verdicts are those of `napari_seal.check`."""
    folder, expected = mixed
    checked = {p.name: str(napari_seal.check(p).verdict) for p in folder.rglob("*.jpg")}
    assert checked == expected
