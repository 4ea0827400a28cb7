"""Spans of files that are as they were: what is told of many at once is true of each."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from napari_seal import Ledger
from napari_seal._verify.ledger import runs, schema, seen

FILES = 60


@pytest.fixture
def many(tmp_path: Path, images: dict[str, bytes]) -> Path:
    """An archive of 60 files in one folder, links to four."""
    folder = tmp_path / "many"
    folder.mkdir()
    for letter in "abcd":
        (tmp_path / letter).write_bytes(images[letter])
    for number in range(FILES):
        os.link(tmp_path / "abcd"[number % 4], folder / f"{number:02}.jpg")
    return folder


def last_runs(path: Path) -> dict[str, int]:
    """By which run each file was seen last."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT path, {seen.LAST_RUN} FROM files").fetchall()
    return {os.fsdecode(key): run for key, run in rows}


@pytest.mark.parametrize("seed", range(5))
def test_spans_against_a_list(seed):
    """After any spans of any runs: each file was seen last by the run of the last span over it."""
    rng = random.Random(seed)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection, 0)
    connection.executemany(
        "INSERT INTO files (id, path, first_run, last_run, checked, since, verdict) "
        "VALUES (?, ?, 1, 1, 1000, 1, 'intact')",
        [(number, b"%d" % number) for number in range(1, 41)],
    )
    expected = dict.fromkeys(range(1, 41), (1, 1000))
    for run in range(2, 60):
        first = rng.randint(1, 40)
        last = rng.randint(first, min(40, first + rng.choice((1, 5, 40))))
        seen.add(connection, run, 1000 + run, first, last)
        expected |= dict.fromkeys(range(first, last + 1), (run, 1000 + run))
        rows = connection.execute(f"SELECT id, {seen.LAST_RUN}, {seen.CHECKED} FROM files")
        assert {number: tuple(values) for number, *values in rows} == expected
        spans = connection.execute("SELECT first, last FROM seen ORDER BY first").fetchall()
        covered = [number for span in spans for number in range(span[0], span[1] + 1)]
        assert len(covered) == len(set(covered))
    connection.close()


def test_consecutive_numbers():
    """Numbers become spans without a gap, whatever their order."""
    assert list(seen.spans([])) == []
    assert list(seen.spans([3, 4, 5, 9, 2, 3])) == [(3, 5), (9, 9), (2, 3)]


def test_a_steady_run_writes_a_row_for_many(many, tmp_path):
    """A run over files that are as they were leaves their rows as they are."""
    path = tmp_path / "ledger.db"
    with Ledger.open(path, create=True) as ledger:
        list(ledger.check_many(many, jobs=1))
        rows = "SELECT * FROM files ORDER BY id"
        before = ledger._database.connection.execute(rows).fetchall()
        for _ in range(3):
            assert all(v.intact for v in ledger.check_many(many, jobs=1))
        assert ledger._database.connection.execute(rows).fetchall() == before
        spans = ledger._database.connection.execute("SELECT first, last, run FROM seen").fetchall()
        assert spans == [(1, FILES, 4)]
        assert ledger.runs()[-1].counts == {"intact": FILES}
    assert set(last_runs(path).values()) == {4}


def test_what_is_not_as_it_was_among_many(many, tmp_path, images):
    """One changed, one gone and one new file among steady ones: each is told."""
    path = tmp_path / "ledger.db"
    with Ledger.open(path, create=True) as ledger:
        list(ledger.check_many(many, jobs=1))
        list(ledger.check_many(many, jobs=1))
        for name in ("15.jpg", "30.jpg"):
            (many / name).unlink()
        (many / "15.jpg").write_bytes(images["d"][:-200])
        (many / "30a.jpg").write_bytes(images["again"])
        os.utime(many / "15.jpg", (1, 1))
        verdicts = {Path(v.path).name: v for v in ledger.check_many(many, jobs=1)}
        other = {name: str(v.verdict) for name, v in verdicts.items() if not v.intact}
        assert other == {"15.jpg": "truncated", "30.jpg": "missing"}
        assert [r.code for v in verdicts.values() if v.intact for r in v.reasons] == ["extra"]
        assert len(verdicts) == FILES + 1
        assert ledger.runs()[-1].counts == {"intact": FILES - 1, "truncated": 1, "missing": 1}
        mtimes = "SELECT mtime FROM files WHERE verdict <> 'missing' GROUP BY mtime ORDER BY mtime"
        found = ledger._database.connection.execute(mtimes).fetchall()
        assert found == [(None,), (1_000_000_000,)]
        assert all(v.intact for v in ledger.check_many(many / "16.jpg", jobs=1))
    seen_by = last_runs(path)
    assert seen_by.pop("16.jpg") == 4
    assert set(seen_by.values()) == {3}


def test_going_on_after_spans(many, tmp_path, monkeypatch):
    """A steady run that was stopped is gone on with: what its spans cover is not checked again."""
    monkeypatch.setattr(runs, "BATCH", 20)
    path = tmp_path / "ledger.db"
    with Ledger.open(path, create=True) as ledger:
        list(ledger.check_many(many, jobs=1))
        taken: list[str] = []
        run = ledger.check_many(many, jobs=1, cancel=lambda: len(taken) >= 20)
        taken.extend(v.path for v in run)
        assert run.stopped == "cancelled"
        assert 20 <= len(taken) < FILES
        assert ledger._database.connection.execute("SELECT count(*) FROM seen").fetchone()[0] > 0
        for done in taken:  # were they checked again, this would show
            Path(done).unlink()
            Path(done).write_bytes(b"")
        again = [v.path for v in ledger.check_many(many, jobs=1, resume=True) if v.intact]
        assert again[: len(taken)] == taken
        assert sorted(again) == sorted(str(file) for file in many.iterdir())
    assert set(last_runs(path).values()) == {2}


def test_stale_files_after_spans(many, tmp_path, monkeypatch):
    """A file was read last when the last span over it was written."""
    now = time.time()
    with Ledger.open(tmp_path / "ledger.db", create=True) as ledger:
        monkeypatch.setattr(time, "time", lambda: now - 20 * 86_400)
        list(ledger.check_many(many, jobs=1))
        monkeypatch.setattr(time, "time", lambda: now - 10 * 86_400)
        half = sorted(many.iterdir())[: FILES // 2]
        list(ledger.check_many(half, jobs=1))
        monkeypatch.undo()
        assert len(list(ledger.stale(15))) == FILES - len(half)
        assert len(list(ledger.stale(5))) == FILES
        read = {Path(e.path).name: e.last_verified for e in ledger.stale(5)}
        assert read["00.jpg"] > read["59.jpg"]
