"""The row above the table: which results are shown."""

from __future__ import annotations

from typing import Any, Final

from magicgui.widgets import ComboBox, Container, LineEdit
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_seal._napari.verifying.verdict_order import WANTED, WANTED_SIGNED

_ALL: Final = "all verdicts"
# Typing waits for a pause: each letter would filter 100,000 rows.
_PAUSE_MS: Final = 200


class FilterRow(Container[Any]):
    """A choice of verdicts, and a text.

    Attributes
    ----------
    wanted_changed : Signal
        Other results are to be shown.
    """

    wanted_changed = Signal()

    def __init__(self) -> None:
        self.verdict = ComboBox(
            choices=[_ALL, *WANTED],
            tooltip="Show only results with this verdict, or that came into the archive so",
        )
        self.text = LineEdit(tooltip="Show only results whose path or reason contains this")
        super().__init__(widgets=[self.verdict, self.text], layout="horizontal", labels=False)
        self.margins = (0, 0, 0, 0)
        self._signed = False
        line = self.text.native
        line.setPlaceholderText("filter by text")
        line.setAccessibleName("Filter by text")
        self.verdict.native.setAccessibleName("Filter by verdict")
        line.setClearButtonEnabled(True)
        self._pause = QTimer(line)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.wanted_changed.emit)
        self.verdict.changed.connect(lambda _word: self.wanted_changed.emit())
        self.text.changed.connect(lambda _text: self._pause.start())

    @property
    def wanted(self) -> str:
        """The word that is chosen; empty for all."""
        word = self.verdict.value
        return "" if word == _ALL else str(word)

    def offer_signatures(self, offered: bool) -> None:
        """Offer to filter by signatures as well."""
        if offered != self._signed and (offered or self.wanted not in WANTED_SIGNED):
            self._signed = offered
            self.verdict.choices = [_ALL, *WANTED, *(WANTED_SIGNED if offered else ())]
