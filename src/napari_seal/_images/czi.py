"""Zeiss' CZI files, through Zeiss' own package pylibCZIrw."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from napari_seal._images.opened import OpenedImage, PlaneArray, missing_reader
from napari_seal._images.units import steps
from napari_seal.errors import ImageError

#: By Zeiss' names of pixel types; those of colours are stored blue first.
_TYPES: Final = {
    "Gray8": "u1", "Gray16": "u2", "Gray32Float": "f4",
    "Bgr24": "u1", "Bgr48": "u2", "Bgr96Float": "f4",
}  # fmt: skip
#: Time, depth and channel last, as other formats have them.
_ORDER: Final = "VHIRBTZC"


@contextmanager
def open_czi(path: str) -> Iterator[list[OpenedImage]]:
    """Open a CZI file: an image for each scene, its tiles put together as Zeiss' library does."""
    try:
        from pylibCZIrw import czi
    except ImportError as error:
        if sys.version_info >= (3, 14):
            raise ImageError(
                "needs pylibCZIrw, which is not there for Python 3.14 yet; use an older Python, or "
                "save the image as OME-TIFF"
            ) from error
        raise missing_reader("pylibCZIrw", "czi", error) from error

    with czi.open_czi(path) as file:
        scenes: dict[int | None, Any] = dict(file.scenes_bounding_rectangle_no_pyramid)
        if not scenes:
            scenes = {None: file.total_bounding_rectangle_no_pyramid}
        box = file.total_bounding_box_no_pyramid
        sizes = {axis: box[axis][1] - box[axis][0] for axis in _ORDER if axis in box}
        sizes = {axis: length for axis, length in sizes.items() if length > 1}
        kinds = {file.get_channel_pixel_type(c) for c in range(sizes.get("C", 1))}
        if len(kinds) != 1 or not kinds <= set(_TYPES):
            raise ImageError(
                f"has pixels of the types {', '.join(sorted(kinds))}; those of one of "
                f"{', '.join(_TYPES)} are read"
            )
        kind = kinds.pop()
        stored = _stored(file, sizes)
        about = _describe(file)
        if len(about["channels"]) != sizes.get("C", 1):
            about["channels"] = ()
        yield [
            _scene(file, scene, rectangle, sizes, kind, stored, about)
            for scene, rectangle in sorted(scenes.items(), key=lambda item: item[0] or 0)
        ]


def _scene(
    file: Any,
    scene: int | None,
    rectangle: Any,
    sizes: dict[str, int],
    kind: str,
    stored: set[tuple[int, ...]],
    about: dict[str, Any],
) -> OpenedImage:
    colour = kind.startswith("Bgr")

    def read(index: tuple[int, ...]) -> npt.NDArray[Any]:
        at = dict(zip(sizes, index, strict=True))
        if (-1 if scene is None else scene, *index) not in stored:
            where = ", ".join(f"{axis}={number}" for axis, number in at.items())
            raise ImageError(f"lacks the plane {where}; it would be read as black")
        # The scene's rectangle is given, too: libCZI's own counts pixels of the pyramid.
        found = file.read(plane=at, scene=scene, roi=tuple(rectangle), pixel_type=kind)
        return np.asarray(found[..., ::-1] if colour else found[..., 0])

    plane = (rectangle.h, rectangle.w, *([3] if colour else []))
    shape = (*sizes.values(), *plane)
    array = PlaneArray(shape, _TYPES[kind], read, leading=len(sizes), kind="CZI")
    axes = "".join(sizes) + ("YXS" if colour else "YX")
    return OpenedImage(
        array=array, axes=axes, name="" if scene is None else f"scene {scene}", **about
    )


def _stored(file: Any, sizes: dict[str, int]) -> set[tuple[int, ...]]:
    """Return the planes that are there, each as its scene and index; others are read as black."""
    found: set[tuple[int, ...]] = set()

    def note(_number: int, block: Any) -> bool:
        at = block.coordinate.to_dict()
        found.add((at.get("S", -1), *(at.get(axis, 0) for axis in sizes)))
        return True

    file.enumerate_subblocks_subset(note, only_layer0=True)
    return found


def _describe(file: Any) -> dict[str, Any]:
    """Return what Zeiss' metadata say: distances are in meters."""
    document = _down(file.metadata, "ImageDocument", "Metadata")
    found = {
        str(item.get("@Id")): (_micrometers(item.get("Value")), "µm")
        for item in _items(_down(document, "Scaling", "Items", "Distance"))
    }
    scale, units = steps({axis: value for axis, value in found.items() if axis in ("X", "Y", "Z")})
    image = _down(document, "Information", "Image")
    names = [
        channel.get("@Name")
        for channel in _items(_down(image, "Dimensions", "Channels", "Channel"))
    ]
    metadata = {}
    if isinstance(taken := _down(image, "AcquisitionDateAndTime"), str):
        metadata["acquired"] = taken
    for objective in _items(
        _down(document, "Information", "Instrument", "Objectives", "Objective")
    ):
        if objective.get("@Name"):
            metadata["objective"] = str(objective["@Name"])
    return {
        "scale": scale,
        "units": units,
        "channels": tuple(map(str, names)) if all(names) else (),
        "metadata": metadata,
    }


def _micrometers(value: Any) -> float | None:
    try:
        # 0.1 µm is stored as 1e-07 m: not to become 0.09999999999999999.
        return float(f"{float(value) * 1e6:.12g}")
    except (TypeError, ValueError):
        return None


def _down(tree: Any, *names: str) -> Any:
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _items(tree: Any) -> list[dict[str, Any]]:
    """Elements of one name: one of them is no list in what xmltodict makes of XML."""
    items = tree if isinstance(tree, list) else [tree]
    return [item for item in items if isinstance(item, dict)]
