"""Checking many files: every file has exactly one verdict, in order, whatever happens."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from napari_seal import NothingToCheckError, OptionError, Verdict, check_many
from napari_seal._verify.report import count


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, sealed: dict[str, bytes]) -> Path:
    """A folder of 1,000 files, more than are under way at once; every seventh is changed."""
    folder = tmp_path_factory.mktemp("archive")
    good, bad = sealed["gray"], sealed["gray"][:-2]
    for number in range(1000):
        (folder / f"{number:04}.jpg").write_bytes(good if number % 7 else bad)
    return folder


def assert_complete(verdicts: list[Verdict], archive: Path) -> None:
    """One verdict a file, in order, and the right one."""
    names = sorted(os.listdir(archive))
    assert [os.path.basename(v.path) for v in verdicts] == names
    expected = ["intact" if int(name[:4]) % 7 else "truncated" for name in names]
    assert [str(v.verdict) for v in verdicts] == expected
    assert sum(count(verdicts).values()) == len(names)


@pytest.mark.parametrize("jobs", [1, 2, None])
def test_every_file_gets_its_verdict_in_order(jobs: int | None, archive: Path) -> None:
    """In one process or several, for a folder and for a list of files."""
    assert_complete(list(check_many(archive, jobs=jobs)), archive)
    files = iter(sorted(archive.iterdir()))
    assert_complete(list(check_many(files, jobs=jobs)), archive)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("after", [1, 200])
def test_a_killed_worker_costs_no_file(after: int, archive: Path) -> None:
    """Where a worker is killed mid-run, the run goes on and every file has one verdict."""
    run = check_many(archive, jobs=2)
    verdicts = list(itertools.islice(run, after))
    victim, *_ = multiprocessing.active_children()
    os.kill(victim.pid or 0, signal.SIGKILL)
    victim.join(10)
    time.sleep(0.2)  # the pool has noticed
    verdicts += run
    assert_complete(verdicts, archive)


def test_a_run_can_be_left(archive: Path) -> None:
    """Closing the iterator ends the worker processes."""
    run = check_many(archive, jobs=2)
    next(run)
    run.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_bad_files_do_not_end_a_run(archive: Path, tmp_path: Path) -> None:
    """Missing files, folders, texts and empty folders stand between others, in order."""
    (tmp_path / "text.jpg").write_text("x")
    (tmp_path / "empty").mkdir()
    good = archive / "0001.jpg"
    paths = [good, tmp_path / "gone.jpg", tmp_path / "text.jpg", tmp_path / "empty", good]
    verdicts = list(check_many(paths))
    assert [str(v.verdict) for v in verdicts] == [
        "intact", "unreadable", "not-an-image", "unreadable", "intact",
    ]  # fmt: skip
    assert verdicts[3].reasons[0].code == "empty-folder"


@pytest.mark.parametrize("make", [lambda p: [], lambda p: p, lambda p: [p, p / "sub"]])
def test_checking_nothing_is_an_error(make: object, tmp_path: Path) -> None:
    """No paths, an empty folder or several of them are no success."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "note.txt").touch()
    with pytest.raises(NothingToCheckError):
        list(check_many(make(tmp_path)))  # type: ignore[operator]


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "2", True])
def test_jobs_is_a_whole_number(jobs: object, archive: Path) -> None:
    """The error comes from the call, not from the first verdict."""
    with pytest.raises(OptionError, match="jobs"):
        check_many(archive, jobs=jobs)  # type: ignore[arg-type]


def test_folders_in_folders_only_on_request(archive: Path, tmp_path: Path) -> None:
    """`recursive=False` stays in the folder."""
    (tmp_path / "sub").mkdir()
    for place in (tmp_path, tmp_path / "sub"):
        (place / "a.jpg").write_bytes((archive / "0001.jpg").read_bytes())
    assert len(list(check_many(tmp_path))) == 2
    assert len(list(check_many(tmp_path, recursive=False))) == 1
