"""Scenarios: a ledger, its manifest, and the reports of a run."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from faults.files import IMAGE, is_part
from faults.trial import Outcome, Scenario
from older_ledgers import TO_VERSION_1

import napari_seal
from napari_seal import Ledger
from napari_seal._cli import main
from napari_seal._verify.ledger import database, runs, seen
from napari_seal._verify.report.report_check import check_report

# So that a few files are several transactions.
runs.BATCH = 2  # type: ignore[misc]
# So that two are a span of files that are as they were.
seen.FEW = 2  # type: ignore[misc]
# So that nobody waits for locks that are not given.
database.PATIENCE = 0.1  # type: ignore[misc]

FILES = 7
ARCHIVE, LEDGER, MANIFEST = "archive", "ledger.db", "SHA256SUMS"


def _archive(folder: Path) -> None:
    archive = folder / ARCHIVE
    archive.mkdir()
    for number in range(FILES):
        image = np.roll(IMAGE, number, axis=0)
        napari_seal.seal(image, archive / f"f{number}.jpg", metadata={"n": number})
    (archive / "f2.jpg").write_bytes((archive / "f2.jpg").read_bytes()[:-200])


def _change(archive: Path) -> None:
    """One of each: gone, moved, copied, exchanged, cut off, and added."""
    (archive / "f0.jpg").unlink()
    (archive / "f1.jpg").rename(archive / "moved.jpg")
    shutil.copy(archive / "f3.jpg", archive / "g3.jpg")
    shutil.copy(archive / "f4.jpg", archive / "f5.jpg")
    (archive / "f6.jpg").write_bytes((archive / "f6.jpg").read_bytes()[:-150])
    napari_seal.seal(IMAGE // 2, archive / "new.jpg")


def run(folder: Path, resume: bool = False) -> dict[str, str]:
    """A run over the archive: verdict by name."""
    with Ledger.open(folder / LEDGER, create=True) as ledger:
        verdicts = list(ledger.check_many(folder / ARCHIVE, jobs=1, resume=resume))
    told = {os.path.basename(v.path): str(v.verdict) for v in verdicts}
    assert len(told) == len(verdicts)
    return told


def _second(folder: Path) -> None:
    _archive(folder)
    run(folder)
    _change(folder / ARCHIVE)


def _third(folder: Path) -> None:
    _second(folder)
    run(folder)


def _version_1(folder: Path) -> None:
    """A ledger as the first version of its tables had it."""
    _archive(folder)
    run(folder)
    with closing(sqlite3.connect(folder / LEDGER)) as connection:
        connection.executescript("; ".join(TO_VERSION_1))
    _change(folder / ARCHIVE)


# ---------------------------------------------------------------------------- what is in a ledger


def rows(ledger: Path) -> dict[str, list[Any]]:
    """What a ledger holds, save for times."""
    with closing(sqlite3.connect(ledger)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = {n for (n,) in connection.execute("SELECT name FROM sqlite_schema")}
        if "listed" in tables:  # else it is of an older version, which is not opened for reading
            with Ledger.open(ledger, read_only=True) as opened:
                assert opened.check().problems == ()
        return {
            name: connection.execute(sql).fetchall() if name in tables else []
            for name, sql in _CONTENT.items()
        }


_CONTENT = {
    "files": "SELECT path, verdict, why, found, referenced, expected, arrival, codestream, record, "
    "source, pixels, since, first_run FROM files ORDER BY path",
    "history": "SELECT path, run, history.verdict, history.why, digests, note FROM history JOIN "
    "files ON files.id = file ORDER BY path, run",
    "runs": "SELECT id, kind, state, counts FROM runs ORDER BY id",
    "listed": "SELECT path, run, digest FROM listed ORDER BY path, run",
    "heads": "SELECT head, path FROM heads JOIN files ON files.id = file ORDER BY 1, 2",
}


def _reference(content: dict[str, list[Any]]) -> dict[bytes, tuple[Any, ...]]:
    """The reference of each file that has one."""
    return {row[0]: row[7:11] for row in content.get("files", ()) if row[4]}


class Judge:
    """Compares with what happens where nothing goes wrong.

    Parameters
    ----------
    act : callable
        What is done.
    go_on : callable
        What is done after it was interrupted.
    one_step : bool
        Whether all of it is one transaction.
    readable : bool
        Whether the ledger can be read before it is written to.
    """

    def __init__(
        self, act: Any, go_on: Any, *, one_step: bool = False, readable: bool = True
    ) -> None:
        self._act, self._go_on, self._one_step, self._readable = act, go_on, one_step, readable
        self._before: dict[str, list[Any]] = {}
        self._after: dict[str, list[Any]] = {}
        self._told: Any = None

    def __call__(self, folder: Path, outcome: Outcome) -> None:
        """Fail where something was lost."""
        ledger = folder / LEDGER
        if not self._after:
            assert outcome.end == "done"
            self._after, self._told = rows(ledger), outcome.value
            return
        if outcome.end == "refused":
            assert LEDGER in outcome.text, outcome.text
        left = {n for n in os.listdir(folder) if n != ARCHIVE}
        assert left <= {LEDGER + end for end in ("", "-wal", "-shm", "-journal", "-lock")}, left
        found = None
        if ledger.exists() and ledger.stat().st_size:
            if self._before:
                with Ledger.open(ledger, read_only=self._readable) as opened:
                    assert opened.runs()
            found = rows(ledger)
        if found is not None:
            self._check_prefix(found)
        if outcome.end == "done":
            assert found == self._after
        if found == self._after:  # done, though it may not have come to say so
            return
        for path in _done(ledger):  # were they checked again, this would show
            (folder / ARCHIVE / os.fsdecode(path)).write_bytes(b"")
        told = self._go_on(folder)
        assert told == self._told, (told, self._told)
        assert rows(ledger) == self._after

    def _check_prefix(self, found: dict[str, list[Any]]) -> None:
        """What is there is a part of what would be there, and references are what they were."""
        for table in ("files", "history"):
            begun = set(found[table]) - set(self._before.get(table, ()))
            assert begun <= set(self._after[table]), begun - set(self._after[table])
        references, later = _reference(found), _reference(self._after)
        for path, digests in _reference(self._before).items():
            assert references[path] in (digests, later[path])
        if self._one_step:
            assert found["files"] in (self._before["files"], self._after["files"])
            assert (found["files"] == self._after["files"]) == (
                found["history"] == self._after["history"]
            )

    def prepared(self, prepare: Any, folder: Path) -> None:
        """Prepare, and remember what there is before."""
        self._before, self._after = {}, {}
        prepare(folder)
        if (folder / LEDGER).exists():
            self._before = rows(folder / LEDGER)


def _done(ledger: Path) -> set[bytes]:
    """The files that have their verdict in the run that was interrupted."""
    if not ledger.exists() or not ledger.stat().st_size:
        return set()
    with closing(sqlite3.connect(ledger)) as connection:
        tables = {n for (n,) in connection.execute("SELECT name FROM sqlite_schema")}
        if "seen" not in tables:
            return set()
        sql = (
            f"SELECT path FROM files JOIN runs ON {seen.LAST_RUN} = runs.id "
            "WHERE state = 'unfinished' AND verdict <> 'missing'"
        )
        return {path for (path,) in connection.execute(sql)}


def _accept(folder: Path) -> int:
    archive = folder / ARCHIVE
    with Ledger.open(folder / LEDGER) as ledger:
        return ledger.accept([archive / "f0.jpg", archive / "f5.jpg"], "on purpose")


def _listed(folder: Path) -> None:
    """A ledger, and a manifest in the archive: of its files, and of one that is not there."""
    _third(folder)
    archive = folder / ARCHIVE
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(archive.glob("*.jpg"))
    ]
    (archive / MANIFEST).write_text("".join([*lines, f"{'0' * 64}  gone.jpg\n"]))


def _import(folder: Path) -> dict[str, int]:
    with Ledger.open(folder / LEDGER) as ledger:
        return dict(ledger.import_manifest(folder / ARCHIVE / MANIFEST).counts)


def _scenario(name: str, prepare: Any, act: Any, go_on: Any, **more: Any) -> Scenario:
    judge = Judge(act, go_on, **more)
    return Scenario(name, partial(judge.prepared, prepare), act, judge, LEDGER)


_RESUME = partial(run, resume=True)


def _check(folder: Path) -> dict[str, str]:
    verdicts = napari_seal.check_many(folder / ARCHIVE, jobs=1)
    return {os.path.basename(v.path): str(v.verdict) for v in verdicts}


def _judge_check(folder: Path, outcome: Outcome) -> None:
    """Whatever cannot be read is told, and nothing passes for it."""
    if outcome.end == "refused":
        assert outcome.error == "NothingToCheckError"
        assert ARCHIVE in outcome.text
    expected = _check(folder)
    if outcome.end == "done":
        told = outcome.value
        assert told == {ARCHIVE: "unreadable"} or told.keys() == expected.keys()
        for name, verdict in told.items():
            assert verdict in (expected.get(name), "unreadable", "missing"), (name, told)


CHECKING = (Scenario("check an archive", _archive, _check, _judge_check),)

LEDGERS = (
    _scenario("first run into a ledger", _archive, run, _RESUME),
    _scenario("second run into a ledger", _second, run, _RESUME),
    _scenario("a ledger of version 1", _version_1, run, _RESUME, readable=False),
    _scenario("accept", _third, _accept, _accept, one_step=True),
    _scenario("import a manifest", _listed, _import, _import, one_step=True),
)


# ------------------------------------------------------------------------ a manifest, and reports

REPORTS = ("report.jsonl", "report.csv", "report.html")


def _with_old_files(folder: Path) -> None:
    _third(folder)
    for name in (MANIFEST, *REPORTS):
        (folder / name).write_text("old")


def _write_manifest(folder: Path) -> int:
    with Ledger.open(folder / LEDGER) as ledger:
        findings = list(ledger.write_manifest(folder / MANIFEST, jobs=1, overwrite=True))
    return sum(finding.agrees for finding in findings)


def _verify(folder: Path) -> int:
    """The command, with all its reports; its exit code."""
    options = [f"--{kind}={folder / name}" for kind, name in zip(_KINDS, REPORTS, strict=True)]
    os.environ["COLUMNS"] = "500"
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            main(["verify", str(folder / ARCHIVE), "--jobs=1", *options])
        except SystemExit as end:
            return int(end.code or 0)
    raise AssertionError("a command ends by saying so")


_KINDS = ("jsonl-file", "csv", "html")


def _left(folder: Path, outcome: Outcome, name: str) -> str:
    """What a file has become: old or new, and nothing left beside it."""
    parts = [other for other in os.listdir(folder) if is_part(other)]
    assert outcome.end == "killed" or outcome.unremoved or not parts
    return "old" if (folder / name).read_text() == "old" else "new"


def _judge_manifest(folder: Path, outcome: Outcome) -> None:
    left = _left(folder, outcome, MANIFEST)
    if left == "new":
        lines = len((folder / MANIFEST).read_text().splitlines())
        assert lines == (INTACT if outcome.value is None else outcome.value)
    if outcome.end == "refused":
        assert MANIFEST in outcome.text or LEDGER in outcome.text, outcome.text
        assert left == ("new" if "did not confirm" in outcome.text else "old")
    if outcome.end == "done":
        assert left == "new"


def _judge_reports(folder: Path, outcome: Outcome) -> None:
    for name in REPORTS:
        if _left(folder, outcome, name) == "new":
            found = check_report(str(folder / name))
            assert not found.problems
            assert sum(found.counts.values()) == FILES + 1
        elif outcome.end == "done":
            assert outcome.value == 2


#: Files of the changed archive that are as the ledger knows them.
INTACT = 5

REPORTING = (
    Scenario("a manifest over an old one", _with_old_files, _write_manifest, _judge_manifest),
    Scenario("three reports over old ones", _with_old_files, _verify, _judge_reports),
)
