"""What a TIFF file says of its images: pixel size, units, channels, how they were taken.

The resolution tags of plain TIFF files are not used: most software writes there at how many dots an
inch to print.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from xml.etree import ElementTree as ET

from napari_seal._images.units import steps

_OBJECTIVE: Final = ("Model", "NominalMagnification", "LensNA")


def describe(file: Any) -> list[dict[str, Any]]:
    """Return keyword arguments of `OpenedImage` for each series of a tifffile.TiffFile."""
    series = file.series
    if file.is_ome and file.ome_metadata:
        root = ET.fromstring(file.ome_metadata)  # noqa: S314  tifffile has read it the same way
        images = root.findall("{*}Image")
        if len(images) == len(series):
            return [_ome(root, image) for image in images]
    if file.is_imagej and file.imagej_metadata:
        return [_imagej(file.imagej_metadata, one.keyframe) for one in series]
    if file.is_stk and file.stk_metadata:
        return [_metamorph(file.stk_metadata) for _ in series]
    return [{} for _ in series]


def _ome(root: ET.Element, image: ET.Element) -> dict[str, Any]:
    """OME-XML, schema 2016-06: sizes are in micrometers and times in seconds if it says nothing."""
    pixels = image.find("{*}Pixels")
    if pixels is None:
        return {}
    found = {
        axis: (pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        for axis in "ZYX"
    }
    found["T"] = (pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s"))
    scale, units = steps(found)
    names = [channel.get("Name") for channel in pixels.findall("{*}Channel")]
    metadata: dict[str, Any] = {}
    acquired = image.find("{*}AcquisitionDate")
    if acquired is not None and acquired.text:
        metadata["acquired"] = acquired.text
    lens = image.find("{*}ObjectiveSettings")
    if lens is not None:
        for objective in root.iterfind("{*}Instrument/{*}Objective"):
            if objective.get("ID") == lens.get("ID"):
                words = filter(None, map(objective.get, _OBJECTIVE))
                metadata["objective"] = " ".join(words)
    plane = pixels.find("{*}Plane")
    if plane is not None:
        if plane.get("ExposureTime"):
            metadata["exposure"] = (
                f"{plane.get('ExposureTime')} {plane.get('ExposureTimeUnit', 's')}"
            )
        place = {axis: plane.get(f"Position{axis}") for axis in "XYZ"}
        if any(place.values()):
            metadata["position"] = {axis: value for axis, value in place.items() if value}
    return {
        "scale": scale,
        "units": units,
        "channels": tuple(filter(None, names)) if all(names) else (),
        "name": image.get("Name", ""),
        "metadata": metadata,
    }


def _imagej(about: dict[str, Any], page: Any) -> dict[str, Any]:
    """ImageJ: the resolution tags count pixels in a unit that only its own text names."""
    unit = about.get("unit")
    found: dict[str, tuple[Any, Any]] = {
        "Z": (about.get("spacing"), unit),
        "T": (about.get("finterval"), about.get("tunit", "s")),
    }
    for axis in "XY" if unit else "":
        tag = page.tags.get(f"{axis}Resolution")
        if tag is not None and tag.value[0]:
            found[axis] = (tag.value[1] / tag.value[0], unit)
    scale, units = steps(found)
    if "X" not in units:  # it counts in pixels
        scale = {axis: number for axis, number in scale.items() if axis in units}
    return {"scale": scale, "units": units}


def _metamorph(about: dict[str, Any]) -> dict[str, Any]:
    unit = about.get("CalibrationUnits")
    scale, units = steps(
        {axis: (about.get(f"{axis}Calibration"), unit) for axis in "XY"}
        if about.get("SpatialCalibration")
        else {}
    )
    taken = about.get("CreateTime")
    metadata = {"acquired": taken.isoformat()} if isinstance(taken, datetime) else {}
    return {"scale": scale, "units": units, "metadata": metadata}
