"""Events of the file system, as hints for the scanner; the only module that imports watchfiles."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from napari_seal._text import printable
from napari_seal._watch.scanner import Scanner
from napari_seal.errors import MissingPackageError

try:
    from watchfiles import Change, watch
except ImportError as _error:
    raise MissingPackageError(
        "watching needs the package watchfiles, which is not installed: pip install "
        "'napari-seal[watch]'; with --poll it goes without"
    ) from _error


#: Seconds to the first and the longest wait, before it is tried to listen again.
_FIRST, _LONGEST = 0.5, 60.0


class Events:
    """A thread that listens.

    Parameters
    ----------
    raw : str
        The folder, with all folders in it.
    scanner : Scanner
        Given the hints.
    failed : callable
        Told why there are no events for a while, from this thread.
    """

    def __init__(self, raw: str, scanner: Scanner, failed: Callable[[str], None]) -> None:
        self._raw, self._scanner, self._failed = raw, scanner, failed
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._run, name="events", daemon=True).start()

    def stop(self) -> None:
        """Listen no more; does not wait."""
        self._stop.set()

    def _run(self) -> None:
        wait = _FIRST
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                self._listen()
                why = "the folder is gone"
            except Exception as error:  # noqa: BLE001 - a hint less; the scanner finds it all
                why = printable(error, 300)
            if self._stop.is_set():
                return
            self._scanner.look_at_everything()
            if wait == _FIRST:
                self._failed(why)
            # A name that is not Unicode, for one, cannot be told, and ends all events.
            wait = _FIRST if time.monotonic() - begun > _LONGEST else min(2 * wait, _LONGEST)
            self._stop.wait(wait)

    def _listen(self) -> None:
        for changes in watch(
            self._raw, watch_filter=None, debounce=200, step=50, stop_event=self._stop,
            rust_timeout=1000, raise_interrupt=False, force_polling=False,
            ignore_permission_denied=True,
        ):  # fmt: skip
            for change, path in changes:
                if change != Change.deleted:
                    self._scanner.hint(path)


def start_events(raw: str, scanner: Scanner, failed: Callable[[str], None]) -> Events:
    """Listen from now on; see `Events`."""
    events = Events(raw, scanner, failed)
    events.start()
    return events
