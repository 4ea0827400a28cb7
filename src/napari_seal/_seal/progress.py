"""How far the sealing is, for somebody who waits and may want to end it."""

from __future__ import annotations

from collections.abc import Callable

#: Gets the number of steps that are done and that there are; what it raises ends the work.
Progress = Callable[[int, int], None]


class Steps:
    """Counts steps that are done, and tells ``progress``.

    Parameters
    ----------
    progress : callable or None
        None where nobody waits.
    total : int
        Steps that there are.
    """

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self.done, self.total = 0, total

    def __call__(self) -> None:
        """One more is done."""
        self.done += 1
        self.again()

    def again(self) -> None:
        """Within a long step, tell the same once more, so that it can be ended."""
        if self._progress is not None:
            self._progress(self.done, self.total)
