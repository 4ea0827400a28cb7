"""Exports from the dock: all results or those that are shown, whole or not at all."""

from __future__ import annotations

import csv
import json
import os

import pytest
from dock import run

import napari_seal
from napari_seal._napari.verifying.export import complete_name
from napari_seal._verify.report.report_check import check_report


def export(widget, qtbot, choice):
    """Choose in the button's menu, as by a click, and wait for the file."""
    menu = widget.export_button.native.menu()
    menu.aboutToShow.emit()
    getattr(widget.exporter, choice).trigger()
    qtbot.waitUntil(lambda: not widget.exporter.busy)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("choice", ["all", "shown"])
def test_export_through_the_dialog(widget, qtbot, mixed, tmp_path, answer_dialog, kind, choice):
    """All results or those that are shown, in the formats of the command line; the menu says."""
    folder, expected = mixed
    run(widget, qtbot, folder)
    widget.verdict_filter.value = "intact"
    answer_dialog(tmp_path / "report", name_filter=kind)
    export(widget, qtbot, choice)
    assert widget.exporter.all.text() == "All 11 results…"
    assert widget.exporter.shown.text() == "Only the 6 shown, in their order…"
    text = (tmp_path / f"report.{kind}").read_text()
    rows = (
        list(csv.DictReader(text.splitlines()))
        if kind == "csv"
        else [json.loads(line) for line in text.splitlines()]
    )
    files = [row for row in rows if not row.get("path", "#").startswith("#")]
    assert len(files) < len(rows)  # the summary
    assert check_report(str(tmp_path / f"report.{kind}")).problems == []
    found = {os.path.basename(row["path"]): row["verdict"] for row in files}
    shown = {name: word for name, word in expected.items() if word == "intact"}
    assert found == (expected if choice == "all" else shown)
    what = "all 11 results" if choice == "all" else "6 of the 11 results (those shown)"
    assert f"Exported {what} to" in widget.message.text()
    assert not list(tmp_path.glob("*.part"))


def test_an_export_has_every_reason(widget, qtbot, mixed, tmp_path, answer_dialog):
    """With values and regions, as `napari_seal.check` gives them."""
    folder, _ = mixed
    run(widget, qtbot, folder)
    answer_dialog(tmp_path / "report", name_filter="jsonl")
    export(widget, qtbot, "all")
    *rows, _summary = [json.loads(n) for n in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert [napari_seal.check(row["path"]).as_dict() for row in rows] == rows


def test_an_export_can_be_cancelled(widget, qtbot, large, tmp_path, answer_dialog):
    """No file appears, and the window was never blocked."""
    run(widget, qtbot, large)
    answer_dialog(tmp_path / "report", name_filter="csv")
    widget.exporter.all.trigger()
    assert widget.exporter.busy
    assert not widget.start.enabled
    assert widget.cancel.enabled
    widget.cancel.native.click()
    qtbot.waitUntil(lambda: not widget.exporter.busy)
    assert widget.message.text() == "⚠ Export cancelled: no file was written."
    assert not list(tmp_path.glob("report*"))
    assert widget.start.enabled


def test_export_does_not_replace_what_was_not_asked_about(
    widget, qtbot, mixed, tmp_path, answer_dialog
):
    """The name was completed after the dialog's question."""
    folder, _ = mixed
    run(widget, qtbot, folder)
    (tmp_path / "report.csv").write_text("mine")
    answer_dialog(tmp_path / "report", name_filter="csv")
    export(widget, qtbot, "all")
    assert (tmp_path / "report.csv").read_text() == "mine"
    assert "exists already" in widget.message.text()
    assert complete_name("a.CSV", jsonl=True) == "a.CSV"


def test_an_export_that_cannot_be_written(widget, qtbot, mixed, tmp_path, answer_dialog):
    """It says so, and leaves nothing."""
    folder, _ = mixed
    run(widget, qtbot, folder)
    (tmp_path / "report.csv.part").write_text("somebody else's")
    answer_dialog(tmp_path / "report.csv", name_filter="csv")
    export(widget, qtbot, "all")
    assert "⚠ Not exported:" in widget.message.text()
    assert (tmp_path / "report.csv.part").read_text() == "somebody else's"
