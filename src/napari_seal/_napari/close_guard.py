"""Notice that a dock widget was closed, however that happened."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QCoreApplication, QEvent, QObject
from qtpy.QtWidgets import QWidget


class CloseGuard(QObject):
    """Call a function once a widget has lost its window or is deleted.

    The dock's close button takes the widget out of the dock and leaves it alive, unseen; closing
    the viewer deletes it.  Hiding the dock, or putting it behind another, is not closing.

    Parameters
    ----------
    widget : QWidget
        The widget inside the dock.
    closed : callable
        Called without arguments, perhaps more than once.  It must not touch widgets.

    Attributes
    ----------
    closed : bool
        Whether it was called.
    """

    def __init__(self, widget: QWidget, closed: Callable[[], None]) -> None:
        super().__init__(widget)
        self.closed = False
        self._widget = widget

        def note() -> None:
            self.closed = True
            closed()

        self._closed = note
        widget.installEventFilter(self)
        widget.destroyed.connect(note)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(note)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802 - Qt's
        """Watch for the moment when the widget has no parent any more."""
        if event.type() == QEvent.Type.ParentChange and self._widget.parent() is None:
            self._closed()
        return False
