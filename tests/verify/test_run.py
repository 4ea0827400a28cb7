"""Checking many files: every file has exactly one verdict, in order, whatever happens."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hanging import hanging
from support import PATIENCE

from napari_seal import NothingToCheckError, OptionError, Progress, Verdict, check_many
from napari_seal._verify.run import check_without_seals


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


@pytest.mark.parametrize("jobs", [1, 2, None])
def test_every_file_gets_its_verdict_in_order(jobs: int | None, archive: Path) -> None:
    """In one process or several, for a folder and for a list of files."""
    assert_complete(list(check_many(archive, jobs=jobs)), archive)
    files = iter(sorted(archive.iterdir()))
    assert_complete(list(check_many(files, jobs=jobs)), archive)


@pytest.mark.parametrize("jobs", [1, 2])
def test_without_seals_the_verdicts_are_the_same(jobs: int, archive: Path) -> None:
    """What the command line asks for: as `check_many`, but for the seals of intact files."""
    run = check_without_seals([str(archive)], full=False, against=None, jobs=jobs)
    verdicts = list(run)
    assert_complete(verdicts, archive)
    for verdict, whole in zip(verdicts, check_many(archive, jobs=jobs), strict=True):
        assert verdict.as_dict() == whole.as_dict()
        assert whole.seal is not None
    assert run.done == 1000


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("after", [1, 200])
def test_a_killed_worker_costs_no_file(after: int, archive: Path) -> None:
    """Where a worker is killed mid-run, the run goes on and every file has one verdict."""
    run = check_many(archive, jobs=2)
    verdicts = list(itertools.islice(run, after))
    victim, *_ = multiprocessing.active_children()
    os.kill(victim.pid or 0, signal.SIGKILL)
    victim.join(PATIENCE)
    verdicts += run
    assert_complete(verdicts, archive)


def test_a_run_can_be_left(archive: Path) -> None:
    """Closing the iterator ends the worker processes."""
    run = check_many(archive, jobs=2)
    next(run)
    run.close()
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


@pytest.mark.parametrize("jobs", [1, 2])
def test_verdicts_as_they_come(jobs: int, archive: Path) -> None:
    """Without an order, every file still has one verdict, and the right one."""
    verdicts = list(check_many(archive, jobs=jobs, ordered=False))
    assert_complete(sorted(verdicts, key=lambda v: v.path), archive)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("how", ["event", "callable"])
def test_a_run_can_be_cancelled(jobs: int, how: str, archive: Path) -> None:
    """By an event or a callable: the run ends with what is under way, and says why."""
    event = threading.Event()
    files = itertools.cycle(sorted(archive.iterdir()))  # endless
    run = check_many(files, jobs=jobs, cancel=event if how == "event" else event.is_set)
    for _ in range(100):
        next(run)
    event.set()
    rest = list(run)
    assert len(rest) <= (0 if jobs == 1 else 4 * jobs * 1024)
    assert run.stopped == "cancelled"
    assert run.done == 100 + len(rest)


@pytest.mark.parametrize(("jobs", "limit"), [(1, 1), (2, 5)])  # processes need time to start
def test_a_run_may_take_so_long(jobs: int, limit: int, archive: Path) -> None:
    """With a time limit, what was checked has its verdict, and the caller can tell."""
    files = itertools.cycle(sorted(archive.iterdir()))
    start = time.monotonic()
    run = check_many(files, jobs=jobs, time_limit=limit)
    done = sum(1 for _ in run)
    assert limit <= time.monotonic() - start < limit + PATIENCE
    assert done == run.done > 0
    assert run.stopped == "time-limit"


def test_a_run_that_ends_in_time_was_not_stopped(archive: Path) -> None:
    """Neither by a limit that was not reached, nor by cancelling when all was done."""
    event = threading.Event()
    run = check_many(archive, jobs=2, time_limit=600, cancel=event)
    verdicts = list(itertools.islice(run, 1000))
    event.set()
    assert list(run) == []
    assert run.stopped is None
    assert_complete(verdicts, archive)


@pytest.mark.parametrize(
    "options",
    [{"timeout": 0}, {"timeout": -1.0}, {"time_limit": "60"}, {"time_limit": True},
     {"timeout": float("nan")}],
)  # fmt: skip
def test_times_are_numbers_above_zero(options: dict[str, object], archive: Path) -> None:
    """The error names the option."""
    with pytest.raises(OptionError, match=next(iter(options))):
        check_many(archive, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_with_an_honest_total(jobs: int, archive: Path) -> None:
    """Never backwards, at the end all of it; the total is unknown or right."""
    seen: list[Progress] = []
    run = check_many([archive, archive], jobs=jobs, progress=seen.append)
    assert len(list(run)) == 2000
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert {p.total for p in seen} <= {None, 2000}
    last = seen[-1]
    assert (last.done, last.total, last.seconds_left) == (2000, 2000, 0)
    assert last.bytes == 2 * sum(path.stat().st_size for path in archive.iterdir())
    assert last.files_per_second == pytest.approx(2000 / last.seconds)
    assert last.bytes_per_second == pytest.approx(last.bytes / last.seconds)
    assert multiprocessing.active_children() == []


def test_the_total_is_known_early(archive: Path) -> None:
    """It is counted in the background while files are checked, not at their end."""
    seen: list[Progress] = []
    for _ in check_many([archive] * 20, jobs=2, progress=seen.append):
        if seen[-1].total is not None:
            break
    assert seen[-1].total == 20_000
    assert seen[-1].done < 20_000
    assert seen[-1].seconds_left is not None


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_hangs_is_unreadable(jobs: int, archive: Path, tmp_path: Path) -> None:
    """An `open` that does not return gets a verdict, and the run goes on."""
    good, bad = archive / "0001.jpg", tmp_path / "hangs.jpg"
    bad.write_bytes(good.read_bytes())
    with hanging(bad):
        verdicts = list(check_many([good, bad, *[good] * 100], jobs=jobs, timeout=3))
    assert [str(v.verdict) for v in verdicts] == ["intact", "unreadable", *["intact"] * 100]
    assert verdicts[1].reasons[0].code == "timed-out"
    assert "longer than 3 s" in verdicts[1].reasons[0].message
    assert multiprocessing.active_children() == []


def test_few_files_have_a_time_out_as_well(archive: Path, tmp_path: Path) -> None:
    """They are checked in a process, too, then."""
    good = archive / "0001.jpg"
    assert [str(v.verdict) for v in check_many([good, good], timeout=30)] == ["intact"] * 2


def test_a_long_iterator_is_not_kept(archive: Path) -> None:
    """Paths are taken as the run goes on, a little ahead."""
    taken = 0

    def paths() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield archive / "0001.jpg"

    run = check_many(paths(), jobs=2)
    for _ in range(100):
        next(run)
    run.close()
    assert taken < 100 + 64 + 4 * 2 * 256


@pytest.mark.skipif(sys.platform != "linux", reason="measured by /proc")
def test_memory_does_not_grow(archive: Path) -> None:
    """Nothing is kept of what was yielded: 20,000 verdicts later, this process is no larger."""
    run = check_many(itertools.cycle(sorted(archive.iterdir())), jobs=2)
    for _ in range(5_000):
        next(run)
    before = _resident()
    for _ in range(20_000):
        next(run)
    grown = _resident() - before
    run.close()
    assert grown < 4_000_000


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
