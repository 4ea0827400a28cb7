"""Opening a ledger's file, whatever it turns out to be.

The file may be missing, another kind of file, damaged, made by a newer version, or made to harm:
each gives a `LedgerError` that says so.  SQLite's write-ahead log keeps what was committed when the
process is killed; when the power fails, the last batches of a run may be lost, and nothing else.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._verify.ledger import schema
from napari_seal._verify.scan import EXTENSIONS
from napari_seal.errors import LedgerError

#: Seconds to wait for another process that is writing.
PATIENCE: Final = 5.0

#: Names of files beside a ledger: SQLite's own, and the one that says that a run is going on.
BESIDE: Final = ("", "-wal", "-shm", "-journal", "-lock")

#: Pages in the log, 32 MB of them, at which they go into the file, though the disk has to be waited
#: for.  In a run that writes much, `checkpoints` has brought most of them there already.
_LOG: Final = 8000

#: KiB of pages that SQLite keeps in memory; it takes as much again for sorting.
_CACHE: Final = 16 * 1024


class Database:
    """The open file of a ledger; see `open_database`."""

    def __init__(self, path: str, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.path = path
        self.writable = writable
        self.connection = connection
        self._lock: sqlite3.Connection | None = None

    def close(self) -> None:
        """Write what is in the log into the file itself, and close it."""
        try:
            with translated(self.path):
                self.connection.close()
        finally:
            self.unlock()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for reading; errors become those of a ledger."""
        with translated(self.path):
            yield self.connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection within one transaction: all of it is kept, or nothing."""
        if not self.writable:
            raise LedgerError(f"the ledger {printable(self.path)} is open for reading only")
        with translated(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def settle(self) -> None:
        """Make what was committed survive a power failure as well."""
        with translated(self.path):
            self.connection.execute("PRAGMA synchronous = FULL")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self.connection.execute("PRAGMA synchronous = NORMAL")

    def lock(self) -> None:
        """Keep other processes from beginning a run, until `unlock` or the end of this process.

        Raises
        ------
        LedgerError
            Another run goes on.
        """
        # A lock of SQLite's on a file of its own: it ends with the process, on every system, and
        # leaves the ledger itself open to readers.
        with translated(self.path):
            beside = self.path + "-lock"
            lock = sqlite3.connect(beside, timeout=PATIENCE / 2, isolation_level=None)
            try:
                lock.execute(
                    "PRAGMA journal_mode = MEMORY"
                )  # or a kill leaves a journal of nothing
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.DatabaseError as error:
                lock.close()
                if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
                    raise LedgerError(
                        f"{printable(beside)} is in the way: a run needs this name for its lock"
                    ) from error
                if _is_busy(error):
                    raise LedgerError(
                        f"another run is writing into the ledger {printable(self.path)}; wait "
                        "until it has ended"
                    ) from error
                raise
        self._lock = lock

    def unlock(self) -> None:
        """Let others begin a run."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def open_database(path: str, *, create: bool = False, write: bool = False) -> Database:
    """Open a ledger.

    Parameters
    ----------
    path : str
        The file.
    create : bool
        Make a new ledger if there is no file; implies ``write``.
    write : bool
        For writing as well; a ledger of an older version is brought to this one.

    Raises
    ------
    LedgerError
        There is none and ``create`` is not set, or it is none that could be used.
    """
    path = os.path.abspath(path)
    write = write or create
    _check_place(path, create)
    with translated(path):
        try:
            connection = connect(path, "rwc" if create else "rw" if write else "ro")
        except sqlite3.OperationalError:
            # On a disk that cannot be written to, SQLite lacks a place for its shared memory.
            if write or os.path.exists(path + "-wal"):
                raise
            connection = connect(path, "ro&immutable=1")
        try:
            _check_content(path, connection, create)
            if write:
                _prepare(path, connection)
            _check_version(path, connection)
        except BaseException:
            connection.close()
            raise
    return Database(path, connection, writable=write)


def connect(path: str, mode: str) -> sqlite3.Connection:
    """Open the file with care: it may be damaged, or no database."""
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?mode={mode}",
        uri=True, timeout=PATIENCE, isolation_level=None,
    )  # fmt: skip
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limits.LEDGER_VALUE)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE}")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _check_place(path: str, create: bool) -> None:
    shown = printable(path)
    if path.lower().endswith(EXTENSIONS):
        raise LedgerError(f"{shown} has the name of an image; a ledger is named .db, for instance")
    if os.path.isdir(path):
        raise LedgerError(f"{shown} is a folder; a ledger is one file in it, such as ledger.db")
    if os.path.exists(path):
        return
    if not create:
        raise LedgerError(
            f"there is no ledger {shown}; `napari-seal verify FOLDER --ledger FILE` makes one"
        )
    if not os.path.isdir(os.path.dirname(path)):
        raise LedgerError(f"the ledger {shown} cannot be made: there is no such folder")


