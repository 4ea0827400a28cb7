"""Files of a folder that are planes of a stack: in order, with those that are missing."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_seal import (
    Ledger,
    NothingToCheckError,
    Verdict,
    check,
    check_many,
    open_stack,
    seal,
    seal_stack,
)
from napari_seal._verify.scan import count_images, find_images
from napari_seal._verify.stack_files import PlanePath

MOVIE = np.random.default_rng(7).integers(100, 5000, (3, 4, 16, 16), np.uint16)


class StopError(Exception):
    """Ends a run."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a stack of 3 x 4 planes, in one with other files."""
    archive = tmp_path / "archive"
    archive.mkdir()
    seal(MOVIE[0, 0], archive / "a.jpg")
    seal(MOVIE[0, 0], archive / "z.jpg")
    seal_stack(MOVIE, archive / "movie", axes="TZYX")
    return archive / "movie.sealed"


@pytest.fixture
def unfinished(folder: Path) -> Path:
    """The folder of a stack of which 5 planes were written."""

    def progress(done: int, total: int) -> None:
        if done == 5:
            raise StopError

    with pytest.raises(StopError):
        seal_stack(MOVIE, folder.parent / "half", axes="TZYX", window=(0, 1), progress=progress)
    return folder.parent / "half.sealed"


def plane(folder: Path, t: int, z: int) -> Path:
    """A plane of a stack."""
    stem = folder.name.removesuffix(".sealed")
    return folder / f"{stem}_t{t}_z{z}.sealed.jpg"


def words(archive: Path | list[Path], **options: Any) -> dict[str, str]:
    """The verdicts that are not `intact`, by file name, of a run whose totals add up."""
    run = check_many(archive, progress=lambda _: None, **options)
    verdicts = list(run)
    assert len({verdict.path for verdict in verdicts}) == len(verdicts) == run.done
    assert all(type(verdict.path) is str for verdict in verdicts)
    return {os.path.basename(v.path): str(v.verdict) for v in verdicts if not v.intact}


def codes(path: Path, archive: Path) -> list[str]:
    """The codes of one file's reasons in a run."""
    (found,) = (v for v in check_many(archive) if v.path == str(path))
    return [str(reason.code) for reason in found.reasons]


def test_the_files_of_a_stack_are_found_in_order(folder: Path) -> None:
    """The index, then the planes, each with what belongs there; other files as ever."""
    found = list(find_images([folder.parent]))
    names = [os.path.relpath(path, folder) for path in found]
    planes = [f"movie_t{t}_z{z}.sealed.jpg" for t in range(3) for z in range(4)]
    assert names == ["../a.jpg", "../z.jpg", "movie.sealed.json", *planes]
    stack = open_stack(folder).stack
    for number, path in enumerate(found[3:]):
        assert isinstance(path, PlanePath)
        assert path.place == stack.place(divmod(number, 4))
        assert path.proof == stack.proof(number)
    assert not any(isinstance(path, PlanePath) for path in found[:3])


def test_what_belongs_to_a_path_travels_with_it(folder: Path) -> None:
    """To other processes, and to other machines."""
    path = list(find_images([folder]))[-1]
    assert isinstance(path, PlanePath)
    for other in (pickle.loads(pickle.dumps(path)), copy.copy(path)):
        assert isinstance(other, PlanePath)
        assert (other, other.place, other.proof) == (path, path.place, path.proof)


@pytest.mark.parametrize("gone", [[(0, 0)], [(2, 3)], [(1, 1), (1, 2), (2, 0)], "all"])
def test_missing_planes_are_found_and_counted(gone: Any, folder: Path) -> None:
    """The first, the last, some, all: each in its place."""
    places = [(t, z) for t in range(3) for z in range(4)] if gone == "all" else gone
    before = [str(path) for path in find_images([folder.parent])]
    for place in places:
        plane(folder, *place).unlink()
    assert [str(path) for path in find_images([folder.parent])] == before
    assert count_images([folder.parent]) == len(before) == 15
    missing = {plane(folder, *place).name: "missing" for place in places}
    for jobs in (1, 2):
        assert words(folder.parent, jobs=jobs) == missing
        assert words(folder, jobs=jobs) == missing


