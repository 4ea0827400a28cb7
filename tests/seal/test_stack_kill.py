"""Sealing a stack is killed again and again, and resumed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from begun_stacks import stamps
from support import PATIENCE, wait_until

import napari_seal
from napari_seal import check_stack, open_stack

# Of 120 planes no more are sealed than is said, so that it cannot come to its end.
_SCRIPT = """
import sys, time, numpy as np, napari_seal
most = int(sys.argv[2])
def progress(done, total):
    if 120 - (total - done) >= most:
        time.sleep(600)
data = np.random.default_rng(5).integers(0, 9999, (120, 16, 16), np.uint16)
made = napari_seal.seal_stack(data, sys.argv[1], axes="TYX", resume=True, progress=progress)
print(made.id)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment_and_resumed(seed: int, tmp_path: Path) -> None:
    """However often it is killed: what is there is recognised, kept, and completed."""
    rng = random.Random(seed)
    folder, target = tmp_path / "a.sealed", tmp_path / "a"
    source = Path(napari_seal.__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(source)}
    command = [sys.executable, "-c", _SCRIPT, str(target)]
    kept: dict[str, int] = {}
    for kill in range(3):
        run = subprocess.Popen([*command, str(60 + 20 * kill)], env=environment)
        wait_until(lambda least=20 * kill: len([*folder.glob("*.jpg")]) > least)
        time.sleep(rng.random() * 0.03)
        run.send_signal(signal.SIGKILL)
        assert run.wait(PATIENCE) == -signal.SIGKILL
        verdict = check_stack(target, jobs=1)
        assert (verdict.verdict, verdict.complete) == ("truncated", False)
        assert [*verdict.counts] == ["intact"]
        now = {name: stamp for name, stamp in stamps(folder).items() if name.endswith(".jpg")}
        assert kept.items() <= now.items()
        kept = now
    identity = open_stack(target).stack.id
    done = subprocess.run(
        [*command, "999"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == identity
    assert kept.items() <= stamps(folder).items()
    assert len(os.listdir(folder)) == 121
    assert check_stack(target, jobs=1).intact
