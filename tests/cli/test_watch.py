"""``napari-seal watch``: what it refuses; `tests/watch` has what it does."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("raw", "out", "words"),
    [
        ("raw", "raw/sealed", "none lies in the other"),
        ("raw/below", "raw", "none lies in the other"),
        ("raw", "raw", "none lies in the other"),
        ("link", "raw", "none lies in the other"),
        ("nothing", "sealed", "there is no folder"),
        ("s3://bucket/raw", "sealed", "folders of this machine"),
        ("raw/image.zarr", "sealed", "is one image"),
    ],
)
def test_folders_that_make_no_sense_are_refused(run, tmp_path, raw, out, words):
    """With the exit code 2, before anything is written."""
    (tmp_path / "raw" / "below").mkdir(parents=True)
    (tmp_path / "raw" / "image.zarr").mkdir()
    (tmp_path / "link").symlink_to("raw", target_is_directory=True)
    result = run("watch", raw, "--out", out, "--once")
    assert result.exit_code == 2
    assert words in result.output
    assert not (tmp_path / "sealed").exists()


def test_a_mistyped_folder_is_not_remembered(run, tmp_path):
    """The next call, with the right one, is not told that the other had been watched."""
    (tmp_path / "raw").mkdir()
    assert run("watch", "rwa", "--out", "sealed", "--poll").exit_code == 2
    assert run("watch", "raw", "--out", "sealed", "--once").exit_code == 0
    # From then on, a folder that is gone may be a disk that is to come; but not for one look.
    (tmp_path / "raw").rmdir()
    result = run("watch", "raw", "--out", "sealed", "--once")
    assert (result.exit_code, "there is no folder" in result.output) == (2, True)


def test_a_ledger_in_the_raw_folder_is_refused(run, tmp_path):
    """Nothing is ever written there."""
    (tmp_path / "raw").mkdir()
    result = run("watch", "raw", "--out", "sealed", "--ledger", "raw/ledger.db", "--once")
    assert result.exit_code == 2
    assert not list((tmp_path / "raw").iterdir())
