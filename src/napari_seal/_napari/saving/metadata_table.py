"""A small table of keys and values for the metadata of one image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QKeyEvent, QKeySequence, QPaintEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_seal._napari.json_values import InexactError, as_value, parse, value_text
from napari_seal._napari.table_parts import paint_hint
from napari_seal._text import printable

RESERVED = ("seal", "sha244")


_HINT = (
    "Seal writes an image file in which any later change is noticed.\n\n"
    "What you write here is stored in it, and sealed with it. Press Add for a row, such as "
    "operator and Ada."
)


class _Rows(QTableWidget):
    """A table that says what it is for while it is empty."""

    removal_wanted = Signal()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least height: the table gets what the page has left."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the rows, or the hint."""
        super().paintEvent(event)
        paint_hint(self, "" if self.rowCount() else _HINT)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Edit by Return, too, and take rows away by Delete."""
        # A key that ends an editor comes here, too.
        editing = self.state() == QAbstractItemView.State.EditingState
        item = None if editing else self.currentItem()
        if item is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.editItem(item)
        elif item is not None and event.matches(QKeySequence.StandardKey.Delete):
            self.removal_wanted.emit()
        else:
            super().keyPressEvent(event)


class MetadataTable(QWidget):
    """Keys and values, edited as text.

    A value that reads as JSON is stored as such (``12``, ``true``, ``[1, 2]``); anything else is
    stored as text.  Quotes make text of a number: ``"12"``.

    JSON whose value could not be stored exactly is stored as text too, as typed, so that nothing is
    lost; `note` names it.  That is a number out of the range of a double (``1e999``) or with more
    digits than one holds, ``NaN`` and ``Infinity``, and an object in which a key stands twice.
    Whole numbers are exact up to 4,000 digits.

    Attributes
    ----------
    edited : Signal
        After every change by the person.
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = _Rows(0, 2)
        self.rows.setHorizontalHeaderLabels(["Key", "Value"])
        self.rows.horizontalHeader().setStretchLastSection(True)
        self.rows.verticalHeader().setVisible(False)
        self.rows.setMinimumHeight(110)
        self.rows.setAccessibleName("Metadata")
        # Tab leaves the table; the arrow keys move in it, and typing begins to edit.
        self.rows.setTabKeyNavigation(False)
        self.rows.setToolTip(
            'Numbers, true, [1, 2] are stored as JSON where that is exact; "12" in quotes as text'
        )
        self.rows.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.rows.cellChanged.connect(lambda *_: self.edited.emit())
        self.add_button = QPushButton("Add")
        self.remove_button = QPushButton("Remove")
        self.rows.removal_wanted.connect(self._remove)
        self.add_button.clicked.connect(self._add)
        self.remove_button.clicked.connect(self._remove)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.rows)
        layout.addLayout(buttons)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Fill the table.

        Parameters
        ----------
        metadata : mapping
            JSON-ready.
        """
        self.set_texts([(key, value_text(value)) for key, value in metadata.items()])

    def set_texts(self, texts: Iterable[tuple[str, str]]) -> None:
        """Fill the table with pairs as they stand in it, such as `texts` returned."""
        self.rows.blockSignals(True)
        self.rows.setRowCount(0)
        for key, text in texts:
            self._append(key, text)
        self.rows.blockSignals(False)
        self.edited.emit()

    def texts(self) -> list[tuple[str, str]]:
        """Return what stands in the table, whether or not it can be sealed."""
        return [(self._cell(row, 0), self._cell(row, 1)) for row in range(self.rows.rowCount())]

    def metadata(self) -> dict[str, Any]:
        """Return what the table holds; rows without a key and a value are left out."""
        return {key: as_value(text) for key, text in self.texts() if key.strip()}

    def problem(self) -> str:
        """Return what is wrong with the table, or an empty string."""
        keys: set[str] = set()
        for key, text in self.texts():
            if not key.strip():
                if text:
                    return f"The value {printable(text, 40)} has no key."
                continue
            if key in RESERVED:
                return f"The key {key} is reserved for the seal; choose another."
            if key in keys:
                return f"The key {printable(key, 40)} stands in two rows."
            keys.add(key)
        return ""

    def note(self) -> str:
        """Return what is stored otherwise than it may look, or an empty string."""
        notes = []
        for key, text in self.texts():
            if not key.strip():
                continue
            if key != key.strip():
                notes.append(f'The key "{printable(key, 40)}" begins or ends with a space.')
            try:
                parse(text)
            except InexactError as error:
                notes.append(f"{printable(key, 40)} is stored as text, as typed: {error}.")
            except (ValueError, RecursionError):
                pass  # text, and it looks like text
        return "\n".join(notes)

    def _cell(self, row: int, column: int) -> str:
        item = self.rows.item(row, column)
        return item.text() if item is not None else ""

    def _append(self, key: str, text: str) -> None:
        row = self.rows.rowCount()
        self.rows.insertRow(row)
        self.rows.setItem(row, 0, QTableWidgetItem(key))
        self.rows.setItem(row, 1, QTableWidgetItem(text))

    def _add(self) -> None:
        self._append("", "")
        row = self.rows.rowCount() - 1
        self.rows.setCurrentCell(row, 0)
        self.rows.editItem(self.rows.item(row, 0))

    def _remove(self) -> None:
        rows = {index.row() for index in self.rows.selectedIndexes()}
        for row in sorted(rows, reverse=True):
            self.rows.removeRow(row)
        self.edited.emit()
