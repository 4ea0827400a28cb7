"""A run: files are checked, what the ledger knows is added, and what is gone is told at the end."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal, TypeAlias

from napari_seal._verify.checking import Checking
from napari_seal._verify.engine import Engine, Settings
from napari_seal._verify.ledger import chain, heads, listing, seen
from napari_seal._verify.ledger.checkpoints import Checkpoints
from napari_seal._verify.ledger.database import BESIDE, Database
from napari_seal._verify.ledger.entries import COMPLETE, STOPPED, UNFINISHED, counts_in
from napari_seal._verify.ledger.facts import CheckingWithFacts, Facts
from napari_seal._verify.ledger.recorder import BATCH, MISSING_COLUMNS, SOON, Recorder, Scope
from napari_seal._verify.ledger.roots import Root, relative
from napari_seal._verify.ledger.states import typed, verdict_of
from napari_seal._verify.patience import find_patiently
from napari_seal._verify.run import open_engine
from napari_seal._verify.scan import count_images
from napari_seal._verify.verdict import Verdict
from napari_seal._version import __version__
from napari_seal.errors import LedgerError

Kind: TypeAlias = Literal["verify", "seal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a run is asked to do.

    Parameters
    ----------
    about : list of (str, bytes)
        What a new ledger keeps of its root.
    named : list of str
        Files and folders.
    recursive : bool
        Whether folders are searched with all folders in them.
    full, against
        See `napari_seal.check_many`.  To go on with a run, they must be the same.
    trust : str
        `Judge.identity` of the list of trusted keys.  It must be the same, too: what the run has
        found of signatures holds by this list.
    resume : bool
        Whether to go on with a run that did not finish.
    kind : {"verify", "seal"}
        ``"seal"`` where files were sealed just now.  Such a run leaves one alone that somebody may
        want to go on with.
    """

    about: list[tuple[str, bytes]]
    named: list[str]
    recursive: bool
    full: bool = False
    against: str | os.PathLike[str] | None = None
    trust: str = ""
    resume: bool = False
    kind: Kind = "verify"


def engine_of(
    database: Database, root: Root, request: Request, checking: Checking, settings: Settings
) -> Engine[tuple[Verdict, Facts]]:
    """What checks the files, and finds out what a ledger keeps of them."""
    return Engine(
        CheckingWithFacts(checking, root),
        settings,
        partial(_find, request, settings.timeout, database.path),
        partial(count_images, request.named, recursive=request.recursive),
    )


def verify_into(
    database: Database, root: Root, request: Request, engine: Engine[tuple[Verdict, Facts]]
) -> Generator[Verdict]:
    """Check files, write what is found, and yield the verdicts as the ledger sees them.

    Raises
    ------
    LedgerError
        Another run goes on, the ledger cannot be written, or no run with these parameters can be
        gone on with.
    NothingToCheckError
        There is not one file.
    """
    places = _Places(root, request)
    database.lock()
    try:
        first = open_engine(engine)
        run, counts, resumed = _begin(database, request, places)
        recorder = Recorder(database, root, run, _covered(database, run), counts)
        if resumed:
            yield from _stored(database, places, run)
        checked = engine.run(
            first,
            without=partial(_to_do, database, root, run, resumed),
            before=counts.total() if resumed else 0,
        )
        with Checkpoints(database) as checkpoints:
            for batch in _batches(checked):
                verdicts = recorder.record(batch)
                checkpoints.wrote()
                yield from verdicts
        if engine.stopped is not None:
            return  # what was not reached is not missing; the run can be gone on with
        for key, verdict in _missing(database, root, recorder, places.scopes):
            yield replace(verdict, path=places.shown(key))
        for key, verdict in _never_there(database, root, recorder, places.scopes):
            yield replace(verdict, path=places.shown(key))
        _finish(database, run)
    finally:
        database.unlock()


class _Places:
    """What was named, as the ledger sees it; and its files, as the user named them."""

    def __init__(self, root: Root, request: Request) -> None:
        self._root = root
        folders = {name: root.name(name) for name in request.named if os.path.isdir(name)}
        self._texts = {key: name for name, key in folders.items()}
        self.scopes = [Scope(key, request.recursive) for key in self._texts]
        files = [root.key(name) for name in request.named if name not in folders]
        digest = hashlib.sha256()
        for key in sorted([*self._texts, *files]):
            digest.update(b"%d:" % len(key) + key)
        self.digest = digest.hexdigest()

    def shown(self, key: bytes) -> str:
        """The path of a file, beginning with the folder as it was named."""
        folder = key
        while folder:
            folder = folder.rpartition(b"/")[0]
            if folder in self._texts:
                rest = key[len(folder) + 1 :] if folder else key
                return os.path.join(self._texts[folder], relative(rest))
        return self._root.path(key)


