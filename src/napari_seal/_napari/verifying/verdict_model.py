"""The results of a run as a Qt table model for 10^6 rows.

A model of Qt's for filtering and sorting would call back into Python for every comparison.  This
one keeps the list of row numbers that are shown, and makes a new one step by step.
"""

from __future__ import annotations

import html
import os
import time
from array import array
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from qtpy.QtCore import QModelIndex, QObject, Qt, Signal
from qtpy.QtGui import QColor

from napari_seal._napari.flag import FLAGS
from napari_seal._napari.signature_words import signer_text, state_text, tone
from napari_seal._napari.table_parts import ColumnsModel
from napari_seal._napari.verifying.verdict_order import (
    FILE,
    SIGNATURE,
    SIGNER,
    VERDICT,
    WHY,
    Filter,
    Steps,
    in_order,
    passing,
)
from napari_seal._napari.verifying.verdict_rows import Packed, VerdictRows
from napari_seal._napari.verifying.verdict_steps import StepByStep
from napari_seal._napari.verifying.verify_text import sentences
from napari_seal._text import printable
from napari_seal._verify.looks import COLOURS, Tone
from napari_seal._verify.verdict import Outcome, Verdict

_ROLES = Qt.ItemDataRole
# Of a tooltip, in reasons: one with 500 would be higher than the screen.
_TIP = 8


