"""What stands in a ledger, as bytes to be digested, in a fixed order so that it can be repeated.

A *state* of a file begins in one run and is never changed by a later one: when it ends, it moves
from ``files`` to ``history``.  So the states that a run began can be digested at its end, and again
at any time after::

    length of the path, ":", path, verdict, NUL, reasons (JSON) or nothing, NUL, digest

The digest is the packed one of the record, which covers all others in the seal; where there is no
record, that of the pixels.  States are in the order of their files' numbers, those of one file in
the order of time.

The *entries* are all rows of ``files`` in the order of their numbers, with all columns but those
that say when a file was last read::

    length of the path, ":", path, NUL, verdict, NUL, reasons, NUL, arrival, NUL,
    first_run, since, referenced, expected, size, mtime: between spaces, "-" for none, NUL,
    found, codestream, record, source, pixels: each after its length and ":"; "-" for none
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from typing import TYPE_CHECKING, Final

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
    values = {"run": run}
    changed = connection.execute(_ANY_ENDED, values).fetchone() is not None
    return _digest(connection.execute(_STATES_OF if changed else _NEW_STATES_OF, values))


def states_by_run(connection: sqlite3.Connection) -> dict[int, tuple[int, str]]:
    """The same of all runs, in one way through the ledger."""
    _prepare(connection)
    digests: defaultdict[int, _Hash] = defaultdict(hashlib.sha256)
    numbers: defaultdict[int, int] = defaultdict(int)
    rows = connection.execute(_ALL_STATES)
    while page := rows.fetchmany(_PAGE):
        states: defaultdict[int, list[bytes]] = defaultdict(list)
        for state, run, *_ in page:
            states[run].append(state)
        for run, found in states.items():
            digests[run].update(b"".join(found))
            numbers[run] += len(found)
    return {run: (numbers[run], f"sha256:{digests[run].hexdigest()}") for run in digests}


def entries(connection: sqlite3.Connection) -> tuple[int, str]:
    """Number and digest of all entries."""
    return _digest(connection.execute(_ENTRIES))


def _digest(rows: sqlite3.Cursor) -> tuple[int, str]:
    """Of the first values of rows: how many, and the digest of them all."""
    sha256 = hashlib.sha256()
    number = 0
    while page := rows.fetchmany(_PAGE):
        sha256.update(b"".join([row[0] for row in page]))
        number += len(page)
    return number, f"sha256:{sha256.hexdigest()}"


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
# ended since.  On the first run, none has.
_BEFORE: Final = "(SELECT {}_before FROM runs WHERE id = :run)"
_ENDED: Final = f"FROM history WHERE id > {_BEFORE.format('history')}"
_ANY_ENDED: Final = f"SELECT 1 {_ENDED} LIMIT 1"
_NEW_STATES_OF: Final = f"""
    SELECT {_NOW} FROM files WHERE since = :run AND id > {_BEFORE.format("files")}
    ORDER BY id"""  # noqa: S608 - names of columns
_STATES_OF: Final = f"""
    SELECT {_NOW}, id, 1, 0 FROM files WHERE since = :run AND id > {_BEFORE.format("files")}
    UNION ALL
    SELECT {_NOW}, id, 1, 0 FROM files WHERE since = :run AND id <= {_BEFORE.format("files")}
    AND id IN (SELECT file {_ENDED})
    UNION ALL
    SELECT {_THEN}, +file, 0, history.id FROM history JOIN files ON files.id = file
    WHERE history.run = :run AND history.id > {_BEFORE.format("history")}
    ORDER BY 2, 3, 4"""  # noqa: S608 - names of columns
_ALL_STATES: Final = f"""
    SELECT {_NOW}, since, id, 1, 0 FROM files
    UNION ALL
    SELECT {_THEN}, history.run, file, 0, history.id FROM history JOIN files ON files.id = file
    ORDER BY 3, 4, 5"""  # noqa: S608 - names of columns


def _entry() -> str:
    texts = " || x'00' || ".join(f"ifnull({name}, '')" for name in ("verdict", "why", "arrival"))
    numbers = ("first_run", "since", "referenced", "expected", "size", "mtime")
    digests = ("found", "codestream", "record", "source", "pixels")
    parts = [
        "length(path) || ':' || path",
        texts,
        " || ' ' || ".join(f"ifnull({name}, '-')" for name in numbers),
        " || ".join(f"ifnull(length({name}) || ':' || {name}, '-')" for name in digests),
    ]
    whole = " || x'00' || ".join(parts)
    return f"ifnull(CAST({whole} AS BLOB), x'')"


_ENTRIES: Final = f"SELECT {_entry()} FROM files ORDER BY id"  # noqa: S608 - names of columns
