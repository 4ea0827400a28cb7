"""Runs that are killed at any moment, and gone on with."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pytest
from support import wait_until

import napari_seal
from napari_seal import Ledger
from napari_seal._verify.ledger.seen import LAST_RUN

if sys.platform == "win32":
    pytest.skip("no SIGKILL for a group of processes", allow_module_level=True)

FILES = 8000


@pytest.fixture
def many(tmp_path: Path, images: dict[str, bytes]) -> Path:
    """An archive of 8,000 files in ten folders, links to a few; every hundredth is truncated."""
    folder = tmp_path / "many"
    for letter in "abcd":
        (tmp_path / letter).write_bytes(images[letter])
        (tmp_path / f"{letter} cut").write_bytes(images[letter][:-300])
    for plate in range(10):
        (folder / f"plate_{plate}").mkdir(parents=True)
    for number in range(FILES):
        letter = "abcd"[number % 4]
        place = folder / f"plate_{number % 10}" / f"field_{number:04}.jpg"
        os.link(tmp_path / (letter if number % 100 else f"{letter} cut"), place)
    return folder


#: The command, with a checkpoint in the background for each batch, as long runs have them now and
#: then.
WITH_CHECKPOINTS = """
from napari_seal._cli import main
from napari_seal._verify.ledger import checkpoints
checkpoints._ROWS = 1
main()
"""


def begin(
    archive: Path, ledger: Path, output: Any, *options: str, code: str | None = None
) -> subprocess.Popen[bytes]:
    """Begin a run in a group of processes of its own."""
    program = ["-m", "napari_seal"] if code is None else ["-c", code]
    command = [sys.executable, *program, "verify", archive, "--jsonl", "--jobs", "2"]
    source = Path(napari_seal.__file__).parents[1]
    return subprocess.Popen(
        [*command, "--ledger", ledger, *options],
        stdout=output, stderr=subprocess.PIPE, start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(source)},
    )  # fmt: skip


def verify(archive: Path, ledger: Path, output: Path, *options: str) -> int:
    """Have a run come to its end; its exit code."""
    with output.open("wb") as file:
        run = begin(archive, ledger, file, *options)
        run.communicate()
    return run.returncode


def end(
    archive: Path,
    ledger: Path,
    how: signal.Signals,
    *options: str,
    delay: float = 0,
    code: str | None = None,
) -> int:
    """End a run soon after it has begun to write; the exit code.

    An end during start-up would find nothing to break, and no run can be over before: the last
    quarter of what it prints is not taken from it.
    """
    before = done_in(ledger)
    run = begin(archive, ledger, subprocess.PIPE, *options, code=code)
    assert run.stdout is not None
    taking = threading.Thread(target=take, args=(run.stdout, FILES * 3 // 4))
    taking.start()
    wait_until(lambda: done_in(ledger) != before, "a first verdict in the ledger")
    time.sleep(delay)
    os.killpg(run.pid, how)
    taking.join()
    run.communicate()
    return run.returncode


def take(pipe: IO[bytes], lines: int) -> None:
    """Read so many lines, and no more."""
    while lines > 0 and (text := os.read(pipe.fileno(), 4096)):
        lines -= text.count(b"\n")


def done_in(ledger: Path) -> set[str]:
    """The files that have a verdict in a run that is not complete."""
    if not ledger.exists() or not ledger.stat().st_size:
        return set()
    with closing(sqlite3.connect(ledger)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'seen'").fetchone():
            return set()
        rows = connection.execute(
            f"SELECT path FROM files JOIN runs ON {LAST_RUN} = runs.id WHERE state = 'unfinished'"
        )
        return {os.fsdecode(path) for (path,) in rows}


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_and_resumed(seed: int, many: Path, tmp_path: Path) -> None:
    """However often it is killed: every file has one verdict, and none is checked twice."""
    rng = random.Random(seed)
    ledger, output = tmp_path / "ledger.db", tmp_path / "out.jsonl"
    if seed == 2:  # also a run over files that the ledger knows
        assert verify(many, ledger, output) == 1
    kills, done = 0, set[str]()
    while kills < 3 and len(done) < FILES // 2:  # the rest is for those that go on
        code = WITH_CHECKPOINTS if seed else None
        delay = rng.uniform(0, 0.05)
        ended = end(many, ledger, signal.SIGKILL, "--resume", delay=delay, code=code)
        assert ended == -signal.SIGKILL
        with closing(sqlite3.connect(ledger)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kills += 1
        done = done_in(ledger)
    assert done, "nothing was written before the kill"

    for path in done:  # were they checked again, this would show
        (many / path).unlink()
        (many / path).write_bytes(b"")
    assert verify(many, ledger, output, "--resume") == 1

    *lines, summary = [json.loads(line) for line in output.read_text().splitlines()]
    assert summary["summary"]["files"] == FILES
    found = {os.path.relpath(line["path"], many): line["verdict"] for line in lines}
    assert len(lines) == len(found) == FILES
    numbers = {path: int(path[-8:-4]) for path in found}
    assert found == {p: "intact" if n % 100 else "truncated" for p, n in numbers.items()}
    with Ledger.open(ledger) as opened:
        last = opened.runs()[-1]
        assert last.state == "complete"
        assert last.counts == {"intact": FILES - FILES // 100, "truncated": FILES // 100}
        assert opened.check().agrees
        for path in random.Random(seed).sample(sorted(found), 20):
            assert {e.verdict for e in opened.history(many / path)} == {found[path]}
        seal = napari_seal.check(many / next(p for p in sorted(found) if p not in done)).seal
        if isinstance(seal, napari_seal.Seal):
            assert sum(1 for _ in opened.find(seal.codestream)) == FILES // 4


def test_without_resume_a_new_run_begins(many: Path, tmp_path: Path) -> None:
    """What a killed run has written stays, and the next run checks all files."""
    ledger, output = tmp_path / "ledger.db", tmp_path / "out.jsonl"
    assert end(many, ledger, signal.SIGKILL) == -signal.SIGKILL
    assert done_in(ledger)
    assert verify(many, ledger, output) == 1
    assert len(output.read_text().splitlines()) == FILES + 1  # and the summary
    with Ledger.open(ledger) as opened:
        assert [r.state for r in opened.runs()] == ["stopped", "complete"]
        assert opened.check().agrees


def test_interrupted_by_hand(many: Path, tmp_path: Path) -> None:
    """Control-C ends a run; what it has found is kept, and can be gone on with."""
    ledger = tmp_path / "ledger.db"
    assert end(many, ledger, signal.SIGINT) == 130
    with Ledger.open(ledger) as opened:
        assert [r.state for r in opened.runs()] == ["unfinished"]
        assert len(list(opened.check_many(many, resume=True))) == FILES
