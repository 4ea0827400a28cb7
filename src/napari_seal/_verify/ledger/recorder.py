"""Writing what a run finds into the ledger, batch by batch; each batch is one transaction."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from napari_seal._text import printable
from napari_seal._verify.ledger import heads, listing, seen
from napari_seal._verify.ledger.changes import COLUMNS, Changes, Checked, Row, is_plain
from napari_seal._verify.ledger.database import Database
from napari_seal._verify.ledger.digests import NO_DIGESTS, Digests
from napari_seal._verify.ledger.facts import Facts
from napari_seal._verify.ledger.judge import identity, judge
from napari_seal._verify.ledger.roots import Root
from napari_seal._verify.ledger.states import typed
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Outcome, Verdict

#: Files a transaction.
BATCH: Final = 500

#: Seconds after which a transaction is closed with fewer, so that slow runs lose little.
SOON: Final = 1.0

#: Other files of one identity that are looked at to tell a moved file from a copied one.
_TWINS: Final = 100


#: When a file was last read that no run has ever seen.
NEVER: Final = 0


class Scope(NamedTuple):
    """A folder that a run searched; ``deep`` with all folders in it."""

    folder: bytes
    deep: bool = True

    def covers(self, key: bytes) -> bool:
        """Whether a file of this path would have been found."""
        start = self.folder + b"/" if self.folder else b""
        return key.startswith(start) and (self.deep or b"/" not in key[len(start) :])


class Recorder:
    """One run's way into the ledger.

    Parameters
    ----------
    database : Database
    root : Root
    run : int
        Its number.
    covered : sequence of Scope
        What earlier runs searched in full: a file there that is new was added since.
    counts : Counter of str
        Files by verdict so far.
    """

    def __init__(
        self,
        database: Database,
        root: Root,
        run: int,
        covered: Sequence[Scope],
        counts: Counter[str],
    ) -> None:
        self._database = database
        self._root = root
        self.run = run
        self._covered = covered
        self.counts = counts
        with database.reading() as connection:
            self._any_listed = listing.has_any(connection)
        self._empty = not covered and self._is_empty()
        self._unindexed = 0
        #: Folders that could not be listed: nothing is known about the files in them.
        self.blind: list[bytes] = []

    def record(self, batch: Iterable[Checked]) -> list[Verdict]:
        """Write a batch, and return the verdicts as the ledger sees them."""
        checked = list(batch)
        verdicts = [verdict for verdict, _ in checked]
        with self._database.writing() as connection:
            changes = Changes(self.run, int(time.time()))
            rest = self._record_plain(connection, changes, checked)
            self.counts["intact"] += len(checked) - len(rest)
            if rest:
                others = [checked[place] for place in rest]
                told = self._record_each(connection, changes, others)
                for place, verdict in zip(rest, told, strict=True):
                    verdicts[place] = verdict
            self._write_counts(connection)
            self._unindexed += len(checked)
            if self._unindexed >= heads.PORTION:
                heads.add_waiting(connection)
                self._unindexed = 0
        return verdicts

    def _record_plain(
        self, connection: sqlite3.Connection, changes: Changes, checked: list[Checked]
    ) -> list[int]:
        """Write many at once of what is plainly intact, as most files are; places of the others."""
        plain = [place for place, (verdict, _) in enumerate(checked) if is_plain(verdict)]
        files = [checked[place][1] for place in plain]
        if self._empty:
            self._empty = changes.write_new(connection, files)
            if self._empty:
                return sorted(set(range(len(checked))).difference(plain))
        found = seen.numbers(connection, files)
        steady: set[int] = set()
        for first, last in seen.spans(found):
            if last - first + 1 >= seen.FEW:
                seen.add(connection, self.run, changes.now, first, last)
                steady.update(range(first, last + 1))
        done = {place for place, number in zip(plain, found, strict=True) if number in steady}
        return [place for place in range(len(checked)) if place not in done]

    def _record_each(
        self, connection: sqlite3.Connection, changes: Changes, checked: list[Checked]
    ) -> list[Verdict]:
        verdicts = []
        rows = self._rows(connection, [facts.key for _, facts in checked])
        for verdict, facts in checked:
            row = rows.get(facts.key)
            told: Verdict | None = verdict
            if row is not None and _is_steady(verdict, facts, row):
                changes.steady(row, facts)
            elif row is not _DONE:  # it was not named twice
                told = self._record_one(connection, changes, row, verdict, facts)
            if told is None:
                verdicts.append(verdict)
                continue
            rows[facts.key] = _DONE
            self.counts[str(told.verdict)] += 1
            verdicts.append(told)
        changes.write(connection)
        return verdicts

    def record_missing(self, rows: Iterable[Sequence[Any]]) -> list[tuple[bytes, Verdict]]:
        """Write that files are not there; ``rows`` are of `MISSING_COLUMNS`."""
        out = []
        with self._database.writing() as connection:
            changes = Changes(self.run, int(time.time()))
            for checked, *values in rows:
                row = Row._make(values).sound()
                verdict = _missing(row, typed(checked, int))
                changes.state(row, verdict, Facts(row.path, None, None, *row.digests), absent=True)
                self.counts[str(verdict.verdict)] += 1
                out.append((row.path, verdict))
            changes.write(connection)
            self._write_counts(connection)
        return out

    def record_never_there(self, keys: Sequence[bytes]) -> list[tuple[bytes, Verdict]]:
        """Write that files are not there which a manifest lists, and which no run has seen."""
        if not keys:
            return []
        out = [(key, _missing(None, NEVER)) for key in keys]
        with self._database.writing() as connection:
            changes = Changes(self.run, NEVER)
            for key, verdict in out:
                changes.new(verdict, Facts(key), None)
                self.counts[str(verdict.verdict)] += 1
            changes.write(connection)
            self._write_counts(connection)
        return out

    def _is_empty(self) -> bool:
        """Whether no run has written of any file yet."""
        with self._database.reading() as connection:
            return connection.execute("SELECT 1 FROM files LIMIT 1").fetchone() is None

    def _write_counts(self, connection: sqlite3.Connection) -> None:
        text = json.dumps(self.counts)
        connection.execute("UPDATE runs SET counts = ? WHERE id = ?", (text, self.run))

    def _rows(self, connection: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, Row]:
        marks = ",".join("?" * len(keys))
        sql = f"{_SELECT} WHERE path IN ({marks})"
        return {row[5]: Row._make(row) for row in connection.execute(sql, keys)}

    def _record_one(
        self,
        connection: sqlite3.Connection,
        changes: Changes,
        row: Row | None,
        verdict: Verdict,
        facts: Facts,
    ) -> Verdict | None:
        """Note what is to be written; None for what is no file of the archive."""
        if facts.is_folder:
            self.blind.append(facts.key)
            return None
        absent = facts.size is None and any(
            reason.code is ReasonCode.FILE_MISSING for reason in verdict.reasons
        )
        if row is None:
            if absent:
                return None
            arrival = self._arrival(connection, changes, verdict, facts)
            changes.new(verdict, facts, arrival)
            return _beside(verdict, arrival)
        row.sound()
        if absent:
            if not row.expected:
                return None
            verdict = replace(verdict, verdict=Outcome.MISSING)
        else:
            verdict = judge(verdict, facts.digests, row.digests if row.referenced else None)
        changes.state(row, verdict, facts, absent=absent)
        return verdict

    def _arrival(
        self,
        connection: sqlite3.Connection,
        changes: Changes,
        verdict: Verdict,
        facts: Facts,
    ) -> Reason | None:
        """How a new path came into the archive: moved, copied, or from outside."""
        key = facts.key
        if not self._covered or (self._any_listed and listing.current(connection, [key])):
            return None  # all that is known came with it, or a manifest told of it
        twins = self._twins(connection, facts.digests) if verdict.intact else []
        here = None
        for twin in twins:
            if twin.path == key or not (twin.expected or twin.verdict != Outcome.MISSING):
                continue
            if os.path.lexists(self._root.path(twin.path)):
                here = here or twin
            elif twin.id not in changes.moved:
                reason = Reason(
                    code=ReasonCode.MOVED,
                    message="The file was moved here: the ledger knows it under another path.",
                    expected=printable(os.fsdecode(twin.path)),
                    found=printable(os.fsdecode(key)),
                )
                changes.move(twin, reason)
                return reason
        if here is not None:
            return Reason(
                code=ReasonCode.COPIED,
                message="The file is a copy: the ledger knows it under another path, too.",
                expected=printable(os.fsdecode(here.path)),
                found=printable(os.fsdecode(key)),
            )
        if not any(scope.covers(key) for scope in self._covered):
            return None
        text = "The file is not one that the ledger knew: it was added since."
        return Reason(code=ReasonCode.EXTRA, message=text)

    def _twins(self, connection: sqlite3.Connection, digests: Digests) -> list[Row]:
        """Files that earlier runs saw with the very same seal."""
        digest = digests.record or digests.pixels
        if digest is None:
            return []
        rows = heads.candidates(connection, _SELECT, digest[: heads.SIZE])
        found = (Row._make(row).sound() for row in itertools.islice(rows, _TWINS))
        return [row for row in found if row.digests == digests]


_DONE: Final = Row(*NO_DIGESTS, 0, b"", 0, "", None, None, None, 0)


def _is_steady(verdict: Verdict, facts: Facts, row: Row) -> bool:
    """Whether a file is plainly intact, as it was: true of most, and soon said."""
    return (
        is_plain(verdict)
        and row[:4] == facts.digests
        and row.verdict == "intact"
        and row.why is None
        and row.found is None
        and row.referenced is not None
        and row.expected == 1
    )


_SELECT: Final = f"SELECT {COLUMNS} FROM files"  # noqa: S608 - names of columns

#: What `Recorder.record_missing` reads.
MISSING_COLUMNS: Final = f"{seen.CHECKED}, {COLUMNS}"


def _beside(verdict: Verdict, reason: Reason | None) -> Verdict:
    return verdict if reason is None else replace(verdict, reasons=(*verdict.reasons, reason))


def _missing(row: Row | None, checked: int) -> Verdict:
    digest = None if row is None else identity(row.digests)
    if checked == NEVER:
        text = "An imported manifest lists the file, and it is not there."
    else:
        when = time.strftime("%Y-%m-%d", time.gmtime(checked))
        text = f"The file was last verified on {when}, and is not there."
    reason = Reason(
        code=ReasonCode.FILE_MISSING,
        message=text,
        expected=None if digest is None else digest[:-1].hex(),
    )
    return Verdict(path="", verdict=Outcome.MISSING, reasons=(reason,))
