"""Folders that do not answer: the run goes on, or ends when it is to end."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hanging import hanging
from support import PATIENCE

import napari_seal
from napari_seal import Ledger, NothingToCheckError, Verdict, check_many
from napari_seal._verify.load import Unlisted, load
from napari_seal._verify.patience import find_patiently
from napari_seal._verify.reasons import Reason
from napari_seal._verify.scan import find_images


@pytest.fixture
def plates(tmp_path: Path, tracks: np.ndarray) -> Path:
    """Three plates of 50 fields, and a folder in the second."""
    first = tmp_path / "field.jpg"
    napari_seal.seal(tracks, first)
    folder = tmp_path / "plates"
    for plate in ("1", "2", "2/deep", "3"):
        (folder / plate).mkdir(parents=True)
        for field in range(50):
            os.link(first, folder / plate / f"{field:02}.jpg")
    return folder


def by_folder(verdicts: Iterator[Verdict], folder: Path) -> dict[str, set[str]]:
    """The verdicts in each folder, and of each folder."""
    found: dict[str, set[str]] = {}
    for verdict in verdicts:
        path = Path(verdict.path)
        place = path.parent if path.suffix else path
        found.setdefault(place.relative_to(folder).as_posix(), set()).add(str(verdict.verdict))
    return found


def test_it_finds_what_a_plain_search_finds(plates: Path, tmp_path: Path) -> None:
    """The same files, in the same order, with folders, files and what is not there."""
    named = [str(plates), str(plates / "2"), str(plates / "1" / "07.jpg"), str(tmp_path / "none")]
    for recursive in (True, False):
        expected = list(find_images(named, recursive=recursive))
        assert list(find_patiently(named, recursive=recursive)) == expected
        assert list(find_patiently(iter(named), recursive=recursive, timeout=9)) == expected
    assert list(find_patiently([], recursive=True)) == []


def test_an_error_in_an_iterator_of_paths_comes_through(plates: Path) -> None:
    """What raises where paths are taken raises where files are taken."""

    def paths() -> Iterator[str]:
        yield str(plates)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(find_patiently(paths(), recursive=True))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_that_hangs_is_unreadable(jobs: int, plates: Path) -> None:
    """It gets a verdict like a file that hangs, and the folders around it are checked."""
    with hanging(plates / "2"):
        run = check_many(plates, jobs=jobs, timeout=3)
        verdicts = list(run)
    expected = {"1": {"intact"}, "2": {"unreadable"}, "3": {"intact"}}
    assert by_folder(iter(verdicts), plates) == expected
    assert len(verdicts) == run.done == 101
    (late,) = [v for v in verdicts if not v.intact]
    assert type(late.path) is str
    assert [r.code for r in late.reasons] == ["timed-out"]
    assert "stood still for 3 s" in late.reasons[0].message
    assert run.stopped is None


def test_only_a_folder_that_hangs(plates: Path) -> None:
    """There is nothing to check, and the error says why."""
    with hanging(plates / "3"), pytest.raises(NothingToCheckError, match="stood still for 1 s"):
        list(check_many(plates / "3", timeout=1))


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("options", ["time limit", "cancel", "cancel and timeout"])
def test_a_run_ends_while_a_folder_hangs(options: str, jobs: int, plates: Path) -> None:
    """A time limit holds, and cancelling takes effect; no other time-out is reached."""
    event = threading.Event()
    asked: dict[str, object] = {"time_limit": 0.5} if options == "time limit" else {"cancel": event}
    if "timeout" in options:
        asked["timeout"] = 600
    with hanging(plates / "2"):
        threading.Timer(0.5, event.set).start()
        start = time.monotonic()
        run = check_many(plates, jobs=jobs, **asked)  # type: ignore[arg-type]
        verdicts = list(run)
        assert time.monotonic() - start < PATIENCE
    assert run.stopped == ("time-limit" if options == "time limit" else "cancelled")
    assert by_folder(iter(verdicts), plates).keys() <= {"1"}


def test_a_ledger_tells_nothing_of_a_folder_that_hangs(plates: Path, tmp_path: Path) -> None:
    """Its files are not missing, neither are those in folders below it."""
    with Ledger.open(tmp_path / "ledger.db", create=True) as ledger:
        assert by_folder(ledger.check_many(plates, jobs=2), plates).keys() == {
            "1", "2", "2/deep", "3",
        }  # fmt: skip
        (plates / "3" / "00.jpg").unlink()
        with hanging(plates / "2"):
            found = by_folder(ledger.check_many(plates, jobs=2, timeout=3), plates)
        assert found == {"1": {"intact"}, "2": {"unreadable"}, "3": {"intact", "missing"}}
        assert ledger.runs()[-1].state == "complete"
        assert len(list(ledger.missing())) == 1


def test_a_ledger_run_is_stopped_while_a_folder_hangs(plates: Path, tmp_path: Path) -> None:
    """It can be gone on with."""
    with Ledger.open(tmp_path / "ledger.db", create=True) as ledger:
        with hanging(plates / "2"):
            run = ledger.check_many(plates, jobs=2, time_limit=0.5)
            list(run)
        assert run.stopped == "time-limit"
        assert ledger.runs()[-1].state == "unfinished"
        assert len(list(ledger.check_many(plates, jobs=2, resume=True))) == 200


def test_a_folder_that_was_given_up_is_not_touched() -> None:
    """Loading it says why, in another process as well."""
    path = pickle.loads(pickle.dumps(Unlisted("/nowhere/at all", 2.5)))
    reason = load(path)
    assert isinstance(reason, Reason)
    assert reason.code == "timed-out"
    assert "2.5 s" in reason.message


METHODS = """
import sys
from napari_seal import _workers, check_many
ask, methods = _workers.start_method, set()
def told():
    methods.add(ask())
    return ask()
_workers.start_method = told
print(sum(1 for _ in check_many(sys.argv[1], jobs=2)), methods)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there are workers forked")
def test_no_thread_is_left_when_workers_start(plates: Path) -> None:
    """Where nothing hangs, they are forked, which is the quickest."""
    source = Path(napari_seal.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", METHODS, plates],
        capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": str(source)},
    )  # fmt: skip
    assert done.stdout.strip() == "200 {'fork'}"


ATTEMPTS = """
import os
from napari_seal._verify.patience import Attempt
for _ in range(500):
    assert Attempt(lambda: None).ended(60)
    assert len(os.listdir("/proc/self/task")) == 1
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there are workers forked")
def test_a_thread_that_has_ended_is_gone() -> None:
    """Also from the system's list, which is a little later; so is it on a busy machine."""
    source = Path(napari_seal.__file__).parents[1]
    subprocess.run(
        [sys.executable, "-c", ATTEMPTS], check=True, env=os.environ | {"PYTHONPATH": str(source)}
    )
