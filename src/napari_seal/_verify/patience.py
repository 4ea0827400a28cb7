"""Finding files where the disk or network may never answer.

Nothing can interrupt a call that waits for a dead network mount.  So it is made in a thread, which
is left behind if it does not come back.  A thread lives for one portion of files only: a process
with a second thread cannot start workers by forking.
"""

from __future__ import annotations

import _thread  # threads that nobody waits for at the end, and nothing more to import
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final, Generic, TypeVar

from napari_seal._verify.load import Unlisted
from napari_seal._verify.scan import Search

Result = TypeVar("Result")

#: A thread brings so many files, and ends sooner if that takes so many seconds.
_PORTION: Final = 2048
_SOON: Final = 0.05
#: Paths that are taken ahead of what was named.
_AHEAD: Final = 64
#: Seconds between two looks at the clock and at `stop`.
_TICK: Final = 0.1
#: Seconds that the system has, at most, to put a thread away that has ended.
_FAREWELL: Final = 1.0


class SearchStopped(Exception):  # noqa: N818 - no error: the run is to stop
    """The search was left, because the run is to stop."""


class Attempt(Generic[Result]):
    """A call in a thread of its own."""

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._thread = 0
        self._running = _thread.allocate_lock()
        self._running.acquire()
        _thread.start_new_thread(self._run, ())

    def _run(self) -> None:
        self._thread = _thread.get_native_id()
        try:
            self._results.append(self._call())
        except BaseException as error:  # noqa: BLE001 - raised again by `result`
            self._error = error
        finally:
            self._running.release()

    def ended(self, seconds: float) -> bool:
        """Wait for its end, but no longer."""
        if not self._running.acquire(timeout=seconds):
            return False
        if sys.platform == "linux":
            # On a busy machine the thread is still there for a while, and keeps workers from being
            # forked.
            place, until = f"/proc/self/task/{self._thread}", time.monotonic() + _FAREWELL
            while os.path.exists(place) and time.monotonic() < until:
                time.sleep(0.0005)
        return True

    @property
    def result(self) -> Result:
        """What it returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._results[0]


def find_patiently(
    paths: Iterable[str],
    *,
    recursive: bool,
    timeout: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[str]:
    """Yield what `find_images` yields, whatever becomes of the folders.

    Parameters
    ----------
    paths : iterable of str
        Taken in the calling thread, some ahead.
    recursive : bool
        Also search the folders in folders.
    timeout : float, optional
        Seconds in which listing a folder may bring nothing.  It is then yielded as `Unlisted`, and
        the search goes on with the next.
    stop : callable
        Asked often while a folder is waited for.

    Raises
    ------
    SearchStopped
        ``stop`` said True.
    """
    rest = iter(paths)
    while ahead := list(itertools.islice(rest, _AHEAD)):
        searches = [Search(name, recursive) for name in reversed(ahead)]
        while searches:
            found: list[str] = []
            searches[-1].since = time.monotonic()
            attempt = Attempt(partial(_portion, searches, found))
            late = None
            while not attempt.ended(_TICK):
                if stop():
                    raise SearchStopped
                # The thread may end at any moment.
                search = next(reversed(searches), None)
                pending = [] if search is None else search.pending[:]
                if search is None or not pending or timeout is None:
                    continue
                if time.monotonic() - search.since > timeout:
                    late = Unlisted(pending.pop(), timeout)
                    searches = [*searches[:-1], search.going_on(pending)]
                    break
            else:
                attempt.result  # noqa: B018 - raises what the thread raised
            yield from found[:]
            if late is not None:
                yield late


def _portion(searches: list[Search], found: list[str]) -> None:
    """Find some files, and put them where another thread can see them at once."""
    until = time.monotonic() + _SOON
    while searches and len(found) < _PORTION and time.monotonic() < until:
        path = next(searches[-1], None)
        if path is None:
            searches.pop()
            if searches:
                searches[-1].since = time.monotonic()
        else:
            found.append(path)


def answers(
    call: Callable[[], Any], seconds: float | None, stop: Callable[[], bool] = lambda: False
) -> bool:
    """Whether a call that looks at a disk returns in time, and before ``stop`` says True."""
    attempt = Attempt(call)
    until = None if seconds is None else time.monotonic() + seconds
    while not attempt.ended(_TICK):
        if stop() or (until is not None and time.monotonic() >= until):
            return False
    return True
