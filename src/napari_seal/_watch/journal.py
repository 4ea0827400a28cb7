"""What became of each raw file: one SQLite file in the folder of sealed images.

It is a memory, not the truth: where it was lost, files that are sealed already are recognised by
what is in them.  One process has it open at a time, which keeps a second watch away.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from napari_seal._text import printable
from napari_seal._watch.look import Look
from napari_seal.errors import WriteError

#: Its name; hidden, and none of an image.
NAME: Final = ".napari-seal-watch.db"
#: "nSeW" in ASCII.
_APPLICATION_ID: Final = 0x6E536557
_VERSION: Final = 1

BEGUN, SEALED, FAILED = "begun", "sealed", "failed"

_SCHEMA: Final = (
    "CREATE TABLE about (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    # `targets` are paths below the folder of sealed images, with a null between them; `recorded`
    # says whether the ledger has them; `retry` is when a file that failed is tried again.
    """CREATE TABLE files (
        path BLOB PRIMARY KEY,
        size INTEGER NOT NULL,
        mtime INTEGER NOT NULL,
        ctime INTEGER NOT NULL,
        state TEXT NOT NULL,
        at INTEGER NOT NULL,
        targets BLOB,
        recorded INTEGER NOT NULL DEFAULT 0,
        why TEXT,
        tries INTEGER NOT NULL DEFAULT 0,
        retry INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID""",
    "CREATE INDEX unrecorded ON files (path) WHERE state = 'sealed' AND NOT recorded",
)


def is_there(out: str) -> bool:
    """Whether a folder of sealed images has a journal."""
    return os.path.lexists(os.path.join(out, NAME))


class Entry(NamedTuple):
    """What the journal knows of a raw file."""

    size: int
    mtime: int
    ctime: int
    state: str
    why: str | None
    tries: int
    retry: int

    def is_of(self, look: Look) -> bool:
        """Whether the file looks as it did then.

        Inodes are not compared, nor, where it is sealed, the time at which its attributes changed:
        they are others when an archive of raw files was moved, or is mounted once more.
        """
        if (self.size, self.mtime) != (look.size, look.mtime):
            return False
        return self.state == SEALED or self.ctime == look.ctime


class Journal:
    """The open journal; see the module.

    Parameters
    ----------
    out : str
        The folder of sealed images.
    raw : str
        The folder that is watched, whatever links lead to it.

    Raises
    ------
    WriteError
        Another process has it, it is none, or it is of another folder; or it cannot be written.
    """

    def __init__(self, out: str, raw: str) -> None:
        self.path = os.path.join(out, NAME)
        with self._translated():
            self._connection = sqlite3.connect(self.path, timeout=0.5, isolation_level=None)
        try:
            with self._translated():
                self._prepare()
            self._check_folder(raw)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        ask = self._connection.execute
        ask("PRAGMA trusted_schema = OFF")
        # The lock is kept until the end of the process, and nothing is shared in memory.
        ask("PRAGMA locking_mode = EXCLUSIVE")
        is_empty = self._check_content()
        ask("PRAGMA journal_mode = WAL").fetchone()
        ask("PRAGMA synchronous = NORMAL")
        ask("BEGIN IMMEDIATE")
        try:
            if is_empty:
                for statement in _SCHEMA:
                    ask(statement)
                ask(f"PRAGMA application_id = {_APPLICATION_ID}")
                ask(f"PRAGMA user_version = {_VERSION}")
            # What failed is tried again after each start: a package may have been installed.
            ask("UPDATE files SET retry = 0 WHERE state = 'failed'")
            ask("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                ask("ROLLBACK")
            raise

    def _check_content(self) -> bool:
        """Refuse what is no journal; whether there is nothing in it yet."""
        ask = self._connection.execute
        (mark,) = ask("PRAGMA application_id").fetchone()
        (version,) = ask("PRAGMA user_version").fetchone()
        is_empty: bool = ask("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
        if (mark, version) != (_APPLICATION_ID, _VERSION) and not (
            is_empty and mark == version == 0
        ):
            raise WriteError(
                f"{printable(self.path)} is no journal that this version of napari-seal can read; "
                "move it away: what is sealed already will be recognised"
            )
        return is_empty

    def _check_folder(self, raw: str) -> None:
        with self._translated():
            row = self._connection.execute("SELECT value FROM about WHERE key = 'raw'").fetchone()
            if row is None:
                self._connection.execute(
                    "INSERT INTO about (key, value) VALUES ('raw', ?)", (os.fsencode(raw),)
                )
                return
        known = os.fsdecode(bytes(row[0]))
        if known != raw:
            raise WriteError(
                f"the folder was filled from {printable(known)!r}, and not from "
                f"{printable(raw)!r}; name another --out, or, if that folder was moved, move "
                f"{printable(self.path)!r} away: what is sealed already will be recognised"
            )

    def close(self) -> None:
        """Close the file, and let another process have it."""
        with self._translated():
            self._connection.close()

    @property
    def count(self) -> int:
        """Number of raw files that are sealed."""
        with self._translated():
            sql = "SELECT count(*) FROM files WHERE state = 'sealed'"
            return int(self._connection.execute(sql).fetchone()[0])

    def known(self, keys: Iterable[bytes]) -> dict[bytes, Entry]:
        """What is known of files."""
        asked = list(keys)
        marks = ",".join("?" * len(asked))
        with self._translated():
            rows = self._connection.execute(
                "SELECT path, size, mtime, ctime, state, why, tries, retry FROM files "  # noqa: S608
                f"WHERE path IN ({marks})",
                asked,
            ).fetchall()
        return {bytes(row[0]): Entry(*row[1:]) for row in rows}

    def begin(self, key: bytes, look: Look) -> None:
        """Write that a file is going to be sealed.

        One that was begun before keeps its look of then: what is there of a stack is of that.
        """
        self._write(
            "INSERT INTO files (path, size, mtime, ctime, state, at) "
            "VALUES (?1, ?2, ?3, ?4, 'begun', ?5) ON CONFLICT (path) DO UPDATE "
            "SET state = 'begun', size = ?2, mtime = ?3, ctime = ?4, at = ?5 "
            "WHERE state <> 'begun'",
            (key, *look[:3], int(time.time())),
        )

    def sealed(self, key: bytes, look: Look, targets: Iterable[bytes]) -> None:
        """Write that a file is sealed."""
        self._write(
            "INSERT OR REPLACE INTO files (path, size, mtime, ctime, state, at, targets) "
            "VALUES (?, ?, ?, ?, 'sealed', ?, ?)",
            (key, *look[:3], int(time.time()), b"\0".join(targets)),
        )

    def failed(self, key: bytes, look: Look, why: str, tries: int, wait: float) -> None:
        """Write that a file cannot be sealed as it is, and for how many seconds to leave it."""
        self._write(
            "INSERT OR REPLACE INTO files (path, size, mtime, ctime, state, at, why, tries, retry) "
            "VALUES (?, ?, ?, ?, 'failed', ?, ?, ?, ?)",
            (key, *look[:3], int(time.time()), why, tries, int(time.time() + wait)),
        )

    def forget(self, key: bytes) -> None:
        """Write nothing of a file that is gone and was not sealed."""
        self._write("DELETE FROM files WHERE path = ? AND state <> 'sealed'", (key,))

    @property
    def unrecorded_count(self) -> int:
        """Number of files whose sealed images are not in the ledger yet."""
        with self._translated():
            sql = "SELECT count(*) FROM files WHERE state = 'sealed' AND NOT recorded"
            return int(self._connection.execute(sql).fetchone()[0])

    def unrecorded(self, count: int) -> Iterator[tuple[bytes, list[bytes]]]:
        """Files whose sealed images are not in the ledger yet, and these."""
        with self._translated():
            rows = self._connection.execute(
                "SELECT path, targets FROM files WHERE state = 'sealed' AND NOT recorded "
                "ORDER BY path LIMIT ?",
                (count,),
            ).fetchall()
        for path, targets in rows:
            yield bytes(path), bytes(targets).split(b"\0")

    def recorded(self, keys: Iterable[bytes]) -> None:
        """Write that the ledger has the sealed images of files."""
        with self._translated():
            self._connection.executemany(
                "UPDATE files SET recorded = 1 WHERE path = ?", [(key,) for key in keys]
            )

    def _write(self, sql: str, values: tuple[object, ...]) -> None:
        with self._translated():
            self._connection.execute(sql, values)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise WriteError(
                    f"another watch is writing into {printable(os.path.dirname(self.path))!r}; "
                    "end that first, or name another --out"
                ) from error
            hint = (
                "; move it away: what is sealed already will be recognised"
                if isinstance(error, sqlite3.DatabaseError)
                and not isinstance(error, sqlite3.OperationalError)
                else ""
            )
            raise WriteError(
                f"the journal {printable(self.path)!r} cannot be read or written: "
                f"{printable(error, 200)}{hint}"
            ) from error
