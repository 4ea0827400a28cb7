"""From one input of ``napari-seal seal`` to sealed files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from napari_seal._format.names import ENDINGS
from napari_seal._images import (
    OpenedImage,
    layer_attributes,
    number_of_planes,
    open_images,
    place,
    planes,
    stack_attributes,
)
from napari_seal._seal.pipeline import seal
from napari_seal._seal.stack import seal_stack
from napari_seal.errors import OptionError

if TYPE_CHECKING:
    from napari_seal._format.container import Format


def seal_images(
    source: str,
    stem: str,
    *,
    format: Format,  # noqa: A002 - the seal's word
    by_plane: bool,
    options: dict[str, Any],
    of_stacks: dict[str, Any],
) -> Iterator[int]:
    """Seal all that a file holds, and yield the number of images in each target.

    Parameters
    ----------
    source : str
        The file.
    stem : str
        Path of the targets without their suffix.  A file with several images adds their numbers.
    format : {"jpeg", "png"}
    by_plane : bool
        Whether each plane of a stack becomes a file of its own, with its position in its name;
        otherwise a stack becomes a folder.
    options : dict
        Of `napari_seal.seal`.
    of_stacks : dict
        Further options, of `napari_seal.seal_stack`.

    Raises
    ------
    SealError
        What cannot be sealed; what was yielded before is sealed.
    """
    with open_images(source) as images:
        width = len(str(len(images) - 1))
        for number, image in enumerate(images):
            below = f"{stem}_s{number:0{width}}" if len(images) > 1 else stem
            if image.leading and not by_plane:
                yield _seal_stack(image, below, format, options | of_stacks)
            else:
                yield from _seal_planes(image, below, ENDINGS[format], options)


def _seal_stack(
    image: OpenedImage,
    stem: str,
    format: Format,  # noqa: A002 - the seal's word
    options: dict[str, Any],
) -> int:
    """Seal a stack as a folder, and return the number of its planes."""
    if options["moedal"]:
        raise OptionError("the MoEDAL function stored single images; --moedal needs --planes")
    more = {key: value for key, value in options.items() if key != "moedal"}
    layer = stack_attributes(image, os.path.basename(stem))
    seal_stack(image.array, stem, axes=image.axes, format=format, layer=layer, **more)
    return number_of_planes(image)


def _seal_planes(
    image: OpenedImage, stem: str, suffix: str, options: dict[str, Any]
) -> Iterator[int]:
    name = os.path.basename(stem)
    for position, plane in planes(image):
        where = place(position, image.leading)
        target = f"{stem}_{where}{suffix}" if where else stem + suffix
        seal(plane, target, layer=layer_attributes(image, position, name), **options)
        yield 1
