"""A thread that looks at the files: at all of them every so often, and at single ones on a hint.

All that may hang where a network mount does not answer is done here, or in a worker process: the
main thread goes on, and can be told to stop.
"""

from __future__ import annotations

import itertools
import os
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from napari_seal._images.names import is_zarr
from napari_seal._watch.look import Look, Place, has_image_name, is_left_alone, look_at, walk

#: Files that are handed over at once, and how many such portions wait to be taken.
_PORTION: Final = 1000
_AHEAD: Final = 16
#: Hints that wait; more of them are answered by a look at everything.
_HINTS: Final = 20_000
#: A look at everything may take this share of the time at most; and this one, where events say that
#: it is needed.
_SHARE, _SHARE_AT_MOST = 0.1, 0.5
#: Seconds after which a new folder is looked into again: events in it may have come too early.
_AGAIN: Final = 1.0
#: Seconds between two tries to list a folder that is not there, and between two looks at the clock.
_MISSING: Final = 2.0
_TICK: Final = 0.1


class Found(NamedTuple):
    """A portion of what was found, or the end of a look at everything.

    Parameters
    ----------
    files : list of (bytes, Look)
    ended : bool
        Whether everything has been looked at once more.
    problem : str
        Why the folder that is watched cannot be listed; empty where it can.
    unlisted : tuple of (str, str)
        What cannot be looked at, and why.
    """

    files: list[tuple[bytes, Look]]
    ended: bool = False
    problem: str = ""
    unlisted: tuple[tuple[str, str], ...] = ()


class Scanner:
    """The thread; see the module.

    Parameters
    ----------
    raw : str
        The folder that is watched.
    every : float
        Seconds between two looks at everything.

    Attributes
    ----------
    found : queue.Queue of Found
    place : Place or None
        Which folder it is: another one, where a disk was mounted.
    """

    def __init__(self, raw: str, every: float) -> None:
        self.found: queue.Queue[Found] = queue.Queue(_AHEAD)
        self.place: Place | None = None
        self._raw, self._every = raw, every
        self._hints: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._again: list[tuple[float, str]] = []
        self._next = self._earliest = 0.0
        self._answered = time.monotonic()

    def start(self) -> None:
        """Begin with a look at everything."""
        threading.Thread(target=self._run, name="scanner", daemon=True).start()

    def hint(self, path: str) -> None:
        """Have a file or folder looked at soon; from any thread."""
        if self._hints.qsize() < _HINTS:
            self._hints.put(path)
        else:
            self.look_at_everything()

    def look_at_everything(self) -> None:
        """Do not wait for the next time; from any thread."""
        self._next = 0.0

    @property
    def silent(self) -> float:
        """Seconds for which the disk has not answered."""
        return time.monotonic() - self._answered

    def _hear(self) -> None:
        self._answered = time.monotonic()

    def _run(self) -> None:
        while True:
            self._hear()
            if time.monotonic() >= max(self._next, self._earliest):
                self._look_at_everything()
            for found in self._hinted():
                self._put(found)
            time.sleep(_TICK)

    def _look_at_everything(self) -> None:
        begun = time.monotonic()
        self._next = begun + self._every  # unless a hint that was too much sets it back meanwhile
        unlisted: list[tuple[str, str]] = []
        try:
            self.place = Place.of(self._raw)
            files = walk(self._raw, "", lambda *what: unlisted.append(_told(*what)), self._hear)
            while portion := list(itertools.islice(files, _PORTION)):
                self._put(Found(portion))
                for found in self._hinted():
                    self._put(found)
        except OSError as error:
            self._next = min(self._next, time.monotonic() + _MISSING)
            self._put(Found([], problem=error.strerror or str(error)))
            return
        self._put(Found([], ended=True, unlisted=tuple(unlisted)))
        took = time.monotonic() - begun
        self._earliest = time.monotonic() + took * (1 / _SHARE_AT_MOST - 1)
        if self._next > 0:
            self._next = time.monotonic() + max(self._every, took / _SHARE)

    def _put(self, found: Found) -> None:
        while True:
            self._hear()
            try:
                self.found.put(found, timeout=1)
            except queue.Full:
                continue
            return

    def _hinted(self) -> Iterator[Found]:
        """What has become of files of which there were hints."""
        paths: list[str] = []
        while len(paths) < _PORTION and not self._hints.empty():
            paths.append(self._hints.get())
        now = time.monotonic()
        paths += [path for when, path in self._again if when <= now]
        self._again = [(when, path) for when, path in self._again if when > now]
        files: dict[bytes, Look] = {}
        for below in dict.fromkeys(self._image_of(path) for path in paths):
            if below is None:
                continue
            for key, look in self._look_into(below):
                files[key] = look
                if len(files) >= _PORTION:
                    yield Found([*files.items()])
                    files = {}
        if files:
            yield Found([*files.items()])

    def _image_of(self, path: str) -> str | None:
        """The file, below the folder that is watched, to look at when there was a hint of a path.

        Of a file in a folder that is one image, that folder; of what is left alone, None.
        """
        below = os.path.relpath(path, self._raw)
        parts = [] if below == os.curdir else below.split(os.sep)
        if os.pardir in parts:
            return None
        for count in range(1, len(parts)):
            folder = os.path.join(*parts[:count])
            if is_left_alone(parts[count - 1]):
                return None
            if is_zarr(os.path.join(self._raw, folder)):
                return folder
        return below if not parts or not is_left_alone(parts[-1]) else None

    def _look_into(self, below: str) -> Iterable[tuple[bytes, Look]]:
        path = os.path.join(self._raw, below)
        try:
            if os.path.isdir(path) and not os.path.islink(path):
                if not is_zarr(path):
                    self._again.append((time.monotonic() + _AGAIN, path))
                yield from walk(self._raw, "" if below == os.curdir else below, lambda *_: None)
            elif has_image_name(below):
                yield os.fsencode(below), look_at(path)
        except OSError:
            return  # it is gone; or the next look at everything tells what is wrong


def _told(path: str, error: OSError) -> tuple[str, str]:
    return path, error.strerror or str(error)