def _find(
    request: Request, timeout: float | None, ledger: str, stop: Callable[[], bool]
) -> Iterator[str]:
    """All files but the ledger itself, which may lie among them."""
    files = find_patiently(request.named, recursive=request.recursive, timeout=timeout, stop=stop)
    own = tuple(os.path.basename(ledger) + ending for ending in BESIDE)
    for path in files:
        if path.endswith(own) and os.path.realpath(path) in {ledger + end for end in BESIDE}:
            continue
        yield path


def _batches(
    checked: Iterator[tuple[Verdict, Facts]],
) -> Iterator[list[tuple[Verdict, Facts]]]:
    batch: list[tuple[Verdict, Facts]] = []
    begun = time.monotonic()
    for item in checked:
        batch.append(item)
        if len(batch) >= BATCH or time.monotonic() - begun > SOON:
            yield batch
            batch = []
            begun = time.monotonic()
    if batch:
        yield batch


# ---------------------------------------------------------------------------- the life of a run


_UNFINISHED: Final = (
    "SELECT id, parameters, counts FROM runs WHERE kind = 'verify' AND state = ? "
    "ORDER BY id DESC LIMIT 1"
)


def _begin(database: Database, request: Request, places: _Places) -> tuple[int, Counter[str], bool]:
    """Go on with the last run, or begin a new one: its number, counts, and which of the two."""
    parameters = _parameters(request, places)
    with database.writing() as connection:
        last = connection.execute(_UNFINISHED, (UNFINISHED,)).fetchone()
        if last is not None and request.resume:
            if last[1] != parameters:
                raise LedgerError(
                    f"run {last[0]} was begun with other folders, options or trusted keys, and "
                    "cannot go on with these; name the same, or begin a new run without --resume "
                    "(in Python: resume=False)"
                )
            return last[0], Counter(counts_in(last[2])), True
        stop_unfinished(connection, request.kind)
        keep_root(connection, request.about)
        heads.add_waiting(connection)  # of a run that did not get so far
        run = new_run(connection, request.kind, UNFINISHED, parameters)
        connection.executemany(
            "INSERT OR IGNORE INTO scopes (run, folder, deep) VALUES (?, ?, ?)",
            [(run, scope.folder, scope.deep) for scope in places.scopes],
        )
        return run, Counter(), False


def stop_unfinished(connection: sqlite3.Connection, kind: Kind = "verify") -> None:
    """Close runs that ended early: they can no longer be gone on with."""
    unfinished = "SELECT id FROM runs WHERE kind IN ('seal', ?) AND state = ? ORDER BY id"
    for (run,) in connection.execute(unfinished, (kind, UNFINISHED)).fetchall():
        _end(connection, run, STOPPED)


def keep_root(connection: sqlite3.Connection, about: list[tuple[str, bytes]]) -> None:
    """Write where the archive is, if this is the first that the ledger hears of it."""
    if not connection.execute("SELECT 1 FROM about WHERE key = 'root'").fetchone():
        connection.executemany("INSERT INTO about (key, value) VALUES (?, ?)", about)


def _parameters(request: Request, places: _Places) -> str:
    against = request.against
    values = {
        "full": request.full,
        "recursive": request.recursive,
        "against": None if against is None else ascii(os.path.realpath(against)),
        "named": places.digest,
    }
    if request.trust:
        values["trust"] = request.trust
    return json.dumps(values, sort_keys=True)


def waiting(database: Database, root: Root, request: Request) -> int | None:
    """The number of the unfinished run that is one over just this request, if there is one."""
    with database.reading() as connection:
        last = connection.execute(_UNFINISHED, (UNFINISHED,)).fetchone()
    same = last is not None and last[1] == _parameters(request, _Places(root, request))
    return typed(last[0], int) if same else None


def new_run(connection: sqlite3.Connection, kind: str, state: str, parameters: str) -> int:
    """Write that a run begins, and return its number."""
    now = int(time.time())
    cursor = connection.execute(
        "INSERT INTO runs (kind, state, begun, ended, parameters, counts, software, files_before, "
        "history_before) VALUES (?, ?, ?, ?, ?, '{}', ?, (SELECT coalesce(max(id), 0) FROM files), "
        "(SELECT coalesce(max(id), 0) FROM history))",
        (kind, state, now, now if state == COMPLETE else None, parameters, __version__),
    )
    return typed(cursor.lastrowid, int)


