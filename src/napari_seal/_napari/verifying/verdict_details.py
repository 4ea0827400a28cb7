"""All that is known about the selected result: the lines below the table."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from napari_seal._napari.theme import ThemeWatch
from napari_seal._napari.verifying.verdict_table import VerdictTable
from napari_seal._napari.verifying.verify_text import details

_LEAST_LINES, _MOST_LINES = 6, 9


class VerdictDetails(QPlainTextEdit):
    """Path, verdict and every reason of the selected row, to be read and copied.

    Parameters
    ----------
    table : VerdictTable
        Whose selection is followed.
    parent : QWidget, optional
        Owner, in Qt's sense.
    """

    def __init__(self, table: VerdictTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setPlaceholderText("Select a result to read why.")
        self.setAccessibleName("Details of the selected result")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = ThemeWatch(self)
        self._theme.settled.connect(self._fit_to_font)
        self._fit_to_font()
        selection = table.selectionModel()
        selection.selectionChanged.connect(self._follow)
        selection.currentChanged.connect(self._follow)
        # Clearing and filtering take the selection away without a word.
        table.results.modelReset.connect(self._follow)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least height: what is more is shared with the table."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def _fit_to_font(self) -> None:
        margins = 2 * (int(self.document().documentMargin()) + self.frameWidth())
        line = self.fontMetrics().lineSpacing()
        self.setMinimumHeight(_LEAST_LINES * line + margins)
        self.setMaximumHeight(_MOST_LINES * line + margins)

    def _follow(self, *_: object) -> None:
        verdict = self._table.selected_verdict()
        text = "" if verdict is None else details(verdict)
        if text != self.toPlainText():
            self.setPlainText(text)
