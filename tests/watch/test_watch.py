"""``napari-seal watch``: every file is sealed, once, when it is complete."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from support import needs
from watching import (
    assert_each_is_sealed_once,
    journal_of,
    picture,
    save,
    sealed_in,
    slow_disk,
)

import napari_seal


def events_or_not(how: str) -> list[str]:
    """Options by which only events, or only looks at everything, can find a file in time."""
    if how == "events":
        needs("watchfiles", "watch")
        return ["--rescan", "1h"]
    return ["--poll", "--rescan", "0.5s"]


HOWS = pytest.mark.parametrize("how", ["events", "poll"])


@HOWS
def test_files_are_sealed_as_they_appear(start, tmp_path, how):
    """Files of several kinds, at the top and in new folders, get the names that `seal` gives."""
    watching = start(*events_or_not(how), "--quality", 80, "--metadata", '{"run": 7}')
    watching.until_it_looks()
    raw = tmp_path / "raw"
    save(raw / "a.npy", 1)
    (raw / "new" / "deep").mkdir(parents=True)
    tifffile.imwrite(raw / "new" / "deep" / "b.tif", picture(2))
    Image.fromarray(picture(3)).save(raw / "new" / "c.png")
    tifffile.imwrite(raw / "stack.ome.tif", picture(4, (3, 24, 32)), metadata={"axes": "TYX"})
    watching.until_sealed(6)
    watching.until_told("as stack.ome.sealed (")
    assert watching.stop() == 0
    out = tmp_path / "sealed"
    assert napari_seal.verify(out / "a.sealed.jpg").metadata == {"run": 7}
    assert napari_seal.verify(out / "new" / "deep" / "b.sealed.jpg").quality == 80
    assert (out / "new" / "c.sealed.jpg").exists()
    assert napari_seal.check_stack(out / "stack.ome.sealed").verdict == "intact"
    assert start("--once").wait() == 0  # records what the ledger had no time for in the end
    with napari_seal.Ledger.open(out / "ledger.db") as ledger:
        assert ledger.files == 7  # six images and an index
        assert {run.kind for run in ledger.runs()} == {"seal"}


@HOWS
def test_a_folder_that_is_moved_in_is_sealed(start, tmp_path, how):
    """With all folders in it, though not one file in it was written just now."""
    for number in range(20):
        save(tmp_path / "elsewhere" / f"{number % 4}" / f"{number}.npy", number)
    watching = start(*events_or_not(how))
    watching.until_it_looks()
    (tmp_path / "elsewhere").rename(tmp_path / "raw" / "plate")
    watching.until_sealed(20)
    assert watching.stop() == 0
    assert start("--once").wait() == 0  # records what the ledger had no time for in the end
    assert_each_is_sealed_once(tmp_path / "raw", tmp_path / "sealed")


def test_a_burst_of_5000_files_misses_none(start, tmp_path):
    """Nor seals one twice; lines about them are few."""
    watching = start("--rescan", "2s", "--quality", 50)
    watching.until_it_looks()
    for number in range(5000):
        np.save(tmp_path / "raw" / f"{number}.npy", picture(number, (8, 8)))
    watching.until_sealed(5000)
    assert watching.stop() == 0
    # In the end the ledger has seconds; what it had no time for, the next start records.
    assert start("--once").wait() == 0
    assert_each_is_sealed_once(tmp_path / "raw", tmp_path / "sealed")
    assert watching.text.count("\n") < 500


def test_what_came_meanwhile_is_sealed_and_the_rest_is_not_read(start, tmp_path):
    """A start looks at files from outside: one that is sealed, and is no image now, is not read."""
    raw = tmp_path / "raw"
    save(raw / "a.npy", 1)
    assert start("--once").wait() == 0
    before = (raw / "a.npy").stat()
    (raw / "a.npy").write_bytes(bytes(before.st_size))
    os.utime(raw / "a.npy", ns=(before.st_atime_ns, before.st_mtime_ns))
    save(raw / "b.npy", 2)
    again = start("--once")
    assert again.wait() == 0
    assert "sealed b.npy as b.sealed.jpg" in again.text
    assert "a.npy" not in again.text
    assert len(sealed_in(tmp_path / "sealed")) == 2


def test_kills_at_any_moment_seal_each_file_once(start, tmp_path):
    """After ten kills, all files are sealed, each once, and the ledger agrees."""
    rng = random.Random(5)
    for number in range(300):
        save(tmp_path / "raw" / f"{number % 7}" / f"{number}.npy", number)
    for _ in range(10):
        watching = start("--poll")
        watching.until_told("watching")
        time.sleep(0.2 + 0.3 * rng.random())
        watching.kill()
    assert start("--once").wait() == 0
    assert_each_is_sealed_once(tmp_path / "raw", tmp_path / "sealed")


def test_a_stack_is_gone_on_with_after_a_kill(start, tmp_path):
    """From the planes that are there, under the same name."""
    stack = picture(1, (200, 256, 256))
    tifffile.imwrite(tmp_path / "raw" / "a.tif", stack, photometric="minisblack", metadata=None)
    out, environment = tmp_path / "sealed", slow_disk(tmp_path / "slow")
    for _ in range(3):
        before = len(sealed_in(out))
        watching = start("--poll", environment=environment)
        watching.until(lambda before=before: len(sealed_in(out)) > before + 5)
        first = min(sealed_in(out)).stat().st_mtime_ns
        watching.kill()
    assert len(sealed_in(out)) < 200
    assert start("--once").wait() == 0
    assert min(sealed_in(out)).stat().st_mtime_ns == first
    assert [path.name for path in out.glob("a*")] == ["a.sealed"]
    found = napari_seal.check_stack(out / "a.sealed")
    assert (found.verdict, found.stack.shape) == ("intact", (200, 256, 256))


def test_what_was_sealed_before_is_recognised(start, tmp_path):
    """By `napari-seal seal`, or when the journal is lost: nothing is sealed anew."""
    raw, out = tmp_path / "raw", tmp_path / "sealed"
    for number in range(5):
        save(raw / f"{number}.npy", number)
    tifffile.imwrite(raw / "stack.ome.tif", picture(9, (3, 24, 32)), metadata={"axes": "ZYX"})
    assert start("--once").wait() == 0
    before = {path: path.stat().st_mtime_ns for path in sealed_in(out)}
    for path in out.glob(".napari-seal-watch.db*"):
        path.unlink()
    again = start("--once")
    assert again.wait() == 0
    assert again.text.count("was sealed before: ") == 6
    assert {path: path.stat().st_mtime_ns for path in sealed_in(out)} == before


def test_a_file_that_grows_is_sealed_when_it_is_complete(start, tmp_path):
    """A writer that pauses for longer than files must settle makes no sealed half."""
    watching = start("--poll", "--rescan", "0.3s")
    pages = picture(1, (4, 64, 64))
    whole = tmp_path / "whole.tif"
    tifffile.imwrite(whole, pages, photometric="minisblack", metadata=None)
    data = whole.read_bytes()
    with (tmp_path / "raw" / "a.tif").open("wb", buffering=0) as file:
        for start_, end in ((0, 9000), (9000, 20_000), (20_000, len(data) - 50), (-50, None)):
            file.write(data[start_:end])
            if end is not None:
                time.sleep(1.5)
                assert not list((tmp_path / "sealed").glob("a*"))
    watching.until_told("sealed a.tif as a.sealed (")
    assert watching.stop() == 0
    assert napari_seal.check_stack(tmp_path / "sealed" / "a.sealed").stack.shape == (4, 64, 64)


def test_a_file_that_changes_after_it_was_sealed_is_sealed_under_another_name(start, tmp_path):
    """What was sealed stays; a file that is only touched is not sealed once more."""
    raw, out = tmp_path / "raw", tmp_path / "sealed"
    watching = start("--poll", "--rescan", "0.3s")
    save(raw / "a.npy", 1)
    watching.until_sealed(1)
    first = (out / "a.sealed.jpg").read_bytes()
    os.utime(raw / "a.npy")
    watching.until_told("was sealed before: a.npy as a.sealed.jpg")
    save(raw / "a.npy", 2)
    watching.until_told("sealed a.npy as a_r2.sealed.jpg")
    assert watching.stop() == 0
    assert (out / "a.sealed.jpg").read_bytes() == first
    verdict = napari_seal.check(out / "a_r2.sealed.jpg", source=np.load(raw / "a.npy"))
    assert verdict.intact
    done = [*napari_seal.check_many(out, against=raw)]
    assert {Path(v.path).name: str(v.verdict) for v in done} == {
        "a.sealed.jpg": "substituted",  # what was sealed first is no longer there
        "a_r2.sealed.jpg": "intact",
    }


def test_two_files_of_one_stem_are_both_sealed(start, tmp_path):
    """The second gets the next free name, and never the first one's."""
    raw = tmp_path / "raw"
    save(raw / "a.npy", 1)
    tifffile.imwrite(raw / "a.tif", picture(2))
    assert start("--once", "--jobs", 2).wait() == 0
    sealed = sealed_in(tmp_path / "sealed")
    assert [path.name for path in sealed] == ["a.sealed.jpg", "a_r2.sealed.jpg"]
    digests = {napari_seal.verify(path).source.digest for path in sealed}
    assert len(digests) == 2


