"""Questions to a ledger: which image is this, what was lost, what changed, and when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from napari_seal._format.digest import Digest
from napari_seal._text import printable
from napari_seal._verify.ledger import heads, seen
from napari_seal._verify.ledger.database import Database
from napari_seal._verify.ledger.digests import (
    KINDS,
    Digests,
    Prefix,
    join,
    split,
    unpack,
)
from napari_seal._verify.ledger.entries import (
    LedgerChange,
    LedgerEntry,
    LedgerEvent,
    LedgerRun,
    counts_in,
    digests_by_name,
    joined_digests,
    moment,
    reasons_in,
)
from napari_seal._verify.ledger.judge import identity
from napari_seal._verify.ledger.roots import Root
from napari_seal._verify.ledger.states import typed
from napari_seal._verify.verdict import Outcome
from napari_seal.errors import LedgerError, OptionError

_ENTRY: Final = (
    f"files.path, verdict, codestream, record, source, pixels, size, begun, {seen.CHECKED} AS read "
    "FROM files JOIN runs ON runs.id = first_run"
)


def runs(database: Database) -> list[LedgerRun]:
    """All runs, from the first."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT id, kind, state, begun, ended, counts, software FROM runs ORDER BY id"
        ).fetchall()
    return [
        LedgerRun(
            number=typed(number, int),
            kind=typed(kind, str),
            state=typed(state, str),
            begun=moment(begun),
            ended=moment(ended),
            counts=counts_in(counts),
            software=typed(software, str),
        )
        for number, kind, state, begun, ended, counts, software in rows
    ]


def count(database: Database) -> int:
    """Number of files that are expected to be there."""
    with database.reading() as connection:
        return typed(
            connection.execute("SELECT count(*) FROM files WHERE expected").fetchone()[0], int
        )


def find(database: Database, root: Root, prefix: Prefix) -> Iterator[LedgerEntry]:
    """Files one of whose digests begins with a prefix, each once for each such digest."""
    with database.reading() as connection:
        sql = f"SELECT found, {_ENTRY}"
        for found, *row in heads.candidates(connection, sql, prefix.low):
            reference = Digests(*row[2:6])
            # What is there now comes first, and is not told twice where it is the reference.
            now = reference if found is None else split(found)
            for digests in {now: None, reference: None}:
                for kind, digest in zip(KINDS, digests, strict=True):
                    if digest is not None and prefix.fits(digest):
                        shown = [*row[:2], *digests, *row[6:]]
                        yield _entry(root, shown, matched=kind)


def duplicates(database: Database, root: Root) -> Iterator[tuple[Digest, list[LedgerEntry]]]:
    """Images that are there more than once, with their files."""
    with database.reading() as connection:
        # Of 64 bits two that agree by chance are rare, and are told apart below.
        for head in heads.doubled(connection):
            images: dict[bytes, list[LedgerEntry]] = {}
            sql = f"SELECT found, {_ENTRY}"
            for found, *row in heads.candidates(connection, sql, head):
                digest = identity(Digests(*row[2:6]))
                there = found is None and row[1] != Outcome.MISSING
                if there and digest is not None and typed(digest, bytes).startswith(head):
                    images.setdefault(digest, []).append(_entry(root, row))
            for digest, entries in images.items():
                if len(entries) > 1:
                    yield unpack(digest), sorted(entries, key=lambda entry: entry.path)


#: Seconds by which the clocks of two machines may differ.
_AHEAD: Final = 86_400


def missing(database: Database, root: Root) -> Iterator[LedgerEntry]:
    """Files that are expected, and were not there when they were last looked for."""
    yield from _select(database, root, "verdict = 'missing' AND expected ORDER BY files.path")


def stale(database: Database, root: Root, days: float) -> Iterator[LedgerEntry]:
    """Files that are expected and have not been read for so many days, the longest ago first."""
    now = time.time()
    # No time is before 1970; files that were never read have that of its beginning.
    before = int(max(now - min(days, 1e9) * 86_400, 1))
    # What was read in days to come was read by a wrong clock: nobody knows when.
    yield from _select(
        database,
        root,
        "(read < ? OR read > ?) AND expected AND verdict <> 'missing' ORDER BY read",
        before,
        int(now) + _AHEAD,
    )


