"""Accepting files of a ledger as they are today: what it means, why, and the deed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from napari_seal._napari.dock_page import show_focus
from napari_seal._napari.notices import breakable
from napari_seal._napari.task import Task, when_done
from napari_seal._napari.verifying.verdict_order import FILE
from napari_seal._napari.verifying.verdict_table import VerdictTable, selected_rows
from napari_seal._napari.verifying.verify_ledger import files, for_people
from napari_seal._text import printable

MEANING: Final = (
    "The state of today becomes the reference: in every run to come, the ledger compares {these} "
    "with what is there now. Do it only where you know why. If a picture was damaged or replaced, "
    "accepting it hides that for good.\n\n"
    "A file that is missing is then no longer expected. A file that is not intact by itself cannot "
    "be accepted. What was recorded before stays in the history, with your note."
)
# Names that are shown; the number of all is said.
_NAMED: Final = 6


class AcceptDialog(QDialog):
    """Ask whether files are to be accepted, and for a note.

    Parameters
    ----------
    paths : sequence of str
        The files, as they are shown in the table.
    number : int
        How many there are in all.
    parent : QWidget, optional
        Over which the dialog appears.
    """

    def __init__(self, paths: Sequence[str], number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Accept {files(number)}")
        meaning = MEANING.format(these="this file" if number == 1 else f"these {files(number)}")
        listed = [printable(path) for path in paths[:_NAMED]]
        if number > len(listed):
            listed.append(f"… and {number - len(listed):,} more")
        self.note = QLineEdit()
        self.note.setPlaceholderText("Why? For example: scanned again after cleaning the lens")
        self.note.setAccessibleName("Note for the history")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        # No button that Enter presses: it hides what happened for good.
        self.accept_button = buttons.addButton("Accept", QDialogButtonBox.ButtonRole.ActionRole)
        for button in buttons.buttons():
            button.setAutoDefault(False)
        self.note.returnPressed.connect(self.accept_button.setFocus)
        self.accept_button.clicked.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for text in (meaning, "\n".join(map(breakable, listed)), "Note, kept in the history:"):
            label = QLabel(text)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addWidget(self.note)
        layout.addWidget(buttons)
        self.setMinimumWidth(480)
        show_focus(self)
        self.note.setFocus()


class Acceptor(QObject):
    """Accept the selected files after a question, in a thread.

    Parameters
    ----------
    parent : QWidget
        Over which the question appears.

    Attributes
    ----------
    changed : Signal
        It has begun, or ended.
    said : Signal(str)
        What came of it, in a sentence.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self._task: Task[int] | None = None

    @property
    def busy(self) -> bool:
        """Whether files are being accepted."""
        return self._task is not None

    def ask(self, ledger: str, table: VerdictTable) -> None:
        """Ask about the selected rows, and do it after a yes."""
        rows = list(selected_rows(table))
        if not rows or self.busy:
            return
        shown = [str(table.results.index(row, FILE).data()) for row in rows[:_NAMED]]
        dialog = AcceptDialog(shown, len(rows), self._parent)
        agreed = dialog.exec() == QDialog.DialogCode.Accepted
        note = dialog.note.text().strip()
        dialog.deleteLater()
        if agreed:
            self._begin(ledger, [table.results.path_at(row) for row in rows], note)

    def _begin(self, ledger: str, paths: list[str], note: str) -> None:
        def accept(_: Task[int]) -> int:
            from napari_seal._verify.ledger.ledger import Ledger

            with Ledger.open(ledger) as opened:
                return opened.accept(paths, note)

        task = self._task = Task(accept)
        task.start()
        when_done(self, task, lambda: self._end(task, len(paths)))
        self.said.emit(f"Accepting {files(len(paths))}…")
        self.changed.emit()

    def _end(self, task: Task[int], number: int) -> None:
        self._task = None
        if task.failure is not None:
            self.said.emit(f"⚠ Nothing was accepted. {for_people(task.complaint)}")
        else:
            self.said.emit(
                f"{files(number)} accepted, as run {task.result} of the ledger. The table still "
                "shows what the last run found."
            )
        self.changed.emit()
