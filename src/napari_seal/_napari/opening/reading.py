"""Reading files beside the window, which says so once it takes more than a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Final, TypeVar

from napari_seal._napari.beside import beside_window
from napari_seal._napari.notices import say, unmarked
from napari_seal._text import printable
from napari_seal.errors import ReadError

Result = TypeVar("Result")
# Seconds: most files are read in less, and signs that come and go at once are none.
_MOMENT: Final = 0.4


def read_beside(work: Callable[[], Result], name: str) -> Result:
    """Read something in a thread and return it; the window stays usable meanwhile.

    Parameters
    ----------
    work : callable
        Touches no widget.
    name : str
        Of the file.

    Raises
    ------
    Exception
        What the work raises; a `ReadError` where napari was closed before its end.
    """
    began = time.monotonic()
    with ExitStack() as signs:
        shown = False

        def look(_done: int, _total: int) -> None:
            nonlocal shown
            if not shown and time.monotonic() - began > _MOMENT:
                shown = True
                _show(signs, name)

        had_window = _has_window()
        result = beside_window(lambda _: work(), look)
    if had_window and not _has_window():
        raise ReadError(f"{printable(name)} was not opened: napari was closed")
    return result


def _has_window() -> bool:
    """Whether there is a window, and this is its thread."""
    from qtpy.QtCore import QThread
    from qtpy.QtWidgets import QApplication

    application = QApplication.instance()
    if application is None or QThread.currentThread() is not application.thread():
        return False
    return any(widget.isVisible() for widget in QApplication.topLevelWidgets())


def _show(signs: ExitStack, name: str) -> None:
    """Let napari say what is under way, and the pointer that it takes a while."""
    from napari.utils import progress
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QApplication

    bar = progress(total=0, desc=unmarked(f"Opening {printable(name, 60)}"))
    signs.callback(bar.close)
    QApplication.setOverrideCursor(Qt.CursorShape.BusyCursor)
    signs.callback(QApplication.restoreOverrideCursor)


def one_by_one(paths: Sequence[str], window: Any) -> Iterator[str]:
    """Yield files; between two of them the window takes clicks, so that it can be cancelled.

    Parameters
    ----------
    paths : sequence of str
        Of several, a bar in napari's activity shows how far it is, and has the button.
    window : QWidget or None
        Once it is closed, no more are yielded.
    """
    if len(paths) < 2 or window is None or not window.isVisible():
        yield from paths
        return
    from qtpy.QtWidgets import QApplication

    from napari_seal._napari.activity import bar_with_button

    bar = bar_with_button("Opening", f"{len(paths):,} files", len(paths))
    try:
        for number, path in enumerate(paths):
            bar.update(number - bar.n)
            QApplication.processEvents()
            if not _is_there(window):
                return
            if bar.is_canceled:
                left = len(paths) - number
                say(f"Cancelled: {number:,} opened, {left:,} not. To go on, open those as well.")
                return
            yield path
    finally:
        bar.close()


def draw_meanwhile() -> None:
    """Let the window draw itself between two steps that must be done in its thread."""
    from qtpy.QtCore import QEventLoop
    from qtpy.QtWidgets import QApplication

    if QApplication.instance() is not None:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)


def _is_there(window: Any) -> bool:
    try:
        return bool(window.isVisible())
    except RuntimeError:  # Qt has deleted it
        return False
