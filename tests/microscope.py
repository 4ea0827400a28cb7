"""A microscope in pure Python, driven by pymmcore-plus's own engine: no hardware, no downloads."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
from support import needs

unicore: Any = needs("pymmcore_plus.experimental.unicore", "pymmcore")
logging.getLogger("pymmcore-plus").setLevel(logging.CRITICAL)

SHAPE = (48, 64)


class NumberedCamera(unicore.SimpleCameraDevice):
    """Each picture holds its number, so that one that is lost, doubled or swapped shows."""

    def __init__(self, dtype: str = "uint16", shape: tuple[int, ...] = SHAPE) -> None:
        super().__init__()
        self.of_pixels, self.of_sensor = dtype, shape
        self.count, self.exposure, self.spoil = 0, 10.0, False

    def get_exposure(self) -> float:
        return self.exposure

    def set_exposure(self, exposure: float) -> None:
        self.exposure = float(exposure)  # a preset gives it as text

    def sensor_shape(self) -> tuple[int, ...]:
        return self.of_sensor

    def dtype(self) -> np.dtype:
        return np.dtype(self.of_pixels)

    def snap(self, buffer: np.ndarray) -> Mapping[str, Any]:
        buffer[:] = numbered(self.count, self.of_pixels, self.of_sensor)
        if self.spoil:
            buffer[1, 1] = np.nan
        self.count += 1
        return {}


class Focus(unicore.StageDevice):
    """A focus drive that is where it was sent."""

    at = 0.0

    def set_position_um(self, val: float) -> None:
        self.at = val

    def get_position_um(self) -> float:
        return self.at

    def home(self) -> None: ...
    def stop(self) -> None: ...
    def set_origin(self) -> None: ...


class Table(unicore.XYStageDevice):
    """A stage that is where it was sent."""

    at = (0.0, 0.0)

    def set_position_um(self, x: float, y: float) -> None:
        self.at = (x, y)

    def get_position_um(self) -> tuple[float, float]:
        return self.at

    def home(self) -> None: ...
    def stop(self) -> None: ...
    def set_origin_x(self) -> None: ...
    def set_origin_y(self) -> None: ...


class Shutter(unicore.ShutterDevice):
    """A shutter that is as it was set."""

    is_open = False

    def get_open(self) -> bool:
        return self.is_open

    def set_open(self, open: bool) -> None:  # noqa: A002 - the device's word
        self.is_open = open


def numbered(number: int, dtype: str = "uint16", shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """The picture of a number: a ramp that begins with it."""
    ramp = np.arange(shape[0] * shape[1], dtype=np.uint64).reshape(shape[:2])
    levels = (ramp * 7 + number * 101) % (1 << 12 if dtype == "uint16" else 1 << 8)
    picture = levels.astype(dtype)
    picture[0, 0] = number
    return picture if len(shape) == 2 else np.repeat(picture[..., None], shape[2], axis=2)


def microscope(camera: NumberedCamera | None = None, pixel_um: float = 0.25) -> Any:
    """A core with camera, focus drive, stage, shutter and two channels."""
    core = unicore.UniMMCore()
    devices = {
        "Camera": camera or NumberedCamera(),
        "Focus": Focus(),
        "Table": Table(),
        "Shutter": Shutter(),
    }
    for label, device in devices.items():
        core.loadPyDevice(label, device)
        core.initializeDevice(label)
    core.setCameraDevice("Camera")
    core.setFocusDevice("Focus")
    core.setXYStageDevice("Table")
    core.setShutterDevice("Shutter")
    core.definePixelSizeConfig("objective")
    core.setPixelSizeUm("objective", pixel_um)
    core.setPixelSizeConfig("objective")
    for channel in ("DAPI", "FITC"):
        core.defineConfig(
            "Channel", channel, "Camera", "Exposure", "10" if channel == "DAPI" else "20"
        )
    return core
