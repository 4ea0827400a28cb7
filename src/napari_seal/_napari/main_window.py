"""napari's window: whether it is there, and what belongs to it."""

from __future__ import annotations

from qtpy.QtCore import QThread
from qtpy.QtWidgets import QApplication, QToolButton, QWidget

# The button at the bottom right that shows and hides the progress bars, as napari names it.
_ACTIVITY = "QtActivityButton"


def main_window() -> QWidget | None:
    """Return the window over which a dialog appears, and whose theme it has."""
    import napari

    viewer = napari.current_viewer()
    window = getattr(getattr(viewer, "window", None), "_qt_window", None)
    return window or QApplication.activeWindow()


def is_window_thread() -> bool:
    """Whether widgets can be made here: Qt runs, and this is its thread."""
    return QApplication.instance() is not None and not is_other_thread()


def is_other_thread() -> bool:
    """Whether Qt runs, and in another thread than this."""
    application = QApplication.instance()
    return application is not None and QThread.currentThread() is not application.thread()


def has_window() -> bool:
    """Whether there is a window that would stand still, and this is its thread."""
    return is_window_thread() and any(
        widget.isVisible() for widget in QApplication.topLevelWidgets()
    )


def show_activity(shown: bool) -> bool:
    """Show or hide napari's progress bars; return whether that changed anything."""
    window = main_window()
    button = None if window is None else window.findChild(QToolButton, _ACTIVITY)
    if button is None or button.isChecked() is shown:
        return False
    button.click()
    return True
