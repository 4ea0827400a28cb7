"""Files that wait: to be complete, or to be tried once more."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from napari_seal._watch.look import Look


@dataclass(slots=True)
class Waiting:
    """A file that is to be sealed.

    Parameters
    ----------
    look : Look
        As it was last seen.
    since : float
        When it was first seen so, on a clock that is never set.
    due : float
        When it is to be tried.
    tries : int
        How often it was tried as it is, in vain.
    changes : int
        How often it was seen to have changed.
    retried : int
        How often the journal says that it failed before.
    """

    look: Look
    since: float
    due: float
    tries: int = 0
    changes: int = 0
    retried: int = 0


class WaitingRoom:
    """Files by the time at which they are due.

    Parameters
    ----------
    settle : float
        Seconds for which a file must look the same.
    """

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._files: dict[bytes, Waiting] = {}
        self._due: list[tuple[float, bytes]] = []

    def __len__(self) -> int:
        return len(self._files)

    def see(self, key: bytes, look: Look, now: float, *, retried: int = 0) -> None:
        """Take a file in, or see that one that waits has changed."""
        file = self._files.get(key)
        if file is None:
            self.put(key, Waiting(look, now, now + self._settle, retried=retried))
        elif file.look != look:
            file.look, file.since, file.tries = look, now, 0
            file.changes += 1
            self.put_off(key, file, now + self._settle)

    def put(self, key: bytes, file: Waiting) -> None:
        """Take in a file that was taken out."""
        self._files[key] = file
        heapq.heappush(self._due, (file.due, key))

    def put_off(self, key: bytes, file: Waiting, due: float) -> None:
        """Let a file wait until a time."""
        file.due = due
        self.put(key, file)

    def drop(self, key: bytes) -> None:
        """Have a file wait no longer."""
        self._files.pop(key, None)

    def take(self, now: float) -> Iterator[tuple[bytes, Waiting]]:
        """Take files out that are due."""
        while self._due and self._due[0][0] <= now:
            due, key = heapq.heappop(self._due)
            file = self._files.get(key)
            if file is not None and file.due == due:  # else it was put off, or is gone
                yield key, self._files.pop(key)
