"""Runs that end early: what was not reached is not missing, and they can be gone on with."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from napari_seal import Ledger

FILES = 4000


@pytest.fixture
def many(archive: Path) -> Path:
    """A folder with three images, and links to them by other names."""
    for index in range(FILES - 3):
        os.link(archive / "a.jpg", archive / f"n{index:04}.jpg")
    return archive


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_cancelled_run_can_be_gone_on_with(many: Path, ledger: Ledger, jobs: int) -> None:
    """It tells of no missing file; the next one does the rest, and then tells of it."""
    assert Counter(v.verdict for v in ledger.check_many(many, jobs=jobs)) == {"intact": FILES}
    (many / "n0000.jpg").unlink()
    run = ledger.check_many(many, jobs=jobs, cancel=lambda: run.done >= 20)
    early = [verdict.path for verdict in run]
    assert len(early) >= 20
    assert run.stopped == "cancelled"
    assert ledger.runs()[-1].state == "unfinished"
    assert {v.verdict for v in ledger.missing()} == set()

    seen = []
    run = ledger.check_many(many, jobs=jobs, resume=True, progress=seen.append)
    late = list(run)
    assert run.stopped is None
    assert run.done == FILES - 1
    assert Counter(v.verdict for v in late) == {"intact": FILES - 1, "missing": 1}
    assert len({v.path for v in late}) == FILES
    assert {os.path.basename(p) for p in early} < {os.path.basename(v.path) for v in late}
    assert (seen[-1].done, seen[-1].total) == (FILES - 1, FILES - 1)
    assert seen[-1].before >= len(early)
    assert ledger.runs()[-1].state == "complete"
    assert [os.path.basename(entry.path) for entry in ledger.missing()] == ["n0000.jpg"]


def test_a_time_limit_leaves_a_run_to_go_on_with(many: Path, ledger: Ledger) -> None:
    """Nothing that was not reached is success, or missing."""
    run = ledger.check_many(many, jobs=1, time_limit=1e-6)
    assert list(run) == []
    assert run.stopped == "time-limit"
    assert ledger.runs()[-1].state == "unfinished"
    assert len(list(ledger.check_many(many, jobs=1, resume=True))) == FILES
    assert [r.state for r in ledger.runs()] == ["complete"]
