"""The sealer: accepts at once or refuses, loses nothing, and says what became of it."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gate import NAN, Gate
from support import PATIENCE, nuclear_tracks

from napari_seal import (
    ImageError,
    KeyFileError,
    MetadataError,
    OptionError,
    Sealer,
    SealerError,
    SealerFullError,
    Sealing,
    TargetExistsError,
    WriteError,
    check,
    seal,
)

IMAGE = nuclear_tracks((64, 80))


def test_images_are_sealed_as_seal_does(tmp_path: Path, leaves_no_files_open: None) -> None:
    """Each future holds the seal of its file, made with its options; all files are intact."""
    options: dict[str, Any] = {"metadata": {"plate": 3}, "window": (0, 65535), "quality": 80}
    with Sealer(jobs=2) as sealer:
        made = [sealer.submit(IMAGE + n, tmp_path / f"{n}.jpg", **options) for n in range(8)]
        made.append(sealer.submit(IMAGE, str(tmp_path / "8.sealed.png")))
    for sealing in made:
        assert sealing.done()
        verdict = check(sealing.path)
        assert verdict.intact
        assert verdict.seal == sealing.result()
    alone = seal(IMAGE, tmp_path / "alone.jpg", **options)
    assert made[0].result().codestream == alone.codestream
    assert made[0].result().source == alone.source
    assert made[0].result().metadata == {"plate": 3}


def test_the_camera_may_reuse_its_buffer(tmp_path: Path) -> None:
    """What was submitted is sealed, whatever becomes of array, metadata and tags afterwards."""
    buffer, metadata = IMAGE.copy(), {"list": [1]}
    exif: dict[str, Any] = {"LensSpecification": [1, 2, 3, 4]}
    gate = Gate()
    with Sealer(jobs=1, on_failure=gate) as sealer:
        gate.hold(sealer, tmp_path)
        made = sealer.submit(buffer, tmp_path / "a.jpg", metadata=metadata, exif=exif)
        buffer[:] = 0
        metadata["list"].append(2)
        exif["LensSpecification"][0] = 9
        gate.opened.set()
    found = made.result()
    expected = seal(
        IMAGE, tmp_path / "b.jpg", metadata={"list": [1]}, exif={"LensSpecification": [1, 2, 3, 4]}
    )
    assert (found.source, found.metadata, found.exif) == (
        expected.source, expected.metadata, expected.exif,
    )  # fmt: skip


@pytest.mark.parametrize("limit", [{"pending": 2}, {"memory": NAN.nbytes + IMAGE.nbytes}])
def test_a_full_sealer_refuses_in_time(tmp_path: Path, limit: dict[str, int]) -> None:
    """With no room within the timeout the image is not accepted; with room again it is."""
    gate = Gate()
    with Sealer(jobs=1, on_failure=gate, **limit) as sealer:
        gate.hold(sealer, tmp_path)
        sealer.submit(IMAGE, tmp_path / "a.jpg", timeout=0)
        for timeout in (0, 0.1):
            start = time.monotonic()
            with pytest.raises(SealerFullError, match="not accepted"):
                sealer.submit(IMAGE, tmp_path / "b.jpg", timeout=timeout)
            assert timeout <= time.monotonic() - start < timeout + PATIENCE
        assert sealer.statistics().refused == 2
        threading.Timer(0.2, gate.opened.set).start()
        made = sealer.submit(IMAGE, tmp_path / "b.jpg")
    assert check(made.path).intact
    statistics = sealer.statistics()
    assert statistics.blocked >= 0.1
    assert (statistics.accepted, statistics.sealed, statistics.failed) == (3, 2, 1)
    assert (statistics.waiting, statistics.waiting_bytes) == (0, 0)
    assert statistics.bytes == 2 * IMAGE.nbytes
    assert statistics.images_per_second > 0


def test_an_image_beyond_the_memory_is_sealed_alone(tmp_path: Path) -> None:
    """An image larger than all memory waits for the others, and is not refused for ever."""
    with Sealer(jobs=2, memory=100) as sealer:
        made = [sealer.submit(IMAGE, tmp_path / f"{n}.jpg", timeout=PATIENCE) for n in range(3)]
    assert all(check(sealing.path).intact for sealing in made)


@pytest.mark.parametrize(
    ("error", "image", "name", "options"),
    [
        (OptionError, IMAGE, "a.jpg", {"quality": 0}),
        (OptionError, IMAGE, "a.tif", {}),
        (OptionError, IMAGE, "a.jpg", {"window": (2, 1)}),
        (OptionError, IMAGE, "a.jpg", {"algorithm": "md5"}),
        (MetadataError, IMAGE, "a.jpg", {"metadata": {"seal": 1}}),
        (MetadataError, IMAGE, "a.jpg", {"exif": {"Mk": "Zeiss"}}),
        (MetadataError, IMAGE, "a.jpg", {"layer": {"x": object()}}),
        (ImageError, IMAGE[0], "a.jpg", {}),
        (WriteError, IMAGE, "missing/a.jpg", {}),
        (TargetExistsError, IMAGE, "there.jpg", {}),
        (KeyFileError, IMAGE, "a.jpg", {"key": "missing.pem"}),
    ],
)
def test_what_can_be_told_at_once_is(
    tmp_path: Path, error: type[Exception], image: np.ndarray, name: str, options: dict[str, Any]
) -> None:
    """Wrong options, images and targets raise in the caller, and nothing is accepted."""
    (tmp_path / "there.jpg").write_bytes(b"x")
    with Sealer(jobs=1) as sealer:
        with pytest.raises(error):
            sealer.submit(image, tmp_path / name, **options)
        assert sealer.statistics().accepted == 0


@pytest.mark.parametrize("options", [{"jobs": 0}, {"pending": 0}, {"memory": 1.5}, {"key": "no"}])
def test_impossible_sealers_are_refused(options: dict[str, Any]) -> None:
    """Numbers from 1 on, and a key that is there."""
    with pytest.raises((OptionError, KeyFileError)):
        Sealer(**options)


def test_two_images_for_one_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is refused, under whatever spelling, even where overwriting is asked for."""
    monkeypatch.chdir(tmp_path)
    gate = Gate()
    with Sealer(jobs=1, on_failure=gate) as sealer:
        gate.hold(sealer, tmp_path)
        made = sealer.submit(IMAGE, "a.jpg", overwrite=True)
        with pytest.raises(TargetExistsError, match="already"):
            sealer.submit(IMAGE, tmp_path / "x" / ".." / "a.jpg", overwrite=True)
        gate.opened.set()
    assert check("a.jpg").seal == made.result()


