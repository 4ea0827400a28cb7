"""The results of a run as a Qt table model for 10^5 rows and more.

Filtering and sorting work on the list of row numbers that are shown.  A QSortFilterProxyModel
would call back into Python for every comparison: 1.7 million calls to sort 100,000 rows.
"""

from __future__ import annotations

import html
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from qtpy.QtGui import QColor

from napari_seal._napari.flag import FLAGS
from napari_seal._napari.verify_text import relative
from napari_seal._text import printable
from napari_seal._verify.verdict import Outcome, Verdict

COLUMNS = ("Verdict", "File", "Why")
#: A filter beside the verdict words: everything but `intact`.
NOT_INTACT = "not intact"
_SEVERITY = {outcome: number for number, outcome in enumerate(Outcome)}
_ROLES = Qt.ItemDataRole


class VerdictModel(QAbstractTableModel):
    """Verdicts in the order in which they came, filtered by verdict and text, sorted by column.

    Parameters
    ----------
    parent : QObject, optional
        Owner, in Qt's sense.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._verdicts: list[Verdict] = []
        self._texts: list[tuple[str, str, str]] = []
        self._searchable: list[str] = []
        self._shown: list[int] = []
        self._wanted = ""
        self._needle = ""
        self._column = -1
        self._descending = False
        self._next_sort = 0.0
        self.counts: Counter[Outcome] = Counter()

    # what the widget calls

    def clear(self) -> None:
        """Forget every result; filter and sorting stay."""
        self.beginResetModel()
        for rows in (self._verdicts, self._texts, self._searchable, self._shown):
            rows.clear()
        self.counts.clear()
        self.endResetModel()

    def append(self, verdicts: Iterable[Verdict], folder: str = "") -> None:
        """Add a batch of results; one signal for all of it.

        Parameters
        ----------
        verdicts : iterable of Verdict
            In the order of the run.
        folder : str
            From which paths are shown; empty to show them whole.
        """
        first = len(self._verdicts)
        for verdict in verdicts:
            texts = _texts(verdict, folder)
            self._verdicts.append(verdict)
            self._texts.append(texts)
            self._searchable.append("\n".join((verdict.path, *texts)).casefold())
            self.counts[verdict.verdict] += 1
        new = [row for row in range(first, len(self._verdicts)) if self._passes(row)]
        if new:
            self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(new) - 1)
            self._shown += new
            self.endInsertRows()
            # Sorting again and again while rows stream in must not eat the run.
            if self._column >= 0 and time.monotonic() >= self._next_sort:
                self._sort_shown()

    def settle(self) -> None:
        """Bring the rows into the chosen order once the run is over."""
        if self._column >= 0:
            self._sort_shown()

    def set_filter(self, wanted: str, needle: str) -> None:
        """Show only some rows.

        Parameters
        ----------
        wanted : str
            A verdict word, ``"not intact"``, or the empty string for all.
        needle : str
            Text that path, verdict or reasons must contain, in any case.
        """
        wanted, needle = wanted.strip(), needle.strip().casefold()
        if (wanted, needle) == (self._wanted, self._needle):
            return
        self._wanted, self._needle = wanted, needle
        self.beginResetModel()
        self._shown = [row for row in range(len(self._verdicts)) if self._passes(row)]
        if self._column >= 0:
            self._shown.sort(key=self._key(), reverse=self._descending)
        self.endResetModel()

    @property
    def total(self) -> int:
        """Number of results, shown or not."""
        return len(self._verdicts)

    def verdict_at(self, row: int) -> Verdict:
        """Return the result in a row of the table as it is shown."""
        return self._verdicts[self._shown[row]]

    def verdicts(self) -> list[Verdict]:
        """Return every result in the order of the run, whatever is shown."""
        return list(self._verdicts)

    # what Qt calls

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 - Qt's name
        """Return the number of rows that pass the filter."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = _ROLES.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        if role == _ROLES.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: QModelIndex, role: int = _ROLES.DisplayRole) -> Any:
        """Return what one cell shows."""
        if not index.isValid() or not 0 <= index.row() < len(self._shown):
            return None
        row = self._shown[index.row()]
        if role == _ROLES.DisplayRole:
            return self._texts[row][index.column()]
        if role == _ROLES.ToolTipRole:
            verdict, why = self._verdicts[row], self._texts[row][2]
            path = printable(os.path.abspath(verdict.path))
            text = path if index.column() == 1 else why or verdict.verdict.meaning
            # As rich text it is wrapped; escaped, a file name cannot be markup.
            return f"<p>{html.escape(text)}</p>"
        if role == _ROLES.ForegroundRole and index.column() == 0:
            return QColor(FLAGS[self._verdicts[row].verdict].text_colour)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; verdicts from good to bad; column -1 is the order of the run."""
        self._column = column
        self._descending = order == Qt.SortOrder.DescendingOrder
        self._sort_shown()

    # how

    def _passes(self, row: int) -> bool:
        outcome = self._verdicts[row].verdict
        if self._wanted == NOT_INTACT:
            if outcome is Outcome.INTACT:
                return False
        elif self._wanted and outcome != self._wanted:
            return False
        return self._needle in self._searchable[row]

    def _key(self) -> Callable[[int], Any]:
        if self._column == 0:
            return lambda row: _SEVERITY[self._verdicts[row].verdict]
        if self._column > 0:
            return lambda row: self._texts[row][self._column].casefold()
        return lambda row: row

    def _sort_shown(self) -> None:
        started = time.monotonic()
        self.layoutAboutToBeChanged.emit()
        kept = [(index, self._shown[index.row()]) for index in self.persistentIndexList()]
        self._shown.sort(key=self._key(), reverse=self._descending and self._column >= 0)
        if kept:
            place = {row: number for number, row in enumerate(self._shown)}
            self.changePersistentIndexList(
                [index for index, _ in kept],
                [self.index(place[row], index.column()) for index, row in kept],
            )
        self.layoutChanged.emit()
        ended = time.monotonic()
        self._next_sort = ended + 20 * (ended - started)


def _texts(verdict: Verdict, folder: str) -> tuple[str, str, str]:
    flag = FLAGS[verdict.verdict]
    why = " ".join(reason.message for reason in verdict.reasons)
    file = printable(relative(verdict.path, folder))
    return f"{flag.symbol} {verdict.verdict}", file, printable(why, 500)
