"""The looks of the window as they change: its theme, dark or light, and its font.

Coloured words are to be legible on the ground of the theme.

No colour is legible both on napari's dark theme and on its light one: against each, a text needs a
contrast of 4.5 to 1 (WCAG 2.2, 1.4.3), and the two grounds are only 12 to 1 apart.
"""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QTimer, Signal
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QWidget

_CHANGES = (
    QEvent.Type.StyleChange,
    QEvent.Type.PaletteChange,
    QEvent.Type.FontChange,
    QEvent.Type.Polish,
)


def is_dark(widget: QWidget) -> bool:
    """Whether a widget lies on a dark ground: its text is light, whatever set its colours."""
    return bool(widget.palette().color(QPalette.ColorRole.WindowText).lightness() > 127)


class ThemeWatch(QObject):
    """Notice when the ground of a widget becomes dark or light, and when its font may be another.

    Parameters
    ----------
    widget : QWidget
        Which is watched; it owns this object.

    Attributes
    ----------
    changed : Signal(bool)
        Whether it is dark now.
    settled : Signal
        Colours or font may be others than before.
    dark : bool
        Whether it is dark, at any time.
    """

    changed = Signal(bool)
    settled = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self.dark = is_dark(widget)
        # Once all is settled: while a style is put on, the colours are for a moment those of none.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._look)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802 - Qt's
        """Look again after whatever may have changed colours or font."""
        if event.type() in _CHANGES:
            self._later.start()
        return False

    def _look(self) -> None:
        dark = is_dark(self._widget)
        if dark != self.dark:
            self.dark = dark
            self.changed.emit(dark)
        self.settled.emit()
