"""Checking a stack as a whole."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from napari_seal import OptionError, StackVerdict, Verdict, check, check_stack, seal_stack, verify
from napari_seal.errors import SealError

MOVIE = np.random.default_rng(7).integers(100, 5000, (3, 4, 16, 20), np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a stack of 3 x 4 planes."""
    seal_stack(MOVIE, tmp_path / "movie", axes="TZYX", metadata={"dish": 4})
    return tmp_path / "movie.sealed"


def plane(folder: Path, t: int, z: int) -> Path:
    """A plane of the stack."""
    return folder / f"movie_t{t}_z{z}.sealed.jpg"


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stack_that_is_whole_is_intact(jobs: int, folder: Path) -> None:
    """Its folder, its index and its name lead to the same verdict."""
    for name in (folder, folder / "movie.sealed.json", folder.with_suffix("")):
        found = check_stack(name, jobs=jobs)
        assert (found.intact, found.reasons, found.problems) == (True, (), ())
        assert (found.complete, found.total, found.counts) == (True, 12, {"intact": 12})
        assert found.index == check(folder / "movie.sealed.json")
        assert str(found) == f"{folder / 'movie.sealed.json'}: intact"


def test_a_verdict_has_no_truth_value(folder: Path) -> None:
    """So that no altered stack passes for a good one."""
    with pytest.raises(TypeError, match="truth value"):
        bool(check_stack(folder))


def test_each_file_is_told_as_it_comes(folder: Path) -> None:
    """The index first, then the planes in their order, missing ones among them."""
    plane(folder, 1, 2).unlink()
    told: list[Verdict] = []
    check_stack(folder, each=told.append)
    names = ["movie.sealed.json"]
    names += [plane(folder, t, z).name for t in range(3) for z in range(4)]
    assert [Path(verdict.path).name for verdict in told] == names
    assert [str(verdict.verdict) for verdict in told if not verdict.intact] == ["missing"]


def test_the_verdict_is_the_gravest(folder: Path) -> None:
    """The counts add up, and each kind has a sentence of its own."""
    shutil.copy(plane(folder, 0, 0), plane(folder, 0, 1))
    assert check_stack(folder).verdict == "substituted"
    plane(folder, 1, 1).write_bytes(plane(folder, 1, 1).read_bytes()[:-40])
    assert check_stack(folder).verdict == "truncated"
    plane(folder, 2, 2).unlink()
    plane(folder, 2, 3).unlink()
    found = check_stack(folder)
    assert found.verdict == "missing"
    assert found.counts == {"intact": 8, "substituted": 1, "truncated": 1, "missing": 2}
    assert [reason.message for reason in found.reasons] == [
        "1 of 12 planes is substituted.",
        "1 of 12 planes is truncated.",
        "2 of 12 planes are missing.",
    ]
    assert len(found.problems) == 4
    assert found.as_dict()["counts"] == found.counts
    assert (found.as_dict()["planes"], found.as_dict()["complete"]) == (12, True)


def test_of_many_problems_the_first_hundred_are_kept(tmp_path: Path) -> None:
    """Memory does not grow with the number of planes."""
    seal_stack(np.zeros((150, 8, 8), np.uint8), tmp_path / "a", axes="TYX")
    for path in (tmp_path / "a.sealed").glob("*.jpg"):
        path.unlink()
    found = check_stack(tmp_path / "a")
    assert (len(found.problems), found.counts) == (100, {"missing": 150})


def test_a_changed_index_is_told(folder: Path) -> None:
    """Also where all planes are intact."""
    path = folder / "movie.sealed.json"
    path.write_bytes(path.read_bytes().replace(b'"dish":4', b'"dish":5'))
    found = check_stack(folder)
    assert (found.verdict, found.counts) == ("metadata-changed", {"intact": 12})
    assert [str(reason.code) for reason in found.reasons] == ["record-mismatch"]


def test_an_index_whose_digests_were_changed_proves_no_plane(folder: Path) -> None:
    """The planes are not those that it names, and it is not what was sealed."""
    path = folder / "movie.sealed.json"
    text = path.read_bytes()
    at = text.index(b'"planes":"') + 10
    path.write_bytes(text[:at] + (b"B" if text[at : at + 1] == b"A" else b"A") + text[at + 1 :])
    found = check_stack(folder)
    assert (found.index.verdict, found.verdict) == ("metadata-changed", "substituted")
    assert found.counts == {"substituted": 1, "intact": 11}


@pytest.mark.parametrize("written", [0, 5, 11, 12])
def test_an_unfinished_stack_is_never_intact(written: int, tmp_path: Path) -> None:
    """Not even with all planes there, where only the index was not completed."""

    def progress(done: int, total: int) -> None:
        if done == written:
            raise KeyboardInterrupt

    if written:
        with pytest.raises(KeyboardInterrupt):
            seal_stack(MOVIE, tmp_path / "a", axes="TZYX", window=(0, 1), progress=progress)
    else:
        data = MOVIE.astype(float)
        data[0, 0, 0, 0] = np.nan
        with pytest.raises(SealError):
            seal_stack(data, tmp_path / "a", axes="TZYX", window=(0, 1))
    found = check_stack(tmp_path / "a")
    assert (found.verdict, found.complete, found.total) == ("truncated", False, 12)
    assert found.counts == ({"intact": written} if written else {})
    assert f"{written} of 12 planes are there." in str(found)


@pytest.mark.parametrize("name", ["nothing", "empty", "file.sealed.json", "bad.sealed"])
def test_what_is_no_stack_has_a_verdict(name: str, tmp_path: Path) -> None:
    """Whatever is named: a word and a reason, and no exception."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.sealed").mkdir()
    (tmp_path / "bad.sealed" / "bad.sealed.json").write_bytes(b'{"kind":')
    (tmp_path / "file.sealed.json").write_bytes(b"\0")
    found = check_stack(tmp_path / name)
    expected = {"nothing": "unreadable", "empty": "unreadable"}.get(name, "seal-malformed")
    assert (found.verdict, found.total, found.complete) == (expected, None, False)
    assert found.reasons
    assert isinstance(found, StackVerdict)


def test_a_run_that_is_ended_early_is_never_intact(folder: Path) -> None:
    """What was not checked is no success."""
    cancel = threading.Event()
    cancel.set()
    found = check_stack(folder, cancel=cancel)
    assert (found.stopped, found.verdict) == ("cancelled", "unreadable")
    assert "Not all planes were checked." in str(found)
    cancel.clear()
    found = check_stack(folder, cancel=cancel, each=lambda _: cancel.set())
    assert (found.stopped, found.intact) == ("cancelled", False)


def test_full_decodes_every_plane(folder: Path) -> None:
    """And finds the same."""
    assert check_stack(folder, full=True).intact
    with pytest.raises(OptionError, match="jobs"):
        check_stack(folder, jobs=0)


def test_the_index_alone_has_a_verdict_and_no_seal(folder: Path) -> None:
    """`check` says whether the index is as it was written; `verify` sends to `check_stack`."""
    index = folder / "movie.sealed.json"
    plane(folder, 0, 0).unlink()
    assert check(index).intact
    with pytest.raises(SealError, match="check_stack"):
        verify(index)
