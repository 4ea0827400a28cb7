"""Dock widget "Verify sealed images": whole folders, with the results in a table.

::

    folder, ledger ──▶ VerifyJob ──▶ VerdictRows ──▶ VerdictModel ──▶ table, details
                       (a thread)                         │
                                                          ├──▶ Exporter (a thread)
                                                          └──▶ Acceptor, duplicates (threads)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_seal._napari.close_guard import CloseGuard
from napari_seal._napari.opening.opener import make_default_opener
from napari_seal._napari.verifying.verdict_rows import VerdictRows
from napari_seal._napari.verifying.verdict_table import MOST_OPENED
from napari_seal._napari.verifying.verify_accept import Acceptor
from napari_seal._napari.verifying.verify_duplicates import DuplicatesWindow
from napari_seal._napari.verifying.verify_export import Exporter
from napari_seal._napari.verifying.verify_form import VerifyForm
from napari_seal._napari.verifying.verify_job import VerifyJob, how_it_ended
from napari_seal._napari.verifying.verify_source import ask_for_files, ask_for_folder
from napari_seal._napari.verifying.verify_text import (
    NOTHING_CHOSEN,
    counts_line,
    nothing_checked,
    signatures_line,
    typed_paths,
)

if TYPE_CHECKING:
    import napari.viewer

_TICK_MS = 100
# So many rows a tick at most: the window answers between two ticks.
_BATCH = 5000


class VerifyWidget(VerifyForm):
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
        self._last_job: VerifyJob | None = None
        self._waiting = False
        self._ledger_of_results = self._trust_of_results = ""
        super().__init__()
        self.exporter = Exporter(self.export_button.native, self.table.results)
        self.acceptor = Acceptor(self.native)
        self._connect()
        self._trust_changed()

    def _connect(self) -> None:
        dock = self.native
        self.folder_button.changed.connect(lambda: self._choose(ask_for_folder(dock, self._files)))
        self.files_button.changed.connect(lambda: self._choose(ask_for_files(dock, self._files)))
        self.source.changed.connect(self._typed)
        self.source.native.returnPressed.connect(self.run)
        self.start.changed.connect(self.run)
        self.cancel.changed.connect(self.stop)
        self.open_button.changed.connect(self.table.open_selected)
        self.copy_button.changed.connect(self._copy)
        self.accept_button.changed.connect(self._accept)
        self.exporter.said.connect(self.say)
        self.exporter.changed.connect(self._show_state)
        self.acceptor.said.connect(self.say)
        self.acceptor.changed.connect(self._accepted)
        self.opener_button.changed.connect(self._always_open)
        self.filters.wanted_changed.connect(self._filter)
        self.recursive.changed.connect(self._tell_ledger)
        self.ledger.changed.connect(self._ledger_known)
        self.trust.changed.connect(self._trust_changed)
        self.ledger.line.returnPressed.connect(self.run)
        self.ledger.duplicates_wanted.connect(self._duplicates)
        self.table.results.arranging.connect(self._show_state)
        self.table.opened.connect(self._open)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_buttons())
        self.table.results.modelReset.connect(self._show_buttons)
        self._theme.changed.connect(self._show_state)
        self._timer = QTimer(self.native)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._guard = CloseGuard(self.native, self._close)

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
        self.say("")
        self._tell_ledger()

    def _typed(self) -> None:
        self._files = typed_paths(self.source.value)
        self.say("")
        self._tell_ledger()

    def _tell_ledger(self) -> None:
        options: Any = {"recursive": bool(self.recursive.value), "trust": self.trust.path}
        self.ledger.set_chosen(self._files, **options)
        self._show_buttons()

    def _choose(self, paths: list[str]) -> None:
        if paths:
            self.set_paths(paths)

    # a run

    @property
    def running(self) -> bool:
        """Whether a run is under way, or its last results are still being shown."""
        return self._job is not None

    def run(self) -> None:
        """Verify what was chosen; results appear as they come."""
        if not self._files:
            self.say(NOTHING_CHOSEN)
        if not self._may_start():
            return
        if self.ledger.looking:
            # Looking anew at each press would never end.
            if not self._waiting:
                self._waiting = True
                self.ledger.look()
            return
        rows = VerdictRows()
        self.table.running = True
        self.table.results.show_rows(rows)
        self.say("")
        self._ledger_of_results = self.ledger.path
        self._job = VerifyJob(
            rows,
            self._files,
            recursive=bool(self.recursive.value),
            ledger=self.ledger.path,
            resume=self.ledger.resume,
            before=self.ledger.done_before,
            trust=self.trust.path,
        )
        self._trust_of_results = self.trust.path
        self._job.start()
        self.ledger.set_running(True)
        self.trust.set_running(True)
        self._timer.start()
        # The keyboard goes to what can be done now: else Qt takes it from a part that is disabled
        # to the one that happens to be next.
        by_keyboard = self._has_keyboard()
        self._show_state()
        if by_keyboard:
            self.cancel.native.setFocus()

    def _may_start(self) -> bool:
        ledger = self.ledger.looking or self.ledger.state.usable
        return bool(self._files) and ledger and not self.running and not self.writing

    def _ledger_known(self) -> None:
        if self._waiting and not self.ledger.looking:
            self._waiting = False
            # A run that could be gone on with is a question, which was not there before.
            if self.ledger.state.unfinished is None:
                self.run()
        self._show_buttons()

    def stop(self) -> None:
        """Cancel the run, or the export; what was checked stays in the table."""
        self._abandon()
        self._show_buttons()

    @property
    def writing(self) -> bool:
        """Whether results are being exported, or files accepted."""
        return self.exporter.busy or self.acceptor.busy

    def _abandon(self) -> None:
        """The dock or the viewer was closed: end the work, touch no widget."""
        self.exporter.cancel()
        if self._job is not None:
            self._job.cancel()

    def _close(self) -> None:
        self._abandon()
        self.trust.let_go()

    def _tick(self) -> None:
        job = self._job
        if job is None:
            return
        # Read before taking: what is queued before `done` is set is taken below.
        done = job.done
        self.table.results.append(job.take(_BATCH))
        ended = done and not job.waiting
        waited = ended and self.cancel.native.hasFocus()
        if ended:
            self._timer.stop()
            self._job, self._last_job = None, job
            self.table.running = False
            self.table.results.settle()
            self.say(how_it_ended(job, self._files))
            self.ledger.set_running(False)
            self.trust.set_running(False)
            self.ledger.look()
        self._show_state()
        if waited:
            self.table.setFocus()

    def _has_keyboard(self) -> bool:
        part = QApplication.focusWidget()
        return part is not None and bool(self.native.isAncestorOf(part))

    # what is shown

    def _show_state(self) -> None:
        job = self._job or self._last_job
        results = self.table.results
        if self.exporter.busy:
            self._show_progress(*self.exporter.progress, "exported")
        elif job is None:
            self.progress.native.setFormat("")
        elif job.searching:
            self.progress.max = 0  # busy: there is no total yet
            self.progress.native.setFormat("")
            self.summary.setText(f"Looking for images… {job.found:,}")
        else:
            self._show_progress(min(results.total, job.found), job.found, job.time_left())
        # "1 of 1" would sound like a success.
        vacuous = not self.running and nothing_checked(results.counts)
        shown = job is not None and not vacuous
        self.progress.visible = shown or self.exporter.busy
        if job is None or not job.searching:
            found = job.found if job else 0
            rows, dark = results.rows, self._theme.dark
            counts = counts_line(results.counts, found, rows.arrived, dark=dark)
            counts += " &nbsp; sorting…" if results.busy else ""
            required = self.trust.required.isChecked()
            signed = signatures_line(rows.signed, required=required, dark=dark)
            self.summary.setText("<br>".join(filter(None, [counts, signed])))
        self._show_signatures()
        if not results.rowCount():
            self.table.viewport().update()  # the hint may be another one
        self._show_buttons()

    def _show_signatures(self) -> None:
        """Only where there are any, or must be."""
        rows = self.table.results.rows
        shown = rows.any_signed or self.trust.required.isChecked()
        self.table.show_signatures(shown)
        self.filters.offer_signatures(shown)
        self.trust.show_told(rows.any_signed)

    def _trust_changed(self) -> None:
        self.table.results.set_required(self.trust.required.isChecked())
        if self.table.results.total and self.trust.path != self._trust_of_results:
            self.say("Other keys are trusted now: verify again to judge by them.")
        self._tell_ledger()
        self._show_state()

    def _show_progress(self, reached: int, total: int, what: str = "") -> None:
        self.progress.max = max(total, 1)
        self.progress.value = reached
        self.progress.native.setFormat(f"{reached:,} of {total:,} {what}".strip())

    def _show_buttons(self) -> None:
        running, results = self.running, self.table.results
        self.start.enabled = self._may_start()
        self.start.text = "Go on" if self.ledger.resume and not running else "Verify"
        cancelled = self._job is None or self._job.cancelled
        self.cancel.enabled = not cancelled or self.exporter.cancellable
        for widget in (self.source, self.folder_button, self.files_button, self.recursive):
            widget.enabled = not running
        selected, idle = self.table.selectionModel().hasSelection(), not running
        self.open_button.enabled = selected and self._viewer is not None
        self.copy_button.enabled = selected
        self.accept_button.visible = bool(self._ledger_of_results)
        self.accept_button.enabled = selected and idle and not self.writing
        self.export_button.enabled = results.total > 0 and idle and not self.writing

    # what to do with results

    def _filter(self) -> None:
        self.table.results.set_filter(self.filters.wanted, self.text_filter.value)

    def _open(self, paths: list[str]) -> None:
        from napari_seal._napari.opening.open_action import open_flagged

        if len(paths) > MOST_OPENED:
            self.say(f"Select at most {MOST_OPENED} images to open at once.")
        elif self._viewer is not None:
            open_flagged(self._viewer, paths)

    def _always_open(self) -> None:
        self.say(make_default_opener())
        self.offer_opener()

    def _copy(self) -> None:
        paths = self.table.copy_paths()
        self.say(f"Copied {len(paths):,} path{'s' if len(paths) != 1 else ''}.")

    # with the ledger

    def _duplicates(self) -> None:
        window = DuplicatesWindow(self.ledger.path, self.native)
        window.opened.connect(self._open)
        window.open_button.setVisible(self._viewer is not None)
        window.show()

    def _accepted(self) -> None:
        if not self.acceptor.busy:
            self.ledger.look()
        self._show_buttons()

    def _accept(self) -> None:
        self.acceptor.ask(self._ledger_of_results, self.table)
