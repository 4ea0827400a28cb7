"""A small table of keys and values for the metadata of one image."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

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
# What the seal takes, and what Python writes without being asked twice.
_MOST_DIGITS: Final = 4000


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
        self.rows = QTableWidget(0, 2)
        self.rows.setHorizontalHeaderLabels(["Key", "Value"])
        self.rows.horizontalHeader().setStretchLastSection(True)
        self.rows.verticalHeader().setVisible(False)
        self.rows.setMinimumHeight(110)
        self.rows.setToolTip(
            'Numbers, true, [1, 2] are stored as JSON where that is exact; "12" in quotes as text'
        )
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
        return {key: _as_value(text) for key, text in self.texts() if key.strip()}

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
                _parse(text)
            except _InexactError as error:
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


class _InexactError(ValueError):
    """JSON for which there is no value that says the same; the text says why."""


def _no_constant(name: str) -> NoReturn:
    # NaN and Infinity are Python's, not JSON's.
    raise _InexactError(f"{name} is no JSON number")


def _exact_int(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise _InexactError(f"a number of more than {_MOST_DIGITS:,} digits")
    return int(text)


def _exact_float(text: str) -> float:
    number = float(text)
    try:
        # What is written into the file is the shortest text that reads as this double.
        if math.isfinite(number) and Decimal(repr(number)) == Decimal(text):
            return number
    except ArithmeticError:
        pass  # an exponent that even Decimal does not take
    raise _InexactError(f"{printable(text, 40)} cannot be stored exactly as a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise _InexactError(f'the key "{printable(key, 40)}" stands twice in an object')
        out[key] = value
    return out


def _parse(text: str) -> Any:
    return json.loads(
        text,
        parse_int=_exact_int,
        parse_float=_exact_float,
        parse_constant=_no_constant,
        object_pairs_hook=_unique,
    )


def _as_value(text: str) -> Any:
    try:
        return _parse(text)
    except (ValueError, RecursionError):
        return text


def value_text(value: Any) -> str:
    """Return the text that the table reads back as the same value.

    Parameters
    ----------
    value : JSON-ready
        Text that could be taken for something else is put in quotes.

    Raises
    ------
    ValueError
        For a whole number of more digits than Python writes.
    """
    if isinstance(value, str):
        try:
            _parse(value)
        except _InexactError:
            pass  # it would be kept as text, but with a note that nobody needs
        except (ValueError, RecursionError):
            return value
    return json.dumps(value, ensure_ascii=False)