def _check_content(path: str, connection: sqlite3.Connection, create: bool) -> None:
    """Refuse the databases of other programs, and ledgers of versions to come."""
    if not _is_ledger(connection):
        is_empty = _pragma(connection, "application_id") == 0 and not schema.objects(connection)
        if is_empty and create:
            return
        # Where another process has made it a ledger just now, the tables are those of a ledger.
        if not _is_ledger(connection):
            raise LedgerError(f"{printable(path)} is a database, and not a ledger of napari-seal")
    version = _pragma(connection, "user_version")
    if version > schema.VERSION:
        raise LedgerError(
            f"the ledger {printable(path)} has version {version}, and this napari-seal knows "
            f"versions up to {schema.VERSION}; use a newer one"
        )


def _is_ledger(connection: sqlite3.Connection) -> bool:
    return _pragma(connection, "application_id") == schema.APPLICATION_ID


def _prepare(path: str, connection: sqlite3.Connection) -> None:
    version = _pragma(connection, "user_version")
    while version < schema.VERSION:
        if schema.objects(connection) == schema.expected_objects(version):
            schema.migrate(connection, version)
            break
        before, version = version, _pragma(connection, "user_version")
        if version == before:  # else another process was quicker
            raise LedgerError(_ALTERED.format(printable(path)))
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = NORMAL")


def _check_version(path: str, connection: sqlite3.Connection) -> None:
    version = _pragma(connection, "user_version")
    if version < schema.VERSION:
        raise LedgerError(
            f"the ledger {printable(path)} has version {version}; the next "
            f"`napari-seal verify --ledger` will bring it to version {schema.VERSION}"
        )
    if schema.objects(connection) != schema.expected_objects(version):
        raise LedgerError(_ALTERED.format(printable(path)))


_ALTERED: Final = "the tables of the ledger {} are not those of a ledger: something altered them"


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn what SQLite raises into a `LedgerError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(_explain(printable(path), error)) from error
    except MemoryError as error:  # damaged pages can ask SQLite for any amount
        raise LedgerError(
            f"the ledger {printable(path)} asks for more memory than there is: it is damaged, or "
            "too much else is running; take a copy of it, or begin a new one"
        ) from error
    except UnicodeDecodeError as error:  # of the text of an error, in a damaged schema
        raise LedgerError(_TEXTS[sqlite3.SQLITE_CORRUPT].format(printable(path))) from error


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


_TEXTS: Final[dict[int, str]] = {
    sqlite3.SQLITE_NOTADB: "{} is not a ledger, nor a database at all",
    sqlite3.SQLITE_CORRUPT: "the ledger {} is damaged; take a copy of it, or begin a new one",
    sqlite3.SQLITE_FULL: "the disk is full: the ledger {} has all but the last files; make room, "
    "and go on with --resume",
    sqlite3.SQLITE_READONLY: "the ledger {} cannot be written to; make it and its folder writable, "
    "or name a ledger in another folder",
    sqlite3.SQLITE_CANTOPEN: "the ledger {} cannot be opened; you must be able to read and write "
    "it, and to make files beside it",
    sqlite3.SQLITE_PERM: "the ledger {} cannot be opened; you must be able to read and write it",
    sqlite3.SQLITE_BUSY: "the ledger {} is in use by another process; wait until it has finished",
    sqlite3.SQLITE_LOCKED: "the ledger {} is in use; wait until that has finished",
    sqlite3.SQLITE_PROTOCOL: "the ledger {} could not be locked: another process has it and does "
    "not go on, or locks do not work where it lies, as on some network file systems",
    sqlite3.SQLITE_TOOBIG: "the ledger {} is damaged: it holds a value that is far too long",
    sqlite3.SQLITE_IOERR: "the ledger {} cannot be read or written: the disk reports an error",
}


def _explain(path: str, error: sqlite3.Error) -> str:
    text = _TEXTS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    detail = printable(error, 200)
    return f"{text.format(path)} ({detail})" if text else f"the ledger {path}: {detail}"
