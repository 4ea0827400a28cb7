"""The lines of a manifest in a table, so that one of any length needs no memory."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format.names import INDEX_ENDING
from napari_seal._text import printable
from napari_seal._verify.ledger.digests import pack
from napari_seal._verify.ledger.manifest_lines import Line, Manifest, read_lines
from napari_seal._verify.scan import EXTENSIONS
from napari_seal.errors import FormatError, LedgerError, ReadError

if TYPE_CHECKING:
    from napari_seal._verify.ledger.database import Database
    from napari_seal._verify.ledger.roots import Root

#: Lines that are read at once.
_PAGE: Final = 500

# ``clash`` is the number of a line that gives the same file another digest.
_TABLE: Final = """CREATE TEMP TABLE manifest (path BLOB PRIMARY KEY, digest BLOB NOT NULL,
    image INTEGER NOT NULL, line INTEGER NOT NULL, clash INTEGER) WITHOUT ROWID"""
_INSERT: Final = """INSERT INTO temp.manifest (path, digest, image, line) VALUES (?, ?, ?, ?)
    ON CONFLICT (path) DO UPDATE SET clash = excluded.line WHERE digest != excluded.digest"""


def load_table(
    database: Database, root: Root, manifest: Manifest, base: str | None = None
) -> Iterator[tuple[int, str]]:
    """Put a manifest into the table ``temp.manifest``, anew.

    Parameters
    ----------
    database : Database
    root : Root
        In which all files must lie.
    manifest : Manifest
    base : str, optional
        The folder to which names are relative; by default the root.

    Yields
    ------
    (int, str)
        The number of a line that was not taken, and why.

    Raises
    ------
    ReadError
        The manifest cannot be read.
    """
    with database.reading() as connection:
        connection.execute("DROP TABLE IF EXISTS temp.manifest")
        connection.execute(_TABLE)
    folder = root.folder if base is None else base
    try:
        with open(manifest.path, "rb") as file:
            lines = read_lines(file, manifest.form, manifest.algorithm)
            while page := list(itertools.islice(lines, _PAGE)):
                rows: list[tuple[Any, ...]] = []
                for number, line in page:
                    try:
                        rows.append(_row(root, folder, number, line))
                    except (FormatError, LedgerError) as error:
                        yield number, f"{error}"
                with database.reading() as connection:
                    connection.executemany(_INSERT, rows)
    except OSError as error:
        shown = printable(manifest.path)
        raise ReadError(f"{shown} cannot be read: {error.strerror or error}") from error
    for path, number in _clashes(database):
        yield number, f"another digest for {printable(root.path(path))} than a line before"


def is_image(key: bytes) -> bool:
    """Whether runs look for files of this name."""
    return os.fsdecode(key).lower().endswith((*EXTENSIONS, INDEX_ENDING))


def _row(root: Root, folder: str, number: int, line: Line | FormatError) -> tuple[Any, ...]:
    if isinstance(line, FormatError):
        raise line
    if b"\0" in line.path:
        raise FormatError("a name with a NUL byte")
    key = root.key(os.path.join(folder, os.fsdecode(line.path)))
    if not key:
        raise FormatError("the name of a folder")
    return key, pack(line.algorithm, line.digest.hex()), is_image(key), number


def _clashes(database: Database) -> Iterator[tuple[bytes, int]]:
    with database.reading() as connection:
        rows: sqlite3.Cursor = connection.execute(
            "SELECT path, clash FROM temp.manifest WHERE clash IS NOT NULL ORDER BY clash"
        )
        yield from rows
