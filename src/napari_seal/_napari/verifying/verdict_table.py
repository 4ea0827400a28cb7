"""The table of results: a view on `VerdictModel` with copy and open."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

from qtpy.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from qtpy.QtGui import QPaintEvent, QResizeEvent
from qtpy.QtWidgets import (
    QApplication,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from napari_seal._napari.flag import FLAGS
from napari_seal._napari.layers.names import our_extension
from napari_seal._napari.signature_words import state_text
from napari_seal._napari.table_parts import MARGINS, LinesView, paint_hint
from napari_seal._napari.verifying.verdict_model import VerdictModel
from napari_seal._napari.verifying.verdict_order import FILE, SIGNATURE, SIGNER, VERDICT, WHY
from napari_seal._trust.states import Signature
from napari_seal._verify.verdict import Verdict

#: What is written into the empty table.
EMPTY = (
    "Choose a folder or files above and press Verify.\n"
    "Every image is compared with the seal it carries.\n"
    "A double click on a result, or Enter, opens the image.\n\n"
    "No sealed images yet? File > IO Utilities > Seal layer… makes them, "
    "and File > Open Sample > napari-seal has two."
)
#: The same, where there are results that are not shown.
FILTERED = "No result passes the filter. Choose all verdicts, and clear the text."

#: Images opened at once: each is a layer or more, and napari's list gets slow and hard to read.
MOST_OPENED = 20

# Widths of columns, in digits: of the file where others must give way, and where there is room; of
# the signer; of reasons, which would be cut after two words in less.
_FILE_LEAST, _FILE, _SIGNER, _WHY = 14, 34, 17, 28
# Rows that can be seen at least, with the header.
_LEAST_ROWS = 4
# Rows that stay selected when they move: Qt looks for each of them, 16 s for 10^6.
_MOST_KEPT = 20_000


class VerdictTable(LinesView):
    """Results one a row.

    Parameters
    ----------
    parent : QWidget, optional
        Owner, in Qt's sense.

    Attributes
    ----------
    opened : Signal(list)
        Paths that the person wants to see in the viewer.
    running : bool
        Whether results are still to come, so that an empty table needs no advice.
    """

    opened = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.results = VerdictModel()
        super().__init__(self.results, parent)
        self.results.setParent(self)
        self.running = False
        self.setSortingEnabled(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.theme.changed.connect(self._set_dark)
        self.results.set_dark(self.theme.dark)
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        # One in which nothing is selected: a header looks at every selected row when it is drawn,
        # more than a second with 100,000 of them.
        header.setSelectionModel(QItemSelectionModel(self.results, header))
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self.results.sort)
        self.results.about_to_move.connect(self._let_go)
        header.moveSection(header.visualIndex(SIGNATURE), 1)
        header.moveSection(header.visualIndex(SIGNER), 2)
        self._signed = False
        self._fitted: tuple[object, ...] = ()
        self.fit_to_font()
        self.setItemDelegateForColumn(FILE, NameVisible(self))
        self.open_wanted.connect(self.open_selected)
        self.copy_wanted.connect(self.copy_paths)
        self.doubleClicked.connect(lambda index: self.opened.emit([self._path(index.row())]))

    @property
    def hint(self) -> str:
        """What is written into the table while it shows no row."""
        if self.results.rowCount():
            return ""
        if self.results.total:
            return FILTERED
        return "" if self.running else EMPTY

    def selected_verdict(self) -> Verdict | None:
        """Return the selected result; of several, the one that was clicked last."""
        model = self.selectionModel()
        if not model.hasSelection():
            return None
        index = model.currentIndex()
        if not model.isSelected(index):
            index = model.selection()[0].topLeft()
        return self.results.verdict_at(index.row())

    def selected_paths(self, most: int | None = None) -> list[str]:
        """Return the files of the selected rows, from top to bottom; of many, the first."""
        return [self._path(row) for row in itertools.islice(selected_rows(self), most)]

    def _let_go(self) -> None:
        ranges = self.selectionModel().selection()
        if sum(area.height() for area in ranges) > _MOST_KEPT:
            self.clearSelection()

    def open_selected(self) -> None:
        """Ask for the selected rows to be opened; one more than may be, where there are more."""
        self.opened.emit(self.selected_paths(MOST_OPENED + 1))

    def copy_paths(self) -> list[str]:
        """Put the paths of the selected rows onto the clipboard, one a line, and return them."""
        return copy_lines(self.selected_paths())

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least height: the table gets what the page has left."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the rows, or say what to do where there are none."""
        super().paintEvent(event)
        paint_hint(self, self.hint)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show the reasons where there is room for them; elsewhere the details have them."""
        super().resizeEvent(event)
        self._fit_columns()

    def _set_dark(self, dark: bool) -> None:
        self.results.set_dark(dark)
        self.viewport().update()

    def show_signatures(self, shown: bool) -> None:
        """Show who signed, or not where nobody did."""
        if shown != self._signed:
            self._signed = shown
            self._fit_columns()

    def fit_to_font(self) -> None:
        """Give rows and columns the size that their font needs."""
        super().fit_to_font()
        self.setMinimumHeight(_LEAST_ROWS * self.verticalHeader().defaultSectionSize())
        self._fit_columns()

    def _fit_columns(self) -> None:
        digit, room = self.fontMetrics().horizontalAdvance("0"), self.viewport().width()
        verdict = self.width_of(f"{flag.symbol} {outcome}" for outcome, flag in FLAGS.items())
        signature = self.width_of(map(state_text, Signature)) if self._signed else 0
        signer = _SIGNER * digit if self._signed else 0
        all_with_reasons = verdict + signature + signer + (_FILE + _WHY) * digit
        with_reasons = room >= all_with_reasons
        file = min(_FILE_LEAST * digit, room // 2)
        with_signer = self._signed and room >= verdict + signature + signer + file
        # Words are cut before the file's name is gone.
        squeezed = min(1, (room - file) / (verdict + signature))
        fitted = (digit, self._signed, with_signer, with_reasons, squeezed)
        if fitted != self._fitted:  # else widths may be what a person has dragged them to
            self._fitted = fitted
            self.setColumnHidden(SIGNATURE, not self._signed)
            self.setColumnHidden(SIGNER, not with_signer)
            self.setColumnHidden(WHY, not with_reasons)
            self.setColumnWidth(VERDICT, int(verdict * squeezed))
            self.setColumnWidth(SIGNATURE, int(signature * squeezed))
            self.setColumnWidth(SIGNER, signer)
            # Stretched where it is the last one; what is too wide would not become smaller.
            self.setColumnWidth(FILE, _FILE * digit if with_reasons else file)
        # Anew: columns that appear do not make the last one smaller.
        header = self.horizontalHeader()
        header.setStretchLastSection(False)
        header.setStretchLastSection(True)

    def _path(self, row: int) -> str:
        return self.results.path_at(row)


def selected_rows(view: QTableView) -> Iterator[int]:
    """Yield the rows of a table that are selected, from top to bottom."""
    # By ranges: `selectedRows` takes seconds for 100,000 rows.
    ranges = view.selectionModel().selection()
    following = 0
    for first, last in sorted((area.top(), area.bottom()) for area in ranges):
        yield from range(max(first, following), last + 1)
        following = max(following, last + 1)


def copy_lines(paths: list[str]) -> list[str]:
    """Put whole paths onto the clipboard, one a line, and return them."""
    paths = [os.path.abspath(path) for path in paths]
    if paths:
        # A name that is not UTF-8 has surrogates, which the clipboard cannot carry.
        text = "\n".join(paths).encode("utf-8", "backslashreplace").decode("utf-8")
        QApplication.clipboard().setText(text)
    return paths


class NameVisible(QStyledItemDelegate):
    """Cut the folders of a path first, then our ending, then the middle of the name.

    Numbers stand at both ends of a name.
    """

    def initStyleOption(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem | None, index: QModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        if option is None:
            return
        option.textElideMode = Qt.TextElideMode.ElideLeft
        name = os.path.basename(option.text)
        room = option.rect.width() - MARGINS
        width = option.fontMetrics.horizontalAdvance
        if width(f"…{os.sep}{name}") <= room:
            return
        ending = our_extension(name)
        stem = f"{name[: len(name) - len(ending)]}…"
        option.text = stem if ending and width(stem) <= room < width(name) else name
        option.textElideMode = Qt.TextElideMode.ElideMiddle
