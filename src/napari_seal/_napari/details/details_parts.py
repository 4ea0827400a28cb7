"""Parts of the dock widget "Seal details": text that wraps anywhere, and a table of two columns."""

from __future__ import annotations

import html
from collections.abc import Iterable

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeySequence, QResizeEvent, QTextOption
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QTextEdit,
    QWidget,
)

from napari_seal._napari.table_parts import MARGINS
from napari_seal._napari.theme import ThemeWatch

# Rows shown without scrolling; metadata can be hundreds.
_MOST_ROWS = 18
# As wide is the column of names; those of the user's own metadata may be longer.
_LONGEST_NAME = "Source digest"
# Of a tooltip, in characters.
_TIP = 600


def heading(text: str) -> QLabel:
    """Return the title of a section."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    # napari's theme gives labels a margin, text fields none.
    label.setStyleSheet("font-weight: bold; padding: 6px 0px 0px 0px; margin: 0px;")
    label.setIndent(0)
    return label


class TextBlock(QTextEdit):
    """Plain text that can be selected, as high as it needs to be.

    A label breaks its lines between words only, and a digest has none.

    Parameters
    ----------
    name : str
        For screen readers.
    parent : QWidget, optional
        Owner, in Qt's sense.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("background: transparent; padding: 0px;")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(0)
        self.setMinimumWidth(1)

    def show_text(self, text: str) -> None:
        """Show a text, never taken for markup; hide where there is none."""
        self.setPlainText(text)
        self.setVisible(bool(text))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Be as high as the text is at this width."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow a change of the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        self.document().setTextWidth(self.viewport().width())
        height = int(self.document().size().height()) + 2
        if height != self.height():
            self.setFixedHeight(height)

    def wheelEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to what the text lies in."""
        event.ignore()


class TwoColumns(QTableWidget):
    """Names and values, to be read and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setAccessibleName("What the seal says")
        # Tab leaves the table; the arrow keys move in it.
        self.setTabKeyNavigation(False)
        self.horizontalHeader().setVisible(False)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setStretchLastSection(True)
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._theme = ThemeWatch(self)
        self._theme.settled.connect(self._fit_to_font)
        self._fit_to_font()

    def show_sections(self, sections: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> None:
        """Show names and values; hide where there are none.

        Parameters
        ----------
        sections : iterable of (str, iterable of (str, str))
            A title, which may be empty, and its lines: plain text, safe to be shown.
        """
        self.clearSpans()
        self.setRowCount(0)
        for title, lines in sections:
            pairs = list(lines)
            if title and pairs:
                row = self._add((title,))
                self.setSpan(row, 0, 1, 2)
                font = self.font()
                font.setBold(True)
                self.item(row, 0).setFont(font)
            for pair in pairs:
                self._add(pair)
        self.setVisible(self.rowCount() > 0)
        self._fit_to_font()

    def _fit_to_font(self) -> None:
        metrics, rows = self.fontMetrics(), self.verticalHeader()
        rows.setDefaultSectionSize(metrics.height() + 6)
        height = min(self.rowCount(), _MOST_ROWS) * rows.defaultSectionSize()
        self.setFixedHeight(height + 2 * self.frameWidth() + 2)
        self.setColumnWidth(0, metrics.horizontalAdvance(_LONGEST_NAME) + 2 * MARGINS)

    def _add(self, texts: tuple[str, ...]) -> int:
        row = int(self.rowCount())
        self.insertRow(row)
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(f"<p>{html.escape(text[:_TIP])}</p>")
            self.setItem(row, column, item)
        return row

    def keyPressEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Copy the selected cells, a row a line."""
        if not event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
            return
        rows: dict[int, list[str]] = {}
        for index in sorted(self.selectedIndexes()):
            rows.setdefault(index.row(), []).append(str(index.data()))
        QApplication.clipboard().setText("\n".join("\t".join(cells) for cells in rows.values()))
