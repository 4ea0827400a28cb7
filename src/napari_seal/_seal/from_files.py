"""From a file that a microscope wrote to sealed files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy.typing as npt

from napari_seal._files import is_address
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


class FileOptions(NamedTuple):
    """How files are sealed.

    Parameters
    ----------
    format : {"jpeg", "png"}
    by_plane : bool
        Whether each plane of a stack becomes a file of its own, with its position in its name;
        otherwise a stack becomes a folder.
    images : dict
        Options of `napari_seal.seal`.
    stacks : dict
        Further options, of `napari_seal.seal_stack`.
    """

    format: Format
    by_plane: bool
    images: dict[str, Any]
    stacks: dict[str, Any]


class Target(NamedTuple):
    """What one image of a file, or one plane of it, is sealed to.

    Parameters
    ----------
    path : str
        The file; of a stack, the path of its folder without the ending.
    image : OpenedImage
    plane : ndarray, optional
        None where the image is sealed as a stack.
    layer : dict, optional
        How napari is to show it.
    """

    path: str
    image: OpenedImage
    plane: npt.NDArray[Any] | None
    layer: dict[str, Any] | None


def seal_images(source: str, stem: str, options: FileOptions) -> Iterator[int]:
    """Seal all that a file holds, and yield the number of images in each target.

    Parameters
    ----------
    source : str
        The file.
    stem : str
        Path of the targets without their suffix.  A file with several images adds their numbers.
    options : FileOptions

    Raises
    ------
    SealError
        What cannot be sealed; what was yielded before is sealed.
    """
    with open_images(source) as images:
        for target in targets(images, stem, options):
            yield seal_target(target, options)


def targets(images: list[OpenedImage], stem: str, options: FileOptions) -> Iterator[Target]:
    """What the images of a file are sealed to, one after the other; planes are read on the way."""
    width = len(str(len(images) - 1))
    for number, image in enumerate(images):
        below = f"{stem}_s{number:0{width}}" if len(images) > 1 else stem
        name = os.path.basename(below)
        if image.leading and not options.by_plane:
            if options.images["moedal"]:
                raise OptionError(
                    "the MoEDAL function stored single images; --moedal needs --planes"
                )
            yield Target(below, image, None, stack_attributes(image, name))
            continue
        for position, plane in planes(image):
            where = place(position, image.leading)
            path = (f"{below}_{where}" if where else below) + ENDINGS[options.format]
            yield Target(path, image, plane, layer_attributes(image, position, name))


def seal_target(
    target: Target, options: FileOptions, progress: Callable[[int, int], None] | None = None,
    **more: Any,
) -> int:  # fmt: skip
    """Seal one target, and return the number of images in it.

    Parameters
    ----------
    target : Target
    options : FileOptions
    progress : callable, optional
        Of `napari_seal.seal_stack`.
    **more
        Options of `napari_seal.seal_stack` that are this one's.
    """
    if target.plane is not None:
        seal(target.plane, target.path, layer=target.layer, **options.images)
        return 1
    image = target.image
    of_stack = {key: value for key, value in options.images.items() if key != "moedal"}
    seal_stack(
        image.array, target.path, axes=image.axes, format=options.format, layer=target.layer,
        progress=progress, **(of_stack | options.stacks | more),
    )  # fmt: skip
    return number_of_planes(image)


def stem_of(out: str, below: str) -> str:
    """Where a file's sealed images go, without their endings.

    Parameters
    ----------
    out : str
        A folder, or an address.
    below : str
        The file's path below the folder that was named.
    """
    stem, extension = os.path.splitext(below)
    if extension.lower() in (".jpg", ".jpeg", ".png") and stem.lower().endswith(".sealed"):
        stem = stem[: -len(".sealed")]
    if is_address(out):
        return f"{out.rstrip('/')}/{stem.replace(os.sep, '/')}"
    return os.path.join(out, stem)