class VerdictModel(ColumnsModel):
    """Results in the order in which they came, filtered by verdict and text, sorted by column.

    Parameters
    ----------
    parent : QObject, optional
        Owner, in Qt's sense.

    Attributes
    ----------
    arranging : Signal(bool)
        Filtering or sorting has begun and goes on for a while, or it has ended.
    about_to_move : Signal
        Rows will get another order: what is kept about single rows costs for each of them.
    """

    arranging = Signal(bool)
    about_to_move = Signal()

    #: In the order of their numbers; the view shows signatures beside verdicts.
    columns = ("Verdict", "File", "Why", "Signature", "Signed by")

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows = VerdictRows()
        self._shown = array("I")
        self._filter = Filter()
        self._shown_filter: Filter | None = self._filter
        self._required = self._dark = False
        self._column = -1
        self._descending = False
        self._next_sort = 0.0
        self._work = StepByStep(self)
        self._work.changed.connect(self.arranging)

    # what the widget calls

    def show_rows(self, rows: VerdictRows) -> None:
        """Show the results of another run; filter and sorting stay."""
        self._work.cancel()
        self.beginResetModel()
        self.rows = rows
        self._shown = array("I")
        self.endResetModel()
        if len(rows):
            self._arrange()

    def append(self, batches: Iterable[Packed]) -> None:
        """Add results that ``rows`` has packed; one signal for all of them."""
        first = len(self.rows)
        for batch in batches:
            self.rows.add(batch)
        new = _at_once(passing(self.rows, self._filter, first, len(self.rows)))
        if self._filter != self._shown_filter:
            self._shown_filter = None  # a mixture, until the new filter has seen all rows
        if new:
            self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(new) - 1)
            self._shown += new
            self.endInsertRows()
            # Sorting again and again while rows stream in must not eat the run.
            if self._column >= 0 and not self._work.busy and time.monotonic() >= self._next_sort:
                self._arrange()

    def settle(self) -> None:
        """Bring the rows into the chosen order once the run is over."""
        if self._column >= 0:
            self._arrange()

    def set_filter(self, wanted: str, needle: str) -> None:
        """Show only some rows; see `Filter`."""
        chosen = Filter(wanted.strip(), needle.strip())
        if chosen != self._filter:
            self._filter = chosen
            self._arrange()

    def set_required(self, required: bool) -> None:
        """Mark each file that has no trusted signature, or only those whose signature is bad."""
        self._required = required
        if self._shown:
            last = self.index(len(self._shown) - 1, SIGNATURE)
            self.dataChanged.emit(self.index(0, SIGNATURE), last)

    def set_dark(self, dark: bool) -> None:
        """Colour the words for a dark ground, or for a light one, when they are drawn next."""
        self._dark = dark

    @property
    def busy(self) -> bool:
        """Whether filtering or sorting goes on."""
        return self._work.busy

    @property
    def filtered(self) -> bool:
        """Whether there is a filter."""
        return self._filter != Filter()

    @property
    def total(self) -> int:
        """Number of results, shown or not."""
        return len(self.rows)

    @property
    def counts(self) -> Counter[Outcome]:
        """Results by verdict, shown or not."""
        return self.rows.counts

    def shown_rows(self) -> array[int]:
        """Return the numbers of the rows that are shown, in their order."""
        return self._shown[:]

    def path_at(self, row: int) -> str:
        """Return the file in a row of the table as it is shown."""
        return self.rows.path(self._shown[row])

    def verdict_at(self, row: int) -> Verdict:
        """Return the result in a row of the table as it is shown."""
        return self.rows.verdict(self._shown[row])

    # what Qt calls

    def row_number(self) -> int:
        """Return the number of rows that pass the filter."""
        return len(self._shown)

    def data(self, index: QModelIndex, role: int = _ROLES.DisplayRole) -> Any:
        """Return what one cell shows."""
        if not index.isValid() or not 0 <= index.row() < len(self._shown):
            return None
        row, column = self._shown[index.row()], index.column()
        if role == _ROLES.DisplayRole:
            return self._text(row, column)
        if role == _ROLES.ToolTipRole:
            # As rich text it is wrapped; escaped, a file name cannot be markup.
            return f"<p>{html.escape(self._tip(row, column))}</p>"
        if role == _ROLES.ForegroundRole and column == VERDICT:
            return self._colour(FLAGS[self.rows.outcome(row)].tone)
        if role == _ROLES.ForegroundRole and column == SIGNATURE:
            return self._colour(tone(self.rows.signature(row), required=self._required))
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; verdicts from good to bad; column -1 is the order of the run."""
        self._column = column
        self._descending = order == Qt.SortOrder.DescendingOrder
        self._arrange()

    # how

    def _colour(self, of: Tone) -> QColor:
        return QColor(COLOURS[of].on(dark=self._dark))

    def _text(self, row: int, column: int) -> str:
        if column == VERDICT:
            return self._said(row)
        if column == FILE:
            return self.rows.shown_path(row)
        if column == WHY:
            return self.rows.why(row)
        if column == SIGNATURE:
            return state_text(self.rows.signature(row), required=self._required)
        return signer_text(self.rows.signer(row))

    def _said(self, row: int) -> str:
        outcome, arrival = self.rows.outcome(row), self.rows.arrival(row)
        text = f"{FLAGS[outcome].symbol} {outcome}"
        return text if arrival is None else f"{text}, {arrival}"

    def _tip(self, row: int, column: int) -> str:
        if column == FILE:
            return printable(os.path.abspath(self.rows.path(row)))
        if column in {SIGNATURE, SIGNER}:
            state, signer = self.rows.signature(row), self.rows.signer(row)
            return f"{state.meaning} {printable(signer or '')}"
        verdict = self.rows.verdict(row)
        return " ".join(sentences(verdict)[:_TIP]) or verdict.verdict.meaning

    def _arrange(self) -> None:
        self._work.start(self._arranged())

    def _arranged(self) -> Steps[None]:
        started, rows, chosen, column = time.monotonic(), self.rows, self._filter, self._column
        number = len(rows)
        shown = yield from passing(rows, chosen, 0, number)
        shown = yield from in_order(rows, shown, column, descending=self._descending)
        # What came in the meantime stands at the end until the next time.
        shown += _at_once(passing(rows, chosen, number, len(rows)))
        if chosen == self._shown_filter and len(shown) == len(self._shown):
            self._move(shown)
        else:
            self.beginResetModel()
            self._shown, self._shown_filter = shown, chosen
            self.endResetModel()
        ended = time.monotonic()
        self._next_sort = ended + 20 * (ended - started)

    def _move(self, shown: array[int]) -> None:
        """Show the same rows in another order; what is selected stays selected."""
        self.about_to_move.emit()
        self.layoutAboutToBeChanged.emit()
        kept = [(index, self._shown[index.row()]) for index in self.persistentIndexList()]
        self._shown = shown
        if kept:
            place = np.empty(len(self.rows), np.uintc)
            place[np.frombuffer(shown, np.uintc)] = np.arange(len(shown), dtype=np.uintc)
            self.changePersistentIndexList(
                [index for index, _ in kept],
                [self.index(int(place[row]), index.column()) for index, row in kept],
            )
        self.layoutChanged.emit()


def _at_once(steps: Steps[array[int]]) -> array[int]:
    """Do work of a few milliseconds without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