def test_a_failure_leaves_the_image_to_its_future(tmp_path: Path) -> None:
    """What could not be sealed can be sealed elsewhere, with the same options."""
    gate, folder = Gate(), tmp_path / "gone"
    folder.mkdir()
    with Sealer(jobs=1, on_failure=gate) as sealer:
        first = gate.hold(sealer, tmp_path)
        good = sealer.submit(IMAGE, tmp_path / "good.jpg")
        bad = sealer.submit(IMAGE, folder / "a.jpg", metadata={"n": 1})
        folder.rmdir()
        gate.opened.set()
    assert isinstance(first.exception(), ImageError)
    assert isinstance(bad.exception(), WriteError)
    assert gate.told == [first, bad]
    assert good.image is None
    assert bad.image is not None
    again = seal(bad.image, tmp_path / "b.jpg", **bad.options)
    assert again.source == seal(IMAGE, tmp_path / "c.jpg").source
    assert again.metadata == {"n": 1}
    statistics = sealer.statistics()
    assert (statistics.sealed, statistics.failed, statistics.waiting) == (1, 2, 0)


def test_a_failure_keeps_no_memory_of_its_own(tmp_path: Path) -> None:
    """Nothing but the future holds the image that failed, and what was computed of it."""
    with Sealer(jobs=1, on_failure=lambda sealing: None) as sealer:
        sealing = sealer.submit(NAN, tmp_path / "a.jpg")
    image = weakref.ref(sealing.image)
    gc.disable()
    try:
        del sealing
        assert image() is None
    finally:
        gc.enable()


def test_failures_that_nobody_was_told_of_are_raised(tmp_path: Path) -> None:
    """A block that ends well says that all images are sealed; an error in it stays the error."""
    with Sealer(jobs=1) as sealer:
        sealer.submit(NAN, tmp_path / "a.jpg")
        made = sealer.submit(IMAGE, tmp_path / "b.jpg")
        with pytest.raises(SealerError, match=r"1 of 2 images could not be sealed.*a\.jpg.*NaN"):
            sealer.close()
    assert made.result()


def test_an_error_in_the_block_stays_the_error(tmp_path: Path) -> None:
    """What failed beside it is a note of it, and what was accepted is done."""
    made: list[Sealing] = []

    def acquire() -> None:
        with Sealer(jobs=1) as sealer:
            made.append(sealer.submit(NAN, tmp_path / "a.jpg"))
            made.append(sealer.submit(IMAGE, tmp_path / "b.jpg"))
            raise KeyError

    with pytest.raises(KeyError) as raised:
        acquire()
    assert all(sealing.done() for sealing in made)
    assert "1 of 2 images" in raised.value.__notes__[0]