def test_a_plane_in_the_place_of_another_is_substituted(folder: Path) -> None:
    """It is intact by itself, and says where it belongs."""
    shutil.copy(plane(folder, 0, 1), plane(folder, 2, 2))
    assert check(plane(folder, 2, 2)).intact
    assert words(folder.parent) == {"movie_t2_z2.sealed.jpg": "substituted"}
    (found,) = (v for v in check_many(folder) if not v.intact)
    assert [str(reason.code) for reason in found.reasons] == ["other-place"]
    assert (found.reasons[0].expected, found.reasons[0].found) == ("T 2, Z 2", "T 0, Z 1")


def test_exchanged_planes_are_both_substituted(folder: Path) -> None:
    """Although every image is there."""
    one, two = plane(folder, 0, 1), plane(folder, 1, 0)
    one.rename(folder / "x")
    two.rename(one)
    (folder / "x").rename(two)
    assert words(folder.parent) == dict.fromkeys((one.name, two.name), "substituted")


def _of_another_stack(path: Path) -> None:
    seal_stack(MOVIE, path.parents[2] / "movie", axes="TZYX")
    shutil.copy(path.parents[2] / "movie.sealed" / path.name, path)


def _of_no_stack(path: Path) -> None:
    seal(MOVIE[1, 1], path, overwrite=True)


def _sealed_again(path: Path) -> None:
    stack = open_stack(path.parent).stack
    seal(MOVIE[1, 1], path, place=stack.place((1, 1)), window=stack.window, overwrite=True)


def _without_a_seal(path: Path) -> None:
    from PIL import Image

    Image.fromarray(MOVIE[1, 1].astype(np.uint8)).save(path)


def _no_image(path: Path) -> None:
    path.write_bytes(b"x")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _an_edit(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"quality":90', b'"quality":91'))


REPLACED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "of another stack": (_of_another_stack, "substituted", "other-stack"),
    "of no stack": (_of_no_stack, "substituted", "other-stack"),
    "sealed again": (_sealed_again, "substituted", "not-the-recorded-seal"),
    "without a seal": (_without_a_seal, "no-seal", "not-the-recorded-seal"),
    "no image": (_no_image, "not-an-image", "not-the-recorded-seal"),
    "a folder": (_a_folder, "unreadable", "empty-folder"),
}


@pytest.mark.parametrize("case", REPLACED)
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_in_the_place_of_a_plane(case: str, jobs: int, folder: Path) -> None:
    """Whatever is intact by itself is no plane of this stack for that."""
    replace, word, code = REPLACED[case]
    path = plane(folder, 1, 1)
    replace(path)
    assert words(folder, jobs=jobs) == {path.name: word}
    assert code in codes(path, folder)


def test_an_edited_plane_of_the_stack_is_that_plane(folder: Path) -> None:
    """The index adds nothing to the verdict on the file."""
    path = plane(folder, 1, 1)
    _an_edit(path)
    alone = check(path)
    assert alone.verdict == "metadata-changed"
    (found,) = (v for v in check_many(folder) if not v.intact)
    assert found == alone


def test_files_that_the_index_does_not_name_are_checked_as_ever(folder: Path) -> None:
    """A sealed file beside the planes, a copy of a plane under another name, a cut one."""
    shutil.copy(plane(folder, 0, 0), folder / "movie_t0_z0 copy.sealed.jpg")
    seal(MOVIE[0, 0], folder / "later.jpg")
    (folder / "cut.jpg").write_bytes(plane(folder, 0, 0).read_bytes()[:-20])
    assert words(folder.parent) == {"cut.jpg": "truncated"}
    assert count_images([folder.parent]) == 18


def test_of_an_unfinished_stack_nothing_is_missing(unfinished: Path) -> None:
    """Its index says so itself, which is no success; what is there must be in its place."""
    archive = unfinished.parent
    assert words(archive) == {"half.sealed.json": "truncated"}
    assert count_images([archive]) == 15 + 6
    shutil.copy(plane(unfinished, 0, 0), plane(unfinished, 0, 1))
    plane(unfinished, 0, 2).unlink()
    half = {"half.sealed.json": "truncated", "half_t0_z1.sealed.jpg": "substituted"}
    assert words(archive) == words(unfinished) == half
    assert words(unfinished / "half.sealed.json") == half


