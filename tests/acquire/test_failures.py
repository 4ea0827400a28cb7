"""What goes wrong while a microscope runs: nothing that was taken is lost without a word."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import needs

import napari_seal
from napari_seal import SealHandler, WriteError, check_many, check_stack, open_stack

useq: Any = needs("useq", "pymmcore")
from microscope import NumberedCamera, microscope, numbered  # noqa: E402 - after what skips
from pymmcore_plus.mda import MDAEngine, SkipEvent  # noqa: E402

TIME = {"interval": 0, "loops": 6}


@pytest.mark.parametrize("output", [True, False], ids=["output", "connected"])
def test_a_run_that_is_cancelled(
    output: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What came is on the disk and verifies; the stack says that it is not complete."""
    core = microscope()
    core.mda.engine.use_hardware_sequencing = False

    def cancel(event: Any) -> None:
        if event.index["t"] == 3:
            core.mda.cancel()

    core.mda.events.eventStarted.connect(cancel)
    sequence = useq.MDASequence(time_plan=TIME)
    with SealHandler(tmp_path / "cells", format="png") as handler:
        if not output:
            handler.connect(core)
        core.mda.run(sequence, output=handler if output else None)
    (run,) = handler.runs
    assert (run.frames, run.sealed, run.failures) == (4, 4, ())
    assert run.incomplete == run.stacks
    assert not run.is_complete
    verdict = check_stack(run.stacks[0])
    assert (verdict.intact, verdict.complete) == (False, False)
    files = sorted(Path(run.stacks[0]).glob("*.png"))
    assert len(files) == 4
    assert all(napari_seal.check(file).intact for file in files)
    assert "1 of 1 stacks are not complete" in caplog.text


def test_a_stack_is_complete_as_soon_as_its_last_plane_is_there(tmp_path: Path) -> None:
    """A run that ends badly later leaves the positions that were done as complete stacks."""
    core = microscope()
    core.mda.engine.use_hardware_sequencing = False

    def fail(event: Any) -> None:
        if event.index["p"] == 1:
            raise RuntimeError("the stage is stuck")

    core.mda.events.eventStarted.connect(fail)
    sequence = useq.MDASequence(
        time_plan=TIME, stage_positions=[(0, 0, 0), (1, 1, 1)], axis_order="pt"
    )
    with SealHandler(tmp_path / "cells") as handler, pytest.raises(Exception, match="stuck"):
        core.mda.run(sequence, output=handler)
    (run,) = handler.runs
    assert (run.frames, run.sealed, run.incomplete) == (6, 6, ())
    assert check_stack(run.stacks[0]).intact


def test_events_that_are_skipped(tmp_path: Path) -> None:
    """An event that the engine cannot set up has no frame: the stack is not complete."""
    core = microscope()

    class Engine(MDAEngine):
        def setup_event(self, event: Any) -> None:
            if event.index["t"] == 1:
                raise SkipEvent(reason="the stage is out of range")
            super().setup_event(event)

    core.mda.set_engine(Engine(core, use_hardware_sequencing=False))
    with SealHandler(tmp_path / "cells", format="png") as handler:
        core.mda.run(useq.MDASequence(time_plan=TIME), output=handler)
    (run,) = handler.runs
    assert (run.frames, run.sealed) == (5, 5)
    assert run.incomplete == run.stacks
    opened = open_stack(run.stacks[0])
    for number, t in enumerate((0, 2, 3, 4, 5)):
        np.testing.assert_array_equal(opened.plane((t,))[0], numbered(number))


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
import useq
from microscope import microscope
from napari_seal import SealHandler
core = microscope()
core.mda.engine.use_hardware_sequencing = False
handler = SealHandler(sys.argv[1], format="png", jobs=1, pending=2).connect(core)
core.mda.events.eventStarted.connect(
    lambda event: event.index["t"] == 9 and os.kill(os.getpid(), signal.SIGKILL)
)
core.mda.run(useq.MDASequence(time_plan={"interval": 0, "loops": 20}))
"""


def test_a_program_that_is_killed(tmp_path: Path) -> None:
    """The stack is marked as not complete, and each plane that is there is intact by itself."""
    command = [
        sys.executable,
        "-c",
        KILLED,
        str(tmp_path / "cells"),
        str(Path(__file__).parents[1]),
    ]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    stack = tmp_path / "cells" / "cells.sealed"
    verdict = check_stack(stack)
    assert (verdict.intact, verdict.complete) == (False, False)
    files = sorted(stack.glob("*.png"))
    assert 7 <= len(files) <= 9  # at most two wait
    for number, file in enumerate(files):
        picture, plane = napari_seal.read(file)
        assert plane.intact
        np.testing.assert_array_equal(picture, numbered(number))


FULL = """
import resource, sys
sys.path.insert(0, sys.argv[2])
import useq
from microscope import NumberedCamera, microscope
from napari_seal import SealHandler
core = microscope(NumberedCamera("uint16", (64, 64)))
told = []
with SealHandler(
    sys.argv[1], format="png",
    on_failure=lambda image, event, error: told.append((int(image[0, 0]), event.index["t"])),
) as handler:
    handler.connect(core)
    core.mda.events.sequenceStarted.connect(
        lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    )
    try:
        core.mda.run(useq.MDASequence(time_plan={"interval": 0, "loops": 5}))
    finally:
        print(sorted(told))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit on Windows")
