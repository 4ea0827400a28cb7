"""The table of results: a view on `VerdictModel` with copy and open."""

from __future__ import annotations

import os
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QAction, QKeySequence, QPainter, QPaintEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QSizePolicy,
    QTableView,
    QWidget,
)

from napari_seal._napari.verdict_model import VerdictModel

#: What is written into the empty table.
EMPTY = (
    "Choose a folder or files above and press Verify.\n\n"
    "Every image is compared with the seal it carries.\n"
    "Double-click a result to open the image."
)


class VerdictTable(QTableView):
    """Results one a row.

    Parameters
    ----------
    parent : QWidget, optional
        Owner, in Qt's sense.

    Attributes
    ----------
    opened : Signal(list)
        Paths that the person wants to see in the viewer.
    """

    opened = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.results = VerdictModel(self)
        self.hint = EMPTY
        self.setModel(self.results)
        self.setSortingEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(160)
        rows = self.verticalHeader()
        rows.setVisible(False)
        # Fixed: measuring each of 100,000 rows would take longer than checking them.
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self.results.sort)
        self.setColumnWidth(0, 140)
        self.setColumnWidth(1, 150)
        self._add_actions()
        self.doubleClicked.connect(lambda index: self.opened.emit([self._path(index.row())]))

    def selected_paths(self) -> list[str]:
        """Return the files of the selected rows, from top to bottom."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._path(row) for row in rows]

    def copy_paths(self) -> list[str]:
        """Put the paths of the selected rows onto the clipboard, one a line, and return them."""
        paths = [os.path.abspath(path) for path in self.selected_paths()]
        if paths:
            # A name that is not UTF-8 has surrogates, which the clipboard cannot carry.
            text = "\n".join(paths).encode("utf-8", "backslashreplace").decode("utf-8")
            QApplication.clipboard().setText(text)
        return paths

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the rows, or say what to do where there are none."""
        super().paintEvent(event)
        if self.results.rowCount() == 0 and self.hint:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().placeholderText().color())
            area = self.viewport().rect().adjusted(16, 16, -16, -16)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area, int(flags), self.hint)
            painter.end()

    def _path(self, row: int) -> str:
        return self.results.verdict_at(row).path

    def _add_actions(self) -> None:
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        steps: list[tuple[str, Any, Any]] = [
            ("Open in viewer", None, lambda: self.opened.emit(self.selected_paths())),
            ("Copy path", QKeySequence.StandardKey.Copy, self.copy_paths),
        ]
        for text, shortcut, slot in steps:
            action = QAction(text, self)
            if shortcut is not None:
                action.setShortcut(QKeySequence(shortcut))
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(slot)
            self.addAction(action)