def test_an_index_that_is_named_stands_for_its_stack(folder: Path) -> None:
    """All its planes are checked, and nothing beside them."""
    seal(MOVIE[0, 0], folder / "later.jpg")
    index = folder / "movie.sealed.json"
    plane(folder, 1, 0).unlink()
    assert words(index) == {"movie_t1_z0.sealed.jpg": "missing"}
    assert len(list(check_many(index))) == count_images([index]) == 13


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "not-an-image"),
        (b"{}", "seal-malformed"),
        (b"[" * 100_000, "seal-malformed"),
        (b"\xff" * 20, "seal-malformed"),
    ],
)
def test_an_index_that_cannot_be_read_is_told(content: bytes, word: str, folder: Path) -> None:
    """The planes are then checked by themselves, and nobody knows which are missing."""
    (folder / "movie.sealed.json").write_bytes(content)
    plane(folder, 0, 0).unlink()
    assert words(folder.parent) == {"movie.sealed.json": word}


def test_two_stacks_in_one_folder(folder: Path) -> None:
    """Each index names its own planes, also where one name begins like the other."""
    seal_stack(MOVIE[:, 0], folder.parent / "movie_t0", axes="TYX")
    for path in (folder.parent / "movie_t0.sealed").iterdir():
        path.rename(folder / path.name)
    (folder / "movie_t0_t1.sealed.jpg").unlink()
    plane(folder, 0, 3).unlink()
    assert words(folder) == {
        "movie_t0_t1.sealed.jpg": "missing", "movie_t0_z3.sealed.jpg": "missing",
    }  # fmt: skip
    assert count_images([folder]) == 13 + 4


def test_a_folder_that_only_has_an_index_is_no_empty_folder(tmp_path: Path, folder: Path) -> None:
    """All planes are missing, which is worse than nothing to check."""
    for path in folder.glob("*.jpg"):
        path.unlink()
    assert len(words(folder)) == 12
    (folder / "movie.sealed.json").unlink()
    with pytest.raises(NothingToCheckError):
        words(folder)


def test_an_index_leads_nowhere_else(folder: Path) -> None:
    """Names in it are never used as paths: the files of a hostile index are beside it."""
    index = folder / "movie.sealed.json"
    text = index.read_bytes().replace(b'["T","Z","Y","X"]', b'["../..","/etc","Y","X"]')
    index.write_bytes(text)
    found = list(find_images([folder]))
    assert {os.path.dirname(path) for path in found} == {str(folder)}
    assert sum(isinstance(path, PlanePath) for path in found) == 12


def test_many_planes_over_processes(tmp_path: Path) -> None:
    """More than are under way at once, in order, with a total that is known."""
    seal_stack(np.zeros((300, 8, 8), np.uint8), tmp_path / "many", axes="TYX")
    folder = tmp_path / "many.sealed"
    (folder / "many_t007.sealed.jpg").unlink()
    shutil.copy(folder / "many_t001.sealed.jpg", folder / "many_t250.sealed.jpg")
    for ordered in (True, False):
        found = words(tmp_path, jobs=2, ordered=ordered)
        assert found == {
            "many_t007.sealed.jpg": "missing", "many_t250.sealed.jpg": "substituted",
        }  # fmt: skip


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_ledger_keeps_the_files_of_a_stack(jobs: int, folder: Path, tmp_path: Path) -> None:
    """A plane that is lost between two runs is told once in each, as the index tells it."""
    archive = folder.parent

    def run() -> list[Verdict]:
        with Ledger.open(tmp_path / "ledger.db", root=archive, create=True) as ledger:
            verdicts = list(ledger.check_many(archive, jobs=jobs))
        assert len({v.path for v in verdicts}) == len(verdicts) == 15
        return [v for v in verdicts if not v.intact]

    plane(folder, 2, 2).unlink()
    assert [str(v.verdict) for v in run()] == ["missing"]
    shutil.copy(plane(folder, 0, 0), plane(folder, 0, 1))
    plane(folder, 1, 1).unlink()
    for _ in range(2):
        found = {os.path.basename(v.path): str(v.verdict) for v in run()}
        assert found == {
            "movie_t0_z1.sealed.jpg": "substituted",
            "movie_t1_z1.sealed.jpg": "missing",
            "movie_t2_z2.sealed.jpg": "missing",
        }
