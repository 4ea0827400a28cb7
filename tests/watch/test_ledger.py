"""``napari-seal watch`` and the ledger that it keeps."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from watching import assert_each_is_sealed_once, save

import napari_seal


def test_what_the_ledger_had_no_time_for_is_told_and_recorded_later(start, tmp_path):
    """An end does not wait for a ledger that somebody else is writing to."""
    watching = start("--poll")
    ledger = tmp_path / "sealed" / "ledger.db"
    watching.until(ledger.exists)
    watching.until_told("watching")
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        save(tmp_path / "raw" / "a.npy", 1)
        watching.until_sealed(1)
        assert watching.stop() == 0
        assert "1 sealed file is not in the ledger yet" in watching.text
    assert start("--once").wait() == 0
    assert_each_is_sealed_once(tmp_path / "raw", tmp_path / "sealed")


def test_a_run_that_somebody_wants_to_go_on_with_is_left_alone(start, tmp_path):
    """Recording beside an unfinished run of `verify` does not close it, and all of it is proven."""
    out = tmp_path / "sealed"
    for number in range(700):
        save(tmp_path / "raw" / f"{number}.npy", number)
    assert start("--once").wait() == 0
    with napari_seal.Ledger.open(out / "ledger.db") as ledger:
        run = ledger.check_many(out, jobs=1, time_limit=0.001)
        before = sum(1 for _ in run)
        assert run.stopped == "time-limit"
    save(tmp_path / "raw" / "new.npy", 1000)
    assert start("--once").wait() == 0
    with napari_seal.Ledger.open(out / "ledger.db") as ledger:
        states = [(run.kind, run.state) for run in ledger.runs()]
        assert states == [("seal", "complete"), ("verify", "unfinished"), ("seal", "complete")]
        assert ledger.unfinished(out) is not None
        verdicts = list(ledger.check_many(out, resume=True))
        assert len(verdicts) == 701 > before
        assert all(verdict.intact for verdict in verdicts)
        assert ledger.check().agrees
        assert not [*ledger.missing()]
