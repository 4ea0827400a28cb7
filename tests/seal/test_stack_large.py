"""Sealing real stacks of microscopes, and one of 20 GB in little memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support import DATA, skip_or_fail

import napari_seal
from napari_seal import Window, check_stack, open_stack, seal_stack

REAL = {
    "microscopy/pims_beads_stack_5x512x512_uint16.tif": "TYX",
    "microscopy/stardist_nuclei_3d_uint16.tif": "ZYX",
    "microscopy/imagecodecs_bigendian_2x83x111_uint16.tif": "CYX",
}


@pytest.mark.parametrize("name", REAL)
def test_real_stacks(name: str, tmp_path: Path) -> None:
    """Real microscope stacks come back within the window's levels and what JPEG changes."""
    path = DATA / name
    if not path.exists():
        skip_or_fail("data", f"{path} is not there")
    import tifffile

    data = tifffile.imread(path)
    seal_stack(data, tmp_path / "a", axes=REAL[name], quality=100)
    assert check_stack(tmp_path / "a", full=True).intact
    opened = open_stack(tmp_path / "a")
    assert opened.window == Window(low=data.min(), high=data.max())
    back = napari_seal.restore_intensity(opened.dask().compute(), opened.window)
    error = np.abs(back - data)
    assert opened.window is not None
    assert error.mean() <= opened.window.step
    assert error.max() <= 6 * opened.window.step


_LARGE = """
import re, sys
import dask.array, numpy, napari_seal
def plane(block_id):
    return numpy.full((1, 2048, 2048), block_id[0], numpy.uint16)
data = dask.array.map_blocks(plane, chunks=((1,) * 2500, (2048,), (2048,)), dtype=numpy.uint16,
                             meta=numpy.empty((0, 0, 0), numpy.uint16))
assert data.nbytes > 20e9
class Enough(Exception): pass
def progress(done, total):
    assert total == 2500
    if done == 40: raise Enough
try:
    napari_seal.seal_stack(data, sys.argv[1], axes="TYX", window=(0, 2500), progress=progress)
except Enough:
    # Not getrusage: there, a process begins with the peak of the one that started it.
    print(re.search("VmHWM:\\s*([0-9]+) kB", open("/proc/self/status").read())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak of a process")
def test_a_stack_of_20_gb_is_sealed_in_little_memory(tmp_path: Path) -> None:
    """One plane at a time: the peak does not grow with the number of planes."""
    pytest.importorskip("dask.array", reason="dask is not installed")
    source = Path(napari_seal.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", _LARGE, str(tmp_path / "a")],
        env=os.environ | {"PYTHONPATH": str(source)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert len(os.listdir(tmp_path / "a.sealed")) == 41
    assert int(done.stdout) * 1024 < 500e6