def history(database: Database, root: Root, key: bytes) -> list[LedgerEvent]:
    """The states of a file, from the first to that of today.

    Raises
    ------
    LedgerError
        The ledger does not know the file.
    """
    path = root.path(key)
    with database.reading() as connection:
        now = connection.execute(
            "SELECT files.id, since, begun, verdict, why, found, codestream, record, source, "
            "pixels, arrival FROM files JOIN runs ON runs.id = since WHERE path = ?",
            (key,),
        ).fetchone()
        if now is None:
            raise LedgerError(f"the ledger does not know the file {printable(path)}")
        number, since, begun, verdict, why, found, *digests, arrival = now
        past = connection.execute(
            "SELECT run, begun, verdict, why, digests, note FROM history "
            "JOIN runs ON runs.id = run WHERE file = ? ORDER BY history.id",
            (number,),
        ).fetchall()
    events = [
        _event(path, (run, when, word, reasons), joined_digests(joined), note)
        for run, when, word, reasons, joined, note in past
    ]
    last = joined_digests(found) if found is not None else digests_by_name(Digests(*digests))
    events.append(_event(path, (since, begun, verdict, why), last))
    if arrival is not None:
        codes, messages = reasons_in(f'{{"reasons": [{typed(arrival, str)}]}}')
        events[0] = replace(
            events[0],
            reasons=events[0].reasons + codes,
            messages=events[0].messages + messages,
        )
    return events


def _event(
    path: str, row: tuple[Any, Any, Any, Any], digests: dict[str, Digest], note: object = None
) -> LedgerEvent:
    run, when, verdict, why = row
    codes, messages = reasons_in(why)
    return LedgerEvent(
        path=path,
        run=typed(run, int),
        when=moment(when),
        verdict=typed(verdict, str),
        reasons=codes,
        messages=messages,
        **digests,
        note=None if note is None else typed(note, str),
    )


def diff(database: Database, root: Root, before: int, after: int) -> Iterator[LedgerChange]:
    """Files whose state after one run is another than after an earlier one.

    Raises
    ------
    OptionError
        There is no such run, or they are not in order.
    """
    with database.reading() as connection:
        known = {row[0] for row in connection.execute("SELECT id FROM runs")}
        for number in (before, after):
            if number not in known:
                raise OptionError(
                    f"there is no run {number} in the ledger; `ledger runs` lists them"
                )
        if before >= after:
            raise OptionError(f"name the earlier run first: {after} {before}")
        rows = connection.execute(_DIFF, {"before": before, "after": after})
        for path, run, begun, *states, word, why, found, d1, d2, d3, d4 in rows:
            old, new = states[:3], states[3:]
            if new[0] is None and run <= after:  # it is still in this state
                new = [word, why, join(Digests(d1, d2, d3, d4)) if found is None else found]
            if old != new:
                yield LedgerChange(
                    path=root.path(path), before=old[0], after=new[0], run=run, when=moment(begun)
                )


# A row of `history` is a state from its run to that of the next one; the last is in `files`.
_DIFF: Final = """
WITH changed AS (
    SELECT *, coalesce(
        (SELECT min(run) FROM history WHERE file = files.id AND run > :before), since) AS first,
        (SELECT max(id) FROM history WHERE file = files.id AND run <= :before) AS old,
        CASE WHEN since > :after THEN
            (SELECT max(id) FROM history WHERE file = files.id AND run <= :after) END AS new
    FROM files WHERE since > :before
)
SELECT path, first, begun, old.verdict, old.why, old.digests, new.verdict, new.why, new.digests,
    changed.verdict, changed.why, found, codestream, record, source, pixels
FROM changed JOIN runs ON runs.id = first
LEFT JOIN history AS old ON old.id = changed.old
LEFT JOIN history AS new ON new.id = changed.new
WHERE first <= :after ORDER BY path
"""


def _select(
    database: Database, root: Root, condition: str, *parameters: object
) -> Iterator[LedgerEntry]:
    with database.reading() as connection:
        for row in connection.execute(f"SELECT {_ENTRY} WHERE {condition}", parameters):
            yield _entry(root, row)


def _entry(root: Root, row: Any, matched: str | None = None) -> LedgerEntry:
    key, verdict, *digests, size, begun, checked = row
    return LedgerEntry(
        path=root.path(key),
        verdict=typed(verdict, str),
        **digests_by_name(Digests(*digests)),
        size=None if size is None else typed(size, int),
        first_seen=moment(begun),
        last_verified=moment(checked or None),
        matched=matched,
    )
