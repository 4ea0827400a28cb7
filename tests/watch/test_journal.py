"""The journal: what it remembers, and what it refuses."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from napari_seal import WriteError
from napari_seal._watch.journal import NAME, Journal
from napari_seal._watch.look import Look

LOOK = Look(10, 20, 30, 40)
ODD = b"caf\xe9\n/\xff.tif"


def opened(folder: Path) -> Journal:
    return Journal(str(folder), "/raw")


def test_what_was_written_is_known_at_the_next_start(tmp_path):
    """Names of any bytes, all states, and what the ledger is still to have."""
    journal = opened(tmp_path)
    journal.begin(b"a", LOOK)
    journal.begin(ODD, LOOK)
    journal.sealed(ODD, LOOK, [b"x.sealed.jpg", b"y\n.sealed.jpg"])
    journal.failed(b"c", LOOK, "it is bad", 2, 600)
    journal.close()
    again = opened(tmp_path)
    known = again.known([b"a", ODD, b"c", b"d"])
    assert {key: entry.state for key, entry in known.items()} == {
        b"a": "begun", ODD: "sealed", b"c": "failed",
    }  # fmt: skip
    assert (known[b"c"].why, known[b"c"].tries, known[b"c"].retry) == ("it is bad", 2, 0)
    assert list(again.unrecorded(9)) == [(ODD, [b"x.sealed.jpg", b"y\n.sealed.jpg"])]
    again.recorded([ODD])
    assert list(again.unrecorded(9)) == []
    assert again.count == 1
    again.close()


def test_what_was_begun_keeps_its_look_until_it_is_sealed(tmp_path):
    """A stack that is there in part is of the file as it was then."""
    journal = opened(tmp_path)
    journal.begin(b"a", LOOK)
    journal.begin(b"a", LOOK._replace(size=11))
    assert journal.known([b"a"])[b"a"].size == 10
    journal.sealed(b"a", LOOK._replace(size=11), [b"a"])
    journal.begin(b"a", LOOK._replace(size=12))
    assert journal.known([b"a"])[b"a"].size == 12
    journal.close()


def test_a_sealed_file_is_known_by_size_and_time_and_a_bad_one_by_more(tmp_path):
    """A change of rights may be what a file that failed has waited for."""
    journal = opened(tmp_path)
    journal.sealed(b"a", LOOK, [b"a"])
    journal.failed(b"b", LOOK, "no", 1, 60)
    sealed, failed = journal.known([b"a"])[b"a"], journal.known([b"b"])[b"b"]
    moved = LOOK._replace(ctime=99, inode=99)
    assert (sealed.is_of(moved), failed.is_of(moved), failed.is_of(LOOK)) == (True, False, True)
    assert not sealed.is_of(LOOK._replace(mtime=21))
    journal.close()


def test_a_file_that_is_gone_is_forgotten_unless_it_is_sealed(tmp_path):
    """Then it is known that it was."""
    journal = opened(tmp_path)
    journal.failed(b"a", LOOK, "no", 1, 60)
    journal.sealed(b"b", LOOK, [b"b"])
    journal.forget(b"a")
    journal.forget(b"b")
    assert list(journal.known([b"a", b"b"])) == [b"b"]
    journal.close()


def test_a_second_one_is_refused(tmp_path):
    """As long as the first is open."""
    first = opened(tmp_path)
    with pytest.raises(WriteError, match="another watch"):
        opened(tmp_path)
    first.close()
    opened(tmp_path).close()


@pytest.mark.parametrize("kind", ["none", "other", "later"])
def test_what_is_no_journal_is_refused_and_kept(tmp_path, kind):
    """What is no database, another program's, and one of a version to come."""
    path = tmp_path / NAME
    if kind == "none":
        path.write_bytes(b"no database" * 100)
    else:
        if kind == "later":
            opened(tmp_path).close()
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version=9" if kind == "later" else "CREATE TABLE x (y)")
        connection.close()
    before = path.read_bytes()
    with pytest.raises(WriteError, match="move it away"):
        opened(tmp_path)
    assert path.read_bytes() == before


def test_the_journal_of_another_raw_folder_is_refused(tmp_path):
    """Paths below it would be mixed up."""
    opened(tmp_path).close()
    with pytest.raises(WriteError, match="was filled from '/raw'"):
        Journal(str(tmp_path), "/other")
