"""Checkpoints in the background: the same ledger, and no error that goes unsaid."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest
from support import wait_until

import napari_seal
from napari_seal import Ledger, LedgerError
from napari_seal._verify.ledger import checkpoints

FILES = 3_000


@pytest.fixture
def many(tmp_path: Path, images: dict[str, bytes]) -> Path:
    """An archive of 3,000 files, links to one."""
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "0.jpg").write_bytes(images["a"])
    for number in range(1, FILES):
        os.link(folder / "0.jpg", folder / f"{number}.jpg")
    return folder


def test_what_was_written_goes_into_the_file_while_the_run_goes_on(
    many: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread does it, and is gone with the run; the ledger is the same."""
    monkeypatch.setattr(checkpoints, "_ROWS", 500)
    names = set[str]()
    for number, _ in enumerate(ledger.check_many(many, jobs=1), 1):
        names |= {thread.name for thread in threading.enumerate()}
        if number == FILES:
            wait_until(lambda: Path(ledger.path).stat().st_size > 100_000, "writing before the end")
    assert "napari-seal ledger" in names
    assert "napari-seal ledger" not in {thread.name for thread in threading.enumerate()}
    assert ledger.check().agrees
    assert sum(1 for _ in ledger.find(napari_seal.check(many / "0.jpg").seal.codestream)) == FILES


def test_short_runs_have_no_thread(many: Path, ledger: Ledger) -> None:
    """Workers that are needed later start at once."""
    for _ in ledger.check_many(many, jobs=1):
        assert "napari-seal ledger" not in {thread.name for thread in threading.enumerate()}


def test_a_checkpoint_that_fails_ends_the_run(
    many: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the disk did not take may be lost, so the run says so, and can be gone on with."""

    def fail(path: str, mode: str) -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "_ROWS", 1)
        patched.setattr(checkpoints, "connect", fail)
        with pytest.raises(LedgerError, match="disk I/O error"):
            for _ in ledger.check_many(many, jobs=1):
                pass
    assert [run.state for run in ledger.runs()] == ["unfinished"]
    assert len(list(ledger.check_many(many, jobs=1, resume=True))) == FILES
    assert ledger.check().agrees
