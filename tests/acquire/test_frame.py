"""What is known of a frame, as metadata that a seal can hold whatever a device says."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_seal._acquire.frame import frame_metadata, layer_of, window_of
from napari_seal._format.metadata import check_metadata

BEGAN = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


def an_event(**values: Any) -> SimpleNamespace:
    """What a handler needs of an event."""
    empty = dict.fromkeys(("channel", "pos_name", "x_pos", "y_pos", "z_pos", "min_start_time"))
    return SimpleNamespace(**{"index": {"t": 1}, "metadata": {}, **empty, **values})


def test_the_time_is_that_of_the_frame() -> None:
    """Not that of its arrival: frames may wait."""
    told = frame_metadata(an_event(), {"runner_time_ms": 1500.5}, BEGAN)["acquisition"]
    assert told["time"] == "2026-05-06T07:08:10.500Z"
    assert told["index"] == {"t": 1}
    assert told["runner_time_ms"] == 1500.5


def test_what_is_not_known_is_not_told() -> None:
    """No key stands for nothing."""
    assert frame_metadata(an_event(), {}, BEGAN) == {"acquisition": {"index": {"t": 1}}}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (float("nan"), "nan"),
        (np.float32(1.5), 1.5),
        (np.uint16(7), 7),
        (np.float64("inf"), "inf"),
        ((1, "a", None, True), [1, "a", None, True]),
        ({3: {"x": 1j}}, {"3": {"x": "1j"}}),
        (BEGAN, "2026-05-06 07:08:09+00:00"),
        ("Ž\0\u202e", "Ž\0\u202e"),
    ],
    ids=repr,
)
def test_whatever_a_device_says_can_be_stored(value: object, kept: object) -> None:
    """What JSON cannot hold becomes text: no frame is lost for what is said beside it."""
    meta = {"camera_metadata": {"key": value}}
    told = frame_metadata(an_event(metadata={"own": value, "runner_t0": 1.0}), meta, BEGAN)
    assert told["acquisition"]["camera_metadata"] == {"key": kept}
    assert told["acquisition"]["event_metadata"] == {"own": kept}
    check_metadata(told)
    json.dumps(told, allow_nan=False)


def test_what_is_too_long_is_left_out_and_said() -> None:
    """A seal has room for 65,533 bytes in all."""
    deep: Any = "end"
    for _ in range(100):
        deep = [deep]
    meta = {"camera_metadata": {"blob": "x" * 100_000}, "extra": {"deep": deep}, "exposure_ms": 5}
    told = frame_metadata(an_event(), meta, BEGAN)["acquisition"]
    assert told["camera_metadata"] == "left out: 100,012 characters"
    assert told["exposure_ms"] == 5
    check_metadata(told)
    assert len(json.dumps(told)) < 60_000


@pytest.mark.parametrize(
    ("pixel_format", "dtype", "window"),
    [
        ("Mono12", "uint16", (0, 4095)),
        ("Mono8", "uint8", (0, 255)),
        ("Mono16", "uint8", (0, 255)),
        ("RGB14", "uint16", (0, 16383)),
        ("Mono32", "float32", None),
        ("", "uint16", None),
        (None, "uint16", None),
    ],
)
def test_the_window_of_a_camera(pixel_format: Any, dtype: str, window: Any) -> None:
    """By the bits of its pixel format, as far as they are known."""
    meta = {"image_infos": ({"pixel_format": pixel_format},)}
    assert window_of(np.dtype(dtype), meta) == window
    assert window_of(np.dtype(dtype), {}) is None


def test_a_scale_that_is_not_known() -> None:
    """Steps of 1 in pixels, so that napari shows the stack all the same."""
    assert layer_of(("t", "cam"), ("T", "camera"), {}, 0.0) == {
        "axis_labels": ["t", "camera", "y", "x"],
        "scale": [1.0, 1.0, 1.0, 1.0],
        "units": ["pixel"] * 4,
    }


def test_nothing_of_pymmcore_is_imported() -> None:
    """The handler takes what it is given: who has no microscope needs no software for one."""
    code = (
        "import sys, napari_seal; napari_seal.SealHandler('run').close();"
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('pymmcore_plus', 'useq', 'pydantic', 'napari', 'qtpy')])"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
