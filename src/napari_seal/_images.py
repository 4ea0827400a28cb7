"""Reading images in other formats: TIFF, PNG, NumPy and JPEG files, losing nothing.

For sealing them, and for comparing a sealed file with the original it was made from.
"""

from __future__ import annotations

import io
import os
from contextlib import nullcontext
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
from PIL import JpegImagePlugin, PngImagePlugin
from PIL.ImageFile import ImageFile

from napari_seal._files import is_address, local_path, read
from napari_seal._format import limits
from napari_seal._format.jpeg import is_jpeg
from napari_seal._text import printable
from napari_seal.errors import ImageError, OptionError

#: Read like the others; sealing compresses them a second time.
JPEG_EXTENSIONS: Final = (".jpg", ".jpeg")

# A stack at an address is held in memory as it is stored, and once more as an array.
_ADDRESS_BYTES: Final = 1 << 32


def read_image(path: str) -> npt.NDArray[Any]:
    """Read an image file as an array, losing nothing.

    Raises
    ------
    ImageError
        The file is missing, damaged, of another kind, or would be read with a loss.
    """
    extension = os.path.splitext(path)[1].lower()
    try:
        if is_address(path):
            return _read_address(path, extension)
        if os.path.isdir(path):
            os.scandir(path).close()
            raise ImageError("is a folder")
        os.stat(path)
        if extension in (".tif", ".tiff"):
            return _read_tiff(path)
        if extension == ".npy":
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        if extension == ".png" or extension in JPEG_EXTENSIONS:
            return _read_with_pillow(path)
    except (ImageError, OptionError):
        raise
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror or printable(error)}") from error
    except Exception as error:  # damaged files raise whatever the reader stumbles on
        raise ImageError(
            f"not a readable {extension[1:].upper()} file: {printable(error)}"
        ) from error
    raise _not_read(extension)


def _not_read(extension: str) -> ImageError:
    return ImageError(
        f"is of the kind {printable(extension) or '(no extension)'}, which is not read; use TIFF, "
        "PNG or NPY"
    )


def _read_address(address: str, extension: str) -> npt.NDArray[Any]:
    """Read an image from fsspec: whole, into memory."""
    path = local_path(address)
    if path is not None:
        return read_image(path)
    content = io.BytesIO(read(address, _ADDRESS_BYTES))
    if extension in (".tif", ".tiff"):
        return _read_tiff(content)
    if extension == ".npy":
        return np.asarray(np.load(content, allow_pickle=False))
    if extension == ".png" or extension in JPEG_EXTENSIONS:
        return _read_with_pillow(content)
    raise _not_read(extension)


def _read_tiff(path: str | IO[bytes]) -> npt.NDArray[Any]:
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
            raise ImageError("has an alpha channel, which JPEG does not; remove it first")
        if image.mode == "CMYK":
            raise ImageError("is a CMYK picture; convert it to RGB first")
        return np.asarray(image.convert("RGB") if image.mode == "P" else image)


def _refuse_16_bit_colour(header: bytes) -> None:
    """Pillow reads 16-bit colour as 8-bit without a word (PNG specification, 11.2.2: IHDR)."""
    depth, colour = header[24:25], header[25:26]
    if depth == b"\x10" and colour != b"\0":
        raise ImageError("is a 16-bit colour PNG, of which only 8 bits would be read; use TIFF")
