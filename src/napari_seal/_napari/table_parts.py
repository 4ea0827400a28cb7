"""What tables of many rows have in common: a model of fixed columns, and how a view shows it."""

from __future__ import annotations

from typing import Any, ClassVar

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

_DISPLAY = Qt.ItemDataRole.DisplayRole


class ColumnsModel(QAbstractTableModel):
    """A table with named columns; a subclass says how many rows there are, and what is in them."""

    columns: ClassVar[tuple[str, ...]] = ()

    def row_number(self) -> int:
        """Return the number of rows."""
        raise NotImplementedError

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 - Qt's name
        """Return the number of rows, in Qt's way: cells have none."""
        return 0 if parent is not None and parent.isValid() else self.row_number()

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY
    ) -> Any:
        """Return the title of a column."""
        if role == _DISPLAY and orientation == Qt.Orientation.Horizontal:
            return self.columns[section]
        return None


def show_as_lines(view: QTableView) -> None:
    """Let a table show whole lines of one height, to be read and selected."""
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setWordWrap(False)
    view.setShowGrid(False)
    # Tab leaves the table; the arrow keys move in it.
    view.setTabKeyNavigation(False)
    rows = view.verticalHeader()
    rows.setVisible(False)
    # Fixed: measuring each of 100,000 rows would take longer than checking them.
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setDefaultSectionSize(view.fontMetrics().height() + 8)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def paint_hint(view: QAbstractItemView, hint: str) -> None:
    """Write into a table that shows no row what to do; called after it has drawn itself."""
    if not hint:
        return
    painter = QPainter(view.viewport())
    painter.setPen(view.palette().text().color())
    area = view.viewport().rect().adjusted(8, 8, -8, -8)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(area, int(flags), hint)
    painter.end()


class LinesView(QTableView):
    """A table of lines that are opened and copied, with the mouse and without it.

    Attributes
    ----------
    open_wanted, copy_wanted : Signal
        Return was pressed, or Ctrl+C, or it was chosen from the menu of the right mouse button or
        the menu key.
    """

    open_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        opens, copies = QAction("Open in viewer", self), QAction("Copy path", self)
        copies.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copies.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        opens.triggered.connect(lambda _checked: self.open_wanted.emit())
        copies.triggered.connect(lambda _checked: self.copy_wanted.emit())
        self.addActions([opens, copies])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open the selected rows by Return, as by a double click."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_wanted.emit()
        else:
            super().keyPressEvent(event)
