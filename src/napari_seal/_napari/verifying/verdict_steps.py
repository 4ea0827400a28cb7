"""Work for the window in pieces: it goes on between the events, and never holds them up."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Final

from qtpy.QtCore import QObject, QTimer, Signal

# Milliseconds: what is done within the first is done at once; a piece takes the second.
_AT_ONCE: Final = 40
_PIECE: Final = 15


class StepByStep(QObject):
    """Run one generator at a time, a piece at each turn of the event loop.

    Parameters
    ----------
    parent : QObject
        Whose life it shares: with it the work ends.

    Attributes
    ----------
    changed : Signal(bool)
        Work has begun that takes more than a moment, or such work has ended.
    """

    changed = Signal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Generator[None, None, None] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(lambda: self._go_on(_PIECE))

    @property
    def busy(self) -> bool:
        """Whether there is work left."""
        return self._steps is not None

    def start(self, steps: Generator[None, None, None]) -> None:
        """Begin, in place of what was going on; short work is done on return."""
        self._steps = steps
        self._go_on(_AT_ONCE)
        if self.busy and not self._timer.isActive():
            self._timer.start()
            self.changed.emit(True)

    def cancel(self) -> None:
        """Leave what is going on."""
        self._steps = None
        self._rest()

    def _go_on(self, milliseconds: int) -> None:
        end = time.monotonic() + milliseconds / 1000
        while self._steps is not None and time.monotonic() < end:
            steps = self._steps
            try:
                next(steps)
            except StopIteration:
                if self._steps is steps:
                    self._steps = None
        if self._steps is None:
            self._rest()

    def _rest(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self.changed.emit(False)
