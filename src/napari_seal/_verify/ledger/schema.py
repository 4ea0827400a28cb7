"""The tables of a ledger, and how those of older versions become these."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Final

from napari_seal._verify.ledger import chain

#: In the header of the SQLite file (bytes 68 to 71), so that `file` and we tell it from others:
#: "nSeL" in ASCII.
APPLICATION_ID: Final = 0x6E53654C


def _version_1(connection: sqlite3.Connection) -> None:
    """Files as they are now, their earlier states, and the runs that saw them.

    A row of ``files`` holds the *reference* (``codestream`` to ``pixels``, set once) and the state
    since run ``since``.  ``found`` holds the digests of that state only where they are not the
    reference.  A row of ``history`` is a state that ended, so that a steady archive has none.
    ``heads`` are the beginnings of all digests, by which files are found; see `heads`.
    """
    for statement in (
        "CREATE TABLE about (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        """CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            state TEXT NOT NULL,
            begun INTEGER NOT NULL,
            ended INTEGER,
            parameters TEXT NOT NULL,
            counts TEXT NOT NULL,
            software TEXT NOT NULL
        )""",
        """CREATE TABLE scopes (
            run INTEGER NOT NULL REFERENCES runs (id),
            folder BLOB NOT NULL,
            deep INTEGER NOT NULL,
            PRIMARY KEY (run, folder)
        ) WITHOUT ROWID""",
        """CREATE TABLE files (
            id INTEGER PRIMARY KEY,
            path BLOB NOT NULL UNIQUE,
            first_run INTEGER NOT NULL,
            last_run INTEGER NOT NULL,
            checked INTEGER NOT NULL,
            since INTEGER NOT NULL,
            verdict TEXT NOT NULL,
            why TEXT,
            found BLOB,
            size INTEGER,
            mtime INTEGER,
            referenced INTEGER,
            expected INTEGER NOT NULL DEFAULT 1,
            arrival TEXT,
            codestream BLOB,
            record BLOB,
            source BLOB,
            pixels BLOB
        )""",
        """CREATE TABLE history (
            id INTEGER PRIMARY KEY,
            file INTEGER NOT NULL REFERENCES files (id),
            run INTEGER NOT NULL,
            verdict TEXT NOT NULL,
            why TEXT,
            digests BLOB NOT NULL,
            note TEXT
        )""",
        "CREATE INDEX missing ON files (path) WHERE verdict = 'missing'",
        "CREATE INDEX history_by_file ON history (file)",
        """CREATE TABLE heads (
            head BLOB NOT NULL,
            file INTEGER NOT NULL REFERENCES files (id),
            PRIMARY KEY (head, file)
        ) WITHOUT ROWID""",
    ):
        connection.execute(statement)


def _version_2(connection: sqlite3.Connection) -> None:
    """Spans of files that a run found as they were; see `seen`.

    The time of change is kept only where a file is not intact: of all others nobody asks for it.
    """
    connection.execute("UPDATE files SET mtime = NULL WHERE verdict = 'intact'")
    connection.execute(
        """CREATE TABLE seen (
            first INTEGER PRIMARY KEY,
            last INTEGER NOT NULL,
            run INTEGER NOT NULL REFERENCES runs (id),
            checked INTEGER NOT NULL
        )"""
    )


def _version_3(connection: sqlite3.Connection) -> None:
    """The index of digests in buckets; what an older one holds stays where it is; see `heads`."""
    connection.execute("CREATE TABLE buckets (place INTEGER PRIMARY KEY, entries BLOB NOT NULL)")


def _version_4(connection: sqlite3.Connection) -> None:
    """The chain of runs, and what was signed of it; see `chain` and `statements`.

    ``files_before`` and ``history_before`` are the last rows that were there when a run began.
    """
    for statement in (
        """CREATE TABLE links (
            number INTEGER PRIMARY KEY,
            run INTEGER NOT NULL UNIQUE REFERENCES runs (id),
            text TEXT NOT NULL
        )""",
        "CREATE TABLE statements (number INTEGER PRIMARY KEY, text TEXT NOT NULL)",
        """CREATE TABLE stamps (
            number INTEGER PRIMARY KEY,
            statement INTEGER NOT NULL REFERENCES statements (number),
            token BLOB NOT NULL
        )""",
        "ALTER TABLE runs ADD COLUMN files_before INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE runs ADD COLUMN history_before INTEGER NOT NULL DEFAULT 0",
        "INSERT INTO about (key, value) VALUES ('identity', randomblob(16))",
    ):
        connection.execute(statement)
    chain.add_all(connection)


def _version_5(connection: sqlite3.Connection) -> None:
    """What imported manifests list; see `listing`."""
    connection.execute(
        """CREATE TABLE listed (
            path BLOB NOT NULL,
            run INTEGER NOT NULL REFERENCES runs (id),
            digest BLOB NOT NULL,
            PRIMARY KEY (path, run)
        ) WITHOUT ROWID"""
    )


#: The step from version n to n + 1 stands at place n.  A step that was published never changes.
MIGRATIONS: Final[tuple[Callable[[sqlite3.Connection], None], ...]] = (
    _version_1,
    _version_2,
    _version_3,
    _version_4,
    _version_5,
)

VERSION: Final = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a ledger from ``version`` to `VERSION`, each step whole or not at all."""
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have been quicker.
            if connection.execute("PRAGMA user_version").fetchone()[0] < number:
                step(connection)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # where the disk failed, SQLite has gone back by itself
                connection.execute("ROLLBACK")
            raise


def objects(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Kind, name and definition of all that stands in a database's schema."""
    rows = connection.execute(
        "SELECT type, name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"
    )
    return set(rows.fetchall())


@cache
def expected_objects(version: int) -> frozenset[tuple[str, str, str]]:
    """What the schema of a ledger of this version holds: no view, no trigger, nothing else."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for step in MIGRATIONS[:version]:
            step(connection)
        return frozenset(objects(connection))
    finally:
        connection.close()
