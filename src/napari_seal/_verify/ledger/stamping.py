"""Having a statement time-stamped, and taking it out of the ledger, to be kept elsewhere."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_seal._text import printable
from napari_seal._trust.authority import authority_at
from napari_seal._trust.certificates import load_certificates
from napari_seal._trust.judge import Judge
from napari_seal._trust.timestamp import ask, verify
from napari_seal._verify.ledger import chain, statements
from napari_seal._verify.ledger.states import typed
from napari_seal._verify.replace import replacing
from napari_seal.errors import LedgerError, TargetExistsError, WriteError

if TYPE_CHECKING:
    from napari_seal._format.signature import Signer
    from napari_seal._verify.ledger.database import Database
    from napari_seal._verify.ledger.statements import LedgerStatement


def stamp(
    database: Database,
    url: str,
    tsa_ca: str | os.PathLike[str],
    signer: Signer | None,
    timeout: float,
) -> LedgerStatement:
    """Have the last statement time-stamped; see `Ledger.timestamp`."""
    send = authority_at(url, timeout=timeout)
    authorities = load_certificates(tsa_ca)
    if signer is not None or not _is_stated(database):
        statements.make(database, signer)
    number, told, _ = _last(database)
    token = ask(told.text.encode(), send, authorities)
    with database.writing() as connection:
        connection.execute("INSERT INTO stamps (statement, token) VALUES (?, ?)", (number, token))
    database.settle()
    return replace(told, timestamps=(verify(token, told.text.encode(), authorities),))


def write(database: Database, path: str, *, overwrite: bool) -> LedgerStatement:
    """Write the last statement, and its last time stamp; see `Ledger.write_statement`."""
    _, told, tokens = _last(database)
    beside = f"{path}.tsr"
    for name in (path, beside):
        if not overwrite and os.path.lexists(name):
            raise TargetExistsError(f"{printable(name)} exists; name another file, or overwrite it")
    try:
        # A time stamp of before would be one of another statement.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        _write(path, told.text.encode("ascii"))
        if tokens:
            _write(beside, tokens[-1])
    except OSError as error:
        raise WriteError(
            f"{printable(path)} cannot be written: {error.strerror or error}"
        ) from error
    return replace(told, unverified=len(tokens))


def _write(path: str, content: bytes) -> None:
    with replacing(path) as part:
        part.file.write(content)
        part.complete = True


def _is_stated(database: Database) -> bool:
    """Whether the last statement is about the runs that there are now."""
    with database.reading() as connection:
        last = connection.execute(
            "SELECT text FROM statements ORDER BY number DESC LIMIT 1"
        ).fetchone()
        head = chain.head(connection)
    return last is not None and statements.read(typed(last[0], str), Judge()).head == head.digest


def _last(database: Database) -> tuple[int, LedgerStatement, list[bytes]]:
    """The last statement, with its number and its time stamps."""
    with database.reading() as connection:
        row = connection.execute(
            "SELECT number, text FROM statements ORDER BY number DESC LIMIT 1"
        ).fetchone()
        if row is None:
            raise LedgerError(
                f"there is no statement about the ledger {printable(database.path)}; "
                "`napari-seal ledger sign` makes one"
            )
        rows = connection.execute(
            "SELECT token FROM stamps WHERE statement = ? ORDER BY number", (row[0],)
        ).fetchall()
    tokens = [typed(token, bytes) for (token,) in rows]
    return typed(row[0], int), statements.read(typed(row[1], str), Judge()), tokens
