"""What the chain of runs does not cover, and follows from what it covers.

Which state of a file is its reference, and whether the file is expected, is in its row alone, and
so not in the texts of the chain.  But both follow from the states: the reference is the first that
was intact, or one that a person accepted; and a file is no longer expected if it is missing, and
that was accepted, or it was moved.  Without this, whoever edits a ledger could have an exchanged
file pass for the one that was recorded, or have nobody miss one that is gone.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from typing import Final

from napari_seal._text import printable
from napari_seal._verify.ledger.digests import Digests, join
from napari_seal._verify.ledger.states import typed


def problems(connection: sqlite3.Connection) -> Iterator[str]:
    """The first file of which a column does not follow from its states, in a sentence."""
    connection.create_function("joined", 4, _joined, deterministic=True)
    for sql, text in (
        (_EXPECTED, "whether the file {} is expected is not what its states say"),
        (_MISPLACED, "the reference of the file {} is not the state that it must be"),
        (_LATER, "the file {} has a later reference than its first, and nobody accepted it"),
    ):
        row = connection.execute(sql).fetchone()
        if row is not None:
            path = printable(os.fsdecode(typed(row[0], bytes)))
            yield f"Something edited the ledger: {text.format(path)}."


def _joined(*digests: object) -> bytes:
    packed = [d if isinstance(d, bytes) else None for d in digests]
    return join(Digests(*packed))


_EXPECTED: Final = """SELECT path FROM files WHERE expected !=
    (verdict != 'missing' OR (why IS NOT NULL AND why NOT LIKE '{"reasons":[{"code":"moved"%'))
    LIMIT 1"""

#: Of most files the present state is the reference.
_PRESENT: Final = "verdict = 'intact' AND found IS NULL AND since = referenced"

_MISPLACED: Final = f"""SELECT path FROM files WHERE NOT coalesce({_PRESENT}, 0)
    AND CASE WHEN referenced IS NULL
    THEN verdict = 'intact' OR EXISTS (SELECT 1 FROM history WHERE file = files.id
        AND history.verdict = 'intact')
    ELSE NOT EXISTS (SELECT 1 FROM history WHERE file = files.id AND history.verdict = 'intact'
        AND history.run = referenced AND digests = joined(codestream, record, source, pixels))
    END LIMIT 1"""  # noqa: S608 - names of columns

_LATER: Final = """SELECT path FROM files WHERE first_run != referenced
    AND EXISTS (SELECT 1 FROM history WHERE file = files.id AND history.verdict = 'intact'
        AND history.run < referenced)
    AND NOT EXISTS (SELECT 1 FROM runs WHERE id = referenced AND kind = 'accept') LIMIT 1"""
