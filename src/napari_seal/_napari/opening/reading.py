"""Reading files beside the window, which says so once it takes more than a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, TypeVar

from napari_seal._napari.activity import bar_with_button
from napari_seal._napari.beside import beside_window
from napari_seal._napari.main_window import has_window, show_activity
from napari_seal._napari.notices import say
from napari_seal._text import printable
from napari_seal.errors import ReadError, WriteError

if TYPE_CHECKING:
    from napari.utils import cancelable_progress

Result = TypeVar("Result")
# Seconds: most files are read in less, and signs that come and go at once are none.
_MOMENT: Final = 0.4
# After these, the panel with the button is opened: before, it would only flicker.
_LONG: Final = 1.5


class Cancelled(ReadError):  # noqa: N818 - no error: the person asked for it
    """The person ended the opening of a file."""


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
        What the work raises; `Cancelled` where the person ended it, and a `ReadError` where napari
        was closed before its end.  Then the work is left behind.
    """
    began = time.monotonic()
    had_window = has_window()
    with ExitStack() as signs:
        bar: cancelable_progress | None = None
        opened = False

        def look(_done: int, _total: int) -> None:
            nonlocal bar, opened
            took = time.monotonic() - began
            if bar is None and took > _MOMENT:
                bar = _show(signs, name)
            if not opened and took > _LONG:
                opened = True
                if show_activity(True):
                    signs.callback(show_activity, False)
            if bar is not None and bar.is_canceled:
                raise Cancelled(f"Cancelled: {printable(name, 60)} was not opened.")

        try:
            result = beside_window(lambda _: work(), look, leave=True)
        except WriteError as error:
            raise _closed(name) from error
    if had_window and not has_window():
        raise _closed(name)
    return result


def _closed(name: str) -> ReadError:
    return ReadError(f"{printable(name)} was not opened: napari was closed")


def _show(signs: ExitStack, name: str) -> cancelable_progress:
    """Let napari say what is under way, and the pointer that it takes a while."""
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QApplication

    bar = bar_with_button("Opening", name, 0)
    signs.callback(bar.close)
    QApplication.setOverrideCursor(Qt.CursorShape.BusyCursor)
    signs.callback(QApplication.restoreOverrideCursor)
    return bar


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