def test_files_that_cannot_be_sealed_are_told_and_tried_again(start, tmp_path):
    """Exit code 1, at every run, until the file is one that can be read."""
    raw, out = tmp_path / "raw", tmp_path / "sealed"
    (raw / "bad.tif").write_bytes(b"II*\0 nothing")
    save(raw / "good.npy", 1)
    for _ in range(2):
        once = start("--once")
        assert once.wait() == 1
        assert "1 failed" in once.text
        assert once.text.count("not sealed: bad.tif: ") == 1
    assert journal_of(out)[b"bad.tif"][0] == "failed"
    tifffile.imwrite(raw / "bad.tif", picture(2))
    assert start("--once").wait() == 0
    assert (out / "bad.sealed.jpg").exists()
    assert [path.name for path in sealed_in(out)] == ["bad.sealed.jpg", "good.sealed.jpg"]


def test_a_bad_file_is_given_up_after_a_while(start, tmp_path):
    """It is waited for first: it may not be complete."""
    raw = tmp_path / "raw"
    (tmp_path / "half").write_bytes(b"\x93NUMPY half")
    (tmp_path / "half").rename(raw / "bad.npy")
    watching = start("--poll", "--rescan", "0.3s", "--give-up", "1h")
    save(raw / "good.npy", 2)
    watching.until_sealed(1)  # the other one was tried before
    assert watching.stop() == 0
    assert "bad.npy" not in watching.text
    assert journal_of(tmp_path / "sealed")[b"bad.npy"][0] == "begun"
    watching = start("--poll", "--rescan", "0.3s", "--give-up", "1s")
    watching.until_told("not sealed: bad.npy: ")
    time.sleep(1)
    assert watching.text.count("bad.npy") == 1
    save(raw / "bad.npy", 1)
    watching.until_sealed(2)
    assert watching.stop() == 0
    assert "1 file sealed (1 images), 0 failed" in watching.text
    again = start("--poll")  # what was told is not told by each start
    save(raw / "c.npy", 3)
    again.until_sealed(3)
    assert again.stop() == 0
    assert "bad.npy" not in again.text


