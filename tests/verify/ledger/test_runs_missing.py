"""What a run tells of files that are gone, have moved, were copied, or are new."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from ledger_archive import INTACT, words
from support import codes

from napari_seal import Ledger


def test_missing(check, archive, ledger):
    """A file that is gone is told by every run until it is back, and counts."""
    check()
    good = (archive / "a.jpg").read_bytes()
    (archive / "a.jpg").unlink()
    for _ in range(2):
        found = check()
        assert words(found) == INTACT | {"a.jpg": "missing"}
        assert codes(found["a.jpg"]) == ["file-missing"]
    assert ledger.runs()[-1].counts == {"intact": 2, "missing": 1}
    assert [Path(entry.path).name for entry in ledger.missing()] == ["a.jpg"]
    (archive / "a.jpg").write_bytes(good)
    assert words(check()) == INTACT
    assert list(ledger.missing()) == []


def test_a_named_file_that_is_gone_is_missing(check, archive):
    """Where the ledger knows it; another path that is not there is `unreadable`."""
    check()
    (archive / "a.jpg").unlink()
    found = check([archive / "a.jpg", archive / "never.jpg"])
    assert words(found) == {"a.jpg": "missing", "never.jpg": "unreadable"}


def test_missing_is_told_within_the_scope_only(check, archive):
    """A run says nothing about folders that it did not search."""
    check()
    (archive / "a.jpg").unlink()
    (archive / "below" / "c.jpg").rename(archive / "below" / "c.txt")
    (archive / "below" / "new.jpg").write_bytes((archive / "b.jpg").read_bytes())
    assert words(check(archive, recursive=False)) == {"a.jpg": "missing", "b.jpg": "intact"}
    assert words(check(archive / "below")) == {
        "below/c.jpg": "missing",
        "below/new.jpg": "intact",
    }


def test_a_stopped_run_says_nothing_about_missing(check, archive, ledger):
    """Only a run that has seen all there is may say that something is not there."""
    check()
    (archive / "a.jpg").unlink()
    run = ledger.check_many(archive, jobs=1)
    assert next(run).verdict == "intact"
    run.close()
    assert list(ledger.missing()) == []
    assert [run.state for run in ledger.runs()] == ["complete", "unfinished"]
    assert words(check())["a.jpg"] == "missing"
    assert [run.state for run in ledger.runs()] == ["complete", "stopped", "complete"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed_hides_nothing_missing(check, archive):
    """Nothing is known about the files in it."""
    check()
    (archive / "below").chmod(0)
    try:
        assert words(check()) == {"a.jpg": "intact", "b.jpg": "intact", "below": "unreadable"}
    finally:
        (archive / "below").chmod(0o755)


def test_moved(check, archive, ledger):
    """A file under another name is the one that was there; neither is missing."""
    check()
    (archive / "a.jpg").rename(archive / "below" / "z.jpg")
    found = check()
    assert words(found) == {"b.jpg": "intact", "below/c.jpg": "intact", "below/z.jpg": "intact"}
    assert codes(found["below/z.jpg"]) == ["moved"]
    assert (found["below/z.jpg"].reasons[0].expected, found["below/z.jpg"].reasons[0].found) == (
        "a.jpg",
        "below/z.jpg",
    )
    found = check()
    assert codes(found["below/z.jpg"]) == []
    assert [(e.verdict, e.reasons) for e in ledger.history(archive / "a.jpg")] == [
        ("intact", ()),
        ("missing", ("moved",)),
    ]
    assert ledger.history(archive / "below" / "z.jpg")[0].reasons == ("moved",)
    (archive / "below" / "z.jpg").unlink()
    assert words(check())["below/z.jpg"] == "missing"


def test_copied_and_extra(check, archive, images):
    """A second file of a known seal is a copy, one of an unknown seal is an extra file."""
    check()
    shutil.copy(archive / "a.jpg", archive / "z.jpg")
    (archive / "new.jpg").write_bytes(images["d"])
    (archive / "again.jpg").write_bytes(images["again"])
    found = check()
    assert codes(found["z.jpg"]) == ["copied"]
    assert codes(found["new.jpg"]) == codes(found["again.jpg"]) == ["extra"]
    assert found["new.jpg"].verdict == "intact"
    assert [codes(v) for v in check().values()] == [[]] * 6


def test_two_copies_of_one_moved_file(check, archive):
    """One of them is where it went, the other is a copy."""
    check()
    data = (archive / "a.jpg").read_bytes()
    (archive / "a.jpg").unlink()
    (archive / "x.jpg").write_bytes(data)
    (archive / "y.jpg").write_bytes(data)
    found = check()
    assert sorted(codes(found["x.jpg"]) + codes(found["y.jpg"])) in (
        ["extra", "moved"], ["copied", "moved"],
    )  # fmt: skip
    assert "a.jpg" not in found


def test_a_damaged_file_is_not_taken_for_a_moved_one(check, archive):
    """Only an intact file proves by its seal which one it is: the other stays missing."""
    check()
    data = (archive / "a.jpg").read_bytes()
    (archive / "a.jpg").unlink()
    (archive / "x.jpg").write_bytes(data[:-300])
    found = check()
    assert found["a.jpg"].verdict == "missing"
    assert (found["x.jpg"].verdict, codes(found["x.jpg"])[-1]) == ("truncated", "extra")


def test_folders_that_were_not_searched_before_hold_nothing_extra(archive, tmp_path):
    """A ledger may be filled folder by folder."""
    with Ledger.open(tmp_path / "ledger.db", create=True, root=archive) as ledger:
        for folder in (archive / "below", archive, archive):
            assert [codes(v) for v in ledger.check_many(folder, jobs=1) if v.reasons] == []
