"""What imported manifests list: the digests of whole files, sealed or not.

A row of ``listed`` is never changed.  Of several for one file, the one of the last run counts; one
without a digest says that the file is not listed any more.  The run that wrote rows has a digest
over them among its parameters, which the chain of runs covers.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from napari_seal._verify.ledger.digests import unpack
from napari_seal._verify.ledger.states import typed
from napari_seal._verify.listed import ListedPath
from napari_seal._verify.load import Unlisted

if TYPE_CHECKING:
    from napari_seal._verify.ledger.roots import Root

#: Files that are looked up at once, of which the first has to wait for the last.
_PAGE: Final = 64

#: In place of a digest: not listed any more.
WITHDRAWN: Final = b""

#: The row that counts for each path; the columns beside `max` are those of its row (SQLite).
_CURRENT: Final = "SELECT path, digest, max(run) FROM listed {} GROUP BY path HAVING digest != x''"

_NEVER_SEEN: Final = _CURRENT.format("WHERE path > ? AND path NOT IN (SELECT path FROM files)")


def has_any(connection: sqlite3.Connection) -> bool:
    """Whether a manifest was ever imported."""
    return connection.execute("SELECT 1 FROM listed LIMIT 1").fetchone() is not None


def current(connection: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, bytes]:
    """The digests of those of some files that are listed, packed, by path."""
    marks = ",".join("?" * len(keys))
    rows = connection.execute(_CURRENT.format(f"WHERE path IN ({marks})"), keys)
    return {typed(path, bytes): typed(digest, bytes) for path, digest, _ in rows}


def with_listed(
    reading: Callable[[], AbstractContextManager[sqlite3.Connection]],
    root: Root,
    files: Iterator[str],
) -> Iterator[str]:
    """The files of a run; those that are listed as `ListedPath`.

    ``reading`` is `Database.reading`: what a database is made of is not known down here.
    """
    while page := list(itertools.islice(files, _PAGE)):
        keys = [b"" if type(path) is Unlisted else root.key(path) for path in page]
        with reading() as connection:
            known = current(connection, keys)
        for path, key in zip(page, keys, strict=True):
            packed = known.get(key)
            yield path if packed is None else ListedPath.make(path, unpack(packed))


def never_seen(connection: sqlite3.Connection, after: bytes, number: int) -> list[bytes]:
    """Paths that are listed, and that no run has seen, from ``after`` on."""
    rows = connection.execute(f"{_NEVER_SEEN} ORDER BY path LIMIT ?", (after, number))
    return [typed(path, bytes) for path, _, _ in rows]


def add(connection: sqlite3.Connection, run: int, rows: list[tuple[bytes, bytes]]) -> None:
    """Write what a run lists; `digest_rows` of the same must be among its parameters."""
    connection.executemany(
        "INSERT INTO listed (path, run, digest) VALUES (?, ?, ?)",
        [(path, run, digest) for path, digest in rows],
    )


def digest_rows(rows: Iterable[tuple[object, object]]) -> str:
    """The digest over paths and their digests, in the order of the paths."""
    sha256 = hashlib.sha256()
    for path, digest in rows:
        for value in (typed(path, bytes), typed(digest, bytes)):
            sha256.update(b"%d:%b" % (len(value), value))
    return f"sha256:{sha256.hexdigest()}"


def problems(connection: sqlite3.Connection) -> Iterator[str]:
    """The first run whose rows are not those that its parameters tell of, in a sentence."""
    rows = connection.execute("SELECT path, digest, run FROM listed ORDER BY run, path")
    found = {
        run: digest_rows((path, digest) for path, digest, _ in group)
        for run, group in itertools.groupby(rows, lambda row: typed(row[2], int))
    }
    for run, kind, parameters in connection.execute(
        "SELECT id, kind, parameters FROM runs WHERE kind IN ('import', 'accept') ORDER BY id"
    ):
        told = json.loads(typed(parameters, str)).get("listed")
        if found.pop(run, None) != told:
            yield f"Something edited the ledger: what run {run} ({kind}) lists is not what it was."
            return
    if found:
        yield f"Something edited the ledger: run {min(found)} lists files, and imported none."
