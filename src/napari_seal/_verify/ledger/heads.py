"""Finding files by a digest: the index of a ledger.

Digests are as good as random, so that an index on them is written to in a new place for each file:
past some hundred thousand files that costs far more than checking them.  Therefore new files wait,
and go into the index together, in order, when their run ends.  Eight bytes of a digest are enough
to find it among millions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final

from napari_seal._verify.ledger.digests import KINDS, Digests

#: Bytes of a digest that the index holds.
SIZE: Final = 8

_WAITING: Final = "SELECT coalesce(max(value), 0) FROM about WHERE key = 'indexed'"


def add_waiting(connection: sqlite3.Connection) -> None:
    """Put all files that wait into the index."""
    last = connection.execute("SELECT coalesce(max(id), 0) FROM files").fetchone()[0]
    pieces = " UNION ALL ".join(
        f"SELECT substr({kind}, 1, {SIZE}), id FROM files "  # noqa: S608 - names of columns
        f"WHERE {kind} IS NOT NULL AND id > ({_WAITING})"
        for kind in KINDS
    )
    # Sorted as one: each part on its own would take as much memory.
    connection.execute(
        f"INSERT OR IGNORE INTO heads (head, file) SELECT * FROM ({pieces}) ORDER BY 1, 2"  # noqa: S608
    )
    connection.execute("INSERT OR REPLACE INTO about (key, value) VALUES ('indexed', ?)", (last,))


def add(connection: sqlite3.Connection, files: Iterable[tuple[int, Digests]]) -> None:
    """Put digests of known files into the index; those of before stay, and find nothing."""
    connection.executemany(
        "INSERT OR IGNORE INTO heads (head, file) VALUES (?, ?)",
        [(d[:SIZE], number) for number, digests in files for d in digests if d is not None],
    )


def candidates(
    connection: sqlite3.Connection, columns: str, low: bytes, high: bytes | None = None
) -> Iterator[tuple[Any, ...]]:
    """Rows of files that may have a digest from ``low`` to below ``high``; look at each closely.

    ``columns`` name those of the table ``files`` in full, and may begin with a table to join.
    """
    below = "AND {} < ?2" if high is not None else "AND ?2 IS NULL"
    in_index = f"SELECT file FROM heads WHERE head >= ?1 {below.format('head')}"  # noqa: S608
    yield from connection.execute(f"{columns} WHERE files.id IN ({in_index})", (low, high))
    fits = " OR ".join(f"({kind} >= ?1 {below.format(kind)})" for kind in KINDS)
    sql = f"{columns} WHERE files.id > ({_WAITING}) AND ({fits})"
    yield from connection.execute(sql, (low, high))
