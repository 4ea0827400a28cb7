"""Nikon's ND2 files, through the package nd2."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from napari_seal._format import limits
from napari_seal._images.opened import OpenedImage, PlaneArray, missing_reader
from napari_seal._images.units import steps
from napari_seal.errors import ImageError


@contextmanager
def open_nd2(path: str) -> Iterator[list[OpenedImage]]:
    """Open an ND2 file: an image for each XY position."""
    try:
        import nd2
    except ImportError as error:
        raise missing_reader("nd2", "nd2", error) from error

    with open(path, "rb") as handle, nd2.ND2File(_Unmapped(handle)) as file:
        sizes = dict(file.sizes)
        if not {"X", "Y"} <= set(sizes):
            raise ImageError(f"has the axes {''.join(sizes)}, which do not tell what is a picture")
        values = math.prod(sizes.get(axis, 1) for axis in "CYXS")
        if values > limits.SOURCE_FRAME:
            raise ImageError(
                f"has frames of {values:,} values; up to {limits.SOURCE_FRAME:,} are read"
            )
        common = _describe(file)
        yield [_position(file, sizes, number, common) for number in range(int(sizes.get("P", 1)))]


class _Unmapped:
    """A file that nd2 reads and does not map into memory.

    Of a mapped file, all that was read would count as used memory, and a mount that fails under it
    would end the process.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _position(file: Any, sizes: dict[str, int], number: int, common: dict[str, Any]) -> OpenedImage:
    """One XY position; nd2 reads frames, each of which holds all channels of a plane."""
    outer = [axis for axis in sizes if axis not in "CYXS"]
    frame = [axis for axis in sizes if axis in "CYXS"]
    leading = [axis for axis in sizes if axis not in "PYXS"]
    plane = [axis for axis in "YXS" if axis in sizes]
    channel_at = frame.index("C") if "C" in frame else None

    def read(index: tuple[int, ...]) -> npt.NDArray[Any]:
        at = dict(zip(leading, index, strict=True)) | {"P": number}
        loops = [sizes[axis] for axis in outer]
        sequence = int(np.ravel_multi_index([at[a] for a in outer], loops)) if outer else 0
        found = np.reshape(file.read_frame(sequence), [sizes[axis] for axis in frame])
        if not found.any():
            # nd2 gives zeros for frames that were never written or lie beyond the file's end.
            raise ImageError(f"lacks frame {sequence}, or the frame holds nothing but zeros")
        if channel_at is not None:
            found = found.take(at["C"], axis=channel_at)
        return np.asarray(found)

    shape = tuple(sizes[axis] for axis in (*leading, *plane))
    array = PlaneArray(shape, file.dtype, read, leading=len(leading), kind="ND2")
    axes = "".join((*leading, *plane))
    channels = common["channels"]
    about = common | {"channels": channels if len(channels) == sizes.get("C", 1) else ()}
    if "P" in sizes:
        point = _point(file, number)
        about["name"] = point.pop("name") or f"position {number}"
        about["metadata"] = common["metadata"] | point
    return OpenedImage(array=array, axes=axes, **about)


def _describe(file: Any) -> dict[str, Any]:
    """What holds for all positions."""
    found: dict[str, tuple[Any, Any]] = {}
    metadata: dict[str, Any] = {}
    names: list[str] = []
    for channel in getattr(file.metadata, "channels", None) or ():
        names.append(str(channel.channel.name))
        if not found:  # nd2 gives 1 for an axis that is not calibrated
            volume = channel.volume
            calibrated = zip("XYZ", volume.axesCalibrated, volume.axesCalibration, strict=True)
            found = {axis: (value, "µm") for axis, known, value in calibrated if known}
            if channel.microscope.objectiveName:
                metadata["objective"] = str(channel.microscope.objectiveName)
    for loop in file.experiment:
        if loop.type == "TimeLoop":
            found["T"] = (loop.parameters.periodMs, "ms")
        elif loop.type == "ZStackLoop":
            found["Z"] = (loop.parameters.stepUm, "µm")
    if date := file.text_info.get("date"):
        metadata["acquired"] = str(date)
    scale, units = steps(found)
    return {"scale": scale, "units": units, "channels": tuple(names), "metadata": metadata}


def _point(file: Any, number: int) -> dict[str, Any]:
    """Name and place of a position."""
    for loop in file.experiment:
        if loop.type == "XYPosLoop" and number < len(loop.parameters.points):
            point = loop.parameters.points[number]
            place = zip("XYZ", point.stagePositionUm, strict=False)
            return {
                "name": str(point.name or ""),
                "position": {axis: f"{value} µm" for axis, value in place},
            }
    return {"name": ""}
