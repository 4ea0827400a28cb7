"""SQLite's checkpoints, made in the background: its log goes into the file while a run goes on.

What a run writes is in the write-ahead log at once, and survives that the process is killed.  To
bring it into the file itself, SQLite waits for the disk, again and again; a thread does that, with
a connection of its own, so that the run does not wait.
"""

from __future__ import annotations

import sqlite3
from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from napari_seal._verify.ledger.database import connect, translated

if TYPE_CHECKING:
    from napari_seal._verify.ledger.database import Database

#: Rows that are written between two checkpoints, some MB.  A run that writes fewer has no thread:
#: workers that are needed later are started more slowly where there is one.
_ROWS: Final = 10_000


class Checkpoints:
    """Checkpoints of a run, until the ``with`` block is left; that raises like `wrote`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written = database.connection.total_changes
        self._wanted = Event()
        self._ended = False
        self._thread: Thread | None = None
        self._error: sqlite3.Error | None = None

    def wrote(self) -> None:
        """Say that a transaction was committed.

        Raises
        ------
        LedgerError
            A checkpoint failed: what the disk did not take may be lost.
        """
        self._raise()
        written = self._database.connection.total_changes
        if written - self._written < _ROWS:
            return
        self._written = written
        if self._thread is None:
            self._thread = Thread(target=self._serve, name="napari-seal ledger", daemon=True)
            self._thread.start()
        self._wanted.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()
        if kind is None:
            self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            with translated(self._database.path):
                raise self._error

    def _serve(self) -> None:
        try:
            connection = connect(self._database.path, "rw")
            try:
                while self._wanted.wait() and not self._ended:
                    self._wanted.clear()
                    # Passive: it takes what is there, and neither waits for anybody nor blocks.
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            finally:
                connection.close()
        except sqlite3.Error as error:
            self._error = error
