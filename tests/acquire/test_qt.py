"""A Qt application, as napari-micromanager is one: its signals come from a thread that acquires."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import needs

from napari_seal import check_stack

needs("pymmcore_plus", "pymmcore")
needs("qtpy.QtWidgets", "gui")

APPLICATION = """
import sys, threading, time
sys.path.insert(0, sys.argv[2])
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication
import useq

application = QApplication([])
from microscope import NumberedCamera, microscope
from napari_seal import SealHandler

core = microscope(NumberedCamera("uint16", (600, 800)))
assert type(core.mda.events).__name__ == "QMDASignaler", type(core.mda.events)
threads = set()

class Watched(SealHandler):
    def frameReady(self, *args):
        threads.add(threading.current_thread() is threading.main_thread())
        super().frameReady(*args)

handler = Watched(sys.argv[1], format="png", jobs=1, pending=1)
sequence = useq.MDASequence(time_plan={"interval": 0, "loops": 12})
beats = []
timer = QTimer()
timer.timeout.connect(lambda: beats.append(time.monotonic()))
timer.start(5)
if sys.argv[3] == "connected":
    handler.connect(core)
    core.mda.events.sequenceFinished.connect(application.quit)
    thread = core.run_mda(sequence)
else:
    core.mda.events.sequenceFinished.connect(application.quit)
    thread = core.run_mda(sequence, output=handler)
application.exec()
thread.join()
handler.close()
run, = handler.runs
print(run.is_complete, run.frames, threads, len(beats) > 5, end="")
"""


@pytest.mark.parametrize("how", ["connected", "output"])
def test_frames_are_taken_beside_the_main_thread(how: str, tmp_path: Path) -> None:
    """Windows go on while the disk is waited for, and the run has no end before all is stored."""
    tests = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", APPLICATION, str(tmp_path / "cells"), tests, how]
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "True 12 {False} True", ended.stderr
    assert check_stack(tmp_path / "cells" / "cells.sealed").intact
