"""Dock widget "Verify sealed images": whole folders, with the results in a table."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, Container, LineEdit, ProgressBar, PushButton
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFileDialog, QLabel

from napari_seal._napari.close_guard import CloseGuard
from napari_seal._napari.export import export_dialog
from napari_seal._napari.opener import make_default_opener
from napari_seal._napari.verdict_details import VerdictDetails
from napari_seal._napari.verdict_model import NOT_INTACT
from napari_seal._napari.verdict_table import VerdictTable
from napari_seal._napari.verify_job import VerifyJob
from napari_seal._napari.verify_text import (
    breakable,
    counts_line,
    nothing_checked,
    typed_paths,
    why_nothing_checked,
)
from napari_seal._text import printable
from napari_seal._verify.verdict import Outcome

if TYPE_CHECKING:
    import napari.viewer

_ALL = "all verdicts"

#: Images opened at once: each is a layer, and each takes a moment in which the window stands still.
_MOST_OPENED = 20

_TICK_MS = 100
# So many rows a tick at most: the window answers between two ticks.
_BATCH = 5000


class VerifyWidget(Container[Any]):
    """Check every sealed image of a folder, and open, export or copy what was found.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer, optional
        In which double-clicked images are opened.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer | None = None) -> None:
        self._viewer = napari_viewer
        self._files: list[str] = []
        self._job: VerifyJob | None = None
        self.source = LineEdit(
            label="Images in",
            tooltip="A folder or a file; type or paste it and press Enter, or choose it below.",
        )
        self.folder_button = PushButton(text="Folder…")
        self.files_button = PushButton(text="Files…")
        self.recursive = CheckBox(value=True, text="with subfolders")
        self.start = PushButton(text="Verify")
        self.cancel = PushButton(text="Cancel", enabled=False)
        self.progress = ProgressBar(value=0, min=0, max=1)
        self.verdict_filter = ComboBox(
            choices=[_ALL, NOT_INTACT, *map(str, Outcome)],
            tooltip="Show only results with this verdict",
        )
        self.text_filter = LineEdit(tooltip="Show only results whose path or reason contains this")
        self.open_button = PushButton(text="Open")
        self.copy_button = PushButton(text="Copy path")
        self.export_button = PushButton(
            text="Export all…",
            tooltip="Write every result of the run as CSV or JSON Lines, whatever the filter shows",
        )
        self.opener_button = PushButton(
            text="Always open sealed images with napari-seal",
            tooltip="Dropped *.sealed.jpg files are then verified without a question",
        )
        super().__init__(widgets=[self.source], labels=True)
        self._lay_out()
        self._connect()
        self._show_state()

    # layout

    def _lay_out(self) -> None:
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.message = QLabel()
        self.message.setWordWrap(True)
        # Paths appear in it, and a path may look like markup.
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.table = VerdictTable()
        self.details = VerdictDetails(self.table)
        self.progress.native.setTextVisible(True)
        self.text_filter.native.setPlaceholderText("filter by text")
        self.text_filter.native.setClearButtonEnabled(True)
        rows: list[Any] = [
            _row(self.folder_button, self.files_button, self.recursive),
            _row(self.start, self.cancel),
            self.progress,
            self.summary,
            _row(self.verdict_filter, self.text_filter),
            self.table,
            self.details,
            _row(self.open_button, self.copy_button, self.export_button),
            self.opener_button,
            self.message,
        ]
        layout = self.native.layout()
        self._rows = rows
        for row in rows:
            widget = getattr(row, "native", row)
            layout.addWidget(widget, 1 if widget is self.table else 0)
        self.native.setMinimumWidth(400)

    def _connect(self) -> None:
        self.folder_button.changed.connect(self._choose_folder)
        self.files_button.changed.connect(self._choose_files)
        self.source.changed.connect(self._typed)
        self.source.native.returnPressed.connect(self.run)
        self.start.changed.connect(self.run)
        self.cancel.changed.connect(self.stop)
        self.open_button.changed.connect(lambda: self._open(self.table.selected_paths()))
        self.copy_button.changed.connect(self._copy)
        self.export_button.changed.connect(self._export)
        self.opener_button.changed.connect(lambda: self._say(make_default_opener()))
        self.verdict_filter.changed.connect(self._filter)
        self.table.opened.connect(self._open)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_buttons())
        self.table.results.modelReset.connect(self._show_buttons)
        self._timer = QTimer(self.native)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        # Typing waits for a pause: each letter would filter 100,000 rows.
        self._typing = QTimer(self.native)
        self._typing.setSingleShot(True)
        self._typing.setInterval(200)
        self._typing.timeout.connect(self._filter)
        self.text_filter.changed.connect(lambda _text: self._typing.start())
        self._guard = CloseGuard(self.native, self._abandon)

    # what to check

    def set_paths(self, paths: list[str]) -> None:
        """Choose what to verify.

        Parameters
        ----------
        paths : list of str
            One folder or file, or several files.
        """
        text = paths[0] if len(paths) == 1 else f"{len(paths)} files"
        with self.source.changed.blocked():
            self.source.value = text
        self._files = list(paths)
        self._show_buttons()

    def _typed(self) -> None:
        self._files = typed_paths(self.source.value)
        self._show_buttons()

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.native, "Verify a folder", self._start_in())
        if folder:
            self.set_paths([folder])

    def _choose_files(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(
            self.native,
            "Verify files",
            self._start_in(),
            "JPEG images (*.jpg *.jpeg *.jpe *.jfif *.JPG *.JPEG);;All files (*)",
        )
        if files:
            self.set_paths(files)

    def _start_in(self) -> str:
        return os.path.dirname(self._files[0]) if self._files else ""

    # a run

    @property
    def running(self) -> bool:
        """Whether a run is under way, or its last results are still being shown."""
        return self._job is not None

    def run(self) -> None:
        """Verify what was chosen; results appear as they come."""
        from napari.qt.threading import create_worker

        if self.running or not self._files:
            return
        self.table.running = True
        self.table.results.clear()
        self._say("")
        self._job = VerifyJob(self._files, recursive=bool(self.recursive.value))
        create_worker(self._job.run, _start_thread=True)
        self._timer.start()
        self._show_state()

    def stop(self) -> None:
        """Cancel the run; what was checked stays in the table."""
        if self._job is not None:
            self._job.cancel()
            self.cancel.enabled = False

    def _abandon(self) -> None:
        """The dock or the viewer was closed: end the work, touch no widget."""
        if self._job is not None:
            self._job.cancel()

    def _tick(self) -> None:
        job = self._job
        if job is None:
            return
        # Read before taking: what is queued before `done` is set is taken below.
        done = job.done
        self.table.results.append(job.take(_BATCH), job.folder)
        if done and not job.waiting:
            self._timer.stop()
            self._job = None
            self.table.running = False
            self.table.results.settle()
            self._report_end(job)
        self._show_state(job)

    def _report_end(self, job: VerifyJob) -> None:
        results = self.table.results
        if job.failure:
            self._say(f"⚠ The run ended early: {printable(job.failure)}")
        elif job.cancelled and nothing_checked(results.counts):
            self._say("⚠ Cancelled: nothing was checked.")
        elif job.cancelled:
            self._say(f"⚠ Cancelled: {results.total:,} of {job.found:,} files were checked.")
        elif nothing_checked(results.counts):
            self._say(why_nothing_checked(results.verdicts(), self._files))

    # what is shown

    def _show_state(self, job: VerifyJob | None = None) -> None:
        job = job or self._job
        results = self.table.results
        if job is None:
            self.progress.native.setFormat("")
        elif job.searching:
            self.progress.max = 0  # busy: there is no total yet
            self.progress.native.setFormat("")
            self.summary.setText(f"Looking for images… {job.found:,}")
        else:
            self.progress.max = max(job.found, 1)
            self.progress.value = results.total
            self.progress.native.setFormat(f"{results.total:,} of {job.found:,}")
        # "1 of 1" would sound like a success.
        vacuous = not self.running and nothing_checked(results.counts)
        self.progress.visible = job is not None and not vacuous
        if job is None or not job.searching:
            self.summary.setText(counts_line(results.counts, job.found if job else 0))
        if not results.rowCount():
            self.table.viewport().update()  # the hint may be another one
        self._show_buttons()

    def _show_buttons(self) -> None:
        running, results = self.running, self.table.results
        self.start.enabled = bool(self._files) and not running
        self.cancel.enabled = running and not (self._job is not None and self._job.cancelled)
        for widget in (self.source, self.folder_button, self.files_button, self.recursive):
            widget.enabled = not running
        selected = self.table.selectionModel().hasSelection()
        self.open_button.enabled = selected and self._viewer is not None
        self.copy_button.enabled = selected
        self.export_button.enabled = results.total > 0 and not running

    def _say(self, text: str) -> None:
        self.message.setText(breakable(text))
        self.message.setVisible(bool(text))

    # what to do with results

    def _filter(self) -> None:
        wanted = self.verdict_filter.value
        self.table.results.set_filter("" if wanted == _ALL else str(wanted), self.text_filter.value)

    def _open(self, paths: list[str]) -> None:
        from napari_seal._napari.open_action import open_flagged

        if len(paths) > _MOST_OPENED:
            self._say(f"Select at most {_MOST_OPENED} images to open at once.")
        elif self._viewer is not None:
            open_flagged(self._viewer, paths)

    def _copy(self) -> None:
        paths = self.table.copy_paths()
        self._say(f"Copied {len(paths):,} path{'s' if len(paths) != 1 else ''}.")

    def _export(self) -> None:
        results = self.table.results
        said = export_dialog(self.native, results.verdicts(), shown=results.rowCount())
        if said:
            self._say(said)


def _row(*widgets: Any) -> Container[Any]:
    row: Container[Any] = Container(widgets=list(widgets), layout="horizontal", labels=False)
    row.margins = (0, 0, 0, 0)
    return row
