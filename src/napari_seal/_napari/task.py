"""Work in a thread that touches no widget, and whose end the window notices.

The window's timer looks whether it is done: no signal can reach a widget that is gone, and closing
the window needs no more than an event to be set.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from qtpy.QtCore import QObject, QTimer

from napari_seal.errors import SealError

Result = TypeVar("Result")
_TICK_MS = 50


class Task(Generic[Result]):
    """A function in a thread.

    Parameters
    ----------
    work : callable
        Gets the task, to look whether it was cancelled, and returns its result.

    Attributes
    ----------
    done : bool
        Whether it has returned or raised.
    result : object, optional
        What it returned.
    failure : Exception, optional
        What it raised.
    reached : int
        How far it has come, where the function says so.
    """

    def __init__(self, work: Callable[[Task[Result]], Result]) -> None:
        self._work = work
        self._cancelled = threading.Event()
        self.done = False
        self.result: Result | None = None
        self.failure: Exception | None = None
        self.reached = 0

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the function to end."""
        self._cancelled.set()

    def start(self) -> None:
        """Begin, in a thread of Qt's pool."""
        from napari.qt.threading import create_worker

        create_worker(self.run, _start_thread=True)

    def run(self) -> None:
        """Call the function; this is what the thread does."""
        try:
            self.result = self._work(self)
        except Exception as error:  # noqa: BLE001 - shown in the window; a lost thread would look like a hang
            self.failure = error
        finally:
            self.done = True

    @property
    def complaint(self) -> str:
        """Why it failed, in words; empty where it did not."""
        return "" if self.failure is None else in_words(self.failure)


def in_words(error: Exception) -> str:
    """Return an error as a sentence; with its type where it is none that we expect."""
    if isinstance(error, (SealError, OSError)) and not isinstance(error, sqlite3.Error):
        return str(error)
    return f"{type(error).__name__}: {error}"


def when_done(parent: QObject, task: Task[Any], ended: Callable[[], None]) -> None:
    """Call a function in the window's thread once a task is done, if ``parent`` still lives."""
    timer = QTimer(parent)
    timer.setInterval(_TICK_MS)

    def look() -> None:
        if task.done:
            timer.stop()
            timer.deleteLater()
            ended()

    timer.timeout.connect(look)
    timer.start()
