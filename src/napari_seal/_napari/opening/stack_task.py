"""Checking the whole of an opened stack, in a thread beside the window."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from napari_seal._format.names import INDEX_ENDING
from napari_seal._napari.notices import warn
from napari_seal._napari.task import Task
from napari_seal._text import printable
from napari_seal._verify.stack_check import StackVerdict
from napari_seal._verify.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from napari_seal._format.stack import Stack
    from napari_seal._trust.trusted import Trust
    from napari_seal._verify.stack import OpenStack

_TICK_MS: Final = 150


class Listener(Protocol):
    """Who wants to know what is found: a `StackWatch`."""

    opened: OpenStack
    trust: Trust | None

    def see(self, index: tuple[int, ...], verdict: Verdict) -> None:
        """A plane was looked at; told in the thread that did it, all else in the window's."""

    def take(self) -> None:
        """Show what was found since."""

    def progress(self) -> None:
        """More planes were looked at."""

    def finish(self, found: StackVerdict | None) -> None:
        """The check has ended; with a verdict, it has come to its end."""


class StackTask(Task[StackVerdict]):
    """Check the index and each plane, and tell of it.

    Parameters
    ----------
    watch : Listener
        Of the stack.

    Attributes
    ----------
    checked : int
        Planes that were looked at.
    """

    def __init__(self, watch: Listener) -> None:
        super().__init__(lambda _: self._check())
        self._see, self._opened, self._trust = watch.see, watch.opened, watch.trust
        self.checked = 0
        self.ended = False
        self.timer: Any = None  # lives as long as the task

    @property
    def running(self) -> bool:
        """Whether more may be found."""
        return not self.ended and not self.cancelled

    @property
    def outcome(self) -> Outcome | None:
        """The verdict on the whole; None where not all of it was checked."""
        return None if self.result is None or self.result.stopped else self.result.verdict

    def _check(self) -> StackVerdict:
        import napari_seal

        positions = _Positions(self._opened.stack, self._opened.path)

        def each(verdict: Verdict) -> None:
            index = positions.of(verdict.path)
            if index is not None:
                self._see(index, verdict)
                self.checked += 1

        # One job: forking a process in which Qt runs is unsafe.
        return napari_seal.check_stack(
            self._opened.path,
            jobs=1,
            each=each,
            trust=self._trust,
            cancel=lambda: self.cancelled,
        )


class _Positions:
    """Finds the positions of planes that come in the order of the index, some left out."""

    def __init__(self, stack: Stack, path: str) -> None:
        stem = os.path.basename(path)[: -len(INDEX_ENDING)]
        self._names: Iterator[tuple[tuple[int, ...], str]] = stack.names(stem)

    def of(self, path: str) -> tuple[int, ...] | None:
        if path.lower().endswith(INDEX_ENDING):
            return None
        name = path.replace(os.sep, "/").rpartition("/")[2]
        return next((index for index, known in self._names if known == name), None)


def later(action: Callable[[], None]) -> None:
    """Do something once the window has done what it is doing; without a window, never."""
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication

    if QApplication.instance() is not None:
        QTimer.singleShot(0, action)


def start_task(watch: Listener, viewer: Any) -> StackTask | None:
    """Begin to check the whole; it ends with the viewer.

    Parameters
    ----------
    watch : Listener
        Is told what is found.
    viewer : napari.viewer.Viewer or napari.components.ViewerModel
        In whose list the layer is.

    Returns
    -------
    StackTask or None
        None where there is no window: then planes are verified when they are read.
    """
    from qtpy.QtWidgets import QApplication

    application = QApplication.instance()
    if application is None:
        return None
    task = StackTask(watch)
    window = getattr(getattr(viewer, "window", None), "_qt_window", None)
    if window is not None:
        window.destroyed.connect(task.cancel)
    application.aboutToQuit.connect(task.cancel)
    # Not at once: the layer is only just being added, and drawing the bar lets events happen.
    later(lambda: _begin(task, watch, window))
    return task


def _begin(task: StackTask, watch: Listener, window: Any) -> None:
    from qtpy.QtCore import QTimer

    from napari_seal._napari.activity import bar_with_button

    if task.cancelled:
        task.ended = True
        return
    name = os.path.basename(watch.opened.path)
    bar = bar_with_button("Verifying", name, watch.opened.stack.count)
    timer = task.timer = QTimer(window)
    timer.setInterval(_TICK_MS)

    def look() -> None:
        if task.ended:
            return
        done = task.done  # before the queue is emptied
        watch.take()
        if bar.is_canceled:
            task.cancel()
        if not done and not task.cancelled:
            bar.update(task.checked - bar.n)
            watch.progress()
            return
        task.ended = True
        timer.stop()
        timer.deleteLater()
        bar.close()
        if task.complaint:
            shown, why = printable(name, 60), printable(task.complaint)
            warn(f"{shown}: the check of all planes ended early: {why}")
        result = task.result
        watch.finish(None if result is None or result.stopped else result)

    timer.timeout.connect(look)
    task.start()
    timer.start()
