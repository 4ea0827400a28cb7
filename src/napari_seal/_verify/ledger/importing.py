"""What a person knows of an archive from before it had a ledger: a manifest becomes a reference."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from napari_seal._text import printable
from napari_seal._verify.ledger import chain, heads, listing
from napari_seal._verify.ledger.digests import unpack
from napari_seal._verify.ledger.entries import COMPLETE
from napari_seal._verify.ledger.manifest_table import load_table
from napari_seal._verify.ledger.runs import keep_root, new_run, stop_unfinished
from napari_seal.errors import LedgerError, OptionError

if TYPE_CHECKING:
    import sqlite3

    from napari_seal._verify.ledger.database import Database
    from napari_seal._verify.ledger.manifest_lines import Manifest
    from napari_seal._verify.ledger.roots import Root

#: Lines of which an error says what is wrong with them.
_TOLD: Final = 10


def import_manifest(
    database: Database, root: Root, about: list[tuple[str, bytes]], manifest: Manifest, base: str
) -> int:
    """Make the digests in a manifest those that runs compare files with: all of them, or none.

    Returns
    -------
    int
        The number of the run under which it is written down.

    Raises
    ------
    LedgerError
        A line cannot be taken, or disagrees with one imported before; there is no image among the
        files; or a run goes on.
    ReadError
        The manifest cannot be read.
    """
    shown = printable(os.path.basename(manifest.path))
    database.lock()
    try:
        _refuse(shown, load_table(database, root, manifest, base))
        with database.writing() as connection:
            _refuse(shown, _disagreeing(connection))
            numbers = {word: connection.execute(sql).fetchone()[0] for word, sql in _COUNTS}
            if not numbers["listed"] + numbers["known"]:
                raise LedgerError(
                    f"{shown} lists no file that is named like a JPEG or PNG image; nothing was "
                    "imported"
                )
            stop_unfinished(connection)
            keep_root(connection, about)
            heads.add_waiting(connection)  # of a run that did not get so far
            rows = connection.execute(f"SELECT path, digest {_NEW} ORDER BY path")
            parameters = {"manifest": shown, "listed": listing.digest_rows(rows)}
            if not numbers["listed"]:
                del parameters["listed"]
            run = new_run(connection, "import", COMPLETE, json.dumps(parameters))
            connection.execute(
                f"INSERT INTO listed (path, run, digest) SELECT path, ?, digest {_NEW}",
                (run,),
            )
            counts = {word: number for word, number in numbers.items() if number}
            connection.execute("UPDATE runs SET counts = ? WHERE id = ?", (json.dumps(counts), run))
            # Whoever lists a folder knows it: what is found in it beside is extra.
            connection.execute(
                "INSERT INTO scopes (run, folder, deep) VALUES (?, ?, 1)",
                (run, root.folder_key(base)),
            )
            chain.add(connection, run)
        database.settle()
    finally:
        database.unlock()
    return run


def base_of(manifest: Manifest, base: str | os.PathLike[str] | None, root: str | None) -> str:
    """The folder to which the names in a manifest are relative.

    Raises
    ------
    OptionError
        There is no such folder.
    """
    if base is not None:
        folder = os.fsdecode(base)
    elif root is not None:
        folder = root
    else:
        beside = os.path.dirname(manifest.path) or os.curdir
        folder = os.path.join(beside, "data") if manifest.form == "bagit" else beside
    if not os.path.isdir(folder):
        raise OptionError(
            f"the names in a manifest are relative to a folder, and {printable(folder)} is none; "
            "name it with --base (in Python: base=)"
        )
    return folder


#: Among the files of a manifest those that are listed already; `listing.current` in one statement.
_OLD: Final = """(SELECT path, digest FROM
    (SELECT path, digest, max(run) FROM listed GROUP BY path) WHERE digest != x'')"""
_NEW: Final = f"FROM temp.manifest WHERE image AND path NOT IN (SELECT path FROM {_OLD})"  # noqa: S608
_COUNTS: Final = (
    ("listed", f"SELECT count(*) {_NEW}"),
    ("known", f"SELECT count(*) FROM temp.manifest JOIN {_OLD} USING (path) WHERE image"),  # noqa: S608
    ("not-an-image", "SELECT count(*) FROM temp.manifest WHERE NOT image"),
)


def _disagreeing(connection: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    rows = connection.execute(
        "SELECT path, manifest.line, old.digest FROM temp.manifest AS manifest "  # noqa: S608
        f"JOIN {_OLD} AS old USING (path) WHERE image AND manifest.digest != old.digest "
        "ORDER BY manifest.line"
    )
    for path, line, digest in rows:
        name = printable(os.fsdecode(path))
        yield line, f"{name} is listed with {unpack(digest)} already; `ledger accept` replaces it"


def _refuse(name: str, problems: Iterator[tuple[int, str]]) -> None:
    """Raise if there is a problem with a line."""
    told = [f"line {number}: {text}" for number, text in itertools.islice(problems, _TOLD)]
    if not told:
        return
    more = sum(1 for _ in problems)
    rest = f"; and {more:,} lines more" if more else ""
    raise LedgerError(f"nothing was imported from {name}: {'; '.join(told)}{rest}")
