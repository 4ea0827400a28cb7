"""Reading the images to seal: TIFF, PNG, NumPy and JPEG files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from napari_seal._text import printable
from napari_seal.errors import ImageError

#: What is taken from a folder.
FOLDER_EXTENSIONS: Final = (".tif", ".tiff", ".png", ".npy")

#: What is taken when it is named.  JPEG files are compressed a second time.
JPEG_EXTENSIONS: Final = (".jpg", ".jpeg")


def find_inputs(named: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the files to seal, each with its path below the folder that was named."""
    for name in named:
        if not os.path.isdir(name):
            yield name, os.path.basename(name)
            continue
        for folder, folders, files in os.walk(name):
            folders.sort()
            for file in sorted(files):
                if file.lower().endswith(FOLDER_EXTENSIONS):
                    path = os.path.join(folder, file)
                    yield path, os.path.relpath(path, name)


def read_image(path: str) -> npt.NDArray[Any]:
    """Read an image file as an array, losing nothing.

    Raises
    ------
    ImageError
        The file is missing, damaged, of another kind, or would be read with a loss.
    """
    extension = os.path.splitext(path)[1].lower()
    try:
        if extension in (".tif", ".tiff"):
            return _read_tiff(path)
        if extension == ".npy":
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        if extension == ".png" or extension in JPEG_EXTENSIONS:
            return _read_with_pillow(path)
    except ImageError:
        raise
    except OSError as error:
        if isinstance(error, UnidentifiedImageError):
            raise ImageError(f"not a readable {extension[1:].upper()} file") from error
        raise ImageError(f"cannot be read: {error.strerror or printable(error)}") from error
    except Exception as error:  # damaged files raise whatever the reader stumbles on
        raise ImageError(
            f"not a readable {extension[1:].upper()} file: {printable(error)}"
        ) from error
    raise ImageError(
        f"files of the kind {extension or '(no extension)'} are not sealed; use TIFF, PNG or NPY"
    )


def _read_tiff(path: str) -> npt.NDArray[Any]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        if len(file.series) != 1:
            raise ImageError(
                f"holds {len(file.series)} separate images; save the one to seal to its own file"
            )
        series = file.series[0]
        image = np.asarray(series.asarray())
        if series.axes[:1] == "S" and image.ndim == 3:  # colours stored one after the other
            image = np.moveaxis(image, 0, -1)
        return image


def _read_with_pillow(path: str) -> npt.NDArray[Any]:
    with Image.open(path, formats=("PNG", "JPEG")) as image:
        if image.format == "PNG":
            _refuse_16_bit_colour(path)
        if image.mode in ("LA", "PA"):
            raise ImageError("has an alpha channel, which JPEG does not; remove it first")
        if image.mode == "P":
            return np.asarray(image.convert("RGBA" if "transparency" in image.info else "RGB"))
        if image.mode == "CMYK":
            raise ImageError("is a CMYK picture; convert it to RGB first")
        return np.asarray(image)


def _refuse_16_bit_colour(path: str) -> None:
    """Pillow reads 16-bit colour as 8-bit without a word (PNG specification, 11.2.2: IHDR)."""
    with open(path, "rb") as file:
        header = file.read(26)
    depth, colour = header[24], header[25]
    if depth == 16 and colour != 0:
        raise ImageError("is a 16-bit colour PNG, of which only 8 bits would be read; use TIFF")
