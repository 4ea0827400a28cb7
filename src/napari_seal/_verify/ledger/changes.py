"""What a batch changes in the ledger, gathered, so that each kind of change is one statement."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from napari_seal._trust.states import Signature
from napari_seal._verify.ledger import heads
from napari_seal._verify.ledger.digests import Digests, join
from napari_seal._verify.ledger.states import why_of
from napari_seal._verify.verdict import Outcome
from napari_seal.errors import LedgerError

if TYPE_CHECKING:
    from napari_seal._verify.ledger.facts import Facts
    from napari_seal._verify.reasons import Reason
    from napari_seal._verify.verdict import Verdict


#: A verdict on a file, and the facts beside it.
Checked: TypeAlias = "tuple[Verdict, Facts]"


def is_plain(verdict: Verdict) -> bool:
    """Whether there is nothing to tell but that a file is intact."""
    return (
        verdict.verdict is Outcome.INTACT
        and not verdict.reasons
        and verdict.signature is Signature.NONE
    )


class Row(NamedTuple):
    """A row of ``files`` as a run needs it."""

    codestream: bytes | None
    record: bytes | None
    source: bytes | None
    pixels: bytes | None
    id: int
    path: bytes
    since: int
    verdict: str
    why: str | None
    found: bytes | None
    referenced: int | None
    expected: int

    def sound(self) -> Row:
        """The row itself, if its values are what a run writes.

        Raises
        ------
        LedgerError
            Some are not: the ledger is damaged.
        """
        for kind, values in (
            (int, (self.id, self.since, self.expected)),
            (str, (self.verdict,)),
            (bytes, (self.path,)),
            (str | None, (self.why,)),
            (int | None, (self.referenced,)),
            (bytes | None, (*self.digests, self.found)),
        ):
            if not all(isinstance(value, kind) for value in values):
                raise LedgerError("the ledger is damaged: a row holds values of other types")
        return self

    @property
    def digests(self) -> Digests:
        """Of the reference, or where there is none, as they were last claimed."""
        return Digests(*self[:4])


COLUMNS: Final = ", ".join(Row._fields)


class Changes:
    """The changes of one batch of one run."""

    def __init__(self, run: int, now: int) -> None:
        self._run = run
        self.now = now
        self._steady: list[tuple[Any, ...]] = []
        self._absent: list[tuple[Any, ...]] = []
        self._new: list[tuple[Any, ...]] = []
        self._changed: list[tuple[Any, ...]] = []
        self._moved: list[tuple[Any, ...]] = []
        self._heads: list[tuple[int, Digests]] = []
        self._history: list[tuple[Any, ...]] = []
        self.moved: set[int] = set()

    def new(self, verdict: Verdict, facts: Facts, arrival: Reason | None) -> None:
        """A path that the ledger has not seen."""
        run = self._run
        self._new.append(
            (
                *(facts.key, run, run, self.now, run, str(verdict.verdict), why_of(verdict)),
                *(facts.size, facts.mtime, run if verdict.intact else None),
                None if arrival is None else json.dumps(arrival.as_dict()),
                *facts.digests,
            )
        )

    def steady(self, row: Row, facts: Facts) -> None:
        """A file that is as it was."""
        self._steady.append((self._run, self.now, facts.size, facts.mtime, row.id))

    def write_new(self, connection: sqlite3.Connection, files: Sequence[Facts]) -> bool:
        """Write at once that paths are new and plainly intact; False, and nothing, if some are not.

        One statement for all costs a quarter of one for each.
        """
        if not files:
            return True
        values: list[Any] = [self._run, self.now]
        for key, size, _, codestream, record, source, pixels, _ in files:
            values += (_quick(key), size, _quick(codestream), _quick(record))
            values += (_quick(source), _quick(pixels))
        sql = _NEW_AND_PLAIN + ", ".join([_PLAIN_ROW] * len(files))
        try:
            connection.execute(sql, values)
        except sqlite3.IntegrityError:  # one was named twice
            return False
        return True

    def state(self, row: Row, verdict: Verdict, facts: Facts, *, absent: bool = False) -> None:
        """A path that it has seen: in the state of then, or in another."""
        digests = facts.digests
        found = None
        if absent:
            digests = row.digests
        elif row.referenced and digests != row.digests:
            found = join(digests)
        state = str(verdict.verdict), why_of(verdict), found
        first_intact = verdict.intact and not row.referenced
        if (
            (row.verdict, row.why, row.found) == state
            and (row.referenced or digests == row.digests)
            and row.expected
        ):
            if absent:
                self._absent.append((self._run, row.id))
            else:
                self.steady(row, facts)
            return
        self._history.append(
            (row.id, row.since, row.verdict, row.why, row.found or join(row.digests), None)
        )
        if digests != row.digests:
            self._heads.append((row.id, digests))
        reference = row.digests if row.referenced else digests
        self._changed.append(
            (
                *(self._run, self._run, *state, facts.size, facts.mtime),
                *(self._run if first_intact else row.referenced, *reference),
                *(None if absent else self.now, row.id),
            )
        )

    def move(self, row: Row, reason: Reason) -> None:
        """The file of a path that is no longer expected, because it is elsewhere now."""
        self.moved.add(row.id)
        self._history.append(
            (row.id, row.since, row.verdict, row.why, row.found or join(row.digests), None)
        )
        why = json.dumps({"reasons": [reason.as_dict()]}, separators=(",", ":"))
        self._moved.append((self._run, why, row.id))

    def write(self, connection: sqlite3.Connection) -> None:
        """Write it all."""
        for sql, values in (
            (_STEADY, self._steady),
            (_ABSENT, self._absent),
            (_NEW, self._new),
            (_CHANGED, self._changed),
            (_MOVED, self._moved),
            (_HISTORY, self._history),
        ):
            if values:
                connection.executemany(sql, values)
        heads.add(connection, self._heads)


_STEADY: Final = "UPDATE files SET last_run = ?, checked = ?, size = ?, mtime = ? WHERE id = ?"
_ABSENT: Final = "UPDATE files SET last_run = ? WHERE id = ?"
_NEW: Final = """INSERT INTO files (path, first_run, last_run, checked, since, verdict, why, size,
    mtime, referenced, arrival, codestream, record, source, pixels)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_NEW_AND_PLAIN: Final = """INSERT INTO files (first_run, last_run, checked, since, verdict,
    referenced, path, size, codestream, record, source, pixels) VALUES """
_PLAIN_ROW: Final = "(?1, ?1, ?2, ?1, 'intact', ?1, ?, ?, ?, ?, ?, ?)"
_CHANGED: Final = """UPDATE files SET last_run = ?, since = ?, verdict = ?, why = ?, found = ?,
    size = coalesce(?, size), mtime = ?, referenced = ?, codestream = ?,
    record = ?, source = ?, pixels = ?, checked = coalesce(?, checked), expected = 1 WHERE id = ?"""
_MOVED: Final = """UPDATE files SET verdict = 'missing', since = ?, why = ?, expected = 0
    WHERE id = ?"""
_HISTORY: Final = """INSERT INTO history (file, run, verdict, why, digests, note)
    VALUES (?, ?, ?, ?, ?, ?)"""


def _quick(value: bytes | None) -> bytearray | None:
    """What `sqlite3` takes as it is: for ``bytes`` it looks for an adapter, each time anew."""
    return None if value is None else bytearray(value)