def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    """Each frame that is not stored is told of, with its picture, and closing raises."""
    command = [sys.executable, "-c", FULL, str(tmp_path / "cells"), str(Path(__file__).parents[1])]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout == f"{[(n, n) for n in range(5)]}\n"
    assert "WriteError: 5 of 5 frames were not stored; the frame {'t': " in ended.stderr
    assert "could not be written" in ended.stderr
    assert list(tmp_path.rglob("*.png")) == []


def test_a_disk_that_is_slower_than_the_camera_makes_it_wait(tmp_path: Path) -> None:
    """Where the handler is connected, the acquisition waits, and no frame is lost."""
    shape = (600, 800)
    core = microscope(NumberedCamera("uint16", shape))
    core.mda.engine.use_hardware_sequencing = False
    with SealHandler(tmp_path / "cells", format="png", jobs=1, pending=1) as handler:
        handler.connect(core)
        core.mda.run(useq.MDASequence(time_plan={"interval": 0, "loops": 12}))
    (run,) = handler.runs
    assert run.is_complete
    assert run.seconds_blocked > 0
    opened = open_stack(run.stacks[0])
    for t in range(12):
        np.testing.assert_array_equal(opened.plane((t,))[0], numbered(t, "uint16", shape))


def test_who_does_not_want_to_wait_is_told_what_was_not_stored(tmp_path: Path) -> None:
    """A frame for which there is no room in time is given back, and counted as lost."""
    shape = (600, 800)
    core = microscope(NumberedCamera("uint16", shape))
    back: list[np.ndarray] = []
    handler = SealHandler(
        tmp_path / "cells",
        jobs=1,
        pending=1,
        timeout=0,
        on_failure=lambda image, event, error: back.append(image.copy()),
    )
    core.mda.run(useq.MDASequence(time_plan={"interval": 0, "loops": 12}), output=handler)
    with pytest.raises(WriteError, match=r"of 12 frames were not stored"):
        handler.close()
    (run,) = handler.runs
    assert run.sealed + len(back) == run.frames == 12
    assert 0 < len(back) < 12
    assert run.incomplete == run.stacks
    assert len(run.failures) == len(back)
    numbers = {int(image[0, 0]) for image in back}
    kept = {napari_seal.verify(f).stack.index[0] for f in Path(run.stacks[0]).glob("*.jpg")}
    assert numbers | kept == {*range(12)}
    assert numbers.isdisjoint(kept)


def test_a_picture_that_cannot_be_sealed(tmp_path: Path) -> None:
    """A frame with values that no picture holds is told of; the others are stored."""
    camera = NumberedCamera("float32")
    core = microscope(camera)
    core.mda.engine.use_hardware_sequencing = False

    def spoil(event: Any) -> None:
        camera.spoil = event.index["t"] == 2

    core.mda.events.eventStarted.connect(spoil)
    handler = SealHandler(tmp_path / "cells").connect(core)
    core.mda.run(useq.MDASequence(time_plan=TIME))
    with pytest.raises(WriteError, match=r"1 of 6 frames were not stored; .*NaN"):
        handler.close()
    (run,) = handler.runs
    assert (run.frames, run.sealed) == (6, 5)
    assert [v.verdict for v in check_many([run.folder])].count("intact") == 5


def test_an_error_of_the_users_own_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What ``on_failure`` raises ends neither the acquisition nor the other frames."""

    def broken(image: np.ndarray, event: Any, error: BaseException) -> None:
        raise RuntimeError("out of luck")

    core = microscope(NumberedCamera("uint16", (48, 64, 3)))  # 16 bits of colour: not in PNG
    handler = SealHandler(tmp_path / "cells", format="png", on_failure=broken)
    core.mda.run(useq.MDASequence(time_plan=TIME), output=handler)
    with pytest.raises(WriteError, match="6 of 6 frames were not stored"):
        handler.close()
    assert caplog.text.count("out of luck") >= 6
    assert "colours of uint16 cannot be stored" in caplog.text
