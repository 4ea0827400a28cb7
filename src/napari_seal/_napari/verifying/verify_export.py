"""The button "Export...": which results, into which file, and how far it has come."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Final

from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QMenu, QPushButton

from napari_seal._napari.task import Task
from napari_seal._napari.verifying.export import ask_where, export
from napari_seal._napari.verifying.verdict_model import VerdictModel
from napari_seal._napari.verifying.verdict_rows import VerdictRows
from napari_seal._text import printable
from napari_seal._verify.verdict import Verdict

_TICK_MS: Final = 100


class ExportJob(Task[None]):
    """Write results into a file, in a thread: all of them, or no file.

    Parameters
    ----------
    path : str
        Ending in ``.jsonl`` for JSON Lines; anything else becomes CSV.
    rows : VerdictRows
        The results.
    numbers : array of row numbers, optional
        Which of them, and in which order; by default all in the order of the run.
    what : str
        What these are, in words.
    """

    def __init__(self, path: str, rows: VerdictRows, numbers: array[int] | None, what: str) -> None:
        super().__init__(lambda _: self._write())
        self._rows = rows
        self._numbers = numbers
        self._path = path
        self._what = what
        self.total = len(rows if numbers is None else numbers)

    @property
    def said(self) -> str:
        """What came of it, in a sentence."""
        if isinstance(self.failure, _CancelledError):
            return "⚠ Export cancelled: no file was written."
        if self.failure is not None:
            return f"⚠ Not exported: {printable(self.complaint)}"
        return f"Exported {self._what} to {printable(self._path)}"

    def _write(self) -> None:
        export(self._path, self._counted(self._rows.verdicts(self._numbers)))

    def _counted(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        for verdict in verdicts:
            if self.cancelled:
                raise _CancelledError
            yield verdict
            self.reached += 1


class _CancelledError(Exception):
    """Somebody pressed Cancel, or closed the window."""


class Exporter(QObject):
    """Two choices on a button: all results, or those that pass the filter.

    Parameters
    ----------
    button : QPushButton
        Gets the menu.
    results : VerdictModel
        What is exported.

    Attributes
    ----------
    changed : Signal
        It has begun, come further, or ended.
    said : Signal(str)
        What came of it, in a sentence.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(self, button: QPushButton, results: VerdictModel) -> None:
        super().__init__(button)
        self._button = button
        self._results = results
        self._job: ExportJob | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        menu = QMenu(button)
        self.all = menu.addAction("")
        self.shown = menu.addAction("")
        self.all.triggered.connect(lambda: self._export(filtered=False))
        self.shown.triggered.connect(lambda: self._export(filtered=True))
        menu.aboutToShow.connect(self._name_choices)
        button.setMenu(menu)

    @property
    def busy(self) -> bool:
        """Whether a file is being written."""
        return self._job is not None

    @property
    def cancellable(self) -> bool:
        """Whether one is, and goes on."""
        return self._job is not None and not self._job.cancelled

    @property
    def progress(self) -> tuple[int, int]:
        """Results written, and those to write."""
        return (0, 0) if self._job is None else (self._job.reached, self._job.total)

    def cancel(self) -> None:
        """Leave it; no file appears."""
        if self._job is not None:
            self._job.cancel()

    def _name_choices(self) -> None:
        """Say whether the filter applies."""
        results = self._results
        self.all.setText(f"{_all(results.total)}…")
        self.shown.setText(f"Only the {results.rowCount():,} shown, in their order…")
        self.shown.setEnabled(results.rowCount() > 0 and not results.busy)

    def _export(self, *, filtered: bool) -> None:
        results = self._results
        rows, numbers, what = results.rows, None, _all(results.total)
        if filtered:
            numbers = results.shown_rows()
            what = f"{len(numbers):,} of the {len(rows):,} results (those shown)"
        what = what[0].lower() + what[1:]
        try:
            path = ask_where(self._button.window(), what)
        except FileExistsError as error:
            self.said.emit(f"⚠ {error}")
            return
        if path:
            self._job = ExportJob(path, rows, numbers, what)
            self._job.start()
            self._timer.start()
            self.said.emit("")
            self.changed.emit()

    def _tick(self) -> None:
        job = self._job
        if job is not None and job.done:
            self._timer.stop()
            self._job = None
            self.said.emit(job.said)
        self.changed.emit()


def _all(total: int) -> str:
    return "The 1 result" if total == 1 else f"All {total:,} results"
