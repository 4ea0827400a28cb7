"""Stacks on the command line: the folder or the index stands for the whole."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from napari_seal import seal_stack

MOVIE = np.random.default_rng(7).integers(100, 5000, (3, 4, 16, 20), np.uint16)


@pytest.fixture
def folder(tmp_path):
    """The folder of a stack of 3 x 4 planes, where the commands run."""
    seal_stack(MOVIE, tmp_path / "movie", axes="TZYX")
    return tmp_path / "movie.sealed"


def test_verify_a_stack(run, folder):
    """Whole, it is a success of 13 files, whichever way it is named."""
    for name in (".", "movie.sealed", "movie.sealed/movie.sealed.json"):
        result = run("verify", name)
        assert result.exit_code == 0
        assert "13 files: 13 intact" in result.output


@pytest.mark.parametrize("more", [[], ["--ledger", "ledger.db"], ["--jobs", "1"]])
def test_verify_tells_what_is_not_the_stack(more, run, folder):
    """A missing plane, and one in another's place; the totals add up."""
    (folder / "movie_t1_z2.sealed.jpg").unlink()
    shutil.copy(folder / "movie_t0_z0.sealed.jpg", folder / "movie_t2_z3.sealed.jpg")
    for _ in range(2):
        result = run("verify", "movie.sealed", *more)
        assert result.exit_code == 1
        assert "13 files: 11 intact, 1 substituted, 1 missing" in result.output
        assert "(T 1, Z 2)" in result.output
        assert "the plane T 2, Z 3 belongs here" in " ".join(result.output.split())


def test_reports_have_the_index_and_missing_planes(run, folder):
    """One row each, in every kind of report."""
    (folder / "movie_t1_z2.sealed.jpg").unlink()
    (folder / "movie.sealed.json").write_bytes(b"{}")
    run("verify", ".", "--html", "r.html")
    seal_stack(MOVIE, folder.parent / "other", axes="TZYX")
    (folder.parent / "other.sealed" / "other_t1_z2.sealed.jpg").unlink()
    result = run(
        "verify", "movie.sealed", "other.sealed", "--jsonl", "--csv", "r.csv", "--html", "r.html"
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()][:-1]
    words = {line["path"]: line["verdict"] for line in lines if line["verdict"] != "intact"}
    assert words == {
        "movie.sealed/movie.sealed.json": "seal-malformed",
        "other.sealed/other_t1_z2.sealed.jpg": "missing",
    }
    assert len(lines) == 12 + 13
    for report in ("r.csv", "r.html"):
        text = (folder.parent / report).read_text("utf-8")
        assert "other_t1_z2.sealed.jpg" in text
        assert "movie.sealed.json" in text
        assert run("report", "check", report).exit_code == 0


def test_a_plane_that_lost_its_seal_is_no_unsealed_image(run, folder):
    """Although images without a seal are allowed: the index says that it had one."""
    Image.fromarray(np.zeros((16, 20), np.uint8)).save(folder / "beside.jpg")
    assert run("verify", "movie.sealed", "--allow-unsealed").exit_code == 0
    Image.fromarray(np.zeros((16, 20), np.uint8)).save(folder / "movie_t1_z2.sealed.jpg")
    assert run("verify", "movie.sealed", "--allow-unsealed").exit_code == 1


def test_an_unfinished_stack_is_a_failure(run, folder):
    """In words, and by the exit code."""

    def progress(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal_stack(MOVIE, "half", axes="TZYX", window=(0, 1), progress=progress)
    result = run("verify", "half.sealed")
    assert result.exit_code == 1
    assert "The stack was not finished" in result.output
    assert "6 files: 5 intact, 1 truncated" in result.output


def test_show_a_folder(run, folder):
    """It is no file; what checks it is said."""
    result = run("show", "movie.sealed")
    assert result.exit_code == 1
    assert "napari-seal verify movie.sealed" in result.output


def test_show_a_plane_and_an_index(run, folder):
    """A plane says where it belongs; an index has a verdict of its own, and says what it is of."""
    result = run("show", "movie.sealed/movie_t1_z2.sealed.jpg")
    assert "T 1, Z 2 of 3 x 4 planes" in result.output
    content = json.loads(run("show", "movie.sealed/movie_t1_z2.sealed.jpg", "--json").stdout)
    assert content["seal"]["stack"]["index"] == [1, 2]
    result = run("show", "movie.sealed/movie.sealed.json")
    assert (result.exit_code, "intact" in result.output) == (0, True)
    assert "3 x 4 x 16 x 20 uint8, axes T Z Y X" in result.output
    assert "12" in result.output
    assert run("show", "movie.sealed/movie.sealed.json", "--json").exit_code == 0