def test_on_failure_that_fails_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the worker goes on."""

    def broken(sealing: Sealing) -> None:
        raise RuntimeError("no e-mail today")

    with Sealer(jobs=1, on_failure=broken) as sealer:
        sealer.submit(NAN, tmp_path / "a.jpg")
        made = sealer.submit(IMAGE, tmp_path / "b.jpg")
    assert check(made.path).intact
    assert "no e-mail today" in caplog.text


def test_a_closed_sealer_accepts_nothing(tmp_path: Path) -> None:
    """Whoever submits is told, also if it waited for room; closing twice is fine."""
    gate, told = Gate(), []
    sealer = Sealer(jobs=1, pending=1, on_failure=gate)
    gate.hold(sealer, tmp_path)

    def submit() -> None:
        try:
            sealer.submit(IMAGE, tmp_path / "a.jpg")
        except SealerError as error:
            told.append(error)

    waiting = threading.Thread(target=submit)
    waiting.start()
    with pytest.raises(SealerError, match="1 images are not sealed after"):
        sealer.close(timeout=0.2)
    waiting.join(PATIENCE)
    assert "closed" in str(told[0])
    gate.opened.set()
    sealer.close()
    sealer.close()
    with pytest.raises(SealerError, match="closed"):
        sealer.submit(IMAGE, tmp_path / "b.jpg")


def test_flush_waits_for_what_was_accepted(tmp_path: Path) -> None:
    """And the sealer goes on accepting."""
    with Sealer(jobs=2) as sealer:
        for turn in range(2):
            made = [sealer.submit(IMAGE, tmp_path / f"{turn}-{n}.jpg") for n in range(4)]
            sealer.flush()
            assert all(sealing.done() for sealing in made)
            assert sealer.statistics().waiting == 0


def test_an_image_that_waits_can_be_cancelled(tmp_path: Path) -> None:
    """It is counted, its memory is given back, and there is no file."""
    gate = Gate()
    with Sealer(jobs=1, on_failure=gate) as sealer:
        gate.hold(sealer, tmp_path)
        made = sealer.submit(IMAGE, tmp_path / "a.jpg")
        assert made.cancel()
        gate.opened.set()
    statistics = sealer.statistics()
    assert (statistics.cancelled, statistics.waiting_bytes, made.image) == (1, 0, None)
    assert not (tmp_path / "a.jpg").exists()


def test_many_threads_may_submit(tmp_path: Path) -> None:
    """Every image that was accepted is sealed once, and all numbers add up."""
    made: list[Sealing] = []

    def submit(thread: int) -> None:
        made.extend(sealer.submit(IMAGE, tmp_path / f"{thread}-{n}.jpg") for n in range(15))

    with Sealer(jobs=3, pending=4) as sealer:
        threads = [threading.Thread(target=submit, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {sealing.result() == check(sealing.path).seal for sealing in made} == {True}
    assert len(os.listdir(tmp_path)) == len(made) == sealer.statistics().sealed == 60


_SCRIPT = """
import os, sys, time
import numpy as np
import napari_seal
image = np.arange(600 * 800, dtype="u4").astype("u2").reshape(600, 800)
sealer = napari_seal.Sealer(jobs=2)
for n in range(20):
    sealer.submit(image, os.path.join(sys.argv[1], f"{n}.jpg"))
print("submitted", flush=True)
"""


def _sealed(folder: Path) -> int:
    assert all(check(path).intact for path in folder.iterdir())
    return len([*folder.iterdir()])


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "raise KeyError", "del sealer"])
def test_the_end_of_a_program_waits(tmp_path: Path, end: str) -> None:
    """A script that ends without closing, whatever the way, has sealed what was accepted."""
    subprocess.run(
        [sys.executable, "-c", _SCRIPT + end, str(tmp_path)], capture_output=True, check=False
    )
    assert _sealed(tmp_path) == 20


def test_the_end_of_a_program_tells_of_failures(tmp_path: Path) -> None:
    """Failures of a sealer that was never closed are not passed over in silence."""
    code = _SCRIPT + "sealer.submit(image * np.nan, os.path.join(sys.argv[1], 'nan.jpg'))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "could not seal" in done.stderr
    assert "nan.jpg" in done.stderr
    assert _sealed(tmp_path) == 20


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize("waiting", ["sealer.close()", "while True: time.sleep(0.1)"])
def test_control_c_loses_nothing(tmp_path: Path, waiting: str) -> None:
    """An interrupt ends the script, after all that was accepted is sealed."""
    # Short sleeps: where the signal comes just before one, Python tells of it only after it.
    process = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT + waiting, str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "submitted\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.communicate()
    assert _sealed(tmp_path) == 20
    assert "KeyboardInterrupt" in errors or waiting == "sealer.close()"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_is_refused(tmp_path: Path) -> None:
    """Threads do not survive a fork, so nothing is accepted that nobody would seal."""
    code = _SCRIPT + (
        "sealer.flush()\n"
        "if not os.fork():\n"
        "    try: sealer.submit(image, sys.argv[1] + '/fork.jpg')\n"
        "    except napari_seal.SealerError as error: print(error, flush=True)\n"
        "    os._exit(0)\n"
        "os.wait()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "fork" in done.stdout
    assert _sealed(tmp_path) == 20
