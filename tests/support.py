"""What tests need beside fixtures: outside tools that must be there, pictures, a file's verdict."""

from __future__ import annotations

import importlib
import json
import logging
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from napari_seal import Verdict, check, read, seal
from napari_seal._cli import main
from napari_seal.errors import ReadError

#: Comma-separated names of what must not be skipped: ``gui``, ``exiftool``, ``tools``, ``browser``,
#: ``data``, ``s3``, ``dask``, ``microscopes``, ``faults``, ``java``, ``c2pa``,
#: ``pymmcore``, ``watch``, ``comparison``.
REQUIRED = set(filter(None, os.environ.get("NAPARI_SEAL_REQUIRE", "").split(",")))


#: Seconds within which whatever is waited for has happened, also on a busy machine.
PATIENCE = 60.0

#: Real images, where this machine has them.
DATA = Path(os.environ.get("NAPARI_SEAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
MICROSCOPY = DATA / "microscopy"


def skip_or_fail(need: str, reason: str, *, whole_module: bool = False) -> None:
    """Skip a test for a stated reason, or fail where the need was declared to be met."""
    if need in REQUIRED:
        pytest.fail(f"{need} is required here, and {reason}")
    pytest.skip(reason, allow_module_level=whole_module)


def needs(module: str, need: str = "microscopes") -> Any:
    """Import what an extra brings, such as readers, or skip the test or the module."""
    level = logging.getLogger().level
    try:
        return importlib.import_module(module)
    except ImportError:
        if need in REQUIRED:
            raise
        pytest.skip(f"{module} is not installed", allow_module_level=True)
    finally:
        logging.getLogger().setLevel(level)  # pymmcore-plus makes all others tell everything


def wait_until(condition: Callable[[], object], what: str = "it") -> None:
    """Wait until something is so, for as long as a busy machine may need."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.01)


def find_exiftool() -> list[str]:
    """The command of an ExifTool that knows ImageDataHash with SHA-256; else skip the test."""
    found = os.environ.get("EXIFTOOL") or shutil.which("exiftool")
    if found is None:
        skip_or_fail("exiftool", "ExifTool is not installed (set EXIFTOOL to its path)")
    with Path(found).open("rb") as file:
        command = ["perl", found] if b"perl" in file.readline() else [found]
    version = subprocess.run([*command, "-ver"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, version.strip().split("."))) < (12, 63):
        skip_or_fail("exiftool", f"ExifTool {version.strip()} is older than 12.63")
    return command


def run_command(*arguments: object) -> Result:
    """Run a command of ours in this process; what it does not expect is raised."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def rows_of(result: Result) -> list[dict[str, Any]]:
    """The lines of ``--jsonl``, without the summary at their end."""
    *rows, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert last["summary"]["files"] == len(rows)
    return rows


#: Pictures for whatever has to hold for real ones; all but the first come with scikit-image.
PICTURES = ("tracks", "camera", "coins", "moon", "coffee", "astronaut")


@cache
def picture(name: str) -> np.ndarray:
    """One of `PICTURES`: uint16 tracks, gray or RGB photographs of 8 bits."""
    if name == "tracks":
        image = nuclear_tracks((320, 400))
    else:
        data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")
        image = np.asarray(getattr(data, name)())
    image.setflags(write=False)
    return image


@cache
def sealed_picture(name: str) -> bytes:
    """A file of one of `PICTURES`."""
    return sealed_bytes(picture(name))


def sealed_bytes(image: np.ndarray, *, name: str = "a.jpg", **options: Any) -> bytes:
    """The content of a file that an image was sealed to."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        seal(image, path, **options)
        return path.read_bytes()


def nuclear_tracks(shape: tuple[int, int] = (160, 200), seed: int = 1) -> np.ndarray:
    """A 16-bit field of etched tracks: dark spots and streaks on a bright, uneven ground."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    field = 42_000 + 4_000 * np.sin(x / 90) * np.cos(y / 70) + rng.normal(0, 250, shape)
    for _ in range(40):
        cy, cx = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        angle, length = rng.uniform(0, np.pi), rng.uniform(1, 3)
        along = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        across = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        field -= 18_000 * np.exp(-((along / (2 * length)) ** 2) - (across / 2.2) ** 2)
    return np.clip(field, 300, 65_000).astype(np.uint16)


def counted(*shape: int, dtype: str = "u2") -> np.ndarray:
    """An array in which no two values are the same, so that no plane is mistaken for another."""
    return np.arange(1, np.prod(shape) + 1).astype(dtype).reshape(shape)


def codes(verdict: Verdict) -> list[str]:
    """The codes of its reasons, in order."""
    return [str(reason.code) for reason in verdict.reasons]


def assert_verdict(path: Path, data: bytes, expected: str, codes: str) -> Verdict:
    """A file of this content gets the verdict and the reasons, in cheap and full checks and read.

    It is left as it was written.  Returns what the full check says.
    """
    path.write_bytes(data)
    for full in (False, True):
        verdict = check(path, full=full)
        found = {str(reason.code) for reason in verdict.reasons}
        assert verdict.verdict == expected, str(verdict)
        assert set(codes.split()) <= found, str(verdict)
        assert all(reason.message.endswith(".") for reason in verdict.reasons)
    assert path.read_bytes() == data
    try:
        _, with_picture = read(path)
    except ReadError:
        assert expected != "intact"
    else:
        assert with_picture.verdict == expected
    return verdict
