"""Opening a file of any kind that is read."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from napari_seal._files import is_address, local_path, read
from napari_seal._format import limits
from napari_seal._images.names import JPEG_EXTENSIONS, is_zarr
from napari_seal._images.opened import OpenedImage, translated
from napari_seal._text import printable
from napari_seal.errors import ImageError

_Reader = Callable[[Any], AbstractContextManager[list[OpenedImage]]]


@contextmanager
def open_images(path: str) -> Iterator[list[OpenedImage]]:
    """Open a file; what it holds can be read until the context ends.

    Parameters
    ----------
    path : str
        A TIFF, PNG, NumPy, JPEG, ND2 or CZI file, or the folder of an OME-Zarr image.  The first
        four are also read at addresses, whole, into memory.

    Yields
    ------
    list of OpenedImage
        One for each scene, position or series; never empty.

    Raises
    ------
    ImageError
        The file is missing, damaged, of another kind, would be read with a loss, or needs a package
        that is not installed.  Planes that are read later raise the same.
    """
    address = is_address(path)
    if address and (local := local_path(path)) is not None:
        path, address = local, False
    extension = os.path.splitext(path.rstrip("/\\"))[1].lower()
    folder_of_chunks = not address and is_zarr(path)
    kind = "Zarr" if folder_of_chunks else extension[1:].upper()
    with ExitStack() as stack:
        with translated(kind):
            source: str | io.BytesIO = path
            if address:
                reader = _reader(extension, whole=True)
                source = io.BytesIO(read(path, limits.SOURCE_BYTES))
            elif folder_of_chunks:
                reader = _reader(".zarr")
            elif os.path.isdir(path):
                os.scandir(path).close()
                raise ImageError("is a folder")
            else:
                os.stat(path)
                reader = _reader(extension)
            images = stack.enter_context(reader(source))
            if not images:
                raise ImageError("holds no image")
            if len(images) == 1:  # a name tells it from others
                images = [replace(images[0], name="")]
        yield images


def _reader(extension: str, *, whole: bool = False) -> _Reader:
    """Return the reader of a kind of file; of one that is read from memory where ``whole``."""
    if extension in (".tif", ".tiff", ".stk"):
        from napari_seal._images.tiff import open_tiff

        return open_tiff
    if extension in {".npy", ".png", *JPEG_EXTENSIONS}:
        from napari_seal._images.plain import open_numpy, open_picture

        return open_numpy if extension == ".npy" else open_picture
    if extension in (".nd2", ".czi", ".zarr"):
        if whole:
            raise ImageError(f"is of the kind {extension}, which is read from local files only")
        if extension == ".nd2":
            from napari_seal._images.nd2 import open_nd2

            return open_nd2
        if extension == ".czi":
            from napari_seal._images.czi import open_czi

            return open_czi
        from napari_seal._images.zarr import open_zarr

        return open_zarr
    raise ImageError(
        f"is of the kind {printable(extension) or '(no extension)'}, which is not read; use TIFF, "
        "PNG, NPY, ND2, CZI or OME-Zarr"
    )
