"""The chain of runs: what each run did, in a text that names the digest of the text before it.

::

    {"napari-seal-run":1,"number":1,"previous":null,…}
         └── sha256 ──▶ {"napari-seal-run":1,"number":2,"previous":"sha256:…",…}
                             └── sha256 ──▶ the head: it stands for all runs

A run is linked when it ends, so that a run that was removed, edited, exchanged or put in later no
longer fits.  Runs that were removed from the *end* leave a chain that fits: they show only beside
a head that was signed, time-stamped or written down elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from napari_seal._verify.ledger import contents, listing, references
from napari_seal._verify.ledger.entries import UNFINISHED, counts_in, moment
from napari_seal._verify.ledger.states import typed
from napari_seal.errors import LedgerError

#: Version of the texts.
VERSION: Final = 1


class Head(NamedTuple):
    """The end of a chain: how many links it has, and the digest of the last, if there is one."""

    number: int
    digest: str | None


#: Of a chain without a link.
START: Final = Head(0, None)


def head(connection: sqlite3.Connection) -> Head:
    """The end of the chain."""
    last = connection.execute(
        "SELECT number, text FROM links ORDER BY number DESC LIMIT 1"
    ).fetchone()
    if last is None:
        return START
    return Head(typed(last[0], int), digest_of(typed(last[1], str)))


def digest_of(text: str) -> str:
    """The digest of a link's text, by which the next one names it."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def identity(connection: sqlite3.Connection) -> str:
    """By what a ledger is known from others: 32 hexadecimal digits, given at random."""
    found = connection.execute("SELECT value FROM about WHERE key = 'identity'").fetchone()
    if found is None:
        raise LedgerError("the ledger is damaged: it has no identity")
    return typed(found[0], bytes).hex()


def unfinished(connection: sqlite3.Connection) -> int | None:
    """The number of a run that has not ended, and so has no link."""
    row = connection.execute("SELECT id FROM runs WHERE state = ?", (UNFINISHED,)).fetchone()
    return None if row is None else typed(row[0], int)


def add(connection: sqlite3.Connection, run: int) -> None:
    """Link a run that has just ended."""
    _append(connection, run, contents.states_of(connection, run))


def add_all(connection: sqlite3.Connection) -> None:
    """Link the runs of a ledger that had no chain; each is marked as linked late."""
    states = contents.states_by_run(connection)
    runs = connection.execute(
        "SELECT id FROM runs WHERE state != ? ORDER BY id", (UNFINISHED,)
    ).fetchall()
    for (run,) in runs:
        _append(connection, run, states.get(run, NOTHING), late=True)


#: Number and digest of the states that a run began which changed nothing.
NOTHING: Final = (0, f"sha256:{hashlib.sha256().hexdigest()}")


def _append(
    connection: sqlite3.Connection, run: int, states: tuple[int, str], *, late: bool = False
) -> None:
    last = head(connection)
    text = _text(connection, last, run, states, late=late)
    if text is None:
        raise LedgerError(f"the ledger is damaged: run {run} is gone")
    connection.execute(
        "INSERT INTO links (number, run, text) VALUES (?, ?, ?)", (last.number + 1, run, text)
    )


def _text(
    connection: sqlite3.Connection, last: Head, run: int, states: tuple[int, str], *, late: bool
) -> str | None:
    """What the link after ``last`` says of a run as the ledger has it; None where that is gone."""
    facts = _facts(connection, run, states)
    if facts is None:
        return None
    value = {
        "napari-seal-run": VERSION,
        "ledger": identity(connection),
        "number": last.number + 1,
        "previous": last.digest,
        **facts,
        **({"late": True} if late else {}),
    }
    return json.dumps(value, separators=(",", ":"))


def _facts(
    connection: sqlite3.Connection, run: int, states: tuple[int, str]
) -> dict[str, Any] | None:
    row = connection.execute(
        "SELECT begun, ended, counts, kind, state, parameters, software FROM runs WHERE id = ?",
        (run,),
    ).fetchone()
    if row is None:
        return None
    begun, ended, counts, *texts = row
    kind, state, parameters, software = (typed(text, str) for text in texts)
    return {
        "run": run,
        "kind": kind,
        "state": state,
        "begun": moment(begun),
        "ended": moment(ended),
        "parameters": parameters,
        "folders": _folders(connection, run),
        "software": software,
        "counts": counts_in(counts),
        "states": states[0],
        "changes": states[1],
    }


def _folders(connection: sqlite3.Connection, run: int) -> str:
    """A digest over the folders that a run searched."""
    sha256 = hashlib.sha256()
    for folder, deep in connection.execute(
        "SELECT folder, deep FROM scopes WHERE run = ? ORDER BY folder", (run,)
    ):
        sha256.update(b"%d:%b%d" % (len(typed(folder, bytes)), folder, typed(deep, int)))
    return f"sha256:{sha256.hexdigest()}"


def problems(connection: sqlite3.Connection) -> Iterator[str]:
    """What does not fit: the first link that is broken, in a sentence; runs that have no link."""
    states = contents.states_by_run(connection)
    last = START
    linked = set()
    for number, run, text in connection.execute(
        "SELECT number, run, text FROM links ORDER BY number"
    ):
        place = last.number + 1
        found = _parsed(text)
        if number != place or found is None:
            yield f"Link {place} of the chain is gone, or no link at all."
            return
        expected = _text(
            connection, last, run, states.get(run, NOTHING), late=found.get("late") is True
        )
        if expected is None:
            yield f"Run {run}, which link {place} is about, was removed."
            return
        if expected != text:
            yield _differ(place, run, json.loads(expected), found)
            return
        linked.add(run)
        last = Head(place, digest_of(text))
    runs = dict(connection.execute("SELECT id, state FROM runs ORDER BY id").fetchall())
    for run, state in runs.items():
        if run not in linked and state != UNFINISHED:
            yield f"Run {run} has no link: it was put in, or its link was removed."
            return
    if unknown := states.keys() - runs.keys():
        yield f"Files have states since run {min(unknown, key=repr)!r}, and there is no such run."
    yield from references.problems(connection)
    yield from listing.problems(connection)


def _differ(place: int, run: int, expected: dict[str, Any], found: dict[str, Any]) -> str:
    names = [name for name in expected if found.get(name) != expected[name]]
    if not set(names).isdisjoint(_FITTING) or not names:
        return f"The chain is broken at link {place}: it does not continue what stands before it."
    verb = "differs" if len(names) == 1 else "differ"
    return f"Run {run} is not what link {place} says of it: {' and '.join(names)} {verb}."


#: What makes a link one of this chain, at its place.
_FITTING: Final = ("napari-seal-run", "ledger", "number", "previous")


def _parsed(text: object) -> dict[str, Any] | None:
    try:
        value = json.loads(typed(text, str))
    except (LedgerError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def digest_at(connection: sqlite3.Connection, number: int) -> str | None:
    """The digest of a link; None where there is no such link."""
    row = connection.execute("SELECT text FROM links WHERE number = ?", (number,)).fetchone()
    return None if row is None else digest_of(str(row[0]))


def late(connection: sqlite3.Connection) -> int:
    """How many runs were linked late: they ended before the ledger had a chain."""
    texts = connection.execute("SELECT text FROM links ORDER BY number")
    return sum((_parsed(text) or {}).get("late") is True for (text,) in texts)