def _finish(database: Database, run: int) -> None:
    with database.writing() as connection:
        heads.add_waiting(connection)
        # No earlier than it began: the clock may have been set back.
        connection.execute(
            "UPDATE runs SET ended = max(begun, ?) WHERE id = ?", (int(time.time()), run)
        )
        _end(connection, run, COMPLETE)
    database.settle()


def _end(connection: sqlite3.Connection, run: int, state: str) -> None:
    """Write how a run ended, and link it."""
    connection.execute("UPDATE runs SET state = ? WHERE id = ?", (state, run))
    chain.add(connection, run)


def _covered(database: Database, run: int) -> list[Scope]:
    """What complete runs before this one have searched."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT DISTINCT folder, deep FROM scopes JOIN runs ON runs.id = scopes.run "
            "WHERE runs.state = ? AND runs.id < ?",
            (COMPLETE, run),
        )
        return [Scope(typed(folder, bytes), bool(deep)) for folder, deep in rows]


# ------------------------------------------------------------------- going on, and what is gone


def _stored(database: Database, places: _Places, run: int) -> Iterator[Verdict]:
    """The verdicts that an unfinished run has already given."""
    for rows in _pages(
        database,
        "SELECT id, path, verdict, why, CASE first_run WHEN ?1 THEN arrival END "  # noqa: S608
        f"FROM files WHERE {seen.LAST_RUN} = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        (run,),
    ):
        for _, key, *state in rows:
            yield verdict_of(places.shown(key), *state)


def _not_yet(database: Database, root: Root, run: int, files: Iterator[str]) -> Iterator[str]:
    """The files that have no verdict in this run yet."""
    while taken := list(itertools.islice(files, BATCH)):
        keys = [root.key(path) for path in taken]
        marks = ",".join("?" * len(keys))
        with database.reading() as connection:
            sql = f"SELECT path FROM files WHERE path IN ({marks}) AND {seen.LAST_RUN} = ?"  # noqa: S608
            done = {row[0] for row in connection.execute(sql, (*keys, run))}
        yield from (path for path, key in zip(taken, keys, strict=True) if key not in done)


def _to_do(
    database: Database, root: Root, run: int, resumed: bool, files: Iterator[str]
) -> Iterator[str]:
    """The files that have no verdict in this run yet, with what manifests say of them."""
    if resumed:
        files = _not_yet(database, root, run, files)
    with database.reading() as connection:
        any_listed = listing.has_any(connection)
    return listing.with_listed(database.reading, root, files) if any_listed else files


def _missing(
    database: Database, root: Root, recorder: Recorder, scopes: Sequence[Scope]
) -> Iterator[tuple[bytes, Verdict]]:
    """Files of the ledger within the scope of this run that it has not seen."""
    for scope in scopes:
        low, high = (scope.folder + b"/", scope.folder + b"0") if scope.folder else (b"", None)
        for first, last in seen.unseen(database, recorder.run):
            for rows in _pages(
                database,
                # By id: one way through the table, page by page.
                f"SELECT id, {MISSING_COLUMNS} FROM files WHERE last_run < ? AND expected "  # noqa: S608
                "AND +path >= ? AND (? IS NULL OR +path < ?) AND id <= ? "
                "AND id > ? ORDER BY id LIMIT ?",
                (recorder.run, low, high, high, last),
                after=first - 1,
            ):
                gone = [row[1:] for row in rows if _is_gone(root, recorder, scope, row[7])]
                if gone:
                    yield from recorder.record_missing(gone)


def _never_there(
    database: Database, root: Root, recorder: Recorder, scopes: Sequence[Scope]
) -> Iterator[tuple[bytes, Verdict]]:
    """Files that a manifest lists, and that no run has ever seen."""
    after = b""
    while True:
        with database.reading() as connection:
            keys = listing.never_seen(connection, after, PAGE)
        gone = [
            key for key in keys if any(_is_gone(root, recorder, scope, key) for scope in scopes)
        ]
        yield from recorder.record_never_there(gone)
        if len(keys) < PAGE:
            return
        after = keys[-1]


def _is_gone(root: Root, recorder: Recorder, scope: Scope, key: bytes) -> bool:
    if not scope.covers(key) or any(Scope(folder).covers(key) for folder in recorder.blind):
        return False
    # One that is there and was not found has another name than images have, or lies behind a link.
    return not os.path.lexists(root.path(key))


def _pages(
    database: Database, sql: str, parameters: tuple[Any, ...], after: int = 0
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows page by page; the first column is the id, and the last two parameters page by it."""
    while True:
        with database.reading() as connection:
            rows = connection.execute(sql, (*parameters, after, PAGE)).fetchall()
        if rows:
            yield rows
            after = rows[-1][0]
        if len(rows) < PAGE:
            return


#: Rows that are read at once.
PAGE: Final = 1000