def test_odd_names_are_sealed_and_parts_are_left_alone(start, tmp_path):
    """Names with line breaks and of bytes; no hidden files, no parts, nothing that is sealed."""
    raw = tmp_path / "raw"
    odd = [raw / "a\nb.npy", Path(os.fsdecode(os.fsencode(raw) + b"/caf\xe9/\xff.npy"))]
    for number, path in enumerate(odd):
        save(path, number)
    left = [".a.npy", "a.part.npy", "a.tmp.npy", "~a.npy", "x.sealed.png", ".hidden/a.npy"]
    for number, name in enumerate(left, 10):
        save(raw / name, number)
    (raw / "circle").symlink_to(raw, target_is_directory=True)
    (raw / "link.npy").symlink_to(odd[0])
    (raw / "nowhere.npy").symlink_to(raw / "nothing.npy")
    os.mkfifo(raw / "pipe.npy")
    before = sorted(os.walk(os.fsencode(raw)))
    watching = start("--poll", "--give-up", "1s")
    watching.until_told("not sealed: nowhere.npy")
    watching.until_told("not sealed: pipe.npy: it is neither a file nor a folder")
    watching.until_sealed(3)
    assert watching.stop() == 0
    names = {os.path.relpath(os.fsencode(path), os.fsencode(tmp_path / "sealed"))
             for path in sealed_in(tmp_path / "sealed")}  # fmt: skip
    assert names == {b"a\nb.sealed.jpg", b"caf\xe9/\xff.sealed.jpg", b"link.sealed.jpg"}
    assert r"sealed a\nb.npy as a\nb.sealed.jpg" in watching.text
    assert sorted(os.walk(os.fsencode(raw))) == before


