"""Runs that were stopped and are gone on with: nothing is checked twice, or by other rules."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from ledger_archive import INTACT, words
from support import codes

import napari_seal
from napari_seal import LedgerError, PublicKey, SigningKey, Trust, TrustedKey


def test_resume_checks_nothing_twice(check, archive, ledger, images):
    """Verdicts of the first part are passed on as they were; the rest is checked."""
    for number in range(1200):
        (archive / f"n{number:04}.jpg").write_bytes(images["d"])
    run = ledger.check_many(archive, jobs=1)
    first = [next(run) for _ in range(3)]
    run.close()
    with closing(sqlite3.connect(ledger.path)) as connection:
        done = {bytes(p) for (p,) in connection.execute("SELECT path FROM files")}
    assert 3 <= len(done) < 1200
    for number in range(1200):  # whatever is checked now is not intact
        (archive / f"n{number:04}.jpg").write_bytes(images["d"][:-300])
    found = check(resume=True)
    assert len(found) == 1203
    expected = {
        path: "intact" if path.encode() in done or path in INTACT else "truncated" for path in found
    }
    assert words(found) == expected
    assert [v.path for v in found.values()][:3] == [v.path for v in first]
    assert [(r.number, r.state) for r in ledger.runs()] == [(1, "complete")]
    assert sum(ledger.runs()[0].counts.values()) == 1203


def test_resume_needs_the_same_request(check, archive, ledger):
    """A run over other folders, or with other options, is not gone on with."""
    check()
    run = ledger.check_many(archive, jobs=1)
    next(run)
    run.close()
    with pytest.raises(LedgerError, match="other folders, options or trusted keys"):
        check(archive / "below", resume=True)
    with pytest.raises(LedgerError, match="other folders, options or trusted keys"):
        check(full=True, resume=True)
    with pytest.raises(LedgerError, match="or trusted keys"):
        check(trust=Trust((TrustedKey(name="a", key=PublicKey(bytes([1]) * 32)),)), resume=True)
    assert words(check(resume=True)) == INTACT
    assert words(check(resume=True)) == INTACT  # nothing to go on with: a new run
    assert [r.number for r in ledger.runs()] == [1, 2, 3]


def test_resume_passes_reasons_and_regions_on(check, archive, ledger, images):
    """Stored verdicts are those that were given, all but the seal and the scores."""
    check()
    (archive / "a.jpg").write_bytes(images["a"][:-300])
    shutil.copy(archive / "b.jpg", archive / "z.jpg")
    run = ledger.check_many(archive, jobs=1)
    first = {v.path: v for v in [next(run) for _ in range(3)]}
    run.close()
    again = {v.path: v for v in ledger.check_many(archive, jobs=1, resume=True)}
    assert len(again) == 4
    for path, verdict in first.items():
        assert again[path].as_dict() == verdict.as_dict()
    assert codes(again[str(archive / "z.jpg")]) == ["copied"]


def test_the_run_that_would_be_gone_on_with(archive, ledger, tmp_path):
    """It is told for the same folders and options only, and not where there is none."""
    assert ledger.unfinished(archive) is None
    run = ledger.check_many(archive, jobs=1, recursive=False)
    next(run)
    run.close()
    waiting = ledger.unfinished(archive, recursive=False)
    assert waiting is not None
    assert (waiting.number, waiting.state) == (1, "unfinished")
    assert ledger.unfinished([archive], recursive=False) == waiting
    assert ledger.unfinished(archive) is None
    assert ledger.unfinished(archive, recursive=False, full=True) is None
    assert ledger.unfinished(archive / "below", recursive=False) is None
    assert ledger.unfinished([], recursive=False) is None
    with pytest.raises(LedgerError, match="is not in"):
        ledger.unfinished(tmp_path)
    list(ledger.check_many(archive, jobs=1, recursive=False, resume=True))
    assert ledger.unfinished(archive, recursive=False) is None


def test_what_a_run_found_of_signatures_is_not_passed_on_by_another_list(check, archive, ledger):
    """A key that was revoked while the run waited is not trusted when it is gone on with."""
    key = SigningKey.generate()
    image = np.arange(4096, dtype="uint16").reshape(64, 64)
    for number in range(3):
        napari_seal.seal(image, archive / f"s{number}.jpg", key=key)
    entry = TrustedKey(name="robot", key=key.public)
    before, after = Trust((entry,)), Trust((replace(entry, compromised=True),))
    run = ledger.check_many(archive, jobs=1, trust=before)
    next(run)
    run.close()
    assert ledger.unfinished(archive, trust=before) is not None
    assert ledger.unfinished(archive, trust=after) is None
    assert ledger.unfinished(archive) is None
    with pytest.raises(LedgerError, match="or trusted keys"):
        check(resume=True, trust=after)
    found = check(trust=after)
    assert {found[f"s{number}.jpg"].signature for number in range(3)} == {"revoked"}
