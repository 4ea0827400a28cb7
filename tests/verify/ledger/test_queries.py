"""Looking into a ledger: which image is this, what is there twice, what changed and when."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import napari_seal
from napari_seal import LedgerError, OptionError, Seal


def names(entries):
    return sorted(Path(entry.path).name for entry in entries)


def seal_of(path: Path) -> Seal:
    seal = napari_seal.check(path).seal
    assert isinstance(seal, Seal)
    return seal


@pytest.fixture
def seal(check, archive: Path) -> Seal:
    """The seal of ``a.jpg``, in a ledger with one run."""
    check()
    return seal_of(archive / "a.jpg")


@pytest.mark.parametrize("kind", ["codestream", "record", "source", "pixels"])
@pytest.mark.parametrize("length", [4, 5, 15, 16, 17, 33, 64])
@pytest.mark.parametrize("algorithm", [True, False])
def test_find_by_any_digest(seal, ledger, archive, kind, length, algorithm):
    """By any digest of the seal, whole or by how it begins, also of an odd number of digits."""
    value = getattr(seal, kind)
    digest = value if kind in ("codestream", "record") else value.digest
    text = ("SHA256:" if algorithm else "") + digest.hex[:length].upper()
    found = [e for e in ledger.find(text) if Path(e.path).name == "a.jpg"]
    assert [e.matched for e in found] == [kind]
    assert (found[0].path, found[0].verdict) == (str(archive / "a.jpg"), "intact")
    assert found[0].source == found[0].identity == seal.source.digest
    assert found[0].size == (archive / "a.jpg").stat().st_size


def test_find_by_image_unique_id(seal, ledger):
    """By what other software reads in the Exif block."""
    assert names(ledger.find(seal.identity)) == ["a.jpg"]


def test_a_prefix_is_not_found_where_it_goes_on_otherwise(seal, ledger):
    """The digits beyond those of the index count, and so does the algorithm."""
    digits = seal.codestream.hex
    other = digits[:40] + ("0" if digits[40] != "0" else "1")
    assert list(ledger.find(other)) == []
    assert list(ledger.find(f"sha512:{digits}")) == []
    assert list(ledger.find("f" * 64)) == []


@pytest.mark.parametrize("text", ["", "abc", "xyzw", "sha256:", "md5:abcd", "a" * 129, "ab cd"])
def test_what_is_no_digest(seal, ledger, text):
    """It is said, rather than not found."""
    with pytest.raises(OptionError, match="digest"):
        list(ledger.find(text))


def test_find_in_a_run_that_did_not_finish(archive, ledger, images):
    """Files that are not yet in the index are found as well."""
    (archive / "d.jpg").write_bytes(images["d"])
    run = ledger.check_many(archive, jobs=1)
    next(run)
    run.close()
    assert names(ledger.find(seal_of(archive / "d.jpg").codestream)) == ["d.jpg"]
    assert names(ledger.find(seal_of(archive / "d.jpg").codestream.hex[:4])) == ["d.jpg"]


def test_find_what_lies_at_another_files_place(check, archive, ledger, images):
    """An image that took another's place is found there, and so is the one that was there."""
    check()
    (archive / "a.jpg").write_bytes(images["d"])
    check()
    new = seal_of(archive / "a.jpg")
    assert [(e.verdict, e.source) for e in ledger.find(new.codestream)] == [
        ("substituted", new.source.digest)
    ]
    old = napari_seal.check(archive / "b.jpg").seal
    (archive / "b.jpg").unlink()
    check()
    assert [e.verdict for e in ledger.find(old.codestream)] == ["missing"]


def test_duplicates(check, archive, ledger, images):
    """Images that are there twice, also where they were sealed a second time."""
    check()
    assert list(ledger.duplicates()) == []
    shutil.copy(archive / "a.jpg", archive / "below" / "x.jpg")
    (archive / "again.jpg").write_bytes(images["again"])
    shutil.copy(archive / "b.jpg", archive / "gone.jpg")
    check()
    (archive / "gone.jpg").unlink()
    check()
    groups = [(str(digest), names(entries)) for digest, entries in ledger.duplicates()]
    source = str(seal_of(archive / "a.jpg").source.digest)
    assert groups == [(source, ["a.jpg", "again.jpg", "x.jpg"])]


def test_stale(check, archive, ledger):
    """Files that no run has read for long, although others were."""
    check()
    assert list(ledger.stale(1)) == []
    with closing(sqlite3.connect(ledger.path)) as connection, connection:
        connection.execute("UPDATE files SET checked = checked - 40 * 86400")
    check(archive / "below")
    assert names(ledger.stale(30)) == ["a.jpg", "b.jpg"]
    assert list(ledger.stale(50)) == []
    entry = next(ledger.stale(30))
    assert entry.last_verified < entry.first_seen[:4] + "-12-31"


def test_what_was_read_in_days_to_come_is_stale(check, archive, ledger):
    """A clock that was fast says nothing of when that was; the next run does."""
    check()
    with closing(sqlite3.connect(ledger.path)) as connection, connection:
        connection.execute("UPDATE files SET checked = checked + 400 * 86400")
    assert len(list(ledger.stale(30))) == 3
    check()
    assert list(ledger.stale(30)) == []


