"""Files that are as they were: which run saw them last, told of many at once.

Run after run nearly all files of an archive are just as the ledger has them, and come in the order
in which they came into it, so that their numbers follow each other.  To write into each row that
one more run has seen it would write the whole ledger anew.  A row of the table ``seen`` says it of
all files from number ``first`` to ``last``.  These spans never overlap: the one of the latest run
replaces what it covers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from napari_seal._verify.ledger.states import typed

if TYPE_CHECKING:
    import sqlite3

    from napari_seal._verify.ledger.database import Database
    from napari_seal._verify.ledger.facts import Facts

#: Fewer files than this are told one by one, in their own rows.
FEW: Final = 8

#: How many rows more than files are read: some files of the ledger may be gone.
_SLACK: Final = 32

_PAGE: Final = 1000


def _last(column: str, value: str) -> str:
    covering = (
        "(SELECT CASE WHEN seen.last >= files.id AND seen.run >= files.last_run "  # noqa: S608
        f"THEN seen.{value} END FROM seen "
        "WHERE seen.first <= files.id ORDER BY seen.first DESC LIMIT 1)"
    )
    return f"coalesce({covering}, {column})"


#: Of a row of ``files``: the run that saw it last, and when that read it.  Not the latest time: the
#: clock may have been wrong, and runs are counted.
LAST_RUN: Final = _last("files.last_run", "run")
CHECKED: Final = _last("files.checked", "checked")


def numbers(connection: sqlite3.Connection, files: Sequence[Facts]) -> Sequence[int | None]:
    """The numbers of files that are plainly intact in the ledger, with just these facts.

    None for the others, and for those that the ledger has in another order.
    """
    count = len(files)
    start = (
        files
        and connection.execute("SELECT id FROM files WHERE path = ?", (files[0].key,)).fetchone()
    )
    if not start:
        return [None] * count
    first: int = start[0]
    span = range(first, first + count)
    if connection.execute(_UNCHANGED.format(""), (first, span[-1])).fetchall() == files:
        return span
    rows = connection.execute(_UNCHANGED.format("id, "), (first, span[-1] + _SLACK))
    known = {row[1:]: row[0] for row in rows}
    return [known.get(facts) for facts in files]


def spans(numbers: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    """Numbers as spans from first to last, each in one piece; without those that are None."""
    if isinstance(numbers, range):
        yield numbers[0], numbers[-1]
        return
    first = last = None
    for number in filter(None, numbers):
        if first is None or last is None:
            first = number
        elif number != last + 1:
            yield first, last
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last


def add(connection: sqlite3.Connection, run: int, now: int, first: int, last: int) -> None:
    """Tell that a run has just seen all files from one number to another."""
    values = {"first": first, "last": last, "run": run, "now": now}
    for sql in _ADD:
        connection.execute(sql, values)


def unseen(database: Database, run: int) -> Iterator[tuple[int, int]]:
    """The numbers that no span of a run covers, from first to last."""
    after = 0
    while True:
        with database.reading() as connection:
            rows = connection.execute(_OF_RUN, (run, after, _PAGE)).fetchall()
        for values in rows:
            first, last = (typed(value, int) for value in values)
            if first > after + 1:
                yield after + 1, first - 1
            after = max(after, last)
        if len(rows) < _PAGE:
            yield after + 1, _MOST
            return


#: The largest number that SQLite knows.
_MOST: Final = 2**63 - 1

# The columns of `Facts`; the last says that it is no folder.
_UNCHANGED: Final = """SELECT {}path, size, mtime, codestream, record, source, pixels, 0 FROM files
    WHERE id BETWEEN ? AND ? AND verdict = 'intact' AND why IS NULL AND found IS NULL
    AND referenced AND expected ORDER BY id"""

_OF_RUN: Final = "SELECT first, last FROM seen WHERE run = ? AND first > ? ORDER BY first LIMIT ?"

_ADD: Final = (
    # What stands behind the new span in one that began before its end.
    """INSERT INTO seen (first, last, run, checked) SELECT :last + 1, last, run, checked FROM seen
    WHERE first = (SELECT max(first) FROM seen WHERE first <= :last) AND last > :last""",
    # What stands before it.
    """UPDATE seen SET last = :first - 1
    WHERE first = (SELECT max(first) FROM seen WHERE first < :first) AND last >= :first""",
    "DELETE FROM seen WHERE first BETWEEN :first AND :last",
    "INSERT INTO seen (first, last, run, checked) VALUES (:first, :last, :run, :now)",
)
