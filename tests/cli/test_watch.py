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


def test_a_ledger_in_the_raw_folder_is_refused(run, tmp_path):
    """Nothing is ever written there."""
    (tmp_path / "raw").mkdir()
    result = run("watch", "raw", "--out", "sealed", "--ledger", "raw/ledger.db", "--once")
    assert result.exit_code == 2
    assert not list((tmp_path / "raw").iterdir())