@HOWS
def test_names_of_bytes_are_found_while_it_runs(start, tmp_path, how):
    """Also where events cannot tell them."""
    watching = start(*events_or_not(how))
    watching.until_it_looks()
    save(Path(os.fsdecode(os.fsencode(tmp_path / "raw") + b"/\xe9/\xff.npy")), 1)
    watching.until_sealed(1)
    assert watching.stop() == 0


def test_a_folder_that_vanishes_is_waited_for(start, tmp_path):
    """It says so, and goes on when the folder is back; at the first start it is an error."""
    raw = tmp_path / "raw"
    save(raw / "a.npy", 1)
    watching = start("--rescan", "0.5s")
    watching.until_sealed(1)
    raw.rename(tmp_path / "away")
    watching.until_told("waiting for")
    save(tmp_path / "away" / "b.npy", 2)
    (tmp_path / "away").rename(raw)
    watching.until_told("is back")
    watching.until_sealed(2)
    save(raw / "c.npy", 3)
    watching.until_sealed(3)
    assert watching.stop() == 0
    raw.rename(tmp_path / "away")
    again = start()  # as after a boot, before the disk is mounted
    again.until_told("waiting for")
    (tmp_path / "away").rename(raw)
    again.until_told("is back")
    assert again.stop() == 0
    assert start("--once").wait() == 0  # records what the ledger had no time for in the end
    assert_each_is_sealed_once(raw, tmp_path / "sealed")


def test_a_reader_that_hangs_holds_up_nothing_else(start, tmp_path):
    """A chunk that never comes costs one file, and one worker for a while."""
    zarr = needs("zarr")
    store = zarr.open_group(tmp_path / "made.zarr", mode="w", zarr_format=2)
    store.create_array("0", data=picture(1), chunks=(24, 32))
    axes = [{"name": name, "type": "space"} for name in "yx"]
    path = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]}
    store.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [path]}]
    hanging = tmp_path / "raw" / "hanging.zarr"
    shutil.copytree(tmp_path / "made.zarr", hanging)
    chunks = [path for path in (hanging / "0").rglob("*") if not path.name.startswith(".")]
    for chunk in chunks:
        if chunk.is_file():
            chunk.unlink()
            os.mkfifo(chunk)
    shutil.copytree(tmp_path / "made.zarr", tmp_path / "raw" / "made.zarr")
    watching = start("--poll", "--timeout", "12s", "--give-up", "1s")
    watching.until_told("not sealed: hanging.zarr: it took longer than --timeout allows")
    save(tmp_path / "raw" / "b.npy", 2)
    watching.until(lambda: len(sealed_in(tmp_path / "sealed")) == 2)
    assert watching.stop() == 0


def test_control_c_ends_it_like_any_command(start, tmp_path):
    """What is under way is finished and recorded, and the exit code is that of an interrupt."""
    save(tmp_path / "raw" / "a.npy", 1)
    watching = start("--poll")
    watching.until_sealed(1)
    watching.process.send_signal(signal.SIGINT)
    assert watching.wait() == 130
    assert start("--once").wait() == 0  # records what the ledger had no time for in the end
    assert_each_is_sealed_once(tmp_path / "raw", tmp_path / "sealed")


def test_one_watch_at_a_time_writes_into_a_folder(start, tmp_path):
    """A second one is refused; so is one of another raw folder, also later."""
    save(tmp_path / "raw" / "a.npy", 1)
    first = start("--poll")
    first.until_sealed(1)
    second = start("--once")
    assert second.wait() == 2
    assert "another watch is writing" in second.text
    assert first.stop() == 0
    (tmp_path / "raw").rename(tmp_path / "old")
    (tmp_path / "raw").symlink_to("old", target_is_directory=True)
    third = start("--once")
    assert third.wait() == 2
    assert "was filled from" in third.text


def test_a_stack_that_was_begun_with_other_options_is_begun_anew(start, tmp_path):
    """After a kill and a change of the command, the new options hold for all planes."""
    stack = picture(1, (200, 256, 256))
    tifffile.imwrite(tmp_path / "raw" / "a.tif", stack, photometric="minisblack", metadata=None)
    out = tmp_path / "sealed"
    watching = start("--poll", environment=slow_disk(tmp_path / "slow"))
    watching.until(lambda: len(sealed_in(out)) > 3)
    watching.kill()
    assert start("--once", "--quality", 50).wait() == 0
    found = napari_seal.check_stack(out / "a.sealed")
    assert (found.verdict, found.stack.quality) == ("intact", 50)
    assert [path.name for path in out.glob("a*")] == ["a.sealed"]
