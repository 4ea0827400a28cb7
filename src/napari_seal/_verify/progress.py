"""How far a run over many files is: what `check_many` tells its `progress`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    done : int
        Files with a verdict.
    total : int, optional
        Files in all; None until they are counted, which never delays the run.
    bytes : int
        Bytes read from them.
    seconds : float
        Time since the run began.
    before : int
        Of the files that are done, those that an earlier run did, which this one goes on with.
    """

    done: int
    total: int | None
    bytes: int
    seconds: float
    before: int = 0

    @property
    def files_per_second(self) -> float:
        """Files checked in a second."""
        return (self.done - self.before) / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_second(self) -> float:
        """Bytes read in a second."""
        return self.bytes / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At this rate; None until the total is known and the first file is done."""
        if self.total is None or self.done == self.before:
            return None
        return max(0, self.total - self.done) * self.seconds / (self.done - self.before)


class Counter:
    """Counts in the background: in a process of low priority, or in a thread."""

    def __init__(self, count: Callable[[], int], *, process: bool) -> None:
        self._total: int | None = None
        self._ours: Connection | None = None
        self._process: BaseProcess | None = None
        if process:
            from napari_seal._workers import start_process

            self._ours, self._process = start_process(_count, count)
        else:
            threading.Thread(target=self._run, args=(count,), daemon=True).start()

    def _run(self, count: Callable[[], int]) -> None:
        self._total = count()

    @property
    def total(self) -> int | None:
        """The number, once it is known."""
        if self._total is None and self._ours is not None and self._ours.poll():
            try:
                self._total = self._ours.recv()
            except (EOFError, OSError):  # it was killed: the total stays unknown
                self._ours.close()
                self._ours = None
        return self._total

    def close(self) -> None:
        """Count no further."""
        if self._ours is not None:
            self._ours.close()
        if self._process is not None:
            from napari_seal._workers import leave

            leave(self._process)


def _count(connection: Connection, count: Callable[[], int]) -> None:
    if hasattr(os, "nice"):
        os.nice(10)
    connection.send(count())
