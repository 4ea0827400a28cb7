"""What our dock widgets have in common: they fit into any window, and are legible in it."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QEvent, QObject, QSize, Qt, QTimer
from qtpy.QtGui import QPalette, QShowEvent
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QFrame,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from napari_seal._napari.theme import ThemeWatch

# Of a dock that is squeezed: on 1366 x 768 pixels, at 200 % or below two more of ours.
_LEAST_HEIGHT: Final = 110
# Of the screen's width, beside napari's own docks.
_MOST_OF_SCREEN: Final = 0.5

# napari's themes do not show which part has the keyboard focus.  Where a border comes in, the
# padding goes by as much, so that nothing moves.
_FOCUS_STYLE: Final = """
QPushButton:focus { border: 1px solid COLOUR; padding: 3px; }
QCheckBox:focus { border: 1px solid COLOUR; border-radius: 2px; padding: 0px; }
QComboBox:focus { border: 1px solid COLOUR; padding: 2px 9px 2px 7px; }
QLineEdit:focus { border: 1px solid COLOUR; padding: 1px; }
QAbstractSpinBox:focus { border: 1px solid COLOUR; padding: 0px 9px; }
QAbstractItemView:focus, QPlainTextEdit:focus { border: 1px solid COLOUR; padding: 0px; }
QTextEdit { border: 1px solid transparent; }
QTextEdit:focus { border: 1px solid COLOUR; }
"""
# Nor do they give these the size that is set in Preferences > Appearance.
_FONT_STYLE: Final = "QTableView, QHeaderView, QLineEdit, QPlainTextEdit { font-size: SIZEpt; }\n"


def show_focus(widget: QWidget) -> None:
    """Draw a frame around the part of a widget that has the keyboard focus, in the theme's colour.

    All parts get a font of the size that the theme gives to most.

    Parameters
    ----------
    widget : QWidget
        A dialog, or what is in a dock.
    """
    theme = ThemeWatch(widget)

    def paint() -> None:
        colour = widget.palette().color(QPalette.ColorRole.WindowText).name()
        style = _FOCUS_STYLE.replace("COLOUR", colour) + _FONT_STYLE.replace("SIZE", _font_size())
        if style != widget.styleSheet():
            widget.setStyleSheet(style)

    theme.settled.connect(paint)
    paint()


def _font_size() -> str:
    """In points: that of napari, or that of the system where it is larger."""
    from napari.settings import get_settings

    size = max(float(get_settings().appearance.font_size), QApplication.font().pointSizeF())
    return f"{size:g}"


class DockPage(QScrollArea):
    """The content of a dock widget, which scrolls where the window has less room than it needs.

    Without it, the least heights of docks below each other add up, and the window becomes larger
    than the screen.

    Parameters
    ----------
    page : QWidget
        The content.
    width : int
        What it takes where there is room, in pixels.
    first : QWidget, optional
        Gets the keyboard whenever the dock is opened from the menu; by default nothing does.
    """

    def __init__(self, page: QWidget, width: int, first: QWidget | None = None) -> None:
        super().__init__()
        self._width, self._first = width, first
        self._has_its_share = False
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        # Tab goes to what lies on it, and brings that into view.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        show_focus(page)
        keep_values(page)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size at which nothing scrolls."""
        return QSize(max(self._width, self._needed), self.widget().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size at which it is still of use: as wide as need be, if the screen is."""
        most = int(self.screen().availableGeometry().width() * _MOST_OF_SCREEN)
        return QSize(min(self._needed, most), _LEAST_HEIGHT)

    @property
    def _needed(self) -> int:
        # napari's themes draw a frame around any scroll area.
        around = self.verticalScrollBar().sizeHint().width() + 2 * self.frameWidth()
        return int(self.widget().minimumSizeHint().width() + around)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take a fair part of the height, when it is first shown, and the keyboard."""
        super().showEvent(event)
        if self._first is not None and event is not None and not event.spontaneous():
            QTimer.singleShot(0, self._take_keyboard)
        if not self._has_its_share:
            self._has_its_share = True
            QTimer.singleShot(0, self._share_height)

    def _take_keyboard(self) -> None:
        """From the canvas it is two dozen times Tab to here, and what is typed there edits layers.

        Not while a person types elsewhere, nor while napari starts with docks of the last time.
        """
        typing = isinstance(QApplication.focusWidget(), (QLineEdit, QPlainTextEdit, QTextEdit))
        if self._first is not None and self.window().isActiveWindow() and not typing:
            self._first.setFocus(Qt.FocusReason.MenuBarFocusReason)

    def _share_height(self) -> None:
        """Qt leaves a new dock below another one no more than its least height."""
        dock: QWidget | None = self
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parentWidget()
        window = None if dock is None else dock.parentWidget()
        if not isinstance(dock, QDockWidget) or not isinstance(window, QMainWindow):
            return
        area = window.dockWidgetArea(dock)
        docks = [
            other
            for other in window.findChildren(QDockWidget)
            if other.isVisible()
            and not other.isFloating()
            and window.dockWidgetArea(other) == area
            and not window.tabifiedDockWidgets(other)
        ]
        if dock in docks and len(docks) > 1:
            heights = [other.sizeHint().height() for other in docks]
            window.resizeDocks(docks, heights, Qt.Orientation.Vertical)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Take more width where the page comes to need more, as with a larger font."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))


def scroll(native: QWidget, width: int, first: QWidget | None = None) -> DockPage:
    """Put all that a dock widget holds onto a page that scrolls.

    Parameters
    ----------
    native : QWidget
        The dock widget, complete with its layout.
    width : int
        What it takes where there is room, in pixels.
    first : QWidget, optional
        Gets the keyboard whenever the dock is opened from the menu; by default the page, on which a
        stray key changes nothing, and from which Tab leads to its first part.
    """
    page = QWidget()
    page.setLayout(native.layout())  # it brings its widgets along
    outer = QVBoxLayout(native)
    outer.setContentsMargins(0, 0, 0, 0)
    area = DockPage(page, width, first or page)
    outer.addWidget(area)
    return area


class _WheelGuard(QObject):
    """Leave the wheel to the page, unless a field was chosen before."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Turn the wheel away from a field without the focus."""
        wheel = event.type() == QEvent.Type.Wheel
        if wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def keep_values(page: QWidget) -> None:
    """Let the wheel scroll the page, and not change the fields that come under the mouse."""
    guard = _WheelGuard(page)
    for kind in (QComboBox, QAbstractSpinBox):
        for field in page.findChildren(kind):
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            field.installEventFilter(guard)
