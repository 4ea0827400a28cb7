"""One line on standard error that tells how far a run is, where somebody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from napari_seal._verify.progress import Progress

Item = TypeVar("Item")

#: A run that ends sooner shows nothing; and seconds between two lines.
_PATIENCE: Final = 0.3
_CLEAR: Final = "\r\x1b[K"


class ProgressLine:
    """A line that is written anew in its place.

    Parameters
    ----------
    what : str
        What is being done, such as ``"verifying"``.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = time.monotonic() + _PATIENCE
        self._shown = False
        self.watched = sys.stderr.isatty()

    def show(self, text: str, *, now: bool = False) -> None:
        """Write the line, if it is time to."""
        if not self.watched or (time.monotonic() < self._next and not now):
            return
        self._next = time.monotonic() + _PATIENCE
        self._shown = True
        sys.stderr.write(f"{_CLEAR}{self._what} {text}")
        sys.stderr.flush()

    def show_run(self, run: Progress) -> None:
        """Write how far a run over many files is."""
        total = "" if run.total is None else f"/{run.total:,}"
        left = "" if run.seconds_left is None else f" · {clock(run.seconds_left)} left"
        self.show(
            f"{run.done:,}{total} files · {run.files_per_second:,.0f} files/s"
            f" · {run.bytes_per_second / 1e6:,.0f} MB/s{left}"
        )

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._shown = False


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[Iterable[Item]], Iterator[Item]]]:
    """Show progress while items pass, if standard error is a terminal."""
    line = ProgressLine(what)
    start = time.monotonic()

    def watch(items: Iterable[Item]) -> Iterator[Item]:
        for done, item in enumerate(items, 1):
            yield item
            seconds = time.monotonic() - start
            left = clock(seconds / done * (total - done))
            line.show(f"{done:,}/{total:,} · {done / seconds:,.1f} images/s · {left} left")

    try:
        yield watch
    finally:
        line.clear()


def clock(seconds: float) -> str:
    """A span of time as ``1:02:03`` or ``2:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
