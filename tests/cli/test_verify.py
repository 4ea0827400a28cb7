"""``napari-seal verify``: which files are checked, what is told of them, and the exit code."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from support import rows_of

import napari_seal


def test_all_intact_is_success(run, archive):
    """Intact files give the exit code 0, and each is listed where they are few."""
    result = run("verify", archive / "a.sealed.jpg", archive / "below")
    assert result.exit_code == 0
    assert "a.sealed.jpg" in result.output
    assert "2 files: 2 intact" in result.output


def test_one_changed_file_is_failure(run, archive):
    """A file that is not intact gives the exit code 1, is named, and the counts add up."""
    result = run("verify", archive)
    assert result.exit_code == 1
    assert "⚠ metadata-changed" in result.output
    assert "3 files: 2 intact, 1 metadata-changed" in result.output


@pytest.mark.parametrize("make", [lambda p: None, lambda p: (p / "notes.txt").write_text("x")])
def test_nothing_to_check_is_no_success(run, tmp_path, make):
    """A folder without images gives the exit code 2 and says so."""
    folder = tmp_path / "empty"
    folder.mkdir()
    make(folder)
    for form in ([], ["--json"], ["--jsonl"]):
        result = run("verify", folder, *form)
        assert (result.exit_code, result.stdout) == (2, "")  # half an object is no JSON
        assert "not one JPEG or PNG file" in result.stderr


def test_missing_path_is_failure(run, archive):
    """A path that does not exist is counted and is no success."""
    result = run("verify", archive / "a.sealed.jpg", "nowhere.jpg")
    assert result.exit_code == 1
    assert "2 files: 1 intact, 1 unreadable" in result.output


def test_patterns_that_the_shell_left(run, archive):
    """A quoted pattern is expanded, and one that fits nothing is a missing file."""
    assert "2 files" in run("verify", archive / "*.jpg").output
    assert "3 files" in run("verify", archive / "**" / "*.jpg").output
    assert "1 unreadable" in run("verify", archive / "*.tiff", archive / "a.sealed.jpg").output


def test_unsealed_images_can_be_allowed(run, archive, hopper):
    """An image without a seal is a failure, unless it is allowed."""
    assert run("verify", archive / "a.sealed.jpg", hopper).exit_code == 1
    assert run("verify", archive / "a.sealed.jpg", hopper, "--allow-unsealed").exit_code == 0
    assert run("verify", archive, hopper, "--allow-unsealed").exit_code == 1


@pytest.fixture
def hopper(tmp_path, histology):
    """A JPEG file without a seal."""
    from PIL import Image

    path = tmp_path / "plain.jpg"
    Image.fromarray(histology).save(path)
    return path


def test_hostile_names_are_shown_escaped(run, archive):
    """Terminal escapes and undecodable bytes in a name do not reach the terminal."""
    data = (archive / "c.sealed.jpg").read_bytes()
    for name in (b"\x1b[2Jx.jpg", b"a\nb.jpg", b"\xff\xfe.jpg"):
        with open(os.path.join(os.fsencode(archive), name), "wb") as file:
            file.write(data)
    result = run("verify", archive)
    assert result.exit_code == 1
    assert "\x1b[2J" not in result.output
    assert r"\x1b[2Jx.jpg" in result.output
    assert r"a\nb.jpg" in result.output
    names = {os.fsencode(row["path"]) for row in rows_of(run("verify", archive, "--jsonl"))}
    assert {os.fsencode(p) for p in archive.rglob("*.jpg")} == names  # reversibly


def test_many_files_list_only_what_is_wrong(run, archive):
    """Of more than a screenful of files, the intact ones are counted and not listed."""
    data = (archive / "a.sealed.jpg").read_bytes()
    for index in range(40):
        (archive / f"{index:03}.jpg").write_bytes(data)
    result = run("verify", archive)
    assert "43 files: 42 intact, 1 metadata-changed" in result.output
    assert "007.jpg" not in result.output
    assert "c.sealed.jpg" in result.output
    assert "007.jpg" in run("verify", archive, "--all").output


def test_worker_processes_give_the_same(run, archive):
    """Several processes give the same verdicts in the same order as one."""
    data = (archive / "a.sealed.jpg").read_bytes()
    for index in range(300):
        (archive / f"{index:03}.jpg").write_bytes(data)
    one, two = (run("verify", archive, "--jsonl", "--jobs", jobs).stdout for jobs in (1, 2))
    assert one.splitlines()[:-1] == two.splitlines()[:-1]
    assert len(one.splitlines()) == 304


def test_full_check(run, archive, tracks: np.ndarray):
    """``--full`` decodes intact files too, and finds nothing wrong with them."""
    napari_seal.seal(tracks[:64, :64], archive / "d.sealed.jpg")
    result = run("verify", archive / "a.sealed.jpg", archive / "d.sealed.jpg", "--full")
    assert result.exit_code == 0
    assert "2 files: 2 intact" in result.output


def test_links_in_circles_come_to_an_end(run, archive):
    """A pattern lists every file once, however many links lead back up."""
    (archive / "self").symlink_to(".")
    (archive / "below" / "up").symlink_to("..")
    result = run("verify", archive / "**" / "*.jpg", "--jsonl")
    names = [row["path"] for row in rows_of(result)]
    assert [Path(name).name for name in names] == [
        "a.sealed.jpg", "b.sealed.jpg", "c.sealed.jpg",
    ]  # fmt: skip
    assert "3 files" in result.stderr


def test_what_is_not_there_is_unreadable(run, archive):
    """A path that does not exist is counted, and its exit code is that of a file not intact."""
    for arguments in (["/nonexistent"], ["nope*.jpg"], [archive / "a.sealed.jpg", "/nonexistent"]):
        result = run("verify", *arguments)
        assert result.exit_code == 1
        assert "There is no such file." in result.stdout
        assert "1 unreadable" in result.stdout


def test_against_the_originals(run, tmp_path, tracks: np.ndarray):
    """Each file beside its original: confirmed, another image, and none of that name."""
    raw, sealed = tmp_path / "raw", tmp_path / "sealed"
    (raw / "day1").mkdir(parents=True)
    np.save(raw / "day1" / "a.npy", tracks)
    np.save(raw / "b.npy", tracks + 1)
    assert run("seal", str(raw), "--out", str(sealed)).exit_code == 0
    result = run("verify", str(sealed), "--against", str(raw))
    assert result.exit_code == 0, result.output
    (raw / "b.npy").rename(raw / "day1" / "a.npy")
    result = run("verify", str(sealed), "--against", str(raw), "--jsonl")
    assert result.exit_code == 1
    rows = rows_of(result)
    assert [row["verdict"] for row in rows] == ["intact", "substituted"]
    assert rows[0]["reasons"][0]["code"] == "original-missing"
    assert "1 file could not be compared" in result.stderr


def test_what_was_not_compared_is_no_success(run, archive, tmp_path):
    """Intact files without an original end with 1; a folder that is none ends with 2."""
    result = run("verify", str(archive), "--against", str(tmp_path))
    assert result.exit_code == 1
    assert "could not be compared with an original" in result.output
    assert run("verify", str(archive), "--against", str(tmp_path / "no")).exit_code == 2
