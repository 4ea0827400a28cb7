"""The archive of the tests of ledgers, in words, and edits of a ledger behind its back."""

from __future__ import annotations

import sqlite3

from napari_seal import Ledger, Verdict

#: The archive as it is at first: verdicts by path.
INTACT = {"a.jpg": "intact", "b.jpg": "intact", "below/c.jpg": "intact"}


def words(verdicts: dict[str, Verdict]) -> dict[str, str]:
    """The verdicts of files, by path."""
    return {path: str(verdict.verdict) for path, verdict in verdicts.items()}


def edit(ledger: Ledger, *statements: str) -> None:
    """Run statements of SQL on its tables."""
    connection = sqlite3.connect(ledger.path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
