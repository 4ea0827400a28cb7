"""Progress on standard error, where somebody watches: drawn by rich, once it takes long enough."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from napari_seal._verify.progress import Progress

Item = TypeVar("Item")

#: Seconds: a run that ends sooner shows nothing, and does not wait for rich to be imported.
_PATIENCE: Final = 0.3


class _Line:
    """A line that appears when the work has taken a while, and goes away at its end."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._from = time.monotonic() + _PATIENCE
        self._bar: Bar | None = None

    def show(self, done: int, total: int | None, rate: str) -> None:
        """Show how many of how many are done, and how fast."""
        if time.monotonic() < self._from:
            return
        if self._bar is None:
            self._bar = _make_bar()
            self._bar.add_task(self._what, total=None, rate="")
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total, rate=rate)

    def clear(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.stop()


def _make_bar() -> Bar:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from napari_seal._cli.console import console

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console(stderr=True), transient=True)


@contextmanager
def run_progress(what: str) -> Iterator[Callable[[Progress], None] | None]:
    """What `napari_seal.check_many` takes for its ``progress``; None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    line = _Line(what)

    def show(run: Progress) -> None:
        rate = f"{run.files_per_second:,.0f} files/s, {run.bytes_per_second / 1e6:,.0f} MB/s"
        line.show(run.done, run.total, rate)

    try:
        yield show
    finally:
        line.clear()


@contextmanager
def progress(
    what: str, total: int, items_are: str = "images"
) -> Iterator[Callable[[Iterable[Item]], Iterator[Item]]]:
    """Show progress while items pass, if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield iter
        return
    line = _Line(what)

    def watch(items: Iterable[Any]) -> Iterator[Any]:
        start = time.monotonic()
        for done, item in enumerate(items, 1):
            yield item
            line.show(done, total, f"{done / (time.monotonic() - start):,.1f} {items_are}/s")

    try:
        yield watch
    finally:
        line.clear()
