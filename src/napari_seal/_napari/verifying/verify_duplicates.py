"""The window with images that a ledger has more than once."""

from __future__ import annotations

import html
import itertools
from array import array
from collections import deque
from typing import Any, Final

from qtpy.QtCore import QModelIndex, Qt, QTimer, Signal
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_seal._napari.dock_page import show_focus
from napari_seal._napari.notices import breakable
from napari_seal._napari.table_parts import MARGINS, ColumnsModel, LinesView
from napari_seal._napari.task import Task
from napari_seal._napari.verifying.verdict_table import (
    MOST_OPENED,
    NameVisible,
    copy_lines,
    selected_rows,
)
from napari_seal._napari.verifying.verify_ledger import files, for_people
from napari_seal._napari.verifying.verify_text import relative
from napari_seal._text import printable
from napari_seal._verify.verdict import Outcome

_ROLES = Qt.ItemDataRole
_TICK_MS: Final = 100
# Rows a tick: the window answers between two.
_BATCH: Final = 5000
_DIGITS: Final = 12

#: An identity, and file and verdict of each of its files.
Group = tuple[str, list[tuple[str, str]]]


class DuplicatesModel(ColumnsModel):
    """A row for each file; those of one image stand together.

    Parameters
    ----------
    parent : QObject, optional
        Owner, in Qt's sense.
    """

    columns = ("Image", "File", "Verdict")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.folder = ""
        self.identities: list[str] = []
        self._of = array("I")  # the image of each row
        self._paths: list[str] = []
        self._verdicts: list[str] = []

    def append(self, groups: list[Group]) -> None:
        """Add images with their files."""
        new = sum(len(entries) for _, entries in groups)
        if not new:
            return
        self.beginInsertRows(QModelIndex(), len(self._paths), len(self._paths) + new - 1)
        for identity, entries in groups:
            self._of.extend([len(self.identities)] * len(entries))
            self.identities.append(identity)
            for path, verdict in entries:
                self._paths.append(path)
                self._verdicts.append(verdict)
        self.endInsertRows()

    def path_at(self, row: int) -> str:
        """Return the file of a row."""
        return self._paths[row]

    def row_number(self) -> int:
        """Return the number of files."""
        return len(self._paths)

    def data(self, index: QModelIndex, role: int = _ROLES.DisplayRole) -> Any:
        """Return what one cell shows."""
        if not index.isValid() or not 0 <= index.row() < len(self._paths):
            return None
        row, column = index.row(), index.column()
        identity = self.identities[self._of[row]]
        if role == _ROLES.DisplayRole:
            if column == 0:  # once for each image
                first = row == 0 or self._of[row - 1] != self._of[row]
                return identity.partition(":")[2][:_DIGITS] if first else ""
            if column == 1:
                return printable(relative(self._paths[row], self.folder))
            return printable(self._verdicts[row])
        if role == _ROLES.ToolTipRole:
            text = identity if column == 0 else printable(self._paths[row])
            return f"<p>{html.escape(text)}</p>"
        return None


class DuplicatesWindow(QDialog):
    """Images that are there more than once, each with its files; opens those that are selected.

    Parameters
    ----------
    ledger : str
        The ledger's file, which is read in a thread.
    parent : QWidget, optional
        Owner, in Qt's sense.

    Attributes
    ----------
    opened : Signal(list)
        Paths that the person wants to see in the viewer.
    """

    opened = Signal(list)

    def __init__(self, ledger: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Duplicates")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.model = DuplicatesModel(self)
        self._queue: deque[Group] = deque()
        self._folder = ""
        self._task = Task[None](lambda task: self._read(task, ledger))
        self._make_table()
        self._lay_out(ledger)
        self.destroyed.connect(self._task.cancel)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._task.start()
        self._show_buttons()

    def _make_table(self) -> None:
        self.table = table = LinesView(self.model)
        table.setAccessibleName("Images that are there more than once")
        table.open_wanted.connect(self._open_selected)
        table.copy_wanted.connect(self._copy)
        header = table.horizontalHeader()
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.theme.settled.connect(self._fit_columns)
        self._fit_columns()
        table.setItemDelegateForColumn(1, NameVisible(table))
        table.doubleClicked.connect(lambda index: self.opened.emit([self._path(index.row())]))
        table.selectionModel().selectionChanged.connect(lambda *_: self._show_buttons())

    def _fit_columns(self) -> None:
        self.table.setColumnWidth(0, self.table.width_of(["0" * _DIGITS]) + MARGINS)
        self.table.setColumnWidth(2, self.table.width_of(Outcome) + MARGINS)

    def _lay_out(self, ledger: str) -> None:
        self.told = QLabel("Looking into the ledger…")
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setWordWrap(True)
        name = QLabel(breakable(f"Ledger: {printable(ledger)}"))
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setWordWrap(True)
        self.open_button = QPushButton("Open in viewer")
        self.copy_button = QPushButton("Copy path")
        self.close_button = QPushButton("Close")
        self.open_button.clicked.connect(self._open_selected)
        self.copy_button.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.close)
        buttons = QHBoxLayout()
        for button in (self.open_button, self.copy_button, self.close_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(name)
        layout.addWidget(self.told)
        layout.addWidget(self.table, 1)
        layout.addLayout(buttons)
        self.resize(640, 460)
        show_focus(self)
        self.table.setFocus()

    # reading

    def _read(self, task: Task[None], ledger: str) -> None:
        """Runs in the thread."""
        from napari_seal._verify.ledger.ledger import Ledger

        with Ledger.open(ledger, read_only=True) as opened:
            self._folder = opened.root or ""
            for identity, entries in opened.duplicates():
                if task.cancelled:
                    break
                pairs = [(entry.path, entry.verdict) for entry in entries]
                self._queue.append((str(identity), pairs))

    def _tick(self) -> None:
        done = self._task.done  # before taking
        groups: list[Group] = []
        taken = 0
        while self._queue and taken < _BATCH:
            groups.append(self._queue.popleft())
            taken += len(groups[-1][1])
        self.model.folder = self._folder
        self.model.append(groups)
        if done and not self._queue:
            self._timer.stop()
            self.table.viewport().update()
        self._tell(done and not self._queue)

    def _tell(self, finished: bool) -> None:
        images, number = len(self.model.identities), self.model.rowCount()
        if self._task.failure is not None:
            text = f"⚠ {for_people(self._task.complaint)}"
        elif not images:
            text = "No image is there more than once." if finished else "Looking into the ledger…"
        else:
            what = "1 image is" if images == 1 else f"{images:,} images are"
            text = f"{what} there more than once, in {files(number)}."
            text += "" if finished else " Still looking…"
        self.told.setText(breakable(text))

    # what to do

    def selected_paths(self, most: int | None = None) -> list[str]:
        """Return the files of the selected rows, from top to bottom; of many, the first."""
        return [self._path(row) for row in itertools.islice(selected_rows(self.table), most)]

    def _path(self, row: int) -> str:
        return self.model.path_at(row)

    def _open_selected(self) -> None:
        self.opened.emit(self.selected_paths(MOST_OPENED + 1))

    def _copy(self) -> None:
        copy_lines(self.selected_paths())

    def _show_buttons(self) -> None:
        selected = self.table.selectionModel().hasSelection()
        self.open_button.setEnabled(selected)
        self.copy_button.setEnabled(selected)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """End the reading, too."""
        self._task.cancel()
        super().closeEvent(event)
