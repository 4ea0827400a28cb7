"""The progress of what File > Save writes, where napari shows progress, with a button to end it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from napari_seal._text import printable
from napari_seal.errors import WriteError

if TYPE_CHECKING:
    from napari.utils import cancelable_progress

Progress = Callable[[int, int], None]

# A bar that comes and goes within this time would only be a flicker.
_PATIENCE_S: Final = 0.5


class Cancelled(WriteError):  # noqa: N818 - no error: the person asked for it
    """The person ended the writing."""


def cancelled(name: str, done: int, total: int, *, stack: bool, verb: str) -> Cancelled:
    """Return what ends the writing, and tells what became of it.

    Parameters
    ----------
    name : str
        Of what was to be written.
    done, total : int
        Steps that were done, and that there are.
    stack : bool
        Whether it is one, which can be gone on with; a single file appears whole or not at all.
    verb : str
        What the person calls the writing: "Save", "Seal".
    """
    if not stack:
        return Cancelled(f"Cancelled: nothing was written to {printable(name, 60)}.")
    reached = f": {done:,} of {total:,} steps were done" if total else " before the first step"
    return Cancelled(f"Cancelled{reached}. {verb} under the same name to go on.")


def _nothing(done: int, total: int) -> None:
    """No progress is shown."""


@contextmanager
def shown_progress(name: str, *, stack: bool) -> Iterator[Progress]:
    """Show progress where napari shows it, with a button that ends the writing.

    Parameters
    ----------
    name : str
        Of what is written.
    stack : bool
        Whether it is one: a single image is over too soon for a bar, unless it is large.

    Yields
    ------
    callable
        For `seal_layer`; to be called in the window's thread.  Raises `Cancelled` once the button
        was pressed.
    """
    from napari_seal._napari.activity import bar_with_button
    from napari_seal._napari.main_window import has_window, is_other_thread, show_activity

    if is_other_thread() or not (stack or has_window()):
        yield _nothing
        return
    bar: cancelable_progress | None = None
    opened, began = False, time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal bar, opened
        if bar is None:
            if not stack and time.monotonic() - began < _PATIENCE_S:
                return
            bar = bar_with_button("Sealing", name, 0)
            # The button is of no use where nobody sees it.
            opened = show_activity(True)
        if bar.is_canceled:
            raise cancelled(name, done, total, stack=stack, verb="Save")
        if bar.total == total:
            bar.update(done - bar.n)
            return
        bar.total, bar.n = total, done
        bar.update(0)
        bar.refresh()  # within the first tenth of a second tqdm would show nothing

    try:
        yield progress
    finally:
        if bar is not None:
            bar.close()
        if opened:
            show_activity(False)
