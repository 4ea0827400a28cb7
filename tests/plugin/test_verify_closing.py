"""Closing the dock or the window in mid-run: the real one, and what the ledger then holds."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading

import pytest
from dock import MANY, choose

import napari_seal


@pytest.mark.parametrize("closed", ["dock", "viewer"])
def test_closing_in_mid_run_leaves_the_ledger_resumable(
    make_napari_viewer, qtbot, many_files, closed
):
    """The real window: the thread ends, the ledger is closed, and a later run goes on."""
    folder, ledger = many_files
    before = threading.active_count()
    viewer = make_napari_viewer()
    dock, widget = viewer.window.add_plugin_dock_widget("napari-seal", "Verify sealed images")
    choose(widget, qtbot, folder, ledger)
    widget.run()
    job = widget._job
    qtbot.waitUntil(lambda: widget.table.results.total > 0)
    assert multiprocessing.active_children()
    if closed == "dock":
        dock.destroyOnClose()
    else:
        viewer.close()
    assert job.cancelled
    qtbot.waitUntil(lambda: job.done)
    assert job.failure is None
    assert not multiprocessing.active_children()
    assert not os.path.exists(f"{ledger}-wal")
    with napari_seal.Ledger.open(ledger) as opened:
        (run,) = opened.runs()
        assert run.state == "unfinished"
        assert 0 < sum(run.counts.values()) < MANY
        verdicts = list(opened.check_many(folder, jobs=1, resume=True))
        assert len({verdict.path for verdict in verdicts}) == len(verdicts) == MANY
    if closed == "dock":
        qtbot.waitUntil(lambda: not widget.running)
        widget.native.deleteLater()
    assert threading.active_count() < before + 20


def test_quitting_napari_in_mid_run(many_files):
    """A process of its own ends by itself, with nothing on its error output, and can be resumed."""
    folder, ledger = many_files
    script = f"""
        import napari
        from qtpy.QtCore import QTimer
        viewer = napari.Viewer()
        dock, widget = viewer.window.add_plugin_dock_widget("napari-seal", "Verify sealed images")
        widget.set_paths([{str(folder)!r}])
        widget.ledger.line.setText({str(ledger)!r})
        def look():
            if widget.table.results.total:
                timer.stop()
                viewer.close()
            elif not widget.running:
                widget.run()
        timer = QTimer()
        timer.timeout.connect(look)
        timer.start(20)
        napari.run()
        print("over")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "over" in done.stdout
    assert "Traceback" not in done.stderr
    with napari_seal.Ledger.open(ledger) as opened:
        (run,) = opened.runs()
        assert run.state == "unfinished"
        assert len(list(opened.check_many(folder, jobs=1, resume=True))) == MANY


def test_cancelling_ends_the_workers(widget, qtbot, many_files):
    """With what is under way, and none of them is left; few files are checked without any."""
    folder, _ = many_files
    choose(widget, qtbot, folder, "")
    widget.run()
    job = widget._job
    qtbot.waitUntil(lambda: widget.table.results.total > 0)
    assert multiprocessing.active_children()
    widget.stop()
    qtbot.waitUntil(lambda: job.done)
    assert not multiprocessing.active_children()
    qtbot.waitUntil(lambda: not widget.running)
    assert widget.table.results.total < MANY
    widget.set_paths([str(path) for path in sorted(folder.rglob("*.jpg"))[:500]])
    widget.run()
    qtbot.waitUntil(lambda: widget.table.results.total > 0)
    assert not multiprocessing.active_children()
    qtbot.waitUntil(lambda: not widget.running)
