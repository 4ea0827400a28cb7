"""Long work in a thread, whose caller waits for it while the window lives on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from qtpy.QtCore import QEventLoop, QTimer

from napari_seal._napari.main_window import has_window
from napari_seal._napari.task import Task
from napari_seal.errors import SealError, WriteError

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
_TICK_MS = 30


def beside_window(
    work: Callable[[Progress], Result], look: Progress | None = None, *, leave: bool = False
) -> Result:
    """Do work in a thread and return what it returns; the window stays usable meanwhile.

    Without a window, or from another thread than the window's, it is done at once.

    Parameters
    ----------
    work : callable
        Touches no widget.  It gets a function for its progress, which raises what ends the work.
    look : callable, optional
        Called in the window's thread, again and again, with the number of steps that are done and
        that there are: 0 of 0 as long as it is not known.  A `SealError` that it raises ends the
        work at its next step.
    leave : bool
        Whether work that is to end is left behind, and nobody gets what it returns: for what only
        reads, and has no steps.

    Raises
    ------
    Exception
        What the work raises; a `WriteError` where napari was closed before its end.
    """
    if not has_window():
        return work(look or _nothing)
    reached = (0, 0)
    stopped: list[SealError] = []

    def step(done: int, total: int) -> None:
        nonlocal reached
        reached = done, total
        if stopped:
            raise stopped[0]

    def tick() -> None:
        if task.done:
            loop.quit()
        elif look is not None and not stopped:
            try:
                look(*reached)
            except SealError as error:
                stopped.append(error)
                if leave:
                    loop.quit()

    task: Task[Result] = Task(lambda _: work(step))
    loop, timer = QEventLoop(), QTimer()
    timer.setInterval(_TICK_MS)
    timer.timeout.connect(tick)
    # None of Qt's pool, for which closing napari waits: this thread waits for it.
    threading.Thread(target=task.run, daemon=leave).start()
    timer.start()
    loop.exec()
    timer.stop()
    if not task.done:
        # napari was closed, which ends every loop.  The step that is under way is finished.
        stopped.append(WriteError("It was not finished: napari was closed."))
    if leave and stopped:
        raise stopped[0]
    while not task.done:
        time.sleep(0.01)
    if task.failure is not None:
        raise task.failure
    return task.result  # type: ignore[return-value]


def _nothing(done: int, total: int) -> None:
    """No progress is shown."""
