"""What a person decides: that a file, as it is today, is the reference from now on."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from napari_seal._text import printable
from napari_seal._verify.ledger import chain, heads
from napari_seal._verify.ledger.database import Database
from napari_seal._verify.ledger.digests import Digests, join
from napari_seal._verify.ledger.facts import facts_of
from napari_seal._verify.ledger.roots import Root
from napari_seal._verify.ledger.runs import COMPLETE, new_run
from napari_seal._verify.ledger.states import why_of
from napari_seal._verify.run import check_found
from napari_seal.errors import LedgerError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from napari_seal._verify.ledger.facts import Facts
    from napari_seal._verify.verdict import Verdict


def accept(database: Database, root: Root, paths: Sequence[str], note: str) -> int:
    """Make the state of today the reference of files; all of them, or none.

    A file that is not there any more is no longer expected.  What was recorded before stays in the
    history, with the note.

    Returns
    -------
    int
        The number of the run under which it is written down.

    Raises
    ------
    LedgerError
        A file is not known, or is not intact by itself: it has nothing that could be a reference.
    """
    files: list[tuple[Verdict, Facts]] = []
    for path in dict.fromkeys(paths):
        verdict = check_found(path)
        facts = facts_of(path, verdict, root)
        if facts.is_folder:
            raise LedgerError(f"{printable(path)} is a folder; name the files to accept")
        if not verdict.intact and os.path.lexists(path):
            raise LedgerError(
                f"{printable(path)} is {verdict.verdict} by itself, and no state to refer to; only "
                "an intact file can be accepted, or one that is gone"
            )
        files.append((verdict, facts))
    with database.writing() as connection:
        run = new_run(connection, "accept", COMPLETE, json.dumps({"note": note}))
        for verdict, facts in files:
            _accept_one(connection, run, verdict, facts, note)
        chain.add(connection, run)
    database.settle()
    return run


def _accept_one(
    connection: sqlite3.Connection,
    run: int,
    verdict: Verdict,
    facts: Facts,
    note: str,
) -> None:
    row = connection.execute(
        "SELECT id, since, verdict, why, found, codestream, record, source, pixels FROM files "
        "WHERE path = ?",
        (facts.key,),
    ).fetchone()
    if row is None:
        raise LedgerError(
            f"the ledger does not know the file {printable(os.fsdecode(facts.key))}; it will after "
            "the next `napari-seal verify`"
        )
    number, since, word, why, found, *digests = row
    connection.execute(
        "INSERT INTO history (file, run, verdict, why, digests, note) VALUES (?, ?, ?, ?, ?, ?)",
        (number, since, word, why, found or join(Digests(*digests)), note),
    )
    if facts.size is None:
        connection.execute(
            "UPDATE files SET since = ?, verdict = 'missing', why = NULL, expected = 0 "
            "WHERE id = ?",
            (run, number),
        )
        return
    connection.execute(
        "UPDATE files SET since = ?, checked = ?, verdict = ?, why = ?, found = NULL, size = ?, "
        "mtime = ?, referenced = ?, expected = 1, codestream = ?, record = ?, source = ?, "
        "pixels = ? WHERE id = ?",
        (
            *(run, int(time.time()), str(verdict.verdict), why_of(verdict)),
            *(facts.size, facts.mtime, run, *facts.digests, number),
        ),
    )
    heads.add(connection, [(number, facts.digests)])