@pytest.mark.parametrize("days", [1e30, float("inf"), pytest.param(10**400, id="huge")])
def test_nothing_is_stale_that_was_read_in_the_age_of_the_universe(check, ledger, days):
    """A number beyond all times is one."""
    check()
    assert list(ledger.stale(days)) == []
    with closing(sqlite3.connect(ledger.path)) as connection, connection:
        connection.execute("UPDATE files SET checked = 0 WHERE path = x'612e6a7067'")
    assert names(ledger.stale(days)) == ["a.jpg"], "it was never read"


@pytest.mark.parametrize("days", [-1, float("-inf"), float("nan")])
def test_days_are_a_number_from_0(check, ledger, days):
    """What is none is refused."""
    check()
    with pytest.raises(OptionError, match="from 0"):
        ledger.stale(days)


def test_diff_says_when(check, archive, ledger, images):
    """States after two runs, and the run that first saw another."""
    good = {name: (archive / name).read_bytes() for name in ("a.jpg", "b.jpg")}
    check()  # 1
    check()  # 2
    (archive / "a.jpg").write_bytes(good["a.jpg"][:-300])
    check()  # 3
    (archive / "a.jpg").write_bytes(good["a.jpg"])
    (archive / "b.jpg").unlink()
    (archive / "new.jpg").write_bytes(images["d"])
    check()  # 4
    check()  # 5

    def diff(before: int, after: int) -> list[tuple[str, str | None, str | None, int]]:
        changes = ledger.diff(before, after)
        return [(Path(c.path).name, c.before, c.after, c.run) for c in changes]

    assert diff(1, 2) == diff(4, 5) == []
    assert diff(1, 3) == diff(2, 3) == [("a.jpg", "intact", "truncated", 3)]
    assert diff(3, 4) == [
        ("a.jpg", "truncated", "intact", 4),
        ("b.jpg", "intact", "missing", 4),
        ("new.jpg", None, "intact", 4),
    ]
    assert diff(1, 5) == [("b.jpg", "intact", "missing", 4), ("new.jpg", None, "intact", 4)]
    for runs in ((0, 1), (1, 6), (2, 1), (1, 1)):
        with pytest.raises(OptionError, match="run"):
            list(ledger.diff(*runs))


def test_diff_tells_an_accepted_image(check, archive, ledger, images):
    """`intact` before and after is a change where it is another image."""
    check()
    (archive / "a.jpg").write_bytes(images["d"])
    check()
    ledger.accept(archive / "a.jpg")
    check()
    assert [(c.before, c.after, c.run) for c in ledger.diff(1, 4)] == [("intact", "intact", 2)]


def test_history_of_a_file_that_is_not_known(check, archive, ledger, tmp_path):
    """It is said, and so is a path outside the ledger's folder."""
    check()
    with pytest.raises(LedgerError, match="does not know"):
        ledger.history(archive / "never.jpg")
    with pytest.raises(LedgerError, match="is not in"):
        ledger.history(tmp_path / "a.jpg")


def test_times_are_utc(check, ledger):
    """ISO 8601, in seconds."""

    def now() -> str:
        # Without `time.time()` it is taken from a clock of the kernel that is up to a tick behind.
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time()))

    before = now()
    check()
    run = ledger.runs()[0]
    assert before <= run.begun <= run.ended <= now()


# ------------------------------------------------------------------------------------- by a file


def test_find_by_a_raw_file(run, archive, tracks, tmp_path):
    """By the array that was sealed, as a file of any kind, or as one plane of a stack."""
    import tifffile

    assert run("verify", archive, "--ledger", "l.db").exit_code == 0
    np.save(tmp_path / "a.npy", tracks)
    np.save(tmp_path / "swapped.npy", tracks.astype(">u2"))
    tifffile.imwrite(tmp_path / "a.tif", tracks)
    np.save(tmp_path / "stack.npy", np.stack([tracks // 2, tracks, tracks // 3]))
    np.save(tmp_path / "other.npy", tracks // 2)
    for name in ("a.npy", "swapped.npy", "a.tif", "stack.npy"):
        result = run("find", tmp_path / name, "--ledger", "l.db")
        assert result.exit_code == 0, name
        assert "a.jpg" in result.output
        assert "b.jpg" not in result.output
    assert "plane 1" in result.output
    assert run("find", tmp_path / "other.npy", "--ledger", "l.db").exit_code == 1


def test_find_by_a_jpeg_file(run, archive, tmp_path):
    """Also by one whose seal was stripped: by its image data, or by its pixels alone."""
    from PIL import Image

    from napari_seal._format import jpeg

    assert run("verify", archive, "--ledger", "l.db").exit_code == 0
    data = (archive / "b.jpg").read_bytes()
    (tmp_path / "plain.jpg").write_bytes(jpeg.walk(data).plain())
    with Image.open(archive / "b.jpg") as image:
        image.save(tmp_path / "pixels.png")
    for name, matched in (("plain.jpg", "codestream"), ("pixels.png", "pixels")):
        result = run("find", tmp_path / name, "--ledger", "l.db")
        assert result.exit_code == 0, name
        assert "b.jpg" in result.output
        assert matched in result.output
    result = run("find", archive / "b.jpg", "--ledger", "l.db", "--json")
    assert '"matched": "source"' in result.output


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"text"])
def test_find_by_a_file_that_is_no_image(run, archive, tmp_path, content):
    """It could not be looked for."""
    run("verify", archive, "--ledger", "l.db")
    (tmp_path / "x.png").write_bytes(content)
    assert run("find", tmp_path / "x.png", "--ledger", "l.db").exit_code == 2
