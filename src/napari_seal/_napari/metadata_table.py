"""A small table of keys and values for the metadata of one image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_seal._text import printable

RESERVED = ("seal", "sha244")


class MetadataTable(QWidget):
    """Keys and values, edited as text.

    A value that reads as JSON is stored as such (``12``, ``true``, ``[1, 2]``); anything else is
    stored as text.  Quotes make text of a number: ``"12"``.

    Attributes
    ----------
    edited : Signal
        After every change by the person.
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = QTableWidget(0, 2)
        self.rows.setHorizontalHeaderLabels(["Key", "Value"])
        self.rows.horizontalHeader().setStretchLastSection(True)
        self.rows.verticalHeader().setVisible(False)
        self.rows.setMinimumHeight(110)
        self.rows.setToolTip('Numbers, true, [1, 2] are stored as JSON; "12" in quotes as text')
        self.rows.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.rows.cellChanged.connect(lambda *_: self.edited.emit())
        self.add_button = QPushButton("Add")
        self.remove_button = QPushButton("Remove")
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
        self.rows.blockSignals(True)
        self.rows.setRowCount(0)
        for key, value in metadata.items():
            self._append(key, _as_text(value))
        self.rows.blockSignals(False)
        self.edited.emit()

    def metadata(self) -> dict[str, Any]:
        """Return what the table holds; rows without a key and a value are left out."""
        return {key: _as_value(text) for key, text in self._pairs() if key}

    def problem(self) -> str:
        """Return what is wrong with the table, or an empty string."""
        keys: set[str] = set()
        for key, text in self._pairs():
            if not key:
                if text:
                    return f"The value {printable(text, 40)} has no key."
                continue
            if key in RESERVED:
                return f"The key {key} is reserved for the seal; choose another."
            if key in keys:
                return f"The key {printable(key, 40)} stands in two rows."
            keys.add(key)
        return ""

    def _pairs(self) -> list[tuple[str, str]]:
        rows = range(self.rows.rowCount())
        return [(self._cell(row, 0).strip(), self._cell(row, 1)) for row in rows]

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


def _no_constant(name: str) -> NoReturn:
    # NaN and Infinity are Python's, not JSON's.
    raise ValueError(name)


def _as_value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text


def _as_text(value: Any) -> str:
    """The text that `_as_value` reads back as the same value."""
    if isinstance(value, str) and _as_value(value) == value and isinstance(_as_value(value), str):
        return value
    return json.dumps(value, ensure_ascii=False)
