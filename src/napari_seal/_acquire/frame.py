"""What is known of a frame and of its acquisition, as metadata that JSON can hold."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_seal._acquire.plan import index_of
from napari_seal._format.times import in_utc

if TYPE_CHECKING:
    from napari_seal._acquire.plan import PlannedStack

#: The key of the user's metadata under which all this stands.
KEY: Final = "acquisition"
#: Characters of what a device or a user may give at any length, as JSON: a seal has 65,533 bytes.
_LONGEST: Final = 8192
_DEPTH: Final = 8
_BITS: Final = re.compile(r"(?:Mono|RGB)(\d+)")


def frame_metadata(event: Any, meta: Mapping[str, Any], began: datetime) -> dict[str, Any]:
    """Return what is known of a frame.

    Parameters
    ----------
    event : useq.MDAEvent
        What the frame was asked for by.
    meta : mapping
        What pymmcore-plus gives with it (``FrameMetaV1``).
    began : datetime
        When the run began, by the clock of this computer.
    """
    elapsed = meta.get("runner_time_ms")
    taken = None if elapsed is None else began + timedelta(milliseconds=float(elapsed))
    position = meta.get("position") or {}
    channel = event.channel
    known = {
        "index": index_of(event),
        "time": taken and in_utc(taken, "milliseconds"),
        "runner_time_ms": elapsed,
        "exposure_ms": meta.get("exposure_ms"),
        "channel": channel and {"config": channel.config, "group": channel.group},
        "position_name": event.pos_name,
        "position_um": _numbers({axis: position.get(axis) for axis in "xyz"}),
        "planned_position_um": _numbers({"x": event.x_pos, "y": event.y_pos, "z": event.z_pos}),
        "planned_time_s": event.min_start_time,
        "camera": meta.get("camera_device"),
        "pixel_size_um": meta.get("pixel_size_um") or None,
        "hardware_triggered": meta.get("hardware_triggered"),
        "properties": meta.get("property_values"),
        "camera_metadata": meta.get("camera_metadata"),
        "event_metadata": {k: v for k, v in event.metadata.items() if k != "runner_t0"},
        "extra": meta.get("extra"),
    }
    return {KEY: _short(known)}


def stack_metadata(
    sequence: Any, meta: Mapping[str, Any], began: datetime, stack: PlannedStack, number: str
) -> dict[str, Any]:
    """Return what is known of the acquisition of a stack.

    Parameters
    ----------
    sequence : useq.MDASequence
    meta : mapping
        What pymmcore-plus gives as the run begins (``SummaryMetaV1``).
    began : datetime
    stack : PlannedStack
    number : str
        Which of the stacks of the run this is.
    """
    system = meta.get("system_info") or {}
    info = image_info(meta)
    known = {
        "began": in_utc(began, "milliseconds"),
        "stack": number,
        "positions": dict(zip(stack.keys, map(list, stack.values), strict=True)),
        "channels": _channels(sequence, stack.channel),
        "camera": info.get("camera_label"),
        "pixel_format": info.get("pixel_format"),
        "roi": info.get("roi"),
        "software": {
            "pymmcore-plus": system.get("pymmcore_plus_version"),
            "MMCore": system.get("mmcore_version"),
        },
        "configuration": system.get("system_configuration_file"),
        "sequence": _sequence(sequence),
        "extra": meta.get("extra"),
    }
    return {KEY: _short(known)}


def image_info(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is known of the camera's images as a run begins."""
    infos: Any = meta.get("image_infos") or ({},)
    found: Mapping[str, Any] = infos[0]
    return found


def window_of(dtype: np.dtype[Any], meta: Mapping[str, Any]) -> tuple[int, int] | None:
    """The range of the camera's values, such as 0 to 4095 of 12 bits; None if it is not known."""
    found = _BITS.fullmatch(str(image_info(meta).get("pixel_format")))
    if found is None or dtype.kind != "u":
        return None
    return 0, (1 << min(int(found[1]), 8 * dtype.itemsize)) - 1


def layer_of(
    keys: tuple[str, ...], axes: tuple[str, ...], steps: Mapping[str, float], pixel_um: object
) -> dict[str, Any]:
    """How napari is to show a stack: a step, a unit and a label for each axis."""
    size = float(pixel_um) if isinstance(pixel_um, (int, float)) and pixel_um > 0 else None
    unit = {"t": "second", "z": "micrometer"}
    plane = ["pixel", "pixel"] if size is None else ["micrometer", "micrometer"]
    return {
        "axis_labels": [*(axis.lower() for axis in axes), "y", "x"],
        "scale": [*(steps.get(key, 1.0) for key in keys), size or 1.0, size or 1.0],
        "units": [*(unit[key] if key in steps else "pixel" for key in keys), *plane],
    }


def _channels(sequence: Any, only: int | None) -> list[str]:
    names = [channel.config for channel in getattr(sequence, "channels", ())]
    return names if only is None else names[only : only + 1]


def _sequence(sequence: Any) -> Any:
    """The plan itself; without its positions where these are very many, and each tells its own."""
    for left_out in (set[str](), {"stage_positions"}):
        try:
            dumped = sequence.model_dump(mode="json", exclude_unset=True, exclude=left_out)
        except (AttributeError, TypeError, ValueError):  # what the user has put in may be no JSON
            return None
        if len(json.dumps(dumped)) <= _LONGEST:
            return dumped
    return None


def _numbers(values: Mapping[str, Any]) -> dict[str, float] | None:
    return {k: float(v) for k, v in values.items() if v is not None} or None


def _short(known: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what is known, as JSON; of what is too long for a seal, say how long it was.

    No frame is to be lost for what a device says beside it.
    """
    kept = {}
    for key, value in known.items():
        if value is None or value in ({}, (), []):
            continue
        plain = _plain(value, _DEPTH)
        size = len(json.dumps(plain))
        kept[key] = plain if size <= _LONGEST else f"left out: {size:,} characters"
    return kept


def _plain(value: Any, depth: int) -> Any:
    """A value as JSON can hold it; as text, what it cannot."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if depth:
        if isinstance(value, Mapping):
            return {str(key): _plain(item, depth - 1) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [_plain(item, depth - 1) for item in value]
    return str(value)
