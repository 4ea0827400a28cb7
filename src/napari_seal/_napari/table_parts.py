"""What tables of many rows have in common: a model of fixed columns, and how a view shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QAction, QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

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


def add_actions(view: QTableView, open_: Callable[[], Any], copy: Callable[[], Any]) -> None:
    """Give a table a menu, and the keys of it: Return opens, Ctrl+C copies.

    Parameters
    ----------
    view : QTableView
        Gets the menu, by the right mouse button or the menu key.
    open_, copy : callable
        What is done with the selected rows.
    """
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
    keys = Qt.Key
    steps: list[tuple[str, list[QKeySequence], Callable[[], Any]]] = [
        ("Open in viewer", [QKeySequence(keys.Key_Return), QKeySequence(keys.Key_Enter)], open_),
        ("Copy path", [QKeySequence(QKeySequence.StandardKey.Copy)], copy),
    ]
    for text, shortcuts, slot in steps:
        action = QAction(text, view)
        action.setShortcuts(shortcuts)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda _checked=False, slot=slot: slot())
        view.addAction(action)
