"""NumPy, PNG and JPEG files: one array, and nothing said of its axes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import JpegImagePlugin, PngImagePlugin
from PIL.ImageFile import ImageFile

from napari_seal._format import limits
from napari_seal._format.jpeg import is_jpeg
from napari_seal._images.opened import OpenedImage, arrange, letters
from napari_seal.errors import ImageError


@contextmanager
def open_numpy(path: str | IO[bytes]) -> Iterator[list[OpenedImage]]:
    """Open a NumPy file; no array of objects, which could run code."""
    mode: Any = "r" if isinstance(path, str) else None
    array = np.load(path, mmap_mode=mode, allow_pickle=False)
    if not isinstance(array, np.ndarray):  # an archive of several, whatever its name says
        array.close()
        raise ImageError("is a NumPy archive; save the array to seal with numpy.save")
    yield [opened(array, "NPY")]


@contextmanager
def open_picture(path: str | IO[bytes]) -> Iterator[list[OpenedImage]]:
    """Decode a PNG or JPEG file, whichever it is."""
    yield [opened(_read_with_pillow(path), "PNG")]


def opened(array: Any, kind: str) -> OpenedImage:
    """Describe an array by its shape alone: the last axis is one of colours if it is three long.

    Parameters
    ----------
    array : array_like
        With ``shape``, ``dtype`` and basic indexing.
    kind : str
        Of the file, for messages.
    """
    shape = tuple(array.shape)
    if len(shape) < 2:
        raise ImageError(f"is an array of shape {shape}, which is no picture")
    if len(shape) == 2:
        plane = "YX"
    elif shape[-1] == 3 or (len(shape) == 3 and shape[-1] == 4):
        plane = "YXS"
    elif shape[-1] in (1, 2, 4):
        raise ImageError(
            f"is a stack of shape {shape}, and its last axis looks like channels; save gray or RGB "
            "planes"
        )
    else:
        plane = "YX"
    arranged, axes = arrange(array, letters("Q" * (len(shape) - len(plane)) + plane), kind)
    return OpenedImage(array=arranged, axes=axes)


def _read_with_pillow(path: str | IO[bytes]) -> npt.NDArray[Any]:
    # Pillow's classes for the two formats themselves: `Image.open` has a limit of its own, which
    # says nothing of what to do.
    with open(path, "rb") if isinstance(path, str) else nullcontext(path) as file:
        header = file.read(26)
        file.seek(0)
    if header.startswith(b"\x89PNG\r\n\x1a\n"):
        _refuse_16_bit_colour(header)
        opened: ImageFile = PngImagePlugin.PngImageFile(path)
    elif is_jpeg(header):
        opened = JpegImagePlugin.jpeg_factory(path)  # type: ignore[arg-type]
    else:
        raise ImageError("is neither a PNG nor a JPEG file, whatever its name says")
    with opened as image:
        number = getattr(image, "n_frames", 1)
        if number > 1:  # animated PNG; a multi-picture JPEG
            raise ImageError(
                f"holds {number} pictures, of which only the first would be sealed; save each to "
                "a file of its own"
            )
        pixels = image.width * image.height
        if pixels > limits.PIXELS:
            raise ImageError(
                f"has {pixels:,} pixels, and images of up to {limits.PIXELS:,} are sealed; cut it "
                "up"
            )
        if image.mode in ("LA", "PA") or "transparency" in image.info:
            raise ImageError(
                "has an alpha channel of a kind that is not sealed; convert it to RGBA"
            )
        if image.mode == "CMYK":
            raise ImageError("is a CMYK picture; convert it to RGB first")
        return np.asarray(image.convert("RGB") if image.mode == "P" else image)


def _refuse_16_bit_colour(header: bytes) -> None:
    """Pillow reads 16-bit colour as 8-bit without a word (PNG specification, 11.2.2: IHDR)."""
    depth, colour = header[24:25], header[25:26]
    if depth == b"\x10" and colour != b"\0":
        raise ImageError("is a 16-bit colour PNG, of which only 8 bits would be read; use TIFF")
