"""Finding files by a digest: the index of a ledger.

Digests are as good as random, so that an index on them is written to in a new place for each file:
past some hundred thousand files that costs far more than checking them, and so does sorting them
all.  Therefore new files wait until there are `PORTION` of them, or their run ends, and go into the
index together: into the *buckets* of the first 12 bits of their digests.  A row of ``buckets`` has
the entries of one bucket and one portion; its place is the number of the portion's last file, then
that of the bucket in 12 bits, so that a portion is written behind all others.  Files that are
known, and have got other digests, have theirs in the table ``heads``.  Eight bytes of a digest are
enough to find it among millions.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from napari_seal._verify.ledger.digests import KINDS, Digests, following
from napari_seal._verify.ledger.states import typed
from napari_seal.errors import LedgerError

#: Bytes of a digest that the index holds.
SIZE: Final = 8

#: Files that go into the index together: whole batches.  Whatever digests they claim, a row is not
#: longer than the longest that is read.
PORTION: Final = 64_000

#: Bytes of an entry: those of a digest, and the number of the file.
_ENTRY: Final = SIZE + 8

_BUCKETS: Final = 1 << 12

#: Rows that are looked up at once.
_ROWS: Final = 500

_INDEXED: Final = "SELECT coalesce(max(value), 0) FROM about WHERE key = 'indexed'"


def add_waiting(connection: sqlite3.Connection) -> None:
    """Put all files that wait into the index."""
    while True:
        (before,) = connection.execute(_INDEXED).fetchone()
        buckets: list[list[bytes]] = [[] for _ in range(_BUCKETS)]
        last = 0
        for last, *digests in connection.execute(_WAITING, (before, PORTION)):
            place = last.to_bytes(8)
            try:
                for digest in digests:
                    if digest is not None:
                        buckets[digest[0] << 4 | digest[1] >> 4].append(digest[:SIZE] + place)
            except (TypeError, IndexError) as error:
                raise LedgerError("the ledger is damaged: a digest is none") from error
        if not last:
            return
        if last >> 50:
            raise LedgerError("the ledger is damaged: a file has a number that is far too large")
        connection.executemany(
            "INSERT INTO buckets (place, entries) VALUES (?, ?)",
            (
                (last << 12 | number, bytearray().join(entries))
                for number, entries in enumerate(buckets)
                if entries
            ),
        )
        connection.execute(
            "INSERT OR REPLACE INTO about (key, value) VALUES ('indexed', ?)", (last,)
        )


_WAITING: Final = f"SELECT id, {', '.join(KINDS)} FROM files WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608 - names of columns


def add(connection: sqlite3.Connection, files: Iterable[tuple[int, Digests]]) -> None:
    """Put digests of known files into the index; those of before stay, and find nothing."""
    connection.executemany(
        "INSERT OR IGNORE INTO heads (head, file) VALUES (?, ?)",
        [(d[:SIZE], number) for number, digests in files for d in digests if d is not None],
    )


def candidates(
    connection: sqlite3.Connection, columns: str, low: bytes
) -> Iterator[tuple[Any, ...]]:
    """Rows of files that may have a digest beginning with these 2 to 8 bytes; look at each closely.

    ``columns`` name those of the table ``files`` in full, and may begin with a table to join.
    """
    found = {int.from_bytes(entry[SIZE:], signed=True) for entry in _entries(connection, low)}
    numbers = iter(sorted(found))
    while some := list(islice(numbers, _ROWS)):
        marks = ",".join("?" * len(some))
        yield from connection.execute(f"{columns} WHERE files.id IN ({marks})", some)
    fits = " OR ".join(f"({kind} >= ?1 AND (?2 IS NULL OR {kind} < ?2))" for kind in KINDS)
    sql = f"{columns} WHERE files.id > ({_INDEXED}) AND ({fits})"
    yield from connection.execute(sql, (low, following(low)))


def doubled(connection: sqlite3.Connection) -> Iterator[bytes]:
    """What the digests of several files begin with, as far as the index holds them."""
    for number in range(_BUCKETS):
        entries = set(_known(connection, *_span(number)))
        for bucket in _bucket(connection, number, b""):
            entries.update(bucket[at : at + _ENTRY] for at in range(0, len(bucket), _ENTRY))
        times = Counter(entry[:SIZE] for entry in entries)
        yield from sorted(head for head, count in times.items() if count > 1)


def _entries(connection: sqlite3.Connection, low: bytes) -> Iterator[bytes]:
    """Entries that begin so."""
    yield from _known(connection, low, following(low))
    for entries in _bucket(connection, int.from_bytes(low[:2]) >> 4, low):
        at = entries.find(low)
        while at >= 0:
            start = at - at % _ENTRY
            if at == start:
                yield entries[at : at + _ENTRY]
            at = entries.find(low, start + _ENTRY)


def _known(connection: sqlite3.Connection, low: bytes, high: bytes | None) -> Iterator[bytes]:
    """Entries of known files that got other digests."""
    sql = "SELECT head, file FROM heads WHERE head >= ?1 AND (?2 IS NULL OR head < ?2) AND file > 0"
    for head, number in connection.execute(sql, (low, high)):
        yield typed(head, bytes) + typed(number, int).to_bytes(8)


def _bucket(connection: sqlite3.Connection, number: int, part: bytes) -> Iterator[bytes]:
    """The rows of a bucket in which these bytes are."""
    for (entries,) in connection.execute(_OF_BUCKET, (number, part)):
        yield typed(entries, bytes)


# From each portion to the next, without a look at what is between.
_OF_BUCKET: Final = """WITH RECURSIVE portions (last) AS (
        SELECT min(place) >> 12 FROM buckets
        UNION ALL
        SELECT (SELECT min(place) >> 12 FROM buckets WHERE place > (portions.last << 12 | 4095))
        FROM portions WHERE last IS NOT NULL
    )
    SELECT entries FROM portions JOIN buckets ON place = (last << 12 | ?1)
    WHERE instr(entries, ?2)"""


def _span(number: int) -> tuple[bytes, bytes | None]:
    """From what on, and below what, the digests of a bucket are."""
    low, high = number << 4, (number + 1) << 4
    return low.to_bytes(2), None if high >> 16 else high.to_bytes(2)
