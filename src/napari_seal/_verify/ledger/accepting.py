"""What a person decides: that a file, as it is today, is the reference from now on."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from napari_seal._text import printable
from napari_seal._verify.checking import check_found
from napari_seal._verify.ledger import chain, heads, listing
from napari_seal._verify.ledger.database import Database
from napari_seal._verify.ledger.digests import Digests, digest_of, join, unpack
from napari_seal._verify.ledger.entries import COMPLETE
from napari_seal._verify.ledger.facts import facts_of
from napari_seal._verify.ledger.roots import Root
from napari_seal._verify.ledger.runs import new_run
from napari_seal._verify.ledger.states import why_of
from napari_seal._verify.listed import judge_listed
from napari_seal._verify.load import load
from napari_seal._verify.verdict import Outcome
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
        A file is not known, or it has nothing that could be a reference: it is not intact by
        itself, nor one without a seal that a manifest lists.
    """
    files: list[tuple[Verdict, Facts]] = []
    listed: dict[bytes, bytes] = {}
    for path in dict.fromkeys(paths):
        verdict = check_found(path)
        facts = facts_of(path, verdict, root)
        if facts.is_folder:
            raise LedgerError(f"{printable(path)} is a folder; name the files to accept")
        with database.reading() as connection:
            is_listed = facts.key in listing.current(connection, [facts.key])
        if is_listed:
            listed[facts.key], verdict = _list_anew(path, verdict)
        unsealed = is_listed and verdict.verdict is Outcome.NO_SEAL
        if not verdict.intact and not unsealed and os.path.lexists(path):
            raise LedgerError(
                f"{printable(path)} is {verdict.verdict} by itself, and no state to refer to; only "
                "an intact file can be accepted, one that is gone, or one without a seal that an "
                "imported manifest lists"
            )
        files.append((verdict, facts))
    parameters = {"note": note}
    if listed:
        parameters["listed"] = listing.digest_rows(sorted(listed.items()))
    with database.writing() as connection:
        run = new_run(connection, "accept", COMPLETE, json.dumps(parameters))
        for verdict, facts in files:
            _accept_one(connection, run, verdict, facts, note)
        listing.add(connection, run, [*listed.items()])
        chain.add(connection, run)
    database.settle()
    return run


def _list_anew(path: str, verdict: Verdict) -> tuple[bytes, Verdict]:
    """The digest that a file has now, to be listed from now on; and the verdict beside it."""
    data = load(path)
    if not isinstance(data, bytes):
        return listing.WITHDRAWN, verdict
    packed = digest_of(data, "sha256")
    return packed, judge_listed(verdict, unpack(packed), data)


def _accept_one(
    connection: sqlite3.Connection,
    run: int,
    verdict: Verdict,
    facts: Facts,
    note: str,
) -> None:
    row = connection.execute(
        "SELECT id, since, verdict, why, found, referenced, codestream, record, source, pixels "
        "FROM files WHERE path = ?",
        (facts.key,),
    ).fetchone()
    if row is None:
        raise LedgerError(
            f"the ledger does not know the file {printable(os.fsdecode(facts.key))}; it will after "
            "the next `napari-seal verify`"
        )
    number, since, word, why, found, referenced, *digests = row
    if referenced is not None and verdict.verdict is Outcome.NO_SEAL:
        raise LedgerError(
            f"{printable(os.fsdecode(facts.key))} has no seal, and had one when it was recorded; "
            "it is no state to refer to"
        )
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
            *(facts.size, facts.mtime, run if verdict.intact else None, *facts.digests, number),
        ),
    )
    heads.add(connection, [(number, facts.digests)])
