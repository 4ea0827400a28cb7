"""From one input of ``napari-seal seal`` to sealed files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from napari_seal._images import (
    OpenedImage,
    layer_attributes,
    number_of_planes,
    open_images,
    place,
    planes,
)
from napari_seal._seal.pipeline import seal
from napari_seal._text import printable
from napari_seal.errors import ImageError


def seal_images(
    source: str, stem: str, suffix: str, *, planes_too: bool, options: dict[str, Any]
) -> Iterator[str]:
    """Seal all that a file holds, and yield each target that was written.

    Parameters
    ----------
    source : str
        The file.
    stem : str
        Path of the targets without their suffix.  A file with several images adds their numbers,
        a stack the position of each plane.
    suffix : str
        Such as ``".sealed.jpg"``.
    planes_too : bool
        Whether stacks are sealed, plane by plane; otherwise they are refused.
    options : dict
        Of `napari_seal.seal`.

    Raises
    ------
    SealError
        What cannot be sealed; what was yielded before is sealed.
    """
    with open_images(source) as images:
        if not planes_too:
            _refuse_stacks(images)
        width = len(str(len(images) - 1))
        for number, image in enumerate(images):
            below = f"{stem}_s{number:0{width}}" if len(images) > 1 else stem
            yield from _seal_planes(image, below, suffix, options)


def _refuse_stacks(images: list[OpenedImage]) -> None:
    for image in images:
        if image.leading:
            of = f", {printable(image.name, 60)}," if image.name else ""
            raise ImageError(
                f"is a stack of shape {image.array.shape}{of} with the axes {image.axes}; --planes "
                f"seals each of its {number_of_planes(image):,} planes"
            )


def _seal_planes(
    image: OpenedImage, stem: str, suffix: str, options: dict[str, Any]
) -> Iterator[str]:
    name = os.path.basename(stem)
    for position, plane in planes(image):
        where = place(position, image.leading)
        target = f"{stem}_{where}{suffix}" if where else stem + suffix
        seal(plane, target, layer=layer_attributes(image, position, name), **options)
        yield target
