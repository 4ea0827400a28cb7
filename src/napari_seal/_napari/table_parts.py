"""What tables of many rows have in common: a model of fixed columns, and how a view shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QRect, Qt, Signal
from qtpy.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from napari_seal._napari.theme import ThemeWatch

_DISPLAY = Qt.ItemDataRole.DisplayRole
_HINT_FLAGS: Final = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
#: Left and right of a cell's text, in pixels.
MARGINS: Final = 8


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


def paint_hint(view: QAbstractItemView, hint: str) -> None:
    """Write into a table that shows no row what to do; called after it has drawn itself."""
    text = hint_that_fits(view, hint)
    if not text:
        return
    painter = QPainter(view.viewport())
    painter.setPen(view.palette().text().color())
    painter.drawText(_hint_area(view), _HINT_FLAGS, text)
    painter.end()


def hint_that_fits(view: QAbstractItemView, hint: str) -> str:
    """Return as many paragraphs as a table has room for, at least the first."""
    area, metrics = _hint_area(view), view.fontMetrics()
    while "\n\n" in hint:
        if metrics.boundingRect(area, _HINT_FLAGS, hint).height() <= area.height():
            break
        hint = hint.rpartition("\n\n")[0]
    return hint


def _hint_area(view: QAbstractItemView) -> QRect:
    return view.viewport().rect().adjusted(4, 4, -4, -4)


class LinesView(QTableView):
    """A table of whole lines of one height, which are opened and copied, without a mouse as well.

    Parameters
    ----------
    model : ColumnsModel
        What is shown.
    parent : QWidget, optional
        Owner, in Qt's sense.

    Attributes
    ----------
    open_wanted, copy_wanted : Signal
        Return was pressed, or Ctrl+C, or it was chosen from the menu of the right mouse button or
        the menu key.
    """

    open_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self, model: ColumnsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setShowGrid(False)
        # Tab leaves the table; the arrow keys move in it.
        self.setTabKeyNavigation(False)
        rows = self.verticalHeader()
        rows.setVisible(False)
        # Fixed: measuring each of 100,000 rows would take longer than checking them.
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.theme = ThemeWatch(self)
        self.theme.settled.connect(self.fit_to_font)
        self._offer_actions()

    def fit_to_font(self) -> None:
        """Give rows and columns the size that their font needs."""
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)

    def width_of(self, texts: Iterable[str]) -> int:
        """Return the width of a column in which each of some texts fits, in pixels."""
        width = self.fontMetrics().horizontalAdvance
        return max(map(width, texts), default=0) + MARGINS

    def _offer_actions(self) -> None:
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
