"""What stands in a ledger, as bytes to be digested, in a fixed order so that it can be repeated.

A *state* of a file begins in one run and is never changed by a later one: when it ends, it moves
from ``files`` to ``history``.  So the states that a run began can be digested at its end, and again
at any time after::

    length of the path, ":", path, verdict, NUL, reasons (JSON) or nothing, NUL, digest

The digest is the packed one of the record, which covers all others in the seal; where there is no
record, that of the pixels.  States are in the order of their files' numbers, those of one file in
the order of time.

The *entries* are all rows of ``files`` in the order of their numbers, with all columns but those
that say when a file was last read.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from napari_seal._verify.ledger.digests import split
from napari_seal._verify.ledger.states import typed
from napari_seal.errors import LedgerError

if TYPE_CHECKING:
    from hashlib import _Hash

#: Rows that are read at once.
_PAGE: Final = 1000


def states_of(connection: sqlite3.Connection, run: int) -> tuple[int, str]:
    """Number and digest of the states that a run began."""
    _prepare(connection)
    sha256 = hashlib.sha256()
    number = 0
    rows = connection.execute(_STATES_OF, {"run": run})
    while page := rows.fetchmany(_PAGE):
        sha256.update(b"".join([row[3] for row in page]))
        number += len(page)
    return number, f"sha256:{sha256.hexdigest()}"


def states_by_run(connection: sqlite3.Connection) -> dict[int, tuple[int, str]]:
    """The same of all runs, in one way through the ledger."""
    _prepare(connection)
    digests: defaultdict[int, _Hash] = defaultdict(hashlib.sha256)
    numbers: defaultdict[int, int] = defaultdict(int)
    for _, _, _, state, run in connection.execute(_ALL_STATES):
        digests[run].update(state)
        numbers[run] += 1
    return {run: (numbers[run], f"sha256:{digests[run].hexdigest()}") for run in digests}


def entries(connection: sqlite3.Connection) -> tuple[int, str]:
    """Number and digest of all entries."""
    sha256 = hashlib.sha256()
    number = 0
    rows = connection.execute(_ENTRIES)
    while page := rows.fetchmany(_PAGE):
        sha256.update(b"".join(_pieces(page)))
        number += len(page)
    return number, f"sha256:{sha256.hexdigest()}"


def _pieces(rows: list[tuple[Any, ...]]) -> Iterator[bytes]:
    """Each value after its length; ``-`` for one that is not there."""
    for row in rows:
        for value in row:
            if value is None:
                yield b"-"
            else:
                content = value if type(value) is bytes else str(value).encode("utf-8", "replace")
                yield b"%d:" % len(content)
                yield content


def _prepare(connection: sqlite3.Connection) -> None:
    """Let statements name the digest by which a state is known among those that are joined."""
    connection.create_function("known_by", 1, _known_by, deterministic=True)


def _known_by(joined: object) -> bytes:
    try:
        digests = split(typed(joined, bytes))
    except LedgerError:  # damaged: then it is not what was digested
        return b"?"
    return digests.record or digests.pixels or b""


def _state(table: str, digest: str) -> str:
    """The bytes of a state; none of one that is damaged."""
    return (
        f"ifnull(CAST(length(path) || ':' || path || {table}.verdict || x'00' || "
        f"ifnull({table}.why, '') || x'00' || {digest} AS BLOB), x'')"
    )


_NOW: Final = _state(
    "files", "CASE WHEN found IS NULL THEN coalesce(record, pixels, '') ELSE known_by(found) END"
)
_THEN: Final = _state("history", "known_by(digests)")

# A state that a run began is one of a file that was new then, or of one of whose states another has
# ended since.
_STATES_OF: Final = f"""
    SELECT id, 1, 0, {_NOW} FROM files WHERE since = :run
    AND (id > (SELECT files_before FROM runs WHERE id = :run) OR id IN (SELECT file FROM history
    WHERE id > (SELECT history_before FROM runs WHERE id = :run)))
    UNION ALL
    SELECT file, 0, history.id, {_THEN} FROM history JOIN files ON files.id = file
    WHERE history.run = :run AND history.id > (SELECT history_before FROM runs WHERE id = :run)
    ORDER BY 1, 2, 3"""  # noqa: S608 - names of columns
_ALL_STATES: Final = f"""
    SELECT id, 1, 0, {_NOW}, since FROM files
    UNION ALL
    SELECT file, 0, history.id, {_THEN}, history.run FROM history JOIN files ON files.id = file
    ORDER BY 1, 2, 3"""  # noqa: S608 - names of columns
_ENTRIES: Final = """SELECT id, path, size, mtime, first_run, since, verdict, why, arrival,
    referenced, expected, found, codestream, record, source, pixels FROM files ORDER BY id"""
